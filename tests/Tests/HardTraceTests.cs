using System;
using System.Diagnostics;
using System.Linq;
using System.Text.RegularExpressions;
using OpenTelemetry;
using OpenTelemetry.Trace;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

/// <summary>
/// Traces as they really come: delivered twice, without a root, with wrong clocks. Where a test names Jaeger, Jaeger 2.20.0 was
/// seen to do otherwise with the same trace.
/// </summary>
public sealed class HardTraceTests
{
    private static RecordedSpan Client(string name, string? parent, double start, double duration, string service, string? id = null) =>
        Span(name, parent, start, duration, service, id) with { Kind = ActivityKind.Client };

    private static RecordedSpan Server(string name, string? parent, double start, double duration, string service, string? id = null) =>
        Span(name, parent, start, duration, service, id) with { Kind = ActivityKind.Server };

    private static RecordedSpan Copy(RecordedSpan span) => span with { };

    private static string[] Says(NotebookView view) => Views.Parse(view).QuerySelectorAll(".tv-says").Select(e => e.TextContent).ToArray();

    private static string[] Remarks(NotebookView view, string name) =>
        Views.RowOf(view, name).QuerySelectorAll(".tv-remark").Select(e => e.TextContent).ToArray();

    private static string Note(NotebookView view, string name) =>
        Views.RowOf(view, name).QuerySelectorAll("dt").FirstOrDefault(e => e.TextContent == "note")?.NextElementSibling!.TextContent ?? "";

    // ---- The same span id more than once -------------------------------------------------------------------------

    private static RecordedSpan[] OnePage() =>
    [
        Server("GET /", null, 0, 50, "a", "1"), Client("GET", "1", 5, 40, "a", "2"),
        Server("GET /b", "2", 10, 30, "b", "3") with { Status = ActivityStatusCode.Error },
    ];

    [Fact]
    public void A_batch_that_was_delivered_twice_counts_once_everywhere_and_is_said() // Jaeger's map counts it twice
    {
        var store = new SpanStore();
        store.Add(OnePage(), 100);
        store.Add(OnePage(), 100);
        Assert.Equal(3, store.Count);
        Assert.Equal([2, 2, 2], store.Spans.Select(s => s.Copies));

        foreach (var trace in new[] { new RecordedTrace(store.Spans), new RecordedTrace([.. OnePage(), .. OnePage()]) })
        {
            Assert.Equal(["GET /", "GET", "GET /b"], trace.SpansAsTree.Select(s => s.Name));
            var view = Waterfall.Of(trace);
            Assert.Equal(3, Views.Rows(view).Length);
            Assert.Contains("✖ 1 error", view.ToHtml());
            Assert.Equal(["3 copies of spans that are here came too: not counted, not drawn."], Says(view));
            Assert.Contains("3 copies of spans that are here came too", view.ToString());
            Assert.Equal(["came 2 times, counted once"], Remarks(view, "GET /b"));
            Assert.Equal("a → b  1 call, 1 error, 40 ms", ServiceMap.Of([trace]).ToString());
            Assert.Equal((3, "3 copies not shown again."), Table(SpanTable.Of(trace.Spans)));
        }

        Assert.Equal((3, "3 copies not shown again."), Table(SpanTable.Of(OnePage().Concat(OnePage()))));
        Assert.Equal("a → b  1 call, 1 error, 40 ms", ServiceMap.Of([Trace(OnePage()), Trace(OnePage())]).ToString());

        static (int, string) Table(SpanTable table) => (table.ToString().Split('\n').Length - 2, table.ToString().Split('\n')[^1]);
    }

    [Fact]
    public void A_trace_knows_a_copy_of_its_span_and_one_object_given_twice_is_no_copy()
    {
        var span = Span("a", null, 0, 1);
        var trace = Trace(span, Copy(span), Copy(span), Span("b", "a", 0, 1));

        Assert.Equal(3, trace.Root.Copies);
        Assert.Equal("b", Assert.Single(trace.Children(Copy(span))).Name);
        Assert.Equal(1, Trace(span, span).Root.Copies);
    }

    [Theory]
    [InlineData("name")]
    [InlineData("service")]
    [InlineData("kind")]
    [InlineData("start")]
    public void What_differs_in_one_of_these_is_another_span_with_the_same_id(string what)
    {
        var span = Span("a", null, 0, 1);
        var other = what switch
        {
            "name" => Span("b", null, 0, 1, id: "a"),
            "service" => Span("a", null, 0, 1, "other"),
            "kind" => span with { Kind = ActivityKind.Consumer },
            _ => Span("a", null, 0.001, 1),
        };
        var trace = Trace(span, other);

        Assert.Equal(2, trace.Spans.Count);
        Assert.All(Views.Rows(Waterfall.Of(trace)), r => Assert.Contains("2 spans have this id", r.TextContent));
        var store = new SpanStore();
        store.Add([span, other]);
        Assert.Equal(2, store.Count);
    }

    [Fact]
    public void Two_providers_that_record_into_one_memory_make_one_span()
    {
        using var source = new ActivitySource("recorded twice");
        var recorder = new SpanRecorder();
        TracerProvider Provider() => Sdk.CreateTracerProviderBuilder().AddSource(source.Name)
            .AddProcessor(new SimpleActivityExportProcessor(recorder)).Build();
        using (Provider())
        using (Provider())
            source.StartActivity("one span")!.Dispose();

        Assert.Equal(1, recorder.Count);
        Assert.Equal(2, Assert.Single(recorder.Spans).Copies);
    }

    [Fact]
    public void Copies_take_no_room_in_the_memory_and_go_with_their_span()
    {
        var store = new SpanStore(2, maxBytes: 250);
        store.Add([Span("a", null, 0, 1)], 100);
        for (var i = 0; i < 10; i++)
            store.Add([Span("a", null, 0, 1)], 100);
        store.Add([Span("b", null, 0, 1)], 100);
        Assert.Equal((2, 0), (store.Count, store.Dropped));

        store.Add([Span("c", null, 0, 1)], 10); // now a is gone
        store.Add([Span("a", null, 0, 1)], 10); // and comes as a new one
        Assert.Equal(["c", "a"], store.Spans.Select(s => s.Name));
        Assert.Equal((1, 2L), (store.Spans[1].Copies, store.Dropped));
        store.Clear();
        store.Add([Span("a", null, 0, 1)]);
        Assert.Equal(1, store.Spans[0].Copies);
    }

    [Theory]
    [InlineData("2", "1")] // Jaeger, and B3 as Zipkin had it: the server has the parent of its client too
    [InlineData("2", null)]
    public void A_client_and_its_server_that_share_one_id_are_taken_apart(string id, string? serverParent)
    {
        var trace = Trace(Server("GET /", null, 0, 50, "a", "1"), Client("GET", "1", 5, 40, "a", id),
            Server("GET /b", serverParent, 10, 30, "b", id), Span("work", id, 15, 15, "b", "4"), Span("log", id, 44, 1, "a", "5"));

        Assert.Equal(["GET /", "GET", "GET /b", "work", "log"], trace.SpansAsTree.Select(s => s.Name));
        Assert.Equal([0, 1, 2, 3, 2], trace.SpansAsTree.Select(trace.Depth));
        Assert.Equal("a → b  1 call, 40 ms", ServiceMap.Of([trace]).ToString());
        Assert.Contains("has the span id of its parent", Remarks(Waterfall.Of(trace), "GET /b"));
        Assert.Contains("has the span id of its child", Remarks(Waterfall.Of(trace), "GET"));
    }

    [Fact]
    public void Ten_thousand_spans_with_one_id_are_no_problem()
    {
        var trace = Trace([.. Enumerable.Range(0, 10_000).Select(i => Span($"{i}", "one id", i, 1, $"service {i % 7}", "one id"))]);
        Assert.Equal(10_000, trace.SpansAsTree.Count);
        Assert.InRange(Waterfall.Of(trace).ToHtml().Length, 1, 10_000_000);
    }

    // ---- One story for the whole ---------------------------------------------------------------------------------

    [Fact]
    public void Work_that_goes_on_after_the_root_is_said_with_its_numbers()
    {
        var view = Waterfall.Of(Trace(
            Server("POST /import", null, 0, 2, "api"), Span("send", "POST /import", 1, 0.5, "api") with { Kind = ActivityKind.Producer },
            Span("process", "send", 500, 30_000, "worker") with { Kind = ActivityKind.Consumer },
            Client("INSERT", "process", 600, 29_400, "worker")));

        Assert.Equal(
            ["POST /import takes 2 ms of the 30.5 s: the trace goes on for 30.5 s after it. The critical path is that of POST /import "
                + "alone."], Says(view));
        Assert.DoesNotContain("total time", view.ToHtml());
        Assert.Contains("POST /import takes 2 ms of the 30.5 s", view.ToString());
        Assert.DoesNotContain("skew", view.ToHtml()); // a queue, and time in it
    }

    [Fact]
    public void Several_spans_without_a_parent_are_said_and_which_one_gives_title_and_path()
    {
        var view = Waterfall.Of(Trace(Span("turn/start", null, 0, 2), Span("session turn", null, 5, 9_000),
            Client("receive", "session turn", 100, 8_700, "shop")));

        Assert.Equal(
        [
            "2 spans have no parent: the title is that of the first, turn/start, and so is the critical path.",
            "turn/start takes 2 ms of the 9.01 s: the trace goes on for 9 s after it. The critical path is that of turn/start alone.",
        ], Says(view));
    }

    [Fact]
    public void A_trace_without_its_root_says_so_and_children_of_one_missing_parent_are_drawn_together() // Jaeger: Incomplete
    {
        var trace = Trace(Server("GET /b", "9", 10, 30, "b", "2"), Server("alone", "8", 15, 5, "c", "4"),
            Server("GET /c", "9", 20, 40, "b", "3"));
        var view = Waterfall.Of(trace);

        Assert.Equal(["GET /b", "GET /c", "alone"], trace.Roots.Select(s => s.Name));
        Assert.Equal("The root is missing: 3 spans here name 2 parents that are not in this trace.", Says(view)[0]);
        Assert.Equal("(root missing) GET /b", Views.Parse(view).QuerySelector(".tv-title")!.TextContent);
        Assert.Equal("a parent that is not here: 9", Assert.Single(Views.Parse(view).QuerySelectorAll(".tv-gone")).TextContent);
        Assert.Equal([true, true, false], Views.Rows(view).Select(r => r.QuerySelector(".tv-indent") is not null));
        // said once for both
        Assert.Equal([false, false, true],
            Views.Rows(view).Select(r => r.QuerySelector("summary")!.TextContent.Contains("parent not in this trace")));
        Assert.Single(Regex.Matches(view.ToString(), "of a parent that is not here, 9:"));
        Assert.Contains("The root is missing: 1 span here names a parent that is not in this trace.",
            Says(Waterfall.Of(Trace(Server("b", "9", 0, 1, "b")))));
    }

    [Fact]
    public void A_whole_trace_has_nothing_to_say()
    {
        Assert.Empty(Says(Waterfall.Of([ProfilePage(), Overlapping(), Chain(100), Fan(100)])));
    }

    // ---- Clocks --------------------------------------------------------------------------------------------------

    private static RecordedTrace Call(double serverStart, double serverDuration, string service = "users") => Trace(
        Server("GET /profile", null, 0, 100, "api", "1"), Client("GET", "1", 5, 90, "api", "2"),
        Server("GET /users", "2", serverStart, serverDuration, service, "3"));

    [Theory]
    [InlineData(2_010, 80, "starts 1.92 s after its parent ended: clock skew?")]
    [InlineData(-1_990, 80, "starts 2 s before its parent: clock skew?")]
    [InlineData(4.9, 20, "starts 100 µs before its parent: clock skew?")]
    public void A_clock_that_is_ahead_or_behind_is_a_question_with_its_numbers(double start, double duration, string remark)
    {
        var trace = Call(start, duration);
        var view = Waterfall.Of(trace);

        Assert.Equal([remark], Remarks(view, "GET /users"));
        Assert.Contains("1 span with times that do not fit: around it, self time and critical path are not known.", Says(view));
        Assert.Equal("90 ms, what children account for is not known", Views.Field(Views.RowOf(view, "GET"), "duration"));
        Assert.Empty(Views.Pieces(Views.RowOf(view, "GET"), "tv-self"));
        Assert.False(trace.CriticalPath.Contains(trace.Find("GET /users")!));
        Assert.Equal(TimeSpan.FromMilliseconds(100), new TimeSpan(trace.Spans.Sum(s => trace.CriticalTime(s).Ticks)));
    }

    [Theory]
    [InlineData(10, 385, 300, "")] // a streamed answer: HttpClient's span ends with the headers
    [InlineData(50, 80, 35, " Clocks that differ look like this too.")] // not longer than its client
    public void A_server_that_goes_on_after_its_client_is_usual_and_all_times_are_known(double start, double duration, double after,
        string more)
    {
        var trace = Call(start, duration);
        var view = Waterfall.Of(trace);

        Assert.Equal([$"ends {after} ms after its parent"], Remarks(view, "GET /users"));
        Assert.Contains("1 server span ends after the client's, which is usual for an answer that is streamed: a client's span may end "
            + "with the headers (in .NET it does), and the body comes later." + more, Says(view));
        Assert.DoesNotContain("skew", view.ToHtml() + view);
        Assert.DoesNotContain("not known", view.ToHtml() + view);
        Assert.True(trace.TimesFit(trace.Find("GET /users")!));
        Assert.Contains(trace.Find("GET /users")!, trace.CriticalPath);
        Assert.Equal(TimeSpan.FromMilliseconds(100), new TimeSpan(trace.Spans.Sum(s => trace.CriticalTime(s).Ticks)));
        Assert.Equal(TimeSpan.FromMilliseconds(start - 5), trace.SelfTime(trace.Find("GET")!));
    }

    [Theory]
    [InlineData(50, 80, "ends 35 ms after its parent")]
    [InlineData(2_010, 80, "starts 1.92 s after its parent ended, which had failed and did not wait")]
    public void A_client_that_gave_up_did_not_wait_for_its_server_and_no_clock_is_blamed(double start, double duration, string remark)
    {
        var trace = Trace([.. Call(start, duration).Spans.Select(s => s.Kind == ActivityKind.Client
            ? s with { Status = ActivityStatusCode.Error } : s)]);
        var view = Waterfall.Of(trace);

        Assert.Equal([remark], Remarks(view, "GET /users"));
        Assert.DoesNotContain("skew", view.ToHtml() + view);
        Assert.DoesNotContain("not known", view.ToHtml() + view);
        Assert.DoesNotContain("streamed", view.ToHtml());
        Assert.DoesNotContain("Clocks", view.ToHtml());
        Assert.Contains("1 server span ends after the client's, which had failed: a client that gives up (a timeout, a cancellation) "
            + "does not wait for its server.", Says(view));
    }

    [Fact]
    public void An_answer_that_is_streamed_within_one_service_is_explained_too()
    {
        var view = Waterfall.Of(Call(10, 385, "api"));
        Assert.Equal(["ends 300 ms after its parent"], Remarks(view, "GET /users"));
        Assert.Contains("1 server span ends after the client&#39;s, which is usual for an answer that is streamed", view.ToHtml());
        Assert.DoesNotContain("Clocks", view.ToHtml());
    }

    [Theory]
    [InlineData(50, 80, "ends 35 ms after its parent")] // Jaeger: "clock skew adjustment disabled", inside of one service
    [InlineData(2_010, 80, "starts 1.92 s after its parent ended")]
    [InlineData(-1_990, 80, "starts 2 s before its parent")]
    public void Inside_of_one_service_no_clock_is_blamed(double start, double duration, string remark)
    {
        var view = Waterfall.Of(Call(start, duration, "api"));
        Assert.Equal(remark, Note(view, "GET /users"));
        Assert.DoesNotContain("skew", view.ToHtml());
    }

    [Theory]
    [InlineData(4.9999, 20)] // 0.1 µs
    [InlineData(10, 85.0005)]
    public void Less_than_a_microsecond_is_rounding(double start, double duration)
    {
        var view = Waterfall.Of(Call(start, duration));
        Assert.Equal("", Note(view, "GET /users"));
        Assert.Empty(Says(view));
    }

    [Fact]
    public void A_server_that_ends_a_moment_after_its_client_is_no_surprise()
    {
        var view = Waterfall.Of(Call(10, 85.4));
        Assert.Empty(Remarks(view, "GET /users"));
        Assert.Equal("ends 400 µs after its parent", Note(view, "GET /users"));
    }

    [Fact]
    public void Clocks_of_two_instances_of_a_service_may_differ_too()
    {
        RecordedSpan Of(string instance, RecordedSpan span) =>
            span with { Resource = Tags(("service.name", "store"), ("service.instance.id", instance)) };
        RecordedTrace Pair(string other) => Trace(Of("a", Client("call", null, 0, 10, "")), Of(other, Server("answer", "call", -5, 3, "")));

        Assert.Equal("starts 5 ms before its parent: clock skew?", Note(Waterfall.Of(Pair("b")), "answer"));
        Assert.Equal("starts 5 ms before its parent", Note(Waterfall.Of(Pair("a")), "answer"));
    }

    // ---- Impossible and extreme values ---------------------------------------------------------------------------

    [Fact]
    public void An_end_before_the_start_is_said_in_numbers() // Jaeger: 1 ns
    {
        var view = Waterfall.Of(Trace(Span("root", null, 0, 100), Span("backwards", "root", 50, -20), Span("child", "backwards", 52, 5)));

        Assert.Equal(["ends 20 ms before it starts"], Remarks(view, "backwards"));
        Assert.Equal(3, Views.Rows(view).Length);
        Assert.Contains("1 span with times that do not fit: around it, self time and critical path are not known.", Says(view));
        Assert.Contains("ends 50 ms before it starts", Waterfall.Of(Trace(Server("GET /", null, 0, -50, "a"))).ToString());
    }

    [Fact]
    public void Two_spans_that_are_each_others_parent_are_drawn() // Jaeger: an empty page
    {
        var view = Waterfall.Of(Trace(Span("a", "b", 0, 10), Span("b", "a", 2, 5)));

        Assert.Equal(["a", "b"], Views.Rows(view).Select(Views.NameOf));
        Assert.Equal(["The root is missing: each span here names a parent, in a circle."], Says(view));
        Assert.Equal(["its own ancestor: 2 spans in a circle"], Remarks(view, "a"));
        Assert.Equal(["its own parent"], Remarks(Waterfall.Of(Trace(Span("self", "self", 0, 1))), "self"));
    }

    [Fact]
    public void A_trace_without_width_is_drawn_without_a_division_by_it() // Jaeger: "Negative duration detected"
    {
        var view = Waterfall.Of(Trace(Span("nightly report", null, 0, 0) with { Attributes = Tags(("duration_ms", 1840L)) },
            Span("load rows", "nightly report", 0, 0)));

        Assert.DoesNotContain("NaN", view.ToHtml());
        Assert.Equal(("0 µs", "1840"), (Views.Field(Views.Rows(view)[1], "duration"), Views.Field(Views.Rows(view)[0], "duration_ms")));
        Assert.Empty(Says(view));
    }

    [Fact]
    public void A_start_in_1970_leaves_the_others_readable() // Jaeger: 29,927,490 minutes without a word
    {
        var start = DateTimeOffset.UnixEpoch.AddMinutes(29.9);
        var trace = Trace(Server("GET /cart", null, 0, 0, "php", "1") with { Start = start, Duration = At(120) - start },
            Span("render", "1", 10, 90, "php"), Client("SELECT cart", "render", 20, 40, "cart"));
        var view = Waterfall.Of(trace);

        Assert.Equal(["0%-100%"], Views.Pieces(Views.RowOf(view, "GET /cart"), "tv-wait"));
        Assert.Equal(["9.09%-45.45%"], Views.Pieces(Views.RowOf(view, "SELECT cart"), "tv-self"));
        Assert.Equal(["starts 20758 d 8 h before the others"], Remarks(view, "GET /cart"));
        Assert.Contains("1 span reaches years beyond the others (from 1970-01-01 to 2026-11-01): the time axis is that of the others.",
            Says(view));
        Assert.Contains("These spans are of 1970-01-01: a wrong clock, or a wrong unit of time?",
            Says(Waterfall.Of(Trace(Span("cron", null, 0, 1) with { Start = DateTimeOffset.UnixEpoch }))));
    }

    [Fact]
    public void A_span_that_ends_in_far_future_or_never_leaves_the_others_readable()
    {
        var view = Waterfall.Of(Trace(Span("root", null, 0, 100), Span("for ever", "root", 50, 0) with { Duration = TimeSpan.MaxValue },
            Span("child", "root", 20, 30)));

        Assert.Equal(["20%-50%"], Views.Pieces(Views.RowOf(view, "child"), "tv-self"));
        Assert.Contains(Says(view), s => s.Contains("1 span reaches years beyond the others (from 2026-11-01 to 9999-12-31)"));
    }

    [Fact]
    public void Values_that_are_no_numbers_and_huge_ones_are_shown_as_such_everywhere() // Jaeger: status 500
    {
        var span = Span("average", null, 0, 10) with
        {
            Attributes = Tags(("mean", double.NaN), ("min", double.NegativeInfinity), ("max", double.MaxValue), ("big", 9007199254740993L),
                ("list", new[] { double.NaN, 1.5 })),
        };
        var row = Views.RowOf(Waterfall.Of(Trace(span, Span("sum", "average", 2, 3))), "average");

        Assert.Equal(["NaN", "-Infinity", "1.7976931348623157E+308", "9007199254740993", "[NaN, 1.5]"],
            span.Attributes.Select(a => Views.Field(row, a.Key)));
        Assert.Equal(["0%-20%", "50%-100%"], Views.Pieces(row, "tv-self"));
    }

    // ---- Errors, links, Jaeger's remarks -------------------------------------------------------------------------

    [Fact]
    public void The_status_decides_what_is_an_error() // Jaeger shows the description of an Ok
    {
        RecordedSpan With(RecordedSpan span, ActivityStatusCode status, params (string, object?)[] tags) =>
            span with { Status = status, StatusDescription = "looks bad", Attributes = Tags(tags) };
        var exception = new RecordedEvent("exception", At(52), Tags(("exception.type", "CacheMissException")));
        var trace = Trace(
            Server("GET /profile", null, 0, 100, "profile", "1"),
            With(Client("GET users", "1", 5, 20, "profile", "2"), ActivityStatusCode.Error, ("http.response.status_code", 404L),
                ("error.type", "404")),
            With(Server("GET /users", "2", 8, 14, "users", "3"), ActivityStatusCode.Unset, ("http.response.status_code", 404L)),
            Span("read cache", "1", 50, 10, "profile") with { Events = [exception] },
            With(Client("GET again", "1", 65, 10, "profile"), ActivityStatusCode.Ok, ("http.response.status_code", 500L),
                ("error.type", "500"), ("server.address", "users.example")));
        var view = Waterfall.Of(trace);

        Assert.Equal(["GET users"], Views.Rows(view).Where(r => r.QuerySelector(".tv-bad") is not null
            || r.QuerySelector(".tv-failed") is not null).Select(Views.NameOf));
        Assert.Contains("✖ 1 error", view.ToHtml());
        Assert.Equal("Ok", Views.Field(Views.RowOf(view, "GET again"), "status"));
        Assert.Equal("Unset", Views.Field(Views.RowOf(view, "GET /users"), "status"));
        Assert.Single(Regex.Matches(view.ToString(), "looks bad"));
        Assert.Single(Regex.Matches(SpanTable.Of(trace.Spans).ToString(), "✖"));
        Assert.Equal(["profile → users                          1 call, 1 error, 20 ms",
            "profile → users.example (no spans here)  1 call, 10 ms"],
            ServiceMap.Of([trace]).ToString().Split('\n'));
    }

    [Fact]
    public void A_parent_that_stands_only_in_a_link_makes_roots_that_are_linked() // Jaeger: three roots, one tree, no edge
    {
        RecordedLink To(string id) => new(TraceId, id, Tags(("opentracing.ref_type", "child_of")));
        var trace = Trace(Server("GET /old", null, 0, 100, "old"),
            Server("handle", null, 10, 70, "bridge") with { Links = [To("GET /old")] },
            Client("store", null, 20, 30, "bridge") with { Links = [To("handle")] });
        var view = Waterfall.Of(trace);

        Assert.Equal(3, trace.Roots.Count);
        Assert.Contains("Link to old: GET /old", Views.RowOf(view, "handle").TextContent);
        Assert.Contains("Linked from bridge: store", Views.RowOf(view, "handle").TextContent);
        Assert.Contains("linked from handle", Views.RowOf(view, "GET /old").QuerySelector("summary")!.TextContent);
        Assert.Contains("(link to GET /old) (linked from store)", view.ToString());
        Assert.StartsWith("3 spans have no parent", Says(view)[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Who_read_a_message_is_known_to_the_reader_alone()
    {
        var sent = Trace(Span("send", null, 0, 1) with { Kind = ActivityKind.Producer });
        var read = new RecordedTrace([Span("process", null, 9, 1, "billing") with { TraceId = "0af7651916cd43dd8448eb211c80319c",
            Kind = ActivityKind.Consumer, Links = [new(TraceId, "send", [])] }]);

        Assert.Equal("the drawing does not show which service read it", Note(Waterfall.Of(sent), "send"));
        Assert.Contains("Link to a span of another trace", Views.RowOf(Waterfall.Of(read), "process").TextContent);
        var both = Waterfall.Of([sent, read]);
        Assert.Equal("", Note(both, "send"));
        Assert.Contains("Linked from billing: process", Views.RowOf(both, "send").TextContent);
        Assert.Contains("Link to shop: send", Views.RowOf(both, "process").TextContent);
    }

    [Fact]
    public void An_orphan_says_what_is_known_of_its_parent()
    {
        Assert.Equal("parent id arrived in a header, parent not in this trace",
            Note(Waterfall.Of(Trace(Server("GET /b", "9", 0, 1, "b") with { HasRemoteParent = true })), "GET /b"));
        Assert.Equal(
            "the parent was started in this process: was its source added, has it ended, was it sampled?, parent not in this trace",
            Note(Waterfall.Of(Trace(Span("page", null, 0, 9), Span("query", "9", 1, 1))), "query"));
    }

    [Fact]
    public void Steps_below_a_parent_that_had_ended_are_counted()
    {
        var ticks = Enumerable.Range(1, 4).Select(n => Span($"tick {n}", n == 1 ? null : $"tick {n - 1}", n * 10, 5)).ToArray();
        var view = Waterfall.Of(Trace(ticks));

        Assert.Equal(["starts 5 ms after its parent ended"], Remarks(view, "tick 2"));
        Assert.Contains("3 spans start after their parent had ended: it was still Activity.Current, or its context was kept.", Says(view));
    }

    [Fact]
    public void What_Jaeger_remarks_is_shown_as_Jaegers()
    {
        var span = Span("GET /b", null, 0, 1) with
        {
            Attributes = Tags(("mine", 1L),
            ("@jaeger@warnings", new object?[] { "clock skew adjustment disabled" }))
        };
        var row = Views.RowOf(Waterfall.Of(Trace(span)), "GET /b");

        Assert.Equal("clock skew adjustment disabled", Views.Field(row, "warning"));
        Assert.Contains("Jaeger's remarks", row.TextContent);
        Assert.DoesNotContain("@jaeger@warnings", row.TextContent);
        Assert.Contains("No attributes", Views.RowOf(Waterfall.Of(Trace(span with { Attributes = [span.Attributes[1]] })),
            "GET /b").TextContent);
    }

    [Fact]
    public void A_map_among_the_attributes_is_written_as_one()
    {
        var span = Span("a", null, 0, 1) with { Attributes = Tags(("map", Tags(("b", 1L), ("c", new object?[] { true, null })))) };
        Assert.Equal("{b: 1, c: [true, null]}", Views.Field(Views.RowOf(Waterfall.Of(Trace(span)), "a"), "map"));
    }
}
