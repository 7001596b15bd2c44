#nullable enable
using System.Collections.Generic;
using System.Linq;

/// <summary>
/// When each span of a trace ran, below its parent. On a page, a row unfolds to everything the span carries; a terminal shows
/// plain text of at most 100 columns.
/// </summary>
public sealed class Waterfall : NotebookView
{
    private readonly WaterfallPage page;

    private Waterfall(WaterfallPage page) => this.page = page;

    /// <summary>The waterfall of one trace.</summary>
    public static Waterfall Of(RecordedTrace trace) => Of([trace]);

    /// <summary>
    /// One below the other on one time axis, each at its real start; where they are too far apart for that, each begins at the
    /// left. Links between them are arrows.
    /// </summary>
    public static Waterfall Of(IEnumerable<RecordedTrace> traces) => OfParts(traces.Select(t => new WaterfallPart(Noted(t))));

    /// <summary>The ids of the traces that this notebook has drawn, but for those below a verdict: evidence was read.</summary>
    internal static System.Collections.Concurrent.ConcurrentDictionary<string, bool> Drawn { get; } = new();

    private static RecordedTrace Noted(RecordedTrace trace) => Drawn.TryAdd(trace.TraceId, true) ? trace : trace;

    internal static Waterfall OfParts(IEnumerable<WaterfallPart> parts) => new(WaterfallPage.Of(parts));

    /// <summary>The drawing, for a page.</summary>
    public override string ToHtml() => page.Parts.Count == 0 ? NoSpans.Html : new WaterfallHtml(page).Page();

    /// <summary>The drawing, for a terminal.</summary>
    public override string ToString() => page.Parts.Count == 0 ? NoSpans.Text : new WaterfallText(page).Page();
}
