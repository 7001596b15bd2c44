using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Host.Export;
using TracingTutorial.Host.Notebooks;
using TracingTutorial.Host.Output;
using TracingTutorial.Host.Running;

namespace TracingTutorial.Host.Commands;

/// <summary><c>export</c>: the executed course as pages for reading.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("notebooks") { Description = "As in run. Without any: every lesson.", Arity = ArgumentArity.ZeroOrMore };
        var to = new Option<string>("--to") { Description = "The folder to write to.", HelpName = "folder", Required = true };
        var ipynb = new Option<bool>("--ipynb") { Description = "Write Jupyter notebooks with their outputs, for the .NET kernel, in place of pages." };
        var command = new Command("export", "Run the course and write it as pages that need no script and no server.") { paths, to, ipynb };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(paths) ?? [], parsed.GetRequiredValue(to), parsed.GetValue(ipynb), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string[] paths, string to, bool ipynb, CancellationToken cancel)
    {
        var root = Lessons.Root();
        var notebooks = Lessons.Find(paths);
        Writable(to);
        var report = new ConsoleReport(Console.Out, terminal: !Console.IsOutputRedirected);
        var results = await CourseRun.RunAsync(notebooks, new RunOptions(RunOptions.DefaultTimeout), step =>
        {
            if (step is RunEvent.LessonEnded ended)
                Console.WriteLine($"{(ended.Result.Failed ? "FAILED" : "ok"),-7}{Paths.Display(ended.Result.Path)}");
        }, cancel);
        if (cancel.IsCancellationRequested)
            return ExitCode.Cancelled;
        report.Summary(results, notebooks.Length - results.Count, cancelled: false);
        (Notebook, LessonResult)[] lessons = [.. results.Where(r => r.Problems.Count == 0).Select(r => (DibReader.Load(r.Path), r))];
        if (ipynb)
            new Ipynb(root, Path.GetFullPath(to)).Write(lessons);
        else
            new Site(root, Path.GetFullPath(to)).Write(lessons);
        Console.WriteLine($"Written to {Path.Combine(to, ipynb ? "notebooks" : "index.html")}");
        return results.Any(r => r.Failed) ? ExitCode.Failed : ExitCode.Passed;
    }

    /// <summary>What cannot be written must not be noticed after the run.</summary>
    private static void Writable(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var probe = Path.Combine(folder, ".probe");
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new NotebookException(new Problem(folder, null, null, $"The folder for --to cannot be written: {e.Message}", "Name another folder."));
        }
    }
}
