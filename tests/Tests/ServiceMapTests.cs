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
        Assert.Equal(["1 call", "70 ms", "✖ 1 error"], CallTo(page, "api-gateway → payment-service").QuerySelectorAll("text")
            .Select(t => t.TextContent));
        Assert.Contains("tv-map-bad", CallTo(page, "api-gateway → payment-service").ClassList);
        Assert.DoesNotContain("tv-map-bad", CallTo(page, "api-gateway → user-service").ClassList);
    }

    [Fact]
    public void Services_databases_and_queues_have_their_own_shapes()
    {
        var nodes = Views.Parse(ServiceMap.Of(Shop())).QuerySelectorAll(".tv-map-node");

        Assert.Equal(["api-gateway", "user-service", "payment-service", "mailer", "night-job"],
            nodes.Where(n => n.QuerySelector("rect") is not null).Select(n => n.QuerySelector("text")!.TextContent));
        var others = nodes.Where(n => n.QuerySelector("rect") is null)
            .Select(n => n.QuerySelectorAll("text").Select(t => t.TextContent).ToArray()).ToArray();
        Assert.Equal([["users", "postgresql"], ["ledger", "postgresql"], ["orders", "rabbitmq"]], others);
    }

    [Fact]
    public void A_call_failed_if_either_end_says_so()
    {
        RecordedTrace Call(ActivityStatusCode client, ActivityStatusCode server) =>
            OfItsOwn(Span("call", null, 0, 9, "a") with { Kind = ActivityKind.Client, Status = client },
            Span("handle", "call", 1, 7, "b") with { Status = server });

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
        var received = new RecordedTrace([Span("process", null, 5, 3, "mailer") with { TraceId = "0af7651916cd43dd8448eb211c80319c",
            Kind = ActivityKind.Consumer, Attributes = queue, Links = [new(TraceId, "send", [])] }]);

        Assert.Equal(["shop → orders (kafka)    1 call, 1 ms", "orders (kafka) → mailer  1 call, 3 ms"],
            ServiceMap.Of([sent, received]).ToString().Split('\n'));
    }

    [Fact]
    public void A_caller_stands_left_of_whom_it_calls()
    {
        var x = Views.Parse(ServiceMap.Of([ProfilePage()])).QuerySelectorAll(".tv-map-node").ToDictionary(
            n => n.QuerySelector("title")!.TextContent, n => double.Parse(n.QuerySelector("text")!.GetAttribute("x")!,
            CultureInfo.InvariantCulture));

        Assert.True(x["api-gateway"] < x["user-service"] && x["user-service"] < x["postgresql (database)"]
            && x["api-gateway"] < x["payment-service"]);
    }

    [Fact]
    public void A_cycle_of_calls_is_drawn()
    {
        var names = Enumerable.Range(0, 6).Select(i => $"s{i}").ToArray();
        var traces = from a in names from b in names where a != b select OfItsOwn(Span("x", null, 0, 2, a), Span("y", "x", 0, 1, b));

        Assert.Equal(30, Views.Parse(ServiceMap.Of(traces)).QuerySelectorAll(".tv-map-call").Length);
    }

    [Fact]
    public void A_map_of_very_many_services_is_bounded_and_says_so()
    {
        var view = ServiceMap.Of([new RecordedTrace(Enumerable.Range(0, 5000)
            .Select(i => Span($"{i}", i == 0 ? null : $"{i / 2}", i, 1, $"service-{i}")))]);

        Assert.Equal(40, Views.Parse(view).QuerySelectorAll(".tv-map-node").Length);
        Assert.Contains("4,960 more nodes with few calls not drawn.", view.ToString());
        Assert.Contains("4,960 more nodes", view.ToHtml());
    }

    [Fact]
    public void A_call_that_never_ends_is_drawn()
    {
        var calls = Enumerable.Range(0, 2).Select(_ => OfItsOwn(
            Span("call", null, 0, 0, "a") with { Kind = ActivityKind.Client, Duration = TimeSpan.MaxValue },
            Span("handle", "call", 0, 1, "b")));

        Assert.Equal("a → b  2 calls, 10675199 d 3 h", ServiceMap.Of(calls).ToString());
    }

    private static int traces;

    // Parts of one trace are put together, so each needs an id of its own.
    private static RecordedTrace OfItsOwn(params RecordedSpan[] spans)
    {
        var id = $"{System.Threading.Interlocked.Increment(ref traces):x32}";
        return new(spans.Select(s => s with { TraceId = id }));
    }

    private static RecordedSpan Kind(ActivityKind kind, string name, string? parent, string service, params (string, object?)[] tags) =>
        Span(name, parent, 0, 9, service) with { Kind = kind, Attributes = Tags(tags) };

    [Theory]
    [InlineData("api.card.example", "server.address=api.card.example")]
    [InlineData("api.card.example", "server.address=api.card.example server.port=443")]
    [InlineData("localhost:5001", "server.address=localhost server.port=5001")]
    [InlineData("card", "peer.service=card")]
    [InlineData("api.card.example", "url.full=https://api.card.example/charge")]
    [InlineData("localhost:5001", "http.url=http://localhost:5001/charge")]
    [InlineData("card", "net.peer.name=card net.peer.port=80")]
    [InlineData("cart.Cart", "rpc.service=cart.Cart rpc.system=grpc")]
    [InlineData("10.0.0.7", "network.peer.address=10.0.0.7")]
    [InlineData("not named", "")]
    public void A_call_to_somebody_without_spans_is_an_arrow_to_a_named_node(string name, string attributes)
    {
        var tags = attributes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(a => (a.Split('=')[0], (object?)a.Split('=', 2)[1]))
            .ToArray();
        var view = ServiceMap.Of([Trace(Span("POST /pay", null, 0, 300), Kind(ActivityKind.Client, "POST", "POST /pay", "shop", tags))]);

        Assert.Equal($"shop → {name} (no spans here)  1 call, 9 ms", view.ToString());
        Assert.Single(Views.Parse(view).QuerySelectorAll(".tv-map-outside"));
    }

    [Theory]
    [InlineData("shopdb (mssql)", "db.system=mssql db.name=shopdb db.statement=SELECT")]
    [InlineData("shopdb (mssql)", "db.system.name=mssql db.namespace=shopdb server.address=sql")]
    [InlineData("cache (redis)", "db.system=redis net.peer.name=cache")]
    [InlineData("redis (database)", "db.system.name=redis")]
    public void A_database_has_a_name_with_the_older_attributes_too(string name, string attributes)
    {
        var tags = attributes.Split(' ').Select(a => (a.Split('=')[0], (object?)a.Split('=')[1])).ToArray();
        Assert.Equal($"shop → {name}  1 call, 9 ms", ServiceMap.Of([Trace(Kind(ActivityKind.Client, "query", null, "shop", tags))])
            .ToString());
    }

    [Fact]
    public void A_client_inside_of_a_client_is_one_call()
    {
        var grpc = Trace(Kind(ActivityKind.Client, "cart.Cart/Get", null, "shop", ("rpc.system", "grpc")),
            Kind(ActivityKind.Client, "POST", "cart.Cart/Get", "shop", ("server.address", "cart")),
            Kind(ActivityKind.Server, "answer", "POST", "cart"));
        var entity = OfItsOwn(Kind(ActivityKind.Client, "shopdb", null, "shop", ("db.system", "mssql"), ("db.name", "shopdb")),
            Kind(ActivityKind.Client, "SELECT", "shopdb", "shop", ("db.system.name", "mssql"), ("db.namespace", "shopdb")));

        Assert.Equal(["shop → cart            1 call, 9 ms", "shop → shopdb (mssql)  1 call, 9 ms"],
            ServiceMap.Of([grpc, entity]).ToString().Split('\n'));
    }

    [Fact]
    public void A_host_with_the_name_of_a_service_that_is_here_is_that_service()
    {
        var lost = Trace(Kind(ActivityKind.Client, "GET", null, "shop", ("server.address", "cart"), ("server.port", 8080L)));
        Assert.Equal("shop → cart  1 call, 9 ms", ServiceMap.Of([lost, OfItsOwn(Span("clean up", null, 0, 1, "cart"))]).ToString());
    }

    [Theory]
    [InlineData("messaging.destination")]
    [InlineData("messaging.destination.name")]
    public void Two_topics_are_two_nodes(string destination)
    {
        RecordedSpan Message(ActivityKind kind, string name, string? parent, string service, string topic) =>
            Kind(kind, name, parent, service, ("messaging.system", "kafka"), (destination, topic));
        var view = ServiceMap.Of([Trace(
            Message(ActivityKind.Producer, "1", null, "hook", "orders"), Message(ActivityKind.Consumer, "2", "1", "mail", "orders"),
            Message(ActivityKind.Producer, "3", null, "hook", "refunds"), Message(ActivityKind.Consumer, "4", "3", "books", "refunds"))]);

        Assert.Equal(["hook → orders (kafka)", "orders (kafka) → mail", "hook → refunds (kafka)", "refunds (kafka) → books"],
            view.ToString().Split('\n').Select(l => l.Split("  ")[0]));
    }

    [Fact]
    public void Messages_without_attributes_go_from_service_to_service()
    {
        Assert.Equal("hook → mail  1 call, 9 ms",
            ServiceMap.Of([Trace(Kind(ActivityKind.Producer, "send", null, "hook"),
                Kind(ActivityKind.Consumer, "process", "send", "mail"))]).ToString());
    }

    [Fact]
    public void A_batch_is_read_once_however_many_links_it_has()
    {
        var queue = Tags(("messaging.system", "kafka"), ("messaging.destination.name", "orders"));
        var sent = Enumerable.Range(0, 3)
            .Select(i => OfItsOwn(Span("send", null, i, 1, "web") with { Kind = ActivityKind.Producer, Attributes = queue })).ToArray();
        var read = OfItsOwn(Span("process", null, 50, 30, "billing") with
        {
            Kind = ActivityKind.Consumer,
            Attributes = queue,
            Links = [.. sent.Select(t => new RecordedLink(t.TraceId, "send", []))]
        });

        Assert.Equal(["web → orders (kafka)      3 calls, 1 ms", "orders (kafka) → billing  1 call, 30 ms"],
            ServiceMap.Of([.. sent, read]).ToString().Split('\n'));
    }

    [Fact]
    public void A_missing_caller_is_drawn_as_missing()
    {
        var view = ServiceMap.Of([Trace(Kind(ActivityKind.Server, "GET /b", "nowhere", "b"), Span("inside", "elsewhere", 0, 1, "b"))]);
        Assert.Equal("caller (not here) → b  1 call, 9 ms", view.ToString());
    }

    [Fact]
    public void Nobody_is_said_to_call_nobody()
    {
        Assert.Equal("night-job  no call to it or from it is here",
            ServiceMap.Of([Trace(Span("clean up", null, 0, 5, "night-job"))]).ToString());
    }

    [Fact]
    public void Calls_between_instances_of_one_service_part_them_and_steps_inside_of_one_are_no_calls() // Jaeger: four calls
    {
        RecordedSpan Of(string instance, ActivityKind kind, string name, string? parent) => Span(name, parent, 0, 9) with
        {
            Kind = kind,
            Resource = Tags(("service.name", "store"), ("service.instance.id", instance)),
        };
        RecordedTrace Ring(string other) => Trace(Of("a", ActivityKind.Server, "1", null), Of("a", ActivityKind.Client, "2", "1"),
            Of(other, ActivityKind.Server, "3", "2"), Of(other, ActivityKind.Client, "4", "3"), Of("a", ActivityKind.Server, "5", "4"));

        Assert.Equal(["store (instance a) → store (instance b)  1 call, 9 ms", "store (instance b) → store (instance a)  1 call, 9 ms"],
            ServiceMap.Of([Ring("b")]).ToString().Split('\n'));
        Assert.Equal("store → store  2 calls, 9 ms", ServiceMap.Of([Ring("a")]).ToString());
        Assert.Equal(["store (a)", "store (b)", "store (a)"],
            Views.Parse(Waterfall.Of(Ring("b"))).QuerySelectorAll(".tv-in").Select(e => e.TextContent));
        Assert.Equal(["store"], Views.Parse(Waterfall.Of(Ring("a"))).QuerySelectorAll(".tv-in").Select(e => e.TextContent));

        // Instances that do not call each other, as after a restart, are one service.
        var restarted = Enumerable.Range(0, 2).Select(i => OfItsOwn(Of($"{i}", ActivityKind.Client, "call", null),
            Span("answer", "call", 1, 2, "b")));
        Assert.Equal("store → b  2 calls, 9 ms", ServiceMap.Of(restarted).ToString());
    }

    private static IElement CallTo(IDocument page, string call) =>
        page.QuerySelectorAll(".tv-map-call").Single(c => c.QuerySelector("title")!.TextContent.StartsWith(call + ":",
        StringComparison.Ordinal));
}
