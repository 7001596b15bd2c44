using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using TracingTutorial.Course.Lessons;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>What an agenda for instructors leaves out is not referred to in what it keeps.</summary>
public sealed partial class AgendaTests
{
    [Fact]
    public void Nothing_that_an_agenda_keeps_refers_to_a_section_that_it_leaves_out()
    {
        var kit = Path.Combine(HostRunner.Root, "notebooks", "INSTRUCTOR.md");
        Notebook[] lessons = [.. HostRunner.Lessons.Select(l => DibReader.Load(HostRunner.Lesson(l)))];
        var rows = Agenda.In(kit, File.ReadAllText(kit).ReplaceLineEndings("\n"), lessons)
            .SelectMany(a => a.Rows.Where(r => r.Lesson is not null).Select(r => (a.Heading, Row: r)));
        var faults = rows.SelectMany(r => References(r.Row.Lesson!, r.Row.Sections).Select(f => $"{r.Heading}: {f}")).Distinct().ToArray();

        Assert.True(faults.Length == 0, string.Join('\n', faults));
    }

    [Fact]
    public void The_answers_in_the_instructors_notes_are_the_right_letters()
    {
        var found = 0;
        var faults = HostRunner.Lessons.Select(l => DibReader.Load(HostRunner.Lesson(l))).SelectMany(lesson => lesson.Lesson.Parts
            .SelectMany(part => part.Notes.SelectMany(note => AnswerIs().Matches(note)).Select(m => m.Groups[1].Value)
            .Select(letter =>
            {
                found++;
                var right = part.Items.SelectMany(i => i.Pieces).Select(p => lesson.Lesson.Questions.FirstOrDefault(q => q.List == p.Block))
                    .OfType<Question>().Select(q => q.Right).ToArray();
                return right.Contains(letter) ? null : $"{lesson.Title}: the notes say {letter}, and right is {string.Join(", ", right)}.";
            }))).OfType<string>().ToArray();

        Assert.True(faults.Length == 0, string.Join('\n', faults));
        Assert.True(found > 60);
    }

    [GeneratedRegex(@"The answer is ([A-E])\b")]
    private static partial Regex AnswerIs();

    [Fact]
    public void A_reference_by_name_by_number_and_by_answer_is_found()
    {
        const string options = "\n\n- **A.** As behind `user-cache`.\n- **B.** Not so.\n\n";
        var lesson = DibReader.Parse("/notebooks/05-test.dib", HostRunner.Meta
            + "#!markdown\n\n# Title\n\nText about `spans`.\n\n## First\n\nA service called `user-cache`.\n\n## Exercise 5.1\n\nDo it.\n\n"
            + $"## Last\n\nAs in *First*, `spans` are lost. See 5.1, not 5.1.2.\n\n**Predict.** What is behind the proxy?{options}"
            + "#!csharp\n\nvar a = 1;\na\n\n#!markdown\n\n**A.** It is.\n");
        var sections = Minutes.Sections(lesson);

        Assert.Equal(["*Last* refers to *First*: First", "*Last* refers to *First*: user-cache", "*Last* refers to *Exercise 5.1*: 5.1"],
            References(lesson, [sections[^1]]));
        Assert.Empty(References(lesson, sections));
    }

    /// <summary>What the kept sections of a lesson say about those that are left out.</summary>
    private static IEnumerable<string> References(Notebook lesson, IReadOnlyList<LessonSection> kept)
    {
        var sections = Texts(lesson);
        var inDepth = Minutes.Sections(lesson).Where(s => s.InDepth).Select(s => s.Heading).ToHashSet(); // everybody may skip these
        bool IsKept(int i) => i == 0 || kept.Any(k => k.Heading == sections[i].Heading);
        for (var left = 1; left < sections.Count; left++)
        {
            if (IsKept(left) || inDepth.Contains(sections[left].Heading))
                continue;
            var (heading, text, code) = sections[left];
            string[] names = [heading, .. Number().Match(heading) is { Success: true } number ? [number.Value] : Array.Empty<string>()];
            var introduced = Terms(text).Except(Enumerable.Range(0, left).Where(IsKept).SelectMany(i => Terms(sections[i].Text))).ToArray();
            for (var i = 0; i < sections.Count; i++)
            {
                if (!IsKept(i))
                    continue;
                foreach (var name in names)
                {
                    if (name == heading ? IsMarked(sections[i].Text, name) : HasNumber(sections[i].Text, name))
                        yield return $"*{sections[i].Heading}* refers to *{heading}*: {name}";
                }

                // An answer is understood from what was taught before it.
                if (i <= left)
                    continue;
                var known = Enumerable.Range(left + 1, i - left - 1).Where(IsKept).SelectMany(k => Terms(sections[k].Text)).ToHashSet();
                foreach (var term in Questions(sections[i].Text).SelectMany(Terms).Distinct().Intersect(introduced))
                {
                    var isKnown = known.Contains(term) || sections[i].Code.Contains(term, StringComparison.Ordinal);
                    if (!isKnown && !IsExplained(sections[i].Text, term))
                        yield return $"*{sections[i].Heading}* refers to *{heading}*: {term}";
                }
            }
        }
    }

    private static bool HasNumber(string text, string number) => Regex.IsMatch(text, @$"(?<![\w.]){Regex.Escape(number)}(?!\w|\.\d)");

    /// <summary>True when a heading is named as a heading: in italics, in quotation marks or in a link.</summary>
    private static bool IsMarked(string text, string heading) =>
        ((string[])[$"*{heading}*", $"\"{heading}\"", $"[{heading}]"]).Any(mark => text.Contains(mark, StringComparison.OrdinalIgnoreCase));

    /// <summary>True when the section has said the term before its question, or defines it in bold.</summary>
    private static bool IsExplained(string text, string term)
    {
        var question = Questions(text).First(q => Terms(q).Contains(term));
        return Terms(text[..text.IndexOf(question, StringComparison.Ordinal)]).Contains(term);
    }

    private static IEnumerable<string> Questions(string text) => Question().Matches(text).Select(m => m.Value);

    /// <summary>Names: what is in code, in bold, or joined by hyphens as the names of services.</summary>
    private static IEnumerable<string> Terms(string text) =>
        Term().Matches(text).Select(m => m.Groups.Values.Skip(1).First(g => g.Success).Value).Where(t => t.Length > 2);

    /// <summary>The sections of a lesson: their text with folds and notes, and their code.</summary>
    private static List<(string Heading, string Text, string Code)> Texts(Notebook lesson)
    {
        var sections = new List<(string Heading, string Text, string Code)> { (lesson.Lesson.Title, "", "") };
        foreach (var cell in lesson.Cells)
        {
            if (cell.Kind == CellKind.CSharp)
            {
                sections[^1] = sections[^1] with { Code = sections[^1].Code + cell.Source + "\n" };
                continue;
            }

            foreach (var line in cell.Source.Split('\n'))
            {
                if (line.StartsWith("## ", StringComparison.Ordinal))
                    sections.Add((line[3..], "", ""));
                else
                    sections[^1] = sections[^1] with { Text = sections[^1].Text + line + "\n" };
            }
        }

        return sections;
    }

    [GeneratedRegex(@"\d+\.\d+")]
    private static partial Regex Number();

    [GeneratedRegex(@"[^\n]+\n\n(?:- \*\*[A-E]\.\*\* [^\n]+\n)+")]
    private static partial Regex Question();

    [GeneratedRegex(@"`([^`\n]+)`|\*\*(?![A-E]\.)([^*\n]+?)[:.]?\*\*|\b([a-z]+-(?:service|gateway|cache|db))\b")]
    private static partial Regex Term();
}
