// Exercise 8.1: a sampler that drops health checks
sealed class Root(double ratio) : Sampler
{
    private readonly Sampler inner = new TraceIdRatioBasedSampler(ratio);

    public override SamplingResult ShouldSample(in SamplingParameters parameters) =>
        (parameters.Tags ?? []).Any(t => t is { Key: "url.path", Value: "/health" }
            || t.Key == "url.path" && t.Value is string path && path.StartsWith("/health/", StringComparison.Ordinal))
            ? new(SamplingDecision.Drop) : inner.ShouldSample(parameters);
}

Exercise81.Check(ratio => new ParentBasedSampler(new Root(ratio), new AlwaysOnSampler(), new AlwaysOffSampler()))
