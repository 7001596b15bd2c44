#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

/// <summary>The value of an attribute as text.</summary>
internal static class AttributeText
{
    private const int MaxLength = 10 * Drawing.MaxText;

    /// <summary>For a reader: maps in braces, lists in brackets, bytes in base64. Cut where it is longer than anybody reads.</summary>
    public static string Of(object? value)
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
