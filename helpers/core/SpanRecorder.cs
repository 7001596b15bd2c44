#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
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
    private readonly SpanStore store;
    private readonly string? service;
    private ProviderResource? resource;

    /// <summary>A recorder with a memory of its own.</summary>
    public SpanRecorder() => store = new SpanStore();

    private SpanRecorder(SpanStore store, string service) => (this.store, this.service) = (store, service);

    /// <summary>
    /// The part of one service, where several record into one memory. Each service needs an exporter of its own, because an
    /// exporter belongs to one provider and takes the resource (<c>service.name</c>) from it. What is read from the part
    /// is that service's spans alone; <see cref="Clear"/> and <see cref="Dropped"/> are those of the whole.
    /// </summary>
    public SpanRecorder ForService(string name) => new(store, name);

    /// <summary>How many spans are kept. When one more arrives, the oldest is dropped and counted in <see cref="Dropped"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int Capacity
    {
        get => store.Capacity;
        init => store = new SpanStore(value);
    }

    /// <summary>How many spans are kept now.</summary>
    public int Count => service is null ? store.Count : Spans.Count;

    /// <summary>How many have been dropped to make room.</summary>
    public long Dropped => store.Dropped;

    /// <summary>The recorded spans in the order in which they ended, as they are now: later spans do not appear in this list.</summary>
    public IReadOnlyList<RecordedSpan> Spans => service is null ? store.Spans : store.Spans.Where(IsMine).ToArray();

    /// <summary>The same spans, one trace per trace id, ordered by start.</summary>
    public IReadOnlyList<RecordedTrace> Traces => RecordedTrace.Group(Spans);

    /// <summary>
    /// Waits until at least <paramref name="count"/> spans are kept. A server's span ends a moment after its client has
    /// the answer: wait for it before you draw.
    /// </summary>
    /// <param name="count">How many.</param>
    /// <param name="timeout">How long at most: ten seconds, if not said otherwise.</param>
    /// <exception cref="TimeoutException">They did not come in time; the message says how many did.</exception>
    public Task WaitForAsync(int count, TimeSpan? timeout = null) => store.WaitForAsync(count, timeout, service is null ? null : IsMine);

    /// <summary>Forgets all spans, and the count of the dropped ones.</summary>
    public void Clear() => store.Clear();

    /// <summary>What a provider calls with the spans that have ended.</summary>
    public override ExportResult Export(in Batch<Activity> batch)
    {
        var attributes = ResourceAttributes();
        foreach (var activity in batch)
            store.Add([Snapshot(activity, attributes)]);
        return ExportResult.Success;
    }

    /// <summary>What a provider calls before it goes: it may have been given a name, and nothing was asked for meanwhile.</summary>
    protected override bool OnShutdown(int timeoutMilliseconds) => MissingSpanHeard.Current?.Look() ?? true;

    private bool IsMine(RecordedSpan span) => span.ServiceName == service;

    // A notebook cell that runs again builds a new provider around the same recorder: then its resource counts.
    private IReadOnlyList<KeyValuePair<string, object?>> ResourceAttributes()
    {
        var known = resource;
        if (known is null || !ReferenceEquals(known.Provider, ParentProvider))
        {
            var attributes = ParentProvider?.GetResource().Attributes.Select(a => KeyValuePair.Create(a.Key, AttributeValue.Sent(a.Value)));
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
        Events = activity.Events.Select(e => new RecordedEvent(e.Name, e.Timestamp, Copy(e.EnumerateTagObjects()))).ToArray(),
        Links = activity.Links.Select(l => new RecordedLink(l.Context.TraceId.ToHexString(), l.Context.SpanId.ToHexString(),
            Copy(l.EnumerateTagObjects()))).ToArray(),
    };

    private static IReadOnlyList<KeyValuePair<string, object?>> Copy(Activity.Enumerator<KeyValuePair<string, object?>> tags)
    {
        List<KeyValuePair<string, object?>>? copies = null;
        foreach (ref readonly var tag in tags)
            (copies ??= []).Add(KeyValuePair.Create(tag.Key, AttributeValue.Sent(tag.Value)));
        return copies is null ? [] : copies.AsReadOnly();
    }

    private sealed record ProviderResource(BaseProvider? Provider, IReadOnlyList<KeyValuePair<string, object?>> Attributes);
}
