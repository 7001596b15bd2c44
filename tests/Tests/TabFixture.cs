using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Pages;
using TracingTutorial.Course.Runs;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>
/// A live site for the tests of one class, below a path, under a strict policy. It has the lessons that the tests write, and the engine
/// that the environment variable TAB_ENGINE names (a folder that tab/pack has written). Without one its tests are skipped.
/// </summary>
public sealed class TabFixture(Browser browser) : LessonHost, IAsyncLifetime
{
    private const string Below = "/a/b/";
    private const string Policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self'; "
        + "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'";

    private static readonly FileExtensionContentTypeProvider Types = new();

    private readonly TempFolder _site = new();
    private readonly string? _engine = Environment.GetEnvironmentVariable("TAB_ENGINE");
    private WebApplication? _server;
    private KernelPlace? _place;

    public async ValueTask InitializeAsync()
    {
        if (_engine is null)
            return;
        _place = await KernelPlace.TakeAsync();
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        _server = builder.Build();
        _server.Run(SendAsync);
        await _server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _place?.Dispose();
        _site.Dispose();
    }

    internal override string Write(string name, string head, params string[] parts)
    {
        Assert.SkipWhen(_engine is null, "TAB_ENGINE names no folder that `dotnet run -c Release --project tab/pack` has written.");
        var file = Path.Combine(HostRunner.Root, "notebooks", name + ".dib"); // there is none: imports start at its folder
        var lesson = new Lesson(DibReader.Parse(file, HostRunner.Meta + Text(head) + string.Concat(parts)));
        _site.Write($"lessons/{name}.json", TabSession.JsonOf(lesson));
        _site.Write($"{name}.html", PageFrame.Lesson("page/")
            .Replace("<html lang=\"en\"", $"<html lang=\"en\" data-live=\"1\" data-lesson=\"{name}\"", StringComparison.Ordinal));
        _site.Write("lessons/index.json", new JsonObject
        {
            ["lessons"] = new JsonArray([.. Directory.GetFiles(Path.Combine(_site.Path, "lessons")).Select(Path.GetFileNameWithoutExtension)
                .Where(n => n != "index").Order(StringComparer.Ordinal)
                .Select(n => new JsonObject { ["name"] = n, ["title"] = n, ["minutes"] = 1, ["exercises"] = 0, ["about"] = "" })]),
        }.ToJsonString());
        return name;
    }

    /// <summary>Changes the data of a lesson.</summary>
    internal void Change(string lesson, Action<JsonNode> change)
    {
        var file = Path.Combine(_site.Path, "lessons", lesson + ".json");
        var data = JsonNode.Parse(File.ReadAllText(file))!;
        change(data);
        File.WriteAllText(file, data.ToJsonString());
    }

    internal override Task<BrowserPage> ComeInAsync(int width = 1100, int height = 800) => browser.NewPage(width, height);

    internal override string AddressOf(string lesson) => $"{_server!.Urls.Single()}{Below}{lesson}.html";

    internal override Task<string?> KeptAsync(IPage page, string lesson, string original) => page.EvaluateAsync<string?>(
        """
        async ([lesson, key]) => {
          const { store } = await import(new URL('page/session/site.js', location.href).href);
          return (await store.all())[lesson]?.cells[key]?.source ?? null;
        }
        """, new[] { lesson, KeptLesson.KeyOf(original) });

    private async Task SendAsync(HttpContext http)
    {
        http.Response.Headers.ContentSecurityPolicy = Policy;
        http.Response.Headers.CacheControl = "no-cache";
        var path = http.Request.Path.Value ?? "";
        var file = path.StartsWith(Below, StringComparison.Ordinal) ? FileOf(path[Below.Length..]) : "";
        if (!File.Exists(file))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        http.Response.ContentType = Types.TryGetContentType(file, out var type) ? type : "application/octet-stream";
        await http.Response.SendFileAsync(file);
    }

    private string FileOf(string path) => path.Split('/', 2) switch
    {
        ["page", var rest] when rest.StartsWith("session/", StringComparison.Ordinal) => Path.Combine(HostRunner.Root, "tab", rest),
        ["page", var rest] => Path.Combine(AppContext.BaseDirectory, "wwwroot", rest),
        ["engine", var rest] => Path.Combine(_engine!, rest),
        _ => Path.Combine(_site.Path, path),
    };
}
