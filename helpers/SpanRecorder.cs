#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using OpenTelemetry;
using OpenTelemetry.Resources;

/// <summary>
/// Keeps finished spans in memory: what a notebook uses where a service would use a backend.
/// Register it with <c>.AddProcessor(new SimpleActivityExportProcessor(recorder))</c>. Recorded spans stay readable
/// after the provider is disposed. Safe for concurrent use.
/// </summary>
public sealed class SpanRecorder : BaseExporter<Activity>
{
    private readonly Store store;
    private ProviderResource? resource;

    public SpanRecorder() => store = new Store();

    /// <summary>
    /// A recorder for one more service, writing into the same memory. Each service needs a recorder of its own,
    /// because an exporter belongs to one provider and takes the resource (<c>service.name</c>) from it.
    /// </summary>
    public SpanRecorder(SpanRecorder sharedWith) => store = sharedWith.store;

    /// <summary>How many spans are kept. When one more arrives, the oldest is dropped and counted in <see cref="Dropped"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int Capacity
    {
        get => store.Capacity;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            store.Capacity = value;
        }
    }

    public int Count
    {
        get
        {
            lock (store)
                return store.Spans.Count;
        }
    }

    public long Dropped
    {
        get
        {
            lock (store)
                return store.Dropped;
        }
    }

    /// <summary>The recorded spans in the order in which they ended, as they are now: later spans do not appear in this list.</summary>
    public IReadOnlyList<RecordedSpan> Spans
    {
        get
        {
            lock (store)
                return store.Spans.ToArray();
        }
    }

    /// <summary>The same spans, one trace per trace id, ordered by start.</summary>
    public IReadOnlyList<RecordedTrace> Traces => RecordedTrace.Group(Spans);

    /// <summary>
    /// Waits until at least <paramref name="count"/> spans are kept. A server's span ends a moment after its client has
    /// the answer: wait for it before you draw.
    /// </summary>
    /// <exception cref="TimeoutException">They did not arrive in time (ten seconds, if not said otherwise); the message says how many did.</exception>
    public async Task WaitForAsync(int count, TimeSpan? timeout = null)
    {
        var giveUp = DateTime.UtcNow + (timeout ?? TimeSpan.FromSeconds(10));
        while (true)
        {
            Task next;
            lock (store)
            {
                if (store.Spans.Count >= count)
                    return;
                next = (store.Next ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            try
            {
                await next.WaitAsync(giveUp > DateTime.UtcNow ? giveUp - DateTime.UtcNow : TimeSpan.Zero);
            }
            catch (TimeoutException)
            {
                throw new TimeoutException($"Waited for {count} spans, but only {Count} were recorded.");
            }
        }
    }

    /// <summary>Forgets all spans, and the count of the dropped ones.</summary>
    public void Clear()
    {
        lock (store)
        {
            store.Spans.Clear();
            store.Dropped = 0;
        }
    }

    public override ExportResult Export(in Batch<Activity> batch)
    {
        var attributes = ResourceAttributes();
        foreach (var activity in batch)
        {
            var span = Snapshot(activity, attributes);
            lock (store)
            {
                while (store.Spans.Count >= store.Capacity)
                {
                    store.Spans.Dequeue();
                    store.Dropped++;
                }

                store.Spans.Enqueue(span);
                store.Next?.SetResult();
                store.Next = null;
            }
        }

        return ExportResult.Success;
    }

    // A notebook cell that runs again builds a new provider around the same recorder: then its resource counts.
    private IReadOnlyList<KeyValuePair<string, object?>> ResourceAttributes()
    {
        var known = resource;
        if (known is null || !ReferenceEquals(known.Provider, ParentProvider))
        {
            var attributes = ParentProvider?.GetResource().Attributes.Select(a => KeyValuePair.Create(a.Key, Frozen(a.Value)));
            resource = known = new ProviderResource(ParentProvider, attributes?.ToArray() ?? []);
            NotebookHost.CloseOnRestart(ParentProvider);
        }

        return known.Attributes;
    }

    // An Activity can still be changed after it ended, so everything is copied.
    private static RecordedSpan Snapshot(Activity activity, IReadOnlyList<KeyValuePair<string, object?>> resource) => new()
    {
        TraceId = activity.TraceId.ToHexString(),
        SpanId = activity.SpanId.ToHexString(),
        ParentSpanId = activity.ParentSpanId.ToHexString(),
        HasRemoteParent = activity.HasRemoteParent,
        Flags = activity.ActivityTraceFlags,
        TraceState = activity.TraceStateString,
        Name = activity.DisplayName,
        OperationName = activity.OperationName,
        Kind = activity.Kind,
        SourceName = activity.Source.Name,
        SourceVersion = activity.Source.Version,
        Resource = resource,
        Start = activity.StartTimeUtc,
        Duration = activity.Duration,
        Status = activity.Status,
        StatusDescription = activity.StatusDescription,
        Attributes = Copy(activity.EnumerateTagObjects()),
        Events = CopyEvents(activity),
        Links = CopyLinks(activity),
    };

    private static IReadOnlyList<RecordedEvent> CopyEvents(Activity activity)
    {
        List<RecordedEvent>? copies = null;
        foreach (ref readonly var e in activity.EnumerateEvents())
            (copies ??= []).Add(new RecordedEvent(e.Name, e.Timestamp, Copy(e.EnumerateTagObjects())));
        return copies is null ? [] : copies.AsReadOnly();
    }

    private static IReadOnlyList<RecordedLink> CopyLinks(Activity activity)
    {
        List<RecordedLink>? copies = null;
        foreach (ref readonly var link in activity.EnumerateLinks())
            (copies ??= []).Add(new RecordedLink(link.Context.TraceId.ToHexString(), link.Context.SpanId.ToHexString(), Copy(link.EnumerateTagObjects())));
        return copies is null ? [] : copies.AsReadOnly();
    }

    private static IReadOnlyList<KeyValuePair<string, object?>> Copy(Activity.Enumerator<KeyValuePair<string, object?>> tags)
    {
        List<KeyValuePair<string, object?>>? copies = null;
        foreach (ref readonly var tag in tags)
            (copies ??= []).Add(KeyValuePair.Create(tag.Key, Frozen(tag.Value)));
        return copies is null ? [] : copies.AsReadOnly();
    }

    // Attribute values are strings, booleans, numbers and arrays of these (OpenTelemetry specification, "Attribute").
    // Any other object is kept as the text that an exporter would send: the object itself may change later.
    private static object? Frozen(object? value) => value switch
    {
        null or IConvertible => value,
        Array array => array.Clone(),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    private sealed class Store
    {
        public Queue<RecordedSpan> Spans { get; } = new();
        public int Capacity { get; set; } = 100_000;
        public long Dropped { get; set; }

        /// <summary>Ends with the next span; null while nobody waits.</summary>
        public TaskCompletionSource? Next { get; set; }
    }

    private sealed record ProviderResource(BaseProvider? Provider, IReadOnlyList<KeyValuePair<string, object?>> Attributes);
}
