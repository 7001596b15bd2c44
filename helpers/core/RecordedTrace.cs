#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

/// <summary>
/// The spans of one trace as a tree. Any input makes a tree that holds every span once, and a copy is no other span: a span
/// whose parent is missing becomes a root, a loop of parents is cut at its first span. Where a client and its server share
/// one id (old B3), the server is below the client; children of a shared id go to its span of their own service, else to
/// the server, else to the first.
/// </summary>
public sealed class RecordedTrace
{
    private readonly Dictionary<RecordedSpan, Node> nodes = [];
    private readonly Dictionary<string, (RecordedSpan First, int Count)> byId = [];
    private readonly Dictionary<(string Id, string? Service), Node> parents = [];
    private readonly Dictionary<string, Node> callers = [];
    private readonly Lazy<Dictionary<RecordedSpan, List<TimeRange>>> criticalPath;

    /// <summary>Makes a tree of these spans, in any order.</summary>
    /// <exception cref="ArgumentException">There are no spans, or they are of more than one trace.</exception>
    public RecordedTrace(IEnumerable<RecordedSpan> spans)
    {
        Spans = SpanCopies.Once(spans).OrderBy(s => s.Start).ThenByDescending(s => s.Duration).ToArray();
        if (Spans.Count == 0 || Spans.Any(s => s.TraceId != Spans[0].TraceId))
            throw new ArgumentException("A trace needs at least one span, and all its spans share one trace id.", nameof(spans));

        foreach (var span in Spans)
        {
            var node = nodes[span] = new Node(span);
            byId[span.SpanId] = byId.TryGetValue(span.SpanId, out var known) ? known with { Count = known.Count + 1 } : (span, 1);
            Offer((span.SpanId, null), node);
            Offer((span.SpanId, span.ServiceName), node);
            if (span.Kind is ActivityKind.Client or ActivityKind.Producer)
                callers.TryAdd(span.SpanId, node);
        }

        foreach (var node in nodes.Values)
            node.Parent = ParentOf(node.Span);
        CutLoops();

        var roots = new List<RecordedSpan>();
        foreach (var span in Spans)
            (nodes[span].Parent?.Children ?? roots).Add(span);
        roots = roots.GroupBy(s => MissingParent(s) ?? (object)s).SelectMany(g => g).ToList();
        Roots = roots;
        SpansAsTree = ParentsFirst();
        Start = Spans[0].Start;
        End = Spans.Max(s => s.End);
        criticalPath = new(() => CriticalPathFinder.Find(Root, span => Children(span).Where(TimesFit)));
    }

    /// <summary>32 lower-case hex digits.</summary>
    public string TraceId => Spans[0].TraceId;

    /// <summary>All spans, ordered by start.</summary>
    public IReadOnlyList<RecordedSpan> Spans { get; }

    /// <summary>All spans, each after its parent and before its parent's next child: the rows of a waterfall.</summary>
    public IReadOnlyList<RecordedSpan> SpansAsTree { get; }

    /// <summary>
    /// The spans without a parent, and those whose parent is not in this trace, ordered by start; but those of one missing
    /// parent are together.
    /// </summary>
    public IReadOnlyList<RecordedSpan> Roots { get; }

    /// <summary>What the trace is named after: the first span that has no parent, else the first whose parent is missing.</summary>
    public RecordedSpan Root => Roots.FirstOrDefault(s => s.ParentSpanId is null) ?? Roots[0];

    /// <summary>When the first span started, UTC.</summary>
    public DateTimeOffset Start { get; }

    /// <summary>When the last span ended, UTC.</summary>
    public DateTimeOffset End { get; }

    /// <summary>From the start of the first span to the end of the last one.</summary>
    public TimeSpan Duration => End - Start;

    /// <summary>The names of the services, in the order of their first span.</summary>
    public IReadOnlyList<string> Services => Spans.Select(s => s.ServiceName).Distinct().ToArray();

    /// <summary>Whether the status of any span is Error.</summary>
    public bool HasErrors => Spans.Any(s => s.Status == ActivityStatusCode.Error);

    /// <summary>The first span with this name; null if there is none.</summary>
    public RecordedSpan? Find(string name) => Spans.FirstOrDefault(s => s.Name == name);

    /// <summary>The (first) span with this id; null if there is none.</summary>
    public RecordedSpan? FindById(string spanId) => byId.GetValueOrDefault(spanId).First;

    /// <summary>The parent's id, if the span names a parent that is not in this trace; else null.</summary>
    public string? MissingParent(RecordedSpan span) => span.ParentSpanId is { } id && !byId.ContainsKey(id) ? id : null;

    /// <summary>How many spans go round in a circle, each the parent of the next, if this root was its first one; else 0.</summary>
    public int Circle(RecordedSpan root)
    {
        if (NodeOf(root).Parent is not null || root.ParentSpanId is not { } id || FindById(id) is not { } span)
            return 0;
        var count = 1;
        for (RecordedSpan? next = span; next is not null && next != root; next = Parent(next))
            count++;
        return count;
    }

    /// <summary>How many spans have the id of this one, itself among them: more than one is against the rules.</summary>
    public int SameId(RecordedSpan span) => byId[NodeOf(span).Span.SpanId].Count;

    /// <summary>
    /// False if the span's times cannot be true beside its parent's: it ends before it starts, or the clocks of two processes
    /// differ. What is computed from such times (<see cref="SelfTime"/> of the parent) is not sure.
    /// </summary>
    public bool TimesFit(RecordedSpan span) =>
        Parent(span) is { } parent ? SpanTimes.Fit(span, parent) : span.EndsBeforeStart == TimeSpan.Zero;

    /// <summary>
    /// Null if the span is one of the <see cref="Roots"/>. Methods that take a span throw <see cref="ArgumentException"/> if it
    /// is not of this trace.
    /// </summary>
    public RecordedSpan? Parent(RecordedSpan span) => NodeOf(span).Parent?.Span;

    /// <summary>Ordered by start.</summary>
    public IReadOnlyList<RecordedSpan> Children(RecordedSpan span) => NodeOf(span).Children;

    /// <summary>0 for a root.</summary>
    public int Depth(RecordedSpan span) => NodeOf(span).Depth;

    /// <summary>The time in which the span runs and none of its children does: its duration minus the union of theirs.</summary>
    public TimeSpan SelfTime(RecordedSpan span) => Sum(SelfRanges(span));

    /// <summary>When the <see cref="SelfTime"/> was spent.</summary>
    public IReadOnlyList<TimeRange> SelfRanges(RecordedSpan span)
    {
        var ranges = new List<TimeRange>();
        var free = span.Start;
        foreach (var child in Children(span)) // by start, so one pass is enough
        {
            if (child.Start >= span.End)
                break;
            if (child.Start > free)
                ranges.Add(new(free, child.Start));
            free = child.End > free ? child.End : free;
        }

        if (span.End > free)
            ranges.Add(new(free, span.End));
        return ranges;
    }

    /// <summary>
    /// The spans that the duration of <see cref="Root"/> is made of: shorten one of these stretches of time, and the
    /// whole gets shorter. The times on the path add up to the root's duration. A child whose times do not fit is left out.
    /// </summary>
    public IReadOnlySet<RecordedSpan> CriticalPath => criticalPath.Value.Keys.ToHashSet();

    /// <summary>How much of the critical path is in the span itself, not in its children; zero if it is not on the path.</summary>
    public TimeSpan CriticalTime(RecordedSpan span) => Sum(CriticalRanges(span));

    /// <summary>When the <see cref="CriticalTime"/> was spent.</summary>
    public IReadOnlyList<TimeRange> CriticalRanges(RecordedSpan span) =>
        criticalPath.Value.TryGetValue(NodeOf(span).Span, out var ranges) ? ranges : [];

    /// <summary>As in "GET /profile/{id}: 7 spans, trace 4bf9…".</summary>
    public override string ToString() => $"{Root.Name}: {Spans.Count} spans, trace {TraceId}";

    /// <summary>Sorts spans into traces by their trace id; the traces are ordered by start.</summary>
    public static IReadOnlyList<RecordedTrace> Group(IEnumerable<RecordedSpan> spans) =>
        spans.GroupBy(s => s.TraceId).Select(g => new RecordedTrace(g)).OrderBy(t => t.Start).ToArray();

    // The span that children of this id belong to: the first one that answers a call, else the first.
    private void Offer((string, string?) key, Node node)
    {
        if (!parents.TryGetValue(key, out var known) || !Answers(known.Span) && Answers(node.Span))
            parents[key] = node;
    }

    private Node? ParentOf(RecordedSpan span) =>
        Answers(span) && callers.TryGetValue(span.SpanId, out var caller) ? caller
        : span.ParentSpanId is not { } id ? null
        : parents.GetValueOrDefault((id, span.ServiceName)) ?? parents.GetValueOrDefault((id, null));

    private static bool Answers(RecordedSpan span) => span.Kind is ActivityKind.Server or ActivityKind.Consumer;

    // Each walk towards the root leaves its number behind; a walk that meets its own number has gone round in a circle.
    private void CutLoops()
    {
        var walk = 0;
        foreach (var span in Spans)
        {
            walk++;
            for (var node = nodes[span]; node is { Walk: 0 }; node = node.Parent)
            {
                node.Walk = walk;
                if (node.Parent?.Walk == walk)
                    node.Parent.Parent = null;
            }
        }
    }

    private RecordedSpan[] ParentsFirst()
    {
        var order = new List<RecordedSpan>(Spans.Count);
        var next = new Stack<RecordedSpan>(Roots.Reverse());
        while (next.TryPop(out var span))
        {
            order.Add(span);
            var node = nodes[span];
            node.Depth = node.Parent is { } parent ? parent.Depth + 1 : 0;
            for (var i = node.Children.Count - 1; i >= 0; i--)
                next.Push(node.Children[i]);
        }

        return order.ToArray();
    }

    private Node NodeOf(RecordedSpan span) =>
        nodes.GetValueOrDefault(span) ?? throw new ArgumentException($"The span '{span.Name}' is not in trace {TraceId}.", nameof(span));

    private static TimeSpan Sum(IEnumerable<TimeRange> ranges) => new(ranges.Sum(r => r.Duration.Ticks));

    private sealed class Node(RecordedSpan span)
    {
        public RecordedSpan Span => span;
        public Node? Parent { get; set; }
        public List<RecordedSpan> Children { get; } = [];
        public int Depth { get; set; }
        public int Walk { get; set; }
    }
}
