using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Markdig.Syntax;

namespace TracingTutorial.Course.Lessons;

/// <summary>What only an instructor sees: comments <c>&lt;!-- instructor: … --&gt;</c> in the Markdown cells that they belong to.</summary>
internal static class InstructorNotes
{
    /// <summary>The notes of a lesson as Markdown, each below the heading that it belongs to; empty if there are none.</summary>
    public static string Of(Notebook lesson)
    {
        var text = new StringBuilder();
        var (heading, said) = ("", "");
        foreach (var cell in lesson.Cells.Where(c => c.Kind == CellKind.Markdown))
        {
            heading = cell.Text.Headings.LastOrDefault()?.Markdown ?? heading;
            foreach (var note in cell.Text.Notes)
            {
                if (heading != said && heading != lesson.Title)
                    text.Append($"\n*{heading}*\n");
                said = heading;
                if (QuestionIn(cell.Text) is { } question)
                    text.Append($"\n> {question}\n");
                text.Append($"\n{note}\n");
            }
        }

        return text.Length == 0 ? "" : $"### {lesson.Title} ({Minutes.Of(lesson)} minutes)\n{text}";
    }

    /// <summary>The last question of a text that the word Predict announces, as Markdown.</summary>
    private static string? QuestionIn(MarkdownText text)
    {
        var asked = text.Pieces.Select(p => p.Block).OfType<ParagraphBlock>()
            .Select(p => text.Source.Substring(p.Span.Start, p.Span.Length))
            .LastOrDefault(p => p.StartsWith(Predict, StringComparison.Ordinal));
        return asked?[Predict.Length..].Replace('\n', ' ');
    }

    private const string Predict = "**Predict.** ";
}
