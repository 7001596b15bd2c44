#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
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

    // Each shop that is open has a number of its own, its place here: by it, its sources are told from those of the others.
    private static readonly List<Shop?> OpenShops = [];
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    // Once in the process: it is the same code for each shop.
    private static readonly Lazy<Task> WarmedUp = new(WarmUpAsync);

    private readonly List<ShopService> services = [];
    private readonly ShopLog log = new();
    private readonly ShopDatabase database;
    private ShopRush? rush;
    private ShopProviders? providers;
    private bool disposed;

    // A service with the number 0 has no source that can be listened to.
    private Shop(int number)
    {
        var (gateway, users, payments) = (AddService("api-gateway"), AddService("user-service"), AddService("payment-service"));
        database = new ShopDatabase(users.Source, Work);
        MapGateway(gateway.App, gateway.ClientOf(users, Faults, Work), gateway.ClientOf(payments, Faults, Work));
        MapUsers(users.App);
        MapPayments(payments.App);
        Client = new HttpClient(new ShopNetwork(gateway.App, Work)) { BaseAddress = new Uri("http://api-gateway") };

        ShopService AddService(string name)
        {
            services.Add(new ShopService(name, number, log));
            return services[^1];
        }
    }

    /// <summary>Starts the three services.</summary>
    /// <param name="tracing">
    /// Called once for each service, with its name and its provider's builder, to say where its spans go. Source and
    /// resource are set already; what is added here comes on top. Null: the services run without tracing.
    /// </param>
    /// <param name="version"><c>service.version</c> of all three.</param>
    public static async Task<Shop> StartAsync(Action<string, TracerProviderBuilder>? tracing = null, string version = "1.4.2")
    {
        await WarmedUp.Value;
        var shop = Open();
        try
        {
            foreach (var service in shop.services)
                await service.App.StartAsync();
            shop.providers = new(shop.services, tracing);
            shop.providers.Build(version);
        }
        catch
        {
            await shop.DisposeAsync();
            throw;
        }

        NotebookHost.CloseOnRestart(shop);
        return shop;
    }

    private static Shop Open()
    {
        lock (OpenShops)
        {
            if (!OpenShops.Contains(null))
                OpenShops.Add(null);
            var place = OpenShops.IndexOf(null);
            return OpenShops[place] = new Shop(number: place + 1);
        }
    }

    // The first request through new code is slow, because the code is compiled then. That is not what traces shall show. And
    // these requests are not either: a source that is disposed has no listeners, not even those that listen to all sources.
    private static async Task WarmUpAsync()
    {
        await using var shop = new Shop(number: 0) { Pace = TimeSpan.Zero };
        foreach (var service in shop.services)
            await service.App.StartAsync();
        (await shop.GetAsync("/profile/1")).Dispose();
        (await shop.GetAsync($"/profile/{UserWithFailingPayments}")).Dispose();
        using var exporter = new SimpleActivityExportProcessor(new SpanRecorder());
        exporter.OnEnd(new ShopService.WarmUpSpan().Activity);
    }

    /// <summary>A browser outside of the system: it makes no spans, and sends no <c>traceparent</c> unless you add one.</summary>
    public HttpClient Client { get; }

    /// <summary>What is broken at the moment. Can be changed between requests.</summary>
    public ShopFaults Faults { get; } = new();

    /// <summary>How long one unit of simulated work takes; a profile page is about 14 units. Zero for load tests.</summary>
    public TimeSpan Pace { get; set; } = TimeSpan.FromMilliseconds(4);

    /// <summary>What the services logged, in the order of time: the last 20,000 lines.</summary>
    public IReadOnlyList<LogLine> Logs => log.Lines;

    /// <summary>One request, for example <c>/profile/7</c>. When the answer is here, all spans of the request have ended.</summary>
    public Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(path);

    /// <summary>Several requests at about the same time, which overtake each other; nothing else may be asked meanwhile.</summary>
    public Task<HttpResponseMessage[]> GetAllAsync(params string[] paths) =>
        (rush = new ShopRush(paths.Length, Pace)).RunAsync(paths.Select(path => (Func<Task<HttpResponseMessage>>)(() => GetAsync(path))));

    /// <summary>Another version goes live, between two requests; its spans say so in <c>service.version</c>.</summary>
    public void Deploy(string version)
    {
        providers?.Build(version);
        Faults.Deploy(version);
    }

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
                await http.Response.WriteAsJsonAsync(new { user = JsonNode.Parse(user), payment = JsonNode.Parse(payment) }, Json);
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
                var answer = e.StatusCode is { } status ? $"answered {(int)status}" : "is not there";
                gateway.Logger.LogError("no profile page: {Service} {Answer}", service, answer);
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
            await http.Response.WriteAsJsonAsync(new { id, name, orders }, Json);
        });

    private void MapPayments(WebApplication payments) =>
        payments.MapGet("/payments/{userId}", async (HttpContext http) =>
        {
            var userId = int.Parse((string)http.GetRouteValue("userId")!, CultureInfo.InvariantCulture);
            payments.Logger.LogInformation("asking the bank for the balance");
            var balance = await AskBank(userId);
            payments.Logger.LogInformation("the bank answered");
            await http.Response.WriteAsJsonAsync(new { balance, currency = "EUR" }, Json);
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
        return http.Response.WriteAsJsonAsync(new { title, status }, Json, "application/problem+json");
    }

    private Task Work(double units) => rush is { IsOver: false } ? rush.WorkAsync(units)
        : Pace > TimeSpan.Zero ? Task.Delay(Pace * units) : Task.CompletedTask;

    /// <summary>The same as <see cref="DisposeAsync"/>, and waits for it.</summary>
    public void Dispose() => Task.Run(async () => await DisposeAsync()).GetAwaiter().GetResult();

    /// <summary>Stops the services, then flushes and closes their providers.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, true))
            return;
        foreach (var service in services)
            await service.App.DisposeAsync();
        providers?.Dispose();
        services.ForEach(service => service.Source.Dispose());
        Client.Dispose();
        database.Dispose();
        lock (OpenShops)
            if (OpenShops.IndexOf(this) is >= 0 and var place)
                OpenShops[place] = null;
    }
}
