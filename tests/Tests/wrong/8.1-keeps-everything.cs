// Says: For a root with url.path = /health, the sampler returned RecordAndSample
// Exercise 8.1: a sampler that drops health checks
sealed class ShopSampler(double ratio) : Sampler
{
    private readonly Sampler others = new ParentBasedSampler(new TraceIdRatioBasedSampler(ratio));

    public override SamplingResult ShouldSample(in SamplingParameters parameters)
    {
        var path = parameters.Tags?.FirstOrDefault(t => t.Key == "url.path").Value as string;
        var isHealthCheck = path == "/health" || path?.StartsWith("/health/") == true;
        var isRoot = parameters.ParentContext.TraceId == default;
        return new(SamplingDecision.RecordAndSample);
    }
}

Exercise81.Check(ratio => new ShopSampler(ratio))
