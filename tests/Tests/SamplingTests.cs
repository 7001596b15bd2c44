using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using OpenTelemetry;
using OpenTelemetry.Trace;
using Xunit;

namespace TracingTutorial.Tests;

[CollectionDefinition(nameof(SamplingTests), DisableParallelization = true)] // its sources have the names that the shop's have
[Collection(nameof(SamplingTests))]
public class SamplingTests
{
    private static readonly string[] Services = ["api-gateway", "user-service", "payment-service"];

    // ---- The traffic ---------------------------------------------------------------------------------------------

    [Fact]
    public void Traffic_that_is_recorded_in_full_has_every_span_that_it_announces()
    {
        var traffic = new Traffic(1_000, seed: 1);

        var outcome = Send(traffic, new AlwaysOnSampler());

        Assert.Equal(1_000, outcome.Kept.Count());
        Assert.Empty(outcome.Broken);
        Assert.Empty(outcome.ErrorsLost);
        Assert.Equal(traffic.Requests.Sum(r => r.Spans), outcome.Spans);
        Assert.Contains(traffic.Requests, r => r.IsSlow);
        Assert.Contains(traffic.Requests, r => r.IsHealthCheck);
    }

    [Fact]
    public void The_recorded_spans_agree_with_what_the_traffic_says_about_each_request()
    {
        var (traffic, spans) = (new Traffic(2_000, seed: 2), new SpanRecorder());
        Send(traffic, new AlwaysOnSampler(), spans);
        var traces = spans.Traces.ToDictionary(t => t.TraceId);

        Assert.All(traffic.Requests, r =>
        {
            var trace = traces[r.TraceId];
            var root = Assert.Single(trace.Roots);
            Assert.Equal(r.Name, root.Name);
            Assert.Equal(r.IsSlow, root.Duration > TimeSpan.FromSeconds(1));
            Assert.Equal(r.HasError, trace.Spans.Any(s => s.Status == ActivityStatusCode.Error));
        });
        var errors = traffic.Requests.Where(r => r.HasError).Select(r => traces[r.TraceId].Roots[0].Status).ToArray();
        Assert.Contains(ActivityStatusCode.Error, errors);
        Assert.Contains(ActivityStatusCode.Unset, errors); // hidden: the gateway answered without the payments
    }

    [Fact]
    public void The_same_seed_gives_the_same_requests_and_sent_twice_the_same_spans()
    {
        var (one, other) = (new Traffic(300, seed: 3), new Traffic(300, seed: 3));

        Assert.Equal(one.Requests, other.Requests);
        Assert.NotEqual(one.Requests, new Traffic(300, seed: 4).Requests);
        Assert.Equal(Send(one, new AlwaysOnSampler()).Bytes, Send(one, new AlwaysOnSampler()).Bytes);
    }

    [Fact]
    public void Traffic_leaves_no_trace_id_generator_and_no_current_activity_behind()
    {
        Send(new Traffic(20, seed: 5), new AlwaysOnSampler());

        Assert.Null(Activity.Current);
        Assert.NotEqual(ActivityTraceId.CreateRandom(), ActivityTraceId.CreateRandom());
    }

    [Theory]
    [InlineData(0, 0.1, 0.1)]
    [InlineData(10, -0.1, 0.1)]
    [InlineData(10, 0.1, 0.4)]
    public void Traffic_with_a_number_that_makes_no_sense_is_refused(int requests, double errors, double slow) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Traffic(requests, 1, errors, slow));

    // ---- What the lesson says about samplers ---------------------------------------------------------------------

    [Fact]
    public void Services_with_ratios_of_their_own_break_traces_parent_based_ones_and_one_shared_ratio_do_not()
    {
        var traffic = new Traffic(2_000, seed: 6);
        var own = Send(traffic, new TraceIdRatioBasedSampler(0.05), new TraceIdRatioBasedSampler(0.2), new TraceIdRatioBasedSampler(0.5));
        var shared = Send(traffic, new TraceIdRatioBasedSampler(0.05));
        var followed = Send(traffic, new ParentBasedSampler(new TraceIdRatioBasedSampler(0.05)), new ParentBasedSampler(new AlwaysOnSampler()), new ParentBasedSampler(new AlwaysOnSampler()));

        Assert.NotEmpty(own.Broken);
        Assert.Empty(shared.Broken);
        Assert.Empty(followed.Broken);
        Assert.Equal(shared.Kept, followed.Kept);
        Assert.Equal(shared.Kept, own.Kept.Except(own.Broken)); // a higher ratio keeps all that a lower one keeps
        Assert.NotEmpty(followed.ErrorsLost);
    }

    [Fact]
    public void The_share_of_a_ratio_sampler_is_within_five_standard_deviations()
    {
        var kept = Send(new Traffic(10_000, seed: 7), new TraceIdRatioBasedSampler(0.2)).Kept.Count();

        Assert.InRange(kept, 2_000 - 5 * 40, 2_000 + 5 * 40);
    }

    // ---- The tail sampler ----------------------------------------------------------------------------------------

    [Fact]
    public void The_tail_sampler_keeps_every_error_and_only_whole_traces()
    {
        var (traffic, spans) = (new Traffic(3_000, seed: 8), new SpanRecorder());
        var tail = new TailSampler(spans, HasError, traffic.Clock);

        var outcome = SendTo(traffic, tail, spans);

        Assert.Empty(outcome.Broken);
        Assert.Equal(traffic.Requests.Where(r => r.HasError), outcome.Kept);
        Assert.Equal((outcome.Kept.Count(), 3_000), (tail.TracesKept, tail.TracesKept + tail.TracesDropped));
        Assert.True(tail.LateSpansDropped > 0);
        Assert.Equal(0, tail.Held);
        Assert.InRange(tail.MostHeld, 2, 300);
    }

    [Fact]
    public void A_trace_waits_for_its_late_spans_and_a_span_that_comes_later_follows_the_decision()
    {
        using var make = new Maker();
        var (clock, spans) = (new Clock(), new SpanRecorder());
        using var tail = new TailSampler(spans, t => t.Any(s => s.DisplayName == "late, in time"), clock);
        var (kept, dropped) = (make.Root("kept"), make.Root("dropped"));

        tail.OnEnd(kept);
        tail.OnEnd(dropped);
        clock.Pass(4.9);
        tail.OnEnd(make.Child(kept, "late, in time"));
        Assert.Equal((0, 2), (spans.Count, tail.Held));
        clock.Pass(0.2);
        tail.OnEnd(make.Child(kept, "too late"));
        tail.OnEnd(make.Child(dropped, "too late"));

        Assert.Equal(["kept", "late, in time", "too late"], spans.Spans.Select(s => s.Name));
        Assert.Equal((1, 1, 0), (tail.LateSpansKept, tail.LateSpansDropped, tail.Held));
    }

    [Fact]
    public void A_trace_whose_root_never_ends_is_decided_after_the_longest_wait()
    {
        using var make = new Maker();
        var (clock, spans) = (new Clock(), new SpanRecorder());
        using var tail = new TailSampler(spans, _ => true, clock);

        tail.OnEnd(make.Child(make.Root("lost"), "child"));
        clock.Pass(29);
        tail.OnEnd(make.Root("another"));
        Assert.Equal(0, spans.Count);
        clock.Pass(1);
        tail.OnEnd(make.Root("a third"));

        Assert.Equal(["child"], spans.Spans.Select(s => s.Name));
    }

    [Fact]
    public void When_memory_is_full_the_oldest_trace_is_decided_early_and_counted()
    {
        using var make = new Maker();
        var spans = new SpanRecorder();
        using var traces = new TailSampler(spans, _ => true, new Clock()) { MaxTraces = 2 };
        foreach (var name in new[] { "first", "second", "third" })
            traces.OnEnd(make.Root(name));

        Assert.Equal(["first"], spans.Spans.Select(s => s.Name));
        Assert.Equal((1, 2, 2), (traces.DecidedEarly, traces.Held, traces.MostHeld));

        using var one = new TailSampler(new SpanRecorder(), _ => true, new Clock()) { MaxSpans = 10 };
        var endless = make.Root("endless");
        for (var i = 0; i < 1_000; i++)
            one.OnEnd(make.Child(endless, "again"));
        Assert.Equal((1, 0), (one.DecidedEarly, one.Held)); // the rest of the trace followed the decision
        Assert.Equal(1_000 - 11, one.LateSpansKept);
        for (var i = 0; i < 10; i++)
            one.OnEnd(make.Root("short"));
        Assert.Equal((1, 10), (one.DecidedEarly, one.Held)); // a decided trace has made room
    }

    [Fact]
    public void The_memory_of_decisions_is_bounded_too()
    {
        using var make = new Maker();
        using var tail = new TailSampler(new SpanRecorder(), _ => false, new Clock()) { MaxTraces = 1, MaxDecisions = 2 };
        var roots = Enumerable.Range(0, 5).Select(i => make.Root($"{i}")).ToArray();
        Array.ForEach(roots, tail.OnEnd); // 0 to 3 are decided, 2 and 3 remembered

        tail.OnEnd(make.Child(roots[3], "late"));
        Assert.Equal(1, tail.LateSpansDropped);
        tail.OnEnd(make.Child(roots[0], "much too late"));
        Assert.Equal((1, 5), (tail.LateSpansDropped, tail.DecidedEarly)); // a trace of its own: 4 had to make room
    }

    [Fact]
    public void A_flush_and_a_shutdown_decide_what_is_held()
    {
        using var make = new Maker();
        var spans = new SpanRecorder();
        var tail = new TailSampler(spans, _ => true, new Clock());
        tail.OnEnd(make.Root("flushed"));
        Assert.True(tail.ForceFlush());
        Assert.Equal(1, spans.Count);

        tail.OnEnd(make.Root("shut down"));
        Assert.True(tail.Shutdown());
        Assert.Equal(["flushed", "shut down"], spans.Spans.Select(s => s.Name));
        tail.Dispose();
    }

    [Fact]
    public async Task Time_alone_decides_when_no_more_spans_come()
    {
        using var make = new Maker();
        var spans = new SpanRecorder();
        using var tail = new TailSampler(spans, _ => true) { DecisionWait = TimeSpan.FromMilliseconds(1) };
        tail.OnEnd(make.Root("alone"));

        await spans.WaitForAsync(1);
    }

    [Fact]
    public void A_policy_that_throws_loses_nothing_and_is_counted()
    {
        using var make = new Maker();
        var spans = new SpanRecorder();
        using var tail = new TailSampler(spans, _ => throw new InvalidOperationException(), new Clock());
        tail.OnEnd(make.Root("root"));
        tail.ForceFlush();

        Assert.Equal((1, 1), (spans.Count, tail.PolicyErrors));
    }

    [Fact]
    public async Task Many_threads_lose_no_span_and_split_no_trace()
    {
        using var make = new Maker();
        var spans = new SpanRecorder();
        using var tail = new TailSampler(spans, t => t[0].TraceId.ToHexString()[0] < '8', new Clock()) { MaxTraces = 50 };
        var traces = Enumerable.Range(0, 2_000).Select(_ => make.Root("root")).Select(r => (Root: r, Children: new[] { make.Child(r, "a"), make.Child(r, "b") })).ToArray();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            foreach (var (root, children) in traces.Where((_, i) => i % 4 == thread))
            {
                tail.OnEnd(children[0]);
                tail.OnEnd(root);
                tail.OnEnd(children[1]);
            }
        })));
        tail.ForceFlush();

        var expected = traces.Where(t => t.Root.TraceId.ToHexString()[0] < '8').Select(t => t.Root.TraceId.ToHexString()).Order();
        Assert.Equal(expected, spans.Traces.Select(t => t.TraceId).Order());
        Assert.All(spans.Traces, t => Assert.Equal(3, t.Spans.Count));
    }

    // ---- The drawings --------------------------------------------------------------------------------------------

    [Theory]
    [InlineData(0, 10, 0, 0.2775)]        // k = 0: the plain interval would be empty
    [InlineData(10, 10, 0.7225, 1)]
    [InlineData(50, 100, 0.4038, 0.5962)]
    [InlineData(500, 10_000, 0.0459, 0.0545)]
    public void The_confidence_interval_is_Wilsons(int kept, int total, double low, double high)
    {
        var interval = SamplingView.Interval(kept, total);

        Assert.Equal(low, interval.Low, 0.0001);
        Assert.Equal(high, interval.High, 0.0001);
    }

    [Fact]
    public void The_strip_shows_lost_errors_apart_from_dropped_traces()
    {
        var traffic = new Traffic(1_500, seed: 9);
        var outcome = Send(traffic, new TraceIdRatioBasedSampler(0.05));
        var view = SamplingView.Strip(outcome);
        var lost = outcome.ErrorsLost.Count();

        Assert.Contains($"✗ {lost} error, lost", view.ToString());
        Assert.Contains("the first 1,000 of 1,500 requests", view.ToString());
        Assert.Equal(traffic.Requests.Take(1_000).Count(r => outcome.ErrorsLost.Contains(r)), view.ToString().Split('\n')[1..11].Sum(l => l.Count(c => c == '✗')));
        Assert.Contains("class=\"sv-lost\"", view.ToHtml());
        Assert.True(view.ToHtml().Length < 60_000);
    }

    [Fact]
    public void Texts_in_a_drawing_are_encoded()
    {
        var outcome = Send(new Traffic(10, seed: 10), new AlwaysOnSampler(), name: "<b>5%</b>");

        Assert.DoesNotContain("<b>", SamplingView.Strip(outcome).ToHtml() + SamplingView.Compare(outcome).ToHtml() + SamplingView.Shares(("<b>", 0.05, 1, 10)).ToHtml());
        Assert.Contains("10 of 10", outcome.ToString());
    }

    // ---- ---------------------------------------------------------------------------------------------------------

    private static bool HasError(IReadOnlyList<Activity> trace) => trace.Any(s => s.Status == ActivityStatusCode.Error);

    private static SamplingOutcome Send(Traffic traffic, Sampler sampler, SpanRecorder? spans = null, string name = "test") =>
        SendTo(traffic, new SimpleActivityExportProcessor(spans ??= new SpanRecorder()), spans, sampler, name);

    private static SamplingOutcome SendTo(Traffic traffic, BaseProcessor<Activity> processor, SpanRecorder spans, Sampler? sampler = null, string name = "test")
    {
        // Other tests have sources of these names too: what they make is not counted here.
        using (Sdk.CreateTracerProviderBuilder().SetSampler(sampler ?? new AlwaysOnSampler()).AddSource(Services).AddProcessor(new Only(traffic, processor)).Build())
            traffic.Send();
        processor.Shutdown();
        return new SamplingOutcome(name, traffic, spans);
    }

    private static SamplingOutcome Send(Traffic traffic, params Sampler[] samplers)
    {
        var spans = new SpanRecorder();
        var providers = Services.Zip(samplers, (service, sampler) => Sdk.CreateTracerProviderBuilder().SetSampler(sampler).AddSource(service)
            .AddProcessor(new Only(traffic, new SimpleActivityExportProcessor(spans.ForService(service)))).Build()).ToArray();
        traffic.Send();
        Array.ForEach(providers, p => p.Dispose());
        return new SamplingOutcome("test", traffic, spans);
    }

    private sealed class Only(Traffic traffic, BaseProcessor<Activity> next) : BaseProcessor<Activity>
    {
        private readonly HashSet<string> _ids = [.. traffic.Requests.Select(r => r.TraceId)];

        public override void OnEnd(Activity data)
        {
            if (_ids.Contains(data.TraceId.ToHexString()))
                next.OnEnd(data);
        }
    }

    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public void Pass(double seconds) => _now = _now.AddSeconds(seconds);

        public override DateTimeOffset GetUtcNow() => _now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ended spans, made one by one.</summary>
    private sealed class Maker : IDisposable
    {
        private readonly ActivitySource _source = new($"maker {Guid.NewGuid()}");
        private readonly TracerProvider _provider;

        public Maker() => _provider = Sdk.CreateTracerProviderBuilder().AddSource(_source.Name).Build();

        public Activity Root(string name) => End(_source.StartActivity(name)!);

        public Activity Child(Activity parent, string name) => End(_source.StartActivity(name, ActivityKind.Internal, parent.Context)!);

        public void Dispose()
        {
            _provider.Dispose();
            _source.Dispose();
        }

        private static Activity End(Activity activity)
        {
            activity.Stop();
            return activity;
        }
    }
}
