using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>
/// What the recorder shows of a span is what the real OTLP exporter sends of it: status, names, times, events, links, resource.
/// </summary>
public sealed class ExporterTests
{
    private static readonly ActivityContext Elsewhere =
        new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, "vendor=1", isRemote: true);

    private static readonly (string Name, Action<Activity> Make)[] Cases =
    [
        ("error by a tag", a => a.SetTag("otel.status_code", "ERROR").SetTag("otel.status_description", "refused")),
        ("error by a tag in small letters", a => a.SetTag("otel.status_code", "error")),
        ("ok by a tag", a => a.SetTag("otel.status_code", "OK").SetTag("otel.status_description", "not sent")),
        ("unset by a tag", a => a.SetTag("otel.status_code", "UNSET").SetTag("otel.status_description", "not sent")),
        ("an unknown code by a tag", a => a.SetTag("otel.status_code", "FAILED")),
        ("a number as the code", a => a.SetTag("otel.status_code", 2)),
        ("a code that is null", a => a.AddTag("otel.status_code", (object?)null)),
        ("an enum as the code", a => a.SetTag("otel.status_code", ActivityStatusCode.Error)),
        ("a description alone", a => a.SetTag("otel.status_description", "refused")),
        ("a description that is no text", a => a.SetTag("otel.status_code", "ERROR").SetTag("otel.status_description", 7)),
        ("two codes, the last one wins", a => a.AddTag("otel.status_code", "OK").AddTag("otel.status_code", "ERROR")),
        ("two codes, the last one is unknown", a => a.AddTag("otel.status_code", "ERROR").AddTag("otel.status_code", "?")),
        ("two descriptions", a => a.AddTag("otel.status_code", "ERROR").AddTag("otel.status_description", "a")
            .AddTag("otel.status_description", "b")),
        ("SetStatus wins over the tags", a => a.SetTag("otel.status_code", "ERROR").SetTag("otel.status_description", "tag")
            .SetStatus(ActivityStatusCode.Ok, "status")),
        ("an error wins over the tags", a => a.SetTag("otel.status_code", "OK").SetTag("otel.status_description", "tag")
            .SetStatus(ActivityStatusCode.Error)),
        ("SetStatus with a long text", a => a.SetStatus(ActivityStatusCode.Error, new string('x', 5_000))),
        ("SetStatus with 124 signs", a => a.SetStatus(ActivityStatusCode.Error, new string('x', 124))),
        ("SetStatus with 128 signs", a => a.SetStatus(ActivityStatusCode.Error, new string('x', 128))),
        ("SetStatus with an empty text", a => a.SetStatus(ActivityStatusCode.Error, "")),
        ("Unset with a text", a => a.SetStatus(ActivityStatusCode.Unset, "nothing")),
        ("Ok with a text", a => a.SetStatus(ActivityStatusCode.Ok, "nothing")),
        ("another case of the key", a => a.SetTag("Otel.Status_Code", "ERROR")),
        ("other keys of otel", a => a.SetTag("otel.scope.name", "x").SetTag("otel.library.name", "y").SetTag("error", true)),
        ("a key twice", a => a.AddTag("k", 1).AddTag("k", 2)),
        ("a key that is empty", a => a.AddTag("", 1)),
        ("a key with odd signs", a => a.AddTag("\ud800 \0 ü", 1)),
        ("renamed", a => a.DisplayName = "another name"),
        ("named nothing", a => a.DisplayName = ""),
        ("tracestate", a => a.TraceStateString = "vendor=1,other=2"),
        ("tracestate that is empty", a => a.TraceStateString = ""),
        ("a start of its own", a => a.SetStartTime(new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc))
            .SetEndTime(new DateTime(2001, 2, 3, 4, 5, 7, DateTimeKind.Utc))),
        ("the start of time", a => a.SetStartTime(DateTime.UnixEpoch).SetEndTime(DateTime.UnixEpoch.AddTicks(1))),
        ("an end before the start", a => a.SetEndTime(a.StartTimeUtc.AddSeconds(-1))),
        ("an event",
            a => a.AddEvent(new ActivityEvent("e", new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.FromHours(2)),
                new() { ["k"] = "v", ["k2"] = null }))),
        ("an event in another time zone", a => a.AddEvent(new ActivityEvent("e", DateTimeOffset.UtcNow.ToOffset(TimeSpan.FromHours(-9))))),
        ("an event without a name", a => a.AddEvent(new ActivityEvent(""))),
        ("status tags of an event", a => a.AddEvent(new ActivityEvent("e", tags: new() { ["otel.status_code"] = "ERROR" }))),
        ("an exception", a => a.AddException(new InvalidOperationException("no"))),
        ("a link", a => a.AddLink(new ActivityLink(Elsewhere, new() { ["k"] = 1, ["otel.status_code"] = "ERROR" }))),
        ("a link to nothing", a => a.AddLink(new ActivityLink(default))),
        ("baggage", a => a.SetBaggage("k", "v")),
        ("a custom property", a => a.SetCustomProperty("k", "v")),
        ("a flag more", a => a.ActivityTraceFlags |= (ActivityTraceFlags)2),
    ];

    [Fact]
    public async Task What_the_recorder_keeps_of_a_span_is_what_the_exporter_sends_of_it()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}", "1.2.3", [new("scope", "tag")]);
        var recorder = new SpanRecorder();
        using (var provider = Both(source, recorder, receiver, r => r.AddService("bank", "shop", "1.0", false, "i-1")
            .AddAttributes([new("n", 1L), new("list", new[] { "a", "b" }), new("", "empty"), new("flag", true)])))
        {
            foreach (var (name, make) in Cases)
            {
                Activity.Current = null;
                using var span = source.StartActivity(name)!;
                make(span);
            }

            foreach (var kind in Enum.GetValues<ActivityKind>())
                source.StartActivity($"kind {kind}", kind, Elsewhere)!.Dispose();
            var tracer = provider.GetTracer(source.Name);
            foreach (var (name, status) in new[]
                { ("error", Status.Error.WithDescription("closed")), ("ok", Status.Ok), ("unset", Status.Unset),
                ("error only", Status.Error) })
            {
                Activity.Current = null;
                using var span = tracer.StartActiveSpan($"Tracer: {name}");
                span.SetStatus(status);
            }

            using (var span = tracer.StartRootSpan("Tracer: all", SpanKind.Client))
                span.SetAttribute("k", new[] { 1, 2 }).AddEvent("e").RecordException(new InvalidOperationException("no"))
                    .UpdateName("new name");
        }

        Same(recorder, receiver);
        Assert.Equal(Cases.Length + 5 + 5, receiver.Count);
        var byTag = recorder.Spans.Single(s => s.OperationName == "error by a tag");
        Assert.Equal((ActivityStatusCode.Error, "refused", 0), (byTag.Status, byTag.StatusDescription, byTag.Attributes.Count));
        Assert.True(new RecordedTrace([byTag]).HasErrors);
        Assert.Contains("✖ error by a tag", Views.Parse(Waterfall.Of(new RecordedTrace([byTag]))).Body!.TextContent);
    }

    [Theory]
    [InlineData("nothing at all")]
    [InlineData("an empty name")]
    public async Task A_resource_without_a_service_is_shown_as_it_is_sent(string which)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}");
        var recorder = new SpanRecorder();
        Activity.Current = null;
        using (Both(source, recorder, receiver, r => r.Clear().AddAttributes(which == "nothing at all" ? [] : [new("service.name", "")])))
            source.StartActivity("work")!.Dispose();

        Same(recorder, receiver);
    }

    private static TracerProvider Both(ActivitySource source, SpanRecorder recorder, OtlpReceiver receiver,
        Action<ResourceBuilder> resource) =>
        Sdk.CreateTracerProviderBuilder().AddSource(source.Name).ConfigureResource(resource)
            .AddProcessor(new SimpleActivityExportProcessor(recorder))
            .AddOtlpExporter(o => (o.Endpoint, o.Protocol, o.ExportProcessorType) =
                (receiver.TracesEndpoint, OtlpExportProtocol.HttpProtobuf, ExportProcessorType.Simple)).Build();

    private static void Same(SpanRecorder recorder, OtlpReceiver receiver)
    {
        var sent = receiver.Spans.ToLookup(s => s.SpanId);
        var lines = recorder.Spans.Select(kept => (kept.OperationName, Kept: All(kept),
            Sent: string.Join(" and ", sent[kept.SpanId].Select(All))))
            .Where(l => l.Kept != l.Sent).Select(l => $"{l.OperationName}:\n  kept {l.Kept}\n  sent {l.Sent}").ToArray();
        Assert.True(lines.Length == 0, string.Join('\n', lines));
        Assert.All(receiver.Requests, r => Assert.Equal((200, null), (r.Status, r.Problem)));
    }

    // Everything but OperationName, which OTLP does not carry.
    private static string All(RecordedSpan s) => string.Join(" | ", s.TraceId, s.SpanId, s.ParentSpanId, s.HasRemoteParent, s.Flags,
        s.TraceState, s.Name,
        s.Kind, s.SourceName, s.SourceVersion, Text(s.Resource), s.ServiceName, s.Instance, s.Start.ToString("O"), s.Duration,
        s.EndsBeforeStart, s.Status,
        s.StatusDescription, Text(s.Attributes), string.Join(" ",
        s.Events.Select(e => $"{e.Name} {e.Time.UtcDateTime:O} {Text(e.Attributes)}")),
        string.Join(" ", s.Links.Select(l => $"{l.TraceId} {l.SpanId} {Text(l.Attributes)}")));

    private static string Text(IEnumerable<KeyValuePair<string, object?>> attributes) =>
        string.Join(", ", attributes.Select(a => $"{a.Key.Replace('\ud800', '\ufffd')}={Text(a.Value)}"));

    private static string Text(object? value) => value is IEnumerable list and not string
        ? $"[{string.Join(", ", list.Cast<object?>().Select(Text))}]" : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "null";
}
