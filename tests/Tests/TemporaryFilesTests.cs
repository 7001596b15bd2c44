using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using TracingTutorial.Host.Kernel;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Nothing of the course remains in the folder for temporary files, also after processes that were killed.</summary>
public sealed class TemporaryFilesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Explicit = true)]
    public async Task A_run_leaves_nothing_of_its_own_and_removes_what_killed_processes_have_left()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no variable TMPDIR.");
        var temporary = Directory.CreateDirectory(Path.Combine(_folder.Path, "tmp")).FullName;
        var dead = await DeadProcessAsync();
        _folder.Write($"tmp/CoreFxPipe_tracing-pipe-{dead}-0123456789abcdef", "");
        _folder.Write($"tmp/tracing-take-home-{dead}-ab12cd/out/program.dll", "");
        string[] others =
        [
            $"tracing-pipe-{Environment.ProcessId}-0123456789abcdef", $"tracing-pipe-{dead}", $"my-tracing-pipe-{dead}-0123456789abcdef",
            $"tracing-notes-{dead}-monday", $"tracing-tutorial-{dead}-notes", $"tracing-pipe-{dead}-notes-of-mine",
        ];
        foreach (var other in others)
            _folder.Write("tmp/" + other, "");
        _folder.Write("a.dib",
            HostRunner.Cells("System.IO.Directory.CreateTempSubdirectory($\"tracing-take-home-{Environment.ProcessId}-\").Exists"));

        var (exitCode, output) = await HostRunner.CommandAsync(_folder.Path, ["run", "a.dib"], ("TMPDIR", temporary));

        Assert.True(exitCode == 0, output);
        Assert.Contains("True", output);
        Assert.Equal(others.Order(StringComparer.Ordinal), Directory.GetFileSystemEntries(temporary, "*tracing*")
            .Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_host_that_is_killed_before_its_kernel_connects_leaves_no_file_of_a_pipe()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Only on Unix a pipe has a file.");
        var kernel = Path.ChangeExtension(typeof(KernelChild).Assembly.Location, null);
        // A host that has made the pipe and started the kernel, and does nothing more: the kernel cannot connect.
        var start = new ProcessStartInfo("sh",
            ["-c", "touch \"$TMPDIR/CoreFxPipe_tracing-pipe-$$-0123456789abcdef\"; \"$0\" kernel tracing-pipe-$$-0123456789abcdef / & echo "
                + "$!; wait", kernel])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["TMPDIR"] = _folder.Path;
        start.Environment["DOTNET_EnableDiagnostics"] = "0"; // as the host sets it
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(
            Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        // A kernel of another host.
        var marked = new ProcessStartInfo("cat") { RedirectStandardInput = true, RedirectStandardOutput = true };
        ProcessTree.Mark(marked);
        using var other = Process.Start(marked)!;
        using var host = Process.Start(start)!;
        using var child = Process.GetProcessById(int.Parse((await host.StandardOutput.ReadLineAsync())!));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));

        host.Kill();
        await child.WaitForExitAsync().WaitAsync(HostRunner.Hang);

        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
        Assert.Equal("there", await OtherAsync()); // the kernel had no mark, so it must not have looked for processes with one
        other.StandardInput.Close();

        async Task<string?> OtherAsync()
        {
            await other.StandardInput.WriteLineAsync("there");
            await other.StandardInput.FlushAsync();
            return await other.StandardOutput.ReadLineAsync();
        }
    }

    private static async Task<int> DeadProcessAsync()
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", "exit"]))!;
        await process.WaitForExitAsync();
        return process.Id;
    }
}
