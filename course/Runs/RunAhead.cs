using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>
/// The leading cells of a lesson that hold only <c>#r</c>, <c>using</c> and <c>#!import</c>: they are run while the learner reads.
/// What they show is sent when the learner runs them, in their order.
/// </summary>
/// <param name="cells">The cells that can be run ahead.</param>
internal sealed partial class RunAhead(IReadOnlyList<int> cells)
{
    private readonly List<CellRun> _runs = []; // of the first cells
    private int _revealed;
    private bool _stopped;

    /// <summary>True when something was run that the learner has not started.</summary>
    public bool HasUnseen => _runs.Count > _revealed;

    /// <summary>The cells that were run ahead and that the learner has started, with the texts that ran.</summary>
    public IEnumerable<Cell> Revealed => _runs.Take(_revealed).Select(run => run.Cell);

    /// <summary>
    /// The cells that can be run ahead: the first ones of a lesson, up to one that does more, or that the learner has edited.
    /// </summary>
    public static IReadOnlyList<int> Leading(IEnumerable<(int Index, Cell Cell, bool Edited)> code) =>
        [.. code.TakeWhile(c => !c.Edited && c.Cell.Source.Split('\n').All(line => Preparation().IsMatch(line))).Select(c => c.Index)];

    /// <summary>The next cell to run ahead; null when there is none, one is running, or one has failed.</summary>
    public int? Next() =>
        _stopped || _runs.Count >= cells.Count || _runs is [.., { HasEnded: false } or { Failure: not null }] ? null : cells[_runs.Count];

    /// <summary>The cell of <see cref="Next"/> is run.</summary>
    public void Start(CellRun run) => _runs.Add(run);

    /// <summary>The run of a cell that was started ahead, when the learner runs it in its turn; otherwise null.</summary>
    public CellRun? Reveal(int cell) => HasUnseen && cells[_revealed] == cell ? _runs[_revealed++] : null;

    /// <summary>
    /// The learner runs a cell that was not started ahead. If it is the next one of these, the others can still run ahead after it.
    /// </summary>
    public void RunByLearner(int cell, CellRun run)
    {
        if (!HasUnseen && _revealed < cells.Count && cells[_revealed] == cell)
        {
            _runs.Add(run);
            _revealed++;
        }
        else
        {
            _stopped = true;
        }
    }

    [GeneratedRegex(@"^\s*(#r .*|using [\w.]+;|#!import .*|//.*)?$")]
    private static partial Regex Preparation();
}
