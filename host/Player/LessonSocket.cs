using System;
using System.IO;
using System.Linq;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace TracingTutorial.Host.Player;

/// <summary>One tab: what it clicks goes to the session, what the session says goes to it.</summary>
internal sealed class LessonSocket(WebSocket socket, LessonSession session)
{
    /// <summary>In bytes: a cell of a million characters, of which each may take six.</summary>
    private const int MostMessage = 8_000_000;

    private readonly SemaphoreSlim _writing = new(1, 1);

    public async Task RunAsync(CancellationToken cancel)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var (messages, leave) = session.Watch();
        var pump = Task.Run(async () =>
        {
            await foreach (var message in messages.ReadAllAsync(ended.Token))
                await WriteAsync(message, ended.Token);
            socket.Abort(); // It could not keep up: it comes back and draws anew.
        }, CancellationToken.None);
        try
        {
            await ReadAsync(ended.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException)
        {
            // The tab is closed, or the player ends.
        }
        finally
        {
            leave();
            await ended.CancelAsync();
            await pump.ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private async Task ReadAsync(CancellationToken cancel)
    {
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        while (socket.State == WebSocketState.Open)
        {
            var part = await socket.ReceiveAsync(buffer, cancel);
            message.Write(buffer, 0, part.Count);
            if (part.MessageType != WebSocketMessageType.Text || message.Length > MostMessage)
                break;
            if (!part.EndOfMessage)
                continue;
            try
            {
                using var json = JsonDocument.Parse(message.GetBuffer().AsMemory(0, (int)message.Length));
                Do(json.RootElement, cancel);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or System.Collections.Generic.KeyNotFoundException or FormatException)
            {
                break; // Not our page.
            }

            message.SetLength(0);
        }
    }

    private void Do(JsonElement message, CancellationToken cancel)
    {
        int Cell() => message.GetProperty("cell").GetInt32();
        string Text(string name) => message.GetProperty(name).GetString() ?? "";
        switch (Text("do"))
        {
            case "run":
                session.Run([.. message.GetProperty("cells").EnumerateArray().Select(c => c.GetInt32())]);
                break;
            case "edit":
                session.Edit(Cell(), Text("source"));
                break;
            case "original":
                session.Original(Cell());
                break;
            case "solve":
                session.Solve(Cell());
                break;
            case "choose":
                session.Choose(Text("question"), Text("letter"));
                break;
            case "warm":
                session.WarmUp();
                break;
            case "stop":
                session.Stop();
                break;
            case "restart":
                session.Restart();
                break;
            case "again":
                session.StartAgain();
                break;
            case "ask":
                var (id, type, command) = (message.GetProperty("id").GetInt32(), Text("commandType"), message.GetProperty("command").Clone());
                _ = Task.Run(async () =>
                {
                    var answer = await session.Questions.AskAsync(type, command);
                    await WriteAsync(Viewers.Json(new { type = "answer", id, answer }), cancel);
                }, cancel);
                break;
        }
    }

    private async Task WriteAsync(string text, CancellationToken cancel)
    {
        await _writing.WaitAsync(cancel);
        try
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, cancel);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException)
        {
            // The tab is closed.
        }
        finally
        {
            _writing.Release();
        }
    }
}
