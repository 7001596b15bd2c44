using System.Threading.Tasks;
using Microsoft.Playwright;
using Xunit;
using static TracingTutorial.Tests.LessonHost;

namespace TracingTutorial.Tests;

public sealed class TabRunTests(TabFixture tab) : RunTests(tab), IClassFixture<TabFixture>;

/// <summary>Cells that run, do not end, or print without end.</summary>
public abstract class RunTests(LessonHost player)
{
    [Fact(Explicit = true)]
    public async Task An_endless_cell_is_stopped_while_another_lesson_goes_on()
    {
        var endless = player.Write("30-endless", "# Endless", Code("Console.WriteLine(\"begun\"); while (true) { }"), Code("\"after\""));
        var other = player.Write("31-other", "# Other", Code("var kept = 41;"), Code("kept + 1"));
        await using var one = await player.OpenAsync(endless);
        await using var two = await player.OpenAsync(other);
        await two.Page.Cell(0).RunToEndAsync();

        await one.Page.Button("Run all").ClickAsync();
        await one.Page.Cell(0).ShowsAsync("begun");
        await one.Page.Cell(1).MarkedAsync("^waits$");
        await one.Page.Button("Stop").ClickAsync();
        await one.Page.Cell(0).MarkedAsync("^stopped");
        await one.Page.Cell(0).ShowsAsync("Stopped.");
        await Assertions.Expect(one.Page.Cell(1).Mark()).ToHaveTextAsync("");
        await two.Page.Cell(1).RunAsync();
        await two.Page.Cell(1).ShowsAsync("42"); // its kernel is the one from before
        await one.Page.Cell(1).RunAsync();
        await one.Page.Cell(1).ShowsAsync("after");
    }

    [Fact(Explicit = true)]
    public async Task Endless_printing_is_cut_and_the_page_answers_meanwhile()
    {
        var lesson = player.Write("33-printing", "# Printing",
            Code("while (true) Console.WriteLine(\"All work and no play makes Jack a dull boy.\");"));
        await using var shown = await player.OpenAsync(lesson);
        var page = shown.Page;

        await page.Cell(0).RunAsync();
        await page.Cell(0).ShowsAsync("the rest is not shown: more than 300,000 characters");
        await page.Button("Variables").ClickAsync();
        await Assertions.Expect(page.GetByText("The variables are shown when no cell runs.")).ToBeVisibleAsync();
        Assert.InRange((await page.Cell(0).Outputs().TextContentAsync())!.Length, 300_000, 301_000);
        await page.Button("Stop").ClickAsync();
        await page.Cell(0).ShowsAsync("Stopped.");
        await ReloadAsync(page);
        Assert.InRange((await page.Cell(0).Outputs().TextContentAsync())!.Length, 300_000, 301_000);
    }
}
