#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

/// <summary>
/// Finished spans in memory, wherever they come from, bounded: when it is full, the oldest go. A copy of a span that is here
/// is not kept, but counted in <see cref="RecordedSpan.Copies"/>. Safe for concurrent use.
/// </summary>
/// <param name="capacity">How many spans are kept, at least one.</param>
/// <param name="maxBytes">How much memory they may take together, as far as it is told to <see cref="Add"/>.</param>
public sealed class SpanStore(int capacity = 100_000, long maxBytes = long.MaxValue)
{
    private readonly Queue<Entry> spans = new();
    private readonly Dictionary<RecordedSpan, Entry> known = [];
    private long dropped, bytes;
    private TaskCompletionSource? next; // ends with the next span; null while nothing waits

    /// <summary>How many spans are kept. When one more arrives, the oldest is dropped and counted in <see cref="Dropped"/>.</summary>
    public int Capacity { get; } = capacity > 0 ? capacity
        : throw new ArgumentOutOfRangeException(nameof(capacity), "At least one span must be kept.");

    /// <summary>How many are kept now.</summary>
    public int Count => Read(() => spans.Count);

    /// <summary>How many have been dropped to make room.</summary>
    public long Dropped => Read(() => dropped);

    /// <summary>The spans in the order in which they came, as they are now: later spans do not appear in this list.</summary>
    public IReadOnlyList<RecordedSpan> Spans => Read(() => spans.Select(s => s.Span).ToArray());

    /// <summary>Keeps spans that came together.</summary>
    /// <param name="added">In the order in which they ended.</param>
    /// <param name="size">What they take in memory, in bytes: it is free again when the last of them goes.</param>
    public void Add(IReadOnlyList<RecordedSpan> added, long size = 0)
    {
        if (added.Count == 0)
            return;
        lock (spans)
        {
            Entry? last = null;
            foreach (var span in added)
            {
                if (known.TryGetValue(span, out var here))
                    here.Span = here.Span with { Copies = here.Span.Copies + span.Copies };
                else
                    spans.Enqueue(known[span] = last = new Entry(span));
            }

            if (last is not null) // copies alone take no memory
                bytes += last.Bytes = size;
            while (spans.Count > Capacity || bytes > maxBytes && spans.Count > 0)
            {
                var oldest = spans.Dequeue();
                known.Remove(oldest.Span);
                bytes -= oldest.Bytes;
                dropped++;
            }

            next?.SetResult();
            next = null;
        }
    }

    /// <summary>Forgets all spans, and the count of the dropped ones.</summary>
    public void Clear()
    {
        lock (spans)
        {
            spans.Clear();
            known.Clear();
            (dropped, bytes) = (0, 0);
        }
    }

    /// <summary>Waits until at least <paramref name="count"/> spans are kept.</summary>
    /// <param name="count">How many.</param>
    /// <param name="timeout">How long at most: ten seconds, if nothing is said; <see cref="Timeout.InfiniteTimeSpan"/> is for ever.</param>
    /// <param name="which">Counts only these.</param>
    /// <param name="hint">What to say besides when they did not come, for example what came of the last request.</param>
    /// <exception cref="TimeoutException">They did not come in time; the message says how many did.</exception>
    public async Task WaitForAsync(int count, TimeSpan? timeout = null, Func<RecordedSpan, bool>? which = null, Func<string>? hint = null)
    {
        var (limit, clock) = (timeout ?? TimeSpan.FromSeconds(10), Stopwatch.StartNew());
        while (true)
        {
            int here;
            Task arrival;
            lock (spans)
            {
                here = which is null ? spans.Count : spans.Count(s => which(s.Span));
                if (here >= count)
                    return;
                arrival = (next ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            try
            {
                var left = limit - clock.Elapsed; // a timer takes no more than 49 days, and that is for ever in a notebook
                await arrival.WaitAsync(limit == Timeout.InfiniteTimeSpan || left.TotalDays > 49 ? Timeout.InfiniteTimeSpan
                    : left > TimeSpan.Zero ? left : TimeSpan.Zero);
            }
            catch (TimeoutException)
            {
                var wanted = count == 1 ? "1 span" : $"{count} spans";
                throw new TimeoutException($"Waited for {wanted}, but only {here} came. {hint?.Invoke()}".TrimEnd());
            }
        }
    }

    private T Read<T>(Func<T> value)
    {
        lock (spans)
            return value();
    }

    private sealed class Entry(RecordedSpan span)
    {
        public RecordedSpan Span { get; set; } = span;
        public long Bytes { get; set; }
    }
}
