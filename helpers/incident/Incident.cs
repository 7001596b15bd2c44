#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using OpenTelemetry;
using OpenTelemetry.Trace;

/// <summary>
/// The traffic of lesson 10: real spans of real sources, recorded by real providers. Only the time is simulated, so a busy machine
/// changes nothing, and nothing waits in real time. A version has the same pages, times and trace ids in each run.
/// What is wrong with which version is in <c>IncidentPage.cs</c>: solve the lesson before you open it.
/// </summary>
public static class Incident
{
    private const int PagesPerUser = 15;

    private static readonly string[] Services = ["api-gateway", "user-service", "payment-service"];
    private static readonly DateTimeOffset Midnight = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero); // when 1.7.0 was deployed

    [ThreadStatic]
    private static ActivityTraceId nextTraceId;

    /// <summary>
    /// Deploys a version of the shop, and lets each of its 20 users ask for the profile page 15 times, in an order that is the
    /// same for each version. Each page is measured too: <c>http.server.request.duration</c>, as ASP.NET Core does it.
    /// </summary>
    /// <param name="spans">Gets the spans of all three services.</param>
    /// <param name="version">
    /// 1.6.0 (from 23:30, before the deployment), 1.7.0 (from 02:45, the incident) or 1.7.1 (from 04:15, repaired); it is the spans'
    /// <c>service.version</c>.
    /// </param>
    public static void Serve(SpanRecorder spans, string version)
    {
        var providers = Services.Select(service => ShopTracing.BuildProvider(service, Source(service), version, (name, tracing) =>
            tracing.AddProcessor(new SimpleActivityExportProcessor(spans.ForService(name))))).ToArray();
        var sources = Services.ToDictionary(service => service, service => new ActivitySource(Source(service)));
        try
        {
            Serve(new IncidentPage(sources, version), StartOf(version), new Random(version.Sum(c => c)));
        }
        finally
        {
            foreach (var resource in sources.Values.Concat<IDisposable>(providers))
                resource.Dispose();
        }
    }

    private static DateTimeOffset StartOf(string version) => Midnight + (version switch
    {
        "1.6.0" => TimeSpan.FromMinutes(-30),
        "1.7.0" => TimeSpan.FromMinutes(165),
        _ => TimeSpan.FromMinutes(255),
    });

    private static void Serve(IncidentPage page, DateTimeOffset at, Random random)
    {
        lock (typeof(Activity)) // the generator of trace ids is one for the whole process
        {
            var (generator, current) = (Activity.TraceIdGenerator, Activity.Current);
            Activity.TraceIdGenerator = () => nextTraceId == default ? ActivityTraceId.CreateRandom() : nextTraceId;
            try
            {
                Span<byte> id = stackalloc byte[16];
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
