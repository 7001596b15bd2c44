using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace TracingTutorial.Host.Notebooks;

/// <summary>A <c>.dib</c> notebook: its cells in order.</summary>
/// <param name="Path">Full path of the file.</param>
/// <param name="Cells">All cells; those that break the dialect say so in <see cref="Cell.Problems"/>.</param>
public sealed partial record Notebook(string Path, IReadOnlyList<Cell> Cells)
{
    /// <summary>The title: the first heading of the first Markdown cell that has one, otherwise the file name.</summary>
    public string Title =>
        Cells.Where(c => c.Kind == CellKind.Markdown).SelectMany(Headings).FirstOrDefault()
        ?? System.IO.Path.GetFileName(Path);

    /// <summary>What a learner will be able to do: the first list of the first cell, as Markdown; empty if there is none.</summary>
    public string Goals => string.Join('\n', (Cells.Count == 0 ? "" : Cells[0].Source).Split('\n')
        .SkipWhile(line => !line.StartsWith("- ", StringComparison.Ordinal)).TakeWhile(line => line.StartsWith("- ", StringComparison.Ordinal)));

    /// <summary>The cells that are run.</summary>
    public IEnumerable<Cell> Code => Cells.Where(c => c.Kind == CellKind.CSharp);

    /// <summary>Everything that breaks the dialect, in order.</summary>
    public IEnumerable<Problem> Problems => Cells.SelectMany(c => c.Problems);

    /// <summary>The headings of a Markdown cell, without their marks and outside code fences.</summary>
    public static IEnumerable<string> Headings(Cell cell)
    {
        var fenced = false;
        foreach (var line in cell.Source.Split('\n'))
        {
            if (DibReader.IsFence(line))
                fenced = !fenced;
            else if (!fenced && HeadingLine().Match(line) is { Success: true } match)
                yield return match.Groups[1].Value;
        }
    }

    /// <summary>The solution of each exercise: the <c>csharp</c> block in the fold <c>Solution</c> below it. It replaces the whole cell.</summary>
    /// <returns>By the number of the exercise.</returns>
    public IReadOnlyDictionary<string, string> Solutions()
    {
        var solutions = new Dictionary<string, string>();
        string? exercise = null;
        foreach (var cell in Cells)
        {
            if (cell.Kind == CellKind.CSharp)
                exercise = cell.Exercise;
            else if (exercise is not null && FoldedSolution().Match(cell.Source) is { Success: true } match)
                solutions.TryAdd(exercise, match.Groups[1].Value.Trim('\n'));
        }

        return solutions;
    }

    /// <summary>The notebook with each exercise cell replaced by its solution; the rest stays.</summary>
    /// <exception cref="NotebookException">An exercise has no folded solution.</exception>
    public Notebook Solved()
    {
        var solutions = Solutions();
        return this with { Cells = [.. Cells.Select(Solve)] };

        Cell Solve(Cell cell) => cell.Exercise is not { } number ? cell
            : solutions.TryGetValue(number, out var solution) ? cell with { Source = solution }
            : throw new NotebookException(new Problem(Path, cell.Number, cell.Line, $"Exercise {number} has no solution.",
                "Add a fold below it: `<details>`, `<summary>Solution</summary>`, a ```csharp block that replaces the whole cell, `</details>`."));
    }

    [GeneratedRegex(@"^#{1,6} +(.+?)(?: +#+)?$")]
    private static partial Regex HeadingLine();

    [GeneratedRegex(@"<summary>Solution</summary>\s*```csharp\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex FoldedSolution();
}
