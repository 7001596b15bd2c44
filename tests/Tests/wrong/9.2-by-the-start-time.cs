// Says: The policy returned two results for one trace id
// Exercise 9.2: a tail policy within a budget
Func<IReadOnlyList<Activity>, bool> answer92 = spansOfTrace =>
{
    var root = spansOfTrace.FirstOrDefault(s => s.ParentSpanId == default);     // null: it still runs
    var id = spansOfTrace[0].TraceId;
    if (root?.Duration > TimeSpan.FromSeconds(1))
        return true;
    if (spansOfTrace.Any(s => s.Status == ActivityStatusCode.Error))
        return IsChosen(id, 0.2);
    if (root?.DisplayName == "GET /health")
        return false;
    return spansOfTrace[0].StartTimeUtc.Ticks / 10 % 25 == 0;
};

Exercise92.Check(answer92)
