using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Host.Running;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Cells that never end, or that end their process: each is named, and nothing is left running.</summary>
public sealed class EndingTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Environment.Exit(7);", "exit code 7")]
    [InlineData("Environment.FailFast(\"enough\");", "exit code")]
    [InlineData("void Deeper() => Deeper();\nDeeper();", "exit code")]
    [InlineData("var t = new System.Threading.Thread(() => throw new InvalidOperationException(\"elsewhere\"));\nt.Start();\nawait Task.Delay(-1);", "exit code")]
    public async Task A_cell_that_ends_the_process_is_named_and_the_cells_before_it_are_reported(string code, string message)
    {
        var (result, console) = await RunAsync(TheHost.Options, "1", code, "2");

        Assert.Equal([CellStatus.Ok, CellStatus.Failed, CellStatus.NotRun], result.Cells.Select(c => c.Status));
        Assert.Contains(message, result.Cells[1].Problem!.Message);
        Assert.Contains("Environment.Exit", result.Cells[1].Problem!.WayOut);
        Assert.Contains("ok cell 1", console);
    }

    [Fact]
    public async Task What_a_cell_printed_before_it_ended_the_process_is_shown()
    {
        var (result, _) = await RunAsync(TheHost.Options, "Console.WriteLine(\"before the end\"); Environment.Exit(7);");

        Assert.Equal("before the end\n", Assert.Single(result.FailedCell().Outputs).Text);
    }

    [Fact]
    public async Task What_a_crash_says_of_itself_is_shown()
    {
        var (result, _) = await RunAsync(TheHost.Options, "Environment.FailFast(\"enough is enough\");");

        Assert.Contains("enough is enough", result.FailedCell().Details);
    }

    [Fact]
    public async Task A_cell_that_never_ends_is_stopped_and_its_children_with_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The child is the command sleep.");
        // Long enough for the first cell on a busy machine.
        var options = new RunOptions(TimeSpan.FromSeconds(10));
        var notebooks = ((string[])["while (true) { }", "while (true) Console.WriteLine(\"x\");"]).Select((loop, i) =>
            _folder.Write($"{i}.dib", TheHost.Cells("System.Diagnostics.Process.Start(\"sleep\", \"600\").Id", loop, "1"))).ToArray();

        foreach (var result in await CourseRun.RunAsync(notebooks, options, _ => { }, default))
        {
            Assert.Equal([CellStatus.Ok, CellStatus.Failed, CellStatus.NotRun], result.Cells.Select(c => c.Status));
            Assert.Equal("The cell did not end within 10 seconds and was stopped.", result.Cells[1].Problem!.Message);
            Assert.Contains("--timeout", result.Cells[1].Problem!.WayOut);
            await EndsAsync(int.Parse(result.Cells[0].Text()));
        }
    }

    [Fact]
    public async Task A_restore_does_not_count_as_the_cells_time()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The package is a named pipe of the file system.");
        // Reading the package takes longer than the cell may run.
        var limit = TimeSpan.FromSeconds(6);
        Directory.CreateDirectory(Path.Combine(_folder.Path, "feed"));
        var package = Path.Combine(_folder.Path, "feed", "test.slow.1.0.0.nupkg");
        using (var make = Process.Start("mkfifo", [package]))
            await make.WaitForExitAsync();
        _folder.Write("nuget.config", """<configuration><packageSources><clear /><add key="slow" value="feed" /></packageSources></configuration>""");
        var ended = false;
        var writing = Task.Run(async () =>
        {
            for (var wait = limit + TimeSpan.FromSeconds(1); !ended; wait = TimeSpan.Zero)
            {
                using var writer = new FileStream(package, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0); // waits for the reader
                await Task.Delay(wait);
                try
                {
                    writer.Write("no package"u8);
                }
                catch (IOException)
                {
                    // The reader has gone already.
                }
            }
        });

        var (result, _) = await RunAsync(new RunOptions(limit), "#r \"nuget: Test.Slow, 1.0.0\"");

        Assert.StartsWith("The package could not be restored", result.FailedCell().Problem!.Message);
        Assert.True(result.Cells[0].Milliseconds > 7000, "The restore was too quick for this test to say anything.");
        ended = true;
        await using var reader = new FileStream(package, FileMode.Open, FileAccess.ReadWrite); // lets a writer go that still waits
        await writing;
    }

    [Fact]
    public async Task A_thread_or_a_child_that_goes_on_does_not_keep_the_run_waiting()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The child is the command sleep.");
        var (result, _) = await RunAsync(TheHost.Options,
            "new System.Threading.Thread(() => System.Threading.Thread.Sleep(600_000)).Start();\nSystem.Diagnostics.Process.Start(\"sleep\", \"600\").Id");

        result.Passes();
        await EndsAsync(int.Parse(result.Cells[0].Text()));
    }

    [Fact]
    public async Task A_reader_that_does_not_read_makes_no_cell_look_slow()
    {
        // The report stops at its first line until the last cell has run. The one before it prints far more than a pipe holds.
        var file = Path.Combine(_folder.Path, "reached");
        var path = _folder.Write("test.dib", TheHost.Cells(
            "for (var i = 0; i < 900; i++)\n    Console.WriteLine(new string('x', 1000));", "System.IO.File.WriteAllText(\"reached\", \"\");"));
        var running = CourseRun.RunAsync([path], TheHost.Options, _ =>
        {
            for (var i = 0; i < 600 && !File.Exists(file); i++)
                Thread.Sleep(100); // A reader that is slow is what is tested.
            Assert.True(File.Exists(file), "The cells waited for the reader.");
        }, default);

        Assert.Single(await running).Passes();
    }

    [Fact]
    public async Task Fail_fast_stops_at_the_first_failed_cell_and_says_what_was_not_run()
    {
        var (result, _) = await RunAsync(new RunOptions(RunOptions.DefaultTimeout, FailFast: true), "throw new Exception(\"no\");", "1", "2");

        Assert.Equal([CellStatus.Failed, CellStatus.NotRun, CellStatus.NotRun], result.Cells.Select(c => c.Status));
    }

    [Fact]
    public async Task A_notebook_of_five_thousand_cells_is_a_notebook()
    {
        var cells = Enumerable.Range(0, 5000).Select(i => i % 500 == 0 ? $"{i}" : "").ToArray();
        var (result, _) = await RunAsync(TheHost.Options, cells);

        result.Passes();
        Assert.Equal(5000, result.Cells.Count);
        Assert.Equal("4500", result.Cells[4500].Text());
    }

    private Task<(LessonResult Result, string Console)> RunAsync(RunOptions options, params string[] cells) =>
        TheHost.RunAsync(_folder.Write("test.dib", TheHost.Cells(cells)), options);

    private static async Task EndsAsync(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (ArgumentException)
        {
            // It has ended already.
        }
    }
}
