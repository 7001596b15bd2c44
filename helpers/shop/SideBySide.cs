#nullable enable
using System.Linq;

/// <summary>
/// Two traces of the same operation on one time scale, so that their bars compare, and above them what changed: operations that
/// are new, gone or repeated, those that take longer, and errors that are in one trace only.
/// </summary>
public sealed class SideBySide : NotebookView
{
    private readonly TraceComparison comparison;

    private SideBySide(TraceComparison comparison) => this.comparison = comparison;

    /// <summary>Compares two traces.</summary>
    /// <param name="before">The trace on the left.</param>
    /// <param name="after">The trace on the right: its spans say what changed.</param>
    /// <param name="leftTitle">What the left one is called.</param>
    /// <param name="rightTitle">What the right one is called.</param>
    /// <param name="say">False where an exercise asks what changed: then the drawings are all there is.</param>
    public static SideBySide Of(RecordedTrace before, RecordedTrace after, string leftTitle = "before", string rightTitle = "after",
        bool say = true)
    {
        (Waterfall.Drawn[before.TraceId], Waterfall.Drawn[after.TraceId]) = (true, true);
        return new(new TraceComparison(before, after, leftTitle, rightTitle, say));
    }

    /// <summary>Beside each other where there is room, else one below the other.</summary>
    public override string ToHtml() => $"<style>{Css}</style>" + new WaterfallHtml(comparison.Page).Page(comparison.Lines.Count == 0 ? ""
        : $"<div class=\"tv-changes\">{string.Concat(comparison.Lines.Select(Line))}{Own}</div>", "tv-pair");

    private const string Own = "<div class=\"tv-dim\">Times of operations are those that no child accounts for.</div>";

    private static string Line(string line) => $"<div>{Drawing.Encode(line, 4 * Drawing.MaxText)}</div>";

    /// <summary>One below the other.</summary>
    public override string ToString() =>
        string.Concat(comparison.Lines.SelectMany(l => Drawing.Wrap(l, WaterfallText.Width)).Select(l => l + "\n"))
        + (comparison.Lines.Count > 0 ? "\n" : "")
        + new WaterfallText(comparison.Page).Page();

    private const string Css = """
        .tv-changes{margin:0 0 10px;padding:6px 12px;border-left:3px solid var(--tv-line);max-width:70em;overflow-wrap:anywhere}
        .tv-changes>:first-child{font-weight:600}
        .tv-pair{display:flex;flex-wrap:wrap;gap:0 28px}
        .tv-pair .tv-head>.tv-dim{flex-basis:100%}
        .tv-pair .tv-indent{max-width:24%}
        .tv-pair>.tv-trace{flex:1 1 620px;min-width:0}
        """;
}
