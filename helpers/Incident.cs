#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using OpenTelemetry;
using OpenTelemetry.Trace;

/// <summary>The traffic of lesson 7. What is wrong with which version stands below: solve the lesson before you read on.</summary>
public static class Incident
{
    /// <summary>One page in so many milliseconds, whether or not the pages before it are done, as it is with real users.</summary>
    private const int Arrival = 8;

    private const int PagesPerUser = 15;

    /// <summary>
    /// Deploys a version of the shop, lets each of its 20 users ask for the profile page 15 times, in an order that is the
    /// same for each version, and stops it again.
    /// </summary>
    /// <param name="spans">Gets the spans of all three services.</param>
    /// <param name="version">1.4.2 (before), 1.5.0 (the incident) or 1.5.1 (mended); it is the spans' <c>service.version</c>.</param>
    public static async Task ServeAsync(SpanRecorder spans, string version)
    {
        await using var shop = await Shop.StartAsync((service, tracing) => tracing.AddProcessor(new SimpleActivityExportProcessor(spans.ForService(service))), version);
        shop.Pace = TimeSpan.FromMilliseconds(3);
        shop.Faults.FailingPayments = 0.2;                                        // in every version: these accounts are locked
        shop.Faults.NPlusOne = shop.Faults.RetryPayments = version == "1.5.0";

        var clock = Stopwatch.StartNew();
        var pages = new List<Task>();
        foreach (var user in Users(seed: 7))
        {
            var wait = TimeSpan.FromMilliseconds(pages.Count * Arrival) - clock.Elapsed;
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait);
            pages.Add(AskAsync(user));
        }

        await Task.WhenAll(pages);

        async Task AskAsync(int user) => (await shop.GetAsync($"/profile/{user}")).Dispose();
    }

    private static int[] Users(int seed)
    {
        var users = Enumerable.Range(0, ShopDatabase.UserCount * PagesPerUser).Select(i => i % ShopDatabase.UserCount + 1).ToArray();
        new Random(seed).Shuffle(users);
        return users;
    }
}

/// <summary>
/// One operation of one service, named as the cause of an incident, with a trace as the evidence. Each question answers null
/// if the claim stands, otherwise a sentence that says what contradicts it, and in which trace. Pages are compared with pages
/// of the same user, and by their median, so that one slow moment of the machine proves nothing.
/// </summary>
public sealed class Evidence
{
    private const string Before = "1.4.2";

    private readonly RecordedTrace[] pages;
    private readonly RecordedTrace? page;
    private readonly string service;
    private readonly string operation;
    private readonly string traceId;

    /// <param name="pages">All traces of the incident.</param>
    /// <param name="service"><c>service.name</c> of the suspect.</param>
    /// <param name="operation">The name of its spans.</param>
    /// <param name="traceId">The evidence: 32 hex digits.</param>
    public Evidence(IEnumerable<RecordedTrace> pages, string? service, string? operation, string? traceId)
    {
        (this.service, this.operation, this.traceId) = (service?.Trim() ?? "", operation?.Trim() ?? "", traceId?.Trim() ?? "");
        this.pages = pages.ToArray();
        page = this.pages.FirstOrDefault(p => p.TraceId.Equals(this.traceId, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Is there such a trace, of this version, answered with this status?</summary>
    public string? IsPageOf(string version, int status) =>
        page is null ? $"There is no trace with the id '{traceId}'. An id has 32 hex digits; take it from a drawing, or from TraceId of a trace."
        : Version(page) != version ? $"Trace {page.TraceId} is a page of version {Version(page)}. The evidence must show the incident, so take one of {version}."
        : Status(page) != status ? $"Trace {page.TraceId} was answered with {Status(page)}. This exercise is about the pages that were answered with {status}."
        : null;

    /// <summary>Does the service do this in the trace?</summary>
    public string? IsInTheTrace()
    {
        if (Found(page!).Length > 0)
            return null;
        var names = page!.Spans.Where(s => s.ServiceName == service).Select(s => s.Name).Distinct().ToArray();
        return names.Length == 0
            ? $"Trace {page.TraceId} has no span of a service '{service}'. Its services are {string.Join(", ", page.Services)}."
            : $"{service} has no span '{operation}' in trace {page.TraceId}. Its spans there: {string.Join(", ", names)}.";
    }

    /// <summary>Do the pages with another status do without it? If they are changed in the same way, it is not what sets these pages apart.</summary>
    public string? IsOnlyIn(int status)
    {
        var (others, old) = (Where(Version(page!), p => Status(p) != status), Where(Before, p => Status(p) != status));
        if (others.Length == 0 || old.Length == 0 || Median(others, Count) <= Median(old, Count))
            return null;
        var witness = Typical(others, Count);
        return $"Trace {witness.TraceId} was answered with {Status(witness)}, and '{operation}' runs {Times(Count(witness))} in it. So it slows all pages. What more is there in those that are answered with {status}?";
    }

    /// <summary>Does it carry the time by which this user's pages became slower, by itself and not for another's sake?</summary>
    public string? IsTheCause()
    {
        var now = Where(Version(page!), SameUser);
        var old = Where(Before, SameUser);
        var witness = Typical(old, Total);
        var extra = Median(now, p => p.Duration) - Median(old, p => p.Duration);
        var mine = Median(now, Total) - Median(old, Total);
        var (times, timesBefore) = (Median(now, Count), Median(old, Count));

        if (times <= timesBefore)
        {
            if (mine < extra / 2)
                return $"In trace {witness.TraceId}, the same user's page before the deployment, '{operation}' took {Drawing.Duration(Total(witness))}; in your trace it takes {Drawing.Duration(Total(page!))}. The typical page of this user became {Drawing.Duration(extra)} longer: most of that time is somewhere else.";
            var own = Median(now, Self) - Median(old, Self);
            if (own < mine / 2)
                return $"'{operation}' typically takes {Drawing.Duration(mine)} longer than in trace {witness.TraceId}, the same user's page before the deployment, but {(own < mine / 20 ? "nothing" : $"only {Drawing.Duration(own)}")} of that is its self time. It waits for others: look at what it waits for.";
            return null;
        }

        if (timesBefore > 0 && Median(now, PerParent) <= Median(old, PerParent))
            return $"'{operation}' runs {Times(Count(page!))} here and {Times(Count(witness))} in trace {witness.TraceId}, the same user's page before the deployment; one run typically took {Drawing.Duration(Median(old, OneRun))} before and takes {Drawing.Duration(Median(now, OneRun))} now. It does what it did before, it is only asked more often. Who asks?";
        return mine >= extra / 2 ? null
            : $"'{operation}' {(timesBefore == 0 ? "was not there before" : "runs more often than before")}, but typically its {Drawing.Duration(mine)} are {Drawing.Percent(Math.Round(Math.Max(0, mine / extra), 2))} of the {Drawing.Duration(extra)} by which the typical page of this user became longer. Something explains more.";
    }

    /// <summary>Is this attribute on its spans in the trace, and on none before the deployment?</summary>
    public string? IsMarkedBy(string? attribute)
    {
        var key = attribute?.Trim() ?? "";
        if (!Found(page!).Any(s => s[key] is not null))
            return $"No span '{operation}' of {service} in trace {page!.TraceId} has an attribute '{key}'. Unfold them one after the other: what do the later ones have that the first has not?";
        var witness = Where(Before, p => Status(p) == Status(page!)).FirstOrDefault(p => Found(p).Any(s => s[key] is not null));
        return witness is null ? null
            : $"'{key}' is on a span '{operation}' of trace {witness.TraceId} too, from before the deployment. It does not tell the new spans from the old.";
    }

    private RecordedSpan[] Found(RecordedTrace trace) => trace.Spans.Where(s => s.ServiceName == service && s.Name == operation).ToArray();
    private double Count(RecordedTrace trace) => Found(trace).Length;
    private double PerParent(RecordedTrace trace) => Found(trace) is { Length: > 0 } spans ? (double)spans.Length / spans.Select(s => s.ParentSpanId).Distinct().Count() : 0;
    private TimeSpan Total(RecordedTrace trace) => new(Found(trace).Sum(s => s.Duration.Ticks));
    private TimeSpan Self(RecordedTrace trace) => new(Found(trace).Sum(s => trace.SelfTime(s).Ticks));
    private TimeSpan OneRun(RecordedTrace trace) => Found(trace) is { Length: > 0 } spans ? Total(trace) / spans.Length : TimeSpan.Zero;

    private bool SameUser(RecordedTrace other) => Equals(other.Root["url.path"], page!.Root["url.path"]) && Status(other) == Status(page!);
    private RecordedTrace[] Where(string version, Func<RecordedTrace, bool> condition) => pages.Where(p => Version(p) == version && condition(p)).ToArray();

    private static string Version(RecordedTrace trace) => trace.Root.Resource.FirstOrDefault(a => a.Key == "service.version").Value as string ?? "";
    private static int Status(RecordedTrace trace) => trace.Root["http.response.status_code"] as int? ?? 0;
    private static string Times(double count) => count == 1 ? "once" : string.Create(CultureInfo.InvariantCulture, $"{count} times");

    private static T Median<T>(RecordedTrace[] traces, Func<RecordedTrace, T> value) => value(Typical(traces, value));

    private static RecordedTrace Typical<T>(RecordedTrace[] traces, Func<RecordedTrace, T> value) => traces.OrderBy(value).ElementAt(traces.Length / 2);
}

/// <summary>How many requests took how long: a histogram of up to three groups of requests on one scale.</summary>
public sealed class LatencyView : NotebookView
{
    private const int Bins = 32;
    private readonly (string Label, double[] Milliseconds)[] groups;
    private readonly double binWidth; // in milliseconds
    private readonly int[][] counts;

    private LatencyView((string Label, double[] Milliseconds)[] groups)
    {
        this.groups = groups;
        // Wide enough for 99 of 100 requests of each group; the last bin holds what took longer.
        binWidth = NiceWidth(groups.Select(g => Percentile(g.Milliseconds, 0.99)).DefaultIfEmpty().Max() / (Bins - 1));
        counts = groups.Select(g =>
        {
            var bins = new int[Bins];
            foreach (var ms in g.Milliseconds)
                bins[Math.Clamp((int)(ms / binWidth), 0, Bins - 1)]++;
            return bins;
        }).ToArray();
    }

    /// <summary>Draws the durations of each group; a dashed line marks its average.</summary>
    /// <exception cref="ArgumentException">There are more than three groups.</exception>
    public static LatencyView Histogram(params (string Label, IEnumerable<TimeSpan> Durations)[] groups) => groups.Length > Colors.Length
        ? throw new ArgumentException($"At most {Colors.Length} groups fit into one picture.", nameof(groups))
        : new(groups.Select(g => (g.Label, g.Durations.Select(d => d.TotalMilliseconds).Order().ToArray())).ToArray());

    private static double NiceWidth(double atLeast)
    {
        if (atLeast <= 0)
            return 1;
        var unit = Math.Pow(10, Math.Floor(Math.Log10(atLeast)));
        return unit * new[] { 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 }.First(n => n * unit >= atLeast * 0.999);
    }

    // The smallest value that at least this share of all values does not exceed ("nearest rank").
    private static double Percentile(double[] sorted, double share) =>
        sorted.Length == 0 ? 0 : sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];

    private static string Ms(double milliseconds) => Drawing.Duration(TimeSpan.FromMilliseconds(milliseconds));

    private string Facts(int group) => groups[group].Milliseconds is not { Length: > 0 } ms ? $"{groups[group].Label}: no requests"
        : $"{groups[group].Label}: {Drawing.Count(ms.Length, "request")}, average {Ms(ms.Average())}, half took up to {Ms(Percentile(ms, 0.5))} (p50), 95 of 100 up to {Ms(Percentile(ms, 0.95))} (p95)";

    private string Range(int from, int to) => to == Bins
        ? string.Create(CultureInfo.InvariantCulture, $"{from * binWidth:0.#} ms and more")
        : string.Create(CultureInfo.InvariantCulture, $"{from * binWidth:0.#} to {to * binWidth:0.#} ms");

    public override string ToHtml()
    {
        const double left = 34, top = 8, height = 170, column = 20;
        var (most, width) = (Math.Max(1, counts.SelectMany(c => c).DefaultIfEmpty().Max()), left + Bins * column);
        var html = new StringBuilder(Style).Append("<div class=\"lv\">")
            .Append($"<svg viewBox=\"0 0 {N(width + 8)} {N(top + height + 36)}\" style=\"max-width:{N(width + 8)}px\" role=\"img\" aria-label=\"{Drawing.Encode(string.Join(". ", groups.Select((_, i) => Facts(i))))}\">");
        foreach (var tick in new[] { 0, most / 2, most }.Distinct())
        {
            var y = top + height - height * tick / most;
            html.Append($"<line class=\"lv-grid\" x1=\"{N(left)}\" x2=\"{N(width)}\" y1=\"{N(y)}\" y2=\"{N(y)}\"/><text x=\"{N(left - 6)}\" y=\"{N(y + 4)}\" text-anchor=\"end\">{tick}</text>");
        }

        for (var bin = 0; bin < Bins; bin++)
        {
            for (var group = 0; group < groups.Length; group++)
            {
                var tall = height * counts[group][bin] / most;
                if (tall > 0)
                    html.Append($"<rect class=\"lv-bar\" fill=\"{Colors[group]}\" stroke=\"{Colors[group]}\" x=\"{N(left + bin * column + 1.5)}\" y=\"{N(top + height - tall)}\" width=\"{N(column - 3)}\" height=\"{N(tall)}\"><title>{Drawing.Encode($"{groups[group].Label}, {Range(bin, bin + 1)}: {counts[group][bin]}")}</title></rect>");
            }

            if (bin % 4 == 0)
                html.Append($"<text x=\"{N(left + bin * column)}\" y=\"{N(top + height + 15)}\" text-anchor=\"middle\">{N(bin * binWidth)}</text>");
        }

        for (var group = 0; group < groups.Length; group++)
        {
            if (groups[group].Milliseconds is not { Length: > 0 } ms)
                continue;
            var x = left + Math.Min(Bins, ms.Average() / binWidth) * column;
            html.Append($"<line class=\"lv-mean\" stroke=\"{Colors[group]}\" x1=\"{N(x)}\" x2=\"{N(x)}\" y1=\"{N(top)}\" y2=\"{N(top + height)}\"><title>{Drawing.Encode($"{groups[group].Label}, average: {Ms(ms.Average())}")}</title></line>");
        }

        html.Append($"<text x=\"{N(width)}\" y=\"{N(top + height + 31)}\" text-anchor=\"end\">milliseconds; the last column is “and more”</text></svg>");
        for (var group = 0; group < groups.Length; group++)
            html.Append($"<div><span class=\"lv-key\" style=\"background:{Colors[group]}\"></span>{Drawing.Encode(Facts(group))}</div>");
        return html.Append("<div class=\"lv-note\">Height: the number of requests; the groups are drawn over each other. Dashed lines: averages.</div></div>").ToString();

        static string N(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);
    }

    public override string ToString()
    {
        var rows = counts.Select(c => c.Chunk(2).Select(pair => pair.Sum()).ToArray()).ToArray(); // half as fine as the picture
        var most = Math.Max(1, rows.SelectMany(r => r).DefaultIfEmpty().Max());
        var wide = 66 / Math.Max(1, groups.Length); // the groups side by side
        var text = new StringBuilder();
        for (var group = 0; group < groups.Length; group++)
            text.Append($"{Marks[group]} {Drawing.Clean(Facts(group))}\n");
        for (var row = 0; row < Bins / 2; row++)
        {
            var line = $"{Range(row * 2, row * 2 + 2),18} ";
            for (var group = 0; group < groups.Length; group++)
            {
                var count = rows[group][row];
                var bar = new string(Marks[group], count == 0 ? 0 : Math.Max(1, count * (wide - 6) / most));
                line += $"│{(count == 0 ? "" : $"{bar} {count}")}".PadRight(wide);
            }

            text.Append(line.TrimEnd()).Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }

    private static readonly char[] Marks = ['░', '█', '▒'];

    // At least 3:1 against white and against #1e1e1e. Each bar has a line around it, so that one shows behind another.
    private static readonly string[] Colors = ["#8a8a8a", "#558add", "#c2701c"];

    private const string Style = """
        <style>
        .lv { font-size: 13px; line-height: 1.6; max-width: 720px; overflow-x: auto }
        .lv svg { display: block; width: 100%; min-width: 480px }
        .lv text { fill: currentColor; font-size: 12px; opacity: .85 }
        .lv-grid { stroke: currentColor; opacity: .18 }
        .lv-bar { fill-opacity: .5; stroke-width: 1.5 }
        .lv-mean { stroke-width: 2; stroke-dasharray: 5 4 }
        .lv-key { display: inline-block; width: 11px; height: 11px; margin-right: 7px; vertical-align: -1px }
        .lv-note { opacity: .75 }
        </style>
        """;
}
