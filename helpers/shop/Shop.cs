#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

/// <summary>
/// The system of this course: a browser asks api-gateway for a profile page, api-gateway asks user-service (which asks
/// its database) and then payment-service. The three are real ASP.NET Core services with their own sources, providers
/// and resources; they run in one process, without sockets. Only the headers of their requests join their spans.
/// <code>
/// GET /profile/{id}                  api-gateway
///   GET, GET /users/{id}             api-gateway, user-service
///     SELECT users                   user-service
///     SELECT orders articles         user-service
///   GET, GET /payments/{userId}      api-gateway, payment-service
/// </code>
/// </summary>
public sealed class Shop : IDisposable, IAsyncDisposable
{
    /// <summary>The payments of this user fail, whatever <see cref="ShopFaults.FailingPayments"/> says.</summary>
    public const int UserWithFailingPayments = 13;

    // A provider listens to sources by their name, anywhere in the process. So that two shops that are open at once do not
    // record each other's spans, the sources of the second one are called "api-gateway-2", "user-service-2" and so on.
    private static readonly HashSet<int> OpenShops = [];
    private readonly int number = 1;

    private readonly List<Service> services = [];
    private readonly List<TracerProvider> providers = [];
    private readonly ShopLog log = new();
    private readonly ShopDatabase database;
    private bool disposed;

    private Shop()
    {
        lock (OpenShops)
        {
            while (!OpenShops.Add(number))
                number++;
        }

        var (gateway, users, payments) = (AddService("api-gateway"), AddService("user-service"), AddService("payment-service"));
        database = new ShopDatabase(users.Source, Work);
        MapGateway(gateway.App, Connect(gateway, users), Connect(gateway, payments));
        MapUsers(users.App);
        MapPayments(payments.App);
        Client = new HttpClient(new ShopNetwork(gateway.App, Work)) { BaseAddress = new Uri("http://api-gateway") };
    }

    /// <summary>Starts the three services.</summary>
    /// <param name="tracing">
    /// Called once for each service, with its name and its provider's builder, to say where its spans go. Source and
    /// resource are set already; what is added here comes on top. Null: the services run without tracing.
    /// </param>
    /// <param name="version"><c>service.version</c> of all three.</param>
    public static async Task<Shop> StartAsync(Action<string, TracerProviderBuilder>? tracing = null, string version = "1.4.2")
    {
        var shop = new Shop();
        try
        {
            foreach (var service in shop.services)
                await service.App.StartAsync();
            await shop.WarmUpAsync();
            foreach (var service in tracing is null ? [] : shop.services)
                shop.providers.Add(BuildProvider(service, version, tracing!));
        }
        catch
        {
            await shop.DisposeAsync();
            throw;
        }

        NotebookHost.CloseOnRestart(shop);
        return shop;
    }

    /// <summary>A browser outside of the system: it makes no spans, and sends no <c>traceparent</c> unless you add one.</summary>
    public HttpClient Client { get; }

    /// <summary>What is broken at the moment. Can be changed between requests.</summary>
    public ShopFaults Faults { get; } = new();

    /// <summary>How long one unit of simulated work takes; a profile page is about 14 units. Zero for load tests.</summary>
    public TimeSpan Pace { get; set; } = TimeSpan.FromMilliseconds(4);

    /// <summary>What the services logged, in the order of time: the last 20,000 lines.</summary>
    public IReadOnlyList<LogLine> Logs => log.Lines;

    /// <summary>One request of the browser, for example <c>/profile/7</c>. When the answer is here, all spans of the request have ended.</summary>
    public Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(path);

    // ---- The services: there is no line about tracing in them ----------------------------------------------------

    private void MapGateway(WebApplication gateway, HttpClient users, HttpClient payments) =>
        gateway.MapGet("/profile/{id}", async (HttpContext http) =>
        {
            var clock = Stopwatch.StartNew();
            gateway.Logger.LogInformation("profile page requested");
            if (!int.TryParse((string?)http.GetRouteValue("id"), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                gateway.Logger.LogWarning("bad request: the id is not a number");
                await AnswerProblem(http, 400, "The id of a user is a number.");
                return;
            }

            var asked = users;
            try
            {
                await Work(1);
                gateway.Logger.LogInformation("asking user-service");
                var user = await users.GetStringAsync($"/users/{id}");
                asked = payments;
                gateway.Logger.LogInformation("asking payment-service");
                var payment = await payments.GetStringAsync($"/payments/{id}");
                await http.Response.WriteAsJsonAsync(new { user = JsonDocument.Parse(user).RootElement, payment = JsonDocument.Parse(payment).RootElement });
                gateway.Logger.LogInformation("profile page sent after {Elapsed:0} ms", clock.Elapsed.TotalMilliseconds);
            }
            catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.NotFound)
            {
                gateway.Logger.LogWarning("no profile page: user-service answered 404");
                await AnswerProblem(http, 404, "There is no such user.");
            }
            catch (HttpRequestException e)
            {
                var service = asked.BaseAddress!.Host;
                gateway.Logger.LogError("no profile page: {Service} {Answer}", service, e.StatusCode is { } status ? $"answered {(int)status}" : "is not there");
                await AnswerProblem(http, 502, $"{service} failed.");
            }
        });

    private void MapUsers(WebApplication users) =>
        users.MapGet("/users/{id}", async (HttpContext http) =>
        {
            var id = int.Parse((string)http.GetRouteValue("id")!, CultureInfo.InvariantCulture);
            var clock = Stopwatch.StartNew();
            users.Logger.LogInformation("loading user");
            if (await database.UserNameAsync(id, Faults.SlowQuery) is not { } name)
            {
                users.Logger.LogWarning("there is no such user");
                await AnswerProblem(http, 404, "There is no such user.");
                return;
            }

            users.Logger.LogInformation("user loaded in {Elapsed:0} ms", clock.Elapsed.TotalMilliseconds);
            clock.Restart();
            var orders = Faults.NPlusOne ? await database.OrdersOneByOneAsync(id) : await database.OrdersAsync(id);
            users.Logger.LogInformation("{Count} orders loaded in {Elapsed:0} ms", orders.Count, clock.Elapsed.TotalMilliseconds);
            await http.Response.WriteAsJsonAsync(new { id, name, orders });
        });

    private void MapPayments(WebApplication payments) =>
        payments.MapGet("/payments/{userId}", async (HttpContext http) =>
        {
            var userId = int.Parse((string)http.GetRouteValue("userId")!, CultureInfo.InvariantCulture);
            payments.Logger.LogInformation("asking the bank for the balance");
            var balance = await AskBank(userId);
            payments.Logger.LogInformation("the bank answered");
            await http.Response.WriteAsJsonAsync(new { balance, currency = "EUR" });
        });

    private async Task<int> AskBank(int userId)
    {
        await Work(3 + userId * 3 % 5); // the bank is not equally fast for all
        return userId == UserWithFailingPayments || Faults.FailsFor(userId)
            ? throw new InvalidOperationException("The bank refused to answer: the account is locked.")
            : userId * 7 % 50;
    }

    // RFC 9457: what went wrong, for a program that reads it.
    private static Task AnswerProblem(HttpContext http, int status, string title)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new { title, status }, options: null, "application/problem+json");
    }

    private Task Work(double units) => Pace > TimeSpan.Zero ? Task.Delay(Pace * units) : Task.CompletedTask;

    // ---- What makes a service a traced one -----------------------------------------------------------------------

    private static TracerProvider BuildProvider(Service service, string version, Action<string, TracerProviderBuilder> tracing)
    {
        var builder = Sdk.CreateTracerProviderBuilder()
            // The default instance id is the same in the whole process. Here each service stands for a process of its own.
            .ConfigureResource(resource => resource.AddService(service.Name, "shop", version, serviceInstanceId: Guid.NewGuid().ToString()))
            .AddSource(service.Source.Name);
        tracing(service.Name, builder);
        return builder.Build();
    }

    // ASP.NET Core starts a span for each request, with the parent from the traceparent header, and ends it. On .NET 10 it
    // leaves it to us to say what the request was: names and attributes are those of the semantic conventions for HTTP.
    // (In a real service, the packages OpenTelemetry.Instrumentation.AspNetCore and .Http do this and what follows.)
    private static async Task DescribeServerSpan(WebApplication app, HttpContext http, RequestDelegate next)
    {
        // Null when nobody listens. When the span is not sampled, describing it would be work for nothing.
        var activity = http.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } recorded ? recorded : null;
        if (activity is not null)
        {
            // The route has few values and so makes a good name; the path has one for each user.
            var route = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
            activity.DisplayName = route is null ? http.Request.Method : $"{http.Request.Method} {route}";
            activity.SetTag("http.request.method", http.Request.Method);
            activity.SetTag("url.scheme", http.Request.Scheme);
            activity.SetTag("url.path", http.Request.Path.Value);
            if (route is not null)
                activity.SetTag("http.route", route);
        }

        Exception? exception = null;
        try
        {
            await next(http);
        }
        catch (Exception e)
        {
            exception = e;
            app.Logger.LogError("unhandled exception {Type}: {Message}", e.GetType(), e.Message);
            activity?.AddException(e);
            http.Response.StatusCode = 500;
        }

        // 4xx is the caller's mistake: for the server that is no error, and the status stays Unset.
        var status = http.Response.StatusCode;
        activity?.SetTag("http.response.status_code", status);
        if (status >= 500)
            activity?.SetTag("error.type", exception?.GetType().FullName ?? $"{status}").SetStatus(ActivityStatusCode.Error, exception?.Message);
    }

    /// <summary>A span around each request that a service sends, and the header that tells the receiver about it.</summary>
    private sealed class ClientSpans(ActivitySource source, ShopFaults faults, Func<double, Task> work) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            var response = await SendOnceAsync(request, resend: 0, cancel);
            for (var resend = 1; resend <= 3 && faults.RetryPayments && request.RequestUri!.Host == "payment-service" && (int)response.StatusCode >= 500; resend++)
            {
                await work(5);
                response = await SendOnceAsync(request, resend, cancel);
            }

            return response;
        }

        private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, int resend, CancellationToken cancel)
        {
            var url = request.RequestUri!;
            using var activity = source.StartActivity(request.Method.Method, ActivityKind.Client, parentContext: default, tags:
            [
                new("http.request.method", request.Method.Method), new("url.full", url.ToString()),
                new("server.address", url.Host), new("server.port", url.Port),
            ]);
            if (resend > 0)
                activity?.SetTag("http.request.resend_count", resend);
            if (!faults.NoPropagation)
            {
                // Activity.Current, because `activity` is null below a span that is not sampled, and that must be passed on too.
                DistributedContextPropagator.Current.Inject(Activity.Current, request.Headers,
                    (headers, name, value) =>
                    {
                        ((HttpRequestHeaders)headers!).Remove(name); // that of the attempt before
                        ((HttpRequestHeaders)headers!).TryAddWithoutValidation(name, value);
                    });
            }

            try
            {
                var response = await base.SendAsync(request, cancel);
                var status = (int)response.StatusCode;
                activity?.SetTag("http.response.status_code", status);
                if (status >= 400) // for the one who asked, 4xx is an error too
                    activity?.SetTag("error.type", $"{status}").SetStatus(ActivityStatusCode.Error);
                return response;
            }
            catch (HttpRequestException e)
            {
                activity?.SetTag("error.type", e.HttpRequestError == HttpRequestError.ConnectionError ? "connection_error" : e.GetType().FullName)
                    .SetStatus(ActivityStatusCode.Error, e.Message);
                throw;
            }
        }
    }

    // ---- Three services in one process ---------------------------------------------------------------------------

    private sealed record Service(string Name, ActivitySource Source, WebApplication App);

    private Service AddService(string name)
    {
        var source = new ActivitySource(number == 1 ? name : $"{name}-{number}");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = name, EnvironmentName = "Production" });
        builder.WebHost.UseTestServer(); // no socket, no port
        builder.Services.AddRouting();
        builder.Services.AddSingleton(source); // ASP.NET Core takes the source of its server spans from here
        builder.Services.AddSingleton<IHttpContextFactory, ShopNetwork.RequestEnd>();
        // Without the filter, ASP.NET Core would make an Activity for its own log lines even when nobody traces.
        builder.Logging.AddFilter("Microsoft", LogLevel.None).AddProvider(log.Of(name));

        var app = builder.Build();
        app.Use((http, next) => DescribeServerSpan(app, http, next));
        var service = new Service(name, source, app);
        services.Add(service);
        return service;
    }

    private HttpClient Connect(Service from, Service to) =>
        new(new ClientSpans(from.Source, Faults, Work) { InnerHandler = new ShopNetwork(to.App, Work, () => Faults.PaymentDown && to.Name == "payment-service") }) { BaseAddress = new Uri($"http://{to.Name}") };

    // The first request through new code is slow, because the code is compiled then. It is not what the traces shall show.
    private async Task WarmUpAsync()
    {
        var pace = Pace;
        Pace = TimeSpan.Zero;
        using (Sdk.CreateTracerProviderBuilder()
            .AddSource([.. services.Select(s => s.Source.Name)])
            .AddProcessor(new SimpleActivityExportProcessor(new SpanRecorder()))
            .Build())
        {
            (await GetAsync("/profile/1")).Dispose();
            (await GetAsync($"/profile/{UserWithFailingPayments}")).Dispose();
        }

        log.Clear();
        Pace = pace;
    }

    public void Dispose() => Task.Run(async () => await DisposeAsync()).GetAwaiter().GetResult();

    /// <summary>Stops the services, then flushes and closes their providers.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, true))
            return;
        foreach (var service in services)
            await service.App.DisposeAsync();
        foreach (var provider in providers)
            provider.Dispose();
        foreach (var service in services)
            service.Source.Dispose();
        Client.Dispose();
        database.Dispose();
        lock (OpenShops)
            OpenShops.Remove(number);
    }
}
