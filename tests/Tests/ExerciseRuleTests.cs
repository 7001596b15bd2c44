using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Http;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>
/// The rules of the exercises meet every answer: a rule that throws would tell a learner that the course is broken.
/// Answers are made at random from the words that the exercises use, so that they come close to right ones.
/// </summary>
[Collection(nameof(ShopNames))]
public class ExerciseRuleTests
{
    private const string Fault = "The check itself failed";

    private static readonly string?[] Names =
        ["pick parcel", "send parcel", "pack parcel", "checkout", "charge card", "place order", "run jobs", "show invoice",
         "find user", "load orders", "load payments", "GET", "GET /payments/{user}", "GET /profile/{id}", "SELECT articles", "A-1001", "",
         null];

    private static readonly string[] Services = ["warehouse", "checkout", "api-gateway", "user-service", "payment-service"];
    private static readonly string[] Keys = ["shop.order.id", "error.type", "shop.tenant.id", "http.response.status_code", "url.path",
        "http.request.resend_count"];
    private static readonly object?[] Values = ["A-1001", "A-1002", "A-1003", "acme", "globex", "a b", "", 200, 502L, 0.5,
        new[] { "a", "b" }, null];

    // What exercise 2.1 compares the spans with: three orders that were reserved and charged.
    private static readonly Lazy<CheckoutCalls> Asked = new(() => Task.Run(async () =>
    {
        var calls = new CheckoutCalls();
        foreach (var order in CheckoutCalls.Orders)
        {
            await calls.ReserveArticlesAsync(order);
            await calls.ChargeCardAsync(order);
        }

        return calls;
    }).GetAwaiter().GetResult());

    [Fact]
    public void A_rule_that_throws_is_told_apart() =>
        Assert.Contains(Fault, Exercise.Check("Exercise 1.1", ("a rule", () => throw new InvalidOperationException("fault"))).ToString(),
        StringComparison.Ordinal);

    [Fact]
    public void No_recorded_trace_makes_a_rule_throw()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var answer = Recorded(random, spans: random.Next(12));

            foreach (var verdict in new[]
            {
                Exercise11.Check(answer), Exercise12.Check(answer), Exercise21.Check(answer, Asked.Value),
                Exercise31.Check(answer, random.Next(2) == 0 ? [] : [new TimeoutException()]),
                Exercise22.Check(OrdersOfTheMorning.Traces,
                    OrdersOfTheMorning.Traces.Where(t => t.Find("charge card")!.Duration.TotalSeconds > random.Next(4)),
                    Names[random.Next(Names.Length)], Names[random.Next(Names.Length)]),
                Exercise22.Check(OrdersOfTheMorning.Traces,
                    OrdersOfTheMorning.Traces.Where(t => t.Find("charge card")!.Duration.TotalSeconds > random.Next(4)),
                    $"A-{2000 + random.Next(42)}", Names[random.Next(Names.Length)]),
                Exercise41.Check(answer), Exercise42.Check(answer, 1, 2),
                Exercise101.Check(answer.Traces, (Services[random.Next(5)], Names[random.Next(Names.Length)]!, (CauseKind)random.Next(7),
                    answer.Traces.LastOrDefault()?.TraceId!)),
                Exercise102.Check(answer.Traces, (Services[random.Next(5)], Names[random.Next(Names.Length)]!, (CauseKind)random.Next(7),
                    answer.Traces.LastOrDefault()?.TraceId!)),
            })
            {
                Assert.False(verdict.ToString().Contains(Fault, StringComparison.Ordinal), $"seed {seed}:\n{verdict}");
                Assert.DoesNotContain(Fault, verdict.ToHtml(), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void No_evidence_makes_a_rule_throw()
    {
        RecordedTrace[] all = [.. from version in new[] { "1.6.0", "1.7.0" } from status in new[] { 200, 502 } from user in new[] { 3,
            7 } select Page(version, status, user)];
        for (var chosen = 0; chosen < 1 << all.Length; chosen++)
        {
            var pages = all.Where((_, i) => (chosen & (1 << i)) != 0).ToArray();
            foreach (var page in all)
            {
                Assert.DoesNotContain(Fault, Exercise101.Check(pages,
                    ("api-gateway", page.Root.Name, (CauseKind)(chosen % 7), page.TraceId)).ToString(), StringComparison.Ordinal);
                Assert.DoesNotContain(Fault, Exercise102.Check(pages,
                    ("api-gateway", page.Root.Name, (CauseKind)(chosen % 7), page.TraceId)).ToString(), StringComparison.Ordinal);
            }
        }

        static RecordedTrace Page(string version, int status, int user) => new([new RecordedSpan
        {
            TraceId = ActivityTraceId.CreateRandom().ToHexString(),
            SpanId = ActivitySpanId.CreateRandom().ToHexString(),
            Name = "GET /profile/{id}",
            Resource = TraceSamples.Tags(("service.name", "api-gateway"), ("service.version", version)),
            Attributes = TraceSamples.Tags(("url.path", $"/profile/{user}"), ("http.response.status_code", status)),
            Start = TraceSamples.Zero,
            Duration = TimeSpan.FromMilliseconds(version == "1.6.0" ? 50 : 100),
        }]);
    }

    [Fact]
    public async Task No_backend_makes_a_rule_throw()
    {
        using var client = new HttpClient();
        await using var empty = await OtlpReceiver.StartAsync();
        await using var odd = await OtlpReceiver.StartAsync();
        await using var full = await OtlpReceiver.StartAsync();
        using (await client.PostAsync(odd.TracesEndpoint, new StringContent("no traces"), TestContext.Current.CancellationToken))
        {
        }

        using (var source = new ActivitySource("parcels"))
        using (Sdk.CreateTracerProviderBuilder().AddSource("parcels").AddOtlpExporter(otlp =>
            (otlp.Protocol, otlp.Endpoint) = (OpenTelemetry.Exporter.OtlpExportProtocol.HttpProtobuf, full.TracesEndpoint)).Build())
        {
            source.StartActivity("pack parcel")?.Dispose();
            source.StartActivity("send parcel")?.Dispose();
        }

        TraceSearch?[] searches =
        [
            null, new(null!), new(""), new("parcels"), new("unknown_service") { Operation = "pack parcel" },
            new("parcels") { Tags = null! }, new("parcels") { Tags = "=" },
            new("nobody") { MinDuration = TimeSpan.MaxValue }, new("parcels") { MaxDuration = TimeSpan.MinValue, Limit = -1 },
        ];
        searches = [.. searches, .. full.Spans.Select(s => new TraceSearch(s.ServiceName)),
            .. full.Spans.Select(s => new TraceSearch(s.ServiceName) { Operation = "nothing" })];
        foreach (var backend in new[] { empty, odd, full })
        {
            foreach (var spans in new[] { empty.Spans, full.Spans })
                Assert.DoesNotContain(Fault, Exercise71.Check(backend, spans).ToString(), StringComparison.Ordinal);
            foreach (var search in searches)
                Assert.DoesNotContain(Fault, Exercise72.Check(backend, search).ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void No_sampler_and_no_policy_makes_a_rule_throw()
    {
        Func<double, Sampler>[] samplers =
        [
            _ => null!,
            _ => throw new NotSupportedException("no ratio"),
            ratio => new Answer((in SamplingParameters _) => throw new NotSupportedException($"not with {ratio}")),
            // Goes wrong only where all other rules have passed: in the traffic.
            ratio => new Answer((in SamplingParameters p) => p.Name != "GET" ? throw new NotSupportedException("late")
                : p.ParentContext.TraceId == default && p.Tags?.Any(t => t.Value is "/health" or "/health/ready") == true
                ? SamplingDecision.Drop
                : new ParentBasedSampler(new TraceIdRatioBasedSampler(ratio)).ShouldSample(p).Decision),
            _ => new Answer((in SamplingParameters _) => (SamplingDecision)42),
        ];
        foreach (var sampler in samplers)
            Assert.DoesNotContain(Fault, Exercise81.Check(sampler).ToString(), StringComparison.Ordinal);

        foreach (var policy in new Func<IReadOnlyList<Activity>, bool>[] { null!, _ => true, _ => false,
            _ => throw new NotSupportedException("no"), spans => spans[7].Recorded })
            Assert.DoesNotContain(Fault, Exercise92.Check(policy).ToString(), StringComparison.Ordinal);

        Func<BaseExporter<Activity>, Func<IReadOnlyList<Activity>, bool>, int, BaseProcessor<Activity>>[] tailSamplers =
        [
            null!,
            (_, _, _) => null!,
            (_, _, _) => throw new NotSupportedException("no"),
            (exporter, _, _) => new SimpleActivityExportProcessor(exporter),
            (exporter, keep, _) => new Ending(exporter, span => keep([span])),
            (exporter, keep, _) => new Ending(exporter, _ => keep(null!)),
            (exporter, keep, _) => new Ending(exporter, _ => keep([])),
            (exporter, _, _) => new Ending(exporter, span => span.DisplayName.StartsWith("GET", StringComparison.Ordinal)
                ? throw new NotSupportedException("late") : true),
        ];
        foreach (var tailSampler in tailSamplers)
            Assert.DoesNotContain(Fault, Exercise91.Check(tailSampler).ToString(), StringComparison.Ordinal);

        Assert.Null(Activity.Current);
    }

    private sealed class Ending(BaseExporter<Activity> exporter, Func<Activity, bool> keep) : SimpleActivityExportProcessor(exporter)
    {
        public override void OnEnd(Activity data)
        {
            if (keep(data))
                base.OnEnd(data);
        }
    }

    [Fact]
    public async Task No_service_makes_a_rule_throw()
    {
        const string Header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        using var gatewaySource = new ActivitySource("api-gateway");
        using var paymentSource = new ActivitySource("payment-service");
        foreach (var header in new[] { null, "", "nonsense", Header, Header.ToUpperInvariant(), Header + "," + Header })
        {
            foreach (var spans in new[] { 0, 1, 2 })
            {
                var answer = new SpanRecorder();
                await using var payment = await LiveService.StartByHandAsync("payment-service", answer,
                    app => app.MapGet("/payments/{user}", (string user) =>
                {
                    using var span = spans > 0 ? paymentSource.StartActivity("pay", ActivityKind.Server, header) : null;
                    return spans < 2 ? user : throw new NotSupportedException("no");
                }));
                await using var gateway = await LiveService.StartByHandAsync("api-gateway", answer,
                    app => app.MapGet("/profile/{id}", async () =>
                {
                    using var server = spans > 0 ? gatewaySource.StartActivity("page", ActivityKind.Server) : null;
                    using var call = spans > 1 ? gatewaySource.StartActivity("call", ActivityKind.Client) : null;
                    using var request = new HttpRequestMessage(HttpMethod.Get, "/payments/1");
                    request.Headers.TryAddWithoutValidation("traceparent", header);
                    return header == "" ? "no call" : await (await payment.Client.SendAsync(request)).Content.ReadAsStringAsync();
                }));
                await using var nothing = await LiveService.StartByHandAsync("nothing", answer, _ => { });

                foreach (var verdict in new[] { Exercise51.Check(gateway, payment, answer), Exercise51.Check(nothing, payment, answer),
                    Exercise51.Check(gateway, nothing, answer) })
                    Assert.DoesNotContain(Fault, verdict.ToString(), StringComparison.Ordinal);
            }
        }

        var shop = await RunningShop.StartAsync();
        Assert.DoesNotContain(Fault, Exercise52.Check(shop).ToString(), StringComparison.Ordinal);
        foreach (var (from, to, passed) in new (string?, string?, string?)[]
            { (null, null, null), ("warehouse", "user-service", null), ("warehouse", null, "x"), ("bank", "bank", ""),
            ("orders", "orders", "traceparent") })
        {
            Assert.DoesNotContain(Fault, Exercise52.Check(await shop.LetThroughAsync(from!, to!, passed!)).ToString(),
                StringComparison.Ordinal);
            Assert.DoesNotContain(Fault, Exercise52.Check(await shop.LetThroughAsync(from!, to!, null!)).ToString(),
                StringComparison.Ordinal);
        }
    }

    private static SpanRecorder Recorded(Random random, int spans)
    {
        var recorder = new SpanRecorder();
        var sources = Services.Select(service => new ActivitySource(service)).ToArray();
        var providers = Services.Select(service => Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(resource => resource.AddService(service, serviceVersion: random.Next(2) == 0 ? "1.4.2" : "1.5.0"))
            .SetSampler(new AlwaysOnSampler())
            .AddSource(service)
            .AddProcessor(new SimpleActivityExportProcessor(recorder.ForService(service)))
            .Build()).ToArray();
        var open = new List<Activity>();
        for (var i = 0; i < spans; i++)
        {
            Activity.Current = open.Count > 0 && random.Next(4) > 0 ? open[random.Next(open.Count)] : null;
            var kind = (ActivityKind)random.Next(5);
            if (sources[random.Next(sources.Length)].StartActivity(Names[random.Next(Names.Length)]!, kind) is not { } activity)
                continue;
            open.Add(activity);
            for (var tags = random.Next(3); tags > 0; tags--)
                activity.AddTag(Keys[random.Next(Keys.Length)], Values[random.Next(Values.Length)]);
            if (random.Next(3) == 0)
                activity.SetStatus((ActivityStatusCode)random.Next(3), random.Next(2) == 0 ? "why" : null);
            if (random.Next(3) == 0)
                activity.AddException(new TimeoutException("no answer"));
        }

        // Some never end, the others in any order.
        foreach (var activity in open.Where(_ => random.Next(8) > 0).OrderBy(_ => random.Next()).ToArray())
            activity.Dispose();
        Activity.Current = null;
        Array.ForEach(providers, provider => provider.Dispose());
        Array.ForEach(sources, source => source.Dispose());
        return recorder;
    }

    private delegate SamplingDecision Decide(in SamplingParameters parameters);

    private sealed class Answer(Decide decide) : Sampler
    {
        public override SamplingResult ShouldSample(in SamplingParameters parameters) => new(decide(parameters));
    }
}
