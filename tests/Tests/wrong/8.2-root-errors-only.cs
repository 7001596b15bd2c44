// Says: one of its spans has the status Error
// Exercise 8.2: a tail policy within a budget
var someOfTheRest = new TraceIdRatioBasedSampler(0.04);

Func<IReadOnlyList<Activity>, bool> answer82 = spansOfTrace =>
{
    var root = spansOfTrace.FirstOrDefault(s => s.ParentSpanId == default);
    return root?.Status == ActivityStatusCode.Error
        || root?.Duration > TimeSpan.FromSeconds(1)
        || someOfTheRest.ShouldSample(new SamplingParameters(default, spansOfTrace[0].TraceId, "", ActivityKind.Server)).Decision == SamplingDecision.RecordAndSample;
};

Exercise82.Check(answer82)
