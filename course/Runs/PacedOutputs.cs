using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;

namespace TracingTutorial.Course.Runs;

/// <summary>
/// Sends outputs; console text and updates of a value 25 times a second at most, because a cell that prints fast must not occupy the page.
/// </summary>
internal sealed class PacedOutputs : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(40);

    private readonly StringBuilder _text = new(); // console text that is not sent yet
    private readonly HashSet<string> _shown = []; // the ids of values that the running cell has shown
    private readonly Dictionary<string, (int Cell, Output Output)> _updates = []; // those that are not sent yet
    private readonly Action<int, Output> _send;
    private readonly Timer _timer;
    private (int Cell, OutputKind Kind) _textOf;

    /// <param name="post">Puts an action into the session's order, in which all of this happens.</param>
    /// <param name="send">Takes an output of a cell.</param>
    public PacedOutputs(Action<Action> post, Action<int, Output> send)
    {
        _send = send;
        _timer = new Timer(_ => post(Flush));
    }

    /// <summary>A cell begins: sends what waits.</summary>
    public void Begin()
    {
        Flush();
        _shown.Clear();
    }

    public void Send(int cell, Output output)
    {
        if (output.Id is { } id && !_shown.Add(id))
        {
            Wait();
            _updates[id] = (cell, output);
            return;
        }

        var isText = output.Kind is OutputKind.StandardOutput or OutputKind.StandardError or OutputKind.Note;
        if (!isText || _textOf != (cell, output.Kind))
            Flush();
        if (!isText)
        {
            _send(cell, output);
            return;
        }

        Wait();
        _textOf = (cell, output.Kind);
        _text.Append(output.Text);
    }

    /// <summary>Sends what waits.</summary>
    public void Flush()
    {
        if (_text.Length > 0)
            _send(_textOf.Cell, new Output(_textOf.Kind, _text.ToString()));
        _text.Clear();
        foreach (var (cell, output) in _updates.Values)
            _send(cell, output);
        _updates.Clear();
    }

    public void Dispose() => _timer.Dispose();

    private void Wait()
    {
        if (_text.Length == 0 && _updates.Count == 0)
            _timer.Change(Pace, Timeout.InfiniteTimeSpan);
    }
}
