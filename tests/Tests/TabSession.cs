using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Playwright;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The session of a browser tab (tab/session), in JavaScript, with a kernel and a store in memory.</summary>
internal sealed class TabSession : IDrivenSession
{
    private const string Origin = "https://tab.test/"; // no request leaves the browser

    private readonly BrowserPage _shown;

    private TabSession(BrowserPage shown) => _shown = shown;

    public static async Task<IDrivenSession> OpenAsync(Browser browser, Lesson lesson)
    {
        var session = new TabSession(await OpenPageAsync(browser));
        await session._shown.Page.EvaluateAsync("() => import('/driver.js')");
        await session._shown.Page.EvaluateAsync("lesson => driver.start(lesson)", JsonOf(lesson));
        return session;
    }

    /// <summary>An empty page that can import the modules of the session.</summary>
    public static async Task<BrowserPage> OpenPageAsync(Browser browser)
    {
        var shown = await browser.NewPage(400);
        await ServeAsync(shown.Page);
        return shown;
    }

    /// <summary>Goes to an empty page that can import the modules of the session.</summary>
    public static async Task ServeAsync(IPage page)
    {
        await page.Context.RouteAsync(Origin + "**", route =>
        {
            var name = new Uri(route.Request.Url).AbsolutePath[1..];
            string[] places = name.StartsWith("session/", StringComparison.Ordinal) ? [Path.Combine("tab", name)]
                : [Path.Combine("host", "wwwroot", name), Path.Combine("tests", "Tests", "conformance", name)];
            var file = places.Select(place => Path.Combine(HostRunner.Root, place)).FirstOrDefault(File.Exists);
            return name.Length == 0 ? route.FulfillAsync(new() { ContentType = "text/html", Body = "<!doctype html><title>tab</title>" })
                : file is null ? route.FulfillAsync(new() { Status = 404 })
                : route.FulfillAsync(new() { ContentType = "text/javascript", Body = File.ReadAllText(file) });
        });
        await page.GotoAsync(Origin);
    }

    public Task SendAsync(string page, JsonNode message) =>
        _shown.Page.EvaluateAsync("([page, message]) => driver.send(page, message)", new[] { page, message.ToJsonString() });

    public async Task<JsonNode> ReadAsync(string page, CancellationToken hang) =>
        JsonNode.Parse(await _shown.Page.EvaluateAsync<string>("page => driver.read(page)", page).WaitAsync(hang))!;

    public async Task<JsonNode?> NextAsync(string page) =>
        await _shown.Page.EvaluateAsync<string?>("page => driver.next(page)", page) is { } message ? JsonNode.Parse(message) : null;

    public Task<string> KernelRunsAsync(CancellationToken hang) =>
        _shown.Page.EvaluateAsync<string>("() => driver.kernelRuns()").WaitAsync(hang);

    public Task ReportAsync(string what, JsonNode value) =>
        _shown.Page.EvaluateAsync("([what, value]) => driver.report(what, value)", new[] { what, value.ToJsonString() });

    public Task ExitAsync(int code) => _shown.Page.EvaluateAsync("code => driver.exit(code)", code);

    public ValueTask DisposeAsync() => _shown.DisposeAsync();

    /// <summary>The data of a lesson, as a live site has it.</summary>
    internal static string JsonOf(Lesson lesson)
    {
        var json = JsonSerializer.SerializeToNode(Course.Pages.LessonPage.Of(lesson, _ => null), JsonSerializerOptions.Web)!;
        var keys = KeptLesson.KeysOf(lesson.Notebook.Code);
        foreach (var (cell, place) in lesson.Notebook.Code.Select((c, i) => (c, i)))
        {
            var data = json["cells"]![place]!;
            (data["file"], data["line"], data["key"]) = (cell.DisplayName, cell.Line, keys[place]);
            data["problems"] = new JsonArray([.. cell.Problems.Select(p => new JsonObject
            {
                ["file"] = cell.DisplayName, ["line"] = p.Line, ["message"] = p.Message, ["wayOut"] = p.WayOut,
            })]);
        }

        return json.ToJsonString();
    }
}
