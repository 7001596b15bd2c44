using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace TracingTutorial.Course.Lessons;

/// <summary>
/// A day plan in INSTRUCTOR.md: a heading that says how long it is, and a table of which only the last column is written by
/// hand. A row there begins with <c>lesson 3</c> and names sections in italics, if it is not the whole lesson
/// (<c>lesson 3: *Status*, *Quiz*</c> or <c>lesson 3 without *Quiz*</c>), or it announces <c>(15 minutes)</c>.
/// </summary>
/// <param name="Heading">As "Half a day (240 minutes)".</param>
/// <param name="Promised">The minutes in the heading.</param>
/// <param name="Rows">In their order.</param>
internal sealed partial record Agenda(string Heading, int Promised, IReadOnlyList<Agenda.Part> Rows)
{
    /// <param name="Minutes">Rounded.</param>
    /// <param name="Lesson">The lesson that is taught; null for what announces its time.</param>
    /// <param name="Sections">Its sections that are taught.</param>
    internal sealed record Part(int Minutes, Notebook? Lesson, IReadOnlyList<LessonSection> Sections);

    /// <summary>The agendas of a file.</summary>
    /// <exception cref="NotebookException">A row names a lesson or a section that is not there.</exception>
    public static IEnumerable<Agenda> In(string path, string text, IReadOnlyList<Notebook> lessons)
    {
        foreach (Match head in AgendaHeading().Matches(text))
        {
            var end = text.IndexOf("\n#", head.Index + head.Length, StringComparison.Ordinal);
            var part = text[head.Index..(end < 0 ? text.Length : end)];
            var rows = Row().Matches(part).Select(r => PartOf(r, lessons, path, LineOf(text, head.Index + r.Index))).ToArray();
            if (rows.Length > 0)
                yield return new Agenda(head.Groups[1].Value, int.Parse(head.Groups[2].Value, CultureInfo.InvariantCulture), rows);
        }
    }

    /// <summary>The text with the two columns of numbers filled in. The first row of a table keeps its time: there it begins.</summary>
    /// <exception cref="NotebookException">A row names a lesson or a section that is not there.</exception>
    public static string Fill(string path, string text, IReadOnlyList<Notebook> lessons)
    {
        var time = TimeSpan.Zero;
        var last = -1;
        return Row().Replace(text, row =>
        {
            if (row.Index != last)
                time = TimeSpan.ParseExact(row.Groups["from"].Value, @"h\:mm", CultureInfo.InvariantCulture);
            last = row.Index + row.Length;
            var (from, minutes) = (time, PartOf(row, lessons, path, LineOf(text, row.Index)).Minutes);
            time += TimeSpan.FromMinutes(minutes);
            return $"| {from:h\\:mm} | {minutes} | {row.Groups["what"].Value} |\n";
        });
    }

    private static Part PartOf(Match row, IReadOnlyList<Notebook> lessons, string path, int line)
    {
        var what = row.Groups["what"].Value;
        if (Announced().Match(what) is { Success: true } announced)
            return new Part(int.Parse(announced.Groups[1].Value, CultureInfo.InvariantCulture), null, []);
        var number = LessonNumber().Match(what) is { Success: true } named
            ? int.Parse(named.Groups[1].Value, CultureInfo.InvariantCulture)
            : -1;
        var lesson = lessons.FirstOrDefault(l => Path.GetFileName(l.Path).StartsWith($"{number:00}-", StringComparison.Ordinal))
            ?? throw Wrong("This row of an agenda says neither a lesson nor how long it is.",
                "Begin it with a lesson, as `lesson 3`, or announce its time, as `(15 minutes)`.");
        var sections = Minutes.Sections(lesson);
        var mentioned = Italics().Matches(what.Split(';')[0]).Select(m => m.Groups[1].Value).ToArray();
        if (mentioned.FirstOrDefault(name => sections.All(s => s.Heading != name)) is { } unknown)
            throw Wrong($"{Path.GetFileName(lesson.Path)} has no section '{unknown}'.",
                $"Its sections are: {string.Join(", ", sections.Select(s => s.Heading))}.");
        var without = what.Contains(" without ", StringComparison.Ordinal);
        LessonSection[] taught = [.. sections.Where(s => mentioned.Length == 0 ? !s.InDepth
            : without ? !s.InDepth && !mentioned.Contains(s.Heading) : mentioned.Contains(s.Heading))];
        return new Part((int)Math.Round(Minutes.Opening + taught.Sum(s => s.Minutes + s.Votes)), lesson, taught);

        NotebookException Wrong(string message, string wayOut) => new(new Problem(path, null, line, message, wayOut));
    }

    private static int LineOf(string text, int at) => text.AsSpan(0, at).Count('\n') + 1;

    [GeneratedRegex(@"^### (.*?\b(\d+) minutes\)?)$", RegexOptions.Multiline)]
    private static partial Regex AgendaHeading();

    [GeneratedRegex(@"^\| (?<from>\d+:\d\d) \| \d* \| (?<what>.+) \|\n", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\((\d+) minutes\)")]
    private static partial Regex Announced();

    [GeneratedRegex(@"^\[?lesson (\d+)\b")]
    private static partial Regex LessonNumber();

    [GeneratedRegex(@"\*([^*]+)\*")]
    private static partial Regex Italics();
}
