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
    public void What_is_made_from_the_lessons_is_up_to_date()
    {
        foreach (var (path, text) in Generated.Files(TheHost.Root))
            Assert.True(File.ReadAllText(path) == text, $"{Path.GetFileName(path)} is not up to date: `dotnet run --project host -- run --rewrite` writes it anew.");
    }
}
