using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Tests;

/// <summary>What a learner may write into an exercise's cell.</summary>
/// <param name="Exercise">As "2.1".</param>
/// <param name="Name">The file, or what it is.</param>
/// <param name="Source">The whole cell.</param>
/// <param name="Says">A part of what the verdict must say; null for a right answer.</param>
internal sealed record Answer(string Exercise, string Name, string Source, string? Says)
{
    /// <summary>The answers in <c>tests/Tests/wrong</c> and <c>tests/Tests/right</c>, one small file each.</summary>
    public static readonly IReadOnlyList<Answer> FromFiles = [.. Files("wrong"), .. Files("right")];

    private static IEnumerable<Answer> Files(string folder)
    {
        foreach (var file in Directory.GetFiles(Path.Combine(HostRunner.Root, "tests", "Tests", folder), "*.cs")
            .Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            var text = File.ReadAllText(file).ReplaceLineEndings("\n").TrimEnd('\n');
            const string mark = "// Says: ";
            var says = text.StartsWith(mark, StringComparison.Ordinal) ? text[mark.Length..text.IndexOf('\n')] : null;
            if (folder == "wrong" != says is not null)
                throw new InvalidDataException($"{folder}/{name}.cs: a wrong answer begins with `{mark}…`, a right one does not.");
            yield return new Answer(name[..name.IndexOf('-')], $"{folder}/{name}.cs", says is null
                ? text
                : text[(text.IndexOf('\n') + 1)..], says);
        }
    }
}

/// <summary>
/// A lesson in one kernel: from top to bottom, at each exercise all answers that are known, and then from top to bottom
/// once more. What costs is the start of a kernel and the imports, so one of them serves every test of the lesson.
/// </summary>
internal sealed class LessonTrial
{
    private static readonly SemaphoreSlim Cores = new(Environment.ProcessorCount); // the rest of the places is for other tests

    /// <summary>The lessons to try.</summary>
    public static IEnumerable<string> Lessons =>
        HostRunner.Lessons.Where(l => l.StartsWith(Environment.GetEnvironmentVariable("LESSON") ?? "", StringComparison.Ordinal));

    private static readonly Dictionary<string, Lazy<Task<LessonTrial>>> Trials =
        Lessons.ToDictionary(lesson => lesson, lesson => new Lazy<Task<LessonTrial>>(() => Task.Run(() => TryAsync(lesson))));

    /// <summary>The name of the answer that is in the lesson.</summary>
    public const string Solution = "the folded solution";

    private LessonTrial(Notebook lesson) => Lesson = lesson;

    public Notebook Lesson { get; }

    /// <summary>The cells of the lesson as they are, the first and the second time.</summary>
    public List<(Cell Cell, CellResult First, CellResult Second)> Cells { get; } = [];

    /// <summary>The verdict on each answer.</summary>
    public List<(Answer Answer, CellResult Result)> Answers { get; } = [];

    public long PeakMemoryBytes { get; private set; }

    /// <summary>
    /// The trial of one lesson. All lessons start with the first that is asked for, as many at a time as there are cores.
    /// </summary>
    public static Task<LessonTrial> OfAsync(string lesson)
    {
        foreach (var trial in Trials.Values)
            _ = trial.Value;
        return Trials[lesson].Value;
    }

    /// <summary>The last thing that a cell shows, as text: of an exercise, the verdict.</summary>
    public static string Verdict(CellResult result) => result.Outputs.LastOrDefault(o => o.Kind == OutputKind.Display)?.Text ?? "";

    private static async Task<LessonTrial> TryAsync(string name)
    {
        var lesson = DibReader.Load(HostRunner.Lesson(name));
        var solutions = lesson.Lesson.Solutions;
        var cells = new List<Cell>();
        var answers = new List<(Answer Answer, int Number)>();
        var forgotten = new HashSet<int>();
        var first = lesson.Code.Select(cell =>
        {
            var number = Add(cell);
            if (cell.Exercise is not { } exercise)
                return number;
            foreach (var answer in Answer.FromFiles.Where(a => a.Exercise == exercise))
            {
                answers.Add((answer, Add(cell with { Source = answer.Source })));
                forgotten.Add(cells.Count);
            }

            if (solutions.TryGetValue(exercise, out var solution))
                answers.Add((new Answer(exercise, Solution, solution.Source, null), Add(cell with { Source = solution.Source })));
            return number;
        }).ToArray();
        var second = lesson.Code.Select(Add).ToArray();
        if (forgotten.Count > 0)
            cells.Insert(forgotten.Min() - 1, cells[0] with { Number = cells.Count + 1, Source = Forget(forgotten) });

        await Cores.WaitAsync();
        try
        {
            using var place = await KernelPlace.TakeAsync();
            var result = await LessonRun.RunAsync(lesson with { Cells = cells }, HostRunner.Options, _ => { }, default);
            var trial = new LessonTrial(lesson) { PeakMemoryBytes = result.PeakMemoryBytes };
            trial.Cells.AddRange(lesson.Code.Select((cell, i) => (cell, Numbered(first[i]), Numbered(second[i]))));
            trial.Answers.AddRange(answers.Select(a => (a.Answer, Numbered(a.Number))));
            return trial;

            CellResult Numbered(int number) => result.Cells.Single(c => c.Number == number);
        }
        finally
        {
            Cores.Release();
        }

        // Numbers are the cells' names in the kernel, so each is used once.
        int Add(Cell cell)
        {
            cells.Add(cell with { Number = cells.Count + 1 });
            return cells.Count;
        }
    }

    /// <summary>
    /// The cell after which the kernel goes back, behind each of these cells, to where it was before it: each answer finds what
    /// a learner's would, nothing that another answer has left, and a chain of cells that does not grow.
    /// </summary>
    private static string Forget(IEnumerable<int> cells) => $$"""
        {
            var answers = new HashSet<string> { {{string.Join(", ", cells.Select(number => $"\"cell{number}\""))}} };
            var csharp = (Microsoft.DotNet.Interactive.CSharp.CSharpKernel)Microsoft.DotNet.Interactive.Kernel.Current;
            var state = csharp.GetType().GetProperty("ScriptState");
            csharp.AddMiddleware(async (command, context, next) =>
            {
                var before = state.GetValue(csharp);
                await next(command, context);
                if (answers.Contains(command.GetOrCreateToken()))
                    state.SetValue(csharp, before);
            });
        }
        """;
}
