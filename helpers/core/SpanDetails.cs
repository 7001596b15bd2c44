#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

/// <summary>Everything that a span carries: what a row of a waterfall unfolds to.</summary>
internal sealed class SpanDetails(WaterfallPart part, RecordedSpan span)
{
    public const string Css = """
        .tv-more{display:flex;flex-wrap:wrap;gap:12px 28px;margin:2px 0 8px 8px;padding:8px 0 10px 18px;
          border-left:2px solid var(--tv-line)}
        .tv-part{flex:1 1 320px;min-width:0}
        .tv-wide{flex-basis:100%}
        .tv-part>b{font-weight:600;overflow-wrap:anywhere}
        .tv .tv-part dl{display:grid;grid-template-columns:minmax(60px,max-content) minmax(0,1fr);gap:1px 12px;margin:0;padding:0;
          font-size:12px}
        .tv .tv-part dt{margin:0;font-weight:400;color:var(--tv-dim);overflow-wrap:anywhere;min-width:0}
        .tv .tv-part dd{margin:0;overflow-wrap:anywhere;unicode-bidi:isolate;max-height:16em;overflow:auto}
        .tv .tv-part .tv-pre{white-space:pre;overflow-wrap:normal;font:12px/1.45 ui-monospace,Consolas,Menlo,monospace;
          grid-column:1/-1;padding:4px 8px;border-left:2px solid var(--tv-line)}

        """;

    // A stack trace or a query has many lines, and the learner wants to read them.
    private const int MaxLines = 10 * Drawing.MaxText;

    private readonly StringBuilder html = new();

    public string ToHtml()
    {
        var trace = part.Trace;
        var parent = trace.Parent(span);
        var critical = trace.CriticalTime(span);
        var remarks = Remarks(parent).Concat(part.Remarks(span)).ToArray();
        var start = span.Start.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        var self = trace.Children(span).Count > 0 ? $", without its children {Drawing.Duration(trace.SelfTime(span))}" : "";
        html.Append("<div class=\"tv-more\">");
        Section("Span",
            ("name", span.Name),
            ("kind", SpanText.Kind(span)),
            ("service", span.ServiceName),
            ("source", $"{span.SourceName} {span.SourceVersion}".Trim()),
            ("status", SpanText.Status(span)),
            ("start", $"+{Drawing.Duration(span.Start - trace.Start)} ({start} UTC)"),
            ("duration", Drawing.Duration(span.Duration) + self),
            ("critical path", critical > TimeSpan.Zero ? Drawing.Duration(critical) : null),
            ("span id", span.SpanId),
            ("parent id", span.ParentSpanId),
            ("parent", parent?.Name),
            ("tracestate", span.TraceState),
            ("note", remarks.Length > 0 ? string.Join(", ", remarks) : null));
        Section((span.Attributes.Count > 0 ? "Attributes" : "No attributes") + Dropped(span.Dropped.Attributes), Fields(span.Attributes));
        foreach (var e in span.Events)
            Section($"Event: {e.Name} {SpanText.Time(span, e)}", Fields(e.Attributes));
        foreach (var link in span.Links)
        {
            var target = link.TraceId == trace.TraceId ? trace.FindById(link.SpanId) : null;
            var ids = new (string, string?)[] { ("trace id", link.TraceId), ("span id", link.SpanId) };
            Section($"Link to {target?.Name ?? "a span of another trace"}", [.. ids, .. Fields(link.Attributes)]);
        }

        if (span.Dropped is { Events: > 0 } or { Links: > 0 })
            Section($"Events{Dropped(span.Dropped.Events)}, links{Dropped(span.Dropped.Links)}");

        // In a very large trace only where a service is entered: else most of the page would be resources.
        if (trace.Spans.Count <= 1000 || parent?.ServiceName != span.ServiceName)
            Section("Resource", Fields(span.Resource));
        return html.Append("</div>").ToString();
    }

    private IEnumerable<string> Remarks(RecordedSpan? parent)
    {
        if (span.HasRemoteParent)
            yield return "parent in another process";
        if (parent is not null && span.End > parent.End)
            yield return $"ends {Drawing.Duration(span.End - parent.End)} after its parent";
    }

    private static string Dropped(uint count) => count == 0 ? "" : $" ({Drawing.Number(count)} more dropped before sending)";

    private static (string, string?)[] Fields(IReadOnlyList<KeyValuePair<string, object?>> attributes) =>
        attributes.Select(a => (a.Key, (string?)SpanText.Value(a.Value))).ToArray();

    private void Section(string title, params (string Name, string? Value)[] fields)
    {
        var wide = fields.Any(f => f.Value?.Contains('\n') == true) ? " tv-wide" : "";
        html.Append($"<div class=\"tv-part{wide}\"><b>{Drawing.Encode(title)}</b><dl>");
        foreach (var (name, value) in fields)
        {
            if (value is null)
                continue;
            var lines = value.Contains('\n');
            var css = lines ? " class=\"tv-pre\"" : name.EndsWith(" id", StringComparison.Ordinal) ? " class=\"tv-id\"" : "";
            // HTML closes both elements by itself.
            html.Append($"<dt>{Drawing.Encode(name)}<dd{css}>{Drawing.Encode(value, lines ? MaxLines : Drawing.MaxText)}");
        }

        html.Append("</dl></div>");
    }
}
