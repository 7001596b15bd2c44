#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;

/// <summary>Finds the spans that the duration of a trace's root is made of.</summary>
internal static class CriticalPathFinder
{
    /// <summary>
    /// Walks backwards from the end of the root: at each moment the path is in the child that finished last before it;
    /// where no child had to be waited for, it is in the span itself; from the start of that child the search goes on for
    /// one that had ended by then. What a child does outside of its parent's time does not count. (Jaeger marks the path by
    /// the same rule.)
    /// </summary>
    /// <returns>The spans on the path, each with the stretches of time in which the path is in itself.</returns>
    public static Dictionary<RecordedSpan, List<TimeRange>> Find(RecordedSpan root, Func<RecordedSpan, IEnumerable<RecordedSpan>> children)
    {
        var path = new Dictionary<RecordedSpan, List<TimeRange>>();
        // No recursion: within a parent, each child on the path has a window of time of its own, whatever is inside.
        var next = new Stack<(RecordedSpan Span, TimeRange Window)>([(root, new(root.Start, root.End))]);
        while (next.TryPop(out var current))
        {
            var (span, window) = current;
            var own = path[span] = [];
            var until = window.End;
            foreach (var child in children(span).OrderByDescending(c => c.End))
            {
                var start = child.Start > window.Start ? child.Start : window.Start;
                var end = child.End < window.End ? child.End : window.End;
                if (start > end || end > until)
                    continue; // outside of the window, or running beside a child that finished later
                if (end < until)
                    own.Add(new(end, until));
                next.Push((child, new(start, end)));
                until = start;
            }

            if (window.Start < until)
                own.Add(new(window.Start, until));
        }

        return path;
    }
}
