#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

/// <summary>Outside: known only from the spans of its callers, or of those it calls.</summary>
internal enum MapNodeKind { Service, Database, Queue, Outside }

/// <summary>A service, a database, a queue or what is outside, and (once there is a layout) where it is.</summary>
internal sealed class MapNode(MapNodeKind kind, string name, string system)
{
    public MapNodeKind Kind => kind;
    public string Name => name;

    /// <summary>"postgresql" or the like; of a service the instance, if that matters here; empty for most services.</summary>
    public string System => system == name ? (kind == MapNodeKind.Database ? "database" : "queue") : system;

    public string Label => System.Length > 0 ? $"{Drawing.Cut(name)} ({Drawing.Cut(System)})" : Drawing.Cut(name);
    public string Short { get; } = Drawing.Fit(name, 22, pad: false);

    // Where it is: the left edge and the middle of its height.
    public double X { get; set; }
    public double Y { get; set; }
    public double Width =>
        Math.Max(84, 26 + 7.4 * Math.Max(Drawing.Columns(Short), Math.Min(22, Drawing.Columns(Drawing.Cut(System))) * 0.9));
    public double Height { get; set; }
}

/// <summary>All calls from one node to another.</summary>
internal sealed class MapCall(MapNode from, MapNode to)
{
    private readonly List<TimeSpan> durations = [];

    public MapNode From => from;
    public MapNode To => to;
    public int Count => durations.Count;
    public int Errors { get; private set; }

    public void Add(RecordedSpan timed, RecordedSpan called)
    {
        durations.Add(timed.Duration);
        Errors += timed.Status == ActivityStatusCode.Error || called.Status == ActivityStatusCode.Error ? 1 : 0;
    }

    private string Median => Drawing.Duration(MedianValue.Of(durations));

    private string[] Failed => Errors > 0 ? [Drawing.Count(Errors, "error")] : [];

    public string Facts => string.Join(", ", [Drawing.Count(Count, "call"), .. Failed, Median]);

    public string[] Lines => [Drawing.Count(Count, "call"), Median, .. Failed.Select(f => "✖ " + f)];
}

/// <summary>
/// Who calls whom in some traces. A step from a span to a child in another process is a call, and so is a client span without
/// such a child: to a database, or to somebody who is known by an attribute alone (<see cref="CallTarget"/>). A message goes to
/// its queue and from there to the receiver. A server span whose parent is not here was called by a missing caller.
/// </summary>
internal sealed class ServiceGraph
{
    private const int MaxNodes = 40;
    private const int MaxInstances = 8;

    private readonly Dictionary<(MapNodeKind, string, string), MapNode> nodes = [];
    private readonly Dictionary<(MapNode, MapNode), MapCall> calls = [];
    private readonly HashSet<string> apart; // services of which one instance calls another
    private readonly HashSet<string> services;

    public ServiceGraph(IReadOnlyList<RecordedTrace> traces)
    {
        var spans = traces.SelectMany(t => t.Spans).ToArray();
        services = spans.Select(s => s.ServiceName).ToHashSet();
        apart = traces.SelectMany(t => t.Spans.Where(s => t.Parent(s) is { } p && p.ServiceName == s.ServiceName
            && !SpanTimes.SameProcess(p, s))).Select(s => s.ServiceName).ToHashSet();
        if (apart.Count > 0)
        {
            apart.ExceptWith(spans.GroupBy(s => s.ServiceName).Where(g => g.Select(s => s.Instance).Distinct().Count() > MaxInstances)
                .Select(g => g.Key));
        }

        foreach (var trace in traces)
        {
            foreach (var span in trace.Spans)
                Add(trace, span);
        }

        // The busiest come first where not all can be drawn.
        var drawn = calls.Values.OrderByDescending(c => c.Count).SelectMany(c => new[] { c.From, c.To }).Concat(nodes.Values)
            .Distinct().Take(MaxNodes).ToHashSet();
        NotDrawn = nodes.Count - drawn.Count;
        Nodes = nodes.Values.Where(drawn.Contains).ToArray();
        Calls = calls.Values.Where(c => drawn.Contains(c.From) && drawn.Contains(c.To)).ToArray();
    }

    public MapNode[] Nodes { get; }

    public MapCall[] Calls { get; }

    /// <summary>How many nodes are left out because there are too many.</summary>
    public int NotDrawn { get; }

    private void Add(RecordedTrace trace, RecordedSpan span)
    {
        var service = ServiceOf(span);
        if (CallTarget.Queue(span) is { } queue)
        {
            var node = NodeOf(MapNodeKind.Queue, queue.Name, queue.System);
            (queue.Receives ? CallOf(node, service) : CallOf(service, node)).Add(span, span);
            if (queue.Receives)
                return; // what comes from the queue does not come from the sender directly
        }
        else if (span.Kind == ActivityKind.Client)
            Out(trace, span, service);

        if (trace.Parent(span) is { } parent)
        {
            if (!SpanTimes.SameProcess(parent, span) || (parent.Kind == ActivityKind.Client && span.Kind == ActivityKind.Server))
                CallOf(ServiceOf(parent), service).Add(parent.Kind == ActivityKind.Client ? parent : span, span);
        }
        else if (trace.MissingParent(span) is not null && span.Kind is ActivityKind.Server or ActivityKind.Consumer)
            CallOf(NodeOf(MapNodeKind.Outside, "caller", "not here"), service).Add(span, span);
    }

    // A client inside of a client (gRPC over HTTP, a library over its driver) is one call: the inner one's.
    private void Out(RecordedTrace trace, RecordedSpan span, MapNode service)
    {
        var inner = trace.Children(span).Where(c => c.Kind == ActivityKind.Client && SpanTimes.SameProcess(c, span));
        if (CallTarget.Database(span) is { } database)
        {
            if (!inner.Any(c => CallTarget.Database(c) is not null))
                CallOf(service, NodeOf(MapNodeKind.Database, database.Name, database.System)).Add(span, span);
        }
        else if (!inner.Any() && !trace.Children(span).Any(c => !SpanTimes.SameProcess(c, span) || c.Kind == ActivityKind.Server))
        {
            var (name, host) = CallTarget.Outside(span);
            var target = services.Contains(host) && !apart.Contains(host) ? NodeOf(MapNodeKind.Service, host, "")
                : NodeOf(MapNodeKind.Outside, name, "no spans here");
            CallOf(service, target).Add(span, span);
        }
    }

    private MapNode ServiceOf(RecordedSpan span) => NodeOf(MapNodeKind.Service, span.ServiceName,
        apart.Contains(span.ServiceName) ? $"instance {span.Instance ?? "not said"}" : "");

    private MapNode NodeOf(MapNodeKind kind, string name, string system) =>
        nodes.TryGetValue((kind, name, system), out var node) ? node : nodes[(kind, name, system)] = new(kind, name, system);

    private MapCall CallOf(MapNode from, MapNode to) =>
        calls.TryGetValue((from, to), out var call) ? call : calls[(from, to)] = new(from, to);
}
