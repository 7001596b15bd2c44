using System;
using System.IO;
using System.Threading.Tasks;
using Microsoft.Playwright;
using TracingTutorial.Host.Kernel;
using TracingTutorial.Host.Player;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The picture of the player in the README. <c>REWRITE_PICTURES=1 dotnet test --filter PictureTests</c> takes it anew.</summary>
public class PictureTests(Browser browser)
{
    [Fact]
    public async Task The_pictures_of_the_readme_show_a_question_a_cell_and_its_trace()
    {
        using var place = await KernelPlace.TakeAsync();
        using var progress = new TempFolder();
        await using var player = await PlayerApp.StartAsync(TheHost.Root, progress.Path, null, EngineKernel.Own(limit: null), progress.Path);
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            await using var opened = await browser.NewPage(1180, 760);
            var page = opened.Page;
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await ThePlayer.LetInAsync(page, player);
            await page.GotoAsync(new Uri(player.Origin, "/lesson/00-start-here").AbsoluteUri);
            var cell = page.Locator(".cell", new() { HasText = "Waterfall.Of(failed)" }).First;
            if (scheme == ColorScheme.Light)
                await page.RunAllAsync();
            await Assertions.Expect(cell.Locator(".mark")).ToContainTextAsync("ran");
            await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("ready");
            await cell.EvaluateAsync("cell => { const list = [...document.querySelectorAll('ul.choices')].filter(l => l.compareDocumentPosition(cell) & 4).pop(); list.previousElementSibling.scrollIntoView(); scrollBy(0, -70); }");
            await Assertions.Expect(cell.Locator(".html")).ToBeInViewportAsync();

            var picture = await page.ScreenshotAsync();
            if (Environment.GetEnvironmentVariable("REWRITE_PICTURES") == "1")
                await File.WriteAllBytesAsync(Path.Combine(TheHost.Root, "assets", $"player-{scheme.ToString().ToLowerInvariant()}.png"), picture);
        }
    }
}
