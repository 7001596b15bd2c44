using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Every lesson as a learner runs it: from top to bottom, twice, and each exercise unsolved, wrong and solved.</summary>
public partial class LessonTests
{
    /// <summary>
    /// All lessons; for an author who works on one of them, those that the environment variable LESSON begins: <c>LESSON=04 dotnet test
    /// --filter LessonTests</c>.
    /// </summary>
    public static TheoryData<string> Lessons => [.. LessonTrial.Lessons];

    public static TheoryData<string> LessonsWithExercises =>
        [.. LessonTrial.Lessons.Where(l => DibReader.Load(HostRunner.Lesson(l)).Code.Any(c => c.Exercise is not null))];

    [Theory]
    [MemberData(nameof(Lessons))]
    public async Task A_lesson_runs_twice_in_a_row_in_one_kernel_and_shows_no_error_and_no_warning(string lesson)
    {
        var trial = await LessonTrial.OfAsync(lesson);

        foreach (var (cell, first, second) in trial.Cells)
        {
            foreach (var result in (CellResult[])[first, second])
            {
                Assert.True(result.Status == CellStatus.Ok, $"{result.Status}: {result.Problem}\n{result.Details}");
                Assert.DoesNotContain(result.Outputs, o => o.Kind is OutputKind.Warning or OutputKind.StandardError);
            }

            Assert.True(Shape(first) == Shape(second),
                $"{lesson}:{cell.Line}: the second time it has {Shape(second)}, the first time {Shape(first)}.");
        }

        // twice the lesson and all answers, each of them compiled; a learner's run takes some 400 MB
        Assert.InRange(trial.PeakMemoryBytes, 1, 600_000_000);

        // The kinds and the number of outputs must agree. Times and ids differ between two runs, and with the times what a drawing remarks
        // on.
        static string Shape(CellResult cell) => $"{cell.Outputs.Count(o => o.Kind == OutputKind.Display)} shown, "
            + $"{string.Concat(cell.Outputs.Where(o => o.Kind == OutputKind.StandardOutput).Select(o => o.Text)).Count(c => c == '\n')} lines printed";
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(LessonsWithExercises))]
    public async Task An_exercise_is_open_at_first_a_wrong_answer_is_told_its_own_reason_and_right_answers_pass(string lesson)
    {
        var trial = await LessonTrial.OfAsync(lesson);
        var faults = new List<string>();
        foreach (var (cell, first, _) in trial.Cells.Where(c => c.Cell.Exercise is not null))
        {
            var answers = trial.Answers.Where(a => a.Answer.Exercise == cell.Exercise).ToArray();
            Assert.True(answers.Count(a => a.Answer.Says is not null) >= 3,
                $"Exercise {cell.Exercise} has too few wrong answers in tests/Tests/wrong.");
            Assert.True(answers.Count(a => a.Answer.Says is null && a.Answer.Name != LessonTrial.Solution) >= 2,
                $"Exercise {cell.Exercise} has too few right answers in tests/Tests/right: two besides the solution, so that a check that knows only the solution is noticed.");
            Judge("the starter", "not yet", LessonTrial.Verdict(first), first);
            foreach (var (answer, result) in answers)
                Judge(answer.Name, answer.Says ?? "solved", LessonTrial.Verdict(result), result);

            void Judge(string name, string says, string verdict, CellResult result)
            {
                if (result.Status != CellStatus.Ok || !OnOneLine(verdict).Contains(says, StringComparison.Ordinal)
                    || verdict.StartsWith('✔') != (says == "solved")
                    || !verdict.Contains($"Exercise {cell.Exercise}:", StringComparison.Ordinal)
                    || verdict.Contains("The check itself failed", StringComparison.Ordinal))
                    faults.Add($"Exercise {cell.Exercise} should say '{says}' to {name} but says\n{verdict}\n{result.Problem}");
            }
        }

        Assert.True(faults.Count == 0, string.Join("\n\n", faults));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(LessonsWithExercises))]
    public void An_exercise_is_one_cell_that_ends_with_its_check_and_has_hints_and_its_solution_folded_below(string lesson)
    {
        var notebook = DibReader.Load(HostRunner.Lesson(lesson));
        var solutions = notebook.Lesson.Solutions;
        foreach (var exercise in notebook.Code.Where(c => c.Exercise is not null))
        {
            Assert.Contains("// TODO", exercise.Source);
            var check = new Regex($@"^Exercise{exercise.Exercise!.Replace(".", "")}\.Check\(.*\)$");
            Assert.Matches(check, exercise.Source.Split('\n')[^1]);
            Assert.True(solutions.ContainsKey(exercise.Exercise), $"Exercise {exercise.Exercise} of {lesson} has no folded solution.");
            Assert.Equal(exercise.FirstLine, solutions[exercise.Exercise].Source.Split('\n')[0]);
            Assert.Matches(check, solutions[exercise.Exercise].Source.Split('\n')[^1]);
            Assert.DoesNotContain("// TODO", solutions[exercise.Exercise].Source);

            var below = notebook.Cells.SkipWhile(c => c != exercise).Skip(1).First().Source;
            Assert.Contains("<summary>Hint 1</summary>", below);
            var why = below[below.IndexOf("<summary>Solution</summary>", StringComparison.Ordinal)..].Split("```")[2];
            Assert.InRange(Bullet().Count(why[..why.IndexOf("</details>", StringComparison.Ordinal)]), 2, 3);
        }

        Assert.All(Answer.FromFiles, a => Assert.Contains(a.Exercise, AllExercises));
    }

    // A verdict wraps its lines; what it must say is written on one.
    private static string OnOneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static readonly HashSet<string> AllExercises =
        [.. HostRunner.Lessons.SelectMany(l => DibReader.Load(HostRunner.Lesson(l)).Code).Select(c => c.Exercise).OfType<string>()];

    [GeneratedRegex("^- ", RegexOptions.Multiline)]
    private static partial Regex Bullet();
}
