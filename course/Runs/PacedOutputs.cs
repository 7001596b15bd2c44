using System;
using System.Text;
using System.Threading;

namespace TracingTutorial.Course.Runs;

/// <summary>Sends outputs; console text 25 times a second at most, because a cell that prints fast must not occupy the page.</summary>
internal sealed class PacedOutputs : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(40);

    private readonly StringBuilder _text = new(); // console text that is not sent yet
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

    public void Send(int cell, Output output)
    {
        var isText = output.Kind is OutputKind.StandardOutput or OutputKind.StandardError or OutputKind.Note;
        if (!isText || _textOf != (cell, output.Kind))
            Flush();
        if (!isText)
        {
            _send(cell, output);
            return;
        }

        if (_text.Length == 0)
            _timer.Change(Pace, Timeout.InfiniteTimeSpan);
        _textOf = (cell, output.Kind);
        _text.Append(output.Text);
    }

    /// <summary>Sends the text that waits.</summary>
    public void Flush()
    {
        if (_text.Length == 0)
            return;
        _send(_textOf.Cell, new Output(_textOf.Kind, _text.ToString()));
        _text.Clear();
    }

    public void Dispose() => _timer.Dispose();
}
