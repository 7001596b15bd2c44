#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

internal enum MapNodeKind { Service, Database, Queue }

/// <summary>A service, a database or a queue, and (once there is a layout) where it stands.</summary>
internal sealed class MapNode(MapNodeKind kind, string name, string system)
{
    public MapNodeKind Kind => kind;
    public string Name => name;

    /// <summary>"postgresql" or the like; empty for a service.</summary>
    public string System => system == name ? (kind == MapNodeKind.Database ? "database" : "queue") : system;

    public string Label => System.Length > 0 ? $"{Drawing.Cut(name)} ({Drawing.Cut(System)})" : Drawing.Cut(name);
    public string Short { get; } = Drawing.Fit(name, 22, pad: false);

    // Where it stands: the left edge and the middle of its height.
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

    private string Median => Drawing.Duration(Drawing.Median(durations));

    private string[] Failed => Errors > 0 ? [Drawing.Count(Errors, "error")] : [];

    public string Facts => string.Join(", ", [Drawing.Count(Count, "call"), .. Failed, Median]);

    public string[] Lines => [Drawing.Count(Count, "call"), Median, .. Failed.Select(f => "✖ " + f)];
}

/// <summary>
/// Who calls whom in some traces. A step from a span to a child in another service is a call, and so is a client span with
/// <c>db.system.name</c>. A message goes to its queue and from there to the receiver (<c>messaging.system</c>).
/// </summary>
internal sealed class ServiceGraph
{
    private const int MaxNodes = 40;

    private readonly Dictionary<(MapNodeKind, string, string), MapNode> nodes = [];
    private readonly Dictionary<(MapNode, MapNode), MapCall> calls = [];

    public ServiceGraph(IEnumerable<RecordedTrace> traces)
    {
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
        var service = NodeOf(MapNodeKind.Service, span.ServiceName, "");
        if (span.Kind == ActivityKind.Client && span["db.system.name"] is { } database)
        {
            var name = $"{span["db.namespace"] ?? span["server.address"] ?? database}";
            CallOf(service, NodeOf(MapNodeKind.Database, name, $"{database}")).Add(span, span);
        }

        if (span.Kind is ActivityKind.Producer or ActivityKind.Consumer or ActivityKind.Client && span["messaging.system"] is { } messaging)
        {
            var name = $"{span["messaging.destination.name"] ?? span["server.address"] ?? messaging}";
            var queue = NodeOf(MapNodeKind.Queue, name, $"{messaging}");
            var receives = span.Kind == ActivityKind.Consumer || span["messaging.operation.type"] is "receive" or "process" or "settle";
            (receives ? CallOf(queue, service) : CallOf(service, queue)).Add(span, span);
            if (receives)
                return; // what comes from the queue does not come from the sender directly
        }

        if (trace.Parent(span) is { } parent
            && (parent.ServiceName != span.ServiceName || (parent.Kind == ActivityKind.Client && span.Kind == ActivityKind.Server)))
        {
            var caller = NodeOf(MapNodeKind.Service, parent.ServiceName, "");
            CallOf(caller, service).Add(parent.Kind == ActivityKind.Client ? parent : span, span);
        }
    }

    private MapNode NodeOf(MapNodeKind kind, string name, string system) =>
        nodes.TryGetValue((kind, name, system), out var node) ? node : nodes[(kind, name, system)] = new(kind, name, system);

    private MapCall CallOf(MapNode from, MapNode to) =>
        calls.TryGetValue((from, to), out var call) ? call : calls[(from, to)] = new(from, to);
}
