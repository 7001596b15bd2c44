// Exercise 8.2: a tail policy within a budget
Func<IReadOnlyList<Activity>, bool> answer82 = spansOfTrace =>
{
    var root = spansOfTrace.FirstOrDefault(s => s.ParentSpanId == default);
    return spansOfTrace.Any(s => s.Status == ActivityStatusCode.Error)
        || root?.Duration > TimeSpan.FromSeconds(1)
        || Convert.ToInt32(spansOfTrace[0].TraceId.ToHexString()[^2..], 16) < 10;
};

Exercise82.Check(answer82)
