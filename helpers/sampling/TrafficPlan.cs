#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;

/// <summary>A span that will be: times in milliseconds since the first request.</summary>
internal sealed record PlannedSpan(string Service, string Name, ActivityKind Kind, int Parent, double Start)
{
    public double End { get; set; }
    public string? Error { get; set; }
    public string ErrorText { get; set; } = "The payment provider did not answer.";
    public KeyValuePair<string, object?>[] TagsAtStart { get; init; } = [];
    public List<(string Key, object Value)> TagsAtEnd { get; } = [];
}

/// <summary>One request of a <see cref="Traffic"/>: its spans, parents first, and what becomes of them while it is sent.</summary>
internal sealed class TrafficPlan
{
    // 15% of the requests are health checks, 25% are user lookups, the rest are profile pages with payments.
    private const double Health = 0.15, Users = 0.4;

    private readonly Random random;

    public TrafficPlan(Random random, double at, double errors, double slow, double late)
    {
        this.random = random;
        Span<byte> id = stackalloc byte[16];
        random.NextBytes(id);
        TraceId = ActivityTraceId.CreateFromBytes(id);
        var (kind, fault, hidden, user) = (random.NextDouble(), random.NextDouble(), random.NextDouble() < 1 / 3.0, random.Next(1, 10_000));

        var isLate = late > 0 && random.NextDouble() < late;
        var isExport = isLate && random.NextDouble() < 0.5;
        kind = isLate ? 1 : kind;
        var (route, path) = isExport ? ("/profile/{id}/export", $"/profile/{user}/export") : kind < Health ? ("/health", "/health")
            : kind < Users ? ("/users/{id}", $"/users/{user}") : ("/profile/{id}", $"/profile/{user}");
        Add(new("api-gateway", "GET " + route, ActivityKind.Server, -1, at)
        {
            TagsAtStart = [new("http.request.method", "GET"), new("url.path", path)],
        });
        var now = at + 1;
        if (isExport)
        {
            now = AskUserService(now, isSlow: false) + 31_000 + 29_000 * random.NextDouble();
            (Spans[0].Error, Spans[0].ErrorText) = ("500", "The export could not be written.");
        }
        else
        {
            if (kind >= Health)
                now = AskUserService(now, isSlow: fault > 1 - slow / (1 - Health));
            if (kind >= Users)
                now = AskPaymentService(now, fails: fault < errors / (1 - Users), hidden, isLate);
        }

        Spans[0].TagsAtEnd.Add(("http.response.status_code", int.Parse(Spans[0].Error ?? "200", CultureInfo.InvariantCulture)));
        Done(0, now + 1);
        (Open, Contexts) = (new Activity?[Spans.Count], new ActivityContext[Spans.Count]);
    }

    public ActivityTraceId TraceId { get; }
    public List<PlannedSpan> Spans { get; } = [];

    /// <summary>The spans that run now, and what each hands to its children.</summary>
    public Activity?[] Open { get; }
    public ActivityContext[] Contexts { get; }

    private double AskUserService(double now, bool isSlow)
    {
        var (call, server) = Call("user-service", "GET /users/{id}", now);
        var query = Add(new("user-service", "SELECT users", ActivityKind.Client, server, now + 2)
        {
            TagsAtStart = [new("db.system.name", "postgresql"), new("db.operation.name", "SELECT"), new("db.collection.name", "users")],
        });
        now = Done(query, now + 2 + Work(20) + (isSlow ? 1_100 + 1_500 * random.NextDouble() : 0));
        return Done(call, Done(server, now + 1) + 1);
    }

    private double AskPaymentService(double now, bool fails, bool hidden, bool receiptFails)
    {
        var (call, server) = Call("payment-service", "GET /payments/{user}", now);
        if (fails)
        {
            Spans[call].Error = Spans[server].Error = "503";
            Spans[0].Error = hidden ? null : "502"; // hidden: the gateway answers without the payments
        }

        var served = now + 2 + Work(30);
        if (random.NextDouble() < 0.03 || receiptFails) // no span waits for it: it ends after the root, sometimes long after
        {
            var receipt = Add(new("payment-service", "send receipt", ActivityKind.Internal, server, served - 1));
            Done(receipt, served + (receiptFails ? 5_100 : 100) + (receiptFails ? 4_000 : 8_000) * random.NextDouble());
            if (receiptFails)
                (Spans[receipt].Error, Spans[receipt].ErrorText) = ("timeout", "The mail server did not answer.");
        }

        Done(server, served);
        foreach (var span in new[] { call, server })
            Spans[span].TagsAtEnd.Add(("http.response.status_code", fails ? 503 : 200));
        return Done(call, served + 1);
    }

    private (int Client, int Server) Call(string service, string name, double at)
    {
        var client = Add(new("api-gateway", "GET", ActivityKind.Client, 0, at) { TagsAtStart = [new("server.address", service)] });
        return (client, Add(new(service, name, ActivityKind.Server, client, at + 1) { TagsAtStart = [new("http.request.method", "GET")] }));
    }

    private double Work(double ms) => ms * (0.5 + random.NextDouble() + (random.NextDouble() < 0.1 ? 2 * random.NextDouble() : 0));

    private int Add(PlannedSpan span)
    {
        Spans.Add(span);
        return Spans.Count - 1;
    }

    private double Done(int span, double at) => Spans[span].End = at;
}
