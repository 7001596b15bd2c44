#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text.RegularExpressions;

/// <summary>
/// What must be right before a service goes live, each as a question to what a receiver got. Null means that nothing is wrong.
/// They judge what is seen: a list of usual faults, no proof that there are none.
/// </summary>
/// <param name="receiver">Who got the spans.</param>
/// <param name="inner">Services that are only called by others of yours; those that a trace shows to be called need no mention.</param>
public sealed class ChecklistRules(OtlpReceiver receiver, params string[] inner)
{
    private static readonly Regex Braces = new(@"\{[^}]*\}"), Digits = new(@"\d+");
    private static readonly Regex Mail = new(@"[\w.+-]+@[\w-]+(\.[\w-]+)*\.[A-Za-z]{2,}");
    private static readonly Regex Card = new(@"(?<![\w-]|\d\.)[3-6]\d{3}([ -]?)\d{3,4}(\1\d{1,5}){1,3}(?![\w-]|\.\d)");

    // Numbers of two and more digits, one digit as a part of a path, GUIDs and long hexadecimal words.
    private static readonly Regex Id = new(@"(?<![\w.])\d{2,}(?![\w.])|(?<=(?<!HTTP)/)\d+(?=/|$|\?)"
        + @"|\b[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b|\b(?=[a-f]*\d)[0-9a-f]{12,}\b");

    private readonly IReadOnlyList<RecordedSpan> spans = receiver.Spans;
    private readonly IReadOnlyList<RecordedTrace> traces = receiver.Traces;
    private readonly OtlpRequest[] requests = [.. receiver.Requests.Where(r => r.Path is not ("/v1/metrics" or "/v1/logs"))];

    /// <summary>All of them, in the order in which to look.</summary>
    public (string Rule, Func<Wrong?> Problem)[] All =>
    [
        ("Spans arrive", Arrive), ("Every service has a name", Named), ("Version and environment are said", Described),
        ("Names hold no ids", Names), ("A failed span says so, and why", Failures), ("No failure stays Unset in the middle", Middle),
        ("Only the edge has roots", Roots), ("No values of people, no card numbers", Values), ("Health checks are filtered", Health),
    ];

    /// <summary>Something came, and nothing was refused.</summary>
    public Wrong? Arrive()
    {
        var refused = requests.Where(r => r.Status != 200).ToArray();
        return refused.Length > 0 ? $"{Drawing.Count(refused.Length, "request")} of {requests.Length} refused. The last one: "
                + $"{refused[^1].Method} {refused[^1].Path} {refused[^1].Status}. {refused[^1].Problem}"
            : requests.Length == 0 ? $"No request has reached {receiver.Endpoint}. It hears http/protobuf only: gRPC, which is .NET's "
                + "default, cannot be read here. Is the exporter added, the address right, the sampler on?"
            : requests.FirstOrDefault(r => r.Rejected > 0) is { } partial ? $"A part was rejected, behind a 200: {partial.Problem}"
            : spans.Count == 0 ? "Requests came, and no span was in them." : null;
    }

    /// <summary>Nobody is called <c>unknown_service</c>.</summary>
    public Wrong? Named() => Of(spans.Where(s => s.ServiceName.StartsWith("unknown_service", StringComparison.Ordinal)),
        s => $"There is a service '{s.ServiceName}': nobody gave it a name. AddService does, or OTEL_SERVICE_NAME.");

    /// <summary>The resource says which version, and where it runs.</summary>
    public Wrong? Described() => Of(spans.Where(s => Missing(s) is not null), s => $"The resource of {s.ServiceName} has no {Missing(s)}.");

    /// <summary>Few names: what differs from one request to the next is an attribute.</summary>
    public Wrong? Names()
    {
        var many = spans.GroupBy(s => Digits.Replace(Plain(s), "#")).Where(g => g.Select(Plain).Distinct().Count() > 1);
        return Of(spans.Where(s => Id.IsMatch(Plain(s))).Concat(many.SelectMany(g => g)),
            s => $"'{s.Name}' has an id in its name: each one makes an operation of its own. The id is an attribute.");
    }

    /// <summary>A failure is red, and can be counted by <c>error.type</c>.</summary>
    public Wrong? Failures() =>
        Of(spans.Where(s => s.Status != ActivityStatusCode.Error && Code(s) >= (s.Kind == ActivityKind.Client ? 400 : 500)),
            s => $"'{s.Name}' has the status code {Code(s)}, and its span is {s.Status}.")
        ?? Of(Failed.Where(s => s["error.type"] is null or ""), s => $"'{s.Name}' failed, and has no error.type: nobody can count it.")
        ?? Of(Failed.Where(s => Type(s).Contains(' ') || Id.Match(Type(s)) is { Success: true, Length: not 3 }),
            s => $"error.type of '{s.Name}' is '{Drawing.Cut(Type(s), 60)}'. It is for counting: a type or a code, "
                + "no message, no id.");

    /// <summary>Between a failed caller and what failed below it, nobody looks well.</summary>
    public Wrong? Middle() => Of(
        traces.SelectMany(t => t.Spans.Where(s => s.Status == ActivityStatusCode.Unset
            && t.Parent(s)?.Status == ActivityStatusCode.Error && t.Children(s).LastOrDefault()?.Status == ActivityStatusCode.Error)),
        s => $"'{s.Name}' is Unset, between a parent and a child that failed. If it failed too, it must say so.");

    /// <summary>Who is called by another service begins no trace of its own.</summary>
    public Wrong? Roots()
    {
        var called = traces.SelectMany(t => t.Spans.Where(s => t.Parent(s) is { } p && p.ServiceName != s.ServiceName));
        var known = inner.Concat(called.Select(s => s.ServiceName)).ToHashSet();
        return Of(spans.Where(s => s.ParentSpanId is null && known.Contains(s.ServiceName) && !IsHealth(s)),
            s => $"{s.ServiceName} is called by others, and '{s.Name}' is a root there: a header got lost, or work lost its parent.");
    }

    /// <summary>Nothing looks like a mail address or a card number, wherever text can stand.</summary>
    public Wrong? Values() => Of(spans.Where(s => Told(s) is not null), s => Told(s)!);

    /// <summary>Nobody needs a trace of each probe.</summary>
    public Wrong? Health() => Of(spans.Where(IsHealth),
        s => $"'{s.Name}' is recorded: health checks would be most of your traces. Filter them.");

    private IEnumerable<RecordedSpan> Failed => spans.Where(s => s.Status == ActivityStatusCode.Error);

    private static Wrong? Of(IEnumerable<RecordedSpan> wrong, Func<RecordedSpan, string> why) =>
        wrong.Distinct().ToArray() is not { Length: > 0 } found ? null
        : new Wrong(why(found[0]) + (found.Length > 1 ? $" ({Drawing.Count(found.Length, "span")} like this.)" : ""), found);

    private static string? Missing(RecordedSpan span) => ((string[])["service.version", "deployment.environment.name"])
        .FirstOrDefault(key => span.Resource.FirstOrDefault(a => a.Key == key).Value is null or "");

    private static string Plain(RecordedSpan span) => Braces.Replace(span.Name, "{}"); // a template is no id

    private static string Type(RecordedSpan span) => $"{span["error.type"]}";

    private static int Code(RecordedSpan span) => int.TryParse($"{span["http.response.status_code"]}", out var code) ? code : 0;

    private static bool IsHealth(RecordedSpan span) => span.Kind == ActivityKind.Server
        && ((object?[])[span["url.path"], span["http.route"], span.Name])
            .Any(v => Regex.IsMatch($"{v}", @"(^|/| )(health|healthz|alive|livez?|readyz?|ping)(/|$)"));

    private static string? Told(RecordedSpan span)
    {
        var texts = span.Attributes.Select(a => (Where: a.Key, a.Value))
            .Concat(span.Events.SelectMany(e => e.Attributes.Select(a => (Where: $"{e.Name}: {a.Key}", a.Value))))
            .Concat(span.Links.SelectMany(l => l.Attributes.Select(a => (Where: $"link: {a.Key}", a.Value))))
            .Concat(span.Resource.Select(a => (Where: $"resource: {a.Key}", a.Value)))
            .Append(("its status", span.StatusDescription)).Append(("its name", span.Name)).Append(("tracestate", span.TraceState));
        foreach (var (where, value) in texts)
        {
            foreach (var text in value is System.Collections.IEnumerable many and not string ? many.Cast<object?>() : [value])
            {
                var what = Mail.IsMatch($"{text}") ? "a mail address"
                    : Card.Matches($"{text}").Any(m => IsCard(m.Value)) ? "a card number" : null;
                if (what is not null)
                    return $"'{span.Name}' holds what looks like {what}, in {where}."; // the value is not repeated
            }
        }

        return null;
    }

    // 13 to 19 digits whose check digit is right (ISO/IEC 7812, "Luhn").
    private static bool IsCard(string text)
    {
        var digits = text.Where(char.IsAsciiDigit).Select(c => c - '0').Reverse().ToArray();
        return digits.Length is >= 13 and <= 19 && digits.Select((d, i) => i % 2 == 0 ? d : d > 4 ? 2 * d - 9 : 2 * d).Sum() % 10 == 0;
    }
}
