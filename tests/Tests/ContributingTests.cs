using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The example in CONTRIBUTING.md, exercise 2.3, done as it is written there.</summary>
public partial class ContributingTests
{
    private const string Lesson = "02-custom-spans.dib";

    private static readonly string Text = File.ReadAllText(Path.Combine(HostRunner.Root, "CONTRIBUTING.md")).ReplaceLineEndings("\n");
    private static readonly string[] Blocks = [.. Block().Matches(Text[Text.IndexOf("## A new exercise",
        System.StringComparison.Ordinal)..]).Select(m => Indent().Replace(m.Groups[1].Value, "").TrimEnd('\n'))];

    private static string WithTheExercise(string lesson) =>
        lesson.Replace("## Quiz\n",
        $"## In depth: exercise 2.3\n\nGive both orders one name.\n\n#!csharp\n\n{Blocks[0]}\n\n#!markdown\n\n## Quiz\n");

    [Fact]
    public void The_example_stays_below_every_limit_that_its_author_could_meet()
    {
        var lesson = DibReader.Parse(HostRunner.Lesson(Lesson),
            WithTheExercise(File.ReadAllText(HostRunner.Lesson(Lesson)).ReplaceLineEndings("\n")));
        var rules = File.ReadAllLines(Path.Combine(HostRunner.Root, "helpers", "exercises", "02.cs"));
        var kit = Path.Combine(HostRunner.Root, "notebooks", "INSTRUCTOR.md");
        var agendas = Agenda.In(kit, File.ReadAllText(kit).ReplaceLineEndings("\n"),
            [.. HostRunner.Lessons.Select(l => l == Lesson ? lesson : DibReader.Load(HostRunner.Lesson(l)))]);

        Assert.Contains(lesson.Code, c => c.Exercise == "2.3");
        Assert.True(Minutes.Of(lesson) <= 45);
        Assert.All(agendas, a => Assert.InRange(a.Rows.Sum(r => r.Minutes), a.Promised - 5, a.Promised + 5));
        Assert.True(rules.Length + 1 + Blocks[1].Split('\n').Length <= RepositoryTests.MostLines);
        Assert.All(Blocks.SelectMany(b => b.Split('\n')), line => Assert.True(line.Length <= 140, line));
        Assert.All(Blocks[0].Split('\n'), line => Assert.True(line.Length <= 100, line));
    }

    [Fact]
    public async Task Its_starter_is_open_its_wrong_answers_get_their_reasons_and_its_right_ones_pass()
    {
        using var folder = new TempFolder();
        foreach (var file in Directory.GetFiles(Path.Combine(HostRunner.Root, "helpers"), "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(HostRunner.Root, f))
            .Where(f => f.EndsWith(".dib") || f.EndsWith(".cs") && !f.Contains("obj")))
            folder.Write(file, File.ReadAllText(Path.Combine(HostRunner.Root, file)));
        var rules = Path.Combine(folder.Path, "helpers", "exercises", "02.cs");
        File.AppendAllText(rules, "\n" + Blocks[1] + "\n");
        var lesson = DibReader.Load(folder.Write(Path.Combine("notebooks", Lesson),
            WithTheExercise(File.ReadAllText(HostRunner.Lesson(Lesson)).ReplaceLineEndings("\n"))));
        var starter = lesson.Code.Single(c => c.Exercise == "2.3");
        var answers = Row().Matches(Text).Select(m => (File: m.Groups[1].Value, Says: m.Groups[2].Value.Trim(' ', '`'),
            Line: m.Groups[3].Value)).ToArray();
        var todo = starter.Source.Split('\n').Single(l => l.Contains("// TODO"));
        Cell[] leading = [.. lesson.Code.TakeWhile(c => c.ImportPath is not null
            || c.Source.StartsWith("using ", System.StringComparison.Ordinal))];
        var cells = leading.Append(starter)
            .Concat(answers.Select(a => starter with { Source = starter.Source.Replace(todo, "        " + a.Line) }))
            .Select((c, i) => c with { Number = i + 1 }).ToArray();

        var result = await LessonRun.RunAsync(lesson with { Cells = cells }, HostRunner.Options, _ => { }, default);
        var verdicts = result.Cells.Skip(leading.Length)
            .Select(c => string.Join(' ', LessonTrial.Verdict(c).Split((char[]?)null, System.StringSplitOptions.RemoveEmptyEntries))
            + c.Problem).ToArray();

        Assert.Equal((3, 2), (answers.Count(a => a.File.StartsWith("wrong")), answers.Count(a => a.File.StartsWith("right"))));
        Assert.Contains("Exercise 2.3: not yet", verdicts[0]);
        foreach (var (answer, verdict) in answers.Zip(verdicts.Skip(1)))
        {
            Assert.True(verdict.Contains(answer.Says.Length > 0 ? answer.Says : "Exercise 2.3: solved"), $"{answer.File}: {verdict}");
            Assert.Equal(answer.Says.Length == 0, verdict.StartsWith('✔'));
        }
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^   ", RegexOptions.Multiline)]
    private static partial Regex Indent();

    [GeneratedRegex(@"^ *\| `((?:wrong|right)/2\.3-[\w-]+\.cs)` \|(.*?)\| `(.*?)` \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
