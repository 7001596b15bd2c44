#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

/// <summary>
/// The headers that carry a trace from one service to the next, taken apart field by field: what each field says, and
/// where one is wrong, the rule it breaks. The rules are those of W3C Trace Context Level 2 and W3C Baggage.
/// </summary>
public sealed class TraceparentView : NotebookView
{
    private readonly HeaderReading[] readings;

    private TraceparentView(string? traceparent, string? tracestate, string? baggage)
    {
        Traceparent = TraceparentReader.Read(traceparent);
        Tracestate = tracestate is null ? null : TracestateReader.Read(tracestate, Traceparent);
        Baggage = baggage is null ? null : BaggageReader.Read(baggage);
        readings = new[] { Traceparent, Tracestate, Baggage }.OfType<HeaderReading>().ToArray();
    }

    /// <summary>
    /// Takes header values apart. Null means that the header was not sent. A header that was sent more than once is given
    /// as servers show it: its values joined by commas.
    /// </summary>
    public static TraceparentView Of(string? traceparent, string? tracestate = null, string? baggage = null) =>
        new(traceparent, tracestate, baggage);

    /// <summary>True if there is a <c>traceparent</c>, and every header that was given keeps its rules.</summary>
    public bool IsValid => readings.All(r => r.IsValid);

    /// <summary>The fields of all headers that were given, in order.</summary>
    public IReadOnlyList<HeaderPart> Parts => readings.SelectMany(r => r.Parts).ToArray();

    /// <summary>What the <c>traceparent</c> says; <see cref="HeaderReading.IsMissing"/> if none was given.</summary>
    public HeaderReading Traceparent { get; }

    /// <summary>Null if none was given.</summary>
    public HeaderReading? Tracestate { get; }

    /// <summary>Null if none was given.</summary>
    public HeaderReading? Baggage { get; }

    /// <summary>The trace that the receiver continues; null if the <c>traceparent</c> is not valid.</summary>
    public string? TraceId => Field("trace-id");

    /// <summary>The caller's span, which becomes the parent; null if the <c>traceparent</c> is not valid.</summary>
    public string? ParentId => Field("parent-id");

    /// <summary>Bit 0x01: the caller may have recorded its part of the trace. False if the <c>traceparent</c> is not valid.</summary>
    public bool IsSampled => (Flags & TraceparentReader.Sampled) != 0;

    /// <summary>Bit 0x02 (Level 2): the last 7 bytes of the trace id are random. False if the <c>traceparent</c> is not valid.</summary>
    public bool IsRandom => (Flags & TraceparentReader.RandomTraceId) != 0;

    private int Flags => Field("trace-flags") is { } flags ? Convert.ToInt32(flags, 16) : 0;

    private string? Field(string name) => Traceparent.IsValid ? Traceparent.Parts.First(p => p.Name == name).Text : null;

    // ---- Drawing -------------------------------------------------------------------------------------------------

    private const int MaxPieces = 600, MaxText = 4_000, Width = 110;

    /// <inheritdoc/>
    public override string ToHtml()
    {
        var html = new StringBuilder($"<style>{Drawing.Css}{Css}</style><div class=\"tv tp\">");
        foreach (var reading in readings)
        {
            var css = reading.IsValid || reading.IsMissing ? "" : " class=\"tv-bad\"";
            html.Append($"<section class=\"tp-header\" aria-label=\"{reading.Name}\"><div class=\"tp-head\"><b>{reading.Name}</b>")
                .Append($"<span{css}>{Sign(reading)} {Drawing.Encode(reading.Verdict)}</span></div>");
            if (!reading.IsMissing)
                HeaderHtml(html, reading);
            html.Append("<div class=\"tp-rows\">");
            foreach (var row in Rows(reading))
                RowHtml(html, row);
            html.Append(NotDrawn(reading) is { } more ? $"<div class=\"tp-row\">{more}</div>" : "").Append("</div></section>");
        }

        return html.Append("</div>").ToString();
    }

    // The header as it was sent; below each field its name.
    private static void HeaderHtml(StringBuilder html, HeaderReading reading)
    {
        html.Append("<div class=\"tp-line\">");
        var color = -1;
        foreach (var piece in reading.Pieces.Take(MaxPieces))
        {
            if (piece.Name.Length == 0)
            {
                var between = piece.Text.Replace(' ', '␣').Replace('\t', '⇥');
                html.Append($"<span class=\"tp-between\">{Drawing.Encode(between, MaxText)}</span>");
                continue;
            }

            color += piece.Problem is not null && piece.Name == "separator" ? 0 : 1;
            var css = piece.Problem is null ? $"tv-c{color % Drawing.ServiceColors.Palette.Length}" : "tp-wrong";
            html.Append($"<span class=\"tp-part {css}\">").Append(piece.Text.Length == 0
                ? "<span class=\"tp-text tv-dim\">(nothing)</span>"
                : $"<span class=\"tp-text\">{Drawing.Encode(piece.Text, MaxText)}</span>");
            html.Append($"<small>{(piece.Problem is null ? "" : "✖ ")}{Drawing.Encode(piece.Name)}")
                .Append($"{(piece.Size is null ? "" : $"<br>{piece.Size}")}</small></span>");
        }

        html.Append("</div>");
    }

    private static void RowHtml(StringBuilder html, Row row)
    {
        var css = row.Problem is null ? "tp-name" : "tp-name tv-bad";
        html.Append($"<div class=\"tp-row\"><span class=\"{css}\">{Drawing.Encode(row.Name)}</span>")
            .Append($"<span class=\"tp-says\">{Drawing.Encode(row.Meaning, MaxText)}");
        if (row.Problem is not null)
            html.Append($"<span class=\"tv-bad tp-rule\">{Drawing.Encode(row.Problem, MaxText)}</span>");
        if (row.Remark is not null)
            html.Append($"<span class=\"tp-rule\">{Drawing.Encode(row.Remark, MaxText)}</span>");
        html.Append("</span></div>");
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var reading in readings)
        {
            var title = Drawing.Wrap($"{reading.Name}: {Sign(reading)} {reading.Verdict}", Width);
            text.Append(text.Length > 0 ? "\n" : "").AppendJoin('\n', title).Append('\n');
            if (!reading.IsMissing)
                HeaderText(text, reading);
            foreach (var row in Rows(reading))
                RowText(text, row);
            text.Append(NotDrawn(reading) is { } more ? $"  {more}\n" : "");
        }

        return text.ToString().TrimEnd('\n');
    }

    // The header, and a line below it that marks the fields, as a compiler marks an error.
    private static void HeaderText(StringBuilder text, HeaderReading reading)
    {
        var lines = Drawing.Wrap(Drawing.Cut(reading.Text!, MaxText), Width - 2).ToArray();
        foreach (var line in lines)
            text.Append($"  {line}\n");
        if (lines.Length != 1)
            return;
        var marks = reading.Pieces.Select(p =>
        {
            var columns = Drawing.Columns(Drawing.Clean(p.Text));
            return new string(p.Name.Length == 0 ? ' ' : p.Problem is null ? '─' : '✖', columns);
        });
        text.Append(("  " + string.Concat(marks)).TrimEnd()).Append('\n');
    }

    private static void RowText(StringBuilder text, Row row)
    {
        var says = new[] { row.Meaning, row.Problem, row.Remark }.OfType<string>().SelectMany(s => Drawing.Wrap(s, Width - 20)).ToArray();
        for (var i = 0; i < Math.Max(1, says.Length); i++)
            text.Append($"  {Drawing.Fit(i == 0 ? row.Name : "", 17)} {says.ElementAtOrDefault(i)}".TrimEnd()).Append('\n');
    }

    // ---- What both drawings say ----------------------------------------------------------------------------------

    private sealed record Row(string Name, string Meaning, string? Problem, string? Remark);

    private static IEnumerable<Row> Rows(HeaderReading reading)
    {
        foreach (var part in reading.Parts.Take(MaxPieces))
        {
            yield return new(
                $"{(part.Problem is null ? "✔" : "✖")} {part.Name}",
                Drawing.Cut(part.Meaning),
                part.Problem is null ? null : $"{part.Problem} ({reading.Specification}, section \"{part.Section}\")",
                part.Remark is null ? null : $"! {part.Remark}");
        }

        foreach (var remark in reading.Remarks)
            yield return new("! whole header", Drawing.Cut(remark), null, null);
    }

    private static string Sign(HeaderReading reading) => reading.IsMissing ? "–" : reading.IsValid ? "✔" : "✖";

    private static string? NotDrawn(HeaderReading reading) =>
        reading.Parts.Count <= MaxPieces ? null : $"{Drawing.Count(reading.Parts.Count - MaxPieces, "more part")} not drawn.";

    private const string Css = """
        .tp{max-width:64em}
        .tp-header{margin:0 0 18px}
        .tp-header:last-child{margin-bottom:4px}
        .tp-head{display:flex;flex-wrap:wrap;gap:0 12px;margin:0 0 6px}
        .tp-line{display:flex;flex-wrap:wrap;align-items:flex-start;gap:6px 5px;padding:10px 12px 8px}
        .tp-line{border:1px solid var(--tv-line);border-radius:6px}
        .tp-text,.tp-between{font:14px/1.4 ui-monospace,Consolas,Menlo,monospace}
        .tp-text,.tp-between{overflow-wrap:anywhere;white-space:pre-wrap;unicode-bidi:isolate}
        .tp-between{color:var(--tv-dim)}
        .tp-part{display:inline-flex;flex-direction:column;min-width:0;max-width:100%}
        .tp-part .tp-text{align-self:flex-start;max-width:100%;border-bottom:3px solid var(--tv-c);padding-bottom:1px}
        .tp-wrong .tp-text{color:var(--tv-bad);border-bottom:3px double currentColor}
        .tp-part small{font-size:12px;line-height:1.35;padding-top:2px;color:var(--tv-dim)}
        .tp-wrong small{color:var(--tv-bad)}
        .tp-rows{margin:6px 0 0}
        .tp-row{display:flex;flex-wrap:wrap;gap:0 12px;padding:2px 12px;border-bottom:1px solid var(--tv-line)}
        .tp-row:last-child{border-bottom:0}
        .tp-name{flex:0 0 11em;font-weight:600;overflow-wrap:anywhere}
        .tp-says{flex:1 1 240px;min-width:0;overflow-wrap:anywhere;unicode-bidi:isolate}
        .tp-rule{display:block}

        """;
}
