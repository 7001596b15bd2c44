using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis.Scripting;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.Connection;
using Microsoft.DotNet.Interactive.CSharp;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Kernel;

/// <summary>
/// Sends the engine's events to the other process, one JSON envelope a line. A cell never waits for a slow reader:
/// lines go through a queue, and what one cell may put into it is bounded.
/// </summary>
internal sealed class PipeSender : IKernelCommandAndEventSender
{
    /// <summary>The most console text of one cell that is passed on, in characters.</summary>
    public const int MaxConsoleText = 1_000_000;

    /// <summary>The most text and HTML of one cell's values that is passed on, in characters.</summary>
    public const int MaxValueText = 32_000_000;

    /// <summary>The longest text of a failure that is passed on, in characters. A string of 170 million cannot be written at all.</summary>
    public const int MaxFailureText = 100_000;

    /// <summary>Of both ends of the pipe, in characters: a drawing of ten thousand spans is one line of ten million.</summary>
    public const int BufferSize = 128 * 1024;

    private readonly Channel<object> _messages = Channel.CreateUnbounded<object>();
    private readonly ConcurrentDictionary<string, Sent> _cells = new();
    private readonly Lock _gate = new();
    private readonly Task _writing;
    private readonly Dictionary<string, Update> _updates = []; // those that wait to be written, by the id of the value
    private ConsoleText? _open;

    public PipeSender(Stream pipe) => _writing = WriteAsync(pipe);

    public Uri RemoteHostUri { get; } = KernelHost.CreateHostUri("tracing-tutorial");

    public Task SendAsync(KernelCommand command, CancellationToken cancel)
    {
        _messages.Writer.TryWrite(command);
        return Task.CompletedTask;
    }

    public Task SendAsync(KernelEvent @event, CancellationToken cancel)
    {
        lock (_gate)
        {
            if (@event is StandardOutputValueProduced or StandardErrorValueProduced)
            {
                Add((DisplayEvent)@event);
            }
            else if (Bounded(@event) is { } message)
            {
                _open = null;
                if (message is DisplayedValueUpdated { ValueId: { } id } updated)
                    Add(id, updated);
                else
                    _messages.Writer.TryWrite(message);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Ends when all that was sent has been written.</summary>
    public Task FinishAsync()
    {
        _messages.Writer.TryComplete();
        return _writing;
    }

    private async Task WriteAsync(Stream pipe)
    {
        try
        {
            await using var writer = new StreamWriter(pipe, bufferSize: BufferSize) { NewLine = "\n" };
            await foreach (var message in _messages.Reader.ReadAllAsync())
            {
                await writer.WriteLineAsync(Line(message));
                if (_messages.Reader.Count == 0)
                    await writer.FlushAsync();
            }
        }
        catch (IOException)
        {
            ProcessTree.EndThis(); // The other process is gone.
        }
    }

    private string Line(object message)
    {
        if (message is KernelCommand command)
            return KernelCommandEnvelope.Serialize(command);
        if (message is ConsoleText text)
        {
            lock (_gate)
                message = text.Take();
        }

        if (message is Update update)
        {
            lock (_gate)
            {
                _updates.Remove(update.Newest.ValueId);
                message = update.Newest;
            }
        }

        // The engine's envelope has no place for the reason, so it is added as a first property.
        var (shown, reason) = message is TooLarge large
            ? (large.Event, FailureReason.TooLarge)
            : ((KernelEvent)message, ReasonOf(message as CommandFailed));
        var line = KernelEventEnvelope.Serialize(shown);
        return reason is null ? line : $"{{\"{Envelope.ReasonProperty}\":\"{reason}\",{line[1..]}";
    }

    /// <summary>
    /// Why a command failed; null for no failure, or one whose reason the engine does not say. A cell can throw the same types as the
    /// engine, with any text: what tells them apart is whose code is on the stack.
    /// </summary>
    public static FailureReason? ReasonOf(CommandFailed? failed) => failed?.Exception switch
    {
        null => null,
        CellFailure failure => failure.Reason,
        var exception when IsThrownIn("Submission#", exception) => FailureReason.Exception,
        CodeSubmissionCompilationErrorException or CompilationErrorException => FailureReason.CompileError,
        // The engine's own code for packages throws when there is no home folder.
        var exception when IsThrownIn("Microsoft.DotNet.Interactive.PackageManagement.", exception) => FailureReason.Restore,
        _ => FailureReason.Exception,
    };

    private static bool IsThrownIn(string type, Exception? exception) => exception is not null
        && (new StackTrace(exception).GetFrames().Any(frame =>
                frame.GetMethod()?.DeclaringType?.FullName?.StartsWith(type, StringComparison.Ordinal) == true)
            || IsThrownIn(type, exception.InnerException));

    /// <summary>
    /// Console text that waits to be written is kept as one: a cell that prints a million lines makes as many events, and each
    /// would carry the text of the cell.
    /// </summary>
    private void Add(DisplayEvent printed)
    {
        var text = string.Concat(printed.FormattedValues.Select(v => v.Value));
        var sent = SentOf(printed.Command);
        if (sent.IsCut)
            return;
        if (sent.ConsoleText + text.Length > MaxConsoleText)
        {
            sent.IsCut = true;
            text = text[..(MaxConsoleText - sent.ConsoleText)]
                + FormattableString.Invariant($"\n… the rest is left out: the cell printed more than {MaxConsoleText:N0} characters.\n");
        }

        sent.ConsoleText += text.Length;
        if (_open is null || !_open.Takes(printed))
            _messages.Writer.TryWrite(_open = new ConsoleText(printed));
        _open.Text.Append(text);
    }

    /// <summary>
    /// Updates of a value that wait to be written are one, the newest: a cell can update a value faster than anybody reads.
    /// </summary>
    private void Add(string id, DisplayedValueUpdated updated)
    {
        if (_updates.TryGetValue(id, out var waiting))
            waiting.Newest = updated;
        else
            _messages.Writer.TryWrite(_updates[id] = new Update(updated));
    }

    /// <summary>The event itself, or an error that says that it is too large; null for what follows such an error.</summary>
    private object? Bounded(KernelEvent @event)
    {
        if (@event is CommandFailed { Message.Length: > MaxFailureText } failed)
            return new CommandFailed(failed.Exception, failed.Command, Shortened(failed.Message));
        if (@event is ErrorProduced error)
            return error.Message.Length <= MaxFailureText ? error : new ErrorProduced(Shortened(error.Message), error.Command);
        if (@event is not DisplayEvent { Command: { } command } shown)
            return @event;
        var sent = SentOf(command);
        if (sent.IsTooLarge)
            return null;
        var size = shown.FormattedValues.Sum(v => (long)v.Value.Length);
        sent.ValueText += size;
        if (shown.ValueId is { } id)
        {
            sent.ValueText -= @event is DisplayedValueUpdated ? sent.Sizes.GetValueOrDefault(id) : 0;
            sent.Sizes[id] = size;
        }

        sent.IsTooLarge = sent.ValueText > MaxValueText;
        return !sent.IsTooLarge
            ? @event
            : new TooLarge(new ErrorProduced(string.Create(CultureInfo.InvariantCulture,
                $"What the cell shows is too large: {sent.ValueText / 1_000_000:N0} million characters, "
                + $"and {MaxValueText / 1_000_000} million is the most."), command));
    }

    private Sent SentOf(KernelCommand? command) => _cells.GetOrAdd(command?.GetOrCreateToken().Split('.')[0] ?? "", _ => new Sent());

    /// <summary>The stack trace is at the end of a failure's text.</summary>
    private static string Shortened(string text) => text[..(MaxFailureText * 9 / 10)]
        + FormattableString.Invariant($"\n… {text.Length - MaxFailureText:N0} characters are left out …\n")
        + text[^(MaxFailureText / 10)..];

    private sealed record TooLarge(ErrorProduced Event);

    private sealed class Sent
    {
        public int ConsoleText { get; set; }

        public bool IsCut { get; set; }

        public long ValueText { get; set; }

        public bool IsTooLarge { get; set; }

        public Dictionary<string, long> Sizes { get; } = []; // of the values that can be updated
    }

    private sealed class Update(DisplayedValueUpdated newest)
    {
        public DisplayedValueUpdated Newest { get; set; } = newest;
    }

    private sealed class ConsoleText(DisplayEvent first)
    {
        private bool _taken;

        public StringBuilder Text { get; } = new();

        public bool Takes(DisplayEvent other) => !_taken && other.GetType() == first.GetType() && other.Command == first.Command;

        public KernelEvent Take()
        {
            _taken = true;
            FormattedValue[] value = [new(PlainTextFormatter.MimeType, Text.ToString())];
            return first is StandardOutputValueProduced
                ? new StandardOutputValueProduced(first.Command, value)
                : new StandardErrorValueProduced(first.Command, value);
        }
    }
}
