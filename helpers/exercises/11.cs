#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Http;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using OpenTelemetry;

/// <summary>Exercise 11.1: a service with five faults.</summary>
public static class Exercise111
{
    private const string Source = "shop.cards", Caller = "00f067aa0ba902b7";
    private const string Good = "4242 4242 4242 4242", Refused = "4000 0000 0000 0002"; // cards for tests: nobody has them

    /// <summary>Starts the service, charges three cards as the gateway would, stops it, and holds the list against its spans.</summary>
    /// <param name="service111">payment-service, built and not started.</param>
    /// <param name="inbox111">Where its spans should go.</param>
    public static Exercise Check(WebApplication service111, OtlpReceiver inbox111)
    {
        var (answers, callers, fault) = Run(service111);
        var list = new ChecklistRules(inbox111, "payment-service");
        var spans = inbox111.Spans;
        var mine = spans.Where(s => s.SourceName == Source).ToArray();
        var (worked, failed) = (mine.Where(s => InTrace(s, 1) || InTrace(s, 2)).ToArray(), mine.Where(s => InTrace(s, 3)).ToArray());
        return Exercise.Check("Exercise 11.1", RecordedTrace.Group([.. spans, .. callers]),
            ("The service answers as before", () =>
                fault ?? (answers is [200, 200, 402] ? null
                : $"It answers {string.Join(", ", answers)} to three cards. Before, it was 200, 200 and 402: tracing changes no answer.")),
            ("Spans arrive", () => list.Arrive()),
            ("The service has its name", () =>
                list.Named() is { } unnamed ? spans.FirstOrDefault(s => s["service.name"] is not null) is { } onSpan
                    ? new Wrong("service.name is an attribute of a span. It belongs on the resource.", onSpan) : unnamed
                : spans.FirstOrDefault(s => s.ServiceName != "payment-service") is { } other
                    ? new Wrong($"The service calls itself '{other.ServiceName}'. It is payment-service.", other) : null),
            ("Each request has its span", () =>
                spans.All(s => s.Kind != ActivityKind.Server) ? "The Server spans are gone. Keep AddAspNetCoreInstrumentation." : null),
            ("The caller's trace goes on", () => list.Roots()),
            ("Each charge has its span", () => worked.Length < 2 || failed.Length < 1
                ? "A charge has no span any more. Keep StartActivity, and the source that is added." : null),
            ("Names hold no ids", () => list.Names() ?? (mine.Select(s => s.Name).Distinct().Count() is > 1 and var many
                ? new Wrong($"The charge has {many} names. It is one operation.", mine) : null)),
            ("The refused card is a failure, and only it", () =>
                failed.FirstOrDefault(s => s.Status != ActivityStatusCode.Error) is { } well
                    ? new Wrong($"The bank refused the card, and '{well.Name}' is {well.Status}: nobody finds it.", well)
                : worked.FirstOrDefault(s => s.Status == ActivityStatusCode.Error || s["error.type"] is not null) is { } ill
                    ? new Wrong("A charge that worked looks like a failure: its status stays Unset, and it has no error.type.", ill)
                : list.Failures() ?? (failed.FirstOrDefault(s => $"{s["error.type"]}".Contains(Users[^1])) is { } own
                    ? new Wrong($"error.type is '{own["error.type"]}': each user would have a failure of their own.", own) : null)),
            ("No values of people, no card numbers", () => list.Values() ?? Hidden(mine)),
            ("Charges can still be told apart", () =>
                mine.FirstOrDefault(s => s["shop.user"] is null && s["user.id"] is null
                    && !s.Attributes.Any(a => Users.Contains($"{a.Value}"))) is { } nobodys
                    ? new Wrong("Whose charge was it? The span does not say. As an attribute the id does no harm: shop.user.", nobodys)
                    : null));
    }

    // A number without its spaces, or with a few digits missing, is still the card.
    private static Wrong? Hidden(RecordedSpan[] mine) => mine.FirstOrDefault(s => s.Attributes.Any(a =>
            Regex.Replace($"{a.Value}", @"\D", "") is { Length: >= 8 } digits
                && Cards.Any(c => c.Contains(digits, StringComparison.Ordinal))))
        is { } span ? new Wrong("Eight digits of the card and more are still there. The last four are what a receipt shows.", span) : null;

    private static readonly string[] Users = ["42", "1764", "13"]; // the last one's card is refused

    private static readonly string[] Cards = [Good.Replace(" ", ""), Refused.Replace(" ", "")];

    private static bool InTrace(RecordedSpan span, int request) => span.TraceId == TraceOf(request);

    private static string TraceOf(int request) => $"4bf92f3577b34da6a3ce929d0e0e473{request}";

    // The gateway is played: what it would have recorded is drawn, and not judged.
    private static (int[] Answers, RecordedSpan[] Callers, string? Fault) Run(WebApplication service)
    {
        var (answers, callers) = (new List<int>(), new List<RecordedSpan>());
        try
        {
            return Task.Run(async () =>
            {
                await using var running = service;
                await service.StartAsync();
                using var nobodyListens = SuppressInstrumentationScope.Begin(); // the caller is not the one who is judged
                using var client = new HttpClient { BaseAddress = new Uri(service.Urls.First()), Timeout = TimeSpan.FromSeconds(10) };
                foreach (var (user, card) in Users.Zip([Good, Good, Refused]))
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, $"/payments/{user}");
                    request.Headers.Add("card", card);
                    request.Headers.Add("traceparent", $"00-{TraceOf(answers.Count + 1)}-{Caller}-01");
                    var (start, clock) = (DateTimeOffset.UtcNow, Stopwatch.StartNew());
                    using var answer = await client.SendAsync(request);
                    callers.Add(new RecordedSpan
                    {
                        TraceId = TraceOf(answers.Count + 1),
                        SpanId = Caller,
                        Name = "POST",
                        Kind = ActivityKind.Client,
                        Start = start,
                        Duration = clock.Elapsed,
                        Resource = [new("service.name", "api-gateway")],
                    });
                    answers.Add((int)answer.StatusCode);
                }

                await service.StopAsync();
                return (answers.ToArray(), callers.ToArray(), (string?)null);
            }).WaitAsync(TimeSpan.FromSeconds(40)).GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            return (answers.ToArray(), callers.ToArray(), $"The service did not run: {e.GetType().Name}: {e.Message}");
        }
    }
}
