#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;

/// <summary>
/// Finds ids in the names of spans: an operation with an id in its name has as many names as there are ids, and a backend cannot
/// group its spans.
/// </summary>
/// <remarks>
/// A name holds an id if one of these is true:
/// <list type="bullet">
/// <item>it has a GUID, a long hexadecimal word, or a number of five and more digits;</item>
/// <item>a number follows the word for a thing (<c>order 7</c>, <c>user 42</c>), or ends a path (<c>GET /payments/7</c>);</item>
/// <item>a part of it is the value of an id that the same trace holds: in an attribute such as <c>user.id</c> or <c>shop.user</c>, or in
/// a path, at a place where the route has a parameter (<c>load cart of anna</c> below <c>/carts/{user}</c>);</item>
/// <item>several spans have names that differ only in a number, and these are not numbered from 0 or 1.</item>
/// </list>
/// A name is right if it ends with the span's <c>http.route</c> or <c>url.template</c>, whatever numbers are in it
/// (<c>GET /api/2024/things</c>). So is a number after the word for a place in an order (<c>step 1</c>, <c>top 10</c>). A word that no
/// attribute and no path holds cannot be known for an id.
/// </remarks>
/// <param name="traces">All that arrived.</param>
internal sealed class NameIds(IReadOnlyList<RecordedTrace> traces)
{
    private const RegexOptions AnyCase = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    private static readonly Regex Template = new(@"\{[^}]*\}|<[^>]*>|(?<=/):\w+");

    private static readonly Regex LongId = new(@"\b[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
        + @"|\b(?=[a-f]*\d)[0-9a-f]{12,}\b|(?<![\w.])\d{5,}(?![\w.])|(?<!\w)[0-7][0-9A-HJKMNP-TV-Z]{25}(?!\w)");   // the last: ULID

    private static readonly Regex Thing = new(@"\b(order|user|customer|client|cart|basket|invoice|payment|product|article|item|account"
        + @"|session|ticket|tenant|message|booking|card|document|device|employee|person|row|record|request|job|parcel|shipment|voucher"
        + @"|coupon|patient|vehicle|flight|room|id|no|nr|number)s?\b"
        + @"( id| no\.?| nr\.?| number)?[ :=#_-]{0,2}#?\d+\b", AnyCase);

    private static readonly Regex Counter = new(@"\b(step|phase|stage|part|page|attempt|try|retry|round|pass|level|tier|top|first|last"
        + @"|next|batch|chunk|worker|shard|partition|lane|channel|version|api|http|tls|v)[ /_-]?\d{1,4}\b|\b\d{1,4}(st|nd|rd|th|ms|s|m|h|d"
        + @"|kb|mb|gb|%)(?![A-Za-z])", AnyCase);

    // A year is no id: /api/2024/things, "report 2025".
    private static readonly Regex InPath = new(@"(?<=(^|\s)(/[^\s/]*)*/|://\S*/)(?!(19|20)\d\d(?!\d))\d+(?=$|[/?#\s])");

    private static readonly Regex Number = new(@"(?<![\w.])\d+(?![\w.])");

    private static readonly Regex IdKey = new(@"(^|[._-])(id|uid|uuid|guid|user|customer|account|login|email|tenant|order|cart|session"
        + @"|number|no|sku)$|Id$", RegexOptions.CultureInvariant);

    /// <summary>The spans whose names hold an id.</summary>
    public IEnumerable<RecordedSpan> Spans
    {
        get
        {
            var found = traces.SelectMany(t => Ids(t) is var ids ? t.Spans.Where(s => !IsRoute(s) && HasId(s, ids)) : []);
            return found.Concat(traces.SelectMany(t => t.Spans).Where(s => !IsRoute(s))
                .GroupBy(s => Number.Replace(Uncounted(s), "#")).Where(g => Vary(g.Key, g)).SelectMany(g => g));
        }
    }

    private static bool HasId(RecordedSpan span, string[] ids)
    {
        var (name, uncounted) = (Plain(span), Uncounted(span));
        return LongId.IsMatch(name) || Thing.IsMatch(name) || InPath.IsMatch(uncounted) || ids.Any(id => HasWord(uncounted, id));
    }

    // Names that differ in a number. Steps that are numbered from 0 or 1 are the same steps each time.
    private static bool Vary(string shape, IEnumerable<RecordedSpan> spans)
    {
        if (!shape.Contains('#'))
            return false;
        var names = spans.Select(Uncounted).Distinct().ToArray();
        var numbers = names.Select(n => Number.Matches(n).Select(m => m.Value).ToArray()).ToArray();
        return names.Length > 1 && !(numbers.All(n => n.Length == 1 && n[0].Length <= 2)
            && numbers.Select(n => int.Parse(n[0], CultureInfo.InvariantCulture)).Order().ToArray() is [0 or 1, ..] ordered
            && ordered[^1] - ordered[0] == ordered.Length - 1);
    }

    // What the trace itself calls an id: values below such keys, and what is in a path where its route has a parameter.
    private static string[] Ids(RecordedTrace trace) => trace.Spans
        .SelectMany(s => s.Attributes.Where(a => IdKey.IsMatch(a.Key) && !IsOfCode(a.Key)).SelectMany(a => PersonalValues.Texts(a.Value))
            .Concat(Parameters(s)))
        .Where(id => id.Length > 1 || id.Length == 1 && char.IsAsciiDigit(id[0])).Distinct().ToArray();

    private static IEnumerable<string> Parameters(RecordedSpan span)
    {
        var (route, path) = (Parts(span["http.route"]), Parts(span["url.path"]));
        return route.Length == path.Length ? path.Where((_, i) => Template.IsMatch(route[i])).Select(Uri.UnescapeDataString) : [];

        static string[] Parts(object? text) => $"{text}".Split('/', StringSplitOptions.RemoveEmptyEntries);
    }

    // Names of what a program is made of, which belong into the name of a span.
    private static bool IsOfCode(string key) => ((string[])["db.", "messaging.", "rpc.", "code.", "faas.", "graphql.", "http.", "server.",
        "thread.", "process.", "aws.", "gen_ai."]).Any(key.StartsWith) && !key.EndsWith(".message.id", StringComparison.Ordinal);

    private static bool HasWord(string name, string word) =>
        Regex.IsMatch(name, $@"(?<!\w){Regex.Escape(word)}(?!\w)", RegexOptions.CultureInvariant);

    private static bool IsRoute(RecordedSpan span) => ((string[])["http.route", "url.template"])
        .Any(key => span[key] is string { Length: > 1 } route && span.Name.EndsWith(route, StringComparison.Ordinal));

    private static string Plain(RecordedSpan span) => Template.Replace(span.Name, "{}"); // a template is no id

    private static string Uncounted(RecordedSpan span) => Counter.Replace(Plain(span), "{}");
}
