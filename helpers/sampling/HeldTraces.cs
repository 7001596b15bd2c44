#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;

/// <summary>The spans of one trace that have ended, while there is no decision about them.</summary>
public sealed class HeldTrace
{
    internal HeldTrace(ActivityTraceId traceId, DateTimeOffset since) => (TraceId, Since) = (traceId, since);

    /// <summary>The trace.</summary>
    public ActivityTraceId TraceId { get; }

    /// <summary>When the first of the spans ended.</summary>
    public DateTimeOffset Since { get; }

    /// <summary>
    /// When the root ended; null while it runs. In a service behind another one the root is elsewhere: there it is the end of
    /// the span whose parent is remote, as soon as no other such span of the trace runs in this process.
    /// </summary>
    public DateTimeOffset? RootEnded { get; internal set; }

    /// <summary>In the order in which they ended.</summary>
    public IReadOnlyList<Activity> Spans => spans;

    internal readonly List<Activity> spans = [];
    internal LinkedListNode<HeldTrace>? Age { get; set; }
    internal LinkedListNode<HeldTrace>? Ended { get; set; }
}

/// <summary>The traces that a <see cref="TailBuffer"/> holds, in two orders: by their first span, and by the end of their root.</summary>
internal sealed class HeldTraces
{
    private readonly Dictionary<ActivityTraceId, HeldTrace> byId = [];
    private readonly LinkedList<HeldTrace> byAge = new();
    private readonly LinkedList<HeldTrace> byRootEnd = new();

    public int Count => byId.Count;

    /// <summary>How many spans there are in all traces together.</summary>
    public int Spans { get; private set; }

    public HeldTrace? Oldest => byAge.First?.Value;

    /// <summary>The trace whose root ended before that of any other.</summary>
    public HeldTrace? FirstEnded => byRootEnd.First?.Value;

    public void Add(Activity span, bool isRoot, DateTimeOffset now)
    {
        if (!byId.TryGetValue(span.TraceId, out var trace))
        {
            byId[span.TraceId] = trace = new HeldTrace(span.TraceId, now);
            trace.Age = byAge.AddLast(trace);
        }

        trace.spans.Add(span);
        Spans++;
        if (isRoot && trace.RootEnded is null)
        {
            trace.RootEnded = now;
            trace.Ended = byRootEnd.AddLast(trace);
        }
    }

    public void Remove(HeldTrace trace)
    {
        byId.Remove(trace.TraceId);
        byAge.Remove(trace.Age!);
        if (trace.Ended is { } ended)
            byRootEnd.Remove(ended);
        Spans -= trace.spans.Count;
    }
}

/// <summary>
/// The spans that run now and have no parent in this process, counted by trace. A service behind another one never sees the
/// root: for it the request is over when the last of these has ended.
/// </summary>
internal sealed class RunningRoots
{
    private readonly Dictionary<ActivityTraceId, int> running = [];

    /// <param name="span">A span that has started.</param>
    /// <param name="max">For so many traces there is memory: spans that never end must not fill it.</param>
    public void Start(Activity span, int max)
    {
        if (!IsRootHere(span))
            return;
        if (running.Count >= max)
            running.Clear();
        running[span.TraceId] = running.GetValueOrDefault(span.TraceId) + 1;
    }

    /// <summary>True if the request is over with this span: as far as this process can know.</summary>
    public bool End(Activity span)
    {
        if (!IsRootHere(span))
            return false;
        var others = running.GetValueOrDefault(span.TraceId) - 1;
        if (others > 0)
            running[span.TraceId] = others;
        else
            running.Remove(span.TraceId);
        return others <= 0 || span.ParentSpanId == default;
    }

    private static bool IsRootHere(Activity span) => span.ParentSpanId == default || span.HasRemoteParent;
}
