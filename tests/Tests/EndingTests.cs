using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Kernel;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Cells that never end, or that end their process: each is named, and nothing is left running.</summary>
public sealed class EndingTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Explicit = true)]
    [InlineData("Environment.Exit(7);", "exit code 7")]
    [InlineData("Environment.FailFast(\"enough\");", "exit code")]
    [InlineData("void Deeper() => Deeper();\nDeeper();", "exit code")]
    [InlineData("var t = new System.Threading.Thread(() => throw new InvalidOperationException(\"elsewhere\"));\nt.Start();\nawait "
        + "Task.Delay(-1);", "exit code")]
    public async Task A_cell_that_ends_the_process_is_named_and_the_cells_before_it_are_reported(string code, string message)
    {
        var (result, console) = await RunAsync(HostRunner.Options, "1", code, "2");

        Assert.Equal([CellStatus.Ok, CellStatus.Failed, CellStatus.NotRun], result.Cells.Select(c => c.Status));
        Assert.Contains(message, result.Cells[1].Problem!.Message);
        Assert.Contains("Environment.Exit", result.Cells[1].Problem!.WayOut);
        Assert.Contains("ok cell 1", console);
    }

    [Fact(Explicit = true)]
    public async Task What_a_cell_printed_before_it_ended_the_process_is_shown()
    {
        var (result, _) = await RunAsync(HostRunner.Options, "Console.WriteLine(\"before the end\"); Environment.Exit(7);");

        Assert.Equal("before the end\n", Assert.Single(result.FailedCell().Outputs).Text);
    }

    [Fact(Explicit = true)]
    public async Task What_a_crash_says_of_itself_is_shown()
    {
        var (result, _) = await RunAsync(HostRunner.Options, "Environment.FailFast(\"enough is enough\");");

        Assert.Contains("enough is enough", result.FailedCell().Details);
    }

    [Fact(Explicit = true)]
    public async Task A_cell_that_never_ends_is_stopped_and_its_children_with_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The child is the command sleep.");
        var notebooks = ((string[])["while (true) { }", "while (true) Console.WriteLine(\"x\");"]).Select((loop, i) =>
            _folder.Write($"{i}.dib", HostRunner.Cells("System.Diagnostics.Process.Start(\"sleep\", \"600\").Id", loop, "1"))).ToArray();

        var (results, limit) = await HostRunner.UnderLimitAsync(TimeSpan.FromSeconds(5),
            limit => CourseRun.RunAsync(notebooks, new RunOptions(EngineKernel.Own(limit)), _ => { }, default),
            results => results.Any(r => r.Cells[0].Status == CellStatus.Failed));
        foreach (var result in results)
        {
            Assert.Equal([CellStatus.Ok, CellStatus.Failed, CellStatus.NotRun], result.Cells.Select(c => c.Status));
            Assert.Equal($"The cell did not end within {limit.TotalSeconds} seconds and was stopped.", result.Cells[1].Problem!.Message);
            Assert.Contains("--timeout", result.Cells[1].Problem!.WayOut);
            await EndsAsync(int.Parse(result.Cells[0].Text()));
        }
    }

    [Fact(Explicit = true)]
    public async Task A_restore_does_not_count_as_the_cells_time()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The package is a named pipe of the file system, opened for reading and writing.");
        var (result, limit) = await HostRunner.UnderLimitAsync(TimeSpan.FromSeconds(6), RestoreAsync,
            result => result.FailedCell().Reason == FailureReason.Time);

        Assert.StartsWith("The package could not be restored", result.FailedCell().Problem!.Message);
        Assert.True(result.Cells[0].Milliseconds > limit.TotalMilliseconds + 1000,
            "The restore was too quick for this test to say anything.");

        // Reading the package takes longer than the cell may run.
        async Task<LessonResult> RestoreAsync(TimeSpan limit)
        {
            var feed = Directory.CreateDirectory(Path.Combine(_folder.Path, $"feed-{limit.TotalSeconds}")).FullName;
            var package = Path.Combine(feed, "test.slow.1.0.0.nupkg");
            using (var make = Process.Start("mkfifo", [package]))
                await make.WaitForExitAsync();
            _folder.Write("nuget.config",
                $"""<configuration><packageSources><clear /><add key="slow" value="{feed}" /></packageSources></configuration>""");
            var ended = false;
            var writing = Task.Run(async () =>
            {
                for (var wait = limit + TimeSpan.FromSeconds(1); !ended; wait = TimeSpan.Zero)
                {
                    // waits for the reader
                    using var writer = new FileStream(package, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
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

            var (result, _) = await RunAsync(new RunOptions(EngineKernel.Own(limit)), "#r \"nuget: Test.Slow, 1.0.0\"");

            ended = true;
            await using var reader = new FileStream(package, FileMode.Open, FileAccess.ReadWrite); // lets a writer go that still waits
            await writing;
            return result;
        }
    }

    [Fact]
    public async Task A_thread_or_a_child_that_goes_on_does_not_keep_the_run_waiting()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The child is the command sleep.");
        var (result, _) = await RunAsync(HostRunner.Options,
            "new System.Threading.Thread(() => "
                + "System.Threading.Thread.Sleep(600_000)).Start();\nSystem.Diagnostics.Process.Start(\"sleep\", \"600\").Id");

        result.Passes();
        await EndsAsync(int.Parse(result.Cells[0].Text()));
    }

    [Fact]
    public async Task A_reader_that_does_not_read_makes_no_cell_look_slow()
    {
        // The report stops at its first line until the last cell has run. The one before it prints far more than a pipe holds.
        var file = Path.Combine(_folder.Path, "reached");
        var path = _folder.Write("test.dib", HostRunner.Cells(
            "for (var i = 0; i < 900; i++)\n    Console.WriteLine(new string('x', 1000));",
            "System.IO.File.WriteAllText(\"reached\", \"\\n\");"));
        var reached = HostRunner.WaitForLinesAsync(file, 1); // never, if the cells wait for the reader
        var running = CourseRun.RunAsync([path], HostRunner.Options, _ => reached.GetAwaiter().GetResult(), default);

        Assert.Single(await running).Passes();
    }

    /// <summary>Starts two processes that are detached: one left its shell, the other one has a session of its own.</summary>
    private const string Detached = """
        string Detach(string command)
        {
            using var bash = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("bash", ["-c", command]) { RedirectStandardOutput = true });
            return bash.StandardOutput.ReadLine();
        }

        var pids = Detach("sleep 600 > /dev/null & disown; echo $!") + " " + Detach("setsid -f bash -c 'echo $$; exec sleep 600 > /dev/null'");
        """;

    [Fact]
    public async Task What_a_cell_has_detached_ends_with_its_notebook()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere a process that leaves the group of its kernel is not found.");
        var (result, _) = await RunAsync(HostRunner.Options, Detached, "pids");

        var pids = result.Passes().Cells[1].Text().Split(' ');
        Assert.Equal(2, pids.Length);
        foreach (var pid in pids)
            await EndsAsync(int.Parse(pid));
    }

    [Fact]
    public async Task A_process_that_has_got_the_id_of_an_ended_kernel_is_left_alone()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The program setsid is needed.");
        using var other = Process.Start(new ProcessStartInfo("setsid", ["cat"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true
        })!;
        Assert.Equal("there", await AnswerAsync()); // so it leads a group of its own, as a kernel does

        ProcessTree.Kill(other.Id, hasEnded: true, "no process has this mark");
        Assert.Equal("there", await AnswerAsync());
        ProcessTree.Kill(other.Id, hasEnded: false, "no process has this mark");
        await other.WaitForExitAsync(TestContext.Current.CancellationToken);

        async Task<string?> AnswerAsync()
        {
            await other.StandardInput.WriteLineAsync("there");
            await other.StandardInput.FlushAsync();
            return await other.StandardOutput.ReadLineAsync();
        }
    }

    [Fact]
    public async Task A_host_that_is_killed_leaves_no_kernel_and_nothing_that_one_has_started()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The children are bash and sleep.");
        var file = Path.Combine(_folder.Path, "pids");
        _folder.Write("test.dib", HostRunner.Cells(Detached,
            $"System.IO.File.WriteAllText(\"{file}\", pids + \" \" + Environment.ProcessId + \"\\n\");\nwhile (true) {{ }}"));
        using var host = HostRunner.StartCommand(_folder.Path, ["run", "test.dib"]);
        await HostRunner.WaitForLinesAsync(file, 1);

        host.Kill(); // as kill -9, with no time to end anything

        foreach (var pid in File.ReadAllText(file).Trim().Split(' '))
            await EndsAsync(int.Parse(pid));
    }

    [Fact]
    public async Task Fail_fast_stops_at_the_first_failed_cell_and_says_what_was_not_run()
    {
        var (result, _) = await RunAsync(HostRunner.Options with { FailFast = true }, "throw new Exception(\"no\");", "1", "2");

        Assert.Equal([CellStatus.Failed, CellStatus.NotRun, CellStatus.NotRun], result.Cells.Select(c => c.Status));
    }

    [Fact(Explicit = true)]
    public async Task A_notebook_of_five_thousand_cells_is_a_notebook()
    {
        var cells = Enumerable.Range(0, 5000).Select(i => i % 500 == 0 ? $"{i}" : "").ToArray();
        var (result, _) = await RunAsync(HostRunner.Options, cells);

        result.Passes();
        Assert.Equal(5000, result.Cells.Count);
        Assert.Equal("4500", result.Cells[4500].Text());
    }

    private Task<(LessonResult Result, string Console)> RunAsync(RunOptions options, params string[] cells) =>
        HostRunner.RunAsync(_folder.Write("test.dib", HostRunner.Cells(cells)), options);

    private static async Task EndsAsync(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            await process.WaitForExitAsync().WaitAsync(HostRunner.Hang);
        }
        catch (ArgumentException)
        {
            // It has ended already.
        }
    }
}
