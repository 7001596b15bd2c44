using System.Collections.Generic;

namespace TracingTutorial.Course.Runs;

/// <summary>What a <see cref="RunQueue"/> reports.</summary>
internal interface IRunListener
{
    void KernelIs(string state);

    void Queued(int cell, bool waits);

    void Started(int cell);

    void Progress(int cell, string text);

    void Shown(int cell, Output output);

    void Ended(int cell, CellRun run);

    void Gone(IReadOnlyList<int> cells);

    void Drained();

    void Notice(string text);
}
