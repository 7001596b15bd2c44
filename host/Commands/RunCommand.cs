using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Kernel;
using TracingTutorial.Host.Reports;

namespace TracingTutorial.Host.Commands;

/// <summary><c>run</c>: notebooks from the command line, without a browser.</summary>
internal static class RunCommand
{
    /// <summary>Adds the arguments, options and action of <c>run</c> to a command.</summary>
    public static Command AddTo(Command command)
    {
        var paths = new Argument<string[]>("notebooks")
        {
            Description = "Notebooks or folders of notebooks; the number of a lesson (01) will do. Without any: every lesson, in order.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var json = new Option<string?>("--json")
        {
            Description = "Write every result and output in full to this file.",
            HelpName = "file",
            CustomParser = result => Arguments.Path(result, "--json"),
        };
        var timeout = new Option<double>("--timeout")
        {
            Description = "The seconds a cell may run; package restores do not count.",
            HelpName = "seconds",
            DefaultValueFactory = _ => RunOptions.DefaultTimeout.TotalSeconds,
            CustomParser = result =>
            {
                var text = result.Tokens.Single().Value;
                if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
                    && seconds is > 0 and <= 86_400)
                    return seconds;
                result.AddError($"--timeout takes a number of seconds above 0, at most 86400; '{text}' is none.");
                return 0;
            },
        };
        var failFast = new Option<bool>("--fail-fast") { Description = "Stop everything at the first cell that fails." };
        var solutions = new Option<bool>("--solutions") { Description = "Run the solutions in the place of the exercises." };
        var quiet = new Option<bool>("--no-explanations") { Description = "In a terminal, leave out the text of the lessons." };
        var tool = new Option<bool>("--tool")
        {
            Description = "Run over `dotnet-interactive stdio`, the engine's own tool, as VS Code does.",
        };
        var rewrite = new Option<bool>("--rewrite")
        {
            Description = "Run nothing: write anew what is made from the lessons, "
                + "their minutes and the README's table.",
        };

        command.Arguments.Add(paths);
        foreach (var option in (Option[])[json, timeout, failFast, solutions, quiet, tool, rewrite])
            command.Options.Add(option);
        command.SetAction((parsed, cancel) => parsed.GetValue(rewrite)
            ? Task.FromResult(Rewrite())
            : RunAsync(
                parsed.GetValue(paths) ?? [],
                parsed.GetValue(json),
                OptionsFor(
                    TimeSpan.FromSeconds(parsed.GetValue(timeout)),
                    parsed.GetValue(solutions), parsed.GetValue(failFast), parsed.GetValue(tool)),
                !parsed.GetValue(quiet),
                cancel));
        return command;
    }

    /// <summary>Runs notebooks and reports them on the console.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] paths, string? json, RunOptions options, bool explanations, CancellationToken cancel)
    {
        var notebooks = CourseFiles.Find(paths);
        using var file = JsonReport.Open(json);
        if (options.AsVsCode)
            await Tool.RestoreAsync(CourseFiles.Root(), cancel);

        var terminal = !Console.IsOutputRedirected;
        var report = new ConsoleReport(Console.Out, terminal, terminal && explanations);
        IReadOnlyList<LessonResult> results = [];
        await Task.Run(
            () => report.WithStatus(() => results = CourseRun.RunAsync(notebooks, options, report.Write, cancel).GetAwaiter().GetResult()),
            CancellationToken.None);
        report.Summary(results, notebooks.Length - results.Count, cancel.IsCancellationRequested);
        file?.Write(new { passed = results.Count == notebooks.Length && !results.Any(r => r.Failed), notebooks = results });
        return cancel.IsCancellationRequested ? ExitCode.Cancelled : results.Any(r => r.Failed) ? ExitCode.Failed : ExitCode.Passed;
    }

    private static RunOptions OptionsFor(TimeSpan timeout, bool solutions, bool failFast, bool tool) =>
        new(tool ? EngineKernel.Tool(CourseFiles.Root(), timeout) : EngineKernel.Own(timeout), solutions, failFast, tool);

    private static int Rewrite()
    {
        foreach (var (path, text) in GeneratedFiles.All(CourseFiles.Root()))
        {
            if (File.ReadAllText(path) == text)
                continue;
            File.WriteAllText(path, text);
            Console.WriteLine($"written: {Paths.Display(path)}");
        }

        return ExitCode.Passed;
    }
}
