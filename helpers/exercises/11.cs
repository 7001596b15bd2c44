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

    // Numbers of test cards. For each there is a second one that differs only in the six digits that no receipt shows.
    private const string Good = "4242 4242 4242 4242", GoodTwin = "4242 4217 0951 4242";
    private const string Refused = "4000 0000 0000 0002", RefusedTwin = "4000 0095 1384 0002";

    // The first three charges are judged. The others show, by comparison, what the spans hold of a card and of a user.
    private static readonly (int Number, int User, string Card)[] Charges = [.. new[]
    {
        (42, Good), (1764, Good), (13, Refused),
        (42, GoodTwin), (42, Good), (42, GoodTwin), (42, Good), (42, GoodTwin),
        (7, RefusedTwin), (7, Refused), (7, RefusedTwin), (7, Refused), (7, RefusedTwin),
    }.Select((c, i) => (i + 1, c.Item1, c.Item2))];

    /// <summary>Starts the service, charges cards as the gateway would, stops it, and holds the list against its spans.</summary>
    /// <param name="service111">payment-service, built and not started.</param>
    /// <param name="inbox111">Where its spans should go.</param>
    public static Exercise Check(WebApplication service111, OtlpReceiver inbox111)
    {
        var (answers, callers, fault) = Run(service111);
        var list = new ChecklistRules(inbox111, s => !IsComparison(s), "payment-service");
        var all = inbox111.Spans;
        var spans = all.Where(s => !IsComparison(s)).ToArray();
        var mine = spans.Where(s => s.SourceName == Source).ToArray();
        var (worked, failed) = (mine.Where(s => InTrace(s, 1) || InTrace(s, 2)).ToArray(), mine.Where(s => InTrace(s, 3)).ToArray());
        return Exercise.Check("Exercise 11.1", RecordedTrace.Group([.. spans, .. callers]),
            ("The service answers as before", () =>
                fault ?? (answers is [200, 200, 402, ..] ? null
                : $"It answers {string.Join(", ", answers.Take(3))} to three cards. Before, it was 200, 200 and 402: tracing changes no "
                    + "answer.")),
            ("Spans arrive", () => list.Arrive()),
            ("The service has its name", () =>
                list.Named() is { } unnamed ? spans.FirstOrDefault(s => s["service.name"] is not null) is { } onSpan
                    ? new Wrong("service.name is an attribute of a span. It belongs on the resource.", onSpan) : unnamed
                : spans.FirstOrDefault(s => s.ServiceName != "payment-service") is { } other
                    ? new Wrong($"The service has the name '{other.ServiceName}' and not payment-service.", other) : null),
            ("Each request has its span", () =>
                spans.All(s => s.Kind != ActivityKind.Server) ? "The Server spans are gone. Keep AddAspNetCoreInstrumentation." : null),
            ("The caller's trace goes on", () => list.Roots()),
            ("Each charge has its span", () => worked.Length < 2 || failed.Length < 1
                ? "A charge has no span any more. Keep StartActivity, and the source that is added." : null),
            ("Names hold no ids", () => list.Names() ?? (mine.Select(s => s.Name).Distinct().Count() is > 1 and var many
                ? new Wrong($"The charge has {many} names. It is one operation.", mine) : null)),
            ("Only the refused card is a failure", () =>
                failed.FirstOrDefault(s => s.Status != ActivityStatusCode.Error) is { } well
                    ? new Wrong($"The bank refused the card, and '{well.Name}' is {well.Status}: a search for errors does not find it.",
                        well)
                : worked.FirstOrDefault(s => s.Status == ActivityStatusCode.Error || s["error.type"] is not null) is { } ill
                    ? new Wrong("A charge that worked looks like a failure: its status stays Unset, and it has no error.type.", ill)
                : spans.FirstOrDefault(s => s.Kind == ActivityKind.Server && !mine.Contains(s)
                    && (s.Status != ActivityStatusCode.Unset || s["error.type"] is not null)) is { } server
                    ? new Wrong($"The Server span '{server.Name}' is {server.Status}" + (server["error.type"] is { } type
                        ? $", with error.type = {type}" : "") + $". It answered {server["http.response.status_code"]}: with 4xx the caller "
                        + "made the mistake, and the server did its work. Its status stays Unset, without error.type.", server)
                : ErrorTypes(all).Distinct().Count() > 1 && failed.FirstOrDefault() is { } own
                    ? new Wrong($"error.type is '{own["error.type"]}' for user 13, and another one when a card of somebody else is "
                        + "refused: then each user has an error type of their own.", own)
                : list.Failures()),
            ("No values of people, no card numbers", () => list.Values() ?? EightDigits(mine) ?? FromTheCard(all)),
            ("Charges can still be told apart", () => DistinguishesUsers(all) ? null
                : new Wrong("Whose charge was it? The spans have no attribute that differs from user to user, and stays the same for one. "
                    + "Use the user's id, for example: shop.user.", mine)));
    }

    // A number without its spaces, or with a few digits missing, is still the card.
    private static Wrong? EightDigits(RecordedSpan[] mine) => mine.FirstOrDefault(s => s.Attributes.Any(a =>
            Regex.Matches(Regex.Replace($"{a.Value}", @"[\s.+_/-]", ""), "[0-9]{8,}").Any(digits =>
                Charges.Any(c => c.Card.Replace(" ", "").Contains(digits.Value, StringComparison.Ordinal)))))
        is { } span ? new Wrong("Eight or more digits of the card are still there. A receipt shows only the last four.", span) : null;

    // What all charges of one card say, and none of the similar card, was computed from the digits in which the two differ.
    private static Wrong? FromTheCard(IReadOnlyList<RecordedSpan> all)
    {
        foreach (var card in Charges.Where(c => c.User is 42 or 7).GroupBy(c => (c.User, c.Card)))
        {
            var twins = Charges.Where(c => c.User == card.Key.User && c.Card != card.Key.Card)
                .SelectMany(c => Facts(all, c.Number)).Select(f => f.Text).ToHashSet();
            var facts = card.Select(c => Facts(all, c.Number)).ToArray();
            if (facts[0].FirstOrDefault(f => facts.All(r => r.Any(o => o.Text == f.Text)) && !twins.Contains(f.Text))
                is { Span: { } span } fact)
            {
                return new($"{fact.Where} of '{span.Name}' is the same each time a card is charged, and another one for a card that "
                    + "differs only in the digits that no receipt shows: it was computed from them. Base64 or a hash does not "
                    + "protect it: a program can try all numbers. Record at most the last four digits.", span);
            }
        }

        return null;
    }

    /// <summary>All that the spans of one request say.</summary>
    private static (RecordedSpan Span, string Where, string Text)[] Facts(IReadOnlyList<RecordedSpan> all, int request) =>
        [.. from span in all
            where InTrace(span, request)
            from fact in Attributes(span.Attributes, "").Concat(span.Links.SelectMany(l => Attributes(l.Attributes, "a link's ")))
                .Concat(span.Events.SelectMany(e => Attributes(e.Attributes, "an event's ").Append(("The name of an event", e.Name))))
                .Append(("The name", span.Name)).Append(("The description", span.StatusDescription ?? ""))
                .Append(("The tracestate", span.TraceState ?? ""))
            select (span, fact.Item1, $"{fact.Item1}={fact.Item2}")];

    private static IEnumerable<(string, string)> Attributes(IEnumerable<KeyValuePair<string, object?>> attributes, string whose) =>
        attributes.Select(a => ($"{whose}{a.Key}", a.Value is System.Collections.IEnumerable many and not string
            ? string.Join(", ", many.Cast<object?>()) : $"{a.Value}"));

    private static IEnumerable<string> ErrorTypes(IReadOnlyList<RecordedSpan> all) => Charges.Where(c => c.Card == Refused)
        .SelectMany(c => Mine(all, c.Number)).Select(s => $"{s["error.type"]}").Where(t => t.Length > 0);

    // An attribute that all charges have: the same value each time for one user, and another one for each other user.
    private static bool DistinguishesUsers(IReadOnlyList<RecordedSpan> all)
    {
        var users = Charges.Where(c => c.Card is Good or Refused).GroupBy(c => c.User, c => Mine(all, c.Number)
            .SelectMany(s => s.Attributes).ToLookup(a => a.Key, a => $"{a.Value}")).ToArray();
        return users[0].First().Any(a => users.Select(user => Values(user, a.Key)).ToArray() is var values
            && values.All(v => v is [{ Length: > 0 }]) && values.Select(v => v[0]).Distinct().Count() == values.Length);

        static string[] Values(IEnumerable<ILookup<string, string>> charges, string key) =>
            charges.Select(charge => string.Join(',', charge[key])).Distinct().ToArray();
    }

    private static IEnumerable<RecordedSpan> Mine(IReadOnlyList<RecordedSpan> all, int request) =>
        all.Where(s => s.SourceName == Source && InTrace(s, request));

    private static bool InTrace(RecordedSpan span, int request) => span.TraceId == TraceOf(request);

    private static bool IsComparison(RecordedSpan span) => Charges.Skip(3).Any(c => InTrace(span, c.Number));

    private static string TraceOf(int request) => $"4bf92f3577b34da6a3ce929d0e0e473{request:x}";

    // The gateway is played: what it would have recorded of the three is drawn, and not judged.
    private static (int[] Answers, RecordedSpan[] Callers, string? Fault) Run(WebApplication service)
    {
        var (answers, callers) = (new List<int>(), new List<RecordedSpan>());
        try
        {
            return Task.Run(async () =>
            {
                await using var running = service;
                await service.StartAsync();
                using var notRecorded = SuppressInstrumentationScope.Begin(); // the caller's spans are not judged
                using var client = new HttpClient { BaseAddress = new Uri(service.Urls.First()), Timeout = TimeSpan.FromSeconds(10) };
                foreach (var (number, user, card) in Charges)
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, $"/payments/{user}");
                    request.Headers.Add("card", card);
                    request.Headers.Add("traceparent", $"00-{TraceOf(number)}-{Caller}-01");
                    var (start, clock) = (DateTimeOffset.UtcNow, Stopwatch.StartNew());
                    using var answer = await client.SendAsync(request);
                    if (number <= 3)
                    {
                        callers.Add(new RecordedSpan
                        {
                            TraceId = TraceOf(number),
                            SpanId = Caller,
                            Name = "POST",
                            Kind = ActivityKind.Client,
                            Start = start,
                            Duration = clock.Elapsed,
                            Resource = [new("service.name", "api-gateway")],
                        });
                    }

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
