#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;

/// <summary>Draws waterfalls for a page: rows that unfold, no script.</summary>
internal sealed class WaterfallHtml(IReadOnlyList<WaterfallPart> parts)
{
    private const int MaxIndent = 10; // deeper levels keep this indentation and say their depth
    private const int ShortRemark = 26; // has room in the row; a longer one stands below it
    private const int MaxDetails = 3_500_000; // characters; a notebook stores what it draws

    private static readonly (string, string)[] Signs =
    [
        ("tv-self", "the span itself"), ("tv-wait", "its children"),
        ("tv-crit", "critical path: what the root's time is made of"), ("tv-event", "event"),
    ];

    private int details;
    private readonly StringBuilder html = new($"<style>{Drawing.Css}{Css}{SpanDetails.Css}</style>");
    private readonly Drawing.ServiceColors colors = new(parts.SelectMany(p => p.Trace.Services));

    /// <summary>All parts and the key to their signs.</summary>
    /// <param name="above">HTML that stands above them.</param>
    /// <param name="css">The class of the element around them.</param>
    public string Page(string above = "", string css = "tv-parts")
    {
        var links = new LinkIndex(parts.Select(p => p.Trace));
        html.Append($"<div class=\"tv\">{above}<div class=\"{css}\">");
        var (left, drawn) = (Drawing.MaxSpans, 0);
        foreach (var part in parts.TakeWhile(_ => left > 0))
        {
            part.Links = links;
            Part(part, Math.Min(left, part.MaxSpans));
            left -= Math.Min(part.Trace.Spans.Count, part.MaxSpans);
            drawn++;
        }

        html.Append("</div><div class=\"tv-foot\">");
        foreach (var (sign, meaning) in Signs)
            html.Append($"<span><i class=\"tv-key {sign}\"></i>{meaning}</span>");
        if (drawn < parts.Count)
            html.Append($"<b>{Drawing.Count(parts.Count - drawn, "more trace")} not drawn: choose some with Take or Where.</b>");
        return html.Append("</div></div>").ToString();
    }

    private void Part(WaterfallPart part, int maxSpans)
    {
        var trace = part.Trace;
        var ticks = part.Ticks().ToArray();
        var (title, time, count) = (Drawing.Encode(part.Title), Drawing.Duration(trace.Duration), Drawing.Count(trace.Spans.Count, "span"));
        html.Append($"<section class=\"tv-trace\" aria-label=\"Trace {title}: {count}, {time}\">")
            .Append($"<div class=\"tv-head\"><b class=\"tv-title\">{title}</b><span>{time}</span><span>{count}</span>")
            .Append(part.Errors > 0 ? $"<span class=\"tv-bad\">✖ {Drawing.Count(part.Errors, "error")}</span>" : "")
            .Append($"<span class=\"tv-dim\">trace <span class=\"tv-id\">{Drawing.Encode(trace.TraceId)}</span></span></div>")
            .Append("<div class=\"tv-head\">");
        foreach (var service in trace.Services)
            html.Append($"<span class=\"tv-service\"><i class=\"tv-mark {colors.Class(service)}\"></i>{Drawing.Encode(service)}</span>");

        html.Append("</div>");
        foreach (var remark in TraceRemarks.Of(part))
            html.Append($"<div class=\"tv-says\">{Drawing.Encode(remark)}</div>");

        // One thin line per tick behind all rows, handed to them as a custom property.
        var lines = ticks.Select(t => $"linear-gradient(var(--tv-line),var(--tv-line)) {Drawing.Percent(t.Position)} 0/1px 100% no-repeat");
        html.Append($"<div class=\"tv-rows\" style=\"--tv-grid:{string.Join(',', lines)}\">")
            .Append("<div class=\"tv-line tv-axis\" aria-hidden=\"true\"><span class=\"tv-what\"></span>")
            .Append("<span class=\"tv-when\"><span class=\"tv-track\">");
        foreach (var (position, label) in ticks)
            html.Append($"<span class=\"tv-tick\" style=\"left:{Drawing.Percent(position)}\">{label}</span>");
        html.Append("</span></span></div>");

        string? missing = null;
        foreach (var span in trace.SpansAsTree.Take(maxSpans))
        {
            if (trace.Parent(span) is null && part.MissingWithOthers(span) is var id && id != missing)
            {
                missing = id;
                if (id is not null)
                {
                    html.Append("<div class=\"tv-line tv-gone tv-dim\"><span>a parent that is not here: ")
                        .Append($"<span class=\"tv-id\">{Drawing.Encode(id)}</span></span></div>");
                }
            }

            html.Append($"<details class=\"tv-row{(part.Wrong(span) ? " tv-wrong" : "")}\"><summary class=\"tv-line\">");
            Label(part, span, trace.Depth(span) + (missing is null ? 0 : 1));
            Bar(part, span);
            foreach (var remark in part.Remarks(span).Where(r => r.Length > ShortRemark))
                html.Append($"<span class=\"tv-under\"><small class=\"tv-note tv-remark\">{remark}</small></span>");
            html.Append("</summary>").Append(Details(part, span)).Append("</details>");
        }

        html.Append("</div>");
        if (trace.Spans.Count > maxSpans)
            html.Append($"<div>{Drawing.Count(trace.Spans.Count - maxSpans, "more span")} of this trace not drawn.</div>");
        html.Append("</section>");
    }

    private void Label(WaterfallPart part, RecordedSpan span, int depth)
    {
        html.Append("<span class=\"tv-what\">");
        if (depth > 0)
            html.Append($"<i class=\"tv-indent\" style=\"--d:{Math.Min(depth, MaxIndent)}\"></i>");
        if (depth > MaxIndent)
            html.Append($"<small class=\"tv-dim\">level {depth}</small>");
        html.Append($"<i class=\"tv-mark {colors.Class(span.ServiceName)}\"></i>");
        if (part.Entered(span) is { } service) // below that the mark is enough
            html.Append($"<span class=\"tv-in\">{Drawing.Encode(service)}</span>");
        html.Append(span.Status == ActivityStatusCode.Error ? "<b class=\"tv-name tv-bad\">✖ " : "<b class=\"tv-name\">")
            .Append(Drawing.Encode(span.Name)).Append("</b>");
        if (part.Wrong(span))
            html.Append("<small class=\"tv-note tv-look\">look here</small>");
        html.Append($"<small class=\"tv-kind\">{SpanText.Kind(span)}</small>");
        if (part.Note(span) is { } note)
            html.Append($"<small class=\"tv-note\">{Drawing.Encode(note)}</small>");
        if (part.Links.To(span).Count() is > 0 and var linked)
            html.Append($"<small class=\"tv-note\">linked from {linked}</small>");
        if (span.Links.Count > 0)
            html.Append($"<small class=\"tv-note\">{Drawing.Count(span.Links.Count, "link")}</small>");
        foreach (var remark in part.Remarks(span).Where(r => r.Length <= ShortRemark))
            html.Append($"<small class=\"tv-note tv-remark\">{remark}</small>");
        html.Append("</span>");
    }

    private void Bar(WaterfallPart part, RecordedSpan span)
    {
        var (trace, failed) = (part.Trace, span.Status == ActivityStatusCode.Error);
        var whole = (From: part.At(span.Start), To: part.At(span.End));
        var leaf = trace.Children(span).Count == 0;
        html.Append($"<span class=\"tv-when {colors.Class(span.ServiceName)}{(failed ? " tv-failed" : "")}\"><span class=\"tv-track\">");
        Pieces(leaf ? "tv-self" : "tv-wait", [whole]);
        if (!leaf)
            Pieces("tv-self", part.Pieces(part.SelfRanges(span)));
        Pieces("tv-crit", part.Pieces(trace.CriticalRanges(span)));

        // Events that would lie on top of each other share a mark.
        foreach (var marks in span.Events.GroupBy(e => Math.Round(part.At(e.Time), 2)))
        {
            var title = string.Join('\n', marks.Take(5).Select(e => $"{Drawing.Cut(e.Name, 100)} {SpanText.Time(span, e)}"))
                + (marks.Count() > 5 ? $"\n+ {marks.Count() - 5} more" : "");
            title = Drawing.Encode(title, 2 * Drawing.MaxText);
            html.Append($"<i class=\"tv-event\" style=\"left:{Drawing.Percent(marks.Key)}\" title=\"{title}\"></i>");
        }

        html.Append($"<span class=\"tv-time{(failed ? " tv-bad" : "")}\" style=\"left:{Drawing.Percent(whole.To)}\">")
            .Append(span.Duration.TotalDays < 1000 ? Drawing.Duration(span.Duration) : $"{span.Duration.Days} d")
            .Append("</span></span></span>");
    }

    private void Pieces(string css, IEnumerable<(double From, double To)> pieces)
    {
        foreach (var (from, to) in pieces)
            html.Append($"<i class=\"{css}\" style=\"--l:{Drawing.Percent(from)};--w:{Drawing.Percent(to - from)}\"></i>");
    }

    private string Details(WaterfallPart part, RecordedSpan span)
    {
        if (details > MaxDetails)
            return "<div class=\"tv-more\">Left out, because this drawing has grown too large. Draw fewer spans to see the details.</div>";
        var more = new SpanDetails(part, span).ToHtml();
        details += more.Length;
        return more;
    }

    // In a label, the kind gives way first, then the service, last the name. Label and bar are side by side while
    // there is room for both, else one below the other: flex-wrap decides, for all rows alike.
    private const string Css = """
        .tv-trace{margin:0 0 20px}
        .tv-trace:last-child{margin-bottom:6px}
        .tv-head{display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 14px;margin:0 0 4px}
        .tv-title{font-size:15px;overflow-wrap:anywhere;display:-webkit-box;
          -webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
        .tv-id{font-family:ui-monospace,Consolas,Menlo,monospace;font-size:12px;overflow-wrap:anywhere}
        .tv-service{display:inline-flex;align-items:center;gap:5px;min-width:0;max-width:100%;overflow-wrap:anywhere}
        .tv-says{margin:2px 0;padding-left:8px;border-left:3px solid var(--tv-line);max-width:70em;overflow-wrap:anywhere}
        .tv-gone,.tv-gone:hover{cursor:default;background:none;padding-left:16px;align-items:center}
        .tv-rows{border-top:1px solid var(--tv-line);border-bottom:1px solid var(--tv-line)}
        .tv-line{display:flex;flex-wrap:wrap;column-gap:12px;min-height:24px;list-style:none;cursor:pointer}
        .tv-line::-webkit-details-marker{display:none}
        .tv-row{border-top:1px solid color-mix(in srgb,currentColor 7%,transparent)}
        .tv-line:hover{background:color-mix(in srgb,currentColor 6%,transparent)}
        .tv-what{flex:1 1 280px;min-width:0;display:flex;align-items:center;gap:6px;padding-left:16px;position:relative;white-space:nowrap}
        .tv-row>.tv-line>.tv-what::before{content:"";position:absolute;left:3px;top:50%;margin-top:-3px;
          border:solid var(--tv-dim);border-width:0 1.5px 1.5px 0;width:4px;height:4px;transform:rotate(-45deg)}
        .tv-row[open]>.tv-line>.tv-what::before{transform:rotate(45deg)}
        .tv-indent{flex:none;align-self:stretch;width:min(calc(var(--d)*13px - 6px),40%);margin-left:4px;
          background:repeating-linear-gradient(to right,var(--tv-line) 0 1px,transparent 1px 13px)}
        .tv-in{flex:0 999 auto;min-width:1.5em;overflow:hidden;text-overflow:ellipsis;color:var(--tv-dim)}
        .tv-name{flex:0 1 auto;min-width:1.5em;overflow:hidden;text-overflow:ellipsis;font-weight:600;unicode-bidi:isolate}
        .tv small{flex:none;font-size:11px}
        .tv .tv-kind{flex:0 9999999 auto;min-width:0;overflow:hidden;text-overflow:ellipsis;color:var(--tv-dim)}
        .tv .tv-remark{overflow-wrap:anywhere}
        .tv .tv-note{border:1px solid var(--tv-line);background:color-mix(in srgb,currentColor 7%,transparent);border-radius:8px;
          padding:0 6px}
        .tv .tv-look{border-color:var(--tv-bad);background:none;color:var(--tv-bad);font-weight:600}
        .tv-under{flex:1 1 100%;padding:0 0 4px 32px}
        .tv-wrong{outline:1.5px solid var(--tv-bad);outline-offset:-1px}
        .tv .tv-failed{--tv-c:var(--tv-bad)}
        .tv-when{flex:1 1 310px;min-width:0;min-height:20px;padding-right:64px;box-sizing:border-box}
        .tv-track{display:block;position:relative;height:100%;min-height:20px;background:var(--tv-grid)}
        .tv-track>*{position:absolute;top:50%;left:min(var(--l),calc(100% - 2px));width:max(var(--w),2px);box-sizing:border-box}
        .tv-track>.tv-wait,.tv-track>.tv-self{height:10px;margin-top:-5px}
        .tv-self{background:var(--tv-c,var(--tv-dim));border-radius:1px}
        .tv-wait{background:color-mix(in srgb,var(--tv-c,var(--tv-dim)) 22%,transparent);border-radius:2px;
          border:1px solid var(--tv-c,var(--tv-dim))}
        .tv-track>.tv-crit{height:2px;margin-top:7px}
        .tv-crit{background:currentColor}
        .tv-event{border:4px solid transparent;border-bottom-width:0;border-top:6px solid currentColor}
        .tv-track>.tv-event{width:0;margin:-11px 0 0 -4px}
        .tv-track>.tv-time{width:auto;margin:-9px 0 0 6px;font-size:12px;line-height:18px;white-space:nowrap;
          font-variant-numeric:tabular-nums}
        .tv-axis{cursor:default;font-size:11px;color:var(--tv-dim)}
        .tv-axis:hover{background:none}
        .tv-axis .tv-what{min-height:0}
        .tv-track>.tv-tick{width:auto;transform:translate(-50%,-50%);white-space:nowrap}
        .tv-track>.tv-tick:first-child{transform:translate(0,-50%)}
        .tv-foot{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:11px;color:var(--tv-dim);align-items:center}
        .tv-key{display:inline-block;width:18px;height:8px;box-sizing:border-box;margin-right:5px;vertical-align:middle}
        .tv-key.tv-crit{height:2px}
        .tv-key.tv-event{width:8px;height:6px}

        """;
}
