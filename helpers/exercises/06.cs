#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Http;
using System.Threading.Tasks;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;

/// <summary>Exercise 6.1: the tenant travels as baggage.</summary>
public static class Exercise61
{
    private const string Key = "shop.tenant.id";
    private static readonly string[] Tenants = ["acme", "globex"];

    /// <summary>What two pages left on the wire, the first of the tenant acme, the second of globex.</summary>
    /// <param name="User">The header <c>baggage</c> of each call to user-service; null if there was none.</param>
    /// <param name="Payment">The same for payment-service.</param>
    /// <param name="Other">Whether OpenTelemetry's Baggage held something when the gateway called.</param>
    /// <param name="Failure">Why a page did not come; null if both did.</param>
    public sealed record Pages(string?[] User, string?[] Payment, bool Other, string? Failure);

    /// <summary>Asks the gateway for a page of each tenant.</summary>
    public static async Task<Pages> TwoPagesAsync(LiveService gateway, LiveService user, LiveService payment)
    {
        var other = false;
        string? failure = null;
        // It hears the spans that others make, in the place where they end: there the sender's Baggage can be seen.
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "api-gateway",
            ActivityStopped = _ => other |= Baggage.GetBaggage().Count > 0,
        };
        ActivitySource.AddActivityListener(listener);
        foreach (var tenant in Tenants)
        {
            try
            {
                await gateway.Client.GetStringAsync($"/{tenant}/profile/42");
            }
            catch (Exception e)
            {
                failure ??= $"The page of {tenant} did not come: {e.GetType().Name}, {e.Message}";
            }
        }

        return new(Headers(user), Headers(payment), other, failure);

        static string?[] Headers(LiveService service) => service.Received.Select(r => r["baggage"]).ToArray();
    }

    /// <summary>Judges what was recorded and what was on the wire.</summary>
    /// <param name="answer61">What the three services recorded.</param>
    /// <param name="pages61">What <see cref="TwoPagesAsync"/> saw.</param>
    public static Exercise Check(SpanRecorder answer61, Pages pages61)
    {
        var spans = answer61.Spans;
        var traces = RecordedTrace.Group(spans);
        return Exercise.Check("Exercise 6.1", traces,
            ("Two pages, one trace each, with all calls", () =>
                pages61.Failure
                ?? (traces.Count != 2 || pages61.User.Length != 2 || pages61.Payment.Length != 2
                    ? $"There are {traces.Count} traces, {pages61.User.Length} calls of user-service and {pages61.Payment.Length} of "
                        + "payment-service; it should be two of each. Keep the calls and their clients."
                : traces.FirstOrDefault(t => !t.Spans.Any(IsPayment) || !t.Spans.Any(IsCharge)) is null ? null
                : "payment-service has no Server span, or no 'charge card', in one of the pages. Keep both.")),
            ("The header baggage brings the tenant to payment-service", () => Travels("payment-service", pages61.Payment)),
            ("It comes to user-service too", () =>
                Travels("user-service", pages61.User) is null ? null
                : $"payment-service gets it, user-service received {Said(pages61.User)}. A call carries what is in the baggage when it "
                    + "leaves: set it before the first one, on the span of the whole request."),
            ("The Server span of payment-service has the tenant", () =>
                Tenants.Zip(traces).Select(p => OnTheSpan(p.First, p.Second)).FirstOrDefault(w => w is not null)),
            ("No other span has it", () =>
                spans.FirstOrDefault(s => s[Key] is not null && !IsPayment(s)) is not { } span ? null
                : new Wrong($"The {span.Kind} span '{span.Name}' of {span.ServiceName} has {Key} as well.", span)));

        Wrong? Travels(string service, string?[] headers)
        {
            if (Tenants.Zip(headers).All(p => Carries(p.Second, Key) && Carries(p.Second, p.First)))
                return null;
            if (headers.All(h => h is not null && Carries(h, Key)))
                return $"{service} received {Said(headers)}. The first page is of acme, the second of globex: the tenant is in the route.";
            if (headers.Any(h => h is not null))
                return $"{service} received {Said(headers)}. The key has to be {Key}, letter by letter, in both requests.";
            if (pages61.Other)
                return $"The gateway has something in OpenTelemetry's Baggage, and {service} received nothing. There are two baggages: "
                    + "ASP.NET Core and TracedCalls carry .NET's, which is set on the Activity.";
            if (spans.FirstOrDefault(s => s.ServiceName == "api-gateway" && s[Key] is not null) is { } tagged)
                return new Wrong($"The span '{tagged.Name}' of the gateway has the tag {Key}, but {service} received no baggage. "
                    + "A tag stays on its span; only baggage travels.", tagged);
            return $"{service} received no header baggage. Was something put into the baggage of the current Activity before the call "
                + "left, and does the call still go through TracedCalls?";
        }

        static Wrong? OnTheSpan(string tenant, RecordedTrace trace)
        {
            var server = trace.Spans.First(IsPayment);
            var other = trace.Spans.FirstOrDefault(s => s.ServiceName == "payment-service" && s[Key] is not null);
            return server[Key] as string == tenant ? null
                : server[Key] is { } value ? new Wrong($"On the page of {tenant}, the Server span says {Key} = {value}. "
                    + "Read it from the baggage of this request.", server)
                : other is not null ? new Wrong($"'{other.Name}' has {Key}, but the Server span does not. Inside a using block, "
                    + "Activity.Current is the span of that block.", other)
                : new Wrong($"On the page of {tenant}, {Key} arrived in the header and is on no span of payment-service. "
                    + "Baggage is copied to no span by itself; and here it is in the Activity's baggage, "
                    + "not OpenTelemetry's Baggage.", server);
        }

        static bool IsPayment(RecordedSpan span) => span.ServiceName == "payment-service" && span.Kind == ActivityKind.Server;
        static bool IsCharge(RecordedSpan span) => span.ServiceName == "payment-service" && span.Name == "charge card";
        static bool Carries(string? header, string text) => header?.Contains(text, StringComparison.Ordinal) == true;
        static string Said(string?[] headers) => string.Join(", then ", headers.Select(h => h is null ? "nothing" : $"'{h}'"));
    }
}

/// <summary>Exercise 6.2: an edge that trusts no caller.</summary>
public static class Exercise62
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string Caller = "00f067aa0ba902b7";
    private const string Broken = "00-4bf92f3577b34da6-00f067aa-01";
    private static readonly DistributedContextPropagator Original = DistributedContextPropagator.Current;

    // The first two come with a traceparent that can be read, and the second of them says: not sampled.
    private static readonly string?[] Sent = [$"00-{Trace}-{Caller}-01", $"00-{Trace}-{Caller}-00", Broken, null];

    // Their baggage, each time with another key: who deletes a key that he has seen keeps the others.
    private static readonly string[] Theirs = ["user.role", "user.plan", "user.debug"];

    /// <summary>What four requests from outside left on the wire.</summary>
    /// <param name="Inside">The header <c>baggage</c> of each call that payment-service received; null if there was none.</param>
    /// <param name="Written">What the gateway's own propagator writes for a span, with baggage; or why it failed.</param>
    /// <param name="IsGlobal">Whether the propagator of the whole process was changed. It has been put back.</param>
    /// <param name="Failure">Why a request was not answered; null if all were.</param>
    public sealed record Calls(
        string?[] Inside, (string? Traceparent, string? Baggage, string? Failure) Written, bool IsGlobal, string? Failure);

    /// <summary>
    /// Four requests from outside: sampled, not sampled, with a broken header, without one. The first three bring baggage.
    /// </summary>
    public static async Task<Calls> FromOutsideAsync(LiveService gateway, LiveService payment)
    {
        string? failure = null;
        foreach (var (i, traceparent) in Sent.Index())
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/profile/42");
            if (traceparent is not null)
            {
                request.Headers.TryAddWithoutValidation("traceparent", traceparent);
                request.Headers.TryAddWithoutValidation("baggage", $"{Theirs[i]}=admin");
            }

            try
            {
                using var response = await gateway.Client.SendAsync(request);
                response.EnsureSuccessStatusCode();
            }
            catch (Exception e)
            {
                failure ??= $"The request with traceparent '{traceparent ?? "(none)"}' failed: {e.GetType().Name}, {e.Message} "
                    + "A header must never make a request fail.";
            }
        }

        var isGlobal = !ReferenceEquals(DistributedContextPropagator.Current, Original);
        DistributedContextPropagator.Current = Original;
        return new(payment.Received.Select(r => r["baggage"]).ToArray(), Written(gateway), isGlobal, failure);
    }

    // In the lesson TracedCalls writes the headers. In a real gateway, whoever takes the propagator from its services would use this one.
    private static (string? Traceparent, string? Baggage, string? Failure) Written(LiveService gateway)
    {
        using var span = new Activity("a call of the gateway").SetParentId(ActivityTraceId.CreateFromString(Trace),
            ActivitySpanId.CreateFromString(Caller), ActivityTraceFlags.Recorded).Start();
        span.AddBaggage("shop.tenant.id", "acme");
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        try
        {
            gateway.Services.GetService<DistributedContextPropagator>()?.Inject(span, headers, (carrier, name, value) =>
                ((Dictionary<string, string>)carrier!)[name] = value);
            return (headers.GetValueOrDefault("traceparent"), headers.GetValueOrDefault("baggage"), null);
        }
        catch (Exception e)
        {
            return (null, null, $"{e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>Judges what was recorded and what was on the wire.</summary>
    /// <param name="answer62">What the gateway and payment-service recorded.</param>
    /// <param name="calls62">What <see cref="FromOutsideAsync"/> saw.</param>
    public static Exercise Check(SpanRecorder answer62, Calls calls62)
    {
        var spans = answer62.Spans;
        var traces = RecordedTrace.Group(spans);
        var edge = spans.Where(s => s.ServiceName == "api-gateway" && s.Kind == ActivityKind.Server).ToArray(); // one by one, so in order
        var inner = spans.Where(s => s.ServiceName == "payment-service" && s.Kind == ActivityKind.Server).ToArray();
        return Exercise.Check("Exercise 6.2", traces,
            ("All four requests are answered", () => calls62.Failure),
            ("Only the gateway has another propagator", () =>
                !calls62.IsGlobal ? null
                : "DistributedContextPropagator.Current belongs to the whole process, HttpClient included. Give yours to the services of "
                    + "the gateway alone: builder.Services. (It has been put back.)"),
            ("It writes headers as before", () =>
                calls62.Written.Failure is { } thrown ? $"Inject of the gateway's propagator threw {thrown}"
                : calls62.Written.Traceparent?.Contains(Trace, StringComparison.Ordinal) != true
                    ? "Inject of the gateway's propagator writes no traceparent with the trace id of the span. TracedCalls does not use "
                        + "it, but other code may. Leave Inject as it was: change only the reading."
                : calls62.Written.Baggage?.Contains("acme", StringComparison.Ordinal) != true
                    ? "Inject of the gateway's propagator writes no baggage. Leave it as it was: change only the reading." : null),
            ("No span is in the caller's trace", () =>
                edge.Concat(spans).FirstOrDefault(s => s.TraceId == Trace) is not { } inside ? null
                : edge.Any(s => s.TraceId != Trace && IsByHand(s))
                    ? new Wrong("Your own span begins a new trace, but ASP.NET Core has made its Server span before: it read the header. "
                        + "The propagator determines what it reads.", inside)
                : new Wrong($"The {inside.Kind} span '{inside.Name}' continues the caller's trace: the gateway still reads traceparent. "
                    + "Which member of the propagator does that, and does the gateway use yours?", inside)),
            ("Each request is a trace of its own, recorded by our own decision", () =>
                edge.Length != Sent.Length ? $"The gateway recorded {edge.Length} Server spans for {Sent.Length} requests."
                : edge.Select(s => s.TraceId).Distinct().Count() == edge.Length ? null
                : new Wrong("Two requests share a trace.", edge)),
            ("Inside, the trace goes on", () =>
                inner.FirstOrDefault(s => edge.All(e => e.TraceId != s.TraceId)) is not { } cut ? null
                : new Wrong("payment-service began a trace of its own: no traceparent came, or it did not read it. The gateway alone is "
                    + "the edge: keep TracedCalls, and payment-service as it is.", cut)),
            ("The caller's baggage stays outside", () =>
                calls62.Inside.FirstOrDefault(b => b is not null && Theirs.Any(key => b.Contains(key, StringComparison.Ordinal)))
                    is not { } theirs ? null
                : $"payment-service received baggage: {theirs}. "
                    + "Baggage has a member of its own in the propagator."),
            ("Our own baggage goes on", () =>
                calls62.Inside.All(b => b?.Contains("shop.tenant.id", StringComparison.Ordinal) == true) ? null
                : "payment-service did not receive shop.tenant.id: keep the line that sets it, and TracedCalls."),
            ("The first two link to the caller", () => edge.Take(2).Select(LinksToCaller).FirstOrDefault(w => w is not null)),
            ("The others link to nothing", () =>
                edge.Skip(2).FirstOrDefault(s => s.Links.Count > 0) is not { } linked ? null
                : linked.Links.Any(l => l.TraceId.Trim('0').Length == 0)
                    ? new Wrong("The header was broken or missing, and the span has a link to zeros. TryParse returns whether it could "
                        + "read the header: link only what was parsed.", linked)
                : new Wrong($"There was no caller to link to, and the span links to {linked.Links[0].TraceId}.", linked)));

        Wrong? LinksToCaller(RecordedSpan span) =>
            span.Links.Any(l => l.TraceId == Trace && l.SpanId == Caller) ? null
            : span.Links.Count > 0 ? new Wrong($"The span links to trace {span.Links[0].TraceId}, span {span.Links[0].SpanId}. "
                + "The caller's ids are in the header that was received.", span)
            : spans.FirstOrDefault(s => s.TraceId == span.TraceId && s.Links.Count > 0) is { } other
                ? new Wrong($"The link is on the {other.Kind} span '{other.Name}' of {other.ServiceName}. "
                    + "The request begins at the gateway's Server span.", other)
            : span == edge[1] && edge[0].Links.Count > 0
                ? new Wrong("The second caller was not sampled, and this span has no link: its header can be read as well.", span)
            : new Wrong("Nothing leads back to the caller: the header is still in the request, and the Server span can take a link.", span);

        // ASP.NET Core's own spans have this operation name, whatever they are called afterwards.
        static bool IsByHand(RecordedSpan span) => span.OperationName != "Microsoft.AspNetCore.Hosting.HttpRequestIn";
    }
}
