using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.Playwright;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Kernel;
using TracingTutorial.Host.Player;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>
/// A player for the tests of one class, on a clone of its own with the course's helpers and the lessons that the tests write.
/// Lessons can be added while it runs.
/// </summary>
public sealed class PlayerFixture(Browser browser) : LessonHost, IAsyncLifetime
{
    private readonly TempFolder _clone = new(), _progress = new();
    private PlayerApp? _app;
    private string? _secret;
    private KernelPlace? _place;

    /// <summary>The root of the clone.</summary>
    internal string Clone => _clone.Path;

    /// <summary>Where what the learner did is kept.</summary>
    internal string Progress => _progress.Path;

    /// <summary>What the terminal shows: an address with a key that works once. Each time a new one.</summary>
    internal Uri NewAddress() => _app!.NewAddress();

    internal int Port => _app!.Origin.Port;

    /// <summary>What a page of this player knows.</summary>
    internal async Task<string> SecretAsync() => _secret ??= await EnterAsync(_app!);

    /// <summary>Exchanges a key for the secret, as a page does.</summary>
    internal static async Task<string> EnterAsync(PlayerApp player)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(player.Origin, "enter"))
        {
            Content = JsonContent.Create(new { key = player.NewAddress().Query.Split('=')[1] }),
        };
        request.Headers.Add("Origin", player.Origin.GetLeftPart(UriPartial.Authority));
        using var answer = await client.SendAsync(request);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString()!;
    }

    /// <summary>Lets the pages of a browser in.</summary>
    internal static async Task LetInAsync(IPage page, PlayerApp player) => await page.Context.AddInitScriptAsync(
        $"if (location.port === '{player.Origin.Port}') localStorage.setItem('tracing-tutorial', '{await EnterAsync(player)}')");

    /// <summary>The address without token and path, as <c>http://127.0.0.1:1234</c>.</summary>
    internal string Origin => _app!.Origin.GetLeftPart(UriPartial.Authority);

    public async ValueTask InitializeAsync()
    {
        _place = await KernelPlace.TakeAsync();
        foreach (var file in Directory.GetFiles(Path.Combine(HostRunner.Root, "helpers"), "*", SearchOption.AllDirectories))
        {
            if (Path.GetRelativePath(HostRunner.Root, file) is var name
                && !name.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}")
                && !name.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}"))
                _clone.Write(name, File.ReadAllText(file));
        }

        _clone.Write("assets/picture.svg",
            """<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><rect width="20" height="20"/></svg>""");
        Write("00-first", "# First\n\n- know that it opens");
        await StartAsync();
    }

    /// <summary>Ends the player and starts it again, on the same clone and the same progress.</summary>
    internal async Task RestartAsync()
    {
        await _app!.DisposeAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
        _place?.Dispose();
        _clone.Dispose();
        _progress.Dispose();
    }

    /// <summary>Writes a lesson into the clone.</summary>
    internal override string Write(string name, string head, params string[] parts)
    {
        _clone.Write($"notebooks/{name}.dib", HostRunner.Meta + Text(head) + string.Concat(parts));
        return name;
    }

    /// <summary>Writes a file into the clone.</summary>
    internal void WriteFile(string path, string text) => _clone.Write(path, text);

    /// <summary>Puts a lesson of the course into the clone.</summary>
    internal void CopyLesson(string name)
    {
        _clone.Write($"notebooks/{name}.dib", File.ReadAllText(HostRunner.Lesson(name + ".dib")));
        foreach (var picture in Directory.GetFiles(Path.Combine(HostRunner.Root, "assets")))
            File.Copy(picture, Path.Combine(Clone, "assets", Path.GetFileName(picture)), overwrite: true);
    }

    internal override async Task<BrowserPage> ComeInAsync(int width = 1100, int height = 800)
    {
        var shown = await browser.NewPage(width, height);
        await LetInAsync(shown.Page, _app!);
        return shown;
    }

    /// <summary>A page without the secret.</summary>
    internal Task<BrowserPage> NewPageAsync(int width = 1100, int height = 800) => browser.NewPage(width, height);

    internal override string AddressOf(string lesson) => $"{Origin}/lesson/{lesson}";

    internal override Task<string?> KeptAsync(IPage page, string lesson, string original) =>
        Task.FromResult(new ProgressFolder(Progress).Read(lesson).Cells.GetValueOrDefault(KeptLesson.KeyOf(original))?.Source);

    private async Task StartAsync() => _app = await PlayerApp.StartAsync(_clone.Path, _progress.Path, null, EngineKernel.Own(limit: null),
        _progress.Path);
}

/// <summary>What a learner does with a lesson, and sees.</summary>
internal static class LessonPage
{
    /// <summary>A cell of code, by its place among the cells of code, from 0.</summary>
    public static ILocator Cell(this IPage page, int place) => page.Locator("section.cell").Nth(place);

    public static ILocator Button(this IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public static ILocator Outputs(this ILocator cell) => cell.Locator(".outputs");

    /// <summary>What the page says about the cell: that it waits, runs, ran, failed.</summary>
    public static ILocator Mark(this ILocator cell) => cell.Locator(".tools").GetByRole(AriaRole.Status);

    public static Task RunAsync(this ILocator cell) => cell.GetByRole(AriaRole.Button, new() { Name = "Run", Exact = true }).ClickAsync();

    public static async Task RunToEndAsync(this ILocator cell)
    {
        await cell.RunAsync();
        await cell.RanAsync();
    }

    /// <summary>Clicks Run all until the last cell has run: it stops at each prediction that was not made.</summary>
    public static async Task RunAllAsync(this IPage page)
    {
        var ran = page.Locator(".cell").Last.Locator(".mark", new() { HasText = "✓" });
        var other = ""; // than the question before
        while (await ran.CountAsync() == 0)
        {
            await page.Button("Run all").ClickAsync();
            await Assertions.Expect(page.Locator($".choices.paused{other}").Or(ran).First).ToBeVisibleAsync();
            if (await ran.CountAsync() == 0)
                other = $":not([data-question='{await page.Locator($".choices.paused{other}").GetAttributeAsync("data-question")}'])";
        }
    }

    /// <summary>Waits until the cell has run.</summary>
    public static Task RanAsync(this ILocator cell) => cell.MarkedAsync("^(ran|solved) ");

    /// <summary>Waits until the page says this about the cell.</summary>
    public static Task MarkedAsync(this ILocator cell, string pattern) =>
        Assertions.Expect(cell.Mark()).ToHaveTextAsync(new Regex(pattern));

    public static Task ShowsAsync(this ILocator cell, string text) => Assertions.Expect(cell.Outputs()).ToContainTextAsync(text);

    /// <summary>Clicks into the cell and writes this in the place of what is there.</summary>
    public static async Task WriteAsync(this ILocator cell, string source)
    {
        await cell.Locator(".source").ClickAsync();
        var editor = cell.Locator(".monaco-editor.focused");
        await editor.WaitForAsync();
        await cell.Page.Keyboard.PressAsync("ControlOrMeta+A");
        await cell.Page.PasteAsync(source);
    }

    /// <summary>Pastes this where the cursor is: typed, an editor would add closing quotes and brackets of its own.</summary>
    public static Task PasteAsync(this IPage page, string text) => page.EvaluateAsync("""
        text => {
          const data = new DataTransfer();
          data.setData('text/plain', text);
          document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
        }
        """, text);

    /// <summary>Says yes to the question that the page asks.</summary>
    public static Task YesAsync(this IPage page) => page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Yes" })
        .ClickAsync();

    /// <summary>What scripts the page ran that are none of its own: a hostile output says so here.</summary>
    public static Task<bool> IsHackedAsync(this IPage page) => page.EvaluateAsync<bool>("'hacked' in window");

    public static Task<int> SidewaysAsync(this IPage page) =>
        page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}
