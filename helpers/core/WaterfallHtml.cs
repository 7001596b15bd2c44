#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;

/// <summary>Draws waterfalls for a page: rows that unfold, no script.</summary>
internal sealed class WaterfallHtml(WaterfallPage page)
{
    private const int MaxIndent = 10; // deeper levels keep this indentation and say their depth
    private const int MaxDetails = 3_200_000; // characters; a notebook stores what it draws

    private const string TooLarge =
        "<div class=\"tv-more\">Left out, because this drawing has grown too large. Draw fewer spans to see the details.</div>";

    private int details;
    private readonly StringBuilder html = new($"<style>{Drawing.Css}{Css}{SpanDetails.Css}</style>");
    private readonly Drawing.ServiceColors colors = new(page.Parts.SelectMany(p => p.Trace.Services));

    /// <summary>The key to the signs, and all parts.</summary>
    /// <param name="above">HTML that is above them.</param>
    /// <param name="css">The class of the element around them.</param>
    public string Page(string above = "", string css = "tv-parts")
    {
        html.Append($"<div class=\"tv\"{(page.Lanes > 0 ? $" style=\"--tv-lanes:{page.Lanes}\"" : "")}>{above}");
        if (!page.Plain || page.Lanes > 0)
            Legend();
        if (page.Says is not null)
            html.Append($"<div class=\"tv-says\">{page.Says}</div>");
        html.Append($"<div class=\"{css}\">");
        foreach (var part in page.Parts)
            Part(part);
        return html.Append("</div>").Append(page.Left.Length > 0 ? $"<b>{page.Left}</b>" : "").Append("</div>").ToString();
    }

    private void Legend()
    {
        html.Append("<div class=\"tv-legend\">");
        foreach (var service in page.Parts.SelectMany(p => p.Trace.Services).Distinct())
            html.Append($"<span class=\"tv-service\"><i class=\"tv-mark {colors.Class(service)}\"></i>{Drawing.Encode(service)}</span>");
        Sign(!page.Plain, "tv-self", "no child accounts for it");
        Sign(!page.Plain, "tv-wait", "a child runs");
        Sign(!page.Plain && page.Any((p, s) => p.CriticalRanges(s).Count > 0), "tv-crit", "critical path: what the root's time is made of");
        Sign(page.Any((p, s) => p.Gap(s) is not null), "tv-gap", "before and after the server: network, queues");
        Sign(page.Any((_, s) => s.Events.Count > 0), "tv-event", "event");
        Sign(page.Lanes > 0, "tv-link", "link");
        html.Append("</div>");

        void Sign(bool here, string sign, string meaning) =>
            html.Append(here ? $"<span><i class=\"tv-key {sign}\"></i>{meaning}</span>" : "");
    }

    private void Part(WaterfallPart part)
    {
        var trace = part.Trace;
        var ticks = part.Ticks().ToArray();
        var (title, time, count) = (Drawing.Encode(part.Title), Drawing.Duration(trace.Duration), Drawing.Count(trace.Spans.Count, "span"));
        html.Append($"<section class=\"tv-trace{(part.OneSpan ? " tv-one" : "")}\" aria-label=\"Trace {title}: {count}, {time}\">")
            .Append("<div class=\"tv-top\">");
        Through(part, part.Rows[0]);
        if (!part.OneSpan)
        {
            html.Append($"<div class=\"tv-head\"><b class=\"tv-title\">{title}</b><span>{time}</span><span>{count}</span>")
                .Append(part.Errors > 0 ? $"<span class=\"tv-bad\">✖ {Drawing.Count(part.Errors, "error")}</span>" : "")
                .Append(part.Starts is { } starts ? $"<span>starts {starts}</span>" : "")
                .Append($"<span class=\"tv-dim\">trace <span class=\"tv-id\">{Drawing.Encode(trace.TraceId)}</span></span></div>");
        }

        foreach (var remark in TraceRemarks.Of(part))
            html.Append($"<div class=\"tv-says\">{Drawing.Encode(remark)}</div>");
        if (!part.OneSpan || ReferenceEquals(part, page.Parts[0]) && page.Parts.Count > 1)
        {
            html.Append("<div class=\"tv-line tv-axis\" aria-hidden=\"true\"><span class=\"tv-what\"></span>")
                .Append("<span class=\"tv-when\"><span class=\"tv-track\">");
            foreach (var (position, label) in ticks)
                html.Append($"<span class=\"tv-tick\" style=\"left:{Drawing.Percent(position)}\">{label}</span>");
            html.Append("</span></span></div>");
        }

        // One thin line per tick behind all rows, handed to them as a custom property.
        var lines = ticks.Select(t => $"linear-gradient(var(--tv-line),var(--tv-line)) {Drawing.Percent(t.Position)} 0/1px 100% no-repeat");
        var grid = page.Parts.Count > 1 || !part.OneSpan ? string.Join(',', lines) : "none";
        html.Append($"</div><div class=\"tv-rows\" style=\"--tv-grid:{grid}\">");
        string? missing = null;
        foreach (var span in part.Rows)
        {
            if (trace.Parent(span) is null && part.MissingWithOthers(span) is var id && id != missing && (missing = id) is not null)
            {
                html.Append("<div class=\"tv-line tv-gone tv-dim\">");
                Through(part, span);
                html.Append($"<span>a parent that is not here: <span class=\"tv-id\">{Drawing.Encode(missing)}</span></span></div>");
            }

            Row(part, span, trace.Depth(span) + (missing is null ? 0 : 1));
        }

        var more = trace.Spans.Count - part.Rows.Count;
        html.Append("</div>").Append(more > 0 ? $"<div>{Drawing.Count(more, "more span")} of this trace not drawn.</div>" : "")
            .Append("</section>");
    }

    private void Row(WaterfallPart part, RecordedSpan span, int depth)
    {
        html.Append($"<details class=\"tv-row{(part.Wrong(span) ? " tv-wrong" : "")}\"><summary class=\"tv-line\">");
        foreach (var (lane, role) in part.Arrows.Beside(span))
            html.Append($"<i class=\"tv-lane{role}\" style=\"--k:{lane}\"></i>");
        Label(part, span, depth);
        Bar(part, span);
        var more = details > MaxDetails ? TooLarge : new SpanDetails(part, span).ToHtml();
        details += more.Length;
        html.Append("</summary>").Append(more).Append("</details>");
    }

    // The arrows that pass what is above a row.
    private void Through(WaterfallPart part, RecordedSpan below)
    {
        foreach (var (lane, _) in part.Arrows.Beside(below).Where(p => !p.Css.StartsWith(" tv-a", StringComparison.Ordinal)))
            html.Append($"<i class=\"tv-lane\" style=\"--k:{lane}\"></i>");
    }

    private void Label(WaterfallPart part, RecordedSpan span, int depth)
    {
        html.Append("<span class=\"tv-what\">")
            .Append(depth > 0 ? $"<i class=\"tv-indent\" style=\"--d:{Math.Min(depth, MaxIndent)}\"></i>" : "")
            .Append(depth > MaxIndent ? $"<small class=\"tv-dim\">level {depth}</small>" : "")
            .Append($"<i class=\"tv-mark {colors.Class(span.ServiceName)}\"></i><span class=\"tv-label\">");
        if (part.Entered(span) is { } service) // below that the mark is enough
            html.Append($"<span class=\"tv-in\">{Drawing.Encode(service)}</span> ");
        html.Append(span.Status == ActivityStatusCode.Error ? "<b class=\"tv-name tv-bad\">✖ " : "<b class=\"tv-name\">")
            .Append(Drawing.Encode(span.Name)).Append("</b> ")
            .Append(part.Wrong(span) ? "<small class=\"tv-note tv-look\">look here</small> " : "")
            .Append($"<small class=\"tv-kind\">{SpanText.Kind(span)}</small>");
        foreach (var note in part.Notes(span))
            html.Append($" <small class=\"tv-note\">{Drawing.Encode(note)}</small>");
        foreach (var remark in part.Remarks(span))
            html.Append($" <small class=\"tv-note tv-remark\">{remark}</small>");
        if (part.OneSpan)
        {
            html.Append($"<span class=\"tv-whose\">trace <span class=\"tv-id\">{Drawing.Encode(part.Trace.TraceId)}</span>")
                .Append(part.Starts is { } starts ? $", {starts}</span>" : "</span>");
        }

        html.Append("</span></span>");
    }

    private void Bar(WaterfallPart part, RecordedSpan span)
    {
        var (trace, failed) = (part.Trace, span.Status == ActivityStatusCode.Error);
        var whole = (From: part.At(span.Start), To: part.At(span.End));
        var (leaf, end) = (trace.Children(span).Count == 0, whole.To);
        html.Append($"<span class=\"tv-when {colors.Class(span.ServiceName)}{(failed ? " tv-failed" : "")}\"><span class=\"tv-track\">");
        if (part.Gap(span) is not null && trace.Parent(span) is { } client)
        {
            end = Math.Max(end, part.At(client.End));
            Pieces("tv-gap", [(part.At(client.Start), whole.From), (whole.To, end)]);
        }

        Pieces(leaf ? "tv-self" : "tv-wait", [whole]);
        if (!leaf)
            Pieces("tv-self", part.Pieces(part.SelfRanges(span)));
        if (!part.OneSpan)
            Pieces("tv-crit", part.Pieces(part.CriticalRanges(span)));

        // Events that would lie on top of each other share a mark.
        foreach (var marks in span.Events.GroupBy(e => Math.Round(part.At(e.Time), 2)))
        {
            var title = string.Join('\n', marks.Take(5).Select(e => $"{Drawing.Cut(e.Name, 100)} {SpanText.Time(span, e)}"))
                + (marks.Count() > 5 ? $"\n+ {marks.Count() - 5} more" : "");
            title = Drawing.Encode(title, 2 * Drawing.MaxText);
            html.Append($"<i class=\"tv-event\" style=\"left:{Drawing.Percent(marks.Key)}\" title=\"{title}\"></i>");
        }

        html.Append($"<span class=\"tv-time{(failed ? " tv-bad" : "")}\" style=\"left:{Drawing.Percent(end)}\">")
            .Append(span.Duration.TotalDays < 1000 ? Drawing.Duration(span.Duration) : $"{span.Duration.Days} d")
            .Append("</span></span></span>");
    }

    private void Pieces(string css, IEnumerable<(double From, double To)> pieces)
    {
        foreach (var (from, to) in pieces)
            html.Append($"<i class=\"{css}\" style=\"--l:{Drawing.Percent(from)};--w:{Drawing.Percent(to - from)}\"></i>");
    }

    // Label and bar are side by side while there is room for both, else one below the other: flex-wrap decides, for all rows
    // alike. Names are never cut: a long one takes a second line. An arrow's pieces lie in a margin left of the rows.
    private const string Css = """
        .tv-trace{padding-left:calc(var(--tv-lanes,0)*11px)}.tv-trace:last-child{margin-bottom:10px}
        .tv-trace:not(.tv-one)+.tv-trace>.tv-top,.tv-trace+.tv-trace:not(.tv-one)>.tv-top{padding-top:18px}
        .tv-top,.tv-row,.tv-gone{position:relative;display:flow-root}
        .tv-head{display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 14px;margin:0 0 4px}
        .tv-title{font-size:15px;overflow-wrap:anywhere}.tv-what>.tv-mark{margin-top:calc(5px + var(--tv-pad,3px))}
        .tv-id{font-family:ui-monospace,Consolas,Menlo,monospace;font-size:12px;overflow-wrap:anywhere}
        .tv-service{display:inline-flex;align-items:center;gap:5px;min-width:0;max-width:100%;overflow-wrap:anywhere}
        .tv-says{margin:2px 0;padding-left:8px;border-left:3px solid var(--tv-line);max-width:70em;overflow-wrap:anywhere}
        .tv-gone{cursor:default;padding-left:16px;align-items:center}
        .tv-rows{border-top:1px solid var(--tv-line);border-bottom:1px solid var(--tv-line)}.tv-one+.tv-one>.tv-rows{border-top:0}
        .tv-line{display:flex;flex-wrap:wrap;column-gap:12px;min-height:calc(18px + 2*var(--tv-pad,3px));list-style:none;cursor:pointer}
        .tv-line::-webkit-details-marker{display:none}.tv-row+.tv-row{border-top:1px solid color-mix(in srgb,currentColor 7%,transparent)}
        .tv-row>.tv-line:hover{background:color-mix(in srgb,currentColor 6%,transparent)}
        .tv-what{flex:1 1 280px;min-width:0;display:flex;align-items:flex-start;gap:6px;padding-left:16px;position:relative}
        .tv-label{min-width:0;padding:var(--tv-pad,3px) 0;line-height:18px;overflow-wrap:anywhere}
        .tv-row>.tv-line>.tv-what::before{content:"";position:absolute;left:3px;top:calc(6px + var(--tv-pad,3px));
          border:solid var(--tv-dim);border-width:0 1.5px 1.5px 0;width:4px;height:4px;transform:rotate(-45deg)}
        .tv-row[open]>.tv-line>.tv-what::before{transform:rotate(45deg)}
        .tv-indent{flex:none;align-self:stretch;width:min(calc(var(--d)*13px - 6px),40%);margin-left:4px;
          background:repeating-linear-gradient(to right,var(--tv-line) 0 1px,transparent 1px 13px)}.tv-in,.tv .tv-kind{color:var(--tv-dim)}
        .tv-name{font-weight:600}.tv small{font-size:12px}.tv-what>small{line-height:24px}
        .tv .tv-note{border:1px solid var(--tv-line);background:color-mix(in srgb,currentColor 7%,transparent);border-radius:8px;
          padding:0 6px;display:inline-block;line-height:16px}
        .tv .tv-look{border-color:var(--tv-bad);background:none;color:var(--tv-bad);font-weight:600}
        .tv-whose{display:block;font-size:12px;color:var(--tv-dim)}.tv-wrong{outline:1.5px solid var(--tv-bad);outline-offset:-1px}
        .tv .tv-failed{--tv-c:var(--tv-red)}.tv-when{flex:1 1 310px;min-width:0;min-height:20px;padding-right:64px;box-sizing:border-box}
        .tv-track{display:block;position:relative;height:100%;min-height:20px;background:var(--tv-grid)}
        .tv-track>*{position:absolute;top:50%;left:min(var(--l),calc(100% - 2px));width:max(var(--w),2px);box-sizing:border-box}
        .tv-track>.tv-wait,.tv-track>.tv-self{height:10px;margin-top:-5px}
        .tv-self{border-top:10px solid var(--tv-c,var(--tv-dim));border-radius:1px}
        .tv-wait{background:color-mix(in srgb,var(--tv-c,var(--tv-dim)) 22%,transparent);border-radius:2px;
          border:1px solid var(--tv-c,var(--tv-dim))}.tv-crit{border-top:2px solid currentColor}
        .tv-track>.tv-crit{height:2px;margin-top:7px}.tv-track>.tv-gap{height:0;margin-top:-1px}.tv-gap{border-top:2px dotted currentColor}
        .tv-event{border:4px solid transparent;border-bottom-width:0;border-top:6px solid currentColor}
        .tv-track>.tv-event{width:0;margin:-11px 0 0 -4px}
        .tv-track>.tv-time{width:auto;margin:-9px 0 0 6px;font-size:12px;line-height:18px;white-space:nowrap;
          font-variant-numeric:tabular-nums}.tv-axis{cursor:default;font-size:12px;color:var(--tv-dim)}
        .tv-track>.tv-tick{width:auto;transform:translate(-50%,-50%);white-space:nowrap}
        .tv-track>.tv-tick:first-child{transform:translate(0,-50%)}
        .tv-lane{position:absolute;left:calc((var(--k) - var(--tv-lanes))*11px);top:-1px;bottom:-1px;border-left:1.5px dashed currentColor;
          --w:calc((var(--tv-lanes) - var(--k))*11px)}.tv-a{top:12px}.tv-z{bottom:auto;height:13px}
        .tv-from::before,.tv-to::before{content:"";position:absolute;left:0;top:12px;width:var(--w);border-top:1.5px dashed currentColor}
        .tv-to::after{content:"";position:absolute;left:calc(var(--w) - 6px);top:8px;border:5px solid transparent;
          border-left:7px solid currentColor;border-right:0}.tv-a::before{top:0}.tv-a::after{top:-4px}.tv-z::before{top:auto;bottom:0}
        .tv-z::after{top:auto;bottom:-5px}
        .tv-legend{display:flex;flex-wrap:wrap;gap:2px 16px;margin:0 0 6px;font-size:12px;color:var(--tv-dim);align-items:center}
        .tv-key{display:inline-block;width:18px;height:10px;box-sizing:border-box;margin-right:5px;vertical-align:middle}
        .tv-key.tv-crit,.tv-key.tv-gap{height:2px}.tv-key.tv-event{width:8px;height:6px}
        .tv-key.tv-link{height:0;border-top:1.5px dashed currentColor}
        @media (forced-colors:active){.tv-indent,.tv-track,.tv-event,.tv-to::after{forced-color-adjust:none;color:CanvasText}
          .tv-track>:not(.tv-event){forced-color-adjust:auto}}
        @media print{.tv-rows:has(>details:not([open]))::after{content:"Not printed: what the closed rows hold.";font-size:12px}}

        """;
}
