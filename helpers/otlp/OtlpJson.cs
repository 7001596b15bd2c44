#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

/// <summary>
/// OTLP as JSON (OTLP specification, "JSON Protobuf Encoding"; the rest is Protobuf's own JSON form): ids are hex, integers
/// text or numbers, enums numbers, field names in lowerCamelCase. What is left out has the default value of its type, fields
/// that we do not know are ignored, and what cannot be read is left out without losing what is beside it.
/// </summary>
internal static class OtlpJson
{
    /// <summary>How many objects, lists, names and values one text may hold: each takes memory.</summary>
    public const int MaxTokens = 3_000_000;

    private const int MaxJsonDepth = 1_000;

    /// <summary>The JSON texts in these bytes: usually one.</summary>
    /// <exception cref="JsonException">They are not JSON.</exception>
    /// <exception cref="OtlpTooLarge">There are too many tokens.</exception>
    public static IReadOnlyList<JsonElement> Parse(byte[] utf8, int maxTokens = int.MaxValue)
    {
        var options = new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = MaxJsonDepth };
        utf8 = Utf8.IsValid(utf8) ? utf8 : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(utf8)); // what is none becomes U+FFFD
        var text = utf8.AsSpan().StartsWith("\uFEFF"u8) ? utf8.AsSpan(3) : utf8;
        var tokens = 0;
        for (var counter = new Utf8JsonReader(text, options); counter.Read();)
        {
            if (++tokens > maxTokens)
                throw new OtlpTooLarge($"There are more than {Drawing.Count(maxTokens, "name")} and values in one request.");
        }

        var values = new List<JsonElement>();
        for (var reader = new Utf8JsonReader(text, options); reader.Read();)
            values.Add(JsonElement.ParseValue(ref reader));
        return values.Count > 0 ? values : throw new JsonException("there is nothing in it");
    }

    /// <summary>
    /// The <c>TracesData</c> in an answer: it is alone, under <c>result</c> (Jaeger) or under <c>data</c> (the Aspire
    /// dashboard). Null if the answer has another shape. Without any member it is a message without spans.
    /// </summary>
    public static JsonElement? TracesData(JsonElement answer)
    {
        foreach (var data in new[] { answer, Member(answer, "result"), Member(answer, "data") })
        {
            if (data.ValueKind is JsonValueKind.Object
                && (data.TryGetProperty("resourceSpans", out var list) ? list.ValueKind is JsonValueKind.Array or JsonValueKind.Null
                    : !data.EnumerateObject().Any()))
                return data;
        }

        return null;
    }

    /// <summary>The names in an answer of Jaeger's <c>/api/v3/services</c>; null if the answer has another shape.</summary>
    public static string[]? Services(JsonElement answer) => Member(answer, "services") switch
    {
        { ValueKind: JsonValueKind.Array } names when names.EnumerateArray().All(n => n.ValueKind is JsonValueKind.String) =>
            names.EnumerateArray().Select(n => n.GetString()!).ToArray(),
        { ValueKind: JsonValueKind.Undefined } when answer.ValueKind is JsonValueKind.Object
            && answer.EnumerateObject().All(m => m.Name == "services") => [],
        _ => null,
    };

    /// <summary>Reads a <c>TracesData</c> message, which has the fields of an export request.</summary>
    public static OtlpNode Read(JsonElement tracesData, OtlpReading reading) =>
        Read(tracesData, OtlpMessage.Request, reading, depth: 0) ?? new OtlpNode();

    /// <summary>The member; undefined if it is null or not there, or if this is nothing that has members.</summary>
    public static JsonElement Member(JsonElement element, string name)
    {
        if (element.ValueKind is not JsonValueKind.Object)
            return default;
        JsonElement member;
        try
        {
            element.TryGetProperty(name, out member);
        }
        catch (InvalidOperationException) // half of a surrogate pair in a name beside it, which can be compared with no other
        {
            member = element.EnumerateObject().LastOrDefault(m => NameOf(m) == name).Value;
        }

        return member.ValueKind is JsonValueKind.Null ? default : member;
    }

    // Null for a name that is no Unicode.
    private static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static OtlpNode? Read(JsonElement json, OtlpMessage type, OtlpReading reading, int depth)
    {
        reading.CountMessage();
        return json.ValueKind is JsonValueKind.Object ? ReadMembers(json, type, reading, depth)
            : LeftOut(type, $"{type.Name} is an object, but here is {Start(json)}.", reading);
    }

    private static OtlpNode? ReadMembers(JsonElement json, OtlpMessage type, OtlpReading reading, int depth)
    {
        if (type.Name is "ArrayValue" or "KeyValueList" && ++depth > OtlpReader.MaxDepth)
            return LeftOut<OtlpNode>(OtlpReader.TooDeep, reading);
        var (node, fields) = (new OtlpNode(), 0);
        foreach (var field in type.Fields)
        {
            var member = Member(json, field.JsonName);
            if (member.ValueKind is JsonValueKind.Undefined)
                continue;
            fields++;
            if (field.Mark == '*' && member.ValueKind is not JsonValueKind.Array)
                reading.LeaveOut($"{field.JsonName} is a list, but here is {Start(member)}.");
            else if (field.Mark != '*')
                Add(field, member);
            else
                foreach (var item in member.EnumerateArray())
                    Add(field, item);
        }

        // snake_case, or the names of an older OTLP: then what we look for seems not to be there.
        if (type.Name is "ResourceSpans" or "ScopeSpans" && type.Field(2)!.JsonName is var list
            && Member(json, list).ValueKind is JsonValueKind.Undefined
            && json.EnumerateObject().Select(NameOf).OfType<string>()
                .FirstOrDefault(m => type.Fields.All(f => f.JsonName != m)) is { } unknown)
            reading.LeaveOut($"{type.Name} has '{Drawing.Cut(unknown, 40)}', which is no field of OTLP, and no {list}.");

        // An AnyValue is a oneof: with two fields, it is unclear which one is meant.
        return fields > 1 && type == OtlpMessage.AnyValue ? LeftOut<OtlpNode>($"A value has one field, but here is {Start(json)}.", reading)
            : node;

        void Add(OtlpField field, JsonElement item)
        {
            var value = field.Message is { } message ? Read(item, message, reading, depth) : Plain(field, item, reading);
            if (value is not null)
                node.Add(field, value);
        }
    }

    private static object? Plain(OtlpField field, JsonElement json, OtlpReading reading)
    {
        object? value = field.Type switch
        {
            "string" or "id16" or "id8" => Text(json),
            "bytes" => Bytes(Text(json)),
            "bool" => json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : null,
            "int64" => Whole(json, long.MinValue, long.MaxValue) is { } number ? (long)number : null,
            "uint32" or "fixed32" => Whole(json, uint.MinValue, uint.MaxValue) is { } number ? (uint)number : null,
            "fixed64" => Whole(json, ulong.MinValue, ulong.MaxValue) is { } number ? (ulong)number : null,
            "double" => Double(json),
            _ => json.ValueKind is JsonValueKind.String // names are Protobuf's own form; OTLP wants numbers
                ? Array.IndexOf(OtlpMessage.Enums[field.Type], Text(json))
                : Whole(json, int.MinValue, int.MaxValue) is { } number ? (int)number : null,
        };
        return field.Type is "id16" or "id8" && value is string id ? id.ToLowerInvariant()
            : value ?? LeftOut<object>($"{field.JsonName} cannot be {Start(json)}.", reading);
    }

    private static OtlpNode? LeftOut(OtlpMessage type, string what, OtlpReading reading)
    {
        if (type.Name != "Span")
            return LeftOut<OtlpNode>(what, reading);
        reading.Reject(what);
        return null;
    }

    private static T? LeftOut<T>(string what, OtlpReading reading)
        where T : class
    {
        reading.LeaveOut(what);
        return null;
    }

    // Null if it is no text, or holds what is no Unicode.
    private static string? Text(JsonElement json)
    {
        try
        {
            return json.ValueKind is JsonValueKind.String ? json.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    // Base64, the plain alphabet or that for addresses, with or without the padding.
    private static byte[]? Bytes(string? text)
    {
        var base64 = text?.TrimEnd('=').Replace('-', '+').Replace('_', '/');
        var bytes = new byte[base64?.Length ?? 0];
        return base64 is not null && Convert.TryFromBase64String(base64.PadRight((base64.Length + 3) / 4 * 4, '='), bytes, out var length)
            ? bytes[..length] : null;
    }

    // Text or a number, also with an exponent or a fraction of zero. A decimal holds every one of them exactly.
    private static decimal? Whole(JsonElement json, decimal min, decimal max) =>
        decimal.TryParse(Digits(json), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out var number) && number >= min && number <= max && number == decimal.Truncate(number)
            ? number : null;

    private static double? Double(JsonElement json) => Digits(json) switch
    {
        "NaN" => double.NaN,
        "Infinity" => double.PositiveInfinity,
        "-Infinity" => double.NegativeInfinity,
        var digits => double.TryParse(digits,
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null,
    };

    private static string? Digits(JsonElement json) => json.ValueKind is JsonValueKind.Number ? json.GetRawText() : Text(json);

    private static string Start(JsonElement json)
    {
        var text = json.GetRawText();
        return text.Length > 60 ? text[..60] + "…" : text;
    }
}
