// Exercise 8.1: a sampler that drops health checks
sealed class ShopSampler(double ratio) : Sampler
{
    private readonly Sampler others = new ParentBasedSampler(new TraceIdRatioBasedSampler(ratio));

    public override SamplingResult ShouldSample(in SamplingParameters parameters)
    {
        var isHealthCheck = false;
        foreach (var (key, value) in parameters.Tags ?? [])
            isHealthCheck |= key == "url.path" && $"{value}/".StartsWith("/health/");
        var isRoot = parameters.ParentContext.TraceId == default;
        return isRoot && isHealthCheck ? new(SamplingDecision.Drop) : others.ShouldSample(parameters);
    }
}

Exercise81.Check(ratio => new ShopSampler(ratio))
