// Exercise 8.2: a tail policy within a budget
var someOfTheRest = new TraceIdRatioBasedSampler(0.04);

Func<IReadOnlyList<Activity>, bool> answer82 = spansOfTrace =>
{
    foreach (var span in spansOfTrace)
    {
        if (span.Status == ActivityStatusCode.Error)
            return true;
        if (span.ParentSpanId == default && span.Duration > TimeSpan.FromSeconds(1))
            return true;
    }

    var parameters = new SamplingParameters(default, spansOfTrace[0].TraceId, "rest", ActivityKind.Internal);
    return someOfTheRest.ShouldSample(parameters).Decision == SamplingDecision.RecordAndSample;
};

Exercise82.Check(answer82)
