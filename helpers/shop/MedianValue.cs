#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;

/// <summary>The middle one of some values in order; of an even number of them the mean of the two in the middle.</summary>
internal static class MedianValue
{
    /// <exception cref="ArgumentException">There are no values.</exception>
    public static double Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0)
            throw new ArgumentException("There is no median of nothing.", nameof(values));
        var (low, high) = (sorted[(sorted.Length - 1) / 2], sorted[sorted.Length / 2]);
        return low + (high - low) / 2;
    }

    /// <exception cref="ArgumentException">There are no durations.</exception>
    public static TimeSpan Of(IEnumerable<TimeSpan> durations) => new((long)Of(durations.Select(d => (double)d.Ticks)));
}
