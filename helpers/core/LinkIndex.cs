#nullable enable
using System.Collections.Generic;
using System.Linq;

/// <summary>Links go one way, from a span to others; this knows the other way too, as far as the spans are here.</summary>
internal sealed class LinkIndex
{
    private readonly Dictionary<(string, string), RecordedSpan> spans = [];
    private readonly ILookup<(string, string), RecordedSpan> from;

    public LinkIndex(IEnumerable<RecordedTrace> traces)
    {
        var all = traces.SelectMany(t => t.Spans).ToArray();
        foreach (var span in all)
            spans.TryAdd((span.TraceId, span.SpanId), span);
        from = all.SelectMany(s => s.Links.Select(l => (Target: (l.TraceId, l.SpanId), Span: s))).ToLookup(l => l.Target, l => l.Span);
    }

    /// <summary>The span that is linked to; null if it is not here.</summary>
    public RecordedSpan? Target(RecordedLink link) => spans.GetValueOrDefault((link.TraceId, link.SpanId));

    /// <summary>The spans that link to this one.</summary>
    public IEnumerable<RecordedSpan> To(RecordedSpan span) => from[(span.TraceId, span.SpanId)].Distinct();
}

/// <summary>
/// Links as arrows in a margin beside the rows: each row has its pieces, so that rows may be of any height. All links of a span
/// share one arrow with several heads. Arrows for which there is no room are left to the words in the rows.
/// </summary>
internal sealed class LinkArrows
{
    private const int MaxLanes = 5;

    private readonly Dictionary<RecordedSpan, List<(int Lane, string Css)>> pieces = [];
    private readonly List<int> free = []; // per lane: the first row below its last arrow

    public LinkArrows(IReadOnlyList<RecordedSpan> rows, LinkIndex links)
    {
        var row = new Dictionary<RecordedSpan, int>();
        for (var i = 0; i < rows.Count; i++)
            row.TryAdd(rows[i], i);
        var arrows = row.Where(r => r.Key.Links.Count > 0).Select(r => (Source: r.Value, Targets: r.Key.Links.Select(links.Target)
            .OfType<RecordedSpan>().Where(t => t != r.Key && row.ContainsKey(t)).Select(t => row[t]).ToHashSet()));
        foreach (var (source, targets) in arrows.Where(a => a.Targets.Count > 0).OrderBy(a => a.Targets.Append(a.Source).Min()))
        {
            var (from, to) = (targets.Append(source).Min(), targets.Append(source).Max());
            if (free.FindIndex(f => f <= from) is var lane && lane < 0)
            {
                if ((lane = free.Count) == MaxLanes)
                    continue;
                free.Add(0);
            }

            free[lane] = to + 1;
            for (var i = from; i <= to; i++)
            {
                if (!pieces.TryGetValue(rows[i], out var here))
                    pieces[rows[i]] = here = [];
                var end = i == from ? " tv-a" : i == to ? " tv-z" : "";
                here.Add((lane, end + (i == source ? " tv-from" : targets.Contains(i) ? " tv-to" : "")));
            }
        }
    }

    /// <summary>How many arrows run beside each other.</summary>
    public int Lanes => free.Count;

    /// <summary>The pieces beside a row, each with its lane (0 is the outermost) and what it is there.</summary>
    public IEnumerable<(int Lane, string Css)> Beside(RecordedSpan span) => pieces.GetValueOrDefault(span) ?? [];
}
