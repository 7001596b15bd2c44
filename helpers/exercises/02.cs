#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;

/// <summary>
/// What a checkout of exercise 2.1 waits for: the shop's own stock, and the payment provider. It notes when it was asked, so
/// that the check need not guess from durations.
/// </summary>
public sealed class CheckoutCalls
{
    /// <summary>The orders that are placed. The payment provider is slow for the second one.</summary>
    public static readonly IReadOnlyList<string> Orders = ["A-1001", "A-1002", "A-1003"];

    internal List<StockCall> Reserved { get; } = [];
    internal List<StockCall> Charged { get; } = [];

    /// <summary>Takes the articles of an order out of the stock.</summary>
    public Task ReserveArticlesAsync(string orderId) => CallAsync(Reserved, orderId, milliseconds: 15);

    /// <summary>Asks the payment provider for the money, and waits for its answer.</summary>
    public Task ChargeCardAsync(string orderId) => CallAsync(Charged, orderId, milliseconds: orderId == Orders[1] ? 90 : 25);

    private static async Task CallAsync(List<StockCall> calls, string orderId, int milliseconds)
    {
        var (start, within) = (DateTimeOffset.UtcNow, Activity.Current);
        await Task.Delay(milliseconds);
        calls.Add(new(orderId, new(start, DateTimeOffset.UtcNow), within));
    }
}

/// <summary>One call of <see cref="CheckoutCalls"/>.</summary>
/// <param name="OrderId">For which order.</param>
/// <param name="Time">From the question to the answer.</param>
/// <param name="Within">The span that was current when it began.</param>
internal sealed record StockCall(string OrderId, TimeRange Time, Activity? Within);

/// <summary>Exercise 2.1: a checkout that can be found.</summary>
public static class Exercise21
{
    /// <summary>Judges the spans of three orders by what really happened.</summary>
    /// <param name="answer21">What the learner's provider recorded.</param>
    /// <param name="calls21">What the checkouts waited for.</param>
    public static Exercise Check(SpanRecorder answer21, CheckoutCalls calls21)
    {
        var spans = answer21.Spans;
        var traces = RecordedTrace.Group(spans);
        return Exercise.Check("Exercise 2.1", traces,
            ("Each order is reserved and charged, once", () =>
                CheckoutCalls.Orders.FirstOrDefault(o => calls21.Reserved.Count(c => c.OrderId == o) != 1) is { } unreserved
                    ? $"ReserveArticlesAsync was not called and awaited once for order {unreserved}. Leave the two calls as they are."
                : CheckoutCalls.Orders.FirstOrDefault(o => calls21.Charged.Count(c => c.OrderId == o) != 1) is { } uncharged
                    ? $"ChargeCardAsync was not called and awaited once for order {uncharged}. Leave the two calls as they are."
                : null),
            ("Spans were recorded", () =>
                spans.Count > 0 ? null
                : NeverEnded() is { } running
                    ? $"The span '{running}' was started and has not ended. Put using in front of it, or dispose it."
                : "Nothing was recorded. Start the spans with source21.StartActivity(…)."),
            ("No name has an order number in it", () =>
                spans.FirstOrDefault(s => CheckoutCalls.Orders.Any(o => s.Name.Contains(o[2..], StringComparison.Ordinal))) is not { } other
                    ? null
                : new Wrong($"The span '{other.Name}' has the order's number in its name, so each order is a group of its own. "
                    + "The number goes into the attribute.", other)),
            ("There is one span 'checkout' for each order", () => Three("checkout")),
            ("Each order is found by shop.order.id on its 'checkout'", () =>
                CheckoutCalls.Orders.FirstOrDefault(o => Checkout(o) is null) is { } order ? NotFound(order) : null),
            ("'checkout' is around all that the order waits for", () =>
                CheckoutCalls.Orders.Select(Around).FirstOrDefault(w => w is not null)),
            ("There is one span 'charge card' for each order", () => Three("charge card")),
            ("Each 'charge card' is inside the 'checkout' of its order", () =>
                Named("charge card").FirstOrDefault(s => !Above(s).Any(a => a.Name == "checkout")) is not { } other ? null
                : new Wrong($"The span '{other.Name}' is {(other.ParentSpanId is null ? "a root, in a trace of its own" : "elsewhere")}. "
                    + "Start it while 'checkout' is still running.", other)),
            ("'charge card' is around the call of the payment provider, and around nothing else", () =>
                CheckoutCalls.Orders.Select(AroundTheCall).FirstOrDefault(w => w is not null)),
            ("'charge card' is the outgoing half of a call", () =>
                Named("charge card").FirstOrDefault(s => s.Kind != ActivityKind.Client) is not { } other ? null
                : new Wrong($"The span '{other.Name}' has the kind {other.Kind}. "
                    + "A request goes out, and we wait for the answer: see the picture.", other)),
            ("'checkout' is a step inside the program", () =>
                Named("checkout").FirstOrDefault(s => s.Kind != ActivityKind.Internal) is not { } other ? null
                : new Wrong($"The span '{other.Name}' has the kind {other.Kind}. It does not cross the border of the program.", other)));

        RecordedSpan[] Named(string name) => spans.Where(s => s.Name == name).ToArray();
        RecordedSpan? Checkout(string order) => Named("checkout").FirstOrDefault(s => s["shop.order.id"] as string == order);
        IEnumerable<RecordedSpan> Above(RecordedSpan span)
        {
            var trace = traces.First(t => t.TraceId == span.TraceId);
            for (var above = trace.Parent(span); above is not null; above = trace.Parent(above))
                yield return above;
        }

        string? NeverEnded() => calls21.Reserved.Concat(calls21.Charged).Select(c => c.Within)
            .FirstOrDefault(a => a is { IsStopped: false, Source.Name: "shop.exercise21" })?.DisplayName;

        Wrong? Three(string name) => Named(name).Length == 3 ? null
            : Named(name).Length == 0 && NeverEnded() == name
                ? $"The span '{name}' was started and has not ended. Put using in front of it, or dispose it."
            : new Wrong("Recorded spans: " + string.Join(", ", spans.GroupBy(s => s.Name).Select(g => $"{g.Count()} × '{g.Key}'"))
                + (spans.All(IsAsked) ? $". Each order needs one '{name}' of its own." : ". Names are compared letter by letter."),
                spans.Where(s => !IsAsked(s)).ToArray());
        static bool IsAsked(RecordedSpan span) => span.Name is "checkout" or "charge card";

        Wrong NotFound(string order)
        {
            var checkouts = Named("checkout");      // three, in the order in which they ended
            var first = checkouts.FirstOrDefault(s => !CheckoutCalls.Orders.Contains(s["shop.order.id"] as string))
                ?? checkouts[CheckoutCalls.Orders.ToList().IndexOf(order)];
            var elsewhere = spans.FirstOrDefault(s => s.Name != "checkout" && s["shop.order.id"] as string == order);
            var attributes = first.Attributes.Count == 0 ? "none" : string.Join(", ", first.Attributes.Select(a => $"{a.Key} = {a.Value}"));
            return new($"No span 'checkout' has shop.order.id = {order}. " + (elsewhere is not null
                ? $"'{elsewhere.Name}' has it, but all conditions of a search must match the same span."
                : $"The attributes of this one are: {attributes}."), first);
        }

        Wrong? Around(string order)
        {
            var (span, reserved, charged) = (Checkout(order)!, TimeOf(calls21.Reserved, order), TimeOf(calls21.Charged, order));
            return span.Start > reserved.Start
                ? new Wrong($"The 'checkout' of {order} starts after ReserveArticlesAsync was called. Start it first.", span)
                : span.End < charged.End
                ? new Wrong($"The 'checkout' of {order} ends before the payment provider has answered. End it last.", span)
                : null;
        }

        Wrong? AroundTheCall(string order)
        {
            var checkout = Checkout(order)!;
            var (reserved, charged) = (TimeOf(calls21.Reserved, order), TimeOf(calls21.Charged, order));
            if (Named("charge card").FirstOrDefault(s => Above(s).Contains(checkout)) is not { } span)
                return new Wrong($"There is no 'charge card' inside the 'checkout' of {order}.", checkout);
            var took = $"took {span.Duration.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture)} ms";
            return span.End < charged.Start && span.Start < reserved.End
                ? new Wrong($"The 'charge card' of {order} ended before the provider was asked: it is around the call before, and "
                    + "measures how long the stock took.", span)
                : span.End < charged.End
                ? new Wrong($"The 'charge card' of {order} {took} and ended before the provider answered: the wait is outside of it.", span)
                : span.Start > charged.Start
                ? new Wrong($"The 'charge card' of {order} {took}, and started after the provider was asked. Start it before the call.",
                    span)
                : span.Start < reserved.End
                ? new Wrong($"The 'charge card' of {order} {took}, which includes the time for the stock. Start it after that call.", span)
                : null;
        }

        static TimeRange TimeOf(List<StockCall> calls, string order) => calls.First(c => c.OrderId == order).Time;
    }
}

/// <summary>
/// What the service orders recorded in one morning. The times are made up, so that a busy machine changes nothing.
/// </summary>
public static class OrdersOfTheMorning
{
    private static readonly DateTimeOffset Eight = new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);

    /// <summary>Forty traces in the order of time. The root of each is a span 'checkout'.</summary>
    public static IReadOnlyList<RecordedTrace> Traces { get; } = Enumerable.Range(2001, 40).Select(Order).ToArray();

    private static RecordedTrace Order(int number)
    {
        var (plan, total, reserve, charge) = number switch
        {
            2007 => ("free", 79.90, 31, 3_870),         // the slowest of all
            2012 => ("business", 1_249.00, 28, 162),    // fits, and is quick
            2018 => ("business", 119.00, 35, 2_730),    // a small order
            2026 => ("free", 889.00, 24, 3_120),        // a large one, of another plan
            2031 => ("business", 649.00, 2_340, 118),
            2035 => ("business", 730.50, 190, 171),
            _ => (number % 4 == 0 ? "business" : "free", 15 + number * 37 % 430 + 0.90, 20 + number * 13 % 25, 90 + number * 29 % 80),
        };
        var start = Eight.AddSeconds((number - 2001) * 137.25);
        var trace = number.ToString("x32", CultureInfo.InvariantCulture);
        var confirm = 6 + number % 5;
        return new(
        [
            Span(1, "checkout", ActivityKind.Internal, 0, 3 + reserve + charge + confirm,
                new("shop.order.id", $"A-{number}"), new("shop.user.plan", plan), new("shop.order.total", total)),
            Span(2, "reserve articles", ActivityKind.Internal, 1, reserve),
            Span(3, "charge card", ActivityKind.Client, 2 + reserve, charge),
            Span(4, "send confirmation", ActivityKind.Producer, 2 + reserve + charge, confirm),
        ]);

        RecordedSpan Span(int id, string name, ActivityKind kind, int after, int took, params KeyValuePair<string, object?>[] tags) => new()
        {
            TraceId = trace,
            SpanId = (number * 16 + id).ToString("x16", CultureInfo.InvariantCulture),
            ParentSpanId = id == 1 ? null : (number * 16 + 1).ToString("x16", CultureInfo.InvariantCulture),
            Name = name,
            Kind = kind,
            Start = start.AddMilliseconds(after),
            Duration = TimeSpan.FromMilliseconds(took),
            Attributes = tags,
            Resource = [new("service.name", "orders")],
        };
    }
}

/// <summary>Exercise 2.2: find the slow order.</summary>
public static class Exercise22
{
    /// <summary>Judges the answer by the traces.</summary>
    /// <param name="morning22">The orders of the morning.</param>
    /// <param name="fitting22">Those of them that fit the complaint.</param>
    /// <param name="order22">The order's number.</param>
    /// <param name="step22">The name of the span in which the time was spent.</param>
    public static Exercise Check(
        IEnumerable<RecordedTrace> morning22, IEnumerable<RecordedTrace> fitting22, string? order22, string? step22)
    {
        var (traces, kept) = (morning22.ToArray(), fitting22.ToArray());
        var (order, step) = ((order22 ?? "").Trim(), (step22 ?? "").Trim());
        var found = traces.FirstOrDefault(t => string.Equals(Text(t, "shop.order.id"), order, StringComparison.OrdinalIgnoreCase));
        return Exercise.Check("Exercise 2.2", found is null ? [] : [found],
            ("The filter keeps the orders that fit the complaint", () =>
                kept.Length == traces.Length ? $"It keeps all {kept.Length} orders. Which two conditions are in the complaint?"
                : kept.Length == 0 ? "It keeps no order, and some fit. Note that shop.order.total is a double: the pattern `is > 500` "
                    + "compares with an int, and never matches a double. `is > 500.0` compares with a double."
                : kept.FirstOrDefault(t => !Fits(t)) is { } other
                    ? $"It also keeps {Text(other, "shop.order.id")}: the plan is {Text(other, "shop.user.plan")}, and the order cost "
                        + $"{Text(other, "shop.order.total")} euros."
                : traces.Count(Fits) - kept.Distinct().Count() is > 0 and var lost
                    ? $"It leaves out {Drawing.Count(lost, "order")} of the plan business and of more than 500 euros."
                : null),
            ("An order is named", () =>
                found is not null ? null
                : order.Length == 0 ? "No order is named yet. Which traces fit the complaint? Look at the attributes of their roots."
                : traces.Any(t => t.TraceId == order) ? "That is the id of a trace. The order's number is the attribute shop.order.id."
                : $"No trace has shop.order.id = {order}."),
            ("Its customer has the plan business", () =>
                Text(found!, "shop.user.plan") == "business" ? null
                : new Wrong($"{order} took {Drawing.Duration(found!.Duration)}, but its customer has the plan "
                    + $"{Text(found, "shop.user.plan")}.", found.Root)),
            ("It cost more than 500 euros", () =>
                Total(found!) > 500 ? null
                : new Wrong($"{order} took {Drawing.Duration(found!.Duration)}, but it cost {Text(found, "shop.order.total")} euros.",
                    found.Root)),
            ("It is the one that was slow", () =>
                traces.Where(Fits).All(t => t.Duration <= found!.Duration) ? null
                : new Wrong($"{order} fits, but it took only {Drawing.Duration(found!.Duration)}. Another order fits too, "
                    + "and took longer.", found.Root)),
            ("The step is one of its spans", () =>
                step.Length == 0 ? "The order is the right one. Now name the span in which the time was spent."
                : step == found!.Root.Name
                    ? new Wrong($"'{step}' is the whole order. In which of its steps was the time spent?", found.Root)
                : found.Find(step) is not null ? null
                : $"There is no span '{step}' in it. Copy the name letter by letter."),
            ("The time was spent there", () =>
                found!.Find(step) is var span && found.Spans.Skip(1).All(s => s.Duration <= span!.Duration) ? null
                : new Wrong($"'{step}' took {Drawing.Duration(span!.Duration)} of {Drawing.Duration(found.Duration)}.", span)));

        static bool Fits(RecordedTrace trace) => Text(trace, "shop.user.plan") == "business" && Total(trace) > 500;
        static string Text(RecordedTrace trace, string key) =>
            Convert.ToString(trace.Root[key], CultureInfo.InvariantCulture) ?? "";
        static double Total(RecordedTrace trace) => trace.Root["shop.order.total"] as double? ?? 0;
    }
}
