#nullable enable
using System;
using System.Collections;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using OpenTelemetry;
using OpenTelemetry.Trace;

/// <summary>Whether this machine can make and record a span, in one line.</summary>
public sealed class Readiness : NotebookView
{
    private readonly string line;

    private Readiness(string line) => this.line = line;

    /// <summary>Makes a span, and looks whether it was recorded.</summary>
    public static Readiness Check()
    {
        var spans = new SpanRecorder();
        using (var source = new ActivitySource("readiness"))
        using (Sdk.CreateTracerProviderBuilder().AddSource("readiness").AddProcessor(new SimpleActivityExportProcessor(spans)).Build())
            source.StartActivity("hello")?.Dispose();

        var version = typeof(Sdk).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
        var platform = $".NET {Environment.Version}, OpenTelemetry {version}";
        if (spans.Count == 1)
            return new($"✔ Ready: {platform}; a span was made and recorded.");
        // The SDK reads them too, for example OTEL_SDK_DISABLED and OTEL_TRACES_SAMPLER.
        var set = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(v => $"{v.Key}")
            .Where(name => name.StartsWith("OTEL_", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
        return new($"✘ Not ready: {platform}; a span was made and not recorded."
            + (set.Length > 0 ? $" Remove these environment variables and start again: {string.Join(", ", set)}." : ""));
    }

    /// <summary>The line, for a page.</summary>
    public override string ToHtml() => $"<style>{Drawing.Css}</style><div class=\"tv\">{Drawing.Encode(line, 1_000)}</div>";

    /// <summary>The line, for a terminal.</summary>
    public override string ToString() => line;
}
