#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
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

    public const string TracesPath = "/v1/traces";

    private const string Protobuf = "application/x-protobuf", Json = "application/json";
    private const long MaxUnread = 8L * MaxBody;

    private readonly SemaphoreSlim decoding = new(2); // two at a time: the spans need several times the memory of the body
    private long unread;

    /// <summary>Reads a request. It never throws: whatever is wrong is the request's status and problem.</summary>
    public async Task<(OtlpRequest Request, IReadOnlyList<RecordedSpan> Spans, int Messages)> ReadAsync(HttpContext http)
    {
        var encoding = Plain(http.Request.Headers.ContentEncoding) is var sent and not "identity" ? Short(sent) : "";
        var request = new OtlpRequest(default, Short(http.Request.Path.Value), Short(MediaType(http)), encoding, 0, 0, 200, null, [])
        {
            Method = Short(http.Request.Method),
        };
        IReadOnlyList<RecordedSpan> spans = [];
        var (messages, held) = (0, 0L);
        try
        {
            Check(request, http.Request.ContentLength);
            using var wire = new MemoryStream();
            try
            {
                await CopyAsync(http.Request.Body, wire, Reserve, http.RequestAborted);
            }
            finally
            {
                request = request with { Bytes = (int)wire.Length };
            }

            var body = wire;
            if (request.ContentEncoding == "gzip")
            {
                wire.Position = 0;
                body = new MemoryStream();
                await CopyAsync(new GZipStream(wire, CompressionMode.Decompress), body, Reserve, http.RequestAborted);
            }

            request = request with { Body = body.ToArray() };
            await decoding.WaitAsync(http.RequestAborted);
            try
            {
                spans = OtlpDecoder.Spans(OtlpReader.Read(request.Body, out messages));
                request = request with { Spans = spans.Count };
            }
            finally
            {
                decoding.Release();
            }
        }
        catch (Refused e)
        {
            request = request with { Status = e.Status, Problem = e.Message };
        }
        catch (InvalidDataException e)
        {
            var format = request.Body.Length == 0 ? "gzip" : "OTLP"; // an empty body is valid, so the decoder never complains of one
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
        finally
        {
            Interlocked.Add(ref unread, -held);
        }

        return (request with { Time = DateTimeOffset.UtcNow }, spans, messages);

        // All requests that are under way share the memory for what they have sent so far.
        void Reserve(int bytes)
        {
            held += bytes;
            if (Interlocked.Add(ref unread, bytes) > MaxUnread)
                throw new Refused(503, $"More than {MaxUnread >> 20} MiB are under way at the same time. Try again later.");
        }
    }

    // OTLP specification, section "OTLP/HTTP Request".
    private static void Check(OtlpRequest request, long? length)
    {
        if (request.Path is "/v1/metrics" or "/v1/logs")
            throw new Refused(404, $"This receiver takes traces only, at {TracesPath}.");
        if (request.Path != TracesPath)
        {
            throw new Refused(404, $"There is nothing at {request.Path}. Traces go to {TracesPath}: "
                + "an endpoint that is set in code needs this path.");
        }

        if (request.Method != "POST")
            throw new Refused(405, $"Traces are sent with POST, not with {request.Method}.");
        if (request.ContentType != Protobuf)
        {
            var type = request.ContentType.Length == 0 ? "missing" : request.ContentType;
            throw new Refused(415, $"The media type is {type}, but this receiver reads only {Protobuf}: "
                + "OtlpExportProtocol.HttpProtobuf in .NET.");
        }

        if (request.ContentEncoding is not ("" or "gzip"))
            throw new Refused(415, $"The content encoding {request.ContentEncoding} is not known here: use gzip, or none.");
        if (length > MaxBody)
            throw TooLong;
    }

    private static Refused TooLong => new(413, $"The body is longer than {MaxBody >> 20} MiB. Export smaller batches.");

    // A gzip body can be a thousand times as long as it looks, so the limit holds for what comes out of it, too.
    private static async Task CopyAsync(Stream from, MemoryStream to, Action<int> reserve, CancellationToken cancel)
    {
        var buffer = new byte[32 << 10];
        while (await from.ReadAsync(buffer, cancel) is var read and > 0)
        {
            if (to.Length + read > MaxBody)
                throw TooLong;
            reserve(read);
            to.Write(buffer, 0, read);
        }
    }

    // Sections "OTLP/HTTP Response" and "Failures": always the message that belongs to the answer, in the format of the question.
    public static async Task AnswerAsync(HttpContext http, OtlpRequest request)
    {
        var (response, isJson) = (http.Response, MediaType(http) == Json);
        var body = request.Problem is not { } problem ? [] // an ExportTraceServiceResponse without fields: everything was accepted
            : isJson ? JsonSerializer.SerializeToUtf8Bytes(new { message = problem }) : StatusMessage(problem);
        response.StatusCode = request.Status;
        response.ContentType = isJson ? Json : Protobuf;
        if (request.Status == 405)
            response.Headers.Allow = "POST";
        if (request.Status == 503)
            response.Headers.RetryAfter = "1";
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
            await response.Body.WriteAsync(body);
    }

    // google.rpc.Status: field 2 is its message.
    private static byte[] StatusMessage(string problem)
    {
        var message = new MemoryStream();
        using (var output = new CodedOutputStream(message))
        {
            output.WriteTag(2, WireFormat.WireType.LengthDelimited);
            output.WriteString(problem);
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
