using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Doctor;
using TracingTutorial.Host.Kernel;
using TracingTutorial.Host.Reports;

namespace TracingTutorial.Host.Commands;

/// <summary><c>doctor</c>: is this machine ready?</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var json = new Option<string?>("--json")
        {
            Description = "Write the findings to this file, too.",
            HelpName = "file",
            CustomParser = result => Arguments.Path(result, "--json"),
        };
        var prepare = new Option<bool>("--prepare")
        {
            Description = "Fill the package caches: run every lesson once, then once more without a network.",
        };
        var fix = new Option<bool>("--fix")
        {
            Description = "Put in place what keeps Polyglot Notebooks in VS Code working; "
                + "what is there already is not touched.",
        };
        var command = new Command("doctor", "Is this machine ready for the workshop?") { json, prepare, fix };
        command.SetAction(async (parsed, cancel) =>
        {
            if (parsed.GetValue(fix) && !Fix())
                return ExitCode.Failed;
            try
            {
                var ready = await ExamineAsync(parsed.GetValue(json), parsed.GetValue(prepare), cancel);
                return parsed.GetValue(prepare) && ready == ExitCode.Passed ? await PrepareAsync(cancel) : ready;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return ExitCode.Cancelled;
            }
        });
        return command;
    }

    /// <summary>What all findings come to, in one sentence, and the next command.</summary>
    internal static string Verdict(IReadOnlyList<Finding> findings)
    {
        const string next = "Next: `dotnet run --project host` opens the course.";
        string Names(bool required) => string.Join(", ", findings.Where(f => !f.Ok && f.Required == required).Select(f => f.Name));
        return Names(true) is { Length: > 0 } missing
                ? $"Not ready: {missing}. Do what the line below it says, then run it again: `dotnet run --project host doctor`."
            : Names(false) is { Length: > 0 } notes ? $"Ready, but see the note on {notes}. {next}"
            : $"Ready: every lesson runs on this machine. {next}";
    }

    private static bool Fix()
    {
        try
        {
            var written = new VsCode(Machine.Here()).Fix();
            foreach (var path in written)
                Console.WriteLine($"written: {path}");
            Console.WriteLine(written.Count == 0 ? "Nothing to put in place.\n" : "");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.WriteLine(
                $"The tool manifest cannot be written: {e.Message}"
                + "\n  -> Make the folder writable, or use the course in a browser: "
                + "`dotnet run --project host`.");
            return false;
        }
    }

    private static async Task<int> ExamineAsync(string? json, bool prepare, CancellationToken cancel)
    {
        using var file = JsonReport.Open(json);
        var findings = new List<Finding>();
        var report = new ConsoleReport(Console.Out, terminal: !Console.IsOutputRedirected);
        await foreach (var finding in new Checks(CourseFiles.Root(), Machine.Here()).ExamineAsync(cancel))
        {
            findings.Add(finding);
            report.Found(finding.Ok, finding.Required, finding.Name, finding.Detail, finding.WayOut);
        }

        var ready = findings.All(f => f.Ok || !f.Required);
        file?.Write(new { ready, findings });
        if (!prepare || !ready)
            Console.WriteLine($"\n{Verdict(findings)}");
        return ready ? ExitCode.Passed : ExitCode.Failed;
    }

    /// <summary>
    /// Runs every lesson twice, and the dashboard of lesson 7; the second time, all requests to the network are sent to a port on
    /// which no program listens.
    /// </summary>
    private static async Task<int> PrepareAsync(CancellationToken cancel)
    {
        Console.WriteLine("\nEvery lesson once, some minutes; packages are fetched:");
        if (await RunAllAsync(cancel) is not ExitCode.Passed and var failed)
            return Ends(failed, "Not prepared: a lesson does not run.");
        var missing = await DashboardAsync(cancel);

        Console.WriteLine("\nOnce more, without a network:");
        foreach (var name in (string[])["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
            SetBoth(name, "http://127.0.0.1:1");
        SetBoth("NO_PROXY", null);
        if (await RunAllAsync(cancel) is not ExitCode.Passed and var broken)
            return Ends(broken, "Not prepared: a lesson needs the network.");
        if (missing is null && await DashboardAsync(cancel) is { } gone)
            return Ends(ExitCode.Failed, $"Not prepared: the Aspire dashboard needs the network: {gone}");
        return Ends(ExitCode.Passed, "Prepared: the lessons run without a network"
            + (missing is null ? ", the Aspire dashboard of lesson 7 too." : "; only the Aspire dashboard of lesson 7 is missing."));

        static int Ends(int exitCode, string verdict)
        {
            Console.WriteLine($"\n{(exitCode == ExitCode.Cancelled ? "Cancelled." : verdict)}");
            return exitCode;
        }

        static void SetBoth(string name, string? value)
        {
            Environment.SetEnvironmentVariable(name, value);
            Environment.SetEnvironmentVariable(name.ToLowerInvariant(), value);
        }
    }

    private static async Task<int> RunAllAsync(CancellationToken cancel)
    {
        var lessons = CourseFiles.Find([]);
        var results = await CourseRun.RunAsync(lessons, new RunOptions(EngineKernel.Own(RunOptions.DefaultTimeout)), step =>
        {
            if (step is not RunEvent.LessonEnded({ } result) || cancel.IsCancellationRequested)
                return;
            var (mark, name) = (result.Failed ? "not ok" : "ok", Paths.Display(Path.GetFileName(result.Path)));
            Console.WriteLine(FormattableString.Invariant($"{mark,-10}{name,-34}{result.Milliseconds / 1000,6:0.0} s"));
            foreach (var problem in result.Problems.Concat(result.Cells.Select(c => c.Problem).OfType<Problem>()))
                Console.WriteLine($"{"",-10}{problem.ToString().ReplaceLineEndings("\n          ")}");
        }, cancel);
        return cancel.IsCancellationRequested ? ExitCode.Cancelled
            : results.Count < lessons.Length || results.Any(r => r.Failed) ? ExitCode.Failed : ExitCode.Passed;
    }

    private static async Task<string?> DashboardAsync(CancellationToken cancel)
    {
        var missing = await new KernelCheck(CourseFiles.Root(), Machine.Here()).DashboardAsync(cancel);
        Console.WriteLine($"{(missing is null ? "ok" : "note"),-10}{missing ?? "the Aspire dashboard, which lesson 7 offers"}");
        return missing;
    }
}
