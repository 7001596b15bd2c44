using System.Collections.Generic;
using System.Linq;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>What keeps a cell of a lesson from being run: it breaks the dialect, or a file that it imports does.</summary>
internal static class CellProblems
{
    /// <summary>The problems of a cell and of all that it imports; a circle of imports is one too.</summary>
    public static Problem[] Of(Cell cell)
    {
        try
        {
            return cell.Problems.Count > 0 || cell.ImportPath is null ? [.. cell.Problems] : [.. Imported(cell, [cell.File])];
        }
        catch (NotebookException e)
        {
            return [.. e.Problems];
        }
    }

    private static IEnumerable<Problem> Imported(Cell importing, IReadOnlyList<string> open)
    {
        var path = importing.ImportPath!;
        if (open.Contains(path))
        {
            var circle = string.Join(" -> ", open.SkipWhile(p => p != path).Append(path).Select(Paths.Display));
            return [new Problem(importing.File, importing.Number, importing.Line,
                $"This import goes round in a circle: {circle}", "Remove one of these imports.")];
        }

        return DibReader.Imported(path, importing.ImportFolder)
            .SelectMany(c => c.Problems.Count > 0 || c.ImportPath is null ? c.Problems : Imported(c, [.. open, path])).ToArray();
    }
}
