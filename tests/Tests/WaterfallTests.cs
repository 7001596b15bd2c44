using System;
using System.Linq;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

public sealed class WaterfallTests
{
    [Fact]
    public void A_waterfall_has_one_row_per_span_in_tree_order()
    {
        var rows = Views.Rows(Waterfall.Of(Overlapping()));

        Assert.Equal(["root", "a", "b", "b1", "b2", "c"], rows.Select(Views.NameOf));
        Assert.Equal([null, "1", "1", "2", "2", "1"],
            rows.Select(r => Regex.Match(r.QuerySelector(".tv-indent")?.GetAttribute("style") ?? "", @"\d+") is { Success: true } m
                ? m.Value : null));
    }

    [Fact]
    public void The_header_says_name_duration_spans_services_errors_and_trace_id()
    {
        var head = string.Join(' ', Views.Parse(Waterfall.Of(ProfilePage())).QuerySelectorAll(".tv-legend,.tv-head")
            .Select(e => e.TextContent));

        foreach (var fact in new[] { "GET /profile/{id}", "48 ms", "7 spans", "✖ 3 errors", TraceId, "api-gateway", "user-service",
            "payment-service" })
            Assert.Contains(fact, head);
    }

    [Fact]
    public void Bars_stand_where_and_as_long_as_the_span_ran()
    {
        var rows = Views.Rows(Waterfall.Of(Overlapping()));

        Assert.Equal(["30%-90%"], Views.Pieces(rows[2], "tv-wait"));
        Assert.Equal(["30%-35%", "85%-90%"], Views.Pieces(rows[2], "tv-self"));
        Assert.Equal(["30%-55%", "85%-90%"], Views.Pieces(rows[2], "tv-crit"));
        Assert.Equal(["10%-40%"], Views.Pieces(rows[1], "tv-self"));
        Assert.Empty(Views.Pieces(rows[1], "tv-crit"));
        Assert.Equal("60 ms", rows[2].QuerySelector(".tv-time")!.TextContent);
    }

    [Fact]
    public void The_time_axis_has_round_ticks()
    {
        string[] Ticks(double ms) => Views.Parse(Waterfall.Of(Trace(Span("root", null, 0, ms), Span("child", "root", 0, ms))))
            .QuerySelectorAll(".tv-tick").Select(t => t.TextContent).ToArray();

        Assert.Equal(["0", "20 ms", "40 ms", "60 ms", "80 ms", "100 ms"], Ticks(100));
        Assert.Equal(["0", "10 ms", "20 ms", "30 ms", "40 ms"], Ticks(47.4));
        Assert.Equal(["0", "500 µs", "1 ms"], Ticks(1.2));
        for (var ms = 0.0001; ms < 1e9; ms *= 1.7)
            Assert.InRange(Ticks(ms).Length, 2, 6);
    }

    [Fact]
    public void An_error_is_said_in_words_and_not_in_colour_alone()
    {
        var row = Views.RowOf(Waterfall.Of(ProfilePage()), "POST /payments");

        Assert.Contains("✖", row.QuerySelector("summary")!.TextContent);
        Assert.Equal("Error: card declined", Views.Field(row, "status"));
    }

    [Fact]
    public void A_row_unfolds_to_all_that_the_span_carries()
    {
        var row = Views.RowOf(Waterfall.Of(ProfilePage()), "POST /payments");

        Assert.Equal("1000000000000006", Views.Field(row, "span id"));
        Assert.Equal("1000000000000005", Views.Field(row, "parent id"));
        Assert.Equal("GET", Views.Field(row, "parent"));
        Assert.Equal("server", Views.Field(row, "kind"));
        Assert.Equal("payment-service", Views.Field(row, "source"));
        Assert.Equal("parent id arrived in a header", Views.Field(row, "note"));
        Assert.Equal("2", Views.Field(row, "retry"));
        Assert.Equal("[visa, mastercard]", Views.Field(row, "card.networks"));
        Assert.Contains("at Payments.Handle()", Views.Field(row, "exception.stacktrace"));
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", Views.Field(row, "trace id"));
        Assert.Equal("m-881", Views.Field(row, "messaging.message.id"));
        Assert.Equal("payment-service", Views.Field(row, "service.name"));
        Assert.Contains("Event: exception +37 ms", row.TextContent);
        Assert.Contains("link to a span that is not here", row.QuerySelector("summary")!.TextContent);
        Assert.Equal("exception +37 ms", row.QuerySelector(".tv-event")!.GetAttribute("title"));
    }

    [Fact]
    public void A_span_without_a_parent_in_the_trace_is_drawn_and_labelled()
    {
        var view = Waterfall.Of(Trace(Span("root", null, 0, 10), Span("orphan", "nowhere", 2, 3)));

        Assert.Contains("parent not in this trace", Views.RowOf(view, "orphan").QuerySelector("summary")!.TextContent);
        Assert.Contains("orphan (parent not in this trace)", view.ToString());
    }

    [Fact]
    public void A_child_that_starts_before_its_parent_is_drawn_from_its_own_start()
    {
        var view = Waterfall.Of(Trace(Span("root", null, 0, 10), Span("child", "root", -3, 5)));

        Assert.Contains("starts 3 ms before its parent", Views.RowOf(view, "child").QuerySelector("summary")!.TextContent);
        Assert.Equal(["0%-38.46%"], Views.Pieces(Views.RowOf(view, "child"), "tv-self"));
    }

    [Fact]
    public void A_child_that_ends_after_its_parent_is_noted_in_its_details()
    {
        var row = Views.RowOf(Waterfall.Of(Trace(Span("root", null, 0, 10), Span("child", "root", 5, 7))), "child");

        Assert.Equal("ends 2 ms after its parent", Views.Field(row, "note"));
    }

    [Fact]
    public void Every_span_of_an_odd_trace_is_drawn_once()
    {
        var names = Views.Rows(Waterfall.Of(Odd())).Select(Views.NameOf).ToArray();

        Assert.Equal(Odd().Spans.Select(s => Drawing.Cut(s.Name)).Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void One_span_without_duration_is_drawn()
    {
        var view = Waterfall.Of(Trace(Span("instant", null, 0, 0)));

        Assert.Equal(["0%-0%"], Views.Pieces(Assert.Single(Views.Rows(view)), "tv-self"));
        Assert.Contains("instant", view.ToString());
        Assert.Contains("█", view.ToString().Split('\n')[0]);
    }

    [Fact]
    public void Several_traces_are_drawn_in_the_order_given_with_the_same_colours()
    {
        var other = new RecordedTrace(ProfilePage().Spans.Select(s => s with { TraceId = "0af7651916cd43dd8448eb211c80319c" }));
        var sections = Views.Parse(Waterfall.Of([ProfilePage(), other])).QuerySelectorAll(".tv-trace");

        Assert.Equal(2, sections.Length);
        Assert.Contains(TraceId, sections[0].TextContent);
        Assert.Equal(Colours(sections[0]), Colours(sections[1]));

        static string[] Colours(IElement section) => section.QuerySelectorAll("summary")
            .Select(s => $"{s.QuerySelector(".tv-name")!.TextContent} {s.QuerySelector(".tv-mark")!.ClassName}").ToArray();
    }

    [Theory(Explicit = true)]
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
            _ => new RecordedTrace(Fan(10_000).Spans.Select(s => s with
            {
                Attributes = attributes,
                Resource = Tags(("service.name", $"service {s.Name.Length}"))
            })),
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
    public void Several_traces_stand_on_one_time_axis_each_at_its_real_start()
    {
        var view = Waterfall.Of(Queue()); // 0 to 40 ms
        var sections = Views.Parse(view).QuerySelectorAll(".tv-trace");

        Assert.Equal(["0%-30%", "35%-65%", "80%-100%"],
            sections.Select(s => Views.Pieces(s.QuerySelector("details")!, "tv-wait").Single()));
        Assert.Single(sections.Select(s => string.Join(' ', s.QuerySelectorAll(".tv-tick").Select(t => t.TextContent))).Distinct());
        Assert.DoesNotContain("after the first", sections[0].TextContent);
        Assert.Contains("starts 14 ms after the first", sections[1].QuerySelector(".tv-head")!.TextContent);
        Assert.Contains("32 ms after the first", view.ToString());
        Assert.Empty(Views.Parse(view).QuerySelectorAll(".tv-says"));
        // The bars of a terminal begin in column 64, and 36 characters are 40 ms.
        Assert.Equal([64, 64 + 12, 64 + 28], view.ToString().Split('\n')
            .Where(l => l.Contains("POST /orders  ", StringComparison.Ordinal) || l.Contains("pack orders  ", StringComparison.Ordinal))
            .Select(l => l.IndexOfAny(['█', '░'])));
    }

    [Theory]
    [InlineData(200_000, 1, "all on one scale.", "0%-100%")]
    [InlineData(200_000, 0.1, "all on one scale.", "0%-10%")]
    [InlineData(200_000, 0.001, "on a time axis of its own.", "0%-100%")]
    public void Traces_that_are_far_apart_begin_at_the_left_and_say_so(double later, double share, string how, string second)
    {
        RecordedTrace Pair(double start, double length, string id) =>
            new([Span("page", null, start, length) with { TraceId = id }, Span("query", "page", start, length) with { TraceId = id }]);
        var view = Waterfall.Of([Pair(0, 100, new('1', 32)), Pair(later, 100 * share, new('2', 32))]);

        Assert.Equal(["0%-100%", second], Views.Rows(view).Where(r => Views.NameOf(r) == "page")
            .Select(r => Views.Pieces(r, "tv-wait").Single()));
        foreach (var text in new[] { Views.Parse(view).Body!.TextContent, view.ToString() })
        {
            Assert.Contains($"These traces are far apart in time: each begins at the left, {how}", text);
            Assert.Contains("3 min 20 s after the first", text);
        }
    }

    [Fact]
    public void A_trace_of_one_span_is_its_row_and_its_id()
    {
        var view = Waterfall.Of(Trace(Span("charge card", null, 0, 12)));
        var page = Views.Parse(view);

        Assert.Empty(page.QuerySelectorAll(".tv-head,.tv-legend,.tv-axis,.tv-crit"));
        Assert.Contains(TraceId, Assert.Single(page.QuerySelectorAll("summary")).TextContent);
        Assert.Equal(["   shop: charge card                                     12 ms  " + new string('█', 36), $"     trace {TraceId}"],
            view.ToString().Split('\n'));
        var each = Views.Parse(Waterfall.Of(OneSpanEach()));
        Assert.Single(each.QuerySelectorAll(".tv-axis")); // one for all
        Assert.Contains("25 ms after the first", each.QuerySelectorAll("summary")[1].TextContent);
    }

    [Fact]
    public void The_key_stands_before_the_drawing_and_explains_what_is_there()
    {
        string Key(RecordedTrace trace) => Views.Parse(Waterfall.Of(trace)).QuerySelector(".tv-legend")!.TextContent;

        Assert.StartsWith("█ no child accounts for it", Waterfall.Of(ProfilePage()).ToString(), StringComparison.Ordinal);
        Assert.True(Waterfall.Of(ProfilePage()).ToHtml().IndexOf("class=\"tv-legend\"",
            StringComparison.Ordinal) < Waterfall.Of(ProfilePage()).ToHtml().IndexOf("<section", StringComparison.Ordinal));
        foreach (var sign in new[] { "payment-service", "no child accounts for it", "a child runs", "critical path",
            "before and after the server", "event" })
            Assert.Contains(sign, Key(ProfilePage()));
        foreach (var sign in new[] { "server", "event", "link" })
            Assert.DoesNotContain(sign, Key(Overlapping()));
        Assert.Contains("link", Key(new RecordedTrace(Queue()[2].Spans)));
    }

    // The pieces beside the rows, from top to bottom: a begins, z ends, "from" has the link, "to" is linked to.
    private static string[] Arrows(NotebookView view) => Views.Rows(view).Select(r => $"{Views.NameOf(r)}: "
        + string.Join(", ",
        r.QuerySelectorAll(".tv-lane").Select(e => string.Join(' ',
        e.ClassList.Select(c => c[3..]).Append(e.GetAttribute("style")![^1..]))))).ToArray();

    [Fact]
    public void A_link_is_an_arrow_where_both_ends_are_drawn_within_a_trace_and_across()
    {
        var view = Waterfall.Of(Queue());

        Assert.Equal([
            "POST /orders: ", "send order: lane a to 0", "POST /orders: lane 0", "send order: lane to 0",
            "pack orders: lane z from 0, lane a to 1", "print label: lane z from 1"], Arrows(view));
        // What is between the traces is passed too.
        Assert.Equal([0, 1, 1], Views.Parse(view).QuerySelectorAll(".tv-top").Select(t => t.QuerySelectorAll(".tv-lane").Length));
        Assert.Equal("--tv-lanes:2", Views.Parse(view).QuerySelector(".tv")!.GetAttribute("style"));
        foreach (var text in new[] { Views.Parse(view).Body!.TextContent, view.ToString() })
        {
            foreach (var word in new[] { "links to 2 spans here", "linked from pack orders", "link to pack orders",
                "link to a span that is not here" })
                Assert.Contains(word, text);
        }
    }

    [Fact]
    public void Arrows_for_which_there_is_no_room_are_left_to_the_words()
    {
        var spans = Enumerable.Range(0, 9).Select(i => Span($"s{i}", i == 0 ? null : "s0", i, 1) with
        {
            Links = i is >= 2 and < 8
            ? [new(TraceId, $"s{i - 1}", []), new(TraceId, "s8", [])] : []
        });
        var view = Waterfall.Of(new RecordedTrace(spans));

        Assert.Equal(5, Views.Rows(view).Sum(r => r.QuerySelectorAll(".tv-from").Length));
        Assert.Equal(6, Regex.Count(view.ToHtml(), "links to 2 spans here"));
        // they are beside each other
        Assert.Empty(Views.Parse(SideBySide.Of(Queue()[0], Queue()[2])).QuerySelectorAll(".tv-trace")[0].QuerySelectorAll(".tv-lane"));
    }

    [Fact]
    public void What_lies_between_a_client_and_its_server_is_drawn_and_named()
    {
        var view = Waterfall.Of(ProfilePage()); // 3 to 45, 6 to 44, of 48 ms
        var row = Views.RowOf(view, "POST /payments");

        Assert.Equal(["6.25%-12.5%", "91.67%-93.75%"], Views.Pieces(row, "tv-gap"));
        Assert.Contains("before 3 ms, after 1 ms", row.QuerySelector("summary")!.TextContent);
        Assert.Equal("runs 3 ms before and 1 ms after it, if the clocks agree", Views.Field(row, "its client"));
        Assert.Contains("(before 3 ms, after 1 ms)", view.ToString());
    }

    [Theory]
    [InlineData("b", -3, 5)] // the server starts before its client
    [InlineData("b", 5, 90)] // it ends long after it
    [InlineData("a", 5, 5)] // one process: nothing lies between
    public void Nothing_is_said_of_the_gap_where_it_cannot_be_known(string service, double start, double duration)
    {
        var view = Waterfall.Of(Trace(Span("GET", null, 0, 20, "a") with { Kind = System.Diagnostics.ActivityKind.Client },
            Span("GET /b", "GET", start, duration, service) with { Kind = System.Diagnostics.ActivityKind.Server }));

        Assert.Empty(Views.Pieces(Views.RowOf(view, "GET /b"), "tv-gap"));
        Assert.DoesNotContain("its client", Views.Parse(view).Body!.TextContent);
        Assert.DoesNotContain("(before", view.ToString());
    }

    [Fact]
    public void The_details_say_for_how_much_no_child_accounts()
    {
        Assert.Equal("60 ms, no child accounts for 10 ms of it", Views.Field(Views.RowOf(Waterfall.Of(Overlapping()), "b"), "duration"));
        Assert.Equal("30 ms", Views.Field(Views.RowOf(Waterfall.Of(Overlapping()), "a"), "duration"));
    }

    [Fact]
    public void A_long_name_goes_on_below_in_a_terminal()
    {
        var text = Waterfall.Of(Trace(Span("root", null, 0, 10),
            Span("a name of many words that no column of fifty characters has room for", "root", 1, 2))).ToString();

        Assert.Contains("└─ a name of many words that no column of fifty", text);
        Assert.Contains("\n        characters has room for", text);
    }

    [Fact]
    public void A_thousand_events_share_at_most_a_hundred_marks()
    {
        var span = Span("busy", null, 0, 100) with
        {
            Events = Enumerable.Range(0, 1000)
            .Select(i => new RecordedEvent($"event {i}", At(i / 10.0), [])).ToArray()
        };
        var row = Assert.Single(Views.Rows(Waterfall.Of(Trace(span))));

        Assert.InRange(row.QuerySelectorAll(".tv-event").Length, 50, 101);
        Assert.Contains("Event: event 999", row.TextContent);
    }
}
