using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Pages;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Player;

/// <summary>The course in a browser: a web server on loopback, one WebSocket for each open page of a lesson.</summary>
internal sealed class PlayerApp : IAsyncDisposable
{
    private const int MaxBody = 10_000; // of a key
    private const int MaxWork = 64_000_000; // of a file with all work: more than a learner writes

    private readonly WebApplication _app;
    private readonly OpenLessons _lessons;
    private readonly Access _access;
    private readonly PlayerPlace _place;

    private PlayerApp(WebApplication app, OpenLessons lessons, Access access, PlayerPlace place) =>
        (_app, _lessons, _access, _place) = (app, lessons, access, place);

    /// <summary>The address without a key: a page that has the secret opens with it.</summary>
    public Uri Origin => new($"http://127.0.0.1:{_access.Port}/");

    /// <summary>The address of another player that uses the same folder of progress; null when there is none.</summary>
    public Uri? Other => _place.Other;

    /// <summary>Starts the player.</summary>
    /// <param name="root">The root of the clone.</param>
    /// <param name="progress">The folder of the learner's progress.</param>
    /// <param name="port">The port; null for the last one if it is free, otherwise for any.</param>
    /// <param name="start">Starts a kernel.</param>
    /// <param name="secrets">As for <see cref="PlayerPlace.In"/>.</param>
    /// <exception cref="NotebookException">The port is taken, or the folder cannot be used.</exception>
    public static async Task<PlayerApp> StartAsync(string root, string progress, int? port, StartKernel start, string? secrets = null)
    {
        var place = PlayerPlace.In(progress, secrets);
        var lessons = new OpenLessons(root, new ProgressFolder(progress), start);
        foreach (var wanted in port is { } given ? (int[])[given] : place.Other is null && place.LastPort is { } last ? [last, 0] : [0])
        {
            var access = new Access(place.Secret, Environment.GetEnvironmentVariable);
            var app = Build(root, lessons, access, wanted, () => place.Other);
            try
            {
                await app.StartAsync();
            }
            catch (Exception e) when (e is IOException or SocketException) // taken, or not allowed
            {
                await app.DisposeAsync();
                if (wanted != 0 && port is null)
                    continue;
                await lessons.DisposeAsync();
                place.Dispose();
                throw new NotebookException(new Problem($"--port {wanted}", null, null, $"The port cannot be used: {e.Message}",
                    "Name another one, or none: then a free one is taken."));
            }

            access.Port = new Uri(app.Urls.Single()).Port;
            place.Claim(access.Port);
            return new PlayerApp(app, lessons, access, place);
        }

        throw new InvalidOperationException("A port that the system chooses is always the last try.");
    }

    /// <summary>A new address with a key that works once.</summary>
    public Uri NewAddress() => new(Origin, $"?key={_access.NewKey()}");

    /// <summary>Reads the lessons while the browser starts.</summary>
    public void ReadAhead() => _lessons.ReadAhead();

    /// <summary>Runs until it is ended.</summary>
    public Task RunAsync(CancellationToken cancel) => _app.WaitForShutdownAsync(cancel);

    /// <summary>Ends the server and every kernel.</summary>
    public async ValueTask DisposeAsync()
    {
        await _lessons.DisposeAsync();
        await _app.DisposeAsync();
        _place.Dispose();
    }

    private static WebApplication Build(string root, OpenLessons lessons, Access access, int port, Func<Uri?> other)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.UseWebSockets(); // before the check of access: only then does a request know that it is a WebSocket's
        app.Use((http, next) => access.PassAsync(http, next));
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(Path.Combine(AppContext.BaseDirectory, "wwwroot")),
        });
        app.UseRouting();
        Map(app, root, lessons, access, other);
        return app;
    }

    private static void Map(WebApplication app, string root, OpenLessons lessons, Access access, Func<Uri?> other)
    {
        app.MapGet("/", (HttpContext http) => PageAsync(http, PageFrame.List("/")));
        app.MapGet("/file/{**path}", (HttpContext http, string? path) =>
            lessons.HasFile(path ?? "") ? PageAsync(http, PageFrame.List("/")) : NotFoundAsync(http));
        app.MapGet("/lesson/{name}", (HttpContext http, string name) =>
        {
            if (http.Request.Path.Value!.EndsWith('/'))
            {
                http.Response.Redirect($"/lesson/{Uri.EscapeDataString(name)}", permanent: true);
                return Task.CompletedTask;
            }

            return lessons.Names.Contains(name) ? PageAsync(http, PageFrame.Lesson("/")) : NotFoundAsync(http);
        });
        app.MapPost("/enter", async (HttpContext http) =>
        {
            var (status, answer) = await KeyAsync(http) is { } key ? access.Exchange(key)
                : (StatusCodes.Status400BadRequest, new { problem = "The request has no key." });
            http.Response.StatusCode = status;
            await JsonAsync(http, answer);
        });
        app.MapGet("/api/start", async (HttpContext http) => await JsonAsync(http, new
        {
            lessons = await lessons.CardsAsync(),
            instructor = lessons.Address(CloneFile.Instructor),
            other = other()?.ToString(),
        }));
        app.MapGet("/api/work", (HttpContext http) => WorkAsync(http, lessons));
        app.MapPost("/api/work", (HttpContext http) => LoadWorkAsync(http, lessons));
        app.MapGet("/api/file/{**path}", (HttpContext http, string? path) =>
            lessons.File(path ?? "") is var (title, html) ? JsonAsync(http, new { title, html }) : NotFoundAsync(http));
        app.MapGet("/assets/{file}", async (HttpContext http, string file) =>
        {
            var path = "assets/" + file;
            if (!CloneFile.IsAsset(root, path))
            {
                await NotFoundAsync(http);
                return;
            }

            http.Response.ContentType = Path.GetExtension(file) == ".svg" ? "image/svg+xml" : "image/png";
            await http.Response.SendFileAsync(Path.Combine(root, path));
        });
        app.Map("/ws/{name}", async (HttpContext http, string name) =>
        {
            if (!http.WebSockets.IsWebSocketRequest || !lessons.Names.Contains(name))
            {
                await NotFoundAsync(http);
                return;
            }

            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, app.Lifetime.ApplicationStopping);
            await new LessonSocket(socket, () => lessons.OpenAsync(name), access).RunAsync(ending.Token);
        });
        app.MapFallback(NotFoundAsync);
    }

    private static async Task<string?> KeyAsync(HttpContext http)
    {
        try
        {
            using var json = await JsonDocument.ParseAsync(http.Request.Body);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("key", out var key)
                && key.ValueKind == JsonValueKind.String ? key.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or IOException or InvalidOperationException)
        {
            return null;
        }
    }

    private static async Task WorkAsync(HttpContext http, OpenLessons lessons)
    {
        string work;
        try
        {
            work = lessons.Work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await JsonAsync(http, new { problem = $"Your work cannot be read at the moment: {e.Message}" });
            return;
        }

        http.Response.ContentType = "application/json; charset=utf-8";
        await http.Response.WriteAsync(work);
    }

    private static async Task LoadWorkAsync(HttpContext http, OpenLessons lessons)
    {
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = MaxWork;
        try
        {
            using var body = new StreamReader(http.Request.Body);
            await JsonAsync(http, new { lessons = await lessons.LoadWorkAsync(await body.ReadToEndAsync()) });
        }
        catch (Exception e) when (e is FormatException or IOException) // a body that is too long is one too
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await JsonAsync(http, new { problem = e.Message });
        }
    }

    private static Task JsonAsync(HttpContext http, object answer)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        return http.Response.WriteAsync(JsonSerializer.Serialize(answer, JsonSerializerOptions.Web));
    }

    private static Task PageAsync(HttpContext http, string html)
    {
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync(html);
    }

    private static Task NotFoundAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return http.Response.WriteAsync("There is nothing here. The lessons are at /\n");
    }
}
