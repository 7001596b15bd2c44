using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Markdig.Syntax;
using Microsoft.Playwright;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Kernel;
using TracingTutorial.Host.Player;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace TracingTutorial.Tests;

/// <summary>The agenda of 90 minutes in front of a room: each row of its lessons, by keys alone, at 1280 × 720.</summary>
public sealed class RehearsalTests(Browser browser, ITestOutputHelper output)
{
    private static readonly string Kit = Path.Combine(HostRunner.Root, "notebooks", "INSTRUCTOR.md");

    [Fact(Explicit = true)]
    public async Task The_agenda_of_90_minutes_can_be_taught_by_keys_and_its_minutes_are_those_of_its_parts()
    {
        using var kernels = new QuickKernels();
        await RehearseAsync(kernels.Start);
    }

    /// <summary>With real kernels. The output has the seconds that each row took, without the minutes in which people talk.</summary>
    [Fact(Explicit = true)]
    public async Task The_agenda_of_90_minutes_runs_on_real_kernels()
    {
        using var place = await KernelPlace.TakeAsync();
        await RehearseAsync(EngineKernel.Own(limit: null));
    }

    private async Task RehearseAsync(StartKernel start)
    {
        Notebook[] lessons = [.. HostRunner.Lessons.Select(l => DibReader.Load(HostRunner.Lesson(l)))];
        var agenda = Agenda.In(Kit, File.ReadAllText(Kit).ReplaceLineEndings("\n"), lessons).First();
        Assert.StartsWith("90 minutes", agenda.Heading);
        using var progress = new TempFolder();
        await using var player = await PlayerApp.StartAsync(HostRunner.Root, progress.Path, null, start, progress.Path);
        await using var shown = await browser.NewPage(1280, 720);
        await PlayerFixture.LetInAsync(shown.Page, player);
        foreach (var row in agenda.Rows.Where(r => r.Lesson is not null))
        {
            var clock = Stopwatch.StartNew();
            var name = Path.GetFileNameWithoutExtension(row.Lesson!.Path);
            await shown.Page.GotoAsync(new Uri(player.Origin, $"lesson/{name}?present").AbsoluteUri);
            await PlayerFixture.Drawn(shown.Page);
            var (minutes, votes, cells, presses) = await TeachAsync(shown.Page, row);
            output.WriteLine($"{name}: {row.Minutes} minutes planned, {votes} votes, {cells} cells, {presses} presses, "
                + $"{(int)clock.Elapsed.TotalSeconds} s at the keys");
            Assert.Equal(row.Minutes, minutes + Minutes.Opening, tolerance: 1);
            Assert.Equal(row.Sections.Sum(s => s.Votes), votes * 2);
        }
    }

    /// <summary>Teaches the sections of a row and nothing else.</summary>
    private static async Task<(double Minutes, int Votes, int Cells, int Presses)> TeachAsync(IPage page, Agenda.Part row)
    {
        var parts = row.Lesson!.Lesson.Parts;
        var sections = SectionsOf(row.Lesson.Lesson);
        int[] taught = [.. Enumerable.Range(0, parts.Count).Where(i => row.Sections.Any(s => s.Heading == sections[i]))];
        var (votes, cells, presses, at) = (0, 0, 0, -1);
        foreach (var part in taught)
        {
            if (at != part)
            {
                await PresenterTests.GoAsync(page, part + 1);
                if (part > 0 && at < 0) // the imports of a lesson that is not taught from its head
                {
                    await PressAsync("u");
                    await Expect(page.Locator("[data-kernel=ready]")).ToHaveCountAsync(1);
                    await Expect(page.Locator(".mark:text('waits'), .mark:text('running')")).ToHaveCountAsync(0);
                }
            }

            await Expect(page.Locator("#part")).ToHaveTextAsync($"{part + 1} of {parts.Count}");
            var now = page.Locator(".part.now");
            var asks = await now.Locator(".choices").CountAsync() > 0;
            var isQuiz = asks && await now.Locator(".choices + .tally + .verdict + details, .choices + .tally + details").CountAsync() > 0;
            await Expect(now.Locator(".right")).ToHaveCountAsync(0);
            if (asks)
            {
                while (!await now.Locator(".choices").First.EvaluateAsync<bool>("list => list.getBoundingClientRect().top < innerHeight"))
                    await PressAsync("ArrowRight"); // a hand counts only for a question on the screen
                await PressAsync("a", "b", "b");
                await Expect(now.Locator(".tally").First).ToHaveTextAsync("3 hands");
            }

            foreach (var cell in await now.Locator(".cell").AllAsync())
            {
                await PressAsync("Shift+Enter");
                await Expect(cell.Locator(".mark")).ToContainTextAsync("✓");
                cells++;
            }

            if (asks && isQuiz)
                await PressAsync("v");
            if (asks)
                await Expect(now.Locator(".choices button:has(.hands)").First).ToBeVisibleAsync();
            votes += asks && !isQuiz ? 1 : 0;
            at = part;
            for (var pressed = 0; part < parts.Count - 1 && at == part; pressed++)
            {
                Assert.True(pressed < 40, $"{row.Lesson.Title}, part {part + 1}: 40 presses do not lead on.");
                await PressAsync("ArrowRight");
                at = int.Parse((await page.Locator("#part").TextContentAsync())!.Split(' ')[0]) - 1;
            }
        }

        // What the agenda leaves out was neither run nor revealed, but for the cells above that bring names.
        var left = Enumerable.Range(0, parts.Count).Except(taught).Where(i => sections[i] != row.Lesson.Lesson.Title);
        foreach (var part in left)
            await Expect(page.Locator(".part").Nth(part).Locator(".right, .after.shown, .mark.ok")).ToHaveCountAsync(0);
        return (taught.Sum(i => parts[i].Minutes), votes, cells, presses);

        async Task PressAsync(params string[] keys)
        {
            presses += keys.Length;
            await PresenterTests.PressAsync(page, keys);
        }
    }

    /// <summary>The section of each part, as the agenda names it.</summary>
    private static string[] SectionsOf(Lesson lesson)
    {
        var section = lesson.Title;
        return [.. lesson.Parts.Select(part =>
        {
            var first = part.Items[0];
            return section = first.Pieces.FirstOrDefault()?.Block is HeadingBlock { Level: 2 } heading
                ? first.Cell.Text.Headings.First(h => h.Block == heading).Markdown : section;
        })];
    }
}
