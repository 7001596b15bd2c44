#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using OpenTelemetry;
using OpenTelemetry.Metrics;

/// <summary>One column of a histogram that a metric keeps: not its requests, only their number, and perhaps one trace id.</summary>
/// <param name="From">Its lower bound.</param>
/// <param name="To">Its upper bound; <see cref="TimeSpan.MaxValue"/> for the last one.</param>
/// <param name="Count">How many measurements fell into it.</param>
/// <param name="TraceId">The exemplar: the trace in which one of them was taken; null if none was kept.</param>
public sealed record MetricBucket(TimeSpan From, TimeSpan To, long Count, string? TraceId);

/// <summary>A metrics backend in memory: it keeps what a provider exported last of each histogram of seconds.</summary>
public sealed class MetricRecorder : BaseExporter<Metric>
{
    private readonly Dictionary<string, MetricBucket[]> histograms = [];

    /// <summary>What the provider calls when it collects.</summary>
    public override ExportResult Export(in Batch<Metric> batch)
    {
        foreach (var metric in batch)
        {
            if (metric.MetricType == MetricType.Histogram)
                histograms[metric.Name] = Read(metric);
        }

        return ExportResult.Success;
    }

    /// <summary>The bucket that a percentile lies in, over all attributes; null if the instrument has measured nothing.</summary>
    /// <param name="instrument">As in <c>http.server.request.duration</c>.</param>
    /// <param name="share">0.95 for p95.</param>
    public MetricBucket? BucketAt(string instrument, double share)
    {
        var buckets = histograms.GetValueOrDefault(instrument) ?? [];
        var (rank, seen) = (Math.Ceiling(share * buckets.Sum(b => b.Count)), 0L);
        return buckets.FirstOrDefault(b => b.Count > 0 && (seen += b.Count) >= rank);
    }

    // One point for each set of attributes; the bounds are the same in all of them.
    private static MetricBucket[] Read(Metric metric)
    {
        var all = new List<MetricBucket>();
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var exemplars = new List<(double Value, string TraceId)>();
            if (point.TryGetExemplars(out var kept))
            {
                foreach (ref readonly var exemplar in kept)
                    exemplars.Add((exemplar.DoubleValue, exemplar.TraceId.ToHexString()));
            }

            var from = 0.0;
            foreach (var bucket in point.GetHistogramBuckets())
            {
                var (low, high) = (from, bucket.ExplicitBound);
                var exemplar = exemplars.FirstOrDefault(e => e.Value > low && e.Value <= high).TraceId;
                all.Add(new(Seconds(low), Seconds(high), bucket.BucketCount, exemplar));
                from = high;
            }
        }

        return all.GroupBy(b => (b.From, b.To)).OrderBy(g => g.Key.From).Select(g => new MetricBucket(g.Key.From, g.Key.To,
            g.Sum(b => b.Count), g.Select(b => b.TraceId).FirstOrDefault(id => id is not null))).ToArray();
    }

    private static TimeSpan Seconds(double seconds) =>
        double.IsInfinity(seconds) ? TimeSpan.MaxValue : TimeSpan.FromMicroseconds(Math.Round(seconds * 1e6));
}
