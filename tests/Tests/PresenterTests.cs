using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.Playwright;
using TracingTutorial.Host.Player;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace TracingTutorial.Tests;

/// <summary>The presenter's view, driven by its keys on a projector of 1280 × 720, with kernels that need no process.</summary>
public sealed class PresenterTests(Browser browser)
{
    private const string Predict = "**Predict.** What is 6 × 7?\n\n- **A.** 41\n- **B.** 42\n- **C.** 43\n\n"
        + "<!-- instructor: **Ask** for hands. The answer is B. -->";

    private static readonly string Lesson = Text("# Head\n\nWelcome.") + Code("\"defines\"")
        + Text($"## Guess\n\n{Predict}") + Code("\"6 × 7\"") + Text("**B.** It is 42.\n\n## Behind\n\nText.")
        + Code("\"needs\"") + Text("What the third cell has shown.\n\n## End\n\nThe last part.");

    [Fact(Explicit = true)]
    public async Task Rehearsing_gives_nothing_away()
    {
        await using var stage = await Stage.OpenAsync(browser, Lesson);
        var page = stage.Page;
        await page.GetByRole(AriaRole.Button, new() { Name = "A. 41" }).ClickAsync();
        await page.Button("Run all").ClickAsync();
        await page.Cell(2).RanAsync();
        await Expect(page.Locator(".right")).ToHaveCountAsync(1); // the rehearsal

        await page.Button("Present").ClickAsync();
        await NothingIsGivenAwayAsync();
        await PlayerFixture.ReloadAsync(page);
        await NothingIsGivenAwayAsync();
        await page.Button("Restart").ClickAsync();
        await Expect(page.Locator("#state")).ToHaveTextAsync("ready");
        await NothingIsGivenAwayAsync();
        await GoAsync(page, 1);
        await page.Button("Run all").ClickAsync(new() { Modifiers = [KeyboardModifier.Shift] }); // without a stop
        await Expect(page.Cell(2).Locator(".mark")).ToHaveTextAsync(new Regex("^ran ✓ \\d"));
        await NothingIsGivenAwayAsync();

        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Locator(".right")).ToHaveCountAsync(1); // the learner's own answer is still there
        await Expect(page.GetByText("You said A. The right answer is B.", new() { Exact = true })).ToBeVisibleAsync();

        async Task NothingIsGivenAwayAsync()
        {
            await GoAsync(page, 2);
            await Expect(page.Cell(1)).ToBeVisibleAsync();
            await Expect(page.Cell(1).Outputs()).ToBeHiddenAsync();
            await Expect(page.Locator(".right, [aria-pressed=true]:not(#present), .tally:visible")).ToHaveCountAsync(0);
            await Expect(page.GetByText("It is 42.")).ToBeHiddenAsync();
            Assert.DoesNotContain("The answer is", await page.ContentAsync()); // the notes are not on this page at all
        }
    }

    [Fact]
    public async Task What_was_written_into_an_exercise_is_hidden_until_it_is_asked_for()
    {
        await using var stage = await Stage.OpenAsync(browser, Text("# Head\n\n## Exercise 1.1") + Code("// Exercise 1.1: add\n// TODO"));
        var page = stage.Page;
        await page.Cell(0).WriteAsync("my solution");
        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Cell(0).ShowsAsync("shown: my solution");

        await page.Button("Present").ClickAsync();
        await GoAsync(page, 2);
        await Expect(page.Cell(0).Locator(".source")).ToBeHiddenAsync();
        await Expect(page.Cell(0).Outputs()).ToBeHiddenAsync();
        await page.Button("Original").ClickAsync();
        await page.YesAsync();
        await Expect(page.Cell(0).Locator(".source")).ToContainTextAsync("// TODO");
        await Expect(page.Cell(0).Outputs()).ToBeHiddenAsync();
        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Cell(0).ShowsAsync("shown: // Exercise 1.1: add");
        await Expect(page.Cell(0).Outputs()).ToBeVisibleAsync();
    }

    [Fact(Explicit = true)]
    public async Task Hands_are_counted_by_keys_and_shown_as_bars_when_the_vote_is_closed()
    {
        await using var stage = await Stage.OpenAsync(browser, Lesson, "?present");
        var page = stage.Page;
        var tally = page.Locator(".part.now .tally");
        await GoAsync(page, 2);
        await PressAsync(page, "a", "b", "b", "c", "b", "Shift+C");
        await Expect(tally).ToHaveTextAsync("4 hands");
        await Expect(page.Locator(".hands")).ToHaveCountAsync(0); // nobody follows the others
        await PlayerFixture.ReloadAsync(page);
        await Expect(tally).ToHaveTextAsync("4 hands");

        await PressAsync(page, "Shift+Enter");
        await page.Cell(1).ShowsAsync("shown: \"6 × 7\"");
        await Expect(page.Locator(".hands")).ToHaveTextAsync([" 1 hand", " 3 hands", " 0 hands"]);
        Assert.Equal(["25%", "75%", "0%"], await page.Locator(".part.now .choices button")
            .EvaluateAllAsync<string[]>("all => all.map(b => b.style.getPropertyValue('--share'))"));
        await Expect(page.Locator(".right")).ToHaveCountAsync(1);
        await Expect(page.GetByText("It is 42.")).ToBeHiddenAsync(); // the room says first what it sees
        await PressAsync(page, "b");
        await Expect(tally).ToHaveTextAsync("4 hands"); // the vote is closed
        await PressAsync(page, "ArrowRight");
        await Expect(page.GetByText("It is 42.")).ToBeVisibleAsync();

        await PressAsync(page, "x");
        await Expect(page.Locator(".right, .hands, .tally:visible")).ToHaveCountAsync(0);
        await Expect(page.Cell(1).Outputs()).ToBeHiddenAsync();
        await Expect(page.GetByText("It is 42.")).ToBeHiddenAsync();
        await PressAsync(page, "a", "v"); // closed without a run
        await Expect(page.Locator(".hands").First).ToHaveTextAsync(" 1 hand");
        await Expect(page.GetByText("It is 42.")).ToBeVisibleAsync();
        await page.GotoAsync(stage.Address); // left, and opened to present once more
        await PlayerFixture.Drawn(page);
        await page.GotoAsync(stage.Address + "?present=2");
        await PlayerFixture.Drawn(page);
        await Expect(page.Locator("#part")).ToHaveTextAsync("2 of 4");
        await Expect(page.Locator(".right, .hands, .tally:visible")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Of_a_quiz_each_question_is_a_part_and_a_key_opens_its_answer()
    {
        const string answers = "\n\n- **A.** One.\n- **B.** Two.\n\n<details>\n<summary>Answer</summary>\n\n**A.** So.\n\n</details>\n\n";
        var lesson = Text($"# Head\n\n## Quiz\n\nFirst?{answers}Second?{answers}## Recap\n\nAll.");
        await using var stage = await Stage.OpenAsync(browser, lesson, "?present");
        var page = stage.Page;
        await GoAsync(page, 3);
        await Expect(page.Locator("#part")).ToHaveTextAsync("3 of 4");
        await Expect(page.GetByText("First?")).ToBeHiddenAsync();
        await Expect(page.GetByText("Second?")).ToBeVisibleAsync();

        await PressAsync(page, "b", "b", "a");
        await Expect(page.Locator(".part.now details")).Not.ToHaveAttributeAsync("open", new Regex(".*"));
        await PressAsync(page, "v");

        await Expect(page.Locator(".part.now").GetByText("So.")).ToBeVisibleAsync();
        await Expect(page.Locator(".part.now .hands")).ToHaveTextAsync([" 1 hand", " 2 hands"]);
    }

    [Fact]
    public async Task Going_on_never_runs_or_reveals_what_is_skipped()
    {
        await using var stage = await Stage.OpenAsync(browser, Lesson, "?present");
        var page = stage.Page;

        await PressAsync(page, "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight");

        await Expect(page.Locator("#part")).ToHaveTextAsync("4 of 4");
        await Expect(page.Locator(".mark:text-matches('\\\\S')")).ToHaveCountAsync(0);
        await Expect(page.Locator(".after.shown, .right")).ToHaveCountAsync(0);
        await PressAsync(page, "ArrowLeft", "ArrowLeft");
        await Expect(page.GetByText("It is 42.")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_part_is_reached_by_its_number_and_from_a_list()
    {
        await using var stage = await Stage.OpenAsync(browser, Lesson, "?present");
        var page = stage.Page;

        await GoAsync(page, 4);
        await Expect(page.GetByText("The last part.")).ToBeVisibleAsync();
        await PressAsync(page, "g");
        await Expect(page.GetByRole(AriaRole.Dialog).Locator("li")).ToHaveTextAsync(["Head", "Guess", "Behind", "End"]);
        await page.Button("Behind").ClickAsync();
        await Expect(page.Locator("#part")).ToHaveTextAsync("3 of 4");
        await PressAsync(page, "Shift+ArrowRight");
        await Expect(page.Locator("#part")).ToHaveTextAsync("4 of 4");
        await PressAsync(page, "?");
        foreach (var key in (string[])["Page Down", "Shift+Enter", "A to E", "Escape"])
            await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync(key);
        await PressAsync(page, "Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await Expect(page.Locator("#part")).ToHaveTextAsync("4 of 4"); // Escape closed the dialog, and not the view
    }

    [Fact]
    public async Task The_key_that_goes_on_scrolls_through_a_long_part_first()
    {
        var paragraphs = string.Join("\n\n", Enumerable.Range(1, 60).Select(n => $"Paragraph {n}."));
        await using var stage = await Stage.OpenAsync(browser, Text($"# Head\n\n{paragraphs}\n\n## Next\n\nText."), "?present");
        var page = stage.Page;
        var seen = 0;
        for (var at = page.Locator("#part"); await at.TextContentAsync() == "1 of 2"; seen++)
        {
            Assert.True(seen < 30);
            if (await page.EvaluateAsync<bool>("scrollY >= document.scrollingElement.scrollHeight - innerHeight - 8"))
                await Expect(page.GetByText("Paragraph 60.")).ToBeInViewportAsync();
            await PressAsync(page, "ArrowRight");
        }

        Assert.InRange(seen, 4, 30);
        Assert.Equal(0, await page.EvaluateAsync<int>("document.scrollingElement.scrollTop"));
    }

    [Fact]
    public async Task After_Stop_the_page_says_whose_names_are_gone_and_a_key_brings_them_back()
    {
        var lesson = Text("# Head") + Code("\"defines\"") + Text("## Second") + Code("// hangs") + Text("## Third") + Code("// needs");
        await using var stage = await Stage.OpenAsync(browser, lesson, "?present");
        var page = stage.Page;
        await PressAsync(page, "Shift+Enter");
        await page.Cell(0).RanAsync();
        await GoAsync(page, 2);
        await PressAsync(page, "Shift+Enter");
        await page.Cell(1).MarkedAsync("^running");
        await PressAsync(page, "s");
        await page.Cell(1).MarkedAsync("^stopped");
        await Expect(page.Cell(0).Locator(".mark")).ToContainTextAsync("its names are gone");

        await GoAsync(page, 3);
        await PressAsync(page, "Shift+Enter");
        await page.Cell(2).MarkedAsync("^failed");
        await Expect(page.Cell(2).GetByText("Cells above have not run in this kernel")).ToBeVisibleAsync();
        await Expect(page.Button("Run all above and this cell")).ToBeVisibleAsync();
        await GoAsync(page, 2);
        await PressAsync(page, "u"); // above the second part
        await Expect(page.Cell(0).Locator(".mark")).ToHaveTextAsync(new Regex("^ran ✓ \\d"));
        await GoAsync(page, 3);
        await PressAsync(page, "Shift+Enter");
        await page.Cell(2).RanAsync();
        await Expect(page.Cell(2).GetByText("Cells above have not run in this kernel")).ToBeHiddenAsync();
    }

    [Fact(Explicit = true)]
    public async Task The_second_window_has_the_notes_the_clock_the_hands_and_the_keys()
    {
        await using var stage = await Stage.OpenAsync(browser, Lesson, "?present");
        var (page, notes) = (stage.Page, await stage.Page.Context.NewPageAsync());
        await notes.GotoAsync(stage.Address + "#:notes");
        await Expect(notes.GetByText("Move this window to the screen that only you see.")).ToBeVisibleAsync();
        await Expect(notes.GetByText("Planned")).ToHaveCountAsync(0);
        await notes.Keyboard.PressAsync("Enter");
        await Expect(notes.Locator("h1")).ToHaveTextAsync("1 of 4 · Head");

        await notes.Keyboard.PressAsync("ArrowRight");
        await Expect(page.Locator("#part")).ToHaveTextAsync("2 of 4");
        await Expect(notes.GetByText("The answer is B.")).ToBeVisibleAsync();
        await Expect(page.GetByText("The answer is B.")).ToHaveCountAsync(0);
        await Expect(notes.GetByText("Next: Shift+Enter runs the next cell.")).ToBeVisibleAsync();
        await PressAsync(page, "b", "b", "a");
        await Expect(notes.GetByText("Hands: A: 1 · B: 2 · C: 0")).ToBeVisibleAsync();
        await notes.Keyboard.PressAsync("Shift+Enter");
        await page.Cell(1).RanAsync();
        await Expect(notes.GetByText("The vote is closed: A: 1 · B: 2 · C: 0")).ToBeVisibleAsync();
        await Expect(notes.GetByText("Next: the next part: Behind.")).ToBeVisibleAsync();
        // A vote of two minutes, and some words.
        await Expect(notes.Locator(".times")).ToContainTextAsync(new Regex(@"This part\d+:\d\d of 2:\d\d"));
        await Expect(notes.Locator(".times")).ToContainTextAsync(new Regex(@"Time\d\d:\d\d"));
        await notes.GetByRole(AriaRole.Button, new() { Name = "End (" }).ClickAsync();
        await Expect(page.Locator("#part")).ToHaveTextAsync("4 of 4");
        await Expect(notes.GetByText("Next: this is the last part.")).ToBeVisibleAsync();

        await PressAsync(page, "Escape");
        await Expect(notes.GetByText("This lesson is not presented")).ToBeVisibleAsync();
        await page.Button("Present").ClickAsync();
        await Expect(notes.Locator("h1")).ToContainTextAsync(" of 4 · ");
        Assert.Equal(0, await notes.SidewaysAsync());
    }

    [Fact(Explicit = true)]
    public async Task A_presenting_page_that_was_closed_leaves_the_learners_answers_as_they_were()
    {
        await using var stage = await Stage.OpenAsync(browser, Lesson, "?present=2");
        var other = await stage.Page.Context.NewPageAsync();
        await stage.Page.CloseAsync();
        await other.GotoAsync(stage.Address);
        await PlayerFixture.Drawn(other);
        await Expect(other.Locator("#state")).ToHaveTextAsync("ready");

        await other.GetByRole(AriaRole.Button, new() { Name = "C. 43" }).ClickAsync();
        await PlayerFixture.ReloadAsync(other);

        await Expect(other.GetByRole(AriaRole.Button, new() { Name = "C. 43" })).ToHaveAttributeAsync("aria-pressed", "true");
    }

    private static string Text(string markdown) => PlayerFixture.Text(markdown);

    private static string Code(string source) => PlayerFixture.Code(source);

    internal static async Task PressAsync(IPage page, params string[] keys)
    {
        foreach (var key in keys)
            await page.Keyboard.PressAsync(key);
    }

    internal static async Task GoAsync(IPage page, int part)
    {
        await page.Keyboard.TypeAsync($"{part}");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#part")).ToHaveTextAsync(new Regex($"^{part} of "));
    }

    /// <summary>A player with one lesson, and a page of it on the projector.</summary>
    internal sealed class Stage(QuickKernels kernels, TempFolder clone, PlayerApp player, BrowserPage shown) : IAsyncDisposable
    {
        private const string Name = "01-stage";

        public IPage Page => shown.Page;

        /// <summary>The player ends, and later starts again at the same port.</summary>
        public ValueTask EndAsync() => player.DisposeAsync();

        public async Task StartAgainAsync()
        {
            var (port, folder) = (player.Origin.Port, clone.Path);
            player = await PlayerApp.StartAsync(folder, Path.Combine(folder, "progress"), port, kernels.Start, folder);
        }

        public string Address => new Uri(player.Origin, $"lesson/{Name}").AbsoluteUri;

        public static async Task<Stage> OpenAsync(Browser browser, string lesson, string query = "")
        {
            var (kernels, clone) = (new QuickKernels(), new TempFolder());
            clone.Write($"notebooks/{Name}.dib", HostRunner.Meta + lesson);
            var player = await PlayerApp.StartAsync(clone.Path, Path.Combine(clone.Path, "progress"), null, kernels.Start, clone.Path);
            var stage = new Stage(kernels, clone, player, await browser.NewPage(1280, 720));
            await PlayerFixture.LetInAsync(stage.Page, player);
            await stage.Page.GotoAsync(stage.Address + query);
            await PlayerFixture.Drawn(stage.Page);
            return stage;
        }

        public async ValueTask DisposeAsync()
        {
            await shown.DisposeAsync();
            await player.DisposeAsync();
            kernels.Dispose();
            clone.Dispose();
        }
    }
}
