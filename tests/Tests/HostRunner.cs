using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Kernel;
using TracingTutorial.Host.Reports;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>A folder of its own for one test, gone afterwards.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tracing-tutorial-").FullName;

    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (OperatingSystem.IsWindows() && e is IOException or UnauthorizedAccessException)
        {
            // What has just ended may hold a file there: the system clears its temporary folder.
        }
    }
}

/// <summary>The host as the tests use it.</summary>
internal static class HostRunner
{
    public const string Meta = "#!meta\n"
        + """{"kernelInfo":{"defaultKernelName":"csharp","items":[{"name":"csharp","languageName":"C#","aliases":["c#","cs"]}]}}"""
        + "\n\n";

    /// <summary>
    /// The limit of every wait: what takes longer does not end at all. It says nothing about speed, so it is far more than the
    /// slowest test needs on a machine that is busy with other work.
    /// </summary>
    public static readonly TimeSpan Hang = TimeSpan.FromMinutes(4);

    public static readonly RunOptions Options = new(EngineKernel.Own(Hang));

    /// <summary>As <c>run --tool</c> runs notebooks.</summary>
    /// <param name="limit">The longest a cell may take.</param>
    /// <param name="root">The root of the clone; null for this one.</param>
    public static RunOptions OverTheTool(TimeSpan limit, string? root = null) =>
        new(EngineKernel.Tool(root ?? Root, limit), AsVsCode: true);

    /// <summary>The root of the clone these tests were built in.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", ".."));

    /// <summary>The file names of all lessons.</summary>
    public static IEnumerable<string> Lessons => Directory.GetFiles(Path.Combine(Root, "notebooks"), "*.dib")
        .Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal);

    public static string Lesson(string name) => Path.Combine(Root, "notebooks", name);

    /// <summary>A notebook of C# cells.</summary>
    public static string Cells(params string[] sources) => Meta + string.Join('\n', sources.Select(s => $"#!csharp\n\n{s}\n"));

    /// <summary>Runs a notebook; returns also what the report wrote.</summary>
    public static async Task<(LessonResult Result, string Console)> RunAsync(string path, RunOptions? options = null,
        CancellationToken cancel = default)
    {
        using var place = await KernelPlace.TakeAsync();
        var console = new StringWriter();
        var report = new ConsoleReport(console, terminal: false);
        var steps = new ConcurrentQueue<RunEvent>();
        var result = await LessonRun.RunAsync(path, options ?? Options, steps.Enqueue, cancel);
        foreach (var step in steps)
            report.Write(step);
        return (result, console.ToString().ReplaceLineEndings("\n"));
    }

    /// <summary>Says everything about a failed run in the test's own message.</summary>
    public static LessonResult Passes(this LessonResult result)
    {
        Assert.False(result.Failed, string.Join('\n', result.Problems.Concat(result.Cells.Select(c => c.Problem).OfType<Problem>())));
        return result;
    }

    /// <summary>The text of the cell's only output.</summary>
    public static string Text(this CellResult cell) => Assert.Single(cell.Outputs).Text;

    /// <summary>The one cell that failed.</summary>
    public static CellResult FailedCell(this LessonResult result) => Assert.Single(result.Cells, c => c.Status == CellStatus.Failed);

    /// <summary>Starts the command line as a process. A variable whose value is null is not set there.</summary>
    public static Process StartCommand(string folder, IEnumerable<string> arguments, params (string Name, string? Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(TracingTutorial.Host.Program).Assembly.Location, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        start.Environment["DOTNET_EnableDiagnostics"] = "0"; // killed, it would leave its sockets for debuggers in the temporary folder
        foreach (var (name, value) in environment)
        {
            if (value is null)
                start.Environment.Remove(name);
            else
                start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs the command line to its end.</summary>
    public static async Task<(int ExitCode, string Output)> CommandAsync(
        string folder, IEnumerable<string> arguments, params (string Name, string? Value)[] environment)
    {
        using var place = await KernelPlace.TakeAsync();
        using var process = StartCommand(folder, arguments, environment);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Hang);
        return (process.ExitCode, (await output + await errors).ReplaceLineEndings("\n"));
    }

    /// <summary>Waits until a file is there and has at least this many lines.</summary>
    public static async Task WaitForLinesAsync(string file, int lines)
    {
        var reached = new TaskCompletionSource();
        using var watcher = new FileSystemWatcher(Path.GetDirectoryName(file)!) { EnableRaisingEvents = true };
        watcher.Created += (_, _) => Look();
        watcher.Changed += (_, _) => Look();
        Look();
        await reached.Task.WaitAsync(Hang);

        void Look()
        {
            if (File.Exists(file) && Count() >= lines)
                reached.TrySetResult();
        }

        // Another process may be writing just now, which Windows must be told to allow.
        int Count()
        {
            using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return reader.ReadToEnd().Split('\n').Length - 1;
        }
    }

    /// <summary>
    /// Runs something under a limit of time that is part of what is tested. Where the machine is too busy even for what comes
    /// before it, the limit is doubled and the run repeated: an idle machine waits for the shortest limit only.
    /// </summary>
    /// <param name="limit">The first limit.</param>
    /// <param name="run">Runs it.</param>
    /// <param name="tooShort">True when the limit struck where it should not.</param>
    public static async Task<(T Result, TimeSpan Limit)> UnderLimitAsync<T>(TimeSpan limit, Func<TimeSpan, Task<T>> run,
        Func<T, bool> tooShort)
    {
        while (true)
        {
            var result = await run(limit);
            if (limit > TimeSpan.FromMinutes(1) || !tooShort(result))
                return (result, limit);
            limit *= 2;
        }
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
