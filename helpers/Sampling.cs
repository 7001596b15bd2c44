#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using OpenTelemetry;

/// <summary>One request of a <see cref="Traffic"/>, and what is true about it: a sampler finds out too late, or never.</summary>
/// <param name="TraceId">32 lower-case hex digits.</param>
/// <param name="Name">The name of its root span, as in "GET /profile/{id}".</param>
/// <param name="Spans">How many spans it makes when everything is recorded.</param>
/// <param name="HasError">One of its spans ends with the status <c>Error</c>; that need not be the root.</param>
/// <param name="IsSlow">Its root span takes longer than a second.</param>
public sealed record TrafficRequest(string TraceId, string Name, int Spans, bool HasError, bool IsSlow)
{
    public bool IsHealthCheck => Name == "GET /health";
}

/// <summary>
/// Requests to three services, api-gateway, user-service and payment-service: real spans of real sources, of which real
/// providers record what their samplers keep. Only the time is simulated, so that ten thousand requests take a second.
/// The same seed gives the same requests with the same trace ids, whatever the samplers do.
/// </summary>
public sealed class Traffic
{
    [ThreadStatic]
    private static ActivityTraceId nextTraceId;

    private readonly Dictionary<string, ActivitySource> sources =
        new[] { "api-gateway", "user-service", "payment-service" }.ToDictionary(name => name, name => new ActivitySource(name));

    private readonly List<Plan> plans = [];
    private readonly List<(double At, int Order, Plan Plan, int Span, bool Starts)> steps = [];
    private readonly SimulatedClock clock = new();

    /// <param name="requests">How many requests there are; 1,000 a minute of simulated time.</param>
    /// <param name="seed">Another seed gives other trace ids, durations and faults.</param>
    /// <param name="errors">The share of requests with an error in some span, 0 to 0.3. About a third of them hide it: the gateway answers without the payments.</param>
    /// <param name="slow">The share of requests that take longer than a second, 0 to 0.3.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public Traffic(int requests, int seed, double errors = 0.012, double slow = 0.01)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(requests);
        ArgumentOutOfRangeException.ThrowIfNegative(errors);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(errors, 0.3);
        ArgumentOutOfRangeException.ThrowIfNegative(slow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(slow, 0.3);

        var random = new Random(seed);
        var at = 0.0;
        for (var i = 0; i < requests; i++)
        {
            at += 120 * random.NextDouble();
            plans.Add(new Plan(random, at, errors, slow));
        }

        foreach (var plan in plans)
        {
            for (var i = 0; i < plan.Spans.Count; i++)
            {
                steps.Add((plan.Spans[i].Start, steps.Count, plan, i, true));
                steps.Add((plan.Spans[i].End, steps.Count, plan, i, false));
            }
        }

        steps.Sort((a, b) => (a.At, a.Order).CompareTo((b.At, b.Order)));
        Requests = plans.Select(p => p.Truth()).ToArray();
    }

    /// <summary>In the order in which they arrive.</summary>
    public IReadOnlyList<TrafficRequest> Requests { get; }

    /// <summary>How long the requests take together, in the simulated time.</summary>
    public TimeSpan Duration => TimeSpan.FromMilliseconds(steps[^1].At);

    /// <summary>The simulated time. It stands where <see cref="Send"/> has got to.</summary>
    public TimeProvider Clock => clock;

    /// <summary>
    /// Sends all requests; another time, the same ones again. Spans start and end in the order of the simulated time, so requests overlap. Where a service
    /// calls another one, the trace id, the span id and the sampled flag go along, as in a <c>traceparent</c> header.
    /// </summary>
    public void Send()
    {
        lock (typeof(Activity)) // the generator of trace ids is one for the whole process
        {
            var (generator, current) = (Activity.TraceIdGenerator, Activity.Current);
            Activity.TraceIdGenerator = () => nextTraceId == default ? ActivityTraceId.CreateRandom() : nextTraceId;
            try
            {
                foreach (var (at, _, plan, span, starts) in steps)
                {
                    clock.Now = SimulatedClock.Start.AddMilliseconds(at);
                    if (starts)
                        Start(plan, span);
                    else
                        End(plan, span);
                }
            }
            finally
            {
                nextTraceId = default;
                Activity.TraceIdGenerator = generator;
                Activity.Current = current;
            }
        }
    }

    private void Start(Plan plan, int index)
    {
        var span = plan.Spans[index];
        var parent = span.Parent < 0 ? default : plan.Contexts[span.Parent];
        if (span.Kind == ActivityKind.Server && parent != default)
            parent = new ActivityContext(parent.TraceId, parent.SpanId, parent.TraceFlags, parent.TraceState, isRemote: true);

        Activity.Current = null;
        nextTraceId = plan.TraceId;
        var activity = sources[span.Service].StartActivity(span.Name, span.Kind, parent, span.TagsAtStart, links: null, clock.Now);
        nextTraceId = default;
        plan.Open[index] = activity;
        plan.Contexts[index] = activity?.Context ?? parent; // not recorded: what the caller decided still goes along
    }

    private void End(Plan plan, int index)
    {
        var (span, activity) = (plan.Spans[index], plan.Open[index]);
        plan.Open[index] = null;
        if (activity is null)
            return;
        foreach (var (key, value) in span.TagsAtEnd)
            activity.SetTag(key, value);
        if (span.Error is { } error)
            activity.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error, "The payment provider did not answer.");
        activity.SetEndTime(clock.Now.UtcDateTime);
        activity.Stop();
    }

    private sealed class SimulatedClock : TimeProvider
    {
        public static readonly DateTimeOffset Start = new(2026, 1, 5, 9, 0, 0, TimeSpan.Zero);

        public DateTimeOffset Now { get; set; } = Start;

        public override DateTimeOffset GetUtcNow() => Now;
    }

    /// <summary>A span that will be: times in milliseconds since the first request.</summary>
    private sealed record Step(string Service, string Name, ActivityKind Kind, int Parent, double Start)
    {
        public double End { get; set; }
        public string? Error { get; set; }
        public KeyValuePair<string, object?>[] TagsAtStart { get; init; } = [];
        public List<(string Key, object Value)> TagsAtEnd { get; } = [];
    }

    /// <summary>One request: its spans, parents first.</summary>
    private sealed class Plan
    {
        public Plan(Random random, double at, double errors, double slow)
        {
            Span<byte> id = stackalloc byte[16];
            random.NextBytes(id);
            TraceId = ActivityTraceId.CreateFromBytes(id);
            var (kind, fault, hidden, user) = (random.NextDouble(), random.NextDouble(), random.NextDouble() < 1 / 3.0, random.Next(1, 10_000));
            double Work(double ms) => ms * (0.5 + random.NextDouble() + (random.NextDouble() < 0.1 ? 2 * random.NextDouble() : 0));

            if (kind < 0.15)
                Gateway(at, "/health", "/health");
            else if (kind < 0.4)
                Gateway(at, "/users/{id}", $"/users/{user}");
            else
                Gateway(at, "/profile/{id}", $"/profile/{user}");

            var now = at + 1;
            if (kind >= 0.15)
            {
                var isSlow = fault > 1 - slow / 0.85;
                var (call, server) = Call("user-service", "GET /users/{id}", now);
                var query = Add(new("user-service", "SELECT users", ActivityKind.Client, server, now + 2)
                {
                    TagsAtStart = [new("db.system.name", "postgresql"), new("db.operation.name", "SELECT"), new("db.collection.name", "users")],
                });
                now = Done(query, now + 2 + Work(20) + (isSlow ? 1_100 + 1_500 * random.NextDouble() : 0));
                now = Done(call, Done(server, now + 1) + 1);
            }

            if (kind >= 0.4)
            {
                var fails = fault < errors / 0.6;
                var (call, server) = Call("payment-service", "GET /payments/{user}", now);
                if (fails)
                {
                    Spans[call].Error = Spans[server].Error = "503";
                    Spans[0].Error = hidden ? null : "502";
                }

                var served = now + 2 + Work(30);
                if (random.NextDouble() < 0.03) // nobody waits for it: it ends after the root, sometimes long after
                    Done(Add(new("payment-service", "send receipt", ActivityKind.Internal, server, served - 1)), served + 100 + 8_000 * random.NextDouble());
                Done(server, served);
                now = Done(call, served + 1);
                Spans[call].TagsAtEnd.Add(("http.response.status_code", fails ? 503 : 200));
                Spans[server].TagsAtEnd.Add(("http.response.status_code", fails ? 503 : 200));
            }

            Spans[0].TagsAtEnd.Add(("http.response.status_code", Spans[0].Error is null ? 200 : 502));
            Done(0, now + 1);
            (Open, Contexts) = (new Activity?[Spans.Count], new ActivityContext[Spans.Count]);
        }

        public ActivityTraceId TraceId { get; }
        public List<Step> Spans { get; } = [];
        public Activity?[] Open { get; }
        public ActivityContext[] Contexts { get; }

        public TrafficRequest Truth() => new(TraceId.ToHexString(), Spans[0].Name, Spans.Count,
            Spans.Any(s => s.Error is not null), Spans[0].End - Spans[0].Start > 1_000);

        private void Gateway(double at, string route, string path) => Add(new("api-gateway", "GET " + route, ActivityKind.Server, -1, at)
        {
            TagsAtStart = [new("http.request.method", "GET"), new("url.path", path)],
        });

        private (int Client, int Server) Call(string service, string name, double at)
        {
            var client = Add(new("api-gateway", "GET", ActivityKind.Client, 0, at) { TagsAtStart = [new("server.address", service)] });
            return (client, Add(new(service, name, ActivityKind.Server, client, at + 1) { TagsAtStart = [new("http.request.method", "GET")] }));
        }

        private int Add(Step span)
        {
            Spans.Add(span);
            return Spans.Count - 1;
        }

        private double Done(int span, double at) => Spans[span].End = at;
    }
}

/// <summary>What a sampling strategy kept of a <see cref="Traffic"/>.</summary>
public sealed class SamplingOutcome
{
    private readonly int[] kept;

    /// <param name="strategy">A short name, for a picture.</param>
    /// <param name="traffic">What was sent.</param>
    /// <param name="spans">What arrived of it.</param>
    public SamplingOutcome(string strategy, Traffic traffic, SpanRecorder spans)
    {
        (Strategy, Traffic) = (strategy, traffic);
        var counts = new Dictionary<string, int>();
        foreach (var span in spans.Spans)
        {
            counts[span.TraceId] = counts.GetValueOrDefault(span.TraceId) + 1;
            Spans++;
            Bytes += OtlpBytes(span);
        }

        kept = traffic.Requests.Select(r => counts.GetValueOrDefault(r.TraceId)).ToArray();
    }

    public string Strategy { get; }
    public Traffic Traffic { get; }

    /// <summary>Spans that were exported.</summary>
    public int Spans { get; }

    /// <summary>Their size as OTLP protobuf in bytes, without compression and without the resource, which is sent once a batch.</summary>
    public long Bytes { get; }

    /// <summary>The requests of which at least one span was kept.</summary>
    public IEnumerable<TrafficRequest> Kept => Where((_, n) => n > 0);

    /// <summary>The requests of which some spans were kept and some are missing.</summary>
    public IEnumerable<TrafficRequest> Broken => Where((r, n) => n > 0 && n < r.Spans);

    /// <summary>The requests that have an error and of which nothing was kept.</summary>
    public IEnumerable<TrafficRequest> ErrorsLost => Where((r, n) => r.HasError && n == 0);

    /// <summary>How many spans of each request were kept, in the order of <see cref="Traffic.Requests"/>.</summary>
    public IReadOnlyList<int> Counts => kept;

    public override string ToString() => SamplingView.Compare(this).ToString();

    private IEnumerable<TrafficRequest> Where(Func<TrafficRequest, int, bool> condition) =>
        Traffic.Requests.Where((request, i) => condition(request, kept[i]));

    // opentelemetry-proto, trace.proto, message Span: ids 18 + 10 (+ 10 for a parent), two times of 9, kind 2, flags 6; then
    // each string or message has a tag and a length. Events and links are not counted: this traffic has none.
    private static int OtlpBytes(RecordedSpan span)
    {
        var size = 18 + 10 + (span.ParentSpanId is null ? 0 : 10) + 18 + 2 + 6 + Field(Encoding.UTF8.GetByteCount(span.Name))
            + (string.IsNullOrEmpty(span.TraceState) ? 0 : Field(Encoding.UTF8.GetByteCount(span.TraceState)));
        foreach (var (key, value) in span.Attributes)
        {
            var number = value is string || !long.TryParse(Convert.ToString(value, CultureInfo.InvariantCulture), out var n) ? -1 : n;
            var any = number >= 0 ? 1 + VarInt(number) : Field(Encoding.UTF8.GetByteCount(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));
            size += Field(Field(Encoding.UTF8.GetByteCount(key)) + Field(any));
        }

        if (span.Status != ActivityStatusCode.Unset)
            size += Field(2 + (span.StatusDescription is { } text ? Field(Encoding.UTF8.GetByteCount(text)) : 0));
        return Field(size);

        static int Field(int length) => 1 + VarInt(length) + length;
        static int VarInt(long value)
        {
            var bytes = 1;
            while ((value >>= 7) > 0)
                bytes++;
            return bytes;
        }
    }
}

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
    private readonly Dictionary<ActivityTraceId, Pending> pending = [];
    private readonly LinkedList<Pending> byAge = new();
    private readonly LinkedList<Pending> rootEnded = new();
    private readonly Dictionary<ActivityTraceId, bool> decided = [];
    private readonly Queue<ActivityTraceId> decidedByAge = new();
    private int spans;

    /// <param name="exporter">Gets the spans of the traces that are kept, a trace at a time.</param>
    /// <param name="keep">
    /// The policy: sees all spans of a trace, in the order in which they ended. When it throws, the trace is kept and
    /// <see cref="PolicyErrors"/> grows: rather too much than an error lost.
    /// </param>
    /// <param name="clock">The time that the waits are counted on; the system's if not given.</param>
    public TailSampler(BaseExporter<Activity> exporter, Func<IReadOnlyList<Activity>, bool> keep, TimeProvider? clock = null)
        : base(exporter)
    {
        ArgumentNullException.ThrowIfNull(keep);
        (this.keep, this.clock) = (keep, clock ?? TimeProvider.System);
        timer = this.clock.CreateTimer(_ => Decide(all: false), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
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
                return pending.Count;
        }
    }

    /// <summary>The most traces that were ever held at once.</summary>
    public int MostHeld { get; private set; }

    public int TracesKept { get; private set; }
    public int TracesDropped { get; private set; }

    /// <summary>Traces decided before their time, because memory was full.</summary>
    public int DecidedEarly { get; private set; }

    /// <summary>Spans that came after the decision on their trace, and were exported like the rest of it.</summary>
    public int LateSpansKept { get; private set; }

    /// <summary>Spans that came after the decision on their trace, and were dropped like the rest of it.</summary>
    public int LateSpansDropped { get; private set; }

    public int PolicyErrors { get; private set; }

    public override void OnEnd(Activity data)
    {
        var export = new List<Activity>();
        lock (gate)
        {
            var now = clock.GetUtcNow();
            DecideDue(now, export);
            if (decided.TryGetValue(data.TraceId, out var kept))
            {
                LateSpansKept += kept ? 1 : 0;
                LateSpansDropped += kept ? 0 : 1;
                if (kept)
                    export.Add(data);
            }
            else
            {
                Hold(data, now);
                while (pending.Count > MaxTraces || (spans > MaxSpans && pending.Count > 0))
                {
                    DecidedEarly++;
                    Decide(byAge.First!.Value, export);
                }

                MostHeld = Math.Max(MostHeld, pending.Count);
            }
        }

        Export(export);
    }

    protected override bool OnForceFlush(int timeoutMilliseconds)
    {
        Decide(all: true);
        return base.OnForceFlush(timeoutMilliseconds);
    }

    protected override bool OnShutdown(int timeoutMilliseconds)
    {
        timer.Dispose();
        Decide(all: true);
        return base.OnShutdown(timeoutMilliseconds);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            timer.Dispose();
        base.Dispose(disposing);
    }

    private void Hold(Activity span, DateTimeOffset now)
    {
        if (!pending.TryGetValue(span.TraceId, out var trace))
        {
            pending[span.TraceId] = trace = new Pending(span.TraceId, now);
            trace.Age = byAge.AddLast(trace);
        }

        trace.Spans.Add(span);
        spans++;
        if (span.ParentSpanId == default && trace.Ended is null)
        {
            trace.RootEndedAt = now;
            trace.Ended = rootEnded.AddLast(trace);
        }
    }

    private void DecideDue(DateTimeOffset now, List<Activity> export)
    {
        while (rootEnded.First is { } first && now - first.Value.RootEndedAt >= DecisionWait)
            Decide(first.Value, export);
        while (byAge.First is { } oldest && now - oldest.Value.Since >= LongestWait)
            Decide(oldest.Value, export);
    }

    private void Decide(bool all)
    {
        var export = new List<Activity>();
        lock (gate)
        {
            DecideDue(clock.GetUtcNow(), export);
            while (all && byAge.First is { } oldest)
                Decide(oldest.Value, export);
        }

        Export(export);
    }

    private void Decide(Pending trace, List<Activity> export)
    {
        pending.Remove(trace.TraceId);
        byAge.Remove(trace.Age!);
        if (trace.Ended is { } ended)
            rootEnded.Remove(ended);
        spans -= trace.Spans.Count;

        bool kept;
        try
        {
            kept = keep(trace.Spans);
        }
        catch (Exception)
        {
            PolicyErrors++;
            kept = true;
        }

        decided[trace.TraceId] = kept;
        decidedByAge.Enqueue(trace.TraceId);
        if (decidedByAge.Count > MaxDecisions)
            decided.Remove(decidedByAge.Dequeue());

        TracesKept += kept ? 1 : 0;
        TracesDropped += kept ? 0 : 1;
        if (kept)
            export.AddRange(trace.Spans);
    }

    private void Export(List<Activity> ended)
    {
        foreach (var span in ended)
            base.OnEnd(span);
    }

    private sealed class Pending(ActivityTraceId traceId, DateTimeOffset since)
    {
        public ActivityTraceId TraceId => traceId;
        public DateTimeOffset Since => since;
        public DateTimeOffset RootEndedAt { get; set; }
        public List<Activity> Spans { get; } = [];
        public LinkedListNode<Pending>? Age { get; set; }
        public LinkedListNode<Pending>? Ended { get; set; }
    }
}

/// <summary>Draws what sampling kept: request by request, as a share with its uncertainty, and one strategy against another.</summary>
public sealed class SamplingView : NotebookView
{
    private const int PerRow = 100;
    private const int Drawn = 1_000;

    private readonly Func<string> html;
    private readonly Func<string> text;

    private SamplingView(Func<string> html, Func<string> text) => (this.html, this.text) = (html, text);

    /// <summary>
    /// The first 1,000 requests, 100 to a row: filled if a span of it was kept, red if it has an error, so that an empty red
    /// square is an error that was lost. The numbers below are those of all requests.
    /// </summary>
    public static SamplingView Strip(SamplingOutcome outcome) => new(() => StripHtml(outcome), () => StripText(outcome));

    /// <summary>Strategies one below the other, on the same traffic.</summary>
    public static SamplingView Compare(params SamplingOutcome[] outcomes) => new(() => ComparisonHtml(outcomes), () => ComparisonText(outcomes));

    /// <summary>
    /// How far measured shares are from the expected ones, in percentage points, with the interval that holds the true
    /// share in 95 of 100 such experiments (Wilson; see <see cref="Interval"/>).
    /// </summary>
    public static SamplingView Shares(params (string Label, double Expected, int Kept, int Total)[] rows) => new(() => SharesHtml(rows), () => SharesText(rows));

    /// <summary>
    /// Wilson's 95% interval for a share k/n. With p = k/n and z = 1.96 its middle is (p + z²/2n) / (1 + z²/n), and its half
    /// width is z/(1 + z²/n) · √(p(1 − p)/n + z²/4n²). Unlike the simple p ± z·√(p(1 − p)/n) it is right for small n and p.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="total"/> is not positive, or <paramref name="kept"/> not in 0..total.</exception>
    public static (double Low, double High) Interval(int kept, int total)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(total);
        ArgumentOutOfRangeException.ThrowIfNegative(kept);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(kept, total);
        const double z = 1.959964;
        double n = total, p = kept / n;
        var middle = (p + z * z / (2 * n)) / (1 + z * z / n);
        var half = z / (1 + z * z / n) * Math.Sqrt(p * (1 - p) / n + z * z / (4 * n * n));
        return (Math.Max(0, middle - half), Math.Min(1, middle + half));
    }

    public override string ToHtml() => Style + "<div class=\"sv\">" + html() + "</div>";

    public override string ToString() => text();

    // ---- Request by request --------------------------------------------------------------------------------------

    private static (string Class, char Mark, string Meaning)[] Kinds =>
    [
        ("sv-dropped", '·', "dropped"), ("sv-kept", '■', "kept"), ("sv-part", '◧', "kept in part"),
        ("sv-lost", '✗', "error, lost"), ("sv-error", 'E', "error, kept"),
    ];

    private static int KindOf(TrafficRequest request, int kept) =>
        request.HasError ? (kept == 0 ? 3 : 4) : kept == 0 ? 0 : kept < request.Spans ? 2 : 1;

    private static int[] KindsOf(SamplingOutcome outcome) => outcome.Traffic.Requests.Select((r, i) => KindOf(r, outcome.Counts[i])).ToArray();

    private static string StripHtml(SamplingOutcome outcome)
    {
        var kinds = KindsOf(outcome);
        var drawn = Math.Min(Drawn, kinds.Length);
        var (width, height) = (Math.Min(PerRow, drawn) * 8, (drawn + PerRow - 1) / PerRow * 8);
        var svg = new StringBuilder($"<div class=\"sv-title\">{Drawing.Encode(outcome.Strategy)}</div><svg viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\" role=\"img\" aria-label=\"{Drawing.Encode(Legend(kinds))}\">");
        for (var kind = 0; kind < Kinds.Length; kind++)
        {
            var path = new StringBuilder();
            for (var i = 0; i < drawn; i++)
            {
                if (kinds[i] == kind)
                    path.Append($"M{i % PerRow * 8 + 1.5} {i / PerRow * 8 + 1.5}h5v5h-5z".Replace(',', '.'));
            }

            if (path.Length > 0)
                svg.Append($"<path class=\"{Kinds[kind].Class}\" d=\"{path}\"/>");
        }

        svg.Append("</svg><div class=\"sv-foot\">");
        for (var kind = 0; kind < Kinds.Length; kind++)
        {
            var count = kinds.Count(k => k == kind);
            if (count > 0)
                svg.Append($"<span class=\"sv-key\"><svg viewBox=\"0 0 8 8\"><path class=\"{Kinds[kind].Class}\" d=\"M1.5 1.5h5v5h-5z\"/></svg>{count.ToString("N0", CultureInfo.InvariantCulture)} {Kinds[kind].Meaning}</span>");
        }

        return svg.Append($"<span>{Scope(kinds.Length, drawn)}</span></div>").ToString();
    }

    private static string StripText(SamplingOutcome outcome)
    {
        var kinds = KindsOf(outcome);
        var drawn = Math.Min(Drawn, kinds.Length);
        var lines = kinds.Take(drawn).Chunk(PerRow).Select(row => string.Concat(row.Select(k => Kinds[k].Mark)));
        return $"{outcome.Strategy}\n{string.Join('\n', lines)}\n{Legend(kinds)}. {Scope(kinds.Length, drawn)}";
    }

    private static string Legend(int[] kinds) => string.Join(", ", Kinds.Select((kind, i) => (kind, Count: kinds.Count(k => k == i)))
        .Where(k => k.Count > 0).Select(k => string.Create(CultureInfo.InvariantCulture, $"{k.kind.Mark} {k.Count:N0} {k.kind.Meaning}")));

    private static string Scope(int all, int drawn) => drawn == all
        ? $"{Drawing.Count(all, "request")}."
        : string.Create(CultureInfo.InvariantCulture, $"Drawn: the first {drawn:N0} of {all:N0} requests; counted: all.");

    // ---- Shares --------------------------------------------------------------------------------------------------

    private static string Points(double share) => (share * 100).ToString("+0.0;−0.0;0.0", CultureInfo.InvariantCulture);

    private static string SharesHtml((string Label, double Expected, int Kept, int Total)[] rows)
    {
        var intervals = rows.Select(r => Interval(r.Kept, r.Total)).ToArray();
        var reach = Math.Max(0.001, rows.Select((r, i) => Math.Max(Math.Abs(intervals[i].Low - r.Expected), Math.Abs(intervals[i].High - r.Expected))).Max()) * 1.05;
        double X(double difference) => 340 + 140 * difference / reach;
        string N(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);
        var (height, svg) = (rows.Length * 26 + 40, new StringBuilder());
        svg.Append($"<svg viewBox=\"0 0 680 {height}\" style=\"max-width:680px\" role=\"img\" aria-label=\"{Drawing.Encode(SharesText(rows))}\">")
            .Append($"<line class=\"sv-zero\" x1=\"{N(X(0))}\" x2=\"{N(X(0))}\" y1=\"16\" y2=\"{height - 22}\"/><text class=\"sv-mid\" x=\"{N(X(0))}\" y=\"11\">expected</text>");
        for (var i = 0; i < rows.Length; i++)
        {
            var (row, y) = (rows[i], 34 + i * 26);
            var (low, high, at) = (X(intervals[i].Low - row.Expected), X(intervals[i].High - row.Expected), X((double)row.Kept / row.Total - row.Expected));
            svg.Append($"<line class=\"sv-range\" x1=\"{N(low)}\" x2=\"{N(high)}\" y1=\"{y}\" y2=\"{y}\"/><circle class=\"sv-dot\" cx=\"{N(at)}\" cy=\"{y}\" r=\"4\"/>")
                .Append($"<text x=\"0\" y=\"{y + 4}\">{Drawing.Encode(Drawing.Fit(row.Label, 28, pad: false))}</text><text x=\"500\" y=\"{y + 4}\">{Drawing.Encode(Facts(row, intervals[i]))}</text>");
        }

        foreach (var end in new[] { -reach, reach })
            svg.Append($"<text class=\"sv-mid\" x=\"{N(X(end * 0.94))}\" y=\"{height - 6}\">{Points(end)}</text>");
        return svg.Append($"<text class=\"sv-mid\" x=\"{N(X(0))}\" y=\"{height - 6}\">percentage points off</text></svg>").ToString();
    }

    private static string Facts((string Label, double Expected, int Kept, int Total) row, (double Low, double High) interval) => string.Create(CultureInfo.InvariantCulture,
        $"{(double)row.Kept / row.Total:0.00%}  [{interval.Low:0.00%}, {interval.High:0.00%}]");

    private static string SharesText((string Label, double Expected, int Kept, int Total)[] rows) => string.Join('\n', rows.Select(r =>
        string.Create(CultureInfo.InvariantCulture, $"{Drawing.Fit(r.Label, 30)} expected {r.Expected:0.00%}, measured {Facts(r, Interval(r.Kept, r.Total))}")));

    // ---- One strategy against another ----------------------------------------------------------------------------

    private static (string Title, Func<SamplingOutcome, (double Value, double Of)> Number, bool Bad)[] Columns =>
    [
        ("traces kept", o => (o.Kept.Count(), o.Traffic.Requests.Count), false),
        ("broken", o => (o.Broken.Count(), o.Traffic.Requests.Count), true),
        ("errors kept", o => (o.Kept.Count(r => r.HasError), o.Traffic.Requests.Count(r => r.HasError)), false),
        ("slow kept", o => (o.Kept.Count(r => r.IsSlow), o.Traffic.Requests.Count(r => r.IsSlow)), false),
        ("spans sent", o => (o.Spans, o.Traffic.Requests.Sum(r => r.Spans)), false),
    ];

    private static string ComparisonHtml(SamplingOutcome[] outcomes)
    {
        var html = new StringBuilder("<table><tr><th></th>").AppendJoin("", Columns.Select(c => $"<th>{c.Title}</th>")).Append("<th>kB sent</th></tr>");
        foreach (var outcome in outcomes)
        {
            html.Append($"<tr><th>{Drawing.Encode(outcome.Strategy)}</th>");
            foreach (var (_, number, bad) in Columns)
            {
                var (value, of) = number(outcome);
                html.Append($"<td>{Number(value)}{(bad || of == 0 ? "" : $" <small>of {Number(of)}</small>")}<div class=\"sv-bar{(bad ? " sv-bad" : "")}\"><div style=\"width:{Drawing.Percent(of == 0 ? 0 : value / of)}\"></div></div></td>");
            }

            html.Append($"<td>{Number(Math.Round(outcome.Bytes / 1000.0))}</td></tr>");
        }

        return html.Append("</table>").ToString();
    }

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string ComparisonText(SamplingOutcome[] outcomes)
    {
        var width = Math.Min(40, outcomes.Max(o => o.Strategy.Length) + 2);
        var lines = new List<string> { new string(' ', width) + string.Concat(Columns.Select(c => $"{c.Title,18}")) + $"{"kB sent",10}" };
        foreach (var outcome in outcomes)
        {
            var cells = Columns.Select(c => c.Number(outcome) is var (value, of) && c.Bad ? Number(value) : $"{Number(value)} of {Number(of)}");
            lines.Add(Drawing.Fit(outcome.Strategy, width) + string.Concat(cells.Select(c => $"{c,18}")) + $"{Number(Math.Round(outcome.Bytes / 1000.0)),10}");
        }

        return string.Join('\n', lines);
    }

    // The page's own text colour throughout; red only for errors, and never alone: a lost error is also hollow.
    private const string Style = """
        <style>
        .sv { font-size: 13px; line-height: 1.5; max-width: 820px; overflow-x: auto }
        .sv svg { width: 100%; display: block; min-width: 480px }
        .sv text { fill: currentColor; font-size: 12px }
        .sv-title { font-weight: 600; margin-bottom: 2px }
        .sv-dropped { fill: currentColor; opacity: .16 }
        .sv-kept { fill: #29837f }
        .sv-part { fill: #b07d10 }
        .sv-error { fill: #d9534f; stroke: #d9534f; stroke-width: 1.5 }
        .sv-lost { fill: none; stroke: #d9534f; stroke-width: 1.8 }
        .sv-foot { display: flex; flex-wrap: wrap; gap: 2px 16px; margin-top: 4px }
        .sv .sv-key svg { display: inline-block; width: 12px; min-width: 0; margin-right: 5px; vertical-align: -1px }
        .sv-zero { stroke: currentColor; stroke-dasharray: 3 3; opacity: .6 }
        .sv-range { stroke: #558add; stroke-width: 3; stroke-linecap: round; opacity: .75 }
        .sv-dot { fill: #558add }
        .sv .sv-mid { text-anchor: middle; opacity: .8 }
        .sv table { border-collapse: collapse; width: 100%; font-size: 13px }
        .sv th { text-align: left; font-weight: 600; padding: 3px 12px 3px 0; vertical-align: top }
        .sv td { text-align: left; padding: 3px 12px 3px 0; white-space: nowrap; vertical-align: top }
        .sv small { opacity: .75 }
        .sv-bar { height: 6px; margin-top: 2px; background: color-mix(in srgb, currentColor 12%, transparent) }
        .sv-bar div { height: 6px; min-width: 0; background: #29837f }
        .sv-bad div { background: #d9534f }
        </style>
        """;
}
