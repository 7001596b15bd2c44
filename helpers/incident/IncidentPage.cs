#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;

/// <summary>One page after the other, in simulated time. THE CAUSES STAND HERE: solve lesson 10 before you read on.</summary>
/// <param name="sources">Of the three services, by name.</param>
/// <param name="version">What is deployed.</param>
internal sealed class IncidentPage(IReadOnlyDictionary<string, ActivitySource> sources, string version)
{
    private static readonly Histogram<double> RequestDuration =
        new Meter("Microsoft.AspNetCore.Hosting").CreateHistogram<double>("http.server.request.duration", "s");

    private readonly bool coupons = version != "1.6.0"; // new, and harmless
    private readonly bool isIncident = version == "1.7.0";
    private Random random = Random.Shared;
    private DateTimeOffset now;

    // Payments of these users fail in every version: their accounts are locked. And the bank is not equally fast for all.
    private static bool IsLocked(int user) => user % 5 == 3;
    private static double BankTime(int user) => 12 + 4 * (user % 4);

    public void Serve(int user, DateTimeOffset at, Random noise)
    {
        (random, now) = (noise, at);
        var root = Server("api-gateway", null, "/profile/{id}", $"/profile/{user}");
        Pass(1);
        var call = Client(root, "user-service", $"/users/{user}");
        AskUserService(call, user);
        Answer(call, 200);
        var status = AskPayments(root, user, resend: 0);
        for (var resend = 1; resend <= 3 && status == 500 && isIncident; resend++)
        {
            Pass(10);
            status = AskPayments(root, user, resend);
        }

        Pass(1);
        Measure(root, status == 500 ? 502 : 200);
        Answer(root, status == 500 ? 502 : 200);
    }

    private void AskUserService(Activity? call, int user)
    {
        var server = Server("user-service", call, "/users/{id}", $"/users/{user}");
        Pass(1);
        Query(server, "SELECT users", "SELECT name FROM users WHERE id = $id", 4);
        var orders = ShopDatabase.OrderCount(user);
        Query(server, "SELECT orders articles", $"""
            SELECT orders.id, articles.name
            FROM orders JOIN articles ON articles.id = orders.article_id
            WHERE {(isIncident ? "CAST(orders.user_id AS TEXT)" : "orders.user_id")} = $id
            ORDER BY orders.id
            """, (isIncident ? 44 : 6) + 0.5 * orders);
        for (var i = 0; coupons && i < 3; i++)
            Query(server, "SELECT coupons", "SELECT text FROM coupons WHERE user_id = $id AND kind = $kind", 1.2);
        Pass(1);
        Answer(server, 200);
    }

    private int AskPayments(Activity? root, int user, int resend)
    {
        var call = Client(root, "payment-service", $"/payments/{user}");
        if (resend > 0)
            call?.SetTag("http.request.resend_count", resend);
        var server = Server("payment-service", call, "/payments/{userId}", $"/payments/{user}");
        Pass(BankTime(user));
        var status = IsLocked(user) ? 500 : 200;
        Answer(server, status, "The bank refused to answer: the account is locked.");
        Answer(call, status);
        return status;
    }

    // ---- Spans, named and described as in ShopTracing --------------------------------------------------------------

    private Activity? Server(string service, Activity? client, string route, string path)
    {
        if (client is not null)
            Pass(0.1); // the way there
        return Start(service, "GET " + route, ActivityKind.Server, client, new("http.request.method", "GET"),
            new("url.scheme", "http"), new("url.path", path), new("http.route", route));
    }

    private Activity? Client(Activity? parent, string service, string path) =>
        Start("api-gateway", "GET", ActivityKind.Client, parent, new("http.request.method", "GET"),
            new("url.full", $"http://{service}{path}"), new("server.address", service), new("server.port", 80));

    private void Query(Activity? parent, string summary, string sql, double milliseconds)
    {
        var span = Start("user-service", summary, ActivityKind.Client, parent, new("db.system.name", "sqlite"),
            new("db.namespace", "shop"), new("db.operation.name", "SELECT"), new("db.query.summary", summary), new("db.query.text", sql));
        Pass(milliseconds);
        End(span);
    }

    private Activity? Start(string service, string name, ActivityKind kind, Activity? parent, params KeyValuePair<string, object?>[] tags)
    {
        Activity.Current = null;
        var context = parent?.Context ?? default;
        if (kind == ActivityKind.Server && parent is not null)
            context = new(context.TraceId, context.SpanId, context.TraceFlags, context.TraceState, isRemote: true);
        return sources[service].StartActivity(name, kind, context, tags, links: null, now);
    }

    private void Answer(Activity? span, int status, string? why = null)
    {
        if (span?.Kind == ActivityKind.Client)
            Pass(0.1); // the way back
        span?.SetTag("http.response.status_code", status);
        if (status >= 500)
            span?.SetTag("error.type", status.ToString(CultureInfo.InvariantCulture)).SetStatus(ActivityStatusCode.Error, why);
        End(span);
    }

    private void End(Activity? span)
    {
        span?.SetEndTime(now.UtcDateTime);
        span?.Stop();
    }

    // While the request's span is current, as in ASP.NET Core: so the measurement can keep its trace id.
    private void Measure(Activity? root, int status)
    {
        Activity.Current = root;
        RequestDuration.Record((now.UtcDateTime - (root?.StartTimeUtc ?? now.UtcDateTime)).TotalSeconds,
            new("http.request.method", "GET"), new("http.route", "/profile/{id}"), new("http.response.status_code", status));
    }

    private void Pass(double milliseconds) => now += TimeSpan.FromMilliseconds(milliseconds * (0.9 + 0.2 * random.NextDouble()));
}
