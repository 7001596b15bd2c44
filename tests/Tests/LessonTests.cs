using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using TracingTutorial.Host;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Every lesson as a learner runs it: from top to bottom, twice, and each exercise unsolved, wrong and solved.</summary>
public partial class LessonTests
{
    public static TheoryData<string> Lessons => [.. Directory.GetFiles(Path.Combine(TheHost.Root, "notebooks"), "*.dib").Select(f => Path.GetFileName(f)!)];

    [Theory]
    [MemberData(nameof(Lessons))]
    public async Task A_lesson_runs_twice_in_a_row_in_one_kernel(string lesson)
    {
        var notebook = Notebook.Load(TheHost.Lesson(lesson));

        var result = await RunInPlaceAsync([.. notebook.Cells, .. notebook.Cells]);

        result.Passes();
        var (first, second) = (result.Cells.Take(result.Cells.Count / 2), result.Cells.Skip(result.Cells.Count / 2));
        Assert.Equal(first.Select(Shape), second.Select(Shape));
        Assert.InRange(result.PeakMemoryBytes, 1, 500 * 1024 * 1024);

        // The kinds and the number of outputs must agree. Times and ids differ between two runs, and with the times what a drawing remarks on.
        static string Shape(CellResult cell) => $"{cell.Status}: {cell.Outputs.Count(o => o.Kind == OutputKind.Display)} shown, "
            + $"{string.Concat(cell.Outputs.Where(o => o.Kind == OutputKind.StandardOutput).Select(o => o.Text)).Count(c => c == '\n')} lines printed";
    }

    [Theory]
    [MemberData(nameof(Lessons))]
    public async Task An_exercise_is_open_at_first_a_wrong_answer_is_told_why_and_the_solution_passes(string lesson)
    {
        var notebook = Notebook.Load(TheHost.Lesson(lesson));
        var solutions = Solutions.PathFor(notebook.Path) is { } path ? Notebook.Load(path).Cells : [];
        var cells = new List<Cell>();
        var expected = new List<(string Exercise, string Answer, string Says, int CheckAt)>();

        foreach (var cell in notebook.Cells)
        {
            cells.Add(cell);
            if (cell.Exercise is not { } exercise)
                continue;

            Assert.Contains("// TODO", cell.Source);
            var check = notebook.Cells.SkipWhile(c => c != cell).Skip(1).First(c => c.Kind == CellKind.CSharp);
            Assert.Contains($"Exercise.Check(\"Exercise {exercise}\"", check.Source);
            Try(cell.Source, "not yet");
            foreach (var (_, wrong, says) in WrongAnswers.All.Where(w => w.Exercise == exercise))
                Try(wrong, says);
            Assert.True(expected.Count(e => e.Exercise == exercise) > 2, $"Exercise {exercise} has too few wrong answers in this test.");
            Try(solutions.Single(s => s.Exercise == exercise).Source, "solved");

            void Try(string answer, string says)
            {
                cells.Add(cell with { Source = answer });
                expected.Add((exercise, answer, says, cells.Count));
                cells.Add(check);
            }
        }

        if (expected.Count == 0)
            return;
        var result = (await RunInPlaceAsync(cells)).Passes();

        foreach (var (exercise, answer, says, checkAt) in expected)
        {
            var verdict = result.Cells.Single(c => c.Number == checkAt + 1).Outputs.Last(o => o.Kind == OutputKind.Display).Text;
            Assert.True(verdict.Contains(says, StringComparison.Ordinal), $"Exercise {exercise} should say '{says}' to\n{answer}\nbut says\n{verdict}");
            Assert.Equal(says == "solved", verdict.StartsWith('✔'));
        }
    }

    [Theory]
    [MemberData(nameof(Lessons))]
    public void The_folded_solution_is_the_one_that_is_tested(string lesson)
    {
        var notebook = Notebook.Load(TheHost.Lesson(lesson));
        var exercises = notebook.Cells.Where(c => c.Exercise is not null).ToArray();
        if (exercises.Length == 0)
            return;
        var solutions = Notebook.Load(Solutions.PathFor(notebook.Path)!).Cells;

        foreach (var exercise in exercises)
        {
            var check = notebook.Cells.SkipWhile(c => c != exercise).Skip(1).First(c => c.Kind == CellKind.CSharp);
            var text = notebook.Cells.SkipWhile(c => c != check).Skip(1).First();
            var folded = FoldedSolution().Match(text.Source);

            Assert.True(folded.Success, $"Exercise {exercise.Exercise} of {lesson} has no folded solution below its check.");
            var solution = solutions.Single(s => s.Exercise == exercise.Exercise);
            Assert.Equal(exercise.FirstLine, solution.FirstLine);
            Assert.Equal(string.Join('\n', solution.Source.Split('\n').Skip(1)).Trim(), folded.Groups[1].Value.Trim());
            Assert.Contains("<summary>Hint 1</summary>", text.Source);
        }
    }

    /// <summary>Runs cells as one notebook that stands where a lesson stands: beside the helpers.</summary>
    private static async Task<NotebookResult> RunInPlaceAsync(IReadOnlyList<Cell> cells)
    {
        using var folder = new TempFolder();
        foreach (var helper in Directory.GetFiles(Path.Combine(TheHost.Root, "helpers")).Where(f => Path.GetExtension(f) is ".cs" or ".dib"))
            folder.Write($"helpers/{Path.GetFileName(helper)}", File.ReadAllText(helper));
        var text = TheHost.Meta + string.Join('\n', cells.Select(c => $"#!{c.Kind.ToString().ToLowerInvariant()}\n\n{c.Source}\n"));
        return (await TheHost.RunAsync(folder.Write("notebooks/lesson.dib", text))).Result;
    }

    [GeneratedRegex(@"<summary>Solution</summary>\s*```csharp\n(.*?)```\s*</details>", RegexOptions.Singleline)]
    private static partial Regex FoldedSolution();
}
