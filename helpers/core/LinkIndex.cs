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
