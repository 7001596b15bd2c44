using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Trace;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Why is my span missing? Each cause that the view names is caused here, and what it hears changes nothing.</summary>
[Collection(nameof(NotParallel))]
public sealed class MissingSpanTests : IDisposable
{
    private static readonly ActivityContext SampledElsewhere = Remote(ActivityTraceFlags.Recorded);
    private static readonly ActivityContext NotSampledElsewhere = Remote(ActivityTraceFlags.None);

    private readonly ActivitySource _source = new("shop.checkout");
    private readonly SpanRecorder _spans = new();

    public MissingSpanTests()
    {
        Activity.Current = null;
        ActivityObserver.Listen();
    }

    public void Dispose()
    {
        ActivityObserver.Stop();
        _source.Dispose();
        Activity.Current = null;
    }

    [Fact]
    public void Nobody_listens()
    {
        Assert.Null(_source.StartActivity("charge card"));

        Says("""The source "shop.checkout" exists, but no provider listens to it: write AddSource("shop.checkout").""");
    }

    [Theory]
    [InlineData("shop.checkuot")]
    [InlineData("shop-checkout")]
    [InlineData("checkout")]
    [InlineData("shop.checkouts")]
    [InlineData("charge card")] // the name of the span in place of that of the source
    public void A_name_that_no_source_has(string name)
    {
        using (Provider(name))
            Assert.Null(_source.StartActivity("charge card"));

        Says($"""A provider listens to "{name}", but no source has that name: write AddSource("shop.checkout").""");
    }

    [Theory]
    [InlineData("shop.stock")]
    [InlineData("other")]
    public void A_name_that_somebody_else_has_or_that_is_far_away_is_not_blamed(string name)
    {
        using var other = new ActivitySource("shop.stock");
        using (Provider(name))
            Assert.Null(_source.StartActivity("charge card"));

        Says("""The source "shop.checkout" exists, but no provider listens to it: write AddSource("shop.checkout").""");
    }

    [Fact]
    public void A_name_that_goes_on_where_another_one_ends_is_no_misspelling()
    {
        using (Provider("shop"))
            Assert.Null(_source.StartActivity("charge card"));
        Says("""
            The source "shop.checkout" exists, but no provider listens to it: write AddSource("shop.checkout"). AddSource("shop")
            listens to a source of just that name, AddSource("shop.*") to its family.
            """);

        // A plug-in that is not loaded: the provider listens to the span's source too, and nothing is missing.
        using (Provider("shop.checkout", "shop.checkout.plugins", "shop.checkuot"))
            _source.StartActivity("pack")!.Dispose();
        Says("""
            "pack" was recorded and has ended: look whether the provider you look at has AddSource("shop.checkout"). A batch
            waits five seconds, or for ForceFlush.
            """, "pack");
    }

    [Fact]
    public void A_misspelling_of_one_provider_is_not_one_of_another()
    {
        using (Provider("shop.checkout", "shop.checkuot")) // the first hears the span
        using (Provider("shop.stock.plugins"))              // the second one has nothing to do with it
            _source.StartActivity("charge card")!.Dispose();

        Assert.DoesNotContain("no source has", Said());
    }

    [Fact]
    public async Task A_name_that_a_handler_sets_is_written_over_by_the_instrumentation_and_both_names_lead_to_the_span()
    {
        using var provider = Sdk.CreateTracerProviderBuilder().AddAspNetCoreInstrumentation().AddSource("shop.checkout")
            .AddProcessor(new SimpleActivityExportProcessor(_spans)).Build();
        await RequestAsync(() => Activity.Current!.DisplayName = "export invoices");

        Assert.Equal("GET /jobs/{id}", Assert.Single(_spans.Spans).Name);
        Assert.StartsWith("""
            Nothing has requested "export invoices". If your code gave this name to a span of ASP.NET Core, it was written
            over: "Microsoft.AspNetCore.Hosting.HttpRequestIn" ended as "GET /jobs/{id}". The instrumentation sets the name
            at the end of a request. Start a span of your own for this work, or set the name in EnrichWithHttpResponse.
            Otherwise run the code that calls StartActivity("export invoices").
            """.ReplaceLineEndings(" "), Said("export invoices"), StringComparison.Ordinal);
        foreach (var name in new[] { "GET /jobs/{id}", "Microsoft.AspNetCore.Hosting.HttpRequestIn" })
        {
            Says("""
                "Microsoft.AspNetCore.Hosting.HttpRequestIn" was recorded and has ended, and is drawn as "GET /jobs/{id}": look
                whether the provider you look at has AddSource("Microsoft.AspNetCore"). A batch waits five seconds, or for
                ForceFlush.
                """, name);
        }

        // A span below it started or ended while the name was there: then it was heard.
        await RequestAsync(() =>
        {
            Activity.Current!.DisplayName = "export orders";
            _source.StartActivity("charge card")!.Dispose();
        });
        Assert.StartsWith("""
            A span "Microsoft.AspNetCore.Hosting.HttpRequestIn" was called "export orders" for a while; the last one ended as "GET /jobs/{id}". The instrumentation sets
            """.Trim(), Said("export orders"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_advice_against_a_name_that_is_written_over_helps()
    {
        using var provider = Sdk.CreateTracerProviderBuilder().AddSource("shop.checkout")
            .AddAspNetCoreInstrumentation(o => o.EnrichWithHttpResponse = (activity, _) => activity.DisplayName = "export invoices")
            .AddProcessor(new SimpleActivityExportProcessor(_spans)).Build();
        await RequestAsync(() => _source.StartActivity("export orders")!.Dispose());

        Assert.Equal(["export orders", "export invoices"], _spans.Spans.Select(s => s.Name));
    }

    [Theory]
    [InlineData(true, """
        "charge card" is below "Microsoft.AspNetCore.Hosting.HttpRequestIn", which ASP.NET Core made with new Activity(…), as it does when its source has no listener, and which is not sampled: write AddSource("Microsoft.AspNetCore").
        """)]
    [InlineData(false, null)]
    public async Task ASP_NET_Core_makes_its_activity_without_a_source_only_when_nobody_listens_and_logging_is_on(bool logging,
        string? said)
    {
        using var provider = Provider("shop.checkout");
        await RequestAsync(() => _source.StartActivity("charge card")?.Dispose(), logging);

        if (said is null)
            Assert.StartsWith("\"charge card\" was recorded and has ended", Said(), StringComparison.Ordinal);
        else
            Says(said.Trim());
        Assert.StartsWith(
            "The source \"Microsoft.AspNetCore\" exists, but no provider listens to it: write AddSource(\"Microsoft.AspNetCore\").",
            Said("Microsoft.AspNetCore.Hosting.HttpRequestIn"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_library_starts_is_explained_without_StartActivity()
    {
        using var hosting = new ActivitySource("Microsoft.AspNetCore");
        const string Name = "Microsoft.AspNetCore.Hosting.HttpRequestIn";
        Assert.Contains("ASP.NET Core starts it for each request: send one.", Said(Name));
        Assert.Contains("a request gets such a name at its end", Said("GET /jobs/{id}"));

        Activity span;
        using (Provider("Microsoft.AspNetCore"))
        {
            span = hosting.StartActivity(Name)!;
            Assert.EndsWith("has not ended: ASP.NET Core ends it, when the request has ended; wait for that.", Said(Name),
                StringComparison.Ordinal);
        }

        span.Dispose();
        Assert.EndsWith("ended after its provider was disposed: dispose the provider last.", Said(Name), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_receiver_did_not_take_is_said()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using (Sdk.CreateTracerProviderBuilder().AddSource("shop.checkout")
            .AddOtlpExporter(o => (o.Endpoint, o.Protocol) = (receiver.Endpoint, OtlpExportProtocol.HttpProtobuf)).Build())
            _source.StartActivity("charge card")!.Dispose();

        Assert.Contains("A receiver did not take what was sent to it: POST / 404", Said());
        using (Sdk.CreateTracerProviderBuilder().AddSource("shop.checkout")
            .AddOtlpExporter(o => (o.Endpoint, o.Protocol) = (receiver.TracesEndpoint, OtlpExportProtocol.HttpProtobuf)).Build())
            _source.StartActivity("charge card")!.Dispose();
        Assert.DoesNotContain("did not take", Said());
    }

    // A server that answers one request, and the client makes no span of its own.
    private static async Task RequestAsync(Action handle, bool logging = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (logging)
            builder.Logging.AddProvider(new Quiet());
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/jobs/{id}", (int id) =>
        {
            handle();
            return "done";
        });
        await app.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });
        await client.GetStringAsync($"{app.Urls.First()}/jobs/7");
        await app.StopAsync();
    }

    private sealed class Quiet : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;
        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? e, Func<TState, Exception?, string> text) { }
        public void Dispose() { }
    }

    [Theory]
    [InlineData("SHOP.Checkout")]
    [InlineData("shop.*")]
    [InlineData("*")]
    public void Another_case_and_a_star_are_heard(string name)
    {
        using (Provider(name))
            _source.StartActivity("charge card")!.Dispose();

        Assert.Equal(1, _spans.Count);
        Says("""
            "charge card" was recorded and has ended: look whether the provider you look at has
            AddSource("shop.checkout"). A batch waits five seconds, or for ForceFlush.
            """);
    }

    [Fact]
    public void Two_providers_one_with_a_misspelt_name()
    {
        using (Provider("shop.checkout"))
        using (Provider("shop.checkuot"))
            _source.StartActivity("charge card")!.Dispose();

        Says("""
            "charge card" was recorded and has ended, but not for a provider that listens to "shop.checkuot": no source has
            that name. If you look there, write AddSource("shop.checkout").
            """);
    }

    [Fact]
    public void Lesson_1_breaks_it_by_a_misspelt_name_after_an_early_span_and_mends_it()
    {
        _source.StartActivity("charge card");
        using var first = Provider("shop.checkout");
        using (Provider("shop.checkuot"))
            _source.StartActivity("charge card")!.Dispose();

        Says("""
            1 of 2 times, "charge card" was requested before a provider listened to "shop.checkout": build the provider
            first.
            "charge card" was recorded and has ended, but not for a provider that listens to "shop.checkuot": no source has
            that name. If you look there, write AddSource("shop.checkout").
            """);

        using (Provider("shop.checkout"))
            _source.StartActivity("charge card")!.Dispose();
        Assert.DoesNotContain("checkuot", Said());
    }

    [Fact]
    public void One_of_two_providers_that_is_disposed_is_not_the_end()
    {
        using (Provider("shop.checkout"))
        {
            Provider("shop.checkout").Dispose();
            _source.StartActivity("charge card")!.Dispose();
            Assert.Contains("was recorded and has ended", Said());
        }
    }

    [Fact]
    public void Asked_before_the_provider_was_built()
    {
        var early = _source.StartActivity("charge card");
        using (Provider("shop.checkout"))
        {
            early?.Dispose();
            Says("\"charge card\" was requested before a provider listened to \"shop.checkout\": build the provider first.");
            _source.StartActivity("other")?.Dispose();
        }

        // Also when that provider has gone.
        Says("\"charge card\" was requested before a provider listened to \"shop.checkout\": build the provider first.");
    }

    [Fact]
    public void Asked_after_the_provider_was_disposed()
    {
        using (Provider("shop.checkout"))
            _source.StartActivity("charge card")!.Dispose();
        Assert.Null(_source.StartActivity("charge card"));

        Says("""
            1 of 2 times, "charge card" was requested after the provider for "shop.checkout" was disposed: dispose it last.
            """);
    }

    [Fact]
    public void A_provider_that_came_or_went_unseen_has_two_possible_causes()
    {
        using var other = new ActivitySource("shop.stock");
        using (Provider("shop.checkout", "shop.stock"))
            other.StartActivity("look")!.Dispose();
        Assert.Null(_source.StartActivity("charge card"));

        Says("""
            "charge card" was requested when no provider listened to "shop.checkout": it was built later, or
            disposed before. Build it first, and dispose it last.
            """);
    }

    [Fact]
    public void Never_ended()
    {
        using (Provider("shop.checkout"))
        {
            _source.StartActivity("charge card")!.Dispose();
            _source.StartActivity("charge card");
            Says("""
                1 of 2 times, "charge card" was started and has not ended: put using in front of it, since a span is exported
                when it ends.
                """);
        }

        Says("""
            1 of 2 times, "charge card" was started and has not ended, and its provider is gone: put using in front of it,
            since a span is exported when it ends, and dispose the provider last.
            """);
    }

    [Fact]
    public void Ended_after_the_provider_was_disposed()
    {
        Activity span;
        using (Provider("shop.checkout"))
            span = _source.StartActivity("charge card")!;
        span.Dispose();

        Assert.Equal(0, _spans.Count);
        Says("\"charge card\" ended after its provider was disposed: end the span first.");
    }

    [Fact]
    public void Below_an_activity_that_no_source_made()
    {
        using var provider = Provider("shop.checkout");
        using var library = new Activity("call").Start();
        Assert.Null(_source.StartActivity("charge card"));

        Says("""
            "charge card" is below "call", which was made with new Activity(…) and is not sampled: give that one a
            source, or set Activity.Current = null before you start yours.
            """);
    }

    [Fact]
    public void Below_a_span_that_the_sampler_did_not_choose()
    {
        using var provider = Provider(b => b.SetSampler(new ParentBasedSampler(new AlwaysOffSampler())), "shop.checkout");
        using (_source.StartActivity("page"))
        {
            Assert.Null(_source.StartActivity("charge card"));
        }

        Says("\"charge card\" is below \"page\", which the sampler did not choose, and its children follow: change SetSampler.");
        Says("\"page\" was started, but the sampler did not choose it: SetSampler(new AlwaysOnSampler()) keeps all.", "page");
    }

    [Fact]
    public void Below_a_context_that_was_passed_by_hand_without_flags()
    {
        using var provider = Provider("shop.checkout");
        Assert.Null(_source.StartActivity("charge card", ActivityKind.Internal,
            new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.None)));

        Says("\"charge card\" was given a parent context with flags 00 that is not remote: pass the flags on, and isRemote: true.");
    }

    [Fact]
    public void A_remote_parent_with_flags_00_and_what_is_below_it()
    {
        using var provider = Provider("shop.checkout");
        using (var page = _source.StartActivity("page", ActivityKind.Server, NotSampledElsewhere))
        {
            Assert.False(page!.Recorded);
            Assert.Null(_source.StartActivity("charge card"));
        }

        Says("""
            "page" has a parent from outside with flags 00, not sampled, and the sampler follows it: sample at the caller,
            or set a sampler here that does not follow.
            """, "page");
        Says("""
            "charge card" is below "page", whose parent came from outside with flags 00, not sampled, and the sampler
            follows it: sample at the caller, or set a sampler here that does not follow.
            """);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_unsampled_parent_is_not_blamed_where_the_sampler_does_not_follow(bool remote)
    {
        using var provider = Provider(b => b.SetSampler(new AlwaysOnSampler()), "shop.checkout");
        var parent = remote
            ? NotSampledElsewhere
            : new ActivityContext(NotSampledElsewhere.TraceId, NotSampledElsewhere.SpanId, ActivityTraceFlags.None);
        _source.StartActivity("charge card", ActivityKind.Server, parent)!.Dispose();

        Assert.Equal(1, _spans.Count);
        Assert.StartsWith("\"charge card\" was recorded and has ended: ", Said(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sampler")]
    [InlineData("suppressed")]
    [InlineData("created")]
    public void No_span_came_although_its_parent_is_recorded(string cause)
    {
        using var provider = Provider(b => b.SetSampler(new Sampled(p => cause != "sampler" || p.Name != "charge card")), "shop.checkout");
        using (_source.StartActivity("page"))
        using (cause == "suppressed" ? SuppressInstrumentationScope.Begin() : null)
        {
            if (cause == "created")
                Assert.NotNull(_source.CreateActivity("charge card", ActivityKind.Internal));
            else
                Assert.Null(_source.StartActivity("charge card"));
        }

        Says("""
            "charge card" was requested, a provider listened, and no span started: the sampler dropped it (look at
            SetSampler), instrumentation was suppressed, or it was made with CreateActivity and never started.
            """);
    }

    [Fact]
    public void Two_causes_for_one_name_are_both_said()
    {
        Assert.Null(_source.StartActivity("charge card"));
        using var provider = Provider("shop.checkout");
        using (new Activity("call").Start())
            Assert.Null(_source.StartActivity("charge card"));
        _source.StartActivity("charge card")!.Dispose();

        Says("""
            1 of 3 times, "charge card" was requested before a provider listened to "shop.checkout": build the provider
            first.
            1 of 3 times, "charge card" is below "call", which was made with new Activity(…) and is not sampled: give that
            one a source, or set Activity.Current = null before you start yours.
            """);
    }

    [Fact]
    public void The_queue_of_a_batch_was_full()
    {
        using var blocked = new ManualResetEventSlim();
        using (Sdk.CreateTracerProviderBuilder().AddSource("shop.checkout")
            .AddProcessor(new BatchActivityExportProcessor(new Blocked(blocked), maxQueueSize: 4, maxExportBatchSize: 4)).Build())
        {
            for (var i = 0; i < 20; i++)
                _source.StartActivity("charge card")!.Dispose();
            var lost = ActivityObserver.Current!.QueueFull;
            blocked.Set();

            Assert.InRange(lost, 12, 16); // the exporter holds at most four, the queue four
            Says($"""The queue of a batch processor was full: {lost} spans got lost, and "charge card" may be among them. Raise MaxQueueSize, or make fewer spans.""");
        }
    }

    [Fact]
    public void Made_without_a_source()
    {
        using (new Activity("charge card").Start())
        {
        }

        Says("""
            "charge card" was made with new Activity(…), so there is no source to listen to: use StartActivity of an
            ActivitySource.
            """);
    }

    [Theory]
    [InlineData(false, """start that one from an ActivitySource.""")]
    [InlineData(true, """write AddSource("System.Fetch").""")]
    public void A_parent_that_nobody_records(bool library, string mend)
    {
        // HttpClient does this: when nobody listens to its source, it makes an activity without one.
        using var fetch = new ActivitySource("System.Fetch");
        using var provider = Provider("shop.checkout");
        using (_source.StartActivity("page"))
        using (library && fetch.StartActivity("call") is { } made ? made : new Activity("call").Start())
        {
            _source.StartActivity("charge card")!.Dispose();
        }

        var said = Said();
        Assert.StartsWith("\"charge card\" was recorded and has ended", said, StringComparison.Ordinal);
        Assert.EndsWith(
            $"""Its parent "call" was made with new Activity(…), so no provider has it, and "charge card" is drawn without one: {mend}""",
            said, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_was_asked_for()
    {
        Says("""Nothing has requested "charge card": run the code that calls StartActivity("charge card"). No span was requested so far.""");

        for (var i = 1; i <= 8; i++)
            _source.StartActivity($"step {i}");
        Says("""
            Nothing has requested "charge card": run the code that calls StartActivity("charge card"). Requested so
            far: "step 1" (shop.checkout), "step 2" (shop.checkout), "step 3" (shop.checkout), "step 4" (shop.checkout),
            "step 5" (shop.checkout), "step 6" (shop.checkout) and more.
            """);
        Assert.StartsWith("\"shop.checkout\" is the name of a source: give the name of one of its spans. Requested", Said("shop.checkout"),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Charge card")]
    [InlineData("charge-card")]
    [InlineData("chrage card")]
    [InlineData("charge")]
    public void A_span_of_a_name_that_is_close(string name)
    {
        _source.StartActivity("step 1");
        _source.StartActivity("charge card");

        Says($"""Nothing has requested "{name}", but "charge card" was requested at the source "shop.checkout": compare the names.""", name);
    }

    [Fact]
    public void A_span_can_be_named_as_it_is_drawn()
    {
        using var provider = Provider("shop.checkout");
        using (var span = _source.StartActivity("request"))
            span!.DisplayName = "GET /users/{id}";

        Assert.StartsWith("\"request\" was recorded", Said("GET /users/{id}"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_between_the_first_and_the_last_one_may_be_why_a_span_is_not_found()
    {
        using var provider = Provider("shop.checkout");
        using (var span = _source.StartActivity("request"))
        {
            span!.DisplayName = "export invoices";
            span.DisplayName = "export orders";
        }

        Assert.StartsWith("Nothing has requested \"export invoices\". If your code gave this name to a span and then another one, "
            + "only the last is drawn: \"request\" ended as \"export orders\". Otherwise run the code that calls "
            + "StartActivity(\"export invoices\").", Said("export invoices"), StringComparison.Ordinal);
        Says("Nothing has requested \"Export-Orders\", but a span was called \"export orders\": compare the names.", "Export-Orders");
    }

    [Fact]
    public void Spans_of_one_name_that_end_under_several_are_found_under_each_and_none_was_written_over()
    {
        using var provider = Provider("shop.checkout");
        foreach (var name in new[] { "GET /users/{id}", "GET /orders" })
        {
            using var span = _source.StartActivity("request");
            span!.DisplayName = name;
        }

        foreach (var name in new[] { "GET /users/{id}", "GET /orders" })
            Assert.StartsWith($"\"request\" was recorded and has ended, 2 times, and at least one is drawn as \"{name}\": look",
                Said(name), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_span_that_a_filter_or_code_no_longer_records_is_not_exported()
    {
        using var provider = Sdk.CreateTracerProviderBuilder().AddSource("shop.checkout")
            .AddAspNetCoreInstrumentation(o => o.Filter = _ => false).AddProcessor(new SimpleActivityExportProcessor(_spans)).Build();
        await RequestAsync(() => { });
        using (var span = _source.StartActivity("charge card"))
            span!.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;

        Assert.Equal(0, _spans.Count);
        foreach (var name in new[] { "Microsoft.AspNetCore.Hosting.HttpRequestIn", "charge card" })
            Says($"\"{name}\" was recorded at first, and then no longer: a Filter of the instrumentation, or code of yours, removed "
                + "ActivityTraceFlags.Recorded. Such a span is not exported.", name);
    }

    [Fact]
    public void Several_services_that_ask_for_one_name()
    {
        using var stock = new ActivitySource("shop.stock");
        using var provider = Provider("shop.checkout");
        _source.StartActivity("charge card");
        stock.StartActivity("charge card");

        var said = Said();
        Assert.StartsWith("""Source "shop.checkout": "charge card" was started and has not ended""", said, StringComparison.Ordinal);
        Assert.EndsWith("""Source "shop.stock": The source "shop.stock" exists, but no provider listens to it: write AddSource("shop.stock").""",
            said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_learners_own_listener_is_no_provider()
    {
        using var own = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded
        };
        ActivitySource.AddActivityListener(own);
        _source.StartActivity("charge card")!.Dispose();

        Says("\"charge card\" was received by your own ActivityListener, but not by a provider: write AddSource(\"shop.checkout\").");
    }

    [Fact]
    public void The_next_run_knows_nothing_of_the_last_one_and_after_the_last_nothing_is_heard()
    {
        NotebookHost.Attach();
        _source.StartActivity("charge card");
        Assert.StartsWith("The source", Said(), StringComparison.Ordinal);

        NotebookHost.Attach();
        Assert.StartsWith("Nothing has requested", Said(), StringComparison.Ordinal);
        _source.StartActivity("charge card");
        Assert.StartsWith("The source", Said(), StringComparison.Ordinal);

        ((Action)AppContext.GetData("tracing-tutorial.close-last-run")!)();
        Assert.False(_source.HasListeners());
        Says("No span was started so far: import core.dib before you start spans.");
    }

    [Fact]
    public void What_is_kept_is_bounded()
    {
        using var provider = Provider("shop.*");
        for (var i = 0; i < 2 * ActivityObserver.Most; i++)
        {
            using var source = new ActivitySource($"shop.{i}");
            for (var j = 0; j < 3; j++)
                source.StartActivity($"step {i} {j}")?.Dispose();
            using var hand = new Activity($"call {i}").Start();
        }

        Assert.Equal(ActivityObserver.Most, ActivityObserver.Current!.Spans.Count());
        Assert.False(ActivityObserver.Current.StartedWithoutSource($"call {ActivityObserver.Most}"));
        Assert.False(ActivityObserver.Current.Exists($"shop.{2 * ActivityObserver.Most - 1}"));
    }

    [Fact]
    public async Task Spans_of_many_threads_are_counted()
    {
        using var provider = Provider("shop.checkout");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 1_000; i++)
                _source.StartActivity("charge card")!.Dispose();
        })));

        var span = Assert.Single(ActivityObserver.Current!.Spans);
        Assert.Equal((8_000, 8_000, 8_000), (span.Requested, span.Started, span.Ended));
        Assert.Contains(", 8,000 times:", Said());
    }

    // ---- It only looks.

    [Fact]
    public void With_it_and_without_it_the_same_is_recorded()
    {
        var with = Story();
        ActivityObserver.Stop();
        var without = Story();

        Assert.Equal(without, with);
        Assert.Contains("asked of the sampler: page", with);
        Assert.Contains("early: null: lost, current ", with);
        Assert.Contains("recorded: page Internal Recorded True False", with);
    }

    [Fact]
    public async Task With_it_and_without_it_the_shop_makes_the_same_spans_and_HttpClient_sends_the_same_headers()
    {
        var (with, headers) = (await ShopStory(), await Headers());
        ActivityObserver.Stop();

        Assert.Equal(await ShopStory(), with);
        Assert.Equal(await Headers(), headers);
        Assert.NotEmpty(with);
        Assert.Equal(["GET / HTTP/1.1", "GET / HTTP/1.1", "traceparent-01"], headers);

        static async Task<string[]> ShopStory()
        {
            var spans = new SpanRecorder();
            using var shop = await Shop.StartAsync((service,
                tracing) => tracing.AddProcessor(new SimpleActivityExportProcessor(spans.ForService(service))));
            shop.Pace = TimeSpan.Zero;
            (await shop.GetAsync("/profile/7")).Dispose();
            await spans.WaitForAsync(6, HostRunner.Hang);
            return [.. spans.Spans.Select(s =>
                $"{s} {s.Kind} {s.Status} {s.HasRemoteParent} {string.Join(",", s.Attributes.Select(a => a.Key))}")
                .Order(StringComparer.Ordinal)];
        }

        // Nobody listens to HttpClient here: no header without a parent, and one below a recorded span.
        async Task<string[]> Headers()
        {
            var seen = new List<string>();
            using var server = new OneAnswer(seen);
            using var client = new HttpClient();
            await client.GetStringAsync(server.Address);
            using (Provider("shop.checkout"))
            using (_source.StartActivity("page"))
                await client.GetStringAsync(server.Address);
            return [.. seen];
        }
    }

    [Fact]
    public void What_the_SDK_says_in_event_58_is_what_was_heard()
    {
        using var sdk = new Event58();
        using var provider = Provider(b => b.SetSampler(new ParentBasedSampler(new Sampled(p => p.Name != "off"))), "shop.checkout");
        foreach (var parent in new[] { "page", "off", "call" })
        {
            using var above = parent == "call" ? new Activity(parent).Start() : _source.StartActivity(parent);
            _source.StartActivity($"below {parent}")?.Dispose();
        }

        Assert.Equal(["below off (shop.checkout)", "below call (shop.checkout)"], sdk.Dropped);
        Assert.Equal(sdk.Dropped.Order(), ActivityObserver.Current!.Spans.Where(s => s.LocalParent > 0)
            .Select(s => $"{s.Name} ({s.Source.Name})").Order());
    }

    [Fact]
    public void A_disposed_provider_can_go()
    {
        var provider = Make();
        for (var i = 0; i < 10 && provider.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(provider.IsAlive);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        WeakReference Make()
        {
            using var provider = Sdk.CreateTracerProviderBuilder().AddSource("shop.checkout")
                .AddProcessor(new SimpleActivityExportProcessor(new SpanRecorder())).Build();
            _source.StartActivity("charge card")!.Dispose();
            return new(provider);
        }
    }

    [Fact]
    public void Names_are_encoded_and_numbers_are_written_alike_everywhere()
    {
        using var provider = Provider("shop.checkout");
        for (var i = 0; i < 1_234; i++)
            _source.StartActivity("<b>'card' & co</b>")!.Dispose();

        var view = MissingSpan.Explain("<b>'card' & co</b>");
        Assert.DoesNotContain("<b>", view.ToHtml());
        Assert.Contains("1,234 times", view.ToString());
        AnyCulture.DrawsTheSame(() => MissingSpan.Explain("<b>'card' & co</b>"));
        Assert.Equal(Views.Parse(view).QuerySelector(".tv-why")!.TextContent, view.ToString().Replace('\n', ' '));
        Assert.All(view.ToString().Split('\n'), line => Assert.True(line.Length <= 100, line));
    }

    /// <summary>All cases of StartActivity in a row, and what can be seen of them from outside.</summary>
    private List<string> Story()
    {
        var log = new List<string>();
        var spans = new SpanRecorder();
        using var quiet = new ActivitySource("shop.quiet");
        Note("early", _source.StartActivity("lost"));
        using (Sdk.CreateTracerProviderBuilder().AddSource("shop.checkout").SetSampler(new ParentBasedSampler(new Sampled(p =>
            {
                log.Add($"asked of the sampler: {p.Name}");
                return p.Name != "off";
            }))).AddProcessor(new SimpleActivityExportProcessor(spans)).Build())
        {
            using (var page = Note("root", _source.StartActivity("page")))
            {
                Note("child", _source.StartActivity("step"))?.Dispose();
                Note("nobody listens", quiet.StartActivity("lost"));
                Note("created", _source.CreateActivity("created", ActivityKind.Client))?.Start().Dispose();
                using (new Activity("call").Start())
                    Note("below call", _source.StartActivity("query"))?.Dispose();
            }

            using (Note("off", _source.StartActivity("off")))
                Note("below off", _source.StartActivity("lost"));
            using (new Activity("cell").Start())
                Note("below a cell", _source.StartActivity("lost"));
            foreach (var parent in new[] { SampledElsewhere, NotSampledElsewhere })
            {
                using (Note("remote", _source.StartActivity("server", ActivityKind.Server, parent)))
                    Note("below remote", _source.StartActivity("step"))?.Dispose();
            }

            Note("by id", _source.StartActivity("by id", ActivityKind.Server,
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))?.Dispose();
        }

        Note("late", _source.StartActivity("lost"));
        log.AddRange(spans.Spans.Select(s => $"recorded: {s.Name} {s.Kind} {s.Flags} {s.ParentSpanId is null} {s.HasRemoteParent}"));
        return log;

        Activity? Note(string what, Activity? span)
        {
            log.Add($"{what}: {(span is null ? "null: lost" : $"{span.OperationName} {span.Recorded} {span.IsAllDataRequested} {span.ActivityTraceFlags} {span.Parent?.OperationName}")}, current {Activity.Current?.OperationName}");
            return span;
        }
    }

    private static ActivityContext Remote(ActivityTraceFlags flags) =>
        new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), flags, isRemote: true);

    private static string Said(string name = "charge card") => string.Join(' ', MissingSpan.Explain(name).ToString().Split('\n'));

    private static void Says(string expected, string name = "charge card") => Assert.Equal(expected.ReplaceLineEndings(" "), Said(name));

    private TracerProvider Provider(params string[] sources) => Provider(_ => { }, sources);

    private TracerProvider Provider(Action<TracerProviderBuilder> configure, params string[] sources)
    {
        var builder = Sdk.CreateTracerProviderBuilder().AddSource(sources).AddProcessor(new SimpleActivityExportProcessor(_spans));
        configure(builder);
        return builder.Build();
    }

    private sealed class Sampled(Func<SamplingParameters, bool> choose) : Sampler
    {
        public override SamplingResult ShouldSample(in SamplingParameters parameters) =>
            new(choose(parameters) ? SamplingDecision.RecordAndSample : SamplingDecision.Drop);
    }

    private sealed class Blocked(ManualResetEventSlim until) : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch)
        {
            until.Wait();
            return ExportResult.Success;
        }
    }

    private sealed class Event58 : EventListener
    {
        public List<string> Dropped { get; } = [];

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "OpenTelemetry-Sdk")
                EnableEvents(eventSource, EventLevel.Verbose);
        }

        protected override void OnEventWritten(EventWrittenEventArgs e)
        {
            if (e.EventId == 58)
                Dropped.Add($"{e.Payload![0]} ({e.Payload[1]})");
        }
    }

    /// <summary>A server that answers nothing, and notes the headers of each request: of traceparent, the flags.</summary>
    private sealed class OneAnswer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _answering;

        public OneAnswer(List<string> seen)
        {
            _listener.Start();
            _answering = Task.Run(async () =>
            {
                for (var i = 0; i < 2; i++)
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    using var reader = new StreamReader(client.GetStream());
                    while (await reader.ReadLineAsync() is { Length: > 0 } line)
                    {
                        if (!line.StartsWith("Host", StringComparison.Ordinal))
                            seen.Add(line.StartsWith("traceparent", StringComparison.Ordinal) ? "traceparent" + line[^3..] : line);
                    }

                    await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
                }
            });
        }

        public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

        public void Dispose()
        {
            _answering.Wait();
            _listener.Dispose();
        }
    }
}
