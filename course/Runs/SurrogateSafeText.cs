using System;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TracingTutorial.Course.Runs;

/// <summary>
/// Strings in JSON, also those that are not well-formed UTF-16: a learner can type a lone surrogate, which a JSON string cannot hold.
/// Such a string becomes an object with one property, <c>utf16</c>: its code units, little-endian, as Base64.
/// </summary>
internal sealed class SurrogateSafeText : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        if (reader.TokenType is JsonTokenType.String or JsonTokenType.Null)
            return reader.GetString();
        using var json = JsonDocument.ParseValue(ref reader);
        return TextOf(json.RootElement) ?? throw new JsonException("A text is a string, or an object with the property utf16.");
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options)
    {
        if (IsWellFormed(value))
        {
            writer.WriteStringValue(value);
            return;
        }

        var units = new byte[value.Length * sizeof(char)];
        Buffer.BlockCopy(value.ToCharArray(), 0, units, 0, units.Length);
        writer.WriteStartObject();
        writer.WriteBase64String("utf16", units);
        writer.WriteEndObject();
    }

    /// <summary>The text that a JSON value holds, in either form; null for another value.</summary>
    public static string? TextOf(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.String)
            return json.GetString();
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("utf16", out var units)
            || !units.TryGetBytesFromBase64(out var bytes) || bytes.Length % sizeof(char) != 0)
            return null;
        var text = new char[bytes.Length / sizeof(char)];
        Buffer.BlockCopy(bytes, 0, text, 0, bytes.Length);
        return new string(text);
    }

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return false;
        }

        return true;
    }
}
