#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

/// <summary>
/// A small backend: takes traces over OTLP/HTTP as a collector or Jaeger does, keeps the spans in memory, and answers for one
/// trace as Jaeger's API does. It listens on this machine only (127.0.0.1). Safe for concurrent requests; what it keeps is bounded,
/// the oldest spans go first.
/// </summary>
public sealed class OtlpReceiver : ITraceBackend, IDisposable, IAsyncDisposable
{
    /// <summary>
    /// The longest body in bytes, on the wire and decompressed; a longer one is answered with 413. (The OTLP specification
    /// recommends 64 MiB to servers.)
    /// </summary>
    public const int MaxBody = OtlpHttp.MaxBody;

    /// <summary>How many spans are kept.</summary>
    public const int Capacity = 100_000;

    /// <summary>How many bytes of memory the kept spans take together, about.</summary>
    public const long MaxBytes = 128L << 20;

    private const int MaxRequests = 1_000, MaxBodies = 16, MaxKeptBody = 256 << 10;

    private static readonly Dictionary<int, Listener> Listeners = [];
    private static readonly Dictionary<int, Socket> Reserved = [];

    private readonly SpanStore store = new(Capacity, MaxBytes);
    private readonly List<OtlpRequest> requests = [];
    private readonly Listener listener;

    private OtlpReceiver(Listener listener) => this.listener = listener;

    /// <summary>
    /// Starts a receiver. It is closed when the notebook is run again from the top. One that is started on the port of an
    /// earlier one takes the port over: the earlier one receives nothing more, and no other program can take the port in between.
    /// </summary>
    /// <param name="port">4318 is the port of OTLP/HTTP; 0 lets the system pick a free one.</param>
    /// <exception cref="InvalidOperationException">The port is taken by another program; the message says what to do.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such port.</exception>
    public static async Task<OtlpReceiver> StartAsync(int port = 0)
    {
        if (port is < 0 or > IPEndPoint.MaxPort)
            throw new ArgumentOutOfRangeException(nameof(port), port, "A port is a number from 1 to 65535, or 0 for a free one.");
        lock (Listeners)
        {
            if (Listeners.TryGetValue(port, out var ours))
                return Opened(ours.Owner = new OtlpReceiver(ours));
        }

        var listener = new Listener(port);
        listener.Owner = new OtlpReceiver(listener);
        try
        {
            await listener.Server.StartAsync();
        }
        catch (Exception e)
        {
            await listener.Server.DisposeAsync();
            if (e is not IOException)
                throw;
            throw new InvalidOperationException($"Port {port} of this machine is taken: another program listens there, perhaps Jaeger, "
                + "a collector, or a notebook that is still open. Close it, or let the system pick a free port with "
                + "OtlpReceiver.StartAsync() and export to its TracesEndpoint.", e);
        }

        listener.Endpoint = new Uri(listener.Server.Urls.First());
        lock (Listeners)
            Listeners[listener.Endpoint.Port] = listener;
        return Opened(listener.Owner);

        static OtlpReceiver Opened(OtlpReceiver receiver)
        {
            NotebookHost.CloseOnRestart(receiver);
            return receiver;
        }
    }

    /// <summary>
    /// Picks a free port and holds it without listening: connections are refused, as by a backend that is down, until a
    /// receiver is started there.
    /// </summary>
    public static int ReservePort()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        NotebookHost.CloseOnRestart(socket);
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        lock (Listeners)
            Reserved[port] = socket;
        return port;
    }

    /// <summary>Scheme, address and port: what <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> takes. The exporter adds the path to that.</summary>
    public Uri Endpoint => listener.Endpoint;

    /// <summary>With the path: what <c>OtlpExporterOptions.Endpoint</c> takes. The exporter adds nothing to that.</summary>
    public Uri TracesEndpoint => new(Endpoint, OtlpHttp.TracesPath);

    /// <inheritdoc/>
    public string Name => "the receiver in this notebook";

    /// <inheritdoc/>
    public Uri TraceApi(string traceId) => new(Endpoint, OtlpHttp.TraceApiPath + TraceBackend.CheckedTraceId(traceId));

    /// <inheritdoc/>
    public Uri? TraceLink(string traceId) => null;

    /// <inheritdoc/>
    public Task<RecordedTrace?> GetTraceAsync(string traceId)
    {
        traceId = TraceBackend.CheckedTraceId(traceId);
        var spans = Spans.Where(s => s.TraceId == traceId).ToArray();
        return Task.FromResult(spans.Length > 0 ? new RecordedTrace(spans) : null);
    }

    /// <inheritdoc/>
    public Task<RecordedTrace> WaitForTraceAsync(string traceId, int spans = 1, TimeSpan? timeout = null) =>
        TraceBackend.WaitAsync(traceId, spans, timeout, $"the receiver at {Endpoint}", _ => GetTraceAsync(traceId), () => null);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RecordedTrace>> SearchAsync(TraceSearch search) => Task.FromResult(search.In(Traces));

    /// <summary>The spans in the order in which they arrived, as they are now: later spans do not appear in this list.</summary>
    public IReadOnlyList<RecordedSpan> Spans => store.Spans;

    /// <summary>The same spans, one trace per trace id, ordered by start.</summary>
    public IReadOnlyList<RecordedTrace> Traces => RecordedTrace.Group(Spans);

    /// <summary>How many spans are kept now.</summary>
    public int Count => store.Count;

    /// <summary>How many spans were accepted, and then dropped to make room for newer ones.</summary>
    public long Dropped => store.Dropped;

    /// <summary>How many bodies were unpacked at the same time, at most: this bounds the memory that hostile ones can take.</summary>
    internal int MostAtOnce => listener.MostAtOnce;

    /// <summary>The last 1,000 requests in the order of their answers, those that were refused too.</summary>
    public IReadOnlyList<OtlpRequest> Requests
    {
        get
        {
            lock (requests)
                return requests.ToArray();
        }
    }

    /// <summary>Waits until so many spans are kept. An exporter sends in the background: wait before you draw.</summary>
    /// <param name="count">At least so many.</param>
    /// <param name="timeout">Ten seconds if null; <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</param>
    /// <exception cref="TimeoutException">They did not come; the message says how many did, and what came of the last request.</exception>
    public Task WaitForAsync(int count, TimeSpan? timeout = null) => store.WaitForAsync(count, timeout, hint: () =>
        Requests.LastOrDefault() is { } last ? $"The last request: {last}" : $"No request reached {Endpoint}.");

    /// <summary>Forgets all spans and requests, and the count of the dropped ones.</summary>
    public void Clear()
    {
        store.Clear();
        lock (requests)
            requests.Clear();
    }

    /// <summary>Stops listening. What was received stays readable.</summary>
    public void Dispose() => Task.Run(() => DisposeAsync().AsTask()).GetAwaiter().GetResult();

    /// <summary>Stops listening, and gives requests that are under way a second. What was received stays readable.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (Listeners)
        {
            if (listener.Owner != this || !Listeners.Remove(Endpoint.Port))
                return; // closed before, or another receiver has taken the port over
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await listener.Server.StopAsync(patience.Token);
        await listener.Server.DisposeAsync();
    }

    private void Keep(OtlpRequest request, IReadOnlyList<RecordedSpan> spans, long size)
    {
        ActivityObserver.Current?.Received(Endpoint, request.Status == 200 && request.Rejected == 0 ? null : $"{request}");
        lock (requests)
        {
            requests.Add(request.Body.Length <= MaxKeptBody ? request : request with { Body = [] });
            if (requests.Count > MaxRequests)
                requests.RemoveAt(0);
            if (requests.Count > MaxBodies)
                requests[^(MaxBodies + 1)] = requests[^(MaxBodies + 1)] with { Body = [] };
        }

        store.Add(spans, size);
    }

    /// <summary>A web server on one port. It hands each request to the receiver that owns it at that moment.</summary>
    private sealed class Listener
    {
        private readonly OtlpHttp http = new();

        public Listener(int port)
        {
            Socket? reserved;
            lock (Listeners)
                Reserved.Remove(port, out reserved);
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, address =>
                address.Use(next => connection => OtlpConnection.RunAsync(connection, next, note => Owner?.Keep(note, [], 0)))));
            builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket =
                endpoint => reserved ?? SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint));

            // A receiver that made spans of its own requests would export them to itself, for ever. Nothing can listen to these two.
            var source = new ActivitySource("OtlpReceiver");
            source.Dispose();
            builder.Services.AddSingleton(source);
            builder.Services.AddSingleton(new DiagnosticListener("OtlpReceiver"));
            Server = builder.Build();
            Server.Run(HandleAsync);
        }

        public WebApplication Server { get; }
        public int MostAtOnce => http.MostAtOnce;
        public OtlpReceiver? Owner { get; set; }
        public Uri Endpoint { get; set; } = null!; // known when the server has started

        private async Task HandleAsync(HttpContext context)
        {
            OtlpConnection.MarkRequest(context);
            var owner = Owner;
            if (owner is not null && await OtlpHttp.AnswerForTraceAsync(context, owner.GetTraceAsync))
                return;
            var (request, spans, messages) = await http.ReadAsync(context);
            owner?.Keep(request, spans, 2L * request.Body.Length + 64L * messages + 400L * spans.Count);
            if (!context.RequestAborted.IsCancellationRequested)
                await OtlpHttp.AnswerAsync(context, request);
        }
    }
}
