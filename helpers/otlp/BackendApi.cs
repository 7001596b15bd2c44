#nullable enable
using System;
using System.Collections.Generic;
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
        $"The answer of {uri} is {what}. Expected is what Jaeger's API sends: {{\"result\":{{\"resourceSpans\":[…]}}}} for traces (or the "
        + $"same alone, or under \"data\"), {{\"services\":[…]}} for services. It begins with: {Beginning(body)}", inner);

    private static string Beginning(byte[] body) => Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(200, body.Length))).Trim();
}
