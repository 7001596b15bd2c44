using System;
using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace TracingTutorial.Benchmarks;

/// <summary>
/// A page with two steps, three spans with two attributes each: what it costs that <see cref="MissingSpan"/> hears them. It is
/// on in every lesson, so it must not be what a learner measures.
/// </summary>
[MemoryDiagnoser]
public class MissingSpanBenchmarks
{
    private const int Pages = 1_000;

    private readonly ActivitySource _source = new("benchmark.heard");
    private readonly SpanRecorder _spans = new();
    private TracerProvider? _provider;

    [Params("nobody", "a provider")]
    public string Listens { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        if (Listens == "a provider")
            _provider = Sdk.CreateTracerProviderBuilder().AddSource(_source.Name).AddProcessor(new SimpleActivityExportProcessor(_spans))
                .Build();
    }

    [GlobalSetup(Target = nameof(Heard))]
    public void SetupHeard()
    {
        Setup();
        NotebookHost.Attach();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        (AppContext.GetData("tracing-tutorial.close-last-run") as Action)?.Invoke();
        _provider?.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = 3 * Pages)]
    public void Not_heard() => Make();

    [Benchmark(OperationsPerInvoke = 3 * Pages)]
    public void Heard() => Make();

    private void Make()
    {
        for (var i = 0; i < Pages; i++)
        {
            using var page = Start("page");
            Start("step 1")?.Dispose();
            Start("step 2")?.Dispose();
        }

        _spans.Clear();
    }

    private Activity? Start(string name) =>
        _source.StartActivity(name)?.SetTag("http.request.method", "GET").SetTag("http.response.status_code", 200);
}
