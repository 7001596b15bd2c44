// Exercise 8.1: a sampler that drops health checks
sealed class HealthOff(double ratio) : Sampler
{
    public override SamplingResult ShouldSample(in SamplingParameters parameters)
    {
        foreach (var (key, value) in parameters.Tags ?? [])
            if (key == "url.path" && new Microsoft.AspNetCore.Http.PathString((string)value).StartsWithSegments("/health"))
                return new(SamplingDecision.Drop);
        return new TraceIdRatioBasedSampler(ratio).ShouldSample(parameters);
    }
}

Exercise81.Check(ratio => new ParentBasedSampler(new HealthOff(ratio)))
