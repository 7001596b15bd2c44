#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

/// <summary>The value of an attribute: what is sent of it.</summary>
internal static class AttributeValue
{
    private const int MaxMaps = 3;

    /// <summary>
    /// A copy of what the OTLP exporter makes of a .NET value (measured on 1.20.1 for each type): text, numbers, bytes, arrays
    /// and maps go out as such, in arrays and below three maps as the name of their type; an enum as its name, in an array as
    /// its number; all else as its text. What it leaves out without a message is named here. Integers keep their .NET type.
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
            return Convert.ToString(value, CultureInfo.InvariantCulture) ?? throw new InvalidOperationException("it returned null");
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{value.GetType().Name}.ToString() failed: {e.Message}");
        }
    }
}
