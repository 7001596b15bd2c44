using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using AngleSharp.Html.Parser;
using Google.Protobuf;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using TracingTutorial.Course.Lessons;
using Xunit;

namespace TracingTutorial.Tests;

[CollectionDefinition(nameof(SamplingTests), DisableParallelization = true)] // its sources have the names that the shop's have
[Collection(nameof(SamplingTests))]
public class SamplingTests
{
    private static readonly string[] Services = ["api-gateway", "user-service", "payment-service"];

    /// <summary>A service of another test that still runs would listen to the same sources.</summary>
    public SamplingTests() => Restart.CloseWhatIsLeft();

    // ---- The traffic ---------------------------------------------------------------------------------------------

    [Fact]
    public void Traffic_that_is_recorded_in_full_is_what_it_announces_request_by_request()
    {
        var (traffic, spans) = (new Traffic(2_000, seed: 2), new SpanRecorder());
        var outcome = Send(traffic, new AlwaysOnSampler(), spans);
        var traces = spans.Traces.ToDictionary(t => t.TraceId);

        Assert.Equal((2_000, 0, 0), (outcome.Kept.Count(), outcome.Broken.Count(), outcome.ErrorsLost.Count()));
        Assert.Equal(traffic.Requests.Sum(r => r.Spans), outcome.Spans);
        Assert.All(traffic.Requests, r =>
        {
            var trace = traces[r.TraceId];
            var root = Assert.Single(trace.Roots);
            Assert.Equal((r.Name, r.Spans), (root.Name, trace.Spans.Count));
            Assert.Equal(r.IsSlow, root.Duration > TimeSpan.FromSeconds(1));
            Assert.Equal(r.HasError, trace.Spans.Any(s => s.Status == ActivityStatusCode.Error));
        });
        Assert.Contains(traffic.Requests, r => r.IsSlow);
        Assert.Contains(traffic.Requests, r => r.IsHealthCheck);
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
        // lessons print such numbers
        Assert.Equal((205_890, 1_438, 4, 208_104_387), (Send(one, new AlwaysOnSampler()).Bytes, one.Requests.Sum(r => r.Spans),
            one.Requests.Count(r => r.HasError), one.Duration.Ticks));
    }

    [Fact]
    public void Traffic_leaves_no_source_no_trace_id_generator_and_no_current_activity_behind()
    {
        var (traffic, before) = (new Traffic(20, seed: 5), Sources());
        Send(traffic, new AlwaysOnSampler());

        Assert.Equal(before, Sources());
        Assert.Null(Activity.Current);
        Assert.NotEqual(ActivityTraceId.CreateRandom(), ActivityTraceId.CreateRandom());

        static int Sources()
        {
            var count = 0;
            using var listener = new ActivityListener
            {
                ShouldListenTo = source =>
                {
                    count += Services.Contains(source.Name) ? 1 : 0;
                    return false;
                },
            };
            ActivitySource.AddActivityListener(listener); // is called for every source
            return count;
        }
    }

    [Theory]
    [InlineData(0, 0.1, 0.1)]
    [InlineData(10, -0.1, 0.1)]
    [InlineData(10, 0.1, 0.4)]
    [InlineData(10, double.NaN, 0.1)]
    [InlineData(10, 0.1, 0.1, -0.1)]
    public void Traffic_with_a_number_that_makes_no_sense_is_refused(int requests, double errors, double slow, double late = 0) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Traffic(requests, 1, errors, slow, late));

    [Fact]
    public void The_same_traffic_at_another_time_has_the_same_traces_other_times_and_durations_in_proportion()
    {
        var traffic = new Traffic(200, seed: 16);
        var (now, later) = (traffic.Ended(), traffic.Ended(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero), stretch: 1.5));
        var mine = traffic.Requests.Select(r => r.TraceId).ToHashSet();
        (string, string, double)[] Of(IReadOnlyList<Activity> spans, double stretch) =>
            [.. spans.Where(s => mine.Contains(s.TraceId.ToHexString()))
            .Select(s => (s.TraceId.ToHexString(), s.DisplayName, Math.Round(s.Duration.TotalMilliseconds / stretch, 2))).Order()];

        Assert.Equal(Of(now, 1), Of(later, 1.5));
        Assert.All(later.Where(s => mine.Contains(s.TraceId.ToHexString())), s => Assert.Equal(3, s.StartTimeUtc.Month));
    }

    // ---- What the lesson says about samplers ---------------------------------------------------------------------

    [Fact]
    public void Services_with_ratios_of_their_own_break_traces_parent_based_ones_and_one_shared_ratio_do_not()
    {
        var traffic = new Traffic(2_000, seed: 6);
        var own = Send(traffic, new TraceIdRatioBasedSampler(0.05), new TraceIdRatioBasedSampler(0.2), new TraceIdRatioBasedSampler(0.5));
        var shared = Send(traffic, new TraceIdRatioBasedSampler(0.05));
        var followed = Send(traffic, new ParentBasedSampler(new TraceIdRatioBasedSampler(0.05)),
            new ParentBasedSampler(new AlwaysOnSampler()), new ParentBasedSampler(new AlwaysOnSampler()));

        Assert.NotEmpty(own.Broken);
        Assert.Empty(shared.Broken);
        Assert.Empty(followed.Broken);
        Assert.Equal(shared.Kept, followed.Kept);
        Assert.Equal(shared.Kept, own.Kept.Except(own.Broken)); // a higher ratio keeps all that a lower one keeps
        Assert.NotEmpty(followed.ErrorsLost);
        Assert.InRange(shared.Kept.Count(), 100 - 5 * 10, 100 + 5 * 10); // five standard deviations
    }

    [Fact]
    public void The_bytes_of_an_outcome_are_those_that_the_exporter_sends()
    {
        var (traffic, spans, network) = (new Traffic(300, seed: 11, errors: 0.1), new SpanRecorder(), new Network());
        using var exporter = new OtlpTraceExporter(new OtlpExporterOptions
        {
            Protocol = OtlpExportProtocol.HttpProtobuf,
            Endpoint = new Uri("http://127.0.0.1/v1/traces"),
            HttpClientFactory = () => new HttpClient(network),
        });
        var both = new CompositeProcessor<Activity>([new SimpleActivityExportProcessor(spans),
            new SimpleActivityExportProcessor(exporter)]);

        var outcome = SendTo(traffic, both, spans);

        Assert.Equal(network.Bodies.SelectMany(b => Fields(b, 1)).SelectMany(r => Fields(r, 2)).SelectMany(s => Fields(s, 2))
            .Sum(SizeWithTagAndLength), outcome.Bytes);
        Assert.Equal($"test: kept 300 of 300 traces, {Drawing.Count(outcome.Spans, "span")}, {outcome.Bytes:N0} bytes", outcome.ToString());

        static IEnumerable<byte[]> Fields(byte[] message, int number)
        {
            var input = new CodedInputStream(message);
            while (input.ReadTag() is var tag and not 0)
            {
                if (WireFormat.GetTagFieldNumber(tag) == number)
                    yield return input.ReadBytes().ToByteArray();
                else
                    input.SkipLastField();
            }
        }

        static long SizeWithTagAndLength(byte[] message) => 1 + CodedOutputStream.ComputeLengthSize(message.Length) + message.Length;
    }

    [Theory]
    [InlineData("always_on", null, 1, 1, 1)]
    [InlineData("always_off", null, 0, 0, 0)]
    [InlineData("traceidratio", "0.25", 0.25, 0.25, 0.25)]
    [InlineData("parentbased_always_on", null, 1, 1, 0)]
    [InlineData(null, null, 1, 1, 0)]
    [InlineData("parentbased_always_off", null, 0, 1, 0)]
    [InlineData("parentbased_traceidratio", "0.25", 0.25, 1, 0)]
    public void Each_row_of_the_table_of_samplers_by_configuration_does_what_the_lesson_says(string? sampler, string? argument,
        double roots, double belowSampled, double belowDropped)
    {
        using var source = new ActivitySource($"configured {Guid.NewGuid()}");
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["OTEL_TRACES_SAMPLER"] = sampler,
            ["OTEL_TRACES_SAMPLER_ARG"] = argument
        }).Build();
        using var provider = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(settings)).AddSource(source.Name).Build();

        Assert.Equal(roots, Share(null), 0.05);
        Assert.Equal(belowSampled, Share(ActivityTraceFlags.Recorded), 0.05);
        Assert.Equal(belowDropped, Share(ActivityTraceFlags.None), 0.05);

        double Share(ActivityTraceFlags? parent) => Enumerable.Range(0, 2_000).Count(_ =>
        {
            Activity.Current = null;
            using var span = source.StartActivity("span", ActivityKind.Server, parent is { } flags
                ? new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), flags, null, true) : default);
            return span?.Recorded == true;
        }) / 2_000.0;
    }

    [Fact]
    public void A_sampler_set_in_code_wins_over_the_configuration()
    {
        using var source = new ActivitySource($"configured {Guid.NewGuid()}");
        var settings = new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?> { ["OTEL_TRACES_SAMPLER"] = "always_on" }).Build();
        using var provider = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(settings)).SetSampler(new AlwaysOffSampler())
            .AddSource(source.Name).Build();

        Activity.Current = null;
        using var span = source.StartActivity("span");
        Assert.False(span?.Recorded);
    }

    [Fact]
    public void RecordOnly_and_a_processor_that_sets_the_flag_lose_no_error_and_break_its_trace()
    {
        var (traffic, spans) = (new Traffic(3_000, seed: 13), new SpanRecorder());
        var outcome = SendTo(traffic, new CompositeProcessor<Activity>([new SetFlag(), new SimpleActivityExportProcessor(spans)]), spans,
            new Always(SamplingDecision.RecordOnly));

        Assert.Empty(outcome.ErrorsLost);
        Assert.Equal(traffic.Requests.Where(r => r.HasError), outcome.Broken);
        Assert.All(spans.Spans, s => Assert.Equal(ActivityStatusCode.Error, s.Status));
    }

    private sealed class Always(SamplingDecision decision) : Sampler
    {
        public override SamplingResult ShouldSample(in SamplingParameters parameters) => new(decision);
    }

    private sealed class SetFlag : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data)
        {
            if (data.Status == ActivityStatusCode.Error)
                data.ActivityTraceFlags |= ActivityTraceFlags.Recorded;
        }
    }

    // ---- The tail sampler ----------------------------------------------------------------------------------------

    [Fact]
    public void The_tail_sampler_that_is_tested_here_is_that_of_the_lesson()
    {
        var cell = DibReader.Load(HostRunner.Lesson("09-tail-sampling.dib")).Code.Single(c =>
            c.Source.StartsWith("sealed class TailSampler(", StringComparison.Ordinal)).Source;

        Assert.EndsWith($"\ninternal {cell}\n", File.ReadAllText(Path.Combine(HostRunner.Root, "tests", "Tests", "TailSampler.cs"))
            .ReplaceLineEndings("\n"));
    }

    [Fact]
    public void A_root_longer_than_the_wait_is_decided_without_it_and_counted_and_so_is_its_error()
    {
        using var make = new Maker();
        var (clock, spans) = (new Clock(), new SpanRecorder());
        using var tail = new TailSampler(spans, HasError, clock);
        var root = make.Root("import", fails: true);

        tail.OnStart(root);
        tail.OnEnd(make.Child(root, "read file"));
        clock.Pass(31);
        Assert.Equal((1, 1, 0, 0), (tail.DecidedWithoutRoot, tail.TracesDropped, tail.DecidedEarly, tail.LateErrorsDropped));
        tail.OnEnd(make.Child(root, "write rows"));
        tail.OnEnd(root);

        Assert.Equal((0, 2, 1), (spans.Count, tail.LateSpansDropped, tail.LateErrorsDropped));
    }

    [Fact]
    public void An_error_after_the_decision_is_counted_and_a_late_span_that_went_well_is_not()
    {
        using var make = new Maker();
        var (clock, spans) = (new Clock(), new SpanRecorder());
        using var tail = new TailSampler(spans, HasError, clock);
        var (order, kept) = (make.Root("order"), make.Root("kept", fails: true));
        tail.OnEnd(order);
        tail.OnEnd(kept);
        clock.Pass(6);

        tail.OnEnd(make.Child(order, "send receipt"));
        Assert.Equal((1, 0), (tail.LateSpansDropped, tail.LateErrorsDropped));
        tail.OnEnd(make.Child(order, "send receipt", fails: true));
        tail.OnEnd(make.Child(kept, "send receipt", fails: true));

        Assert.Equal((2, 1, 1, 0), (tail.LateSpansDropped, tail.LateErrorsDropped, tail.LateSpansKept, tail.DecidedWithoutRoot));
        Assert.Equal(["kept", "send receipt"], spans.Spans.Select(s => s.Name));
    }

    [Fact]
    public void A_service_behind_another_one_does_not_wait_for_a_root_that_it_cannot_have()
    {
        using var make = new Maker();
        var (clock, spans) = (new Clock(), new SpanRecorder());
        using var tail = new TailSampler(spans, HasError, clock);
        var server = make.Remote("GET /users/{id}", fails: true);

        tail.OnStart(server);
        tail.OnEnd(make.Child(server, "SELECT users"));
        clock.Pass(6);
        Assert.Equal((0, 1), (spans.Count, tail.Held)); // it runs, so the trace is not over
        tail.OnEnd(server);
        clock.Pass(4);
        Assert.Equal(1, tail.Held);
        clock.Pass(1);

        Assert.Equal((2, 0, 0), (spans.Count, tail.Held, tail.DecidedWithoutRoot));
    }

    [Fact]
    public void Where_the_root_is_in_the_same_process_a_remote_parent_does_not_end_the_trace()
    {
        using var make = new Maker();
        var (clock, spans) = (new Clock(), new SpanRecorder());
        using var tail = new TailSampler(spans, HasError, clock);
        var root = make.Root("GET /profile/{id}", fails: true);
        var (users, payments) = (make.Remote("GET /users/{id}", root), make.Remote("GET /payments/{user}", root));
        foreach (var span in new[] { root, users, payments })
            tail.OnStart(span);

        tail.OnEnd(users);
        tail.OnEnd(payments);
        clock.Pass(20);
        Assert.Equal(1, tail.Held); // the root still runs
        tail.OnEnd(root);
        clock.Pass(6);

        Assert.Equal((3, 1, 0), (spans.Count, tail.TracesKept, tail.DecidedWithoutRoot));
    }

    [Fact]
    public void Spans_that_never_end_do_not_fill_the_memory_of_those_that_run()
    {
        using var make = new Maker();
        using var tail = new TailSampler(new SpanRecorder(), _ => false, new Clock()) { MaxDecisions = 3 };
        foreach (var span in Enumerable.Range(0, 100).Select(i => make.Root($"{i}")).ToArray())
            tail.OnStart(span);

        tail.OnEnd(make.Remote("one that was forgotten"));
        tail.ForceFlush();
        Assert.Equal((1, 0), (tail.TracesDropped, tail.DecidedWithoutRoot));
    }

    [Theory]
    [InlineData(1, 1)] // there is memory for them: the trace is not over while one of its two spans runs
    [InlineData(100, 0)] // what was known of the trace had to be forgotten, so it is decided without the span that still runs
    public void How_many_running_spans_are_remembered_has_a_bound(int others, int held)
    {
        using var make = new Maker();
        var clock = new Clock();
        using var tail = new TailSampler(new SpanRecorder(), _ => false, clock) { MaxDecisions = 3 };
        var users = make.Remote("GET /users/{id}");
        foreach (var span in (Activity[])[users, make.Remote("GET /payments/{user}", users),
            .. Enumerable.Range(0, others).Select(i => make.Root($"never ends {i}"))])
            tail.OnStart(span);

        tail.OnEnd(users);
        clock.Pass(6);

        Assert.Equal(held, tail.Held);
    }

    [Fact]
    public void Errors_that_come_late_are_in_the_traffic_and_each_that_is_lost_is_counted()
    {
        var (traffic, spans) = (new Traffic(3_000, seed: 14, late: 0.02), new SpanRecorder());
        var tail = new TailSampler(spans, HasError, traffic.Clock);

        var outcome = SendTo(traffic, tail, spans);

        Assert.Equal((tail.LateErrorsDropped, 0, 0), (outcome.ErrorsLost.Count(), tail.DecidedEarly, outcome.Broken.Count()));
        var exports = traffic.Requests.Count(r => r.Name == "GET /profile/{id}/export");
        Assert.InRange(exports, 15, 50);
        Assert.Equal(exports, tail.DecidedWithoutRoot);
        Assert.InRange(tail.LateErrorsDropped - exports, 10, 50); // the receipts
        Assert.InRange(tail.LateSpansDropped - tail.LateErrorsDropped, 5, 200); // late, and well
    }

    [Fact]
    public void A_service_of_its_own_holds_its_traces_for_seconds_and_not_for_half_a_minute()
    {
        var (traffic, spans) = (new Traffic(2_000, seed: 15), new SpanRecorder());
        var tail = new TailSampler(spans, _ => true, traffic.Clock);
        using (Sdk.CreateTracerProviderBuilder().SetSampler(new AlwaysOnSampler()).AddSource("api-gateway", "payment-service").Build())
        using (Sdk.CreateTracerProviderBuilder().SetSampler(new AlwaysOnSampler()).AddSource("user-service")
            .ConfigureResource(r => r.AddService("user-service")).AddProcessor(new Only(traffic, tail)).Build())
            traffic.Send();
        tail.Shutdown();

        Assert.Equal(0, tail.DecidedWithoutRoot);
        Assert.Equal(traffic.Requests.Count(r => !r.IsHealthCheck), tail.TracesKept);
        Assert.InRange(tail.MostHeld, 20, 130); // a thousand a minute: 85 in 5 seconds, 500 in 30
    }

    [Fact]
    public void What_a_tail_sampler_exports_has_the_resource_of_its_provider()
    {
        using var source = new ActivitySource($"resource {Guid.NewGuid()}");
        var spans = new SpanRecorder();
        using (Sdk.CreateTracerProviderBuilder().AddSource(source.Name).ConfigureResource(r => r.AddService("shop"))
            .AddProcessor(new TailSampler(spans, _ => true, new Clock())).Build())
            source.StartActivity("root")!.Dispose();

        Assert.Equal("shop", Assert.Single(spans.Spans).ServiceName);
    }

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
    public void Time_alone_decides_when_no_more_spans_come()
    {
        using var make = new Maker();
        var (clock, spans) = (new Clock(), new SpanRecorder());
        using var tail = new TailSampler(spans, _ => true, clock);
        tail.OnEnd(make.Root("alone"));

        clock.Pass(4.9);
        Assert.Equal(0, spans.Count);
        clock.Pass(1);
        Assert.Equal(1, spans.Count);
    }

    [Fact]
    public void A_flush_decides_what_is_held_and_a_shutdown_stops_the_clock_besides()
    {
        using var make = new Maker();
        var (clock, spans) = (new Clock(), new SpanRecorder());
        var tail = new TailSampler(spans, _ => true, clock);
        tail.OnEnd(make.Root("flushed"));
        Assert.True(tail.ForceFlush());
        Assert.Equal((1, 1), (spans.Count, clock.Timers));

        tail.OnEnd(make.Root("shut down"));
        Assert.True(tail.Shutdown());
        Assert.Equal(["flushed", "shut down"], spans.Spans.Select(s => s.Name));
        Assert.Equal(0, clock.Timers);
        tail.Dispose();
    }

    [Fact]
    public void A_tail_sampler_that_is_disposed_or_left_behind_by_the_last_run_has_no_timer()
    {
        var clock = new Clock();
        var tail = new TailSampler(new SpanRecorder(), _ => true, clock);

        Assert.True(Restart.Closes(tail));
        Assert.Equal(1, clock.Timers);
        tail.Dispose();
        Assert.Equal(0, clock.Timers);
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
    public void A_policy_that_starts_a_span_is_asked_once_and_its_span_is_not_recorded()
    {
        using var source = new ActivitySource($"policy {Guid.NewGuid()}");
        var (spans, asked) = (new SpanRecorder(), 0);
        var tail = new TailSampler(spans, _ =>
        {
            using var own = ++asked < 100 ? source.StartActivity("the policy's own") : null; // 100: a failing test must end
            return true;
        }, new Clock());
        using (var provider = Sdk.CreateTracerProviderBuilder().AddSource(source.Name).AddProcessor(tail).Build())
        {
            Activity.Current = null;
            source.StartActivity("root")!.Dispose();
            provider.ForceFlush();
            source.StartActivity("after the decision")!.Dispose();
        }

        Assert.Equal(["root", "after the decision"], spans.Spans.Select(s => s.Name));
        Assert.Equal((2, 2), (asked, tail.TracesKept));
    }

    [Fact]
    public async Task Many_threads_lose_no_span_and_split_no_trace()
    {
        using var make = new Maker();
        var spans = new SpanRecorder();
        using var tail = new TailSampler(spans, t => t[0].TraceId.ToHexString()[0] < '8', new Clock()) { MaxTraces = 50 };
        var traces = Enumerable.Range(0, 2_000).Select(_ => make.Root("root"))
            .Select(r => (Root: r, Children: new[] { make.Child(r, "a"), make.Child(r, "b") })).ToArray();

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
    [InlineData(0, 10, 0, 0.2775)] // k = 0: the plain interval would be empty
    [InlineData(10, 10, 0.7225, 1)]
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
        Assert.Equal(traffic.Requests.Take(1_000).Count(r => outcome.ErrorsLost.Contains(r)),
            view.ToString().Split('\n')[1..11].Sum(l => l.Count(c => c == '✗')));
        Assert.Equal(1_000, new HtmlParser().ParseDocument(view.ToHtml()).QuerySelectorAll(".sv > svg path")
            .Sum(p => p.GetAttribute("d")!.Count(c => c == 'M')));
    }

    [Fact]
    public void Strip_shares_and_comparison_are_drawn_in_every_culture_alike()
    {
        var traffic = new Traffic(250, seed: 12, errors: 0.1);
        var everything = Send(traffic, name: "everything", sampler: new AlwaysOnSampler());
        var own = Send(traffic, new TraceIdRatioBasedSampler(0.1), new TraceIdRatioBasedSampler(0.3), new TraceIdRatioBasedSampler(0.5));
        SamplingView Shares() => SamplingView.Shares(("100 traces", 0.05, 3, 100), ("10,000 traces", 0.05, 512, 10_000),
            ("none", 0.05, 0, 0), ("unknown", double.NaN, 1, 10));

        Drawings.Matches("sampling-strip.txt", SamplingView.Strip(own).ToString());
        Drawings.Matches("sampling-strip.html", Views.Readable(SamplingView.Strip(own)));
        Drawings.Matches("sampling-shares.txt", Shares().ToString());
        Drawings.Matches("sampling-shares.html", Views.Readable(Shares()));
        Drawings.Matches("sampling-comparison.txt", SamplingView.Compare(everything, own).ToString());
        Drawings.Matches("sampling-comparison.html", Views.Readable(SamplingView.Compare(everything, own)));
        AnyCulture.DrawsTheSame(() => SamplingView.Strip(own));
        AnyCulture.DrawsTheSame(Shares);
        AnyCulture.DrawsTheSame(() => SamplingView.Compare(everything, own));
        AnyCulture.Gives(own.ToString(), own.ToString);
    }

    [Fact]
    public void Nothing_to_draw_is_said_and_no_number_that_is_none_gets_into_a_picture()
    {
        Assert.Equal("No strategy to compare.", SamplingView.Compare().ToString());
        Assert.Contains("No strategy to compare.", SamplingView.Compare().ToHtml());
        Assert.Equal("No share to draw.", SamplingView.Shares().ToString());
        Assert.Contains("No share to draw.", SamplingView.Shares().ToHtml());

        var view = SamplingView.Shares(("none", 0.05, 0, 0), ("unknown", double.NaN, 1, 10), ("endless", double.PositiveInfinity, 1, 10));
        Assert.DoesNotContain("NaN", view.ToHtml() + view);
        Assert.DoesNotContain("∞", view.ToHtml() + view);
        Assert.DoesNotContain("<circle", view.ToHtml());
        Assert.Contains("measured nothing", view.ToString());
    }

    [Fact]
    public void A_label_is_only_text_and_a_long_one_is_cut()
    {
        var name = "<b>5%</b>\u001b[31m" + new string('x', 1_000_000);
        var outcome = Send(new Traffic(10, seed: 10), new AlwaysOnSampler(), name: name);

        foreach (var view in new[] { SamplingView.Strip(outcome), SamplingView.Compare(outcome), SamplingView.Shares((name, 0.05, 1, 10)) })
        {
            Assert.DoesNotContain("<b>", view.ToHtml());
            Assert.DoesNotContain('\u001b', view.ToHtml() + view);
            Assert.InRange(view.ToHtml().Length + view.ToString().Length, 1, 20_000);
        }
    }

    // ---- ---------------------------------------------------------------------------------------------------------

    private static bool HasError(IReadOnlyList<Activity> trace) => trace.Any(s => s.Status == ActivityStatusCode.Error);

    private static SamplingOutcome Send(Traffic traffic, Sampler sampler, SpanRecorder? spans = null, string name = "test") =>
        SendTo(traffic, new SimpleActivityExportProcessor(spans ??= new SpanRecorder()), spans, sampler, name);

    private static SamplingOutcome SendTo(Traffic traffic, BaseProcessor<Activity> processor, SpanRecorder spans, Sampler? sampler = null,
        string name = "test")
    {
        // Other tests have sources of these names too: what they make is not counted here.
        using (Sdk.CreateTracerProviderBuilder().SetSampler(sampler
            ?? new AlwaysOnSampler()).AddSource(Services).AddProcessor(new Only(traffic, processor)).Build())
            traffic.Send();
        processor.Shutdown();
        return new SamplingOutcome(name, traffic, spans);
    }

    private static SamplingOutcome Send(Traffic traffic, params Sampler[] samplers)
    {
        var spans = new SpanRecorder();
        var providers = Services.Zip(samplers, (service, sampler) => Sdk.CreateTracerProviderBuilder().SetSampler(sampler)
            .AddSource(service)
            .AddProcessor(new Only(traffic, new SimpleActivityExportProcessor(spans.ForService(service)))).Build()).ToArray();
        traffic.Send();
        Array.ForEach(providers, p => p.Dispose());
        return new SamplingOutcome("each service its own ratio", traffic, spans);
    }

    private sealed class Only(Traffic traffic, BaseProcessor<Activity> next) : BaseProcessor<Activity>
    {
        private readonly HashSet<string> _ids = [.. traffic.Requests.Select(r => r.TraceId)];

        public override void OnEnd(Activity data)
        {
            if (_ids.Contains(data.TraceId.ToHexString()))
                next.OnEnd(data);
        }

        public override void OnStart(Activity data)
        {
            if (_ids.Contains(data.TraceId.ToHexString()))
                next.OnStart(data);
        }
    }

    /// <summary>Takes what an exporter sends.</summary>
    private sealed class Network : HttpMessageHandler
    {
        public List<byte[]> Bodies { get; } = [];

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancel)
        {
            var body = new MemoryStream();
            request.Content!.CopyTo(body, null, cancel);
            Bodies.Add(body.ToArray());
            return new HttpResponseMessage(HttpStatusCode.OK);
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel) =>
            Task.FromResult(Send(request, cancel));
    }

    /// <summary>Time that passes when a test says so; timers ring then.</summary>
    private sealed class Clock : TimeProvider
    {
        private readonly List<Timer> _timers = [];
        private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        /// <summary>Those that were not disposed.</summary>
        public int Timers => _timers.Count;

        public void Pass(double seconds)
        {
            _now = _now.AddSeconds(seconds);
            _timers.ForEach(t => t.Ring());
        }

        public override DateTimeOffset GetUtcNow() => _now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(this, () => callback(state));
            _timers.Add(timer);
            return timer;
        }

        private sealed class Timer(Clock clock, Action ring) : ITimer
        {
            public void Ring() => ring();

            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose() => clock._timers.Remove(this);

            public ValueTask DisposeAsync()
            {
                Dispose();
                return default;
            }
        }
    }

    /// <summary>Ended spans, made one by one.</summary>
    private sealed class Maker : IDisposable
    {
        private readonly ActivitySource _source = new($"maker {Guid.NewGuid()}");
        private readonly TracerProvider _provider;

        public Maker() => _provider = Sdk.CreateTracerProviderBuilder().AddSource(_source.Name).Build();

        public Activity Root(string name, bool fails = false) => End(_source.StartActivity(name)!, fails);

        public Activity Child(Activity parent, string name, bool fails = false) =>
            End(_source.StartActivity(name, ActivityKind.Internal, parent.Context)!, fails);

        /// <summary>
        /// A span whose parent came in a header: a parent that nobody here knows, or one in another service of this process.
        /// </summary>
        public Activity Remote(string name, Activity? parent = null, bool fails = false) =>
            End(_source.StartActivity(name, ActivityKind.Server,
            new ActivityContext(parent?.TraceId ?? ActivityTraceId.CreateRandom(), parent?.SpanId
                ?? ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, null, isRemote: true))!, fails);

        public void Dispose()
        {
            _provider.Dispose();
            _source.Dispose();
        }

        private static Activity End(Activity activity, bool fails)
        {
            if (fails)
                activity.SetStatus(ActivityStatusCode.Error);
            activity.Stop();
            return activity;
        }
    }
}
