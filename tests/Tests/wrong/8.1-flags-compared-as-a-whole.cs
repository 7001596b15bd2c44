// Says: The parent's flags are 03
// Exercise 8.1: a sampler that drops health checks
sealed class ShopSampler(double ratio) : Sampler
{
    public override SamplingResult ShouldSample(in SamplingParameters parameters)
    {
        if (parameters.ParentContext.SpanId != default)
            return new(parameters.ParentContext.TraceFlags == ActivityTraceFlags.Recorded
                ? SamplingDecision.RecordAndSample : SamplingDecision.Drop);
        var path = parameters.Tags?.Where(t => t.Key == "url.path").Select(t => t.Value?.ToString()).FirstOrDefault();
        if (path?.Split('/') is ["", "health", ..])
            return new(SamplingDecision.Drop);
        return new TraceIdRatioBasedSampler(ratio).ShouldSample(parameters);
    }
}

Exercise81.Check(ratio => new ShopSampler(ratio))
