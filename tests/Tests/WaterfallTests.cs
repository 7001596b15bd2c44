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
        Assert.Equal([null, "1", "1", "2", "2", "1"], rows.Select(r => Regex.Match(r.QuerySelector(".tv-indent")?.GetAttribute("style") ?? "", @"\d+") is { Success: true } m ? m.Value : null));
    }

    [Fact]
    public void The_header_says_name_duration_spans_services_errors_and_trace_id()
    {
        var head = string.Join(' ', Views.Parse(Waterfall.Of(ProfilePage())).QuerySelectorAll(".tv-legend,.tv-head").Select(e => e.TextContent));

        foreach (var fact in new[] { "GET /profile/{id}", "48 ms", "7 spans", "✖ 3 errors", TraceId, "api-gateway", "user-service", "payment-service" })
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
        string[] Ticks(double ms) => Views.Parse(Waterfall.Of(Trace(Span("root", null, 0, ms), Span("child", "root", 0, ms)))).QuerySelectorAll(".tv-tick").Select(t => t.TextContent).ToArray();

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
        Assert.Equal("parent in another process", Views.Field(row, "note"));
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

        static string[] Colours(IElement section) => section.QuerySelectorAll("summary").Select(s => $"{s.QuerySelector(".tv-name")!.TextContent} {s.QuerySelector(".tv-mark")!.ClassName}").ToArray();
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
        var row = Assert.Single(Views.Rows(Waterfall.Of(Trace(span))));

        Assert.InRange(row.QuerySelectorAll(".tv-event").Length, 50, 101);
        Assert.Contains("Event: event 999", row.TextContent);
    }
}
