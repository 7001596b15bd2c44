#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;

/// <summary>The programs that a checkout of exercise 3.1 asks. One does not answer an order, another one refuses to.</summary>
public sealed class CheckoutPartners
{
    /// <summary>Asks the voucher service.</summary>
    /// <returns>The status code of its answer: 200, or 429 (too many requests) for order A-1003.</returns>
    public async Task<int> AskForVoucherAsync(string orderId)
    {
        await Task.Delay(5);
        return orderId == "A-1003" ? 429 : 200;
    }

    /// <summary>Asks the payment provider for the money.</summary>
    /// <exception cref="TimeoutException">It does not answer for order A-1002.</exception>
    public async Task ChargeCardAsync(string orderId)
    {
        await Task.Delay(10);
        if (orderId == "A-1002")
            throw new TimeoutException("The payment provider did not answer.");
    }
}

/// <summary>Exercise 3.1: failures that can be found.</summary>
public static class Exercise31
{
    private static readonly string[] Orders = ["A-1001", "A-1002", "A-1003"];
    private static readonly string[] Steps = ["load voucher", "charge card", "checkout"];

    /// <summary>Judges the spans of three orders: A-1002 fails, A-1003 gets no voucher and is paid all the same.</summary>
    /// <param name="answer31">What the learner's provider recorded.</param>
    /// <param name="caught31">The exceptions that reached the caller.</param>
    public static Exercise Check(SpanRecorder answer31, IReadOnlyList<Exception> caught31)
    {
        var spans = answer31.Spans;
        var traces = RecordedTrace.Group(spans);
        return Exercise.Check("Exercise 3.1", traces,
            ("The caller gets the exception of A-1002, and no other", () =>
                caught31.Count == 0 ? "A-1002 cannot be paid, and the caller got no exception. "
                    + "A method that catches it must throw it again."
                : caught31.Count > 1 ? $"The caller got {caught31.Count} exceptions. Only A-1002 must fail."
                : caught31[0] is TimeoutException ? null
                : $"The caller got an exception of the type {caught31[0].GetType().Name}. Throw the original exception again: "
                    + "the caller may catch that type."),
            ("Three orders, each with its three spans", () =>
                (from order in Orders from step in Steps where Span(order, step) is null select (order, step))
                    .FirstOrDefault() is (not null, _) missing
                    ? $"Order {missing.order} has no span '{missing.step}' any more. Keep the three lines that start the spans, with their "
                        + "using, and the order's number on 'checkout'."
                : null),
            ("What worked is Unset", () =>
                Worked().FirstOrDefault(IsMarked) is not { } other ? null
                : new Wrong($"{Which(other)} worked, and has {Marks(other)}. Leave it as it is.", other)),
            ("What succeeded in spite of a failure is Unset", () =>
                Span("A-1003", "checkout")! is var checkout && !IsMarked(checkout) ? null
                : new Wrong($"{Which(checkout)} has {Marks(checkout)}. The order was placed and paid: the missing voucher was handled.",
                    checkout)),
            ("Each span whose work failed has the status Error", () =>
                Failed().FirstOrDefault(s => s.Status != ActivityStatusCode.Error) is { } other
                    ? new Wrong($"{Which(other)} failed and has the status {other.Status}. Set the status on each span that failed.", other)
                : Refused() is { Status: ActivityStatusCode.Error } ? null
                : new Wrong($"{Which(Refused())} was answered with 429 and has the status {Refused().Status}. "
                    + "For a client span, each answer of 4xx and 5xx is an error.", Refused())),
            ("Each of these has error.type", () =>
                AllFailed().FirstOrDefault(s => s["error.type"] is null) is not { } other ? null
                : new Wrong($"{Which(other)} has no error.type, so failures of its kind cannot be counted.", other)),
            ("error.type is one of few short texts", () =>
                AllFailed().FirstOrDefault(s => s["error.type"] is not string) is { } number
                    ? new Wrong($"{Which(number)} has an error.type of the type {number["error.type"]!.GetType().Name}. The conventions "
                        + "require text, also for a status code.", number)
                : AllFailed().FirstOrDefault(s => s["error.type"] is not string { Length: > 0 } type || type.Any(c => c is ' ' or '\n')
                    || type.Contains("A-100", StringComparison.Ordinal)) is { } text
                    ? new Wrong($"{Which(text)} has error.type = '{text["error.type"]}'. A message has many values, a type has few: "
                        + "write the type of the exception, or the status code.", text)
                : null),
            ("The message of an exception is the description", () =>
                Failed().FirstOrDefault(s => string.IsNullOrWhiteSpace(s.StatusDescription)) is { } other
                    ? new Wrong($"{Which(other)} is an Error without a description. It is the second argument of SetStatus.", other)
                : Failed().FirstOrDefault(s => !s.StatusDescription!.Contains(caught31[0].Message, StringComparison.Ordinal)) is { } vague
                    ? new Wrong($"{Which(vague)} has the description '{vague.StatusDescription}', without the message of its exception. "
                        + "SetStatus takes e.Message.", vague)
                : Failed().FirstOrDefault(s => s.StatusDescription!.Contains('\n', StringComparison.Ordinal)) is { } whole
                    ? new Wrong($"{Which(whole)} has a description of several lines. The description is the message alone; AddException "
                        + "records the stack trace.", whole)
                : null),
            ("An exception is recorded where one was thrown, and nowhere else", () =>
                Exceptions(Refused()) == 0 ? null
                : new Wrong($"{Which(Refused())} has an event 'exception', and AskForVoucherAsync threw none: it returned 429. Status and "
                    + "error.type are enough.", Refused())),
            ("The exception is recorded where it happened", () =>
                Exceptions(Span("A-1002", "charge card")!) > 0 ? null
                : Exceptions(Span("A-1002", "checkout")!) > 0
                    ? new Wrong("The exception is on 'checkout', and it happened one level below, in 'charge card'.",
                        Span("A-1002", "checkout")!)
                : new Wrong($"{Which(Span("A-1002", "charge card")!)} has no event 'exception' with a type or a message. "
                    + "AddException adds it.", Span("A-1002", "charge card")!)),
            ("It is recorded once", () =>
                spans.Sum(Exceptions) == 1 ? null
                : new Wrong($"There are {spans.Sum(Exceptions)} events 'exception', and one exception was thrown. Once is enough, where "
                    + "it happened.", spans.Where(s => Exceptions(s) > (s.Name == "charge card" ? 1 : 0)).ToArray())),
            ("The caller sees where it happened", () =>
                caught31[0].StackTrace?.Contains(nameof(CheckoutPartners), StringComparison.Ordinal) == true ? null
                : "The stack trace that the caller sees does not name CheckoutPartners.ChargeCardAsync, where it happened. "
                    + "`throw e;` and a new exception lose the original stack trace; `throw;` keeps it."));

        RecordedSpan? Span(string order, string step) =>
            spans.FirstOrDefault(s => s.Name == "checkout" && s["shop.order.id"] as string == order) is not { } checkout ? null
            : step == "checkout" ? checkout
            : spans.FirstOrDefault(s => s.Name == step && s.TraceId == checkout.TraceId);
        IEnumerable<RecordedSpan> Worked() => Steps.Select(s => Span("A-1001", s)!)
            .Append(Span("A-1002", "load voucher")!).Append(Span("A-1003", "charge card")!);
        RecordedSpan[] Failed() => [Span("A-1002", "charge card")!, Span("A-1002", "checkout")!];
        RecordedSpan Refused() => Span("A-1003", "load voucher")!;
        IEnumerable<RecordedSpan> AllFailed() => Failed().Append(Refused());
        string Which(RecordedSpan span) =>
            $"The span '{span.Name}' of order {spans.First(s => s.Name == "checkout" && s.TraceId == span.TraceId)["shop.order.id"]}";
        static bool IsMarked(RecordedSpan span) => span.Status != ActivityStatusCode.Unset || span["error.type"] is not null;
        static string Marks(RecordedSpan span) => span.Status != ActivityStatusCode.Unset ? $"the status {span.Status}"
            : $"error.type = {span["error.type"]}";
        static int Exceptions(RecordedSpan span) => span.Events.Count(e => e.Name == "exception"
            && e.Attributes.Any(a => a.Key is "exception.type" or "exception.message"));
    }
}

/// <summary>
/// The mail provider of exercise 3.2. It takes the mail of order A-2001 at once and that of A-2002 at the second attempt; it fails
/// three times for A-2003. It notes when it was called, so that the check need not guess.
/// </summary>
public sealed class MailProvider
{
    /// <summary>The orders whose customers get a mail.</summary>
    public static readonly IReadOnlyList<string> Orders = ["A-2001", "A-2002", "A-2003"];

    internal List<MailCall> Calls { get; } = [];

    /// <summary>Hands one mail over to the provider.</summary>
    /// <exception cref="TimeoutException">It did not answer.</exception>
    /// <exception cref="InvalidOperationException">It refused the mail.</exception>
    public async Task SendAsync(string orderId)
    {
        var (start, number) = (DateTimeOffset.UtcNow, Calls.Count(c => c.OrderId == orderId) + 1);
        await Task.Delay(8);
        Exception? failure = orderId == Orders[0] || orderId == Orders[1] && number > 1 ? null
            : number < 3 ? new TimeoutException("The mail provider did not answer.")
            : new InvalidOperationException("The mail provider refused the mail.");
        Calls.Add(new(orderId, new(start, DateTimeOffset.UtcNow), failure));
        if (failure is not null)
            throw failure;
    }
}

/// <summary>One call of <see cref="MailProvider"/>.</summary>
/// <param name="OrderId">For which order.</param>
/// <param name="Time">From the question to the answer.</param>
/// <param name="Failure">What it threw; null if it took the mail.</param>
internal sealed record MailCall(string OrderId, TimeRange Time, Exception? Failure);

/// <summary>Exercise 3.2: three attempts, one outcome.</summary>
public static class Exercise32
{
    /// <summary>Judges the spans of three orders by what the mail provider answered.</summary>
    /// <param name="answer32">What the learner's provider recorded.</param>
    /// <param name="mail32">What the attempts called.</param>
    public static Exercise Check(SpanRecorder answer32, MailProvider mail32)
    {
        var spans = answer32.Spans;
        var traces = RecordedTrace.Group(spans);
        return Exercise.Check("Exercise 3.2", traces,
            ("Each mail is tried until it is sent, three times at most", () =>
                MailProvider.Orders.Select((order, i) => (Order: order, Calls: Calls(order).Length, Wanted: i + 1))
                    .FirstOrDefault(o => o.Calls != o.Wanted) is ({ } order, var calls, var wanted)
                    ? $"SendAsync was called {Times(calls)} for order {order}, and before your change {Times(wanted)}. Keep the loop, and "
                        + "leave it when a mail was sent."
                : null),
            ("Each order has its 'place order', with a 'send confirmation' below", () =>
                MailProvider.Orders.FirstOrDefault(o => Placed(o) is null) is { } unplaced
                    ? $"No 'place order' with shop.order.id = {unplaced} was recorded. Keep the line that starts it, and its using."
                : MailProvider.Orders.FirstOrDefault(o => Confirmation(o) is null) is { } unconfirmed
                    ? new Wrong($"The 'place order' of {unconfirmed} has no child 'send confirmation'. Keep the line that starts it, and "
                        + "its using.", Placed(unconfirmed)!)
                : null),
            ("Each attempt is a span 'send mail' of its own", () =>
                MailProvider.Orders.Select(Attempted).FirstOrDefault(w => w is not null)),
            ("It is a call: its kind is Client", () =>
                All("send mail").FirstOrDefault(s => s.Kind != ActivityKind.Client) is not { } other ? null
                : new Wrong($"A 'send mail' has the kind {other.Kind}. The mail provider is another program, and we wait for its answer.",
                    other)),
            ("An attempt that failed says so, and one that worked stays Unset", () =>
                MailProvider.Orders.SelectMany(o => Attempts(o).Zip(Calls(o))).Select(p => Outcome(p.First, p.Second))
                    .FirstOrDefault(w => w is not null)),
            ("'send confirmation' says how it ended", () => Ended()),
            ("'place order' stays Unset: each order was placed", () =>
                All("place order").FirstOrDefault(IsMarked) is not { } other ? null
                : new Wrong($"The 'place order' of {other["shop.order.id"]} has {Marks(other)}. The order was placed; only its mail was "
                    + "not sent.", other)),
            ("Orders without a mail can be searched for", () =>
                All("place order").FirstOrDefault(s => s["shop.order.confirmed"] is not bool) is { } other
                    ? new Wrong($"The 'place order' of {other["shop.order.id"]} has " + (other["shop.order.confirmed"] is { } text
                        ? $"shop.order.confirmed = {text}, of the type {text.GetType().Name}. Record the bool itself."
                        : "no shop.order.confirmed. You cannot search for the orders whose customers got no mail."), other)
                : All("place order").FirstOrDefault(s => s["shop.order.confirmed"] is bool sent
                    && sent != Calls($"{s["shop.order.id"]}").Any(c => c.Failure is null)) is { } untrue
                    ? new Wrong($"The 'place order' of {untrue["shop.order.id"]} says shop.order.confirmed = "
                        + $"{untrue["shop.order.confirmed"]}, which is not true.", untrue)
                : null));

        RecordedSpan[] All(string name) => spans.Where(s => s.Name == name).ToArray();
        MailCall[] Calls(string order) => mail32.Calls.Where(c => c.OrderId == order).ToArray();
        RecordedSpan? Placed(string order) => All("place order").FirstOrDefault(s => s["shop.order.id"] as string == order);
        RecordedSpan? Confirmation(string order) =>
            All("send confirmation").FirstOrDefault(s => Placed(order) is { } placed && s.ParentSpanId == placed.SpanId);
        RecordedSpan[] Attempts(string order) =>
            All("send mail").Where(s => s.TraceId == Placed(order)!.TraceId).OrderBy(s => s.Start).ToArray();

        Wrong? Attempted(string order)
        {
            var (calls, attempts, above) = (Calls(order), Attempts(order), Confirmation(order)!);
            return attempts.Length != calls.Length
                    ? new Wrong($"SendAsync was called {Times(calls.Length)} for order {order}, and its trace has "
                        + $"{Drawing.Count(attempts.Length, "span")} 'send mail'.", [above, .. attempts])
                : attempts.FirstOrDefault(a => attempts.Any(other => other.SpanId == a.ParentSpanId)) is { } nested
                    ? new Wrong($"A 'send mail' of order {order} is below the attempt before it. The attempts are siblings: end each "
                        + "before the next one starts.", nested)
                : attempts.FirstOrDefault(a => a.ParentSpanId != above.SpanId) is { } elsewhere
                    ? new Wrong($"A 'send mail' of order {order} is not a child of 'send confirmation'.", elsewhere)
                : attempts.Zip(calls).FirstOrDefault(p => p.First.Start > p.Second.Time.Start || p.First.End < p.Second.Time.End)
                    is ({ } beside, _)
                    ? new Wrong($"A 'send mail' of order {order} is not around its call: it took {Drawing.Duration(beside.Duration)}. "
                        + "Start it before the call of SendAsync, and end it after the answer.", beside)
                : null;
        }

        static Wrong? Outcome(RecordedSpan attempt, MailCall call) =>
            call.Failure is null
                ? !IsMarked(attempt) ? null : new Wrong($"This attempt for order {call.OrderId} worked, and has {Marks(attempt)}.", attempt)
            : attempt.Status != ActivityStatusCode.Error
                ? new Wrong($"This attempt for order {call.OrderId} failed, and its status is {attempt.Status}. Even if a later one works, "
                    + "this attempt failed.", attempt)
            : attempt["error.type"] is not string { Length: > 0 } type
                ? new Wrong($"This attempt for order {call.OrderId} failed, and has no error.type with a text.", attempt)
            : type.Any(char.IsWhiteSpace) || type.Contains(call.OrderId, StringComparison.Ordinal)
                ? new Wrong($"error.type is '{type}'. It is for counting: write the type of the exception, or a short word.", attempt)
            : null;

        Wrong? Ended()
        {
            foreach (var order in MailProvider.Orders)
            {
                var (it, last) = (Confirmation(order)!, Attempts(order)[^1]);
                var failed = Calls(order)[^1].Failure is not null;
                if (!failed && IsMarked(it))
                {
                    return new($"The 'send confirmation' of {order} has {Marks(it)}, and its mail was sent"
                        + (Calls(order).Length > 1 ? " by a later attempt: a retry succeeded, so this span did not fail." : "."), it);
                }

                if (failed && it.Status != ActivityStatusCode.Error)
                {
                    return new($"All {Calls(order).Length} attempts for {order} failed, and the status of 'send confirmation' is "
                        + $"{it.Status}.", it);
                }

                if (failed && !Equals(it["error.type"], last["error.type"]))
                {
                    return new($"The 'send confirmation' of {order} has " + (it["error.type"] is { } type ? $"error.type = {type}"
                        : "no error.type") + $". The last attempt, after which it gave up, has {last["error.type"]}.", it, last);
                }
            }

            return null;
        }

        static string Times(int count) => count == 1 ? "once" : $"{count} times";
        static bool IsMarked(RecordedSpan span) => span.Status != ActivityStatusCode.Unset || span["error.type"] is not null;
        static string Marks(RecordedSpan span) => span.Status != ActivityStatusCode.Unset ? $"the status {span.Status}"
            : $"error.type = {span["error.type"]}";
    }
}
