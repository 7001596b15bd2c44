using System;
using System.Diagnostics;
using System.Linq;
using BenchmarkDotNet.Attributes;
using OpenTelemetry;
using OpenTelemetry.Trace;
using TracingTutorial.Tests;

namespace TracingTutorial.Benchmarks;

/// <summary>One span with two attributes: what it costs when it is kept, dropped, or not even listened to.</summary>
[MemoryDiagnoser]
public class SamplerBenchmarks
{
    private const int Spans = 1_000;

    private readonly ActivitySource _kept = new("benchmark.kept");
    private readonly ActivitySource _dropped = new("benchmark.dropped");
    private readonly ActivitySource _ratio = new("benchmark.ratio");
    private readonly ActivitySource _unheard = new("benchmark.unheard");
    private TracerProvider[] _providers = [];

    [GlobalSetup]
    public void Setup() => _providers =
    [
        Build(_kept, new ParentBasedSampler(new AlwaysOnSampler())),
        Build(_dropped, new ParentBasedSampler(new AlwaysOffSampler())),
        Build(_ratio, new ParentBasedSampler(new TraceIdRatioBasedSampler(0.05))),
    ];

    [GlobalCleanup]
    public void Cleanup() => Array.ForEach(_providers, p => p.Dispose());

    [Benchmark(Baseline = true, OperationsPerInvoke = Spans)]
    public void Root_that_is_kept() => Make(_kept);

    [Benchmark(OperationsPerInvoke = Spans)]
    public void Root_at_5_percent() => Make(_ratio);

    [Benchmark(OperationsPerInvoke = Spans)]
    public void Root_that_is_dropped() => Make(_dropped);

    [Benchmark(OperationsPerInvoke = Spans)]
    public void Child_of_a_dropped_root()
    {
        using var root = _dropped.StartActivity("root");
        Make(_dropped);
    }

    [Benchmark(OperationsPerInvoke = Spans)]
    public void Not_listened_to() => Make(_unheard);

    private static void Make(ActivitySource source)
    {
        for (var i = 0; i < Spans; i++)
        {
            using var activity = source.StartActivity("work");
            activity?.SetTag("http.request.method", "GET");
            activity?.SetTag("http.response.status_code", 200);
        }
    }

    private static TracerProvider Build(ActivitySource source, Sampler sampler) => Sdk.CreateTracerProviderBuilder()
        .SetSampler(sampler).AddSource(source.Name).AddProcessor(new SimpleActivityExportProcessor(new NullExporter())).Build();
}

/// <summary>What the tail sampler adds to a span, against a processor that exports at once. A trace has six spans.</summary>
[MemoryDiagnoser]
public class TailSamplerBenchmarks
{
    private const int Traces = 500;
    private const int Spans = 6;

    private readonly ActivitySource _source = new("benchmark.tail");
    private Activity[] _ended = [];
    private SimpleActivityExportProcessor _simple = null!;

    [GlobalSetup]
    public void Setup()
    {
        using var provider = Sdk.CreateTracerProviderBuilder().AddSource(_source.Name).Build();
        _simple = new SimpleActivityExportProcessor(new NullExporter());
        _ended = Enumerable.Range(0, Traces).SelectMany(_ =>
        {
            using var root = _source.StartActivity("root")!;
            var children = Enumerable.Range(1, Spans - 1).Select(_ =>
            {
                using var child = _source.StartActivity("child")!;
                return child;
            }).ToArray();
            return children.Append(root);
        }).ToArray();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Traces * Spans)]
    public void Exported_at_once()
    {
        foreach (var span in _ended)
            _simple.OnEnd(span);
    }

    [Benchmark(OperationsPerInvoke = Traces * Spans)]
    public void Tail_sampler_that_keeps_errors() => Run(maxTraces: 10_000);

    [Benchmark(OperationsPerInvoke = Traces * Spans)]
    public void Tail_sampler_with_its_memory_full() => Run(maxTraces: 20);

    private void Run(int maxTraces)
    {
        using var tail = new TailSampler(new NullExporter(), trace => trace.Any(s => s.Status == ActivityStatusCode.Error),
            TimeProvider.System)
        { MaxTraces = maxTraces };
        foreach (var span in _ended)
            tail.OnEnd(span);
        tail.ForceFlush();
    }
}

internal sealed class NullExporter : BaseExporter<Activity>
{
    public override ExportResult Export(in Batch<Activity> batch) => ExportResult.Success;
}
