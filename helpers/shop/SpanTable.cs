#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

/// <summary>One line per span, in the order given.</summary>
public sealed class SpanTable : NotebookView
{
    private readonly Table? table;

    private SpanTable(RecordedSpan[] spans)
    {
        spans = SpanCopies.Once(spans).ToArray();
        if (spans.Length == 0)
            return;
        var names = spans.ToLookup(s => (s.TraceId, s.SpanId), s => s.Name);
        var alike = spans.GroupBy(s => (s.Name, s.Kind, s.ServiceName, SpanText.Status(s),
            names[(s.TraceId, s.ParentSpanId ?? "")].FirstOrDefault())).Where(g => g.Skip(1).Any()).SelectMany(g => g).ToHashSet();
        names = spans.ToLookup(s => (s.TraceId, s.SpanId), Name);
        var colors = new Drawing.ServiceColors(spans.Select(s => s.ServiceName));
        table = new Table(new("name", 26), new("kind", 8), new("service", 16), new("parent", 17), new("duration", 9, Right: true),
            new("status", 19))
        {
            RowName = "span",
            Note = spans.Sum(s => s.Copies - 1) is > 0 and var copies ? $"{Drawing.Count(copies, "copy", "copies")} not shown again." : "",
        };
        foreach (var span in spans)
        {
            table.Row(Name(span), SpanText.Kind(span), new TableCell(span.ServiceName) { Mark = colors.Class(span.ServiceName) },
                span.ParentSpanId is { } id ? names[(span.TraceId, id)].FirstOrDefault() ?? $"(not here) {id}" : "–",
                Drawing.Duration(span.Duration),
                new TableCell(SpanText.Status(span)) { Bad = span.Status == ActivityStatusCode.Error });
        }

        // Rows that would be alike begin with the end of their span id.
        string Name(RecordedSpan span) => (alike.Contains(span) ? $"[{span.SpanId[^Math.Min(4, span.SpanId.Length)..]}] " : "") + span.Name;
    }

    /// <summary>The table of these spans: name, kind, service, parent, duration and status.</summary>
    public static SpanTable Of(IEnumerable<RecordedSpan> spans) => new(spans.ToArray());

    /// <summary>The table, for a page.</summary>
    public override string ToHtml() => table?.ToHtml() ?? NoSpans.Html;

    /// <summary>The table, for a terminal: 100 columns.</summary>
    public override string ToString() => table?.ToString() ?? NoSpans.Text;
}
