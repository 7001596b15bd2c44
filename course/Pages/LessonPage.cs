using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Pages;

/// <summary>
/// What a page gets before any message: all of a lesson that does not change while it runs. Written as JSON with the defaults
/// for the web; Messages.md describes the fields.
/// </summary>
internal sealed record LessonPage(string Name, string Title, int Minutes, string Version, IReadOnlyList<LessonPage.CodeCell> Cells,
    IReadOnlyList<LessonPage.PagePart> Parts, IReadOnlyList<LessonHeading> Headings, IReadOnlyList<LessonPage.PageQuestion> Questions)
{
    internal sealed record CodeCell(int Index, string? Exercise, bool Import, string Source, string Coloured, string? Solution);

    internal sealed record PagePart(IReadOnlyList<Item> Items, string? Notes, double Minutes);

    internal sealed record Item(
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Html,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Said,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Cell);

    internal sealed record PageQuestion(string Key, string Text, bool Quiz, string? Right, IReadOnlyList<string> Letters,
        IReadOnlyList<int> Cells, int? First);

    /// <summary>The page of a lesson.</summary>
    /// <param name="lesson">The lesson.</param>
    /// <param name="address">As in <see cref="LessonHtml"/>.</param>
    public static LessonPage Of(Lesson lesson, Func<string, string?> address)
    {
        var html = new LessonHtml(CloneFile.Lessons, address);
        LessonHtml.Mark(lesson);
        var page = new LessonPage(
            System.IO.Path.GetFileNameWithoutExtension(lesson.Notebook.Path), lesson.Title, Lessons.Minutes.Of(lesson.Notebook), "",
            [.. lesson.Notebook.Code.Select(cell => new CodeCell(IndexOf(cell), cell.Exercise, cell.ImportPath is not null, cell.Source,
                CodeHtml.Of(cell.Source), cell.Exercise is { } exercise ? lesson.Solutions.GetValueOrDefault(exercise)?.Source : null))],
            [.. lesson.Parts.Select(part => new PagePart(
                [.. part.Items.Select(item => item.Pieces.Count == 0
                    ? new Item(null, false, IndexOf(item.Cell))
                    : new Item(html.Of(item.Pieces), item.Said, null))],
                part.Notes.Count == 0 ? null : html.Of(MarkdownText.Parse(string.Join("\n\n", part.Notes))),
                Math.Round(part.Minutes, 1)))],
            lesson.Headings,
            [.. lesson.Questions.Select(q => new PageQuestion(q.Key, q.Text, q.IsQuiz, q.Right, q.Letters,
                [.. q.Cells.Select(IndexOf)], q.Cells.Count == 0 ? null : IndexOf(q.Cells[0])))]);
        return page with
        {
            Version = Convert.ToHexStringLower(
                SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(page, JsonSerializerOptions.Web)))[..16],
        };
    }

    /// <summary>What the learner will be able to do, for a list of lessons.</summary>
    public static string About(Lesson lesson, Func<string, string?> address) =>
        lesson.Goals is null ? "" : new LessonHtml(CloneFile.Lessons, address).Of([lesson.Goals]);

    private static int IndexOf(Cell cell) => cell.Number - 1;
}
