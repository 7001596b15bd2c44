#nullable enable
using System.Collections.Generic;

/// <summary>Exercise 10.1: why are pages slower that are answered with 200?</summary>
public static class Exercise101
{
    /// <summary>Judges the answer by the evidence that it names.</summary>
    /// <param name="pages">All pages of both versions.</param>
    /// <param name="answer101">The service, the operation, and the id of a trace that shows it.</param>
    public static Exercise Check(IEnumerable<RecordedTrace> pages, (string Service, string Operation, string TraceId) answer101)
    {
        var evidence = new Evidence(pages, answer101.Service, answer101.Operation, answer101.TraceId);
        return Exercise.Check("Exercise 10.1",
            ("The trace is a page of 1.5.0 that was answered with 200", () => evidence.IsPageOf("1.5.0", 200)),
            ("The operation is in it", () => evidence.IsInTheTrace()),
            ("It carries the time by which the page became longer", () => evidence.IsTheCause()));
    }
}

/// <summary>Exercise 10.2: why do failing pages take longer still?</summary>
public static class Exercise102
{
    /// <summary>Judges the answer by the evidence that it names.</summary>
    /// <param name="pages">All pages of both versions.</param>
    /// <param name="answer102">The service, the operation, what marks the new spans, and the id of a trace that shows it.</param>
    public static Exercise Check(
        IEnumerable<RecordedTrace> pages, (string Service, string Operation, string Attribute, string TraceId) answer102)
    {
        var evidence = new Evidence(pages, answer102.Service, answer102.Operation, answer102.TraceId);
        return Exercise.Check("Exercise 10.2",
            ("The trace is a page of 1.5.0 that was answered with 502", () => evidence.IsPageOf("1.5.0", 502)),
            ("The operation is in it", () => evidence.IsInTheTrace()),
            ("It is what sets the failing pages apart", () => evidence.IsOnlyIn(502)),
            ("It carries the time, and nobody else makes it do so", () => evidence.IsTheCause()),
            ("The attribute tells the new spans from the old", () => evidence.IsMarkedBy(answer102.Attribute)));
    }
}
