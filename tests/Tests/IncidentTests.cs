using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Lesson 10: the traffic, the evidence, and the picture of the latency.</summary>
[Collection(nameof(ShopNames))]
public sealed class IncidentTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 5, 9, 0, 0, TimeSpan.Zero);

    // ---- The fault that is new in the shop -----------------------------------------------------------------------

    [Fact]
    public async Task A_failed_payment_is_asked_for_three_times_more_and_each_attempt_says_so()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        shop.Faults.RetryPayments = true;

        var answer = await shop.GetAsync($"/profile/{Shop.UserWithFailingPayments}");

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        var trace = Assert.Single(spans.Traces);
        var calls = trace.Spans.Where(s => s.Name == "GET" && Equals(s["server.address"], "payment-service")).ToArray();
        Assert.Equal([null, 1, 2, 3], calls.Select(c => c["http.request.resend_count"]));
        Assert.All(calls, c => Assert.Equal("500", c["error.type"]));
        Assert.All(calls, c => Assert.Equal(trace.Root, trace.Parent(c)));
        // The header is written anew for each attempt: otherwise all requests would hang below the first call.
        Assert.All(calls, c => Assert.Equal("GET /payments/{userId}", Assert.Single(trace.Children(c)).Name));
    }

    [Fact]
    public async Task A_payment_that_works_is_asked_for_once()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        shop.Faults.RetryPayments = true;

        await shop.GetAsync("/profile/7");

        Assert.Equal(7, spans.Count);
        Assert.DoesNotContain(spans.Spans, s => s["http.request.resend_count"] is not null);
    }

    [Fact]
    public async Task A_call_that_is_repeated_carries_the_tracestate_once()
    {
        var spans = new SpanRecorder();
        await using var shop = await StartAsync(spans);
        shop.Faults.RetryPayments = true;
        shop.Client.DefaultRequestHeaders.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        shop.Client.DefaultRequestHeaders.Add("tracestate", "vendor=1");

        await shop.GetAsync($"/profile/{Shop.UserWithFailingPayments}");

        Assert.All(spans.Spans, s => Assert.Equal("vendor=1", s.TraceState));
    }

    // ---- The traffic ---------------------------------------------------------------------------------------------

    internal static RecordedTrace[] Served(string version)
    {
        var spans = new SpanRecorder();
        Incident.Serve(spans, version);
        Assert.All(spans.Spans, s => Assert.Equal(version, s.Resource.Single(a => a.Key == "service.version").Value));
        return spans.Traces.ToArray();
    }

    [Fact]
    public void The_same_pages_are_asked_for_in_every_version_and_only_the_incident_has_the_two_causes()
    {
        var users = Served("1.6.0").Select(t => t.Root["url.path"]).ToArray();
        foreach (var version in new[] { "1.6.0", "1.7.0", "1.7.1" })
        {
            var traces = Served(version);
            Assert.Equal(300, traces.Length);
            Assert.Equal(users, traces.Select(t => t.Root["url.path"]));
            Assert.All(traces.GroupBy(t => t.Root["url.path"]), user => Assert.Equal(15, user.Count()));
            Assert.Equal(60, traces.Count(t => Equals(t.Root["http.response.status_code"], 502)));
            var broken = version == "1.7.0";
            Assert.All(traces,
                t => Assert.Equal(broken, $"{t.Find("SELECT orders articles")!["db.query.text"]}".Contains("CAST(",
                    StringComparison.Ordinal)));
            Assert.All(traces, t => Assert.Equal(version == "1.6.0" ? 0 : 3, t.Spans.Count(s => s.Name == "SELECT coupons")));
            Assert.Equal(broken ? 180 : 0, traces.Sum(t => t.Spans.Count(s => s["http.request.resend_count"] is not null)));
            Assert.All(traces, t => Assert.All(t.Spans, span => Assert.True(t.TimesFit(span))));
        }
    }

    [Fact]
    public void Every_run_gives_the_same_traces_whatever_the_machine_does_meanwhile()
    {
        var (first, second) = (Served("1.7.0"), Served("1.7.0"));

        Assert.Equal(first.Select(t => (t.TraceId, t.Duration)), second.Select(t => (t.TraceId, t.Duration)));
        Assert.Empty(first.Select(t => t.TraceId).Intersect(Served("1.6.0").Select(t => t.TraceId)));
    }

    // The story: deployed at midnight, two alerts at three o'clock, repaired after that.
    [Fact]
    public void The_old_version_ends_before_midnight_the_new_one_runs_before_three_and_the_repaired_one_after_it()
    {
        DateTimeOffset[] Starts(string version) => [.. Served(version).SelectMany(t => t.Spans).Select(s => s.Start).Order()];
        DateTimeOffset midnight = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero), three = midnight.AddHours(3);

        Assert.True(Starts("1.6.0")[^1] < midnight);
        Assert.True(Starts("1.7.0")[0] > midnight && Starts("1.7.0")[^1] < three);
        Assert.True(Starts("1.7.1")[0] > three);
    }

    [Fact]
    public void The_hills_lie_apart()
    {
        var (before, after, repaired) = (Served("1.6.0"), Served("1.7.0"), Served("1.7.1"));
        TimeSpan[] Times(int status) => after.Where(t => Equals(t.Root["http.response.status_code"], status)).Select(t => t.Duration)
            .ToArray();

        var slowestBefore = before.Max(t => t.Duration);
        Assert.True(Times(200).Min() > 1.3 * slowestBefore, $"{Times(200).Min()} against {slowestBefore}");
        Assert.True(Times(502).Min() > 1.3 * Times(200).Max(), $"{Times(502).Min()} against {Times(200).Max()}");
        Assert.True(repaired.Max(t => t.Duration) < 1.2 * slowestBefore);
    }

    // The diff that the lesson shows: the converted column has no index.
    [Theory]
    [InlineData("orders.user_id", "SEARCH orders USING INDEX orders_by_user")]
    [InlineData("CAST(orders.user_id AS TEXT)", "SCAN orders")]
    public void The_query_of_the_incident_reads_all_orders(string column, string plan)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            "CREATE TABLE articles (id INTEGER PRIMARY KEY, name TEXT NOT NULL); CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id "
                + "INTEGER NOT NULL, article_id INTEGER NOT NULL); CREATE INDEX orders_by_user ON orders (user_id);";
        command.ExecuteNonQuery();
        command.CommandText =
            $"EXPLAIN QUERY PLAN SELECT orders.id, articles.name FROM orders JOIN articles ON articles.id = orders.article_id WHERE {column} = 7 ORDER BY orders.id";
        using var reader = command.ExecuteReader();
        Assert.True(reader.Read());
        Assert.StartsWith(plan, reader.GetString(3), StringComparison.Ordinal);
    }

    // ---- The evidence --------------------------------------------------------------------------------------------

    [Fact]
    public void The_causes_stand_up_to_every_question()
    {
        var pages = Pages();

        var queries = new Evidence(pages, "user-service", "SELECT articles", pages[1].TraceId);
        Assert.Null(queries.IsPageOf("1.7.0", 200));
        Assert.Null(queries.IsInTheTrace());
        Assert.Null(queries.IsTheCause());
        Assert.Null(queries.IsOfKind(CauseKind.CallPerItem));

        var retries = new Evidence(pages, " api-gateway ", "GET", pages[3].TraceId.ToUpperInvariant());
        Assert.Null(retries.IsPageOf("1.7.0", 502));
        Assert.Null(retries.IsInTheTrace());
        Assert.Null(retries.IsOnlyIn(502));
        Assert.Null(retries.IsTheCause());
        // nothing fails here
        Assert.Contains("a run that succeeded is not repeated", retries.IsOfKind(CauseKind.Retries), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("payment-service", "GET /payments/{userId}",
        "took 20 ms; in your trace it takes 20 ms. The typical page of this user became 70 ms longer")]
    [InlineData("user-service", "GET /users/{id}", "typically takes 70 ms longer than in trace 00000000000000000000000000000001")]
    [InlineData("user-service", "SELECT orders", "typically its 10 ms are 14% of the 70 ms")]
    public void An_innocent_operation_is_told_what_speaks_against_it(string service, string operation, string says)
    {
        var pages = Pages();

        Assert.Contains(says, new Evidence(pages, service, operation, pages[1].TraceId).IsTheCause(), StringComparison.Ordinal);
    }

    // Of a page that became 100 ms longer, an operation explains what it is worth: half is enough, less is not.
    [Theory]
    [InlineData(40, "most of that time is somewhere else")]
    [InlineData(50, null)]
    [InlineData(60, null)]
    public void An_operation_that_became_slower_must_explain_half_of_the_time(int milliseconds, string? says) =>
        Says(says, CauseOf("slow", Page(1, "1.6.0", ("slow", 20, 0), ("other", 20, 0)),
        Page(2, "1.7.0", ("slow", 20 + milliseconds, 0), ("other", 120 - milliseconds, 0))));

    [Theory]
    [InlineData(40, "was not there before, but typically its 40 ms are 40% of the 100 ms")]
    [InlineData(50, null)]
    [InlineData(60, null)]
    public void An_operation_that_is_new_must_explain_half_of_the_time(int milliseconds, string? says) =>
        Says(says, CauseOf("new", Page(1, "1.6.0", ("other", 20, 0)),
        Page(2, "1.7.0", ("new", milliseconds, 0), ("other", 120 - milliseconds, 0))));

    [Theory]
    [InlineData(4, "but nothing of that is its self time")]
    [InlineData(40, "but only 40 ms of that is its self time")]
    [InlineData(50, null)]
    [InlineData(60, null)]
    public void Half_of_what_it_takes_longer_must_be_its_own(int milliseconds, string? says) =>
        Says(says, CauseOf("waits", Page(1, "1.6.0", ("waits", 20, 10)),
        Page(2, "1.7.0", ("waits", 20 + milliseconds, 110 - milliseconds))));

    private static void Says(string? expected, string? actual)
    {
        if (expected is null)
            Assert.Null(actual);
        else
            Assert.Contains(expected, actual, StringComparison.Ordinal);
    }

    private static string? CauseOf(string operation, RecordedTrace before, RecordedTrace now) =>
        new Evidence([before, now], "api-gateway", operation, now.TraceId).IsTheCause();

    // A page of calls one after the other: so many milliseconds of their own, and so many in a call below them.
    private static RecordedTrace Page(int number, string version, params (string Name, int Own, int Below)[] calls)
    {
        var page = new PageBuilder(number, version);
        var root = page.Open("api-gateway", "GET /profile/{id}", null, ("url.path", "/profile/7"), ("http.response.status_code", 200));
        foreach (var (name, own, below) in calls)
        {
            var span = page.Open("api-gateway", name, root);
            page.Wait(own);
            if (below > 0)
                page.Leaf("api-gateway", "below", span, below);
            page.Close(span);
        }

        page.Close(root);
        return page.Trace();
    }

    [Fact]
    public void Who_is_only_asked_more_often_is_not_the_cause()
    {
        var pages = Pages();

        var says = new Evidence(pages, "payment-service", "GET /payments/{userId}", pages[3].TraceId).IsTheCause();

        Assert.Contains($"runs 4 times here and once in trace {pages[2].TraceId}", says, StringComparison.Ordinal);
        Assert.Contains("typically took 20 ms before and takes 20 ms now", says, StringComparison.Ordinal);
        AnyCulture.Gives(says!, () => new Evidence(pages, "payment-service", "GET /payments/{userId}", pages[3].TraceId).IsTheCause()!);
    }

    [Fact]
    public void What_slows_all_pages_does_not_explain_those_that_fail()
    {
        var pages = Pages();

        Assert.Contains(pages[1].TraceId, new Evidence(pages, "user-service", "SELECT articles", pages[3].TraceId).IsOnlyIn(502),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_that_did_not_become_slower_shows_no_cause() =>
        Says("did not become slower", CauseOf("other", Page(1, "1.6.0", ("other", 80, 0)), Page(2, "1.7.0", ("other", 20, 0))));

    // What is the cause is of one kind only, and each other kind is told what contradicts it.
    [Theory]
    [InlineData(CauseKind.NotSaid, "Now say which kind", "Now say which kind")]
    [InlineData(CauseKind.SlowerWork, "The time comes from the runs that were not there before", null)]
    [InlineData(CauseKind.CallPerItem, "A loop over items does not depend on failures", "Nothing is done once for each item")]
    [InlineData(CauseKind.Retries, null, "Nothing is run again")]
    [InlineData(CauseKind.NoLongerParallel, "Nothing ran at the same time", "Nothing ran at the same time")]
    [InlineData(CauseKind.FailsMoreOften, "failed in 60 of 300 pages before the deployment, and in 60 of 300", "failed in 0 of 300 pages")]
    public void A_cause_is_of_one_kind(CauseKind kind, string? retries, string? query)
    {
        RecordedTrace[] pages = [.. Served("1.6.0"), .. Served("1.7.0")];
        string Page(int status) => pages.Last(p => Equals(p.Root["http.response.status_code"], status)).TraceId;

        Says(retries, new Evidence(pages, "api-gateway", "GET", Page(502)).IsOfKind(kind));
        Says(query, new Evidence(pages, "user-service", "SELECT orders articles", Page(200)).IsOfKind(kind));
    }

    [Fact]
    public void No_other_operation_of_the_incident_stands_up_and_no_verdict_names_the_right_one()
    {
        RecordedTrace[] pages = [.. Served("1.6.0"), .. Served("1.7.0")];
        foreach (var page in pages.Where(p => Equals(p.Root["url.path"], "/profile/7") || Equals(p.Root["url.path"], "/profile/13"))
            .TakeLast(4))
        {
            var fails = Equals(page.Root["http.response.status_code"], 502);
            foreach (var (service, operation) in page.Spans.Select(s => (s.ServiceName, s.Name)).Append(("", ""))
                .Append(("user-service", "x")).Append(("x", "GET")).Distinct())
            {
                var right = fails
                    ? (service, operation) == ("api-gateway", "GET")
                    : (service, operation) == ("user-service", "SELECT orders articles");
                var evidence = new Evidence(pages, service, operation, page.TraceId);
                var says = evidence.IsPageOf("1.7.0", fails ? 502 : 200)
                    ?? evidence.IsInTheTrace() ?? (fails ? evidence.IsOnlyIn(502) : null) ?? evidence.IsTheCause();
                Assert.True(right == says is null, $"{service} {operation}: {says}");
                if (says is not null && (service, operation) is not ("x", "GET"))
                    Assert.DoesNotMatch(fails
                        ? "api-gateway(?<!^api-gateway)|'GET'"
                        : "user-service(?<!^user-service)|SELECT orders articles", says);
            }
        }
    }

    [Fact]
    public void Evidence_that_is_not_there_is_named()
    {
        var pages = Pages();

        Assert.Contains("no trace with the id 'abc'", new Evidence(pages, "x", "y", "abc").IsPageOf("1.7.0", 200),
            StringComparison.Ordinal);
        Assert.Contains("No evidence yet", new Evidence(pages, null, null, null).IsPageOf("1.7.0", 200), StringComparison.Ordinal);
        Assert.Contains("is a page of version 1.6.0", new Evidence(pages, "x", "y", pages[0].TraceId).IsPageOf("1.7.0", 200),
            StringComparison.Ordinal);
        Assert.Contains("was answered with 502", new Evidence(pages, "x", "y", pages[3].TraceId).IsPageOf("1.7.0", 200),
            StringComparison.Ordinal);
        Assert.Contains("no span of a service 'x'", new Evidence(pages, "x", "y", pages[1].TraceId).IsInTheTrace(),
            StringComparison.Ordinal);
        Assert.Equal($"api-gateway has no span 'y' in trace {pages[1].TraceId}.",
            new Evidence(pages, "api-gateway", "y", pages[1].TraceId).IsInTheTrace());
        Assert.EndsWith("Another service has one.", new Evidence(pages, "api-gateway", "SELECT articles", pages[1].TraceId).IsInTheTrace(),
            StringComparison.Ordinal);
        Assert.EndsWith("It had one before the deployment.",
            new Evidence(pages, "user-service", "SELECT orders articles", pages[1].TraceId).IsInTheTrace(), StringComparison.Ordinal);
    }

    // ---- The picture ---------------------------------------------------------------------------------------------

    [Fact]
    public void A_histogram_counts_every_request_and_is_drawn_in_every_culture_alike()
    {
        LatencyView View() => LatencyView.Histogram(("old <1>", Times(10, 11, 12, 30)), ("new", Times(29, 150, 5_000)), ("none", []));

        Drawings.Matches("latency.txt", View().ToString());
        Drawings.Matches("latency.html", Views.Readable(View()));
        AnyCulture.DrawsTheSame(View);
        AnyCulture.DrawsTheSame(() => LatencyView.Histogram(("parts of a millisecond",
            [TimeSpan.FromMilliseconds(0.25), TimeSpan.FromMilliseconds(1.5)])));
    }

    [Fact]
    public void Half_is_the_median_that_the_other_drawings_have() =>
        Assert.StartsWith("░ a: 4 requests, average 15.8 ms, p50 11.5 ms, p95 30 ms",
        LatencyView.Histogram(("a", Times(10, 11, 12, 30))).ToString(), StringComparison.Ordinal);

    [Fact]
    public void A_histogram_of_nothing_and_of_the_longest_time_is_drawn_too()
    {
        Assert.Contains("new: no requests", LatencyView.Histogram(("new", [])).ToString(), StringComparison.Ordinal);
        Assert.Contains("<svg", LatencyView.Histogram(("new", []), ("zero", Times(0))).ToHtml(), StringComparison.Ordinal);
        Assert.Contains("<svg", LatencyView.Histogram().ToHtml(), StringComparison.Ordinal);

        var endless = LatencyView.Histogram(("one", Times(1)), ("endless", [TimeSpan.MaxValue, TimeSpan.FromMilliseconds(-1)]));
        Assert.EndsWith("█ 1", endless.ToString(), StringComparison.Ordinal); // in the last row
        Assert.DoesNotContain("NaN", endless.ToHtml(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_is_only_text_and_a_long_one_is_cut()
    {
        var view = LatencyView.Histogram(("<script>\u001b" + new string('x', 1_000_000), Times(Enumerable.Range(0, 300).ToArray())));

        Assert.DoesNotContain("<script", view.ToHtml(), StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', view.ToHtml() + view);
        Assert.InRange(view.ToHtml().Length + view.ToString().Length, 1, 40_000);
        Assert.Contains("300 requests, average", view.ToHtml(), StringComparison.Ordinal); // the numbers are not what is cut
    }

    [Fact]
    public void More_groups_than_can_be_told_apart_are_refused() =>
        Assert.Throws<ArgumentException>(() => LatencyView.Histogram(("a", []), ("b", []), ("c", []), ("d", []), ("e", [])));

    // ---- Samples -------------------------------------------------------------------------------------------------

    private static IEnumerable<TimeSpan> Times(params int[] milliseconds) => milliseconds.Select(ms => TimeSpan.FromMilliseconds(ms));

    private static async Task<Shop> StartAsync(SpanRecorder spans)
    {
        var shop = await Shop.StartAsync((service, tracing) =>
            tracing.AddProcessor(new SimpleActivityExportProcessor(spans.ForService(service))));
        shop.Pace = TimeSpan.Zero;
        return shop;
    }

    /// <summary>Four pages of one user, with exact times: healthy and slow, then failing and failing slowly.</summary>
    private static RecordedTrace[] Pages() =>
    [
        Page(1, "1.6.0", status: 200, slow: false, attempts: 1),
        Page(2, "1.7.0", status: 200, slow: true, attempts: 1),
        Page(3, "1.6.0", status: 502, slow: false, attempts: 1),
        Page(4, "1.7.0", status: 502, slow: true, attempts: 4),
    ];

    private static RecordedTrace Page(int number, string version, int status, bool slow, int attempts)
    {
        var page = new PageBuilder(number, version);
        (string, object?)[] payments = [("server.address", "payment-service")];
        var root = page.Open("api-gateway", "GET /profile/{id}", null, ("url.path", "/profile/7"), ("http.response.status_code", status));
        var call = page.Open("api-gateway", "GET", root, ("server.address", "user-service"));
        var users = page.Open("user-service", "GET /users/{id}", call);
        if (slow)
        {
            page.Leaf("user-service", "SELECT orders", users, 10);
            for (var i = 0; i < 8; i++)
                page.Leaf("user-service", "SELECT articles", users, 10);
        }
        else
            page.Leaf("user-service", "SELECT orders articles", users, 20);
        page.Close(users);
        page.Close(call);
        for (var attempt = 0; attempt < attempts; attempt++)
        {
            var ask = page.Open("api-gateway", "GET", root, attempt == 0
                ? payments
                : [.. payments, ("http.request.resend_count", attempt)]);
            page.Leaf("payment-service", "GET /payments/{userId}", ask, 20);
            page.Close(ask);
        }

        page.Close(root);
        return page.Trace();
    }

    private sealed class PageBuilder(int number, string version)
    {
        private readonly List<RecordedSpan> _spans = [];
        private int _now;

        public RecordedTrace Trace() => new(_spans);

        public int Open(string service, string name, int? parent, params (string Key, object? Value)[] attributes)
        {
            _spans.Add(new RecordedSpan
            {
                TraceId = number.ToString("x32"),
                SpanId = (_spans.Count + 1).ToString("x16"),
                ParentSpanId = parent is { } p ? _spans[p].SpanId : null,
                Name = name,
                Kind = name == "GET" || name.StartsWith("SELECT", StringComparison.Ordinal) ? ActivityKind.Client : ActivityKind.Server,
                Resource = [new("service.name", service), new("service.version", version)],
                Start = Start.AddMilliseconds(_now),
                Duration = TimeSpan.Zero,
                Attributes = attributes.Select(a => KeyValuePair.Create(a.Key, a.Value)).ToArray(),
            });
            return _spans.Count - 1;
        }

        public void Wait(int milliseconds) => _now += milliseconds;

        public void Close(int span) => _spans[span] = _spans[span] with { Duration = Start.AddMilliseconds(_now) - _spans[span].Start };

        public void Leaf(string service, string name, int parent, int milliseconds)
        {
            var span = Open(service, name, parent);
            Wait(milliseconds);
            Close(span);
        }
    }
}

/// <summary>A meter of ASP.NET Core is heard in the whole process, so no other test may serve requests meanwhile.</summary>
[Collection(nameof(NotParallel))]
public sealed class IncidentMetricsTests
{
    [Fact]
    public void The_alerts_are_true_and_the_exemplar_of_the_median_is_a_page_that_worked()
    {
        var metrics = new MetricRecorder();
        using (Sdk.CreateMeterProviderBuilder().AddMeter("Microsoft.AspNetCore.Hosting").SetExemplarFilter(ExemplarFilterType.TraceBased)
            .AddReader(new BaseExportingMetricReader(metrics)).Build())
            IncidentTests.Served("1.7.0");
        var after = IncidentTests.Served("1.7.0");

        var bucket = metrics.BucketAt("http.server.request.duration", 0.95)!;
        Assert.Equal(after.Count(t => t.Duration > bucket.From && t.Duration <= bucket.To), bucket.Count);
        Assert.Equal(60, bucket.Count);
        Assert.Equal(502, after.Single(t => t.TraceId == bucket.TraceId).Root["http.response.status_code"]);
        // The lesson draws this one: a page of the other group would show the second cause before it is asked for.
        var median = metrics.BucketAt("http.server.request.duration", 0.5)!;
        Assert.Equal(after.Count(t => t.Duration > median.From && t.Duration <= median.To), median.Count);
        Assert.All(after.Where(t => t.Duration > median.From && t.Duration <= median.To),
            t => Assert.Equal(200, t.Root["http.response.status_code"]));
        Assert.Contains(after, t => t.TraceId == median.TraceId);
        Assert.Null(metrics.BucketAt("another", 0.5));
        Assert.True(ErrorShare(after) > 2 * ErrorShare(IncidentTests.Served("1.6.0")));

        static double ErrorShare(RecordedTrace[] traces) =>
            traces.SelectMany(t => t.Spans).Where(s => s.Name == "GET /payments/{userId}")
            .Average(s => s.Status == ActivityStatusCode.Error ? 1 : 0);
    }
}
