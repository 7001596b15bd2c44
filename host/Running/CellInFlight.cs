using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using TracingTutorial.Host.Kernel;
using TracingTutorial.Host.Notebooks;

namespace TracingTutorial.Host.Running;

/// <summary>A cell while it runs: collects what the engine says about it.</summary>
internal sealed class CellInFlight(Cell cell, Action<RunEvent> tell)
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly List<(string? Id, CellOutput Output)> _outputs = [];
    private readonly List<string> _errors = [];
    private readonly HashSet<string> _warnings = [];
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Cell Cell => cell;

    /// <summary>What its command is known by.</summary>
    public string Token { get; } = $"cell{cell.Number}";

    /// <summary>Ends when the engine has said how the cell ended.</summary>
    public Task Done => _done.Task;

    /// <summary>True when the time of the cell is up: its process has to be ended.</summary>
    public bool TimeIsUp { get; private set; }

    /// <summary>True when later cells cannot work without what this one should have brought.</summary>
    public bool LeavesNamesOut => _errors.Count > 0 && Failure.LeavesNamesOut(cell, _errors[0]);

    /// <summary>Takes an event that this cell has caused.</summary>
    public void Hear(Envelope envelope)
    {
        switch (envelope.EventType)
        {
            case "StandardOutputValueProduced":
                Print(new CellOutput(OutputKind.StandardOutput, envelope.Text));
                break;
            case "StandardErrorValueProduced":
                Print(new CellOutput(OutputKind.StandardError, envelope.Text));
                break;
            case "DisplayedValueProduced" or "ReturnValueProduced" or "DisplayedValueUpdated":
                Show(envelope, envelope.EventType == "DisplayedValueUpdated");
                break;
            case "DiagnosticsProduced":
                foreach (var text in envelope.Warnings.Where(_warnings.Add))
                    Print(new CellOutput(OutputKind.Warning, text + "\n"));
                break;
            case "ErrorProduced":
                _errors.Add(envelope.Message);
                break;
            case "CommandFailed" when envelope.Token == Token:
                TimeIsUp = envelope.Message.StartsWith(CellClock.TimeIsUp, StringComparison.Ordinal);
                _errors.Insert(0, envelope.Message); // A compile error comes twice: this form is the whole.
                _done.TrySetResult();
                break;
            case "CommandSucceeded" when envelope.Token == Token:
                _done.TrySetResult();
                break;
        }
    }

    public void Print(CellOutput output)
    {
        // Console text comes in pieces; kept as one.
        if (output.Kind != OutputKind.Display && _outputs is [.., { Output: var last }] && last.Kind == output.Kind)
            _outputs[^1] = (null, output with { Text = last.Text + output.Text });
        else
            _outputs.Add((null, output));
        tell(new RunEvent.Printed(output));
    }

    /// <summary>How the cell ended, after <see cref="Done"/>.</summary>
    public CellResult Result()
    {
        if (_errors.Count > 0)
        {
            var (problem, details) = Failure.Of(cell, _errors[0]);
            return Result(CellStatus.Failed, problem, details);
        }

        return _outputs.All(o => o.Output.Kind != OutputKind.StandardError)
            ? Result(CellStatus.Ok)
            : Result(CellStatus.Failed, new Problem(cell.File, cell.Number, cell.Line,
                "The cell wrote to the error stream: some notebook hosts count that as a failure.", "Write to Console.Out."));
    }

    public CellResult Result(CellStatus status, Problem? problem = null, string? details = null) =>
        new(cell.Number, cell.Line, status, Stopwatch.GetElapsedTime(_started).TotalMilliseconds,
            [.. _outputs.Select(o => o.Output).Where(o => o.Text.Length > 0 || o.Html is not null)], problem, details);

    private void Show(Envelope shown, bool update)
    {
        var (id, html) = (shown.ValueId, shown.Formatted("text/html"));
        var text = shown.Formatted("text/plain") ?? html ?? "";
        var output = new CellOutput(OutputKind.Display, text, html);
        if (text.Contains("Installing Packages", StringComparison.Ordinal))
        {
            if (!update)
                tell(new RunEvent.CellBusy("restoring packages"));
            return;
        }

        var known = update ? _outputs.FindIndex(o => o.Id == id) : -1;
        if (known >= 0)
            _outputs[known] = (id, output);
        else if (!update)
        {
            _outputs.Add((id, output));
            tell(new RunEvent.Printed(output));
        }
    }
}
