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
            foreach (var note in cell.Text.Notes)
            {
                heading = cell.Text.Headings.LastOrDefault(h => h.Block.Span.Start < note.Start)?.Markdown ?? heading;
                if (heading != said && heading != lesson.Title)
                    text.Append($"\n*{heading}*\n");
                said = heading;
                if (QuestionAbove(cell.Text, note.Start) is { } question)
                    text.Append($"\n> {question}\n");
                text.Append($"\n{note.Text}\n");
            }

            heading = cell.Text.Headings.LastOrDefault()?.Markdown ?? heading;
        }

        return text.Length == 0 ? "" : $"### {lesson.Title} ({Minutes.Of(lesson)} minutes)\n{text}";
    }

    /// <summary>The last question above a position that the word Predict announces, as Markdown.</summary>
    private static string? QuestionAbove(MarkdownText text, int end)
    {
        var asked = text.Pieces.Select(p => p.Block).OfType<ParagraphBlock>().Where(p => p.Span.Start < end)
            .Select(p => text.Source.Substring(p.Span.Start, p.Span.Length))
            .LastOrDefault(p => p.StartsWith(Predict, StringComparison.Ordinal));
        return asked?[Predict.Length..].Replace('\n', ' ');
    }

    private const string Predict = "**Predict.** ";
}
