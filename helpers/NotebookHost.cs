#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;

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
}

/// <summary>What differs between the programs that run these notebooks, in one place.</summary>
public static class NotebookHost
{
    // A second import of this file makes new types. This slot of the process outlives them.
    private const string LastRun = "tracing-tutorial.close-last-run";

    private static readonly List<IDisposable> Open = new();

    /// <summary>
    /// Call once after the imports. Closes what an earlier run of the notebook left open, teaches .NET Interactive to
    /// draw a <see cref="NotebookView"/>, and keeps the host's own activity from becoming the parent of our spans.
    /// </summary>
    public static void Attach()
    {
        (AppContext.GetData(LastRun) as Action)?.Invoke();
        AppContext.SetData(LastRun, (Action)Detach);
        RegisterFormatter();
        Activity.CurrentChanged += DropHostActivity;
        if (IsHostActivity(Activity.Current))
            Activity.Current = null;
    }

    /// <summary>Disposes <paramref name="resource"/> when the notebook is run again from the top.</summary>
    public static void CloseOnRestart(IDisposable? resource)
    {
        lock (Open)
        {
            if (resource is not null && !Open.Contains(resource))
                Open.Add(resource);
        }
    }

    private static void Detach()
    {
        Activity.CurrentChanged -= DropHostActivity;
        IDisposable[] open;
        lock (Open)
        {
            open = Open.ToArray();
            Open.Clear();
        }

        foreach (var resource in open)
            resource.Dispose();
    }

    // .NET Interactive runs each cell inside an activity that is not sampled. The default sampler follows the parent's
    // decision, so every span would be dropped: no error, and no span either.
    private static void DropHostActivity(object? sender, ActivityChangedEventArgs change)
    {
        if (IsHostActivity(change.Current))
            Activity.Current = null;
    }

    private static bool IsHostActivity(Activity? activity) =>
        activity is { Recorded: false, OperationName: "KernelInvocationContext" or "Run" } && activity.Source.Name.Length == 0;

    // By reflection, because only one of the hosts has this assembly.
    private static void RegisterFormatter()
    {
        var register = AppDomain.CurrentDomain.GetAssemblies()
            .FirstOrDefault(assembly => assembly.GetName().Name == "Microsoft.DotNet.Interactive.Formatting")
            ?.GetType("Microsoft.DotNet.Interactive.Formatting.Formatter")
            ?.GetMethod("Register", new[] { typeof(Type), typeof(Action<object, TextWriter>), typeof(string) });
        Action<object, TextWriter> write = (view, writer) => writer.Write(((NotebookView)view).ToHtml());
        register?.Invoke(null, new object[] { typeof(NotebookView), write, "text/html" });
    }
}
