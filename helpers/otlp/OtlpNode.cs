#nullable enable
using System.Collections.Generic;
using System.IO;

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

/// <summary>
/// What came of reading one body: how much was in it, and which odd parts were left out so that the rest could be kept.
/// </summary>
internal sealed class OtlpReading
{
    private const int MaxShown = 3, MaxUnread = 10_000;

    private readonly List<string> shown = [];
    private int problems, values;

    /// <summary>How many messages (spans, attributes, values and so on) may be in it.</summary>
    public int MaxMessages { get; init; } = int.MaxValue;

    /// <summary>How many messages were in it.</summary>
    public int Messages { get; private set; }

    /// <summary>How many spans were left out, because they have no valid id.</summary>
    public int Rejected { get; private set; }

    /// <summary>What was left out, in words; null if nothing was.</summary>
    public string? Problem => problems == 0 ? null
        : string.Join(' ', shown) + (problems > shown.Count ? $" And {Drawing.Count(problems - shown.Count, "other problem")}." : "");

    /// <exception cref="OtlpTooLarge">There are more messages than allowed.</exception>
    public void CountMessage()
    {
        if (++Messages > MaxMessages)
            throw new OtlpTooLarge(
                $"There are more than {Drawing.Count(MaxMessages, "message")} (spans, attributes, values) in one request.");
    }

    /// <summary>Leaves a span out.</summary>
    /// <param name="why">A sentence.</param>
    public void Reject(string why)
    {
        Rejected++;
        Add(why);
    }

    /// <summary>Leaves out a part of what is kept.</summary>
    /// <param name="what">A sentence.</param>
    /// <exception cref="InvalidDataException">So much cannot be read that this is something else.</exception>
    public void LeaveOut(string what)
    {
        if (++values > MaxUnread)
            throw new InvalidDataException($"More than {Drawing.Count(MaxUnread, "value")} cannot be read. The first: {shown[0]}");
        Add(what);
    }

    private void Add(string what)
    {
        if (problems++ < MaxShown)
            shown.Add(what);
    }
}

/// <summary>A body is well formed, but there is more in it than may be kept.</summary>
internal sealed class OtlpTooLarge(string message) : IOException(message);
