#nullable enable
using System;
using System.Linq;
using System.Text;

/// <summary>Draws what sampling kept: request by request, as a share with its uncertainty, and one strategy against another.</summary>
public sealed class SamplingView : NotebookView
{
    private const int PerRow = 100, MaxDrawn = 1_000;

    private readonly Func<string> html;
    private readonly Func<string> text;

    private SamplingView(Func<string> html, Func<string> text) => (this.html, this.text) = (html, text);

    /// <summary>
    /// The first 1,000 requests, 100 to a row: a square if it was kept, a triangle if some of its spans were, a dot if not; a
    /// diamond if it has an error, hollow if that was lost. The numbers below are those of all requests.
    /// </summary>
    public static SamplingView Strip(SamplingOutcome outcome) => new(() => StripHtml(outcome), () => StripText(outcome));

    /// <summary>Strategies one below the other, on the same traffic.</summary>
    public static SamplingView Compare(params SamplingOutcome[] outcomes) => outcomes.Length == 0 ? Nothing("No strategy to compare.")
        : new(() => Comparison(outcomes).Rows(), () => Comparison(outcomes).ToString());

    /// <summary>
    /// How far measured shares are from the expected ones, in percentage points, with the interval that holds the true
    /// share in 95 of 100 such experiments (Wilson; see <see cref="Interval"/>).
    /// </summary>
    public static SamplingView Shares(params (string Label, double Expected, int Kept, int Total)[] rows)
    {
        var shares = rows.Select(r => new MeasuredShare(r.Label, r.Expected, r.Kept, r.Total)).ToArray();
        return shares.Length == 0 ? Nothing("No share to draw.") : new(() => SharesHtml(shares), () => SharesText(shares));
    }

    /// <summary>
    /// Wilson's 95% interval for a share k/n. With p = k/n and z = 1.96 its middle is (p + z²/2n) / (1 + z²/n), and its half
    /// width is z/(1 + z²/n) · √(p(1 − p)/n + z²/4n²). Unlike the simple p ± z·√(p(1 − p)/n) it is right for small n and p.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The total is not positive, or what was kept is not in 0..total.</exception>
    public static (double Low, double High) Interval(int kept, int total) => SamplingFigures.Interval(kept, total);

    /// <inheritdoc/>
    public override string ToHtml() => $"<style>{Drawing.Css}{Table.Css}{Css}</style><div class=\"tv sv\">{html()}</div>";

    /// <inheritdoc/>
    public override string ToString() => text();

    private static SamplingView Nothing(string why) => new(() => why, () => why);

    // ---- Request by request --------------------------------------------------------------------------------------

    private static string StripHtml(SamplingOutcome outcome)
    {
        var requests = RequestKind.Of(outcome);
        var drawn = Math.Min(MaxDrawn, requests.Length);
        var (width, height) = (Math.Min(PerRow, drawn) * 8, (drawn + PerRow - 1) / PerRow * 8);
        var svg = new StringBuilder($"<div class=\"sv-title\">{Drawing.Encode(outcome.Strategy)}</div>")
            .Append($"<svg viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\" role=\"img\" aria-label=\"{Legend(requests)}\">");
        foreach (var kind in RequestKind.All)
        {
            var signs = Enumerable.Range(0, drawn).Where(i => requests[i] == kind)
                .Select(i => $"M{i % PerRow * 8} {i / PerRow * 8}{kind.Shape}");
            svg.Append($"<path class=\"{kind.Class}\" d=\"{string.Concat(signs)}\"/>");
        }

        svg.Append("</svg><div class=\"sv-foot\">");
        foreach (var (kind, count) in Counts(requests))
        {
            svg.Append($"<span class=\"sv-key\"><svg viewBox=\"0 0 8 8\"><path class=\"{kind.Class}\" d=\"M0 0{kind.Shape}\"/></svg>")
                .Append($"{SamplingFigures.Number(count)} {kind.Meaning}</span>");
        }

        return svg.Append($"<span>{Scope(requests.Length, drawn)}</span></div>").ToString();
    }

    private static string StripText(SamplingOutcome outcome)
    {
        var requests = RequestKind.Of(outcome);
        var drawn = Math.Min(MaxDrawn, requests.Length);
        var lines = requests.Take(drawn).Chunk(PerRow).Select(row => string.Concat(row.Select(kind => kind.Mark)));
        return $"{Drawing.Clean(outcome.Strategy)}\n{string.Join('\n', lines)}\n{Legend(requests)}. {Scope(requests.Length, drawn)}";
    }

    private static (RequestKind Kind, int Count)[] Counts(RequestKind[] requests) =>
        RequestKind.All.Select(kind => (kind, requests.Count(r => r == kind))).Where(k => k.Item2 > 0).ToArray();

    private static string Legend(RequestKind[] requests) =>
        string.Join(", ", Counts(requests).Select(k => $"{k.Kind.Mark} {SamplingFigures.Number(k.Count)} {k.Kind.Meaning}"));

    private static string Scope(int all, int drawn) => drawn == all ? $"{Drawing.Count(all, "request")}."
        : $"Drawn: the first {SamplingFigures.Number(drawn)} of {Drawing.Count(all, "request")}; counted: all.";

    // ---- Shares --------------------------------------------------------------------------------------------------

    private static string SharesHtml(MeasuredShare[] shares)
    {
        var reach = 1.05 * shares.SelectMany(s => s.Off is var (low, _, high) ? new[] { -low, high } : []).Append(0.001).Max();
        string X(double off) => Drawing.Number(340 + 140 * off / reach);
        var height = shares.Length * 26 + 40;
        var svg = new StringBuilder($"<svg viewBox=\"0 0 680 {height}\" style=\"max-width:680px\" role=\"img\" ")
            .Append($"aria-label=\"{Drawing.Encode(SharesText(shares))}\">")
            .Append($"<line class=\"sv-zero\" x1=\"{X(0)}\" x2=\"{X(0)}\" y1=\"16\" y2=\"{height - 22}\"/>")
            .Append($"<text class=\"sv-mid\" x=\"{X(0)}\" y=\"11\">expected</text>");
        for (var i = 0; i < shares.Length; i++)
        {
            var (share, y) = (shares[i], 34 + i * 26);
            if (share.Off is var (low, middle, high))
            {
                svg.Append($"<line class=\"sv-range\" x1=\"{X(low)}\" x2=\"{X(high)}\" y1=\"{y}\" y2=\"{y}\"/>")
                    .Append($"<circle class=\"sv-dot\" cx=\"{X(middle)}\" cy=\"{y}\" r=\"4\"/>");
            }

            svg.Append($"<text x=\"0\" y=\"{y + 4}\">{Drawing.Encode(Drawing.Fit(share.Label, 28, pad: false))}</text>")
                .Append($"<text x=\"500\" y=\"{y + 4}\">{share.Facts}</text>");
        }

        foreach (var end in new[] { -reach, reach })
            svg.Append($"<text class=\"sv-mid\" x=\"{X(end * 0.94)}\" y=\"{height - 6}\">{SamplingFigures.Points(end)}</text>");
        return svg.Append($"<text class=\"sv-mid\" x=\"{X(0)}\" y=\"{height - 6}\">percentage points off</text></svg>").ToString();
    }

    private static string SharesText(MeasuredShare[] shares) => string.Join('\n', shares.Select(s =>
        $"{Drawing.Fit(s.Label, 30)} expected {s.ExpectedText}, measured {s.Facts}"));

    // ---- One strategy against another ----------------------------------------------------------------------------

    private static Table Comparison(SamplingOutcome[] outcomes)
    {
        var widths = new[] { 16, 7, 11, 10, 16 };
        var columns = SamplingFigures.Of(outcomes[0]).Zip(widths, (figure, width) => new TableColumn(figure.Title, width));
        var table = new Table([new("strategy", 26), .. columns, new("kB sent", 7)]);
        foreach (var outcome in outcomes)
        {
            var figures = SamplingFigures.Of(outcome).Select(f => new TableCell(f.Text) { Bad = f.IsBad && f.Value > 0, Bar = f.Share });
            table.Row([outcome.Strategy, .. figures, SamplingFigures.KiloBytes(outcome)]);
        }

        return table;
    }

    // The page's own text colour throughout; red only for errors. The shapes say the same without the colours.
    private const string Css = """
        .sv{max-width:820px;overflow-x:auto}
        .sv svg{width:100%;display:block;min-width:480px}
        .sv text{fill:currentColor;font-size:12px}
        .sv-title{font-weight:600;margin-bottom:2px}
        .sv-dropped{fill:currentColor;opacity:.45}
        .sv-kept{fill:#29837f}
        .sv-part{fill:#b07d10}
        .sv-error{fill:#d9534f}
        .sv-lost{fill:none;stroke:#d9534f;stroke-width:1.2}
        .sv-foot{display:flex;flex-wrap:wrap;gap:2px 16px;margin-top:4px}
        .sv .sv-key svg{display:inline-block;width:12px;min-width:0;margin-right:5px;vertical-align:-1px}
        .sv-zero{stroke:currentColor;stroke-dasharray:3 3;opacity:.6}
        .sv-range{stroke:#558add;stroke-width:3;stroke-linecap:round;opacity:.75}
        .sv-dot{fill:#558add}
        .sv .sv-mid{text-anchor:middle;opacity:.8}

        """;
}
