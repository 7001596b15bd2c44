// Says: Other paths are not treated
// Exercise 8.1: a sampler that drops health checks
sealed class ShopSampler(double ratio) : Sampler
{
    private readonly Sampler others = new ParentBasedSampler(new TraceIdRatioBasedSampler(ratio));

    public override SamplingResult ShouldSample(in SamplingParameters parameters)
    {
        var path = parameters.Tags?.FirstOrDefault(t => t.Key == "url.path").Value as string;
        var isHealthCheck = path?.Contains("/health") == true;
        var isRoot = parameters.ParentContext.TraceId == default;
        return isRoot && isHealthCheck ? new(SamplingDecision.Drop) : others.ShouldSample(parameters);
    }
}

Exercise81.Check(ratio => new ShopSampler(ratio))
