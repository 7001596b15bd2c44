// Exercise 9.1: late spans, and a bound
sealed class ShopTailSampler(BaseExporter<Activity> exporter, Func<IReadOnlyList<Activity>, bool> keep, int maxTraces)
    : SimpleActivityExportProcessor(exporter)
{
    private readonly Dictionary<ActivityTraceId, List<Activity>> open = [];
    private readonly Queue<ActivityTraceId> byAge = [];
    private readonly HashSet<ActivityTraceId> kept = [], dropped = [];

    public override void OnEnd(Activity span)
    {
        lock (open)
        {
            if (dropped.Contains(span.TraceId))
                return;
            if (kept.Contains(span.TraceId))
            {
                base.OnEnd(span);
                return;
            }

            if (!open.ContainsKey(span.TraceId))
            {
                open.Add(span.TraceId, []);
                byAge.Enqueue(span.TraceId);
            }

            open[span.TraceId].Add(span);
            if (span.ParentSpanId == default)
                Decide(span.TraceId);
            while (open.Count > maxTraces)
                Decide(byAge.Dequeue());
        }
    }

    private void Decide(ActivityTraceId id)
    {
        if (!open.Remove(id, out var whole))
            return;
        (keep(whole) ? kept : dropped).Add(id);
        if (kept.Contains(id))
            foreach (var span in whole)
                base.OnEnd(span);
    }
}

Exercise91.Check((exporter, keep, maxTraces) => new ShopTailSampler(exporter, keep, maxTraces))
