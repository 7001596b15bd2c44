#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

/// <summary>The value of an attribute: what is sent of it, and how it is shown.</summary>
internal static class AttributeValue
{
    private const int MaxMaps = 3, MaxLength = 10 * Drawing.MaxText;

    /// <summary>
    /// A copy of what the OTLP exporter makes of a .NET value (measured on 1.20.1 for each type): text, numbers, bytes, arrays
    /// and maps go out as such, in arrays and below three maps as the name of their type; an enum as its name, in an array as
    /// its number; all else as its text. What it leaves out without a word is said here. Integers keep their .NET type.
    /// </summary>
    public static object? Sent(object? value) => Entry(value, 0);

    private static object? Sent(object? value, int maps) => value switch
    {
        Array { Rank: > 1 } => "TRUNCATED", // that is what is sent
        IEnumerable<KeyValuePair<string, object?>> map when maps < MaxMaps =>
            map.Select(e => KeyValuePair.Create(e.Key, Entry(e.Value, maps + 1))).ToArray(),
        IDictionary map when maps < MaxMaps => map.Keys.Cast<object>()
            .Select(k => KeyValuePair.Create(Convert.ToString(k, CultureInfo.InvariantCulture)!, Entry(map[k], maps + 1))).ToArray(),
        Array array => Items(array),
        _ => Plain(value),
    };

    private static object? Entry(object? value, int maps)
    {
        try
        {
            return Sent(value, maps);
        }
        catch (Exception e) // a ToString of the learner's that throws, a list that is changed meanwhile: the span is worth more
        {
            return $"(not sent: {e.Message})";
        }
    }

    private static Array Items(Array array)
    {
        var type = array.GetType().GetElementType()!;
        if (type == typeof(byte) || type == typeof(int) || type == typeof(long) || type == typeof(double) || type == typeof(bool))
            return (Array)array.Clone();
        if (type.IsEnum)
            return array.Cast<object>().Select(e => Convert.ToInt64(e, CultureInfo.InvariantCulture)).ToArray();
        var items = array.Cast<object?>().Select(Plain).ToArray();
        return items.Length > 0 && items.All(i => i is string) ? items.Cast<string>().ToArray() : items;
    }

    private static object? Plain(object? value) => value switch
    {
        null or string or bool or double or int or long or sbyte or byte or short or ushort or uint => value,
        float number => (double)number,
        _ => TextOf(value),
    };

    private static string TextOf(object value)
    {
        try
        {
            return Convert.ToString(value, CultureInfo.InvariantCulture) ?? throw new InvalidOperationException("it gave null");
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{value.GetType().Name}.ToString() failed: {e.Message}");
        }
    }

    /// <summary>For a reader: maps in braces, lists in brackets, bytes in base64. Cut where it is longer than anybody reads.</summary>
    public static string Text(object? value)
    {
        if (value is string plain)
            return plain;
        var text = new StringBuilder();
        Write(text, value);
        return text.ToString();
    }

    private static void Write(StringBuilder text, object? value)
    {
        if (value is byte[] bytes && value.GetType() == typeof(byte[])) // an sbyte[] would pass for one
            text.Append(Convert.ToBase64String(bytes, 0, Math.Min(bytes.Length, MaxLength)))
                .Append($" ({Drawing.Count(bytes.Length, "byte")})");
        else if (value is IEnumerable<KeyValuePair<string, object?>> map)
            WriteAll(text, '{', map, e => Write(text.Append(e.Key).Append(": "), e.Value), '}');
        else if (value is IEnumerable list and not string)
            WriteAll(text, '[', list.Cast<object?>(), item => Write(text, item), ']');
        else
            text.Append(value is null ? "null" : value is bool b ? (b ? "true" : "false")
                : Convert.ToString(value, CultureInfo.InvariantCulture));
    }

    private static void WriteAll<T>(StringBuilder text, char open, IEnumerable<T> items, Action<T> write, char close)
    {
        text.Append(open);
        var first = true;
        foreach (var item in items)
        {
            if (text.Length > MaxLength)
            {
                text.Append(", …");
                break;
            }

            text.Append(first ? "" : ", ");
            first = false;
            write(item);
        }

        text.Append(close);
    }
}
