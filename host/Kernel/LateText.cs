using System;
using System.Collections.Concurrent;
using System.IO;
using System.Text;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.CSharp;
using Microsoft.DotNet.Interactive.Utility;

namespace TracingTutorial.Host.Kernel;

/// <summary>
/// What a thread of an earlier cell prints while another cell runs. The engine takes the console for each cell anew, knows by
/// the flow of calls who writes, and loses text of any other flow. Such text goes to the process's own output here, as it does
/// when no cell runs: the other side shows it as printed later.
/// </summary>
internal sealed class LateText : TextWriter
{
    private readonly TextWriter _own;
    private readonly ConcurrentDictionary<int, bool> _running; // the flows of the running cell: its own, and those of its imports
    private TextWriter _engine = Null;
    private TextWriter? _shown; // this, as the console shows it

    private LateText(TextWriter own, ConcurrentDictionary<int, bool> running) => (_own, _running) = (own, running);

    public override Encoding Encoding => _own.Encoding;

    private TextWriter Current => AsyncContext.Id is { } flow && _running.ContainsKey(flow) ? _engine : _own;

    /// <summary>Is before the engine's own writers while a cell runs. Called before the first cell.</summary>
    public static void Use(CSharpKernel csharp)
    {
        var running = new ConcurrentDictionary<int, bool>();
        var (own, depth) = (Console.Out, 0);
        Console.SetError(own); // for the time when no cell runs; the runtime does not use this when it crashes
        var (output, error) = (new LateText(own, running), new LateText(own, running));
        csharp.AddMiddleware(async (command, context, next) =>
        {
            if (command is not SubmitCode || AsyncContext.Id is not { } flow)
            {
                await next(command, context);
                return;
            }

            depth++;
            output.Take(Console.Out, Console.SetOut, () => Console.Out);
            error.Take(Console.Error, Console.SetError, () => Console.Error);
            running[flow] = true;
            try
            {
                await next(command, context);
            }
            finally
            {
                if (--depth == 0)
                    running.Clear();
            }
        });
    }

    /// <summary>The engine has taken a stream for this cell; at its end it puts back what was there before.</summary>
    private void Take(TextWriter present, Action<TextWriter> set, Func<TextWriter> get)
    {
        if (present == _shown)
            return;
        _engine = present;
        set(this);
        _shown = get();
    }

    public override void Write(char value) => Current.Write(value);

    public override void Write(char[] buffer, int index, int count) => Current.Write(buffer, index, count);

    public override void Write(string? value) => Current.Write(value);

    public override void WriteLine(string? value) => Current.WriteLine(value);
}
