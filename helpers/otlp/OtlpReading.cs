#nullable enable
using System.Collections.Generic;
using System.Globalization;
using System.IO;

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
        : string.Join(' ', shown) + (problems == shown.Count ? "" : string.Create(CultureInfo.InvariantCulture,
            $" And {problems - shown.Count:N0} other problem{(problems - shown.Count == 1 ? "" : "s")}."));

    /// <exception cref="OtlpTooLarge">There are more messages than allowed.</exception>
    public void CountMessage()
    {
        if (++Messages > MaxMessages)
            throw new OtlpTooLarge(string.Create(CultureInfo.InvariantCulture,
                $"There are more than {MaxMessages:N0} messages (spans, attributes, values) in one request."));
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
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"More than {MaxUnread:N0} values cannot be read. The first: {shown[0]}"));
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
