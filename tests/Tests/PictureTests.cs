using System;
using System.IO;
using System.Threading.Tasks;
using Microsoft.Playwright;
using TracingTutorial.Host.Player;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The picture of the player in the README. <c>REWRITE_PICTURES=1 dotnet test --filter PictureTests</c> takes it anew.</summary>
public class PictureTests(Browser browser)
{
    [Fact]
    public async Task The_pictures_of_the_readme_show_a_question_a_cell_and_its_trace()
    {
        using var progress = new TempFolder();
        await using var player = await PlayerApp.StartAsync(TheHost.Root, progress.Path, 0);
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            await using var opened = await browser.NewPage(1180, 760);
            var page = opened.Page;
            page.SetDefaultTimeout(120_000); // everything else may run beside it
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await page.GotoAsync(player.Address.AbsoluteUri);
            await page.WaitForURLAsync(new Uri(player.Address, "/").AbsoluteUri);
            await page.GotoAsync(new Uri(player.Address, "/lesson/00-start-here").AbsoluteUri);
            var cell = page.Locator(".cell", new() { HasText = "Waterfall.Of(failed)" }).First;
            if (scheme == ColorScheme.Light)
                await page.ClickAsync("#runall");
            await Assertions.Expect(cell.Locator(".mark")).ToContainTextAsync("ran", new() { Timeout = 120_000 });
            await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("ready", new() { Timeout = 120_000 });
            await cell.EvaluateAsync("cell => { const list = [...document.querySelectorAll('ul.choices')].filter(l => l.compareDocumentPosition(cell) & 4).pop(); list.previousElementSibling.scrollIntoView(); scrollBy(0, -70); }");
            await Assertions.Expect(cell.Locator(".html")).ToBeInViewportAsync();

            var picture = await page.ScreenshotAsync();
            Assert.True(picture.Length > 30_000);
            if (Environment.GetEnvironmentVariable("REWRITE_PICTURES") == "1")
                await File.WriteAllBytesAsync(Path.Combine(TheHost.Root, "assets", $"player-{scheme.ToString().ToLowerInvariant()}.png"), picture);
        }
    }
}
