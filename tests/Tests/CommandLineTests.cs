using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using TracingTutorial.Host;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The program as a person or a script calls it.</summary>
public class CommandLineTests
{
    [Fact]
    public async Task The_exit_code_and_the_last_line_say_how_it_went()
    {
        using var folder = new TempFolder();
        folder.Write("a.dib", TheHost.Cells("1"));
        folder.Write("b.dib", TheHost.Cells("throw new Exception(\"no\");"));
        folder.Write("c.dib", TheHost.Cells("2"));

        var good = await TheHost.CommandAsync(folder.Path, ["a.dib", "c.dib"]);
        var bad = await TheHost.CommandAsync(folder.Path, ["run", "."]);
        var fast = await TheHost.CommandAsync(folder.Path, ["run", ".", "--fail-fast"]);

        Assert.Equal(0, good.ExitCode);
        Assert.EndsWith("2 notebooks: 2 passed, 0 failed; cells: 2 ok\n", good.Output, StringComparison.Ordinal);
        Assert.Equal(1, bad.ExitCode);
        Assert.EndsWith("3 notebooks: 2 passed, 1 failed; cells: 2 ok, 1 failed\n", bad.Output, StringComparison.Ordinal);
        Assert.Equal(1, fast.ExitCode);
        Assert.EndsWith("3 notebooks: 1 passed, 1 failed, 1 not run; cells: 1 ok, 1 failed\n", fast.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_holds_every_output_in_full()
    {
        using var folder = new TempFolder();
        folder.Write("a.dib", TheHost.Cells("class V { public string ToHtml() => \"<b>é</b>\"; public override string ToString() => \"é\"; }\nConsole.WriteLine(\"line\");\nnew V()", "throw new Exception(\"no\");"));

        var (exitCode, _) = await TheHost.CommandAsync(folder.Path, ["a.dib", "--json", "out.json"]);

        Assert.Equal(1, exitCode);
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.Path, "out.json")));
        Assert.False(json.RootElement.GetProperty("passed").GetBoolean());
        var cells = json.RootElement.GetProperty("notebooks")[0].GetProperty("cells");
        Assert.Equal("ok", cells[0].GetProperty("status").GetString());
        Assert.Equal(["stdout", "display"], cells[0].GetProperty("outputs").EnumerateArray().Select(o => o.GetProperty("kind").GetString()));
        Assert.Equal("<b>é</b>", cells[0].GetProperty("outputs")[1].GetProperty("html").GetString());
        Assert.Equal("failed", cells[1].GetProperty("status").GetString());
        Assert.Equal(12, cells[1].GetProperty("problem").GetProperty("line").GetInt32());
    }

    [Theory]
    [InlineData("missing.dib", "missing.dib", "no such notebook")]
    [InlineData("empty", "empty", "no notebooks")]
    [InlineData("a.dib --json no/such/out.json", "out.json", "folder for --json")]
    [InlineData("a.dib --timeout 0", "--timeout", "above 0")]
    [InlineData("a.dib --timeout soon", "--timeout", "soon")]
    [InlineData("a.dib --no-such-option", "--no-such-option", "")]
    public async Task A_call_that_cannot_work_says_what_is_wrong_without_a_stack_trace(string arguments, string names, string message)
    {
        using var folder = new TempFolder();
        folder.Write("a.dib", TheHost.Cells("1"));
        Directory.CreateDirectory(Path.Combine(folder.Path, "empty"));

        var (exitCode, output) = await TheHost.CommandAsync(folder.Path, arguments.Split(' '));

        Assert.NotEqual(0, exitCode);
        Assert.Contains(names, output);
        Assert.Contains(message, output);
        Assert.DoesNotContain("   at ", output);
    }

    [Fact]
    public void A_lesson_can_be_named_by_its_number()
    {
        Assert.Equal([TheHost.Lesson("01-setup.dib")], Lessons.Find(["01"]));
        Assert.Equal([TheHost.Lesson("01-setup.dib")], Lessons.Find(["01-setup"]));
        Assert.Contains(TheHost.Lesson("01-setup.dib"), Lessons.Find([]));
        Assert.DoesNotContain(Lessons.Find([]), path => path.Contains("solutions", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Help_names_every_option()
    {
        var (exitCode, output) = await TheHost.CommandAsync(TheHost.Root, ["run", "--help"]);

        Assert.Equal(0, exitCode);
        foreach (var option in (string[])["--json", "--timeout", "--fail-fast", "--solutions", "--require-optional"])
            Assert.Contains(option, output);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_signal_in_the_middle_ends_the_children_and_prints_what_there_is(string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with the kill command.");
        using var folder = new TempFolder();
        folder.Write("a.dib", TheHost.Cells("1", "Console.WriteLine($\"child {Environment.ProcessId}\");\nawait Task.Delay(-1);"));
        folder.Write("b.dib", TheHost.Cells("1"));

        using var process = TheHost.StartCommand(folder.Path, ["."]);
        string? line;
        while ((line = await process.StandardOutput.ReadLineAsync()) is not null && !line.Contains("child"))
        {
        }

        var child = int.Parse(line!.Split(' ')[^1]);
        using (var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString()]))
            await kill.WaitForExitAsync();
        var rest = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Equal(130, process.ExitCode);
        Assert.Contains("Cancelled. 2 notebooks: 0 passed, 0 failed, 2 not run; cells: 1 ok, 1 not run", rest);
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(child));
    }

    [Fact]
    public async Task When_the_host_is_killed_the_notebook_does_not_live_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The test looks at the process through the kill command.");
        using var folder = new TempFolder();
        folder.Write("a.dib", TheHost.Cells("Console.WriteLine($\"child {Environment.ProcessId}\");\nawait Task.Delay(-1);"));

        using var process = TheHost.StartCommand(folder.Path, ["."]);
        string? line;
        while ((line = await process.StandardOutput.ReadLineAsync()) is not null && !line.Contains("child"))
        {
        }

        using var child = Process.GetProcessById(int.Parse(line!.Split(' ')[^1]));
        process.Kill();
        await process.WaitForExitAsync();

        await child.WaitForExitAsync();
        Assert.True(child.HasExited);
    }
}
