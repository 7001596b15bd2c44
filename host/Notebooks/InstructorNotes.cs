using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;

namespace TracingTutorial.Host.Notebooks;

/// <summary>What only an instructor sees: comments <c>&lt;!-- instructor: … --&gt;</c> in the Markdown cells that they belong to.</summary>
internal static partial class InstructorNotes
{
    /// <summary>The notes of a cell.</summary>
    public static string[] Of(string markdown) => [.. Note().Matches(markdown).Select(m => m.Groups[1].Value.Trim())];

    /// <summary>The cell as a learner sees it.</summary>
    public static string Without(string markdown) => Note().Replace(markdown, "");

    /// <summary>The notes of a lesson as Markdown, each below the heading that it belongs to; empty if there are none.</summary>
    public static string Of(Notebook lesson)
    {
        var text = new StringBuilder();
        var (heading, said) = ("", "");
        foreach (var cell in lesson.Cells.Where(c => c.Kind == CellKind.Markdown))
        {
            heading = Notebook.Headings(cell).LastOrDefault() ?? heading;
            foreach (var note in Of(cell.Source))
            {
                if (heading != said && heading != lesson.Title)
                    text.Append($"\n*{heading}*\n");
                said = heading;
                if (Question().Matches(cell.Source).LastOrDefault() is { } question)
                    text.Append($"\n> {question.Groups[1].Value.Replace('\n', ' ')}\n");
                text.Append($"\n{note}\n");
            }
        }

        return text.Length == 0 ? "" : $"### {lesson.Title} ({Minutes.Of(lesson)} minutes)\n{text}";
    }

    [GeneratedRegex(@"^\*\*Predict\.\*\* (.+?)\n(?:\n|- )", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Question();

    [GeneratedRegex(@"<!--\s*instructor:(.*?)-->", RegexOptions.Singleline)]
    private static partial Regex Note();
}
