using System;
using System.Collections.Concurrent;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Kernel;

/// <summary>
/// The engine of .NET Interactive in a process of its own, as <see cref="IKernel"/>: the only place outside of that process that
/// knows the engine's events by name.
/// </summary>
internal sealed class EngineKernel : IKernel
{
    private readonly KernelProcess _process;
    private readonly Action<string> _late;
    private readonly TimeSpan? _toolLimit;
    private readonly EditorQuestions _questions;
    private readonly ConcurrentDictionary<string, EngineCell> _cells = new();
    private int _submitted;
    private Task _sending = Task.CompletedTask; // one command after the other

    private EngineKernel(Func<Action<Envelope>, KernelProcess> start, Action<string> late, TimeSpan? toolLimit)
    {
        (_late, _toolLimit) = (late, toolLimit);
        _questions = new EditorQuestions(SendAsync);
        _process = start(Receive);
        Ended = EndAsync();
    }

    public Task Ready => _process.Ready;

    public Task<KernelEnd> Ended { get; }

    public long PeakMemoryBytes => _toolLimit is null ? _process.PeakMemoryBytes : 0; // the tool is a child of the process that we know

    /// <summary>Starts kernels of our own (<see cref="KernelChild"/>).</summary>
    /// <param name="limit">The longest a cell may run; null for ever.</param>
    public static StartKernel Own(TimeSpan? limit) =>
        (folder, late) => new EngineKernel(receive => KernelProcess.Start(folder, limit, receive, late), late, null);

    /// <summary>Starts <c>dotnet-interactive stdio</c>, as the extension of VS Code does.</summary>
    /// <param name="root">The root of the clone, whose tool manifest names the version.</param>
    /// <param name="limit">The longest a cell may take, with what it restores.</param>
    public static StartKernel Tool(string root, TimeSpan limit) =>
        (folder, late) => new EngineKernel(receive => KernelProcess.StartTool(root, folder, receive), late, limit);

    public void Submit(Cell cell, Action<CellEvent> receive)
    {
        var token = FormattableString.Invariant($"cell-{Interlocked.Increment(ref _submitted)}");
        var running = _cells[token] = new EngineCell(cell, token, receive);
        _sending = SendInOrderAsync(_sending);

        async Task SendInOrderAsync(Task earlier)
        {
            await earlier;
            try
            {
                // The tool gets the text as VS Code sends it; our kernel gets the lines of the file with it.
                var code = _toolLimit is null ? cell.ToSubmission() : cell.Source;
                await _process.SendAsync(token, "SubmitCode", new { code, targetKernelName = "csharp" });
                if (_toolLimit is { } limit)
                    _ = StopAsync(running, limit);
            }
            catch (Exception e) when (e is IOException or KernelException)
            {
                // It has ended, which Ended says.
            }
        }
    }

    // A text that is only typed must not end the process, and with it all names of the learner.
    public Task<JsonElement?> AskAsync(EditorQuestion question) =>
        Ready.IsCompletedSuccessfully && _cells.IsEmpty && !CSharpText.IsTooDeep(question.Code)
            ? _questions.AskAsync(question) : Task.FromResult<JsonElement?>(null);

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private Task SendAsync(string token, string type, object command) => _process.SendAsync(token, type, command);

    private async Task StopAsync(EngineCell cell, TimeSpan limit)
    {
        if (await Task.WhenAny(cell.HasEnded, Ended, Task.Delay(limit)) is var first && first != cell.HasEnded && first != Ended)
        {
            cell.Stop(CellClock.Message(limit));
            _process.Kill();
        }
    }

    private async Task<KernelEnd> EndAsync()
    {
        var exitCode = await _process.Ended;
        _questions.GiveUp();
        return new KernelEnd(exitCode, _process.ErrorText);
    }

    private void Receive(Envelope envelope)
    {
        if (_questions.Receive(envelope))
            return;
        if (_cells.TryGetValue(envelope.RootToken, out var cell))
        {
            cell.Receive(envelope);
            if (cell.HasEnded.IsCompleted)
                _cells.TryRemove(envelope.RootToken, out _);
        }
        else if (envelope.EventType == "StandardOutputValueProduced")
        {
            _late(envelope.Text);
        }
    }

    /// <summary>One submitted cell: turns the engine's events into those of the course.</summary>
    private sealed class EngineCell(Cell cell, string token, Action<CellEvent> receive)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private (FailureReason? Reason, string Message)? _error;

        public Task HasEnded => _ended.Task;

        public void Receive(Envelope envelope)
        {
            switch (envelope.EventType)
            {
                case "StandardOutputValueProduced":
                    receive(new CellEvent.Printed(envelope.Text));
                    break;
                case "StandardErrorValueProduced":
                    receive(new CellEvent.Printed(envelope.Text, ToErrorStream: true));
                    break;
                case "DisplayedValueProduced" or "ReturnValueProduced" or "DisplayedValueUpdated":
                    Show(envelope);
                    break;
                case "DiagnosticsProduced":
                    foreach (var warning in envelope.Warnings)
                        receive(new CellEvent.Warned(warning + "\n"));
                    break;
                case "CodeSubmissionReceived" when envelope.Token != token && envelope.SubmittedFile is { } file:
                    receive(new CellEvent.Progress(file));
                    break;
                case "ErrorProduced":
                    _error ??= (envelope.Reason, envelope.Message);
                    break;
                case "CommandFailed" when envelope.Token == token: // says all compile errors; ErrorProduced says one
                    End(EngineFailure.Of(cell, envelope.Reason, envelope.Message));
                    break;
                case "CommandSucceeded" when envelope.Token == token:
                    End(_error is var (reason, message) ? EngineFailure.Of(cell, reason, message) : null);
                    break;
            }
        }

        /// <summary>Ends the cell because its time is up.</summary>
        public void Stop(string message) => End(EngineFailure.Of(cell, FailureReason.Time, message));

        private void End(CellEvent.Failed? failed)
        {
            if (!_ended.TrySetResult())
                return;
            if (failed is not null)
                receive(failed);
            receive(new CellEvent.Ended());
        }

        private bool Restores => cell.ImportPath is not null || Dialect.References(cell).Any(r => r.Version is not null);

        private void Show(Envelope shown)
        {
            var html = shown.Formatted("text/html");
            var text = shown.Formatted("text/plain") ?? html ?? "";
            var isUpdate = shown.EventType == "DisplayedValueUpdated";
            if (!text.Contains("Installing Packages", StringComparison.Ordinal) || !Restores)
                receive(new CellEvent.Shown(text, html, shown.ValueId, isUpdate, VerdictIn(shown)));
            else if (!isUpdate)
                receive(new CellEvent.Progress("restoring packages"));
        }

        private static Verdict? VerdictIn(Envelope shown) =>
            shown.Formatted(Verdict.MimeType) is { Length: > 0 } json
                ? JsonSerializer.Deserialize<Verdict>(json, JsonSerializerOptions.Web)
                : null;
    }
}
