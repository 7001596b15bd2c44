#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;

/// <summary>Exercise 5.1: join payment-service to the trace.</summary>
public static class Exercise51
{
    /// <summary>Opens the profile page once, asks payment-service once without a header, and judges the spans and the wire.</summary>
    /// <param name="gateway51">The gateway, with the route <c>/profile/{id}</c>.</param>
    /// <param name="payment51">The service that it calls, with the route <c>/payments/{user}</c>.</param>
    /// <param name="answer51">What both record.</param>
    public static Exercise Check(LiveService gateway51, LiveService payment51, SpanRecorder answer51)
    {
        var before = payment51.Received.Count;
        answer51.Clear();
        var pageFault = Ask(gateway51, "/profile/42");
        var (page, wire) = (answer51.Spans, payment51.Received.Skip(before).FirstOrDefault());
        var aloneFault = Ask(payment51, "/payments/42");
        var alone = answer51.Spans.Skip(page.Count).ToArray();

        var caller = Find("api-gateway", ActivityKind.Server);
        var call = Find("api-gateway", ActivityKind.Client);
        var payment = Find("payment-service", ActivityKind.Server);
        var header = TraceparentView.Of(wire?["traceparent"]);
        return Exercise.Check("Exercise 5.1", RecordedTrace.Group(page),
            ("The page is answered", () =>
                pageFault is null ? null
                : wire is null ? $"The page failed before the call: {pageFault}"
                : $"The page failed: {pageFault}"),
            ("The gateway has its two spans", () =>
                caller is null ? "api-gateway has no span of kind Server. Keep the line that starts it."
                : call is null ? "api-gateway has no span of kind Client. Keep the line that starts it: it is the call."
                : wire is null ? new Wrong("The gateway did not call payment-service.", call) : null),
            ("The call carries a whole traceparent", () => HeaderMissing() ?? HeaderBroken()),
            ("The header names the Client span of the call", () =>
                header.TraceId != call!.TraceId ? new Wrong($"The header has the trace id {header.TraceId}, and the gateway's spans "
                    + "have another one: take the context from the span.", call)
                : header.ParentId == call.SpanId ? null
                : header.ParentId == caller!.SpanId ? new Wrong(
                    "The header names the gateway's Server span. Which of its two spans is the call?", caller)
                : new Wrong($"The header names a span {header.ParentId}, which the gateway never made.", call)),
            ("The header says that the trace is sampled", () =>
                header.IsSampled ? null
                : new Wrong("In the header's flags the bit 01 is not set ('not sampled'), but the gateway records its spans.", call!)),
            ("payment-service has a span of kind Server", () =>
                payment is not null ? null
                : page.Where(s => s.ServiceName == "payment-service").ToArray() is { Length: > 0 } others
                    ? new Wrong($"The span of payment-service has the kind {others[0].Kind}. The span of a service that answers "
                        + "a request has the kind Server.", others)
                : "payment-service has no span. Keep the line that starts it."),
            ("That span has the parent from the header", () =>
                payment!.TraceId == header.TraceId && payment.ParentSpanId == header.ParentId ? null
                : payment.Links.Any(l => l.SpanId == header.ParentId)
                    ? new Wrong("payment-service links to the caller and begins a new trace. Here, the call must be the parent.", payment)
                : payment.ParentSpanId is null
                    ? new Wrong("The header arrived, and payment-service did not use it: its span has no parent.", payment)
                : new Wrong($"The parent of payment-service's span is {payment.ParentSpanId}; the header says {header.ParentId}.",
                    payment)),
            ("The parent is marked as remote", () =>
                payment!.HasRemoteParent ? null
                : new Wrong("payment-service treats the parent as a span of its own process. Read the header with TryParse, "
                    + "which has a parameter for that, and pass the result to the span.", payment)),
            ("A request without a header is answered too, in a trace of its own", () =>
                aloneFault is not null ? $"Without a header, payment-service fails: {aloneFault} "
                    + "A missing header must never make a request fail."
                : alone.FirstOrDefault(s => s.Kind == ActivityKind.Server) is not { } root
                    ? "Without a header, payment-service makes no span."
                : root.ParentSpanId is null && root.TraceId != call!.TraceId ? null
                : root.TraceId == call!.TraceId || page.Any(s => s.SpanId == root.ParentSpanId)
                    ? Smuggled("Without a header, payment-service still takes")
                : new Wrong($"Without a header, payment-service makes a span with the parent {root.ParentSpanId}, which no request "
                    + "has named. Such a span begins a trace of its own.", root)));

        Wrong? HeaderMissing() =>
            wire!["traceparent"] is not null ? null
            : wire.Headers.FirstOrDefault(h => h.Value.Contains(call!.TraceId, StringComparison.Ordinal)) is { Key: { } name }
                ? new Wrong($"The context was sent in a header called '{name}'. Its name is traceparent.", call!)
            : payment?.TraceId == call!.TraceId ? Smuggled("No header was sent, but payment-service takes")
            : new Wrong("No traceparent is on the wire: the gateway did not inject one into this request.", call!);

        Wrong? HeaderBroken() =>
            header.IsValid ? null
            : new Wrong($"The request has traceparent: {wire!["traceparent"]}. That is not a complete value: "
                + "version, trace id, parent id and flags, joined by hyphens.", call!);

        static string Smuggled(string what) => what + " its parent from the gateway's trace. A variable that both share works here, "
            + "where both run in one program, and not on two machines. Only the header reaches the other machine.";

        RecordedSpan? Find(string service, ActivityKind kind) => page.FirstOrDefault(s => s.ServiceName == service && s.Kind == kind);
    }

    private static string? Ask(LiveService service, string path)
    {
        try
        {
            return Task.Run(() => service.Client.GetStringAsync(path)).Wait(TimeSpan.FromSeconds(10)) ? null : "no answer in ten seconds.";
        }
        catch (AggregateException e)
        {
            return $"{e.InnerException!.GetType().Name}: {e.InnerException.Message}";
        }
    }
}

/// <summary>Exercise 5.2: find the lost header.</summary>
public static class Exercise52
{
    /// <summary>Judges what the proxies let through now, by the traces of the next order.</summary>
    public static Exercise Check(RunningShop answer52)
    {
        var (from, to, passed) = answer52.Change ?? ("", "", []);
        var calls = answer52.Before.SelectMany(t => t.Spans).Where(s => s.Kind == ActivityKind.Client).ToArray();
        var call = calls.FirstOrDefault(s => s.ServiceName == from && Called(s) == to);
        var joined = call is null ? null : ChildOf(call, answer52.Before);
        string[] known = [.. RunningShop.Services, RunningShop.Bank];
        return Exercise.Check("Exercise 5.2", answer52.Traces,
            ("The two services and the header are named", () =>
                from.Length == 0 || to.Length == 0 ? "Nothing has changed yet: name the two services, the caller first, and the header."
                : !known.Contains(from) || !known.Contains(to)
                    ? $"There is no service '{(known.Contains(from) ? to : from)}' here. The names are {string.Join(", ", known)}." : null),
            ("There is such a call", () =>
                call is not null ? null
                : from == RunningShop.Bank ? "The bank calls none of these services, and it is not one of ours: no span shows such a call."
                : calls.FirstOrDefault(s => s.ServiceName == to && Called(s) == from) is { } turned
                    ? new Wrong($"{from} does not call {to}; {to} calls {from}.", turned)
                : $"{from} never calls {to}: none of its Client spans has that address."),
            ("The header is lost there", () =>
                to == RunningShop.Bank ? new Wrong("That call has no child, and it cannot have one: the bank is another company. Its spans "
                    + "are in a backend of its own.", call!)
                : joined is not null ? new Wrong($"Nothing is lost between {from} and {to}: the Server span of {to} is a child of "
                    + "that call already.", call!, joined) : null),
            ("The trace is complete now", () =>
                answer52.Traces.Any(t => t.Find(RunningShop.Lost)?.ParentSpanId is not null) ? null
                : passed.FirstOrDefault(p => p.Contains(':')) is { } value
                    ? new Wrong($"A proxy lets a header through by its name alone; you gave '{value}'.", Cut())
                : passed.FirstOrDefault(p => p.IndexOfAny([',', ';', ' ']) >= 0) is { } several
                    ? new Wrong($"Give each name in quotes of its own; you gave '{several}' as one.", Cut())
                : passed.All(p => p.Length == 0)
                    ? new Wrong("The hop is right. Now name the header that the proxy must let through.", Cut())
                : new Wrong($"The hop is right. It lets {string.Join(", ", passed)} through now, and the trace is still cut: "
                    + "which header has the ids?", Cut())));

        RecordedSpan Cut() => answer52.Traces.Select(t => t.Find(RunningShop.Lost)).OfType<RecordedSpan>().First();
        static string? Called(RecordedSpan client) => client["server.address"] as string;
        static RecordedSpan? ChildOf(RecordedSpan call, IEnumerable<RecordedTrace> traces) =>
            traces.Where(t => t.TraceId == call.TraceId).SelectMany(t => t.Children(call))
                .FirstOrDefault(s => s.Kind == ActivityKind.Server);
    }
}
