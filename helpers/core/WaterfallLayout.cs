#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;

/// <summary>A trace as one part of a waterfall, and what is said about it there.</summary>
/// <param name="Trace">The trace.</param>
internal sealed record WaterfallPart(RecordedTrace Trace)
{
    /// <summary>What stands above it: the name of its root, unless said otherwise.</summary>
    public string Title { get; init; } = Trace.Root.Name;

    /// <summary>How much time the width shows; parts with the same can be compared.</summary>
    public TimeSpan Scale { get; init; } = Trace.Duration;

    /// <summary>A word at some of the spans; null at the others.</summary>
    public Func<RecordedSpan, string?> Note { get; init; } = _ => null;

    /// <summary>The spans that an exercise finds wrong.</summary>
    public Func<RecordedSpan, bool> Wrong { get; init; } = _ => false;

    /// <summary>How many spans are drawn at most.</summary>
    public int MaxSpans { get; init; } = Drawing.MaxSpans;

    public int Errors => Trace.Spans.Count(s => s.Status == ActivityStatusCode.Error);

    // Positions in time: 0 where the trace starts, 1 at the end of the scale.
    public double At(DateTimeOffset time) => Math.Clamp((time - Trace.Start).Ticks / (double)Math.Max(1, Scale.Ticks), 0, 1);

    /// <summary>Round times, three to six of them: multiples of 1, 2, 5 or 10 times a power of ten.</summary>
    public IEnumerable<(double Position, string Label)> Ticks()
    {
        var length = (double)Math.Max(1, Scale.Ticks);
        var power = Math.Pow(10, Math.Floor(Math.Log10(length / 5)));
        var step = power * new[] { 1, 2, 5, 10 }.First(f => f * power >= length / 5);
        for (var i = 0; i * step <= length; i++)
            yield return (i * step / length, i == 0 ? "0" : Drawing.Duration(TimeSpan.FromTicks((long)(i * step))));
    }

    /// <summary>
    /// Stretches of time as pieces of a bar. What is too narrow to be seen is left out, gaps too: a bar never has more
    /// than some hundred pieces.
    /// </summary>
    public IEnumerable<(double From, double To)> Pieces(IEnumerable<TimeRange> ranges)
    {
        const double Visible = 0.001;
        (double From, double To) piece = (0, 0);
        foreach (var (start, end) in ranges.OrderBy(r => r.Start))
        {
            var next = (From: At(start), To: At(end));
            if (next.From - piece.To < Visible)
            {
                piece = (piece.To > piece.From ? piece.From : next.From, next.To);
                continue;
            }

            if (piece.To - piece.From >= Visible)
                yield return piece;
            piece = next;
        }

        if (piece.To - piece.From >= Visible)
            yield return piece;
    }

    /// <summary>What is unusual about the span's place in its trace, in words; empty for most spans.</summary>
    public IEnumerable<string> Remarks(RecordedSpan span)
    {
        if (span.ParentSpanId is not { } parentId)
            yield break;
        if (Trace.Parent(span) is not { } parent)
            yield return Trace.FindById(parentId) is null ? "parent not in this trace" : "its own ancestor";
        else if (span.Start < parent.Start)
            yield return "clock skew: starts before its parent";
        else if (span.Start > parent.End)
            yield return "starts after its parent ended";
    }
}

/// <summary>What a span says, in words.</summary>
internal static class SpanText
{
    public static string Kind(RecordedSpan span) => span.Kind.ToString().ToLowerInvariant();

    public static string Status(RecordedSpan span) =>
        string.IsNullOrEmpty(span.StatusDescription) ? $"{span.Status}" : $"{span.Status}: {span.StatusDescription}";

    public static string Value(object? value) => AttributeValue.Text(value);

    public static string Time(RecordedSpan span, RecordedEvent e) =>
        e.Time < span.Start ? $"{Drawing.Duration(span.Start - e.Time)} before the span" : $"+{Drawing.Duration(e.Time - span.Start)}";
}
