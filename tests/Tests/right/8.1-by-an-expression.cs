// Exercise 8.1: a sampler that drops health checks
sealed class ShopSampler(double ratio) : Sampler
{
    private readonly ParentBasedSampler others = new(new TraceIdRatioBasedSampler(ratio));

    public override SamplingResult ShouldSample(in SamplingParameters parameters)
    {
        string path = null;
        if (parameters.Tags is { } tags)
        {
            using var each = tags.GetEnumerator();
            while (each.MoveNext())
                if (string.Equals(each.Current.Key, "url.path", StringComparison.Ordinal))
                    path = Convert.ToString(each.Current.Value);
        }

        return path != null && System.Text.RegularExpressions.Regex.IsMatch(path, "^/health(/|$)") && parameters.ParentContext == default
            ? new(false) : others.ShouldSample(in parameters);
    }
}

Exercise81.Check(ratio => new ShopSampler(ratio))
