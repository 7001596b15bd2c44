using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>One run of a cell: collects what the kernel reports, within bounds, and knows how the cell ended.</summary>
/// <param name="cell">The cell, with the text that runs.</param>
/// <param name="maxText">The most console text that is kept, in characters.</param>
internal sealed class CellRun(Cell cell, int maxText = 2_000_000)
{
    /// <summary>
    /// The most values and warnings of one cell that are kept, and the most pieces of console text between them or of changing streams.
    /// A failure is always kept.
    /// </summary>
    internal const int MaxOutputs = 1000;

    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly List<Output> _outputs = [];
    private readonly HashSet<string> _warnings = [];
    private TimeSpan? _elapsed;
    private int _textLength;
    private int _texts;
    private bool _outputsCut, _wroteError;

    public Cell Cell => cell;

    /// <summary>What the cell has shown so far. Console text that came in pieces is one output.</summary>
    public IReadOnlyList<Output> Outputs => _outputs;

    /// <summary>The last verdict that the cell has shown; null if there is none.</summary>
    public Verdict? Verdict { get; private set; }

    /// <summary>Why the cell failed; null while it has not.</summary>
    public CellEvent.Failed? Failure { get; private set; }

    /// <summary>True when the cell has ended.</summary>
    public bool HasEnded => _elapsed is not null;

    public TimeSpan Elapsed => _elapsed ?? Stopwatch.GetElapsedTime(_started);

    /// <summary>True if text on the error stream makes the cell fail.</summary>
    public bool ErrorStreamFails { get; init; } = true;

    /// <summary>Takes an event.</summary>
    /// <returns>What was added to the outputs, or put in the place of the one with the same id; null if nothing was.</returns>
    public Output? Receive(CellEvent cellEvent)
    {
        switch (cellEvent)
        {
            case CellEvent.Printed printed:
                return Print(printed.ToErrorStream ? OutputKind.StandardError : OutputKind.StandardOutput, printed.Text);
            case CellEvent.Shown shown:
                Verdict = shown.Verdict ?? Verdict;
                return Show(new Output(OutputKind.Display, shown.Text, shown.Html, shown.Id), shown.IsUpdate);
            case CellEvent.Warned warned when _warnings.Add(warned.Text):
                return Add(new Output(OutputKind.Warning, warned.Text));
            case CellEvent.Failed failed:
                Failure ??= failed;
                break;
            case CellEvent.Ended:
                _elapsed ??= Stopwatch.GetElapsedTime(_started);
                if (ErrorStreamFails && Failure is null && _wroteError)
                {
                    Failure = new CellEvent.Failed(FailureReason.ErrorStream, new Problem(cell.File, cell.Number, cell.Line,
                        "The cell wrote to the error stream, which counts as a failure in some notebook hosts.", "Write to Console.Out."));
                }

                break;
        }

        return null;
    }

    /// <summary>Ends a run that the kernel will not end: it was stopped, or the kernel is gone.</summary>
    public void Fail(FailureReason reason, string message, string wayOut = "", string? details = null)
    {
        Failure ??= new CellEvent.Failed(reason, new Problem(cell.File, cell.Number, cell.Line, message, wayOut), details);
        Receive(new CellEvent.Ended());
    }

    /// <summary>Text that an earlier cell, or native code, wrote while this cell ran or after it.</summary>
    public Output? ReceiveLate(string text) => Print(OutputKind.Note, text);

    /// <summary>The run as a result, for reports.</summary>
    public CellResult Result() => new(
        cell.Number, cell.Line, Failure is null ? CellStatus.Ok : CellStatus.Failed, Elapsed.TotalMilliseconds,
        [.. _outputs.Where(o => o.Text.Length > 0 || o.Html is not null)], Failure?.Problem, Failure?.Details, Failure?.Reason, Verdict);

    private Output? Print(OutputKind kind, string text)
    {
        _wroteError |= kind == OutputKind.StandardError && text.Length > 0;
        if (_textLength >= maxText || text.Length == 0)
            return null;
        var isNew = _outputs is not [.., var last] || last.Kind != kind;
        if (isNew && _texts >= MaxOutputs)
            return Cut();
        _texts += isNew ? 1 : 0;
        if (text.Length > maxText - _textLength)
            text = text[..(maxText - _textLength)]
                + FormattableString.Invariant($"\n… the rest is not shown: more than {maxText:N0} characters.\n");
        _textLength += text.Length;
        return Append(_outputs, new Output(kind, text));
    }

    private Output? Show(Output output, bool isUpdate)
    {
        if (isUpdate && _outputs.FindIndex(o => o.Id == output.Id) is >= 0 and var known)
            return _outputs[known] = output;
        return isUpdate ? null : Add(output);
    }

    private Output? Add(Output output)
    {
        if (_outputs.Count - _texts >= MaxOutputs)
            return Cut();
        return Append(_outputs, output);
    }

    private Output? Cut()
    {
        if (_outputsCut)
            return null;
        _outputsCut = true;
        return Append(_outputs, new Output(OutputKind.Note,
            FormattableString.Invariant($"… the rest is not shown: the cell has more than {MaxOutputs:N0} outputs.\n")));
    }

    /// <summary>Adds an output to a list; console text is appended to text of the same kind before it.</summary>
    /// <returns>What was added.</returns>
    internal static Output Append(List<Output> outputs, Output output)
    {
        if (output.Kind is OutputKind.StandardOutput or OutputKind.StandardError or OutputKind.Note
            && outputs is [.., var last] && last.Kind == output.Kind)
            outputs[^1] = last with { Text = last.Text + output.Text };
        else
            outputs.Add(output);
        return output;
    }
}
