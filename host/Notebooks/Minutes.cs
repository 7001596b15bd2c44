using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;

namespace TracingTutorial.Host.Notebooks;

/// <summary>A section of a lesson, and how long a learner needs for it.</summary>
/// <param name="Heading">Its heading of level two, or the lesson's title for what stands above the first one.</param>
/// <param name="Minutes">Not rounded.</param>
/// <param name="InDepth">True for a section that can be skipped: <c>In depth</c> or a stretch task. It does not count.</param>
/// <param name="Code">Its code cells.</param>
public sealed record LessonSection(string Heading, double Minutes, bool InDepth, IReadOnlyList<Cell> Code);

/// <summary>
/// How long a lesson takes, by one rule for all: its words at 130 a minute, one minute a code cell, six an exercise, three a
/// quiz, and what a task announces in its heading ("(10 minutes)"). Folds, comments, imports and cells of one line cost nothing.
/// </summary>
public static partial class Minutes
{
    private const double WordsAMinute = 130, Code = 1, Exercise = 6, Quiz = 3;

    /// <summary>What the lesson announces: its sections without those in depth, rounded to five minutes.</summary>
    public static int Of(Notebook lesson) => Rounded(Sections(lesson).Where(s => !s.InDepth));

    /// <summary>The minutes of what can be skipped, rounded to five; 0 when there is nothing.</summary>
    public static int InDepth(Notebook lesson) => Sections(lesson).Any(s => s.InDepth) ? Rounded(Sections(lesson).Where(s => s.InDepth)) : 0;

    /// <summary>The sections in order.</summary>
    public static IReadOnlyList<LessonSection> Sections(Notebook lesson)
    {
        var sections = new List<(string Heading, double Minutes, bool InDepth, List<Cell> Code)> { (lesson.Title, 0, false, []) };
        foreach (var cell in lesson.Cells)
        {
            if (cell.Kind == CellKind.CSharp)
            {
                sections[^1].Code.Add(cell);
                Add(cell.Exercise is not null ? Exercise : cell.Source.Contains('\n') ? Code : 0);
            }
            else
            {
                foreach (var line in ReadText(cell.Source).Split('\n'))
                    AddLine(line);
            }
        }

        return [.. sections.Where(s => s.Minutes > 0).Select(s => new LessonSection(s.Heading, s.Minutes, s.InDepth, s.Code))];

        void Add(double minutes) => sections[^1] = sections[^1] with { Minutes = sections[^1].Minutes + minutes };

        void AddLine(string line)
        {
            if (SectionHeading().Match(line) is { Success: true } heading)
            {
                var name = heading.Groups[1].Value;
                var skipped = name.StartsWith("In depth", StringComparison.OrdinalIgnoreCase) || name.StartsWith("Stretch", StringComparison.OrdinalIgnoreCase);
                sections.Add((name, 0, skipped, []));
                if (name.StartsWith("Quiz", StringComparison.OrdinalIgnoreCase))
                    Add(Quiz);
                if (Announced().Match(name) is { Success: true } announced)
                    Add(int.Parse(announced.Groups[1].Value, CultureInfo.InvariantCulture));
            }

            Add(line.Split((char[])[], StringSplitOptions.RemoveEmptyEntries).Count(word => word.Any(char.IsLetterOrDigit)) / WordsAMinute);
        }
    }

    /// <summary>The text that is read at once: without folds and comments.</summary>
    private static string ReadText(string markdown) => Fold().Replace(Comment().Replace(markdown, ""), "");

    private static int Rounded(IEnumerable<LessonSection> sections) => Math.Max(5, (int)Math.Round(sections.Sum(s => s.Minutes) / 5) * 5);

    [GeneratedRegex(@"^## +(.+?)(?: +#+)?$")]
    private static partial Regex SectionHeading();

    [GeneratedRegex(@"\((\d+) minutes\)")]
    private static partial Regex Announced();

    [GeneratedRegex("<!--.*?-->", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex("<details.*?</details>", RegexOptions.Singleline)]
    private static partial Regex Fold();
}
