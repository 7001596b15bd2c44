#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;

/// <summary>The spans of one trace that have ended, while nobody has decided about them.</summary>
internal sealed class HeldTrace(ActivityTraceId traceId, DateTimeOffset since)
{
    public ActivityTraceId TraceId => traceId;

    /// <summary>When the first of the spans ended.</summary>
    public DateTimeOffset Since => since;

    /// <summary>When the span without a parent ended; null while it runs.</summary>
    public DateTimeOffset? RootEnded { get; set; }

    /// <summary>In the order in which they ended.</summary>
    public List<Activity> Spans { get; } = [];

    internal LinkedListNode<HeldTrace>? Age { get; set; }
    internal LinkedListNode<HeldTrace>? Ended { get; set; }
}

/// <summary>The traces that a <see cref="TailSampler"/> holds, in two orders: by their first span, and by the end of their root.</summary>
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

    public void Add(Activity span, DateTimeOffset now)
    {
        if (!byId.TryGetValue(span.TraceId, out var trace))
        {
            byId[span.TraceId] = trace = new HeldTrace(span.TraceId, now);
            trace.Age = byAge.AddLast(trace);
        }

        trace.Spans.Add(span);
        Spans++;
        if (span.ParentSpanId == default && trace.RootEnded is null)
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
        Spans -= trace.Spans.Count;
    }
}
