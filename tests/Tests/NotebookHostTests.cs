using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;
using OpenTelemetry;
using OpenTelemetry.Trace;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>A notebook that is run again, and the activities in which the kernel runs its cells.</summary>
[Collection(nameof(NotParallel))]
public sealed class NotebookHostTests : IDisposable
{
    // As in Microsoft.DotNet.Interactive: the assembly's name is what the guard looks at.
    private static readonly Func<string, Activity> KernelStarts = Kernel<Func<string, Activity>>("Microsoft.DotNet.Interactive",
        StartActivity);
    private static readonly Func<string, Activity> LibraryStarts = Kernel<Func<string, Activity>>(
        "Microsoft.DotNet.Interactive.Extension.Of.Somebody", StartActivity);

    public NotebookHostTests() => (Activity.Current, _) = (null,
        Kernel<Action<Type, Action<object, TextWriter>, string>>("Microsoft.DotNet.Interactive.Formatting", Register));

    public void Dispose() => CloseLastRun();

    [Theory]
    [InlineData("KernelInvocationContext")]
    [InlineData("Run")]
    public void The_kernels_own_activity_is_not_the_parent_of_our_spans(string name)
    {
        NotebookHost.Attach();

        KernelStarts(name);

        Assert.Null(Activity.Current);
    }

    [Theory]
    [InlineData("Run")]
    [InlineData("KernelInvocationContext")]
    public void A_learners_own_activity_is_kept_whatever_it_is_called(string name)
    {
        NotebookHost.Attach();

        using var mine = new Activity(name).Start();

        Assert.Same(mine, Activity.Current);
    }

    [Fact]
    public void An_activity_of_another_library_or_of_another_name_is_kept()
    {
        NotebookHost.Attach();

        using var other = LibraryStarts("Run");
        Assert.Same(other, Activity.Current);
        using var work = KernelStarts("work");
        Assert.Same(work, Activity.Current);
    }

    [Fact]
    public void The_activity_of_the_cell_that_attaches_is_dropped_too()
    {
        var cell = KernelStarts("KernelInvocationContext");
        var inner = KernelStarts("Run");
        Assert.Same(inner, Activity.Current);

        NotebookHost.Attach();

        Assert.Null(Activity.Current);
        using var mine = new Activity("Run").Start();
        NotebookHost.Attach(); // as at the end of another import
        Assert.Same(mine, Activity.Current);
        cell.Dispose();
    }

    [Fact]
    public void Attached_twice_and_closed_once_nothing_is_left_of_the_guard()
    {
        NotebookHost.Attach();
        NotebookHost.Attach();
        CloseLastRun();

        using var kernel = KernelStarts("Run");

        Assert.Same(kernel, Activity.Current);
    }

    [Fact]
    public void What_the_last_run_left_open_is_closed_newest_first_and_once()
    {
        var closed = new List<string>();
        var (first, second) = (new Resource(() => closed.Add("first")), new Resource(() => closed.Add("second")));
        NotebookHost.Attach();
        NotebookHost.CloseOnRestart(first);
        NotebookHost.CloseOnRestart(second);
        NotebookHost.CloseOnRestart(first); // known already: it is the newest now
        NotebookHost.CloseOnRestart(null);

        NotebookHost.Attach();
        Assert.Equal(["first", "second"], closed);

        NotebookHost.Attach();
        Assert.Equal(2, closed.Count);
        GC.KeepAlive((first, second));
    }

    [Fact]
    public void A_Dispose_that_throws_is_reported_and_leaves_nothing_else_open()
    {
        var closed = 0;
        Resource[] resources = [new(() => closed++), new(() => throw new InvalidOperationException("stuck")), new(() => closed++)];
        NotebookHost.Attach();
        Array.ForEach(resources, NotebookHost.CloseOnRestart);

        var said = Output(NotebookHost.Attach);

        Assert.Equal(2, closed);
        Assert.Equal("A Resource of the last run could not be closed (InvalidOperationException: stuck).", said.Trim());
    }

    [Fact]
    public void The_next_run_closes_the_providers_that_the_last_one_recorded_with()
    {
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}");
        var spans = new SpanRecorder();
        NotebookHost.Attach();
        Record(source, spans);
        source.StartActivity("still heard")!.Dispose();
        Assert.Equal(2, spans.Count);

        NotebookHost.Attach();

        Assert.Null(source.StartActivity("not heard any more"));
        Assert.Equal(2, spans.Count);

        static void Record(ActivitySource source, SpanRecorder spans)
        {
            Build(source, spans);
            source.StartActivity("work")!.Dispose();
        }
    }

    [Fact]
    public async Task The_next_run_closes_the_shop_of_the_last_one()
    {
        NotebookHost.Attach();
        var shop = await Shop.StartAsync();

        NotebookHost.Attach();

        await Assert.ThrowsAnyAsync<Exception>(() => shop.GetAsync("/profile/7"));
    }

    [Fact]
    public async Task What_nobody_holds_but_is_open_is_closed_all_the_same()
    {
        NotebookHost.Attach();
        var endpoint = await StartAndForget();
        Collect();
        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(endpoint)).StatusCode);

        NotebookHost.Attach();

        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(endpoint));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static async Task<Uri> StartAndForget() => new((await OtlpReceiver.StartAsync()).Endpoint, "/nothing");
    }

    [Fact]
    public async Task What_the_learner_has_closed_is_let_go_of()
    {
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}");
        NotebookHost.Attach();

        var (provider, spans) = RecordAndClose(source);
        var shop = await OpenAndClose();
        Collect(provider, spans, shop);

        Assert.False(provider.IsAlive);
        Assert.False(spans.IsAlive);
        Assert.False(shop.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static async Task<WeakReference> OpenAndClose()
        {
            await using var shop = await Shop.StartAsync();
            return new(shop);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        static (WeakReference Provider, WeakReference Spans) RecordAndClose(ActivitySource source)
        {
            var spans = new SpanRecorder();
            using var provider = Build(source, spans);
            source.StartActivity("work")!.Dispose();
            Assert.Equal(1, spans.Count);
            return (new(provider), new(spans));
        }
    }

    [Fact]
    public void The_engine_shows_a_view_as_a_page_and_as_text()
    {
        NotebookHost.Attach();

        Assert.Equal("<b>drawn</b>", Format("text/html", new View(() => "<b>drawn</b>")));
        Assert.Equal("drawn", Format("text/plain", new View(() => "drawn")));
    }

    [Fact]
    public void A_drawing_that_fails_says_that_it_is_not_the_learners_fault()
    {
        NotebookHost.Attach();
        var view = new View(() => throw new InvalidOperationException("<no> way"));

        var (html, text) = (Format("text/html", view), Format("text/plain", view));

        Assert.StartsWith("This could not be drawn. It is a fault of the course, not of your code.", html);
        Assert.Contains("&lt;no&gt; way", html);
        Assert.Contains("InvalidOperationException: <no> way", text);
    }

    private static void CloseLastRun() => ((Action)AppContext.GetData("tracing-tutorial.close-last-run")!)();

    private static void Collect(params WeakReference[] references)
    {
        for (var i = 0; i < 10 && (references.Length == 0 || references.Any(r => r.IsAlive)); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private static TracerProvider Build(ActivitySource source, SpanRecorder spans) =>
        Sdk.CreateTracerProviderBuilder().AddSource(source.Name).AddProcessor(new SimpleActivityExportProcessor(spans)).Build();

    private static string Output(Action action)
    {
        var (before, said) = (Console.Out, new StringWriter());
        Console.SetOut(said);
        try
        {
            action();
        }
        finally
        {
            Console.SetOut(before);
        }

        return said.ToString();
    }

    private static string Format(string mimeType, NotebookView view)
    {
        var text = new StringWriter();
        Formatter.Known[mimeType](view, text);
        return text.ToString();
    }

    private static void StartActivity(ILGenerator il)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Newobj, typeof(Activity).GetConstructor([typeof(string)])!);
        il.Emit(OpCodes.Call, typeof(Activity).GetMethod(nameof(Activity.Start))!);
    }

    private static void Register(ILGenerator il)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Call, typeof(Formatter).GetMethod(nameof(Formatter.Register))!);
    }

    /// <summary>A method "Register" of a class "Formatter" in an assembly of this name, which is made once.</summary>
    private static T Kernel<T>(string assembly, Action<ILGenerator> body)
        where T : Delegate
    {
        var known = AppDomain.CurrentDomain.GetAssemblies().FirstOrDefault(a => a.IsDynamic && a.GetName().Name == assembly);
        if (known is null)
        {
            var signature = typeof(T).GetMethod("Invoke")!;
            var type = AssemblyBuilder.DefineDynamicAssembly(new(assembly), AssemblyBuilderAccess.Run).DefineDynamicModule("m")
                .DefineType($"{assembly}.Formatter", TypeAttributes.Public);
            var method = type.DefineMethod("Register", MethodAttributes.Public | MethodAttributes.Static, signature.ReturnType,
                [.. signature.GetParameters().Select(p => p.ParameterType)]);
            body(method.GetILGenerator());
            method.GetILGenerator().Emit(OpCodes.Ret);
            known = type.CreateType().Assembly;
        }

        return known.GetType($"{assembly}.Formatter")!.GetMethod("Register")!.CreateDelegate<T>();
    }

    /// <summary>In place of the engine's class of this name.</summary>
    public static class Formatter
    {
        internal static readonly Dictionary<string, Action<object, TextWriter>> Known = [];

        public static void Register(Type type, Action<object, TextWriter> format, string mimeType)
        {
            Assert.Equal(typeof(NotebookView), type);
            Known[mimeType] = format;
        }
    }

    private sealed class Resource(Action close) : IDisposable
    {
        public void Dispose() => close();
    }

    private sealed class View(Func<string> draw) : NotebookView
    {
        public override string ToHtml() => draw();

        public override string ToString() => draw();
    }
}
