using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

public sealed class SpanRecorderTests
{
    [Fact]
    public void A_span_is_recorded_with_everything_it_carries()
    {
        using var source = NewSource(version: "1.2.3");
        var recorder = new SpanRecorder();
        var linked = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        var remote = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, "vendor=1", isRemote: true);
        Activity activity;
        using (Provider(source, recorder, "user-service"))
        {
            activity = source.StartActivity("operation", ActivityKind.Server, remote, links: [new ActivityLink(linked, new ActivityTagsCollection { ["why"] = "batch" })])!;
            activity.DisplayName = "GET /users/{id}";
            activity.SetTag("http.response.status_code", 500).SetTag("list", new[] { "a", "b" });
            activity.AddEvent(new ActivityEvent("cache.miss", tags: new ActivityTagsCollection { ["key"] = "u42" }));
            activity.SetStatus(ActivityStatusCode.Error, "broken");
            activity.Dispose();
        }

        var span = Assert.Single(recorder.Spans);
        Assert.Equal(activity.TraceId.ToHexString(), span.TraceId);
        Assert.Equal(activity.SpanId.ToHexString(), span.SpanId);
        Assert.Equal(remote.SpanId.ToHexString(), span.ParentSpanId);
        Assert.True(span.HasRemoteParent);
        Assert.Equal("vendor=1", span.TraceState);
        Assert.Equal(ActivityTraceFlags.Recorded, span.Flags & ActivityTraceFlags.Recorded);
        Assert.Equal("GET /users/{id}", span.Name);
        Assert.Equal("operation", span.OperationName);
        Assert.Equal(ActivityKind.Server, span.Kind);
        Assert.Equal(source.Name, span.SourceName);
        Assert.Equal("1.2.3", span.SourceVersion);
        Assert.Equal("user-service", span.ServiceName);
        Assert.Contains(KeyValuePair.Create("service.name", (object?)"user-service"), span.Resource);
        Assert.Equal(TimeSpan.Zero, span.Start.Offset);
        Assert.Equal(activity.StartTimeUtc, span.Start.UtcDateTime);
        Assert.Equal(activity.Duration, span.Duration);
        Assert.Equal(span.Start + span.Duration, span.End);
        Assert.Equal((ActivityStatusCode.Error, "broken"), (span.Status, span.StatusDescription));
        Assert.Equal(500, span.Attribute("http.response.status_code"));
        Assert.Equal(500, span["http.response.status_code"]);
        Assert.Null(span["no.such.attribute"]);
        Assert.Equal(["http.response.status_code", "list"], span.Attributes.Select(a => a.Key));
        var recordedEvent = Assert.Single(span.Events);
        Assert.Equal(("cache.miss", "u42"), (recordedEvent.Name, recordedEvent.Attributes[0].Value));
        var link = Assert.Single(span.Links);
        Assert.Equal((linked.TraceId.ToHexString(), linked.SpanId.ToHexString(), "batch"), (link.TraceId, link.SpanId, link.Attributes[0].Value));
    }

    [Fact]
    public void A_root_has_no_parent_id()
    {
        using var source = NewSource();
        var recorder = new SpanRecorder();
        using (Provider(source, recorder))
            Root(source, "root").Dispose();

        Assert.Null(Assert.Single(recorder.Spans).ParentSpanId);
    }

    [Fact]
    public void What_is_changed_after_the_end_does_not_change_the_recorded_span()
    {
        using var source = NewSource();
        var recorder = new SpanRecorder();
        var list = new[] { "before" };
        var text = new StringBuilder("before");
        using (Provider(source, recorder))
        {
            var activity = Root(source, "before");
            activity.SetTag("tag", "before").SetTag("list", list).SetTag("text", text);
            activity.Dispose();

            activity.DisplayName = "after";
            activity.SetTag("tag", "after").SetTag("more", 1).SetStatus(ActivityStatusCode.Error);
            activity.AddEvent(new ActivityEvent("after"));
            list[0] = "after";
            text.Append(" and after");
        }

        var span = Assert.Single(recorder.Spans);
        Assert.Equal(("before", "before", ActivityStatusCode.Unset), (span.Name, span["tag"], span.Status));
        Assert.Equal(["before"], Assert.IsType<string[]>(span["list"]));
        Assert.Equal("before", span["text"]);
        Assert.Equal(3, span.Attributes.Count);
        Assert.Empty(span.Events);
    }

    [Fact]
    public void Two_services_record_into_one_memory_each_with_its_own_resource()
    {
        using var gateway = NewSource();
        using var users = NewSource();
        var recorder = new SpanRecorder();
        using (Provider(gateway, recorder, "api-gateway"))
        using (Provider(users, recorder.ForService("user-service"), "user-service"))
        {
            using var call = Root(gateway, "call");
            users.StartActivity("handle")?.Dispose();
        }

        Assert.Equal([("handle", "user-service"), ("call", "api-gateway")], recorder.Spans.Select(s => (s.Name, s.ServiceName)));
        var trace = Assert.Single(recorder.Traces);
        Assert.Equal(["api-gateway", "user-service"], trace.Services);
    }

    [Fact]
    public void A_cell_that_runs_again_with_another_resource_records_the_new_one()
    {
        using var source = NewSource();
        var recorder = new SpanRecorder();
        foreach (var service in new[] { "first", "second" })
        {
            using (Provider(source, recorder, service))
                Root(source, "work").Dispose();
        }

        Assert.Equal(["first", "second"], recorder.Spans.Select(s => s.ServiceName));
    }

    [Fact]
    public void Spans_stay_readable_when_the_provider_is_gone()
    {
        using var source = NewSource();
        var recorder = new SpanRecorder();
        using (Provider(source, recorder))
            Root(source, "work").Dispose();
        recorder.Dispose();

        Assert.Equal("work", Assert.Single(recorder.Traces).Root.Name);
        recorder.Clear();
        Assert.Empty(recorder.Spans);
        Assert.Empty(recorder.Traces);
    }

    [Fact]
    public void When_the_memory_is_full_the_oldest_span_goes_and_is_counted()
    {
        using var source = NewSource();
        var recorder = new SpanRecorder { Capacity = 3 };
        using (Provider(source, recorder))
        {
            for (var i = 1; i <= 5; i++)
                Root(source, $"span {i}").Dispose();
        }

        Assert.Equal(["span 3", "span 4", "span 5"], recorder.Spans.Select(s => s.Name));
        Assert.Equal((3, 2), (recorder.Count, recorder.Dropped));
        recorder.Clear();
        Assert.Equal((0, 0), (recorder.Count, recorder.Dropped));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SpanRecorder { Capacity = 0 });
        Assert.Equal(100_000, new SpanRecorder().Capacity);
    }

    [Fact]
    public async Task Nothing_is_lost_when_services_record_while_others_read_and_clear()
    {
        using var one = NewSource();
        using var two = NewSource();
        var recorder = new SpanRecorder();
        var other = new SpanRecorder();
        using (Provider(one, recorder, "one"))
        using (Provider(two, recorder.ForService("user-service"), "two"))
        using (Provider(two, other, "two"))
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
            {
                for (var i = 0; i < 500; i++)
                {
                    Root(worker % 2 == 0 ? one : two, "work").Dispose();
                    if (i % 100 == 0)
                    {
                        Assert.All(recorder.Spans, Assert.NotNull);
                        Assert.All(other.Traces, t => Assert.Single(t.Spans));
                        other.Clear();
                    }
                }
            })));
        }

        Assert.Equal(4000, recorder.Count);
        Assert.Equal(4000, recorder.Traces.Count);
        Assert.All(recorder.Spans, s => Assert.Equal(s.SourceName == one.Name ? "one" : "two", s.ServiceName));
    }

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
        Assert.Equal((TimeSpan.Zero, span.Start), (span.Duration, span.End));
        Assert.Equal(DateTimeOffset.MaxValue, (span with { Duration = TimeSpan.MaxValue }).End);
    }

    [Fact]
    public void Spans_are_sorted_into_traces_by_trace_id_and_traces_by_start()
    {
        var traces = RecordedTrace.Group([Span("late", null, 50, 1) with { TraceId = "b" }, Span("child", "early", 11, 1), Span("early", null, 10, 5)]);

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
        var trace = Trace(Span("root", null, 0, 100), Span("early", "root", -50, 70), Span("late", "root", 90, 50), Span("outside", "root", 200, 10));
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
        var trace = Trace(Span("root", null, 0, 100), Span("child", "root", 60, 200), Span("grandchild", "child", 80, 500), Span("after", "root", 110, 10));

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

    private static ActivitySource NewSource(string version = "") => new($"test-{Guid.NewGuid():N}", version);

    // Whatever the test runner may have left as the current activity is not the parent.
    private static Activity Root(ActivitySource source, string name)
    {
        Activity.Current = null;
        return source.StartActivity(name)!;
    }

    [Fact]
    public async Task Waiting_for_spans_ends_when_they_are_there()
    {
        using var source = NewSource();
        var recorder = new SpanRecorder();
        using var provider = Provider(source, recorder, "service");

        var three = recorder.WaitForAsync(3);
        var one = recorder.WaitForAsync(1);
        source.StartActivity("first")!.Dispose();
        await one;
        Assert.False(three.IsCompleted);
        source.StartActivity("second")!.Dispose();
        source.StartActivity("third")!.Dispose();
        await three;
        await recorder.WaitForAsync(3);

        Assert.Equal(3, recorder.Count);
    }

    [Fact]
    public async Task Waiting_for_spans_that_do_not_come_says_how_many_did()
    {
        var error = await Assert.ThrowsAsync<TimeoutException>(() => new SpanRecorder().WaitForAsync(2, TimeSpan.FromMilliseconds(1)));

        Assert.Equal("Waited for 2 spans, but only 0 were recorded.", error.Message);
    }

    private static TracerProvider Provider(ActivitySource source, SpanRecorder recorder, string service = "shop") =>
        Sdk.CreateTracerProviderBuilder()
            .AddSource(source.Name)
            .ConfigureResource(r => r.AddService(service))
            .AddProcessor(new SimpleActivityExportProcessor(recorder))
            .Build();
}
