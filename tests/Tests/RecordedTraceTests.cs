using System;
using System.Linq;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

public sealed class RecordedTraceTests
{
    [Fact]
    public void A_parent_id_of_zeros_or_of_nothing_is_no_parent()
    {
        Assert.Null(Span("a", "0000000000000000", 0, 1).ParentSpanId);
        Assert.Null(Span("a", "", 0, 1).ParentSpanId);
        Assert.Equal("b7ad6b7169203331", Span("a", "b7ad6b7169203331", 0, 1).ParentSpanId);
    }

    [Fact]
    public void A_span_without_service_name_is_of_an_unknown_service()
    {
        Assert.Equal("unknown_service", (Span("a", null, 0, 1) with { Resource = [] }).ServiceName);
    }

    [Fact]
    public void A_span_that_ends_before_it_starts_lasts_no_time()
    {
        var span = Span("a", null, 0, -5);
        Assert.Equal((TimeSpan.Zero, span.Start, TimeSpan.FromMilliseconds(5)), (span.Duration, span.End, span.EndsBeforeStart));
        Assert.Equal(TimeSpan.MaxValue, (span with { Duration = TimeSpan.MinValue }).EndsBeforeStart);
        Assert.Equal(TimeSpan.Zero, Span("a", null, 0, 5).EndsBeforeStart);
        Assert.Equal(DateTimeOffset.MaxValue, (span with { Duration = TimeSpan.MaxValue }).End);
    }

    [Fact]
    public void Spans_are_sorted_into_traces_by_trace_id_and_traces_by_start()
    {
        var traces = RecordedTrace.Group([Span("late", null, 50, 1) with { TraceId = "b" }, Span("child", "early", 11, 1),
            Span("early", null, 10, 5)]);

        Assert.Equal(["early", "late"], traces.Select(t => t.Root.Name));
        Assert.Equal(["early", "child"], traces[0].Spans.Select(s => s.Name));
    }

    [Fact]
    public void A_trace_is_not_empty_and_has_one_trace_id()
    {
        Assert.Throws<ArgumentException>(() => Trace());
        Assert.Throws<ArgumentException>(() => Trace(Span("a", null, 0, 1), Span("b", null, 0, 1) with { TraceId = "other" }));
    }

    [Fact]
    public void A_trace_knows_its_tree()
    {
        var trace = Overlapping();
        var b = trace.Find("b")!;

        Assert.Equal("root", trace.Root.Name);
        Assert.Equal(["a", "b", "c"], trace.Children(trace.Root).Select(s => s.Name));
        Assert.Equal(["root", "a", "b", "b1", "b2", "c"], trace.SpansAsTree.Select(s => s.Name));
        Assert.Equal((0, 1, 2), (trace.Depth(trace.Root), trace.Depth(b), trace.Depth(trace.Find("b2")!)));
        Assert.Same(b, trace.Parent(trace.Find("b1")!));
        Assert.Same(b, trace.FindById("b"));
        Assert.Null(trace.Parent(trace.Root));
        Assert.Null(trace.Find("nobody"));
        Assert.Equal((Zero, TimeSpan.FromMilliseconds(100)), (trace.Start, trace.Duration));
        Assert.False(trace.HasErrors);
        Assert.True(ProfilePage().HasErrors);
        Assert.Throws<ArgumentException>(() => trace.Depth(Span("stranger", null, 0, 1)));
    }

    [Theory]
    [InlineData("root", 17)]
    [InlineData("a", 30)]
    [InlineData("b", 10)]
    [InlineData("b2", 30)]
    public void Self_time_is_the_duration_without_the_union_of_the_children(string name, double ms)
    {
        var trace = Overlapping();
        Assert.Equal(TimeSpan.FromMilliseconds(ms), trace.SelfTime(trace.Find(name)!));
    }

    [Fact]
    public void Self_time_counts_only_what_children_do_inside_the_span()
    {
        var trace = Trace(Span("root", null, 0, 100), Span("early", "root", -50, 70), Span("late", "root", 90, 50),
            Span("outside", "root", 200, 10));
        Assert.Equal(TimeSpan.FromMilliseconds(70), trace.SelfTime(trace.Root));

        trace = Trace(Span("root", null, 0, 100), Span("around", "root", -50, 500));
        Assert.Equal(TimeSpan.Zero, trace.SelfTime(trace.Root));
    }

    [Theory]
    [InlineData("root", 37)] // 0-30, 90-92, 95-100
    [InlineData("a", 0)] // ran beside b, which finished later
    [InlineData("b", 30)] // 30-55, 85-90
    [InlineData("b1", 0)]
    [InlineData("b2", 30)]
    [InlineData("c", 3)]
    public void The_critical_path_is_in_the_child_that_finished_last(string name, double ms)
    {
        var trace = Overlapping();
        Assert.Equal(TimeSpan.FromMilliseconds(ms), trace.CriticalTime(trace.Find(name)!));
        Assert.Equal(ms > 0, trace.CriticalPath.Contains(trace.Find(name)!));
    }

    [Fact]
    public void A_child_that_outlives_its_parent_counts_until_the_parents_end()
    {
        var trace = Trace(Span("root", null, 0, 100), Span("child", "root", 60, 200), Span("grandchild", "child", 80, 500),
            Span("after", "root", 110, 10));

        Assert.Equal(["child", "grandchild", "root"], trace.CriticalPath.Select(s => s.Name).Order());
        Assert.Equal(TimeSpan.FromMilliseconds(60), trace.CriticalTime(trace.Find("root")!));
        Assert.Equal(TimeSpan.FromMilliseconds(20), trace.CriticalTime(trace.Find("child")!));
        Assert.Equal(TimeSpan.FromMilliseconds(20), trace.CriticalTime(trace.Find("grandchild")!));
    }

    [Fact]
    public void The_times_on_the_critical_path_add_up_to_the_roots_duration()
    {
        var random = new Random(20261101);
        for (var round = 0; round < 200; round++)
        {
            // Any parents, also from the future and of itself; any times, also none.
            var trace = new RecordedTrace(Enumerable.Range(0, 30).Select(i =>
                Span($"{i}", i == 0 ? null : $"{random.Next(30)}", random.Next(100), random.Next(60))));

            Assert.Equal(trace.Root.Duration, new TimeSpan(trace.Spans.Sum(s => trace.CriticalTime(s).Ticks)));
            Assert.Equal(trace.Spans.Count, trace.SpansAsTree.Distinct().Count());
            Assert.All(trace.Spans, s => Assert.InRange(trace.SelfTime(s), TimeSpan.Zero, s.Duration));
        }
    }

    [Fact]
    public void A_span_whose_parent_is_missing_is_a_root_of_its_own()
    {
        var trace = Trace(Span("orphan", "nowhere", -5, 5), Span("root", null, 0, 10));

        Assert.Equal(["orphan", "root"], trace.Roots.Select(s => s.Name));
        Assert.Equal("root", trace.Root.Name);
        Assert.Equal("orphan", Trace(Span("orphan", "nowhere", 0, 5)).Root.Name);
    }

    [Fact]
    public void Loops_and_duplicates_lose_no_span_and_repeat_none()
    {
        var trace = Trace(
            Span("self", "self", 0, 1),
            Span("x", "z", 10, 1), Span("y", "x", 11, 1), Span("z", "y", 12, 1), Span("below the loop", "z", 13, 1),
            Span("twin", null, 20, 9), Span("twin again", null, 21, 9, id: "twin"), Span("child", "twin", 22, 1));

        Assert.Equal(["self", "x", "y", "z", "below the loop", "twin", "child", "twin again"], trace.SpansAsTree.Select(s => s.Name));
        Assert.Equal(["self", "x", "twin", "twin again"], trace.Roots.Select(s => s.Name));
    }

    [Fact]
    public void Ten_thousand_spans_in_a_chain_or_side_by_side_are_no_problem()
    {
        var chain = Chain(10_000);
        Assert.Equal(9_999, chain.Depth(chain.Find("step 9999")!));
        Assert.Equal(10_000, chain.CriticalPath.Count);

        var fan = Fan(10_000);
        Assert.Equal(9_999, fan.Children(fan.Root).Count);
        Assert.Equal(10_000, fan.CriticalPath.Count);
    }
}
