using System;
using System.Collections.Concurrent;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.Connection;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;

namespace TracingTutorial.Host.Kernel;

/// <summary>
/// Sends the engine's events to the other process, one JSON envelope a line. A cell never waits for a slow reader:
/// lines go through a queue, and what one cell may put into it is bounded.
/// </summary>
internal sealed class PipeSender : IKernelCommandAndEventSender
{
    /// <summary>The most console text of one cell that is passed on, in characters.</summary>
    public const int MostConsoleText = 1_000_000;

    /// <summary>The most text and HTML of one cell's values that is passed on, in characters.</summary>
    public const int MostValueText = 32_000_000;

    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly ConcurrentDictionary<string, Sent> _cells = new();
    private readonly Task _writing;

    public PipeSender(Stream pipe) => _writing = WriteAsync(pipe);

    public Uri RemoteHostUri { get; } = KernelHost.CreateHostUri("tracing-tutorial");

    public Task SendAsync(KernelCommand command, CancellationToken cancel)
    {
        _lines.Writer.TryWrite(KernelCommandEnvelope.Serialize(command));
        return Task.CompletedTask;
    }

    public Task SendAsync(KernelEvent @event, CancellationToken cancel)
    {
        if (Bounded(@event) is { } passed)
            _lines.Writer.TryWrite(KernelEventEnvelope.Serialize(passed));
        return Task.CompletedTask;
    }

    /// <summary>Ends when all that was sent has been written.</summary>
    public Task FinishAsync()
    {
        _lines.Writer.TryComplete();
        return _writing;
    }

    private async Task WriteAsync(Stream pipe)
    {
        try
        {
            await using var writer = new StreamWriter(pipe) { NewLine = "\n" };
            await foreach (var line in _lines.Reader.ReadAllAsync())
            {
                await writer.WriteLineAsync(line);
                if (_lines.Reader.Count == 0)
                    await writer.FlushAsync();
            }
        }
        catch (IOException)
        {
            Environment.Exit(0); // The other process is gone.
        }
    }

    /// <summary>The event itself, a shorter one that says what is missing, or null.</summary>
    private KernelEvent? Bounded(KernelEvent @event)
    {
        if (@event is not DisplayEvent shown || shown.Command is not { } command)
            return @event;
        var token = command.GetOrCreateToken().Split('.')[0];
        var length = shown.FormattedValues.Sum(v => (long)v.Value.Length);
        var sent = _cells.GetOrAdd(token, _ => new Sent());
        lock (sent)
        {
            if (shown is StandardOutputValueProduced or StandardErrorValueProduced)
            {
                if (sent.ConsoleText >= MostConsoleText)
                    return null;
                sent.ConsoleText += (int)Math.Min(length, MostConsoleText);
                if (sent.ConsoleText < MostConsoleText)
                    return @event;
                var text = shown.FormattedValues.First().Value;
                text = text[..Math.Min(text.Length, MostConsoleText)]
                    + FormattableString.Invariant($"\n… the rest is left out: the cell printed more than {MostConsoleText:N0} characters.\n");
                FormattedValue[] cut = [new(PlainText, text)];
                return shown is StandardOutputValueProduced
                    ? new StandardOutputValueProduced(command, cut)
                    : new StandardErrorValueProduced(command, cut);
            }

            sent.ValueText += length;
            return sent.ValueText <= MostValueText
                ? @event
                : new ErrorProduced(FormattableString.Invariant(
                    $"{TooLarge}: {sent.ValueText / 1_000_000:N0} million characters, and {MostValueText / 1_000_000} million is the most."), command);
        }
    }

    /// <summary>How the message of a value that is too large to show begins.</summary>
    public const string TooLarge = "What the cell shows is too large";

    private const string PlainText = "text/plain";

    private sealed class Sent
    {
        public int ConsoleText { get; set; }

        public long ValueText { get; set; }
    }
}
