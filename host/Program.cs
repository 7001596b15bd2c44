using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace TracingTutorial.Host;

/// <summary>The command line of the tutorial.</summary>
public static class Program
{
    /// <summary>The hidden command of the process that runs one notebook.</summary>
    internal const string WorkerCommand = "run-in-this-process";

    private const int Passed = 0, Failed = 1, BadUsage = 2, Cancelled = 130;

    public static async Task<int> Main(string[] args)
    {
        if (args is [WorkerCommand, var notebook, .. var rest])
            return await Worker.RunAsync(notebook, rest.FirstOrDefault());

        Console.OutputEncoding = System.Text.Encoding.UTF8;
        var root = new RootCommand("Runs the notebooks of the distributed tracing tutorial with nothing but the .NET SDK.");
        var run = new Command("run", "Run notebooks (the default).");
        AddRun(root);
        AddRun(run);
        root.Subcommands.Add(run);
        root.Subcommands.Add(DoctorCommand());
        return await root.Parse(args).InvokeAsync();
    }

    private static void AddRun(Command command)
    {
        var paths = new Argument<string[]>("notebooks")
        {
            Description = "Notebooks or folders of notebooks; the number of a lesson (01) will do. Without any: every lesson, in order.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var json = new Option<string?>("--json") { Description = "Write every result and output in full to this file.", HelpName = "file" };
        var timeout = new Option<double>("--timeout")
        {
            Description = "The seconds a cell may run; package restores do not count.",
            HelpName = "seconds",
            DefaultValueFactory = _ => RunOptions.DefaultTimeout.TotalSeconds,
            CustomParser = result =>
            {
                var text = result.Tokens.Single().Value;
                if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 86_400)
                    return seconds;
                result.AddError($"--timeout takes a number of seconds above 0, at most 86400; '{text}' is none.");
                return 0;
            },
        };
        var failFast = new Option<bool>("--fail-fast") { Description = "Stop everything at the first cell that fails." };
        var solutions = new Option<bool>("--solutions") { Description = "Run the solutions in the place of the exercises." };
        var requireOptional = new Option<bool>("--require-optional") { Description = "An optional cell that has to be skipped is a failure." };

        command.Arguments.Add(paths);
        foreach (var option in (Option[])[json, timeout, failFast, solutions, requireOptional])
            command.Options.Add(option);
        command.SetAction((parsed, cancel) => RunAsync(
            parsed.GetValue(paths) ?? [],
            parsed.GetValue(json),
            new RunOptions(
                TimeSpan.FromSeconds(parsed.GetValue(timeout)),
                parsed.GetValue(solutions),
                parsed.GetValue(requireOptional),
                parsed.GetValue(failFast)),
            cancel));
    }

    private static Command DoctorCommand()
    {
        var json = new Option<string?>("--json") { Description = "Write the findings to this file, too.", HelpName = "file" };
        var prepare = new Option<bool>("--prepare") { Description = "Fill the package caches: run every lesson once, then once more without a network." };
        var command = new Command("doctor", "Is this machine ready for the workshop?") { json, prepare };
        command.SetAction(async (parsed, cancel) =>
        {
            try
            {
                var ready = await ExamineAsync(parsed.GetValue(json));
                return !parsed.GetValue(prepare) ? ready : ready == Passed ? await PrepareAsync(cancel) : ready;
            }
            catch (NotebookException e)
            {
                Console.Error.WriteLine(e.Message);
                return BadUsage;
            }
        });
        return command;
    }

    private static async Task<int> ExamineAsync(string? json)
    {
        var findings = new List<Finding>();
        var reporter = new Reporter(Console.Out, terminal: !Console.IsOutputRedirected);
        await foreach (var finding in new Doctor(Path.GetDirectoryName(Lessons.Folder())!).ExamineAsync())
        {
            findings.Add(finding);
            reporter.Found(finding);
        }

        if (json is not null)
            await File.WriteAllTextAsync(json, Doctor.ToJson(findings) + "\n");
        var ready = findings.All(f => f.Ok || !f.Required);
        Console.WriteLine(ready ? "\nReady: every lesson runs on this machine." : "\nNot ready: see the lines marked `not ok`.");
        return ready ? Passed : Failed;
    }

    /// <summary>Runs every lesson twice; the second time, whatever asks the network is sent to a port where nobody listens.</summary>
    private static async Task<int> PrepareAsync(CancellationToken cancel)
    {
        var first = await RunAsync([], null, new RunOptions(RunOptions.DefaultTimeout), cancel);
        if (first != Passed)
            return first;
        Console.WriteLine("\nOnce more, without a network:");
        foreach (var name in (string[])["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"])
            Environment.SetEnvironmentVariable(name, "http://127.0.0.1:1");
        foreach (var name in (string[])["NO_PROXY", "no_proxy"])
            Environment.SetEnvironmentVariable(name, "127.0.0.1,localhost");
        var second = await RunAsync([], null, new RunOptions(RunOptions.DefaultTimeout), cancel);
        Console.WriteLine(second == Passed ? "\nPrepared: the lessons run without a network." : "\nNot prepared: a lesson needs the network.");
        return second;
    }

    private static async Task<int> RunAsync(string[] paths, string? json, RunOptions options, CancellationToken cancel)
    {
        string[] notebooks;
        try
        {
            notebooks = Lessons.Find(paths);
            if (json is not null && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(json))))
                throw new NotebookException(new Problem(json, null, null, "The folder for --json does not exist.", "Create it first, or name another file."));
        }
        catch (NotebookException e)
        {
            Console.Error.WriteLine(e.Message);
            return BadUsage;
        }

        var results = new List<NotebookResult>();
        var reporter = new Reporter(Console.Out, terminal: !Console.IsOutputRedirected);
        await Task.Run(() => reporter.WithStatus(() => RunAllAsync(notebooks, options, reporter, results, cancel).GetAwaiter().GetResult()), CancellationToken.None);
        reporter.Summary(results, notebooks.Length - results.Count, cancel.IsCancellationRequested);
        if (json is not null)
            Reporter.WriteJson(json, results);
        return cancel.IsCancellationRequested ? Cancelled : results.Any(r => r.Failed) ? Failed : Passed;
    }

    private static async Task<bool> RunAllAsync(
        string[] notebooks, RunOptions options, Reporter reporter, List<NotebookResult> results, CancellationToken cancel)
    {
        foreach (var notebook in notebooks)
        {
            if (cancel.IsCancellationRequested || (options.FailFast && results.Any(r => r.Failed)))
                break;
            results.Add(await NotebookRun.RunAsync(notebook, options, reporter, cancel));
        }

        return true;
    }
}

/// <summary>Finds the notebooks that a command line means.</summary>
internal static class Lessons
{
    /// <summary>The full paths of the notebooks, in order.</summary>
    /// <exception cref="NotebookException">A path names nothing, or there are no lessons to be found.</exception>
    public static string[] Find(IReadOnlyCollection<string> paths) =>
        paths.Count == 0 ? In(Folder()) : [.. paths.SelectMany(Resolve).Distinct()];

    private static IEnumerable<string> Resolve(string path)
    {
        if (Directory.Exists(path))
            return In(path);
        if (File.Exists(path))
            return [Path.GetFullPath(path)];
        // "01" or "01-setup" means a lesson.
        if (!path.AsSpan().ContainsAny('/', '\\') && path.Length > 0)
        {
            var lessons = Directory.GetFiles(Folder(), "*.dib")
                .Where(file => Path.GetFileName(file) is var name && (name.StartsWith(path + "-", StringComparison.OrdinalIgnoreCase) || name.Equals(path + ".dib", StringComparison.OrdinalIgnoreCase)))
                .ToArray();
            if (lessons.Length == 1)
                return lessons;
        }

        throw new NotebookException(new Problem(path, null, null, "There is no such notebook or folder.",
            "Check the path. Without a path, every lesson is run."));
    }

    private static string[] In(string folder)
    {
        var notebooks = Directory.GetFiles(folder, "*.dib").Order(StringComparer.Ordinal).Select(Path.GetFullPath).ToArray();
        return notebooks.Length > 0
            ? notebooks
            : throw new NotebookException(new Problem(folder, null, null, "This folder has no notebooks (*.dib).", "Name another folder, or a notebook."));
    }

    /// <summary>The tutorial's own <c>notebooks</c> folder: of the current folder or one above it, otherwise of the clone this program was built in.</summary>
    public static string Folder()
    {
        foreach (var start in (string[])[Environment.CurrentDirectory, AppContext.BaseDirectory])
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                var notebooks = Path.Combine(folder.FullName, "notebooks");
                if (Directory.Exists(notebooks) && File.Exists(Path.Combine(folder.FullName, "helpers", "workshop.dib")))
                    return notebooks;
            }
        }

        throw new NotebookException(new Problem("notebooks", null, null, "The tutorial's folder `notebooks` was not found.",
            "Run this in a clone of the tutorial, or name the notebooks to run."));
    }
}
