using System.Threading.Tasks;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;
using static TracingTutorial.Tests.LessonHost;

namespace TracingTutorial.Tests;

public sealed class PlayerQuestionTests(PlayerFixture player) : QuestionTests(player), IClassFixture<PlayerFixture>;

public sealed class TabQuestionTests(TabFixture tab) : QuestionTests(tab), IClassFixture<TabFixture>;

/// <summary>Predictions before a cell, quizzes at the end: chosen, answered, kept.</summary>
public abstract class QuestionTests(LessonHost player)
{
    private const string Predict = "## Guess\n\n**Predict.** What is 6 × 7?\n\n- **A.** 41\n- **B.** 42\n- **C.** 43";
    private const string Closing = "**B.** It is 42, as always.";
    private const string Quiz =
        "## Quiz\n\nWhat is a *span*?\n\n- **A.** a bridge\n- **B.** an hour\n- **C.** one timed piece of "
            + "work\n\n<details><summary>Answer</summary>\n\n**C.** One timed piece of work; the bridge is another one.\n\n</details>";

    [Fact(Explicit = true)]
    public async Task A_prediction_is_kept_and_the_cell_says_whether_it_was_so()
    {
        await using var shown = await player.OpenAsync(player.Write("60-predict", "# Predict", Text(Predict), Code("6 * 7"),
            Text(Closing)));
        var page = shown.Page;

        await Choice(page, "A. 41").ClickAsync();
        await Expect(Choice(page, "A. 41")).ToHaveAttributeAsync("aria-pressed", "true");
        await Expect(page.GetByText("You said")).ToHaveCountAsync(0); // not before it ran
        await Expect(page.Locator(".closing")).ToBeHiddenAsync();     // nor the answer
        await page.Cell(0).RunAsync();
        await Expect(page.Locator(".closing")).ToBeVisibleAsync();
        await Expect(Verdict(page, "You said A. The right answer is B.")).ToHaveCountAsync(1);
        // where the answer is told; at the question, the letters are marked
        await Expect(page.Locator(".verdict + .closing")).ToBeVisibleAsync();
        await Expect(Choice(page, "A. 41")).ToHaveClassAsync("wrong");
        await Expect(Choice(page, "B. 42")).ToHaveClassAsync("right");
        await Expect(page.GetByText("You were right in 0 of 1 predictions.")).ToBeVisibleAsync();
        await Choice(page, "B. 42").ClickAsync(new() { Force = true });          // too late: the answer was seen
        await ReloadAsync(page);

        await Expect(Choice(page, "A. 41")).ToHaveAttributeAsync("aria-pressed", "true");
        await Expect(Choice(page, "B. 42")).ToHaveAttributeAsync("aria-pressed", "false");
        await Expect(Verdict(page, "You said A. The right answer is B.")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Link, new() { Name = "What is 6 × 7?" }).ClickAsync();
        await Expect(Choice(page, "B. 42")).ToBeInViewportAsync();
    }

    [Fact(Explicit = true)]
    public async Task A_prediction_that_was_so_is_said_too_and_counted()
    {
        await using var shown = await player.OpenAsync(player.Write("61-so", "# So", Text(Predict), Code("6 * 7"), Text(Closing)));
        var page = shown.Page;

        await Choice(page, "C. 43").ClickAsync();
        await Choice(page, "B. 42").ClickAsync(); // the mind can be changed
        await page.Cell(0).RunAsync();

        await Expect(Verdict(page, "You said B, which is right.")).ToHaveCountAsync(1);
        await Expect(page.GetByText("You were right in 1 of 1 predictions.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_answer_can_be_shown_without_a_run_and_then_no_choice_counts()
    {
        await using var shown = await player.OpenAsync(player.Write("64-cover", "# Cover", Text(Predict), Code("6 * 7"), Text(Closing)));
        var page = shown.Page;

        await page.Button("The answer comes with the run. Show it now").ClickAsync();

        await Expect(page.Locator(".closing")).ToBeVisibleAsync();
        await Choice(page, "B. 42").ClickAsync(new() { Force = true });
        await Expect(Choice(page, "B. 42")).ToHaveAttributeAsync("aria-pressed", "false");
        await Expect(page.GetByText("Your answers")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_quiz_opens_its_fold_with_the_verdict_and_keeps_it()
    {
        await using var shown = await player.OpenAsync(player.Write("62-quiz", "# Quiz", Text(Quiz)));
        var page = shown.Page;
        await Expect(page.GetByText("the bridge is another one")).ToBeHiddenAsync();

        await Choice(page, "A. a bridge").ClickAsync();

        await Expect(page.GetByText("You said A. The right answer is C.")).ToBeVisibleAsync();
        await Expect(page.GetByText("the bridge is another one")).ToBeVisibleAsync();
        await Choice(page, "C. one timed").ClickAsync(new() { Force = true }); // the first choice counts
        await ReloadAsync(page);
        await Expect(page.GetByText("You said A. The right answer is C.")).ToBeVisibleAsync();
        await Expect(page.GetByText("the bridge is another one")).ToBeVisibleAsync();
        await Expect(Choice(page, "A. a bridge")).ToHaveAttributeAsync("aria-pressed", "true");
    }

    [Fact(Explicit = true)]
    public async Task Of_several_questions_each_has_its_own_answer_and_the_lesson_ends_with_the_score()
    {
        var second = "**Predict.** And *nothing*?\n\n- **A.** one line\n- **B.** no line";
        await using var shown = await player.OpenAsync(player.Write("63-score", "# Score", Text(Predict), Code("6 * 7"),
            Text(Closing + "\n\n" + second), Code("Console.Write(\"\");"), Text("**B.** Nothing comes."), Text(Quiz)));
        var page = shown.Page;

        await Choice(page, "B. 42").ClickAsync();
        await Choice(page, "A. one line").ClickAsync();
        await page.Button("Run all").ClickAsync();
        await Expect(Verdict(page, "You said B, which is right.")).ToHaveCountAsync(1);
        await Expect(Verdict(page, "You said A. The right answer is B.")).ToHaveCountAsync(1);
        await Choice(page, "B. an hour").ClickAsync();

        var score = page.GetByText("You were right in 1 of 2 predictions and 0 of 1 quiz answers.");
        await Expect(score).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Your answers" })).ToBeVisibleAsync();
        await Expect(page.GetByText("You said B; the right answer is C.")).ToBeVisibleAsync();
        await ReloadAsync(page);
        await Expect(score).ToBeVisibleAsync();
        await page.Button("Start again").ClickAsync();
        await page.YesAsync();
        await Expect(score).ToHaveCountAsync(0);
        await Expect(page.Locator("[aria-pressed=true]")).ToHaveCountAsync(0);
    }

    private static ILocator Verdict(IPage page, string text) => page.Locator(".verdict", new() { HasText = text });

    private static ILocator Choice(IPage page, string text) => page.GetByRole(AriaRole.Button, new() { Name = text });
}
