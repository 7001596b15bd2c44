#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;

/// <summary>Draws waterfalls for a terminal, at most 110 columns wide.</summary>
internal sealed class WaterfallText(IReadOnlyList<WaterfallPart> parts)
{
    public const int Width = 110;
    private const int LabelWidth = 56, BarWidth = 40;
    private const int MaxIndent = 8; // deeper levels keep this indentation and say their depth

    private readonly StringBuilder text = new();

    /// <summary>All parts and the key to their signs.</summary>
    public string Page()
    {
        var (left, drawn) = (Drawing.MaxSpans, 0);
        var links = new LinkIndex(parts.Select(p => p.Trace));
        foreach (var part in parts.TakeWhile(_ => left > 0))
        {
            part.Links = links;
            Part(part, Math.Min(left, part.MaxSpans));
            left -= Math.Min(part.Trace.Spans.Count, part.MaxSpans);
            drawn++;
        }

        if (drawn < parts.Count)
            text.Append($"{Drawing.Count(parts.Count - drawn, "more trace")} not drawn: choose some with Take or Where.\n\n");
        return text.Append("█ the span itself  ░ its children  * critical path  ✖ error  ◆ events  → links  ← linked from").ToString();
    }

    private void Part(WaterfallPart part, int maxSpans)
    {
        var (trace, errors) = (part.Trace, part.Errors > 0 ? $"✖ {Drawing.Count(part.Errors, "error")} · " : "");
        var facts = $" · {Drawing.Duration(trace.Duration)} · {Drawing.Count(trace.Spans.Count, "span")} · {errors}"
            + $"trace {Drawing.Fit(trace.TraceId, 40, pad: false)}";
        text.Append(Drawing.Fit(Drawing.Fit(part.Title, Width - facts.Length, pad: false) + facts, Width, pad: false)).Append('\n');

        foreach (var line in TraceRemarks.Of(part).SelectMany(r => Drawing.Wrap(r, Width - 2)))
            text.Append("  ").Append(line).Append('\n');
        var criticalPath = trace.CriticalPath;
        string? missing = null;
        var goesOn = new bool[MaxIndent + 1]; // per level: does another child of the same parent follow?
        foreach (var span in trace.SpansAsTree.Take(maxSpans))
        {
            if (trace.Parent(span) is null && part.MissingWithOthers(span) is var id && id != missing)
                text.Append((missing = id) is null ? "" : $"   ? of a parent that is not here, {Drawing.Fit(id!, 40, pad: false)}:\n");
            var failed = span.Status == ActivityStatusCode.Error;
            var (tree, below) = Tree(trace, span, goesOn);
            var (label, remarks) = (Label(part, span), string.Concat(part.Remarks(span).Select(r => $" ({r})")));
            var fits = tree.Length + Drawing.Columns(label) + remarks.Length <= LabelWidth;
            text.Append(criticalPath.Contains(span) ? '*' : ' ').Append(failed ? '✖' : ' ').Append(' ')
                .Append(Drawing.Fit(tree + label + (fits ? remarks : ""), LabelWidth)).Append(' ')
                .Append(Drawing.Duration(span.Duration).PadLeft(8)).Append("  ")
                .Append(Bar(part, span).TrimEnd()).Append('\n');
            if (!fits && remarks.Length > 0)
                text.Append(Drawing.Fit($"   {below}{remarks.TrimStart()}", Width, pad: false)).Append('\n');
            if (failed && !string.IsNullOrEmpty(span.StatusDescription))
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
        var branch = (goesOn[level] ? "├─ " : "└─ ") + (depth > MaxIndent ? $"(level {depth}) " : "");
        return (lines + branch, lines + (goesOn[level] ? "│  " : "   ") + below);
    }

    private static string Label(WaterfallPart part, RecordedSpan span)
    {
        var counts = (span.Events.Count > 0 ? $" ◆{span.Events.Count}" : "") + (span.Links.Count > 0 ? $" →{span.Links.Count}" : "")
            + (part.Links.To(span).Count() is > 0 and var linked ? $" ←{linked}" : "");
        var service = part.Entered(span) is { } name ? Drawing.Cut(name, 100) + ": " : "";
        var note = (part.Wrong(span) ? "[look here] " : "") + (part.Note(span) is { } word ? $"[{word}] " : "");
        return service + note + Drawing.Cut(span.Name) + counts;
    }

    private static string Bar(WaterfallPart part, RecordedSpan span)
    {
        var cells = new string(' ', BarWidth).ToCharArray();
        var from = Math.Min((int)(part.At(span.Start) * BarWidth), BarWidth - 1);
        var to = Math.Max(from + 1, (int)Math.Ceiling(part.At(span.End) * BarWidth));
        cells.AsSpan(from, to - from).Fill(part.Trace.Children(span).Count > 0 ? '░' : '█');
        foreach (var own in part.SelfRanges(span))
        {
            var (start, end) = ((int)Math.Round(part.At(own.Start) * BarWidth), (int)Math.Round(part.At(own.End) * BarWidth));
            cells.AsSpan(start, end - start).Fill('█');
        }

        return new string(cells);
    }
}
