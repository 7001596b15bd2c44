#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Net;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

/// <summary>One request that reached an <see cref="OtlpReceiver"/>, accepted or not.</summary>
/// <param name="Time">When it was answered, UTC.</param>
/// <param name="Path">For example <c>/v1/traces</c>.</param>
/// <param name="ContentType">"" if the request had none.</param>
/// <param name="ContentEncoding">"gzip", or "" if the body was not compressed.</param>
/// <param name="Bytes">The length of the body on the wire.</param>
/// <param name="Spans">How many spans were accepted.</param>
/// <param name="Status">The HTTP status code of the answer.</param>
/// <param name="Problem">What was wrong; null if all was well.</param>
/// <param name="Body">The body, decompressed. Only the last few requests still have it, and only if it is not large; else it is empty.</param>
public sealed record OtlpRequest(DateTimeOffset Time, string Path, string ContentType, string ContentEncoding, int Bytes, int Spans, int Status, string? Problem, byte[] Body)
{
    /// <summary>For example <c>POST</c>.</summary>
    public string Method { get; init; } = "POST";

    public override string ToString() => $"{Method} {Path} {Status}, {Drawing.Count(Bytes, "byte")}{(ContentEncoding.Length > 0 ? $" ({ContentEncoding})" : "")}, {Drawing.Count(Spans, "span")}{(Problem is null ? "" : $": {Problem}")}";
}

/// <summary>
/// A small backend: takes traces over OTLP/HTTP as a collector or Jaeger does, and keeps the spans in memory. It listens
/// on this machine only (127.0.0.1). Safe for concurrent requests; what it keeps is bounded, the oldest spans go first.
/// </summary>
public sealed class OtlpReceiver : IDisposable, IAsyncDisposable
{
    /// <summary>The longest body in bytes, on the wire and decompressed; a longer one is answered with 413. (The OTLP specification recommends 64 MiB to servers.)</summary>
    public const int MaxBody = 16 << 20;

    /// <summary>How many spans are kept.</summary>
    public const int Capacity = 100_000;

    private const string TracesPath = "/v1/traces", Protobuf = "application/x-protobuf", Json = "application/json";
    private const int MaxRequests = 1_000, MaxBodies = 16, MaxKeptBody = 256 << 10;
    private const long MaxUnread = 8L * MaxBody, MaxWeight = 256L << 20;

    private static readonly Dictionary<int, OtlpReceiver> OnFixedPorts = [];

    private readonly object gate = new();
    private readonly Queue<(RecordedSpan Span, long Weight)> spans = new();
    private readonly List<OtlpRequest> requests = [];
    private readonly SemaphoreSlim decoding = new(2);
    private readonly WebApplication server;
    private TaskCompletionSource? next;
    private long dropped, weight, unread;
    private int closed;

    private OtlpReceiver(int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");

        // A receiver that made spans of its own requests would export them to itself, for ever. Nothing can listen to these two.
        var source = new ActivitySource("OtlpReceiver");
        source.Dispose();
        builder.Services.AddSingleton(source);
        builder.Services.AddSingleton(new DiagnosticListener("OtlpReceiver"));
        server = builder.Build();
        server.Run(HandleAsync);
    }

    /// <summary>
    /// Starts a receiver. It is closed when the notebook is run again from the top, and when one more is started on the
    /// port that was asked for.
    /// </summary>
    /// <param name="port">4318 is the port of OTLP/HTTP; 0 lets the system pick a free one.</param>
    /// <exception cref="InvalidOperationException">The port is taken; the message says what to do.</exception>
    public static async Task<OtlpReceiver> StartAsync(int port = 0)
    {
        if (port is < 0 or > IPEndPoint.MaxPort)
            throw new ArgumentOutOfRangeException(nameof(port), port, "A port is a number from 1 to 65535, or 0 for a free one.");
        OtlpReceiver? before;
        lock (OnFixedPorts)
            OnFixedPorts.Remove(port, out before);
        if (before is not null)
            await before.DisposeAsync();

        var receiver = new OtlpReceiver(port);
        try
        {
            await receiver.server.StartAsync();
        }
        catch (Exception e)
        {
            await receiver.DisposeAsync();
            if (e is not IOException)
                throw;
            throw new InvalidOperationException($"Port {port} of this machine is taken: another program listens there, perhaps Jaeger, a collector, or a notebook that is still open. " +
                "Close it, or let the system pick a free port with OtlpReceiver.StartAsync() and export to its TracesEndpoint.", e);
        }

        receiver.Endpoint = new Uri(receiver.server.Urls.First());
        NotebookHost.CloseOnRestart(receiver);
        if (port == 0)
            return receiver;
        lock (OnFixedPorts)
            OnFixedPorts[port] = receiver;
        return receiver;
    }

    /// <summary>Scheme, address and port: what <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> takes. The exporter adds the path to that.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>With the path: what <c>OtlpExporterOptions.Endpoint</c> takes. The exporter adds nothing to that.</summary>
    public Uri TracesEndpoint => new(Endpoint, TracesPath);

    /// <summary>The spans in the order in which they arrived, as they are now: later spans do not appear in this list.</summary>
    public IReadOnlyList<RecordedSpan> Spans
    {
        get
        {
            lock (gate)
                return spans.Select(s => s.Span).ToArray();
        }
    }

    /// <summary>The same spans, one trace per trace id, ordered by start.</summary>
    public IReadOnlyList<RecordedTrace> Traces => RecordedTrace.Group(Spans);

    public int Count
    {
        get
        {
            lock (gate)
                return spans.Count;
        }
    }

    /// <summary>How many spans were accepted, and then dropped to make room for newer ones.</summary>
    public long Dropped
    {
        get
        {
            lock (gate)
                return dropped;
        }
    }

    /// <summary>The last 1,000 requests in the order of their answers, those that were refused too.</summary>
    public IReadOnlyList<OtlpRequest> Requests
    {
        get
        {
            lock (gate)
                return requests.ToArray();
        }
    }

    /// <summary>Waits until at least <paramref name="count"/> spans are kept. An exporter sends in the background: wait before you draw.</summary>
    /// <exception cref="TimeoutException">They did not arrive in time (ten seconds, if not said otherwise); the message says how many did, and what came of the last request.</exception>
    public async Task WaitForAsync(int count, TimeSpan? timeout = null)
    {
        var giveUp = DateTime.UtcNow + (timeout ?? TimeSpan.FromSeconds(10));
        while (true)
        {
            Task arrival;
            lock (gate)
            {
                if (spans.Count >= count)
                    return;
                arrival = (next ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            try
            {
                await arrival.WaitAsync(giveUp > DateTime.UtcNow ? giveUp - DateTime.UtcNow : TimeSpan.Zero);
            }
            catch (TimeoutException)
            {
                var last = Requests.LastOrDefault();
                throw new TimeoutException($"Waited for {Drawing.Count(count, "span")}, but only {Count} arrived. " + (last is null ? $"No request reached {Endpoint}." : $"The last request: {last}"));
            }
        }
    }

    /// <summary>Forgets all spans and requests, and the count of the dropped ones.</summary>
    public void Clear()
    {
        lock (gate)
        {
            spans.Clear();
            requests.Clear();
            (dropped, weight) = (0, 0);
        }
    }

    /// <summary>Stops listening. What was received stays readable.</summary>
    public void Dispose() => Task.Run(() => DisposeAsync().AsTask()).GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref closed, 1) == 1)
            return;
        lock (OnFixedPorts)
        {
            foreach (var port in OnFixedPorts.Where(p => p.Value == this).Select(p => p.Key).ToArray())
                OnFixedPorts.Remove(port);
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1)); // for requests that are under way
        await server.StopAsync(patience.Token);
        await server.DisposeAsync();
    }

    // ---- One request ---------------------------------------------------------------------------------------------

    private async Task HandleAsync(HttpContext http)
    {
        var (type, encoding) = (Plain(http.Request.ContentType?.Split(';')[0]), Plain(http.Request.Headers.ContentEncoding));
        var request = new OtlpRequest(default, Short(http.Request.Path.Value ?? ""), Short(type), encoding == "identity" ? "" : Short(encoding), 0, 0, 200, null, []) { Method = Short(http.Request.Method) };
        IReadOnlyList<RecordedSpan> received = [];
        var (messages, held) = (0, 0L);
        try
        {
            Check(request, http.Request.ContentLength);
            using var wire = new MemoryStream();
            try
            {
                await ReadAsync(http.Request.Body, wire, Reserve, http.RequestAborted);
            }
            finally
            {
                request = request with { Bytes = (int)wire.Length };
            }

            var body = wire;
            if (request.ContentEncoding == "gzip")
            {
                wire.Position = 0;
                await ReadAsync(new GZipStream(wire, CompressionMode.Decompress), body = new MemoryStream(), Reserve, http.RequestAborted);
            }

            request = request with { Body = body.ToArray() };
            await decoding.WaitAsync(http.RequestAborted); // two at a time: the spans need several times the memory of the body
            try
            {
                received = OtlpDecoder.Decode(request.Body, out messages);
                request = request with { Spans = received.Count };
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
            var isGzip = request.Body.Length == 0; // an empty body is valid, so the decoder never complains of one
            request = request with { Status = 400, Problem = $"The body is not valid {(isGzip ? "gzip" : "OTLP")}. {e.Message}" };
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

        Keep(request with { Time = DateTimeOffset.UtcNow }, received, (2L * request.Body.Length) + (64L * messages));
        if (!http.RequestAborted.IsCancellationRequested)
            await AnswerAsync(http.Response, type, request.Status, request.Problem);

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
            throw new Refused(404, $"There is nothing at {request.Path}. Traces go to {TracesPath}: an endpoint that is set in code needs this path.");
        if (request.Method != "POST")
            throw new Refused(405, $"Traces are sent with POST, not with {request.Method}.");
        if (request.ContentType != Protobuf)
            throw new Refused(415, $"The media type is {(request.ContentType.Length == 0 ? "missing" : request.ContentType)}, but this receiver reads only {Protobuf}: OtlpExportProtocol.HttpProtobuf in .NET.");
        if (request.ContentEncoding is not ("" or "gzip"))
            throw new Refused(415, $"The content encoding {request.ContentEncoding} is not known here: use gzip, or none.");
        if (length > MaxBody)
            throw TooLong;
    }

    private static Refused TooLong => new(413, $"The body is longer than {MaxBody >> 20} MiB. Export smaller batches.");

    // A gzip body can be a thousand times as long as it looks, so the limit holds for what comes out of it, too.
    private static async Task ReadAsync(Stream from, MemoryStream to, Action<int> reserve, CancellationToken cancel)
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

    private void Keep(OtlpRequest request, IReadOnlyList<RecordedSpan> received, long requestWeight)
    {
        lock (gate)
        {
            requests.Add(request.Body.Length <= MaxKeptBody ? request : request with { Body = [] });
            if (requests.Count > MaxRequests)
                requests.RemoveAt(0);
            if (requests.Count > MaxBodies)
                requests[^(MaxBodies + 1)] = requests[^(MaxBodies + 1)] with { Body = [] };

            // The spans of a request share its memory (the resource, for example): it is free when the last of them goes.
            for (var i = 0; i < received.Count; i++)
                spans.Enqueue((received[i], i == received.Count - 1 ? requestWeight : 0));
            weight += received.Count > 0 ? requestWeight : 0;
            while (spans.Count > Capacity || weight > MaxWeight)
            {
                weight -= spans.Dequeue().Weight;
                dropped++;
            }

            next?.SetResult();
            next = null;
        }
    }

    // Sections "OTLP/HTTP Response" and "Failures": always the message that belongs to the answer, in the format of the question.
    private static async Task AnswerAsync(HttpResponse response, string type, int status, string? problem)
    {
        var body = Array.Empty<byte>(); // an ExportTraceServiceResponse without fields: everything was accepted
        if (problem is not null)
        {
            var message = new MemoryStream();
            using (var output = new CodedOutputStream(message, leaveOpen: true)) // google.rpc.Status: field 2 is its message
            {
                output.WriteTag(2, WireFormat.WireType.LengthDelimited);
                output.WriteString(problem);
            }

            body = type == Json ? JsonSerializer.SerializeToUtf8Bytes(new { message = problem }) : message.ToArray();
        }

        response.StatusCode = status;
        response.ContentType = type == Json ? Json : Protobuf;
        if (status == 405)
            response.Headers.Allow = "POST";
        if (status == 503)
            response.Headers.RetryAfter = "1";
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(response.HttpContext.Request.Method))
            await response.Body.WriteAsync(body);
    }

    private static string Plain(string? text) => (text ?? "").Trim().ToLowerInvariant();

    private static string Short(string text) => text.Length <= 200 ? text : text[..200] + "…";

    private sealed class Refused(int status, string message) : Exception(message)
    {
        public int Status => status;
    }
}
