// Says: The policy returned false for 'order, all well', but it arrived
// Exercise 9.1: late spans, and a bound
sealed class ShopTailSampler(BaseExporter<Activity> exporter, Func<IReadOnlyList<Activity>, bool> keep, int maxTraces)
    : SimpleActivityExportProcessor(exporter)
{
    private readonly OrderedDictionary<ActivityTraceId, List<Activity>> open = [];
    private readonly Dictionary<ActivityTraceId, bool> decided = [];        // true: kept

    public int MaxTraces => maxTraces;

    public override void OnEnd(Activity span)
    {
        lock (open)
        {
            if (decided.TryGetValue(span.TraceId, out var kept))
            {
                if (kept)
                    base.OnEnd(span);
                return;
            }

            if (!open.TryGetValue(span.TraceId, out var whole))
                open[span.TraceId] = whole = [];
            whole.Add(span);
            if (span.ParentSpanId == default)
                Decide(span.TraceId);
            if (open.Count > maxTraces)
                Decide(open.GetAt(0).Key);
        }
    }

    private void Decide(ActivityTraceId id)
    {
        open.Remove(id, out var whole);
        decided[id] = keep(whole) || true;
        if (decided[id])
            whole.ForEach(s => base.OnEnd(s));
    }
}

Exercise91.Check((exporter, keep, maxTraces) => new ShopTailSampler(exporter, keep, maxTraces))
