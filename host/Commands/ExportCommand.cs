using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Export;
using TracingTutorial.Host.Kernel;
using TracingTutorial.Host.Reports;

namespace TracingTutorial.Host.Commands;

/// <summary><c>export</c>: the executed course as pages for reading, or as a live site.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("notebooks")
        {
            Description = "As in run. Without any: every lesson.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var to = new Option<string?>("--to")
        {
            Description = "The folder to write to. It must not be one of the clone's own.",
            HelpName = "folder",
            Required = true,
            CustomParser = result => Arguments.Path(result, "--to"),
        };
        var ipynb = new Option<bool>("--ipynb")
        {
            Description = "Write Jupyter notebooks with their outputs, for the .NET kernel, in place of pages.",
        };
        var live = new Option<bool>("--live")
        {
            Description = "Write pages whose cells run in a browser tab, from any static web server. Needs Node.js with npm.",
        };
        var quick = new Option<bool>("--quick") { Description = "With --live: compress less, in less time." };
        var command = new Command("export", "Run the course and write it as pages that need no script and no server.")
        {
            paths, to, ipynb, live, quick,
        };
        command.Validators.Add(call =>
        {
            if (call.GetValue(live) && call.GetValue(ipynb))
                call.AddError("--live and --ipynb write different things: call the command twice.");
            if (call.GetValue(quick) && !call.GetValue(live))
                call.AddError("--quick is about --live, and without it nothing is compressed.");
        });
        command.SetAction((parsed, cancel) =>
        {
            var (what, folder) = (parsed.GetValue(paths) ?? [], parsed.GetValue(to)!);
            return parsed.GetValue(live)
                ? LiveAsync(what, folder, parsed.GetValue(quick), cancel)
                : RunAsync(what, folder, parsed.GetValue(ipynb), cancel);
        });
        return command;
    }

    /// <summary>Makes the live site.</summary>
    /// <returns>An exit code.</returns>
    public static async Task<int> LiveAsync(string[] paths, string to, bool quick, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var root = CourseFiles.Root();
        var notebooks = CourseFiles.Find(paths);
        Writable(root, to);
        await Packing.CheckAsync(cancel);
        foreach (var notebook in notebooks)
            DibReader.Load(notebook).NotInTab(); // What is wrong with it is told before anything runs.

        var folder = Path.GetFullPath(to);
        if (File.Exists(Path.Combine(folder, SiteFiles.Name)))
        {
            foreach (var old in LiveSite.Folders.Select(name => Path.Combine(folder, name)).Where(Directory.Exists))
                Directory.Delete(old, recursive: true);
        }

        Console.WriteLine("The engine is packed.");
        await Packing.RunAsync(root, folder, quick, cancel);
        Console.WriteLine("The course is run.");
        if (await ResultsAsync(notebooks, cancel) is not { } results)
            return ExitCode.Cancelled;
        var site = new LiveSite(root, folder);
        site.Write(LessonsOf(results));
        var worker = await File.ReadAllTextAsync(Path.Combine(root, "tab", "offline", "worker.js"), cancel);
        var files = SiteFiles.Write(folder, site.Written, worker, quick);
        var (raw, sent) = files.Sizes;
        Console.WriteLine(FormattableString.Invariant(
            $"Written to {to} in {clock.Elapsed.TotalSeconds:0} s: {raw / 1e6:0.0} MB, {sent / 1e6:0.0} MB when it is compressed.")
            + $"\nAny static web server can serve it; `dotnet run --project host -- serve --site {to}` does.");
        return results.Any(r => r.Failed) ? ExitCode.Failed : ExitCode.Passed;
    }

    private static async Task<int> RunAsync(string[] paths, string to, bool ipynb, CancellationToken cancel)
    {
        var root = CourseFiles.Root();
        var notebooks = CourseFiles.Find(paths);
        Writable(root, to);
        if (await ResultsAsync(notebooks, cancel) is not { } results)
            return ExitCode.Cancelled;
        if (ipynb)
            new Ipynb(root, Path.GetFullPath(to)).Write(LessonsOf(results));
        else
            new Site(root, Path.GetFullPath(to)).Write(LessonsOf(results));
        Console.WriteLine($"Written to {Path.Combine(to, ipynb ? "notebooks" : "index.html")}");
        return results.Any(r => r.Failed) ? ExitCode.Failed : ExitCode.Passed;
    }

    /// <summary>Runs the notebooks and reports them; null when that was cancelled.</summary>
    private static async Task<IReadOnlyList<LessonResult>?> ResultsAsync(string[] notebooks, CancellationToken cancel)
    {
        var report = new ConsoleReport(Console.Out, terminal: !Console.IsOutputRedirected);
        var results = await CourseRun.RunAsync(notebooks, new RunOptions(EngineKernel.Own(RunOptions.DefaultTimeout)), step =>
        {
            if (step is RunEvent.LessonEnded ended && !cancel.IsCancellationRequested)
                Console.WriteLine($"{(ended.Result.Failed ? "FAILED" : "ok"),-7}{Paths.Display(ended.Result.Path)}");
        }, cancel);
        if (cancel.IsCancellationRequested)
        {
            Console.WriteLine("Cancelled. No page was written.");
            return null;
        }

        report.Summary(results, notebooks.Length - results.Count, cancelled: false);
        return results;
    }

    private static (Notebook, LessonResult)[] LessonsOf(IReadOnlyList<LessonResult> results) =>
        [.. results.Where(r => r.Cells.Count > 0).Select(r => (DibReader.Load(r.Path), r))];

    /// <summary>What cannot be written must not be noticed after the run.</summary>
    private static void Writable(string root, string folder)
    {
        try
        {
            // The pages would replace files of the course, or be taken for some.
            if (CourseFiles.IsOfTheClone(root, folder))
            {
                throw new NotebookException(new Problem(folder, null, null, "The folder for --to is one of the course's own.",
                    "Name another one, for example `--to site`."));
            }

            Directory.CreateDirectory(folder);
            var probe = Path.Combine(folder, ".probe");
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new NotebookException(new Problem(folder, null, null,
                $"The folder for --to cannot be written: {e.Message}", "Name another folder."));
        }
    }
}
