#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using OpenTelemetry;
using OpenTelemetry.Trace;

/// <summary>One request of a <see cref="Traffic"/>, and what is true about it: a sampler finds out too late, or never.</summary>
/// <param name="TraceId">32 lower-case hex digits.</param>
/// <param name="Name">The name of its root span, as in "GET /profile/{id}".</param>
/// <param name="Spans">How many spans it makes when everything is recorded.</param>
/// <param name="HasError">One of its spans ends with the status <c>Error</c>; that need not be the root.</param>
/// <param name="IsSlow">Its root span takes longer than a second.</param>
public sealed record TrafficRequest(string TraceId, string Name, int Spans, bool HasError, bool IsSlow)
{
    /// <summary>Health checks, whose traces are not needed.</summary>
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

    private readonly List<TrafficPlan> plans = [];
    private readonly List<(double At, int Order, TrafficPlan Plan, int Span, bool Starts)> steps = [];
    private readonly SimulatedClock clock = new();

    /// <summary>Plans the requests; <see cref="Send"/> sends them.</summary>
    /// <param name="requests">How many requests there are; 1,000 a minute of simulated time.</param>
    /// <param name="seed">Another seed gives other trace ids, durations and faults.</param>
    /// <param name="errors">
    /// The share of requests with an error in some span, 0 to 0.3. About a third of them hide it: the gateway answers without the payments.
    /// </param>
    /// <param name="slow">The share of requests that take longer than a second, 0 to 0.3.</param>
    /// <param name="late">
    /// The share of requests whose error comes late, 0 to 0.3: half of them export a profile for 31 to 60 seconds and then fail, half
    /// are profile pages whose receipt fails five to nine seconds after the answer. They come on top of <paramref name="errors"/>.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public Traffic(int requests, int seed, double errors = 0.012, double slow = 0.01, double late = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(requests);
        foreach (var (share, name) in new[] { (errors, nameof(errors)), (slow, nameof(slow)), (late, nameof(late)) })
        {
            if (!(share is >= 0 and <= 0.3))
                throw new ArgumentOutOfRangeException(name, share, "A share from 0 to 0.3.");
        }

        var random = new Random(seed);
        var at = 0.0;
        for (var i = 0; i < requests; i++)
            plans.Add(new TrafficPlan(random, at += 120 * random.NextDouble(), errors, slow, late));
        foreach (var plan in plans)
        {
            for (var i = 0; i < plan.Spans.Count; i++)
            {
                steps.Add((plan.Spans[i].Start, steps.Count, plan, i, true));
                steps.Add((plan.Spans[i].End, steps.Count, plan, i, false));
            }
        }

        steps.Sort((a, b) => (a.At, a.Order).CompareTo((b.At, b.Order)));
        Requests = plans.Select(p => new TrafficRequest(p.TraceId.ToHexString(), p.Spans[0].Name, p.Spans.Count,
            p.Spans.Any(s => s.Error is not null), p.Spans[0].End - p.Spans[0].Start > 1_000)).ToArray();
    }

    /// <summary>In the order in which they arrive.</summary>
    public IReadOnlyList<TrafficRequest> Requests { get; }

    /// <summary>How long the requests take together, in the simulated time.</summary>
    public TimeSpan Duration => TimeSpan.FromMilliseconds(steps[^1].At);

    /// <summary>The simulated time. It is the time up to which <see cref="Send"/> has sent.</summary>
    public TimeProvider Clock => clock;

    /// <summary>
    /// Sends all requests; another time, the same ones again. Spans start and end in the order of the simulated time, so
    /// requests overlap. Where a service calls another one, the trace id, the span id and the sampled flag go along, as in
    /// a <c>traceparent</c> header.
    /// </summary>
    public void Send() => SendAt(SimulatedClock.Start, 1);

    /// <summary>The same requests with the same trace ids at another time, and stretched: what depends on times changes.</summary>
    internal void SendAt(DateTimeOffset start, double stretch)
    {
        using var gateway = new ActivitySource("api-gateway");
        using var users = new ActivitySource("user-service");
        using var payments = new ActivitySource("payment-service");
        var sources = new[] { gateway, users, payments }.ToDictionary(source => source.Name);
        lock (typeof(Activity)) // the generator of trace ids is one for the whole process
        {
            var (generator, current) = (Activity.TraceIdGenerator, Activity.Current);
            Activity.TraceIdGenerator = () => nextTraceId == default ? ActivityTraceId.CreateRandom() : nextTraceId;
            try
            {
                foreach (var (at, _, plan, span, starts) in steps)
                {
                    clock.Now = start.AddMilliseconds(at * stretch);
                    if (starts)
                        Start(sources[plan.Spans[span].Service], plan, span);
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

    /// <summary>The spans of all requests as a processor gets them: in the order in which they end, nothing dropped.</summary>
    internal IReadOnlyList<Activity> Ended(DateTimeOffset? start = null, double stretch = 1)
    {
        var collector = new Collector();
        using (Sdk.CreateTracerProviderBuilder().SetSampler(new AlwaysOnSampler())
            .AddSource("api-gateway", "user-service", "payment-service").AddProcessor(collector).Build())
        {
            SendAt(start ?? SimulatedClock.Start, stretch);
        }

        return collector.Spans;
    }

    private sealed class Collector : BaseProcessor<Activity>
    {
        public List<Activity> Spans { get; } = [];

        public override void OnEnd(Activity data) => Spans.Add(data);
    }

    private void Start(ActivitySource source, TrafficPlan plan, int index)
    {
        var span = plan.Spans[index];
        var parent = span.Parent < 0 ? default : plan.Contexts[span.Parent];
        if (span.Kind == ActivityKind.Server && parent != default)
            parent = new ActivityContext(parent.TraceId, parent.SpanId, parent.TraceFlags, parent.TraceState, isRemote: true);

        Activity.Current = null;
        nextTraceId = plan.TraceId;
        var activity = source.StartActivity(span.Name, span.Kind, parent, span.TagsAtStart, links: null, clock.Now);
        nextTraceId = default;
        plan.Open[index] = activity;
        plan.Contexts[index] = activity?.Context ?? parent; // not recorded: what the caller decided still goes along
    }

    private void End(TrafficPlan plan, int index)
    {
        var (span, activity) = (plan.Spans[index], plan.Open[index]);
        plan.Open[index] = null;
        if (activity is null)
            return;
        foreach (var (key, value) in span.TagsAtEnd)
            activity.SetTag(key, value);
        if (span.Error is { } error)
            activity.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error, span.ErrorText);
        activity.SetEndTime(clock.Now.UtcDateTime);
        activity.Stop();
    }

    private sealed class SimulatedClock : TimeProvider
    {
        public static readonly DateTimeOffset Start = new(2026, 1, 5, 9, 0, 0, TimeSpan.Zero);

        public DateTimeOffset Now { get; set; } = Start;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
