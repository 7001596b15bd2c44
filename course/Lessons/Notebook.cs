using System;
using System.Collections.Generic;
using System.Linq;

namespace TracingTutorial.Course.Lessons;

/// <summary>A <c>.dib</c> notebook: its cells in order.</summary>
/// <param name="Path">Full path of the file.</param>
/// <param name="Cells">All cells; those that break the dialect say so in <see cref="Cell.Problems"/>.</param>
public sealed record Notebook(string Path, IReadOnlyList<Cell> Cells)
{
    private Lesson? _lesson;

    /// <summary>The notebook as its reader sees it.</summary>
    internal Lesson Lesson => _lesson is { } known && ReferenceEquals(known.Notebook, this) ? known : _lesson = new Lesson(this);

    /// <summary>The title: its first heading, otherwise the file name.</summary>
    public string Title => Lesson.Title;

    /// <summary>The cells that are run.</summary>
    public IEnumerable<Cell> Code => Cells.Where(c => c.Kind == CellKind.CSharp);

    /// <summary>Everything that breaks the dialect, in order.</summary>
    public IEnumerable<Problem> Problems => Cells.SelectMany(c => c.Problems);

    /// <summary>The notebook with each exercise cell replaced by its solution; the rest stays.</summary>
    /// <exception cref="NotebookException">An exercise has no folded solution.</exception>
    public Notebook Solved()
    {
        var solutions = Lesson.Solutions;
        return new Notebook(Path, [.. Cells.Select(Solve)]);

        Cell Solve(Cell cell) => cell.Exercise is not { } number ? cell
            : solutions.TryGetValue(number, out var solution) ? cell with { Source = solution.Source }
            : throw new NotebookException(new Problem(Path, cell.Number, cell.Line, $"Exercise {number} has no solution.",
                "Add a fold below it: `<details>`, `<summary>Solution</summary>`, "
                    + "a ```csharp block that replaces the whole cell, `</details>`."));
    }

    /// <summary>The notebook as a browser tab shows it: with the texts that are for a tab, <c>&lt;!-- tab: … --&gt;</c>.</summary>
    public Notebook InTab() =>
        new(Path, [.. Cells.Select(c => c.Kind == CellKind.Markdown ? c with { Source = c.Text.InTab } : c)]) { Announced = this };

    /// <summary>The notebook whose minutes this one announces; null for its own.</summary>
    internal Notebook? Announced { get; private init; }

    /// <summary>
    /// Why a browser tab cannot run a cell, by the cell's number: the sentence that the text right above the cell has in a comment
    /// <c>&lt;!-- no tab: … --&gt;</c>.
    /// </summary>
    /// <exception cref="NotebookException">Such a comment is not right above a cell of code.</exception>
    internal IReadOnlyDictionary<int, string> NotInTab()
    {
        var sentences = new Dictionary<int, string>();
        foreach (var (cell, next) in Cells.Zip(Cells.Skip(1).Append<Cell?>(null)).Where(c => c.First.Kind == CellKind.Markdown))
        {
            if (cell.Text.NotInTab is not { } sentence)
                continue;
            if (next?.Kind != CellKind.CSharp)
            {
                throw new NotebookException(new Problem(Path, cell.Number, cell.Line,
                    "A comment `<!-- no tab: … -->` is about the next cell, and no code follows this text.",
                    "Move the comment into the text right above the cell that a browser tab cannot run."));
            }

            sentences.Add(next.Number, sentence);
        }

        return sentences;
    }
}
