using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using static TracingTutorial.Tests.LessonHost;

namespace TracingTutorial.Tests;

/// <summary>What only a page of a live site has: what was recorded, the loading, browsers and sites that cannot run cells.</summary>
public sealed class TabPageTests(TabFixture tab) : IClassFixture<TabFixture>
{
    [Fact]
    public async Task What_was_recorded_is_marked_until_the_cell_has_run_and_does_not_tell_the_answer_of_a_prediction()
    {
        var lesson = tab.Write("80-recorded", "# Recorded", Code("\"first\""),
            Text("**Predict.** What?\n\n- **A.** This.\n- **B.** That."), Code("\"second\""), Text("**B.** That."));
        tab.Change(lesson, data => data["recorded"] = new JsonObject { ["1"] = Recorded("of the site"), ["3"] = Recorded("that") });
        await using var shown = await tab.OpenAsync(lesson);
        var page = shown.Page;

        await Expect(page.Cell(0).GetByText("Recorded when this site was made")).ToBeVisibleAsync();
        await Expect(page.Cell(0).GetByText("of the site")).ToBeVisibleAsync();
        await Expect(page.Cell(1).GetByText("that", new() { Exact = true })).ToHaveCountAsync(0);
        await page.Cell(1).GetByText("Recorded when this site was made").ClickAsync();
        await Expect(page.Cell(1).GetByText("that", new() { Exact = true })).ToBeVisibleAsync();

        await page.Cell(0).RunToEndAsync();
        await Expect(page.Cell(0).GetByText("of the site")).ToBeHiddenAsync();
        await ReloadAsync(page);
        await Expect(page.Cell(0).GetByText("of the site")).ToBeHiddenAsync();
        await page.Cell(0).Locator("> .outputs").GetByText("first").WaitForAsync();
        await page.Button("Start again").ClickAsync();
        await page.YesAsync();
        await Expect(page.Cell(0).GetByText("of the site")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_cell_that_a_tab_cannot_run_says_why_and_the_others_run()
    {
        var lesson = tab.Write("81-cannot", "# Cannot", Code("System.Diagnostics.Process.Start(\"dotnet\");"), Code("\"the rest\""));
        tab.Change(lesson, data => data["cannotRun"] = new JsonObject { ["1"] = "It starts a program, which a browser tab cannot." });
        await using var shown = await tab.OpenAsync(lesson);
        var page = shown.Page;

        await Expect(page.Cell(0).GetByText("It starts a program, which a browser tab cannot.")).ToBeVisibleAsync();
        await Expect(page.Cell(0).GetByRole(AriaRole.Button, new() { Name = "Run", Exact = true })).ToBeHiddenAsync();
        await page.Button("Run all").ClickAsync();
        await page.Cell(1).ShowsAsync("the rest");
        await Expect(page.Cell(0).Mark()).ToHaveTextAsync("");
        await page.Cell(0).WriteAsync("\"my own\"");
        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Cell(0).ShowsAsync("my own");
    }

    [Fact]
    public async Task What_is_clicked_while_the_engine_loads_is_run_when_it_is_there()
    {
        await using var shown = await tab.ComeInAsync();
        var page = shown.Page;
        var load = new TaskCompletionSource();
        await page.Context.RouteAsync("**/engine/bundles/**", async route =>
        {
            await load.Task;
            await route.ContinueAsync();
        });
        await tab.GoAsync(page, tab.Write("82-loading", "# Loading", Code("6 * 7")));

        await page.Cell(0).RunAsync();
        await page.Cell(0).MarkedAsync("^waits$");
        await Expect(page.Locator("#state")).ToHaveTextAsync(new Regex(@"^Loading .NET: [0-9.]+ of [0-9.]+ MB$"));
        load.SetResult();
        await page.Cell(0).ShowsAsync("42");
        await Expect(page.Locator("#state")).ToHaveTextAsync("ready");
    }

    [Fact]
    public async Task A_site_of_which_a_file_is_missing_names_it_and_what_is_written_stays()
    {
        await using var shown = await tab.ComeInAsync();
        var page = shown.Page;
        await page.Context.RouteAsync("**/engine/bundles/**", route => route.FulfillAsync(new() { Status = 404 }));
        await tab.GoAsync(page, tab.Write("83-missing", "# Missing", Code("1")));

        await Expect(page.Locator("#state")).ToContainTextAsync("could not be loaded: the server said 404");
        await page.Cell(0).WriteAsync("\"kept\"");
        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Cell(0).MarkedAsync("^failed");
        await page.Cell(0).ShowsAsync("could not be loaded: the server said 404");
        await ReloadAsync(page);
        await Expect(page.Cell(0).Locator(".source")).ToHaveTextAsync("\"kept\"");
    }

    [Fact]
    public async Task A_browser_that_cannot_run_cells_says_so_and_the_lesson_can_be_read()
    {
        await using var shown = await tab.ComeInAsync();
        var page = shown.Page;
        await page.AddInitScriptAsync("WebAssembly.validate = () => false;");
        await tab.GoAsync(page, tab.Write("84-old", "# Old\n\nText to read.", Code("1")));

        await Expect(page.Locator("#state")).ToContainTextAsync("This browser is too old to run the cells. The lesson can be read here.");
        await Expect(page.GetByText("Text to read.")).ToBeVisibleAsync();
        await page.Cell(0).RunAsync();
        await page.Cell(0).ShowsAsync("This browser is too old to run the cells.");
    }

    private static JsonObject Recorded(string text) => new()
    {
        ["ok"] = true,
        ["outputs"] = new JsonArray(new JsonObject { ["kind"] = "display", ["text"] = text, ["html"] = null }),
        ["verdict"] = null,
    };
}
