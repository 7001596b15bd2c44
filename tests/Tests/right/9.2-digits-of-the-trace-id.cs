// Exercise 9.2: a tail policy within a budget
Func<IReadOnlyList<Activity>, bool> answer92 = spansOfTrace =>
{
    var root = spansOfTrace.FirstOrDefault(s => s.ParentSpanId == default);     // null: it still runs
    var id = spansOfTrace[0].TraceId;
    if (root?.Duration > TimeSpan.FromSeconds(1))
        return true;
    var digits = Convert.ToInt32(id.ToHexString()[^3..], 16);
    if (spansOfTrace.Any(s => s.Status == ActivityStatusCode.Error))
        return digits < 0x300;
    return digits < 0x90 && root?.DisplayName != "GET /health";
};

Exercise92.Check(answer92)
