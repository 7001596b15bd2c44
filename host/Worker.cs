using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace TracingTutorial.Host;

/// <summary>The process that runs one notebook and reports each step on its standard output (<see cref="WorkerEvent"/>).</summary>
internal sealed class Worker
{
    /// <summary>A cell that prints more than this (in characters) is cut: an endless loop must not fill the memory.</summary>
    private const int MostConsoleText = 1_000_000;

    private readonly Lock _gate = new();
    private readonly TextWriter _events;
    private readonly AsyncLocal<object?> _cellOfThisFlow = new();
    private object? _runningCell;
    private int _printed;
    private bool _wroteToStandardError;

    private Worker(TextWriter events) => _events = events;

    /// <summary>Runs the notebook at <paramref name="path"/>; with a <paramref name="solutions"/> notebook, its exercise cells take the learner's place.</summary>
    public static async Task<int> RunAsync(string path, string? solutions)
    {
        var worker = new Worker(new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true });
        EndWithParent();
        Console.SetIn(TextReader.Null);
        Console.SetOut(new CellConsole(worker, OutputKind.StandardOutput));
        Console.SetError(new CellConsole(worker, OutputKind.StandardError));
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

        var notebook = Notebook.Load(path);
        Environment.CurrentDirectory = Path.GetDirectoryName(notebook.Path)!; // As VS Code does.
        await worker.RunCellsAsync(solutions is null ? notebook : Solutions.SwapIn(notebook, Notebook.Load(solutions)));
        return 0;
    }

    private async Task RunCellsAsync(Notebook notebook)
    {
        var kernel = new ScriptKernel(
            new PackageRestore(PackageRestore.DefaultCacheFolder, Path.GetDirectoryName(notebook.Path)!),
            Show,
            with => Send(with is null ? new CellResumed() : new CellBusy(with)));
        await kernel.WarmUpAsync();

        foreach (var cell in notebook.Cells.Where(c => c.Kind == CellKind.CSharp))
        {
            Send(new CellStarted(cell.Number));
            // A flow of its own: what a cell leaves in AsyncLocals does not reach the next one.
            var ended = await Task.Run(() => RunCellAsync(kernel, cell));
            Send(ended);
            // Like the notebook hosts, go on after a failure; but what needs an import or a package cannot work without it.
            if (ended.Status == CellStatus.Failed && (cell.ImportPath is not null || Dialect.References(cell).Any()))
                break;
        }

        Send(new NotebookEnded(Process.GetCurrentProcess().PeakWorkingSet64));
    }

    private async Task<CellEnded> RunCellAsync(ScriptKernel kernel, Cell cell)
    {
        var clock = Stopwatch.StartNew();
        CellEnded Ended(CellStatus status, Problem? problem = null, string? details = null) =>
            new(status, clock.Elapsed.TotalMilliseconds, problem, details);

        _printed = 0;
        _wroteToStandardError = false;
        _cellOfThisFlow.Value = _runningCell = new object();
        // .NET Interactive leaves such an activity in every cell: unsampled, of no source. A notebook that does not
        // deal with it records nothing there, so it must fail here too.
        var ambient = new Activity("KernelInvocationContext").Start();
        try
        {
            var value = await kernel.RunAsync(cell, CancellationToken.None);
            if (value is not null)
                Show(value);
            Console.Error.Flush();
            return !_wroteToStandardError
                ? Ended(CellStatus.Ok)
                : Ended(CellStatus.Failed, new Problem(cell.File, cell.Number, cell.Line,
                    "The cell wrote to the error stream: Verso counts that as a failure.", "Write to Console.Out."));
        }
        catch (CellFailure failure)
        {
            return Ended(CellStatus.Failed, failure.Problem, failure.Details);
        }
        catch (NotebookException failure)
        {
            return Ended(CellStatus.Failed, failure.Problems[0], string.Join('\n', failure.Problems.Skip(1)));
        }
        catch (RestoreException failure)
        {
            var status = cell.IsOptional && failure.PackageIsInNoFeed ? CellStatus.Skipped : CellStatus.Failed;
            return Ended(status, new Problem(cell.File, cell.Number, cell.Line, failure.Message, failure.WayOut));
        }
        catch (Exception e)
        {
            // The cell itself ran; what is left is its value, whose ToHtml or ToString threw.
            var cause = e is TargetInvocationException { InnerException: { } inner } ? inner : e;
            return Ended(CellStatus.Failed, new Problem(cell.File, cell.Number, cell.Line,
                $"The value of the cell cannot be shown: {cause.GetType().Name}: {cause.Message}", "Look at its ToHtml and ToString."), cause.ToString());
        }
        finally
        {
            ambient.Stop();
            Console.Out.Flush();
            Console.Error.Flush();
            _runningCell = null;
        }
    }

    private void Show(object? value) => Send(new CellPrinted(new CellOutput(OutputKind.Display, Text(value), Html(value))));

    /// <summary>The HTML of an object with a public method <c>string ToHtml()</c>, otherwise null.</summary>
    private static string? Html(object? value)
    {
        var method = value?.GetType().GetMethod("ToHtml", BindingFlags.Public | BindingFlags.Instance, []);
        return method?.ReturnType == typeof(string) ? (string?)method.Invoke(value, null) : null;
    }

    private static string Text(object? value) => value switch
    {
        null => "null",
        string text => text,
        IDictionary or not IEnumerable => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        IEnumerable items => "[" + string.Join(", ", items.Cast<object?>().Take(100).Select(Text)) + "]",
    };

    private void Send(WorkerEvent @event)
    {
        lock (_gate)
            _events.WriteLine(@event.ToLine());
    }

    private void Print(OutputKind kind, string text)
    {
        lock (_gate)
        {
            _wroteToStandardError |= kind == OutputKind.StandardError;
            if (_cellOfThisFlow.Value is not { } cell || cell != _runningCell)
            {
                kind = OutputKind.Note;
                text = "(written outside the cell that was running: VS Code does not show it) " + text;
            }

            var left = MostConsoleText - _printed;
            if (left <= 0)
                return;
            _printed += text.Length;
            if (text.Length > left)
                text = text[..left] + $"\n… the rest is left out: the cell printed more than {MostConsoleText:N0} characters.";
            _events.WriteLine(new CellPrinted(new CellOutput(kind, text)).ToLine());
        }
    }

    /// <summary>Standard input is held open by the parent: its end means that the parent is gone.</summary>
    private static void EndWithParent()
    {
        var input = Console.OpenStandardInput();
        var watch = new Thread(() =>
        {
            while (input.Read(new byte[16]) > 0)
            {
            }

            Environment.Exit(1);
        })
        { IsBackground = true };
        watch.Start();
    }

    /// <summary>The console of the notebook: text goes, a line at a time where it can, to the cell that wrote it.</summary>
    private sealed class CellConsole(Worker worker, OutputKind kind) : TextWriter
    {
        private readonly StringBuilder _line = new();

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => Write(value.ToString());

        public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

        public override void Write(string? value)
        {
            if (string.IsNullOrEmpty(value))
                return;
            string? full = null;
            lock (_line)
            {
                _line.Append(value);
                if (value.Contains('\n') || _line.Length > 8192)
                {
                    full = _line.ToString();
                    _line.Clear();
                }
            }

            if (full is not null)
                worker.Print(kind, full);
        }

        public override void WriteLine(string? value) => Write(value + "\n");

        public override void WriteLine() => Write("\n");

        public override void Flush()
        {
            string rest;
            lock (_line)
            {
                rest = _line.ToString();
                _line.Clear();
            }

            if (rest.Length > 0)
                worker.Print(kind, rest);
        }
    }
}

/// <summary>Notebooks of solved exercises.</summary>
internal static class Solutions
{
    /// <summary>The notebook of solutions that belongs to a lesson, or null when it has none.</summary>
    public static string? PathFor(string notebook)
    {
        var path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(notebook))!, "solutions", Path.GetFileName(notebook));
        return File.Exists(path) ? path : null;
    }

    /// <summary>The lesson with each exercise cell replaced by the solution of the same number; the rest stays.</summary>
    /// <exception cref="NotebookException">The two notebooks do not hold the same exercises.</exception>
    public static Notebook SwapIn(Notebook lesson, Notebook solutions)
    {
        var solved = solutions.Cells.Where(c => c.Exercise is not null).ToLookup(c => c.Exercise!);
        var asked = lesson.Cells.Where(c => c.Exercise is not null).ToLookup(c => c.Exercise!);
        var problems = new List<Problem>();
        foreach (var exercise in asked.Where(e => solved[e.Key].Count() != 1))
        {
            problems.Add(new Problem(solutions.Path, null, null, $"Exercise {exercise.Key} has {solved[exercise.Key].Count()} solutions here; it needs one.",
                $"Add a cell that begins with `{exercise.First().FirstLine}`."));
        }

        foreach (var stray in solved.Where(s => !asked.Contains(s.Key)))
        {
            problems.Add(new Problem(solutions.Path, stray.First().Number, stray.First().Line,
                $"{Paths.Display(lesson.Path)} has no exercise {stray.Key}.", "Correct the number, or remove the cell."));
        }

        return problems.Count > 0
            ? throw new NotebookException([.. problems])
            : lesson with
            {
                Cells = [.. lesson.Cells.Select(c => c.Exercise is { } number ? solved[number].Single() with { Number = c.Number } : c)],
            };
    }
}
