#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text;

/// <summary>
/// Draws recorded traces. Each drawing has two forms: HTML without script, and plain text of at most 110 columns.
/// </summary>
public sealed class TraceView : NotebookView
{
    /// <summary>A view never draws more spans than this; what is left out is said below it.</summary>
    private const int MaxSpans = 10_000;

    private readonly Func<string> html;
    private readonly Func<string> text;

    private TraceView(Func<string> html, Func<string> text) => (this.html, this.text) = (html, text);

    /// <summary>When each span of the trace ran, below its parent. A row unfolds to everything the span carries.</summary>
    public static TraceView Waterfall(RecordedTrace trace) => Waterfall([trace]);

    /// <summary>One waterfall below the other, each on a time axis of its own.</summary>
    public static TraceView Waterfall(IEnumerable<RecordedTrace> traces)
    {
        var list = traces.ToArray();
        return list.Length == 0 ? NoSpans() : new(() => new WaterfallHtml(list).ToString(), () => new WaterfallText(list).ToString());
    }

    /// <summary>
    /// Two traces of the same operation on one time scale, so that their bars compare, and above them what changed: the
    /// time, the spans with the longest changes, spans that are in one trace only, and errors that are in one only.
    /// </summary>
    public static TraceView SideBySide(RecordedTrace before, RecordedTrace after, string leftTitle = "before", string rightTitle = "after")
    {
        var comparison = new Comparison(before, after, leftTitle, rightTitle);
        return new(() => new WaterfallHtml([before, after]).SideBySide(comparison), () => new WaterfallText([before, after]).SideBySide(comparison));
    }

    /// <summary>One line per span, in the order given.</summary>
    public static TraceView Table(IEnumerable<RecordedSpan> spans)
    {
        var table = new SpanTable(spans.ToArray());
        return table.IsEmpty ? NoSpans() : new(table.ToHtml, table.ToString);
    }

    /// <summary>
    /// Who calls whom: services, databases and queues, and on each arrow how many calls there were, their median duration as
    /// the caller saw it, and how many failed.
    /// </summary>
    public static TraceView ServiceMap(IEnumerable<RecordedTrace> traces)
    {
        var list = traces.ToArray();
        if (list.Length == 0)
            return NoSpans();
        var map = new Lazy<ServiceMap>(() => new ServiceMap(list));
        return new(() => map.Value.ToHtml(), () => map.Value.ToString());
    }

    public override string ToHtml() => html();
    public override string ToString() => text();

    /// <summary>A duration with three significant digits and its unit: "830 µs", "1.24 ms", "2.1 s", "3 min 20 s".</summary>
    public static string Duration(TimeSpan time) => Drawing.Duration(time);

    // ---- What several drawings share -----------------------------------------------------------------------------

    // Nothing recorded is the most frequent surprise, so it is answered and not just reported.
    private static TraceView NoSpans()
    {
        const string Title = "No spans were recorded.";
        string[] reasons =
        [
            "The source was not added: AddSource(\"…\") needs the exact name of the ActivitySource.",
            "The provider was not there: it was built after the span started, or disposed before the span ended.",
            "The span has not ended yet: it is exported when it is disposed, at the end of its using block.",
            "The parent is not sampled: then, by default, neither are its children.",
        ];
        return new(
            () => Style + $"<div class=\"tv tv-none\"><b>{Title}</b> The usual reasons:<ol>{string.Concat(reasons.Select(r => $"<li>{Drawing.Encode(r)}</li>"))}</ol></div>",
            () => $"{Title} The usual reasons:\n{string.Join('\n', reasons.Select((r, i) => $"  {i + 1}. {r}"))}");
    }

    private static string KindLabel(ActivityKind kind) => kind.ToString().ToLowerInvariant();

    private static string StatusText(RecordedSpan span) =>
        string.IsNullOrEmpty(span.StatusDescription) ? $"{span.Status}" : $"{span.Status}: {span.StatusDescription}";

    /// <summary>What is unusual about the span's place in its trace, in words; empty for most spans.</summary>
    private static IEnumerable<string> Remarks(RecordedTrace trace, RecordedSpan span)
    {
        if (span.ParentSpanId is not { } parentId)
            yield break;
        if (trace.Parent(span) is not { } parent)
            yield return trace.FindById(parentId) is null ? "parent not in this trace" : "its own ancestor";
        else if (span.Start < parent.Start)
            yield return "clock skew: starts before its parent";
        else if (span.Start > parent.End)
            yield return "starts after its parent ended";
    }

    private static string ValueText(object? value) => value switch
    {
        null => "null",
        string s => s,
        bool b => b ? "true" : "false",
        IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(ValueText))}]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    /// <summary>A time axis that starts with a trace: turns moments into positions from 0 to 1.</summary>
    private sealed class Axis(RecordedTrace trace, TimeSpan duration)
    {
        private readonly double length = Math.Max(1, duration.Ticks);

        public double At(DateTimeOffset time) => Math.Clamp((time - trace.Start).Ticks / length, 0, 1);

        /// <summary>Round times, three to six of them: multiples of 1, 2, 5 or 10 times a power of ten.</summary>
        public IEnumerable<(double Position, string Label)> Ticks()
        {
            var power = Math.Pow(10, Math.Floor(Math.Log10(length / 5)));
            var step = power * new[] { 1, 2, 5, 10 }.First(f => f * power >= length / 5);
            for (var i = 0; i * step <= length; i++)
                yield return (i * step / length, i == 0 ? "0" : Drawing.Duration(TimeSpan.FromTicks((long)(i * step))));
        }
    }

    // ---- The waterfall as HTML -----------------------------------------------------------------------------------

    private sealed class WaterfallHtml(RecordedTrace[] traces)
    {
        private const int MaxIndent = 10; // deeper levels keep this indentation and say their depth
        private const int MaxDetails = 4_000_000; // characters; a notebook stores what it draws

        private int details;
        private readonly StringBuilder html = new(Style);
        private readonly Drawing.ServiceColors colors = new(traces.SelectMany(t => t.Services));

        public override string ToString()
        {
            html.Append("<div class=\"tv\">");
            var (left, drawn) = (MaxSpans, 0);
            foreach (var trace in traces.TakeWhile(_ => left > 0))
            {
                Draw(trace, left, trace.Duration, "", _ => null);
                left -= trace.Spans.Count;
                drawn++;
            }

            Foot();
            if (drawn < traces.Length)
                html.Append($"<b>{Drawing.Count(traces.Length - drawn, "more trace")} not drawn: choose some with Take or Where.</b>");
            return html.Append("</div></div>").ToString();
        }

        /// <summary>What changed, in sentences, and below it both traces: beside each other where there is room, else one below the other.</summary>
        public string SideBySide(Comparison comparison)
        {
            html.Append("<div class=\"tv\"><div class=\"tv-changes\">");
            foreach (var line in comparison.Lines)
                html.Append($"<div>{Drawing.Encode(line)}</div>");
            html.Append("</div><div class=\"tv-pair\">");
            foreach (var side in comparison.Sides)
                Draw(side.Trace, MaxSpans / 2, comparison.Duration, side.Title + ": ", side.Note);
            html.Append("</div>");
            Foot();
            return html.Append("</div></div>").ToString();
        }

        private void Foot() => html
            .Append("<div class=\"tv-foot\"><span><i class=\"tv-key tv-self\"></i>the span itself</span><span><i class=\"tv-key tv-wait\"></i>its children</span>")
                .Append("<span><i class=\"tv-key tv-crit\"></i>critical path: what the total time is made of</span><span><i class=\"tv-key tv-event\"></i>event</span>");

        private void Draw(RecordedTrace trace, int maxSpans, TimeSpan scale, string prefix, Func<RecordedSpan, string?> note)
        {
            var axis = new Axis(trace, scale);
            var ticks = axis.Ticks().ToArray();
            var errors = trace.Spans.Count(s => s.Status == ActivityStatusCode.Error);
            var summary = $"{Drawing.Count(trace.Spans.Count, "span")}, {Drawing.Duration(trace.Duration)}";

            html.Append($"<section class=\"tv-trace\" aria-label=\"Trace {Drawing.Encode(prefix + trace.Root.Name)}: {summary}\"><div class=\"tv-head\"><b class=\"tv-title\">{Drawing.Encode(prefix + trace.Root.Name)}</b>")
                .Append($"<span>{Drawing.Duration(trace.Duration)}</span><span>{Drawing.Count(trace.Spans.Count, "span")}</span>")
                .Append(errors > 0 ? $"<span class=\"tv-bad\">✖ {Drawing.Count(errors, "error")}</span>" : "")
                .Append($"<span class=\"tv-dim\">trace <span class=\"tv-id\">{Drawing.Encode(trace.TraceId)}</span></span></div><div class=\"tv-head\">");
            foreach (var service in trace.Services)
                html.Append($"<span class=\"tv-service\"><i class=\"tv-mark {colors.Class(service)}\"></i>{Drawing.Encode(service)}</span>");

            // One thin line per tick behind all rows, handed to them as a custom property.
            var lines = ticks.Select(t => $"linear-gradient(var(--tv-line),var(--tv-line)) {Drawing.Percent(t.Position)} 0/1px 100% no-repeat");
            html.Append($"</div><div class=\"tv-rows\" style=\"--tv-grid:{string.Join(',', lines)}\"><div class=\"tv-line tv-axis\" aria-hidden=\"true\"><span class=\"tv-what\"></span><span class=\"tv-when\"><span class=\"tv-track\">");
            foreach (var (position, label) in ticks)
                html.Append($"<span class=\"tv-tick\" style=\"left:{Drawing.Percent(position)}\">{label}</span>");
            html.Append("</span></span></div>");

            foreach (var span in trace.SpansAsTree.Take(maxSpans))
            {
                html.Append("<details class=\"tv-row\"><summary class=\"tv-line\">");
                Label(trace, span, note(span));
                Bar(trace, span, axis);
                html.Append("</summary>");
                Details(trace, span);
                html.Append("</details>");
            }

            html.Append("</div>");
            if (trace.Spans.Count > maxSpans)
                html.Append($"<div>{Drawing.Count(trace.Spans.Count - maxSpans, "more span")} of this trace not drawn.</div>");
            html.Append("</section>");
        }

        private void Label(RecordedTrace trace, RecordedSpan span, string? note)
        {
            var depth = trace.Depth(span);
            html.Append("<span class=\"tv-what\">");
            if (depth > 0)
                html.Append($"<i class=\"tv-indent\" style=\"--d:{Math.Min(depth, MaxIndent)}\"></i>");
            if (depth > MaxIndent)
                html.Append($"<small class=\"tv-dim\">level {depth}</small>");
            html.Append($"<i class=\"tv-mark {colors.Class(span.ServiceName)}\"></i>");
            if (trace.Parent(span)?.ServiceName != span.ServiceName) // said where a service is entered; below that the mark is enough
                html.Append($"<span class=\"tv-in\">{Drawing.Encode(span.ServiceName)}</span>");
            html.Append(span.Status == ActivityStatusCode.Error ? "<b class=\"tv-name tv-bad\">✖ " : "<b class=\"tv-name\">").Append(Drawing.Encode(span.Name)).Append("</b>")
                .Append($"<small class=\"tv-kind\">{KindLabel(span.Kind)}</small>");
            if (note is not null)
                html.Append($"<small class=\"tv-note\">{note}</small>");
            if (span.Links.Count > 0)
                html.Append($"<small class=\"tv-note\">{Drawing.Count(span.Links.Count, "link")}</small>");
            foreach (var remark in Remarks(trace, span))
                html.Append($"<small class=\"tv-note tv-remark\" title=\"{remark}\">{remark}</small>");
            html.Append("</span>");
        }

        private void Bar(RecordedTrace trace, RecordedSpan span, Axis axis)
        {
            var (from, to) = (axis.At(span.Start), axis.At(span.End));
            html.Append($"<span class=\"tv-when {colors.Class(span.ServiceName)}\"><span class=\"tv-track\">");
            if (trace.Children(span).Count == 0)
            {
                Piece("tv-self", from, to);
            }
            else
            {
                Piece("tv-wait", from, to);
                Pieces("tv-self", trace.SelfRanges(span), axis);
            }

            Pieces("tv-crit", trace.CriticalRanges(span), axis);

            // Events that would lie on top of each other share a mark.
            foreach (var marks in span.Events.GroupBy(e => Math.Round(axis.At(e.Time), 2)))
            {
                var title = string.Join('\n', marks.Take(5).Select(e => $"{Short(e.Name)} {Offset(span, e)}")) + (marks.Count() > 5 ? $"\n+ {marks.Count() - 5} more" : "");
                html.Append($"<i class=\"tv-event\" style=\"left:{Drawing.Percent(marks.Key)}\" title=\"{Drawing.Encode(title)}\"></i>");
            }

            html.Append($"<span class=\"tv-time{(span.Status == ActivityStatusCode.Error ? " tv-bad" : "")}\" style=\"left:{Drawing.Percent(to)}\">{Drawing.Duration(span.Duration)}</span></span></span>");
        }

        private void Piece(string css, double from, double to) =>
            html.Append($"<i class=\"{css}\" style=\"--l:{Drawing.Percent(from)};--w:{Drawing.Percent(to - from)}\"></i>");

        // What is too narrow to be seen is left out, gaps too: a bar never has more than some hundred pieces.
        private void Pieces(string css, IEnumerable<TimeRange> ranges, Axis axis)
        {
            const double Visible = 0.001;
            (double From, double To) piece = (0, 0);
            foreach (var (start, end) in ranges.OrderBy(r => r.Start))
            {
                var next = (From: axis.At(start), To: axis.At(end));
                if (next.From - piece.To >= Visible)
                {
                    if (piece.To - piece.From >= Visible)
                        Piece(css, piece.From, piece.To);
                    piece = next;
                }
                else
                {
                    piece = (piece.To > piece.From ? piece.From : next.From, next.To);
                }
            }

            if (piece.To - piece.From >= Visible)
                Piece(css, piece.From, piece.To);
        }

        private void Details(RecordedTrace trace, RecordedSpan span)
        {
            if (details > MaxDetails)
            {
                html.Append("<div class=\"tv-more\">Left out, because this drawing has grown too large. Draw fewer spans to see the details.</div>");
                return;
            }

            var before = html.Length;
            var parent = trace.Parent(span);
            var remarks = DetailedRemarks(span, parent).Concat(Remarks(trace, span)).ToArray();
            html.Append("<div class=\"tv-more\">");
            Section("Span",
                ("name", span.Name),
                ("kind", KindLabel(span.Kind)),
                ("service", span.ServiceName),
                ("source", $"{span.SourceName} {span.SourceVersion}".Trim()),
                ("status", StatusText(span)),
                ("start", $"+{Drawing.Duration(span.Start - trace.Start)} ({span.Start.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)} UTC)"),
                ("duration", Drawing.Duration(span.Duration) + (trace.Children(span).Count > 0 ? $", without its children {Drawing.Duration(trace.SelfTime(span))}" : "")),
                ("critical path", trace.CriticalTime(span) is var time && time > TimeSpan.Zero ? Drawing.Duration(time) : null),
                ("span id", span.SpanId),
                ("parent id", span.ParentSpanId),
                ("parent", parent is null ? null : parent.Name),
                ("tracestate", span.TraceState),
                ("note", remarks.Length > 0 ? string.Join(", ", remarks) : null));
            Section(span.Attributes.Count > 0 ? "Attributes" : "No attributes", Fields(span.Attributes));
            foreach (var e in span.Events)
                Section($"Event: {e.Name} {Offset(span, e)}", Fields(e.Attributes));
            foreach (var link in span.Links)
            {
                var target = link.TraceId == trace.TraceId ? trace.FindById(link.SpanId) : null;
                Section($"Link to {target?.Name ?? "a span of another trace"}", [("trace id", link.TraceId), ("span id", link.SpanId), .. Fields(link.Attributes)]);
            }

            // In a very large trace only where a service is entered: else most of the page would be resources.
            if (trace.Spans.Count <= 1000 || parent?.ServiceName != span.ServiceName)
                Section("Resource", Fields(span.Resource));
            html.Append("</div>");
            details += html.Length - before;
        }

        private static IEnumerable<string> DetailedRemarks(RecordedSpan span, RecordedSpan? parent)
        {
            if (span.HasRemoteParent)
                yield return "parent in another process";
            if (parent is not null && span.End > parent.End)
                yield return $"ends {Drawing.Duration(span.End - parent.End)} after its parent";
        }

        private static (string, string?)[] Fields(IReadOnlyList<KeyValuePair<string, object?>> attributes) =>
            attributes.Select(a => (a.Key, (string?)ValueText(a.Value))).ToArray();

        private void Section(string title, params (string Name, string? Value)[] fields)
        {
            var wide = fields.Any(f => f.Value?.Contains('\n') == true) ? " tv-wide" : "";
            html.Append($"<div class=\"tv-part{wide}\"><b>{Drawing.Encode(title)}</b><dl>");
            foreach (var (name, value) in fields)
            {
                if (value is null)
                    continue;
                var css = value.Contains('\n') ? " class=\"tv-pre\"" : name.EndsWith(" id", StringComparison.Ordinal) ? " class=\"tv-id\"" : "";
                html.Append($"<dt>{Drawing.Encode(name)}<dd{css}>{Drawing.Encode(value)}"); // HTML closes dt and dd by itself
            }

            html.Append("</dl></div>");
        }

        private static string Offset(RecordedSpan span, RecordedEvent e) =>
            e.Time < span.Start ? $"{Drawing.Duration(span.Start - e.Time)} before the span" : $"+{Drawing.Duration(e.Time - span.Start)}";

        private static string Short(string text) => text.Length <= 100 ? text : text[..100] + "…";
    }

    // ---- The waterfall as text -----------------------------------------------------------------------------------

    private sealed class WaterfallText(RecordedTrace[] traces)
    {
        private const int Width = 110, LabelWidth = 56, BarWidth = 40;
        private const int MaxIndent = 8; // deeper levels keep this indentation and say their depth

        private const string Signs = "█ the span itself  ░ its children  * critical path  ✖ error  ◆ events  → links";

        private readonly StringBuilder text = new();

        public override string ToString()
        {
            var (left, drawn) = (MaxSpans, 0);
            foreach (var trace in traces.TakeWhile(_ => left > 0))
            {
                Draw(trace, left, trace.Duration, "", _ => null);
                left -= trace.Spans.Count;
                drawn++;
            }

            if (drawn < traces.Length)
                text.Append($"{Drawing.Count(traces.Length - drawn, "more trace")} not drawn: choose some with Take or Where.\n\n");
            return text.Append(Signs).ToString();
        }

        public string SideBySide(Comparison comparison)
        {
            foreach (var line in comparison.Lines.SelectMany(l => Drawing.Wrap(l, Width)))
                text.Append(line).Append('\n');
            text.Append('\n');
            foreach (var side in comparison.Sides)
                Draw(side.Trace, MaxSpans / 2, comparison.Duration, side.Title + ": ", side.Note);
            return text.Append(Signs).ToString();
        }

        private void Draw(RecordedTrace trace, int maxSpans, TimeSpan scale, string prefix, Func<RecordedSpan, string?> note)
        {
            var errors = trace.Spans.Count(s => s.Status == ActivityStatusCode.Error);
            var facts = $" · {Drawing.Duration(trace.Duration)} · {Drawing.Count(trace.Spans.Count, "span")} · {(errors > 0 ? $"✖ {Drawing.Count(errors, "error")} · " : "")}trace {Drawing.Clean(trace.TraceId)}";
            text.Append(Drawing.Fit(Drawing.Fit(prefix + trace.Root.Name, Width - facts.Length, pad: false) + facts, Width, pad: false)).Append('\n');

            var axis = new Axis(trace, scale);
            var criticalPath = trace.CriticalPath;
            var goesOn = new bool[MaxIndent + 1]; // per level: does another child of the same parent follow?
            foreach (var span in trace.SpansAsTree.Take(maxSpans))
            {
                var (tree, below) = Tree(trace, span, goesOn);
                text.Append(criticalPath.Contains(span) ? '*' : ' ').Append(span.Status == ActivityStatusCode.Error ? '✖' : ' ').Append(' ')
                    .Append(Drawing.Fit(tree + Label(trace, span, note(span)), LabelWidth)).Append(' ').Append(Drawing.Duration(span.Duration).PadLeft(8)).Append("  ")
                    .Append(Bar(trace, span, axis).TrimEnd()).Append('\n');
                if (span.Status == ActivityStatusCode.Error && !string.IsNullOrEmpty(span.StatusDescription))
                    text.Append(Drawing.Fit($"   {below}ERROR: {span.StatusDescription}", Width, pad: false)).Append('\n');
            }

            if (trace.Spans.Count > maxSpans)
                text.Append($"{Drawing.Count(trace.Spans.Count - maxSpans, "more span")} of this trace not drawn.\n");
            text.Append('\n');
        }

        // The lines before a span's name, and the same lines going on below it.
        private static (string Tree, string Below) Tree(RecordedTrace trace, RecordedSpan span, bool[] goesOn)
        {
            var below = trace.Children(span).Count > 0 ? "│ " : "  ";
            if (trace.Parent(span) is not { } parent)
                return ("", below);
            var depth = trace.Depth(span);
            var level = Math.Min(depth, MaxIndent);
            goesOn[level] = !ReferenceEquals(trace.Children(parent)[^1], span);
            var lines = string.Concat(Enumerable.Range(1, level - 1).Select(l => goesOn[l] ? "│  " : "   "));
            return (lines + (goesOn[level] ? "├─ " : "└─ ") + (depth > MaxIndent ? $"(level {depth}) " : ""), lines + (goesOn[level] ? "│  " : "   ") + below);
        }

        private static string Label(RecordedTrace trace, RecordedSpan span, string? note)
        {
            var counts = (span.Events.Count > 0 ? $" ◆{span.Events.Count}" : "") + (span.Links.Count > 0 ? $" →{span.Links.Count}" : "");
            var service = trace.Parent(span)?.ServiceName == span.ServiceName ? "" : span.ServiceName + ": ";
            return service + (note is null ? "" : $"[{note}] ") + span.Name + counts + string.Concat(Remarks(trace, span).Select(r => $" ({r})"));
        }

        private static string Bar(RecordedTrace trace, RecordedSpan span, Axis axis)
        {
            var cells = new string(' ', BarWidth).ToCharArray();
            var from = Math.Min((int)(axis.At(span.Start) * BarWidth), BarWidth - 1);
            var to = Math.Max(from + 1, (int)Math.Ceiling(axis.At(span.End) * BarWidth));
            cells.AsSpan(from, to - from).Fill(trace.Children(span).Count > 0 ? '░' : '█');
            foreach (var own in trace.SelfRanges(span))
            {
                var (start, end) = ((int)Math.Round(axis.At(own.Start) * BarWidth), (int)Math.Round(axis.At(own.End) * BarWidth));
                cells.AsSpan(start, end - start).Fill('█');
            }

            return new string(cells);
        }
    }

    // ---- Two traces compared -------------------------------------------------------------------------------------

    /// <summary>
    /// Which span of one trace is which of the other: the same service, name and called span first, then the same service and
    /// name; where there are several, the first is the first, the second the second.
    /// </summary>
    private sealed class Comparison
    {
        private readonly Dictionary<RecordedSpan, RecordedSpan> later = [], earlier = [];
        private readonly TimeSpan visible;

        public Comparison(RecordedTrace before, RecordedTrace after, string leftTitle, string rightTitle)
        {
            Duration = before.Duration > after.Duration ? before.Duration : after.Duration;
            visible = Duration / 20; // what is shorter is no change that anyone should look at
            Match((trace, span) => (span.ServiceName, span.Name, trace.Children(span).FirstOrDefault(c => c.ServiceName != span.ServiceName)?.ToString()));
            Match((_, span) => (span.ServiceName, span.Name, null));
            Sides = [(leftTitle, before, s => Note(later, s)), (rightTitle, after, s => Note(earlier, s))];
            Lines = Sentences().ToArray();

            void Match(Func<RecordedTrace, RecordedSpan, (string, string, string?)> key)
            {
                var open = after.SpansAsTree.Where(s => !earlier.ContainsKey(s)).GroupBy(s => key(after, s)).ToDictionary(g => g.Key, g => new Queue<RecordedSpan>(g));
                foreach (var span in before.SpansAsTree.Where(s => !later.ContainsKey(s)))
                {
                    if (open.TryGetValue(key(before, span), out var same) && same.TryDequeue(out var other))
                        (later[span], earlier[other]) = (other, span);
                }
            }
        }

        /// <summary>Of the longer one: the length of the common time axis.</summary>
        public TimeSpan Duration { get; }

        public (string Title, RecordedTrace Trace, Func<RecordedSpan, string?> Note)[] Sides { get; }

        public IReadOnlyList<string> Lines { get; }

        private string? Note(Dictionary<RecordedSpan, RecordedSpan> matches, RecordedSpan span)
        {
            if (!matches.TryGetValue(span, out var other))
                return "only here";
            return matches == earlier && (span.Duration - other.Duration).Duration() >= visible ? Change(span.Duration - other.Duration) : null;
        }

        private static string Change(TimeSpan change) => (change < TimeSpan.Zero ? "−" : "+") + Drawing.Duration(change.Duration());

        private IEnumerable<string> Sentences()
        {
            var ((left, before, _), (right, after, _)) = (Sides[0], Sides[1]);
            var change = after.Duration - before.Duration;
            yield return $"{left}: {Drawing.Duration(before.Duration)}, {Drawing.Count(before.Spans.Count, "span")}. {right}: {Drawing.Duration(after.Duration)}, {Drawing.Count(after.Spans.Count, "span")}. "
                + (change.Duration() < visible ? "About the same time." : $"{Change(change)}.");

            var changes = later.Select(m => (Span: m.Value, Before: before.SelfTime(m.Key), After: after.SelfTime(m.Value)))
                .Where(c => (c.After - c.Before).Duration() >= visible).OrderByDescending(c => (c.After - c.Before).Duration()).Take(3)
                .Select(c => $"{Short(c.Span)} {Drawing.Duration(c.Before)} → {Drawing.Duration(c.After)} ({Change(c.After - c.Before)})").ToArray();
            yield return changes.Length > 0 ? $"Longest changes, each without the span's children: {string.Join("; ", changes)}."
                : later.Count == 0 ? "No span is in both."
                : "No span's own time changed by more than 5% of the whole.";

            foreach (var (title, spans) in new[] { (left, before.SpansAsTree.Where(s => !later.ContainsKey(s))), (right, after.SpansAsTree.Where(s => !earlier.ContainsKey(s))) })
            {
                if (spans.Any())
                    yield return $"Only in {title}: {Names(spans)}.";
            }

            foreach (var (title, spans) in new[] { (left, later.Where(m => Failed(m.Key) && !Failed(m.Value)).Select(m => m.Key)), (right, later.Where(m => !Failed(m.Key) && Failed(m.Value)).Select(m => m.Value)) })
            {
                if (spans.Any())
                    yield return $"Errors only in {title}: {Names(spans)}.";
            }
        }

        private static string Short(RecordedSpan span) => Drawing.Fit(span.ToString(), 60, pad: false);

        private static bool Failed(RecordedSpan span) => span.Status == ActivityStatusCode.Error;

        private static string Names(IEnumerable<RecordedSpan> spans)
        {
            var names = spans.GroupBy(Short).Select(g => g.Count() == 1 ? g.Key : $"{Drawing.Count(g.Count(), "time")} {g.Key}").ToArray();
            return string.Join("; ", names.Take(4)) + (names.Length > 4 ? $"; {names.Length - 4} more" : "");
        }
    }

    // ---- The table of spans --------------------------------------------------------------------------------------

    private sealed class SpanTable(RecordedSpan[] spans)
    {
        private static readonly string[] Columns = ["name", "kind", "service", "parent", "duration", "status"];
        private static readonly int[] Widths = [28, 8, 17, 20, 9, 23];

        private readonly ILookup<(string, string), string> names = spans.ToLookup(s => (s.TraceId, s.SpanId), s => s.Name);
        private readonly Drawing.ServiceColors colors = new(spans.Select(s => s.ServiceName));

        public bool IsEmpty => spans.Length == 0;

        private string Left => spans.Length > MaxSpans ? $"{Drawing.Count(spans.Length - MaxSpans, "more span")} not shown." : "";

        public string ToHtml()
        {
            var html = new StringBuilder(Style).Append("<div class=\"tv tv-scroll\"><table class=\"tv-table\"><thead><tr>");
            foreach (var column in Columns)
                html.Append($"<th scope=\"col\">{column}</th>");
            html.Append("</tr></thead><tbody>");
            foreach (var span in spans.Take(MaxSpans))
            {
                var failed = span.Status == ActivityStatusCode.Error;
                html.Append($"<tr><td>{Drawing.Encode(span.Name)}</td><td>{KindLabel(span.Kind)}</td><td><i class=\"tv-mark {colors.Class(span.ServiceName)}\"></i> {Drawing.Encode(span.ServiceName)}</td>")
                    .Append($"<td>{Drawing.Encode(Parent(span))}</td><td class=\"tv-num\">{Drawing.Duration(span.Duration)}</td><td>{(failed ? "<span class=\"tv-bad\">✖ " : "<span>")}{Drawing.Encode(StatusText(span))}</span></td></tr>");
            }

            return html.Append($"</tbody></table>{Left}</div>").ToString();
        }

        public override string ToString()
        {
            var lines = spans.Take(MaxSpans).Select(s => new[] { s.Name, KindLabel(s.Kind), s.ServiceName, Parent(s), Drawing.Duration(s.Duration), (s.Status == ActivityStatusCode.Error ? "✖ " : "") + StatusText(s) });
            var text = lines.Prepend(Columns).Select(cells => string.Join(' ', cells.Zip(Widths, (cell, width) => Drawing.Fit(cell, width))).TrimEnd());
            return string.Join('\n', text.Append(Left)).TrimEnd('\n');
        }

        private string Parent(RecordedSpan span) =>
            span.ParentSpanId is { } id ? names[(span.TraceId, id)].FirstOrDefault() ?? $"{id} (not here)" : "–";
    }

    // ---- Style ---------------------------------------------------------------------------------------------------

    // Colours are mixed from the page's own text colour, so that one style is readable on light and on dark pages.
    // Label and bar are side by side while there is room for both, else one below the other: flex-wrap decides, for all rows alike.
    private static readonly string Style = $$"""
        <style>
        .tv{font:13px/1.4 system-ui,-apple-system,"Segoe UI",sans-serif;text-align:left;color:inherit;--tv-line:color-mix(in srgb,currentColor 14%,transparent);--tv-dim:color-mix(in srgb,currentColor 74%,transparent);--tv-bad:color-mix(in srgb,#e5202a 62%,currentColor)}
        .tv i{font-style:normal}
        .tv-trace{margin:0 0 20px}
        .tv-trace:nth-last-child(2){margin-bottom:6px}
        .tv-head{display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 14px;margin:0 0 4px}
        .tv-title{font-size:15px;overflow-wrap:anywhere;display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
        .tv-dim{color:var(--tv-dim)}
        .tv-bad{color:var(--tv-bad)}
        .tv-id{font-family:ui-monospace,Consolas,Menlo,monospace;font-size:12px;overflow-wrap:anywhere}
        .tv-service{display:inline-flex;align-items:center;gap:5px;min-width:0;max-width:100%;overflow-wrap:anywhere}
        .tv-mark{flex:none;display:inline-block;width:9px;height:9px;border-radius:2px;background:var(--tv-c)}
        .tv-rows{border-top:1px solid var(--tv-line);border-bottom:1px solid var(--tv-line)}
        .tv-line{display:flex;flex-wrap:wrap;column-gap:12px;min-height:24px;list-style:none;cursor:pointer}
        .tv-line::-webkit-details-marker{display:none}
        .tv-row{border-top:1px solid color-mix(in srgb,currentColor 7%,transparent)}
        .tv-line:hover{background:color-mix(in srgb,currentColor 6%,transparent)}
        .tv-what{flex:2 1 280px;min-width:0;display:flex;align-items:center;gap:6px;padding-left:16px;position:relative;white-space:nowrap}
        .tv-row>.tv-line>.tv-what::before{content:"";position:absolute;left:3px;top:50%;margin-top:-3px;border:solid var(--tv-dim);border-width:0 1.5px 1.5px 0;width:4px;height:4px;transform:rotate(-45deg)}
        .tv-row[open]>.tv-line>.tv-what::before{transform:rotate(45deg)}
        .tv-indent{flex:none;align-self:stretch;width:min(calc(var(--d)*13px - 6px),40%);background:repeating-linear-gradient(to right,var(--tv-line) 0 1px,transparent 1px 13px);margin-left:4px}
        .tv-in{flex:0 9 auto;min-width:1.5em;overflow:hidden;text-overflow:ellipsis;color:var(--tv-dim)}
        .tv-name{flex:0 1 auto;min-width:1.5em;overflow:hidden;text-overflow:ellipsis;font-weight:600;unicode-bidi:isolate}
        .tv small{flex:none;font-size:11px}
        .tv .tv-kind{flex:0 200 auto;min-width:0;overflow:hidden;text-overflow:ellipsis;color:var(--tv-dim)}
        .tv .tv-remark{flex:0 5 auto;min-width:5em;overflow:hidden;text-overflow:ellipsis}
        .tv .tv-note{border:1px solid var(--tv-line);background:color-mix(in srgb,currentColor 7%,transparent);border-radius:8px;padding:0 6px}
        .tv-when{flex:3 1 310px;min-width:0;min-height:20px;padding-right:64px;box-sizing:border-box}
        .tv-track{display:block;position:relative;height:100%;min-height:20px;background:var(--tv-grid)}
        .tv-track>*{position:absolute;top:50%;left:min(var(--l),calc(100% - 2px));width:max(var(--w),2px);box-sizing:border-box}
        .tv-track>.tv-wait{height:10px;margin-top:-5px}
        .tv-track>.tv-self{height:10px;margin-top:-5px}
        .tv-self{background:var(--tv-c,var(--tv-dim));border-radius:1px}
        .tv-wait{background:color-mix(in srgb,var(--tv-c,var(--tv-dim)) 22%,transparent);border:1px solid var(--tv-c,var(--tv-dim));border-radius:2px}
        .tv-track>.tv-crit{height:2px;margin-top:7px}
        .tv-crit{background:currentColor}
        .tv-event{border:4px solid transparent;border-bottom-width:0;border-top:6px solid currentColor}
        .tv-track>.tv-event{width:0;margin:-11px 0 0 -4px}
        .tv-track>.tv-time{width:auto;margin:-9px 0 0 6px;font-size:12px;line-height:18px;white-space:nowrap;font-variant-numeric:tabular-nums}
        .tv-axis{cursor:default;font-size:11px;color:var(--tv-dim)}
        .tv-axis:hover{background:none}
        .tv-axis .tv-what{min-height:0}
        .tv-track>.tv-tick{width:auto;transform:translate(-50%,-50%);white-space:nowrap}
        .tv-track>.tv-tick:first-child{transform:translate(0,-50%)}
        .tv-more{display:flex;flex-wrap:wrap;gap:12px 28px;margin:2px 0 8px 8px;padding:8px 0 10px 18px;border-left:2px solid var(--tv-line)}
        .tv-part{flex:1 1 320px;min-width:0}
        .tv-wide{flex-basis:100%}
        .tv-part>b{font-weight:600;overflow-wrap:anywhere}
        .tv .tv-part dl{display:grid;grid-template-columns:minmax(60px,max-content) minmax(0,1fr);gap:1px 12px;margin:0;padding:0;font-size:12px}
        .tv .tv-part dt{margin:0;font-weight:400;color:var(--tv-dim);overflow-wrap:anywhere;min-width:0}
        .tv .tv-part dd{margin:0;overflow-wrap:anywhere;unicode-bidi:isolate;max-height:16em;overflow:auto}
        .tv .tv-part .tv-pre{white-space:pre;overflow-wrap:normal;font:12px/1.45 ui-monospace,Consolas,Menlo,monospace;grid-column:1/-1;padding:4px 8px;border-left:2px solid var(--tv-line)}
        .tv-changes{margin:0 0 10px;padding:6px 12px;border-left:3px solid var(--tv-line);max-width:70em;overflow-wrap:anywhere}
        .tv-changes>:first-child{font-weight:600}
        .tv-pair .tv-head>.tv-dim{flex-basis:100%}
        .tv-pair{display:flex;flex-wrap:wrap;gap:0 28px}
        .tv-pair .tv-indent{max-width:24%}
        .tv-pair>.tv-trace{flex:1 1 620px;min-width:0}
        .tv-foot{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:11px;color:var(--tv-dim);align-items:center}
        .tv-key{display:inline-block;width:18px;height:8px;box-sizing:border-box;margin-right:5px;vertical-align:middle}
        .tv-key.tv-crit{height:2px}
        .tv-key.tv-event{width:8px;height:6px}
        .tv-none{border-left:3px solid var(--tv-line);padding:4px 12px;max-width:46em}
        .tv-none ol{margin:4px 0 0;padding-left:1.6em}
        .tv-scroll{overflow-x:auto}
        .tv .tv-table{border-collapse:collapse;border:0;width:auto;max-width:100%;font-size:12px}
        .tv .tv-table tr{background:none}
        .tv .tv-table th,.tv .tv-table td{border:0;border-bottom:1px solid var(--tv-line);padding:2px 16px 2px 0;text-align:left;vertical-align:top;overflow-wrap:anywhere;font-size:12px;background:none}
        .tv .tv-table th{font-weight:600;color:var(--tv-dim)}
        .tv .tv-table .tv-num{text-align:right;white-space:nowrap}
        {{Drawing.ServiceColors.Css("tv-c", "--tv-c")}}
        </style>
        """;
}
