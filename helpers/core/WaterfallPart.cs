#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

/// <summary>A trace as one part of a waterfall, and what is said about it there.</summary>
/// <param name="Trace">The trace.</param>
internal sealed record WaterfallPart(RecordedTrace Trace)
{
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);
    private readonly (DateTimeOffset Start, DateTimeOffset End) axis = Axis(Trace);
    private readonly HashSet<string> instances = Trace.Spans.GroupBy(s => s.ServiceName)
        .Where(g => g.Select(s => s.Instance).OfType<string>().Distinct().Skip(1).Any()).Select(g => g.Key).ToHashSet();

    private readonly HashSet<string> together = Trace.Roots.Select(Trace.MissingParent).OfType<string>()
        .GroupBy(id => id).Where(g => g.Skip(1).Any()).Select(g => g.Key).ToHashSet();

    /// <summary>What is above it: the name of its root, unless said otherwise.</summary>
    public string Title { get; init; } = NameOf(Trace);

    /// <summary>The name of the root; of a trace without one, that of its first span.</summary>
    public static string NameOf(RecordedTrace trace) =>
        trace.Root.ParentSpanId is null ? trace.Root.Name : $"(root missing) {trace.Root.Name}";

    /// <summary>One span: its row says it all.</summary>
    public bool OneSpan => Trace.Spans.Count == 1;

    /// <summary>Where the time axis begins: with the trace, unless several share one.</summary>
    public DateTimeOffset From { get; init; } = Axis(Trace).Start;

    /// <summary>Of several traces, when it starts, in words; null for the first.</summary>
    public string? Starts { get; init; }

    /// <summary>How much time the width shows; parts with the same can be compared.</summary>
    public TimeSpan Scale { get; init; } = Axis(Trace).End - Axis(Trace).Start;

    /// <summary>A word at some of the spans; null at the others.</summary>
    public Func<RecordedSpan, string?> Note { get; init; } = _ => null;

    /// <summary>The spans that an exercise finds wrong.</summary>
    public Func<RecordedSpan, bool> Wrong { get; init; } = _ => false;

    /// <summary>How many spans are drawn at most.</summary>
    public int MaxSpans { get; init; } = Drawing.MaxSpans;

    /// <summary>The spans that are drawn.</summary>
    public IReadOnlyList<RecordedSpan> Rows { get; init; } = [];

    /// <summary>All spans of the page, for links between its traces.</summary>
    public LinkIndex Links { get; init; } = new([Trace]);

    /// <summary>The arrows beside the rows.</summary>
    public LinkArrows Arrows { get; init; } = new([], new([]));

    public int Errors => Trace.Spans.Count(s => s.Status == ActivityStatusCode.Error);

    // Positions in time: 0 where the axis starts, 1 at the end of the scale.
    public double At(DateTimeOffset time) => Math.Clamp((time - From).Ticks / (double)Math.Max(1, Scale.Ticks), 0, 1);

    /// <summary>How far the span starts from the time axis, if it is years away: before (less than zero) or after; else null.</summary>
    public TimeSpan? FarAway(RecordedSpan span) => (span.Start - axis.Start).Duration() > Year ? span.Start - axis.Start : null;

    /// <summary>Whether the span ends years after the end of the time axis.</summary>
    public bool EndsFarAway(RecordedSpan span) => FarAway(span) is null && span.End - axis.End > Year;

    // A start in 1970 (a wrong unit) would make one dot of all the others: the axis is that of the most spans that are not
    // years apart, the later ones if there are as many.
    private static (DateTimeOffset Start, DateTimeOffset End) Axis(RecordedTrace trace)
    {
        var (first, best, bestLength) = (0, 0, 0);
        for (var i = 1; i <= trace.Spans.Count; i++)
        {
            if (i < trace.Spans.Count && trace.Spans[i].Start - trace.Spans[i - 1].Start <= Year)
                continue;
            if (i - first >= bestLength)
                (best, bestLength) = (first, i - first);
            first = i;
        }

        var start = trace.Spans[best].Start;
        var end = trace.Spans.Select(s => s.End).Where(e => e >= start && e - start <= Year).DefaultIfEmpty(trace.End).Max();
        return (start, end > start ? end : start);
    }

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
        var pieces = new List<(double From, double To)>();
        foreach (var (start, end) in ranges.OrderBy(r => r.Start))
        {
            if (pieces.Count > 0 && At(start) - pieces[^1].To < Visible)
                pieces[^1] = (pieces[^1].From, At(end));
            else
                pieces.Add((At(start), At(end)));
        }

        return pieces.Where(p => p.To - p.From >= Visible);
    }

    /// <summary>What is unusual about the span and its place in the trace, in words; empty for most spans.</summary>
    /// <param name="span">A span of the trace.</param>
    /// <param name="all">Also what is no surprise; else only what belongs in the row.</param>
    public IEnumerable<string> Remarks(RecordedSpan span, bool all = false)
    {
        var parent = Trace.Parent(span);
        if (span.Copies > 1)
            yield return $"came {span.Copies} times, counted once";
        if (Trace.SameId(span) is > 1 and var same)
        {
            yield return parent?.SpanId == span.SpanId ? "has the span id of its parent"
                : Trace.Children(span).Any(c => c.SpanId == span.SpanId) ? "has the span id of its child"
                : $"{same} spans have this id";
        }

        if (Trace.MissingParent(span) is not null && (all || MissingWithOthers(span) is null)) // else a line above says it for all of them
            yield return "parent not in this trace";
        else if (Trace.Circle(span) is > 0 and var circle)
            yield return circle == 1 ? "its own parent" : $"its own ancestor: {circle} spans in a circle";
        if (FarAway(span) is { } far)
            yield return $"starts {Drawing.Duration(far.Duration())} {(far < TimeSpan.Zero ? "before" : "after")} the others";
        foreach (var (text, _) in SpanTimes.Remarks(span, parent).Where(r => all || r.InRow))
            yield return text;
    }

    /// <summary>What is at the span besides its name: which attempt it is, the gap to its client, its links, and those to it.</summary>
    public IEnumerable<string> Notes(RecordedSpan span)
    {
        var again = span["http.request.resend_count"] is { } n ? $"http.request.resend_count {AttributeText.Of(n)}" : null;
        foreach (var note in new[] { Note(span), again }.OfType<string>())
            yield return note;
        if (Gap(span) is var (before, after) && before + after >= Scale / 20)
            yield return $"before {Drawing.Duration(before)}, after {Drawing.Duration(after)}";
        var (here, from) = (span.Links.Select(Links.Target).OfType<RecordedSpan>().ToArray(), Links.To(span).Take(100).ToArray());
        if (here.Length > 0)
            yield return here.Length == 1 ? $"link to {Drawing.Fit(here[0].Name, 40, pad: false)}" : $"links to {here.Length} spans here";
        if (span.Links.Count - here.Length is > 0 and var others)
            yield return others == 1 ? "link to a span that is not here" : $"links to {others} spans that are not here";
        if (from.Length > 0)
            yield return "linked from " + (from.Length == 1 ? Drawing.Fit(from[0].Name, 40, pad: false) : $"{from.Length} spans here");
    }

    /// <summary>The service's name where it is entered, with the instance if another one of it takes part; else null.</summary>
    public string? Entered(RecordedSpan span)
    {
        if (Trace.Parent(span) is { } parent && SpanTimes.SameProcess(span, parent))
            return null;
        return span.Instance is { } instance && instances.Contains(span.ServiceName) ? $"{span.ServiceName} ({Drawing.Cut(instance, 40)})"
            : span.ServiceName;
    }

    /// <summary>The id of the missing parent, if the span shares it with other spans: these are drawn together; else null.</summary>
    public string? MissingWithOthers(RecordedSpan span) => Trace.MissingParent(span) is { } id && together.Contains(id) ? id : null;

    /// <summary>How long its client runs before and after it, where that can be seen and the clocks agree; else null.</summary>
    public (TimeSpan Before, TimeSpan After)? Gap(RecordedSpan span) =>
        SpanTimes.Gap(span, Trace.Parent(span)) is { } gap && gap.Before + gap.After > Scale / 100 ? gap : null;

    /// <summary>False if times of the span's children do not fit: then its own time and its critical time are not known.</summary>
    public bool ChildrenFit(RecordedSpan span) => Trace.Children(span).All(Trace.TimesFit);

    /// <summary>When none of the span's children runs; empty where that is not known.</summary>
    public IReadOnlyList<TimeRange> SelfRanges(RecordedSpan span) => ChildrenFit(span) ? Trace.SelfRanges(span) : [];

    /// <summary>When the critical path is in the span itself; empty where that is not known.</summary>
    public IReadOnlyList<TimeRange> CriticalRanges(RecordedSpan span) => ChildrenFit(span) ? Trace.CriticalRanges(span) : [];
}
