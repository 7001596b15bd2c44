using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace TracingTutorial.Host;

/// <summary>What a cell holds. Only <see cref="CSharp"/> cells are executed; the others are documents.</summary>
public enum CellKind { CSharp, Markdown, Mermaid, Html }

/// <summary>One cell of a notebook.</summary>
/// <param name="File">Full path of the file the cell stands in.</param>
/// <param name="Number">Position among all cells of the file, from 1.</param>
/// <param name="Line">Line of the file (from 1) at which <paramref name="Source"/> begins.</param>
/// <param name="Source">The text without the marker line and without blank lines around it; lines end in \n.</param>
/// <param name="ImportFolder">
/// The folder from which <c>#!import</c> paths start: the folder of the notebook that was opened, also for imports
/// inside a file that it imports. All hosts resolve them so.
/// </param>
public sealed partial record Cell(string File, int Number, int Line, CellKind Kind, string Source, string ImportFolder)
{
    private const string OptionalMark = "// optional:";

    /// <summary>The first line of the source.</summary>
    public string FirstLine => Source.Split('\n', 2)[0];

    /// <summary>True when the cell may be skipped on a machine whose feeds lack what it needs.</summary>
    public bool IsOptional => Kind == CellKind.CSharp && FirstLine.StartsWith(OptionalMark, StringComparison.Ordinal);

    /// <summary>The number of the exercise this cell is the answer to ("2.1"), or null.</summary>
    public string? Exercise =>
        Kind == CellKind.CSharp && ExerciseLine().Match(FirstLine) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>The full path that the cell imports when it is an <c>#!import</c> cell, otherwise null.</summary>
    public string? ImportPath =>
        Kind == CellKind.CSharp && FirstLine.StartsWith("#!import ", StringComparison.Ordinal)
            ? Path.GetFullPath(Path.Combine(ImportFolder, FirstLine["#!import ".Length..].Trim()))
            : null;

    [GeneratedRegex(@"^// Exercise (\d+\.\d+)\b")]
    private static partial Regex ExerciseLine();
}

/// <summary>
/// A <c>.dib</c> notebook: a <c>#!meta</c> block, then cells. The strict reading of the format: what one of the
/// hosts that open these files would read differently is a <see cref="Problem"/>, not a guess.
/// </summary>
/// <param name="Path">Full path of the file.</param>
public sealed partial record Notebook(string Path, IReadOnlyList<Cell> Cells)
{
    private static readonly Dictionary<string, CellKind> Markers = new(StringComparer.Ordinal)
    {
        ["#!csharp"] = CellKind.CSharp,
        ["#!markdown"] = CellKind.Markdown,
        ["#!mermaid"] = CellKind.Mermaid,
        ["#!html"] = CellKind.Html,
    };

    /// <summary>The title: the first heading of the first Markdown cell that has one, otherwise the file name.</summary>
    public string Title =>
        Cells.Where(c => c.Kind == CellKind.Markdown).SelectMany(Headings).FirstOrDefault()
        ?? System.IO.Path.GetFileName(Path);

    /// <summary>Reads a notebook from disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="importFolder">Where its imports start (<see cref="Cell"/>); its own folder when null.</param>
    /// <exception cref="NotebookException">The file cannot be read, or is not a notebook in the tutorial's dialect.</exception>
    public static Notebook Load(string path, string? importFolder = null)
    {
        string text;
        try
        {
            text = System.IO.File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new NotebookException(new Problem(path, null, null, $"The file cannot be read: {e.Message}",
                "Check the path, and that you may read it."));
        }

        return Parse(System.IO.Path.GetFullPath(path), text, importFolder);
    }

    /// <summary>Reads a notebook from its text.</summary>
    /// <param name="path">Full path, for messages and for resolving imports.</param>
    /// <param name="text">The content of the file.</param>
    /// <param name="importFolder">Where its imports start (<see cref="Cell"/>); its own folder when null.</param>
    /// <exception cref="NotebookException">The text is not a notebook in the tutorial's dialect.</exception>
    public static Notebook Parse(string path, string text, string? importFolder = null)
    {
        var problems = new List<Problem>();
        var lines = text.Split('\n').Select(line => line.TrimEnd('\r')).ToArray();
        var next = ReadMeta(path, lines, problems);
        var cells = new List<Cell>();

        while (next < lines.Length)
        {
            // `next` is at a marker, or at text that stands before the first one.
            if (!Markers.TryGetValue(lines[next], out var kind))
            {
                ReportLine(path, lines[next], next + 1, null, problems, beforeFirstCell: true);
                next++;
                continue;
            }

            var marker = next++;
            while (next < lines.Length && !Markers.ContainsKey(lines[next]))
                next++;
            var cell = MakeCell(path, importFolder, cells.Count + 1, kind, lines, marker + 1, next);
            cells.Add(cell);

            for (var i = marker + 1; i < next; i++)
                ReportLine(path, lines[i], i + 1, cell, problems, beforeFirstCell: false);

            if (kind == CellKind.Markdown && next < lines.Length && EndsInsideFence(cell.Source))
            {
                problems.Add(new Problem(path, cell.Number, next + 1,
                    $"`{lines[next]}` stands inside a code fence: every notebook host starts a new cell there and cuts the fence in two.",
                    "Close the fence before this line, or write the example without the marker at the start of a line."));
            }
        }

        if (problems.Count == 0 && cells.Count == 0)
        {
            problems.Add(new Problem(path, null, null, "The notebook has no cells.",
                "Start a cell with a line that is exactly `#!csharp` or `#!markdown`."));
        }

        problems.AddRange(cells.SelectMany(Dialect.Check));
        if (problems.Count > 0)
            throw new NotebookException(problems.OrderBy(p => p.Line ?? 0).ToArray());
        return new Notebook(path, cells);
    }

    /// <summary>The headings of a Markdown cell, without their marks and outside code fences.</summary>
    public static IEnumerable<string> Headings(Cell cell)
    {
        var fenced = false;
        foreach (var line in cell.Source.Split('\n'))
        {
            if (IsFence(line))
                fenced = !fenced;
            else if (!fenced && HeadingLine().Match(line) is { Success: true } match)
                yield return match.Groups[1].Value;
        }
    }

    private static int ReadMeta(string path, string[] lines, List<Problem> problems)
    {
        const string wayOut = "Begin the file with the two lines\n"
            + "#!meta\n"
            + """{"kernelInfo":{"defaultKernelName":"csharp","items":[{"name":"csharp","languageName":"C#","aliases":["c#","cs"]}]}}""";

        if (lines[0] != "#!meta")
        {
            problems.Add(new Problem(path, null, 1, "The file does not begin with the line `#!meta`.", wayOut));
            return 0;
        }

        var end = 1;
        while (end < lines.Length && !lines[end].TrimStart().StartsWith("#!", StringComparison.Ordinal))
            end++;
        try
        {
            using var json = JsonDocument.Parse(string.Join('\n', lines[1..end]));
            var kernel = json.RootElement.GetProperty("kernelInfo").GetProperty("defaultKernelName").GetString();
            if (kernel != "csharp")
            {
                problems.Add(new Problem(path, null, 2,
                    $"`#!meta` names the default kernel `{kernel}`; these notebooks are written in C#.", wayOut));
            }
        }
        catch (JsonException e)
        {
            var line = 2 + (int)(e.LineNumber ?? 0);
            problems.Add(new Problem(path, null, Math.Min(line, lines.Length), "What follows `#!meta` is not valid JSON.", wayOut));
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException)
        {
            problems.Add(new Problem(path, null, 2, "`#!meta` does not say `kernelInfo.defaultKernelName`.", wayOut));
        }

        return end;
    }

    private static Cell MakeCell(string path, string? importFolder, int number, CellKind kind, string[] lines, int from, int to)
    {
        var first = from;
        while (first < to && string.IsNullOrWhiteSpace(lines[first]))
            first++;
        if (first < to)
            from = first; // An empty cell stays where it is.
        while (to > from && string.IsNullOrWhiteSpace(lines[to - 1]))
            to--;
        return new Cell(path, number, from + 1, kind, string.Join('\n', lines[from..to]), importFolder ?? System.IO.Path.GetDirectoryName(path)!);
    }

    private static void ReportLine(
        string path, string line, int number, Cell? cell, List<Problem> problems, bool beforeFirstCell)
    {
        var text = line.TrimStart();
        if (!text.StartsWith("#!", StringComparison.Ordinal))
        {
            if (beforeFirstCell && text.Length > 0)
            {
                problems.Add(new Problem(path, null, number, "This text stands before the first cell.",
                    "Start a cell above it with a line that is exactly `#!csharp` or `#!markdown`."));
            }

            return;
        }

        var word = text.Split((char[])[' ', '\t'], 2)[0];
        if (word == "#!import" && cell?.Kind == CellKind.CSharp)
            return; // Dialect.Check looks at imports.

        if (Marker(word) is { } marker)
        {
            problems.Add(new Problem(path, cell?.Number, number,
                $"`{line}` is meant to start a cell, but not every notebook host sees it as one.",
                $"Write exactly `{marker}`: at the start of the line, in lower case, with nothing after it."));
        }
        else if (word == "#!meta")
        {
            problems.Add(new Problem(path, cell?.Number, number, "`#!meta` may stand only in the first line of the file.",
                "Remove this block."));
        }
        else
        {
            problems.Add(new Problem(path, cell?.Number, number,
                $"`{word}` is not understood by every notebook host: a line that begins with `#!` may only start a cell or import a file.",
                "Remove the line. The cells are #!csharp, #!markdown, #!mermaid and #!html; a file is imported with `#!import path`."));
        }
    }

    private static string? Marker(string word) => word.ToLowerInvariant() switch
    {
        "#!csharp" or "#!c#" or "#!cs" => "#!csharp",
        "#!markdown" or "#!md" => "#!markdown",
        "#!mermaid" => "#!mermaid",
        "#!html" => "#!html",
        _ => null,
    };

    private static bool EndsInsideFence(string markdown) => markdown.Split('\n').Count(IsFence) % 2 == 1;

    private static bool IsFence(string line) =>
        line.TrimStart().StartsWith("```", StringComparison.Ordinal) || line.TrimStart().StartsWith("~~~", StringComparison.Ordinal);

    [GeneratedRegex(@"^#{1,6} +(.+?)(?: +#+)?$")]
    private static partial Regex HeadingLine();
}

/// <summary>Something wrong with an input, said so that its reader can mend it.</summary>
/// <param name="File">The file.</param>
/// <param name="Cell">The number of the cell in that file, from 1, or null when it is not about a cell.</param>
/// <param name="Line">The line of the file, from 1, or null when it is not about a line.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="WayOut">What to do about it; empty when the message says it all.</param>
public sealed record Problem(string File, int? Cell, int? Line, string Message, string WayOut)
{
    /// <summary>Where, what, and the way out, on as many lines.</summary>
    public override string ToString()
    {
        var where = Paths.Display(File) + (Line is { } line ? $":{line}" : "") + (Cell is { } cell ? $" (cell {cell})" : "");
        return WayOut.Length == 0 ? $"{where}: {Message}" : $"{where}: {Message}\n  -> {WayOut.Replace("\n", "\n     ")}";
    }
}

/// <summary>An input that cannot be run as it is; <see cref="Problems"/> says why.</summary>
public sealed class NotebookException(params Problem[] problems) : Exception(string.Join('\n', (object[])problems))
{
    public IReadOnlyList<Problem> Problems { get; } = problems;
}

/// <summary>File names as a person reads them.</summary>
internal static class Paths
{
    /// <summary>The path relative to the current folder when the file is below it, otherwise the full path.</summary>
    public static string Display(string path)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return (relative == "." || relative.StartsWith("..", StringComparison.Ordinal) ? path : relative).Replace('\\', '/');
    }
}
