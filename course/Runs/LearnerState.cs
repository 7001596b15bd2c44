using System;
using System.Collections.Generic;
using System.Linq;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>What a learner did in an open lesson, cell by cell: texts, runs, verdicts. Used by one session, in its order.</summary>
internal sealed class LearnerState
{
    private readonly Notebook _lesson;
    private readonly int[] _code; // the cells of code, by their place in the lesson
    private readonly IReadOnlyList<string> _keys; // of the cells of code
    private readonly HashSet<int> _gone = []; // cells whose kernel has ended

    public LearnerState(Notebook lesson, KeptLesson kept, IReadOnlyDictionary<string, KeptRun> runs)
    {
        _lesson = lesson;
        _code = [.. Enumerable.Range(0, lesson.Cells.Count).Where(i => lesson.Cells[i].Kind == CellKind.CSharp)];
        _keys = KeptLesson.KeysOf(lesson.Code);
        (Kept, Runs) = (kept, runs.Where(r => _keys.Contains(r.Key)).ToDictionary());
        _gone.UnionWith(_code.Where(i => Runs.ContainsKey(KeyOf(i))));
    }

    public KeptLesson Kept { get; private set; }

    public Dictionary<string, KeptRun> Runs { get; }

    public IReadOnlyList<int> Code => _code;

    public bool IsCode(int cell) => Array.IndexOf(_code, cell) >= 0;

    /// <summary>The text of a cell as it is now.</summary>
    public string SourceOf(int cell) => Entry(cell)?.Source ?? _lesson.Cells[cell].Source;

    public bool IsEdited(int cell) => SourceOf(cell) != _lesson.Cells[cell].Source;

    /// <summary>
    /// The cell with the text that is to run. A learner's own text is held only to the rules that keep it from misleading.
    /// </summary>
    public Cell CellOf(int cell)
    {
        if (!IsEdited(cell))
            return _lesson.Cells[cell];
        var edited = _lesson.Cells[cell] with { Source = SourceOf(cell), Problems = [] };
        return edited with { Problems = [.. Dialect.CheckEdit(edited)] };
    }

    /// <summary>Puts a text into a cell.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="source">The text.</param>
    /// <param name="keep">True to keep the text that the cell has now among its other texts.</param>
    public void Write(int cell, string source, bool keep = false)
    {
        var original = _lesson.Cells[cell].Source;
        var before = Entry(cell);
        var others = before?.Others ?? [];
        Set(cell, new KeptCell(original, source == original ? null : source, Now())
        {
            Exercise = _lesson.Cells[cell].Exercise,
            SolvedBy = before?.SolvedBy,
            Others = keep && before?.Source is { } now && now != source ? others.Add(new OtherText(now, before.Changed)) : others,
        });
    }

    /// <summary>Exchanges a cell's text with one that another player wrote.</summary>
    public void Take(int cell, int other)
    {
        if (Entry(cell) is not { } entry || other < 0 || other >= entry.Others.Count)
            return;
        var others = entry.Others.RemoveAt(other);
        if (IsEdited(cell))
            others = others.Add(new OtherText(SourceOf(cell), entry.Changed));
        Set(cell, entry with
        {
            Source = entry.Others[other].Source,
            Changed = Now(),
            Original = _lesson.Cells[cell].Source,
            Others = others,
        });
    }

    /// <summary>A run has ended.</summary>
    public void Ran(int cell, CellRun run)
    {
        var (key, source) = (KeyOf(cell), run.Cell.Source);
        var before = Runs.GetValueOrDefault(key);
        List<Output> outputs = [.. run.Outputs];
        if (run.Failure is { } failure)
            CellRun.Append(outputs, new Output(OutputKind.Error, TextOf(failure, _lesson.Cells[cell])));
        var (verdict, earnedBy) = run.Verdict is { } judged ? (judged, source) : (before?.Verdict, before?.VerdictSource);
        Runs[key] = new KeptRun(
            source, run.Failure is null, run.Failure?.Reason, (long)run.Elapsed.TotalMilliseconds, outputs, verdict, earnedBy);
        _gone.Remove(cell);
        if (run is { Failure: null, Verdict.Passed: true } && _lesson.Cells[cell].Exercise is { } exercise)
        {
            var entry = Entry(cell) ?? new KeptCell(_lesson.Cells[cell].Source, null, Now()) { Exercise = exercise };
            Set(cell, entry with { SolvedBy = source });
        }
    }

    /// <summary>A cell has shown something. What comes after the end of its run is added to that, for a page that connects later.</summary>
    /// <returns>What was shown.</returns>
    public Output Shown(int cell, Output output, bool isRunning)
    {
        if (isRunning || !Runs.TryGetValue(KeyOf(cell), out var run))
            return output;
        List<Output> outputs = [.. run.Outputs];
        CellRun.Append(outputs, output);
        Runs[KeyOf(cell)] = run with { Outputs = outputs };
        return output;
    }

    /// <summary>What these cells defined is gone with their kernel.</summary>
    /// <returns>Those of them that the learner has run.</returns>
    public int[] Lose(IEnumerable<int> cells)
    {
        int[] lost = [.. cells.Where(c => Runs.ContainsKey(KeyOf(c)))];
        _gone.UnionWith(lost);
        return lost;
    }

    /// <summary>Forgets everything but the visit.</summary>
    public void Clear()
    {
        Kept = Kept.Clear(Now());
        Runs.Clear();
        _gone.Clear();
    }

    public void Visit() => Kept = Kept with { Visited = Now() };

    /// <summary>The answer to a question; null if there is none.</summary>
    public KeptChoice? ChoiceOf(string question) => Kept.Choices.GetValueOrDefault(question);

    public void Choose(string question, string? letter, bool closed) =>
        Kept = Kept with { Choices = Kept.Choices.SetItem(question, new KeptChoice(letter, closed, Now())) };

    /// <summary>Takes over what the file of progress holds now.</summary>
    /// <param name="written">The state that was written.</param>
    /// <param name="held">What the file held afterwards: with what other players have written.</param>
    /// <returns>The cells whose texts differ now.</returns>
    public int[] Join(KeptLesson written, KeptLesson held)
    {
        var before = _code.Select(i => (i, Entry: Entry(i), Source: SourceOf(i))).ToArray();
        Kept = KeptLesson.Merge(written, Kept, held);
        return [.. before.Where(b => b.Source != SourceOf(b.i) || b.Entry?.SolvedBy != Entry(b.i)?.SolvedBy
            || !(b.Entry?.Others ?? []).SequenceEqual(Entry(b.i)?.Others ?? [])).Select(b => b.i)];
    }

    /// <summary>How many exercises of a lesson are solved, by this or an earlier text.</summary>
    public static int Solved(Notebook lesson, KeptLesson kept) =>
        KeptLesson.KeysOf(lesson.Code).Count(key => kept.Cells.GetValueOrDefault(key)?.SolvedBy is not null);

    /// <summary>Texts that the learner wrote into cells that this version of the lesson does not have.</summary>
    public IEnumerable<object> Orphans() => Kept.Cells.Where(c => c.Value.Source is not null && !_keys.Contains(c.Key))
        .Select(c => new { exercise = c.Value.Exercise, source = c.Value.Source });

    /// <summary>The parts of a message with a cell's text and what belongs to it.</summary>
    public object TextMessage(int cell) => new
    {
        type = "edited",
        cell,
        source = SourceOf(cell),
        edited = IsEdited(cell),
        earlier = IsEarlier(cell),
        run = RunOf(cell),
        verdict = VerdictOf(cell),
        solved = SolvedOf(cell),
        others = Entry(cell)?.Others ?? [],
    };

    public object EndMessage(int cell) =>
        new { type = "ended", cell, run = RunOf(cell), verdict = VerdictOf(cell), solved = SolvedOf(cell) };

    /// <summary>The output that tells why the last run failed; null if it did not.</summary>
    public Output? FailureOf(int cell) => Runs.GetValueOrDefault(KeyOf(cell))?.Outputs.LastOrDefault(o => o.Kind == OutputKind.Error);

    /// <summary>A cell in the message <c>state</c>.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="running">Its run, if it runs now.</param>
    /// <param name="waits">True if it waits to be run.</param>
    /// <param name="progress">What the kernel does for it.</param>
    public object StateMessage(int cell, CellRun? running, bool waits, string? progress) => new
    {
        index = cell,
        source = SourceOf(cell),
        edited = IsEdited(cell),
        earlier = IsEarlier(cell),
        outputs = running?.Outputs ?? Runs.GetValueOrDefault(KeyOf(cell))?.Outputs ?? [],
        run = running is null ? RunOf(cell) : null,
        verdict = VerdictOf(cell),
        solved = SolvedOf(cell),
        others = Entry(cell)?.Others ?? [],
        queued = waits,
        running = running is not null,
        progress,
    };

    /// <summary>Why a cell failed, as a page shows it: the line of the cell, what is wrong, what to do, and details.</summary>
    public static string TextOf(CellEvent.Failed failure, Cell cell)
    {
        var (problem, details) = (failure.Problem, failure.Details);
        // The first line of a cell says nothing about an exception without a place, or a stopped cell.
        var place = problem.File != cell.File ? $"{Paths.Display(problem.File)}:{problem.Line}: "
            : problem.Line is { } line && failure.Reason is FailureReason.CompileError or FailureReason.Exception or FailureReason.Dialect
                ? $"Line {problem.Line - cell.Line + 1}: " : "";
        return string.Join('\n',
            ((string[])[place + problem.Message, problem.WayOut.Length > 0 ? "→ " + problem.WayOut : "", details ?? ""])
                .Where(part => part.Length > 0));
    }

    private string KeyOf(int cell) => _keys[Array.IndexOf(_code, cell)];

    private KeptCell? Entry(int cell) => Kept.Cells.GetValueOrDefault(KeyOf(cell));

    private void Set(int cell, KeptCell entry) => Kept = Kept with { Cells = Kept.Cells.SetItem(KeyOf(cell), entry) };

    private bool IsEarlier(int cell) => IsEdited(cell) && Entry(cell)?.Original != _lesson.Cells[cell].Source;

    private string SolvedOf(int cell) => Entry(cell)?.SolvedBy is not { } text ? "no" : text == SourceOf(cell) ? "yes" : "earlier";

    private object? RunOf(int cell) => Runs.GetValueOrDefault(KeyOf(cell)) is not { } run ? null
        : new
        {
            ok = run.Ok,
            reason = run.Reason,
            milliseconds = run.Milliseconds,
            stale = run.Source != SourceOf(cell),
            gone = _gone.Contains(cell),
        };

    private object? VerdictOf(int cell) => Runs.GetValueOrDefault(KeyOf(cell)) is not { Verdict: { } verdict } run ? null
        : new
        {
            exercise = verdict.Exercise,
            passed = verdict.Passed,
            rule = verdict.Rule,
            why = verdict.Why,
            stale = run.VerdictSource != SourceOf(cell),
        };

    /// <summary>Later than everything that is kept, also on a machine whose clock was set back.</summary>
    private DateTimeOffset Now()
    {
        var latest = Kept.Cells.Values.Select(c => c.Changed)
            .Concat(Kept.Choices.Values.Select(c => c.At))
            .Append(Kept.Cleared ?? default)
            .Max();
        var now = DateTimeOffset.UtcNow;
        return now > latest ? now : KeptLesson.After(latest);
    }
}
