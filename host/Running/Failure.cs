using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using TracingTutorial.Host.Kernel;
using TracingTutorial.Host.Notebooks;

namespace TracingTutorial.Host.Running;

/// <summary>Turns what the engine says about a failed cell into a problem with file, line and way out.</summary>
internal static partial class Failure
{
    /// <param name="cell">The cell that failed.</param>
    /// <param name="message">What the engine says: compiler errors, an exception with its stack trace, or NuGet's own words.</param>
    /// <returns>The problem, and more about it for those who look closer.</returns>
    public static (Problem Problem, string? Details) Of(Cell cell, string message)
    {
        message = message.ReplaceLineEndings("\n").Trim();
        Problem Here(string text, string wayOut) => new(cell.File, cell.Number, cell.Line, text, wayOut);

        if (message.StartsWith(CellClock.TimeIsUp, StringComparison.Ordinal))
            return (Here(message, "Look for a loop or an await that never ends; `--timeout` gives a slow cell more seconds."), null);
        if (message.StartsWith(PipeSender.TooLarge, StringComparison.Ordinal))
            return (Here(message, "Show a part of it, for example with Take."), null);
        if (CompilerError().Matches(message) is { Count: > 0 } errors)
        {
            var problems = errors.Select(e => CompilerProblem(cell, e)).ToList();
            return (problems[0], problems.Count == 1 ? null : string.Join('\n', problems.Skip(1)));
        }

        if (NuGetError().Matches(message) is { Count: > 0 } nuget)
            return (PackageProblem(Here, nuget), null);
        if (message.Contains("PackageRestoreResult", StringComparison.Ordinal))
        {
            return (Here("The packages could not be restored, and NuGet did not say why.",
                "The engine keeps packages below your home folder: check that it is there, that you may write to it, and that its disk is not full."), message);
        }


        return Thrown(cell, message);
    }

    /// <summary>True for a failure after which later cells miss names: of an import, or of a package.</summary>
    public static bool LeavesNamesOut(Cell cell, string message) =>
        cell.ImportPath is not null || NuGetError().IsMatch(message) || message.Contains("PackageRestoreResult", StringComparison.Ordinal);

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
                ? problem with { Message = $"The value of the cell cannot be shown: {text}", WayOut = "End the cell with something else, or with its ToString()." }
                : problem with { Message = $"The kernel failed, not the cell: {text}", WayOut = "Run it again. If that does not help, report it with the lines below." },
                string.Join('\n', frames));
        }

        var own = frames.TakeWhile(frame => !frame.Contains(" Microsoft.CodeAnalysis.Scripting", StringComparison.Ordinal) && !frame.Contains(" Microsoft.DotNet.Interactive", StringComparison.Ordinal))
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
        var text = Discreet.Addresses(string.Join('\n', errors.Select(e => e.Groups[2].Value.Trim()).Distinct()));
        if (text.Contains("SSL connection", StringComparison.Ordinal))
        {
            return here($"The package could not be restored: this machine does not trust the certificate of its feed. {text}",
                "`dotnet run --project host doctor` says how the root certificate of a company is added.");
        }

        if (text.Contains("No space left", StringComparison.Ordinal) || text.Contains("not enough space", StringComparison.Ordinal))
            return here($"The package could not be restored: a disk is full. {text}", "Make room; `dotnet nuget locals all --list` shows where packages are kept.");

        return errors[0].Groups[1].Value is "NU1101" or "NU1102" or "NU1103"
            ? here($"No configured feed has the package. {text}",
                "Check the name and the version. If the package is on another feed, add it: `dotnet nuget add source`.")
            : here($"The package could not be restored. {text}",
                "Check the network and the feeds: `dotnet nuget list source` shows them. `dotnet run --project host doctor` looks at the whole machine.");
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
