using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

public sealed class TraceViewTests
{
    private const string Hostile = "<script>alert(1)</script><img src=x onerror=\"alert('2')\"> & \"quoted\" 'single' --> </style></details> &lt; 日本語 🚀";

    public static TheoryData<string> AllViews => ["profile", "odd", "several", "table", "empty", "map", "odd map", "dense map", "side by side", "odd side by side"];

    [Theory]
    [InlineData(0, "0 µs")]
    [InlineData(0.0003, "0.3 µs")]
    [InlineData(0.83, "830 µs")]
    [InlineData(0.9999, "1 ms")]
    [InlineData(1.24, "1.24 ms")]
    [InlineData(12.44, "12.4 ms")]
    [InlineData(124.4, "124 ms")]
    [InlineData(999.7, "1 s")]
    [InlineData(2100, "2.1 s")]
    [InlineData(61_000, "61 s")]
    [InlineData(200_000, "3 min 20 s")]
    [InlineData(3_599_700, "60 min 0 s")]
    public void A_duration_has_three_digits_and_a_unit_in_any_culture(double ms, string expected)
    {
        var time = TimeSpan.FromTicks((long)Math.Round(ms * TimeSpan.TicksPerMillisecond));
        WithDecimalComma(() => Assert.Equal(expected, Drawing.Duration(time)));
    }

    [Fact]
    public void Numbers_in_a_view_do_not_depend_on_the_culture()
    {
        var (html, text) = (Waterfall.Of(ProfilePage()).ToHtml(), Waterfall.Of(ProfilePage()).ToString());
        WithDecimalComma(() =>
        {
            Assert.Equal(html, Waterfall.Of(ProfilePage()).ToHtml());
            Assert.Equal(text, Waterfall.Of(ProfilePage()).ToString());
        });
    }

    [Fact]
    public void A_waterfall_has_one_row_per_span_in_tree_order()
    {
        var rows = Rows(Waterfall.Of(Overlapping()));

        Assert.Equal(["root", "a", "b", "b1", "b2", "c"], rows.Select(NameOf));
        Assert.Equal([null, "1", "1", "2", "2", "1"], rows.Select(r => Regex.Match(r.QuerySelector(".tv-indent")?.GetAttribute("style") ?? "", @"\d+") is { Success: true } m ? m.Value : null));
    }

    [Fact]
    public void The_header_says_name_duration_spans_services_errors_and_trace_id()
    {
        var head = string.Join(' ', Parse(Waterfall.Of(ProfilePage())).QuerySelectorAll(".tv-head").Select(e => e.TextContent));

        foreach (var fact in new[] { "GET /profile/{id}", "48 ms", "7 spans", "✖ 3 errors", TraceId, "api-gateway", "user-service", "payment-service" })
            Assert.Contains(fact, head);
    }

    [Fact]
    public void Bars_stand_where_and_as_long_as_the_span_ran()
    {
        var rows = Rows(Waterfall.Of(Overlapping()));

        Assert.Equal(["30%-90%"], Pieces(rows[2], "tv-wait"));
        Assert.Equal(["30%-35%", "85%-90%"], Pieces(rows[2], "tv-self"));
        Assert.Equal(["30%-55%", "85%-90%"], Pieces(rows[2], "tv-crit"));
        Assert.Equal(["10%-40%"], Pieces(rows[1], "tv-self"));
        Assert.Empty(Pieces(rows[1], "tv-crit"));
        Assert.Equal("60 ms", rows[2].QuerySelector(".tv-time")!.TextContent);
    }

    [Fact]
    public void The_time_axis_has_round_ticks()
    {
        string[] Ticks(double ms) => Parse(Waterfall.Of(Trace(Span("root", null, 0, ms)))).QuerySelectorAll(".tv-tick").Select(t => t.TextContent).ToArray();

        Assert.Equal(["0", "20 ms", "40 ms", "60 ms", "80 ms", "100 ms"], Ticks(100));
        Assert.Equal(["0", "10 ms", "20 ms", "30 ms", "40 ms"], Ticks(47.4));
        Assert.Equal(["0", "500 µs", "1 ms"], Ticks(1.2));
        for (var ms = 0.0001; ms < 1e9; ms *= 1.7)
            Assert.InRange(Ticks(ms).Length, 2, 6);
    }

    [Fact]
    public void An_error_is_said_in_words_and_not_in_colour_alone()
    {
        var row = RowOf(Waterfall.Of(ProfilePage()), "POST /payments");

        Assert.Contains("✖", row.QuerySelector("summary")!.TextContent);
        Assert.Equal("Error: card declined", Field(row, "status"));
    }

    [Fact]
    public void A_row_unfolds_to_all_that_the_span_carries()
    {
        var row = RowOf(Waterfall.Of(ProfilePage()), "POST /payments");

        Assert.Equal("1000000000000006", Field(row, "span id"));
        Assert.Equal("1000000000000005", Field(row, "parent id"));
        Assert.Equal("GET", Field(row, "parent"));
        Assert.Equal("server", Field(row, "kind"));
        Assert.Equal("payment-service", Field(row, "source"));
        Assert.Equal("parent in another process", Field(row, "note"));
        Assert.Equal("2", Field(row, "retry"));
        Assert.Equal("[visa, mastercard]", Field(row, "card.networks"));
        Assert.Contains("at Payments.Handle()", Field(row, "exception.stacktrace"));
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", Field(row, "trace id"));
        Assert.Equal("m-881", Field(row, "messaging.message.id"));
        Assert.Equal("payment-service", Field(row, "service.name"));
        Assert.Contains("Event: exception +37 ms", row.TextContent);
        Assert.Contains("1 link", row.QuerySelector("summary")!.TextContent);
        Assert.Equal("exception +37 ms", row.QuerySelector(".tv-event")!.GetAttribute("title"));
    }

    [Fact]
    public void A_span_without_a_parent_in_the_trace_is_drawn_and_labelled()
    {
        var view = Waterfall.Of(Trace(Span("root", null, 0, 10), Span("orphan", "nowhere", 2, 3)));

        Assert.Contains("parent not in this trace", RowOf(view, "orphan").QuerySelector("summary")!.TextContent);
        Assert.Contains("orphan (parent not in this trace)", view.ToString());
    }

    [Fact]
    public void A_child_that_starts_before_its_parent_is_called_clock_skew()
    {
        var view = Waterfall.Of(Trace(Span("root", null, 0, 10), Span("child", "root", -3, 5)));

        Assert.Contains("clock skew", RowOf(view, "child").QuerySelector("summary")!.TextContent);
        Assert.Contains("clock skew", view.ToString());
        Assert.Equal(["0%-38.46%"], Pieces(RowOf(view, "child"), "tv-self"));
    }

    [Fact]
    public void A_child_that_ends_after_its_parent_is_noted_in_its_details()
    {
        var row = RowOf(Waterfall.Of(Trace(Span("root", null, 0, 10), Span("child", "root", 5, 7))), "child");

        Assert.Equal("ends 2 ms after its parent", Field(row, "note"));
    }

    [Fact]
    public void Every_span_of_an_odd_trace_is_drawn_once()
    {
        var names = Rows(Waterfall.Of(Odd())).Select(NameOf).ToArray();

        Assert.Equal(Odd().Spans.Select(s => s.Name).Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Hostile_texts_stay_texts()
    {
        var tags = Tags((Hostile, Hostile), ("control", "a\u0000b\u001b[31mc\u0007\u009b\r\nd\te\ud800f"));
        var span = Span(Hostile, null, 0, 10, Hostile) with
        {
            TraceId = Hostile,
            SpanId = Hostile,
            ParentSpanId = Hostile,
            SourceName = Hostile,
            SourceVersion = Hostile,
            TraceState = Hostile,
            Status = ActivityStatusCode.Error,
            StatusDescription = Hostile,
            Attributes = tags,
            Events = [new(Hostile, At(5), tags)],
            Links = [new(Hostile, Hostile, tags)],
        };
        var query = span with { Kind = ActivityKind.Client, SpanId = "query", Attributes = Tags(("db.system.name", Hostile), ("db.namespace", Hostile + "!")) };
        var message = span with { Kind = ActivityKind.Consumer, SpanId = "message", ParentSpanId = "query", Resource = Tags(("service.name", "other")), Attributes = Tags(("messaging.system", Hostile)) };
        var hostile = Trace(span, query, message);
        string[] ours = ["B", "BR", "BODY", "DD", "DETAILS", "DIV", "DL", "DT", "HEAD", "HTML", "I", "SECTION", "SMALL", "SPAN", "STYLE", "SUMMARY", "SVG", "G", "PATH", "RECT", "TEXT", "TITLE", "TABLE", "TBODY", "TD", "TH", "THEAD", "TR"];
        string[] attributes = ["class", "style", "title", "aria-label", "aria-hidden", "scope", "role", "viewBox", "d", "stroke-width", "x", "y", "width", "height", "rx"];
        foreach (var view in new NotebookView[] { Waterfall.Of(hostile), SpanTable.Of([span]), ServiceMap.Of([hostile]), SideBySide.Of(hostile, Trace(span), Hostile, Hostile) })
        {
            var page = Parse(view);
            Assert.All(page.All, e => Assert.Contains(e.TagName.ToUpperInvariant(), ours));
            Assert.All(page.All, e => Assert.All(e.Attributes, a => Assert.Contains(a.Name, attributes)));
            Assert.DoesNotContain(page.Body!.TextContent, c => char.IsControl(c) && c is not ('\n' or '\r' or '\t'));
        }

        Assert.Contains(Parse(ServiceMap.Of([hostile])).QuerySelectorAll(".tv-map-node title"), n => n.TextContent == $"{Hostile}! ({Hostile})");

        var row = Assert.Single(Rows(Waterfall.Of(Trace(span))));
        Assert.Equal(Hostile, NameOf(row));
        Assert.Equal(Hostile, Field(row, "name"));
        Assert.Equal(Hostile, Field(row, "service.name"));
        Assert.Equal(Hostile, Field(row, Hostile));
        Assert.Equal($"Error: {Hostile}", Field(row, "status"));
        Assert.Equal("a␀b␛[31mc␇\uFFFD\r\nd\te\uFFFDf", Field(row, "control"));
        Assert.Equal($"{Hostile[..100]}… +5 ms", row.QuerySelector(".tv-event")!.GetAttribute("title"));
        Assert.Contains(Hostile, Parse(SpanTable.Of([span])).Body!.TextContent);
    }

    [Theory]
    [MemberData(nameof(AllViews))]
    public void A_view_cannot_restyle_or_clash_with_the_page_around_it(string name)
    {
        var page = Parse(View(name));

        Assert.Empty(page.QuerySelectorAll("script,[id],link,meta[http-equiv]"));
        var css = string.Concat(page.QuerySelectorAll("style").Select(s => s.TextContent));
        var selectors = Regex.Matches(css, @"([^{}]+)\{").SelectMany(m => m.Groups[1].Value.Split(',')).Select(s => s.Trim());
        Assert.All(selectors, s => Assert.StartsWith(".tv", s));
        Assert.DoesNotContain("url(", css);
        Assert.DoesNotContain("prefers-color-scheme", css);
        Assert.All(page.QuerySelectorAll("body [class]").SelectMany(e => e.ClassList), c => Assert.True(c == "tv" || c.StartsWith("tv-", StringComparison.Ordinal), c));
    }

    [Theory]
    [MemberData(nameof(AllViews))]
    public void Terminal_text_fits_110_columns_and_controls_nothing(string name)
    {
        var hostile = Span($"{Hostile}\u001b[31m\r\n\u202e\u2028{new string('長', 90)}", null, 0, 1, Hostile + new string('é', 500)) with { Status = ActivityStatusCode.Error, StatusDescription = $"{Hostile}\n\u001b]0;x\u0007 {new string('w', 300)}" };
        var called = hostile with { SpanId = "called", ParentSpanId = hostile.SpanId, Resource = Tags(("service.name", new string('長', 90))) };
        var texts = new[]
        {
            View(name), Waterfall.Of(Trace(hostile)), SpanTable.Of([hostile]), ServiceMap.Of([Trace(hostile, called)]), SideBySide.Of(Trace(hostile), Trace(called), hostile.Name, hostile.Name),
        }.Select(v => v.ToString());
        foreach (var line in texts.SelectMany(t => t.Split('\n')))
        {
            Assert.True(Columns(line) <= 110, line);
            Assert.DoesNotContain(line, c => char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator);
        }
    }

    [Fact]
    public void A_terminal_shows_the_tree()
    {
        var lines = Waterfall.Of(Overlapping()).ToString().Split('\n');

        Assert.Equal($"root · 100 ms · 6 spans · trace {TraceId}", lines[0]);
        Assert.Equal(["*  shop: root", "   ├─ a", "*  ├─ b", "   │  ├─ b1", "*  │  └─ b2", "*  └─ c"], lines[1..7].Select(l => l[..40].TrimEnd()));
        Assert.EndsWith("   60 ms              ██░░░░░░░░░░░░░░░░░░░░██", lines[3]);
        Assert.EndsWith("   30 ms      ████████████", lines[2]);
        Assert.StartsWith("█ the span itself", lines[^1]);
    }

    [Fact]
    public void A_terminal_shows_errors_events_and_links()
    {
        var text = Waterfall.Of(ProfilePage()).ToString();

        Assert.Matches(@"\*✖ │  └─ payment-service: POST /payments ◆1 →1 +38 ms", text);
        Assert.Contains("│ ERROR: payment-service answered 503", text);
        Assert.Contains("ERROR: card declined", text);
    }

    [Fact]
    public void Nothing_recorded_is_explained()
    {
        foreach (var view in new NotebookView[] { Waterfall.Of([]), SpanTable.Of([]), ServiceMap.Of([]) })
        {
            foreach (var text in new[] { Parse(view).Body!.TextContent, view.ToString() })
            {
                Assert.Contains("No spans were recorded.", text);
                foreach (var reason in new[] { "AddSource", "disposed before", "not ended", "not sampled" })
                    Assert.Contains(reason, text);
            }
        }
    }

    [Fact]
    public void One_span_without_duration_is_drawn()
    {
        var view = Waterfall.Of(Trace(Span("instant", null, 0, 0)));

        Assert.Equal(["0%-0%"], Pieces(Assert.Single(Rows(view)), "tv-self"));
        Assert.Contains("instant", view.ToString());
        Assert.Contains("█", view.ToString().Split('\n')[1]);
    }

    [Fact]
    public void Several_traces_are_drawn_in_the_order_given_with_the_same_colours()
    {
        var other = new RecordedTrace(ProfilePage().Spans.Select(s => s with { TraceId = "0af7651916cd43dd8448eb211c80319c" }));
        var sections = Parse(Waterfall.Of([ProfilePage(), other])).QuerySelectorAll(".tv-trace");

        Assert.Equal(2, sections.Length);
        Assert.Contains(TraceId, sections[0].TextContent);
        Assert.Equal(Colours(sections[0]), Colours(sections[1]));

        static string[] Colours(IElement section) => section.QuerySelectorAll(".tv-service").Select(s => $"{s.TextContent} {s.QuerySelector(".tv-mark")!.ClassName}").ToArray();
    }

    [Fact]
    public void Services_in_one_view_have_different_colours_while_there_are_enough()
    {
        string[] Colours(int services) => Parse(Waterfall.Of(Trace(Enumerable.Range(0, services).Select(i => Span($"{i}", null, i, 1, $"service-{i}")).ToArray())))
            .QuerySelectorAll(".tv-service .tv-mark").Select(m => m.ClassName!).ToArray();

        Assert.Equal(8, Colours(8).Distinct().Count());
        Assert.Equal(20, Colours(20).Length);
    }

    [Fact]
    public void The_services_of_the_tutorial_keep_their_colours()
    {
        var marks = Parse(Waterfall.Of(ProfilePage())).QuerySelectorAll(".tv-service").Select(s => $"{s.TextContent} {s.QuerySelector("i")!.ClassName}");

        Assert.Equal(["api-gateway tv-mark tv-c0", "user-service tv-mark tv-c4", "payment-service tv-mark tv-c7"], marks.OrderBy(m => m[^1]));
    }

    [Fact]
    public void A_table_has_one_line_per_span()
    {
        var view = SpanTable.Of(ProfilePage().Spans);
        var rows = Parse(view).QuerySelectorAll("tbody tr").Select(r => r.Children.Select(c => c.TextContent.Trim()).ToArray()).ToArray();

        Assert.Equal(7, rows.Length);
        Assert.Equal(["GET /profile/{id}", "server", "api-gateway", "–", "48 ms", "✖ Error: payment-service answered 503"], rows[0]);
        Assert.Contains(rows, r => r is ["SELECT users", "client", "user-service", "GET /users/{id}", "18 ms", "Unset"]);
        Assert.Equal(8, view.ToString().Split('\n').Length);
        Assert.Contains("(not here)", SpanTable.Of([Span("orphan", "nowhere", 0, 1)]).ToString());
    }

    [Theory]
    [InlineData("chain")]
    [InlineData("fan")]
    [InlineData("many attributes")]
    public void Ten_thousand_spans_are_drawn_in_less_than_ten_megabytes(string shape)
    {
        var attributes = Tags([.. Enumerable.Range(0, 20).Select(i => ($"attribute.number.{i}", (object?)new string('x', 50)))]);
        var view = Waterfall.Of(shape switch
        {
            "chain" => Chain(10_000),
            "fan" => Fan(10_000),
            _ => new RecordedTrace(Fan(10_000).Spans.Select(s => s with { Attributes = attributes, Resource = Tags(("service.name", $"service {s.Name.Length}")) })),
        });

        var html = view.ToHtml();
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(html), 1, 10_000_000);
        Assert.Equal(10_000, Regex.Count(html, "<details"));
        if (shape == "many attributes")
            Assert.Contains("Left out, because this drawing has grown too large", html);
        Assert.InRange(view.ToString().Length, 1, 2_000_000);
    }

    [Fact]
    public void What_is_not_drawn_is_said()
    {
        var big = new RecordedTrace(Fan(10_003).Spans);
        foreach (var text in new[] { Waterfall.Of([big, ProfilePage()]).ToHtml(), Waterfall.Of([big, ProfilePage()]).ToString() })
        {
            Assert.Contains("3 more spans of this trace not drawn.", text);
            Assert.Contains("1 more trace not drawn", text);
        }
    }

    [Fact]
    public void A_thousand_events_share_at_most_a_hundred_marks()
    {
        var span = Span("busy", null, 0, 100) with { Events = Enumerable.Range(0, 1000).Select(i => new RecordedEvent($"event {i}", At(i / 10.0), [])).ToArray() };
        var row = Assert.Single(Rows(Waterfall.Of(Trace(span))));

        Assert.InRange(row.QuerySelectorAll(".tv-event").Length, 50, 101);
        Assert.Contains("Event: event 999", row.TextContent);
    }

    // ---- The service map -----------------------------------------------------------------------------------------

    [Fact]
    public void A_service_map_says_who_calls_whom_how_often_how_long_and_with_how_many_errors()
    {
        string[] expected =
        [
            "api-gateway → user-service             1 call, 20 ms",
            "user-service → users (postgresql)      3 calls, 4 ms",
            "api-gateway → payment-service          1 call, 1 error, 70 ms",
            "payment-service → user-service         1 call, 10 ms",
            "payment-service → ledger (postgresql)  1 call, 1 error, 50 ms",
            "api-gateway → orders (rabbitmq)        1 call, 2 ms",
            "orders (rabbitmq) → mailer             1 call, 30 ms",
            "mailer → api-gateway                   1 call, 9 ms",
            "mailer → mailer                        1 call, 9 ms",
            "night-job                              calls nobody and is called by nobody",
        ];

        Assert.Equal(expected, ServiceMap.Of(Shop()).ToString().Split('\n'));
    }

    [Fact]
    public void The_drawn_map_says_the_same_as_the_text()
    {
        var view = ServiceMap.Of(Shop());
        var page = Parse(view);

        Assert.Equal(
            view.ToString().Split('\n')[..^1].Select(l => Regex.Replace(l, " {2,}", ": ")).Order(StringComparer.Ordinal),
            page.QuerySelectorAll(".tv-map-call title").Select(t => t.TextContent).Order(StringComparer.Ordinal));
        Assert.Equal(8, page.QuerySelectorAll(".tv-map-node").Length);
        Assert.Equal(["1 call", "70 ms", "✖ 1 error"], CallTo(page, "api-gateway → payment-service").QuerySelectorAll("text").Select(t => t.TextContent));
        Assert.Contains("tv-map-bad", CallTo(page, "api-gateway → payment-service").ClassList);
        Assert.DoesNotContain("tv-map-bad", CallTo(page, "api-gateway → user-service").ClassList);
    }

    [Fact]
    public void Services_databases_and_queues_have_their_own_shapes()
    {
        var nodes = Parse(ServiceMap.Of(Shop())).QuerySelectorAll(".tv-map-node");

        Assert.Equal(["api-gateway", "user-service", "payment-service", "mailer", "night-job"], nodes.Where(n => n.QuerySelector("rect") is not null).Select(n => n.QuerySelector("text")!.TextContent));
        var others = nodes.Where(n => n.QuerySelector("rect") is null).Select(n => n.QuerySelectorAll("text").Select(t => t.TextContent).ToArray()).ToArray();
        Assert.Equal([["users", "postgresql"], ["ledger", "postgresql"], ["orders", "rabbitmq"]], others);
    }

    [Theory]
    [InlineData(new double[] { 7 }, "7 ms")]
    [InlineData(new double[] { 100, 1, 7 }, "7 ms")]
    [InlineData(new double[] { 4, 100, 1, 6 }, "5 ms")]
    public void The_typical_duration_is_the_median(double[] durations, string median)
    {
        var traces = durations.Select(d => Trace(Span("call", null, 0, d, "a") with { Kind = ActivityKind.Client }, Span("handle", "call", 0, d / 2, "b")));

        Assert.EndsWith($", {median}", ServiceMap.Of(traces).ToString());
    }

    [Fact]
    public void A_call_failed_if_either_end_says_so()
    {
        RecordedTrace Call(ActivityStatusCode client, ActivityStatusCode server) =>
            Trace(Span("call", null, 0, 9, "a") with { Kind = ActivityKind.Client, Status = client }, Span("handle", "call", 1, 7, "b") with { Status = server });

        Assert.Equal("a → b  4 calls, 3 errors, 9 ms", ServiceMap.Of(
        [
            Call(ActivityStatusCode.Unset, ActivityStatusCode.Ok), Call(ActivityStatusCode.Error, ActivityStatusCode.Unset),
            Call(ActivityStatusCode.Unset, ActivityStatusCode.Error), Call(ActivityStatusCode.Error, ActivityStatusCode.Error),
        ]).ToString());
    }

    [Fact]
    public void A_message_that_is_linked_and_not_a_child_goes_through_its_queue_too()
    {
        var queue = Tags(("messaging.system", "kafka"), ("messaging.destination.name", "orders"));
        var sent = Trace(Span("send", null, 0, 1, "shop") with { Kind = ActivityKind.Producer, Attributes = queue });
        var received = new RecordedTrace([Span("process", null, 5, 3, "mailer") with { TraceId = "0af7651916cd43dd8448eb211c80319c", Kind = ActivityKind.Consumer, Attributes = queue, Links = [new(TraceId, "send", [])] }]);

        Assert.Equal(["shop → orders (kafka)    1 call, 1 ms", "orders (kafka) → mailer  1 call, 3 ms"], ServiceMap.Of([sent, received]).ToString().Split('\n'));
    }

    [Fact]
    public void A_caller_stands_left_of_whom_it_calls()
    {
        var x = Parse(ServiceMap.Of([ProfilePage()])).QuerySelectorAll(".tv-map-node").ToDictionary(
            n => n.QuerySelector("title")!.TextContent, n => double.Parse(n.QuerySelector("text")!.GetAttribute("x")!, CultureInfo.InvariantCulture));

        Assert.True(x["api-gateway"] < x["user-service"] && x["user-service"] < x["postgresql (database)"] && x["api-gateway"] < x["payment-service"]);
    }

    [Fact]
    public void A_cycle_of_calls_is_drawn()
    {
        var names = Enumerable.Range(0, 6).Select(i => $"s{i}").ToArray();
        var traces = from a in names from b in names where a != b select Trace(Span("x", null, 0, 2, a), Span("y", "x", 0, 1, b));

        Assert.Equal(30, Parse(ServiceMap.Of(traces)).QuerySelectorAll(".tv-map-call").Length);
    }

    [Fact]
    public void A_map_of_very_many_services_is_bounded_and_says_so()
    {
        var view = ServiceMap.Of([new RecordedTrace(Enumerable.Range(0, 5000).Select(i => Span($"{i}", i == 0 ? null : $"{i / 2}", i, 1, $"service-{i}")))]);

        Assert.Equal(40, Parse(view).QuerySelectorAll(".tv-map-node").Length);
        Assert.Contains("4,960 more nodes with few calls not drawn.", view.ToString());
        Assert.Contains("4,960 more nodes", view.ToHtml());
    }

    // ---- Two traces side by side ---------------------------------------------------------------------------------

    [Fact]
    public void Side_by_side_says_what_changed()
    {
        string[] expected =
        [
            "1.4.1: 48 ms, 7 spans. 1.4.2: 138 ms, 11 spans. +90 ms.",
            "Longest changes, each without the span's children: user-service: SELECT users 18 ms → 108 ms (+90 ms); api-gateway: GET /profile/{id} 4 ms → 22 ms (+18 ms).",
            "Only in 1.4.1: api-gateway: render.",
            "Only in 1.4.2: 5 times user-service: SELECT orders.",
            "Errors only in 1.4.1: api-gateway: GET /profile/{id}; api-gateway: GET; payment-service: POST /payments.",
        ];
        var view = SideBySide.Of(ProfilePage(), SlowProfilePage(), "1.4.1", "1.4.2");

        Assert.Equal(expected, Parse(view).QuerySelectorAll(".tv-changes div").Select(d => d.TextContent));
        Assert.StartsWith(string.Join(' ', expected), view.ToString().Replace('\n', ' '));
    }

    [Fact]
    public void Side_by_side_uses_one_time_scale()
    {
        var sections = Parse(SideBySide.Of(Trace(Span("a", null, 0, 25)), Trace(Span("a", null, 500, 100)))).QuerySelectorAll(".tv-trace");

        Assert.Equal(["0%-25%"], Pieces(sections[0], "tv-self"));
        Assert.Equal(["0%-100%"], Pieces(sections[1], "tv-self"));
        Assert.Equal(sections[0].QuerySelectorAll(".tv-tick").Select(t => t.TextContent), sections[1].QuerySelectorAll(".tv-tick").Select(t => t.TextContent));
        Assert.Equal(["before: a", "after: a"], sections.Select(s => s.QuerySelector(".tv-title")!.TextContent));
    }

    [Fact]
    public void Spans_that_changed_or_are_in_one_trace_only_are_marked()
    {
        var sections = Parse(SideBySide.Of(ProfilePage(), SlowProfilePage())).QuerySelectorAll(".tv-trace");
        string[] Notes(int section) => sections[section].QuerySelectorAll("details").Select(d => $"{NameOf(d)}: {d.QuerySelector(".tv-note")?.TextContent}").Where(n => n.EndsWith("ms", StringComparison.Ordinal) || n.EndsWith("here", StringComparison.Ordinal)).ToArray();

        Assert.Equal(["render: only here"], Notes(0));
        Assert.Equal(["GET /profile/{id}: +90 ms", "GET: +90 ms", "GET /users/{id}: +90 ms", "SELECT users: +90 ms", .. Enumerable.Repeat("SELECT orders: only here", 5)], Notes(1));
    }

    [Fact]
    public void A_client_span_is_matched_by_what_it_calls_and_not_by_its_place_alone()
    {
        // Both calls are named GET. In the second trace they start in the other order.
        RecordedTrace Page(double a, double b) => Trace(
            Span("page", null, 0, 100, "web"),
            Span("GET", "page", a, 10, "web", "to-a") with { Kind = ActivityKind.Client }, Span("GET /a", "to-a", a, 10, "a"),
            Span("GET", "page", b, 50, "web", "to-b") with { Kind = ActivityKind.Client }, Span("GET /b", "to-b", b, 50, "b"));

        Assert.Equal("No span's own time changed by more than 5% of the whole.", Parse(SideBySide.Of(Page(1, 20), Page(80, 20))).QuerySelectorAll(".tv-changes div").Last().TextContent);
    }

    [Fact]
    public void Two_equal_traces_have_no_changes()
    {
        var page = Parse(SideBySide.Of(ProfilePage(), ProfilePage()));

        Assert.Equal(["before: 48 ms, 7 spans. after: 48 ms, 7 spans. About the same time.", "No span's own time changed by more than 5% of the whole."], page.QuerySelectorAll(".tv-changes div").Select(d => d.TextContent));
        Assert.All(page.QuerySelectorAll(".tv-note"), n => Assert.Equal("1 link", n.TextContent));
    }

    [Fact]
    public void Two_large_traces_are_compared()
    {
        var view = SideBySide.Of(Chain(6_000), Fan(6_000));

        Assert.InRange(view.ToHtml().Length, 1, 10_000_000);
        Assert.Equal(10_000, Regex.Count(view.ToHtml(), "<details"));
        Assert.Contains("1,000 more spans of this trace not drawn.", view.ToString());
    }

    internal static NotebookView View(string name) => name switch
    {
        "profile" => Waterfall.Of(ProfilePage()),
        "odd" => Waterfall.Of(Odd()),
        "several" => Waterfall.Of([ProfilePage(), Overlapping(), Odd()]),
        "table" => SpanTable.Of(Odd().Spans.Concat(ProfilePage().Spans)),
        "empty" => Waterfall.Of([]),
        "map" => ServiceMap.Of(Shop()),
        "odd map" => ServiceMap.Of([Odd(), ProfilePage()]),
        "dense map" => ServiceMap.Of(new[] { "26", "78", "56", "29", "34", "48", "67", "67", "09", "18", "15", "45", "45", "89" }
            .Select(c => Trace(Span("call", null, 0, 10, $"service-{c[0]}"), Span("handle", "call", 1, 8, $"service-{c[1]}")))),
        "side by side" => SideBySide.Of(ProfilePage(), SlowProfilePage()),
        "odd side by side" => SideBySide.Of(Overlapping(), Odd()),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private static AngleSharp.Html.Dom.IHtmlDocument Parse(NotebookView view) => new HtmlParser().ParseDocument("<!doctype html><body>" + view.ToHtml());

    private static IElement CallTo(IDocument page, string call) => page.QuerySelectorAll(".tv-map-call").Single(c => c.QuerySelector("title")!.TextContent.StartsWith(call + ":", StringComparison.Ordinal));

    private static IElement[] Rows(NotebookView view) => Parse(view).QuerySelectorAll("details").ToArray();

    private static IElement RowOf(NotebookView view, string name) => Assert.Single(Rows(view), r => NameOf(r) == name);

    private static string NameOf(IElement row)
    {
        var text = row.QuerySelector(".tv-name")!.TextContent;
        return text.StartsWith("✖ ", StringComparison.Ordinal) ? text[2..] : text;
    }

    private static string Field(IElement row, string name) => row.QuerySelectorAll("dt").First(e => e.TextContent == name).NextElementSibling!.TextContent;

    // "--l:30%;--w:60%" as "30%-90%"
    private static string[] Pieces(IElement row, string css) => row.QuerySelectorAll($".tv-track>.{css}").Select(e =>
    {
        var numbers = Regex.Matches(e.GetAttribute("style")!, @"[\d.]+").Select(m => double.Parse(m.Value, CultureInfo.InvariantCulture)).ToArray();
        return string.Create(CultureInfo.InvariantCulture, $"{numbers[0]}%-{numbers[0] + numbers[1]}%");
    }).ToArray();

    // As a terminal counts: East Asian characters and emoji are two columns wide.
    private static int Columns(string line) => line.EnumerateRunes().Sum(r => r.Value is >= 0x2E80 and <= 0xD7A3 or >= 0xFF00 and <= 0xFF60 or >= 0x1F300 ? 2 : 1);

    // Not new CultureInfo("de"): the tests run with invariant globalization, which knows no culture but one.
    private static void WithDecimalComma(Action action)
    {
        var before = CultureInfo.CurrentCulture;
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.NumberFormat.NumberGroupSeparator = ".";
        CultureInfo.CurrentCulture = culture;
        try
        {
            action();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
