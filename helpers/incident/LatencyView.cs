#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

/// <summary>How many requests took how long: a histogram of up to three groups of requests on one scale.</summary>
public sealed class LatencyView : NotebookView
{
    private const double Left = 34, Top = 8, Tall = 170, Column = 20, Width = Left + LatencyHistogram.Bins * Column;

    private readonly LatencyHistogram histogram;

    private LatencyView(LatencyHistogram histogram) => this.histogram = histogram;

    /// <summary>Draws the durations of each group; a dashed line marks its average.</summary>
    /// <exception cref="ArgumentException">There are more than three groups.</exception>
    public static LatencyView Histogram(params (string Label, IEnumerable<TimeSpan> Durations)[] groups) => groups.Length > Colors.Length
        ? throw new ArgumentException($"At most {Colors.Length} groups fit into one picture.", nameof(groups))
        : new(new LatencyHistogram(groups));

    /// <inheritdoc/>
    public override string ToHtml()
    {
        var groups = histogram.Groups;
        var html = new StringBuilder($"<style>{Drawing.Css}{Css}</style>").Append(CultureInfo.InvariantCulture,
            $"<div class=\"tv lv\"><svg viewBox=\"0 0 {Width + 8} {Top + Tall + 36}\" style=\"max-width:{Width + 8}px\" role=\"img\" ")
            .Append($"aria-label=\"{Drawing.Encode(string.Join(". ", groups.Select(g => g.Facts)), 4 * Drawing.MaxText)}\">");
        Axes(html);
        for (var bin = 0; bin < LatencyHistogram.Bins; bin++)
        {
            for (var group = 0; group < groups.Length; group++)
                Bar(html, bin, group);
        }

        for (var group = 0; group < groups.Length; group++)
            Average(html, group);
        html.Append("</svg>");
        foreach (var (group, color) in groups.Zip(Colors))
            html.Append($"<div><span class=\"lv-key\" style=\"background:{color}\"></span>{Drawing.Encode(group.Facts)}</div>");
        return html.Append("<div class=\"tv-dim\">Height: the number of requests; the groups are drawn over each other. ")
            .Append("Dashed lines: averages.</div></div>").ToString();
    }

    private int Most => Math.Max(1, histogram.Groups.SelectMany(g => g.Counts).DefaultIfEmpty().Max());

    private void Axes(StringBuilder html)
    {
        foreach (var tick in new[] { 0, Most / 2, Most }.Distinct())
        {
            var y = Top + Tall - Tall * tick / Most;
            html.Append(CultureInfo.InvariantCulture,
                $"<line class=\"lv-grid\" x1=\"{Left}\" x2=\"{Width}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\"/>")
                .Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{tick}</text>");
        }

        for (var bin = 0; bin < LatencyHistogram.Bins; bin += 4)
        {
            html.Append(CultureInfo.InvariantCulture,
                $"<text x=\"{Left + bin * Column}\" y=\"{Top + Tall + 15}\" text-anchor=\"middle\">{bin * histogram.BinWidth:0.#}</text>");
        }

        html.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width}\" y=\"{Top + Tall + 31}\" text-anchor=\"end\">")
            .Append("milliseconds; the last column is “and more”</text>");
    }

    private void Bar(StringBuilder html, int bin, int group)
    {
        var (label, _, counts) = histogram.Groups[group];
        if (counts[bin] == 0)
            return;
        var height = Tall * counts[bin] / Most;
        html.Append(CultureInfo.InvariantCulture, $"<rect class=\"lv-bar\" fill=\"{Colors[group]}\" stroke=\"{Colors[group]}\" ")
            .Append(CultureInfo.InvariantCulture, $"x=\"{Left + bin * Column + 1.5}\" y=\"{Top + Tall - height:0.#}\" ")
            .Append(CultureInfo.InvariantCulture, $"width=\"{Column - 3}\" height=\"{height:0.#}\"><title>")
            .Append(Drawing.Encode($"{label}, {histogram.Range(bin, bin + 1)}: {counts[bin]}")).Append("</title></rect>");
    }

    private void Average(StringBuilder html, int group)
    {
        var (label, milliseconds, _) = histogram.Groups[group];
        if (milliseconds.Length == 0)
            return;
        var x = Left + Math.Min(LatencyHistogram.Bins, milliseconds.Average() / histogram.BinWidth) * Column;
        html.Append(CultureInfo.InvariantCulture, $"<line class=\"lv-mean\" stroke=\"{Colors[group]}\" x1=\"{x:0.#}\" x2=\"{x:0.#}\" ")
            .Append(CultureInfo.InvariantCulture, $"y1=\"{Top}\" y2=\"{Top + Tall}\"><title>")
            .Append(Drawing.Encode($"{label}, average: {LatencyHistogram.Ms(milliseconds.Average())}")).Append("</title></line>");
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var groups = histogram.Groups;
        var rows = groups.Select(g => g.Counts.Chunk(2).Select(pair => pair.Sum()).ToArray()).ToArray(); // half as fine as the picture
        var most = Math.Max(1, rows.SelectMany(r => r).DefaultIfEmpty().Max());
        var wide = 66 / Math.Max(1, groups.Length); // the groups side by side
        var text = new StringBuilder();
        foreach (var (group, mark) in groups.Zip(Marks))
            text.Append($"{mark} {Drawing.Clean(group.Facts)}\n");
        for (var row = 0; row < LatencyHistogram.Bins / 2; row++)
        {
            var line = $"{histogram.Range(row * 2, row * 2 + 2),18} ";
            foreach (var (counts, mark) in rows.Zip(Marks))
            {
                var bar = new string(mark, counts[row] == 0 ? 0 : Math.Max(1, counts[row] * (wide - 6) / most));
                line += $"│{bar}{(counts[row] == 0 ? "" : $" {counts[row]}")}".PadRight(wide);
            }

            text.Append(line.TrimEnd()).Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }

    private static readonly char[] Marks = ['░', '█', '▒'];

    // At least 3:1 against white and against #1e1e1e. Each bar has a line around it, so that one shows behind another.
    private static readonly string[] Colors = ["#8a8a8a", "#558add", "#c2701c"];

    private const string Css = """
        .lv{max-width:720px;overflow-x:auto;line-height:1.6}
        .lv svg{display:block;width:100%;min-width:480px}
        .lv text{fill:currentColor;font-size:12px;opacity:.85}
        .lv-grid{stroke:currentColor;opacity:.18}
        .lv-bar{fill-opacity:.5;stroke-width:1.5}
        .lv-mean{stroke-width:2;stroke-dasharray:5 4}
        .lv-key{display:inline-block;width:11px;height:11px;margin-right:7px;vertical-align:-1px}

        """;
}
