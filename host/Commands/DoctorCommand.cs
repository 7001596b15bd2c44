using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Host.Doctor;
using TracingTutorial.Host.Notebooks;
using TracingTutorial.Host.Output;
using TracingTutorial.Host.Running;

namespace TracingTutorial.Host.Commands;

/// <summary><c>doctor</c>: is this machine ready?</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var json = new Option<string?>("--json") { Description = "Write the findings to this file, too.", HelpName = "file" };
        var prepare = new Option<bool>("--prepare") { Description = "Fill the package caches: run every lesson once, then once more without a network." };
        var fix = new Option<bool>("--fix") { Description = "Put in place what keeps Polyglot Notebooks in VS Code working; what is there already is not touched." };
        var command = new Command("doctor", "Is this machine ready for the workshop?") { json, prepare, fix };
        command.SetAction(async (parsed, cancel) =>
        {
            if (parsed.GetValue(fix) && !Fix())
                return ExitCode.Failed;
            var ready = await ExamineAsync(parsed.GetValue(json), cancel);
            return parsed.GetValue(prepare) && ready == ExitCode.Passed ? await PrepareAsync(cancel) : ready;
        });
        return command;
    }

    private static bool Fix()
    {
        try
        {
            var written = VsCode.Here().Fix();
            foreach (var path in written)
                Console.WriteLine($"written: {path}");
            Console.WriteLine(written.Count == 0 ? "Nothing to put in place.\n" : "");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.WriteLine($"The tool manifest cannot be written: {e.Message}\n  -> Make the folder writable, or use the course in a browser: `dotnet run --project host`.");
            return false;
        }
    }

    private static async Task<int> ExamineAsync(string? json, CancellationToken cancel)
    {
        using var file = JsonReport.Open(json);
        var findings = new List<Finding>();
        var report = new ConsoleReport(Console.Out, terminal: !Console.IsOutputRedirected);
        await foreach (var finding in new Checks(Lessons.Root()).ExamineAsync(cancel))
        {
            findings.Add(finding);
            report.Found(finding);
        }

        var ready = findings.All(f => f.Ok || !f.Required);
        file?.Write(new { ready, findings });
        Console.WriteLine(ready ? "\nReady: every lesson runs on this machine." : "\nNot ready: see the lines marked `not ok`.");
        return ready ? ExitCode.Passed : ExitCode.Failed;
    }

    /// <summary>Runs every lesson twice; the second time, whatever asks the network is sent to a port where nobody listens.</summary>
    private static async Task<int> PrepareAsync(CancellationToken cancel)
    {
        var options = new RunOptions(RunOptions.DefaultTimeout);
        var first = await RunCommand.RunAsync([], null, options, explanations: false, cancel);
        if (first != ExitCode.Passed)
            return first;
        Console.WriteLine("\nOnce more, without a network:");
        foreach (var name in (string[])["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"])
            Environment.SetEnvironmentVariable(name, "http://127.0.0.1:1");
        var second = await RunCommand.RunAsync([], null, options, explanations: false, cancel);
        Console.WriteLine(second == ExitCode.Passed ? "\nPrepared: the lessons run without a network." : "\nNot prepared: a lesson needs the network.");
        return second;
    }
}
