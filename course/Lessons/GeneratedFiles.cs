using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace TracingTutorial.Course.Lessons;

/// <summary>
/// What is made from the lessons and not typed: the minutes in their heads and in the README's table; the numbers of
/// INSTRUCTOR.md's agendas, and its notes on each lesson. <c>run --rewrite</c> writes it, a test compares it.
/// </summary>
internal static partial class GeneratedFiles
{
    /// <summary>The files that hold something generated, with the text they should have.</summary>
    public static IEnumerable<(string Path, string Text)> All(string root)
    {
        var lessons = Directory.GetFiles(Path.Combine(root, "notebooks"), "*.dib")
            .Order(System.StringComparer.Ordinal)
            .Select(path => DibReader.Load(path)).ToArray();
        foreach (var lesson in lessons)
            yield return (lesson.Path, Head().Replace(Read(lesson.Path), HeadOf(lesson), 1));

        var readme = Path.Combine(root, "README.md");
        var text = Read(readme);
        foreach (var lesson in lessons)
        {
            var row = new Regex($@"(?<=\]\(notebooks/{Regex.Escape(Path.GetFileName(lesson.Path))}\) \| )[^|]*(?= \|)");
            text = row.Replace(text,
                Minutes.InDepth(lesson) is > 0 and var more
                    ? $"{Minutes.Of(lesson)} + {more}"
                    : $"{Minutes.Of(lesson)}");
        }

        yield return (readme, text);

        var kit = Path.Combine(root, "notebooks", "INSTRUCTOR.md");
        var notes = string.Join('\n', lessons.Select(InstructorNotes.Of).Where(n => n.Length > 0));
        yield return (kit, Agenda.Fill(kit, Notes().Replace(Read(kit), _ => $"\n{notes}\n"), lessons));
    }

    // An editor may have saved it with the line ends of Windows; the repository has none.
    private static string Read(string path) => File.ReadAllText(path).ReplaceLineEndings("\n");

    private static string HeadOf(Notebook lesson) => Minutes.InDepth(lesson) is > 0 and var more
        ? $"**{Minutes.Of(lesson)} minutes**, and {more} more for {Skipped(lesson)}."
        : $"**{Minutes.Of(lesson)} minutes.**";

    private static string Skipped(Notebook lesson) =>
        Minutes.Sections(lesson).Any(s => s.Heading.StartsWith("In depth", System.StringComparison.OrdinalIgnoreCase))
            ? "what is marked *in depth*" : "the *stretch*";

    [GeneratedRegex(
        @"(?<=<!-- What follows is made from the lessons by `run --rewrite`\. -->\n).*"
        + @"(?=<!-- Here ends what is made from the lessons\. -->)",
        RegexOptions.Singleline)]
    private static partial Regex Notes();

    [GeneratedRegex(@"\*\*\d+ minutes\.?\*\*(?:, and \d+ more for [^.\n]*\.)?")]
    private static partial Regex Head();
}
