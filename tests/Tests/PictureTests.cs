using System;
using System.IO;
using System.Threading.Tasks;
using Microsoft.Playwright;
using TracingTutorial.Host.Player;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>
/// The pictures of the README and of the start page. <c>REWRITE_PICTURES=1 dotnet test --filter PictureTests</c> takes them again.
/// </summary>
public sealed class PictureTests(Browser browser)
{
    private const string Lesson = "00-start-here";
    private const string Question = ".question:has-text('Where did the failed request spend most of its time?')";

    [Theory]
    [InlineData("player", 1180, 760, 1)] // of the README: a question that nobody has answered, and the trace that it is about
    [InlineData("trace", 700, 700, 2)]   // of the start page: this trace alone
    public async Task The_pictures_show_a_question_and_its_trace(string name, int width, int height, int scale)
    {
        using var progress = new TempFolder();
        using var kernels = new QuickKernels();
        ProjectorTests.Keep(await LessonTrial.OfAsync(Lesson + ".dib"), progress.Path);
        await using var player = await PlayerApp.StartAsync(HostRunner.Root, progress.Path, null, kernels.Start, progress.Path);
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            await using var opened = await browser.NewPage(width, height, scale);
            var page = opened.Page;
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await PlayerFixture.LetInAsync(page, player);
            await page.GotoAsync(new Uri(player.Origin, $"lesson/{Lesson}").AbsoluteUri);
            await PlayerFixture.Drawn(page);
            await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("ready");
            var trace = page.Locator(".cell", new() { HasText = "Waterfall.Of(failed)" }).First.Locator(".html");
            await page.Locator(Question).EvaluateAsync("asks => { asks.scrollIntoView(); scrollBy(0, -70); }");
            await Assertions.Expect(page.Locator($"{Question} + .choices button")).ToHaveCountAsync(3);
            await Assertions.Expect(page.Locator($"{Question} + .choices :is(.right, [aria-pressed=true])")).ToHaveCountAsync(0);
            if (name == "player")
                await Assertions.Expect(trace).ToBeInViewportAsync(new() { Ratio = 0.9f });

            var picture = name == "player" ? await page.ScreenshotAsync() : await trace.ScreenshotAsync();
            if (Environment.GetEnvironmentVariable("REWRITE_PICTURES") == "1")
            {
                var file = $"{name}-{(scheme == ColorScheme.Dark ? "dark" : "light")}.png";
                await File.WriteAllBytesAsync(Path.Combine(HostRunner.Root, "assets", file), picture);
            }
        }
    }
}
