using System;
using System.Collections.Generic;
using System.Data.Common;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Reflection;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>No test waits for spans: when the shop has answered, they are all there.</summary>
[Collection(nameof(ShopNames))]
public sealed class ShopTests
{
    [Fact]
    public async Task One_request_is_one_trace_over_three_services()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);

        var answer = await shop.GetAsync("/profile/7");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var trace = Assert.Single(spans.Traces);
        Assert.Equal(
            [
                "0 api-gateway Server GET /profile/{id}",
                "1 api-gateway Client GET",
                "2 user-service Server GET /users/{id}",
                "3 user-service Client SELECT users",
                "3 user-service Client SELECT orders articles",
                "1 api-gateway Client GET",
                "2 payment-service Server GET /payments/{userId}",
            ],
            trace.SpansAsTree.Select(s => $"{trace.Depth(s)} {s.ServiceName} {s.Kind} {s.Name}"));
        Assert.All(trace.Spans, s => Assert.Equal(s.ServiceName != trace.Parent(s)?.ServiceName
            && s.ParentSpanId is not null, s.HasRemoteParent));
        Assert.All(trace.Spans, s => Assert.Equal(ActivityStatusCode.Unset, s.Status));
        Assert.False(trace.HasErrors);
        Assert.Null(trace.Root.ParentSpanId);
    }

    [Fact]
    public async Task Children_lie_within_their_parents()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        await Task.WhenAll(Enumerable.Range(1, ShopDatabase.UserCount).Select(id => shop.GetAsync($"/profile/{id}")));

        foreach (var trace in spans.Traces)
        {
            foreach (var span in trace.Spans.Except(trace.Roots))
            {
                Assert.True(span.Start >= trace.Parent(span)!.Start, $"{span} starts before {trace.Parent(span)}.");
                Assert.True(span.End <= trace.Parent(span)!.End, $"{span} ends after {trace.Parent(span)}.");
            }
        }
    }

    [Fact]
    public async Task The_profile_page_is_made_of_what_the_services_answered()
    {
        await using var shop = await Shop.StartAsync();

        using var page = JsonDocument.Parse(await (await shop.GetAsync("/profile/7")).Content.ReadAsStringAsync());

        Assert.Equal("Grace", page.RootElement.GetProperty("user").GetProperty("name").GetString());
        Assert.Equal(ShopDatabase.OrderCount(7), page.RootElement.GetProperty("user").GetProperty("orders").GetArrayLength());
        Assert.Equal("EUR", page.RootElement.GetProperty("payment").GetProperty("currency").GetString());
    }

    [Fact]
    public async Task Spans_carry_the_attributes_of_the_semantic_conventions()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        await shop.GetAsync("/profile/7?with=everything");

        var trace = Assert.Single(spans.Traces);
        Assert.Equal(
            "http.request.method=GET, url.scheme=http, url.path=/users/7, http.route=/users/{id}, http.response.status_code=200",
            Attributes(trace.Find("GET /users/{id}")!));
        Assert.Equal("/profile/7", trace.Root["url.path"]);
        Assert.Equal(
            "http.request.method=GET, url.full=http://payment-service/payments/7, server.address=payment-service, server.port=80, "
                + "http.response.status_code=200",
            Attributes(trace.Spans.Last(s => s.Name == "GET")));
        Assert.Equal(
            "db.system.name=sqlite, db.namespace=shop, db.operation.name=SELECT, db.query.summary=SELECT users, "
            + "db.query.text=SELECT name FROM users WHERE id = $id, db.collection.name=users",
            Attributes(trace.Find("SELECT users")!));
        var join = trace.Find("SELECT orders articles")!;
        Assert.Equal(join.Name, join["db.query.summary"]);
        Assert.Null(join["db.collection.name"]); // two tables
    }

    [Fact]
    public async Task Each_service_has_a_resource_of_its_own()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans, version: "1.5.0");
        await shop.GetAsync("/profile/7");

        var resources = spans.Spans.GroupBy(s => s.ServiceName).ToDictionary(g => g.Key,
            g => g.Select(s => s.Resource).Distinct().Single());
        Assert.Equal(["api-gateway", "payment-service", "user-service"], resources.Keys.Order());
        Assert.All(resources.Values, r => Assert.Equal("1.5.0", Value(r, "service.version")));
        Assert.All(resources.Values, r => Assert.Equal("shop", Value(r, "service.namespace")));
        Assert.Equal(3, resources.Values.Select(r => Value(r, "service.instance.id")).Distinct().Count());
    }

    [Fact]
    public async Task A_lesson_can_deploy_another_version_of_one_service()
    {
        var spans = new SpanRecorder();
        await using var shop = await Shop.StartAsync((service, tracing) =>
        {
            tracing.AddProcessor(new SimpleActivityExportProcessor(spans.ForService(service)));
            if (service == "user-service")
                tracing.ConfigureResource(resource => resource.AddAttributes([new("service.version", "1.5.0")]));
        });
        await shop.GetAsync("/profile/7");

        Assert.Equal(["api-gateway 1.4.2", "payment-service 1.4.2", "user-service 1.5.0"],
            spans.Spans.Select(s => $"{s.ServiceName} {Value(s.Resource, "service.version")}").Distinct().Order());
    }

    [Fact]
    public async Task Without_propagation_each_service_starts_a_trace_of_its_own()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        shop.Faults.NoPropagation = true;
        await shop.GetAsync("/profile/7");

        Assert.Equal(["GET /profile/{id} 3", "GET /users/{id} 3", "GET /payments/{userId} 1"],
            spans.Traces.Select(t => $"{t.Root.Name} {t.Spans.Count}"));
        Assert.All(spans.Traces, t => Assert.Null(t.Root.ParentSpanId));
        Assert.All(spans.Traces, t => Assert.Single(t.Services));
    }

    [Fact]
    public async Task The_trace_of_the_caller_is_continued()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        await AskAsync(shop, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

        var trace = Assert.Single(spans.Traces);
        Assert.Equal("4bf92f3577b34da6a3ce929d0e0e4736", trace.TraceId);
        Assert.Equal("00f067aa0ba902b7", trace.Root.ParentSpanId);
        Assert.True(trace.Root.HasRemoteParent);
        Assert.Equal(7, trace.Spans.Count);
    }

    [Fact]
    public async Task Nothing_is_exported_when_the_caller_is_not_sampled()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        await AskAsync(shop, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");

        Assert.Empty(spans.Spans);
        Assert.All(shop.Logs, line => Assert.Equal("4bf92f3577b34da6a3ce929d0e0e4736", line.TraceId)); // the id is passed on all the same
        Assert.Contains(shop.Logs, line => line.Service == "payment-service");
    }

    [Fact]
    public async Task The_sampler_that_a_lesson_sets_for_a_service_decides_there()
    {
        var spans = new SpanRecorder();
        await using var shop = await Shop.StartAsync((service, tracing) => tracing
            .SetSampler(service == "payment-service" ? new AlwaysOffSampler() : new AlwaysOnSampler())
            .AddProcessor(new SimpleActivityExportProcessor(spans.ForService(service))));
        await shop.GetAsync("/profile/7");

        Assert.Equal(6, spans.Count);
        Assert.DoesNotContain(spans.Spans, s => s.ServiceName == "payment-service");
    }

    [Fact]
    public async Task A_malformed_id_is_answered_with_400_and_is_no_error_of_the_server()
    {
        var (answer, trace) = await AskOnceAsync("/profile/abc");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains("number", await answer.Content.ReadAsStringAsync());
        var span = Assert.Single(trace.Spans);
        Assert.Equal(("GET /profile/{id}", "/profile/abc", 400), (span.Name, span["url.path"], span["http.response.status_code"]));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        Assert.Null(span["error.type"]);
    }

    [Fact]
    public async Task An_unknown_user_is_an_error_only_for_the_client_that_asked()
    {
        var (answer, trace) = await AskOnceAsync("/profile/99");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal(
            ["api-gateway Server 404 Unset ", "api-gateway Client 404 Error 404", "user-service Server 404 Unset ",
                "user-service Client  Unset "],
            Outcomes(trace));
    }

    [Fact]
    public async Task A_path_without_a_route_is_named_after_the_method_alone()
    {
        var (answer, trace) = await AskOnceAsync("/favicon.ico");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        var span = Assert.Single(trace.Spans);
        Assert.Equal(("GET", ActivityStatusCode.Unset, null), (span.Name, span.Status, span["http.route"]));
    }

    [Fact]
    public async Task A_failing_payment_is_an_error_up_to_the_gateway_and_recorded_where_it_happened()
    {
        var (answer, trace) = await AskOnceAsync($"/profile/{Shop.UserWithFailingPayments}");

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal(
            [
                "api-gateway Server 502 Error 502",
                "api-gateway Client 200 Unset ",
                "user-service Server 200 Unset ",
                "user-service Client  Unset ",
                "user-service Client  Unset ",
                "api-gateway Client 500 Error 500",
                "payment-service Server 500 Error System.InvalidOperationException",
            ],
            Outcomes(trace));
        var (span, exception) = Assert.Single(trace.Spans.SelectMany(s => s.Events.Select(e => (s, e))));
        Assert.Equal("payment-service", span.ServiceName);
        Assert.Equal("exception", exception.Name);
        Assert.Equal(span.StatusDescription, Value(exception.Attributes, "exception.message"));
        Assert.Equal("System.InvalidOperationException", Value(exception.Attributes, "exception.type"));
        Assert.Contains(nameof(Shop), (string?)Value(exception.Attributes, "exception.stacktrace"));
    }

    [Fact]
    public async Task A_service_that_is_down_makes_no_span_and_its_client_says_why()
    {
        var (answer, trace) = await AskOnceAsync("/profile/7", faults => faults.PaymentDown = true);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.DoesNotContain("payment-service", trace.Services);
        Assert.Equal("api-gateway Client  Error connection_error", Outcomes(trace).Last());
        Assert.Equal("Connection refused (payment-service:80)", trace.Spans.Last().StatusDescription);
    }

    [Theory]
    [InlineData(0.1, 2)]
    [InlineData(1, 20)]
    public async Task The_same_share_of_users_fails_each_time(double share, int failing)
    {
        await using var shop = await Shop.StartAsync();
        shop.Pace = TimeSpan.Zero;
        shop.Faults.FailingPayments = share;

        var first = await FailingUsersAsync(shop);

        Assert.Equal(failing, first.Length);
        Assert.Contains(Shop.UserWithFailingPayments, first);
        Assert.Equal(first, await FailingUsersAsync(shop));
    }

    [Fact]
    public async Task The_N_plus_1_fault_shows_as_one_query_more_for_each_order_and_answers_the_same()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        var answers = new List<string>();
        foreach (var fault in (bool[])[false, true, false])
        {
            shop.Faults.NPlusOne = fault;
            answers.Add(await shop.Client.GetStringAsync("/profile/7"));
        }

        var queries = spans.Traces.Select(t => t.Spans.Count(s => s.Attribute("db.system.name") is not null && s.Name != "SELECT users"));
        Assert.Equal([1, ShopDatabase.OrderCount(7) + 1, 1], queries);
        Assert.Equal(ShopDatabase.OrderCount(7), spans.Traces[1].Spans.Count(s => s.Name == "SELECT articles"));
        Assert.Single(answers.Distinct());
    }

    [Fact]
    public async Task A_deployment_changes_the_version_of_all_spans_and_what_the_services_do()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        foreach (var version in (string[])["1.4.2", "1.5.0", "1.5.1"])
        {
            shop.Deploy(version);
            spans.Clear();
            await shop.GetAsync("/profile/7");

            Assert.All(spans.Spans, s => Assert.Equal(version, Value(s.Resource, "service.version")));
            Assert.Equal(3, spans.Spans.Select(s => Value(s.Resource, "service.instance.id")).Distinct().Count());
            Assert.Equal(version == "1.5.0" ? 7 + ShopDatabase.OrderCount(7) : 7, spans.Count);
        }

        await using var untraced = await Shop.StartAsync();
        untraced.Deploy("1.5.0");
        Assert.Equal(HttpStatusCode.OK, (await untraced.GetAsync("/profile/7")).StatusCode);
    }

    [Fact]
    public async Task A_slow_query_is_where_most_of_the_critical_path_is()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        shop.Pace = TimeSpan.FromMilliseconds(10);
        shop.Faults.SlowQuery = true;
        await shop.GetAsync("/profile/7");

        var trace = Assert.Single(spans.Traces);
        Assert.Equal("SELECT users", trace.Spans.MaxBy(trace.SelfTime)!.Name);
        Assert.True(trace.CriticalTime(trace.Find("SELECT users")!) > trace.Duration / 2, Waterfall.Of(trace).ToString());
    }

    [Fact]
    public async Task The_log_of_all_services_is_in_order_and_its_text_holds_no_ids()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        Assert.Empty(shop.Logs); // the requests that warm the shop up are not in it
        await Task.WhenAll(Enumerable.Range(7, 7).Select(id => shop.GetAsync($"/profile/{id}")));

        var lines = shop.Logs;
        Assert.Equal(["api-gateway", "payment-service", "user-service"], lines.Select(l => l.Service).Distinct().Order());
        Assert.Equal(lines.Select(l => l.Time).Order(), lines.Select(l => l.Time));
        Assert.All(lines.GroupBy(l => (l.TraceId, l.Service)), request => Assert.InRange(request.Count(), 2, 4));
        Assert.All(lines, l => Assert.Contains(spans.Spans, s => (s.TraceId, s.SpanId, s.ServiceName) == (l.TraceId, l.SpanId, l.Service)));
        Assert.All(lines, l => Assert.DoesNotContain(l.TraceId!, l.ToString()));
        Assert.All(lines, l => Assert.DoesNotContain(l.SpanId!, l.ToString()));

        var failed = spans.Traces.Single(t => t.HasErrors).TraceId;
        Assert.All(lines.Where(l => l.Level == LogLevel.Error), l => Assert.Equal(failed, l.TraceId));
        Assert.Equal(["payment-service", "api-gateway"], lines.Where(l => l.Level == LogLevel.Error).Select(l => l.Service));
        // nor the user
        Assert.All(lines, l => Assert.DoesNotContain($"{Shop.UserWithFailingPayments}", l.Level == LogLevel.Error ? l.Message : ""));
    }

    /// <summary>
    /// Lesson 0 asks which line is that of the failed request: whoever counts must be wrong, however fast the machine is.
    /// </summary>
    [Theory]
    [InlineData(0.1)]
    [InlineData(4)]
    public async Task Requests_at_once_overtake_each_other_in_the_same_way_each_time_and_counting_lines_of_the_log_misleads(double pace)
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        shop.Pace = TimeSpan.FromMilliseconds(pace);
        for (var time = 0; time < 2; time++)
        {
            var from = shop.Logs.Count;
            var answers = await shop.GetAllAsync("/profile/2", "/profile/3", "/profile/7", "/profile/11", "/profile/13");
            Assert.Equal([200, 200, 200, 200, 502], answers.Select(a => (int)a.StatusCode));

            var lines = shop.Logs.Skip(from).ToArray();
            var failed = lines.First(l => l.Level == LogLevel.Error).TraceId;
            Assert.Equal(2, Place("loading user"));
            Assert.Equal((1, 1, 3, 4, 3, 1, 3), (Place("profile page requested"), Place("asking user-service"), Place("orders loaded"),
                Place("asking payment-service"), Place("asking the bank"), Place("failed", "bank answered"),
                Place("no profile", "page sent")));
            Assert.True(Array.FindIndex(lines, l => l.Level == LogLevel.Error) > Array.FindLastIndex(lines,
                l => l.Message == "loading user"));

            int Place(params string[] texts) => lines.Where(l => texts.Any(l.Message.Contains)).TakeWhile(l => l.TraceId != failed).Count()
                + 1;
        }
    }

    [Fact]
    public void A_log_line_reads_like_one_of_a_log_file()
    {
        var line = new LogLine(new(2026, 11, 1, 8, 15, 2, 123, TimeSpan.Zero), "user-service", LogLevel.Information, "user loaded in 9 ms",
            "4bf9", "00f0");

        Assert.Equal("08:15:02.123 info  user-service    user loaded in 9 ms", line.ToString());
    }

    [Fact]
    public void Of_many_log_lines_the_last_twenty_thousand_are_kept()
    {
        var log = new ShopLog();
        using var provider = log.Of("user-service");
        var logger = provider.CreateLogger("any");
        for (var i = 0; i < 20_003; i++)
            logger.LogInformation("line {Number}", i);

        Assert.Equal(20_000, log.Lines.Count);
        Assert.Equal(("line 3", "line 20002"), (log.Lines[0].Message, log.Lines[^1].Message));
    }

    [Fact]
    public async Task A_query_that_fails_says_so_with_the_databases_own_number()
    {
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}");
        var spans = new SpanRecorder();
        using var provider = Sdk.CreateTracerProviderBuilder().AddSource(source.Name).AddProcessor(new SimpleActivityExportProcessor(spans))
            .Build();
        var database = new ShopDatabase(source, _ => Task.CompletedTask);
        Assert.Equal("Grace", await database.UserNameAsync(7, slowly: false));
        database.Dispose(); // the tables are gone with it

        await Assert.ThrowsAnyAsync<DbException>(() => database.UserNameAsync(7, slowly: false));

        var (worked, failed) = (spans.Spans[0], spans.Spans[1]);
        Assert.Equal((ActivityStatusCode.Unset, null, null), (worked.Status, worked["error.type"], worked["db.response.status_code"]));
        Assert.Equal((ActivityStatusCode.Error, "1", "1"), (failed.Status, failed["error.type"], failed["db.response.status_code"]));
        Assert.Contains("no such table: users", failed.StatusDescription);
    }

    [Fact]
    public async Task A_payment_that_is_sent_again_says_which_attempt_it_is()
    {
        var (answer, trace) = await AskOnceAsync($"/profile/{Shop.UserWithFailingPayments}", faults => faults.RetryPayments = true);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        var attempts = trace.Spans.Where(s => s["server.address"] is "payment-service").ToArray();
        Assert.Equal([null, 1, 2, 3], attempts.Select(s => s["http.request.resend_count"]));
        Assert.All(attempts, s => Assert.Equal("payment-service", Assert.Single(trace.Children(s)).ServiceName));
    }

    [Fact]
    public async Task Of_two_thousand_requests_at_once_no_span_is_lost_or_mixed_up()
    {
        const int Requests = 2_000;
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        await Task.WhenAll(Enumerable.Range(0, Requests).Select(i => shop.GetAsync($"/profile/{i % ShopDatabase.UserCount + 1}")));

        Assert.Equal(7 * Requests, spans.Count);
        Assert.Equal(0, spans.Dropped);
        var traces = spans.Traces;
        Assert.Equal(Requests, traces.Count);
        var shape = "GET /profile/{id} > GET > GET /users/{id} > SELECT users > SELECT orders articles > GET > GET /payments/{userId}";
        Assert.All(traces, t => Assert.Equal(shape, string.Join(" > ", t.SpansAsTree.Select(s => s.Name))));
        Assert.All(traces, t => Assert.Equal([0, 1, 2, 3, 3, 1, 2], t.SpansAsTree.Select(t.Depth)));
        // Each trace is about one user, from the gateway to the payment.
        Assert.All(traces,
            t => Assert.Single(t.Spans.Where(s => s.Kind == ActivityKind.Server).Select(s => ((string)s["url.path"]!).Split('/')[2])
                .Distinct()));
        Assert.Equal(Requests / ShopDatabase.UserCount, traces.Count(t => t.HasErrors));
    }

    [Fact]
    public async Task Two_shops_at_once_do_not_mix()
    {
        var (oldSpans, newSpans) = (new SpanRecorder(), new SpanRecorder());
        await using var oldShop = await StartAsync(oldSpans, "1.4.2");
        await using var newShop = await StartAsync(newSpans, "1.5.0");
        await using var untraced = await Shop.StartAsync();
        newShop.Faults.NPlusOne = true;

        await Task.WhenAll(oldShop.GetAsync("/profile/1"), newShop.GetAsync("/profile/2"), untraced.GetAsync("/profile/3"));

        Assert.Equal(7, oldSpans.Count);
        Assert.Equal(7 + ShopDatabase.OrderCount(2), newSpans.Count);
        Assert.All(oldSpans.Spans, s => Assert.Equal("1.4.2", Value(s.Resource, "service.version")));
        Assert.All(newSpans.Spans, s => Assert.Equal("1.5.0", Value(s.Resource, "service.version")));
        Assert.Single(newSpans.Traces);
        Assert.All(untraced.Logs, l => Assert.Null(l.TraceId));
        Assert.Equal(oldSpans.Traces[0].TraceId, oldShop.Logs.Select(l => l.TraceId).Distinct().Single());
    }

    [Fact]
    public async Task Without_tracing_the_services_run_and_there_are_no_activities()
    {
        await using var shop = await Shop.StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await shop.GetAsync("/profile/7")).StatusCode);
        Assert.Equal(HttpStatusCode.BadGateway, (await shop.GetAsync("/profile/13")).StatusCode);

        Assert.NotEmpty(shop.Logs);
        Assert.All(shop.Logs, line => Assert.Null(line.TraceId)); // Activity.Current was null in every service
    }

    [Fact]
    public async Task The_browser_sends_no_traceparent_even_within_an_activity()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        using (var own = new Activity("own").Start())
        {
            await shop.GetAsync("/profile/7");
            Assert.Same(own, Activity.Current);
        }

        Assert.Null(Assert.Single(spans.Traces).Root.ParentSpanId);
    }

    [Fact]
    public async Task Closing_it_flushes_the_spans_and_may_be_done_twice()
    {
        var spans = new SpanRecorder();
        var shop = await Shop.StartAsync((service, tracing) =>
            tracing.AddProcessor(new BatchActivityExportProcessor(spans.ForService(service), scheduledDelayMilliseconds: 60_000)));
        shop.Pace = TimeSpan.Zero;
        await shop.GetAsync("/profile/7");
        Assert.Empty(spans.Spans);

        shop.Dispose();
        Assert.Equal(7, spans.Count);

        shop.Dispose();
        await shop.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => shop.GetAsync("/profile/7"));
        Assert.Equal(7, spans.Count);
    }

    [Fact]
    public async Task A_mistake_in_the_lessons_own_lines_is_reported_and_leaves_nothing_open()
    {
        var asked = 0;
        var closed = new List<string>();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Shop.StartAsync((service, tracing) =>
        {
            if (asked++ == 1)
                throw new InvalidOperationException("a typo");
            tracing.AddProcessor(new Closing(() => closed.Add(service)));
        }));

        Assert.Equal("a typo", error.Message);
        Assert.Equal(["api-gateway"], closed);
    }

    private static async Task<Shop> StartAsync(SpanRecorder spans, string version = "1.4.2")
    {
        var shop = await Shop.StartAsync((service, tracing) =>
            tracing.AddProcessor(new SimpleActivityExportProcessor(spans.ForService(service))), version);
        shop.Pace = TimeSpan.Zero;
        return shop;
    }

    /// <summary>One request to a new shop, and its trace.</summary>
    private static async Task<(HttpResponseMessage Answer, RecordedTrace Trace)> AskOnceAsync(string path, Action<ShopFaults>? fault = null)
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        fault?.Invoke(shop.Faults);
        return (await shop.GetAsync(path), Assert.Single(spans.Traces));
    }

    private static async Task AskAsync(Shop shop, string traceparent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/profile/7");
        request.Headers.Add("traceparent", traceparent);
        Assert.Equal(HttpStatusCode.OK, (await shop.Client.SendAsync(request)).StatusCode);
    }

    private static async Task<int[]> FailingUsersAsync(Shop shop)
    {
        var users = Enumerable.Range(1, ShopDatabase.UserCount).ToArray();
        var answers = await Task.WhenAll(users.Select(id => shop.GetAsync($"/profile/{id}")));
        return users.Where((_, i) => answers[i].StatusCode == HttpStatusCode.BadGateway).ToArray();
    }

    private static IEnumerable<string> Outcomes(RecordedTrace trace) =>
        trace.SpansAsTree.Select(s => $"{s.ServiceName} {s.Kind} {s["http.response.status_code"]} {s.Status} {s["error.type"]}");

    private static string Attributes(RecordedSpan span) => string.Join(", ", span.Attributes.Select(a => $"{a.Key}={a.Value}"));

    private static object? Value(IEnumerable<KeyValuePair<string, object?>> attributes, string key) =>
        attributes.Single(a => a.Key == key).Value;

    private sealed class Closing(Action closed) : BaseProcessor<Activity>
    {
        protected override void Dispose(bool disposing)
        {
            closed();
            base.Dispose(disposing);
        }
    }
}

/// <summary>What shops do to each other and to who listens to everything.</summary>
[Collection(nameof(NotParallel))]
public sealed class ShopsInOneProcessTests
{
    [Fact]
    public async Task Nobody_hears_the_requests_that_warm_the_shop_up()
    {
        var (spans, heard) = (new SpanRecorder(), new List<string>());
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name.Length > 0,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = activity => heard.Add(activity.OperationName),
        };
        ActivitySource.AddActivityListener(listener);
        using var everything = Sdk.CreateTracerProviderBuilder().AddSource("*").AddProcessor(new SimpleActivityExportProcessor(spans))
            .Build();

        // Once in a process, and that may have been: so it is done again.
        var warmUp = typeof(Shop).GetMethod("WarmUpAsync", BindingFlags.NonPublic | BindingFlags.Static);
        await (Task)warmUp!.Invoke(null, null)!;
        await using var shop = await Shop.StartAsync();
        Assert.Equal((0, 0), (spans.Count, heard.Count));

        await shop.GetAsync("/profile/7"); // and now they do hear
        Assert.Equal((7, 7), (spans.Count, heard.Count));
    }

    [Fact]
    public async Task Each_open_shop_has_sources_of_its_own_and_gives_their_names_back()
    {
        var spans = new SpanRecorder();
        Task<Shop> Open() =>
            Shop.StartAsync((service, tracing) => tracing.AddProcessor(new SimpleActivityExportProcessor(spans.ForService(service))));
        async Task<string> SourceOf(Shop shop)
        {
            spans.Clear();
            shop.Pace = TimeSpan.Zero;
            await shop.GetAsync("/profile/7");
            return Assert.Single(spans.Traces).Root.SourceName;
        }

        var first = await Open();
        await using var second = await Open();
        Assert.Equal(("api-gateway", "api-gateway-2"), (await SourceOf(first), await SourceOf(second)));

        await first.DisposeAsync();
        await using var third = await Open();
        Assert.Equal("api-gateway", await SourceOf(third));
    }
}
