using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using TracingTutorial.Host.Notebooks;

namespace TracingTutorial.Host.Player;

/// <summary>
/// The leading cells of a lesson that hold only <c>#r</c>, <c>using</c> and <c>#!import</c>: they may be run while the learner
/// reads. What they show is held back until they are clicked, in their order.
/// </summary>
internal sealed partial class RunAhead(IReadOnlyList<int> cells)
{
    private int _started;
    private int _revealed;

    /// <summary>What the cell that runs ahead has shown so far, by cell.</summary>
    public Dictionary<int, List<Output>> Held { get; } = [];

    /// <summary>How cells that have ended ahead ended, and after how many milliseconds.</summary>
    public Dictionary<int, (bool Ok, long Milliseconds)> Ended { get; } = [];

    /// <summary>The cell that runs ahead now; null when none does.</summary>
    public int? Running { get; private set; }

    /// <summary>True when something was run that the learner has not seen.</summary>
    public bool HasSecrets => _started > _revealed;

    /// <summary>The cells that the learner has asked for.</summary>
    public IEnumerable<int> Revealed => cells.Take(_revealed);

    /// <summary>The cells that can be run ahead: in their order, the first ones of a lesson.</summary>
    public static IReadOnlyList<int> Leading(IReadOnlyList<(int Index, string Source, bool Edited)> code) =>
        [.. code.TakeWhile(c => !c.Edited && c.Source.Split('\n').All(line => Preparation().IsMatch(line))).Select(c => c.Index)];

    /// <summary>The next cell to run ahead; null when there is none, or one has failed.</summary>
    public int? Start()
    {
        if (Running is not null || _started >= cells.Count || Ended.Values.Any(e => !e.Ok))
            return null;
        Running = cells[_started++];
        Held[Running.Value] = [];
        return Running;
    }

    /// <summary>The running cell has ended.</summary>
    public void End(bool ok, long milliseconds)
    {
        if (Running is { } cell)
            Ended[cell] = (ok, milliseconds);
        Running = null;
    }

    /// <summary>True when the learner asks for the next cell that was started ahead; it is then no secret any more.</summary>
    public bool Reveal(int cell)
    {
        if (!HasSecrets || cells[_revealed] != cell)
            return false;
        _revealed++;
        return true;
    }

    /// <summary>The learner runs a cell that was not started ahead; if it is the next one of these, it counts as asked for.</summary>
    public void RunByLearner(int cell)
    {
        if (_revealed < cells.Count && cells[_revealed] == cell && _started == _revealed)
            (_started, _revealed) = (_started + 1, _revealed + 1);
        else
            _started = cells.Count; // From here on the learner leads.
    }

    [GeneratedRegex(@"^\s*(#r .*|using [\w.]+;|#!import .*|//.*)?$")]
    private static partial Regex Preparation();
}
