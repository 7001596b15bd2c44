#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using OpenTelemetry;

/// <summary>
/// What a tail sampler needs around its two decisions: it holds the spans of undecided traces within bounds, asks the policy,
/// remembers what was decided, and counts. When a span ends, and when a trace is due, says who derives from it. Safe for
/// concurrent use.
/// </summary>
/// <remarks>Across processes, the same work belongs into a Collector (<c>tail_sampling</c>) that gets all spans of a trace.</remarks>
public abstract class TailBuffer : CompositeProcessor<Activity>
{
    private readonly object gate = new();
    private readonly Func<IReadOnlyList<Activity>, bool> keep;
    private readonly TimeProvider clock;
    private readonly ITimer timer;
    private readonly HeldTraces held = new();
    private readonly RunningRoots running = new();
    private readonly Dictionary<ActivityTraceId, bool> decisions = [];
    private readonly Queue<ActivityTraceId> decisionsByAge = new();
    private List<Activity> export = [];

    /// <summary>A buffer for one provider. It is disposed with the provider, or when the notebook runs again from the top.</summary>
    /// <param name="exporter">Gets the spans of the traces that are kept, a trace at a time.</param>
    /// <param name="keep">
    /// The policy: sees all spans of a trace, in the order in which they ended. When it throws, the trace is kept and
    /// <see cref="PolicyErrors"/> grows: rather too much than an error lost. Spans that it starts itself are not recorded.
    /// </param>
    /// <param name="clock">The time that the waits are counted on; the system's if not given.</param>
    protected TailBuffer(BaseExporter<Activity> exporter, Func<IReadOnlyList<Activity>, bool> keep, TimeProvider? clock = null)
        : base([new SimpleActivityExportProcessor(exporter)])
    {
        ArgumentNullException.ThrowIfNull(keep);
        (this.keep, this.clock) = (keep, clock ?? TimeProvider.System);
        timer = this.clock.CreateTimer(_ => Decide(all: false), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        NotebookHost.CloseOnRestart(this);
    }

    // ---- Its bounds ----------------------------------------------------------------------------------------------

    /// <summary>How long a trace is held after its root has ended, for spans that are late.</summary>
    public TimeSpan DecisionWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a trace is held whose root does not end, counted from its first span that ended.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many undecided traces there is memory for.</summary>
    public int MaxTraces { get; init; } = 10_000;

    /// <summary>How many spans there is memory for.</summary>
    public int MaxSpans { get; init; } = 100_000;

    /// <summary>How many decisions are remembered for late spans. A span whose decision is forgotten begins a trace of its own.</summary>
    public int MaxDecisions { get; init; } = 100_000;

    // ---- What it counts ------------------------------------------------------------------------------------------

    /// <summary>Traces held now.</summary>
    public int Held
    {
        get
        {
            lock (gate)
                return held.Count;
        }
    }

    /// <summary>The most traces that were ever held at once.</summary>
    public int MostHeld { get; private set; }

    /// <summary>Traces of which all spans that had ended went to the exporter.</summary>
    public int TracesKept { get; private set; }

    /// <summary>Traces of which no span went to the exporter.</summary>
    public int TracesDropped { get; private set; }

    /// <summary>Traces decided before their time, because memory was full.</summary>
    public int DecidedEarly { get; private set; }

    /// <summary>Traces decided, for whatever reason, while their root had not ended: how it ended, the policy could not know.</summary>
    public int DecidedWithoutRoot { get; private set; }

    /// <summary>Spans that came after the decision on their trace, and were exported like the rest of it.</summary>
    public int LateSpansKept { get; private set; }

    /// <summary>Spans that came after the decision on their trace, and were dropped like the rest of it.</summary>
    public int LateSpansDropped { get; private set; }

    /// <summary>Those of <see cref="LateSpansDropped"/> that have the status <c>Error</c>: each is an error that is lost.</summary>
    public int LateErrorsDropped { get; private set; }

    /// <summary>How often the policy threw an exception.</summary>
    public int PolicyErrors { get; private set; }

    // ---- The two decisions, and what they are made of ------------------------------------------------------------

    /// <summary>What becomes of a span that has ended.</summary>
    public abstract override void OnEnd(Activity data);

    /// <summary>True when the trace must be decided now.</summary>
    protected abstract bool IsDue(HeldTrace trace);

    /// <summary>The time on the sampler's clock.</summary>
    protected DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>True while there is more than there is memory for.</summary>
    protected bool IsFull => held.Count > MaxTraces || held.Spans > MaxSpans;

    /// <summary>Lets one thread in at a time. At the end of the turn, what was kept goes to the exporter.</summary>
    protected Turn OneAtATime()
    {
        Monitor.Enter(gate);
        return new Turn(this);
    }

    /// <summary>What was decided about the trace of this span: true if it was kept; null if there is no decision yet.</summary>
    protected bool? Decision(Activity span) => decisions.TryGetValue(span.TraceId, out var kept) ? kept : null;

    /// <summary>Holds the span back until its trace is decided.</summary>
    protected void Hold(Activity span) => held.Add(span, running.End(span), Now);

    /// <summary>A span that comes after the decision on its trace: exported if the trace was kept, otherwise dropped; counted.</summary>
    protected void Follow(Activity late, bool kept)
    {
        running.End(late);
        LateSpansKept += kept ? 1 : 0;
        LateSpansDropped += kept ? 0 : 1;
        LateErrorsDropped += !kept && late.Status == ActivityStatusCode.Error ? 1 : 0;
        if (kept)
            export.Add(late);
    }

    /// <summary>Asks <see cref="IsDue"/> about the traces that have waited longest, and decides those that are.</summary>
    protected void DecideWhatIsDue()
    {
        while (held.FirstEnded is { } ended && IsDue(ended))
            Decide(ended);
        while (held.Oldest is { } oldest && IsDue(oldest))
            Decide(oldest);
    }

    /// <summary>Decides the oldest trace before its time, with what is there of it, and counts that.</summary>
    protected void DecideOldestEarly()
    {
        if (held.Oldest is not { } oldest)
            return;
        DecidedEarly++;
        Decide(oldest);
    }

    // All or nothing, and once: the decision is remembered for the spans that are late.
    private void Decide(HeldTrace trace)
    {
        held.Remove(trace);
        var kept = AskPolicy(trace.Spans);
        decisions[trace.TraceId] = kept;
        decisionsByAge.Enqueue(trace.TraceId);
        if (decisionsByAge.Count > MaxDecisions)
            decisions.Remove(decisionsByAge.Dequeue());

        TracesKept += kept ? 1 : 0;
        TracesDropped += kept ? 0 : 1;
        DecidedWithoutRoot += trace.RootEnded is null ? 1 : 0;
        if (kept)
            export.AddRange(trace.Spans);
    }

    // A span that the policy itself made would be one more trace to decide about, and the policy would make one more, for ever.
    private bool AskPolicy(IReadOnlyList<Activity> trace)
    {
        using var scope = SuppressInstrumentationScope.Begin();
        try
        {
            return keep(trace);
        }
        catch (Exception)
        {
            PolicyErrors++;
            return true;
        }
    }

    // ---- Around them ---------------------------------------------------------------------------------------------

    /// <summary>Remembers which spans have no parent in this process and are running.</summary>
    public override void OnStart(Activity data)
    {
        lock (gate)
            running.Start(data, MaxDecisions);
    }

    /// <summary>Decides everything that is held.</summary>
    protected override bool OnForceFlush(int timeoutMilliseconds)
    {
        Decide(all: true);
        return base.OnForceFlush(timeoutMilliseconds);
    }

    /// <summary>Decides everything that is held, for the last time.</summary>
    protected override bool OnShutdown(int timeoutMilliseconds)
    {
        timer.Dispose();
        Decide(all: true);
        return base.OnShutdown(timeoutMilliseconds);
    }

    /// <summary>Stops the clock.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            timer.Dispose();
        base.Dispose(disposing);
    }

    private void Decide(bool all)
    {
        using var turn = OneAtATime();
        DecideWhatIsDue();
        while (all && held.Oldest is { } oldest)
            Decide(oldest);
    }

    /// <summary>One thread's turn; disposed at its end.</summary>
    protected readonly struct Turn(TailBuffer buffer) : IDisposable
    {
        /// <summary>Lets the next thread in, and exports what was kept.</summary>
        public void Dispose()
        {
            buffer.MostHeld = Math.Max(buffer.MostHeld, buffer.held.Count);
            var kept = buffer.export;
            buffer.export = kept.Count == 0 ? kept : [];
            Monitor.Exit(buffer.gate);
            if (kept.Count == 0)
                return;
            foreach (var span in kept)
                buffer.Export(span);
        }
    }

    private void Export(Activity span) => base.OnEnd(span);
}
