#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;

/// <summary>
/// Something that a notebook draws. End a cell with one, or call <c>.Display()</c> on it: a page shows
/// <see cref="ToHtml"/>, a terminal shows <see cref="ToString"/>. Both say the same.
/// </summary>
public abstract class NotebookView
{
    /// <summary>A self-contained HTML fragment: no script, readable on light and dark pages, every text encoded.</summary>
    public abstract string ToHtml();

    /// <summary>The same as plain text, without escape sequences.</summary>
    public abstract override string ToString();

    /// <summary>The verdict on an exercise, as JSON for programs; empty for a view that is none.</summary>
    public virtual string ToVerdict() => "";
}

/// <summary>What the programs that run these notebooks need to be told, in one place.</summary>
public static class NotebookHost
{
    // A second import of this file makes new types. This slot of the process outlives them.
    private const string LastRun = "tracing-tutorial.close-last-run";

    // Weak, so that what a learner has disposed can go. What is still open stays in memory without our help: a provider
    // hangs on the sources that it listens to, a server on its socket.
    private static readonly List<WeakReference<IDisposable>> Open = new();

    /// <summary>
    /// Call once after the imports. Closes what an earlier run of the notebook left open, teaches .NET Interactive to
    /// draw a <see cref="NotebookView"/>, starts the observer that <c>MissingSpan</c> needs, and keeps the kernel's own
    /// activity from becoming the parent of our spans.
    /// </summary>
    public static void Attach()
    {
        (AppContext.GetData(LastRun) as Action)?.Invoke();
        AppContext.SetData(LastRun, (Action)Detach);
        RegisterFormatter();
        ActivityObserver.Listen();
        Activity.CurrentChanged += DropKernelActivity;

        // The activity of this cell was there before us: it is known by its ancestor.
        for (var activity = Activity.Current; activity is not null; activity = activity.Parent)
        {
            if (activity.OperationName == "KernelInvocationContext")
                Activity.Current = null;
        }
    }

    /// <summary>
    /// Disposes <paramref name="resource"/> when the notebook is run again from the top: the newest first, each even if
    /// the one before it throws. It is not kept in memory for that alone.
    /// </summary>
    public static void CloseOnRestart(IDisposable? resource)
    {
        lock (Open)
        {
            Open.RemoveAll(known => !known.TryGetTarget(out var target) || ReferenceEquals(target, resource));
            if (resource is not null)
                Open.Add(new(resource));
        }
    }

    private static void Detach()
    {
        ActivityObserver.Stop();
        Activity.CurrentChanged -= DropKernelActivity;
        WeakReference<IDisposable>[] open;
        lock (Open)
        {
            open = Open.ToArray();
            Open.Clear();
        }

        foreach (var known in open.Reverse())
        {
            if (!known.TryGetTarget(out var resource))
                continue;
            try
            {
                resource.Dispose();
            }
            catch (Exception e)
            {
                Console.WriteLine($"A {resource.GetType().Name} of the last run could not be closed ({e.GetType().Name}: {e.Message}).");
            }
        }
    }

    // .NET Interactive runs each cell inside activities that are not sampled. The default sampler follows the parent's
    // decision, so every span would be dropped: no error, and no span either.
    private static void DropKernelActivity(object? sender, ActivityChangedEventArgs change)
    {
        if (IsKernelActivity(change.Current))
            Activity.Current = null;
    }

    // The kernel's activities have no source, tag or baggage: to look at, they are like new Activity("Run") of a learner.
    // What differs is who starts them: code of the assembly Microsoft.DotNet.Interactive, and not of a cell or a library.
    // (Measured on 1.0.0-beta.26120.1: Pocket.OperationLogger, called by KernelInvocationContext and KernelScheduler.Run.)
    private static bool IsKernelActivity(Activity? activity)
    {
        if (activity?.OperationName is not ("KernelInvocationContext" or "Run")) // a stack takes 30 µs, a name nothing
            return false;
        var caller = new StackTrace().GetFrames().Select(frame => frame.GetMethod()?.DeclaringType)
            .FirstOrDefault(type => type is not null && type != typeof(NotebookHost) && type.Assembly != typeof(Activity).Assembly);
        return caller?.Assembly.GetName().Name == "Microsoft.DotNet.Interactive";
    }

    // By reflection, because only one of the hosts has this assembly.
    private static void RegisterFormatter()
    {
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies())
        {
            if (assembly.GetName().Name != "Microsoft.DotNet.Interactive.Formatting")
                continue;
            var register = assembly.GetType("Microsoft.DotNet.Interactive.Formatting.Formatter")
                ?.GetMethod("Register", new[] { typeof(Type), typeof(Action<object, TextWriter>), typeof(string) });
            Action<object, TextWriter> html = (view, page) => page.Write(Draw(((NotebookView)view).ToHtml, WebUtility.HtmlEncode));
            Action<object, TextWriter> text = (view, page) => page.Write(Draw(((NotebookView)view).ToString, plain => plain));
            register?.Invoke(null, new object[] { typeof(NotebookView), html, "text/html" });
            register?.Invoke(null, new object[] { typeof(NotebookView), text, "text/plain" });

            // Our own player takes the verdict as data. It names the MIME type in this slot; other hosts show the HTML.
            if (AppContext.GetData("tracing-tutorial.verdict") is not string verdictType)
                continue;
            Action<object, TextWriter> verdict = (view, page) => page.Write(((NotebookView)view).ToVerdict());
            register?.Invoke(null, new object[] { typeof(NotebookView), verdict, verdictType });
            register?.DeclaringType?.GetMethod("SetPreferredMimeTypesFor")
                ?.Invoke(null, new object[] { typeof(NotebookView), new[] { "text/html", "text/plain", verdictType } });
        }
    }

    // A drawing that fails is not the learner's fault, and must not look like it.
    private static string Draw(Func<string> draw, Func<string, string?> encode)
    {
        try
        {
            return draw();
        }
        catch (Exception e)
        {
            return encode($"This could not be drawn. It is a fault of the course, not of your code. Please report it: {e}")!;
        }
    }
}
