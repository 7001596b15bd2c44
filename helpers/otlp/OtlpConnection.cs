#nullable enable
using System;
using System.Buffers;
using System.Net;
using System.Text;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

/// <summary>
/// Notices what never becomes a request, because the web server hands on requests in HTTP/1.1 only: HTTP/2 as gRPC uses it, TLS,
/// and bytes that are no HTTP at all. Whoever looks for lost spans must not be told that nothing came.
/// </summary>
internal static class OtlpConnection
{
    private const string HasRequest = "otlp-request";
    private static readonly byte[] Http2 = "PRI * HTTP/2"u8.ToArray(); // RFC 9113, section 3.4

    /// <summary>Call for each request: its connection needs no note.</summary>
    public static void MarkRequest(HttpContext http) =>
        http.Features.GetRequiredFeature<IConnectionItemsFeature>().Items[HasRequest] = true;

    /// <summary>Looks at the first bytes of a connection, and leaves them to the server.</summary>
    /// <param name="connection">A new connection.</param>
    /// <param name="next">The server.</param>
    /// <param name="keep">Called with what came, if it is no request.</param>
    public static async Task RunAsync(ConnectionContext connection, ConnectionDelegate next, Action<OtlpRequest> keep)
    {
        var start = await PeekAsync(connection);
        if (start.AsSpan().StartsWith(Http2))
        {
            keep(Note("HTTP/2", "(gRPC)", 0, "HTTP/2 came, as gRPC uses it, which is the default of .NET's exporter. This port takes "
                + "http/protobuf: set Protocol = OtlpExportProtocol.HttpProtobuf, and Endpoint = "
                + $"http://{connection.LocalEndPoint}{OtlpHttp.TracesPath}."));
            await next(connection); // it says in HTTP/2 that it wants HTTP/1.1 (error HTTP_1_1_REQUIRED)
        }
        else if (start.Length > 0 && !char.IsAsciiLetter((char)start[0]))
        {
            var note = start[0] == 0x16 // RFC 8446, section 5.1: a record of the handshake
                ? Note("TLS", "(https)", 400,
                    "TLS came, as for an address with https. This port takes plain HTTP: write http:// in the address.")
                : Note("(no HTTP)", "", 400, "Bytes came that are no HTTP. Traces are sent to this port with POST, over HTTP/1.1.");
            keep(note);
            await connection.Transport.Output.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
                + $"Content-Type: text/plain\r\nContent-Length: {note.Problem!.Length}\r\n\r\n{note.Problem}"));
        }
        else
        {
            await next(connection);
            if (start.Length > 0 && !connection.Items.ContainsKey(HasRequest))
                keep(Note("(no HTTP)", "", 400, "A request came whose first lines are not valid HTTP/1.1, or that ended within them."));
        }
    }

    private static OtlpRequest Note(string method, string path, int status, string problem) =>
        new(DateTimeOffset.UtcNow, path, "", "", 0, 0, status, problem, []) { Method = method };

    // As many bytes as tell HTTP/2 from "POST"; fewer if that is all that comes. The server reads them again.
    private static async Task<byte[]> PeekAsync(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        using var closing = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested
            .Register(input.CancelPendingRead);
        while (true)
        {
            var read = await input.ReadAsync();
            var start = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, Http2.Length)).ToArray();
            var enough = read.IsCompleted || read.IsCanceled || start.Length == Http2.Length || !Http2.AsSpan().StartsWith(start);
            input.AdvanceTo(read.Buffer.Start, enough ? read.Buffer.Start : read.Buffer.End);
            if (enough)
                return start;
        }
    }
}
