using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using static TracingTutorial.Tests.PresenterTests;

namespace TracingTutorial.Tests;

/// <summary>In front of a room: keys pressed too early, too long or by mistake; a lost connection; a page that is loaded again.</summary>
public sealed class PresenterSlipTests(Browser browser)
{
    private const string Answers = "\n\n- **A.** 41\n- **B.** 42\n\n";

    private static readonly string Two = Text("# Head") + Code("\"defines\"") + Text("## Guess\n\n**Predict.** How many?" + Answers)
        + Code("// hangs") + Text("**B.** It is 42.\n\n## Behind\n\nText.") + Code("\"one\"") + Code("\"two\"") + Text("## End\n\nText.");

    [Fact]
    public async Task Nothing_that_a_cell_showed_in_a_rehearsal_is_on_the_projector_before_it_runs_there()
    {
        await using var stage = await Stage.OpenAsync(browser, Text("# Head") + Code("\"one\"") + Text("## Next\n\nText.") + Code("\"two\"")
            + Text("What it has shown.\n\n## End\n\nText."));
        var page = stage.Page;
        await page.Cell(1).WriteAsync("\"changed\"");
        await page.Keyboard.PressAsync("Escape");
        await page.Button("Run all").ClickAsync();
        await page.Cell(1).ShowsAsync("shown: \"changed\"");

        await page.Button("Present").ClickAsync();
        await GoAsync(page, 2);
        await Expect(page.Cell(1).Outputs()).ToBeHiddenAsync();
        await Expect(page.Cell(1).Locator(".source")).ToBeHiddenAsync();
        await PressAsync(page, "ArrowRight");
        await Expect(page.Locator(".after.shown")).ToHaveCountAsync(0);
        await Expect(page.Locator("#part")).ToHaveTextAsync("3 of 3");
        await PressAsync(page, "u"); // what was written stays hidden
        await GoAsync(page, 1);
        await Expect(page.Cell(0).Outputs()).ToBeVisibleAsync();
        await GoAsync(page, 2);
        await Expect(page.Cell(1).Outputs()).ToBeHiddenAsync();
        await PressAsync(page, "Shift+Enter");
        await Expect(page.Cell(1).Outputs()).ToBeVisibleAsync();
        await Expect(page.Cell(1).Locator(".source")).ToHaveTextAsync("\"changed\"");
    }

    [Fact]
    public async Task S_does_nothing_when_no_cell_runs_so_a_slip_does_not_end_the_kernel()
    {
        await using var stage = await Stage.OpenAsync(browser, Two, "?present");
        var page = stage.Page;
        await PressAsync(page, "Shift+Enter");
        await page.Cell(0).RanAsync();
        await Expect(page.Locator("[data-kernel=ready]")).ToHaveCountAsync(1);

        await PressAsync(page, "s");
        await GoAsync(page, 3);
        await PressAsync(page, "Shift+Enter");
        await page.Cell(2).RanAsync();

        await Expect(page.Cell(0).Locator(".mark")).Not.ToContainTextAsync("gone");
    }

    [Fact]
    public async Task A_key_that_is_held_down_counts_once()
    {
        await using var stage = await Stage.OpenAsync(browser, Two, "?present=3");
        var page = stage.Page;

        await page.Keyboard.DownAsync("Shift");
        for (var i = 0; i < 3; i++)
            await page.Keyboard.DownAsync("Enter"); // Playwright repeats a key that is down
        await page.Keyboard.UpAsync("Enter");
        await page.Keyboard.UpAsync("Shift");
        await page.Cell(2).RanAsync();

        await Expect(page.Locator("#part")).ToHaveTextAsync("3 of 4");
        await PressAsync(page, "Shift+Enter"); // the second one has not run yet
        await page.Cell(3).RanAsync();
        await GoAsync(page, 2);
        for (var i = 0; i < 3; i++)
            await page.Keyboard.DownAsync("a");
        await page.Keyboard.UpAsync("a");
        await Expect(page.Locator(".part.now .tally")).ToHaveTextAsync("1 hand");
    }

    [Fact]
    public async Task A_second_press_does_not_leave_the_part_while_its_cell_runs()
    {
        await using var stage = await Stage.OpenAsync(browser, Two, "?present=2");
        var page = stage.Page;

        await PressAsync(page, "Shift+Enter", "Shift+Enter", "Shift+Enter");
        await page.Cell(1).MarkedAsync("^running");

        await Expect(page.Locator("#part")).ToHaveTextAsync("2 of 4");
        await PressAsync(page, "s");
        await page.Cell(1).MarkedAsync("^stopped");
    }

    [Fact]
    public async Task A_cell_that_began_behind_another_part_shows_nothing_early_and_its_vote_stays_open()
    {
        await using var stage = await Stage.OpenAsync(browser, Text("# Head\n\n## Guess\n\n**Predict.** How many?" + Answers)
            + Code("\"one\"") + Text("**B.** It is 42.\n\n## End\n\nText."), "?present=2");
        var page = stage.Page;

        // Both keys reach the page before the session does.
        await page.EvaluateAsync("""
            for (const [key, shiftKey] of [['Enter', true], ['ArrowRight', true]])
              document.body.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, bubbles: true, cancelable: true }));
            """);
        await Expect(page.Locator("#part")).ToHaveTextAsync("3 of 3");
        await Expect(page.Cell(0).Locator(".mark")).ToContainTextAsync("✓");
        await PressAsync(page, "Shift+ArrowLeft");

        await Expect(page.Cell(0).Outputs()).ToBeHiddenAsync();
        await Expect(page.Locator(".part.now .right")).ToHaveCountAsync(0);
        await PressAsync(page, "Shift+Enter");
        await Expect(page.Cell(0).Outputs()).ToBeVisibleAsync();
        await Expect(page.Locator(".part.now .right")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task Without_a_connection_a_cell_keeps_its_turn_and_a_vote_can_be_closed()
    {
        await using var stage = await Stage.OpenAsync(browser, Two, "?present=3");
        var page = stage.Page;
        await Expect(page.Locator("[data-kernel=ready]")).ToHaveCountAsync(1);

        await stage.EndAsync();
        await Expect(page.Locator("#lost")).ToBeVisibleAsync();
        await PressAsync(page, "Shift+Enter");
        await Expect(page.Locator("#notice")).ToContainTextAsync("There is no connection to the player.");
        await Expect(page.Locator("#part")).ToHaveTextAsync("3 of 4");
        await GoAsync(page, 2);
        await PressAsync(page, "a", "v");
        await Expect(page.Locator(".part.now .right")).ToHaveCountAsync(1);
        await GoAsync(page, 3);
        await stage.StartAgainAsync();
        await Expect(page.Locator("#lost")).ToBeHiddenAsync(new() { Timeout = 30000 });
        await PressAsync(page, "Shift+Enter");
        await page.Cell(2).RanAsync();
        await GoAsync(page, 2);
        await Expect(page.Locator(".part.now .hands").First).ToHaveTextAsync(" 1 hand");
    }

    [Fact]
    public async Task The_clock_of_a_part_and_its_next_cell_are_kept_when_the_page_is_loaded_again()
    {
        await using var stage = await Stage.OpenAsync(browser, Two, "?present=3");
        var page = stage.Page;
        await PressAsync(page, "Shift+Enter");
        await page.Cell(2).RanAsync();
        var since = await page.EvaluateAsync<double>("history.state.room.since");
        Assert.True(since > 0);

        await PlayerFixture.ReloadAsync(page);

        Assert.Equal(since, await page.EvaluateAsync<double>("history.state.room.since"));
        await Expect(page.Cell(2).Outputs()).ToBeVisibleAsync();
        await PressAsync(page, "Shift+Enter");
        await page.Cell(3).RanAsync();
        await GoAsync(page, 4);
        Assert.True(await page.EvaluateAsync<double>("history.state.room.since") > since);
    }

    [Fact]
    public async Task A_hand_does_not_count_for_a_vote_that_is_not_on_the_screen()
    {
        var paragraphs = string.Join("\n\n", Enumerable.Range(1, 40).Select(n => $"Paragraph {n}."));
        await using var stage = await Stage.OpenAsync(browser, Text("# Head\n\n## Long\n\n" + paragraphs + "\n\n**Predict.** How many?"
            + Answers) + Code("\"one\"") + Text("**B.** It is 42."), "?present=2");
        var page = stage.Page;

        await PressAsync(page, "a"); // brings it up
        await Expect(page.GetByText("How many?")).ToBeInViewportAsync();
        await Expect(page.Locator(".tally:visible")).ToHaveCountAsync(0);
        await PressAsync(page, "a");
        await Expect(page.Locator(".tally")).ToHaveTextAsync("1 hand");
    }

    [Fact]
    public async Task A_key_behind_an_open_dialog_does_nothing_even_when_the_dialog_has_lost_the_focus()
    {
        await using var stage = await Stage.OpenAsync(browser, Two, "?present=2");
        var page = stage.Page;

        await PressAsync(page, "?");
        await page.EvaluateAsync("document.activeElement.blur()");
        await PressAsync(page, "a", "3", "ArrowRight");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(1);
        await Expect(page.Locator(".tally:visible")).ToHaveCountAsync(0);
        await PressAsync(page, "Escape");

        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await Expect(page.Locator("#part")).ToHaveTextAsync("2 of 4");
        await Expect(page.Button("Present")).ToHaveAttributeAsync("aria-pressed", "true");
    }

    [Fact]
    public async Task A_key_that_comes_before_a_closed_dialog_has_given_back_the_focus_counts()
    {
        await using var stage = await Stage.OpenAsync(browser, Two, "?present=1");
        var page = stage.Page;
        await PressAsync(page, "2");

        await page.EvaluateAsync("""
            const input = document.querySelector('dialog input');
            input.form.requestSubmit();
            input.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true, cancelable: true }));
            """);

        await Expect(page.Locator(".part.now .tally")).ToHaveTextAsync("1 hand");
    }

    [Fact]
    public async Task The_second_window_has_the_dialogs_so_that_they_are_not_on_the_projector()
    {
        await using var stage = await Stage.OpenAsync(browser, Two, "?present");
        var (page, notes) = (stage.Page, await stage.Page.Context.NewPageAsync());
        await notes.GotoAsync(stage.Address + "#:notes");
        await Expect(notes.GetByText("Move this window to the screen that only you see.")).ToBeVisibleAsync();
        await PressAsync(notes, "Enter");
        await Expect(notes.Locator("h1")).ToHaveTextAsync("1 of 4 · Head");

        await PressAsync(notes, "3");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await PressAsync(notes, "Enter");
        await Expect(page.Locator("#part")).ToHaveTextAsync("3 of 4");
        await PressAsync(notes, "?");
        await Expect(notes.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Shift+Enter");
        await PressAsync(notes, "Escape");
        await Expect(notes.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await Expect(page.Button("Present")).ToHaveAttributeAsync("aria-pressed", "true");

        await PressAsync(page, "?");
        await PressAsync(notes, "a", "Escape"); // Escape closes what is open on the projector, and nothing else
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await Expect(page.Button("Present")).ToHaveAttributeAsync("aria-pressed", "true");

        await page.CloseAsync();
        await Expect(notes.GetByText(new Regex("^This lesson is not presented"))).ToBeVisibleAsync();
    }

    private static string Text(string markdown) => PlayerFixture.Text(markdown);

    private static string Code(string source) => PlayerFixture.Code(source);
}
