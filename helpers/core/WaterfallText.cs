#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;

/// <summary>Draws waterfalls for a terminal, at most 100 columns wide.</summary>
internal sealed class WaterfallText(WaterfallPage page)
{
    public const int Width = 100;
    private const int LabelWidth = 50, BarWidth = 36;
    private const int MaxIndent = 8; // deeper levels keep this indentation and say their depth
    private const int MaxName = 120; // a longer one is cut: the page has it in full

    private readonly StringBuilder text = new();

    /// <summary>The key to the signs, and all parts.</summary>
    public string Page()
    {
        if (!page.Plain)
            text.Append("█ no child accounts for it  ░ a child runs  * critical path  ✖ error  ◆ events\n\n");
        Wrapped(page.Says ?? "", "");
        foreach (var part in page.Parts)
            Part(part);
        return text.Append(page.Left).ToString().TrimEnd();
    }

    private void Part(WaterfallPart part)
    {
        var trace = part.Trace;
        if (!part.OneSpan)
        {
            var errors = part.Errors > 0 ? $" · ✖ {Drawing.Count(part.Errors, "error")}" : "";
            var facts = $" · {Drawing.Duration(trace.Duration)} · {Drawing.Count(trace.Spans.Count, "span")}{errors}";
            Wrapped(Drawing.Fit(part.Title, Width - facts.Length, pad: false) + facts, "");
            Wrapped(Whose(part), "  ");
        }

        foreach (var remark in TraceRemarks.Of(part))
            Wrapped(remark, "  ");
        var criticalPath = trace.CriticalPath;
        string? missing = null;
        var goesOn = new bool[MaxIndent + 1]; // per level: does another child of the same parent follow?
        foreach (var span in part.Rows)
        {
            if (trace.Parent(span) is null && part.MissingWithOthers(span) is var id && id != missing)
                text.Append((missing = id) is null ? "" : $"   ? of a parent that is not here, {Drawing.Fit(id!, 40, pad: false)}:\n");
            var (tree, below) = Tree(trace, span, goesOn);
            var words = string.Join(' ', part.Notes(span).Concat(part.Remarks(span)).Select(r => $"({r})"));
            var label = Label(part, span);
            var fits = tree.Length + Drawing.Columns($"{label} {words}") <= LabelWidth;
            var lines = Drawing.Wrap(fits ? $"{label} {words}" : label, LabelWidth - tree.Length).ToArray();
            text.Append(!part.OneSpan && criticalPath.Contains(span) && part.ChildrenFit(span) ? '*' : ' ')
                .Append(span.Status == ActivityStatusCode.Error ? '✖' : ' ').Append(' ')
                .Append(Drawing.Fit(tree + lines.FirstOrDefault(), LabelWidth)).Append(' ')
                .Append(Drawing.Duration(span.Duration).PadLeft(8)).Append("  ")
                .Append(Bar(part, span).TrimEnd()).Append('\n');
            foreach (var line in lines.Skip(1))
                text.Append($"   {below}{line}\n");
            Wrapped(fits ? "" : words, $"   {below}");
            Wrapped(string.IsNullOrEmpty(span.StatusDescription) ? "" : $"ERROR: {Drawing.Cut(span.StatusDescription)}", $"   {below}");
        }

        Wrapped(part.OneSpan ? Whose(part) : "", "     ");
        if (trace.Spans.Count > part.Rows.Count)
            text.Append($"{Drawing.Count(trace.Spans.Count - part.Rows.Count, "more span")} of this trace not drawn.\n");
        text.Append(part.OneSpan ? "" : "\n");
    }

    private static string Whose(WaterfallPart part) =>
        $"trace {Drawing.Fit(part.Trace.TraceId, 40, pad: false)}{(part.Starts is { } starts ? $", {starts}" : "")}";

    private void Wrapped(string words, string before)
    {
        foreach (var line in Drawing.Wrap(words, Width - before.Length))
            text.Append(before).Append(line).Append('\n');
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
        var branch = (goesOn[level] ? "├─ " : "└─ ") + (depth > MaxIndent ? $"(level {depth}) " : "");
        return (lines + branch, lines + (goesOn[level] ? "│  " : "   ") + below);
    }

    private static string Label(WaterfallPart part, RecordedSpan span)
    {
        var service = part.Entered(span) is { } name ? Drawing.Cut(name, 60) + ": " : "";
        return service + (part.Wrong(span) ? "[look here] " : "") + Drawing.Cut(span.Name, MaxName)
            + (span.Events.Count > 0 ? $" ◆{span.Events.Count}" : "");
    }

    private static string Bar(WaterfallPart part, RecordedSpan span)
    {
        var cells = new string(' ', BarWidth).ToCharArray();
        var from = Math.Min((int)(part.At(span.Start) * BarWidth), BarWidth - 1);
        var to = Math.Max(from + 1, (int)Math.Ceiling(part.At(span.End) * BarWidth));
        cells.AsSpan(from, to - from).Fill(part.Trace.Children(span).Count > 0 ? '░' : '█');
        foreach (var own in part.SelfRanges(span))
        {
            var start = own.Start == span.Start ? from : (int)Math.Round(part.At(own.Start) * BarWidth);
            cells.AsSpan(start, (own.End == span.End ? to : (int)Math.Round(part.At(own.End) * BarWidth)) - start).Fill('█');
        }

        return new string(cells);
    }
}
