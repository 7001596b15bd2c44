using System;
using System.Diagnostics;
using System.Linq;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using OpenTelemetry.Trace;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Services that a lesson starts with one statement; what passes the trace on is the lesson's.</summary>
[Collection(nameof(ShopNames))]
public sealed class LiveServiceTests
{
    private const string Parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    [Fact]
    public async Task A_service_makes_a_server_span_for_each_request_and_the_answer_comes_when_it_has_ended()
    {
        var spans = new SpanRecorder();
        await using var service = await LiveService.StartAsync("live-1", spans, app => app.MapGet("/users/{id}", (string id) => "Ada"));

        for (var i = 1; i <= 20; i++)
        {
            await service.Client.GetStringAsync("/users/7");
            Assert.Equal(i, spans.Count);
        }

        Assert.All(spans.Spans, s => Assert.Equal(("live-1", "GET /users/{id}", ActivityKind.Server, null),
            (s.ServiceName, s.Name, s.Kind, s.ParentSpanId)));
        Assert.All(service.Received, r => Assert.Equal(("GET", "/users/7", null), (r.Method, r.Path, r["traceparent"])));
    }

    [Fact]
    public async Task Nothing_is_injected_for_the_caller_and_ASP_NET_Core_extracts_what_it_sends()
    {
        var spans = new SpanRecorder();
        await using var service = await LiveService.StartAsync("live-2", spans, app => app.MapGet("/", () => "Ada"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("traceparent", Parent);

        using (new Activity("caller").Start())
            await service.Client.GetStringAsync("/");
        await service.Client.SendAsync(request);

        Assert.Equal([null, Parent], service.Received.Select(r => r["Traceparent"]));
        Assert.Equal([null, "00f067aa0ba902b7"], spans.Spans.Select(s => s.ParentSpanId));
        Assert.True(spans.Spans[1].HasRemoteParent);
    }

    [Fact]
    public async Task By_hand_nothing_is_extracted_and_only_the_sources_own_spans_are_recorded()
    {
        var spans = new SpanRecorder();
        using var source = new ActivitySource("live-3");
        await using var service = await LiveService.StartByHandAsync("live-3", spans, app => app.MapGet("/", () =>
        {
            using var span = source.StartActivity("mine", ActivityKind.Server);
            return "Ada";
        }));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("traceparent", Parent);

        await service.Client.SendAsync(request);

        Assert.Equal(("mine", null), (Assert.Single(spans.Spans).Name, spans.Spans[0].ParentSpanId));
    }

    [Fact]
    public async Task Without_OpenTelemetry_a_service_continues_the_trace_with_a_span_that_nobody_exports()
    {
        string? forwarded = null;
        await using var service = await LiveService.StartWithoutOpenTelemetryAsync("live-4",
            app => app.MapGet("/", () => forwarded = Activity.Current?.Id));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("traceparent", Parent);

        await service.Client.SendAsync(request);

        Assert.Matches("^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$", forwarded);
    }

    [Fact]
    public async Task A_service_that_starts_takes_the_place_of_the_one_with_its_name()
    {
        var (first, second) = (new SpanRecorder(), new SpanRecorder());
        var old = await LiveService.StartAsync("live-5", first, app => app.MapGet("/", () => "old"));
        await using var service = await LiveService.StartAsync("live-5", second, app => app.MapGet("/", () => "new"),
            tracing: provider => provider.SetSampler(new AlwaysOnSampler()));

        Assert.Equal("new", await service.Client.GetStringAsync("/"));
        await Assert.ThrowsAnyAsync<Exception>(() => old.Client.GetStringAsync("/"));
        Assert.Equal((0, 1), (first.Count, second.Count));
    }

    [Fact]
    public async Task A_request_goes_through_the_handlers_in_their_order()
    {
        await using var service = await LiveService.StartWithoutOpenTelemetryAsync("live-6", app => app.MapGet("/", () => "Ada"));
        using var client = service.ClientThrough(new Adds("1"), new Adds("2"));

        await client.GetStringAsync("/");

        Assert.Equal("1,2", service.Received[0]["x-way"]!.Replace(" ", ""));
    }

    private sealed class Adds(string step) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            request.Headers.TryAddWithoutValidation("x-way", step);
            return base.SendAsync(request, cancel);
        }
    }
}
