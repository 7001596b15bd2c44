#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text;

/// <summary>Everything that a span carries: what a row of a waterfall unfolds to.</summary>
internal sealed class SpanDetails(WaterfallPart part, RecordedSpan span)
{
    public const string Css = """
        .tv-more{display:flex;flex-wrap:wrap;gap:12px 28px;margin:2px 0 8px 8px;padding:8px 0 10px 18px;
          border-left:2px solid var(--tv-line)}.tv-part{flex:1 1 320px;min-width:0}.tv-wide{flex-basis:100%}
        .tv-part>b{font-weight:600;overflow-wrap:anywhere}
        .tv .tv-part dl{display:grid;grid-template-columns:fit-content(45%) minmax(0,1fr);gap:1px 12px;margin:0;padding:0;font-size:12px}
        .tv .tv-part dt{margin:0;font-weight:400;color:var(--tv-dim);overflow-wrap:anywhere;min-width:0}
        .tv .tv-part dd{margin:0;overflow-wrap:anywhere;unicode-bidi:isolate;max-height:16em;overflow:auto}
        .tv .tv-part .tv-pre{white-space:pre;overflow-wrap:normal;font:12px/1.45 ui-monospace,Consolas,Menlo,monospace;grid-column:1/-1;
          padding:4px 8px;border-left:2px solid var(--tv-line)}

        """;

    // A stack trace or a query has many lines, and a learner needs all of them.
    private const int MaxLines = 10 * Drawing.MaxText;

    private readonly StringBuilder html = new();

    public string ToHtml()
    {
        var trace = part.Trace;
        var parent = trace.Parent(span);
        var critical = part.ChildrenFit(span) ? trace.CriticalTime(span) : TimeSpan.Zero;
        var remarks = Known(parent).Concat(part.Remarks(span, all: true)).ToArray();
        var start = span.Start.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        var self = trace.Children(span).Count == 0 ? "" : part.ChildrenFit(span)
            ? $", no child accounts for {Drawing.Duration(trace.SelfTime(span))} of it" : ", what children account for is not known";
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
            ("its client", SpanTimes.Gap(span, parent) is var (before, after)
                ? $"runs {Drawing.Duration(before)} before and {Drawing.Duration(after)} after it, if the clocks agree" : null),
            ("tracestate", span.TraceState),
            ("note", remarks.Length > 0 ? string.Join(", ", remarks) : null));
        var own = span.Attributes.Where(a => a.Key != JaegerWarnings).ToArray();
        Section((own.Length > 0 ? "Attributes" : "No attributes") + Dropped(span.Dropped.Attributes), Fields(own));
        if (own.Length < span.Attributes.Count)
            Section("Jaeger's remarks", ("warning", AttributeText.Of(span[JaegerWarnings]).Trim('[', ']')));
        foreach (var e in span.Events)
            Section($"Event: {e.Name} {SpanText.Time(span, e)}", Fields(e.Attributes));
        foreach (var link in span.Links)
        {
            var target = part.Links.Target(link);
            var ids = new (string, string?)[] { ("trace id", link.TraceId), ("span id", link.SpanId) };
            var where = link.TraceId == trace.TraceId ? "a span that is not here" : "a span of another trace";
            Section($"Link to {target?.ToString() ?? where}", [.. ids, .. Fields(link.Attributes)]);
        }

        foreach (var other in part.Links.To(span).Take(20))
            Section($"Linked from {other}", ("trace id", other.TraceId), ("span id", other.SpanId));
        if (span.Dropped is { Events: > 0 } or { Links: > 0 })
            Section($"Events{Dropped(span.Dropped.Events)}, links{Dropped(span.Dropped.Links)}");

        // In a very large trace only where a service is entered: else most of the page would be resources.
        if (trace.Spans.Count <= 1000 || parent?.ServiceName != span.ServiceName)
            Section("Resource", Fields(span.Resource));
        return html.Append("</div>").ToString();
    }

    // No surprise, but worth knowing. Who makes a message does not learn who reads it; only the reader's spans know.
    private IEnumerable<string> Known(RecordedSpan? parent)
    {
        if (span.HasRemoteParent)
            yield return "parent id arrived in a header";
        else if (part.Trace.MissingParent(span) is not null && span.Kind is not (ActivityKind.Server or ActivityKind.Consumer))
            yield return "the parent was started in this process: was its source added, has it ended, was it sampled?";
        if (span.Kind == ActivityKind.Producer && part.Trace.Children(span).Count == 0 && !part.Links.To(span).Any())
            yield return "the drawing does not show which service read it";
        (int Count, string What)[] sizes =
        [
            (span.Attributes.Count, "attributes"), (span.Events.Count, "events"), (span.Links.Count, "links"),
            (span.Events.Select(e => e.Attributes.Count).DefaultIfEmpty().Max(), "attributes of an event"),
            (span.Links.Select(l => l.Attributes.Count).DefaultIfEmpty().Max(), "attributes of a link"),
        ];
        foreach (var (count, what) in sizes.Where(s => s.Count > OtlpLimit))
            yield return $"{Drawing.Number(count)} {what}: the OTLP exporter of .NET sends {OtlpLimit} of them, unless told otherwise";
    }

    private const int OtlpLimit = 128; // the defaults of OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT and its like for events and links

    private const string JaegerWarnings = "@jaeger@warnings";
    private static string Dropped(uint count) => count == 0 ? "" : $" ({Drawing.Number(count)} more dropped before sending)";

    private static (string, string?)[] Fields(IReadOnlyList<KeyValuePair<string, object?>> attributes) =>
        attributes.Select(a => (a.Key, (string?)AttributeText.Of(a.Value))).ToArray();

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
