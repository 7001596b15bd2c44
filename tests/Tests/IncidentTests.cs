using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using OpenTelemetry;
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

    [Fact]
    public async Task The_same_pages_are_asked_for_in_every_version_and_only_the_incident_has_the_two_causes()
    {
        var spans = new SpanRecorder();
        var pages = new Dictionary<string, RecordedTrace[]>();
        foreach (var version in new[] { "1.4.2", "1.5.0", "1.5.1" })
        {
            spans.Clear();
            await Incident.ServeAsync(spans, version);
            pages[version] = spans.Traces.ToArray();
            Assert.All(spans.Spans, s => Assert.Equal(version, s.Resource.Single(a => a.Key == "service.version").Value));
        }

        foreach (var (version, traces) in pages)
        {
            Assert.Equal(300, traces.Length);
            Assert.All(traces.GroupBy(t => t.Root["url.path"]), user => Assert.Equal(15, user.Count()));
            Assert.Equal(60, traces.Count(t => Equals(t.Root["http.response.status_code"], 502)));
            var broken = version == "1.5.0";
            Assert.All(traces, t => Assert.Equal(broken, t.Find("SELECT articles") is not null));
            Assert.Equal(broken ? 180 : 0, traces.Sum(t => t.Spans.Count(s => s["http.request.resend_count"] is not null)));
        }
    }

    // ---- The evidence --------------------------------------------------------------------------------------------

    [Fact]
    public void The_causes_stand_up_to_every_question()
    {
        var pages = Pages();

        var queries = new Evidence(pages, "user-service", "SELECT articles", pages[1].TraceId);
        Assert.Null(queries.IsPageOf("1.5.0", 200));
        Assert.Null(queries.IsInTheTrace());
        Assert.Null(queries.IsTheCause());

        var retries = new Evidence(pages, " api-gateway ", "GET", pages[3].TraceId.ToUpperInvariant());
        Assert.Null(retries.IsPageOf("1.5.0", 502));
        Assert.Null(retries.IsInTheTrace());
        Assert.Null(retries.IsOnlyIn(502));
        Assert.Null(retries.IsTheCause());
        Assert.Null(retries.IsMarkedBy("http.request.resend_count"));
    }

    [Theory]
    [InlineData("payment-service", "GET /payments/{userId}", "took 20 ms; in your trace it takes 20 ms. The typical page of this user became 70 ms longer")]
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
        Says(says, Cause("slow", Page(1, "1.4.2", ("slow", 20, 0), ("other", 20, 0)), Page(2, "1.5.0", ("slow", 20 + milliseconds, 0), ("other", 120 - milliseconds, 0))));

    [Theory]
    [InlineData(40, "was not there before, but typically its 40 ms are 40% of the 100 ms")]
    [InlineData(50, null)]
    [InlineData(60, null)]
    public void An_operation_that_is_new_must_explain_half_of_the_time(int milliseconds, string? says) =>
        Says(says, Cause("new", Page(1, "1.4.2", ("other", 20, 0)), Page(2, "1.5.0", ("new", milliseconds, 0), ("other", 120 - milliseconds, 0))));

    [Theory]
    [InlineData(4, "but nothing of that is its self time")]
    [InlineData(40, "but only 40 ms of that is its self time")]
    [InlineData(50, null)]
    [InlineData(60, null)]
    public void Half_of_what_it_takes_longer_must_be_its_own(int milliseconds, string? says) =>
        Says(says, Cause("waits", Page(1, "1.4.2", ("waits", 20, 10)), Page(2, "1.5.0", ("waits", 20 + milliseconds, 110 - milliseconds))));

    private static void Says(string? expected, string? actual)
    {
        if (expected is null)
            Assert.Null(actual);
        else
            Assert.Contains(expected, actual, StringComparison.Ordinal);
    }

    private static string? Cause(string operation, RecordedTrace before, RecordedTrace now) => new Evidence([before, now], "api-gateway", operation, now.TraceId).IsTheCause();

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

        Assert.Contains(pages[1].TraceId, new Evidence(pages, "user-service", "SELECT articles", pages[3].TraceId).IsOnlyIn(502), StringComparison.Ordinal);
    }

    [Fact]
    public void An_attribute_that_was_there_before_is_no_mark()
    {
        var pages = Pages();
        var retries = new Evidence(pages, "api-gateway", "GET", pages[3].TraceId);

        Assert.Contains($"of trace {pages[2].TraceId} too", retries.IsMarkedBy("server.address"), StringComparison.Ordinal);
        Assert.Contains("has an attribute ''", retries.IsMarkedBy(null), StringComparison.Ordinal);
    }

    [Fact]
    public void Evidence_that_is_not_there_is_named()
    {
        var pages = Pages();

        Assert.Contains("no trace with the id 'abc'", new Evidence(pages, "x", "y", "abc").IsPageOf("1.5.0", 200), StringComparison.Ordinal);
        Assert.Contains("no trace with the id ''", new Evidence(pages, null, null, null).IsPageOf("1.5.0", 200), StringComparison.Ordinal);
        Assert.Contains("is a page of version 1.4.2", new Evidence(pages, "x", "y", pages[0].TraceId).IsPageOf("1.5.0", 200), StringComparison.Ordinal);
        Assert.Contains("was answered with 502", new Evidence(pages, "x", "y", pages[3].TraceId).IsPageOf("1.5.0", 200), StringComparison.Ordinal);
        Assert.Contains("no span of a service 'x'", new Evidence(pages, "x", "y", pages[1].TraceId).IsInTheTrace(), StringComparison.Ordinal);
        Assert.Contains("Its spans there: GET /profile/{id}, GET.", new Evidence(pages, "api-gateway", "y", pages[1].TraceId).IsInTheTrace(), StringComparison.Ordinal);
    }

    // ---- The picture ---------------------------------------------------------------------------------------------

    [Fact]
    public void A_histogram_counts_every_request_and_is_drawn_in_every_culture_alike()
    {
        LatencyView View() => LatencyView.Histogram(("old <1>", Times(10, 11, 12, 30)), ("new", Times(29, 150, 5_000)), ("none", []));

        Drawings.Matches("latency.txt", View().ToString());
        Drawings.Matches("latency.html", Views.Readable(View()));
        AnyCulture.DrawsTheSame(View);
        AnyCulture.DrawsTheSame(() => LatencyView.Histogram(("parts of a millisecond", [TimeSpan.FromMilliseconds(0.25), TimeSpan.FromMilliseconds(1.5)])));
    }

    [Fact]
    public void Half_is_the_median_that_the_other_drawings_have() =>
        Assert.StartsWith("░ a: 4 requests, average 15.8 ms, half took up to 11.5 ms (p50), 95 of 100 up to 30 ms (p95)", LatencyView.Histogram(("a", Times(10, 11, 12, 30))).ToString(), StringComparison.Ordinal);

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
        Assert.Throws<ArgumentException>(() => LatencyView.Histogram(("a", []), ("b", []), ("c", []), ("d", [])));

    // ---- Samples -------------------------------------------------------------------------------------------------

    private static IEnumerable<TimeSpan> Times(params int[] milliseconds) => milliseconds.Select(ms => TimeSpan.FromMilliseconds(ms));

    private static async Task<Shop> StartAsync(SpanRecorder spans)
    {
        var shop = await Shop.StartAsync((service, tracing) => tracing.AddProcessor(new SimpleActivityExportProcessor(spans.ForService(service))));
        shop.Pace = TimeSpan.Zero;
        return shop;
    }

    /// <summary>Four pages of one user, with exact times: healthy and slow, then failing and failing slowly.</summary>
    private static RecordedTrace[] Pages() =>
    [
        Page(1, "1.4.2", status: 200, slow: false, attempts: 1),
        Page(2, "1.5.0", status: 200, slow: true, attempts: 1),
        Page(3, "1.4.2", status: 502, slow: false, attempts: 1),
        Page(4, "1.5.0", status: 502, slow: true, attempts: 4),
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
            var ask = page.Open("api-gateway", "GET", root, attempt == 0 ? payments : [.. payments, ("http.request.resend_count", attempt)]);
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
