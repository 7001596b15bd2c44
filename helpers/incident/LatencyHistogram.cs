#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

/// <summary>The numbers behind a <see cref="LatencyView"/>: up to four groups of durations, counted in bins of one width.</summary>
internal sealed class LatencyHistogram
{
    public const int Bins = 32;

    public LatencyHistogram(IEnumerable<(string Label, IEnumerable<TimeSpan> Durations)> groups)
    {
        var sorted = groups.Select(g =>
            (Label: Drawing.Cut(g.Label, 200), Milliseconds: g.Durations.Select(d => Math.Max(0, d.TotalMilliseconds)).Order().ToArray()))
            .ToArray();
        // Wide enough for 99 of 100 requests of each group; the last bin holds what took longer.
        BinWidth = NiceWidth(sorted.Select(g => Percentile(g.Milliseconds, 0.99)).DefaultIfEmpty().Max() / (Bins - 1));
        Groups = sorted.Select(g => new Group(g.Label, g.Milliseconds, Count(g.Milliseconds))).ToArray();
    }

    /// <summary>In milliseconds.</summary>
    public double BinWidth { get; }

    public Group[] Groups { get; }

    /// <summary>Some durations, sorted, in milliseconds, and how many are in each bin.</summary>
    public sealed record Group(string Label, double[] Milliseconds, int[] Counts)
    {
        public string Facts => Milliseconds.Length == 0 ? $"{Label}: no requests"
            : $"{Label}: {Drawing.Count(Milliseconds.Length, "request")}, average {Ms(Milliseconds.Average())}, "
                + $"p50 {Ms(MedianValue.Of(Milliseconds))}, p95 {Ms(Percentile(Milliseconds, 0.95))}";
    }

    /// <summary>Which durations a range of bins holds, as in "50 to 60 ms".</summary>
    public string Range(int from, int to) => to == Bins
        ? string.Create(CultureInfo.InvariantCulture, $"{from * BinWidth:0.#} ms and more")
        : string.Create(CultureInfo.InvariantCulture, $"{from * BinWidth:0.#} to {to * BinWidth:0.#} ms");

    public static string Ms(double milliseconds) => Drawing.Duration(TimeSpan.FromMilliseconds(milliseconds));

    private int[] Count(double[] milliseconds)
    {
        var bins = new int[Bins];
        foreach (var ms in milliseconds)
            bins[(int)Math.Min(ms / BinWidth, Bins - 1)]++;
        return bins;
    }

    private static double NiceWidth(double atLeast)
    {
        if (atLeast <= 0)
            return 1;
        var unit = Math.Pow(10, Math.Floor(Math.Log10(atLeast)));
        return unit * new[] { 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 }.First(n => n * unit >= atLeast * 0.999);
    }

    // The smallest value that at least this share of all values does not exceed ("nearest rank").
    private static double Percentile(double[] sorted, double share) =>
        sorted.Length == 0 ? 0 : sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
}
