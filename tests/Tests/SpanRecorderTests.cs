using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Threading;
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
        var remote = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded,
            "vendor=1", isRemote: true);
        Activity activity;
        using (Provider(source, recorder, "user-service"))
        {
            activity = source.StartActivity("operation", ActivityKind.Server, remote,
                links: [new ActivityLink(linked, new ActivityTagsCollection { ["why"] = "batch" })])!;
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
        Assert.Equal((linked.TraceId.ToHexString(), linked.SpanId.ToHexString(), "batch"),
            (link.TraceId, link.SpanId, link.Attributes[0].Value));
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
    public async Task The_part_of_one_service_shows_that_services_spans_alone()
    {
        using var gateway = NewSource();
        using var users = NewSource();
        var recorder = new SpanRecorder();
        var ofUsers = recorder.ForService("user-service");
        using (Provider(gateway, recorder.ForService("api-gateway"), "api-gateway"))
        using (Provider(users, ofUsers, "user-service"))
        {
            var waiting = ofUsers.WaitForAsync(1, HostRunner.Hang);
            Root(gateway, "call").Dispose();
            Assert.False(waiting.IsCompleted);
            Root(users, "handle").Dispose();
            await waiting;
        }

        Assert.Equal((2, 1), (recorder.Count, ofUsers.Count));
        Assert.Equal("handle", Assert.Single(ofUsers.Spans).Name);
        Assert.Equal("handle", Assert.Single(ofUsers.Traces).Root.Name);
    }

    [Fact]
    public void A_value_that_cannot_be_written_does_not_lose_its_span()
    {
        using var source = NewSource();
        var recorder = new SpanRecorder();
        using (Provider(source, recorder))
            Root(source, "work").SetTag("bad", new Unwritable()).Dispose();

        Assert.Equal("(not sent: Unwritable.ToString() failed: no words)", Assert.Single(recorder.Spans)["bad"]);
    }

    private sealed class Unwritable
    {
        public override string ToString() => throw new InvalidOperationException("no words");
    }

    [Fact]
    public async Task Waiting_for_spans_ends_when_they_are_there()
    {
        using var source = NewSource();
        var recorder = new SpanRecorder();
        using var provider = Provider(source, recorder, "service");

        var three = recorder.WaitForAsync(3, HostRunner.Hang);
        var one = recorder.WaitForAsync(1, HostRunner.Hang);
        source.StartActivity("first")!.Dispose();
        await one;
        Assert.False(three.IsCompleted);
        source.StartActivity("second")!.Dispose();
        source.StartActivity("third")!.Dispose();
        await three;
        await recorder.WaitForAsync(3, HostRunner.Hang);

        Assert.Equal(3, recorder.Count);
    }

    [Theory]
    [InlineData(1, "Waited for 2 spans, but only 1 came. The last request: none")]
    [InlineData(0, "Waited for 2 spans, but only 0 came. The last request: none")]
    public async Task Waiting_for_spans_that_do_not_come_says_how_many_did(int here, string expected)
    {
        var store = new SpanStore();
        store.Add(Enumerable.Range(0, here).Select(i => Span($"{i}", null, 0, 1)).ToArray());

        var error = await Assert.ThrowsAsync<TimeoutException>(() => store.WaitForAsync(2, TimeSpan.FromMilliseconds(1),
            hint: () => "The last request: none"));

        Assert.Equal(expected, error.Message);
        Assert.Equal("Waited for 1 span, but only 0 came.",
            (await Assert.ThrowsAsync<TimeoutException>(() => new SpanRecorder().WaitForAsync(1, TimeSpan.Zero))).Message);
    }

    public static TheoryData<TimeSpan> LongTimes => [Timeout.InfiniteTimeSpan, TimeSpan.MaxValue, TimeSpan.FromDays(60),
        TimeSpan.FromHours(1)];

    [Theory]
    [MemberData(nameof(LongTimes))]
    public async Task One_can_wait_for_ever(TimeSpan timeout)
    {
        var store = new SpanStore();
        var waiting = store.WaitForAsync(1, timeout);
        Assert.False(waiting.IsCompleted);

        store.Add([Span("late", null, 0, 1)]);

        await waiting;
    }

    [Fact]
    public void What_came_together_shares_its_memory_until_the_last_of_it_goes()
    {
        var store = new SpanStore(capacity: 100, maxBytes: 1_000);
        store.Add([Span("a", null, 0, 1), Span("b", null, 0, 1)], 600);
        store.Add([Span("c", null, 0, 1)], 400);
        Assert.Equal(3, store.Count);

        store.Add([Span("d", null, 0, 1)], 1);
        Assert.Equal(["c", "d"], store.Spans.Select(s => s.Name));
        Assert.Equal(2, store.Dropped);

        store.Add([Span("too large for all of it", null, 0, 1)], 2_000);
        Assert.Equal((0, 5), (store.Count, store.Dropped));
        store.Add([Span("e", null, 0, 1)], 999);
        Assert.Equal(1, store.Count);
    }

    private static ActivitySource NewSource(string version = "") => new($"test-{Guid.NewGuid():N}", version);

    // Whatever the test runner may have left as the current activity is not the parent.
    private static Activity Root(ActivitySource source, string name)
    {
        Activity.Current = null;
        return source.StartActivity(name)!;
    }

    private static TracerProvider Provider(ActivitySource source, SpanRecorder recorder, string service = "shop") =>
        Sdk.CreateTracerProviderBuilder()
            .AddSource(source.Name)
            .ConfigureResource(r => r.AddService(service))
            .AddProcessor(new SimpleActivityExportProcessor(recorder))
            .Build();
}
