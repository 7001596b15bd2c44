using System;
using System.CommandLine;
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

/// <summary><c>export</c>: the executed course as pages for reading.</summary>
internal static class ExportCommand
{
    /// <summary>The folders of the clone that are not to be written into.</summary>
    private static readonly string[] OfTheClone =
        [".ci", ".config", ".devcontainer", ".git", ".github", ".progress", ".vscode",
            "assets", "course", "docker", "helpers", "host", "notebooks", "tab", "tests"];

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
        var command = new Command("export", "Run the course and write it as pages that need no script and no server.") { paths, to, ipynb };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(paths) ?? [], parsed.GetValue(to)!, parsed.GetValue(ipynb), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string[] paths, string to, bool ipynb, CancellationToken cancel)
    {
        var root = CourseFiles.Root();
        var notebooks = CourseFiles.Find(paths);
        Writable(root, to);
        var report = new ConsoleReport(Console.Out, terminal: !Console.IsOutputRedirected);
        var results = await CourseRun.RunAsync(notebooks, new RunOptions(EngineKernel.Own(RunOptions.DefaultTimeout)), step =>
        {
            if (step is RunEvent.LessonEnded ended && !cancel.IsCancellationRequested)
                Console.WriteLine($"{(ended.Result.Failed ? "FAILED" : "ok"),-7}{Paths.Display(ended.Result.Path)}");
        }, cancel);
        if (cancel.IsCancellationRequested)
        {
            Console.WriteLine("Cancelled. Nothing was written.");
            return ExitCode.Cancelled;
        }

        report.Summary(results, notebooks.Length - results.Count, cancelled: false);
        (Notebook, LessonResult)[] lessons = [.. results.Where(r => r.Cells.Count > 0).Select(r => (DibReader.Load(r.Path), r))];
        if (ipynb)
            new Ipynb(root, Path.GetFullPath(to)).Write(lessons);
        else
            new Site(root, Path.GetFullPath(to)).Write(lessons);
        Console.WriteLine($"Written to {Path.Combine(to, ipynb ? "notebooks" : "index.html")}");
        return results.Any(r => r.Failed) ? ExitCode.Failed : ExitCode.Passed;
    }

    /// <summary>What cannot be written must not be noticed after the run.</summary>
    private static void Writable(string root, string folder)
    {
        try
        {
            // The pages would replace files of the course, or be taken for some.
            var relative = Path.GetRelativePath(root, Path.GetFullPath(folder)).Replace('\\', '/');
            if (relative == "." || OfTheClone.Contains(relative.Split('/')[0]))
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
