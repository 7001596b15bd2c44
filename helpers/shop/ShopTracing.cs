#nullable enable
using System;
using System.Collections.Generic;
using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

/// <summary>
/// All that tracing is in the shop. There is no other line about it in the services: a server span for each request that comes
/// in, a client span for each that goes out, one for each query, and the provider that sends them somewhere. Names and
/// attributes are those of the semantic conventions 1.44. (In a real service, the first three come with the packages
/// OpenTelemetry.Instrumentation.AspNetCore, .Http and that of the database's driver.)
/// </summary>
public static class ShopTracing
{
    /// <summary>The provider of one service. Each service is a process of its own, so each has one.</summary>
    /// <param name="service">Its <c>service.name</c>.</param>
    /// <param name="source">The name of its <see cref="ActivitySource"/>.</param>
    /// <param name="version">Its <c>service.version</c>.</param>
    /// <param name="more">Says where the spans go, and whatever else a lesson adds.</param>
    public static TracerProvider BuildProvider(string service, string source, string version, Action<string, TracerProviderBuilder> more)
    {
        var builder = Sdk.CreateTracerProviderBuilder()
            // The default instance id is the same in the whole process. Here each service represents a process of its own.
            .ConfigureResource(resource => resource.AddService(service, "shop", version, serviceInstanceId: Guid.NewGuid().ToString()))
            .AddSource(source);
        more(service, builder);
        return builder.Build();
    }

    /// <summary>
    /// Middleware. ASP.NET Core starts the server span, with the parent from the <c>traceparent</c> header, and ends it; on
    /// .NET 10 it leaves it to us to say what the request was and what came of it.
    /// </summary>
    public static async Task DescribeServerSpan(HttpContext http, RequestDelegate next, ILogger log)
    {
        // Null without a listener. When the span is not sampled, describing it would be work for nothing.
        var span = http.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } recorded ? recorded : null;

        // The route has few values and so makes a good name; the path has one for each user.
        var route = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        if (span is not null)
            span.DisplayName = route is null ? http.Request.Method : $"{http.Request.Method} {route}";
        span?.SetTag("http.request.method", http.Request.Method);
        span?.SetTag("url.scheme", http.Request.Scheme);
        span?.SetTag("url.path", http.Request.Path.Value);
        if (route is not null)
            span?.SetTag("http.route", route);

        Exception? exception = null;
        try
        {
            await next(http);
        }
        catch (Exception e)
        {
            exception = e;
            log.LogError("failed: {Message}", e.Message);
            span?.AddException(e);
            http.Response.StatusCode = 500;
        }

        // 4xx is the caller's mistake: for the server that is no error, and the status stays Unset.
        var status = http.Response.StatusCode;
        span?.SetTag("http.response.status_code", status);
        if (status >= 500)
            Fail(span, exception?.GetType().FullName ?? Text(status), exception?.Message);
    }

    /// <summary>A span around each request that a service sends, and the header that tells the receiver about it.</summary>
    /// <param name="source">Makes the spans.</param>
    /// <param name="sendsHeader">Whether the header is sent: a lesson can break that.</param>
    public sealed class ClientSpans(ActivitySource source, Func<bool> sendsHeader) : DelegatingHandler
    {
        /// <summary>Which attempt this is, counted from 0, when a request is sent again: <c>http.request.resend_count</c>.</summary>
        public static readonly HttpRequestOptionsKey<int> Resend = new("resend");

        /// <summary>Sends one request.</summary>
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            // What is known at the start is given at the start: a sampler sees only that.
            var url = request.RequestUri!;
            using var span = source.StartActivity(request.Method.Method, ActivityKind.Client, parentContext: default, tags:
            [
                new("http.request.method", request.Method.Method), new("url.full", url.ToString()),
                new("server.address", url.Host), new("server.port", url.Port),
            ]);
            if (request.Options.TryGetValue(Resend, out var resend) && resend > 0)
                span?.SetTag("http.request.resend_count", resend);

            // Activity.Current, because `span` is null below a span that is not sampled, and that must be passed on too.
            if (sendsHeader())
                DistributedContextPropagator.Current.Inject(Activity.Current, request.Headers, SetHeader);

            try
            {
                var response = await base.SendAsync(request, cancel);
                var status = (int)response.StatusCode;
                span?.SetTag("http.response.status_code", status);
                if (status >= 400) // for the one who asked, 4xx is an error too
                    Fail(span, Text(status));
                return response;
            }
            catch (HttpRequestException e)
            {
                Fail(span, e.HttpRequestError == HttpRequestError.ConnectionError ? "connection_error" : e.GetType().FullName, e.Message);
                throw;
            }
        }

        private static void SetHeader(object? headers, string name, string value)
        {
            ((HttpRequestHeaders)headers!).Remove(name); // that of the attempt before
            ((HttpRequestHeaders)headers!).TryAddWithoutValidation(name, value);
        }
    }

    /// <summary>A span around one query.</summary>
    /// <param name="source">Makes the span.</param>
    /// <param name="summary">Its name: the operation and its tables, but no values (<c>db.query.summary</c>).</param>
    /// <param name="table">The one table that is read; null if there are several.</param>
    /// <param name="sql">The query, with <c>$id</c> and not with its value.</param>
    /// <param name="query">Runs it.</param>
    public static async Task<T> QueryAsync<T>(ActivitySource source, string summary, string? table, string sql, Func<Task<T>> query)
    {
        using var span = source.StartActivity(summary, ActivityKind.Client, parentContext: default, tags:
        [
            new("db.system.name", "sqlite"), new("db.namespace", "shop"), new("db.operation.name", "SELECT"),
            new("db.query.summary", summary), new("db.query.text", sql),
        ]);
        if (table is not null)
            span?.SetTag("db.collection.name", table);
        try
        {
            return await query();
        }
        catch (DbException e)
        {
            var code = Text(ErrorCode(e));
            span?.SetTag("db.response.status_code", code);
            Fail(span, code, e.Message);
            throw;
        }
    }

    // error.type says what kind of failure it was, with few values; the description is for whoever reads this one span.
    private static void Fail(Activity? span, string? type, string? description = null) =>
        span?.SetTag("error.type", type).SetStatus(ActivityStatusCode.Error, description);

    // The database's own number for what went wrong; 1 is SQL that it does not understand. SQLite's provider does not hand it
    // to the DbException that all providers share, so it is asked for by name.
    private static int ErrorCode(DbException e) => e.GetType().GetProperty("SqliteErrorCode")?.GetValue(e) as int? ?? e.ErrorCode;

    private static string Text(int code) => code.ToString(CultureInfo.InvariantCulture);
}
