#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;

/// <summary>
/// Five services that already run, a proxy on each way between them, and a bank outside. One proxy loses a header. All
/// that you get is what an operator has: the traces, and the headers that came in.
/// </summary>
public sealed class RunningShop
{
    internal const string Bank = "bank", Lost = "GET /users/{id}/address";
    internal static readonly string[] Services = ["api-gateway", "user-service", "payment-service", "orders", "warehouse"];

    private readonly SpanRecorder spans = new();
    private readonly List<(string, ReceivedRequest)> wire = [];

    private RunningShop((string, string, string[])? change, IReadOnlyList<RecordedTrace> before) => (Change, Before) = (change, before);

    /// <summary>What was recorded: an order was looked at, and a probe asked whether payment-service is well.</summary>
    public IReadOnlyList<RecordedTrace> Traces => spans.Traces;

    /// <summary>The requests that came in: at which service, which request, with which traceparent ("none").</summary>
    public IEnumerable<(string Service, string Request, string Traceparent)> Wire =>
        wire.Select(w => (w.Item1, $"{w.Item2.Method} {w.Item2.Path}", w.Item2["traceparent"] ?? "none"));

    internal (string From, string To, string[] Headers)? Change { get; }

    internal IReadOnlyList<RecordedTrace> Before { get; }

    /// <summary>Starts it, and looks at an order.</summary>
    public static Task<RunningShop> StartAsync() => StartAsync(new(null, []));

    /// <summary>Changes one proxy, starts a copy of the shop with it, and looks at an order again.</summary>
    /// <param name="from">The service that calls.</param>
    /// <param name="to">The service that is called.</param>
    /// <param name="headers">The names that the proxy between them lets through from now on, besides those that it did.</param>
    public Task<RunningShop> LetThroughAsync(string from, string to, params string[] headers) =>
        StartAsync(new(((from ?? "").Trim(), (to ?? "").Trim(), (headers ?? []).Select(h => (h ?? "").Trim()).ToArray()), Traces));

    private static async Task<RunningShop> StartAsync(RunningShop shop)
    {
        async Task<string> WorkAsync(int milliseconds, string answer)
        {
            await Task.Delay(milliseconds);
            return answer;
        }

        await using var user = await shop.ServeAsync("user-service", app =>
        {
            app.MapGet("/users/{id}", () => WorkAsync(10, "Ada"));
            app.MapGet("/users/{id}/address", () => WorkAsync(25, "1 Engine Street"));
        });
        using var bank = shop.Calls("payment-service", Bank, new TheBank());
        await using var payment = await shop.ServeAsync("payment-service", app =>
        {
            app.MapGet("/payments/{order}", () => bank.GetStringAsync("/transfers/9"));
            app.MapGet("/health", () => WorkAsync(4, "well"));
        });
        using var addresses = shop.Calls("warehouse", user.Name, user);
        await using var warehouse = await shop.ServeAsync("warehouse", app =>
            app.MapGet("/parcels/{order}", async () => await WorkAsync(8, "to ") + await addresses.GetStringAsync("/users/42/address")));
        using var payments = shop.Calls("orders", payment.Name, payment);
        using var parcels = shop.Calls("orders", warehouse.Name, warehouse);
        await using var orders = await shop.ServeAsync("orders", app =>
            app.MapGet("/orders/{id}", async () =>
                await payments.GetStringAsync("/payments/7") + await parcels.GetStringAsync("/parcels/7")));
        using var users = shop.Calls("api-gateway", user.Name, user);
        using var order = shop.Calls("api-gateway", orders.Name, orders);
        await using var gateway = await shop.ServeAsync("api-gateway", app =>
            app.MapGet("/orders/{id}", async () => await users.GetStringAsync("/users/42") + await order.GetStringAsync("/orders/7")));

        var page = gateway.Client.GetStringAsync("/orders/7");
        await Task.Delay(25); // meanwhile
        await payment.Client.GetStringAsync("/health");
        await page;
        shop.wire.AddRange(new[] { gateway, user, orders, payment, warehouse }.SelectMany(s => s.Received.Select(r => (s.Name, r))));
        return shop;
    }

    private Task<LiveService> ServeAsync(string name, Action<WebApplication> map) => LiveService.StartAsync(name, spans, map);

    private HttpClient Calls(string from, string to, LiveService service) =>
        service.ClientThrough(new ShopTracing.ClientSpans(new ActivitySource(from), () => true), new Proxy(Allowed(from, to)));

    private HttpClient Calls(string from, string to, HttpMessageHandler outside) =>
        new(new ShopTracing.ClientSpans(new ActivitySource(from), () => true) { InnerHandler = outside })
        {
            BaseAddress = new Uri($"http://{to}")
        };

    private string[] Allowed(string from, string to)
    {
        string[] allowed = (from, to) == ("warehouse", "user-service") ? ["accept", "tracestate", "baggage"]
            : ["accept", "traceparent", "tracestate", "baggage"];
        return Change is { } change && (change.From, change.To) == (from, to) ? [.. allowed, .. change.Headers] : allowed;
    }

    private sealed class Proxy(string[] allowed) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            foreach (var (name, _) in request.Headers.ToArray())
            {
                if (!allowed.Contains(name, StringComparer.OrdinalIgnoreCase))
                    request.Headers.Remove(name);
            }

            return base.SendAsync(request, cancel);
        }
    }

    private sealed class TheBank : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            await Task.Delay(20, cancel);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("paid ") };
        }
    }
}
