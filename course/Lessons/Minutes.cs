using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using Markdig.Syntax;

namespace TracingTutorial.Course.Lessons;

/// <summary>A section of a lesson, and how long a learner needs for it.</summary>
/// <param name="Heading">Its heading of level two, or the lesson's title for what is above the first one.</param>
/// <param name="Minutes">Not rounded.</param>
/// <param name="InDepth">True for a section that can be skipped: <c>In depth</c> or a stretch task. It does not count.</param>
/// <param name="Code">Its code cells.</param>
/// <param name="Votes">The minutes that a room needs in addition, for the votes at its Predicts.</param>
public sealed record LessonSection(string Heading, double Minutes, bool InDepth, IReadOnlyList<Cell> Code, double Votes);

/// <summary>
/// How long a lesson takes, by one rule for all: its words at 130 a minute, one minute a code cell, six an exercise, three a
/// quiz, and what a task announces in its heading ("(10 minutes)"). Folds, comments, imports and cells of one line cost nothing.
/// A room needs more than a learner alone: two minutes for each vote, and one to open a lesson.
/// </summary>
public static partial class Minutes
{
    private const double WordsAMinute = 130, Code = 1, Exercise = 6, Quiz = 3, Vote = 2;

    /// <summary>Until the first cells of a lesson, with the imports, have run in front of a room.</summary>
    internal const double Opening = 1;

    /// <summary>What the lesson announces: its sections without those in depth, rounded to five minutes.</summary>
    public static int Of(Notebook lesson) => Rounded(Sections(lesson.Announced ?? lesson).Where(s => !s.InDepth));

    /// <summary>The minutes of what can be skipped, rounded to five; 0 when there is nothing.</summary>
    public static int InDepth(Notebook lesson) =>
        Sections(lesson).Any(s => s.InDepth) ? Rounded(Sections(lesson).Where(s => s.InDepth)) : 0;

    /// <summary>The sections in order.</summary>
    public static IReadOnlyList<LessonSection> Sections(Notebook lesson)
    {
        var sections = new List<LessonSection>();
        Begin(lesson.Lesson.Title);
        foreach (var cell in lesson.Cells)
        {
            if (cell.Kind == CellKind.CSharp)
            {
                sections[^1] = sections[^1] with { Code = [.. sections[^1].Code, cell] };
                Add(Of(cell), 0);
                continue;
            }

            foreach (var (piece, next) in cell.Text.Pieces.Zip(cell.Text.Pieces.Skip(1).Append(null)))
            {
                if (SectionOf(cell.Text, piece) is { } name)
                    Begin(name);
                Add(Of(cell.Text, [piece]), IsPredict(piece, next) ? Vote : 0);
            }
        }

        return [.. sections.Where(s => s.Minutes > 0)];

        void Begin(string heading) => sections.Add(new LessonSection(heading, 0, IsInDepth(heading), [], 0));

        void Add(double minutes, double votes) =>
            sections[^1] = sections[^1] with { Minutes = sections[^1].Minutes + minutes, Votes = sections[^1].Votes + votes };
    }

    /// <summary>The minutes of a cell of code.</summary>
    internal static double Of(Cell code) => code.Exercise is not null ? Exercise : code.Source.Contains('\n') ? Code : 0;

    /// <summary>The minutes of some text, without its folds.</summary>
    internal static double Of(MarkdownText text, IEnumerable<Piece> pieces) => pieces.Sum(piece =>
    {
        if (piece is Fold)
            return 0;
        var words = (piece.Html ?? text.Source.Substring(piece.Block.Span.Start, piece.Block.Span.Length))
            .Split((char[])[], StringSplitOptions.RemoveEmptyEntries).Count(word => word.Any(char.IsLetterOrDigit)) / WordsAMinute;
        var name = SectionOf(text, piece) ?? "";
        return words + (name.StartsWith("Quiz", StringComparison.OrdinalIgnoreCase) ? Quiz : 0)
            + (Announced().Match(name) is { Success: true } announced
                ? int.Parse(announced.Groups[1].Value, CultureInfo.InvariantCulture)
                : 0);
    });

    /// <summary>The minutes of the votes at the Predicts of a text. The questions of a quiz have their minutes with it.</summary>
    internal static double OfVotes(IReadOnlyList<Piece> pieces) =>
        Vote * pieces.Where((piece, i) => IsPredict(piece, pieces.ElementAtOrDefault(i + 1))).Count();

    private static bool IsPredict(Piece piece, Piece? next) => Question.Is(piece.Block) && next is not Fold;

    private static string? SectionOf(MarkdownText text, Piece piece) =>
        piece.Block is HeadingBlock { Level: 2 } block ? text.Headings.First(h => h.Block == block).Markdown : null;

    private static bool IsInDepth(string name) =>
        name.StartsWith("In depth", StringComparison.OrdinalIgnoreCase) || name.StartsWith("Stretch", StringComparison.OrdinalIgnoreCase);

    private static int Rounded(IEnumerable<LessonSection> sections) => Math.Max(5, (int)Math.Round(sections.Sum(s => s.Minutes) / 5) * 5);

    [GeneratedRegex(@"\((\d+) minutes\)")]
    private static partial Regex Announced();
}
