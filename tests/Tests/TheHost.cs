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
using TracingTutorial.Host.Notebooks;
using TracingTutorial.Host.Output;
using TracingTutorial.Host.Running;
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
internal static class TheHost
{
    public const string Meta = "#!meta\n" + """{"kernelInfo":{"defaultKernelName":"csharp","items":[{"name":"csharp","languageName":"C#","aliases":["c#","cs"]}]}}""" + "\n\n";

    public static readonly RunOptions Options = new(RunOptions.DefaultTimeout);

    /// <summary>The root of the clone these tests were built in.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", ".."));

    /// <summary>The file names of all lessons.</summary>
    public static IEnumerable<string> Lessons => Directory.GetFiles(Path.Combine(Root, "notebooks"), "*.dib").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal);

    public static string Lesson(string name) => Path.Combine(Root, "notebooks", name);

    /// <summary>A notebook of C# cells.</summary>
    public static string Cells(params string[] sources) => Meta + string.Join('\n', sources.Select(s => $"#!csharp\n\n{s}\n"));

    /// <summary>Runs a notebook; also gives what the report wrote.</summary>
    public static async Task<(LessonResult Result, string Console)> RunAsync(string path, RunOptions? options = null, CancellationToken cancel = default)
    {
        var console = new StringWriter();
        var report = new ConsoleReport(console, terminal: false);
        var steps = new ConcurrentQueue<RunEvent>();
        var result = await LessonRun.RunAsync(path, options ?? Options, steps.Enqueue, cancel);
        foreach (var step in steps)
            report.Tell(step);
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

    /// <summary>Starts the command line as a process.</summary>
    public static Process StartCommand(string folder, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(LessonRun).Assembly.Location, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Runs the command line to its end.</summary>
    public static async Task<(int ExitCode, string Output)> CommandAsync(
        string folder, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        using var process = StartCommand(folder, arguments, environment);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, (await output + await errors).ReplaceLineEndings("\n"));
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
