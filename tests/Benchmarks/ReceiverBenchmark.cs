using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;

namespace TracingTutorial.Benchmarks;

/// <summary>
/// How many spans a second the receiver takes over HTTP, beside a bare Kestrel endpoint that only reads the same body; then
/// 100,000 bodies that are no OTLP, with an honest one beside each ten of them, of which none may be lost.
/// </summary>
internal static class ReceiverBenchmark
{
    private const int Spans = 512, Senders = 4, Rounds = 5;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(3);

    public static async Task<int> MeasureAsync()
    {
        var body = BatchBody(Spans);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var bare = builder.Build();
        bare.Urls.Add("http://127.0.0.1:0");
        bare.MapPost("/v1/traces", async (HttpRequest request) => { await request.Body.CopyToAsync(Stream.Null); });
        await bare.StartAsync();
        await using var receiver = await OtlpReceiver.StartAsync();

        using var client = new HttpClient();
        var (bareAt, receiverAt) = (new Uri(bare.Urls.First() + "/v1/traces"), receiver.TracesEndpoint);
        await SpansPerSecondAsync(client, bareAt, body);
        await SpansPerSecondAsync(client, receiverAt, body); // what is measured has been compiled
        var (bares, ours) = (new List<double>(), new List<double>());
        for (var i = 0; i < Rounds; i++)
        {
            bares.Add(await SpansPerSecondAsync(client, bareAt, body));
            ours.Add(await SpansPerSecondAsync(client, receiverAt, body));
        }

        Console.WriteLine(
            FormattableString.Invariant(
                $"bare Kestrel {Median(bares):N0} spans a second, the receiver {Median(ours):N0}: {Median(ours) / Median(bares):0.000}"));
        return await HostileAsync(client) ? 0 : 1;
    }

    private static async Task<double> SpansPerSecondAsync(HttpClient client, Uri to, byte[] body)
    {
        var sent = 0L;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(async () =>
        {
            while (clock.Elapsed < Round)
            {
                if (await PostAsync(client, to, body) != HttpStatusCode.OK)
                    throw new InvalidOperationException("A body was refused.");
                Interlocked.Add(ref sent, Spans);
            }
        })));
        return sent / clock.Elapsed.TotalSeconds;
    }

    private static async Task<bool> HostileAsync(HttpClient client)
    {
        const int Hostile = 100_000, Honest = Hostile / 10;
        await using var receiver = await OtlpReceiver.StartAsync();
        var honestBodies = Enumerable.Range(0, Honest).Select(_ => BatchBody(1)).ToArray(); // each a span of its own
        var (refused, taken) = (0, 0);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(async () =>
        {
            var random = new Random(sender);
            for (var i = sender; i < Hostile; i += Senders)
            {
                var noise = new byte[random.Next(1, 400)];
                random.NextBytes(noise);
                noise[0] = 0xff; // begins with a field number that is none, so it is never OTLP by chance
                if (await PostAsync(client, receiver.TracesEndpoint, noise) == HttpStatusCode.BadRequest)
                    Interlocked.Increment(ref refused);
                if (i % 10 == 0 && await PostAsync(client, receiver.TracesEndpoint, honestBodies[i / 10]) == HttpStatusCode.OK)
                    Interlocked.Increment(ref taken);
            }
        })));
        Console.WriteLine(
            FormattableString.Invariant(
                $"{Hostile:N0} hostile bodies in {clock.Elapsed.TotalSeconds:0} s: {refused:N0} refused; of {Honest:N0} honest ones {taken:N0} taken, {receiver.Count:N0} kept"));
        return (refused, taken, receiver.Count) == (Hostile, Honest, Honest);
    }

    private static async Task<HttpStatusCode> PostAsync(HttpClient client, Uri to, byte[] body)
    {
        using var content = new ByteArrayContent(body) { Headers = { { "Content-Type", "application/x-protobuf" } } };
        using var response = await client.PostAsync(to, content);
        return response.StatusCode;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static byte[] BatchBody(int count)
    {
        var spans = Batch(count);
        var sink = new Sink();
        using var exporter = new OtlpTraceExporter(new OtlpExporterOptions
        {
            Protocol = OtlpExportProtocol.HttpProtobuf,
            Endpoint = new Uri("http://127.0.0.1/v1/traces"),
            HttpClientFactory = () => new HttpClient(sink),
        });
        if (exporter.Export(new Batch<Activity>(spans, count)) != ExportResult.Success)
            throw new InvalidOperationException("The exporter did not export.");
        return sink.Body;
    }

    /// <summary>A batch of ended server spans.</summary>
    public static Activity[] Batch(int count)
    {
        using var source = new ActivitySource("benchmark.otlp", "1.0.0");
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s == source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded
        };
        ActivitySource.AddActivityListener(listener);
        return Enumerable.Range(0, count).Select(i =>
        {
            using var activity = source.StartActivity("GET /orders/{id}", ActivityKind.Server)!;
            activity.SetTag("http.request.method", "GET").SetTag("http.route", "/orders/{id}").SetTag("http.response.status_code", 200);
            activity.SetTag("url.path", $"/orders/{i}").SetTag("url.scheme", "http").SetTag("server.address", "shop.example");
            activity.AddEvent(new ActivityEvent("cache.miss", tags: new() { ["cache.key"] = $"order-{i}" }));
            return activity;
        }).ToArray();
    }
}
