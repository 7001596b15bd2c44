#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

/// <summary>A place in a layer of a service map: a node, or (null) a bend of an arrow that passes.</summary>
internal sealed class MapPlace(MapNode? node)
{
    public MapNode? Node => node;
    public List<MapPlace> Left { get; } = [];
    public List<MapPlace> Right { get; } = [];
    public List<MapPlace> Taken { get; } = [];
    public double Order { get; set; }
    public double From { get; set; }
    public double To { get; set; }
    public double Y { get; set; }
    public double Size => node?.Height ?? 0;
}

/// <summary>The places from the left end of an arrow to its right end; backwards, it points to the left.</summary>
internal sealed record MapRoute(MapCall Call, MapPlace[] Places, bool Backwards);

/// <summary>A point of the drawing.</summary>
internal readonly record struct MapPoint(double X, double Y);

/// <summary>A cubic Bézier curve that starts and ends level.</summary>
internal readonly record struct MapCurve(MapPoint From, MapPoint To)
{
    private double Bend => (To.X - From.X) / 2;

    public MapPoint At(double t)
    {
        var u = 1 - t;
        return new(
            u * u * u * From.X + 3 * u * u * t * (From.X + Bend) + 3 * u * t * t * (To.X - Bend) + t * t * t * To.X,
            u * u * (u + 3 * t) * From.Y + t * t * (t + 3 * u) * To.Y);
    }

    // As short straight lines, so that a stretch can be left out for the label: there is no colour to paint it over with.
    public void Draw(StringBuilder path, Func<MapPoint, bool> leaveOut)
    {
        var pen = false;
        for (var i = 0; i <= 32; i++)
        {
            var point = At(i / 32.0);
            var hidden = leaveOut(point);
            if (!hidden)
                path.Append(pen ? 'L' : 'M').Append(Drawing.Number(point.X)).Append(' ').Append(Drawing.Number(point.Y));
            pen = !hidden;
        }
    }
}

/// <summary>An arrow as SVG paths, and the middle of its label.</summary>
internal sealed record MapEdge(MapCall Call, string Path, string Head, MapPoint Label)
{
    public const double LineHeight = 14;

    public static List<MapEdge> Draw(List<MapRoute> routes, IEnumerable<MapCall> loops)
    {
        var curves = routes.Select(r => Curves(r.Places)).ToArray();
        var taken = new List<Box>();
        var edges = new List<MapEdge>();
        foreach (var i in Enumerable.Range(0, routes.Count).OrderBy(i => routes[i].Places.Length)) // the short ones have the least choice
        {
            var (call, places, back) = routes[i];
            var size = new Box(default, 10 + 6.4 * call.Lines.Max(l => l.Length), LineHeight * call.Lines.Length);

            // Near the middle of a gap, where the label covers neither another one nor another line.
            var others = curves.Where((_, j) => j != i).SelectMany(c => c)
                .SelectMany(c => Enumerable.Range(0, 21).Select(t => c.At(t / 20.0))).ToArray();
            var answered = routes.Any(r => r.Call.From == call.To && r.Call.To == call.From); // two labels side by side
            double[] near = !answered ? [0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73] : back ? [0.27, 0.2] : [0.73, 0.8];
            var box = curves[i].SelectMany(c => near.Select(t => size with { Middle = c.At(t) }))
                .MinBy(b => 1000 * taken.Count(b.Meets) + others.Count(p => b.Holds(p, 1)));
            taken.Add(box);

            var path = new StringBuilder();
            for (var piece = 0; piece < curves[i].Length; piece++)
            {
                curves[i][piece].Draw(path, p => box.Holds(p, 2));
                if (piece < curves[i].Length - 1)
                    path.Append($"M{N(places[piece + 1].From)} {N(places[piece + 1].Y)}H{N(places[piece + 1].To)}");
            }

            var (tip, side) = back ? (curves[i][0].From, "9") : (curves[i][^1].To, "-9");
            edges.Add(new(call, path.ToString(), $"M{N(tip.X)} {N(tip.Y)}l{side} -4.5v9z", box.Middle));
        }

        foreach (var call in loops)
        {
            var (x, y) = (call.From.X + call.From.Width / 2, call.From.Y - call.From.Height / 2);
            edges.Add(new(call, $"M{N(x + 16)} {N(y)}c4 -22 -36 -22 -32 -4", $"M{N(x - 16)} {N(y)}l-4.5 -9h9z",
                new(x, y - 18 - LineHeight * call.Lines.Length / 2)));
        }

        return edges;
    }

    private static string N(double number) => Drawing.Number(number);

    // One curve per gap, from the right side of a place to the left side of the next.
    private static MapCurve[] Curves(MapPlace[] route) => route.Zip(route.Skip(1), (from, to) => new MapCurve(
        new(from.To, from.Y + Port(from, from.Right, to)), new(to.From, to.Y + Port(to, to.Left, from)))).ToArray();

    // Lines leave a node one below the other, in the order of where they go. Two lines to one neighbour share the place of both.
    private static double Port(MapPlace place, List<MapPlace> neighbours, MapPlace neighbour)
    {
        if (place.Node is null)
            return 0;
        var sorted = neighbours.OrderBy(p => p.Y).ToList();
        var at = sorted.IndexOf(neighbour) + place.Taken.Count(p => p == neighbour);
        place.Taken.Add(neighbour);
        return (at - (sorted.Count - 1) / 2.0) * Math.Min(16, (place.Node.Height - 12) / sorted.Count);
    }

    private readonly record struct Box(MapPoint Middle, double Width, double Height)
    {
        public bool Meets(Box other) => Math.Abs(other.Middle.X - Middle.X) < (other.Width + Width) / 2
            && Math.Abs(other.Middle.Y - Middle.Y) < (other.Height + Height) / 2 + 2;

        public bool Holds(MapPoint p, double space) =>
            Math.Abs(p.X - Middle.X) < Width / 2 && Math.Abs(p.Y - Middle.Y) < Height / 2 + space;
    }
}
