#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;

/// <summary>
/// Nodes in layers from left to right, each right of those that call it; a call back to the left closes a cycle. An
/// arrow over several layers takes a place in each of them, so that it runs between the nodes.
/// </summary>
internal sealed class ServiceMapLayout
{
    private const double Gap = 140, Margin = 10, NodeSpace = 46, BendSpace = 38;

    private readonly List<MapPlace>[] layers;
    private readonly Dictionary<MapNode, MapPlace> places = [];
    private readonly List<MapRoute> routes = [];

    public ServiceMapLayout(MapNode[] nodes, MapCall[] calls)
    {
        var others = calls.Where(c => c.From != c.To).ToArray();
        var backwards = FindBackwards(nodes, others);
        var layerOf = Layers(nodes, others, backwards);
        layers = Enumerable.Range(0, layerOf.Values.Max() + 1).Select(_ => new List<MapPlace>()).ToArray();
        foreach (var node in nodes.OrderBy(n => !others.Any(c => c.From == n || c.To == n))) // at the bottom, what has no calls
            layers[layerOf[node]].Add(places[node] = new MapPlace(node));
        foreach (var call in others)
            AddRoute(call, backwards.Contains(call), layerOf);
        foreach (var node in nodes)
        {
            var lines = Math.Max(places[node].Left.Count, places[node].Right.Count);
            node.Height = Math.Max(node.System.Length == 0 ? 38 : 46, 12 + 13 * lines);
        }

        SortLayers();
        PlaceNodes(calls.Where(c => c.From == c.To).Select(c => c.From).ToHashSet());
        Edges = MapEdge.Draw(routes, calls.Where(c => c.From == c.To));
    }

    public IReadOnlyList<MapEdge> Edges { get; }
    public double Width { get; private set; }
    public double Height { get; private set; }

    // The calls that lead back to a node from which the search came: without them there is no cycle.
    private static HashSet<MapCall> FindBackwards(MapNode[] nodes, MapCall[] calls)
    {
        var (backwards, open, done) = (new HashSet<MapCall>(), new HashSet<MapNode>(), new HashSet<MapNode>());
        foreach (var node in nodes.OrderBy(n => calls.Any(c => c.To == n)))
            Visit(node);
        return backwards;

        void Visit(MapNode node) // at most as deep as there are nodes
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

    private static Dictionary<MapNode, int> Layers(MapNode[] nodes, MapCall[] calls, HashSet<MapCall> backwards)
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

        // What has no caller is next to what it calls, and not at the far left.
        foreach (var node in nodes.Where(n => layer[n] == 0))
        {
            var called = calls.Where(c => !backwards.Contains(c) && c.From == node).Select(c => layer[c.To]).ToArray();
            layer[node] = called.Length > 0 ? called.Min() - 1 : 0;
        }

        return layer;
    }

    private void AddRoute(MapCall call, bool back, Dictionary<MapNode, int> layerOf)
    {
        var (left, right) = back ? (call.To, call.From) : (call.From, call.To);
        var route = new List<MapPlace> { places[left] };
        for (var layer = layerOf[left] + 1; layer < layerOf[right]; layer++)
        {
            route.Add(new MapPlace(null));
            layers[layer].Add(route[^1]);
        }

        route.Add(places[right]);
        for (var i = 1; i < route.Count; i++)
        {
            route[i - 1].Right.Add(route[i]);
            route[i].Left.Add(route[i - 1]);
        }

        routes.Add(new(call, route.ToArray(), back));
    }

    // Each place moves towards the middle of its neighbours, from the left and from the right in turn: few lines cross then.
    private void SortLayers()
    {
        Number();
        for (var pass = 0; pass < 8; pass++)
        {
            foreach (var layer in pass % 2 == 0 ? layers : layers.Reverse())
            {
                var sorted = layer.OrderBy(p => p.Left.Count + p.Right.Count == 0)
                    .ThenBy(p => Mean(pass % 2 == 0 ? p.Left : p.Right, p.Order, n => n.Order)).ToArray();
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

    private static double Mean(List<MapPlace> neighbours, double otherwise, Func<MapPlace, double> value) =>
        neighbours.Count == 0 ? otherwise : neighbours.Average(value);

    private void PlaceNodes(HashSet<MapNode> withLoop)
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
    private static void Spread(List<MapPlace> layer, HashSet<MapNode> withLoop)
    {
        var before = layer.Average(p => p.Y);
        for (var i = 1; i < layer.Count; i++)
        {
            var space = layer[i].Node is { } node && withLoop.Contains(node) ? NodeSpace + 40
                : layer[i].Node is null || layer[i - 1].Node is null ? BendSpace : NodeSpace;
            layer[i].Y = Math.Max(layer[i].Y, layer[i - 1].Y + layer[i - 1].Size / 2 + space + layer[i].Size / 2);
        }

        var shift = before - layer.Average(p => p.Y);
        foreach (var place in layer)
            place.Y += shift;
    }
}
