using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.Playwright;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Player;
using Xunit;
using static TracingTutorial.Tests.LessonHost;

namespace TracingTutorial.Tests;

/// <summary>The player's own pages on paper and in forced colours.</summary>
public sealed class PlayerPaperTests(Browser browser) : IAsyncLifetime
{
    private const string Lesson = "01-paper";
    private readonly TempFolder _clone = new();
    private readonly MemoryKernels _kernels = new();
    private PlayerApp? _player;

    public async ValueTask InitializeAsync()
    {
        _clone.Write("notebooks/02-other.dib", HostRunner.Meta + Text("# Other\n\n- know that it is there"));
        Write("2");
        _player = await PlayerApp.StartAsync(_clone.Path, _clone.Path + "/progress", null, _kernels.Start, _clone.Path + "/secrets");
    }

    public async ValueTask DisposeAsync()
    {
        if (_player is not null)
            await _player.DisposeAsync();
        _clone.Dispose();
    }

    [Theory(Explicit = true)]
    [InlineData("paper", 1000)]
    [InlineData("paper dark", 390)]
    [InlineData("forced", 390)]
    public async Task Every_text_of_the_player_can_be_read_and_what_is_said_by_colour_is_said_by_a_sign_too(string how, int width)
    {
        await using var shown = await browser.NewPage(width, 4000);
        var page = shown.Page;
        await PlayerFixture.LetInAsync(page, _player!);
        await page.GotoAsync($"{_player!.Origin}lesson/{Lesson}");
        await Drawn(page);
        await EditAsync(page, "\"this loses its place\"");
        Write("3");
        // whatever the clock of the disk
        File.SetLastWriteTimeUtc(Path.Combine(_clone.Path, "notebooks", Lesson + ".dib"), DateTime.UtcNow.AddMinutes(1));
        await ReloadAsync(page);
        await page.Locator(".orphans summary").ClickAsync();
        await DoAsync(page);

        await AsAsync(page, how);
        await ReadableAsync(page, "the lesson");
        Assert.Equal(["ran ✓ N ms", "failed ✗", "solved ✓ N ms"], await page.EvaluateAsync<string[]>(
            "() => [...document.querySelectorAll('.mark')].filter(m => m.checkVisibility()).map(m => m.innerText.replace(/\\d+/, "
                + "'N')).filter(Boolean)"));
        Assert.Equal(["A ✗", "B ✓"], await page.EvaluateAsync<string[]>(
            "() => [...document.querySelectorAll('.choices button')].filter(b => b.className).map(b => b.innerText[0] + "
                + "getComputedStyle(b, '::after').content.replaceAll('\"', ''))"));
        if (how == "forced")
            return; // there, the whole answer that was chosen is highlighted
        // The sign before the answer that was chosen is full, the others are rings.
        var signs = await page.EvaluateAsync<double[][]>("""
            () => [...document.querySelectorAll('.choices button')].slice(0, 3).map(b => {
              const box = b.getBoundingClientRect(), style = getComputedStyle(b), edge = box.left + parseFloat(style.borderLeftWidth);
              return [edge + parseFloat(style.paddingLeft) + .45 * parseFloat(style.fontSize), edge + 4, box.top + parseFloat(style.paddingTop) + .75 * parseFloat(style.fontSize)];
            })
            """);
        var middle = await page.LuminancesAsync([.. signs.Select(s => (s[0], s[2]))]);
        var around = await page.LuminancesAsync([.. signs.Select(s => (s[1], s[2]))]);
        var contrasts = middle.Zip(around, Pixels.Contrast).ToArray();
        Assert.True(contrasts[0] >= 3 && contrasts[1..].All(c => c < 1.5), string.Join(", ", contrasts));
        Assert.Equal(0, await page.SidewaysAsync());

        await page.GotoAsync($"{_player.Origin}");
        await Assertions.Expect(page.Locator(".lessons")).ToBeVisibleAsync();
        await AsAsync(page, how);
        await ReadableAsync(page, "the start page");
        Assert.Equal(0, await page.SidewaysAsync());
    }

    private void Write(string third) => _clone.Write($"notebooks/{Lesson}.dib", HostRunner.Meta
        + Text("# Paper\n\n- know `this`") + Text("**Predict.** What is it?\n\n- **A.** one\n- **B.** two\n- **C.** three") + Code("1 + 1")
        + Text("**B.** It is two.")
        + Text("## Exercise 1.1: three\n\n<details><summary>Hint 1</summary>\n\nCount.\n\n</details>") + Code("throw new Exception();")
        + Code("// Exercise 1.1: three\n3") + Code(third));

    private async Task DoAsync(IPage page)
    {
        await page.Locator(".choices button").First.ClickAsync();
        await RunAsync(page, 0, new CellEvent.Printed("plain \u001b[41malert\u001b[0m \u001b[7minverse\u001b[0m\n"),
            new CellEvent.Shown("view", Views.Of("verdict").ToHtml()), new CellEvent.Warned("CS0168: unused"));
        await RunAsync(page, 1, new CellEvent.Failed(FailureReason.Exception, new Problem("01-paper.dib", 2, 20, "no", "Try again.")));
        await RunAsync(page, 2, new CellEvent.Shown("solved", Verdict: new TracingTutorial.Course.Runs.Verdict("1.1", true, null, null)));
        await EditAsync(page, "\"this was edited\"");
    }

    private static async Task EditAsync(IPage page, string text)
    {
        await page.Cell(3).WriteAsync(text);
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Cell(3).Locator(".edited")).ToBeVisibleAsync();
    }

    private async Task RunAsync(IPage page, int place, params CellEvent[] events)
    {
        await page.Cell(place).RunAsync();
        using var hang = new System.Threading.CancellationTokenSource(HostRunner.Hang);
        var kernel = await _kernels.TakeAsync(hang.Token);
        foreach (var cellEvent in events.Append(new CellEvent.Ended()))
            kernel.Report(cellEvent);
        await page.Cell(place).MarkedAsync("^(ran|solved|failed) ");
    }

    private static async Task AsAsync(IPage page, string how)
    {
        await page.EmulateMediaAsync(new()
        {
            Media = how.StartsWith("paper", StringComparison.Ordinal) ? Media.Print : Media.Screen,
            ForcedColors = how.StartsWith("forced", StringComparison.Ordinal) ? ForcedColors.Active : ForcedColors.None,
            ColorScheme = how.EndsWith("dark", StringComparison.Ordinal) ? ColorScheme.Dark : ColorScheme.Light,
        });
        if (how.StartsWith("paper", StringComparison.Ordinal))
            await page.EvaluateAsync(
                "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets.push(sheet); }",
                Pixels.NoBackgrounds);
    }

    private static async Task ReadableAsync(IPage page, string which)
    {
        var bad = await page.UnreadableAsync();
        Assert.True(bad.Length == 0, $"In {which} cannot be read: {string.Join(" | ", bad)}");
    }
}
