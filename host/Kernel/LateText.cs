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
    private readonly TextWriter _own = Console.Out;
    private readonly ConcurrentDictionary<int, bool> _running = new(); // the flows of the running cell: its own, and those of its imports
    private TextWriter _engine = Null;
    private TextWriter? _shown; // this, as the console shows it
    private int _depth;

    private LateText()
    {
    }

    public override Encoding Encoding => _own.Encoding;

    private TextWriter Current => AsyncContext.Id is { } flow && _running.ContainsKey(flow) ? _engine : _own;

    /// <summary>Stands before the engine's own writer while a cell runs. Called before the first cell.</summary>
    public static void Use(CSharpKernel csharp)
    {
        var late = new LateText();
        csharp.AddMiddleware(async (command, context, next) =>
        {
            if (command is not SubmitCode || AsyncContext.Id is not { } flow)
            {
                await next(command, context);
                return;
            }

            late._depth++;
            if (Console.Out != late._shown)
            {
                // The engine has taken the console for this cell; at its end it puts back what was there before.
                late._engine = Console.Out;
                Console.SetOut(late);
                late._shown = Console.Out;
            }

            late._running[flow] = true;
            try
            {
                await next(command, context);
            }
            finally
            {
                if (--late._depth == 0)
                    late._running.Clear();
            }
        });
    }

    public override void Write(char value) => Current.Write(value);

    public override void Write(char[] buffer, int index, int count) => Current.Write(buffer, index, count);

    public override void Write(string? value) => Current.Write(value);

    public override void WriteLine(string? value) => Current.WriteLine(value);
}
