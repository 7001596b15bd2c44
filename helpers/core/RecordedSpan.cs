#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

/// <summary>
/// A finished span, wherever it came from: a <see cref="SpanRecorder"/>, an OTLP receiver, a backend's API. Two are equal if one
/// is a copy of the other: the same ids, service, kind, name and start. Whatever else shares an id is another span.
/// </summary>
public sealed record RecordedSpan
{
    private readonly string? parentSpanId;
    private readonly TimeSpan duration;
    private readonly string? statusDescription;

    /// <summary>32 lower-case hex digits.</summary>
    public required string TraceId { get; init; }

    /// <summary>16 lower-case hex digits.</summary>
    public required string SpanId { get; init; }

    /// <summary>Null for a root. "" (OTLP) and sixteen zeros (<see cref="Activity"/>) mean the same and become null.</summary>
    public string? ParentSpanId
    {
        get => parentSpanId;
        init => parentSpanId = value is "" or "0000000000000000" ? null : value;
    }

    /// <summary>True if the parent's context came in from outside, for example in a <c>traceparent</c> header.</summary>
    public bool HasRemoteParent { get; init; }

    /// <summary>Bit 0: sampled. Bit 1: the trace id is random (W3C Trace Context, "trace-flags").</summary>
    public ActivityTraceFlags Flags { get; init; }

    /// <summary>The <c>tracestate</c> header, as it came; null if there is none.</summary>
    public string? TraceState { get; init; }

    /// <summary>The span name a backend shows: <see cref="Activity.DisplayName"/>.</summary>
    public required string Name { get; init; }

    /// <summary>The name the span was started with. OTLP does not carry it: empty if unknown.</summary>
    public string OperationName { get; init; } = "";

    /// <summary>Which side of which border: a server and its client, a producer and its consumer, or inside of a service.</summary>
    public ActivityKind Kind { get; init; }

    /// <summary>The <see cref="ActivitySource"/>; OpenTelemetry calls it the instrumentation scope.</summary>
    public string SourceName { get; init; } = "";

    /// <summary>Null if the source was created without one.</summary>
    public string? SourceVersion { get; init; }

    /// <summary>Attributes of the service that made the span.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Resource { get; init; } = [];

    /// <summary><c>service.name</c> of the resource; "unknown_service" if it has none, as the specification names it.</summary>
    public string ServiceName => Lookup(Resource, "service.name") as string ?? "unknown_service";

    /// <summary><c>service.instance.id</c> of the resource: which process of the service; null if it does not say.</summary>
    public string? Instance => Lookup(Resource, "service.instance.id") as string;

    /// <summary>UTC.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>Never negative: set to less than zero, it is zero, and <see cref="EndsBeforeStart"/> says by how much.</summary>
    public required TimeSpan Duration
    {
        get => duration < TimeSpan.Zero ? TimeSpan.Zero : duration;
        init => duration = value;
    }

    /// <summary>How long before its start the span ended, as it was reported; zero for almost every span.</summary>
    public TimeSpan EndsBeforeStart => duration >= TimeSpan.Zero ? TimeSpan.Zero
        : duration == TimeSpan.MinValue ? TimeSpan.MaxValue : -duration;

    /// <summary>How often it came: more than once if a batch was sent again, or if two providers record into one memory.</summary>
    public int Copies { get; init; } = 1;

    /// <summary>The service names under which it came, if several: two providers of one process listened to its source.</summary>
    public IReadOnlyList<string> CameAs { get; init; } = [];

    /// <summary>Recorded by the provider of one web host, and made by another one in the same process.</summary>
    internal bool OfAnotherHost { get; init; }

    /// <summary>UTC.</summary>
    public DateTimeOffset End => Duration < DateTimeOffset.MaxValue - Start ? Start + Duration : DateTimeOffset.MaxValue;

    /// <summary>Unset unless somebody set it: Error is for failures of this span's own operation.</summary>
    public ActivityStatusCode Status { get; init; }

    /// <summary>What went wrong; only errors have one: with any other status it is ignored (specification, "Set Status").</summary>
    public string? StatusDescription
    {
        get => Status == ActivityStatusCode.Error ? statusDescription : null;
        init => statusDescription = value;
    }

    /// <summary>In the order in which they were set.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Attributes { get; init; } = [];

    /// <summary>In the order in which they were added.</summary>
    public IReadOnlyList<RecordedEvent> Events { get; init; } = [];

    /// <summary>In the order in which they were added.</summary>
    public IReadOnlyList<RecordedLink> Links { get; init; } = [];

    /// <summary>How many attributes, events and links the sender left out, as it says: an SDK has limits, 128 of each in .NET.</summary>
    public (uint Attributes, uint Events, uint Links) Dropped { get; init; }

    /// <summary>The attribute's value; null if the span does not have it. <c>span["http.route"]</c> is the same.</summary>
    public object? Attribute(string key) => Lookup(Attributes, key);

    /// <summary>The attribute's value; null if the span does not have it.</summary>
    public object? this[string key] => Attribute(key);

    /// <summary>Whether one is a copy of the other.</summary>
    public bool Equals(RecordedSpan? other) => ReferenceEquals(this, other) || other is not null
        && SpanId == other.SpanId && Start == other.Start && Kind == other.Kind && Name == other.Name
        && TraceId == other.TraceId && ServiceName == other.ServiceName;

    /// <summary>The same for copies.</summary>
    public override int GetHashCode() => HashCode.Combine(TraceId, SpanId, Start, Name, ServiceName);

    /// <summary>As in "user-service: GET /users/{id}".</summary>
    public override string ToString() => $"{ServiceName}: {Name}";

    private static object? Lookup(IReadOnlyList<KeyValuePair<string, object?>> attributes, string key) =>
        attributes.FirstOrDefault(a => a.Key == key).Value;
}

/// <summary>Something that happened at one moment of a span, for example an exception.</summary>
/// <param name="Name">What it was: "exception", or a name of your own.</param>
/// <param name="Time">UTC.</param>
/// <param name="Attributes">In the order in which they were set.</param>
public sealed record RecordedEvent(string Name, DateTimeOffset Time, IReadOnlyList<KeyValuePair<string, object?>> Attributes);

/// <summary>A pointer from a span to another one, often in another trace.</summary>
/// <param name="TraceId">32 lower-case hex digits.</param>
/// <param name="SpanId">16 lower-case hex digits.</param>
/// <param name="Attributes">In the order in which they were set.</param>
public sealed record RecordedLink(string TraceId, string SpanId, IReadOnlyList<KeyValuePair<string, object?>> Attributes);

/// <summary>A stretch of time.</summary>
/// <param name="Start">UTC.</param>
/// <param name="End">UTC, not before <paramref name="Start"/>.</param>
public readonly record struct TimeRange(DateTimeOffset Start, DateTimeOffset End)
{
    /// <summary>From the start to the end.</summary>
    public TimeSpan Duration => End - Start;
}
