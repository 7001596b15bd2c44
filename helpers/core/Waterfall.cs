#nullable enable
using System.Collections.Generic;
using System.Linq;

/// <summary>
/// When each span of a trace ran, below its parent. On a page, a row unfolds to everything the span carries; a terminal shows
/// plain text of at most 110 columns.
/// </summary>
public sealed class Waterfall : NotebookView
{
    private readonly WaterfallPart[] parts;

    private Waterfall(WaterfallPart[] parts) => this.parts = parts;

    /// <summary>The waterfall of one trace.</summary>
    public static Waterfall Of(RecordedTrace trace) => Of([trace]);

    /// <summary>One waterfall below the other, each on a time axis of its own.</summary>
    public static Waterfall Of(IEnumerable<RecordedTrace> traces) => OfParts(traces.Select(trace => new WaterfallPart(trace)));

    internal static Waterfall OfParts(IEnumerable<WaterfallPart> parts) => new(parts.ToArray());

    /// <summary>The drawing, for a page.</summary>
    public override string ToHtml() => parts.Length == 0 ? NoSpans.Html : new WaterfallHtml(parts).Page();

    /// <summary>The drawing, for a terminal.</summary>
    public override string ToString() => parts.Length == 0 ? NoSpans.Text : new WaterfallText(parts).Page();
}
