#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using OpenTelemetry;
using OpenTelemetry.Trace;

/// <summary>Exercise 9.1: a tail sampler that copes with late spans and has a bound.</summary>
public static class Exercise91
{
    private const int Max = 10, Rootless = 50;

    private static readonly string[] Services = ["api-gateway", "user-service", "payment-service"];

    /// <summary>Gives the sampler single spans, in an order that is chosen, and then the spans of 1,000 requests.</summary>
    /// <param name="tailSampler">Makes the learner's sampler, of an exporter, a policy, and the number of traces that may wait.</param>
    public static Exercise Check(
        Func<BaseExporter<Activity>, Func<IReadOnlyList<Activity>, bool>, int, BaseProcessor<Activity>> tailSampler)
    {
        using var source = new ActivitySource("exercise 9.1");
        using var provider = Sdk.CreateTracerProviderBuilder().SetSampler(new AlwaysOnSampler()).AddSource(source.Name).Build();
        var sent = new SpanRecorder();
        var drawing = new SimpleActivityExportProcessor(sent);

        Activity Root(string name) => Ended(name, default, 0, 60);
        Activity Child(Activity parent, string name, int from = 10, int to = 40, bool fails = false) =>
            Ended(name, parent.Context, from, to, fails);
        Activity Ended(string name, ActivityContext parent, int from, int to, bool fails = false)
        {
            var start = new DateTimeOffset(2026, 1, 5, 9, 0, 0, TimeSpan.Zero);
            Activity.Current = null;
            var span = source.StartActivity(name, ActivityKind.Internal, parent, startTime: start.AddMilliseconds(from))!;
            span.SetStatus(fails ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
            span.SetEndTime(start.AddMilliseconds(to).UtcDateTime);
            span.Stop();
            Activity.Current = null;
            return span;
        }

        // Two requests, one of which fails. Each has a span that ends after its root.
        var (good, bad) = (Root("order, all well"), Root("order, card refused"));
        var failing = new[] { Child(bad, "charge card", fails: true), bad, Child(bad, "send receipt", 50, 110) };
        var well = new[] { Child(good, "charge card"), good, Child(good, "send receipt", 50, 110) };
        Array.ForEach([.. failing, .. well], drawing.OnEnd);
        var drawn = sent.Spans.Select(s => s with { Resource = [new("service.name", "orders")] }).ToArray();

        // Many traces whose root does not end.
        var roots = Enumerable.Range(0, Rootless).Select(i => Root($"import {i}")).ToArray();
        var parts = roots.Select(root => Child(root, "read file")).ToArray();

        return Exercise.Check("Exercise 9.1", RecordedTrace.Group(drawn),
            ("A trace is decided when its root ends", Judge(() =>
            {
                var run = new Run(tailSampler, HasError, Max, [well[0], failing[0], failing[1], well[1]]);
                return run.Arrived(bad) != 2 ? Marked($"'{bad.DisplayName}' has an error, and its root has ended: "
                        + $"{run.Arrived(bad)} of its 2 spans arrived.", bad)
                    : run.Arrived(good) > 0 ? Marked($"The policy returned false for '{good.DisplayName}', but it arrived.", good) : null;
            })),
            ("A late span follows its trace", Judge(() =>
            {
                var run = new Run(tailSampler, HasError, Max, [well[0], failing[0], failing[1], well[1], failing[2], well[2]]);
                return run.Arrived(bad) != 3
                        ? Marked("'send receipt' ended after its root. Its trace was kept, but it did not arrive.", failing[2])
                    : run.Arrived(good) > 0
                        ? Marked("'send receipt' ended after its root. Its trace was dropped, but it arrived.", well[2]) : null;
            })),
            ("No more traces wait than there is memory for", Judge(() =>
            {
                var (few, run) = (new Run(tailSampler, _ => true, Max, parts[..Max]), new Run(tailSampler, _ => true, Max, parts));
                var came = $"{Rootless} traces came whose root does not end. With memory for {Max}, {Rootless - Max} must be decided: ";
                return few.Asked.Count > 0
                        ? $"{Max} traces waited, and there is memory for {Max}, but one was decided already. That is too early."
                    : run.Asked.Count < run.Arrived() ? "A trace was exported early, but the policy was not asked about it."
                    : run.Asked.Count < Rootless - Max ? came + $"the policy was asked about {run.Asked.Count}."
                    : run.Asked.Count > Rootless - Max ? came + $"yours decided {run.Asked.Count}, and so more than it must."
                    : run.Arrived() < run.Asked.Count ? $"The policy returned true for {run.Asked.Count} traces; {run.Arrived()} arrived."
                    : null;
            })),
            ("The oldest goes first", Judge(() =>
            {
                var run = new Run(tailSampler, _ => true, Max, [.. parts[..Max], Child(roots[0], "write rows"), .. parts[Max..]]);
                var at = Enumerable.Range(0, run.Asked.Count).FirstOrDefault(i => run.Asked[i] != parts[i].TraceId, -1);
                return at < 0 ? null : $"'{roots[at].DisplayName}' had waited longest, but "
                    + $"'{roots.FirstOrDefault(r => r.TraceId == run.Asked[at])?.DisplayName}' was decided before it.";
            })),
            ("Each trace is decided once", Judge(() =>
            {
                var (first, second) = (roots[0], roots[1]);
                var run = new Run(tailSampler, trace => trace[0].TraceId != second.TraceId, Max,
                [
                    .. parts, Child(first, "write rows"), first, Child(second, "write rows"), second, .. roots[2..], .. well, .. failing,
                    Child(first, "send report", 70, 90), Child(second, "send report", 70, 90),
                ]);
                var twice = roots.FirstOrDefault(r => run.Asked.Count(id => id == r.TraceId) > 1);
                return twice is not null
                        ? $"The policy was asked twice about '{twice.DisplayName}': it was decided early, and then its other spans ended."
                    : run.Arrived(first) != 4
                        ? $"'{first.DisplayName}' was decided early and kept. Of three later spans of it, the last one ended after the "
                            + $"root, and {run.Arrived(first) - 1} arrived."
                    : run.Arrived(second) > 0
                        ? $"'{second.DisplayName}' was decided early and dropped, but a later span of it arrived." : null;
            })),
            ("On 1,000 requests that it has not seen", Judge(() =>
            {
                var traffic = new Traffic(1_000, seed: 91);
                var run = new Run(tailSampler, HasError, 200, traffic.Ended());
                var outcome = new SamplingOutcome("9.1", traffic, run.Recorder);
                return outcome.Broken.FirstOrDefault() is { } part ? $"The trace {part.TraceId} ({part.Name}) is not complete."
                    : outcome.ErrorsLost.FirstOrDefault() is { } lost ? $"The trace {lost.TraceId} ({lost.Name}) lost its error." : null;
            })));

        Wrong Marked(string why, Activity wrong) =>
            new(why, drawn.Where(s => s.SpanId == wrong.SpanId.ToHexString()).ToArray());
    }

    private static bool HasError(IReadOnlyList<Activity> trace) => trace.Any(s => s.Status == ActivityStatusCode.Error);

    // What the learner's code throws is the learner's to hear, and no fault of the check.
    private static Func<Wrong?> Judge(Func<Wrong?> rule) => () =>
    {
        try
        {
            return rule();
        }
        catch (AnswerThrew e)
        {
            return e.Message;
        }
    };

    /// <summary>One sampler of the learner's that was given spans, and what it did with them.</summary>
    private sealed class Run
    {
        public Run(
            Func<BaseExporter<Activity>, Func<IReadOnlyList<Activity>, bool>, int, BaseProcessor<Activity>> make,
            Func<IReadOnlyList<Activity>, bool> keep, int max, IEnumerable<Activity> ended)
        {
            var at = "When it was made, your sampler";
            try
            {
                var answer = make(Recorder, trace =>
                {
                    Asked.Add(trace[0].TraceId);
                    return keep(trace);
                }, max);
                foreach (var span in ended)
                {
                    at = $"When '{span.DisplayName}' ended, OnEnd";
                    answer.OnEnd(span);
                }
            }
            catch (Exception e)
            {
                throw new AnswerThrew($"{at} threw {e.GetType().Name}: {e.Message}");
            }
        }

        public SpanRecorder Recorder { get; } = new();
        public List<ActivityTraceId> Asked { get; } = [];

        public int Arrived() => Recorder.Count;
        public int Arrived(Activity ofTrace) => Recorder.Spans.Count(s => s.TraceId == ofTrace.TraceId.ToHexString());
    }

    private sealed class AnswerThrew(string message) : Exception(message);
}

/// <summary>Exercise 9.2: a tail policy within a budget.</summary>
public static class Exercise92
{
    private const double Budget = 0.1, ErrorShare = 0.1, RestShare = 0.02;

    /// <summary>Lets the policy decide about 3,000 requests of a day on which every fifth request fails.</summary>
    /// <param name="answer92">The learner's policy: true keeps the trace that these spans are.</param>
    public static Exercise Check(Func<IReadOnlyList<Activity>, bool> answer92)
    {
        var traffic = new Traffic(3_000, seed: 92, errors: 0.2, slow: 0.02);
        var (kept, rootFailed, thrown) = (new HashSet<string>(), new HashSet<string>(), "");
        var dropped = new SpanRecorder();
        foreach (var (request, trace) in Sent(stretch: 1))
        {
            if (Ask(trace, "a trace"))
                kept.Add(request.TraceId);
            else if (request.IsSlow && dropped.Count == 0)
                Array.ForEach(trace, new SimpleActivityExportProcessor(dropped).OnEnd);
            if (trace.Length > 1)
                Ask(trace.Where(s => s.ParentSpanId != default).ToArray(), "a trace whose root has not ended");
            if (trace.Any(s => s.ParentSpanId == default && s.Status == ActivityStatusCode.Error))
                rootFailed.Add(request.TraceId);
        }

        var other = Sent(stretch: 1.003).FirstOrDefault(t => thrown.Length == 0 && Ask(t.Trace, "a trace") != IsKept(t.Request)).Request;
        var receipt = Sent(stretch: 1).FirstOrDefault(t => thrown.Length == 0 && !t.Request.IsSlow
            && Ask(t.Trace.Where(s => s.DisplayName != "send receipt").ToArray(), "a trace") != IsKept(t.Request)).Request;
        var (slow, errors, checks) = (Of(r => r.IsSlow), Of(r => r.HasError && !r.IsSlow), Of(r => r.IsHealthCheck));
        var rest = Of(r => !r.HasError && !r.IsSlow && !r.IsHealthCheck);
        var hidden = errors.Where(r => !rootFailed.Contains(r.TraceId)).ToArray();
        var drawn = dropped.Spans.Select(s => s with { Resource = [new("service.name", s.SourceName)] }).ToArray();
        var (lostSlow, health) = (slow.FirstOrDefault(r => !IsKept(r)), checks.FirstOrDefault(IsKept));

        return Exercise.Check("Exercise 9.2", RecordedTrace.Group(drawn),
            ("The policy answers for every trace, also when its root has not ended", () => thrown.Length == 0 ? null : thrown),
            ("No slow trace is lost", () => lostSlow is null ? null
                : new Wrong($"{Name(lostSlow)} was dropped, but its root took longer than one second.",
                    drawn.Where(s => s.ParentSpanId is null).ToArray())),
            ("The budget is met", () => kept.Count <= Budget * traffic.Requests.Count ? null
                : string.Create(CultureInfo.InvariantCulture, $"{100.0 * kept.Count / traffic.Requests.Count:0.0}% of the traces ")
                    + $"were kept: {Kept(slow)} slow ones, {Kept(errors)} of {errors.Length} with an error, {Kept(checks)} health "
                    + $"checks, and {Kept(rest)} of the {rest.Length} others. Which of these is too much?"),
            ("A tenth of the errors is kept", () => TooFew(errors, ErrorShare)
                    ? $"{Kept(errors)} of {errors.Length} traces with an error were kept. That is less than a tenth."
                : TooFew(hidden, ErrorShare)
                    ? $"In {hidden.Length} traces a span failed and the root did not. {Kept(hidden)} of them were kept: less than a tenth."
                : null),
            ("No health check is kept", () => health is null ? null : $"{Name(health)} was kept."),
            ("Some of the rest is kept", () => !TooFew(rest, RestShare) ? null
                : $"{Kept(rest)} of {rest.Length} traces without error and delay were kept. Below 2%, there are too few to compare with."),
            ("The trace id decides", () => other is not null
                    ? $"The policy returned two results for one trace id: {other.TraceId} ({other.Name}). Two Collectors would disagree."
                : UnstableHash.In(answer92) is { } hash
                    ? $"Your policy calls {hash}, which returns another number for the same value in each process: .NET chooses a seed at "
                        + "its start. Two Collectors would disagree, and one of them after a restart. Take the digits of the id itself."
                : null),
            ("What ends after the root changes nothing", () => receipt is null ? null
                : $"{Name(receipt)} got another answer without 'send receipt', which ends after the root. As the duration of the "
                    + "trace, use the duration of its root."));

        bool Ask(IReadOnlyList<Activity> spans, string what)
        {
            try
            {
                return answer92(spans);
            }
            catch (Exception e)
            {
                thrown = thrown.Length > 0 ? thrown
                    : $"For {what} ({spans[^1].DisplayName}), the policy threw {e.GetType().Name}: {e.Message}"
                        + (e is NullReferenceException or ArgumentNullException
                            ? " The tag of a span that has no such tag is null, and so is a root that has not ended." : "");
                return false;
            }
        }

        TrafficRequest[] Of(Func<TrafficRequest, bool> condition) => traffic.Requests.Where(condition).ToArray();
        bool IsKept(TrafficRequest request) => kept.Contains(request.TraceId);
        int Kept(TrafficRequest[] requests) => requests.Count(IsKept);
        // Only if chance does not explain it: whoever chose exactly that ratio has kept it.
        bool TooFew(TrafficRequest[] requests, double share) => SamplingView.Interval(Kept(requests), requests.Length).High < share;
        // Stretched, it comes at another time and takes a little longer.
        IEnumerable<(TrafficRequest Request, Activity[] Trace)> Sent(double stretch)
        {
            var start = new DateTimeOffset(2026, 1, 5, 9, 0, 0, TimeSpan.Zero).AddTicks(stretch == 1 ? 0 : 3_689_418_030_007);
            var traces = traffic.Ended(start, stretch).ToLookup(s => s.TraceId.ToHexString());
            return traffic.Requests.Select(r => (r, traces[r.TraceId].ToArray()));
        }
        static string Name(TrafficRequest request) => $"The trace {request.TraceId} ({request.Name})";
    }
}
