// Exercise 9.1: late spans, and a bound
sealed class ShopTailSampler(
    BaseExporter<Activity> exporter, Func<IReadOnlyList<Activity>, bool> keep, int maxTraces)
    : SimpleActivityExportProcessor(exporter)
{
    private readonly OrderedDictionary<ActivityTraceId, List<Activity>> open = [];
    private readonly HashSet<ActivityTraceId> keptIds = [], droppedIds = [];

    public override void OnEnd(Activity span)
    {
        lock (open)
        {
            var id = span.TraceId;
            if (keptIds.Contains(id))
            {
                base.OnEnd(span);
            }
            else if (!droppedIds.Contains(id))
            {
                if (open.TryGetValue(id, out var whole))
                    whole.Add(span);
                else
                    open.Add(id, [span]);
                if (span.Parent is null && span.ParentId is null)
                    Decide(id);
                while (open.Count > maxTraces)
                    Decide(open.First().Key);
            }
        }
    }

    private void Decide(ActivityTraceId id)
    {
        var whole = open[id];
        open.Remove(id);
        var yes = keep(whole);
        (yes ? keptIds : droppedIds).Add(id);
        foreach (var s in yes ? whole : [])
            base.OnEnd(s);
    }
}

Exercise91.Check((exporter, keep, maxTraces) => new ShopTailSampler(exporter, keep, maxTraces))
