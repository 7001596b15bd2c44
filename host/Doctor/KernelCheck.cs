using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Kernel;

namespace TracingTutorial.Host.Doctor;

/// <summary>
/// The notebook kernel itself, the whole way: a notebook restores the packages, imports a layer of the helpers, makes a span, and
/// draws its trace. The notebook is not in a file, so nothing in the clone changes.
/// </summary>
internal sealed class KernelCheck(string root, Machine machine)
{
    /// <summary>With an empty cache and a slow network, packages take minutes; without a network they never come.</summary>
    private static readonly TimeSpan WithFeeds = TimeSpan.FromMinutes(10), WithoutFeeds = TimeSpan.FromMinutes(2);

    private const string Meta = "#!meta\n\n{\"kernelInfo\":{\"defaultKernelName\":\"csharp\",\"items\":[{\"name\":\"csharp\"}]}}\n\n";

    private const string Drawing = Meta +
        """
        #!csharp

        #!import ../helpers/core.dib

        #!csharp

        using System.Diagnostics;
        using OpenTelemetry;
        using OpenTelemetry.Trace;

        var spans = new SpanRecorder();
        using (Sdk.CreateTracerProviderBuilder().AddSource("doctor").AddProcessor(new SimpleActivityExportProcessor(spans)).Build())
        using (var source = new ActivitySource("doctor"))
            source.StartActivity("hello from the doctor")?.Dispose();
        Waterfall.Of(spans.Traces)
        """;

    private const string Dashboard = Meta +
        """
        #!csharp

        #!import ../helpers/core.dib

        #!csharp

        #!import ../helpers/otlp.dib

        #!csharp

        (await AspireDashboard.StartAsync())?.Ui.ToString()
        """;

    /// <summary>Starts the kernel and looks at what it draws.</summary>
    /// <param name="feedsAnswer">False when a feed did not: then packages that are missing will not come.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task<Finding> ExamineAsync(bool feedsAnswer, CancellationToken cancel)
    {
        var limit = feedsAnswer ? WithFeeds : WithoutFeeds;
        var (result, problem) = await RunAsync(Drawing, limit, cancel);
        var shown = result.Cells.LastOrDefault()?.Outputs.LastOrDefault()?.Html ?? "";
        var drawn = shown.Contains("hello from the doctor", StringComparison.Ordinal);
        return Judge(drawn, problem, result.Milliseconds / 1000, result.PeakMemoryBytes / 1_000_000, feedsAnswer);
    }

    /// <summary>What is said about a run of the kernel.</summary>
    internal Finding Judge(bool drawn, Problem? problem, double seconds, long megabytes, bool feedsAnswer)
    {
        const string name = "the notebook kernel";
        if (problem is not null || !drawn)
        {
            return new Finding(name, false, true, problem?.Message ?? "no trace was drawn",
                !feedsAnswer && problem?.Message.Contains("package", StringComparison.OrdinalIgnoreCase) == true
                    ? "The packages are not on this machine yet, and the lines above say why they do not come."
                : problem?.WayOut is { Length: > 0 } wayOut ? wayOut : "Run `dotnet run --project host run 00` to see where it stops.");
        }

        var slow = seconds > MeasuredNeeds.SlowSeconds;
        return new Finding(name, !slow, !slow,
            FormattableString.Invariant($"started, imported and drew a trace in {seconds:0.0} s with {megabytes} MB; ")
                + $"{MeasuredNeeds.FromSeconds} to {MeasuredNeeds.ToSeconds} s are usual, the first time more", machine.Hurry());
    }

    /// <summary>Starts the dashboard that lesson 7 offers, from its package.</summary>
    /// <returns>Null, or why it cannot be had: no lesson needs it.</returns>
    public async Task<string?> DashboardAsync(CancellationToken cancel)
    {
        var (result, problem) = await RunAsync(Dashboard, WithFeeds, cancel);
        var outputs = result.Cells.LastOrDefault()?.Outputs ?? [];
        if (problem is not null || outputs.Any(o => o.Kind == OutputKind.Display && o.Text.Contains("http://", StringComparison.Ordinal)))
            return problem?.Message;
        return string.Concat(outputs.Where(o => o.Kind == OutputKind.StandardOutput).Select(o => o.Text)).Split('\n')[0].Trim();
    }

    private async Task<(LessonResult Result, Problem? Problem)> RunAsync(string text, TimeSpan limit, CancellationToken cancel)
    {
        using var clock = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        clock.CancelAfter(limit);
        var notebook = DibReader.Parse(Path.Combine(root, "notebooks", "doctor.dib"), text);
        var result = await LessonRun.RunAsync(notebook, new RunOptions(EngineKernel.Own(RunOptions.DefaultTimeout)), _ => { }, clock.Token);
        cancel.ThrowIfCancellationRequested();
        return (result, clock.IsCancellationRequested
            ? new Problem(notebook.Path, null, null, FormattableString.Invariant($"it was not done within {limit.TotalMinutes:0} minutes"),
                "Is the network very slow, or a feed silent? The lines above say.")
            : result.Problems.Concat(result.Cells.Select(c => c.Problem).OfType<Problem>()).FirstOrDefault());
    }
}
