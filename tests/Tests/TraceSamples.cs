using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

namespace TracingTutorial.Tests;

/// <summary>Spans and traces made by hand: exact times in milliseconds, and the span's id is its name unless said otherwise.</summary>
internal static class TraceSamples
{
    public const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";

    public static readonly DateTimeOffset Zero = new(2026, 11, 1, 8, 0, 0, TimeSpan.Zero);

    public static RecordedSpan Span(string name, string? parent, double start, double duration, string service = "shop",
        string? id = null) => new()
        {
            TraceId = TraceId,
            SpanId = id ?? name,
            ParentSpanId = parent,
            Name = name,
            SourceName = service,
            Resource = Tags(("service.name", service)),
            Start = At(start),
            Duration = TimeSpan.FromMilliseconds(duration),
        };

    public static DateTimeOffset At(double ms) => Zero.AddMilliseconds(ms);

    public static IReadOnlyList<KeyValuePair<string, object?>> Tags(params (string Key, object? Value)[] tags) =>
        tags.Select(t => KeyValuePair.Create(t.Key, t.Value)).ToArray();

    public static RecordedTrace Trace(params RecordedSpan[] spans) => new(spans);

    /// <summary>
    /// Two parallel children, a gap, and a late one:
    /// <code>
    /// root  0 ─────────────────────────────── 100
    /// a        10 ──── 40
    /// b            30 ─────────────── 90
    /// b1             35 ─── 60
    /// b2                  55 ────── 85
    /// c                                 92-95
    /// </code>
    /// </summary>
    public static RecordedTrace Overlapping() => Trace(
        Span("root", null, 0, 100),
        Span("a", "root", 10, 30),
        Span("b", "root", 30, 60),
        Span("b1", "b", 35, 25),
        Span("b2", "b", 55, 30),
        Span("c", "root", 92, 3));

    /// <summary>The story of the tutorial: the payment fails, the database answers.</summary>
    public static RecordedTrace ProfilePage() => Trace(
        Span("GET /profile/{id}", null, 0, 48, "api-gateway", "1000000000000001") with
        {
            Kind = ActivityKind.Server,
            Status = ActivityStatusCode.Error,
            StatusDescription = "payment-service answered 503"
        },
        Span("GET", "1000000000000001", 3, 26, "api-gateway", "1000000000000002") with { Kind = ActivityKind.Client },
        Span("GET /users/{id}", "1000000000000002", 5, 23, "user-service", "1000000000000003") with
        {
            Kind = ActivityKind.Server,
            HasRemoteParent = true
        },
        Span("SELECT users", "1000000000000003", 7, 18, "user-service", "1000000000000004") with
        {
            Kind = ActivityKind.Client,
            Attributes = Tags(("db.system.name", "postgresql"), ("db.query.text", "SELECT id, name\nFROM users\nWHERE id = $1")),
            Events = [new("first-row", At(21), [])],
        },
        Span("GET", "1000000000000001", 3, 42, "api-gateway", "1000000000000005") with
        {
            Kind = ActivityKind.Client,
            Status = ActivityStatusCode.Error
        },
        Span("POST /payments", "1000000000000005", 6, 38, "payment-service", "1000000000000006") with
        {
            Kind = ActivityKind.Server,
            HasRemoteParent = true,
            Status = ActivityStatusCode.Error,
            StatusDescription = "card declined",
            Attributes = Tags(("http.route", "/payments"), ("retry", 2), ("card.networks", new[] { "visa", "mastercard" })),
            Events = [new("exception", At(43), Tags(("exception.type", "System.InvalidOperationException"),
                ("exception.stacktrace",
                    "System.InvalidOperationException: card declined\n   at Payments.Charge(Card card) in /src/Payments.cs:line 42\n   at "
                        + "Payments.Handle()")))],
            Links = [new("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", Tags(("messaging.message.id", "m-881")))],
        },
        Span("render", "1000000000000001", 45, 2, "api-gateway", "1000000000000007"));

    /// <summary>
    /// The profile page after a deployment: the query is slow, there are five more of them, nothing is rendered, and the payment succeeds.
    /// </summary>
    public static RecordedTrace SlowProfilePage() => new(ProfilePage().Spans.Where(s => s.Name != "render").Select(s => s with
    {
        TraceId = "0af7651916cd43dd8448eb211c80319c",
        Duration = s.Duration + TimeSpan.FromMilliseconds(s.SpanId[^1] <= '4' ? 90 : 0),
        Status = ActivityStatusCode.Unset,
        StatusDescription = null,
    })
        .Concat(Enumerable.Range(0, 5).Select(i => Span("SELECT orders", "1000000000000003", 98 + 3 * i, 3, "user-service",
        $"order {i}") with
        { TraceId = "0af7651916cd43dd8448eb211c80319c", Kind = ActivityKind.Client })));

    /// <summary>Two orders are sent, each in a trace of its own; a third trace packs both and links to them.</summary>
    public static RecordedTrace[] Queue()
    {
        RecordedTrace Sent(string id, double start) => new([
            Span("POST /orders", null, start, 12, "api-gateway", "order" + id) with { TraceId = Of(id), Kind = ActivityKind.Server },
            Span("send order", "order" + id, start + 4, 3, "api-gateway", "send" + id) with { TraceId = Of(id),
                Kind = ActivityKind.Producer }]);
        static string Of(string id) => new(id[0], 32);

        return [Sent("1", 0), Sent("2", 14), new([
            Span("pack orders", null, 32, 8, "warehouse", "pack") with { TraceId = Of("3"), Kind = ActivityKind.Consumer,
                Links = [new(Of("1"), "send1", []), new(Of("2"), "send2", [])] },
            Span("print label", "pack", 34, 4, "warehouse", "print") with { TraceId = Of("3"),
                Links = [new(Of("3"), "pack", []), new(Of("9"), "elsewhere", [])] }])];
    }

    /// <summary>Traces of one span each, one after the other.</summary>
    public static RecordedTrace[] OneSpanEach() => Enumerable.Range(0, 4)
        .Select(i => new RecordedTrace([Span($"GET /products/{i}", null, 25 * i, 20 + i) with { TraceId = $"{i + 1:x32}" }])).ToArray();

    /// <summary>The same trace, later, with an id of its own.</summary>
    public static RecordedTrace Later(RecordedTrace trace, double ms, string id) =>
        new(trace.Spans.Select(s => s with { TraceId = id, Start = s.Start.AddMilliseconds(ms) }));

    /// <summary>
    /// A shop with everything that a service map can show: databases, a queue, a cycle, a service that calls itself, one without calls.
    /// </summary>
    public static RecordedTrace[] Shop()
    {
        RecordedSpan Client(string id, string parent, double start, double duration, string service) =>
            Span("call", parent, start, duration, service, id) with { Kind = ActivityKind.Client };
        RecordedSpan Server(string id, string parent, double start, double duration, string service) =>
            Span("handle", parent, start, duration, service, id) with { Kind = ActivityKind.Server, HasRemoteParent = true };
        RecordedSpan Query(string id, string parent, double start, double duration, string service, string database) =>
            Client(id, parent, start, duration, service) with
            {
                Attributes = Tags(("db.system.name", "postgresql"),
            ("db.namespace", database))
            };

        var queue = Tags(("messaging.system", "rabbitmq"), ("messaging.destination.name", "orders"));
        return
        [
            Trace(
                Span("GET /profile/{id}", null, 0, 100, "api-gateway", "a") with { Kind = ActivityKind.Server },
                Client("b", "a", 1, 20, "api-gateway"), Server("c", "b", 2, 18, "user-service"),
                Query("d", "c", 3, 4, "user-service", "users"), Query("e", "c", 8, 6, "user-service", "users"),
                Query("f", "c", 15, 2, "user-service", "users"),
                Client("g", "a", 22, 70, "api-gateway") with { Status = ActivityStatusCode.Error },
                Server("h", "g", 23, 68, "payment-service") with { Status = ActivityStatusCode.Error },
                Client("i", "h", 24, 10, "payment-service"), Server("j", "i", 25, 8, "user-service"),
                Query("k", "h", 36, 50, "payment-service", "ledger") with { Status = ActivityStatusCode.Error },
                Span("send orders", "a", 93, 2, "api-gateway", "l") with { Kind = ActivityKind.Producer, Attributes = queue },
                Span("process orders", "l", 98, 30, "mailer", "m") with { Kind = ActivityKind.Consumer, Attributes = queue,
                    HasRemoteParent = true },
                Client("n", "m", 100, 9, "mailer"), Server("o", "n", 101, 7, "api-gateway"),
                Client("p", "m", 110, 9, "mailer"), Server("q", "p", 111, 7, "mailer")),
            new([Span("clean up", null, 0, 5, "night-job") with { TraceId = "0af7651916cd43dd8448eb211c80319c" }]),
        ];
    }

    /// <summary>Whatever can be wrong with a trace, in one.</summary>
    public static RecordedTrace Odd() => Trace(
        [
            Span("root " + new string('x', 3000), null, 0, 100, "a-service-with-a-name-that-is-far-too-long-for-any-table", "root"),
            Span("<script>alert(1)</script>", "root", 10, 20, "<img src=x onerror=alert(1)>"),
            Span("early", "root", -5, 20, "skewed") with { HasRemoteParent = true, Kind = ActivityKind.Server },
            Span("late", "root", 130, 20, "queue"),
            Span("instant", "root", 150, 0),
            Span("orphan", "nowhere", 40, 30, "mailer"),
            Span("self", "self", 50, 5),
            Span("loop-1", "loop-2", 60, 5),
            Span("loop-2", "loop-1", 62, 5),
            Span("twin", "root", 70, 5, id: "twin"),
            Span("twin again", "root", 70, 5, id: "twin"),
            Span("child of a twin", "twin", 71, 2),
            .. Enumerable.Range(0, 20).Select(i => Span($"level {i}", i == 0 ? "root"
            : $"level {i - 1}", 20 + i, 60 - 2 * i, $"service-{i % 8}")),
        ]);

    /// <summary>Each span inside the one before.</summary>
    public static RecordedTrace Chain(int count) =>
        new(Enumerable.Range(0, count).Select(i => Span($"step {i}", i == 0 ? null : $"step {i - 1}", i * 0.01, (count - i) * 0.02)));

    /// <summary>One root with all other spans below it, one after the other.</summary>
    public static RecordedTrace Fan(int count) =>
        new(Enumerable.Range(0, count).Select(i => i == 0
            ? Span("step 0", null, 0, count * 0.01)
            : Span($"step {i}", "step 0", i * 0.01, 0.008)));
}
