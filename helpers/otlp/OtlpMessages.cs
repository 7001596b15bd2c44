#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Google.Protobuf;

/// <summary>A field of an OTLP message: the binary form carries its number, JSON its name, the specification its type.</summary>
/// <param name="Number">In the binary form.</param>
/// <param name="Name">As in the .proto files: <c>trace_id</c>.</param>
/// <param name="Type">A plain type, an enum, <c>id16</c> or <c>id8</c> (an id of so many bytes), or the name of a message.</param>
/// <param name="Mark">'*': may come many times.</param>
internal sealed record OtlpField(int Number, string Name, string Type, char Mark)
{
    /// <summary>How the value is written: this is what a reader needs to skip a field that it does not know.</summary>
    public WireFormat.WireType Wire { get; } = Type switch
    {
        "bool" or "int64" or "uint32" or "SpanKind" or "StatusCode" => WireFormat.WireType.Varint,
        "double" or "fixed64" => WireFormat.WireType.Fixed64,
        "fixed32" => WireFormat.WireType.Fixed32,
        _ => WireFormat.WireType.LengthDelimited,
    };

    /// <summary>As in JSON: <c>traceId</c>.</summary>
    public string JsonName { get; } =
        string.Concat(Name.Split('_').Select((word, i) => i == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));

    /// <summary>The message that the field holds; null if it holds a plain value.</summary>
    public OtlpMessage? Message => char.IsAsciiLetterUpper(Type[0]) ? message ??= OtlpMessage.ByName.GetValueOrDefault(Type) : null;
    private OtlpMessage? message;
}

/// <summary>A message of OTLP's traces, as opentelemetry-proto 1.x writes it (trace.proto, common.proto, resource.proto).</summary>
internal sealed class OtlpMessage
{
    private readonly OtlpField?[] byNumber = new OtlpField?[17];

    // "1 trace_id id16, 2 span_id id8": a number, a name, a type and perhaps a mark for each field.
    private OtlpMessage(string name, string fields)
    {
        Name = name;
        foreach (var words in fields.Split(',', StringSplitOptions.TrimEntries).Select(f => f.Split(' ')))
        {
            var number = int.Parse(words[0], CultureInfo.InvariantCulture);
            byNumber[number] = new OtlpField(number, words[1], words[2].TrimEnd('*'), words[2][^1]);
        }

        Fields = byNumber.OfType<OtlpField>().ToArray();
    }

    public string Name { get; }
    public IReadOnlyList<OtlpField> Fields { get; }

    /// <summary>Null for a number that this version of the message does not use: a reader skips such a field.</summary>
    public OtlpField? Field(int number) => number < byNumber.Length ? byNumber[number] : null;

    public static readonly IReadOnlyDictionary<string, OtlpMessage> ByName = new OtlpMessage[]
    {
        new("ExportTraceServiceRequest", "1 resource_spans ResourceSpans*"),
        new("ResourceSpans", "1 resource Resource, 2 scope_spans ScopeSpans*, 3 schema_url string"),
        new("Resource", "1 attributes KeyValue*, 2 dropped_attributes_count uint32"),
        new("ScopeSpans", "1 scope InstrumentationScope, 2 spans Span*, 3 schema_url string"),
        new("InstrumentationScope", "1 name string, 2 version string, 3 attributes KeyValue*, 4 dropped_attributes_count uint32"),
        new("Span", """
            1 trace_id id16, 2 span_id id8, 3 trace_state string, 4 parent_span_id id8, 5 name string, 6 kind SpanKind,
            7 start_time_unix_nano fixed64, 8 end_time_unix_nano fixed64, 9 attributes KeyValue*, 10 dropped_attributes_count uint32,
            11 events Event*, 12 dropped_events_count uint32, 13 links Link*, 14 dropped_links_count uint32, 15 status Status,
            16 flags fixed32
            """),
        new("Event", "1 time_unix_nano fixed64, 2 name string, 3 attributes KeyValue*, 4 dropped_attributes_count uint32"),
        new("Link", """
            1 trace_id id16, 2 span_id id8, 3 trace_state string, 4 attributes KeyValue*, 5 dropped_attributes_count uint32,
            6 flags fixed32
            """),
        new("Status", "2 message string, 3 code StatusCode"),
        new("KeyValue", "1 key string, 2 value AnyValue"),
        new("AnyValue", """
            1 string_value string, 2 bool_value bool, 3 int_value int64, 4 double_value double, 5 array_value ArrayValue,
            6 kvlist_value KeyValueList, 7 bytes_value bytes
            """),
        new("ArrayValue", "1 values AnyValue*"),
        new("KeyValueList", "1 values KeyValue*"),
    }.ToDictionary(m => m.Name);

    public static readonly OtlpMessage Request = ByName["ExportTraceServiceRequest"], AnyValue = ByName["AnyValue"];

    /// <summary>The names of an enum's values, in the order of their numbers.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Enums = new Dictionary<string, string[]>
    {
        ["SpanKind"] =
        [
            "SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT",
            "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER",
        ],
        ["StatusCode"] = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"],
    };
}
