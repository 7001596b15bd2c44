#nullable enable
using System.Linq;

/// <summary>Exercise 4.1: load what the page needs at the same time.</summary>
public static class Exercise41
{
    private static readonly string[] Parts = ["load address", "load invoices", "load messages"];

    /// <summary>Judges the spans of the account page.</summary>
    public static Exercise Check(SpanRecorder answer41)
    {
        var spans = answer41.Spans;
        var traces = RecordedTrace.Group(spans);
        return Exercise.Check("Exercise 4.1", traces,
            ("The page and its three parts are recorded", () =>
                Parts.Append("show account").FirstOrDefault(name => spans.All(s => s.Name != name)) is not { } missing ? null
                : $"The span '{missing}' is missing. If it is started, it did not end before the provider was disposed: is it awaited?"),
            ("They are one trace", () =>
                traces.Count == 1 ? null
                : new Wrong($"There are {traces.Count} traces. A part that starts outside of the block of 'show account' has no parent.",
                    traces.Select(t => t.Root).Where(s => s.Name != "show account").ToArray())),
            ("Each part is a child of the page", () =>
                Parts.Select(Part).FirstOrDefault(part => part.ParentSpanId != Page().SpanId) is not { } lost ? null
                : new Wrong($"The parent of '{lost.Name}' is '{traces[0].Parent(lost)?.Name ?? "none"}'.", lost)),
            ("The page ends after its parts", () =>
                Parts.Select(Part).FirstOrDefault(part => part.End > Page().End) is not { } late ? null
                : new Wrong($"'{late.Name}' ends after 'show account': the page did not wait for it.", late)),
            ("The parts overlap", () => (
                from first in Parts.Select(Part)
                from second in Parts.Select(Part)
                where second.Start >= first.End
                select new Wrong($"'{second.Name}' starts only when '{first.Name}' has ended. "
                    + "Start all three before you await the first.", second)).FirstOrDefault()));

        RecordedSpan Part(string name) => spans.First(s => s.Name == name);
        RecordedSpan Page() => Part("show account");
    }
}

/// <summary>Exercise 4.2: a job that knows what caused it.</summary>
public static class Exercise42
{
    /// <summary>Judges the spans of an order and of the job that it caused.</summary>
    public static Exercise Check(SpanRecorder answer42)
    {
        var spans = answer42.Spans;
        var order = spans.FirstOrDefault(s => s.Name == "confirm order");
        var label = spans.FirstOrDefault(s => s.Name == "print label");
        return Exercise.Check("Exercise 4.2", RecordedTrace.Group(spans),
            ("Both spans are recorded", () =>
                order is null ? "The span 'confirm order' is missing."
                : label is null ? "The span 'print label' is missing: did the job run?" : null),
            ("The job still runs later", () =>
                label!.Start >= order!.End ? null
                : new Wrong("'print label' starts while 'confirm order' is still open. "
                    + "Put it into the list, as before; only what you hand to it changes.", label)),
            ("They are one trace", () =>
                label!.TraceId == order!.TraceId ? null
                : label.ParentSpanId is null
                    ? new Wrong("'print label' has no parent. When the job runs, 'confirm order' is no longer current: "
                        + "take its context while it is.", label)
                    : new Wrong($"'print label' has the parent {label.ParentSpanId}, which is not 'confirm order'.", label)),
            ("The parent of 'print label' is 'confirm order'", () =>
                label!.ParentSpanId == order!.SpanId ? null
                : new Wrong("'print label' is in the right trace, but below another span.", label)));
    }
}
