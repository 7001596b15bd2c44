#nullable enable
using System;
using System.Diagnostics;
using System.Linq;

/// <summary>
/// What a span calls, by its attributes. The names are those of the semantic conventions 1.44; after them come the older ones
/// that many services still send.
/// </summary>
internal static class CallTarget
{
    private static readonly string[] Hosts =
        ["server.address", "peer.service", "net.peer.name", "http.host", "net.sock.peer.name", "peer.hostname", "peer.address",
            "network.peer.address", "net.sock.peer.addr", "net.peer.ip"];

    /// <summary>A client span's database, with its system; null if it names none.</summary>
    public static (string Name, string System)? Database(RecordedSpan span) =>
        span.Kind == ActivityKind.Client && First(span, "db.system.name", "db.system") is { } system
            ? (First(span, ["db.namespace", "db.name", .. Hosts]) ?? system, system) : null;

    /// <summary>The queue or topic that a span sends to or receives from; null if it names none.</summary>
    public static (string Name, string System, bool Receives)? Queue(RecordedSpan span)
    {
        var topic = First(span, "messaging.destination.name", "messaging.destination", "message_bus.destination");
        if (span.Kind is not (ActivityKind.Producer or ActivityKind.Consumer or ActivityKind.Client)
            || (First(span, "messaging.system") ?? topic) is not { } system)
            return null;
        var receives = span.Kind == ActivityKind.Consumer
            || First(span, "messaging.operation.type", "messaging.operation") is "receive" or "process" or "settle" or "deliver";
        return (topic ?? First(span, Hosts) ?? system, system, receives);
    }

    /// <summary>The name of somebody whose own spans are not here: with the port, if it is no usual one; and the host alone.</summary>
    public static (string Name, string Host) Outside(RecordedSpan span)
    {
        var url = Uri.TryCreate(First(span, "url.full", "http.url"), UriKind.Absolute, out var uri) ? uri : null;
        var host = First(span, Hosts) ?? (url?.Host is { Length: > 0 } inUrl ? inUrl : null);
        if (host is null)
            return First(span, "rpc.service") is { } rpc ? (rpc, rpc) : ("not named", "");
        var port = First(span, "server.port", "net.peer.port") ?? (url?.Host == host ? $"{url.Port}" : "");
        var usual = port is "" or "80" or "443" or "-1" || host.EndsWith(":" + port, StringComparison.Ordinal);
        return (usual ? host : $"{host}:{port}", host);
    }

    private static string? First(RecordedSpan span, params string[] keys) =>
        keys.Select(k => span[k]).Where(v => v is not null).Select(AttributeText.Of).FirstOrDefault(v => v.Length > 0);
}
