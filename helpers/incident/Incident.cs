#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using OpenTelemetry;
using OpenTelemetry.Trace;

/// <summary>
/// The traffic of lesson 10: real spans of real sources, recorded by real providers. Only the time is simulated, so that a busy
/// machine does not blur the picture, and nobody waits. The same version gives the same pages, times and trace ids each time.
/// What is wrong with which version stands in the file below: solve the lesson before you open it.
/// </summary>
public static class Incident
{
    private const int PagesPerUser = 15;

    private static readonly string[] Services = ["api-gateway", "user-service", "payment-service"];
    private static readonly DateTimeOffset Start = new(2026, 1, 5, 2, 0, 0, TimeSpan.Zero);

    [ThreadStatic]
    private static ActivityTraceId nextTraceId;

    /// <summary>
    /// Deploys a version of the shop, and lets each of its 20 users ask for the profile page 15 times, in an order that is the
    /// same for each version. Each page is measured too: <c>http.server.request.duration</c>, as ASP.NET Core does it.
    /// </summary>
    /// <param name="spans">Gets the spans of all three services.</param>
    /// <param name="version">1.6.0 (before), 1.7.0 (the incident) or 1.7.1 (repaired); it is the spans' <c>service.version</c>.</param>
    public static void Serve(SpanRecorder spans, string version)
    {
        var providers = Services.Select(service => ShopTracing.BuildProvider(service, Source(service), version, (name, tracing) =>
            tracing.AddProcessor(new SimpleActivityExportProcessor(spans.ForService(name))))).ToArray();
        var sources = Services.ToDictionary(service => service, service => new ActivitySource(Source(service)));
        try
        {
            Serve(new IncidentPage(sources, version), new Random(version.Sum(c => c)));
        }
        finally
        {
            foreach (var resource in sources.Values.Concat<IDisposable>(providers))
                resource.Dispose();
        }
    }

    private static void Serve(IncidentPage page, Random random)
    {
        lock (typeof(Activity)) // the generator of trace ids is one for the whole process
        {
            var (generator, current) = (Activity.TraceIdGenerator, Activity.Current);
            Activity.TraceIdGenerator = () => nextTraceId == default ? ActivityTraceId.CreateRandom() : nextTraceId;
            try
            {
                Span<byte> id = stackalloc byte[16];
                var at = Start;
                foreach (var user in Users(seed: 7))
                {
                    random.NextBytes(id);
                    nextTraceId = ActivityTraceId.CreateFromBytes(id);
                    page.Serve(user, at += TimeSpan.FromMilliseconds(200 + 400 * random.NextDouble()), random);
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

    private static string Source(string service) => "shop." + service;

    private static int[] Users(int seed)
    {
        var users = Enumerable.Range(0, ShopDatabase.UserCount * PagesPerUser).Select(i => i % ShopDatabase.UserCount + 1).ToArray();
        new Random(seed).Shuffle(users);
        return users;
    }
}
