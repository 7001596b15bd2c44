#nullable enable
using System.Collections.Generic;

/// <summary>A message that was read, in the binary form or as JSON: its fields and their values.</summary>
internal sealed class OtlpNode
{
    // Most messages have one or two fields, and the last one is asked for first: a chain from the last to the first.
    private Entry? last;

    // Not called "field": in C# 14, which the engine compiles, that word in a property means its own backing field.
    private sealed class Entry(OtlpField known, object value, Entry? before)
    {
        public OtlpField Field => known;
        public object Value => value;
        public Entry? Before => before;
    }

    public void Add(OtlpField field, object value) => last = new(field, value, last);

    /// <summary>The field that came last, and its value; null if there is none.</summary>
    public (OtlpField Field, object Value)? Last => last is null ? null : (last.Field, last.Value);

    /// <summary>The value of a field, the last one if it came more than once; null or zero if it is not there.</summary>
    public T? Get<T>(string name)
    {
        for (var entry = last; entry is not null; entry = entry.Before)
        {
            if (entry.Field.Name == name)
                return (T)entry.Value;
        }

        return default;
    }

    /// <summary>How often a field came.</summary>
    public int Count(string name)
    {
        var count = 0;
        for (var entry = last; entry is not null; entry = entry.Before)
            count += entry.Field.Name == name ? 1 : 0;
        return count;
    }

    /// <summary>The messages in a field, in the order in which they came.</summary>
    public OtlpNode[] All(string name)
    {
        if (last is null)
            return [];
        var nodes = new OtlpNode[Count(name)];
        var at = nodes.Length;
        for (var entry = last; at > 0; entry = entry.Before)
        {
            if (entry!.Field.Name == name)
                nodes[--at] = (OtlpNode)entry.Value;
        }

        return nodes;
    }
}
