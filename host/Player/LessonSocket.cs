using System;
using System.IO;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Player;

/// <summary>One page over a WebSocket: its messages go to the session, the session's messages go to it.</summary>
/// <param name="socket">The connection.</param>
/// <param name="open">Opens the lesson, for a page that is known.</param>
/// <param name="access">Checks the secret that the first message must contain.</param>
internal sealed class LessonSocket(WebSocket socket, Func<Task<LessonSession?>> open, Access access)
{
    /// <summary>Close codes that the page understands: the secret is wrong; the message is too long.</summary>
    internal const WebSocketCloseStatus Unknown = (WebSocketCloseStatus)4401, TooLong = (WebSocketCloseStatus)4413;

    /// <summary>In bytes: a cell of a million characters, of which each may take six.</summary>
    internal const int MaxMessage = 8_000_000;

    /// <summary>In bytes: of the first message, which anybody can send.</summary>
    internal const int MaxHello = 10_000;

    private static readonly TimeSpan HelloPatience = TimeSpan.FromSeconds(30), ClosePatience = TimeSpan.FromSeconds(2);

    public async Task RunAsync(CancellationToken cancel)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var sending = Task.CompletedTask;
        Viewer? viewer = null;
        try
        {
            JsonElement? hello;
            using (var patience = CancellationTokenSource.CreateLinkedTokenSource(ended.Token))
            {
                patience.CancelAfter(HelloPatience);
                hello = await ReadAsync(patience.Token, MaxHello);
            }

            if (hello is not { } first)
                return;
            if (!IsHello(first))
            {
                await CloseAsync(Unknown, "The player does not know this page.");
                return;
            }

            if (await open() is not { } session)
                return;
            viewer = session.Connect();
            session.Receive(viewer, first);
            sending = SendAsync(viewer, ended);
            while (await ReadAsync(ended.Token, MaxMessage) is { } message)
                session.Receive(viewer, message);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or JsonException or FormatException)
        {
            // The page is closed, the player ends, or this is not our page.
        }
        finally
        {
            viewer?.Dispose();
            await ended.CancelAsync();
            await sending;
        }
    }

    private bool IsHello(JsonElement message)
    {
        try
        {
            return message.ValueKind == JsonValueKind.Object
                && message.TryGetProperty("do", out var what) && what.ValueKind == JsonValueKind.String && what.GetString() == "hello"
                && message.TryGetProperty("key", out var key) && key.ValueKind == JsonValueKind.String && access.IsSecret(key.GetString());
        }
        catch (InvalidOperationException)
        {
            return false; // half of a surrogate pair
        }
    }

    /// <summary>The next message; null when there is none, or one that is too long.</summary>
    private async Task<JsonElement?> ReadAsync(CancellationToken cancel, int max)
    {
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        while (socket.State == WebSocketState.Open)
        {
            var part = await socket.ReceiveAsync(buffer, cancel);
            if (part.MessageType != WebSocketMessageType.Text)
                return null;
            if (message.Length + part.Count > max)
            {
                await CloseAsync(TooLong, "The message is too long.");
                return null;
            }

            message.Write(buffer, 0, part.Count);
            if (!part.EndOfMessage)
                continue;
            using var json = JsonDocument.Parse(message.GetBuffer().AsMemory(0, (int)message.Length));
            return json.RootElement.Clone();
        }

        return null;
    }

    private async Task SendAsync(Viewer viewer, CancellationTokenSource ended)
    {
        try
        {
            await foreach (var message in viewer.Messages.ReadAllAsync(ended.Token))
                await socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, ended.Token);
            socket.Abort(); // It could not keep up: it connects again, and receives the state.
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or ObjectDisposedException)
        {
            // The page is closed.
        }
    }

    private async Task CloseAsync(WebSocketCloseStatus status, string why)
    {
        using var patience = new CancellationTokenSource(ClosePatience);
        await socket.CloseOutputAsync(status, why, patience.Token);
    }
}
