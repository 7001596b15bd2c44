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
/// <remarks>
/// What they cannot see: services and requests that sent nothing; spans that were lost when a process stopped; a failure that no span
/// of its trace shows; a service that is called by others when no trace shows a call, unless it is named; ids that
/// <see cref="NameIds"/> cannot know, and values that <see cref="PersonalValues"/> cannot find.
/// </remarks>
/// <param name="receiver">Who got the spans.</param>
/// <param name="only">Which spans are looked at; null for all.</param>
/// <param name="inner">Services that are only called by others of yours; those that a trace shows to be called need no mention.</param>
public sealed class ChecklistRules(OtlpReceiver receiver, Func<RecordedSpan, bool>? only, params string[] inner)
{
    private const RegexOptions AnyCase = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    // A code as databases and operating systems have it (23505, 57P01, ORA-00942, -2146232060) is few-valued; so is any type's name.
    private static readonly Regex ErrorCode = new(@"^-?\d{1,5}$|^-\d{9,10}$|^0x[0-9a-fA-F]{4,8}$|^[A-Z]{1,6}[-_]?\d{1,6}$|^[0-9A-Z]{5}$");

    private static readonly Regex IdInError = new(@"(?<![A-Za-z0-9.])\d{2,}(?![A-Za-z0-9])|\b(?=[a-f]*\d)[0-9a-f]{12,}\b"
        + @"|[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}");

    private static readonly Regex Exception = new(@"^[\w.+`]*(Exception|Error)$", RegexOptions.CultureInvariant);

    // Some words mean a health check when a path begins with them, others only when they are the whole path: /status/{order} is none.
    private static readonly Regex HealthPath = new(@"^(\w+ )?(/(api|v\d+|actuator|manage(ment)?|internal|_+|-))*/_*("
        + "health([_-]?checks?|z)?(/.*)?|(health[_-]?)?(live|readi?|ready)(ness|z)(/.*)?"
        + "|heartbeats?|hc|status|alive|live|ready|ping|up|started|startupz?)/?$", AnyCase);

    private static readonly Regex Prober = new(@"kube-probe|HealthCheck|Health Check|GoogleHC|Consul|UptimeRobot|Pingdom", AnyCase);

    private readonly RecordedSpan[] spans = [.. receiver.Spans.Where(only ?? (_ => true))];
    private readonly RecordedTrace[] traces = [.. RecordedTrace.Group(receiver.Spans.Where(only ?? (_ => true)))];
    private readonly OtlpRequest[] requests = [.. receiver.Requests.Where(r => r.Path is not ("/v1/metrics" or "/v1/logs"))];

    /// <summary>All of them, in the order in which to look.</summary>
    public (string Rule, Func<Wrong?> Problem)[] All =>
    [
        ("Spans arrive", Arrive), ("Every service has a name", Named), ("Version and environment are set", Described),
        ("Names hold no ids", Names), ("A failed span has Error and an error.type", Failures),
        ("No failure stays Unset in the middle", Middle),
        ("Only the edge has roots", Roots), ("No values of people, no card numbers", Values), ("Health checks are filtered", Health),
    ];

    /// <summary>Something came, and nothing was refused.</summary>
    public Wrong? Arrive()
    {
        var refused = requests.Where(r => r.Status != 200).ToArray();
        return refused.Length > 0 ? $"{Drawing.Count(refused.Length, "request")} of {requests.Length} refused. The last one: "
                + $"{refused[^1].Method} {refused[^1].Path} {refused[^1].Status}. {refused[^1].Problem}"
            : requests.Length == 0 ? $"No request has reached {receiver.Endpoint}. It accepts only http/protobuf: gRPC, which is .NET's "
                + "default, cannot be read here. Is the exporter added, the address right, the sampler on?"
            : requests.FirstOrDefault(r => r.Rejected > 0) is { } partial ? $"A part was rejected, behind a 200: {partial.Problem}"
            : spans.Length == 0 ? "Requests arrived, but they contained no span." : null;
    }

    /// <summary>No service is named <c>unknown_service</c>.</summary>
    public Wrong? Named() => Of(spans.Where(s => s.ServiceName.StartsWith("unknown_service", StringComparison.Ordinal)),
        s => $"There is a service '{s.ServiceName}': its name was not set. AddService sets it, or OTEL_SERVICE_NAME.");

    /// <summary>The resource says which version, and where it runs.</summary>
    public Wrong? Described() => Of(spans.Where(s => Missing(s) is not null), s => $"The resource of {s.ServiceName} has no {Missing(s)}.");

    /// <summary>Few names: what differs from one request to the next is an attribute.</summary>
    public Wrong? Names() => Of(new NameIds(traces).Spans,
        s => $"'{s.Name}' has an id in its name: each id makes a separate operation. Put the id into an attribute.");

    /// <summary>A failure is red, and can be counted by <c>error.type</c>.</summary>
    public Wrong? Failures() =>
        Of(spans.Where(s => s.Status != ActivityStatusCode.Error && Code(s) >= (s.Kind == ActivityKind.Client ? 400 : 500)),
            s => $"'{s.Name}' has the status code {Code(s)}, and its span is {s.Status}.")
        ?? Of(Failed.Where(s => s["error.type"] is null or ""), s => $"'{s.Name}' failed, and has no error.type to count it by.")
        ?? Of(Failed.Where(s => Type(s).Any(char.IsWhiteSpace) || HoldsId(s)),
            s => $"error.type of '{s.Name}' is '{Drawing.Cut(Type(s), 60)}'. It is for counting: use a type or a code, "
                + "not a message or an id.");

    /// <summary>
    /// The step in which a request failed says so. Two traces of a step that does not: something below it failed and its parent did;
    /// or it was the last step of a parent that an exception ended, and nothing of it shows that it worked.
    /// </summary>
    public Wrong? Middle() => Of(
        traces.SelectMany(t => t.Spans.Where(s => s.Status == ActivityStatusCode.Unset
            && t.Parent(s)?.Status == ActivityStatusCode.Error && t.Children(s).LastOrDefault()?.Status == ActivityStatusCode.Error)),
        s => $"'{s.Name}' is Unset, between a parent and a child that failed. If it failed too, it must have Error.")
        ?? Of(traces.SelectMany(t => t.Spans.Where(s => IsLastBeforeAnException(t, s))),
            s => $"'{s.Name}' is Unset, and it is the last step of a span that ended with an exception. If the exception came out "
                + "of it, it must have Error. If its parent threw the exception later, nothing is wrong.");

    /// <summary>
    /// Who is called by another service begins no trace of its own: neither with a request, nor with work that it does meanwhile.
    /// A root that is no request, and that also starts when no request runs, may be a timer's.
    /// </summary>
    public Wrong? Roots()
    {
        var called = traces.SelectMany(t => t.Spans.Where(s => t.Parent(s) is { } p && p.ServiceName != s.ServiceName));
        var known = inner.Concat(called.Select(s => s.ServiceName)).ToHashSet();
        var roots = spans.Where(s => s.ParentSpanId is null && known.Contains(s.ServiceName) && !IsHealth(s)).ToArray();
        return Of(roots.Where(s => s.Kind == ActivityKind.Server),
            s => $"{s.ServiceName} is called by others, and '{s.Name}' is a root there: a header got lost, or somebody called it "
                + "directly.")
            ?? Of(roots.GroupBy(s => (s.ServiceName, s.Name)).Where(g => g.All(IsInARequest)).SelectMany(g => g),
                s => $"{s.ServiceName} is called by others, and '{s.Name}' is a root there, which starts while a request runs. If the "
                    + "request causes this span, it lost its parent. If a timer does, nothing is wrong.");
    }

    /// <summary>Nothing looks like a mail address, a card, an account, a phone or a secret, wherever text can be.</summary>
    public Wrong? Values() => Of(spans.Where(s => PersonalData(s) is not null), s => PersonalData(s)!);

    /// <summary>Probes are not traced.</summary>
    public Wrong? Health() => Of(spans.Where(IsHealth),
        s => $"'{s.Name}' is recorded, and looks like a health check: those would be most of your traces. Filter them.");

    private IEnumerable<RecordedSpan> Failed => spans.Where(s => s.Status == ActivityStatusCode.Error);

    private static Wrong? Of(IEnumerable<RecordedSpan> wrong, Func<RecordedSpan, string> why) =>
        wrong.Distinct().ToArray() is not { Length: > 0 } found ? null
        : new Wrong(why(found[0]) + (found.Length > 1 ? $" ({Drawing.Count(found.Length, "span")} like this.)" : ""), found);

    private static string? Missing(RecordedSpan span) => ((string[])["service.version", "deployment.environment.name"])
        .FirstOrDefault(key => span.Resource.FirstOrDefault(a => a.Key == key).Value is null or "");

    private static string Type(RecordedSpan span) => $"{span["error.type"]}";

    private static int Code(RecordedSpan span) => int.TryParse($"{span["http.response.status_code"]}", out var code) ? code : 0;

    // The conventions want error.type to be the code that a protocol or a database answered, if there is one.
    private static bool HoldsId(RecordedSpan span) => !ErrorCode.IsMatch(Type(span)) && IdInError.IsMatch(Type(span))
        && !span.Attributes.Any(a => a.Key.EndsWith("status_code", StringComparison.Ordinal) && $"{a.Value}" == Type(span));

    private static bool IsLastBeforeAnException(RecordedTrace trace, RecordedSpan span) =>
        span.Status == ActivityStatusCode.Unset && !IsOfALibrary(span) && (Code(span) is 0 or >= 400)
        && span["db.response.returned_rows"] is null
        && trace.Parent(span) is { Status: ActivityStatusCode.Error } parent && parent.ServiceName == span.ServiceName
        && Exception.IsMatch(Type(parent)) && trace.Children(parent).All(s => s.Status != ActivityStatusCode.Error)
        && trace.Children(parent).MaxBy(s => s.End) == span;

    // These set Error themselves when they fail, so their Unset can be believed.
    private static bool IsOfALibrary(RecordedSpan span) => ((string[])["System.", "Microsoft.", "OpenTelemetry.", "Npgsql",
        "MySqlConnector", "Azure.", "Grpc.", "RabbitMQ."]).Any(name => span.SourceName.StartsWith(name, StringComparison.Ordinal));

    private bool IsInARequest(RecordedSpan root) => receiver.Spans.Any(s => s.ServiceName == root.ServiceName && s.Instance == root.Instance
        && s.Kind is ActivityKind.Server or ActivityKind.Consumer && s.Start <= root.Start && root.Start <= s.End);

    private static bool IsHealth(RecordedSpan span) => span.Kind == ActivityKind.Server
        && (((object?[])[span["url.path"], span["http.route"], span.Name]).Any(v => HealthPath.IsMatch($"{v}"))
            || Prober.IsMatch($"{span["user_agent.original"]}"));

    private static string? PersonalData(RecordedSpan span)
    {
        var texts = span.Attributes.Select(a => (Where: a.Key, a.Key, a.Value))
            .Concat(span.Events.SelectMany(e => e.Attributes.Select(a => (Where: $"{e.Name}: {a.Key}", a.Key, a.Value))
                .Prepend(("the name of an event", "", e.Name))))
            .Concat(span.Links.SelectMany(l => l.Attributes.Select(a => (Where: $"link: {a.Key}", a.Key, a.Value))))
            .Concat(span.Resource.Select(a => (Where: $"resource: {a.Key}", a.Key, a.Value)))
            .Concat([("its status", "", span.StatusDescription), ("its name", "", span.Name), ("tracestate", "", span.TraceState)]);
        foreach (var (where, key, value) in texts)
        {
            if (PersonalValues.In("", key) is { } inKey)
                return $"'{Unsaid(span)}' holds what looks like {inKey}, in the key of an attribute.";
            if (PersonalValues.In(key, value) is { } what)
                return $"'{Unsaid(span)}' holds what looks like {what}, in {where}.";
        }

        return null;
    }

    // The value is not repeated, also not when it is the name.
    private static string Unsaid(RecordedSpan span) => PersonalValues.In("", span.Name) is null ? span.Name : "(a span)";
}
