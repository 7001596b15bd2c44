// Says: With the ratio 0.5 and the trace id
// Exercise 8.1: a sampler that drops health checks
sealed class ShopSampler(double ratio) : Sampler
{
    public double Ratio => ratio;       // of the roots that are no health checks

    private readonly Sampler others = new ParentBasedSampler(new TraceIdRatioBasedSampler(0.05));

    public override SamplingResult ShouldSample(in SamplingParameters parameters)
    {
        var path = parameters.Tags?.FirstOrDefault(t => t.Key == "url.path").Value as string;
        var isHealthCheck = path == "/health" || path?.StartsWith("/health/") == true;
        var isRoot = parameters.ParentContext.TraceId == default;
        return isRoot && isHealthCheck ? new(SamplingDecision.Drop) : others.ShouldSample(parameters);
    }
}

Exercise81.Check(ratio => new ShopSampler(ratio))
