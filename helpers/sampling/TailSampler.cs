#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using OpenTelemetry;

/// <summary>
/// Tail sampling in one process: holds the spans of a trace back until its root has ended and a wait is over, then keeps or
/// drops all of them. Memory and time are bounded: when there is too much, the oldest trace is decided early, with what is
/// there of it. A span that comes after the decision follows it. Safe for concurrent use.
/// </summary>
/// <remarks>
/// The root is the span without a parent, so this is for a process that sees whole traces. Across processes the same work
/// belongs into a Collector (<c>tail_sampling</c>), and all spans of a trace into the same one.
/// </remarks>
public sealed class TailSampler : SimpleActivityExportProcessor
{
    private readonly object gate = new();
    private readonly Func<IReadOnlyList<Activity>, bool> keep;
    private readonly TimeProvider clock;
    private readonly ITimer timer;
    private readonly HeldTraces held = new();
    private readonly Dictionary<ActivityTraceId, bool> decisions = [];
    private readonly Queue<ActivityTraceId> decisionsByAge = new();

    /// <summary>A tail sampler for one provider. It is disposed with the provider, or when the notebook runs again from the top.</summary>
    /// <param name="exporter">Gets the spans of the traces that are kept, a trace at a time.</param>
    /// <param name="keep">
    /// The policy: sees all spans of a trace, in the order in which they ended. When it throws, the trace is kept and
    /// <see cref="PolicyErrors"/> grows: rather too much than an error lost. Spans that it starts itself are not recorded.
    /// </param>
    /// <param name="clock">The time that the waits are counted on; the system's if not given.</param>
    public TailSampler(BaseExporter<Activity> exporter, Func<IReadOnlyList<Activity>, bool> keep, TimeProvider? clock = null)
        : base(exporter)
    {
        ArgumentNullException.ThrowIfNull(keep);
        (this.keep, this.clock) = (keep, clock ?? TimeProvider.System);
        timer = this.clock.CreateTimer(_ => Decide(all: false), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        NotebookHost.CloseOnRestart(this);
    }

    /// <summary>How long a trace is held after its root has ended, for spans that are late.</summary>
    public TimeSpan DecisionWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a trace is held whose root does not end, counted from its first span that ended.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many undecided traces are held. At one more, the oldest is decided early.</summary>
    public int MaxTraces { get; init; } = 10_000;

    /// <summary>How many spans are held. At one more, the oldest trace is decided early.</summary>
    public int MaxSpans { get; init; } = 100_000;

    /// <summary>How many decisions are remembered for late spans. A span whose decision is forgotten begins a trace of its own.</summary>
    public int MaxDecisions { get; init; } = 100_000;

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

    /// <summary>Traces of which all spans went to the exporter.</summary>
    public int TracesKept { get; private set; }

    /// <summary>Traces of which no span went to the exporter.</summary>
    public int TracesDropped { get; private set; }

    /// <summary>Traces decided before their time, because memory was full.</summary>
    public int DecidedEarly { get; private set; }

    /// <summary>Spans that came after the decision on their trace, and were exported like the rest of it.</summary>
    public int LateSpansKept { get; private set; }

    /// <summary>Spans that came after the decision on their trace, and were dropped like the rest of it.</summary>
    public int LateSpansDropped { get; private set; }

    /// <summary>How often the policy threw an exception.</summary>
    public int PolicyErrors { get; private set; }

    // ---- The rules -----------------------------------------------------------------------------------------------

    /// <summary>Holds the span, or lets it follow the decision on its trace; then decides whatever is due.</summary>
    public override void OnEnd(Activity data)
    {
        var export = new List<Activity>();
        lock (gate)
        {
            var now = clock.GetUtcNow();
            DecideWhatIsDue(now, export);
            if (decisions.TryGetValue(data.TraceId, out var kept))
                Follow(data, kept, export);
            else
                held.Add(data, now);
            while (held.Oldest is { } oldest && (held.Count > MaxTraces || held.Spans > MaxSpans))
            {
                DecidedEarly++;
                Decide(oldest, export);
            }

            MostHeld = Math.Max(MostHeld, held.Count);
        }

        Export(export);
    }

    // A trace waits for late spans after its root has ended; for a root that never ends it does not wait for ever.
    private bool IsDue(HeldTrace trace, DateTimeOffset now) =>
        now - trace.RootEnded >= DecisionWait || now - trace.Since >= LongestWait;

    private void DecideWhatIsDue(DateTimeOffset now, List<Activity> export)
    {
        while (held.FirstEnded is { } ended && IsDue(ended, now))
            Decide(ended, export);
        while (held.Oldest is { } oldest && IsDue(oldest, now))
            Decide(oldest, export);
    }

    // All or nothing, and once: the decision is remembered for the spans that are late.
    private void Decide(HeldTrace trace, List<Activity> export)
    {
        held.Remove(trace);
        var kept = AskPolicy(trace.Spans);
        decisions[trace.TraceId] = kept;
        decisionsByAge.Enqueue(trace.TraceId);
        if (decisionsByAge.Count > MaxDecisions)
            decisions.Remove(decisionsByAge.Dequeue());

        TracesKept += kept ? 1 : 0;
        TracesDropped += kept ? 0 : 1;
        if (kept)
            export.AddRange(trace.Spans);
    }

    private void Follow(Activity late, bool kept, List<Activity> export)
    {
        LateSpansKept += kept ? 1 : 0;
        LateSpansDropped += kept ? 0 : 1;
        if (kept)
            export.Add(late);
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
        var export = new List<Activity>();
        lock (gate)
        {
            DecideWhatIsDue(clock.GetUtcNow(), export);
            while (all && held.Oldest is { } oldest)
                Decide(oldest, export);
        }

        Export(export);
    }

    private void Export(List<Activity> ended)
    {
        foreach (var span in ended)
            base.OnEnd(span);
    }
}
