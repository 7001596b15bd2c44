using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Host.Reports;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The program as a person or a script calls it.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Explicit = true)]
    public async Task Notebooks_run_side_by_side_are_reported_in_order_and_the_last_line_counts_them()
    {
        // usually slower than b; in both cases it is reported first
        _folder.Write("a.dib", HostRunner.Cells("await Task.Delay(1000);\n\"this is a\""));
        _folder.Write("b.dib", HostRunner.Cells("Console.WriteLine(\"this is b\");\nthrow new Exception(\"no\");"));
        _folder.Write("c.dib",
            HostRunner.Meta
                + "#!markdown\n\n# The title [x]\n\n## A section\n\n#!csharp\n\nConsole.Write(\"plain [markup] bell \\a escape "
                    + "\\u001b[31m\");\n");

        var (exitCode, output) = await HostRunner.CommandAsync(_folder.Path, ["run", ".", "--json", "out.json"]);

        Assert.Equal(1, exitCode);
        Assert.Matches("(?s)this is a.*this is b.*b.dib:7 \\(cell 1\\): Exception: no.*The title \\[x\\].*  A section.*ok cell 2", output);
        Assert.Contains("    plain [markup] bell \uFFFD escape", output); // no control character reaches the terminal
        Assert.DoesNotContain("[31m", output);
        Assert.DoesNotContain('\u001b', output);
        Assert.EndsWith("3 notebooks: 2 passed, 1 failed; cells: 2 ok, 1 failed\n", output, StringComparison.Ordinal);

        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder.Path, "out.json")));
        Assert.False(json.RootElement.GetProperty("passed").GetBoolean());
        var notebooks = json.RootElement.GetProperty("notebooks");
        Assert.Equal("this is a", notebooks[0].GetProperty("cells")[0].GetProperty("outputs")[0].GetProperty("text").GetString());
        Assert.Equal("failed", notebooks[1].GetProperty("cells")[0].GetProperty("status").GetString());
        Assert.Equal(7, notebooks[1].GetProperty("cells")[0].GetProperty("problem").GetProperty("line").GetInt32());
        Assert.InRange(notebooks[0].GetProperty("peakMemoryBytes").GetInt64(), 10_000_000, 1_000_000_000);
    }

    [Theory]
    [InlineData("missing.dib", "missing.dib", "no such notebook")]
    [InlineData("empty", "empty", "no notebooks")]
    [InlineData("a.dib --json no/such/out.json", "out.json", "--json cannot be written")]
    [InlineData("a.dib --json .", ".", "--json cannot be written")]
    [InlineData("a.dib --timeout 0", "--timeout", "above 0")]
    [InlineData("a.dib --timeout soon", "--timeout", "soon")]
    [InlineData("a.dib --no-such-option", "--no-such-option", "")]
    [InlineData("", "''", "no such notebook")]
    [InlineData("a.dib --json ", "--json", "takes a path, and none was given")]
    [InlineData("a.dib --json ./a.dib", "a.dib", "is no JSON file")]
    [InlineData("a.dib --timeout ", "--timeout", "above 0")]
    [InlineData("a.dib --timeout NaN", "--timeout", "above 0")]
    [InlineData("a\u001b]0;owned\u0007.dib", "a\uFFFD]0;owned\uFFFD.dib", "no such notebook")]
    [InlineData("a.dib --to ", "--to", "takes a path, and none was given", "export")]
    [InlineData("a.dib --to a.dib", "a.dib", "--to cannot be written", "export")]
    [InlineData("a.dib --to CLONE/notebooks", "notebooks", "one of the course's own", "export")]
    [InlineData("--port 80x", "80x", "from 0 to 65535", null)]
    [InlineData("--port 65536", "65536", "from 0 to 65535", null)]
    [InlineData("--progress ", "--progress", "takes a path, and none was given", null)]
    [InlineData("--progress a.dib", "--progress", "cannot be made", null)]
    [InlineData("--json ", "--json", "takes a path, and none was given", "doctor")]
    [InlineData("--no-such-option", "--no-such-option", "no such option")]
    [InlineData("\t", "'\t'", "no such notebook")]
    [InlineData("a.dib --json CLONE/LICENSE", "LICENSE", "no earlier report")]
    [InlineData("a.dib --json CLONE/global.json", "global.json", "no earlier report")]
    [InlineData("a.dib --json CLONE/helpers/new.json", "new.json", "one of the course's own folders")]
    [InlineData("a.dib --json link/new.json", "new.json", "one of the course's own folders")]
    [InlineData("a.dib --to link", "link", "one of the course's own", "export")]
    [InlineData("a.dib --to link/new/folder", "link/new/folder", "one of the course's own", "export")]
    [InlineData("--port \u001b]0;owned\u0007", "\uFFFD]0;owned\uFFFD", "from 0 to 65535", null)]
    [InlineData("\u001b]0;owned\u0007", "\uFFFD]0;owned\uFFFD", "Unrecognized", null)]
    [InlineData("--host 203.0.113.1 --site nowhere", "nowhere", "no live site", "serve")]
    public async Task A_call_that_cannot_work_says_what_is_wrong_before_anything_runs(string arguments, string names, string message,
        string? command = "run")
    {
        _folder.Write("a.dib", HostRunner.Cells("System.IO.File.WriteAllText(\"ran\", \"\");"));
        Directory.CreateDirectory(Path.Combine(_folder.Path, "empty"));
        if (arguments.Contains("link"))
            Link("link", Path.Combine(HostRunner.Root, "notebooks"));

        var words = arguments.Split(' ').Select(word => word.Replace("CLONE", HostRunner.Root));
        var (exitCode, output) = await HostRunner.CommandAsync(_folder.Path, command is null ? words : words.Prepend(command));

        Assert.Equal(2, exitCode);
        Assert.DoesNotContain(output, c => char.IsControl(c) && c is not ('\n' or '\t'));
        Assert.Contains(names, output);
        Assert.Contains(message, output);
        Assert.DoesNotContain("   at ", output);
        Assert.False(File.Exists(Path.Combine(_folder.Path, "ran")));
    }

    [Theory]
    [InlineData("/sys", "cannot be written")]
    [InlineData("/nowhere", "is not there")]
    public async Task A_folder_for_temporary_files_that_cannot_be_used_is_named(string folder, string message)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Nobody may write to /sys there.");
        _folder.Write("a.dib", HostRunner.Cells("1"));

        var (exitCode, output) = await HostRunner.CommandAsync(_folder.Path, ["run", "a.dib"], ("TMPDIR", folder));

        Assert.Equal(2, exitCode);
        Assert.Contains($"The folder for temporary files {message}: ", output);
        Assert.Contains("TMPDIR", output);
    }

    [Fact]
    public void A_report_replaces_only_a_report()
    {
        foreach (var (name, text, replaces) in ((string, string, bool)[])[
            ("empty.json", "", true), ("run.json", "{\r\n  \"passed\": true", true), ("doctor.json", "{\n  \"ready\": true", true),
            ("other.json", "{ \"sdk\": {} }", false), ("list.json", "[]", false), ("notes", "to do", false), ("new.json", null!, true)])
        {
            var path = text is null ? Path.Combine(_folder.Path, name) : _folder.Write(name, text);
            var refusal = Record.Exception(() => JsonReport.Open(path)!.Dispose());
            Assert.True(replaces == (refusal is null), $"{name}: {refusal?.Message}");
            Assert.Equal(text ?? "", File.ReadAllText(path));
        }
    }

    private void Link(string name, string to)
    {
        try
        {
            Directory.CreateSymbolicLink(Path.Combine(_folder.Path, name), to);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Assert.Skip("This account may not make symbolic links.");
        }
    }

    [Fact(Explicit = true)]
    public async Task A_full_disk_is_said_and_not_a_stack_trace()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full.");
        _folder.Write("a.dib", HostRunner.Cells("1"));

        var (results, _) = await ShellAsync("run a.dib --json /dev/full");
        var (screen, screenText) = await ShellAsync("run a.dib > /dev/full");

        Assert.Equal((2, 1), (results.ExitCode, screen.ExitCode));
        Assert.Contains("--json cannot be written", results.Output);
        Assert.Contains("The output cannot be written", screenText);
        Assert.DoesNotContain("   at ", results.Output + screenText);

        async Task<((int ExitCode, string Output), string)> ShellAsync(string arguments)
        {
            var start = new ProcessStartInfo("sh",
                ["-c", $"exec dotnet exec '{typeof(TracingTutorial.Host.Program).Assembly.Location}' {arguments}"])
            {
                WorkingDirectory = _folder.Path,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            return ((process.ExitCode, await output + errors), errors);
        }
    }

    [Fact(Explicit = true)]
    public async Task A_clone_may_stand_in_a_folder_with_any_name_and_a_home_folder_that_is_missing_is_named()
    {
        var root = Path.Combine(_folder.Path, "a;b, c'd \"e\" ümläut");
        var name = OperatingSystem.IsWindows() ? root.Replace("\"", "") : root;
        _folder.Write($"{Path.GetFileName(name)}/helpers/one.cs", "public static class One { public const int Value = 41; }\n");
        _folder.Write($"{Path.GetFileName(name)}/notebooks/it's.dib",
            HostRunner.Cells("#!import ../helpers/one.cs", "#r \"nuget: OpenTelemetry, 1.20.1\"\nOne.Value + 1"));

        // On macOS, the folder for temporary files has a long name, and the file of a pipe a short one.
        var temporary = Directory.CreateDirectory(Path.Combine(_folder.Path, new string('t', 90))).FullName;

        var (exitCode, output) = await HostRunner.CommandAsync(name, ["run", "notebooks"], ("TMPDIR", temporary));
        Assert.True(exitCode == 0, output);
        Assert.Contains("    42\n", output);

        Assert.SkipWhen(OperatingSystem.IsWindows(), "HOME is not what Windows looks at.");
        (exitCode, output) = await HostRunner.CommandAsync(name, ["run", "notebooks"],
            ("HOME", "/proc/nowhere"), ("NUGET_PACKAGES", null), ("DOTNET_CLI_HOME", null)); // packages are below HOME only without these
        Assert.Equal(1, exitCode);
        Assert.Contains("it's.dib:10 (cell 2): The packages could not be restored", output);
        Assert.Contains("home folder", output);
    }

    [Fact]
    public void A_clone_may_stand_below_a_folder_called_bin()
    {
        _folder.Write("bin/clone/helpers/one.cs", "");
        _folder.Write("bin/clone/helpers/obj/two.cs", "");
        CourseFiles.CopyHelpers(Path.Combine(_folder.Path, "bin", "clone"), Path.Combine(_folder.Path, "copy"));

        Assert.Equal("one.cs",
            Path.GetFileName(Assert.Single(Directory.GetFiles(Path.Combine(_folder.Path, "copy"), "*", SearchOption.AllDirectories))));
    }

    [Fact]
    public void A_lesson_can_be_named_by_its_number()
    {
        Assert.Equal([HostRunner.Lesson("01-setup.dib")], CourseFiles.Find(["01"]));
        Assert.Equal([HostRunner.Lesson("01-setup.dib")], CourseFiles.Find(["01-setup"]));
        Assert.Equal(HostRunner.Lessons.Select(HostRunner.Lesson), CourseFiles.Find([]));
    }

    [Theory(Explicit = true)]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_signal_in_the_middle_ends_the_children_and_prints_what_there_is(string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with the kill command.");
        Assert.SkipWhen(signal == "INT" && IgnoresInterrupts,
            "A script started these tests in its background: there, Ctrl+C is ignored, and by the children too.");
        using var process = StartWaiting(out var child);
        // A terminal sends Ctrl+C to all its processes: to the kernel, too.
        using (var kill = Process.Start("kill", [$"-{signal}", .. signal == "INT"
            ? [child.Id.ToString()]
            : (string[])[], process.Id.ToString()]))
            await kill.WaitForExitAsync();
        var rest = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Equal(130, process.ExitCode);
        Assert.Contains("Cancelled. 1 notebook: 0 passed, 0 failed, 1 not run; cells: 1 ok, 1 not run", rest);
        await child.WaitForExitAsync();
    }

    [Fact(Explicit = true)]
    public async Task When_the_host_is_killed_its_kernel_does_not_live_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The test looks at the process through the kill command.");
        using var process = StartWaiting(out var child);
        process.Kill();

        await process.WaitForExitAsync();
        await child.WaitForExitAsync();
    }

    /// <summary>A run whose second cell waits for ever, and the process of that cell.</summary>
    // A process inherits from its parent which signals are ignored; the mask's second bit is SIGINT.
    private static bool IgnoresInterrupts => File.Exists("/proc/self/status")
        && File.ReadLines("/proc/self/status").First(l => l.StartsWith("SigIgn:", StringComparison.Ordinal)) is var line
        && (Convert.ToUInt64(line[7..].Trim(), 16) & 2) != 0;

    private Process StartWaiting(out Process child)
    {
        _folder.Write("a.dib", HostRunner.Cells("1", "Console.WriteLine($\"child {Environment.ProcessId}\");\nawait Task.Delay(-1);"));
        var process = HostRunner.StartCommand(_folder.Path, ["run", "a.dib"]);
        string? line;
        while ((line = process.StandardOutput.ReadLine()) is not null && !line.Contains("child"))
        {
        }

        child = Process.GetProcessById(int.Parse(line!.Split(' ')[^1]));
        return process;
    }
}
