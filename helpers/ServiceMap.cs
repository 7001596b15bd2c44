#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text;

/// <summary>
/// Who calls whom in some traces. A step from a span to a child in another service is a call, and so is a client span with
/// <c>db.system.name</c>. A message goes to its queue and from there to the receiver (<c>messaging.system</c>).
/// Durations are medians, as the caller saw them.
/// </summary>
internal sealed class ServiceMap
{
    private const int MaxNodes = 40;

    private readonly Dictionary<(NodeKind, string, string), Node> nodes = [];
    private readonly Dictionary<(Node, Node), Call> calls = [];
    private readonly int traces, notDrawn;

    public ServiceMap(RecordedTrace[] traces)
    {
        this.traces = traces.Length;
        foreach (var trace in traces)
        {
            foreach (var span in trace.Spans)
                Add(trace, span);
        }

        // The busiest come first where not all can be drawn.
        var drawn = calls.Values.OrderByDescending(c => c.Count).SelectMany(c => new[] { c.From, c.To }).Concat(nodes.Values).Distinct().Take(MaxNodes).ToHashSet();
        notDrawn = nodes.Count - drawn.Count;
        Nodes = nodes.Values.Where(drawn.Contains).ToArray();
        Calls = calls.Values.Where(c => drawn.Contains(c.From) && drawn.Contains(c.To)).ToArray();
    }

    private enum NodeKind { Service, Database, Queue }

    private Node[] Nodes { get; }

    private Call[] Calls { get; }

    private void Add(RecordedTrace trace, RecordedSpan span)
    {
        var service = NodeOf(NodeKind.Service, span.ServiceName, "");
        if (span.Kind == ActivityKind.Client && span["db.system.name"] is { } database)
            CallOf(service, NodeOf(NodeKind.Database, $"{span["db.namespace"] ?? span["server.address"] ?? database}", $"{database}")).Add(span, span);

        if (span.Kind is ActivityKind.Producer or ActivityKind.Consumer or ActivityKind.Client && span["messaging.system"] is { } messaging)
        {
            var queue = NodeOf(NodeKind.Queue, $"{span["messaging.destination.name"] ?? span["server.address"] ?? messaging}", $"{messaging}");
            var receives = span.Kind == ActivityKind.Consumer || span["messaging.operation.type"] is "receive" or "process" or "settle";
            (receives ? CallOf(queue, service) : CallOf(service, queue)).Add(span, span);
            if (receives)
                return; // what comes from the queue does not come from the sender directly
        }

        if (trace.Parent(span) is { } parent && (parent.ServiceName != span.ServiceName || (parent.Kind == ActivityKind.Client && span.Kind == ActivityKind.Server)))
            CallOf(NodeOf(NodeKind.Service, parent.ServiceName, ""), service).Add(parent.Kind == ActivityKind.Client ? parent : span, span);
    }

    private Node NodeOf(NodeKind kind, string name, string system) =>
        nodes.TryGetValue((kind, name, system), out var node) ? node : nodes[(kind, name, system)] = new(kind, name, system);

    private Call CallOf(Node from, Node to) => calls.TryGetValue((from, to), out var call) ? call : calls[(from, to)] = new(from, to);

    private string Left => notDrawn > 0 ? $"{Drawing.Count(notDrawn, "more node")} with few calls not drawn." : "";

    public override string ToString()
    {
        var lines = Calls.Select(c => (Names: $"{Fit(c.From.Label)} → {Fit(c.To.Label)}", c.Facts))
            .Concat(Nodes.Where(n => !Calls.Any(c => c.From == n || c.To == n)).Select(n => (Names: Fit(n.Label), Facts: "calls nobody and is called by nobody"))).ToArray();
        var width = lines.Max(l => l.Names.EnumerateRunes().Sum(Drawing.Columns));
        var text = lines.Select(l => $"{Drawing.Fit(l.Names, width)}  {l.Facts}").Append(Left).Where(l => l.Length > 0);
        return string.Join('\n', text);

        static string Fit(string label) => Drawing.Fit(label, 36, pad: false);
    }

    public string ToHtml()
    {
        var map = new Layout(Nodes, Calls);
        var colors = new Drawing.ServiceColors(Nodes.Where(n => n.Kind == NodeKind.Service).Select(n => n.Name));
        var html = new StringBuilder(Style)
            .Append($"<div class=\"tv-map\"><div class=\"tv-map-scroll\"><svg viewBox=\"0 0 {N(map.Width)} {N(map.Height)}\" role=\"img\" aria-label=\"Service map. {Drawing.Encode(string.Join("; ", ToString().Split('\n')))}\" ")
            .Append($"style=\"max-width:{N(map.Width)}px;min-width:{N(map.Width * 0.85)}px\">");
        foreach (var edge in map.Edges)
            Draw(html, edge);
        foreach (var node in Nodes)
            Draw(html, node, node.Kind == NodeKind.Service ? $" {colors.Class(node.Name)}" : "");
        return html.Append($"</svg></div><div class=\"tv-map-foot\">{Drawing.Count(traces, "trace")}. On an arrow: calls, median duration as the caller saw it, errors. {Left}</div></div>").ToString();
    }

    private static string N(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);

    private static void Draw(StringBuilder html, Edge edge)
    {
        var call = edge.Call;
        html.Append($"<g class=\"tv-map-call{(call.Errors > 0 ? " tv-map-bad" : "")}\"><title>{Drawing.Encode($"{call.From.Label} → {call.To.Label}: {call.Facts}")}</title>")
            .Append($"<path class=\"tv-map-line\" stroke-width=\"{N(1.2 + Math.Log10(call.Count))}\" d=\"{edge.Path}\"/><path class=\"tv-map-head\" d=\"{edge.Head}\"/>");
        var (x, y) = (edge.Label.X, edge.Label.Y - (call.Lines.Length - 1) * Layout.LineHeight / 2 + 4);
        foreach (var line in call.Lines)
        {
            html.Append($"<text x=\"{N(x)}\" y=\"{N(y)}\">{line}</text>");
            y += Layout.LineHeight;
        }

        html.Append("</g>");
    }

    private static void Draw(StringBuilder html, Node node, string color)
    {
        var (x, y, w, h) = (node.X, node.Y - node.Height / 2, node.Width, node.Height);
        html.Append($"<g class=\"tv-map-node{color}\"><title>{Drawing.Encode(node.Label)}</title>").Append(node.Kind switch
        {
            NodeKind.Service => $"<rect class=\"tv-map-box\" x=\"{N(x)}\" y=\"{N(y)}\" width=\"{N(w)}\" height=\"{N(h)}\" rx=\"6\"/>",
            NodeKind.Database => $"<path class=\"tv-map-box\" d=\"M{N(x)} {N(y + 5)}v{N(h - 10)}a{N(w / 2)} 6 0 0 0 {N(w)} 0v-{N(h - 10)}a{N(w / 2)} 6 0 0 0 -{N(w)} 0a{N(w / 2)} 6 0 0 0 {N(w)} 0\"/>",
            _ => $"<path class=\"tv-map-box\" d=\"M{N(x + w - 5)} {N(y)}h-{N(w - 10)}a6 {N(h / 2)} 0 0 0 0 {N(h)}h{N(w - 10)}a6 {N(h / 2)} 0 0 0 0 -{N(h)}a6 {N(h / 2)} 0 0 0 0 {N(h)}\"/>",
        });
        var middle = N(x + w / 2 - (node.Kind == NodeKind.Queue ? 3 : 0));
        var baseline = node.Y + (node.Kind == NodeKind.Database ? 7 : 4);
        html.Append($"<text class=\"tv-map-name\" x=\"{middle}\" y=\"{N(baseline - (node.System.Length > 0 ? 7 : 0))}\">{Drawing.Encode(node.Short)}</text>");
        if (node.System.Length > 0)
            html.Append($"<text class=\"tv-map-system\" x=\"{middle}\" y=\"{N(baseline + 7)}\">{Drawing.Encode(Drawing.Fit(node.System, 22, pad: false))}</text>");
        html.Append("</g>");
    }

    private sealed class Node(NodeKind kind, string name, string system)
    {
        public NodeKind Kind => kind;
        public string Name => name;

        /// <summary>"postgresql" or the like; empty for a service.</summary>
        public string System => system == name ? (kind == NodeKind.Database ? "database" : "queue") : system;

        public string Label => System.Length > 0 ? $"{name} ({System})" : name;
        public string Short { get; } = Drawing.Fit(name, 22, pad: false);

        // Where it stands: the left edge and the middle of its height.
        public double X { get; set; }
        public double Y { get; set; }
        public double Width => Math.Max(84, 26 + 7.4 * Math.Max(Columns(Short), Math.Min(22, Columns(System)) * 0.9));
        public double Height { get; set; }

        private static int Columns(string text) => text.EnumerateRunes().Sum(Drawing.Columns);
    }

    private sealed class Call(Node from, Node to)
    {
        private readonly List<TimeSpan> durations = [];

        public Node From => from;
        public Node To => to;
        public int Count => durations.Count;
        public int Errors { get; private set; }

        public void Add(RecordedSpan timed, RecordedSpan called)
        {
            durations.Add(timed.Duration);
            Errors += timed.Status == ActivityStatusCode.Error || called.Status == ActivityStatusCode.Error ? 1 : 0;
        }

        private TimeSpan Median
        {
            get
            {
                var sorted = durations.Order().ToArray();
                return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
            }
        }

        public string Facts => string.Join(", ", ((string[])[Drawing.Count(Count, "call"), Drawing.Count(Errors, "error"), Drawing.Duration(Median)]).Where(f => f != "0 errors"));

        public string[] Lines => Errors == 0 ? [Drawing.Count(Count, "call"), Drawing.Duration(Median)] : [Drawing.Count(Count, "call"), Drawing.Duration(Median), $"✖ {Drawing.Count(Errors, "error")}"];
    }

    private sealed record Edge(Call Call, string Path, string Head, Point Label);

    private readonly record struct Point(double X, double Y);

    /// <summary>
    /// Nodes in layers from left to right, each right of those that call it; a call back to the left closes a cycle. An
    /// arrow over several layers takes a place in each of them, so that it runs between the nodes.
    /// </summary>
    private sealed class Layout
    {
        public const double LineHeight = 14;
        private const double Gap = 140, Margin = 10, NodeSpace = 46, BendSpace = 38;

        private readonly List<Place>[] layers;
        private readonly Dictionary<Node, Place> places = [];
        private readonly List<(Call Call, Place[] Route, bool Backwards)> routes = [];

        public Layout(Node[] nodes, Call[] calls)
        {
            var others = calls.Where(c => c.From != c.To).ToArray();
            var backwards = FindBackwards(nodes, others);
            var layerOf = Layers(nodes, others, backwards);
            layers = Enumerable.Range(0, layerOf.Values.Max() + 1).Select(_ => new List<Place>()).ToArray();
            foreach (var node in nodes.OrderBy(n => !others.Any(c => c.From == n || c.To == n))) // at the bottom, what has no calls
                layers[layerOf[node]].Add(places[node] = new Place(node));
            foreach (var call in others)
                AddRoute(call, backwards.Contains(call), layerOf);
            foreach (var node in nodes)
                node.Height = Math.Max(node.Kind == NodeKind.Service ? 38 : 46, 12 + 13 * Math.Max(places[node].Left.Count, places[node].Right.Count));

            SortLayers();
            PlaceNodes(calls.Where(c => c.From == c.To).Select(c => c.From).ToHashSet());
            Edges = DrawEdges(calls.Where(c => c.From == c.To));
        }

        public IReadOnlyList<Edge> Edges { get; }
        public double Width { get; private set; }
        public double Height { get; private set; }

        // The calls that lead back to a node from which the search came: without them there is no cycle.
        private static HashSet<Call> FindBackwards(Node[] nodes, Call[] calls)
        {
            var (backwards, open, done) = (new HashSet<Call>(), new HashSet<Node>(), new HashSet<Node>());
            foreach (var node in nodes.OrderBy(n => calls.Any(c => c.To == n)))
                Visit(node);
            return backwards;

            void Visit(Node node) // at most as deep as there are nodes
            {
                if (!done.Add(node))
                    return;
                open.Add(node);
                foreach (var call in calls.Where(c => c.From == node))
                {
                    if (open.Contains(call.To))
                        backwards.Add(call);
                    else
                        Visit(call.To);
                }

                open.Remove(node);
            }
        }

        private static Dictionary<Node, int> Layers(Node[] nodes, Call[] calls, HashSet<Call> backwards)
        {
            var layer = nodes.ToDictionary(n => n, _ => 0);
            for (var moved = true; moved;)
            {
                moved = false;
                foreach (var call in calls.Where(c => !backwards.Contains(c) && layer[c.To] <= layer[c.From]))
                {
                    layer[call.To] = layer[call.From] + 1;
                    moved = true;
                }
            }

            // What nobody calls stands next to what it calls, and not at the far left.
            foreach (var node in nodes.Where(n => layer[n] == 0))
            {
                var called = calls.Where(c => !backwards.Contains(c) && c.From == node).Select(c => layer[c.To]).ToArray();
                layer[node] = called.Length > 0 ? called.Min() - 1 : 0;
            }

            return layer;
        }

        private void AddRoute(Call call, bool back, Dictionary<Node, int> layerOf)
        {
            var (left, right) = back ? (call.To, call.From) : (call.From, call.To);
            var route = new List<Place> { places[left] };
            for (var layer = layerOf[left] + 1; layer < layerOf[right]; layer++)
            {
                route.Add(new Place(null));
                layers[layer].Add(route[^1]);
            }

            route.Add(places[right]);
            for (var i = 1; i < route.Count; i++)
            {
                route[i - 1].Right.Add(route[i]);
                route[i].Left.Add(route[i - 1]);
            }

            routes.Add((call, route.ToArray(), back));
        }

        // Each place moves towards the middle of its neighbours, from the left and from the right in turn: few lines cross then.
        private void SortLayers()
        {
            Number();
            for (var pass = 0; pass < 8; pass++)
            {
                foreach (var layer in pass % 2 == 0 ? layers : layers.Reverse())
                {
                    var sorted = layer.OrderBy(p => p.Left.Count + p.Right.Count == 0).ThenBy(p => Mean(pass % 2 == 0 ? p.Left : p.Right, p.Order, n => n.Order)).ToArray();
                    layer.Clear();
                    layer.AddRange(sorted);
                    Number();
                }
            }

            void Number()
            {
                foreach (var layer in layers)
                {
                    for (var i = 0; i < layer.Count; i++)
                        layer[i].Order = i;
                }
            }
        }

        private static double Mean(List<Place> neighbours, double otherwise, Func<Place, double> value) => neighbours.Count == 0 ? otherwise : neighbours.Average(value);

        private void PlaceNodes(HashSet<Node> withLoop)
        {
            var x = Margin;
            foreach (var layer in layers)
            {
                var width = layer.Max(p => p.Node?.Width ?? 0);
                foreach (var place in layer)
                {
                    place.From = place.Node is null ? x : x + (width - place.Node.Width) / 2;
                    place.To = place.Node is null ? x + width : place.From + place.Node.Width;
                    if (place.Node is not null)
                        place.Node.X = place.From;
                }

                x += width + Gap;
                Spread(layer, withLoop);
            }

            for (var pass = 0; pass < 12; pass++)
            {
                foreach (var layer in layers)
                {
                    foreach (var place in layer)
                        place.Y = Mean([.. place.Left, .. place.Right], place.Y, p => p.Y);
                    Spread(layer, withLoop);
                }
            }

            var all = layers.SelectMany(l => l).ToArray();
            var top = all.Min(p => p.Y - p.Size / 2 - (p.Node is { } n && withLoop.Contains(n) ? 52 : 0)) - Margin;
            foreach (var place in all)
            {
                place.Y -= top;
                if (place.Node is not null)
                    place.Node.Y = place.Y;
            }

            Width = x - Gap + Margin;
            Height = all.Max(p => p.Y + p.Size / 2) + Margin;
        }

        // Keeps the order and the distances, and the middle of the layer where it was.
        private static void Spread(List<Place> layer, HashSet<Node> withLoop)
        {
            var before = layer.Average(p => p.Y);
            for (var i = 1; i < layer.Count; i++)
            {
                var space = layer[i].Node is { } node && withLoop.Contains(node) ? NodeSpace + 40 : layer[i].Node is null || layer[i - 1].Node is null ? BendSpace : NodeSpace;
                layer[i].Y = Math.Max(layer[i].Y, layer[i - 1].Y + layer[i - 1].Size / 2 + space + layer[i].Size / 2);
            }

            var shift = before - layer.Average(p => p.Y);
            foreach (var place in layer)
                place.Y += shift;
        }

        private List<Edge> DrawEdges(IEnumerable<Call> loops)
        {
            var curves = routes.Select(r => Curves(r.Route)).ToArray();
            var taken = new List<(Point Middle, double Width, double Height)>();
            var edges = new List<Edge>();
            foreach (var i in Enumerable.Range(0, routes.Count).OrderBy(i => routes[i].Route.Length)) // the short ones have the least choice
            {
                var (call, route, back) = routes[i];
                var (width, height) = (10 + 6.4 * call.Lines.Max(l => l.Length), LineHeight * call.Lines.Length);

                // Near the middle of a gap, where the label covers neither another one nor another line.
                var around = curves.Where((_, j) => j != i).SelectMany(c => c).SelectMany(c => Enumerable.Range(0, 21).Select(t => c.At(t / 20.0))).ToArray();
                var label = curves[i].SelectMany(c => new[] { 0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73 }.Select(t => c.At(t)))
                    .MinBy(p => 1000 * taken.Count(l => Math.Abs(l.Middle.X - p.X) < (l.Width + width) / 2 && Math.Abs(l.Middle.Y - p.Y) < (l.Height + height) / 2 + 2)
                        + around.Count(o => Math.Abs(o.X - p.X) < width / 2 && Math.Abs(o.Y - p.Y) < height / 2 + 1));
                taken.Add((label, width, height));

                var path = new StringBuilder();
                for (var piece = 0; piece < curves[i].Length; piece++)
                {
                    curves[i][piece].Draw(path, p => Math.Abs(p.X - label.X) < width / 2 && Math.Abs(p.Y - label.Y) < height / 2 + 2);
                    if (piece < curves[i].Length - 1)
                        path.Append($"M{N(route[piece + 1].From)} {N(route[piece + 1].Y)}H{N(route[piece + 1].To)}");
                }

                var (tip, side) = back ? (curves[i][0].From, 9) : (curves[i][^1].To, -9);
                edges.Add(new(call, path.ToString(), $"M{N(tip.X)} {N(tip.Y)}l{side} -4.5v9z", label));
            }

            foreach (var call in loops)
            {
                var (x, y) = (call.From.X + call.From.Width / 2, call.From.Y - call.From.Height / 2);
                edges.Add(new(call, $"M{N(x + 16)} {N(y)}c4 -22 -36 -22 -32 -4", $"M{N(x - 16)} {N(y)}l-4.5 -9h9z", new(x, y - 18 - LineHeight * call.Lines.Length / 2)));
            }

            return edges;
        }

        // One curve per gap, from the right side of a place to the left side of the next.
        private static Curve[] Curves(Place[] route) => route.Zip(route.Skip(1), (from, to) => new Curve(
            new(from.To, from.Y + Port(from, from.Right, to)), new(to.From, to.Y + Port(to, to.Left, from)))).ToArray();

        // Lines leave a node one below the other, in the order of where they go. Two lines to one neighbour share the place of both.
        private static double Port(Place place, List<Place> neighbours, Place neighbour)
        {
            if (place.Node is null)
                return 0;
            var sorted = neighbours.OrderBy(p => p.Y).ToList();
            var at = sorted.IndexOf(neighbour) + place.Taken.Count(p => p == neighbour);
            place.Taken.Add(neighbour);
            return (at - (sorted.Count - 1) / 2.0) * Math.Min(16, (place.Node.Height - 12) / sorted.Count);
        }

        /// <summary>A place in a layer: a node, or (null) a bend of an arrow that passes.</summary>
        private sealed class Place(Node? node)
        {
            public Node? Node => node;
            public List<Place> Left { get; } = [];
            public List<Place> Right { get; } = [];
            public List<Place> Taken { get; } = [];
            public double Order { get; set; }
            public double From { get; set; }
            public double To { get; set; }
            public double Y { get; set; }
            public double Size => node?.Height ?? 0;
        }

        /// <summary>A cubic Bézier curve that starts and ends level.</summary>
        private readonly record struct Curve(Point From, Point To)
        {
            private double Bend => (To.X - From.X) / 2;

            public Point At(double t)
            {
                var u = 1 - t;
                return new(
                    u * u * u * From.X + 3 * u * u * t * (From.X + Bend) + 3 * u * t * t * (To.X - Bend) + t * t * t * To.X,
                    u * u * (u + 3 * t) * From.Y + t * t * (t + 3 * u) * To.Y);
            }

            // As short straight lines, so that a stretch can be left out for the label: there is no colour to paint it over with.
            public void Draw(StringBuilder path, Func<Point, bool> leaveOut)
            {
                var pen = false;
                for (var i = 0; i <= 32; i++)
                {
                    var point = At(i / 32.0);
                    var hidden = leaveOut(point);
                    if (!hidden)
                        path.Append(pen ? 'L' : 'M').Append(N(point.X)).Append(' ').Append(N(point.Y));
                    pen = !hidden;
                }
            }
        }
    }

    private static readonly string Style = $$"""
        <style>
        .tv-map{font:13px/1.4 system-ui,-apple-system,"Segoe UI",sans-serif;color:inherit;--tv-line:color-mix(in srgb,currentColor 62%,transparent);--tv-dim:color-mix(in srgb,currentColor 74%,transparent);--tv-bad:color-mix(in srgb,#e5202a 62%,currentColor)}
        .tv-map-scroll{overflow-x:auto}
        .tv-map svg{display:block;width:100%;height:auto}
        .tv-map text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif;fill:currentColor;text-anchor:middle;font-variant-numeric:tabular-nums}
        .tv-map .tv-map-name{font-size:12.5px;font-weight:600}
        .tv-map .tv-map-system{font-size:11px;fill:var(--tv-dim)}
        .tv-map-box{fill:color-mix(in srgb,var(--tv-c,currentColor) 12%,transparent);stroke:var(--tv-c,var(--tv-line));stroke-width:1.5}
        .tv-map-line{fill:none;stroke:var(--tv-line);stroke-linejoin:round}
        .tv-map-head{fill:var(--tv-line)}
        .tv-map-bad .tv-map-line{stroke:var(--tv-bad)}
        .tv-map-bad .tv-map-head{fill:var(--tv-bad)}
        .tv-map-bad text{fill:var(--tv-bad)}
        .tv-map-foot{font-size:11px;color:var(--tv-dim);margin-top:4px}
        {{Drawing.ServiceColors.Css("tv-c", "--tv-c")}}
        </style>
        """;
}
