#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Reflection;

/// <summary>Who listens to sources in this process, and which names the providers among them were given.</summary>
internal static class MissingSpanListeners
{
    private const BindingFlags Fields = BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance;

    // .NET does not say who listens, and the SDK does not say what AddSource was given, so private fields are read. Where
    // another version has other ones, less is known: a misspelt name is then not found, and a listener counts as a provider.
    private static readonly object? All = typeof(ActivitySource).GetField("s_allListeners", Fields)?.GetValue(null);
    private static readonly FieldInfo? Listeners =
        All?.GetType().GetFields(Fields).FirstOrDefault(f => f.FieldType == typeof(ActivityListener[]));

    /// <summary>All listeners, as they are now. Whenever one comes or goes, it is another array. Null if it is not known.</summary>
    public static ActivityListener[]? Now => Listeners?.GetValue(All) as ActivityListener[];

    /// <summary>Whether a <c>TracerProvider</c> listens to this source; null if it is not known.</summary>
    public static bool? ProviderListens(ActivitySource source) =>
        Now?.Any(l => IsSdk(l.ShouldListenTo?.Method.DeclaringType) && l.ShouldListenTo!(source));

    /// <summary>What each of these providers was given as <c>AddSource</c>; nothing for one that has a name with a star.</summary>
    public static IEnumerable<IReadOnlySet<string>> NamesGiven(ActivityListener[] listeners) => listeners
        .Select(l => Names(l.ShouldListenTo?.Target, depth: 0).Where(name => name.Length > 0).ToHashSet(StringComparer.OrdinalIgnoreCase))
        .Where(names => names.Count > 0);

    private static IEnumerable<string> Names(object? value, int depth) => value switch
    {
        IEnumerable<string> names => names,
        not null when depth < 3 && IsSdk(value.GetType()) && !value.GetType().Name.Contains("Prefix", StringComparison.Ordinal) =>
            value.GetType().GetFields(Fields).Where(f => !f.IsStatic).SelectMany(f => Names(f.GetValue(value), depth + 1)),
        _ => [],
    };

    private static bool IsSdk(Type? type) => type?.Assembly.GetName().Name == "OpenTelemetry";
}
