#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
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
        var provider = Provider();
        foreach (var activity in batch)
            store.Add([Snapshot(activity, provider)]);
        return ExportResult.Success;
    }

    /// <summary>Called before a provider is disposed: its names must be noted even if no span was requested meanwhile.</summary>
    protected override bool OnShutdown(int timeoutMilliseconds) => ActivityObserver.Current?.Look() ?? true;

    private bool IsMine(RecordedSpan span) => span.ServiceName == service;

    // A notebook cell that runs again builds a new provider around the same recorder: then its resource counts.
    private ProviderResource Provider()
    {
        var known = resource;
        if (known is null || !ReferenceEquals(known.Provider, ParentProvider))
        {
            var attributes = ParentProvider?.GetResource().Attributes.Select(a => KeyValuePair.Create(a.Key, AttributeValue.Sent(a.Value)));
            resource = known = new ProviderResource(ParentProvider, attributes?.ToArray() ?? [], HostSource(ParentProvider));
            NotebookHost.CloseOnRestart(ParentProvider);
        }

        return known;
    }

    // Web hosts in one process each have a source of the same name, and each provider listens to all of them. Which one belongs to the
    // host of this provider is known to the host's services alone, and the SDK keeps these to itself (a private field, in 1.20.1).
    private static ActivitySource? HostSource(BaseProvider? provider)
    {
        try
        {
            var services = provider?.GetType().GetField("ServiceProvider", BindingFlags.Instance | BindingFlags.NonPublic);
            return (services?.GetValue(provider) as IServiceProvider)?.GetService(typeof(ActivitySource)) as ActivitySource;
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    // An Activity can still be changed after it ended, so everything is copied. The OTLP exporter makes the status of two tags,
    // unless SetStatus was called, and does not send them as attributes (measured on 1.20.1; the Tracer API sets these tags).
    private static RecordedSpan Snapshot(Activity activity, ProviderResource provider)
    {
        string? code = null, description = null;
        var attributes = new List<KeyValuePair<string, object?>>();
        foreach (ref readonly var tag in activity.EnumerateTagObjects())
        {
            if (tag.Key == "otel.status_code")
                code = (tag.Value as string)?.ToUpperInvariant();
            else if (tag.Key == "otel.status_description")
                description = tag.Value as string;
            else
                attributes.Add(KeyValuePair.Create(tag.Key, AttributeValue.Sent(tag.Value)));
        }

        var isSet = activity.Status != ActivityStatusCode.Unset;
        return new()
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
            Resource = provider.Attributes,
            OfAnotherHost = provider.HostSource is { } own && own != activity.Source && own.Name == activity.Source.Name,
            Start = activity.StartTimeUtc,
            Duration = activity.Duration,
            Status = isSet ? activity.Status
                : code switch { "OK" => ActivityStatusCode.Ok, "ERROR" => ActivityStatusCode.Error, _ => ActivityStatusCode.Unset },
            StatusDescription = isSet ? activity.StatusDescription : description,
            Attributes = attributes.AsReadOnly(),
            // It sends the time on the clock of the event's own time zone as if that were UTC (1.20.1): so it will be drawn.
            Events = activity.Events.Select(e => new RecordedEvent(
                e.Name, new(e.Timestamp.Ticks, TimeSpan.Zero), Copy(e.EnumerateTagObjects()))).ToArray(),
            Links = activity.Links.Select(l => new RecordedLink(l.Context.TraceId.ToHexString(), l.Context.SpanId.ToHexString(),
                Copy(l.EnumerateTagObjects()))).ToArray(),
        };
    }

    private static IReadOnlyList<KeyValuePair<string, object?>> Copy(Activity.Enumerator<KeyValuePair<string, object?>> tags)
    {
        List<KeyValuePair<string, object?>>? copies = null;
        foreach (ref readonly var tag in tags)
            (copies ??= []).Add(KeyValuePair.Create(tag.Key, AttributeValue.Sent(tag.Value)));
        return copies is null ? [] : copies.AsReadOnly();
    }

    private sealed record ProviderResource(BaseProvider? Provider, IReadOnlyList<KeyValuePair<string, object?>> Attributes,
        ActivitySource? HostSource);
}
