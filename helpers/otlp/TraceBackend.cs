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
/// Where traces are sent to and asked for: Jaeger, the Aspire dashboard, or the receiver in the notebook. What exports is the
/// same for all three; only the address differs.
/// </summary>
public interface ITraceBackend
{
    /// <summary>As in "Jaeger".</summary>
    string Name { get; }

    /// <summary>Where it takes spans over OTLP/HTTP, with the path: what <c>OtlpExporterOptions.Endpoint</c> takes.</summary>
    Uri TracesEndpoint { get; }

    /// <summary>A <c>GET</c> of this address answers with the trace, as OTLP JSON.</summary>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    Uri TraceApi(string traceId);

    /// <summary>The page of the trace in the backend's UI; null if it has none.</summary>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    Uri? TraceLink(string traceId);

    /// <summary>The trace as far as the backend has it now; null if it has none of its spans (yet).</summary>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    Task<RecordedTrace?> GetTraceAsync(string traceId);

    /// <summary>Asks until the backend has at least so many spans of the trace: they arrive one batch after the other.</summary>
    /// <param name="traceId">32 hex digits.</param>
    /// <param name="spans">How many spans to wait for.</param>
    /// <param name="timeout">15 seconds if null; <see cref="Timeout.InfiniteTimeSpan"/> waits without an end.</param>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    /// <exception cref="TimeoutException">They did not arrive in time; the message says how many did.</exception>
    Task<RecordedTrace> WaitForTraceAsync(string traceId, int spans = 1, TimeSpan? timeout = null);

    /// <summary>The traces with a span of which all is true that the search asks, ordered by start; empty if there are none.</summary>
    /// <exception cref="FormatException">The search's tags are no list of <c>key=value</c>.</exception>
    Task<IReadOnlyList<RecordedTrace>> SearchAsync(TraceSearch search);
}

/// <summary>What all backends do in the same way.</summary>
internal static class TraceBackend
{
    /// <summary>Asks again and again, first soon, then once a second.</summary>
    /// <param name="traceId">32 hex digits.</param>
    /// <param name="spans">How many spans to wait for.</param>
    /// <param name="timeout">15 seconds if null.</param>
    /// <param name="name">Who is asked, as in "Jaeger at http://…".</param>
    /// <param name="get">Asks once, and gives up after this time.</param>
    /// <param name="unread">What of the last answer could not be read; null if nothing was.</param>
    public static async Task<RecordedTrace> WaitAsync(
        string traceId, int spans, TimeSpan? timeout, string name, Func<TimeSpan, Task<RecordedTrace?>> get, Func<string?> unread)
    {
        var limit = timeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : timeout ?? TimeSpan.FromSeconds(15);
        var clock = Stopwatch.StartNew();
        for (var pause = 100; ; pause = Math.Min(2 * pause, 1000))
        {
            var left = limit - clock.Elapsed;
            var trace = await get(TimeSpan.FromSeconds(Math.Clamp(left.TotalSeconds, 1, 30)));
            if (trace is not null && trace.Spans.Count >= spans)
                return trace;
            left = limit - clock.Elapsed;
            if (left <= TimeSpan.Zero)
            {
                var asked = string.Create(CultureInfo.InvariantCulture, $"After {limit.TotalSeconds:0.#} s {name}");
                throw new TimeoutException(trace is null
                    ? $"{asked} still has no span of trace {traceId}. "
                        + "Was the trace sampled, was the exporter flushed, and does it send to this backend?"
                    : $"{asked} has {trace.Spans.Count} of the {spans} awaited spans of trace {traceId}. "
                        + (unread() is { } problem ? $"This could not be read: {problem}" : "Has every service flushed its exporter?"));
            }

            await Task.Delay(left < TimeSpan.FromMilliseconds(pause) ? left : TimeSpan.FromMilliseconds(pause));
        }
    }

    /// <summary>The id in lower case.</summary>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    public static string CheckedTraceId(string traceId) => traceId is { Length: 32 } && traceId.All(char.IsAsciiHexDigit)
        ? traceId.ToLowerInvariant()
        : throw new ArgumentException($"'{traceId}' is not a trace id: it has 32 hex digits.", nameof(traceId));
}

/// <summary>
/// Asks a backend's API for traces. Its own requests make no spans.
/// <para>All questions throw <see cref="HttpRequestException"/> if the backend cannot be reached or answers with an error, and
/// <see cref="InvalidDataException"/> if the answer is not what the API promises.</para>
/// </summary>
internal sealed class BackendApi(bool isLoopback, string howToStart) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler
    {
        ActivityHeadersPropagator = null, // no client spans: they would mix with the learner's own
        UseProxy = !isLoopback,
    });

    /// <summary>What of the last traces that came could not be read, in words: it is left out. Null if nothing was.</summary>
    public string? Unread { get; private set; }

    /// <summary>One trace; null if the backend has none of its spans.</summary>
    public async Task<RecordedTrace?> TraceAsync(Uri uri, string traceId, TimeSpan timeout)
    {
        var all = await SpansAsync(uri, timeout);
        var spans = all.Where(s => s.TraceId == traceId).ToArray();
        return spans.Length > 0 ? new RecordedTrace(spans)
            : all.Count == 0 ? null
            : throw new InvalidDataException($"The answer of {uri} has spans of other traces only, for example of {all[0].TraceId}.");
    }

    /// <summary>All spans of an answer. Jaeger sorts events by name: here they are back in the order in which they happened.</summary>
    public async Task<IReadOnlyList<RecordedSpan>> SpansAsync(Uri uri, TimeSpan timeout)
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

    /// <summary>The names in an answer of Jaeger's <c>/api/v3/services</c>.</summary>
    public async Task<IReadOnlyList<string>> ServicesAsync(Uri uri, TimeSpan timeout)
    {
        var (answers, body) = await AskAsync(uri, timeout);
        return answers.SelectMany(a => OtlpJson.Services(a) ?? throw Unexpected(uri, "no list of services", body))
            .Order(StringComparer.Ordinal).ToArray();
    }

    public void Dispose() => http.Dispose();

    // Nothing, if the backend says 404: it does not have the trace, or the search found none. Otherwise one JSON text;
    // more than one if a Jaeger sends the traces as it finds them.
    private async Task<(IReadOnlyList<JsonElement> Answers, byte[] Body)> AskAsync(Uri uri, TimeSpan timeout)
    {
        var (status, type, body) = await GetAsync(uri, timeout);
        var (succeeded, answers) = ((int)status is >= 200 and < 300, (IReadOnlyList<JsonElement>)[]);
        try
        {
            answers = OtlpJson.Parse(body);
        }
        catch (JsonException e) when (succeeded)
        {
            throw Unexpected(uri, $"not JSON ({e.Message.TrimEnd('.')})", body, e);
        }
        catch (JsonException) { } // an error that was not written by the API: its text is all there is to say

        var error = answers.Select(a => OtlpJson.Member(a, "error")).FirstOrDefault(e => e.ValueKind is JsonValueKind.Object);
        var isError = error.ValueKind is JsonValueKind.Object || type == "application/problem+json";
        if (succeeded && !isError)
            return (answers, body);
        if (status == HttpStatusCode.NotFound && isError)
            return ([], body);
        var said = OtlpJson.Member(error, "message");
        var message = said.ValueKind is JsonValueKind.String ? said.GetString() : Beginning(body);
        throw new HttpRequestException($"{uri} answered {(int)status} {status}: {message}", null, status);
    }

    private async Task<(HttpStatusCode Status, string? Type, byte[] Body)> GetAsync(Uri uri, TimeSpan timeout)
    {
        using var cancel = new CancellationTokenSource(timeout);
        try
        {
            using var response = await http.GetAsync(uri, cancel.Token);
            var body = await response.Content.ReadAsByteArrayAsync(cancel.Token);
            return (response.StatusCode, response.Content.Headers.ContentType?.MediaType, body);
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException)
        {
            throw new HttpRequestException($"Nothing listens at {uri} ({e.InnerException.Message}). {howToStart}", e);
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

    private static InvalidDataException Unexpected(Uri uri, string what, byte[] body, Exception? inner = null) => new(
        $"The answer of {uri} is {what}. It should be what Jaeger's API sends: {{\"result\":{{\"resourceSpans\":[…]}}}} for traces (or the "
        + $"same alone, or under \"data\"), {{\"services\":[…]}} for services. It begins with: {Beginning(body)}", inner);

    private static string Beginning(byte[] body) => Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(200, body.Length))).Trim();
}
