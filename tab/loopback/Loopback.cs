using System;
using System.Collections.Concurrent;
using System.IO;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Connections;

namespace TracingTutorial.Tab;

/// <summary>
/// The ports of 127.0.0.1, in memory. A browser has no sockets: bytes go through pipes instead, and the HTTP above them is that of
/// Kestrel and HttpClient. The patches in pack/Patches.cs call these methods.
/// </summary>
public static class Loopback
{
    private const int FirstPort = 49_152; // the dynamic ports of RFC 6335 begin here

    private static readonly ConcurrentDictionary<int, LoopbackListener> Listening = new();
    private static int lastPort = FirstPort - 1;

    /// <summary>Replaces <c>SocketTransportFactory.BindAsync</c>.</summary>
    /// <exception cref="AddressInUseException">Something listens on this port already.</exception>
    public static ValueTask<IConnectionListener> BindAsync(EndPoint endpoint)
    {
        if (endpoint is not IPEndPoint ip)
            throw new NotSupportedException($"A browser tab has no {endpoint.GetType().Name}: listen on http://127.0.0.1:0.");
        var listener = new LoopbackListener(ip.Port == 0 ? new IPEndPoint(ip.Address, FreePort()) : ip);
        return Listening.TryAdd(listener.Port, listener)
            ? new(listener)
            : throw new AddressInUseException($"Address already in use: port {listener.Port}.");
    }

    /// <summary>Replaces the connection that <c>HttpClient</c> makes, unless a program sets its own <c>ConnectCallback</c>.</summary>
    /// <exception cref="SocketException">Nothing listens on this port, or the host is not this machine.</exception>
    public static ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var isLoopback = host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip));
        if (!isLoopback)
            throw new SocketException((int)SocketError.HostNotFound, $"A browser tab reaches only its own ports, on 127.0.0.1, and not '{host}'.");
        return Listening.TryGetValue(port, out var listener)
            ? new(listener.Connect())
            : throw new SocketException((int)SocketError.ConnectionRefused, "Connection refused");
    }

    /// <summary>Replaces <c>Socket.Bind</c>: port 0 becomes a free port. Nothing listens there.</summary>
    public static EndPoint Reserve(EndPoint endpoint) => endpoint is IPEndPoint { Port: 0 } ip ? new IPEndPoint(ip.Address, FreePort()) : endpoint;

    /// <summary>Replaces the thread of Kestrel's heartbeat, which beats once a second. The timer ends when its server was collected.</summary>
    public static void Beat(Action heartbeat)
    {
        heartbeat();
        var (server, method) = (new WeakReference(heartbeat.Target), heartbeat.Method);
        Timer timer = null!;
        timer = new Timer(_ =>
        {
            if (server.Target is { } alive)
                method.Invoke(alive, null);
            else
                timer.Dispose();
        });
        timer.Change(1_000, 1_000);
    }

    internal static int FreePort()
    {
        int port;
        do
        {
            port = Interlocked.Increment(ref lastPort);
            if (port > IPEndPoint.MaxPort)
                port = lastPort = FirstPort;
        }
        while (Listening.ContainsKey(port));
        return port;
    }

    internal static void Close(LoopbackListener listener) => Listening.TryRemove(new(listener.Port, listener));
}

/// <summary>A port that is listened on.</summary>
internal sealed class LoopbackListener(IPEndPoint endpoint) : IConnectionListener
{
    private readonly Channel<ConnectionContext> _coming = Channel.CreateUnbounded<ConnectionContext>();
    private int _connections;

    public int Port => endpoint.Port;

    public EndPoint EndPoint => endpoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancel = default) =>
        await _coming.Reader.WaitToReadAsync(cancel) && _coming.Reader.TryRead(out var connection) ? connection : null;

    public ValueTask UnbindAsync(CancellationToken cancel = default)
    {
        Loopback.Close(this);
        _coming.Writer.TryComplete();
        return default;
    }

    public ValueTask DisposeAsync() => UnbindAsync();

    /// <summary>Returns the client's end of a new connection.</summary>
    public Stream Connect()
    {
        var options = new PipeOptions(useSynchronizationContext: false);
        var (up, down) = (new Pipe(options), new Pipe(options));
        var (client, server) = (new Duplex(down.Reader, up.Writer), new Duplex(up.Reader, down.Writer));
        var connection = new DefaultConnectionContext($"{Port}-{++_connections}", server, client)
        {
            LocalEndPoint = endpoint,
            RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, Loopback.FreePort()),
        };
        _coming.Writer.TryWrite(connection);
        return new DuplexStream(client);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class DuplexStream(Duplex pipe) : Stream
    {
        private readonly Stream _input = pipe.Input.AsStream();
        private readonly Stream _output = pipe.Output.AsStream();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => _output.Flush();

        public override Task FlushAsync(CancellationToken cancel) => _output.FlushAsync(cancel);

        public override int Read(byte[] buffer, int offset, int count) => _input.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancel = default) => _input.ReadAsync(buffer, cancel);

        public override void Write(byte[] buffer, int offset, int count) => _output.Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancel = default) => _output.WriteAsync(buffer, cancel);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                pipe.Input.Complete();
                pipe.Output.Complete();
            }

            base.Dispose(disposing);
        }
    }
}
