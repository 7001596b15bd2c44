// Says: As the duration of the trace, use the duration of its root
// Exercise 9.2: a tail policy within a budget
Func<IReadOnlyList<Activity>, bool> answer92 = trace =>
{
    if (trace.Any(s => s.Duration > TimeSpan.FromSeconds(1))) return true;
    if (trace.Any(s => s.Status == ActivityStatusCode.Error)) return IsChosen(trace[0].TraceId, 0.15);
    if (trace.Any(s => s.DisplayName == "GET /health")) return false;
    return IsChosen(trace[0].TraceId, 0.04);
};

Exercise92.Check(answer92)
