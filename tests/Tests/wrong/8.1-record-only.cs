// Says: the sampler returned RecordOnly
// Exercise 8.1: a sampler that drops health checks
sealed class ShopSampler(double ratio) : Sampler
{
    private readonly Sampler others = new ParentBasedSampler(new TraceIdRatioBasedSampler(ratio));
    public override SamplingResult ShouldSample(in SamplingParameters parameters)
    {
        var path = parameters.Tags?.FirstOrDefault(t => t.Key == "url.path").Value as string;
        var h = path == "/health" || path?.StartsWith("/health/") == true;
        return h && parameters.ParentContext.TraceId == default ? new(SamplingDecision.RecordOnly) : others.ShouldSample(parameters);
    }
}

Exercise81.Check(ratio => new ShopSampler(ratio))
