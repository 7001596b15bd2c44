#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

/// <summary>What is odd about a trace as a whole, in sentences: they are below its title. Most traces have none.</summary>
internal static class TraceRemarks
{
    public static IEnumerable<string> Of(WaterfallPart part)
    {
        var trace = part.Trace;
        if (trace.Spans.Sum(s => s.Copies - 1) is > 0 and var copies)
            yield return $"{Drawing.Count(copies, "copy", "copies")} of spans that are here came too: not counted, not drawn.";

        var twice = trace.Spans.Where(s => s.CameAs.Count > 0).ToArray();
        if (twice.Length > 0)
        {
            var names = twice.SelectMany(s => s.CameAs).Distinct().Order(StringComparer.Ordinal).Select(n => Drawing.Cut(n, 60));
            yield return $"{Drawing.Count(twice.Length, "span")} came under several service names ({string.Join(", ", names)}), and "
                + $"{(twice.Length == 1 ? "is" : "are")} drawn once: providers in one process listen to the same sources, and each exports "
                + "what it receives under its own name. Give each service a source of its own, or a process."
                + (twice.Any(s => !s.CameAs.Contains(s.ServiceName)) ? " Which of them made a span cannot be seen." : "");
        }

        var parentless = trace.Roots.Count(s => s.ParentSpanId is null);
        var ids = trace.Roots.Select(trace.MissingParent).OfType<string>().ToArray();
        var (orphans, missing) = (ids.Length, ids.Distinct().Count());
        if (parentless == 0)
        {
            yield return orphans == 0 ? "The root is missing: each span here names a parent, in a circle."
                : $"The root is missing: {Drawing.Count(orphans, "span")} here {(orphans == 1 ? "names" : "name")} "
                    + $"{(missing == 1 ? "a parent that is" : $"{missing} parents that are")} not in this trace.";
        }

        foreach (var sentence in Whole(trace, parentless).Concat(Times(part)))
            yield return sentence;
    }

    // Title, total and critical path tell one story, or it is said why not.
    private static IEnumerable<string> Whole(RecordedTrace trace, int parentless)
    {
        var root = trace.Root;
        var (before, after) = (root.Start - trace.Start, trace.End - root.End);
        var least = trace.Duration / 100; // what is shorter is not seen
        var begins = before > least ? $"begins {Drawing.Duration(before)} before it" : null;
        var goesOn = after > least ? $"goes on for {Drawing.Duration(after)} after it" : null;
        var name = Drawing.Fit(root.Name, 50, pad: false);
        // Where times do not fit, Times says that the path is not known.
        var (too, alone) = trace.Spans.All(trace.TimesFit)
            ? (", and so is the critical path", $" The critical path is that of {name} alone.") : ("", "");
        if (parentless > 1)
            yield return $"{parentless} spans have no parent: the title is that of the first, {name}{too}.";
        if ((begins ?? goesOn) is not null)
        {
            yield return $"{name} takes {Drawing.Duration(root.Duration)} of the {Drawing.Duration(trace.Duration)}: the trace "
                + $"{string.Join(" and ", new[] { begins, goesOn }.OfType<string>())}.{alone}";
        }
    }

    private static IEnumerable<string> Times(WaterfallPart part)
    {
        var trace = part.Trace;
        if (trace.Spans.Count(s => part.FarAway(s) is not null || part.EndsFarAway(s)) is > 0 and var far)
        {
            var first = trace.Spans.First(s => part.FarAway(s) is not null || part.EndsFarAway(s));
            yield return $"{Drawing.Count(far, "span")} reach{(far == 1 ? "es" : "")} years beyond the others (from {Date(first.Start)} "
                + $"to {Date(first.End)}): the time axis is that of the others.";
        }
        else if (trace.Start.Year < 2000)
            yield return $"These spans are of {Date(trace.Start)}: a wrong clock, or a wrong unit of time?";

        if (trace.Spans.Count(s => !trace.TimesFit(s)) is > 0 and var odd)
        {
            yield return $"{Drawing.Count(odd, "span")} with times that do not fit: around {(odd == 1 ? "it" : "them")}, self time "
                + "and critical path are not known.";
        }

        foreach (var all in trace.Spans.Where(s => SpanTimes.Outlasts(s, trace.Parent(s))).GroupBy(s => SpanTimes.GaveUp(trace.Parent(s)!)))
        {
            // Then a clock alone could be the reason.
            var shorter = !all.Key && all.Any(s => trace.Parent(s)! is var p && s.Duration <= p.Duration && !SpanTimes.SameProcess(s, p));
            yield return Drawing.Count(all.Count(), "server span ends", "server spans end") + " after the client's, which "
                + (all.Key ? "had failed: a client that gives up (a timeout, a cancellation) does not wait for its server."
                    : "is usual for an answer that is streamed: a client's span may end with the headers (in .NET it does), and the "
                    + "body comes later.")
                + (shorter ? " Clocks that differ look like this too." : "");
        }

        var begun = trace.Spans.Count(s => trace.Parent(s) is { } p && SpanTimes.SameProcess(s, p) && s.Start > p.End + Microsecond);
        if (begun > 1)
            yield return $"{begun} spans start after their parent had ended: it was still Activity.Current, or its context was kept.";
    }

    private static readonly TimeSpan Microsecond = TimeSpan.FromMicroseconds(1);

    private static string Date(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
