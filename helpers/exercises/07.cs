#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

/// <summary>Exercise 7.1: both spans in the backend, before the program ends.</summary>
public static class Exercise71
{
    // A flush takes milliseconds, the batch's timer five seconds, and a program that ends does not wait any longer.
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(2), Pause = TimeSpan.FromSeconds(1);
    private static OtlpReceiver? last;
    private static ExporterMessages? messages;

    /// <summary>Starts a backend for the exercise, and records the messages of the exporter from now on.</summary>
    public static async Task<OtlpReceiver> StartAsync()
    {
        last?.Dispose();
        messages?.Dispose();
        NotebookHost.CloseOnRestart(messages = new ExporterMessages());
        return last = await OtlpReceiver.StartAsync();
    }

    /// <summary>Judges what reached the backend.</summary>
    /// <param name="answer71">The backend.</param>
    /// <param name="arrived71">The spans that it had when the program ended.</param>
    public static Exercise Check(OtlpReceiver answer71, IReadOnlyList<RecordedSpan> arrived71)
    {
        var now = DateTimeOffset.UtcNow;
        return Exercise.Check("Exercise 7.1", RecordedTrace.Group(arrived71),
            ("The exporter sends to answer71, over HTTP", () =>
                answer71.Requests.Any(r => r.Method != "HTTP/2") ? null : NoRequest(answer71.Endpoint, messages?.All ?? [])),
            ("The backend accepted it", () =>
                answer71.Requests.FirstOrDefault(r => r.Status != 200) is not { } bad ? null
                : $"A request came to '{bad.Path}' and was answered with {bad.Status}. " + (bad.Path == "/v1/traces" ? bad.Problem
                    : "Which address does an endpoint in code need?")),
            ("Both spans were there when the program ended", () =>
                new[] { "pack parcel", "send parcel" }.FirstOrDefault(name => arrived71.All(s => s.Name != name)) is not { } missing ? null
                : $"'{missing}' had not arrived when the program ended" + (answer71.Spans.Any(s => s.Name == missing)
                    ? ", and came later. Make the provider send what waits, after the last span."
                    : ", and has not arrived since. Was it started, has it ended, and were the waiting spans sent?")),
            ("The program did not just wait for the timer", () => Waited(answer71, arrived71, now)),
            ("They come from the service parcels", () =>
                arrived71.FirstOrDefault(s => s.ServiceName != "parcels") is not { } other ? null
                : new Wrong($"The span '{other.Name}' comes from the service '{other.ServiceName}'.", other)));
    }

    // By what the SDK said of its attempts.
    private static string NoRequest(Uri backend, IReadOnlyList<(Uri To, string Text)> said)
    {
        if (said.Count == 0)
            return "The exporter sent nothing to any address. "
                + "Does the provider still listen to shop.parcels, and does it have an exporter?";
        var (to, text) = said[^1];
        var isGrpc = to.AbsolutePath.EndsWith("TraceService/Export", StringComparison.Ordinal);
        var place = $"{to.Scheme}://{to.Authority}";
        var why = to.Port == backend.Port && isGrpc
                ? "gRPC went to the port of answer71, which expects HTTP. Set the protocol too."
            : isGrpc && to.Authority == "localhost:4317"
                ? $"The exporter has its defaults: it sent gRPC to {place}. Set protocol and address in its configuration."
            : to.Authority == "localhost:4318"
                ? $"The protocol is right, but the address is the default one, {place}. answer71 is at {backend}."
            : $"The spans went to {place}, and that is not answer71: it is at {backend}.";
        return $"{why} The SDK says: {text}";
    }

    private static string? Waited(OtlpReceiver backend, IReadOnlyList<RecordedSpan> arrived, DateTimeOffset now)
    {
        var sent = backend.Requests.Where(r => r.Spans > 0 && r.Time <= now).Select(r => r.Time).ToArray();
        if (sent.Length == 0 || arrived.Count == 0 || messages?.Flushed >= arrived.Max(s => s.End))
            return null;
        var (wait, pause) = (sent[0] - arrived.Max(s => s.End), now - sent[^1]);
        var isBatch = sent[0] > arrived.Max(s => s.Start); // the simple processor sends each span before the next one starts
        return wait >= Late
                ? string.Create(CultureInfo.InvariantCulture, $"The spans came {wait.TotalSeconds:0.0} s after they had ended; nothing ")
                    + "had called ForceFlush: the timer of the batch sent them, while the program paused. If somebody sets a longer delay, "
                    + "they are lost. Make the provider send them."
            : pause >= Pause && isBatch
                ? string.Create(CultureInfo.InvariantCulture, $"The program went on for {pause.TotalSeconds:0.0} s after the spans had ")
                    + "come, and nothing had called ForceFlush: this works only if the timer of the batch ends before the pause. "
                    + "Make the provider send them."
            : null;
    }

    /// <summary>What the SDK reports: each attempt to send, where to, and what came of it; and when ForceFlush was called last.</summary>
    private sealed class ExporterMessages : EventListener
    {
        private readonly List<(Uri To, string Text)> all = [];

        public IReadOnlyList<(Uri To, string Text)> All
        {
            get
            {
                lock (all)
                    return all.ToArray();
            }
        }

        public DateTimeOffset? Flushed { get; private set; }

        protected override void OnEventSourceCreated(EventSource source)
        {
            if (source.Name == "OpenTelemetry-Exporter-OpenTelemetryProtocol")
                EnableEvents(source, EventLevel.Informational);
            else if (source.Name == "OpenTelemetry-Sdk")
                EnableEvents(source, EventLevel.Verbose);
        }

        protected override void OnEventWritten(EventWrittenEventArgs e)
        {
            if (e.EventName == "ProcessorForceFlushInvoked")
                Flushed = DateTimeOffset.UtcNow;
            if (e.EventSource.Name == "OpenTelemetry-Sdk")
                return;
            var text = string.Format(CultureInfo.InvariantCulture, e.Message ?? "", e.Payload?.ToArray() ?? []).Split('\n')[0].Trim();
            var address = Regex.Match(text, @"https?://\S+").Value.TrimEnd('.'); // a sentence may end with it
            if (!Uri.TryCreate(address, UriKind.Absolute, out var to))
                return;
            lock (all)
                all.Add((to, text));
        }
    }
}

/// <summary>Exercise 7.2: one request among forty.</summary>
public static class Exercise72
{
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(500);

    /// <summary>Judges a search by what it finds.</summary>
    /// <param name="backend72">The backend that is searched.</param>
    /// <param name="search72">The form, filled in.</param>
    public static Exercise Check(OtlpReceiver backend72, TraceSearch? search72)
    {
        search72 ??= new TraceSearch("");
        // The shop is slow where its query is. A page that was slow without it met a busy machine: it is not in the story.
        var traces = backend72.Traces
            .Where(t => t.Duration < Slow || t.Spans.Any(s => s.Name == "SELECT users" && s.Duration >= Slow)).ToArray();
        var wanted = traces.FirstOrDefault(t => t.Root.Status == ActivityStatusCode.Error && t.Duration > Slow);
        IReadOnlyList<RecordedTrace> found = [];
        string? unreadable = null;
        try
        {
            found = search72.In(traces);
        }
        catch (FormatException e)
        {
            unreadable = e.Message;
        }

        return Exercise.Check("Exercise 7.2", found,
            ("The form is filled in", () =>
                unreadable ?? (string.IsNullOrWhiteSpace(search72.Service) ? "Service is still empty: the form needs one." : null)),
            ("The search finds something", () => found.Count > 0 ? null : WhyNothing(traces, search72)),
            ("It finds the customer's request", () =>
                found.Contains(wanted) ? null
                : $"It finds {Drawing.Count(found.Count, "trace")}, and not the one of a page that was slow and failed."),
            ("It finds none that was answered with 404", () =>
                found.FirstOrDefault(t => Equals(t.Root["http.response.status_code"], 404L)) is not { } missing ? null
                : Finds(missing.Root)
                    ? new Wrong("It also finds a page that does not exist. It was answered with 404, so the page did not fail, and the "
                        + "form does not search for a failure.", missing.Root)
                : new Wrong("It also finds a page that does not exist. It was answered with 404; but the call inside the gateway is an "
                    + "error, and it is a span of the gateway. What in the form says which span you mean?",
                    missing.Spans.Where(Finds).ToArray())),
            ("It finds none that failed at once", () =>
                found.FirstOrDefault(t => t.Root.Status == ActivityStatusCode.Error && t != wanted) is not { } quick ? null
                : new Wrong($"It also finds a page that failed after {Drawing.Duration(quick.Duration)}. The customer waited longer.",
                    quick.Root)),
            ("It finds none that went well", () =>
                found.FirstOrDefault(t => t != wanted) is not { } well ? null
                : new Wrong($"It also finds a page that was answered with {well.Root["http.response.status_code"]}. "
                    + "The customer saw an error.", well.Root)));

        bool Finds(RecordedSpan span) => search72.In([new RecordedTrace([span])]).Count > 0;
    }

    // The first field that is true of no span of the service; if there is none, they are true of different spans.
    private static string WhyNothing(IReadOnlyList<RecordedTrace> traces, TraceSearch search)
    {
        var plain = new TraceSearch(search.Service) { From = search.From };
        var services = traces.SelectMany(t => t.Spans).Select(s => s.ServiceName).Distinct();
        return Nothing(plain) ? $"No service is called '{search.Service}'."
            : !string.IsNullOrEmpty(search.Operation) && Nothing(plain with { Operation = search.Operation })
                ? $"No span of {search.Service} is called '{search.Operation}'. The name has the route in it, and no number."
            : Nothing(plain with { Tags = search.Tags }) ? $"No span of {search.Service} has {search.Tags}"
                + (services.All(s => Nothing(plain with { Service = s, Tags = search.Tags }))
                    ? ", and no other span has it. Which tag means the status Error?" : ". Whose spans failed?")
            : Nothing(plain with { MinDuration = search.MinDuration })
                ? $"No span of {search.Service} lasted at least {Drawing.Duration(search.MinDuration ?? default)}."
            : $"Each field is true of some span of {search.Service}, but no single span matches all. Which one was slow, which one failed?";

        bool Nothing(TraceSearch part) => part.In(traces).Count == 0;
    }
}
