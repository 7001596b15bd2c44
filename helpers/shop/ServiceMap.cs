#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

/// <summary>
/// Who calls whom: services, databases and queues, and on each arrow how many calls there were, their median duration as
/// the caller saw it, and how many failed.
/// </summary>
public sealed class ServiceMap : NotebookView
{
    private readonly ServiceGraph graph;
    private readonly int traces;

    private ServiceMap(IReadOnlyList<RecordedTrace> traces) => (this.traces, graph) = (traces.Count, new ServiceGraph(traces));

    /// <summary>The map of all services that take part in these traces. Parts of one trace are put together.</summary>
    public static ServiceMap Of(IEnumerable<RecordedTrace> traces)
    {
        var all = traces.ToArray();
        return new(all.DistinctBy(t => t.TraceId).Count() == all.Length ? all : RecordedTrace.Group(all.SelectMany(t => t.Spans)));
    }

    private string Left => graph.NotDrawn > 0 ? $"{Drawing.Count(graph.NotDrawn, "more node")} with few calls not drawn." : "";

    /// <summary>One line for each arrow.</summary>
    public override string ToString()
    {
        if (traces == 0)
            return NoSpans.Text;
        var alone = graph.Nodes.Where(n => !graph.Calls.Any(c => c.From == n || c.To == n));
        var lines = graph.Calls.Select(c => (Names: $"{Name(c.From)} → {Name(c.To)}", c.Facts))
            .Concat(alone.Select(n => (Names: Name(n), Facts: "no call to it or from it is here")));
        var width = lines.Max(l => Drawing.Columns(l.Names));
        return string.Join('\n', lines.Select(l => $"{Drawing.Fit(l.Names, width)}  {l.Facts}").Append(Left).Where(l => l.Length > 0));

        static string Name(MapNode node) => Drawing.Fit(node.Label, 33, pad: false);
    }

    /// <summary>The map as SVG.</summary>
    public override string ToHtml()
    {
        if (traces == 0)
            return NoSpans.Html;
        var map = new ServiceMapLayout(graph.Nodes, graph.Calls);
        var colors = new Drawing.ServiceColors(graph.Nodes.Where(n => n.Kind == MapNodeKind.Service).Select(n => n.Name));
        var label = Drawing.Encode(string.Join("; ", ToString().Split('\n')), limit: 10 * Drawing.MaxText);
        var html = new StringBuilder($"<style>{Drawing.Css}{Css}</style><div class=\"tv tv-map\"><div class=\"tv-scroll\" tabindex=\"0\">")
            .Append($"<svg viewBox=\"0 0 {N(map.Width)} {N(map.Height)}\" role=\"img\" aria-label=\"Service map. {label}\" ")
            .Append($"style=\"max-width:{N(map.Width)}px;min-width:{N(map.Width * 0.85)}px\">");
        foreach (var edge in map.Edges)
            Draw(html, edge);
        foreach (var node in graph.Nodes)
            Draw(html, node, node.Kind == MapNodeKind.Service ? $" {colors.Class(node.Name)}" : "");
        return html.Append($"</svg></div><div class=\"tv-map-foot\">{Drawing.Count(traces, "trace")}. ")
            .Append($"On an arrow: calls, median duration as the caller saw it, errors. {Left}</div></div>").ToString();
    }

    private static string N(double number) => Drawing.Number(number);

    private static void Draw(StringBuilder html, MapEdge edge)
    {
        var call = edge.Call;
        html.Append($"<g class=\"tv-map-call{(call.Errors > 0 ? " tv-map-bad" : "")}\">")
            .Append($"<title>{Drawing.Encode($"{call.From.Label} → {call.To.Label}: {call.Facts}", 4 * Drawing.MaxText)}</title>")
            .Append($"<path class=\"tv-map-line\" stroke-width=\"{N(1.2 + Math.Log10(call.Count))}\" d=\"{edge.Path}\"/>")
            .Append($"<path class=\"tv-map-head\" d=\"{edge.Head}\"/>");
        var (x, y) = (edge.Label.X, edge.Label.Y - (call.Lines.Length - 1) * MapEdge.LineHeight / 2 + 4);
        foreach (var line in call.Lines)
        {
            html.Append($"<text x=\"{N(x)}\" y=\"{N(y)}\">{line}</text>");
            y += MapEdge.LineHeight;
        }

        html.Append("</g>");
    }

    private static void Draw(StringBuilder html, MapNode node, string color)
    {
        var (x, y, w, h) = (node.X, node.Y - node.Height / 2, node.Width, node.Height);
        var outside = node.Kind == MapNodeKind.Outside ? " tv-map-outside" : "";
        html.Append($"<g class=\"tv-map-node{color}{outside}\"><title>{Drawing.Encode(node.Label, 3 * Drawing.MaxText)}</title>");
        html.Append(node.Kind switch
        {
            MapNodeKind.Service or MapNodeKind.Outside =>
                $"<rect class=\"tv-map-box\" x=\"{N(x)}\" y=\"{N(y)}\" width=\"{N(w)}\" height=\"{N(h)}\" rx=\"6\"/>",
            MapNodeKind.Database => Cylinder($"M{N(x)} {N(y + 5)}v{N(h - 10)}a{N(w / 2)} 6 0 0 0 {N(w)} 0v-{N(h - 10)}",
                $"a{N(w / 2)} 6 0 0 0 -{N(w)} 0a{N(w / 2)} 6 0 0 0 {N(w)} 0"),
            _ => Cylinder($"M{N(x + w - 5)} {N(y)}h-{N(w - 10)}a6 {N(h / 2)} 0 0 0 0 {N(h)}h{N(w - 10)}",
                $"a6 {N(h / 2)} 0 0 0 0 -{N(h)}a6 {N(h / 2)} 0 0 0 0 {N(h)}"),
        });
        var middle = N(x + w / 2 - (node.Kind == MapNodeKind.Queue ? 3 : 0));
        var baseline = node.Y + (node.Kind == MapNodeKind.Database ? 7 : 4);
        var above = node.System.Length > 0 ? 7 : 0;
        html.Append($"<text class=\"tv-map-name\" x=\"{middle}\" y=\"{N(baseline - above)}\">{Drawing.Encode(node.Short)}</text>");
        if (node.System.Length > 0)
        {
            html.Append($"<text class=\"tv-map-system\" x=\"{middle}\" y=\"{N(baseline + 7)}\">")
                .Append(Drawing.Encode(Drawing.Fit(node.System, 22, pad: false))).Append("</text>");
        }

        html.Append("</g>");

        static string Cylinder(string body, string lid) => $"<path class=\"tv-map-box\" d=\"{body}{lid}\"/>";
    }

    private const string Css = """
        .tv-map{--tv-edge:color-mix(in srgb,currentColor 62%,transparent)}
        .tv-map svg{display:block;width:100%;height:auto}
        .tv-map text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif;fill:currentColor;text-anchor:middle;
          font-variant-numeric:tabular-nums}
        .tv-map .tv-map-name{font-size:12.5px;font-weight:600}
        .tv-map .tv-map-system{font-size:12px;fill:var(--tv-dim)}
        .tv-map-box{fill:color-mix(in srgb,var(--tv-c,currentColor) 12%,transparent);stroke:var(--tv-c,var(--tv-edge));stroke-width:1.5}
        .tv-map-outside .tv-map-box{fill:none;stroke-dasharray:5 4}
        .tv-map-line{fill:none;stroke:var(--tv-edge);stroke-linejoin:round}
        .tv-map-head{fill:var(--tv-edge)}
        .tv-map-bad .tv-map-line{stroke:var(--tv-bad)}
        .tv-map-bad .tv-map-head{fill:var(--tv-bad)}
        .tv-map-bad text{fill:var(--tv-bad)}
        .tv-map-foot{font-size:12px;color:var(--tv-dim);margin-top:4px}
        """;
}
