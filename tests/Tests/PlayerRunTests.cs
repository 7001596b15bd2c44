using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.Playwright;
using Xunit;
using static TracingTutorial.Tests.LessonHost;

namespace TracingTutorial.Tests;

/// <summary>Cells that draw, die, or run before they are asked.</summary>
public sealed class PlayerRunTests(PlayerFixture player) : RunTests(player), IClassFixture<PlayerFixture>
{
    private readonly PlayerFixture player = player;

    [Fact(Explicit = true)]
    public async Task A_kernel_that_is_killed_is_said_at_once_and_the_next_run_has_a_new_one()
    {
        var lesson = player.Write("32-killed", "# Killed", Code("Console.Write(Environment.ProcessId);"),
            Code("Console.WriteLine(\"begun\"); await Task.Delay(-1);"));
        await using var shown = await player.OpenAsync(lesson);
        var (page, cell) = (shown.Page, shown.Page.Cell(1));
        await page.Cell(0).RunToEndAsync();

        Kill();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The kernel has ended");
        await page.Cell(0).RunToEndAsync();
        await cell.RunAsync();
        await cell.ShowsAsync("begun");
        Kill();
        await cell.MarkedAsync("^failed");
        await cell.ShowsAsync("The kernel ended while this cell ran");
        await page.Cell(0).RunToEndAsync();

        void Kill()
        {
            var id = Regex.Match(page.Cell(0).Outputs().TextContentAsync().GetAwaiter().GetResult()!, "[0-9]+").Value;
            using var kernel = Process.GetProcessById(int.Parse(id));
            kernel.Kill();
        }
    }

    [Fact(Explicit = true)]
    public async Task Text_that_comes_after_its_cell_is_shown_as_printed_later()
    {
        var lesson = player.Write("34-later", "# Later",
            Code("_ = Task.Run(async () => { while (!System.IO.File.Exists(\"late\")) await Task.Delay(20); Console.WriteLine(\"a late "
                + "line\"); });"));
        await using var shown = await player.OpenAsync(lesson);

        await shown.Page.Cell(0).RunToEndAsync();
        File.WriteAllText(Path.Combine(player.Clone, "notebooks", "late"), "");

        await Assertions.Expect(shown.Page.Locator(".late")).ToContainTextAsync("a late line");
    }

    [Fact(Explicit = true)]
    public async Task Ten_thousand_spans_begin_to_be_seen_before_all_are_drawn_and_the_page_answers_a_key_meanwhile()
    {
        var lesson = player.Write("35-waterfall", "# Waterfall", Code("#!import ../helpers/core.dib"), Code("""
            var start = DateTimeOffset.UnixEpoch;
            RecordedSpan Span(int i) => new() { TraceId = new string('a', 32), SpanId = $"{i + 1:x16}", ParentSpanId = i == 0 ? null : $"{1:x16}", Name = $"step {i}", Start = start.AddMilliseconds(i), Duration = TimeSpan.FromMilliseconds(i == 0 ? 10_001 : 1) };
            Waterfall.Of(new RecordedTrace(Enumerable.Range(0, 10_000).Select(Span).ToArray()))
            """));
        await using var shown = await player.OpenAsync(lesson);
        var page = shown.Page;
        await page.Cell(0).RunToEndAsync();
        // What the page puts off until it has answered the user waits for us.
        await page.EvaluateAsync("""
            () => {
              const later = setTimeout, held = window.held = [];
              window.setTimeout = (f, ms, ...more) => ms ? later(f, ms, ...more) : held.push(f);
              window.goOn = () => { window.setTimeout = later; held.splice(0).forEach(f => f()); };
              window.rows = () => document.querySelectorAll('.cell')[1].querySelector('.html > div')?.shadowRoot.querySelectorAll('.tv-row').length ?? 0;
              addEventListener('keydown', e => { window.rowsAtKey = rows(); });
            }
            """);

        await page.Cell(1).RunAsync();
        await Assertions.Expect(page.Cell(1).Locator(".tv-row").First).ToBeAttachedAsync();
        await page.Keyboard.PressAsync("x");
        await page.EvaluateAsync("goOn()");
        await Assertions.Expect(page.Cell(1).Locator(".tv-row")).ToHaveCountAsync(10_000);

        Assert.InRange(await page.EvaluateAsync<int>("rowsAtKey"), 10, 5_000);
    }

    [Fact]
    public async Task Imports_that_had_time_while_the_learner_read_are_there_at_the_click()
    {
        using var notes = new TempFolder();
        var (lesson, log) = WriteImporting("36-ahead", notes);
        await using var shown = await player.OpenAsync(lesson);
        var page = shown.Page;

        await HostRunner.WaitForLinesAsync(log, 1); // it has run, and nobody has clicked
        await Assertions.Expect(page.Cell(0).Mark()).ToHaveTextAsync("");
        await Assertions.Expect(page.Cell(0).Outputs()).ToBeEmptyAsync();
        await page.Cell(0).RunToEndAsync();
        await page.Cell(0).ShowsAsync("imported"); // what it printed then
        await page.Cell(1).RunAsync();
        await page.Cell(1).ShowsAsync("42");
        Assert.Single(File.ReadAllLines(log));
    }

    [Fact(Explicit = true)]
    public async Task What_ran_ahead_is_not_there_when_the_learner_runs_something_else_first()
    {
        using var notes = new TempFolder();
        var (lesson, log) = WriteImporting("37-thrown-away", notes);
        await using var shown = await player.OpenAsync(lesson);
        var page = shown.Page;
        await HostRunner.WaitForLinesAsync(log, 1);

        await page.Cell(1).RunAsync();
        await page.Cell(1).MarkedAsync("^failed");
        await page.Cell(1).ShowsAsync("answer"); // "The name 'answer' does not exist"
        await page.Cell(0).RunToEndAsync();
        await HostRunner.WaitForLinesAsync(log, 2);
        await page.Cell(1).RunAsync();
        await page.Cell(1).ShowsAsync("42");
    }

    [Fact(Explicit = true)]
    public async Task An_import_that_the_learner_has_changed_is_run_as_it_is_now()
    {
        using var notes = new TempFolder();
        var (lesson, log) = WriteImporting("38-changed", notes);
        await using var shown = await player.OpenAsync(lesson);
        var page = shown.Page;
        await HostRunner.WaitForLinesAsync(log, 1);

        await page.Cell(0).WriteAsync("var answer = \"mine\";");
        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Cell(0).RanAsync();
        await page.Cell(1).RunAsync();
        await page.Cell(1).ShowsAsync("mine");
    }

    [Fact(Explicit = true)]
    public async Task An_import_that_fails_while_the_learner_reads_is_shown_at_the_click_and_can_be_run_again()
    {
        using var notes = new TempFolder();
        var log = notes.Write("log", "");
        player.WriteFile("helpers/39-fails.cs", $"System.IO.File.AppendAllText({JsonSerializer.Serialize(log)}, \"run\\n\");\n"
            + "if (!System.IO.File.Exists(\"mended\")) throw new Exception(\"the shelf is empty\");\nvar answer = 42;\n");
        var lesson = player.Write("39-fails", "# Fails", Code("#!import ../helpers/39-fails.cs"), Code("#!import ../helpers/39-fails.cs"),
            Code("answer"));
        await using var shown = await player.OpenAsync(lesson);
        var page = shown.Page;

        await HostRunner.WaitForLinesAsync(log, 1); // it has run, and nobody has clicked
        await Assertions.Expect(page.Cell(0).Mark()).ToHaveTextAsync("");
        await Assertions.Expect(page.Cell(0).Outputs()).ToBeEmptyAsync();
        await page.Button("Run all").ClickAsync();
        await page.Cell(0).MarkedAsync("^failed");
        await page.Cell(0).ShowsAsync("the shelf is empty");
        // the second import was not run ahead, and does not run after this one
        await Assertions.Expect(page.Cell(1).Mark()).ToHaveTextAsync("");
        Assert.Single(File.ReadAllLines(log));

        player.WriteFile("notebooks/mended", "");
        await page.Button("Run all").ClickAsync();
        await page.Cell(2).ShowsAsync("42");
        Assert.Equal(3, File.ReadAllLines(log).Length);
    }

    [Fact(Explicit = true)]
    public async Task The_fourth_kernel_closes_the_one_that_was_unused_longest()
    {
        var lessons = Enumerable.Range(0, 4).Select(i => player.Write($"4{i}-kernel", $"# Kernel {i}",
            Code("Console.Write(Environment.ProcessId);"), Code("\"again\""))).ToArray();
        await using var first = await player.OpenAsync(lessons[0]);
        await using var second = await player.OpenAsync(lessons[1]);
        await using var third = await player.OpenAsync(lessons[2]);
        var kernels = new[] { await KernelAsync(first.Page), await KernelAsync(second.Page), await KernelAsync(third.Page) };
        await first.Page.Cell(1).RunToEndAsync(); // so the second one is unused longest

        await using var fourth = await player.OpenAsync(lessons[3]);
        await fourth.Page.Cell(1).RunAsync();
        // it is shown only for a while
        await Assertions.Expect(second.Page.GetByRole(AriaRole.Alert))
            .ToContainTextAsync("The kernel of this lesson was closed, because 3 other lessons are open.");
        await fourth.Page.Cell(1).RanAsync();
        await kernels[1].WaitForExitAsync().WaitAsync(HostRunner.Hang);
        Assert.False(kernels[0].HasExited || kernels[2].HasExited);
        await second.Page.Cell(1).RunAsync(); // and it comes back when it is wanted
        await second.Page.Cell(1).ShowsAsync("again");

        static async Task<Process> KernelAsync(IPage page)
        {
            await page.Cell(0).RunToEndAsync();
            return Process.GetProcessById(int.Parse(Regex.Match((await page.Cell(0).Outputs().TextContentAsync())!, "[0-9]+").Value));
        }
    }

    /// <summary>A lesson whose import prints, and writes a line into a file each time it is run.</summary>
    private (string Lesson, string Log) WriteImporting(string name, TempFolder notes)
    {
        var log = notes.Write("log", "");
        File.WriteAllText(Path.Combine(player.Clone, "helpers", name + ".cs"),
            $"Console.WriteLine(\"imported\");\nvar answer = 42;\nSystem.IO.File.AppendAllText({JsonSerializer.Serialize(log)}, \"run\\n\");\n");
        return (player.Write(name, $"# {name}", Code($"#!import ../helpers/{name}.cs"), Code("answer")), log);
    }
}
