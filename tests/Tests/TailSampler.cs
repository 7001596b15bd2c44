using System;
using System.Collections.Generic;
using System.Diagnostics;
using OpenTelemetry;

namespace TracingTutorial.Tests;

/// <summary>The tail sampler of lesson 9, word by word: a test compares the two.</summary>
internal sealed class TailSampler(
    BaseExporter<Activity> exporter, Func<IReadOnlyList<Activity>, bool> keep, TimeProvider clock)
    : TailBuffer(exporter, keep, clock)
{
    public override void OnEnd(Activity span)
    {
        using var turn = OneAtATime();              // spans end on many threads
        DecideWhatIsDue();
        if (Decision(span) is { } kept)
            Follow(span, kept);                     // its trace is decided
        else
            Hold(span);
        while (IsFull)
            DecideOldestEarly();
    }

    protected override bool IsDue(HeldTrace trace) =>
        Now - trace.RootEnded >= DecisionWait       // 5 seconds for late spans
        || Now - trace.Since >= LongestWait;        // 30 seconds for a root that does not end
}
