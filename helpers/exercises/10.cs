#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;

/// <summary>Exercise 10.1: why are pages slower that are answered with 200?</summary>
public static class Exercise101
{
    /// <summary>Judges the answer by the evidence that it names.</summary>
    /// <param name="pages">All pages of both versions.</param>
    /// <param name="answer101">The service, the operation, the kind of cause, and the id of a trace that shows it.</param>
    public static Exercise Check(
        IEnumerable<RecordedTrace> pages, (string Service, string Operation, CauseKind Kind, string TraceId) answer101)
    {
        var evidence = new Evidence(pages, answer101.Service, answer101.Operation, answer101.TraceId);
        return Verdict.Of("Exercise 10.1", evidence,
            ("The trace is a page of 1.7.0 that was answered with 200", () => evidence.IsPageOf("1.7.0", 200)),
            ("You have read that trace", evidence.IsRead),
            ("The operation is in it", evidence.IsInTheTrace),
            ("It explains the additional time of the page", evidence.IsTheCause),
            ("The kind of cause fits the traces", () => evidence.IsOfKind(answer101.Kind)));
    }
}

/// <summary>Exercise 10.2: why do failing pages take longer still?</summary>
public static class Exercise102
{
    /// <summary>Judges the answer by the evidence that it names.</summary>
    /// <param name="pages">All pages of both versions.</param>
    /// <param name="answer102">The service, the operation, the kind of cause, and the id of a trace that shows it.</param>
    public static Exercise Check(
        IEnumerable<RecordedTrace> pages, (string Service, string Operation, CauseKind Kind, string TraceId) answer102)
    {
        var evidence = new Evidence(pages, answer102.Service, answer102.Operation, answer102.TraceId);
        return Verdict.Of("Exercise 10.2", evidence,
            ("The trace is a page of 1.7.0 that was answered with 502", () => evidence.IsPageOf("1.7.0", 502)),
            ("You have read that trace", evidence.IsRead),
            ("The operation is in it", evidence.IsInTheTrace),
            ("It explains the difference to the other pages", () => evidence.IsOnlyIn(502)),
            ("It explains the additional time, and no other operation causes it", evidence.IsTheCause),
            ("The kind of cause fits the traces", () => evidence.IsOfKind(answer102.Kind)));
    }
}

/// <summary>
/// The verdict on a claim: the page that is its evidence is drawn, with the claimed spans marked while they are wrong. A page that
/// was not read is not drawn: that is the learner's part.
/// </summary>
internal static class Verdict
{
    public static Exercise Of(string title, Evidence evidence, params (string Rule, Func<string?> Problem)[] rules) =>
        Exercise.Check(title, evidence.Trace is { } trace && evidence.IsRead() is null ? [trace] : [],
            rules.Select(r => (r.Rule, (Func<Wrong?>)(() => r.Problem() is { } why ? new Wrong(why, evidence.Claimed) : null))).ToArray());
}
