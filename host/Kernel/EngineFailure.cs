using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Kernel;

/// <summary>Turns what the engine says about a failed cell into a problem with file, line and way out.</summary>
internal static partial class EngineFailure
{
    /// <param name="cell">The cell that failed.</param>
    /// <param name="reason">Why it failed, if the kernel said so; null for the tool, whose words must do.</param>
    /// <param name="message">What the engine says: compiler errors, an exception with its stack trace, or NuGet's own words.</param>
    public static CellEvent.Failed Of(Cell cell, FailureReason? reason, string message)
    {
        message = message.ReplaceLineEndings("\n").Trim();
        var known = reason ?? Guess(cell, message);
        var (problem, details) = known switch
        {
            FailureReason.Time =>
                (Here(message, "Look for a loop or an await that never ends; `--timeout` gives a slow cell more seconds."), null),
            FailureReason.TooLarge => (Here(message, "Show a part of it, for example with Take."), null),
            FailureReason.CompileError when CompilerError().Matches(message) is { Count: > 0 } errors => Compiler(cell, errors),
            FailureReason.Restore => Restore(Here, message),
            _ => Thrown(cell, message),
        };
        return new CellEvent.Failed(known, problem, details) { LosesNames = cell.ImportPath is not null || known == FailureReason.Restore };

        Problem Here(string text, string wayOut) => new(cell.File, cell.Number, cell.Line, text, wayOut);
    }

    // A cell's own exception can have any text. So only what its stack trace rules out is taken for something else.
    private static FailureReason Guess(Cell cell, string message) =>
        IsThrownByCell(message) ? FailureReason.Exception
        : IsRestoreFault(message) ? FailureReason.Restore
        : CompilerError().IsMatch(message) ? FailureReason.CompileError
        : (cell.ImportPath is not null || Dialect.References(cell).Any(r => r.Version is not null)) && IsRestore(message)
            ? FailureReason.Restore
        : FailureReason.Exception;

    // The engine's own code for packages throws when there is no home folder.
    private static bool IsRestoreFault(string message) =>
        message.Contains("\n   at Microsoft.DotNet.Interactive.PackageManagement.", StringComparison.Ordinal);

    private static bool IsThrownByCell(string message) => message.Contains("\n   at Submission#", StringComparison.Ordinal);

    private static bool IsRestore(string message) =>
        NuGetError().IsMatch(message) || message.Contains("PackageRestoreResult", StringComparison.Ordinal);

    private static (Problem, string?) Compiler(Cell cell, MatchCollection errors)
    {
        var problems = errors.Select(e => CompilerProblem(cell, e)).ToList();
        return (problems[0], problems.Count == 1 ? null : string.Join('\n', problems.Skip(1)));
    }

    private static (Problem, string?) Restore(Func<string, string, Problem> here, string message) =>
        NuGetError().Matches(message) is { Count: > 0 } nuget ? (PackageProblem(here, nuget), null)
        : (here("The packages could not be restored, and NuGet did not say why.",
            "The engine keeps packages below your home folder: check that it is there, that you may write to it, "
                + "and that its disk is not full."), message);

    /// <summary>An exception: its message, and below it the stack trace.</summary>
    private static (Problem Problem, string? Details) Thrown(Cell cell, string message)
    {
        var lines = message.Split('\n');
        var trace = Array.FindIndex(lines, line => line.StartsWith("   at ", StringComparison.Ordinal));
        var text = Namespace().Replace(trace < 0 ? message : string.Join('\n', lines[..trace]), "");
        var frames = trace < 0 ? [] : lines[trace..];
        var problem = new Problem(cell.File, cell.Number, cell.Line, text, "");
        if (frames.Length > 0 && !frames.Any(frame => frame.Contains("Submission#", StringComparison.Ordinal)))
        {
            // No code of the cell is on the stack.
            return (frames.Any(frame => frame.Contains("Interactive.Formatting", StringComparison.Ordinal))
                ? problem with
                {
                    Message = $"The value of the cell cannot be shown: {text}",
                    WayOut = "End the cell with something else, or with its ToString().",
                }
                : problem with
                {
                    Message = $"The kernel failed, not the cell: {text}",
                    WayOut = "Run it again. If that does not help, report it with the lines below.",
                },
                string.Join('\n', frames));
        }

        var own = frames.TakeWhile(frame =>
            !frame.Contains(" Microsoft.CodeAnalysis.Scripting", StringComparison.Ordinal)
                && !frame.Contains(" Microsoft.DotNet.Interactive", StringComparison.Ordinal))
            .Where(frame => !frame.StartsWith("--- End of stack trace", StringComparison.Ordinal)).ToArray();
        var details = own.Length == 0 ? null : string.Join('\n', own);
        // The place in the cell itself; of an import, the place in the imported file.
        var place = own.Select(frame => FrameOfFile().Match(frame))
            .FirstOrDefault(m => m.Success && (cell.ImportPath is not null || m.Groups[1].Value == cell.DisplayName));
        return (place is null ? problem : At(cell, place.Groups[1].Value, int.Parse(place.Groups[2].Value), text, ""), details);
    }

    /// <summary>A problem at a line of the cell's file, or of one that it imports.</summary>
    private static Problem At(Cell cell, string name, int line, string text, string wayOut) => name == cell.DisplayName
        ? new Problem(cell.File, cell.Number, line, text, wayOut)
        : new Problem(Path.GetFullPath(Path.Combine(cell.ImportFolder, name)), null, line, text, wayOut);

    private static Problem CompilerProblem(Cell cell, Match error)
    {
        var (name, line, code) = (error.Groups["file"].Value, int.Parse(error.Groups["line"].Value), error.Groups["code"].Value);
        var text = $"{code}: {error.Groups["text"].Value}";
        var wayOut = code is "CS0103" or "CS0246" or "CS0234" or "CS1069"
            ? "Check the spelling, and that the cells above ran: one of them may bring the name, with `using`, `#r` or `#!import`." : "";
        // The tool of VS Code gets the cell as it is: its lines count from the start of the cell.
        if (name.Length == 0)
            return new Problem(cell.File, cell.Number, cell.Line + line - 1, text, wayOut);
        return At(cell, name, line, text, wayOut);
    }

    private static Problem PackageProblem(Func<string, string, Problem> here, IReadOnlyList<Match> errors)
    {
        var text = Redaction.Addresses(string.Join('\n', errors.Select(e => e.Groups[2].Value.Trim()).Distinct()));
        if (text.Contains("SSL connection", StringComparison.Ordinal))
        {
            return here($"The package could not be restored: this machine does not trust the certificate of its feed. {text}",
                "`dotnet run --project host doctor` says how the root certificate of a company is added.");
        }

        if (text.Contains("No space left", StringComparison.Ordinal) || text.Contains("not enough space", StringComparison.Ordinal))
            return here(
                $"The package could not be restored: a disk is full. {text}",
                "Make room; `dotnet nuget locals all --list` shows where packages are kept.");

        return errors[0].Groups[1].Value is "NU1101" or "NU1102" or "NU1103"
            ? here($"No configured feed has the package. {text}",
                "Check the name and the version. If the package is on another feed, add it: `dotnet nuget add source`.")
            : here($"The package could not be restored. {text}",
                "Check the network and the feeds: `dotnet nuget list source` shows them. "
                    + "`dotnet run --project host doctor` looks at the whole machine.");
    }

    [GeneratedRegex(@"^(?<file>[^\n(]*)\((?<line>\d+),\d+\): error (?<code>\w+): (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex CompilerError();

    [GeneratedRegex(@" in (.+):line (\d+)$")]
    private static partial Regex FrameOfFile();

    // NuGet's own errors have a number; what goes wrong inside of it comes without one.
    [GeneratedRegex(@"error (NU\d+)? ?: (.+?)(?: \[[^\]]*\])?$", RegexOptions.Multiline)]
    private static partial Regex NuGetError();

    [GeneratedRegex(@"^(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_]\w*(Exception|Error)?:)")]
    private static partial Regex Namespace();
}
