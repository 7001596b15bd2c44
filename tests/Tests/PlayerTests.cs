using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.Playwright;
using TracingTutorial.Course.Lessons;
using Xunit;
using static TracingTutorial.Tests.LessonHost;

namespace TracingTutorial.Tests;

/// <summary>Lesson 1 in a real browser, as a learner and an instructor see it. One run of it serves all of these tests.</summary>
public sealed class PlayerTests(PlayerFixture player) : IClassFixture<PlayerFixture>
{
    private const string Lesson = "01-setup";

    [Fact]
    public async Task Lesson_1_runs_to_its_last_drawing_with_one_click()
    {
        await using var shown = await OpenRunAsync();

        var marks = await shown.Page.Locator(".cell .mark").AllTextContentsAsync();
        Assert.Equal(DibReader.Load(HostRunner.Lesson(Lesson + ".dib")).Code.Count(), marks.Count);
        Assert.All(marks, mark => Assert.Matches("^(ran|solved) ✓ ", mark));
        Assert.Empty(await shown.Page.Locator(".cell .error, .cell .warning").AllTextContentsAsync());
        var drawing = shown.Page.Locator(".cell").Filter(new()
        {
            Has = shown.Page.Locator(".html"),
            HasText = "Waterfall.Of(closingSpans.Traces)"
        });
        await drawing.ShowsAsync("last order");
        await Assertions.Expect(drawing.Locator(".html").GetByText("last order").First).ToBeVisibleAsync();
    }

    [Fact]
    public async Task An_exercise_is_judged_and_its_folded_solution_goes_into_the_cell_and_out_again()
    {
        await using var shown = await OpenRunAsync();
        var page = shown.Page;
        var exercise = page.GetByRole(AriaRole.Region, new() { Name = "Exercise 1.1", Exact = true });
        var original = await exercise.Locator(".source").TextContentAsync();
        var wrong = Answer.FromFiles.First(a => a.Name == "wrong/1.1-capital-letter.cs");

        await exercise.WriteAsync(wrong.Source);
        await page.Keyboard.PressAsync("Shift+Enter");
        await exercise.ShowsAsync(wrong.Says!);
        await exercise.ShowsAsync("not yet");

        await page.Locator("summary", new() { HasTextString = "Solution" }).First.ClickAsync();
        await page.Button("Put the solution into the cell").First.ClickAsync();
        // not before the answer
        Assert.Contains("Pick parcel", (await exercise.Locator(".view-lines").TextContentAsync())!.Replace('\u00a0', ' '));
        await page.YesAsync();
        await Assertions.Expect(exercise.Locator(".source")).ToContainTextAsync("\"pick parcel\"");
        await exercise.RunAsync();
        await exercise.ShowsAsync("Exercise 1.1: solved");
        await exercise.MarkedAsync("^solved");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Exercise 1.1" })).ToHaveClassAsync("solved");

        await exercise.GetByRole(AriaRole.Button, new() { Name = "Original" }).ClickAsync();
        await page.YesAsync();
        await Assertions.Expect(exercise.GetByText("edited", new() { Exact = true })).ToBeHiddenAsync();
        await ReloadAsync(page);
        Assert.Equal(original, await exercise.Locator(".source").TextContentAsync());
        await exercise.RunAsync();
        await exercise.ShowsAsync("not yet");
        await exercise.RanAsync();
    }

    [Fact]
    public async Task In_the_presenters_view_no_part_of_a_lesson_is_wider_than_a_small_projector()
    {
        await using var shown = await OpenRunAsync(1280, 720);
        var page = shown.Page;
        await page.Button("Present").ClickAsync();
        var place = page.Locator("#part");
        await Assertions.Expect(place).ToHaveTextAsync(new Regex("^1 of [0-9]+$"));
        var parts = int.Parse((await place.TextContentAsync())!.Split(' ')[2]);
        Assert.True(parts > 10);

        for (var part = 1; part <= parts; part++)
        {
            await Assertions.Expect(place).ToHaveTextAsync(new Regex($"^{part} of {parts}$"));
            await page.EvaluateAsync(
                "document.querySelectorAll('.part.now details').forEach(d => d.open = true), document.querySelectorAll('.part.now "
                    + ".after').forEach(e => e.classList.add('shown'))");
            Assert.True(await page.SidewaysAsync() == 0, $"part {part} is wider than the page");
            // What is drawn is not cut: a table that scrolls in itself would hide its last column from the room.
            Assert.Empty(await page.EvaluateAsync<string[]>("""
                () => [...document.querySelectorAll('.part.now .html, .part.now table, .part.now .outputs pre, .part.now .source, .part.now .listing')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => `${e.className} ${e.textContent.slice(0, 60)} ${e.scrollWidth} > ${e.clientWidth}`)
                """));
            await page.Keyboard.PressAsync("Shift+ArrowRight"); // without Shift it first scrolls
        }
    }

    [Theory(Explicit = true)]
    [InlineData(ColorScheme.Light, false)]
    [InlineData(ColorScheme.Dark, false)]
    [InlineData(ColorScheme.Light, true)]
    [InlineData(ColorScheme.Dark, true)]
    public async Task A_lesson_that_has_run_can_be_used_by_everybody(ColorScheme colours, bool presenting)
    {
        await using var shown = await OpenRunAsync(colours: colours);
        await shown.Page.EvaluateAsync("document.querySelectorAll('details').forEach(d => d.open = true)");
        if (presenting)
            await shown.Page.Button("Present").ClickAsync();

        Assert.Empty(await Axe.SeriousAsync(shown.Page));
    }

    [Theory(Explicit = true)]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task The_start_page_can_be_used_by_everybody(ColorScheme colours)
    {
        await using var shown = await OpenRunAsync(colours: colours);
        await shown.Page.GotoAsync(player.Origin);

        Assert.Empty(await Axe.SeriousAsync(shown.Page));
    }

    [Fact(Explicit = true)]
    public async Task Who_teaches_finds_the_guide_on_the_start_page_and_what_it_leads_to()
    {
        Directory.CreateDirectory(Path.Combine(player.Clone, "docker"));
        foreach (var file in (string[])["notebooks/INSTRUCTOR.md", "notebooks/HANDOUT.md", "docker/README.md", "docker/compose.yaml"])
            File.Copy(Path.Combine(HostRunner.Root, file), Path.Combine(player.Clone, file), overwrite: true);
        await using var shown = await player.ComeInAsync(320, 640);
        var page = shown.Page;
        await page.GotoAsync(player.Origin);

        await FollowAsync("For instructors", "For instructors");
        await FollowAsync("docker/README.md", "Jaeger");
        await FollowAsync("compose.yaml", "docker/compose.yaml");
        await Assertions.Expect(page.GetByText("jaegertracing/jaeger").First).ToBeAttachedAsync();
        await FollowAsync("All lessons", "Distributed tracing for .NET");

        async Task FollowAsync(string link, string heading)
        {
            await page.GetByRole(AriaRole.Link, new() { Name = link }).First.ClickAsync();
            await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync(heading);
            Assert.Equal(0, await page.SidewaysAsync());
            Assert.Empty(await Axe.SeriousAsync(page));
        }
    }

    /// <summary>The lesson after Run all. The first test that asks clicks; the others find it as it was left.</summary>
    private async Task<BrowserPage> OpenRunAsync(int width = 1100, int height = 800, ColorScheme colours = ColorScheme.Light)
    {
        player.CopyLesson(Lesson);
        var shown = await player.ComeInAsync(width, height);
        await shown.Page.EmulateMediaAsync(new() { ColorScheme = colours });
        await player.GoAsync(shown.Page, Lesson);
        if (await shown.Page.Locator(".mark", new() { HasTextString = "✓" }).CountAsync() == 0)
            await shown.Page.RunAllAsync();
        await shown.Page.Locator(".cell").Last.RanAsync();
        return shown;
    }
}
