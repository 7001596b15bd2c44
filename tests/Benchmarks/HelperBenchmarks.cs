using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using BenchmarkDotNet.Attributes;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace TracingTutorial.Benchmarks;

/// <summary>One span with two attributes, from start to export: what keeping it in a <see cref="SpanRecorder"/> costs.</summary>
[MemoryDiagnoser]
public class RecorderBenchmarks
{
    private const int Spans = 1_000;

    private readonly ActivitySource _listSource = new("benchmark.list");
    private readonly ActivitySource _recorderSource = new("benchmark.recorder");
    private readonly ListExporter _list = new();
    private readonly SpanRecorder _recorder = new();
    private TracerProvider _listProvider = null!;
    private TracerProvider _recorderProvider = null!;

    [GlobalSetup]
    public void Setup()
    {
        _listProvider = Build(_listSource.Name, _list);
        _recorderProvider = Build(_recorderSource.Name, _recorder);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _listProvider.Dispose();
        _recorderProvider.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Spans)]
    public void Exporter_that_appends_to_a_list()
    {
        Make(_listSource);
        _list.Activities.Clear();
    }

    [Benchmark(OperationsPerInvoke = Spans)]
    public void SpanRecorder()
    {
        Make(_recorderSource);
        _recorder.Clear();
    }

    private static void Make(ActivitySource source)
    {
        for (var i = 0; i < Spans; i++)
        {
            using var activity = source.StartActivity("work");
            activity?.SetTag("http.request.method", "GET");
            activity?.SetTag("http.response.status_code", 200);
        }
    }

    private static TracerProvider Build(string source, BaseExporter<Activity> exporter) => Sdk.CreateTracerProviderBuilder()
        .ConfigureResource(r => r.AddService("benchmark")).AddSource(source)
        .AddProcessor(new SimpleActivityExportProcessor(exporter)).Build();

    private sealed class ListExporter : BaseExporter<Activity>
    {
        public List<Activity> Activities { get; } = [];

        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (var activity in batch)
                Activities.Add(activity);
            return ExportResult.Success;
        }
    }
}

/// <summary>Drawing one trace, as a page and for a terminal: the cost per span must not grow with the trace.</summary>
[MemoryDiagnoser]
public class WaterfallBenchmarks
{
    private RecordedSpan[] _spans = [];

    [Params(100, 1_000, 10_000)]
    public int Spans { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        // A tree with three children each; services and durations vary.
        _spans = Enumerable.Range(0, Spans).Select(i => new RecordedSpan
        {
            TraceId = "0af7651916cd43dd8448eb211c80319c",
            SpanId = $"{i + 1:x16}",
            ParentSpanId = i == 0 ? null : $"{((i - 1) / 3) + 1:x16}",
            Name = "GET /orders/{id}",
            Kind = ActivityKind.Server,
            Start = start.AddMicroseconds(i * 10),
            Duration = TimeSpan.FromMicroseconds((Spans - i + 1) * 20),
            Resource = [new("service.name", $"service-{i % 5}"), new("service.version", "1.0.0")],
            Attributes = [new("http.request.method", "GET"), new("http.response.status_code", 200), new("http.route", "/orders/{id}")],
        }).ToArray();
        Console.WriteLine(
            $"// {Spans} spans: {Waterfall.Of(new RecordedTrace(_spans)).ToHtml().Length / 1e6:0.00} million characters of HTML");
    }

    [Benchmark]
    public string Html() => Waterfall.Of(new RecordedTrace(_spans)).ToHtml();

    [Benchmark]
    public string Terminal() => Waterfall.Of(new RecordedTrace(_spans)).ToString();
}

/// <summary>One profile page through the three services of the shop, without simulated work: what tracing adds to it.</summary>
[MemoryDiagnoser]
public class ShopBenchmarks
{
    private readonly SpanRecorder _spans = new() { Capacity = 10_000 };
    private Shop _quiet = null!;
    private Shop _traced = null!;

    [GlobalSetup]
    public void Setup()
    {
        // Each shop has sources of its own, so the provider of the second does not hear the first.
        _quiet = Shop.StartAsync().GetAwaiter().GetResult();
        _traced = Shop.StartAsync((service, tracing) => tracing.AddProcessor(new SimpleActivityExportProcessor(_spans.ForService(service))))
            .GetAwaiter().GetResult();
        _quiet.Pace = _traced.Pace = TimeSpan.Zero;
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _quiet.Dispose();
        _traced.Dispose();
    }

    [Benchmark(Baseline = true)]
    public async Task Tracing_off() => (await _quiet.GetAsync("/profile/3")).Dispose();

    [Benchmark]
    public async Task Tracing_on() => (await _traced.GetAsync("/profile/3")).Dispose();
}
