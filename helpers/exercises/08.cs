#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Net.Http;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Trace;

/// <summary>Exercise 8.1: a sampler that drops health checks.</summary>
public static class Exercise81
{
    // TraceIdRatioBasedSampler looks at the first eight bytes: any ratio keeps the one, no ratio keeps the other.
    private static readonly ActivityTraceId Kept = ActivityTraceId.CreateFromString("00000000000000010000000000000001");
    private static readonly ActivityTraceId Lost = ActivityTraceId.CreateFromString("7fffffffffffffff0000000000000001");

    /// <summary>Asks the sampler about single spans, lets it sample 2,000 requests, then those of a real server.</summary>
    /// <param name="sampler">Makes the learner's sampler; the argument is the ratio.</param>
    public static Exercise Check(Func<double, Sampler> sampler)
    {
        return Exercise.Check("Exercise 8.1",
            ("Root health checks are dropped", Judge(() =>
                First(["/health", "/health/ready"], path => Ask(0.05, Kept, default, path) is var answer && answer != SamplingDecision.Drop
                    ? $"For a root with {Path(path)}, the sampler returned {answer}." : null))),
            ("Other paths are not treated as health checks", Judge(() =>
                First(["/healthy-recipes", "/articles/health", "/profile/7", null], path =>
                    Ask(0.05, Kept, default, path) is var answer && answer != SamplingDecision.RecordAndSample
                    ? $"For a root with {Path(path)}, the sampler returned {answer}. Its trace id is one that any ratio keeps." : null))),
            ("A span with a parent gets the decision of its parent", Judge(() => (
                from remote in new[] { true, false }
                from flags in new[] { ActivityTraceFlags.Recorded, ActivityTraceFlags.None, (ActivityTraceFlags)3 }
                from path in new[] { "/profile/7", "/health", null }
                from trace in new[] { Kept, Lost }
                let parent = new ActivityContext(trace, ActivitySpanId.CreateRandom(), flags, null, remote)
                let sampled = flags.HasFlag(ActivityTraceFlags.Recorded)
                where Ask(0.05, trace, parent, path) == SamplingDecision.RecordAndSample != sampled
                select $"The {(remote ? "remote" : "local")} parent of a span with {Path(path)} was "
                    + $"{(sampled ? "sampled, the span is not" : "not sampled, the span is")}. "
                    + $"The parent's flags are {(int)flags:x2}.").FirstOrDefault())),
            ("Of the other roots, the ratio is kept by trace id", Judge(() => (
                from share in new[] { 0.05, 0.5 }
                from path in new[] { "/profile/7", null }
                from trace in TraceIds()
                let answer = Decision(new TraceIdRatioBasedSampler(share), trace, default, path)
                let mine = Ask(share, trace, default, path)
                where mine != answer
                select string.Create(CultureInfo.InvariantCulture, $"With the ratio {share} and the trace id {trace}, ")
                    + $"TraceIdRatioBasedSampler returns {answer} for a root with {Path(path)}, and yours returns {mine}.")
                .FirstOrDefault())),
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
            })),
            ("It works in a real server, with the switch changed and without", Judge(() =>
                RealServerAsync(sampler, bare: false).GetAwaiter().GetResult()
                    ?? RealServerAsync(sampler, bare: true).GetAwaiter().GetResult())));

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

    // What a server keeps of five requests, and what is wrong with that. Bare: its spans have no attributes when they start.
    private static async Task<string?> RealServerAsync(Func<double, Sampler> sampler, bool bare)
    {
        const string Switch = "Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData";
        var before = !AppContext.TryGetSwitch(Switch, out var was) || was;
        var (guarded, kept) = (new Guarded(sampler(1)), new Dictionary<string, bool>());
        AppContext.SetSwitch(Switch, bare);
        try
        {
            using var provider = Sdk.CreateTracerProviderBuilder().SetSampler(guarded).AddSource("Microsoft.AspNetCore").Build();
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            await using var server = builder.Build();
            server.Urls.Add("http://127.0.0.1:0");
            server.Run(context =>
            {
                lock (kept)
                    kept[$"{context.Request.Path}{context.Request.Headers["traceparent"]}"] = Activity.Current?.Recorded == true;
                return Task.CompletedTask;
            });
            await server.StartAsync();
            using var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }); // no header but ours
            foreach (var (path, traceparent) in new[]
            {
                ("/health", ""), ("/health/ready", ""), ("/profile/7", ""), ("/healthy-recipes", ""), ("/health", FromSampledCaller),
            })
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, server.Urls.First() + path);
                if (traceparent.Length > 0)
                    request.Headers.Add("traceparent", traceparent);
                (await client.SendAsync(request)).Dispose();
            }

            await server.StopAsync();
        }
        finally
        {
            AppContext.SetSwitch(Switch, before);
        }

        if (guarded.Thrown is { } thrown)
            throw thrown;
        var name = bare ? "Without the switch, a real server" : "A real server";
        bool Dropped(string request) => kept.TryGetValue(request, out var was) && !was;
        return First(["/profile/7", "/healthy-recipes"], path => Dropped(path!) ? $"{name} dropped {path} at the ratio 1." : null)
            ?? (Dropped("/health" + FromSampledCaller) ? $"{name} dropped /health below a caller that was sampled." : null)
            ?? First(bare ? [] : ["/health", "/health/ready"], path => Dropped(path!) ? null : $"{name} kept {path}.");
    }

    private const string FromSampledCaller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

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
        : Exception($"For {about}, the sampler threw {cause.GetType().Name}: {cause.Message}"
            + (cause is NullReferenceException or ArgumentNullException
                ? " Tags is null when a span starts without attributes, and the value of an attribute that is not there is null." : ""));

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
