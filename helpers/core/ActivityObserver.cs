#nullable enable
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Linq;
using System.Threading;

/// <summary>A source at which spans were requested.</summary>
internal sealed class ObservedSource(string name)
{
    public readonly string Name = name;

    // Our own listening makes HasListeners true on every source. This one has the same name, and we do not listen to it: whether
    // it has listeners tells about all others.
    public readonly ActivitySource Probe = new(name, ActivityObserver.ProbeVersion);

    public volatile bool HadProvider;
    public volatile WhoListens? Known;
}

/// <summary>Whether a provider listens; true until the listeners of the process change again.</summary>
internal sealed record WhoListens(long Change, bool Provider);

/// <summary>The names that a provider listens to, and after which change of the listeners it was last there.</summary>
internal sealed record NamesOfProvider(IReadOnlySet<string> Names, long Seen); // as the SDK compares: without regard to case

/// <summary>Counts what happened to the spans of one name that were requested at one source. It keeps no span.</summary>
internal sealed class ObservedSpan(ActivityObserver by, ObservedSource source, string name)
{
    public readonly ActivityObserver By = by;
    public readonly ObservedSource Source = source;
    public readonly string Name = name;

    public long Requested, TooEarly, TooLate, ToAListener;  // TooEarly, TooLate: before and after a provider listened
    public long LocalParent, RemoteParent;              // requested below a parent that is not recorded
    public long Started, StartedForAListener, NotRecorded, Ended, EndedTooLate, EndedNotRecorded;
    public long LastRequested;                              // after which change of the listeners
    public string? Orphan;                              // the last parent that no source made
    public string? EndedAs;                             // the last DisplayName at the end, where it is another one
    public readonly ConcurrentDictionary<string, bool> OtherNames = new(); // all that were seen; true: at the end
    public (string? Name, bool FromOutside, bool Sourceless) Unrecorded; // the last such local parent
}

/// <summary>
/// Observes all calls of StartActivity with an ActivityListener whose Sample returns None, so that it causes no span. Two side effects
/// are visible: HasListeners is true on every source, and a second source of each name exists. It keeps counts for each source and
/// name, at most <see cref="Most"/> of them, and nothing for each span.
/// </summary>
internal sealed class ActivityObserver : IDisposable
{
    public const int Most = 300;
    public const string ProbeVersion = "only there to see who listens";

    [ThreadStatic]
    private static ObservedSpan? last; // most spans are requested, started and ended in a row: this saves lookups

    private readonly ConcurrentDictionary<(string Source, string Name), ObservedSpan> spans = new();
    private readonly ConcurrentDictionary<string, ObservedSource> sources = new();
    private readonly ConcurrentDictionary<string, bool> existing = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, NamesOfProvider> providers = new();
    private readonly ConcurrentDictionary<Uri, string> refused = new();
    private readonly ConcurrentDictionary<string, bool> sourceless = new();
    private readonly ActivityListener listener;
    private readonly MeterListener meter;
    private WeakReference<ActivityListener[]>? seen; // weak: a disposed provider must be free to go
    private long change, queueFull;
    private int kept;

    /// <summary>From <c>NotebookHost.Attach</c> on; null before it.</summary>
    public static ActivityObserver? Current { get; private set; }

    private ActivityObserver()
    {
        listener = new()
        {
            ShouldListenTo = source => source.Version != ProbeVersion && Keep(existing, source.Name, true),
            Sample = OnRequested,
            ActivityStarted = OnStarted,
            ActivityStopped = OnEnded,
        };
        meter = new()
        {
            InstrumentPublished = (instrument, meters) =>
            {
                if (instrument.Name == "otel.sdk.processor.span.processed")
                    meters.EnableMeasurementEvents(instrument);
            },
        };
        meter.SetMeasurementEventCallback<long>(OnProcessed);
    }

    /// <summary>Forgets all counts and starts to observe again.</summary>
    public static void Listen()
    {
        Stop();
        Current = new();
        ActivitySource.AddActivityListener(Current.listener);
        Current.meter.Start();
    }

    /// <summary>Stops observing. The counts are no longer available.</summary>
    public static void Stop()
    {
        Current?.Dispose();
        Current = null;
    }

    public void Dispose()
    {
        listener.Dispose();
        meter.Dispose();
        foreach (var source in sources.Values)
            source.Probe.Dispose();
    }

    /// <summary>All spans that were requested, by source and name.</summary>
    public IEnumerable<ObservedSpan> Spans => spans.Values;

    /// <summary>How many spans a batch processor threw away because its queue was full: the SDK's own count.</summary>
    public long QueueFull => Interlocked.Read(ref queueFull);

    /// <summary>Whether an activity of this name was started with <c>new Activity(…)</c>.</summary>
    public bool StartedWithoutSource(string name) => sourceless.ContainsKey(name);

    /// <summary>What each provider was given as AddSource; those with the same names are one.</summary>
    public IEnumerable<NamesOfProvider> Providers => providers.Values;

    /// <summary>The same for all of them: each name, and after which change of the listeners it was last there.</summary>
    public IReadOnlyDictionary<string, long> NamesGiven => Providers.SelectMany(p => p.Names, (p, name) => (name, p.Seen))
        .GroupBy(n => n.name, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(g => g.Key, g => g.Max(n => n.Seen), StringComparer.OrdinalIgnoreCase);

    /// <summary>What a receiver in this process did not take, last of all, and why; null if it took all.</summary>
    public string? Refused => refused.Values.FirstOrDefault();

    /// <summary>A receiver tells what became of a request.</summary>
    /// <param name="receiver">Its address.</param>
    /// <param name="problem">Null if all of it was taken.</param>
    public void Received(Uri receiver, string? problem)
    {
        if (problem is null)
            refused.TryRemove(receiver, out _);
        else
            Keep(refused, receiver, problem);
    }

    /// <summary>Whether a source of this name was ever made.</summary>
    public bool Exists(string source) => existing.ContainsKey(source);

    /// <summary>Whether a provider listens to this source now.</summary>
    public bool HasProviderNow(ObservedSource source) => Ask(source) == Listening.Provider;

    private enum Listening { None, Listener, Provider }

    /// <summary>Notes what the providers that are here now were given: also called before one of them goes.</summary>
    public bool Look()
    {
        var now = MissingSpanListeners.Now;
        if (now is not null && !(seen?.TryGetTarget(out var before) == true && ReferenceEquals(now, before)))
        {
            var latest = Interlocked.Increment(ref change);
            foreach (var names in MissingSpanListeners.NamesGiven(now))
                Keep(providers, string.Join('\n', names.Order(StringComparer.Ordinal)), new NamesOfProvider(names, latest));
            seen = new(now);
        }

        return true;
    }

    private Listening Ask(ObservedSource source)
    {
        Look();
        if (source.Known is not { } known || known.Change != Interlocked.Read(ref change))
            source.Known = known = new(Interlocked.Read(ref change), MissingSpanListeners.ProviderListens(source.Probe) ?? true);
        if (!source.Probe.HasListeners())
            return Listening.None;
        if (known.Provider)
            source.HadProvider = true;
        return known.Provider ? Listening.Provider : Listening.Listener;
    }

    // Called for every StartActivity. It must never fail, and never ask for options.TraceId: that would make one.
    private ActivitySamplingResult OnRequested(ref ActivityCreationOptions<ActivityContext> options)
    {
        if (Find(options.Source, options.Name) is { } span)
        {
            var early = !span.Source.HadProvider;
            Interlocked.Increment(ref span.Requested);
            var listening = Ask(span.Source);
            if (listening == Listening.None)
                Interlocked.Increment(ref early ? ref span.TooEarly : ref span.TooLate);
            else if (listening == Listening.Listener)
                Interlocked.Increment(ref span.ToAListener);
            else if (options.Parent.TraceId != default)
                LookAtParent(span, options.Parent);
            span.LastRequested = Interlocked.Read(ref change);
        }

        return ActivitySamplingResult.None;
    }

    // The SDK says the same in its event 58 (event source OpenTelemetry-Sdk), but at level Verbose, where it writes two more
    // events for every span: a span then costs seven times as much (measured). So it is worked out here, and a test compares.
    private static void LookAtParent(ObservedSpan span, ActivityContext parent)
    {
        var current = Activity.Current is { } activity && activity.SpanId == parent.SpanId ? activity : null;
        if (parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded))
        {
            if (current?.Source.Name.Length == 0)
                span.Orphan = current.OperationName;
        }
        else if (parent.IsRemote)
            Interlocked.Increment(ref span.RemoteParent);
        else
        {
            // The decision was made where the unrecorded part of the trace begins.
            while (current?.Parent is { Recorded: false } above)
                current = above;
            Interlocked.Increment(ref span.LocalParent);
            span.Unrecorded = (current?.OperationName, current?.HasRemoteParent ?? false, current?.Source.Name.Length == 0);
        }
    }

    private void OnStarted(Activity activity)
    {
        NoteName(activity.Parent);
        if (activity.Source.Name.Length == 0)
            Keep(sourceless, activity.OperationName, true);
        else if (Find(activity.Source, activity.OperationName) is { } span)
        {
            Interlocked.Increment(ref span.Source.Known is { Provider: false } ? ref span.StartedForAListener : ref span.Started);
            if (!activity.Recorded)
                Interlocked.Increment(ref span.NotRecorded);
        }
    }

    private void OnEnded(Activity activity)
    {
        NoteName(activity.Parent);
        if (activity.Source.Name.Length == 0 || Find(activity.Source, activity.OperationName) is not { } span)
            return;
        Interlocked.Increment(ref HasProviderNow(span.Source) ? ref span.Ended : ref span.EndedTooLate);
        if (!activity.Recorded)
            Interlocked.Increment(ref span.EndedNotRecorded);
        if (NoteName(activity, ended: true))
            span.EndedAs = activity.DisplayName;
    }

    // .NET does not tell when a span is renamed: its name is looked at when it ends, and when a span below it starts or ends.
    private bool NoteName(Activity? activity, bool ended = false) =>
        activity is not null && activity.DisplayName != activity.OperationName
        && spans.TryGetValue((activity.Source.Name, activity.OperationName), out var span)
        && Keep(span.OtherNames, activity.DisplayName, ended || span.OtherNames.GetValueOrDefault(activity.DisplayName), most: 20);

    private void OnProcessed(Instrument instrument, long count, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        foreach (var tag in tags)
        {
            if (tag.Key == "error.type" && tag.Value is "queue_full")
                Interlocked.Add(ref queueFull, count);
        }
    }

    private ObservedSpan? Find(ActivitySource source, string name)
    {
        if (last is { } known && known.By == this && ReferenceEquals(known.Name, name) && ReferenceEquals(known.Source.Name, source.Name))
            return known;
        if (!spans.TryGetValue((source.Name, name), out var span) && kept < Most && name.Length < Most)
        {
            Interlocked.Increment(ref kept);
            span = spans.GetOrAdd((source.Name, name), new ObservedSpan(this, sources.GetOrAdd(source.Name, made => new(made)), name));
        }

        return span is null ? null : last = span;
    }

    private static bool Keep<TKey, T>(ConcurrentDictionary<TKey, T> all, TKey key, T value, int most = Most)
        where TKey : notnull
    {
        if (all.ContainsKey(key) || (key is not string { Length: > 10 * Most } && all.Count < most))
            all[key] = value;
        return true;
    }
}
