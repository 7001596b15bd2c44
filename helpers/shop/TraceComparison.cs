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

    public TraceComparison(RecordedTrace before, RecordedTrace after, string leftTitle, string rightTitle, bool say)
    {
        (leftTitle, rightTitle) = (Drawing.Cut(leftTitle, 100), Drawing.Cut(rightTitle, 100));
        var (left, right) = (new WaterfallPart(before).Scale, new WaterfallPart(after).Scale);
        scale = left > right ? left : right;
        visible = scale / 20; // what is shorter is no change that anyone should look at
        Match((trace, span) => (span.ServiceName, span.Name, Called(trace, span)?.ToString()));
        Match((_, span) => (span.ServiceName, span.Name, null));
        Page = new([Part(before, leftTitle, later, say), Part(after, rightTitle, earlier, say)], beside: true);
        Lines = say ? Sentences(before, leftTitle, after, rightTitle).ToArray() : [];

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
    public WaterfallPage Page { get; }

    /// <summary>What changed, in sentences.</summary>
    public IReadOnlyList<string> Lines { get; }

    private static RecordedSpan? Called(RecordedTrace trace, RecordedSpan span) =>
        trace.Children(span).FirstOrDefault(c => c.ServiceName != span.ServiceName);

    private WaterfallPart Part(RecordedTrace trace, string title, Dictionary<RecordedSpan, RecordedSpan> matches, bool say) => new(trace)
    {
        Title = $"{title}: {WaterfallPart.NameOf(trace)}",
        Scale = scale,
        Note = span => say ? Note(matches, span) : null,
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

        var (was, now) = (Operations(before), Operations(after));
        var all = was.Keys.Union(now.Keys)
            .Select(o => (Name: $"{Cut(o.Name)} in {Cut(o.Service)}", Was: was.GetValueOrDefault(o), Now: now.GetValueOrDefault(o)))
            .Select(o => (o.Name, o.Was, o.Now, Change: o.Now.Time - o.Was.Time)).OrderByDescending(o => o.Change.Duration()).ToArray();
        var often = all.Where(o => o.Was.Calls != o.Now.Calls).Select(o => $"{Word(o.Was.Calls, o.Now.Calls)}: {o.Name}, "
            + $"{o.Was.Calls} → {Drawing.Count(o.Now.Calls, "call")}, {Change(o.Change)}.").ToArray();
        var longer = all.Where(o => o.Was.Calls == o.Now.Calls && o.Change.Duration() >= visible)
            .Select(o => $"{(o.Change > TimeSpan.Zero ? "Longer" : "Shorter")}: {o.Name}, {Drawing.Duration(o.Was.Time)} → "
                + $"{Drawing.Duration(o.Now.Time)} ({Change(o.Change)}).").ToArray();
        foreach (var line in often.Take(MaxLines).Concat(longer.Take(MaxLines)))
            yield return line;
        if (Math.Max(0, often.Length - MaxLines) + Math.Max(0, longer.Length - MaxLines) is > 0 and var more)
            yield return $"{Drawing.Count(more, "more operation")} changed.";
        if (often.Length + longer.Length == 0)
            yield return "The same operations, as often; no operation's own time changed by more than 5% of the whole.";

        var mended = later.Where(m => Failed(m.Key) && !Failed(m.Value)).Select(m => m.Key);
        var broken = later.Where(m => !Failed(m.Key) && Failed(m.Value)).Select(m => m.Value);
        foreach (var (where, spans) in new[] { (left, mended), (right, broken) })
        {
            if (spans.Any())
                yield return $"Errors only in {where}: {Names(spans)}.";
        }
    }

    private const int MaxLines = 5;

    // All spans of one service with one name: how many, and the time that no child accounts for.
    private static Dictionary<(string Name, string Service), (int Calls, TimeSpan Time)> Operations(RecordedTrace trace) =>
        trace.Spans.GroupBy(s => (s.Name, s.ServiceName))
            .ToDictionary(g => g.Key, g => (g.Count(), new TimeSpan(g.Sum(s => trace.SelfTime(s).Ticks))));

    private static string Cut(string name) => Drawing.Fit(name, 60, pad: false);

    private static string Word(int was, int now) => was == 0 ? "New" : now == 0 ? "Gone" : now > was ? "Repeated" : "Less often";

    private static string Facts(string title, RecordedTrace trace) =>
        $"{title}: {Drawing.Duration(trace.Duration)}, {Drawing.Count(trace.Spans.Count, "span")}.";

    private static bool Failed(RecordedSpan span) => span.Status == ActivityStatusCode.Error;

    private static string Names(IEnumerable<RecordedSpan> spans)
    {
        var names = spans.GroupBy(s => Cut($"{s}"))
            .Select(g => g.Count() == 1 ? g.Key : $"{Drawing.Count(g.Count(), "time")} {g.Key}").ToArray();
        return string.Join("; ", names.Take(4)) + (names.Length > 4 ? $"; {names.Length - 4} more" : "");
    }
}
