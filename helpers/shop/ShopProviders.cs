#nullable enable
using System;
using System.Collections.Generic;
using OpenTelemetry.Trace;

/// <summary>The providers of the shop, one for each service. Another version gets new ones, as a new process would.</summary>
internal sealed class ShopProviders(IEnumerable<ShopService> services, Action<string, TracerProviderBuilder>? tracing) : IDisposable
{
    private readonly List<TracerProvider> built = [];

    /// <summary>Closes those of the version before, and builds those of this one; none, if the shop runs without tracing.</summary>
    public void Build(string version)
    {
        Dispose();
        if (tracing is null)
            return;
        foreach (var service in services)
            built.Add(ShopTracing.BuildProvider(service.Name, service.Source.Name, version, tracing));
    }

    public void Dispose()
    {
        foreach (var provider in built)
            provider.Dispose();
        built.Clear();
    }
}
