using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using TracingTutorial.Host.Kernel;
using TracingTutorial.Host.Notebooks;
using TracingTutorial.Host.Running;

namespace TracingTutorial.Host.Player;

/// <summary>
/// Turns the engine's events into outputs, keeps them, and tells them: console text 25 times a second at most, for a cell that
/// prints fast must not drown the page.
/// </summary>
internal sealed class OutputCollector(Lock gate, Func<int, List<Output>> outputsOf, Action<int, Output> tell)
{
    private const int MostText = 300_000, MostPieces = 1000;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(40);

    private readonly StringBuilder _text = new();
    private (int Cell, string Kind) _textOf;
    private Timer? _timer;
    private int _textLength;

    /// <summary>The text form of the last value that was shown.</summary>
    public string LastText { get; private set; } = "";

    /// <summary>A cell begins.</summary>
    public void Begin() => (LastText, _textLength) = ("", 0);

    /// <summary>A cell has an output.</summary>
    public void Add(int cell, Output output)
    {
        if (output.Kind is not ("out" or "err" or "late"))
        {
            Flush();
            if (output.Kind is "html" or "text")
                LastText = output.Plain ?? output.Text;
            var outputs = outputsOf(cell);
            if (outputs.Count >= MostPieces && output.Id is null)
                return;
            Put(outputs, output);
            tell(cell, output);
            return;
        }

        if (_text.Length > 0 && _textOf != (cell, output.Kind))
            Flush();
        if (_textLength >= MostText)
            return;
        var text = output.Text.Length <= MostText - _textLength ? output.Text
            : output.Text[..(MostText - _textLength)] + FormattableString.Invariant($"\n… the rest is not shown: more than {MostText:N0} characters.\n");
        _textLength += text.Length;
        _textOf = (cell, output.Kind);
        _text.Append(text);
        _timer ??= new Timer(_ =>
        {
            lock (gate)
                Flush();
        });
        if (_text.Length == text.Length)
            _timer.Change(Pace, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Tells what waits.</summary>
    public void Flush()
    {
        if (_text.Length == 0)
            return;
        var output = new Output(_textOf.Kind, _text.ToString());
        _text.Clear();
        Put(outputsOf(_textOf.Cell), output);
        tell(_textOf.Cell, output);
    }

    /// <summary>Adds an output to those of a cell: text to the text before it, a value in the place of the one that it updates.</summary>
    public static void Put(List<Output> outputs, Output output)
    {
        if (output.Id is { } id && outputs.FindIndex(o => o.Id == id) is >= 0 and var at)
            outputs[at] = output;
        else if (output.Kind is "out" or "err" or "late" && outputs is [.., var last] && last.Kind == output.Kind)
            outputs[^1] = last with { Text = last.Text + output.Text };
        else
            outputs.Add(output);
    }

    /// <summary>The outputs in an event.</summary>
    public static IEnumerable<Output> Of(Envelope envelope)
    {
        switch (envelope.EventType)
        {
            case "StandardOutputValueProduced":
                yield return new Output("out", envelope.Text);
                break;
            case "StandardErrorValueProduced":
                yield return new Output("err", envelope.Text);
                break;
            case "DisplayedValueProduced" or "DisplayedValueUpdated" or "ReturnValueProduced":
                var (id, html, text) = (envelope.ValueId, envelope.Formatted("text/html"), envelope.Formatted("text/plain"));
                yield return html is null ? new Output("text", text ?? "", id) : new Output("html", html, id) { Plain = text };
                break;
            case "ErrorProduced":
                yield return new Output("error", envelope.Message);
                break;
            case "DiagnosticsProduced":
                foreach (var warning in envelope.Warnings)
                    yield return new Output("warning", warning);
                break;
        }
    }

    /// <summary>Why a cell failed: where, what, and the way out.</summary>
    public static string MessageOf(Cell cell, Envelope failed)
    {
        var (problem, details) = Failure.Of(cell, failed.Message);
        var line = problem.Line is { } number && problem.File == cell.File ? $"Line {number - cell.Line + 1}: " : problem.File == cell.File ? "" : $"{Paths.Display(problem.File)}:{problem.Line}: ";
        return string.Join('\n', ((string[])[line + problem.Message, problem.WayOut.Length > 0 ? "→ " + problem.WayOut : "", details ?? ""]).Where(part => part.Length > 0));
    }

    /// <summary>The file that an import compiles now; null for other events.</summary>
    public static string? ProgressOf(Envelope envelope)
    {
        if (envelope.EventType != "CodeSubmissionReceived" || envelope.Token == envelope.RootToken)
            return null;
        var code = envelope.Event.GetProperty("code").GetString()!;
        var line = code.Split('\n').FirstOrDefault(l => l.StartsWith("#line ", StringComparison.Ordinal));
        return line?.Split('"') is [_, var file, ..] ? file : null;
    }
}
