#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using OpenTelemetry;
using OpenTelemetry.Trace;

/// <summary>Exercise 8.1: a sampler that drops health checks.</summary>
public static class Exercise81
{
    // TraceIdRatioBasedSampler looks at the first eight bytes: any ratio keeps the one, no ratio keeps the other.
    private static readonly ActivityTraceId Kept = ActivityTraceId.CreateFromString("00000000000000010000000000000001");
    private static readonly ActivityTraceId Lost = ActivityTraceId.CreateFromString("7fffffffffffffff0000000000000001");

    /// <summary>Asks the sampler about single spans, then lets it sample 2,000 requests.</summary>
    /// <param name="sampler">Makes the learner's sampler; the argument is the ratio.</param>
    public static Exercise Check(Func<double, Sampler> sampler)
    {
        return Exercise.Check("Exercise 8.1",
            ("Root health checks are dropped", Judge(() =>
                First(["/health", "/health/ready"], path => Ask(0.05, Kept, default, path) is var answer && answer != SamplingDecision.Drop
                    ? $"A root with {Path(path)} was answered with {answer}." : null))),
            ("Other paths are not taken for health checks", Judge(() =>
                First(["/healthy-recipes", "/articles/health", "/profile/7", null], path =>
                    Ask(0.05, Kept, default, path) is var answer && answer != SamplingDecision.RecordAndSample
                    ? $"A root with {Path(path)} was answered with {answer}. Its trace id is one that any ratio keeps." : null))),
            ("A span with a parent does what the parent did", Judge(() => (
                from remote in new[] { true, false }
                from flags in new[] { ActivityTraceFlags.Recorded, ActivityTraceFlags.None }
                from path in new[] { "/profile/7", "/health" }
                from trace in new[] { Kept, Lost }
                let parent = new ActivityContext(trace, ActivitySpanId.CreateRandom(), flags, null, remote)
                let sampled = flags == ActivityTraceFlags.Recorded
                where Ask(0.05, trace, parent, path) == SamplingDecision.RecordAndSample != sampled
                select $"The {(remote ? "remote" : "local")} parent of a span with url.path = {path} was "
                    + $"{(sampled ? "sampled, the span is not" : "not sampled, the span is")}.").FirstOrDefault())),
            ("Of the other roots, the ratio is kept by trace id", Judge(() => (
                from share in new[] { 0.05, 0.5 }
                from trace in TraceIds()
                let answer = Decision(new TraceIdRatioBasedSampler(share), trace, default, "/profile/7")
                where Ask(share, trace, default, "/profile/7") != answer
                select string.Create(CultureInfo.InvariantCulture, $"With the ratio {share}, TraceIdRatioBasedSampler ")
                    + $"answers otherwise than yours for the trace id {trace}.").FirstOrDefault())),
            ("On 2,000 requests that it has not seen", Judge(() =>
            {
                var (unseen, arrived, guarded) = (new Traffic(2_000, seed: 61), new SpanRecorder(), new Guarded(sampler(0.2)));
                using (Sdk.CreateTracerProviderBuilder().SetSampler(guarded).AddSource("api-gateway", "user-service", "payment-service")
                    .AddProcessor(new SimpleActivityExportProcessor(arrived)).Build())
                {
                    unseen.Send();
                }

                if (guarded.Thrown is { } thrown)
                    throw thrown;
                var outcome = new SamplingOutcome("8.1", unseen, arrived);
                return outcome.Kept.FirstOrDefault(r => r.IsHealthCheck) is { } health ? $"The health check {health.TraceId} was kept."
                    : outcome.Broken.FirstOrDefault() is { } part ? $"The trace {part.TraceId} ({part.Name}) is not complete." : null;
            })));

        SamplingDecision Ask(double share, ActivityTraceId trace, ActivityContext parent, string? path)
        {
            try
            {
                return Decision(sampler(share), trace, parent, path);
            }
            catch (Exception e)
            {
                throw new SamplerThrew($"a {(parent == default ? "root" : "span")} with {Path(path)}", e);
            }
        }
    }

    // What the learner's code throws is the learner's to hear, and no fault of the check.
    private static Func<Wrong?> Judge(Func<Wrong?> rule) => () =>
    {
        try
        {
            return rule();
        }
        catch (SamplerThrew e)
        {
            return e.Message;
        }
    };

    private static SamplingDecision Decision(Sampler sampler, ActivityTraceId trace, ActivityContext parent, string? path)
    {
        KeyValuePair<string, object?>[]? tags = path is null ? null : [new("http.request.method", "GET"), new("url.path", path)];
        return sampler.ShouldSample(new SamplingParameters(parent, trace, "GET", ActivityKind.Server, tags!, null)).Decision;
    }

    private static string Path(string? path) => path is null ? "no attributes" : "url.path = " + path;

    private static string? First(string?[] paths, Func<string?, string?> problem) =>
        paths.Select(problem).FirstOrDefault(p => p is not null);

    private static IEnumerable<ActivityTraceId> TraceIds()
    {
        var random = new Random(61); // a seed, so that the same answer gets the same verdict
        var bytes = new byte[16];
        for (var i = 0; i < 2_000; i++)
        {
            random.NextBytes(bytes);
            yield return ActivityTraceId.CreateFromBytes(bytes);
        }
    }

    private sealed class SamplerThrew(string about, Exception cause)
        : Exception($"Asked about {about}, the sampler threw {cause.GetType().Name}: {cause.Message}");

    // Keeps the first exception until the traffic is over: thrown in the middle of it, it would leave spans open.
    private sealed class Guarded(Sampler sampler) : Sampler
    {
        public SamplerThrew? Thrown { get; private set; }

        public override SamplingResult ShouldSample(in SamplingParameters parameters)
        {
            try
            {
                return sampler.ShouldSample(parameters);
            }
            catch (Exception e)
            {
                Thrown ??= new SamplerThrew($"'{parameters.Name}'", e);
                return new(SamplingDecision.Drop);
            }
        }
    }
}

/// <summary>Exercise 8.2: a tail policy within a budget.</summary>
public static class Exercise82
{
    /// <summary>Lets the policy decide about 4,000 requests of a bad day.</summary>
    /// <param name="answer82">The learner's policy: true keeps the trace that these spans are.</param>
    public static Exercise Check(Func<IReadOnlyList<Activity>, bool> answer82)
    {
        var (unseen, all, kept) = (new Traffic(4_000, seed: 62, errors: 0.06, slow: 0.03), new SpanRecorder(), new HashSet<string>());
        var (thrown, changed) = ("", "");
        using (Sdk.CreateTracerProviderBuilder().SetSampler(new AlwaysOnSampler())
            .AddSource("api-gateway", "user-service", "payment-service")
            .AddProcessor(new SimpleActivityExportProcessor(all))
            .AddProcessor(new TailSampler(new SpanRecorder(), Watched, unseen.Clock)).Build())
        {
            unseen.Send();
        }

        var rest = unseen.Requests.Where(r => !r.HasError && !r.IsSlow).ToArray();
        var share = (double)kept.Count / unseen.Requests.Count;
        var lostError = unseen.Requests.FirstOrDefault(r => r.HasError && !kept.Contains(r.TraceId));
        var lostSlow = unseen.Requests.FirstOrDefault(r => r.IsSlow && !kept.Contains(r.TraceId));
        var lost = all.Spans.Where(s => s.TraceId == (lostError ?? lostSlow)?.TraceId).ToArray();

        return Exercise.Check("Exercise 8.2", RecordedTrace.Group(lost),
            ("The policy answers for every trace", () => thrown.Length == 0 ? null : thrown),
            ("No error is lost", () => lostError is null ? null
                : new Wrong(
                    $"{Name(lostError)} was dropped, but one of its spans has the status Error. The root need not be the one.",
                    lost.Where(s => s.Status == ActivityStatusCode.Error).ToArray())),
            ("No slow trace is lost", () => lostSlow is null ? null
                : new Wrong($"{Name(lostSlow)} was dropped, but its root took longer than one second.",
                    lost.Where(s => s.ParentSpanId is null).ToArray())),
            ("The budget is met", () => share <= 0.15 ? null
                : string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0}% of the traces were kept. ")
                    + $"{Name(rest.First(IsKept))} has no error and is not slow: it is one of {rest.Count(IsKept)} such traces."),
            ("Some of the rest is kept", () => rest.Count(IsKept) >= 0.02 * rest.Length ? null
                : $"{rest.Count(IsKept)} of {rest.Length} traces without error and delay were kept. Then nobody can say what is normal."),
            ("The trace id decides about the rest", () => changed.Length == 0 ? null
                : $"Asked six times about the trace {changed}, the policy changed its answer. Two Collectors would disagree."));

        bool Watched(IReadOnlyList<Activity> spans)
        {
            var trace = spans[0].TraceId.ToHexString();
            try
            {
                var keep = answer82(spans);
                if (Enumerable.Range(0, 5).Any(_ => answer82(spans) != keep))
                    changed = trace;
                if (keep)
                    kept.Add(trace);
                return keep;
            }
            catch (Exception e)
            {
                thrown = $"For the trace {trace} the policy threw {e.GetType().Name}: {e.Message}";
                return false;
            }
        }

        bool IsKept(TrafficRequest request) => kept.Contains(request.TraceId);
        static string Name(TrafficRequest request) => $"The trace {request.TraceId} ({request.Name})";
    }
}
