using System;
using System.Diagnostics;
using System.Linq;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

public sealed class SideBySideTests
{
    [Fact]
    public void Side_by_side_uses_one_time_scale()
    {
        var sections = Views.Parse(SideBySide.Of(Trace(Span("a", null, 0, 25), Span("b", "a", 0, 0)),
            Trace(Span("a", null, 500, 100), Span("b", "a", 500, 0)))).QuerySelectorAll(".tv-trace");

        Assert.Equal("0%-25%", Views.Pieces(sections[0], "tv-wait").First());
        Assert.Equal("0%-100%", Views.Pieces(sections[1], "tv-wait").First());
        Assert.Equal(sections[0].QuerySelectorAll(".tv-tick").Select(t => t.TextContent),
            sections[1].QuerySelectorAll(".tv-tick").Select(t => t.TextContent));
        Assert.Equal(["before: a", "after: a"], sections.Select(s => s.QuerySelector(".tv-title")!.TextContent));
    }

    [Fact]
    public void Spans_that_changed_or_are_in_one_trace_only_are_marked()
    {
        var sections = Views.Parse(SideBySide.Of(ProfilePage(), SlowProfilePage())).QuerySelectorAll(".tv-trace");
        string[] Notes(int section) => sections[section].QuerySelectorAll("details")
            .Select(d => $"{Views.NameOf(d)}: {d.QuerySelector(".tv-note")?.TextContent}")
            .Where(n => !n.Contains("link", StringComparison.Ordinal))
            .Where(n => n.EndsWith("ms", StringComparison.Ordinal) || n.EndsWith("here", StringComparison.Ordinal)).ToArray();

        Assert.Equal(["render: only here"], Notes(0));
        Assert.Equal(["GET /profile/{id}: +90 ms", "GET: +90 ms", "GET /users/{id}: +90 ms", "SELECT users: +90 ms",
            .. Enumerable.Repeat("SELECT orders: only here", 5)], Notes(1));
    }

    [Fact]
    public void A_client_span_is_matched_by_what_it_calls_and_not_by_its_place_alone()
    {
        // Both calls are named GET. In the second trace they start in the other order.
        RecordedTrace Page(double a, double b) => Trace(
            Span("page", null, 0, 100, "web"),
            Span("GET", "page", a, 10, "web", "to-a") with { Kind = ActivityKind.Client }, Span("GET /a", "to-a", a, 10, "a"),
            Span("GET", "page", b, 50, "web", "to-b") with { Kind = ActivityKind.Client }, Span("GET /b", "to-b", b, 50, "b"));

        Assert.Contains("The same operations, as often; no operation's own time changed by more than 5% of the whole.",
            Views.Parse(SideBySide.Of(Page(1, 20), Page(80, 20))).QuerySelectorAll(".tv-changes div").Select(d => d.TextContent));
    }

    [Fact]
    public void Two_equal_traces_have_no_changes()
    {
        var page = Views.Parse(SideBySide.Of(ProfilePage(), ProfilePage()));

        Assert.Equal(["before: 48 ms, 7 spans. after: 48 ms, 7 spans. About the same time.",
            "The same operations, as often; no operation's own time changed by more than 5% of the whole.",
            "Times of operations are those that no child accounts for."],
            page.QuerySelectorAll(".tv-changes div").Select(d => d.TextContent));
        Assert.All(page.QuerySelectorAll(".tv-note"), n => Assert.Matches("^(link to a span that is not here|before [23] ms, after 1 ms)$",
            n.TextContent));
    }

    [Fact]
    public void A_comparison_leads_with_what_is_new_gone_or_repeated_summed_by_operation()
    {
        RecordedTrace Page(int articles, double length, params RecordedSpan[] more) => Trace([
            Span("page", null, 0, length, "web"),
            .. Enumerable.Range(0, articles).Select(i => Span("SELECT articles", "page", 1 + 3 * i, 3, "shop", $"a{i}")), .. more]);
        var view = SideBySide.Of(
            Page(1, 50, Span("render", "page", 40, 5, "web"), Span("load", "page", 20, 10, "web")),
            Page(12, 80, Span("audit", "page", 40, 7, "web"), Span("load", "page", 50, 25, "web")));

        Assert.Equal([
            "before: 50 ms, 4 spans. after: 80 ms, 15 spans. +30 ms.",
            "Repeated: SELECT articles in shop, 1 → 12 calls, +33 ms.",
            "New: audit in web, 0 → 1 call, +7 ms.",
            "Gone: render in web, 1 → 0 calls, −5 ms.",
            "Shorter: page in web, 32 ms → 12 ms (−20 ms).",
            "Longer: load in web, 10 ms → 25 ms (+15 ms).",
            "Times of operations are those that no child accounts for."],
            Views.Parse(view).QuerySelectorAll(".tv-changes div").Select(d => d.TextContent));
        Assert.Contains("Repeated: SELECT articles in shop, 1 → 12 calls, +33 ms.\n", view.ToString());
    }

    [Fact]
    public void Where_an_exercise_asks_what_changed_the_drawings_are_all_there_is()
    {
        var view = SideBySide.Of(ProfilePage(), SlowProfilePage(), "typical", "suspicious", say: false);

        Assert.Equal(18, Views.Rows(view).Length);
        Assert.Empty(Views.Parse(view).QuerySelectorAll(".tv-changes"));
        foreach (var word in new[] { "only here", "+90 ms", "New:", "Longer", "Errors only" })
        {
            Assert.DoesNotContain(word, Views.Parse(view).Body!.TextContent);
            Assert.DoesNotContain(word, view.ToString());
        }
    }

    [Fact]
    public void Two_large_traces_are_compared()
    {
        var view = SideBySide.Of(Chain(6_000), Fan(6_000));

        Assert.InRange(view.ToHtml().Length, 1, 10_000_000);
        Assert.Equal(10_000, Regex.Count(view.ToHtml(), "<details"));
        Assert.Contains("1,000 more spans of this trace not drawn.", view.ToString());
    }
}
