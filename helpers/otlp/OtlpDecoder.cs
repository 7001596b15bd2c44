#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;

/// <summary>
/// Reads the body of an OTLP export of traces, an <c>ExportTraceServiceRequest</c> in Protobuf's binary format. Attribute
/// values become <see cref="string"/>, <see cref="bool"/>, <see cref="long"/> (OTLP has no smaller integer),
/// <see cref="double"/>, <see cref="byte"/>[], arrays of these, and lists of key and value. Fields that it does not know are skipped.
/// </summary>
public static class OtlpDecoder
{
    /// <summary>How deep arrays and lists may be nested in an attribute's value.</summary>
    public const int MaxDepth = OtlpReader.MaxDepth;

    private static readonly string NoTrace = new('0', 32), NoSpan = new('0', 16);

    /// <summary>All spans that have valid ids, in the order of the body.</summary>
    /// <exception cref="InvalidDataException">The bytes are no such message; the text says where, and what is wrong.</exception>
    public static IReadOnlyList<RecordedSpan> Decode(byte[] body)
    {
        var reading = new OtlpReading();
        return Spans(OtlpReader.Read(body, reading), reading);
    }

    /// <summary>The spans of a request, whether it was read in the binary form or as JSON.</summary>
    internal static IReadOnlyList<RecordedSpan> Spans(OtlpNode request, OtlpReading reading)
    {
        var spans = new List<RecordedSpan>();
        foreach (var resourceSpans in request.All("resource_spans"))
        {
            var resource = resourceSpans.All("resource").SelectMany(r => Attributes(r)).ToArray();
            foreach (var scopeSpans in resourceSpans.All("scope_spans"))
            {
                var scope = scopeSpans.Get<OtlpNode>("scope");
                foreach (var span in scopeSpans.All("spans"))
                {
                    if ((IdProblem(span, "trace_id", NoTrace) ?? IdProblem(span, "span_id", NoSpan)) is { } problem)
                        reading.Reject($"The span '{Short(span.Get<string>("name") ?? "")}' {problem}.");
                    else
                        spans.Add(Span(span, resource, scope, reading));
                }
            }
        }

        return spans;
    }

    private static RecordedSpan Span(OtlpNode span, KeyValuePair<string, object?>[] resource, OtlpNode? scope, OtlpReading reading)
    {
        var (started, ended) = (span.Get<ulong>("start_time_unix_nano"), span.Get<ulong>("end_time_unix_nano"));
        var (flags, kind) = (span.Get<uint>("flags"), span.Get<int>("kind"));
        var status = span.Get<OtlpNode>("status");
        var code = status?.Get<int>("code");
        return new RecordedSpan
        {
            TraceId = span.Get<string>("trace_id")!,
            SpanId = span.Get<string>("span_id")!,
            ParentSpanId = Id(span, "parent_span_id", NoSpan, reading),
            HasRemoteParent = (flags & 0x300) == 0x300, // 0x100: the sender knows whether the parent is remote; 0x200: it is
            Flags = (ActivityTraceFlags)(flags & 0xff),
            TraceState = TextOrNull(span, "trace_state"),
            Name = span.Get<string>("name") ?? "",
            Kind = kind is > 1 and <= 5 ? (ActivityKind)(kind - 1) : ActivityKind.Internal, // OTLP counts from 1; 0 is "not said"
            SourceName = scope?.Get<string>("name") ?? "",
            SourceVersion = TextOrNull(scope, "version"),
            Resource = resource,
            Start = Time(started),
            Duration = ended >= started ? Ticks(ended - started) : -Ticks(started - ended),
            Status = code is 1 or 2 ? (ActivityStatusCode)code : ActivityStatusCode.Unset,
            StatusDescription = TextOrNull(status, "message"),
            Attributes = Attributes(span),
            Dropped = (
                span.Get<uint>("dropped_attributes_count"),
                span.Get<uint>("dropped_events_count"),
                span.Get<uint>("dropped_links_count")),
            Events = span.All("events").Select(e =>
                new RecordedEvent(e.Get<string>("name") ?? "", Time(e.Get<ulong>("time_unix_nano")), Attributes(e))).ToArray(),
            Links = span.All("links").Select(l =>
                new RecordedLink(Id(l, "trace_id", NoTrace, reading), Id(l, "span_id", NoSpan, reading), Attributes(l))).ToArray(),
        };
    }

    private static TimeSpan Ticks(ulong nanoseconds) => TimeSpan.FromTicks((long)(nanoseconds / 100));

    private static string Short(string text) => text.Length > 80 ? text[..80] + "…" : text;

    private static string? TextOrNull(OtlpNode? node, string name) => node?.Get<string>(name) is { Length: > 0 } text ? text : null;

    // A parent or a link without a valid id is kept, as one without an id: the span that has it is worth more.
    private static string Id(OtlpNode node, string name, string none, OtlpReading reading)
    {
        if (TextOrNull(node, name) is not { } id || id == none)
            return none;
        if (IdProblem(node, name, none) is not { } problem)
            return id;
        reading.LeaveOut($"A span or a link {problem}.");
        return none;
    }

    // "has no trace id", "has the trace id '4bf9', which is not 32 hex digits": null if all is well.
    private static string? IdProblem(OtlpNode node, string name, string none)
    {
        var words = name.Replace('_', ' ');
        return TextOrNull(node, name) is not { } id ? $"has no {words}"
            : id == none ? $"has a {words} of zeros, which stand for 'no id'"
            : id.Length == none.Length && id.All(char.IsAsciiHexDigit) ? null
            : $"has the {words} '{Short(id)}', which is not {none.Length} hex digits";
    }

    // Nanoseconds since 1970. A DateTimeOffset holds steps of 100 nanoseconds, as an Activity does.
    private static DateTimeOffset Time(ulong unixNano) => DateTimeOffset.UnixEpoch.AddTicks((long)(unixNano / 100));

    private static KeyValuePair<string, object?>[] Attributes(OtlpNode node, string name = "attributes") =>
        node.All(name).Select(a => KeyValuePair.Create(a.Get<string>("key") ?? "", Value(a.Get<OtlpNode>("value")))).ToArray();

    // An AnyValue without a field is an empty value.
    private static object? Value(OtlpNode? any) => any?.Last is not var (field, value) ? null : field.Name switch
    {
        "array_value" => Typed(((OtlpNode)value).All("values").Select(Value).ToArray()),
        "kvlist_value" => Attributes((OtlpNode)value, "values"),
        _ => value,
    };

    // Attributes set in .NET are arrays of one type. An empty array does not say which.
    private static Array Typed(object?[] values) => values switch
    {
        [string, ..] when values.All(v => v is string) => values.Cast<string>().ToArray(),
        [long, ..] when values.All(v => v is long) => values.Cast<long>().ToArray(),
        [double, ..] when values.All(v => v is double) => values.Cast<double>().ToArray(),
        [bool, ..] when values.All(v => v is bool) => values.Cast<bool>().ToArray(),
        _ => values,
    };
}
