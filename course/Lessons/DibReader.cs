using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;

namespace TracingTutorial.Course.Lessons;

/// <summary>
/// Reads <c>.dib</c> files into cells: the strict reading of the format. What one of the programs that open these files
/// would read differently is a <see cref="Problem"/>, not a guess. Lines keep their numbers (the engine's own parser drops them).
/// </summary>
public static class DibReader
{
    private const int MaxBytes = 50_000_000;

    private const string SaveAsUtf8 = "Open it in an editor, and save it with the encoding UTF-8.";

    private static readonly Dictionary<string, CellKind> Markers = new(StringComparer.Ordinal)
    {
        ["#!csharp"] = CellKind.CSharp,
        ["#!markdown"] = CellKind.Markdown,
    };

    /// <summary>Reads a notebook from disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="importFolder">Where its imports start (<see cref="Cell"/>); its own folder when null.</param>
    /// <exception cref="NotebookException">The file cannot be read, or is no notebook at all.</exception>
    public static Notebook Load(string path, string? importFolder = null) => Parse(Path.GetFullPath(path), TextOf(path), importFolder);

    /// <summary>The cells of an imported file: those of a notebook, or the whole of a source file as one cell.</summary>
    /// <exception cref="NotebookException">The file cannot be read, or is no notebook at all.</exception>
    public static IReadOnlyList<Cell> Imported(string path, string importFolder)
    {
        if (Path.GetExtension(path) == ".dib")
            return Load(path, importFolder).Cells;

        var source = TextOf(path).ReplaceLineEndings("\n");
        var cell = new Cell(path, 1, 1, CellKind.CSharp, source, importFolder);
        var magic = source.Split('\n').Select((line, i) => (line, Number: i + 1)).Where(l => IsMagic(l.line))
            .Select(l => new Problem(path, null, l.Number, "A line that begins with `#!` is not C#, and some hosts would run it.",
                "Remove it; a source file cannot import other files."));
        return [cell with { Problems = [.. magic, .. Dialect.Check(cell).Select(p => p with { Cell = null })] }];
    }

    /// <summary>Reads a notebook from its text.</summary>
    /// <param name="path">Full path, for messages and for resolving imports.</param>
    /// <param name="text">The content of the file.</param>
    /// <param name="importFolder">Where its imports start (<see cref="Cell"/>); its own folder when null.</param>
    /// <param name="checkLinks">False when its links need not be checked.</param>
    /// <exception cref="NotebookException">
    /// The text is no notebook: it has no <c>#!meta</c>, or no cells, or text outside of them.
    /// </exception>
    public static Notebook Parse(string path, string text, string? importFolder = null, bool checkLinks = true)
    {
        var problems = new List<Problem>();
        var lines = text.Split('\n').Select(line => line.TrimEnd('\r')).ToArray();
        var next = ReadMeta(path, lines, problems);
        var cells = new List<Cell>();

        for (; next < lines.Length && !Markers.ContainsKey(lines[next]); next++)
        {
            if (lines[next].Trim().Length > 0)
                problems.Add(MarkerProblem(path, null, lines[next], next + 1) ?? new Problem(path, null, next + 1,
                    "This text is before the first cell.",
                    "Start a cell above it with a line that is exactly `#!csharp` or `#!markdown`."));
        }

        while (next < lines.Length)
        {
            var marker = next++;
            while (next < lines.Length && !Markers.ContainsKey(lines[next]))
                next++;
            var cell = MakeCell(path, importFolder, cells.Count + 1, Markers[lines[marker]], lines, marker + 1, next);
            var found = new List<Problem>(Dialect.Check(cell));
            for (var i = marker + 1; i < next; i++)
            {
                if (MarkerProblem(path, cell, lines[i], i + 1) is { } problem)
                    found.Add(problem);
            }

            if (cell.Kind == CellKind.Markdown && next < lines.Length && cell.Source.Split('\n').Count(IsFence) % 2 == 1)
            {
                found.Add(new Problem(path, cell.Number, next + 1,
                    $"`{lines[next]}` is inside a code fence: every notebook host starts a new cell there and cuts the fence in two.",
                    "Close the fence before this line, or write the example without the marker at the start of a line."));
            }

            cells.Add(cell with { Problems = [.. found.OrderBy(p => p.Line)] });
        }

        if (problems.Count == 0 && cells.Count == 0)
        {
            problems.Add(new Problem(path, null, null, "The notebook has no cells.",
                "Start a cell with a line that is exactly `#!csharp` or `#!markdown`."));
        }

        if (problems.Count > 0)
            throw new NotebookException([.. problems.OrderBy(p => p.Line ?? 0)]);
        if (!checkLinks)
            return new Notebook(path, cells);
        var broken = Anchors.Broken(path, cells);
        return new Notebook(path, [.. cells.Select(cell => broken.Contains(cell)
            ? cell with { Problems = [.. cell.Problems.Concat(broken[cell]).OrderBy(p => p.Line)] } : cell)]);
    }

    /// <summary>True for a line that opens or closes a fenced block of Markdown.</summary>
    internal static bool IsFence(string line) =>
        line.TrimStart().StartsWith("```", StringComparison.Ordinal) || line.TrimStart().StartsWith("~~~", StringComparison.Ordinal);

    private static bool IsMagic(string line) => line.TrimStart().StartsWith("#!", StringComparison.Ordinal);

    private static string TextOf(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
            using var copy = new MemoryStream();
            for (var part = new byte[64 * 1024]; file.Read(part) is var read and > 0;)
            {
                copy.Write(part, 0, read);
                if (copy.Length > MaxBytes)
                    throw new NotebookException(new Problem(path, null, null, $"The file is larger than {MaxBytes / 1_000_000} MB.",
                        "No lesson is so large: check the path."));
            }

            return Utf8(path, copy.GetBuffer().AsSpan(0, (int)copy.Length));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new NotebookException(new Problem(path, null, null, $"The file cannot be read: {e.Message}",
                "Check the path, and that you may read it."));
        }
    }

    /// <summary>The text in these bytes. Programs differ in what they make of other bytes.</summary>
    private static string Utf8(string path, ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((byte[])[0xFF, 0xFE]) || bytes.StartsWith((byte[])[0xFE, 0xFF]))
            throw new NotebookException(new Problem(path, null, null, "The file is UTF-16, and not UTF-8.", SaveAsUtf8));
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        var bad = bytes.IndexOf((byte)0);
        for (var at = 0; bad < 0 && at < bytes.Length;)
        {
            if (Rune.DecodeFromUtf8(bytes[at..], out _, out var length) != OperationStatus.Done)
                bad = at;
            at += length;
        }

        return bad < 0 ? Encoding.UTF8.GetString(bytes) : throw new NotebookException(
            new Problem(path, null, bytes[..bad].Count((byte)'\n') + 1, "This line has a byte that is not text in UTF-8.", SaveAsUtf8));
    }

    /// <summary>Returns the line after the <c>#!meta</c> block.</summary>
    private static int ReadMeta(string path, string[] lines, List<Problem> problems)
    {
        const string wayOut =
            "Copy the first lines of another lesson: `#!meta`, a blank line, and one line of JSON that names the kernels.";
        if (lines[0].TrimStart('\uFEFF') != "#!meta")
        {
            problems.Add(new Problem(path, null, 1, "The file does not begin with the line `#!meta`.", wayOut));
            return 0;
        }

        var end = 1;
        while (end < lines.Length && !IsMagic(lines[end]))
            end++;
        try
        {
            using var json = JsonDocument.Parse(string.Join('\n', lines[1..end]));
            var kernel = json.RootElement.GetProperty("kernelInfo").GetProperty("defaultKernelName").GetString();
            if (kernel != "csharp")
                problems.Add(new Problem(path, null, 2,
                    $"`#!meta` names the default kernel `{kernel}`; these notebooks are written in C#.", wayOut));
        }
        catch (JsonException e)
        {
            problems.Add(new Problem(path, null, Math.Min(2 + (int)(e.LineNumber ?? 0), lines.Length),
                "What follows `#!meta` is not valid JSON.", wayOut));
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
        return new Cell(path, number, from + 1, kind, string.Join('\n', lines[from..to]), importFolder ?? Path.GetDirectoryName(path)!);
    }

    /// <summary>What is wrong with a line that begins with <c>#!</c> and starts no cell; null for other lines.</summary>
    private static Problem? MarkerProblem(string path, Cell? cell, string line, int number)
    {
        var word = line.TrimStart().Split((char[])[' ', '\t'], 2)[0];
        if (!IsMagic(line) || (word == "#!import" && cell?.Kind == CellKind.CSharp))
            return null; // Dialect.Check looks at imports.

        var (message, wayOut) = word.ToLowerInvariant() switch
        {
            "#!csharp" or "#!c#" or "#!cs" => NotAMarker("#!csharp"),
            "#!markdown" or "#!md" => NotAMarker("#!markdown"),
            "#!meta" => ("`#!meta` may be only in the first line of the file.", "Remove this block."),
            _ => ($"`{word}` is not understood by every notebook host: "
                    + "a line that begins with `#!` may only start a cell or import a file.",
                "Remove the line. The cells are #!csharp and #!markdown; a file is imported with `#!import path`."),
        };
        return new Problem(path, cell?.Number, number, message, wayOut);

        (string, string) NotAMarker(string marker) => ($"`{line}` is meant to start a cell, but not every notebook host sees it as one.",
            $"Write exactly `{marker}`: at the start of the line, in lower case, with nothing after it.");
    }
}
