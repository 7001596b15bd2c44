#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;

/// <summary>
/// OTLP as JSON (OTLP specification, "JSON Protobuf Encoding"): ids are hex, 64-bit integers are strings, enums are numbers.
/// What a field leaves out has the default value of its type; fields that we do not know are ignored.
/// </summary>
internal static class OtlpJson
{
    /// <summary>The JSON texts in these bytes: usually one.</summary>
    /// <exception cref="JsonException">They are not JSON.</exception>
    public static IReadOnlyList<JsonElement> Parse(byte[] utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { AllowMultipleValues = true });
        var values = new List<JsonElement>();
        while (reader.Read())
            values.Add(JsonElement.ParseValue(ref reader));
        return values.Count > 0 ? values : throw new JsonException("the answer is empty");
    }

    /// <summary>The spans of a <c>TracesData</c> message, which has the fields of an export request.</summary>
    /// <exception cref="FormatException">An id, a number or a time is not one.</exception>
    /// <exception cref="InvalidOperationException">A value is of the wrong kind.</exception>
    /// <exception cref="OverflowException">A number is too large for its field.</exception>
    public static IReadOnlyList<RecordedSpan> Spans(JsonElement tracesData) =>
        OtlpDecoder.Spans(Read(tracesData, OtlpMessage.Request));

    /// <summary>The member; undefined if it is null or not there, or if this is nothing that has members.</summary>
    public static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var member)
            && member.ValueKind is not JsonValueKind.Null ? member : default;

    private static OtlpNode Read(JsonElement json, OtlpMessage type)
    {
        var node = new OtlpNode(type);
        foreach (var field in type.Fields)
        {
            var member = Member(json, field.JsonName);
            if (member.ValueKind is JsonValueKind.Undefined)
                continue;
            foreach (var item in field.Mark == '*' ? member.EnumerateArray() : Enumerable.Repeat(member, 1))
                node.Add(field, Value(field, item));
        }

        return node.Missing() is { } missing ? throw NoId(missing, "") : node;
    }

    private static object Value(OtlpField field, JsonElement value) => field.Type switch
    {
        "string" => value.GetString()!,
        "bytes" => value.GetBytesFromBase64(),
        "bool" => value.GetBoolean(),
        "int64" => Number(field, value),
        "uint32" or "fixed32" => checked((uint)Number(field, value)),
        "double" => value.ValueKind is JsonValueKind.String // NaN, Infinity and -Infinity
            ? double.Parse(value.GetString()!, CultureInfo.InvariantCulture)
            : value.GetDouble(),
        "fixed64" => Time(field, value),
        "SpanKind" or "StatusCode" => value.ValueKind is JsonValueKind.String // the general JSON form of Protobuf
            ? Array.IndexOf(OtlpMessage.Enums[field.Type], value.GetString())
            : value.GetInt32(),
        "id16" or "id8" => Id(field, value.GetString()!),
        _ => Read(value, field.Message!),
    };

    private static string Id(OtlpField field, string id) =>
        (id.Length == 0 && field.Mark != '!') || (id.Length == 2 * field.IdLength && id.All(char.IsAsciiHexDigit))
            ? id.ToLowerInvariant()
            : throw NoId(field, id);

    private static FormatException NoId(OtlpField field, string id) =>
        new($"the {field.JsonName} '{id}' is not {2 * field.IdLength} hex digits");

    private static long Number(OtlpField field, JsonElement value) =>
        long.TryParse(Text(value), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"the {field.JsonName} {value.GetRawText()} is not a whole number");

    private static ulong Time(OtlpField field, JsonElement value) =>
        ulong.TryParse(Text(value), NumberStyles.None, CultureInfo.InvariantCulture, out var nanoseconds)
            ? nanoseconds
            : throw new FormatException($"the {field.JsonName} '{Text(value)}' is not a time in nanoseconds");

    private static string Text(JsonElement value) => value.ValueKind is JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
