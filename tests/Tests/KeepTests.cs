using System.Threading.Tasks;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using static TracingTutorial.Tests.LessonHost;

namespace TracingTutorial.Tests;

/// <summary>What a learner did is there again after a reload, and it can be given up.</summary>
public abstract class KeepTests(LessonHost player)
{
    [Fact(Explicit = true)]
    public async Task What_was_typed_and_what_it_showed_are_there_after_a_reload()
    {
        var lesson = player.Write("50-edit", "# Edit", Code("\"as in the lesson\""));
        await using var shown = await player.OpenAsync(lesson);
        var (page, cell) = (shown.Page, shown.Page.Cell(0));

        await cell.Locator(".source").ClickAsync();
        await cell.Locator(".monaco-editor.focused").WaitForAsync();
        await page.Keyboard.PressAsync("ControlOrMeta+A");
        await page.Keyboard.TypeAsync("6 * 7");
        await page.Keyboard.PressAsync("Shift+Enter");
        await cell.ShowsAsync("42");
        await cell.RanAsync();
        await ReloadAsync(page);

        await Expect(cell.Locator(".source")).ToHaveTextAsync("6 * 7");
        await Expect(cell.GetByText("edited", new() { Exact = true })).ToBeVisibleAsync();
        await cell.ShowsAsync("42");
        await cell.RanAsync();
    }

    [Fact]
    public async Task What_was_typed_and_not_run_is_there_after_a_reload_too()
    {
        var lesson = player.Write("51-typed", "# Typed", Code("1"));
        await using var shown = await player.OpenAsync(lesson);

        await shown.Page.Cell(0).WriteAsync("2 // a thought");
        await shown.Page.Keyboard.PressAsync("Escape");
        await ReloadAsync(shown.Page);

        await Expect(shown.Page.Cell(0).Locator(".source")).ToHaveTextAsync("2 // a thought");
    }

    [Fact(Explicit = true)]
    public async Task Start_again_asks_and_then_the_lesson_is_as_if_nobody_had_been_there()
    {
        var lesson = player.Write("56-again", "# Again", Code("var seen = 1;"), Code("seen"));
        await using var shown = await player.OpenAsync(lesson);
        var page = shown.Page;
        await page.Button("Run all").ClickAsync();
        await page.Cell(1).RanAsync();
        await page.Cell(1).WriteAsync("seen + 1");

        await page.Button("Start again").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "No" }).ClickAsync();
        await page.Cell(1).ShowsAsync("1");
        await page.Button("Start again").ClickAsync();
        await page.YesAsync();

        await Expect(page.Cell(1).Outputs()).ToBeEmptyAsync();
        await Expect(page.Cell(1).Locator(".source")).ToHaveTextAsync("seen");
        await Expect(page.Cell(1).Mark()).ToHaveTextAsync("");
        await page.Cell(1).RunAsync();
        await page.Cell(1).MarkedAsync("^failed"); // the kernel is new, too
    }
}

/// <summary>What a browser keeps for a live site, beyond a reload.</summary>
public sealed class TabKeepTests(TabFixture tab) : KeepTests(tab), IClassFixture<TabFixture>
{
    private readonly TabFixture tab = tab;

    [Fact]
    public async Task Texts_and_answers_of_two_tabs_are_in_step()
    {
        var lesson = tab.Write("52-tabs", "# Tabs\n\nWhich one?\n\n- **A.** this\n- **B.** that", Code("1"), Text("**A.** This."));
        await using var shown = await tab.OpenAsync(lesson);
        var one = shown.Page;
        var two = await one.Context.NewPageAsync();
        await tab.GoAsync(two, lesson);

        await two.GetByRole(AriaRole.Button, new() { Name = "B. that" }).ClickAsync();
        await Expect(one.GetByRole(AriaRole.Button, new() { Name = "B. that" })).ToHaveAttributeAsync("aria-pressed", "true");
        await one.Cell(0).WriteAsync("\"from the first tab\"");
        await Expect(two.Cell(0).Locator(".source")).ToHaveTextAsync("\"from the first tab\"");
        await two.Cell(0).RunToEndAsync();
        await two.Cell(0).ShowsAsync("from the first tab");

        await two.Button("Start again").ClickAsync();
        await two.YesAsync();
        await Expect(one.Cell(0).Locator(".source")).ToHaveTextAsync("1");
    }

    [Fact]
    public async Task A_new_version_of_the_site_keeps_what_fits_and_shows_what_does_not()
    {
        var lesson = tab.Write("55-changed", "# Changed", Code("1"), Code("2"));
        await using var shown = await tab.OpenAsync(lesson);
        var page = shown.Page;
        foreach (var i in (int[])[0, 1])
        {
            await page.Cell(i).WriteAsync($"\"mine {i}\"");
            await page.Keyboard.PressAsync("Escape");
            await Expect(page.Cell(i).GetByText("edited", new() { Exact = true })).ToBeVisibleAsync();
        }

        tab.Write("55-changed", "# Changed", Code("\"new in this version\""), Code("1"));
        await ReloadAsync(page);

        await Expect(page.Cell(0).Locator(".source")).ToHaveTextAsync("\"new in this version\"");
        await Expect(page.Cell(1).Locator(".source")).ToHaveTextAsync("\"mine 0\"");
        await page.GetByText("The lesson has changed: 1 of your cells no longer has its place").ClickAsync();
        await Expect(page.GetByText("\"mine 1\"")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_window_that_keeps_nothing_says_so_and_works()
    {
        await using var shown = await tab.ComeInAsync();
        var page = shown.Page;
        await page.AddInitScriptAsync(
            "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('denied', 'SecurityError'); } })");
        await tab.GoAsync(page, tab.Write("58-private", "# Private", Code("1")));

        await Expect(page.Locator("#notice")).ToContainTextAsync("This browser keeps nothing for this page");
        await page.Cell(0).WriteAsync("6 * 7");
        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Cell(0).ShowsAsync("42");
    }
}
