using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>A text that another player wrote into the same cell at the same time.</summary>
internal sealed record OtherText(string Source, DateTimeOffset At);

/// <summary>What a learner wrote into one cell.</summary>
/// <param name="Original">The cell's text in the version of the lesson that the learner edited.</param>
/// <param name="Source">The learner's text; null for the text of the lesson.</param>
/// <param name="Changed">When <paramref name="Source"/> was written.</param>
internal sealed record KeptCell(string Original, string? Source, DateTimeOffset Changed)
{
    /// <summary>The number of the exercise ("2.1"); null for another cell.</summary>
    public string? Exercise { get; init; }

    /// <summary>The text that solved the exercise; null if none has.</summary>
    public string? SolvedBy { get; init; }

    /// <summary>What other players wrote here, the newest last.</summary>
    public ImmutableList<OtherText> Others { get; init; } = [];
}

/// <summary>The answer to one question.</summary>
/// <param name="Letter">The chosen letter; null if none was.</param>
/// <param name="Closed">True when the right letter has been revealed.</param>
/// <param name="At">When it was chosen or revealed.</param>
internal sealed record KeptChoice(string? Letter, bool Closed, DateTimeOffset At);

/// <summary>
/// What a learner did in one lesson, without what cells have shown: one small file a lesson, in the player's folder and in a browser.
/// Cells are known by <see cref="KeysOf"/>, questions by their text; entries that the lesson does not have at the moment are kept.
/// </summary>
/// <param name="Cells">The cells that the learner changed or solved, by key.</param>
/// <param name="Choices">The answers to questions, by the question's key.</param>
/// <param name="Visited">When the learner was in the lesson last; null for never.</param>
/// <param name="Cleared">When the learner started the lesson again; what is older is gone, also in another player.</param>
internal sealed record KeptLesson(
    ImmutableSortedDictionary<string, KeptCell> Cells,
    ImmutableSortedDictionary<string, KeptChoice> Choices,
    DateTimeOffset? Visited, DateTimeOffset? Cleared)
{
    /// <summary>The version of the format.</summary>
    public const int CurrentVersion = 2;

    private const int MaxOthers = 20;

    public static readonly KeptLesson Empty = new(
        ImmutableSortedDictionary.Create<string, KeptCell>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, KeptChoice>(StringComparer.Ordinal),
        null, null);

    public int Version { get; init; } = CurrentVersion;

    /// <summary>
    /// The keys of cells of code: an exercise is known by its number, so its answer stays when the lesson's text changes; another cell
    /// by its text, so what was written into it comes back when the text does.
    /// </summary>
    public static IReadOnlyList<string> KeysOf(IEnumerable<Cell> code)
    {
        var seen = new Dictionary<string, int>();
        return [.. code.Select(cell =>
        {
            var key = cell.Exercise is { } number ? $"exercise {number}" : KeyOf(cell.Source);
            var times = seen[key] = seen.GetValueOrDefault(key) + 1;
            return times == 1 ? key : $"{key} #{times}";
        })];
    }

    /// <summary>The key of a cell that is no exercise.</summary>
    public static string KeyOf(string source) => "code " + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(source)))[..16];

    /// <summary>The state after the learner started the lesson again.</summary>
    public KeptLesson Clear(DateTimeOffset now) => Empty with { Visited = Visited, Cleared = now };

    /// <summary>
    /// A state that was taken from elsewhere, to be joined with one in which the lesson was started again at <paramref name="cleared"/>:
    /// that removes nothing of this state, and a start again elsewhere removes nothing here.
    /// </summary>
    public KeptLesson Brought(DateTimeOffset? cleared, DateTimeOffset now)
    {
        DateTimeOffset Live(DateTimeOffset at) => at <= cleared ? now : at;
        return this with
        {
            Cleared = null,
            Cells = Empty.Cells.AddRange(Cells.Select(c => KeyValuePair.Create(c.Key, c.Value with { Changed = Live(c.Value.Changed) }))),
            Choices = Empty.Choices.AddRange(Choices.Select(c => KeyValuePair.Create(c.Key, c.Value with { At = Live(c.Value.At) }))),
        };
    }

    /// <summary>
    /// Joins two states that began as one. Per cell, a text that only one side changed is taken; where both did, the newer one is, and
    /// the other is kept in <see cref="KeptCell.Others"/>. A start again elsewhere does not remove a text that was written here since.
    /// </summary>
    /// <param name="known">The state from which both began.</param>
    /// <param name="mine">One of them.</param>
    /// <param name="theirs">The other one.</param>
    public static KeptLesson Merge(KeptLesson known, KeptLesson mine, KeptLesson theirs)
    {
        var cleared = Later(mine.Cleared, theirs.Cleared);
        var cells = Empty.Cells.ToBuilder();
        foreach (var key in mine.Cells.Keys.Union(theirs.Cells.Keys))
        {
            var before = known.Cells.GetValueOrDefault(key);
            if (Merge(before, LiveHere(mine.Cells.GetValueOrDefault(key), before), Live(theirs.Cells.GetValueOrDefault(key))) is { } cell)
                cells[key] = cell;
        }

        var choices = mine.Choices.Concat(theirs.Choices).Where(c => !(c.Value.At <= cleared)).GroupBy(c => c.Key)
            .Select(g => KeyValuePair.Create(g.Key, g.Select(c => c.Value).MaxBy(c => c.At)! with { Closed = g.Any(c => c.Value.Closed) }));
        return new KeptLesson(cells.ToImmutable(), Empty.Choices.AddRange(choices), Later(mine.Visited, theirs.Visited), cleared);

        KeptCell? Live(KeptCell? cell) => cell is null || cell.Changed <= cleared ? null : cell;

        // The clocks of two machines differ, and whoever started again has not seen this text.
        KeptCell? LiveHere(KeptCell? cell, KeptCell? before) =>
            cell?.Source is { } text && text != before?.Source && cleared is { } at && at != mine.Cleared && cell.Changed <= at
                ? cell with { Changed = After(at) }
                : Live(cell);
    }

    private static KeptCell? Merge(KeptCell? known, KeptCell? mine, KeptCell? theirs)
    {
        if (mine is null || theirs is null || mine == theirs)
            return mine ?? theirs;
        // Who changes a text makes it later than the one that was known, whatever the clock says. One that is not later is of a file that
        // was put back, or that another machine wrote without knowing ours: then both texts are somebody's work.
        var theyKnew = known is null || theirs.Changed > known.Changed;
        var theyChanged = theirs.Source != known?.Source;
        var iChanged = mine.Source != known?.Source || (theyChanged && !theyKnew);
        var mineWins = iChanged == theyChanged ? mine.Changed >= theirs.Changed : iChanged;
        var (winner, loser) = mineWins ? (mine, theirs) : (theirs, mine);
        var removed = known?.Others.Where(o => !mine.Others.Contains(o) || (theyKnew && !theirs.Others.Contains(o))) ?? [];
        var others = mine.Others.Union(theirs.Others).Except(removed);
        if (iChanged && theyChanged && loser.Source is { } lost && lost != winner.Source)
            others = others.Append(new OtherText(lost, loser.Changed));
        return winner with
        {
            Changed = winner.Changed > loser.Changed ? winner.Changed : loser.Changed,
            SolvedBy = winner.SolvedBy ?? loser.SolvedBy,
            Others = [.. others.Where(o => o.Source != winner.Source).DistinctBy(o => o.Source).OrderBy(o => o.At).TakeLast(MaxOthers)],
        };
    }

    /// <summary>A moment later. A file may have any time, also the last one that there is.</summary>
    public static DateTimeOffset After(DateTimeOffset time) => time.UtcTicks < DateTimeOffset.MaxValue.UtcTicks ? time.AddTicks(1) : time;

    private static DateTimeOffset? Later(DateTimeOffset? a, DateTimeOffset? b) => a > b || b is null ? a : b;
}

/// <summary>The last run of a cell, kept apart from the learner's text, because it may be large and can be made again.</summary>
/// <param name="Source">The text that ran.</param>
/// <param name="Ok">True when it succeeded.</param>
/// <param name="Reason">Why it failed.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="Outputs">What it showed.</param>
/// <param name="Verdict">The last verdict of the exercise; null if there is none.</param>
/// <param name="VerdictSource">The text that earned the verdict.</param>
internal sealed record KeptRun(
    string Source, bool Ok, FailureReason? Reason, long Milliseconds, IReadOnlyList<Output> Outputs,
    Verdict? Verdict = null, string? VerdictSource = null);
