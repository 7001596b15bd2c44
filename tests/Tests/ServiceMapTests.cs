using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

public sealed class ServiceMapTests
{
    [Fact]
    public void The_drawn_map_says_the_same_as_the_text()
    {
        var view = ServiceMap.Of(Shop());
        var page = Views.Parse(view);

        Assert.Equal(
            view.ToString().Split('\n')[..^1].Select(l => Regex.Replace(l, " {2,}", ": ")).Order(StringComparer.Ordinal),
            page.QuerySelectorAll(".tv-map-call title").Select(t => t.TextContent).Order(StringComparer.Ordinal));
        Assert.Equal(8, page.QuerySelectorAll(".tv-map-node").Length);
        Assert.Equal(["1 call", "70 ms", "✖ 1 error"], CallTo(page, "api-gateway → payment-service").QuerySelectorAll("text").Select(t => t.TextContent));
        Assert.Contains("tv-map-bad", CallTo(page, "api-gateway → payment-service").ClassList);
        Assert.DoesNotContain("tv-map-bad", CallTo(page, "api-gateway → user-service").ClassList);
    }

    [Fact]
    public void Services_databases_and_queues_have_their_own_shapes()
    {
        var nodes = Views.Parse(ServiceMap.Of(Shop())).QuerySelectorAll(".tv-map-node");

        Assert.Equal(["api-gateway", "user-service", "payment-service", "mailer", "night-job"], nodes.Where(n => n.QuerySelector("rect") is not null).Select(n => n.QuerySelector("text")!.TextContent));
        var others = nodes.Where(n => n.QuerySelector("rect") is null).Select(n => n.QuerySelectorAll("text").Select(t => t.TextContent).ToArray()).ToArray();
        Assert.Equal([["users", "postgresql"], ["ledger", "postgresql"], ["orders", "rabbitmq"]], others);
    }

    [Fact]
    public void A_call_failed_if_either_end_says_so()
    {
        RecordedTrace Call(ActivityStatusCode client, ActivityStatusCode server) =>
            Trace(Span("call", null, 0, 9, "a") with { Kind = ActivityKind.Client, Status = client }, Span("handle", "call", 1, 7, "b") with { Status = server });

        Assert.Equal("a → b  4 calls, 3 errors, 9 ms", ServiceMap.Of(
        [
            Call(ActivityStatusCode.Unset, ActivityStatusCode.Ok), Call(ActivityStatusCode.Error, ActivityStatusCode.Unset),
            Call(ActivityStatusCode.Unset, ActivityStatusCode.Error), Call(ActivityStatusCode.Error, ActivityStatusCode.Error),
        ]).ToString());
    }

    [Fact]
    public void A_message_that_is_linked_and_not_a_child_goes_through_its_queue_too()
    {
        var queue = Tags(("messaging.system", "kafka"), ("messaging.destination.name", "orders"));
        var sent = Trace(Span("send", null, 0, 1, "shop") with { Kind = ActivityKind.Producer, Attributes = queue });
        var received = new RecordedTrace([Span("process", null, 5, 3, "mailer") with { TraceId = "0af7651916cd43dd8448eb211c80319c", Kind = ActivityKind.Consumer, Attributes = queue, Links = [new(TraceId, "send", [])] }]);

        Assert.Equal(["shop → orders (kafka)    1 call, 1 ms", "orders (kafka) → mailer  1 call, 3 ms"], ServiceMap.Of([sent, received]).ToString().Split('\n'));
    }

    [Fact]
    public void A_caller_stands_left_of_whom_it_calls()
    {
        var x = Views.Parse(ServiceMap.Of([ProfilePage()])).QuerySelectorAll(".tv-map-node").ToDictionary(
            n => n.QuerySelector("title")!.TextContent, n => double.Parse(n.QuerySelector("text")!.GetAttribute("x")!, CultureInfo.InvariantCulture));

        Assert.True(x["api-gateway"] < x["user-service"] && x["user-service"] < x["postgresql (database)"] && x["api-gateway"] < x["payment-service"]);
    }

    [Fact]
    public void A_cycle_of_calls_is_drawn()
    {
        var names = Enumerable.Range(0, 6).Select(i => $"s{i}").ToArray();
        var traces = from a in names from b in names where a != b select Trace(Span("x", null, 0, 2, a), Span("y", "x", 0, 1, b));

        Assert.Equal(30, Views.Parse(ServiceMap.Of(traces)).QuerySelectorAll(".tv-map-call").Length);
    }

    [Fact]
    public void A_map_of_very_many_services_is_bounded_and_says_so()
    {
        var view = ServiceMap.Of([new RecordedTrace(Enumerable.Range(0, 5000).Select(i => Span($"{i}", i == 0 ? null : $"{i / 2}", i, 1, $"service-{i}")))]);

        Assert.Equal(40, Views.Parse(view).QuerySelectorAll(".tv-map-node").Length);
        Assert.Contains("4,960 more nodes with few calls not drawn.", view.ToString());
        Assert.Contains("4,960 more nodes", view.ToHtml());
    }

    [Fact]
    public void A_call_that_never_ends_is_drawn()
    {
        var calls = Enumerable.Range(0, 2).Select(_ => Trace(
            Span("call", null, 0, 0, "a") with { Kind = ActivityKind.Client, Duration = TimeSpan.MaxValue }, Span("handle", "call", 0, 1, "b")));

        Assert.Equal("a → b  2 calls, 10675199 d 3 h", ServiceMap.Of(calls).ToString());
    }

    private static IElement CallTo(IDocument page, string call) => page.QuerySelectorAll(".tv-map-call").Single(c => c.QuerySelector("title")!.TextContent.StartsWith(call + ":", StringComparison.Ordinal));
}
