#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;

/// <summary>
/// Whether a span's times can be true beside those of its parent. Less than a microsecond is rounding. Between two processes
/// clocks may differ; inside of one they cannot, so there nothing is said of clocks.
/// </summary>
internal static class SpanTimes
{
    private static readonly TimeSpan Rounding = TimeSpan.FromMicroseconds(1);

    /// <summary>The same service and, where both say which one, the same instance of it.</summary>
    public static bool SameProcess(RecordedSpan a, RecordedSpan b) =>
        a.ServiceName == b.ServiceName && (a.Instance is null || b.Instance is null || a.Instance == b.Instance);

    /// <summary>
    /// False if the span ends before it starts, or if it is of another process and starts before its parent or, as the server of
    /// a client, well after it. A server that merely ends after its client fits: a client's span may end when the headers
    /// of the answer are there (HTTP spans, "HTTP client span duration"), and .NET's does, while the server still writes the body.
    /// </summary>
    public static bool Fit(RecordedSpan span, RecordedSpan parent) =>
        span.EndsBeforeStart == TimeSpan.Zero && (SameProcess(span, parent) || !(IsEarly(span, parent) || IsLate(span, parent)));

    /// <summary>
    /// Whether a server goes on visibly after its client has ended, although it started in time. (Up to a millisecond, or a tenth of
    /// the client's time, no note is needed.)
    /// </summary>
    public static bool Outlasts(RecordedSpan span, RecordedSpan? parent) =>
        parent is not null && IsAnswer(span, parent) && Visibly(span, parent) && Fit(span, parent);

    /// <summary>
    /// Whether a client failed without an answer that says so: then it gave up (a timeout, a cancellation), and did not wait for its
    /// server, which may not even have begun.
    /// </summary>
    public static bool GaveUp(RecordedSpan client) => client.Status == ActivityStatusCode.Error
        && !(int.TryParse($"{client["http.response.status_code"]}", out var code) && code >= 400);

    /// <summary>What is odd, in numbers.</summary>
    /// <returns>Each with whether it belongs in the row (else only among the details).</returns>
    public static IEnumerable<(string Text, bool InRow)> Remarks(RecordedSpan span, RecordedSpan? parent)
    {
        if (span.EndsBeforeStart > TimeSpan.Zero)
            yield return ($"ends {Drawing.Duration(span.EndsBeforeStart)} before it starts", true);
        if (parent is null)
            yield break;
        var clocks = SameProcess(span, parent) ? "" : ": clock skew?";
        if (IsEarly(span, parent))
            yield return ($"starts {Drawing.Duration(parent.Start - span.Start)} before its parent{clocks}", true);
        if (span.Start - parent.End >= Rounding)
        {
            var answers = !IsAnswer(span, parent) ? "" : GaveUp(parent) ? ", which had failed and did not wait" : clocks;
            yield return ($"starts {Drawing.Duration(span.Start - parent.End)} after its parent ended{answers}", true);
        }
        else if (span.End - parent.End >= Rounding)
            yield return ($"ends {Drawing.Duration(span.End - parent.End)} after its parent", Outlasts(span, parent));
    }

    /// <summary>
    /// How long a client's span runs before and after its server's: in the network, in queues, in what neither of them sees. Null for
    /// other spans, where the clocks disagree, and where the server goes on after its client: then it is unknown.
    /// </summary>
    public static (TimeSpan Before, TimeSpan After)? Gap(RecordedSpan span, RecordedSpan? parent) =>
        parent is null || !IsAnswer(span, parent) || SameProcess(span, parent) || !Fit(span, parent) || Outlasts(span, parent) ? null
            : (new(Math.Max(0, (span.Start - parent.Start).Ticks)), new(Math.Max(0, (parent.End - span.End).Ticks)));

    private static bool IsEarly(RecordedSpan span, RecordedSpan parent) => parent.Start - span.Start >= Rounding;

    // Whoever sends a message does not wait for it; a client waits for its server.
    private static bool IsAnswer(RecordedSpan span, RecordedSpan parent) =>
        parent.Kind == ActivityKind.Client && span.Kind == ActivityKind.Server;

    private static bool IsLate(RecordedSpan span, RecordedSpan parent) => IsAnswer(span, parent) && !GaveUp(parent)
        && span.Start - parent.End >= Rounding && Visibly(span, parent);

    private static bool Visibly(RecordedSpan span, RecordedSpan parent) =>
        span.End - parent.End is var after && after >= TimeSpan.FromMilliseconds(1) && after >= parent.Duration / 10;
}
