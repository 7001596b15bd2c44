using System;
using System.IO;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Player;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>A tab that takes nothing more: its machine sleeps, or its page is busy.</summary>
public sealed class SlowTabTests
{
    private const int Messages = 12_000;

    [Fact]
    public async Task A_tab_that_does_not_read_is_let_go_while_the_others_get_everything()
    {
        using var clone = new TempFolder();
        clone.Write("notebooks/00-slow.dib", HostRunner.Cells("1"));
        await using var lessons = new OpenLessons(clone.Path, new ProgressFolder(Path.Combine(clone.Path, "progress")),
            new MemoryKernels().Start);
        var session = (await lessons.OpenAsync("00-slow"))!;
        using var slow = new DeafTab();
        var run = new LessonSocket(slow, () => lessons.OpenAsync("00-slow"), new Access(DeafTab.Secret, _ => null)).RunAsync(default);
        using var other = session.Connect();
        Say(new { @do = "hello", version = (string?)null });
        await slow.Sending.WaitAsync(HostRunner.Hang);
        using var hang = new CancellationTokenSource(HostRunner.Hang);

        // The first message does not leave. The other tab reads each one that comes after it.
        for (var i = 0; i < Messages; i++)
        {
            Say(new { @do = "edit", cell = 0, source = $"{i}" });
            await HearsAsync($"\"source\":\"{i}\"");
        }

        slow.GoOn();
        await slow.Over.WaitAsync(HostRunner.Hang);
        Assert.Equal(WebSocketState.Aborted, slow.State); // its page draws anew when it is back
        Assert.InRange(slow.Sent, 1_000, Messages - 1_000); // a short pause is no reason, and what waits has a bound
        await run.WaitAsync(HostRunner.Hang);
        Say(new { @do = "edit", cell = 0, source = "last" });
        await HearsAsync("\"source\":\"last\"");

        void Say(object message) => session.Receive(other, JsonSerializer.SerializeToElement(message));

        async Task HearsAsync(string text)
        {
            while (!(await other.Messages.ReadAsync(hang.Token)).Contains(text, StringComparison.Ordinal))
            {
                // Another message.
            }
        }
    }

    /// <summary>The server's end of a connection whose other end reads nothing.</summary>
    private sealed class DeafTab : WebSocket
    {
        private readonly TaskCompletionSource _sending = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private WebSocketState _state = WebSocketState.Open;
        private bool _saidHello;

        public const string Secret = "secret";

        /// <summary>The first message is on its way.</summary>
        public Task Sending => _sending.Task;

        /// <summary>The connection has been ended, or every message has been sent.</summary>
        public Task Over => _over.Task;

        /// <summary>How many messages have left.</summary>
        public int Sent { get; private set; }

        public void GoOn() => _goOn.TrySetResult();

        public override WebSocketState State => _state;

        public override WebSocketCloseStatus? CloseStatus => null;

        public override string? CloseStatusDescription => null;

        public override string? SubProtocol => null;

        public override void Abort()
        {
            _state = WebSocketState.Aborted;
            _over.TrySetResult();
        }

        public override async Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage,
            CancellationToken cancel)
        {
            _sending.TrySetResult();
            await _goOn.Task.WaitAsync(cancel);
            if (++Sent > Messages)
                _over.TrySetResult();
        }

        // It says hello, and nothing more. A real one fails when it is aborted.
        public override async Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancel)
        {
            if (!_saidHello)
            {
                _saidHello = true;
                var count = Encoding.UTF8.GetBytes($"{{\"do\":\"hello\",\"key\":\"{Secret}\",\"version\":null}}", buffer);
                return new WebSocketReceiveResult(count, WebSocketMessageType.Text, endOfMessage: true);
            }

            await _over.Task.WaitAsync(cancel);
            throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely);
        }

        public override Task CloseAsync(WebSocketCloseStatus status, string? description, CancellationToken cancel) => Task.CompletedTask;

        public override Task CloseOutputAsync(WebSocketCloseStatus status, string? description, CancellationToken cancel) =>
            Task.CompletedTask;

        public override void Dispose() => Abort();
    }
}
