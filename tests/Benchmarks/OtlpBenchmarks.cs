using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using BenchmarkDotNet.Attributes;
using OpenTelemetry;
using OpenTelemetry.Exporter;

namespace TracingTutorial.Benchmarks;

/// <summary>
/// One span of a batch of 512: written by the exporter (whose HTTP request goes nowhere), and read back by the receiver's decoder.
/// </summary>
[MemoryDiagnoser]
public class OtlpBenchmarks
{
    private const int Spans = 512; // the batch processor's default

    private readonly Sink _sink = new();
    private Activity[] _activities = [];
    private OtlpTraceExporter _exporter = null!;
    private byte[] _body = [];

    [GlobalSetup]
    public void Setup()
    {
        _activities = ReceiverBenchmark.Batch(Spans);
        _exporter = new OtlpTraceExporter(new OtlpExporterOptions
        {
            Protocol = OtlpExportProtocol.HttpProtobuf,
            Endpoint = new Uri("http://127.0.0.1/v1/traces"),
            HttpClientFactory = () => new HttpClient(_sink),
        });
        if (Encode() != ExportResult.Success)
            throw new InvalidOperationException("The exporter did not export.");
        _body = _sink.Body;
        if (OtlpDecoder.Decode(_body).Count != Spans)
            throw new InvalidOperationException("Not every span came back.");
        _sink.Keep = false;
        Console.WriteLine($"// {_body.Length / Spans} bytes a span");
    }

    [GlobalCleanup]
    public void Cleanup() => _exporter.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = Spans)]
    public ExportResult Exporter_writes() => Encode();

    [Benchmark(OperationsPerInvoke = Spans)]
    public int Receiver_reads() => OtlpDecoder.Decode(_body).Count;

    private ExportResult Encode() => _exporter.Export(new Batch<Activity>(_activities, Spans));
}

/// <summary>Stands where the network would be.</summary>
internal sealed class Sink : HttpMessageHandler
{
    public bool Keep { get; set; } = true;

    public byte[] Body { get; private set; } = [];

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancel)
    {
        if (Keep)
        {
            var body = new MemoryStream();
            request.Content!.CopyTo(body, null, cancel);
            Body = body.ToArray();
        }

        return new HttpResponseMessage(HttpStatusCode.OK);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel) =>
        Task.FromResult(Send(request, cancel));
}
