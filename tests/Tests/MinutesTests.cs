using System;
using System.IO;
using System.Linq;
using TracingTutorial.Host.Notebooks;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>How long a lesson takes is computed.</summary>
public class MinutesTests
{
    private static readonly string Words260 = string.Join(' ', Enumerable.Repeat("word", 260));

    [Fact]
    public void Words_code_exercises_a_quiz_and_announced_minutes_count_and_nothing_else()
    {
        var lesson = DibReader.Parse("/notebooks/test.dib", TheHost.Meta
            + $"#!markdown\n\n# Title\n\n{Words260}\n\n<!-- instructor: {Words260} -->\n\n<details>\n<summary>Hint</summary>\n\n{Words260}\n\n</details>\n\n"
            + "#!csharp\n\n#!import ../helpers/core.dib\n\n#!csharp\n\noneLine\n\n#!csharp\n\nvar a = 1;\na\n\n"
            + "#!markdown\n\n## Exercise 1.1\n\n#!csharp\n\n// Exercise 1.1: a\n1\n\n"
            + "#!markdown\n\n## Task (10 minutes)\n\n## Quiz\n\n" + Words260
            + "\n\n## In depth: more\n\n" + Words260 + Words260 + "\n\n### Still in depth\n\n" + Words260 + "\n\n## Stretch\n\n" + Words260 + "\n");

        var sections = Minutes.Sections(lesson).ToDictionary(s => s.Heading, s => (Math.Round(s.Minutes), s.InDepth));

        Assert.Equal((3, false), sections["Title"]);               // 2 of words, 1 of code
        Assert.Equal((6, false), sections["Exercise 1.1"]);
        Assert.Equal((10, false), sections["Task (10 minutes)"]);
        Assert.Equal((5, false), sections["Quiz"]);
        Assert.Equal((6, true), sections["In depth: more"]);
        Assert.Equal((2, true), sections["Stretch"]);
        Assert.Equal(25, Minutes.Of(lesson));                       // 24, to the next five
        Assert.Equal(10, Minutes.InDepth(lesson));
    }

    [Fact]
    public void An_agenda_is_added_up_from_the_sections_that_its_rows_name()
    {
        var lesson = DibReader.Parse("/notebooks/03-test.dib", TheHost.Meta + $"#!markdown\n\n# Title\n\n## First\n\n{Words260}\n\n## Second\n\n{Words260} {Words260}\n\n## In depth: more\n\n{Words260}\n\n## Quiz\n\nText.\n");
        const string Text = "# Kit\n\n### An evening (20 minutes)\n\n| from | min | what |\n|---|---|---|\n| 18:30 | 0 | lesson 3 |\n| 0:00 |  | lesson 3: *Second*, *In depth: more*; not *all* of it |\n"
            + "| 0:00 | 1 | lesson 3 without *First* |\n| 0:00 | 1 | *break* (15 minutes) |\n\n### Nothing (5 minutes)\n\nNo table.\n";

        var filled = Agenda.Fill("/kit.md", Text, [lesson]);

        Assert.Contains("| 18:30 | 9 | lesson 3 |\n| 18:39 | 6 | lesson 3: *Second*, *In depth: more*; not *all* of it |\n| 18:45 | 7 | lesson 3 without *First* |\n| 18:52 | 15 | *break* (15 minutes) |\n", filled);
        var agenda = Assert.Single(Agenda.In("/kit.md", filled, [lesson]));
        Assert.Equal(("An evening (20 minutes)", 20, 37), (agenda.Heading, agenda.Promised, agenda.Rows.Sum(r => r.Minutes)));

        foreach (var (row, says) in new[] { ("lesson 3: *Third*", "/kit.md:8: 03-test.dib has no section 'Third'."), ("lunch", "/kit.md:8: This row of an agenda says neither"), ("lesson 4", "/kit.md:8: This row") })
            Assert.StartsWith(says, Assert.Throws<NotebookException>(() => Agenda.Fill("/kit.md", Text.Replace("lesson 3: *Second*, *In depth: more*; not *all* of it", row), [lesson])).Message);
    }

    [Fact]
    public void The_agendas_for_instructors_keep_their_promise_within_five_minutes()
    {
        var kit = Path.Combine(TheHost.Root, "notebooks", "INSTRUCTOR.md");
        var agendas = Agenda.In(kit, File.ReadAllText(kit).ReplaceLineEndings("\n"), [.. TheHost.Lessons.Select(l => DibReader.Load(TheHost.Lesson(l)))]).ToArray();

        Assert.Equal(4, agendas.Length);
        Assert.All(agendas, a => Assert.True(Math.Abs(a.Rows.Sum(r => r.Minutes) - a.Promised) <= 5, $"{a.Heading} is {a.Rows.Sum(r => r.Minutes)} minutes long."));
    }

    [Fact]
    public void What_an_instructor_is_told_stands_below_its_heading_and_is_not_seen_by_a_learner()
    {
        var lesson = DibReader.Parse("/notebooks/03-test.dib", TheHost.Meta + "#!markdown\n\n# Title\n\nText.\n\n<!-- instructor:\n**Say:** hello.\n-->\n\n#!markdown\n\n## First\n\nMore.\n\n**Predict.** Is it\nso?\n\n- **A.** Yes.\n- **B.** No.\n\n<!-- instructor: **Ask:** why? -->\n\n#!markdown\n\nStill.\n\n<!-- instructor: **Goes wrong:** all. -->\n");

        Assert.Equal("### Title (5 minutes)\n\n**Say:** hello.\n\n*First*\n\n> Is it so?\n\n**Ask:** why?\n\n**Goes wrong:** all.\n", InstructorNotes.Of(lesson));
        Assert.Equal("## First\n\nMore.\n\n", InstructorNotes.Without("## First\n\nMore.\n\n<!-- instructor: **Ask:** why? -->"));
    }

    [Fact]
    public void What_is_made_from_the_lessons_is_up_to_date()
    {
        foreach (var (path, text) in Generated.Files(TheHost.Root))
            Assert.True(File.ReadAllText(path).ReplaceLineEndings("\n") == text, $"{Path.GetFileName(path)} is not up to date: `dotnet run --project host -- run --rewrite` writes it anew.");
    }
}
