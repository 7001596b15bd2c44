#nullable enable
using System;
using System.Globalization;
using System.Linq;

/// <summary>What became of one request: the five kinds of signs in a strip.</summary>
/// <param name="Class">Its colour.</param>
/// <param name="Mark">The sign, for a terminal.</param>
/// <param name="Shape">The sign as an SVG path inside of 8 × 8, from the upper left corner: it says the same without colour.</param>
/// <param name="Meaning">In words.</param>
internal sealed record RequestKind(string Class, char Mark, string Shape, string Meaning)
{
    public static readonly RequestKind[] All =
    [
        new("sv-dropped", '·', "m3 3h2v2h-2z", "dropped"), new("sv-kept", '■', "m1.5 1.5h5v5h-5z", "kept"),
        new("sv-part", '◧', "m1.5 1.5v5h5z", "kept in part"), new("sv-lost", '✗', "m4 .8l3.2 3.2-3.2 3.2-3.2-3.2z", "error, lost"),
        new("sv-error", 'E', "m4 0l4 4-4 4-4-4z", "error, kept"),
    ];

    /// <summary>One for each request of the outcome's traffic.</summary>
    public static RequestKind[] Of(SamplingOutcome outcome) => outcome.Traffic.Requests.Select((request, i) => All[outcome.Counts[i] switch
    {
        0 => request.HasError ? 3 : 0,
        var kept => request.HasError ? 4 : kept < request.Spans ? 2 : 1,
    }]).ToArray();
}

/// <summary>A share that was measured, beside the one that was expected.</summary>
internal sealed record MeasuredShare(string Label, double Expected, int Kept, int Total)
{
    private (double Low, double High) Interval => SamplingFigures.Interval(Kept, Total);

    /// <summary>How far the share and the ends of its interval are from what was expected; null if there is nothing to compare.</summary>
    public (double Low, double Share, double High)? Off => Total == 0 || !double.IsFinite(Expected) ? null
        : (Interval.Low - Expected, (double)Kept / Total - Expected, Interval.High - Expected);

    public string Facts => Total == 0 ? "nothing"
        : string.Create(CultureInfo.InvariantCulture, $"{(double)Kept / Total:0.00%}  [{Interval.Low:0.00%}, {Interval.High:0.00%}]");

    public string ExpectedText => double.IsFinite(Expected) ? Expected.ToString("0.00%", CultureInfo.InvariantCulture) : "nothing";
}

/// <summary>One number of an outcome, and the number that it is a part of.</summary>
internal sealed record SamplingFigure(string Title, double Value, double Of, bool IsBad = false)
{
    public double Share => Of == 0 ? 0 : Value / Of;

    public string Text => IsBad ? SamplingFigures.Number(Value) : $"{SamplingFigures.Number(Value)} of {SamplingFigures.Number(Of)}";
}

/// <summary>The numbers behind the drawings of a <see cref="SamplingView"/>.</summary>
internal static class SamplingFigures
{
    /// <summary>What a comparison says of an outcome, column by column.</summary>
    public static SamplingFigure[] Of(SamplingOutcome outcome)
    {
        var all = outcome.Traffic.Requests;
        return
        [
            new("traces kept", outcome.Kept.Count(), all.Count),
            new("broken", outcome.Broken.Count(), all.Count, IsBad: true),
            new("errors kept", outcome.Kept.Count(r => r.HasError), all.Count(r => r.HasError)),
            new("slow kept", outcome.Kept.Count(r => r.IsSlow), all.Count(r => r.IsSlow)),
            new("spans sent", outcome.Spans, all.Sum(r => r.Spans)),
        ];
    }

    public static string KiloBytes(SamplingOutcome outcome) => Number(outcome.Bytes / 1000.0);

    public static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Points(double share) => (share * 100).ToString("+0.0;−0.0;0.0", CultureInfo.InvariantCulture);

    /// <summary>See <see cref="SamplingView.Interval"/>.</summary>
    public static (double Low, double High) Interval(int kept, int total)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(total);
        ArgumentOutOfRangeException.ThrowIfNegative(kept);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(kept, total);
        const double z = 1.959964;
        double n = total, p = kept / n;
        var middle = (p + z * z / (2 * n)) / (1 + z * z / n);
        var half = z / (1 + z * z / n) * Math.Sqrt(p * (1 - p) / n + z * z / (4 * n * n));
        return (Math.Max(0, middle - half), Math.Min(1, middle + half));
    }
}
