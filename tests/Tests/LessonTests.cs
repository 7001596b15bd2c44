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
    /// <summary>Answers that a learner may well give: the lesson, the exercise, the cell, and what the check must say to it.</summary>
    private static readonly (string Lesson, string Exercise, string Answer, string Says)[] WrongAnswers =
    [
        ("01-setup.dib", "1.1", Answer11(source: "shop.warehouse", added: "shop.warehuose"), "Nothing was recorded"),
        ("01-setup.dib", "1.1", Answer11(source: "Warehouse", added: "Warehouse"), "comes from the source 'Warehouse'"),
        ("01-setup.dib", "1.1", Answer11(span: "Pick parcel"), "a span called 'Pick parcel'"),
        ("01-setup.dib", "1.1", Answer11(times: 2), "2 spans were recorded"),
        ("01-setup.dib", "1.1", Answer11(ends: false), "Nothing was recorded"),
        ("01-setup.dib", "1.2", Answer12(""), "comes from the service 'unknown_service:"),
        ("01-setup.dib", "1.2", Answer12(".ConfigureResource(r => r.AddService(\"shop.warehouse\"))"), "comes from the service 'shop.warehouse'"),
        ("01-setup.dib", "1.2", Answer12(".ConfigureResource(r => r.AddService(\"warehouse\"))"), "service.version = 'nothing'"),
        ("01-setup.dib", "1.2", Answer12(".ConfigureResource(r => r.AddService(\"warehouse\", serviceVersion: \"2.0.1\").AddAttributes([new(\"environment\", \"workshop\")]))"), "deployment.environment.name = 'nothing'"),
        ("01-setup.dib", "1.2", "var answer12 = new SpanRecorder();", "'send parcel' is gone"),
    ];

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

        // The kinds and the number of outputs must agree; times and ids differ between two runs.
        static string Shape(CellResult cell) => $"{cell.Status}: {cell.Outputs.Count(o => o.Kind == OutputKind.Display)} shown, "
            + $"{string.Concat(cell.Outputs.Select(o => o.Text)).Count(c => c == '\n')} lines";
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
            foreach (var (_, _, wrong, says) in WrongAnswers.Where(w => w.Lesson == lesson && w.Exercise == exercise))
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

    private static string Answer11(
        string source = "shop.warehouse", string added = "shop.warehouse", string span = "pick parcel", int times = 1, bool ends = true) =>
        $$"""
        // Exercise 1.1: a source and a span of your own
        var answer11 = new SpanRecorder();
        var warehouse = new ActivitySource("{{source}}");
        using (Sdk.CreateTracerProviderBuilder().AddSource("{{added}}").AddProcessor(new SimpleActivityExportProcessor(answer11)).Build())
        {
            for (var i = 0; i < {{times}}; i++)
            {
                var activity = warehouse.StartActivity("{{span}}");
                {{(ends ? "activity?.Dispose();" : "")}}
            }
        }
        """;

    private static string Answer12(string resource) =>
        $$"""
        // Exercise 1.2: say who is speaking
        var answer12 = new SpanRecorder();
        var parcels = new ActivitySource("shop.parcels");
        using (Sdk.CreateTracerProviderBuilder()
            {{resource}}
            .AddSource("shop.parcels").AddProcessor(new SimpleActivityExportProcessor(answer12)).Build())
        {
            using (parcels.StartActivity("send parcel")) { }
        }
        """;

    [GeneratedRegex(@"<summary>Solution</summary>\s*```csharp\n(.*?)```\s*</details>", RegexOptions.Singleline)]
    private static partial Regex FoldedSolution();
}
