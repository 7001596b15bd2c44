using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Exporter;
using OpenTelemetry.Trace;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The table of environment variables in lesson 7: each row is tried, with the exporter that the lesson uses.</summary>
[Collection(nameof(NotParallel))]
public sealed partial class EnvironmentVariableTests : IAsyncDisposable
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT", Protocol = "OTEL_EXPORTER_OTLP_PROTOCOL", Http = "http/protobuf";

    private static readonly Dictionary<string, string> Rows = File.ReadLines(HostRunner.Lesson("07-jaeger.dib"))
        .Select(line => Row().Match(line)).Where(m => m.Success).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);

    private readonly OtlpReceiver receiver = OtlpReceiver.StartAsync().GetAwaiter().GetResult();
    private readonly string name = $"variables.{Guid.NewGuid():N}";

    public ValueTask DisposeAsync() => receiver.DisposeAsync();

    public static TheoryData<string> Variables => [.. Rows.Keys];

    [Fact]
    public void The_table_is_there() => Assert.InRange(Rows.Count, 12, 40);

    [Theory]
    [MemberData(nameof(Variables))]
    public async Task A_variable_does_what_the_table_says(string variable)
    {
        var works = variable switch
        {
            "OTEL_SERVICE_NAME" => Send((variable, "warehouse")) && receiver.Spans[^1].ServiceName == "warehouse",
            "OTEL_RESOURCE_ATTRIBUTES" => Send((variable, "service.version=2.0.1,deployment.environment.name=workshop"))
                && receiver.Spans[^1].Resource.Any(a => (a.Key, a.Value) is ("deployment.environment.name", "workshop")),
            Endpoint => Send((Endpoint, receiver.Endpoint + "base")) == false && receiver.Requests[^1].Path == "/base/v1/traces" && Send(),
            Protocol => Send() && !Send((Protocol, "http/json"))
                && heard.Any(m => m.Contains("invalid value: 'http/json'", StringComparison.Ordinal)) && !Send((Protocol, "grpc")),
            "OTEL_EXPORTER_OTLP_HEADERS" => await SendsAsync((variable, "x-api-key=abc,x-team=shop"),
                h => h["x-api-key"] == "abc" && h["x-team"] == "shop"),
            "OTEL_EXPORTER_OTLP_COMPRESSION" => await SendsAsync((variable, "gzip"), h => h.ContentEncoding == "gzip"),
            "OTEL_BSP_SCHEDULE_DELAY" => Send(1, flush: false, (variable, "50")) && !Send(1, flush: false),
            "OTEL_BSP_MAX_QUEUE_SIZE" => !Send(500, flush: true, (variable, "5"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "5"))
                && Send(500, flush: true),
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE" => Send(5, flush: true, (variable, "2")) && receiver.Requests.All(r => r.Spans <= 2),
            "OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY" => await ArrivesAfterAFailure((variable, "in_memory")) && !await ArrivesAfterAFailure(),
            "OTEL_TRACES_SAMPLER" => !Send((variable, "always_off")) && receiver.Requests.Count == 0,
            "OTEL_SDK_DISABLED" => !Send((variable, "true")) && receiver.Requests.Count == 0,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" => OnlyUseOtlpExporterReads(variable, new Uri(receiver.Endpoint, "/other").AbsoluteUri,
                () => receiver.Requests.Any(r => r.Path == "/other")),
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL" => OnlyUseOtlpExporterReads(variable, "grpc",
                () => receiver.Requests.All(r => r.Path != "/v1/traces")),
            "OTEL_TRACES_EXPORTER" => !Send((variable, "none")),
            "OTEL_PROPAGATORS" => Fields(variable, "b3") != Fields(variable, null),
            "OTEL_LOG_LEVEL" => await WritesAsync(TimeSpan.Zero, (variable, "debug")),
            "OTEL_DOTNET_SELF_DIAGNOSTICS_SINKS" => await WritesAsync(HostRunner.Hang, (variable, "console"), ("OTEL_LOG_LEVEL", "debug")),
            _ => throw new NotSupportedException($"The table has {variable}, which nobody tried."),
        };

        Assert.True(works == !Rows[variable].Contains("**nothing**", StringComparison.Ordinal),
            $"{variable}: the table says '{Rows[variable]}'.");
    }

    private readonly ConcurrentQueue<string> heard = [];

    // True if all spans arrive at the receiver.
    private bool Send(params (string Name, string Value)[] variables) => Send(3, flush: true, variables);

    private bool Send(int spans, bool flush, params (string Name, string Value)[] variables)
    {
        receiver.Clear();
        using var source = new ActivitySource(name);
        using var messages = new Messages(heard);
        Activity.Current = null;
        return With([(Endpoint, receiver.Endpoint.AbsoluteUri), (Protocol, Http), .. variables], () =>
        {
            using var provider = Sdk.CreateTracerProviderBuilder().AddSource(name).AddOtlpExporter().Build();
            for (var i = 0; i < spans; i++)
                source.StartActivity("place order")?.Dispose();
            if (flush)
                provider.Dispose(); // ForceFlush may return while the last of several batches is on its way
            else
                Task.Delay(1_000).Wait();
            return receiver.Count == spans;
        });
    }

    private async Task<bool> SendsAsync((string Name, string Value) variable, Func<IHeaderDictionary, bool> expected)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var server = builder.Build();
        var seen = false;
        server.Run(http =>
        {
            seen = expected(http.Request.Headers);
            return Task.CompletedTask;
        });
        await server.StartAsync();
        Send((Endpoint, server.Urls.Single()), variable);
        return seen;
    }

    // The backend starts when the exporter has failed once.
    private async Task<bool> ArrivesAfterAFailure(params (string Name, string Value)[] variables)
    {
        heard.Clear();
        var port = OtlpReceiver.ReservePort();
        var sending = Task.Run(() => Send([(Endpoint, $"http://127.0.0.1:{port}"), .. variables]));
        while (heard.IsEmpty && !sending.IsCompleted)
            await Task.Delay(20);
        await using var late = await OtlpReceiver.StartAsync(port);
        await sending;
        return late.Count == 3;
    }

    // The table's "nothing" is about AddOtlpExporter.
    private bool OnlyUseOtlpExporterReads(string variable, string value, Func<bool> read)
    {
        var arrived = Send((variable, value));
        Assert.Equal(!arrived, read());

        receiver.Clear();
        using var source = new ActivitySource(name);
        With([(Endpoint, receiver.Endpoint.AbsoluteUri), (Protocol, Http), (variable, value)], () =>
        {
            using var sdk = OpenTelemetrySdk.Create(builder => builder.WithTracing(tracing => tracing.AddSource(name)).UseOtlpExporter());
            source.StartActivity("place order")?.Dispose();
            return sdk.TracerProvider.ForceFlush(10_000);
        });
        Assert.True(read(), $"UseOtlpExporter does not read {variable}.");
        return !arrived;
    }

    private static string Fields(string variable, string? value) => With([(variable, value)], () =>
    {
        Sdk.CreateTracerProviderBuilder().Build().Dispose();
        return string.Join(',', Propagators.DefaultTextMapPropagator.Fields?.Order() ?? Enumerable.Empty<string>());
    });

    // A thread of the SDK's own writes the messages, so they may come later than the spans.
    private async Task<bool> WritesAsync(TimeSpan patience, params (string Name, string Value)[] variables)
    {
        var (output, error, written) = (Console.Out, Console.Error, new StringWriter());
        var console = TextWriter.Synchronized(written);
        Console.SetOut(console);
        Console.SetError(console);
        try
        {
            Assert.True(Send(variables));
            var clock = Stopwatch.StartNew();
            while (Length() == 0 && clock.Elapsed < patience)
                await Task.Delay(20);
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }

        return Length() > 0;

        int Length()
        {
            lock (console) // a synchronized writer locks itself
                return written.GetStringBuilder().Length;
        }
    }

    private static T With<T>((string Name, string? Value)[] variables, Func<T> run)
    {
        var before = variables.Select(v => v.Name).Distinct().Select(n => (Name: n, Value: Environment.GetEnvironmentVariable(n)))
            .ToArray();
        foreach (var (variable, value) in variables)
            Environment.SetEnvironmentVariable(variable, value);
        try
        {
            return run();
        }
        finally
        {
            foreach (var (variable, value) in before)
                Environment.SetEnvironmentVariable(variable, value);
        }
    }

    private sealed class Messages : EventListener
    {
        private readonly ConcurrentQueue<string> heard;

        public Messages(ConcurrentQueue<string> heard)
        {
            this.heard = heard;
            foreach (var source in EventSource.GetSources())
                Enable(source);
        }

        protected override void OnEventSourceCreated(EventSource source) => Enable(source);

        protected override void OnEventWritten(EventWrittenEventArgs e) =>
            heard?.Enqueue(string.Format(null, e.Message ?? "", e.Payload?.ToArray() ?? []));

        private void Enable(EventSource source)
        {
            if (source.Name == "OpenTelemetry-Exporter-OpenTelemetryProtocol")
                EnableEvents(source, EventLevel.Warning);
        }
    }

    [GeneratedRegex(@"^\| `(OTEL_\w+)` \| (.+) \|$")]
    private static partial Regex Row();
}
