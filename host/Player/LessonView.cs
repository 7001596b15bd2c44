using System;
using System.Collections.Generic;
using System.Linq;
using TracingTutorial.Host.Notebooks;
using TracingTutorial.Host.Pages;

namespace TracingTutorial.Host.Player;

/// <summary>What a page is told about a lesson when it opens.</summary>
internal static class LessonView
{
    /// <summary>The lesson as a message: its cells, what the learner did, and what the kernel does.</summary>
    public static object Of(
        string name, Notebook lesson, Progress progress, IReadOnlyList<int> codeCells, int running, IReadOnlyCollection<int> queued, string kernel, Func<string, string?> address)
    {
        var places = codeCells.Select((cell, place) => (cell, place)).ToDictionary(p => p.cell, p => p.place);
        return new
        {
            type = "lesson",
            name,
            title = lesson.Title,
            minutes = Minutes.Of(lesson),
            kernel,
            running,
            orphans = progress.Orphans,
            choices = progress.Choices,
            cells = lesson.Cells.Select((cell, index) => places.TryGetValue(index, out var place)
                ? Code(cell, index, progress.Cells[place], queued.Contains(index)) : Text(cell, index, address)),
        };
    }

    /// <summary>Where a question stands, so that its answer is found again: its text.</summary>
    public static string KeyOf(string question) => string.Join(' ', question.Split((char[])[], StringSplitOptions.RemoveEmptyEntries));

    private static object Text(Cell cell, int index, Func<string, string?> address)
    {
        var html = LessonHtml.Of(cell.Source, "notebooks", address);
        return new { index, html = html.Html, notes = html.Notes };
    }

    private static object Code(Cell cell, int index, KeptCell kept, bool queued) => new
    {
        index,
        exercise = cell.Exercise,
        import = cell.ImportPath is not null,
        source = kept.Source ?? kept.Original,
        coloured = CodeHtml.Of(kept.Source ?? kept.Original),
        edited = kept.Source is not null,
        outputs = kept.Outputs,
        ok = kept.Ok,
        milliseconds = kept.Milliseconds,
        solved = kept.Solved,
        queued,
    };
}
