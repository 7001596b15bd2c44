#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

/// <summary>One request after the other, or several at once: checked, read, decoded and answered, as OTLP/HTTP asks.</summary>
internal sealed class OtlpHttp
{
    /// <summary>The longest body in bytes, on the wire and decompressed.</summary>
    public const int MaxBody = 16 << 20;

    public const string TracesPath = "/v1/traces", TraceApiPath = "/api/v3/traces/";

    private const string Protobuf = "application/x-protobuf", Json = "application/json";
    private const long MaxUnread = 4L * MaxBody;

    // A body and its spans take several times the memory of what came over the wire: only so many are unpacked at a time.
    private const int MaxAtOnce = 2, MaxMessages = 250_000;

    private readonly SemaphoreSlim unpacking = new(MaxAtOnce);
    private long unread;
    private int atOnce;

    /// <summary>How many bodies have been unpacked at the same time, at most.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>Reads a request. It never throws: whatever is wrong is the request's status and problem.</summary>
    public async Task<(OtlpRequest Request, IReadOnlyList<RecordedSpan> Spans, int Messages)> ReadAsync(HttpContext http)
    {
        var encoding = Plain(http.Request.Headers.ContentEncoding) is var sent and not "identity" ? Short(sent) : "";
        var request = new OtlpRequest(default, Short(http.Request.Path.Value), Short(MediaType(http)), encoding, 0, 0, 200, null, [])
        {
            Method = Short(http.Request.Method),
        };
        IReadOnlyList<RecordedSpan> spans = [];
        var reading = new OtlpReading { MaxMessages = MaxMessages };
        var (came, held) = (0, 0);
        try
        {
            var refusal = Refusal(request, http.Request);
            using var wire = new MemoryStream();
            if (refusal?.Status != 413) // who announces too much is told before it is sent
                await CopyAsync(http.Request.Body, wire, keep: refusal is null);
            if (refusal is not null)
                throw refusal;

            await unpacking.WaitAsync(http.RequestAborted);
            try
            {
                MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref atOnce));
                request = request with { Body = request.ContentEncoding == "gzip" ? Unzip(wire) : wire.ToArray() };
                spans = OtlpDecoder.Spans(Nodes(request, reading), reading);
                request = request with { Spans = spans.Count, Rejected = reading.Rejected, Problem = reading.Problem };
            }
            finally
            {
                Interlocked.Decrement(ref atOnce);
                unpacking.Release();
            }
        }
        catch (Refused e)
        {
            request = request with { Status = e.Status, Problem = e.Message };
        }
        catch (OtlpTooLarge e)
        {
            request = request with { Status = 413, Problem = $"{e.Message} Export smaller batches." };
        }
        catch (Exception e) when (e is InvalidDataException or JsonException)
        {
            var format = request.Body.Length == 0 && encoding.Length > 0 ? encoding : request.ContentType == Json ? "JSON" : "OTLP";
            request = request with { Status = 400, Problem = $"The body is not valid {format}. {e.Message}" };
        }
        catch (BadHttpRequestException e) // what Kestrel says of a body that is too slow (408) or wrongly framed
        {
            request = request with { Status = e.StatusCode, Problem = e.Message };
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            request = request with { Status = 400, Problem = "The sender went away before the request was complete." };
        }
        catch (Exception e) // an unforeseen input: the sender gets a 400, and does not send it again, as it would after a 500
        {
            request = request with { Status = 400, Problem = $"The body cannot be read ({e.GetType().Name}: {e.Message})." };
        }
        finally
        {
            Interlocked.Add(ref unread, -held);
        }

        return (request with { Time = DateTimeOffset.UtcNow, Bytes = came }, spans, reading.Messages);

        // Also what is refused is read to its end, and counted: a sender that is still writing does not hear the answer.
        async Task CopyAsync(Stream from, MemoryStream to, bool keep)
        {
            var buffer = new byte[32 << 10];
            while (came <= MaxBody && await from.ReadAsync(buffer, http.RequestAborted) is var read and > 0)
            {
                came += read;
                if (!keep)
                    continue;
                if (came > MaxBody)
                    throw TooLong;
                Reserve(read);
                to.Write(buffer, 0, read);
            }
        }

        // All requests that are under way share the memory for what they have sent so far.
        void Reserve(int bytes)
        {
            held += bytes;
            if (Interlocked.Add(ref unread, bytes) > MaxUnread)
                throw new Refused(503, $"More than {MaxUnread >> 20} MiB are under way at the same time. Try again later.");
        }
    }

    // OTLP specification, section "OTLP/HTTP Request". Null if there is nothing to say against the request.
    private static Refused? Refusal(OtlpRequest request, HttpRequest sent) =>
        request.Path is "/v1/metrics" or "/v1/logs" ? new(404, $"This receiver takes traces only, at {TracesPath}.")
        : request.Path != TracesPath ? new(404, $"There is nothing at {request.Path}. Traces go to {TracesPath}: "
            + "an endpoint that is set in code needs this path.")
        : IsPreflight(sent) ? new(405, "A browser asks whether a page may send traces here (OPTIONS, a CORS preflight). This "
            + "receiver allows no page to, so the browser sends none. A collector can: its OTLP receiver has the setting cors.")
        : request.Method != "POST" ? new(405, $"Traces are sent with POST, not with {request.Method}.")
        : request.ContentType is not (Protobuf or Json) ? new(415,
            $"The media type is {(request.ContentType.Length == 0 ? "missing" : request.ContentType)}, but this receiver reads only "
            + $"{Protobuf} (OtlpExportProtocol.HttpProtobuf in .NET) and {Json}.")
        : request.ContentEncoding is not ("" or "gzip") ? new(415,
            $"The content encoding {request.ContentEncoding} is not known here: use gzip, or none.")
        : sent.ContentLength > MaxBody ? TooLong : null;

    // Fetch standard, "CORS-preflight request".
    private static bool IsPreflight(HttpRequest sent) =>
        HttpMethods.IsOptions(sent.Method) && sent.Headers.ContainsKey("Access-Control-Request-Method");

    private static Refused TooLong => new(413, $"The body is longer than {MaxBody >> 20} MiB. Export smaller batches.");

    // A gzip body can be a thousand times as long as it looks, so the limit holds for what comes out of it, too. Its length is
    // found first: a buffer that grows would take several times the memory.
    private static byte[] Unzip(MemoryStream wire)
    {
        var (length, buffer) = (0, new byte[32 << 10]);
        for (var zip = Zip(); zip.Read(buffer) is var read and > 0;)
        {
            if ((length += read) > MaxBody)
                throw TooLong;
        }

        var body = new byte[length];
        Zip().ReadExactly(body);
        return body;

        GZipStream Zip()
        {
            wire.Position = 0;
            return new GZipStream(wire, CompressionMode.Decompress);
        }
    }

    private static OtlpNode Nodes(OtlpRequest request, OtlpReading reading)
    {
        if (request.ContentType != Json)
            return OtlpReader.Read(request.Body, reading);
        var texts = OtlpJson.Parse(request.Body, OtlpJson.MaxTokens);
        return texts is [{ ValueKind: JsonValueKind.Object } data] ? OtlpJson.Read(data, reading)
            : throw new JsonException("An export request is one object: {\"resourceSpans\":[…]}.");
    }

    // Sections "OTLP/HTTP Response" and "Failures": always the message that belongs to the answer, in the format of the question.
    public static async Task AnswerAsync(HttpContext http, OtlpRequest request)
    {
        var (response, isJson, isText) = (http.Response, MediaType(http) == Json, IsPreflight(http.Request));
        var body = (request.Status, request.Problem, isJson) switch
        {
            (200, null, false) => [], // an ExportTraceServiceResponse without fields: everything was accepted
            (200, null, true) => "{}"u8.ToArray(),
            (200, { } left, false) => Message((1, Message((1, request.Rejected), (2, left)))),
            (200, { } left, true) => JsonSerializer.SerializeToUtf8Bytes(new
            {
                partialSuccess = new { rejectedSpans = request.Rejected.ToString(CultureInfo.InvariantCulture), errorMessage = left },
            }),
            (_, { } problem, _) when isText => Encoding.UTF8.GetBytes(problem), // for a reader in the browser's developer tools
            (_, var problem, true) => JsonSerializer.SerializeToUtf8Bytes(new { message = problem }),
            (_, var problem, false) => Message((2, problem)), // google.rpc.Status: field 2 is its message
        };
        response.StatusCode = request.Status;
        response.ContentType = isText ? "text/plain" : isJson ? Json : Protobuf;
        if (request.Status == 405)
            response.Headers.Allow = "POST";
        if (request.Status == 415)
            (response.Headers.Accept, response.Headers.AcceptEncoding) = ($"{Protobuf}, {Json}", "gzip");
        if (request.Status == 503)
            response.Headers.RetryAfter = "1";
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
            await response.Body.WriteAsync(body);
    }

    /// <summary>Answers a <c>GET</c> for one trace as Jaeger's API does. False if this is another request.</summary>
    public static async Task<bool> AnswerForTraceAsync(HttpContext http, Func<string, Task<RecordedTrace?>> find)
    {
        var path = http.Request.Path.Value ?? "";
        if (!HttpMethods.IsGet(http.Request.Method) || path.Length != TraceApiPath.Length + 32
            || !path.StartsWith(TraceApiPath, StringComparison.Ordinal))
            return false;
        var trace = path[TraceApiPath.Length..] is var id && id.All(char.IsAsciiHexDigit) ? await find(id) : null;
        (http.Response.StatusCode, http.Response.ContentType) = trace is null ? (404, "text/plain; charset=utf-8") : (200, Json);
        await http.Response.Body.WriteAsync(trace is null
            ? """{"error":{"httpCode":404,"message":"No traces found"}}"""u8.ToArray() : OtlpJsonWriter.Write(trace));
        return true;
    }

    // A message of numbers, texts and messages. What is zero or nothing is not written.
    private static byte[] Message(params (int Number, object? Value)[] fields)
    {
        var message = new MemoryStream();
        using (var output = new CodedOutputStream(message))
        {
            foreach (var (number, value) in fields)
            {
                if (value is int count and > 0)
                {
                    output.WriteTag(number, WireFormat.WireType.Varint);
                    output.WriteInt64(count);
                }
                else if (value is string or byte[])
                {
                    output.WriteTag(number, WireFormat.WireType.LengthDelimited);
                    output.WriteBytes(value is string text ? ByteString.CopyFromUtf8(text) : ByteString.CopyFrom((byte[])value));
                }
            }
        }

        return message.ToArray();
    }

    private static string MediaType(HttpContext http) => Plain(http.Request.ContentType?.Split(';')[0]);

    private static string Plain(string? text) => (text ?? "").Trim().ToLowerInvariant();

    private static string Short(string? text) => text is { Length: > 200 } ? text[..200] + "…" : text ?? "";

    private sealed class Refused(int status, string message) : Exception(message)
    {
        public int Status => status;
    }
}
