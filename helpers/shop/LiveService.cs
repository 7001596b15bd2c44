#nullable enable
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Http;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

/// <summary>
/// A running service of a lesson: a real ASP.NET Core application without a port. Only its headers lead from one to the next.
/// A service that starts takes the place of the one with the same name, so a cell can run again. Nothing here injects or
/// extracts: what passes a trace on is in the lesson, or is ASP.NET Core's own.
/// </summary>
public sealed class LiveService : IAsyncDisposable, IDisposable
{
    private static readonly ConcurrentDictionary<string, LiveService> Running = new();

    private readonly WebApplication app;
    private readonly ConcurrentQueue<ReceivedRequest> received = new();

    private LiveService(string name, WebApplication app)
    {
        (Name, this.app) = (name, app);
        Client = ClientThrough();
        app.Use((http, next) =>
        {
            received.Enqueue(new(http.Request.Method, http.Request.Path,
                http.Request.Headers.ToDictionary(h => h.Key, h => $"{h.Value}", StringComparer.OrdinalIgnoreCase)));
            if (Activity.Current is { Kind: ActivityKind.Server } server && http.GetEndpoint() is RouteEndpoint endpoint)
                server.DisplayName = $"{http.Request.Method} {endpoint.RoutePattern.RawText}";
            return next(http);
        });
    }

    /// <summary>Its <c>service.name</c>, and the name of its source.</summary>
    public string Name { get; }

    /// <summary>What its container holds.</summary>
    internal IServiceProvider Services => app.Services;

    /// <summary>Calls the service with the headers that you give it and no others, as somebody without tracing does.</summary>
    public HttpClient Client { get; }

    /// <summary>The requests that came in, in order, with their headers: the wire, as this service sees it.</summary>
    public IReadOnlyList<ReceivedRequest> Received => received.ToArray();

    /// <summary>
    /// Starts a service with OpenTelemetry: ASP.NET Core reads the headers and makes a Server span for each request, named
    /// "GET /route". Its provider listens to <paramref name="name"/> alone, so spans of your own come from a source of that name.
    /// </summary>
    /// <param name="name">Its <c>service.name</c>.</param>
    /// <param name="recorder">Where its spans go.</param>
    /// <param name="map">Its routes.</param>
    /// <param name="tracing">More for its provider, as a sampler or a processor that comes before the recorder.</param>
    /// <param name="setUp">More for the application, before it is built.</param>
    public static Task<LiveService> StartAsync(string name, SpanRecorder recorder, Action<WebApplication> map,
        Action<TracerProviderBuilder>? tracing = null, Action<WebApplicationBuilder>? setUp = null) =>
        StartAsync(name, map, builder =>
        {
            builder.Services.AddSingleton(new ActivitySource(name)); // ASP.NET Core makes its Server spans with this source
            AddProvider(builder, name, recorder, tracing);
            setUp?.Invoke(builder);
        });

    /// <summary>The same, but ASP.NET Core reads no header and makes no span: that is left to your routes.</summary>
    /// <param name="name">Its <c>service.name</c>, and the source that its provider listens to.</param>
    /// <param name="recorder">Where its spans go.</param>
    /// <param name="map">Its routes.</param>
    public static Task<LiveService> StartByHandAsync(string name, SpanRecorder recorder, Action<WebApplication> map) =>
        StartAsync(name, map, builder => AddProvider(builder, name, recorder, null));

    /// <summary>Starts a service that has ordinary logging and no OpenTelemetry.</summary>
    /// <param name="name">What it is called; no span says so.</param>
    /// <param name="map">Its routes.</param>
    public static Task<LiveService> StartWithoutOpenTelemetryAsync(string name, Action<WebApplication> map) =>
        StartAsync(name, map, builder => builder.Logging.AddProvider(new ShopLog().Of(name)));

    /// <summary>What another service calls this one with: each request goes through the handlers, the first one first.</summary>
    public HttpClient ClientThrough(params DelegatingHandler[] handlers)
    {
        HttpMessageHandler next = new ShopNetwork(app, _ => Task.CompletedTask);
        foreach (var handler in handlers.Reverse())
        {
            handler.InnerHandler = next;
            next = handler;
        }

        return new HttpClient(next) { BaseAddress = new Uri($"http://{Name}") };
    }

    /// <summary>Stops the service and its provider.</summary>
    public async ValueTask DisposeAsync()
    {
        Running.TryRemove(KeyValuePair.Create(Name, this));
        await app.DisposeAsync();
    }

    /// <summary>The same.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static async Task<LiveService> StartAsync(string name, Action<WebApplication> map, Action<WebApplicationBuilder> setUp)
    {
        if (Running.TryGetValue(name, out var last))
            await last.DisposeAsync();
        var builder = WebApplication.CreateEmptyBuilder(new() { ApplicationName = name, EnvironmentName = "Production" });
        builder.WebHost.UseTestServer();
        builder.Services.AddRouting();
        builder.Services.AddSingleton<IHttpContextFactory, ShopNetwork.RequestEnd>(); // an answer comes when the span has ended
        setUp(builder);

        var service = new LiveService(name, builder.Build());
        service.app.Services.GetService<TracerProvider>(); // built before the first request
        map(service.app);
        await service.app.StartAsync();
        NotebookHost.CloseOnRestart(service);
        return Running[name] = service;
    }

    private static void AddProvider(WebApplicationBuilder builder, string name, SpanRecorder recorder, Action<TracerProviderBuilder>? more)
    {
        builder.Services.AddSingleton(_ => // made by the container, so disposed with it
        {
            var provider = Sdk.CreateTracerProviderBuilder().ConfigureResource(r => r.AddService(name)).AddSource(name);
            more?.Invoke(provider);
            return provider.AddProcessor(new SimpleActivityExportProcessor(recorder.ForService(name))).Build();
        });
    }
}

/// <summary>A request as it came off the wire.</summary>
/// <param name="Method">As in "GET".</param>
/// <param name="Path">As in "/payments/42".</param>
/// <param name="Headers">By name, whatever its case; what was sent twice is joined by commas.</param>
public sealed record ReceivedRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The header's value; null if it did not come.</summary>
    public string? this[string header] => Headers.GetValueOrDefault(header);
}
