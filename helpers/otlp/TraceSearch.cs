#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;

/// <summary>
/// A search for traces, field by field as on Jaeger's search page. All that it asks must be true of <b>one</b> span; then the
/// whole trace of that span is found.
/// </summary>
/// <param name="Service">The <c>service.name</c>.</param>
public sealed record TraceSearch(string Service)
{
    /// <summary>The name of a span; null for any.</summary>
    public string? Operation { get; init; }

    /// <summary>
    /// Attributes and their values, as in <c>"error=true http.response.status_code=502"</c>. A value with a space is written in quotation
    /// marks. Some keys are no attributes: <c>error</c> and <c>span.status</c> ask for the status, <c>span.kind</c> for the kind,
    /// <c>scope.name</c> and <c>scope.version</c> for the source, and what begins with <c>resource.</c> for an attribute of the resource.
    /// </summary>
    public string Tags { get; init; } = "";

    /// <summary>The span lasted at least so long; null for any.</summary>
    public TimeSpan? MinDuration { get; init; }

    /// <summary>The span lasted at most so long; null for any.</summary>
    public TimeSpan? MaxDuration { get; init; }

    /// <summary>The span started at this time or later: an hour ago if nothing is said ("Lookback").</summary>
    public DateTimeOffset From { get; init; } = DateTimeOffset.UtcNow.AddHours(-1);

    /// <summary>The span started at this time or before; null for now.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>At most so many traces: those that came last, and not the longest ("Limit Results").</summary>
    public int Limit { get; init; } = 20;

    /// <summary>The attributes that <see cref="Tags"/> names.</summary>
    /// <exception cref="FormatException">It is no list of <c>key=value</c>.</exception>
    public IReadOnlyList<KeyValuePair<string, string>> Attributes()
    {
        var (found, rest) = (new List<KeyValuePair<string, string>>(), (Tags ?? "").Trim());
        while (rest.Length > 0)
        {
            var equals = rest.IndexOf('=');
            var quoted = equals + 1 < rest.Length && rest[equals + 1] == '"';
            var start = quoted ? equals + 2 : equals + 1;
            var end = start > rest.Length ? -1 : rest.IndexOf(quoted ? '"' : ' ', start);
            if (equals < 1 || rest[..equals].Contains(' ') || quoted && end < 0)
                throw new FormatException($"'{Tags}' is not a list of tags. Write key=value, and a space between two tags: error=true a=b");
            end = end < 0 ? rest.Length : end;
            found.Add(new(rest[..equals], rest[start..end]));
            rest = rest[Math.Min(rest.Length, quoted ? end + 1 : end)..].TrimStart();
        }

        return found;
    }

    /// <summary>The newest of these traces that have such a span, ordered by start.</summary>
    /// <exception cref="FormatException"><see cref="Tags"/> is no list of <c>key=value</c>.</exception>
    public IReadOnlyList<RecordedTrace> In(IEnumerable<RecordedTrace> traces)
    {
        var attributes = Attributes();
        return traces.Where(t => t.Spans.Any(s => Finds(s, attributes))).OrderBy(t => t.Start).TakeLast(Limit).ToArray();
    }

    // The rule of Jaeger 2.20's memory storage; its answers to our shop's traces are in the tests.
    private bool Finds(RecordedSpan span, IReadOnlyList<KeyValuePair<string, string>> attributes) =>
        span.ServiceName == Service && (string.IsNullOrEmpty(Operation) || span.Name == Operation)
        && span.Start >= From && span.Start <= (To ?? DateTimeOffset.MaxValue)
        && span.Duration >= (MinDuration ?? TimeSpan.Zero) && span.Duration <= (MaxDuration ?? TimeSpan.MaxValue)
        && attributes.All(a => IsTrue(a.Key, a.Value, span));

    private static bool IsTrue(string key, string value, RecordedSpan span) => key switch
    {
        // error=false wants the status Ok, which hardly anybody sets: it does not find what merely went well.
        "error" => ParseBool(value) is { } failed && span.Status == (failed ? ActivityStatusCode.Error : ActivityStatusCode.Ok),
        "span.status" => span.Status == (value.ToUpperInvariant() switch
        {
            "OK" => ActivityStatusCode.Ok,
            "ERROR" => ActivityStatusCode.Error,
            _ => ActivityStatusCode.Unset, // whatever else is written
        }),
        "span.kind" => value.Equals($"{span.Kind}", StringComparison.OrdinalIgnoreCase),
        "scope.name" => span.SourceName == value,
        "scope.version" => (span.SourceVersion ?? "") == value,
        _ when key.StartsWith("resource.", StringComparison.Ordinal) => Has(span.Resource, new(key["resource.".Length..], value)),
        _ => Lists(span).Any(list => Has(list, new(key, value))),
    };

    // Go's strconv.ParseBool.
    private static bool? ParseBool(string value) => value switch
    {
        "1" or "t" or "T" or "TRUE" or "true" or "True" => true,
        "0" or "f" or "F" or "FALSE" or "false" or "False" => false,
        _ => null,
    };

    private static IEnumerable<IEnumerable<KeyValuePair<string, object?>>> Lists(RecordedSpan span) =>
        [span.Attributes, span.Resource, .. span.Events.Select(e => e.Attributes), .. span.Links.Select(l => l.Attributes)];

    private static bool Has(IEnumerable<KeyValuePair<string, object?>> list, KeyValuePair<string, string> wanted) =>
        list.Any(a => a.Key == wanted.Key && wanted.Value == a.Value switch
        {
            bool truth => truth ? "true" : "false",
            IEnumerable and not string => null,
            var value => Convert.ToString(value, CultureInfo.InvariantCulture),
        });
}
