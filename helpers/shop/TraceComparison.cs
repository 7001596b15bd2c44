#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

/// <summary>
/// Which span of one trace is which of the other: the same service, name and called span first, then the same service and
/// name; where there are several, the first is the first, the second the second.
/// </summary>
internal sealed class TraceComparison
{
    private readonly Dictionary<RecordedSpan, RecordedSpan> later = [], earlier = [];
    private readonly TimeSpan scale, visible; // of the longer trace: the length of the common time axis

    public TraceComparison(RecordedTrace before, RecordedTrace after, string leftTitle, string rightTitle)
    {
        (leftTitle, rightTitle) = (Drawing.Cut(leftTitle, 100), Drawing.Cut(rightTitle, 100));
        var (left, right) = (new WaterfallPart(before).Scale, new WaterfallPart(after).Scale);
        scale = left > right ? left : right;
        visible = scale / 20; // what is shorter is no change that anyone should look at
        Match((trace, span) => (span.ServiceName, span.Name, Called(trace, span)?.ToString()));
        Match((_, span) => (span.ServiceName, span.Name, null));
        (Left, Right) = (Part(before, leftTitle, later), Part(after, rightTitle, earlier));
        Lines = Sentences(before, leftTitle, after, rightTitle).ToArray();

        void Match(Func<RecordedTrace, RecordedSpan, (string, string, string?)> key)
        {
            var open = after.SpansAsTree.Where(s => !earlier.ContainsKey(s)).GroupBy(s => key(after, s))
                .ToDictionary(g => g.Key, g => new Queue<RecordedSpan>(g));
            foreach (var span in before.SpansAsTree.Where(s => !later.ContainsKey(s)))
            {
                if (open.TryGetValue(key(before, span), out var same) && same.TryDequeue(out var other))
                    (later[span], earlier[other]) = (other, span);
            }
        }
    }

    /// <summary>The two traces with a word at each span that changed.</summary>
    public WaterfallPart Left { get; }

    public WaterfallPart Right { get; }

    /// <summary>What changed, in sentences.</summary>
    public IReadOnlyList<string> Lines { get; }

    private static RecordedSpan? Called(RecordedTrace trace, RecordedSpan span) =>
        trace.Children(span).FirstOrDefault(c => c.ServiceName != span.ServiceName);

    private WaterfallPart Part(RecordedTrace trace, string title, Dictionary<RecordedSpan, RecordedSpan> matches) => new(trace)
    {
        Title = $"{title}: {WaterfallPart.NameOf(trace)}",
        Scale = scale,
        Note = span => Note(matches, span),
        MaxSpans = Drawing.MaxSpans / 2,
    };

    private string? Note(Dictionary<RecordedSpan, RecordedSpan> matches, RecordedSpan span)
    {
        if (!matches.TryGetValue(span, out var other))
            return "only here";
        return matches == earlier && (span.Duration - other.Duration).Duration() >= visible ? Change(span.Duration - other.Duration) : null;
    }

    private static string Change(TimeSpan change) => (change < TimeSpan.Zero ? "−" : "+") + Drawing.Duration(change.Duration());

    private IEnumerable<string> Sentences(RecordedTrace before, string left, RecordedTrace after, string right)
    {
        var change = after.Duration - before.Duration;
        yield return $"{Facts(left, before)} {Facts(right, after)} "
            + (change.Duration() < visible ? "About the same time." : $"{Change(change)}.");

        var changes = later.Select(m => (Span: m.Value, Before: before.SelfTime(m.Key), After: after.SelfTime(m.Value)))
            .Where(c => (c.After - c.Before).Duration() >= visible).OrderByDescending(c => (c.After - c.Before).Duration()).Take(3)
            .Select(c => $"{Short(c.Span)} {Drawing.Duration(c.Before)} → {Drawing.Duration(c.After)} ({Change(c.After - c.Before)})")
            .ToArray();
        yield return changes.Length > 0 ? $"Longest changes, each without the span's children: {string.Join("; ", changes)}."
            : later.Count == 0 ? "No span is in both."
            : "No span's own time changed by more than 5% of the whole.";

        var (lost, added) = (before.SpansAsTree.Where(s => !later.ContainsKey(s)), after.SpansAsTree.Where(s => !earlier.ContainsKey(s)));
        var mended = later.Where(m => Failed(m.Key) && !Failed(m.Value)).Select(m => m.Key);
        var broken = later.Where(m => !Failed(m.Key) && Failed(m.Value)).Select(m => m.Value);
        foreach (var (what, spans) in new[]
        {
            ($"Only in {left}", lost), ($"Only in {right}", added), ($"Errors only in {left}", mended), ($"Errors only in {right}", broken),
        })
        {
            if (spans.Any())
                yield return $"{what}: {Names(spans)}.";
        }
    }

    private static string Facts(string title, RecordedTrace trace) =>
        $"{title}: {Drawing.Duration(trace.Duration)}, {Drawing.Count(trace.Spans.Count, "span")}.";

    private static string Short(RecordedSpan span) => Drawing.Fit(span.ToString(), 60, pad: false);

    private static bool Failed(RecordedSpan span) => span.Status == ActivityStatusCode.Error;

    private static string Names(IEnumerable<RecordedSpan> spans)
    {
        var names = spans.GroupBy(Short).Select(g => g.Count() == 1 ? g.Key : $"{Drawing.Count(g.Count(), "time")} {g.Key}").ToArray();
        return string.Join("; ", names.Take(4)) + (names.Length > 4 ? $"; {names.Length - 4} more" : "");
    }
}
