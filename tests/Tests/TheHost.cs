using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Host;
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

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>The host as the tests use it.</summary>
internal static class TheHost
{
    public const string Meta =
        "#!meta\n" + """{"kernelInfo":{"defaultKernelName":"csharp","items":[{"name":"csharp","languageName":"C#","aliases":["c#","cs"]}]}}""" + "\n\n";

    /// <summary>The root of the clone these tests were built in.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", ".."));

    public static string Lesson(string name) => Path.Combine(Root, "notebooks", name);

    /// <summary>A notebook of C# cells.</summary>
    public static string Cells(params string[] sources) => Meta + string.Join('\n', sources.Select(s => $"#!csharp\n\n{s}\n"));

    /// <summary>What the host says against a notebook of these cells.</summary>
    public static IReadOnlyList<Problem> ProblemsOf(string text) =>
        Assert.Throws<NotebookException>(() => Notebook.Parse("/notebooks/test.dib", text)).Problems;

    /// <summary>Runs a notebook of these cells.</summary>
    public static async Task<NotebookResult> RunCellsAsync(params string[] sources)
    {
        using var folder = new TempFolder();
        return (await RunAsync(folder.Write("test.dib", Cells(sources)))).Result;
    }

    /// <summary>Runs a notebook; also gives what the reporter wrote.</summary>
    public static async Task<(NotebookResult Result, string Console)> RunAsync(
        string path, RunOptions? options = null, CancellationToken cancel = default)
    {
        var console = new StringWriter();
        var result = await NotebookRun.RunAsync(
            path, options ?? new RunOptions(RunOptions.DefaultTimeout), new Reporter(console, terminal: false), cancel);
        return (result, console.ToString());
    }

    /// <summary>The text outputs of all cells of a run, in order.</summary>
    public static string Texts(this NotebookResult result) =>
        string.Join('\n', result.Cells.SelectMany(c => c.Outputs).Select(o => o.Text.TrimEnd('\n')));

    /// <summary>Says everything about a failed run in the test's own message.</summary>
    public static NotebookResult Passes(this NotebookResult result)
    {
        Assert.False(result.Failed, string.Join('\n', result.Problems.Concat(result.Cells.Select(c => c.Problem).OfType<Problem>())));
        return result;
    }

    /// <summary>The one cell that failed.</summary>
    public static CellResult FailedCell(this NotebookResult result) =>
        Assert.Single(result.Cells, c => c.Status == CellStatus.Failed);

    /// <summary>Starts the command line as a process.</summary>
    public static Process StartCommand(string folder, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(SharedFramework.DotnetCommand)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var argument in (string[])["exec", typeof(NotebookRun).Assembly.Location, .. arguments])
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Runs the command line to its end.</summary>
    public static async Task<(int ExitCode, string Output)> CommandAsync(
        string folder, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        using var process = StartCommand(folder, arguments, environment);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
