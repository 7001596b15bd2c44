#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

/// <summary>Exercise 5.1: join payment-service to the trace.</summary>
public static class Exercise51
{
    /// <summary>Judges the spans of one request through two services.</summary>
    public static Exercise Check(SpanRecorder answer51)
    {
        var spans = answer51.Spans;
        var traces = RecordedTrace.Group(spans);
        var payment = Find("payment-service", ActivityKind.Server);
        return Exercise.Check("Exercise 5.1", traces,
            ("All three spans are there, with their kinds", () =>
                Find("api-gateway", ActivityKind.Server) is null ? Missing(ActivityKind.Server)
                : Find("api-gateway", ActivityKind.Client) is null ? Missing(ActivityKind.Client)
                : payment is null ? new Wrong("payment-service has no span of kind Server.",
                    spans.Where(s => s.ServiceName == "payment-service").ToArray())
                : spans.Count > 3 ? $"There are {spans.Count} spans; three are enough." : null),
            ("They are one trace", () =>
                traces.Count == 1 ? null
                : payment!.ParentSpanId is { } id
                    ? new Wrong($"The span of payment-service has the parent {id}, but in another trace.", payment)
                : new Wrong("The span of payment-service has no parent. Either no header left the gateway, "
                    + "or payment-service did not use it, or the value is not a whole traceparent.", payment)),
            ("The parent is the Client span of the call", () =>
                traces[0].Parent(payment!) is not { } parent
                    ? new Wrong("The parent of payment-service's span is not in the trace.", payment!)
                : parent.Kind == ActivityKind.Client ? null
                : new Wrong($"The parent of payment-service's span is the {parent.Kind} span '{parent.Name}'. "
                    + "Which one is the call?", payment!)),
            ("The parent is marked as remote", () =>
                payment!.HasRemoteParent ? null
                : new Wrong("The span of payment-service takes its parent for a local one. "
                    + "TryParse has a parameter for that.", payment)));

        RecordedSpan? Find(string service, ActivityKind kind) =>
            spans.FirstOrDefault(s => s.ServiceName == service && s.Kind == kind);
        static string Missing(ActivityKind kind) => $"api-gateway has no span of kind {kind}. Keep the lines that start its spans.";
    }
}

/// <summary>Exercise 5.2: the tenant travels as baggage.</summary>
public static class Exercise52
{
    private const string Key = "shop.tenant.id";
    private static readonly string[] Tenants = ["acme", "globex"];

    /// <summary>Judges two requests, the first of the tenant acme, the second of globex.</summary>
    /// <param name="answer52">What the three services recorded.</param>
    /// <param name="wire52">The header <c>baggage</c> of each call, as the service received it; null if there was none.</param>
    public static Exercise Check(SpanRecorder answer52, IEnumerable<(string Service, string? Baggage)> wire52)
    {
        var spans = answer52.Spans;
        var traces = RecordedTrace.Group(spans);
        return Exercise.Check("Exercise 5.2", traces,
            ("Two requests are recorded, one trace each", () =>
                traces.Count != 2 ? $"There are {traces.Count} traces. Keep the two requests and all calls."
                : traces.All(t => Payment(t) is not null) ? null
                : "payment-service has no span of kind Server in one of the requests. Keep all calls."),
            ("The header baggage brings shop.tenant.id to payment-service", () =>
                Arrived("payment-service") ? null
                : $"payment-service received: {Received("payment-service")}. "
                    + "The gateway has to put each tenant into the baggage of the Activity, under the key shop.tenant.id."),
            ("It comes to user-service too, as baggage does", () =>
                Arrived("user-service") ? null
                : $"user-service received: {Received("user-service")}. "
                    + "Set the baggage on the span of the whole request, before the first call."),
            ("The Server spans of payment-service have the tenant", () =>
                Tenants.Zip(traces, (tenant, trace) => (Tenant: tenant, Span: Payment(trace)!))
                    .Where(request => request.Span[Key] as string != request.Tenant)
                    .Select(request => new Wrong($"In the request of {request.Tenant}, the span of payment-service has "
                        + $"shop.tenant.id = '{request.Span[Key] ?? "nothing"}'.", request.Span)).FirstOrDefault()),
            ("No other span has it", () =>
                spans.FirstOrDefault(s => s[Key] is not null && !IsPayment(s)) is not { } other ? null
                : new Wrong($"The {other.Kind} span '{other.Name}' of {other.ServiceName} has shop.tenant.id as well.", other)));

        static bool IsPayment(RecordedSpan span) => span.ServiceName == "payment-service" && span.Kind == ActivityKind.Server;
        static RecordedSpan? Payment(RecordedTrace trace) => trace.Spans.FirstOrDefault(IsPayment);
        IEnumerable<string> Headers(string service) =>
            wire52.Where(w => w.Service == service).Select(w => w.Baggage ?? "no header");
        string Received(string service) => string.Join("; ", Headers(service).DefaultIfEmpty("no call"));
        bool Arrived(string service) => Tenants.All(tenant => Headers(service).Any(header =>
            header.Contains(Key, StringComparison.Ordinal) && header.Contains(tenant, StringComparison.Ordinal)));
    }
}
