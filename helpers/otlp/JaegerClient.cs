#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

/// <summary>
/// Reads traces back from a Jaeger 2 through its API <c>/api/v3</c>, and makes links into its UI. Its own requests make
/// no spans. Jaeger sorts the attributes of what it returns by their key.
/// <para>All requests throw <see cref="HttpRequestException"/> if Jaeger cannot be reached or answers with an error, and
/// <see cref="InvalidDataException"/> if the answer is not what the API promises.</para>
/// </summary>
public sealed class JaegerClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly HttpClient http;

    /// <summary>A client for one Jaeger; it is closed when the notebook is run again from the top.</summary>
    /// <param name="ui">Where UI and API are: <c>http://127.0.0.1:16686</c> if null. A path is kept: <c>https://host/jaeger</c>.</param>
    /// <param name="health">Where the health check is: <c>http://127.0.0.1:13133</c> if null.</param>
    public JaegerClient(Uri? ui = null, Uri? health = null)
    {
        Ui = Folder(ui ?? new Uri("http://127.0.0.1:16686"));
        Health = Folder(health ?? new Uri("http://127.0.0.1:13133"));
        http = new HttpClient(new SocketsHttpHandler
        {
            ActivityHeadersPropagator = null, // no client spans: they would mix with the learner's own
            UseProxy = !Ui.IsLoopback,
        });
        NotebookHost.CloseOnRestart(this);
    }

    /// <summary>The address of the UI and the API; ends with a slash.</summary>
    public Uri Ui { get; }

    /// <summary>The address of the health check; ends with a slash.</summary>
    public Uri Health { get; }

    /// <summary>What of the last traces that came could not be read, in words: it is left out. Null if nothing was.</summary>
    public string? Unread { get; private set; }

    /// <summary>
    /// True if a Jaeger is there and ready. Asks <c>/status</c> of the health check first, then the API. Gives up after one
    /// second for each, and never throws because something is not there.
    /// </summary>
    public async Task<bool> IsRunningAsync()
    {
        var second = TimeSpan.FromSeconds(1);
        try
        {
            var (status, _) = await GetAsync(new Uri(Health, "status"), second);
            if (status != HttpStatusCode.OK)
                return false;
            await ServicesAsync(second);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>The names of the services that have sent spans, sorted. Jaeger may list itself too.</summary>
    public Task<IReadOnlyList<string>> ServicesAsync() => ServicesAsync(Patience);

    /// <summary>The trace as far as Jaeger has it now; null if it has none of its spans (yet).</summary>
    /// <param name="traceId">32 hex digits.</param>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    public Task<RecordedTrace?> GetTraceAsync(string traceId) => GetTraceAsync(traceId, Patience);

    /// <summary>
    /// Asks until Jaeger has at least <paramref name="spans"/> spans of the trace. They arrive one batch after the other,
    /// and with tail sampling only after the decision.
    /// </summary>
    /// <param name="traceId">32 hex digits.</param>
    /// <param name="spans">How many spans to wait for.</param>
    /// <param name="timeout">15 seconds if null; <see cref="Timeout.InfiniteTimeSpan"/> waits without an end.</param>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    /// <exception cref="TimeoutException">They did not arrive in time; the message says how many did.</exception>
    public async Task<RecordedTrace> WaitForTraceAsync(string traceId, int spans = 1, TimeSpan? timeout = null)
    {
        var limit = timeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : timeout ?? TimeSpan.FromSeconds(15);
        var clock = Stopwatch.StartNew();
        for (var pause = 100; ; pause = Math.Min(2 * pause, 1000))
        {
            var left = limit - clock.Elapsed;
            var trace = await GetTraceAsync(traceId, TimeSpan.FromSeconds(Math.Clamp(left.TotalSeconds, 1, 30)));
            if (trace is not null && trace.Spans.Count >= spans)
                return trace;
            left = limit - clock.Elapsed;
            if (left <= TimeSpan.Zero)
            {
                var jaeger = string.Create(CultureInfo.InvariantCulture, $"After {limit.TotalSeconds:0.#} s Jaeger at {Ui}");
                throw new TimeoutException(trace is null
                    ? $"{jaeger} still has no span of trace {traceId}. "
                        + "Was the trace sampled, was the exporter flushed, and does it send to this Jaeger?"
                    : $"{jaeger} has {trace.Spans.Count} of the {spans} awaited spans of trace {traceId}. "
                        + (Unread is null ? "Has every service flushed its exporter?" : $"This could not be read: {Unread}"));
            }

            await Task.Delay(left < TimeSpan.FromMilliseconds(pause) ? left : TimeSpan.FromMilliseconds(pause));
        }
    }

    /// <summary>
    /// The traces in which <paramref name="service"/> took part and that have a span which started in this time. They are
    /// ordered by start; empty if there are none.
    /// </summary>
    /// <param name="service">The <c>service.name</c>.</param>
    /// <param name="from">The API demands both bounds.</param>
    /// <param name="to">Later than <paramref name="from"/>.</param>
    /// <param name="limit">At most this many traces; with Jaeger's memory storage those that arrived last.</param>
    /// <exception cref="ArgumentException">There is no service name, or the bounds are in the wrong order.</exception>
    public async Task<IReadOnlyList<RecordedTrace>> SearchAsync(string service, DateTimeOffset from, DateTimeOffset to, int limit = 20)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(service);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        if (from >= to)
            throw new ArgumentException($"The search ends ({Rfc3339(to)}) before it begins ({Rfc3339(from)}).", nameof(to));

        var query = $"query.serviceName={Uri.EscapeDataString(service)}&query.searchDepth={limit}"
            + $"&query.startTimeMin={Rfc3339(from)}&query.startTimeMax={Rfc3339(to)}";
        return RecordedTrace.Group(await SpansAsync(new Uri(Ui, $"api/v3/traces?{query}"), Patience));
    }

    /// <summary>The trace in Jaeger's UI.</summary>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    public Uri TraceLink(string traceId) => new(Ui, $"trace/{CheckedTraceId(traceId)}");

    /// <summary>Two traces compared in Jaeger's UI.</summary>
    /// <exception cref="ArgumentException">One of them is not a trace id.</exception>
    public Uri CompareLink(string a, string b) => new(Ui, $"trace/{CheckedTraceId(a)}...{CheckedTraceId(b)}");

    /// <summary>The search page of Jaeger's UI with this service chosen.</summary>
    public Uri SearchLink(string service) => new(Ui, $"search?service={Uri.EscapeDataString(service)}");

    /// <summary>Closes the connections.</summary>
    public void Dispose() => http.Dispose();

    private async Task<IReadOnlyList<string>> ServicesAsync(TimeSpan timeout)
    {
        var uri = new Uri(Ui, "api/v3/services");
        var (answers, body) = await AskAsync(uri, timeout);
        return answers.SelectMany(a => OtlpJson.Services(a) ?? throw Unexpected(uri, "no list of services", body))
            .Order(StringComparer.Ordinal).ToArray();
    }

    private async Task<RecordedTrace?> GetTraceAsync(string traceId, TimeSpan timeout)
    {
        traceId = CheckedTraceId(traceId);
        var uri = new Uri(Ui, $"api/v3/traces/{traceId}");
        var all = await SpansAsync(uri, timeout);
        var spans = all.Where(s => s.TraceId == traceId).ToArray();
        return spans.Length > 0 ? new RecordedTrace(spans)
            : all.Count == 0 ? null
            : throw new InvalidDataException($"The answer of {uri} has spans of other traces only, for example of {all[0].TraceId}.");
    }

    // Jaeger sorts events by name: back into the order in which they happened.
    private async Task<IReadOnlyList<RecordedSpan>> SpansAsync(Uri uri, TimeSpan timeout)
    {
        var (answers, body) = await AskAsync(uri, timeout);
        var (spans, reading) = (new List<RecordedSpan>(), new OtlpReading());
        foreach (var answer in answers)
        {
            var data = OtlpJson.TracesData(answer) ?? throw Unexpected(uri, "no OTLP JSON", body);
            spans.AddRange(OtlpDecoder.Spans(OtlpJson.Read(data, reading), reading));
        }

        Unread = reading.Problem;
        if (spans.Count == 0 && Unread is not null)
            throw Unexpected(uri, $"nothing that can be read ({Unread.TrimEnd('.')})", body);
        return spans.Select(span => span with { Events = span.Events.OrderBy(e => e.Time).ToArray() }).ToArray();
    }

    private static InvalidDataException Unexpected(Uri uri, string what, byte[] body, Exception? inner = null) => new(
        $"The answer of {uri} is {what}. Expected is what Jaeger's API sends: {{\"result\":{{\"resourceSpans\":[…]}}}} for traces (or the "
        + $"same alone, or under \"data\"), {{\"services\":[…]}} for services. It begins with: {Beginning(body)}", inner);

    // Nothing, if Jaeger says 404: it does not have the trace, or the search found none. Otherwise one JSON text;
    // more than one if a Jaeger sends the traces as it finds them.
    private async Task<(IReadOnlyList<JsonElement> Answers, byte[] Body)> AskAsync(Uri uri, TimeSpan timeout)
    {
        var (status, body) = await GetAsync(uri, timeout);
        var (succeeded, answers) = ((int)status is >= 200 and < 300, (IReadOnlyList<JsonElement>)[]);
        try
        {
            answers = OtlpJson.Parse(body);
        }
        catch (JsonException e) when (succeeded)
        {
            throw Unexpected(uri, $"not JSON ({e.Message.TrimEnd('.')})", body, e);
        }
        catch (JsonException) { } // an error that was not written by Jaeger's API: its text is all there is to say

        var error = answers.Select(a => OtlpJson.Member(a, "error")).FirstOrDefault(e => e.ValueKind is JsonValueKind.Object);
        var isError = error.ValueKind is JsonValueKind.Object;
        if (succeeded && !isError)
            return (answers, body);
        if (status == HttpStatusCode.NotFound && isError)
            return ([], body);
        var said = OtlpJson.Member(error, "message");
        var message = said.ValueKind is JsonValueKind.String ? said.GetString() : Beginning(body);
        throw new HttpRequestException($"{uri} answered {(int)status} {status}: {message}", null, status);
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> GetAsync(Uri uri, TimeSpan timeout)
    {
        using var cancel = new CancellationTokenSource(timeout);
        try
        {
            using var response = await http.GetAsync(uri, cancel.Token);
            return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancel.Token));
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException)
        {
            throw new HttpRequestException($"Nothing listens at {uri} ({e.InnerException.Message}). "
                + "Start Jaeger in the folder docker/: docker compose up -d --wait", e);
        }
        catch (HttpRequestException e)
        {
            throw new HttpRequestException($"{uri} did not answer as a web server does: {e.Message}", e);
        }
        catch (OperationCanceledException e)
        {
            throw new HttpRequestException($"{uri} did not answer within {Drawing.Duration(timeout)}.", e);
        }
    }

    private static string CheckedTraceId(string traceId) => traceId is { Length: 32 } && traceId.All(char.IsAsciiHexDigit)
        ? traceId.ToLowerInvariant()
        : throw new ArgumentException($"'{traceId}' is not a trace id: it has 32 hex digits.", nameof(traceId));

    private static string Rfc3339(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    private static string Beginning(byte[] body) => Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(200, body.Length))).Trim();

    private static Uri Folder(Uri uri) => uri.AbsolutePath.EndsWith('/') ? uri : new Uri(uri.GetLeftPart(UriPartial.Path) + "/");
}
