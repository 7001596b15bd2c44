#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using OpenTelemetry;
using OpenTelemetry.Trace;

/// <summary>The traffic of lesson 10. What is wrong with which version stands below: solve the lesson before you read on.</summary>
public static class Incident
{
    /// <summary>One page in so many milliseconds, whether or not the pages before it are done, as it is with real users.</summary>
    private const int Arrival = 8;

    private const int PagesPerUser = 15;

    /// <summary>
    /// Deploys a version of the shop, lets each of its 20 users ask for the profile page 15 times, in an order that is the
    /// same for each version, and stops it again.
    /// </summary>
    /// <param name="spans">Gets the spans of all three services.</param>
    /// <param name="version">1.4.2 (before), 1.5.0 (the incident) or 1.5.1 (mended); it is the spans' <c>service.version</c>.</param>
    public static async Task ServeAsync(SpanRecorder spans, string version)
    {
        await using var shop = await Shop.StartAsync(
            (service, tracing) => tracing.AddProcessor(new SimpleActivityExportProcessor(spans.ForService(service))), version);
        shop.Pace = TimeSpan.FromMilliseconds(3);
        shop.Faults.FailingPayments = 0.2; // in every version: these accounts are locked
        shop.Faults.Deploy(version);

        var clock = Stopwatch.StartNew();
        var pages = new List<Task>();
        foreach (var user in Users(seed: 7))
        {
            var wait = TimeSpan.FromMilliseconds(pages.Count * Arrival) - clock.Elapsed;
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait);
            pages.Add(AskAsync(user));
        }

        await Task.WhenAll(pages);

        async Task AskAsync(int user) => (await shop.GetAsync($"/profile/{user}")).Dispose();
    }

    private static int[] Users(int seed)
    {
        var users = Enumerable.Range(0, ShopDatabase.UserCount * PagesPerUser).Select(i => i % ShopDatabase.UserCount + 1).ToArray();
        new Random(seed).Shuffle(users);
        return users;
    }
}
