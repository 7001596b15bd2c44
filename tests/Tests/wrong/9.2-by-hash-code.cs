// Says: Your policy calls ActivityTraceId.GetHashCode
// Exercise 9.2: a tail policy within a budget
Func<IReadOnlyList<Activity>, bool> answer92 = spansOfTrace =>
{
    var root = spansOfTrace.FirstOrDefault(s => s.ParentSpanId == default);     // null: it still runs
    var id = spansOfTrace[0].TraceId;
    if (root?.Duration > TimeSpan.FromSeconds(1))
        return true;
    if (spansOfTrace.Any(s => s.Status == ActivityStatusCode.Error))
        return (uint)id.GetHashCode() % 100 < 20;
    if (root?.DisplayName == "GET /health")
        return false;
    return (uint)id.GetHashCode() % 100 < 4;
};

Exercise92.Check(answer92)
