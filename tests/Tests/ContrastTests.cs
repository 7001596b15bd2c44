using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.Playwright;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Drawings without their backgrounds (paper) and without their colours (contrast themes, grey, colour blindness).</summary>
public sealed class ContrastTests(Browser browser)
{
    // On the track of each row, and in the key: what is solid, what is pale, the critical path, the gaps.
    private const string Spots = """
        () => {
          const middle = e => { const b = e.getBoundingClientRect(); return [b.left + b.width / 2 + scrollX, b.top + b.height / 2 + scrollY]; };
          const all = selector => [...document.querySelectorAll(selector)];
          const covers = (e, x) => { const b = e.getBoundingClientRect(); return b.left - 1 <= x && x <= b.right + 1; };
          const solid = all('.tv-track>.tv-self,.tv-key.tv-self,.tv-key.tv-crit,.tv-track>.tv-crit').filter(e => e.getBoundingClientRect().width > 4).map(middle);
          const pale = all('.tv-track>.tv-wait,.tv-key.tv-wait').flatMap(e => {
            const b = e.getBoundingClientRect(), y = b.top + b.height / 2 + scrollY, over = [...e.parentElement.querySelectorAll('.tv-self')].filter(s => e.parentElement.matches('.tv-track'));
            const lines = [...document.querySelectorAll('.tv-tick')].map(t => t.getBoundingClientRect()).map(t => t.left + t.width / 2);
            const x = Array.from({ length: Math.floor(b.width) - 4 }, (_, i) => b.left + 2 + i).find(x => !over.some(s => covers(s, x)) && !lines.some(l => Math.abs(l - x) < 4));
            return x ? [[x, y, Math.round(b.top + scrollY)]] : []; // where its upper line is, to a pixel
          });
          return [solid, pale];
        }
        """;

    [Theory(Explicit = true)]
    [InlineData("paper", 1000)]
    [InlineData("paper", 390)]
    [InlineData("forced", 1000)]
    [InlineData("forced dark", 1000)]
    [InlineData("forced dark", 390)]
    public async Task Solid_is_solid_and_pale_is_hollow_without_backgrounds_and_in_forced_colours(string how, int width)
    {
        foreach (var view in new[] { "profile", "side by side", "several" })
        {
            await using var shown = await ShowAsync(Views.Of(view).ToHtml(), how, width);
            var found = await shown.Page.EvaluateAsync<double[][][]>(Spots);
            var (solidAt, paleAt) = (found[0], found[1]);
            Assert.True(solidAt.Length > 8 && paleAt.Length > 3, $"{view}: {solidAt.Length} solid, {paleAt.Length} pale");
            var points = solidAt.Select(p => (p[0], p[1])).Concat(paleAt.Select(p => (p[0], p[1])))
                .Concat(((int[])[-1, 0, 1]).SelectMany(by => paleAt.Select(p => (p[0], p[2] + by)))).Append((2, 2));
            var seen = await shown.Page.LuminancesAsync([.. points]);
            var (page, solid, pale) = (seen[^1], seen[..solidAt.Length], seen[solidAt.Length..^1].Chunk(paleAt.Length).ToArray());

            Assert.All(solid, s => Assert.True(Pixels.Contrast(s, page) >= 2.9,
                $"{view}: a solid piece has a contrast of {Pixels.Contrast(s, page):0.0}"));
            Assert.All(pale[0], p => Assert.True(Pixels.Contrast(p, page) <= 1.05,
                $"{view}: a pale piece has a contrast of {Pixels.Contrast(p, page):0.0}"));
            var lines = paleAt.Select((_, i) => pale[1..].Max(row => Pixels.Contrast(row[i], page)));
            // A thin line that lies between two rows of pixels is seen paler than its colour.
            Assert.All(lines, line => Assert.True(line >= 2.5, $"{view}: the line around a pale piece has a contrast of {line:0.0}"));
        }
    }

    [Fact]
    public async Task Eight_services_have_eight_marks_that_differ_without_colours()
    {
        var marks = string.Concat(Enumerable.Range(0, 8).Select(i => $"<p><i class=\"tv-mark tv-c{i}\"></i></p>"));
        await using var shown = await ShowAsync($"<style>{Drawing.Css}p{{width:16px}}</style><div class=\"tv\">{marks}</div>", "forced",
            600);

        Assert.Equal(8, await shown.Page.ShapesAsync("p"));
    }

    [Fact]
    public async Task What_became_of_requests_and_which_group_a_column_is_of_is_seen_without_colours()
    {
        var kinds = string.Concat(RequestKind.All.Select(k =>
            $"<p><span class=\"sv-key\"><svg viewBox=\"0 0 8 8\"><path class=\"{k.Class}\" d=\"M0 0{k.Shape}\"/></svg></span></p>"));
        var black = ".sv-dropped,.sv-kept,.sv-part,.sv-error{fill:#000!important;opacity:1!important}.sv-lost{stroke:#000!important}";
        await using var strip = await ShowAsync(
            $"{SamplingView.Shares().ToHtml()}<style>{black}p{{width:20px}}</style><div class=\"sv\">{kinds}</div>", "paper", 600);
        Assert.Equal(5, await strip.Page.ShapesAsync("p"));

        var groups = Enumerable.Range(0, 4).Select(i => ($"group {i}",
            Enumerable.Range(0, 20).Select(n => TimeSpan.FromMilliseconds(10 + 10 * i + n)))).ToArray();
        await using var histogram = await ShowAsync(LatencyView.Histogram(groups).ToHtml()
            + "<style>svg *{stroke:#000!important}rect{fill:none!important}</style>", "paper", 900);
        Assert.Equal(4, await histogram.Page.ShapesAsync(".lv-key"));
    }

    [Theory]
    [InlineData(390)]
    [InlineData(640)] // 1,280 at 200%
    public async Task No_word_of_a_table_is_broken(int width)
    {
        foreach (var html in new[] { SpanTable.Of(TraceSamples.ProfilePage().Spans).ToHtml(),
            SpanTable.Of(TraceSamples.Queue().SelectMany(t => t.Spans)).ToHtml() })
        {
            await using var shown = await ShowAsync(html, "screen", width);

            Assert.Equal(0,
                await shown.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth"));
            Assert.Empty(await shown.Page.EvaluateAsync<string[]>("""
                () => [...document.querySelectorAll('td,th')].flatMap(cell => {
                  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), broken = [];
                  while (walker.nextNode()) for (const word of walker.currentNode.data.matchAll(/[\p{L}\p{N}]+/gu)) {
                    const range = document.createRange();
                    range.setStart(walker.currentNode, word.index);
                    range.setEnd(walker.currentNode, word.index + word[0].length);
                    if (new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1) broken.push(word[0]);
                  }
                  return broken;
                })
                """));
        }
    }

    private async Task<BrowserPage> ShowAsync(string html, string how, int width)
    {
        var shown = await browser.NewPage(width);
        if (how.StartsWith("forced", StringComparison.Ordinal))
            await shown.Page.EmulateMediaAsync(new()
            {
                ForcedColors = ForcedColors.Active,
                ColorScheme = how == "forced"
                ? ColorScheme.Light : ColorScheme.Dark
            });
        else if (how == "paper")
            await shown.Page.EmulateMediaAsync(new() { Media = Media.Print });
        await shown.Page.SetContentAsync($"""
            <!doctype html><html lang="en"><meta charset="utf-8"><title>view</title><body style="margin:12px">{html}
            <style>{(how == "paper" ? Pixels.NoBackgrounds : "")}</style>
            """);
        await shown.Page.ScreenshotAsync(new() { FullPage = true }); // it lays the page out anew, and lines may move a little
        return shown;
    }
}
