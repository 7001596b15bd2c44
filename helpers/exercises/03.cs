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
                caught31.Count == 0 ? "A-1002 was not paid, and the caller got no exception: it is swallowed on the way."
                : caught31.Count > 1 ? $"The caller got {caught31.Count} exceptions. Only A-1002 must fail."
                : caught31[0] is TimeoutException ? null
                : $"The caller got an exception of the type {caught31[0].GetType().Name}. Hand on the one that happened: "
                    + "it may wait for that type."),
            ("Three orders, each with its three spans", () =>
                (from order in Orders from step in Steps where Span(order, step) is null select (order, step))
                    .FirstOrDefault() is (not null, _) missing
                    ? $"Order {missing.order} has no span '{missing.step}' any more. Keep the three lines that start the spans."
                : null),
            ("What worked is Unset", () =>
                Worked().FirstOrDefault(IsMarked) is not { } other ? null
                : new Wrong($"{Which(other)} worked, and has {Marks(other)}. Leave it as it is.", other)),
            ("What went on in spite of a failure is Unset", () =>
                Span("A-1003", "checkout")! is var checkout && !IsMarked(checkout) ? null
                : new Wrong($"{Which(checkout)} has {Marks(checkout)}. The order was placed and paid: the missing voucher was handled.",
                    checkout)),
            ("Each span whose work failed has the status Error", () =>
                Failed().FirstOrDefault(s => s.Status != ActivityStatusCode.Error) is { } other
                    ? new Wrong($"{Which(other)} failed and has the status {other.Status}. Each span says it for itself.", other)
                : Refused() is { Status: ActivityStatusCode.Error } ? null
                : new Wrong($"{Which(Refused())} was answered with 429 and has the status {Refused().Status}. "
                    + "For a client span, each answer of 4xx and 5xx is an error.", Refused())),
            ("Each of these has error.type", () =>
                AllFailed().FirstOrDefault(s => s["error.type"] is null) is not { } other ? null
                : new Wrong($"{Which(other)} has no error.type, so nobody can count what kind of failure it was.", other)),
            ("error.type is one of few short texts", () =>
                AllFailed().FirstOrDefault(s => s["error.type"] is not string) is { } number
                    ? new Wrong($"{Which(number)} has an error.type of the type {number["error.type"]!.GetType().Name}. The conventions "
                        + "want text, also for a status code.", number)
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
                    ? new Wrong($"{Which(whole)} has a whole stack trace as its description. That is what AddException records; "
                        + "the description is the message alone.", whole)
                : null),
            ("The exception is recorded where it happened", () =>
                Exceptions(Span("A-1002", "charge card")!) > 0 ? null
                : Exceptions(Span("A-1002", "checkout")!) > 0
                    ? new Wrong("The exception is on 'checkout', and it happened one level below, in 'charge card'.",
                        Span("A-1002", "checkout")!)
                : new Wrong($"{Which(Span("A-1002", "charge card")!)} has no event 'exception' with a type or a message. "
                    + "AddException adds it.", Span("A-1002", "charge card")!)),
            ("It is recorded once", () =>
                spans.Sum(Exceptions) == 1 ? null
                : new Wrong($"There are {spans.Sum(Exceptions)} events 'exception' for one exception. Once is enough, where it happened.",
                    spans.Where(s => Exceptions(s) > (s.Name == "charge card" ? 1 : 0)).ToArray())),
            ("The caller sees where it happened", () =>
                caught31[0].StackTrace?.Contains(nameof(CheckoutPartners), StringComparison.Ordinal) == true ? null
                : "The stack trace that the caller sees does not name CheckoutPartners.ChargeCardAsync, where it happened. "
                    + "An exception that is thrown anew loses the way it came; throw; alone keeps it."));

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
