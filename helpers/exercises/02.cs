#nullable enable
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

/// <summary>Exercise 2.1: a checkout that can be found.</summary>
public static class Exercise21
{
    private static readonly string[] Orders = ["A-1001", "A-1002", "A-1003"];

    /// <summary>Judges the spans of three orders.</summary>
    public static Exercise Check(SpanRecorder answer21)
    {
        var spans = answer21.Spans;
        var traces = RecordedTrace.Group(spans);
        return Exercise.Check("Exercise 2.1", traces,
            ("Spans were recorded", () =>
                spans.Count > 0 ? null
                : "Nothing was recorded. Start the spans with shop21.StartActivity(…), and let a using end them."),
            ("No name has an order number in it", () =>
                spans.FirstOrDefault(s => s.Name.Any(char.IsDigit)) is not { } other ? null
                : new Wrong($"The span '{other.Name}' has a number in its name, so each order is a group of its own. "
                    + "The number goes into the attribute.", other)),
            ("Three orders give three spans 'checkout' and three 'charge card'", () =>
                spans.Count == 6 && Named("checkout").Length == 3 && Named("charge card").Length == 3 ? null
                : new Wrong($"Recorded were: {string.Join(", ", spans.GroupBy(s => s.Name).Select(g => $"{g.Count()} × '{g.Key}'"))}.",
                    spans.Where(s => s.Name is not ("checkout" or "charge card")).ToArray())),
            ("Each 'charge card' lies in its 'checkout'", () =>
                traces.FirstOrDefault(t => t.Root.Name != "checkout" || t.Spans.Count != 2) is not { } other ? null
                : new Wrong($"The span '{other.Root.Name}' is a root with {other.Spans.Count - 1} span(s) in it. "
                    + "Start 'charge card' while 'checkout' is still running.", other.Root)),
            ("Each order is found by shop.order.id on 'checkout'", () =>
                Orders.FirstOrDefault(o => !Named("checkout").Any(s => s["shop.order.id"] as string == o)) is not { } order ? null
                : new Wrong($"No span 'checkout' has shop.order.id = {order}. "
                    + $"The attributes of the first 'checkout' are: {Attributes(traces[0].Root)}.", traces[0].Root)),
            ("'charge card' is the outgoing half of a call", () =>
                Named("charge card").FirstOrDefault(s => s.Kind != ActivityKind.Client) is not { } other ? null
                : new Wrong($"The span '{other.Name}' has the kind {other.Kind}. "
                    + "A request goes out, and we wait for the answer: see the table.", other)),
            ("'checkout' is a step inside the program", () =>
                Named("checkout").FirstOrDefault(s => s.Kind != ActivityKind.Internal) is not { } other ? null
                : new Wrong($"The span '{other.Name}' has the kind {other.Kind}. It does not cross the border of the program.", other)));

        RecordedSpan[] Named(string name) => spans.Where(s => s.Name == name).ToArray();
        static string Attributes(RecordedSpan span) =>
            span.Attributes.Count == 0 ? "none" : string.Join(", ", span.Attributes.Select(a => $"{a.Key} = {a.Value}"));
    }
}

/// <summary>Exercise 2.2: a failure that shows.</summary>
public static class Exercise22
{
    /// <summary>Judges the spans of three orders, of which A-1002 fails.</summary>
    /// <param name="answer22">What the learner's provider recorded.</param>
    /// <param name="apologies22">How many exceptions reached the caller.</param>
    public static Exercise Check(SpanRecorder answer22, int apologies22)
    {
        var spans = answer22.Spans;
        var traces = RecordedTrace.Group(spans);
        return Exercise.Check("Exercise 2.2", traces,
            ("Three orders, each with 'checkout' and 'charge card'", () =>
                new[] { "A-1001", "A-1002", "A-1003" }.FirstOrDefault(number => Order(number).Length != 2) is { } order
                    ? $"Order {order} does not have one 'checkout' with one 'charge card' in it. "
                        + "Keep the two lines that start the spans, and shop.order.id."
                : spans.Count == 6 ? null
                : $"Recorded were {spans.Count} spans in {traces.Count} traces. Six are enough."),
            ("The caller gets the exception", () =>
                apologies22 == 1 ? null
                : $"The loop caught {apologies22} exceptions, it should be 1. Is there a throw; at the end of each catch?"),
            ("The orders that worked are Unset", () =>
                Worked().FirstOrDefault(s => s.Status != ActivityStatusCode.Unset || s["error.type"] != null) is not { } other ? null
                : new Wrong($"A span '{other.Name}' of an order that worked has the status {other.Status}"
                    + $"{(other["error.type"] is { } type ? $" and error.type = {type}" : "")}.", other)),
            ("Both spans of A-1002 have the status Error", () =>
                Failed().FirstOrDefault(s => s.Status != ActivityStatusCode.Error) is not { } other ? null
                : new Wrong($"{Which(other)} has the status {other.Status}. Each span whose work failed has to say so itself.", other)),
            ("Both have a description", () =>
                Failed().FirstOrDefault(s => string.IsNullOrWhiteSpace(s.StatusDescription)) is not { } other ? null
                : new Wrong($"{Which(other)} is an Error without a description. It is the second argument of SetStatus.", other)),
            ("Both have error.type, from a short list", () =>
                Failed().FirstOrDefault(s => !IsShortCode(s["error.type"])) is not { } other ? null
                : new Wrong($"{Which(other)} has error.type = {other["error.type"] ?? "nothing"}. "
                    + "Write the type of the exception, not its message.", other)),
            ("The exception is recorded on 'charge card'", () =>
                Failed().First(s => s.Name == "charge card") is var charge && Exceptions(charge) > 0 ? null
                : new Wrong($"{Which(charge)} has no event 'exception'. AddException adds it.", charge)),
            ("It is recorded once", () =>
                Failed().First(s => s.Name == "checkout") is var checkout && Exceptions(checkout) > 0
                    ? new Wrong($"{Which(checkout)} has it too. Once is enough, where it happens.", checkout)
                : Failed().FirstOrDefault(s => Exceptions(s) > 1) is { } twice
                    ? new Wrong($"{Which(twice)} has it {Exceptions(twice)} times. Once is enough.", twice)
                : null));

        // 'charge card' first, as it fails first; empty if the order is not there.
        RecordedSpan[] Order(string number) =>
            spans.FirstOrDefault(s => s.Name == "checkout" && s["shop.order.id"] as string == number) is not { } checkout ? []
            : [.. spans.Where(s => s.Name == "charge card" && s.ParentSpanId == checkout.SpanId), checkout];
        IEnumerable<RecordedSpan> Worked() => [.. Order("A-1001"), .. Order("A-1003")];
        RecordedSpan[] Failed() => Order("A-1002");
        static string Which(RecordedSpan span) => $"The span '{span.Name}' of order A-1002";
        static bool IsShortCode(object? type) => type is string { Length: > 0 } text && !text.Contains(' ');
        static int Exceptions(RecordedSpan span) => span.Events.Count(e => e.Name == "exception");
    }
}
