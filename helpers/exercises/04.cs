#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;

/// <summary>Exercise 4.1: each charge below its own order.</summary>
public static class Exercise41
{
    private const string Order = "shop.order.id";

    // For each run of the lesson, which starts with a new observer.
    private static readonly ConditionalWeakTable<ActivityObserver, Dictionary<string, long>> OpenBefore = [];

    /// <summary>Judges the spans of three orders, and of the jobs that charge their cards later.</summary>
    public static Exercise Check(SpanRecorder answer41)
    {
        var traces = RecordedTrace.Group(answer41.Spans);
        RecordedSpan[] Named(string name) => answer41.Spans.Where(s => s.Name == name).OrderBy(s => s.Start).ToArray();
        var (orders, charges, jobs) = (Named("place order"), Named("charge card"), Named("run jobs"));
        var open = new[] { "place order", "charge card", "run jobs" }.Where(IsLeftOpen).ToArray();
        return Exercise.Check("Exercise 4.1", traces,
            ("Three orders are placed", () =>
                orders.Length != 3 ? NeverEnded("place order") ?? new Wrong($"There {(orders.Length == 1 ? "is" : "are")} "
                    + $"{Drawing.Count(orders.Length, "span")} 'place order'. Keep the loop over three orders.", orders)
                : orders.Select(Number).Distinct().Count() != 3
                    ? new Wrong("Each 'place order' needs a number of its own in shop.order.id: keep that line.", orders) : null),
            ("Each card is charged once", () => charges.Length == 0
                ? NeverEnded("charge card") ?? "No span 'charge card' was recorded. Do the jobs still run? And is the context that they "
                    + "get a sampled one? Below a parent without ActivityTraceFlags.Recorded, no span is made."
                : charges.FirstOrDefault(c => !orders.Any(o => Number(o) == Number(c))) is { } stranger
                    ? new Wrong($"There is a charge for the order '{Number(stranger)}', which was not placed: keep the line that sets "
                        + "shop.order.id.", stranger)
                : orders.FirstOrDefault(o => !charges.Any(c => Number(c) == Number(o))) is { } unpaid
                    ? new Wrong($"The card of order {Number(unpaid)} was not charged" + (charges.Length < orders.Length
                        ? ": each order puts one job into the list." : $", and that of order {Number(charges[0])} "
                            + $"{charges.Count(c => Number(c) == Number(charges[0]))} times: each job passes on the number of its own "
                            + "order."), [unpaid, .. charges])
                : charges.GroupBy(Number).FirstOrDefault(g => g.Count() > 1) is { } twice
                    ? new Wrong($"The card of order {twice.Key} was charged {twice.Count()} times.", twice.ToArray()) : null),
            ("The cards are charged later", () => charges.FirstOrDefault(c => c.Start < OrderOf(c).End) is not { } early ? null
                : jobs.Any(j => j.Start <= early.Start)
                    ? new Wrong($"Order {Number(early)} is still open when its card is charged. The user would wait for that: "
                        + "end 'place order' before the jobs run.", OrderOf(early), early)
                    : new Wrong($"The card of order {Number(early)} is charged at once, while 'place order' is open. Put the job into "
                        + "the list as before. Only what you give to it changes.", early)),
            ("They are charged while the jobs run", () => jobs.Length == 0
                ? NeverEnded("run jobs") ?? "There is no span 'run jobs' any more. Keep it: it shows when the jobs ran."
                : charges.FirstOrDefault(c => !jobs.Any(j => j.Start <= c.Start && c.Start <= j.End)) is not { } outside ? null
                : new Wrong($"The card of order {Number(outside)} is charged when 'run jobs' does not run. Run the jobs inside of it, as "
                    + "before.", outside)),
            ("Each charge is below its own order", () =>
                charges.Where(c => !Above(traces, c).Contains(OrderOf(c))).Select(c => Lost(c)).FirstOrDefault()));

        RecordedSpan OrderOf(RecordedSpan charge) => orders.First(o => Number(o) == Number(charge));

        Wrong? NeverEnded(string name) => !open.Contains(name) ? null
            : $"'{name}' was started and had not ended when this was checked, so it was not recorded. A span is exported when it ends: "
                + $"keep its using{(name == "charge card" ? ", and await each job" : "")}.";

        Wrong Lost(RecordedSpan charge)
        {
            var (it, own) = ($"The charge of order {Number(charge)}", OrderOf(charge));
            if (charge.Links.Any(l => l.SpanId == own.SpanId))
                return new($"{it} has a link to its order, but a linked span is not a child. Pass the same context as the parent.", charge);
            if (charge.ParentSpanId is not { } id)
                return new($"{it} has no parent, so it begins a trace of its own. Pass the context of its order as its parent.", charge);
            if (Above(traces, charge).FirstOrDefault() is not { } parent)
            {
                return new($"{it} names a parent that was never recorded ({id}). The parent must be the context of the span 'place order' "
                    + "itself.", charge);
            }

            var orderAbove = Above(traces, charge).FirstOrDefault(a => a.Name == "place order");
            return orderAbove is null
                ? new($"{it} is below '{parent.Name}'" + (parent.Name == "run jobs" ? ", the span that was current when the job ran. Both "
                    + "'default' and an Activity.Current inside the job mean that one" : "") + ". Read the context while 'place order' is "
                    + "current, and keep it for the job. (A span that has ended cannot be made current again.)", charge)
                : charges.All(c => Above(traces, c).Contains(orderAbove))
                ? new($"All charges are below order {Number(orderAbove)}. Does each job have a variable of its own for the context? If "
                    + "they share one, they all read, when they run, what was written to it last.", charge)
                : new($"{it} is below order {Number(orderAbove)}: its job was given the context of that order.", charge);
        }
    }

    // Spans of this name that were started since the last check, and did not end.
    private static bool IsLeftOpen(string name)
    {
        if (ActivityObserver.Current is not { } observer)
            return false;
        var now = observer.Spans.Where(s => s.Source.Name == "shop.orders" && s.Name == name)
            .Sum(s => s.Started - s.Ended - s.EndedTooLate);
        var counts = OpenBefore.GetOrCreateValue(observer);
        var before = counts.GetValueOrDefault(name);
        counts[name] = now;
        return now > before;
    }

    private static string Number(RecordedSpan span) => $"{span[Order] ?? "no number"}";

    internal static IEnumerable<RecordedSpan> Above(IReadOnlyList<RecordedTrace> traces, RecordedSpan span)
    {
        var trace = traces.First(t => t.TraceId == span.TraceId);
        for (var next = trace.Parent(span); next is not null; next = trace.Parent(next))
            yield return next;
    }
}

/// <summary>
/// What the page of exercise 4.2 calls. Each call is a span of the source, and takes its time. They share a clock that is
/// still while the machine does, and while the page goes on from an answer: no call overtakes another one by luck.
/// </summary>
public sealed class InvoiceServices(ActivitySource source)
{
    private const int Short = 120, Long = 400; // milliseconds

    private readonly int id = Random.Shared.Next(1_000, 10_000);
    private readonly List<(double Due, TaskCompletionSource Done)> waiting = [];
    private double now; // milliseconds
    private bool isRunning;

    /// <summary>user-service: the number of the user who logs in with this name.</summary>
    public Task<int> FindUserAsync(string login) => CallAsync("find user", Short, "shop.user.id", id);

    /// <summary>How many orders the user with this number has.</summary>
    public Task<int> LoadOrdersAsync(int user) => CallAsync("load orders", Short, "shop.order.count", Random.Shared.Next(2, 90), user);

    /// <summary>payment-service: how many payments came from the user who logs in with this name.</summary>
    public Task<int> LoadPaymentsAsync(string login) =>
        CallAsync("load payments", Long, "shop.payment.count", Random.Shared.Next(100, 900));

    /// <summary>Whether a call took half as long again as it should: then the machine had other things to do.</summary>
    internal static bool WasLate(RecordedSpan call) =>
        call.Duration.TotalMilliseconds > 1.5 * (call.Name == "load payments" ? Long : Short);

    private async Task<int> CallAsync(string name, int milliseconds, string key, int answer, int? user = null)
    {
        using var activity = source.StartActivity(name, ActivityKind.Client);
        if (user is not null)
            activity?.SetTag("shop.user.id", user);
        await WaitAsync(milliseconds);
        activity?.SetTag(key, answer);
        return answer;
    }

    private Task WaitAsync(int milliseconds)
    {
        var done = new TaskCompletionSource();
        lock (waiting)
        {
            waiting.Add((now + milliseconds, done));
            if (!isRunning)
                _ = Task.Run(RunClockAsync);
            isRunning = true;
        }

        return done.Task;
    }

    private async Task RunClockAsync()
    {
        while (true)
        {
            var tick = Stopwatch.StartNew();
            await Task.Delay(10);
            (double Due, TaskCompletionSource Done) next;
            lock (waiting)
            {
                now += Math.Min(tick.Elapsed.TotalMilliseconds, 20);
                next = waiting.MinBy(w => w.Due);
                if (next.Due > now)
                    continue;
                waiting.Remove(next);
            }

            // What awaits the answer runs inside of SetResult. If it blocks, nothing waits for that.
            await Task.WhenAny(Task.Run(next.Done.SetResult), Task.Delay(250));
            lock (waiting)
            {
                isRunning = waiting.Count > 0;
                if (!isRunning)
                    return;
            }
        }
    }
}

/// <summary>Exercise 4.2: a page that waits for less.</summary>
public static class Exercise42
{
    private const string PageName = "show invoice";

    /// <summary>Judges the page's trace. Only its own bars are compared with each other, so a slow machine decides nothing.</summary>
    /// <param name="answer42">The spans.</param>
    /// <param name="orderCount">What the page shows as the number of orders.</param>
    /// <param name="paymentCount">What it shows as the number of payments.</param>
    public static Exercise Check(SpanRecorder answer42, int orderCount, int paymentCount)
    {
        // A call of the last run that was not awaited may end in this one: its page is not here.
        var traces = RecordedTrace.Group(answer42.Spans).Where(t => t.Root.ParentSpanId is null || t.Find(PageName) is not null).ToArray();
        var spans = traces.SelectMany(t => t.Spans).ToArray();
        RecordedSpan Of(string name) => spans.First(s => s.Name == name);
        RecordedSpan Root() => Of(PageName);
        RecordedSpan[] Calls() => [Of("find user"), Of("load orders"), Of("load payments")];
        return Exercise.Check("Exercise 4.2", traces,
            ("The page and its three calls are recorded, each once", () =>
            {
                foreach (var name in (string[])[PageName, "find user", "load orders", "load payments"])
                {
                    var same = spans.Where(s => s.Name == name).ToArray();
                    if (same.Length == 0)
                        return $"The span '{name}' is missing. If it was started, it had not ended when the provider was disposed: "
                            + "does the page wait for it?";
                    if (same.Length > 1)
                        return new Wrong($"'{name}' is there {same.Length} times. Once is enough: keep its task, and await that.", same);
                }

                return null;
            }
        ),
            ("The calls belong to the page", () =>
                Calls().FirstOrDefault(c => !Exercise41.Above(traces, c).Contains(Root())) is not { } lost ? null
                : new Wrong($"'{lost.Name}' is not below '{PageName}': it was called {(lost.Start < Root().Start ? "before" : "after")} "
                    + "the time in which that span was current.", lost)),
            ("The page ends after its calls", () =>
                Calls().FirstOrDefault(c => c.End > Root().End) is not { } late ? null
                : new Wrong($"'{late.Name}' ends after '{PageName}': the page was sent without it.", late)),
            ("The page shows what the calls answered", () =>
                $"{Of("load orders")["shop.user.id"]}" != $"{Of("find user")["shop.user.id"]}"
                    ? new Wrong($"'load orders' was called for user {Of("load orders")["shop.user.id"]}, but 'find user' says "
                        + $"{Of("find user")["shop.user.id"]}. That is the one real dependency.", Of("load orders"))
                : Shown("load orders", "shop.order.count", orderCount) ?? Shown("load payments", "shop.payment.count", paymentCount)),
            ("No call waits for an answer that it does not need", () => Waiting(Of("find user"), Of("load orders"), Of("load payments"))),
            ("The page takes less time than its calls together", () => Root().Duration < Sum() ? null
                : Because("The calls overlap now, but the page takes time for something else too.", Root())));

        TimeSpan Sum() => new(Calls().Sum(c => c.Duration.Ticks));
        string Times() => $"The page takes {Drawing.Duration(Root().Duration)}, its calls together {Drawing.Duration(Sum())}.";

        Wrong? Shown(string call, string key, int number) => $"{Of(call)[key]}" == $"{number}" ? null
            : new Wrong($"The page shows the number {number} for '{call}', which answered {Of(call)[key]}.", Of(call));

        Wrong? Waiting(RecordedSpan user, RecordedSpan orders, RecordedSpan payments)
        {
            if (!Overlap(user, payments) && !Overlap(orders, payments))
                return payments.Start >= orders.End
                    ? Because("All three run one after the other. Look at what each of them is given: which one could start "
                        + "earlier?", Root())
                    : Because("You moved 'load payments', but the page still waits for it before it goes on. A call starts the work, and "
                        + "await waits for it: these may be two statements.", payments);
            if (payments.Start >= user.End)
                return Because("'load payments' runs beside 'load orders' now, but it still waits for 'find user'. What does it need from "
                    + "there?", payments);
            return orders.Start < payments.End ? null
                : Because("Now 'load orders' waits for 'load payments', but needs nothing from it. Wait for each call where its answer is "
                    + "used, and not before.", orders);
        }

        Wrong Because(string why, RecordedSpan span) => new($"{Times()} {why}{(Calls().Any(InvoiceServices.WasLate)
            ? " (But this machine was busy: if you are sure of your answer, run the cell once more.)" : "")}", span);

        static bool Overlap(RecordedSpan a, RecordedSpan b) => a.Start < b.End && b.Start < a.End;
    }
}
