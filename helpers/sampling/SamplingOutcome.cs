#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text;

/// <summary>What a sampling strategy kept of a <see cref="Traffic"/>.</summary>
public sealed class SamplingOutcome
{
    private readonly int[] kept;

    /// <summary>Counts what arrived.</summary>
    /// <param name="strategy">A short name, for a picture.</param>
    /// <param name="traffic">What was sent.</param>
    /// <param name="spans">What arrived of it.</param>
    public SamplingOutcome(string strategy, Traffic traffic, SpanRecorder spans)
    {
        (Strategy, Traffic) = (strategy, traffic);
        var counts = new Dictionary<string, int>();
        foreach (var span in spans.Spans)
        {
            counts[span.TraceId] = counts.GetValueOrDefault(span.TraceId) + 1;
            Spans++;
            Bytes += Size(span);
        }

        kept = traffic.Requests.Select(r => counts.GetValueOrDefault(r.TraceId)).ToArray();
    }

    /// <summary>The name of the strategy.</summary>
    public string Strategy { get; }

    /// <summary>What was sent.</summary>
    public Traffic Traffic { get; }

    /// <summary>Spans that were exported.</summary>
    public int Spans { get; }

    /// <summary>Their size as OTLP protobuf in bytes, without compression and without the resource, which is sent once a batch.</summary>
    public long Bytes { get; }

    /// <summary>The requests of which at least one span was kept.</summary>
    public IEnumerable<TrafficRequest> Kept => Where((_, n) => n > 0);

    /// <summary>The requests of which some spans were kept and some are missing.</summary>
    public IEnumerable<TrafficRequest> Broken => Where((r, n) => n > 0 && n < r.Spans);

    /// <summary>The requests that have an error and of which nothing was kept.</summary>
    public IEnumerable<TrafficRequest> ErrorsLost => Where((r, n) => r.HasError && n == 0);

    /// <summary>How many spans of each request were kept, in the order of <see cref="Traffic.Requests"/>.</summary>
    public IReadOnlyList<int> Counts => kept;

    /// <summary>A line of a comparison.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Strategy}: kept {Kept.Count():N0} of {Drawing.Count(kept.Length, "trace")}, {Drawing.Count(Spans, "span")}, {Bytes:N0} bytes");

    private IEnumerable<TrafficRequest> Where(Func<TrafficRequest, int, bool> condition) =>
        Traffic.Requests.Where((request, i) => condition(request, kept[i]));

    // opentelemetry-proto, trace.proto, message Span: ids 18 + 10 (+ 10 for a parent), two times of 9, kind 2, flags 6; then
    // each string or message has a tag and a length. Events and links are not counted: this traffic has none.
    private static int Size(RecordedSpan span)
    {
        var size = 18 + 10 + (span.ParentSpanId is null ? 0 : 10) + 18 + 2 + 6 + Text(span.Name)
            + (string.IsNullOrEmpty(span.TraceState) ? 0 : Text(span.TraceState));
        foreach (var (key, value) in span.Attributes)
            size += Field(Text(key) + Field(Value(value)));
        if (span.Status != ActivityStatusCode.Unset)
            size += Field(2 + (span.StatusDescription is { } text ? Text(text) : 0));
        return Field(size);

        static int Value(object? value) => value switch
        {
            bool => 2,
            float or double => 9,
            byte or short or int or uint or long => 1 + VarInt((ulong)Convert.ToInt64(value, null)),
            _ => Text(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""),
        };
        static int Text(string text) => Field(Encoding.UTF8.GetByteCount(text));
        static int Field(int length) => 1 + VarInt((ulong)length) + length;
        static int VarInt(ulong value)
        {
            var bytes = 1;
            while ((value >>= 7) > 0)
                bytes++;
            return bytes;
        }
    }
}
