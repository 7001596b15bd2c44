using System;
using System.IO;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.Playwright;
using TracingTutorial.Host.Player;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The sheet that learners take home.</summary>
public sealed partial class HandoutTests(Browser browser)
{
    [Theory]
    [InlineData("A4")]
    [InlineData("Letter")]
    public async Task The_handout_prints_on_two_pages(string format)
    {
        using var progress = new TempFolder();
        using var kernels = new QuickKernels();
        await using var player = await PlayerApp.StartAsync(HostRunner.Root, progress.Path, null, kernels.Start, progress.Path);
        await using var opened = await browser.NewPage(1000);
        await PlayerFixture.LetInAsync(opened.Page, player);
        await opened.Page.GotoAsync(new Uri(player.Origin, "file/notebooks/HANDOUT.md").AbsoluteUri);
        await PlayerFixture.Drawn(opened.Page);

        var pdf = await opened.Page.PdfAsync(new() { Format = format, PreferCSSPageSize = false });
        if (Environment.GetEnvironmentVariable("REWRITE_PICTURES") == "1")
            await File.WriteAllBytesAsync(Path.Combine(Path.GetTempPath(), $"handout-{format}.pdf"), pdf);

        Assert.Equal(2, PageObject().Count(Encoding.Latin1.GetString(pdf)));
        await Assertions.Expect(opened.Page.Locator("pre.listing").First).ToContainTextAsync("AddOpenTelemetry");
    }

    [GeneratedRegex(@"/Type\s*/Page\b")]
    private static partial Regex PageObject();
}
