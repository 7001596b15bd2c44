using System;
using System.Collections.Generic;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading;
using System.Threading.Channels;

namespace TracingTutorial.Host.Player;

/// <summary>The tabs that look at a lesson. Each gets every message; a tab that cannot keep up is let go, and draws anew when it is back.</summary>
internal sealed class Viewers
{
    private const int MostWaiting = 10_000;

    // The page parses it as JSON: what HTML would need escaped stays as it is, and a drawing has half the bytes.
    private static readonly JsonSerializerOptions Relaxed = new(JsonSerializerOptions.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _gate = new();
    private readonly List<Channel<string>> _channels = [];

    /// <summary>A new tab.</summary>
    /// <param name="first">What it is told first.</param>
    public (ChannelReader<string> Messages, Action Leave) Add(object first)
    {
        var channel = Channel.CreateBounded<string>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
        channel.Writer.TryWrite(Json(first));
        lock (_gate)
            _channels.Add(channel);
        return (channel.Reader, () =>
        {
            lock (_gate)
                _channels.Remove(channel);
        }
        );
    }

    /// <summary>Tells every tab.</summary>
    public void Tell(object message)
    {
        var json = Json(message);
        lock (_gate)
        {
            for (var i = _channels.Count - 1; i >= 0; i--)
            {
                if (_channels[i].Writer.TryWrite(json))
                    continue;
                _channels[i].Writer.TryComplete();
                _channels.RemoveAt(i);
            }
        }
    }

    public static string Json(object message) => JsonSerializer.Serialize(message, Relaxed);
}
