#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

/// <summary>
/// One operation of one service, named as the cause of an incident, with a trace as the evidence. Each question answers null
/// if nothing contradicts the claim, otherwise a sentence that says what contradicts it, and in which trace; it never names another service
/// or operation. Pages are compared with pages of the same user, and by their median.
/// </summary>
public sealed class Evidence
{
    private const string Before = "1.6.0";

    private readonly RecordedTrace[] pages;
    private readonly RecordedTrace? page;
    private readonly string service;
    private readonly string operation;
    private readonly string traceId;

    /// <summary>A claim; the facts against it are checked below.</summary>
    /// <param name="pages">All traces of the incident.</param>
    /// <param name="service"><c>service.name</c> of the suspect.</param>
    /// <param name="operation">The name of its spans.</param>
    /// <param name="traceId">The evidence: 32 hex digits.</param>
    public Evidence(IEnumerable<RecordedTrace> pages, string? service, string? operation, string? traceId)
    {
        (this.service, this.operation, this.traceId) = (service?.Trim() ?? "", operation?.Trim() ?? "", traceId?.Trim() ?? "");
        this.pages = pages.ToArray();
        page = this.pages.FirstOrDefault(p => p.TraceId.Equals(this.traceId, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Is there such a trace, of this version, answered with this status? The other questions need that it is.</summary>
    public string? IsPageOf(string version, int status) =>
        traceId is "" or "?" ? "No evidence yet: write the id of a trace that shows it. Each drawing contains the id of its trace."
        : page is null
            ? $"There is no trace with the id '{traceId}'. An id has 32 hex digits; take it from a drawing, or from TraceId of a trace."
        : Version(page) != version
            ? $"Trace {page.TraceId} is a page of version {Version(page)}. The evidence must show the incident, so take one of {version}."
        : Status(page) != status
            ? $"Trace {page.TraceId} was answered with {Status(page)}. This exercise is about the pages that were answered with {status}."
        : null;

    /// <summary>Was the trace drawn, so that it could be read?</summary>
    public string? IsRead() => Waterfall.Drawn.ContainsKey(Page.TraceId) ? null
        : $"Trace {Page.TraceId} was not drawn in this notebook, and evidence is a trace that you have read. Draw it (Waterfall.Of, or "
            + "SideBySide.Of with a healthy page), check whether it shows what you claim, and run this cell again.";

    /// <summary>The trace that is the evidence; null if there is none with this id.</summary>
    public RecordedTrace? Trace => page;

    /// <summary>The spans of the claimed operation in it.</summary>
    public RecordedSpan[] Claimed => page is null ? [] : Found(page);

    /// <summary>Does the service do this in the trace?</summary>
    public string? IsInTheTrace() =>
        Found(Page).Length > 0 ? null
        : service is "" or "?" ? "No service is named yet."
        : Page.Spans.All(s => s.ServiceName != service) ? $"Trace {Page.TraceId} has no span of a service '{service}'."
        : operation is "" or "?" ? "No operation is named yet: the name of the spans that the time is spent in."
        : $"{service} has no span '{operation}' in trace {Page.TraceId}."
            + (Where(Before, SameUser).Any(p => Found(p).Length > 0) ? " It had one before the deployment." : "")
            + (Page.Spans.Any(s => s.Name == operation) ? " Another service has one." : "");

    /// <summary>Do the pages with another status do without it? If it made them slower too, it does not explain the difference.</summary>
    public string? IsOnlyIn(int status)
    {
        var (others, old) = (Where(Version(Page), p => Status(p) != status), Where(Before, p => Status(p) != status));
        var (now, was) = (Where(Version(Page), p => Status(p) == status), Where(Before, p => Status(p) == status));
        if (others.Length == 0 || old.Length == 0 || was.Length == 0)
            return null;
        var (there, here) = (Median(others, Total) - Median(old, Total), Median(now, Total) - Median(was, Total));
        return there < TimeSpan.FromMilliseconds(1) || there < 0.75 * here ? null
            : $"'{operation}' typically takes {Drawing.Duration(there)} longer in pages with another answer too, as in trace "
                + $"{Typical(others, Total).TraceId}. So it slows all pages. What else is different in those with status {status}?";
    }

    /// <summary>
    /// Does it explain at least half of the time by which this user's pages became slower, with its own work and not by waiting?
    /// </summary>
    public string? IsTheCause()
    {
        var (now, old) = (Where(Version(Page), SameUser), Where(Before, SameUser));
        if (old.Length == 0)
        {
            return $"There is no page of version {Before} with the same user and the same answer, to compare trace {Page.TraceId} with. "
                + "Run the cell that serves both versions.";
        }

        var extra = Median(now, p => p.Duration) - Median(old, p => p.Duration);
        if (extra <= TimeSpan.Zero)
            return $"The pages of this user did not become slower: trace {Page.TraceId} shows no incident.";
        var mine = Median(now, Total) - Median(old, Total);
        var explains = mine >= extra / 2;
        var timesBefore = Median(old, Count);
        if (Median(now, Count) <= timesBefore)
            return !explains ? TakesAsLongAsBefore(Typical(old, Total), extra) : WaitsForOthers(now, old, mine);
        if (timesBefore > 0 && Median(now, PerParent) <= Median(old, PerParent))
            return IsAskedMoreOften(now, old);
        return explains ? null
            : $"'{operation}' {(timesBefore == 0 ? "was not there before" : "runs more often than before")}, but typically its "
                + $"{Drawing.Duration(mine)} are {Drawing.Percent(Math.Round(Math.Max(0, mine / extra), 2))} of the "
                + $"{Drawing.Duration(extra)} by which the typical page of this user became longer. Something else explains more.";
    }

    /// <summary>Is it this kind of cause? Asked of an operation that is the cause.</summary>
    public string? IsOfKind(CauseKind kind)
    {
        var old = Where(Before, SameUser);
        var witness = Typical(old, Total);
        var (more, failed) = (Count(Page) > Count(witness), Found(Page).Count(Failed));
        var runs = $"'{operation}' runs {Times(Count(witness))} in trace {witness.TraceId}, before the deployment, "
            + $"and {Times(Count(Page))} in yours";
        return kind switch
        {
            CauseKind.SlowerWork => !more ? null : $"{runs}. The time comes from the runs that were not there before.",
            CauseKind.CallPerItem => !more ? $"{runs}. Nothing is done once for each item."
                : failed <= 1 ? null
                : $"Of the {Times(Count(Page))} that '{operation}' runs in your trace, {failed} failed, and each run that is new comes "
                    + "after one that failed. A loop over items does not depend on failures.",
            CauseKind.Retries => !more ? $"{runs}. Nothing is run again."
                : failed > 1 ? null : $"'{operation}' fails {Times(failed)} in your trace: a run that succeeded is not repeated.",
            CauseKind.NoLongerParallel => Overlap(witness)
                ? null : $"Nothing ran at the same time as '{operation}' before, below the same parent: see trace {witness.TraceId}.",
            CauseKind.FailsMoreOften => FailsMoreOften(),
            _ => "The operation is right. Now say which kind of cause it is.",
        };
    }

    private string? FailsMoreOften()
    {
        var (now, old) = (Where(Version(Page), _ => true), Where(Before, _ => true));
        var (fails, failed) = (now.Count(p => Found(p).Any(Failed)), old.Count(p => Found(p).Any(Failed)));
        return fails * old.Length > failed * now.Length ? null
            : $"'{operation}' failed in {failed} of {old.Length} pages before the deployment, and in {fails} of {now.Length} after it. "
                + "It does not fail for more users.";
    }

    private bool Overlap(RecordedTrace trace) => Found(trace).Any(span => trace.Parent(span) is { } parent
        && trace.Children(parent).Any(other => other != span && other.Start < span.End && other.End > span.Start));

    private static bool Failed(RecordedSpan span) => span.Status == System.Diagnostics.ActivityStatusCode.Error;

    // ---- What speaks against it ----------------------------------------------------------------------------------

    private string TakesAsLongAsBefore(RecordedTrace witness, TimeSpan extra) =>
        $"In trace {witness.TraceId}, the same user's page before the deployment, '{operation}' took {Drawing.Duration(Total(witness))}; "
            + $"in your trace it takes {Drawing.Duration(Total(Page))}. The typical page of this user became {Drawing.Duration(extra)} "
            + "longer: most of that time is somewhere else.";

    private string? WaitsForOthers(RecordedTrace[] now, RecordedTrace[] old, TimeSpan mine)
    {
        var own = Median(now, Self) - Median(old, Self);
        return own >= mine / 2 ? null
            : $"'{operation}' typically takes {Drawing.Duration(mine)} longer than in trace {Typical(old, Total).TraceId}, the same user's "
                + $"page before the deployment, but {(own < mine / 20 ? "nothing" : $"only {Drawing.Duration(own)}")} of that is its "
                + "self time. It waits for others: look at its children.";
    }

    private string IsAskedMoreOften(RecordedTrace[] now, RecordedTrace[] old)
    {
        var witness = Typical(old, Total);
        return $"'{operation}' runs {Times(Count(Page))} here and {Times(Count(witness))} in trace {witness.TraceId}, the same user's page "
            + $"before the deployment; one run typically took {Drawing.Duration(Median(old, OneRun))} before and takes "
            + $"{Drawing.Duration(Median(now, OneRun))} now. Each run does the same as before, and it is only called more often. "
            + "Which span calls it?";
    }

    // ---- What is measured ----------------------------------------------------------------------------------------

    private RecordedTrace Page => page ?? throw new InvalidOperationException(IsPageOf("", 0));
    private RecordedSpan[] Found(RecordedTrace trace) => trace.Spans.Where(s => s.ServiceName == service && s.Name == operation).ToArray();
    private double Count(RecordedTrace trace) => Found(trace).Length;

    private double PerParent(RecordedTrace trace) =>
        Found(trace) is { Length: > 0 } spans ? (double)spans.Length / spans.Select(s => s.ParentSpanId).Distinct().Count() : 0;

    private TimeSpan Total(RecordedTrace trace) => new(Found(trace).Sum(s => s.Duration.Ticks));
    private TimeSpan Self(RecordedTrace trace) => new(Found(trace).Sum(s => trace.SelfTime(s).Ticks));
    private TimeSpan OneRun(RecordedTrace trace) => Found(trace) is { Length: > 0 } spans ? Total(trace) / spans.Length : TimeSpan.Zero;
    private bool SameUser(RecordedTrace other) => Equals(other.Root["url.path"], Page.Root["url.path"]) && Status(other) == Status(Page);

    private RecordedTrace[] Where(string version, Func<RecordedTrace, bool> condition) =>
        pages.Where(p => Version(p) == version && condition(p)).ToArray();

    private static string Version(RecordedTrace trace) =>
        trace.Root.Resource.FirstOrDefault(a => a.Key == "service.version").Value as string ?? "";

    private static int Status(RecordedTrace trace) => trace.Root["http.response.status_code"] as int? ?? 0;
    private static string Times(double count) => count == 1 ? "once" : string.Create(CultureInfo.InvariantCulture, $"{count} times");
    private static double Median(RecordedTrace[] traces, Func<RecordedTrace, double> value) => MedianValue.Of(traces.Select(value));
    private static TimeSpan Median(RecordedTrace[] traces, Func<RecordedTrace, TimeSpan> value) => MedianValue.Of(traces.Select(value));

    // A trace in the middle, for a sentence that names one.
    private static RecordedTrace Typical<T>(RecordedTrace[] traces, Func<RecordedTrace, T> value) =>
        traces.OrderBy(value).ElementAt((traces.Length - 1) / 2);
}
