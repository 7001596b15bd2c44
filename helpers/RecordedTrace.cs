#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;

/// <summary>A finished span, wherever it came from: a <see cref="SpanRecorder"/>, an OTLP receiver, a backend's API.</summary>
public sealed record RecordedSpan
{
    private readonly string? parentSpanId;
    private readonly TimeSpan duration;

    /// <summary>32 lower-case hex digits.</summary>
    public required string TraceId { get; init; }

    /// <summary>16 lower-case hex digits.</summary>
    public required string SpanId { get; init; }

    /// <summary>Null for a root. "" (OTLP) and sixteen zeros (<see cref="Activity"/>) mean the same and become null.</summary>
    public string? ParentSpanId
    {
        get => parentSpanId;
        init => parentSpanId = value is "" or "0000000000000000" ? null : value;
    }

    /// <summary>True if the parent's context came in from outside, for example in a <c>traceparent</c> header.</summary>
    public bool HasRemoteParent { get; init; }

    public ActivityTraceFlags Flags { get; init; }
    public string? TraceState { get; init; }

    /// <summary>The span name a backend shows: <see cref="Activity.DisplayName"/>.</summary>
    public required string Name { get; init; }

    /// <summary>The name the span was started with. OTLP does not carry it: empty if unknown.</summary>
    public string OperationName { get; init; } = "";

    public ActivityKind Kind { get; init; }

    /// <summary>The <see cref="ActivitySource"/>; OpenTelemetry calls it the instrumentation scope.</summary>
    public string SourceName { get; init; } = "";

    public string? SourceVersion { get; init; }

    /// <summary>Attributes of the service that made the span.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Resource { get; init; } = [];

    /// <summary><c>service.name</c> of the resource; "unknown_service" if it has none, as the specification names it.</summary>
    public string ServiceName => Lookup(Resource, "service.name") as string ?? "unknown_service";

    /// <summary>UTC.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>Never negative: a span that ends before it starts (a clock was set back) counts as zero.</summary>
    public required TimeSpan Duration
    {
        get => duration;
        init => duration = value < TimeSpan.Zero ? TimeSpan.Zero : value;
    }

    public DateTimeOffset End => Duration < DateTimeOffset.MaxValue - Start ? Start + Duration : DateTimeOffset.MaxValue;
    public ActivityStatusCode Status { get; init; }
    public string? StatusDescription { get; init; }

    /// <summary>In the order in which they were set.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Attributes { get; init; } = [];

    public IReadOnlyList<RecordedEvent> Events { get; init; } = [];
    public IReadOnlyList<RecordedLink> Links { get; init; } = [];

    /// <summary>The attribute's value; null if the span does not have it. <c>span["http.route"]</c> is the same.</summary>
    public object? Attribute(string key) => Lookup(Attributes, key);

    public object? this[string key] => Attribute(key);

    // Two spans are the same only if they are one object: a span that was delivered twice is two.
    public bool Equals(RecordedSpan? other) => ReferenceEquals(this, other);
    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    public override string ToString() => $"{ServiceName}: {Name}";

    private static object? Lookup(IReadOnlyList<KeyValuePair<string, object?>> attributes, string key)
    {
        for (var i = 0; i < attributes.Count; i++)
        {
            if (attributes[i].Key == key)
                return attributes[i].Value;
        }

        return null;
    }
}

/// <summary>Something that happened at one moment of a span, for example an exception.</summary>
public sealed record RecordedEvent(string Name, DateTimeOffset Time, IReadOnlyList<KeyValuePair<string, object?>> Attributes);

/// <summary>A pointer from a span to another one, often in another trace. Ids are lower-case hex.</summary>
public sealed record RecordedLink(string TraceId, string SpanId, IReadOnlyList<KeyValuePair<string, object?>> Attributes);

/// <summary>A stretch of time.</summary>
public readonly record struct TimeRange(DateTimeOffset Start, DateTimeOffset End)
{
    public TimeSpan Duration => End - Start;
}

/// <summary>
/// The spans of one trace as a tree. Any input makes a tree that holds every span once: a span whose parent is missing
/// becomes a root, a loop of parents is cut at its first span, children of a duplicated id hang under the first one.
/// </summary>
public sealed class RecordedTrace
{
    private readonly Dictionary<RecordedSpan, Node> nodes = [];
    private readonly Dictionary<string, Node> byId = [];
    private readonly Lazy<Dictionary<RecordedSpan, List<TimeRange>>> criticalPath;

    /// <exception cref="ArgumentException">There are no spans, or they are of more than one trace.</exception>
    public RecordedTrace(IEnumerable<RecordedSpan> spans)
    {
        Spans = spans.Distinct().OrderBy(s => s.Start).ThenByDescending(s => s.Duration).ToArray();
        if (Spans.Count == 0 || Spans.Any(s => s.TraceId != Spans[0].TraceId))
            throw new ArgumentException("A trace needs at least one span, and all its spans share one trace id.", nameof(spans));

        foreach (var span in Spans)
        {
            var node = nodes[span] = new Node(span);
            byId.TryAdd(span.SpanId, node);
        }

        foreach (var node in nodes.Values)
            node.Parent = node.Span.ParentSpanId is { } id ? byId.GetValueOrDefault(id) : null;
        CutLoops();

        var roots = new List<RecordedSpan>();
        foreach (var span in Spans)
            (nodes[span].Parent?.Children ?? roots).Add(span);
        Roots = roots;
        SpansAsTree = ParentsFirst();
        Start = Spans[0].Start;
        End = Spans.Max(s => s.End);
        criticalPath = new(FindCriticalPath, LazyThreadSafetyMode.ExecutionAndPublication);
    }

    public string TraceId => Spans[0].TraceId;

    /// <summary>All spans, ordered by start.</summary>
    public IReadOnlyList<RecordedSpan> Spans { get; }

    /// <summary>All spans, each after its parent and before its parent's next child: the rows of a waterfall.</summary>
    public IReadOnlyList<RecordedSpan> SpansAsTree { get; }

    /// <summary>The spans without a parent, and those whose parent is not in this trace, ordered by start.</summary>
    public IReadOnlyList<RecordedSpan> Roots { get; }

    /// <summary>The span that the whole trace is named after: the first that has no parent, else the first whose parent is missing.</summary>
    public RecordedSpan Root => Roots.FirstOrDefault(s => s.ParentSpanId is null) ?? Roots[0];

    public DateTimeOffset Start { get; }
    public DateTimeOffset End { get; }

    /// <summary>From the start of the first span to the end of the last one.</summary>
    public TimeSpan Duration => End - Start;

    /// <summary>The names of the services, in the order of their first span.</summary>
    public IReadOnlyList<string> Services => Spans.Select(s => s.ServiceName).Distinct().ToArray();

    public bool HasErrors => Spans.Any(s => s.Status == ActivityStatusCode.Error);

    /// <summary>The first span with this name; null if there is none.</summary>
    public RecordedSpan? Find(string name) => Spans.FirstOrDefault(s => s.Name == name);

    /// <summary>The (first) span with this id; null if there is none.</summary>
    public RecordedSpan? FindById(string spanId) => byId.GetValueOrDefault(spanId)?.Span;

    /// <summary>Null if the span is one of the <see cref="Roots"/>. Methods that take a span throw <see cref="ArgumentException"/> if it is not of this trace.</summary>
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
    /// whole gets shorter. Found by walking backwards from the end of the root: at each moment the path is in the child
    /// that finished last before it; where no child had to be waited for, it is in the span itself; from the start
    /// of that child the search goes on for one that had ended by then. What a child does outside of its parent's time does
    /// not count. (Jaeger marks the path by the same rule.) The times on the path add up to the root's duration.
    /// </summary>
    public IReadOnlySet<RecordedSpan> CriticalPath => criticalPath.Value.Keys.ToHashSet();

    /// <summary>How much of the critical path is in the span itself, not in its children; zero if it is not on the path.</summary>
    public TimeSpan CriticalTime(RecordedSpan span) => Sum(CriticalRanges(span));

    /// <summary>When the <see cref="CriticalTime"/> was spent.</summary>
    public IReadOnlyList<TimeRange> CriticalRanges(RecordedSpan span) =>
        criticalPath.Value.TryGetValue(NodeOf(span).Span, out var ranges) ? ranges : [];

    public override string ToString() => $"{Root.Name}: {Spans.Count} spans, trace {TraceId}";

    /// <summary>Sorts spans into traces by their trace id; the traces are ordered by start.</summary>
    public static IReadOnlyList<RecordedTrace> Group(IEnumerable<RecordedSpan> spans) =>
        spans.GroupBy(s => s.TraceId).Select(g => new RecordedTrace(g)).OrderBy(t => t.Start).ToArray();

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

    // No recursion: within a parent, each child on the path has a window of time of its own, whatever is inside.
    private Dictionary<RecordedSpan, List<TimeRange>> FindCriticalPath()
    {
        var path = new Dictionary<RecordedSpan, List<TimeRange>>();
        var next = new Stack<(RecordedSpan Span, TimeRange Window)>([(Root, new(Root.Start, Root.End))]);
        while (next.TryPop(out var current))
        {
            var (span, window) = current;
            var own = path[span] = [];
            var until = window.End;
            foreach (var child in Children(span).OrderByDescending(c => c.End))
            {
                var start = child.Start > window.Start ? child.Start : window.Start;
                var end = child.End < window.End ? child.End : window.End;
                if (start > end || end > until)
                    continue; // outside of the window, or running beside a child that finished later
                if (end < until)
                    own.Add(new(end, until));
                next.Push((child, new(start, end)));
                until = start;
            }

            if (window.Start < until)
                own.Add(new(window.Start, until));
        }

        return path;
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
