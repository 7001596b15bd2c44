// Says: Two Collectors would disagree
// Exercise 8.2: a tail policy within a budget
Func<IReadOnlyList<Activity>, bool> answer82 = spansOfTrace =>
{
    var root = spansOfTrace.FirstOrDefault(s => s.ParentSpanId == default);
    return spansOfTrace.Any(s => s.Status == ActivityStatusCode.Error)
        || root?.Duration > TimeSpan.FromSeconds(1)
        || Random.Shared.NextDouble() < 0.04;
};

Exercise82.Check(answer82)
