using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TracingTutorial.Host.Notebooks;
using TracingTutorial.Host.Pages;

namespace TracingTutorial.Host.Player;

/// <summary>The course in a browser: a web server of this machine alone, one WebSocket for each open lesson.</summary>
internal sealed partial class PlayerApp : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Course _course;

    private PlayerApp(WebApplication app, Course course, Uri address) => (_app, _course, Address) = (app, course, address);

    /// <summary>What to open, with its token.</summary>
    public Uri Address { get; }

    /// <summary>Starts the player.</summary>
    /// <param name="root">The root of the clone.</param>
    /// <param name="progress">The folder where progress is kept.</param>
    /// <param name="port">The port; 0 for any that is free.</param>
    /// <exception cref="NotebookException">The port is taken.</exception>
    public static async Task<PlayerApp> StartAsync(string root, string progress, int port)
    {
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var course = new Course(root, progress);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var door = new Door(token);
        app.UseWebSockets(); // before the door: only then does a request know that it is a WebSocket's
        app.Use((http, next) => door.PassAsync(http, next));
        app.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(Path.Combine(AppContext.BaseDirectory, "wwwroot")) });
        app.UseRouting();
        Map(app, course);
        try
        {
            await app.StartAsync();
        }
        catch (IOException e)
        {
            throw new NotebookException(new Problem($"--port {port}", null, null, $"The port cannot be used: {e.Message}", "Name another one, or none: then a free one is taken."));
        }

        door.Port = new Uri(app.Urls.Single()).Port;
        return new PlayerApp(app, course, new Uri($"http://127.0.0.1:{door.Port}/?token={token}"));
    }

    /// <summary>Runs until it is ended.</summary>
    public Task RunAsync(CancellationToken cancel) => _app.WaitForShutdownAsync(cancel);

    /// <summary>Ends the server and every kernel.</summary>
    public async ValueTask DisposeAsync()
    {
        _course.Dispose();
        await _app.DisposeAsync();
    }

    private static void Map(WebApplication app, Course course)
    {
        app.MapGet("/", (HttpContext http) => WriteAsync(http, StartPage.Html(course.Cards(), course.Address(CloneFile.Instructor))));
        app.MapGet("/lesson/{name}", async (HttpContext http, string name) =>
        {
            if (course.Open(name) is null)
                await NotFoundAsync(http);
            else
                await WriteAsync(http, StartPage.LessonShell(course.Cards(), name));
        });
        app.MapGet("/file/{**path}", async (HttpContext http, string? path) =>
        {
            if (course.File(path ?? "") is { } file)
                await WriteAsync(http, StartPage.File(file.Title, file.Html));
            else
                await NotFoundAsync(http);
        });
        app.MapGet("/assets/{file}", async (HttpContext http, string file) =>
        {
            var path = Path.Combine(course.Assets, file);
            if (!AssetName().IsMatch(file) || !File.Exists(path))
            {
                await NotFoundAsync(http);
                return;
            }

            http.Response.ContentType = Path.GetExtension(file) == ".svg" ? "image/svg+xml" : "image/png";
            await http.Response.SendFileAsync(path);
        });
        app.Map("/ws/{name}", async (HttpContext http, string name) =>
        {
            if (!http.WebSockets.IsWebSocketRequest || course.Open(name) is not { } session)
            {
                await NotFoundAsync(http);
                return;
            }

            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            await new LessonSocket(socket, session).RunAsync(CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, app.Lifetime.ApplicationStopping).Token);
        });
        app.MapFallback(NotFoundAsync);
    }

    private static Task WriteAsync(HttpContext http, string html)
    {
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync(html);
    }

    private static Task NotFoundAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return http.Response.WriteAsync("There is nothing here. The lessons are at /\n");
    }

    [GeneratedRegex(@"^[\w-]+\.(svg|png)$")]
    private static partial Regex AssetName();
}
