// Says: The tag of a span that has no such tag is null
// Exercise 9.2: a tail policy within a budget
Func<IReadOnlyList<Activity>, bool> answer92 = spansOfTrace =>
{
    var root = spansOfTrace.FirstOrDefault(s => s.ParentSpanId == default);     // null: it still runs
    var id = spansOfTrace[0].TraceId;
    if (root?.Duration > TimeSpan.FromSeconds(1))
        return true;
    if (spansOfTrace.Any(s => (int)s.GetTagItem("http.response.status_code") >= 500))
        return IsChosen(id, 0.2);
    if (root?.DisplayName == "GET /health")
        return false;
    return IsChosen(id, 0.04);
};

Exercise92.Check(answer92)
