#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

/// <summary>How many requests took how long: a histogram of up to four groups of requests on one scale.</summary>
public sealed class LatencyView : NotebookView
{
    private const double Left = 34, Top = 8, Tall = 170, Column = 20, Hatch = 4, Width = Left + LatencyHistogram.Bins * Column;

    private readonly LatencyHistogram histogram;

    private LatencyView(LatencyHistogram histogram) => this.histogram = histogram;

    /// <summary>Draws the durations of each group; a dashed line marks its average.</summary>
    /// <exception cref="ArgumentException">There are more than four groups.</exception>
    public static LatencyView Histogram(params (string Label, IEnumerable<TimeSpan> Durations)[] groups) => groups.Length > Colors.Length
        ? throw new ArgumentException($"At most {Colors.Length} groups fit into one picture.", nameof(groups))
        : new(new LatencyHistogram(groups));

    /// <inheritdoc/>
    public override string ToHtml()
    {
        var groups = histogram.Groups;
        var facts = Drawing.Encode(string.Join(". ", groups.Select(g => g.Facts)), 4 * Drawing.MaxText);
        var html = new StringBuilder($"""<style>{Drawing.Css}{Css}</style><div class="tv lv"><svg role="img" aria-label="{facts}" """)
            .Append($"""viewBox="0 0 {N(Width + 8)} {N(Top + Tall + 36)}" style="max-width:{N(Width + 8)}px">""");
        foreach (var tick in new[] { 0, Most / 2, Most }.Distinct())
        {
            var y = Top + Tall - Tall * tick / Most;
            html.Append($"""<line class="lv-grid" x1="{N(Left)}" x2="{N(Width)}" y1="{N(y)}" y2="{N(y)}"/>""")
                .Append($"""<text x="{N(Left - 6)}" y="{N(y + 4)}" class="lv-end">{tick}</text>""");
        }

        for (var bin = 0; bin < LatencyHistogram.Bins; bin++)
        {
            for (var group = 0; group < groups.Length; group++)
                html.Append(Bar(bin, group));
            if (bin % 4 == 0)
                html.Append($"""<text x="{N(X(bin))}" y="{N(Top + Tall + 15)}" class="lv-mid">{N(bin * histogram.BinWidth)}</text>""");
        }

        html.AppendJoin("", groups.Select((_, group) => Average(group)))
            .Append($"""<text x="{N(Width)}" y="{N(Top + Tall + 31)}" class="lv-end">""")
            .Append("milliseconds; the last column is “and more”</text></svg>");
        for (var group = 0; group < groups.Length; group++)
            html.Append($"""<div>{Key(group)}{Drawing.Encode(histogram.Groups[group].Facts)}</div>""");
        return html.Append("""<div class="tv-dim">Height: the number of requests; the groups are drawn over each other. """)
            .Append("Upright lines: averages.</div></div>").ToString();
    }

    private int Most => Math.Max(1, histogram.Groups.SelectMany(g => g.Counts).DefaultIfEmpty().Max());

    private static double X(double bin) => Left + bin * Column;

    private static string N(double number) => Drawing.Number(number);

    private string Bar(int bin, int group)
    {
        var (label, _, counts) = histogram.Groups[group];
        var (color, height, title) = (Colors[group], Tall * counts[bin] / Most, $"{label}, {histogram.Range(bin, bin + 1)}: {counts[bin]}");
        return counts[bin] == 0 ? ""
            : $"""<g class="lv-bar" stroke="{color}"><title>{Drawing.Encode(title)}</title>"""
                + Hatched(X(bin) + 1.5, Top + Tall - height, Column - 3, height, group) + "</g>";
    }

    // A column with the group's hatch: none, lying, upright, both. So the groups differ without colours, too.
    private static string Hatched(double x, double y, double width, double height, int group)
    {
        var hatch = new StringBuilder();
        for (var line = Hatch; group % 2 == 1 && line < height; line += Hatch)
            hatch.Append($"M{N(x)} {N(y + height - line)}h{N(width)}");
        for (var line = Hatch; group >= 2 && line < width; line += Hatch)
            hatch.Append($"M{N(x + line)} {N(y)}v{N(height)}");
        return $"""<rect fill="{Colors[group]}" x="{N(x)}" y="{N(y)}" width="{N(width)}" height="{N(height)}"/><path d="{hatch}"/>""";
    }

    private static string Key(int group) => $"""<svg class="lv-key" viewBox="0 0 34 12"><g class="lv-bar" stroke="{Colors[group]}">"""
        + $"""{Hatched(1, 1, 12, 10, group)}</g><path class="lv-mean" {Line(group)} d="M18 6h16"/></svg>""";

    // The line of a group's average.
    private static string Line(int group) => $"""stroke="{Colors[group]}" stroke-dasharray="{Dashes[group]}" """;

    private string Average(int group)
    {
        var (label, milliseconds, _) = histogram.Groups[group];
        if (milliseconds.Length == 0)
            return "";
        var average = milliseconds.Average();
        var x = N(X(Math.Min(LatencyHistogram.Bins, average / histogram.BinWidth)));
        return $"""<line class="lv-mean" {Line(group)}x1="{x}" x2="{x}" y1="{N(Top)}" y2="{N(Top + Tall)}">"""
            + $"<title>{Drawing.Encode($"{label}, average: {LatencyHistogram.Ms(average)}")}</title></line>";
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

    private static readonly char[] Marks = ['░', '█', '▒', '▓'];

    // None of a service's colours. At least 3:1 against white and #1e1e1e. Each bar has a line around it, so that one shows behind another.
    private static readonly string[] Colors = ["#8a8a8a", "#2a95a8", "#d0608a", "#9a63d6"], Dashes = ["8 4", "2 3", "8 3 2 3", "14 4"];

    private const string Css = """
        .lv{max-width:720px;overflow-x:auto;line-height:1.6}
        .lv>svg{display:block;width:100%;min-width:480px}
        .lv text{fill:currentColor;font-size:12px;opacity:.85}
        .lv .lv-mid{text-anchor:middle}
        .lv .lv-end{text-anchor:end}
        .lv-grid{stroke:currentColor;opacity:.18}
        .lv-bar{fill-opacity:.4;stroke-width:1.5}
        .lv-bar path{stroke-width:1}
        .lv-mean{stroke-width:2}
        .lv .lv-key{width:34px;height:12px;margin-right:7px;vertical-align:-1px}

        """;
}
