#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;

/// <summary>What is in one drawing: its traces, where each is in time, and the arrows between them.</summary>
internal sealed class WaterfallPage
{
    // One axis for all that is at most so many times as long as the longest trace: on a longer one nothing could be seen.
    private const double Near = 12, NearForOneSpanEach = 100;
    private const double Comparable = 50; // the longest trace and the shortest on one scale

    /// <summary>The parts as they are placed in time.</summary>
    /// <param name="parts">What is drawn.</param>
    /// <param name="beside">They are beside each other: then no arrow leads from one to the other.</param>
    public WaterfallPage(IEnumerable<WaterfallPart> parts, bool beside = false)
    {
        var all = parts.ToArray();
        var (links, drawn, left) = (new LinkIndex(all.Select(p => p.Trace)), new List<WaterfallPart>(), Drawing.MaxSpans);
        foreach (var part in all.TakeWhile(_ => left > 0))
        {
            var rows = part.Trace.SpansAsTree.Take(Math.Min(left, part.MaxSpans)).ToArray();
            drawn.Add(part with { Rows = rows, Links = links });
            left -= rows.Length;
        }

        Left = drawn.Count == all.Length ? ""
            : $"{Drawing.Count(all.Length - drawn.Count, "more trace")} not drawn: choose some with Take or Where.";
        var together = new LinkArrows(beside ? [] : drawn.SelectMany(p => p.Rows).ToArray(), links);
        Parts = drawn.Select(p => p with { Arrows = beside ? new(p.Rows, links) : together }).ToArray();
        Lanes = Parts.Select(p => p.Arrows.Lanes).DefaultIfEmpty().Max();
    }

    /// <summary>Several traces on one time axis, each at its real start, if they can be seen there.</summary>
    public static WaterfallPage Of(IEnumerable<WaterfallPart> parts)
    {
        var all = parts.ToArray();
        if (all.Length < 2)
            return new(all);
        var (from, to, longest) = (all.Min(p => p.From), all.Max(p => p.From + p.Scale), all.Max(p => p.Scale));
        var trees = all.Where(p => !p.OneSpan).Select(p => (double)p.Scale.Ticks).ToArray();
        var near = (to - from).Ticks <= longest.Ticks * (trees.Length == 0 ? NearForOneSpanEach : Near);
        var comparable = trees.Length == 0 || longest.Ticks <= Comparable * trees.Min();
        return new(all.Select(p => p with
        {
            Starts = p.From > from ? $"{Drawing.Duration(p.From - from)} after the first" : null,
            From = near ? from : p.From,
            Scale = near ? to - from : comparable ? longest : p.Scale,
        }))
        {
            Says = near ? null : "These traces are far apart in time: each begins at the left, "
                + (comparable ? "all on one scale." : "on a time axis of its own."),
        };
    }

    public IReadOnlyList<WaterfallPart> Parts { get; }

    /// <summary>What is above the drawing; null if there is nothing to say.</summary>
    public string? Says { get; private init; }

    /// <summary>How many arrows run beside each other.</summary>
    public int Lanes { get; }

    /// <summary>Only traces of one span: they need no key.</summary>
    public bool Plain => Parts.All(p => p.OneSpan);

    public bool Any(Func<WaterfallPart, RecordedSpan, bool> what) => Parts.Any(p => p.Rows.Any(s => what(p, s)));

    public string Left { get; }
}
