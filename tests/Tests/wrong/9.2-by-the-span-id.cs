// Says: The policy returned two results for one trace id
// Exercise 9.2: a tail policy within a budget
Func<IReadOnlyList<Activity>, bool> answer92 = spansOfTrace =>
{
    var root = spansOfTrace.FirstOrDefault(s => s.ParentSpanId == default);     // null: it still runs
    var id = spansOfTrace[0].TraceId;
    if (root?.Duration > TimeSpan.FromSeconds(1))
        return true;
    if (spansOfTrace.Any(s => s.Status == ActivityStatusCode.Error))
        return Convert.ToInt32(spansOfTrace[0].SpanId.ToHexString()[..2], 16) < 50;
    if (root?.DisplayName == "GET /health")
        return false;
    return IsChosen(id, 0.04);
};

Exercise92.Check(answer92)
