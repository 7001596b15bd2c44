using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace TracingTutorial.Host;

/// <summary>What became of one C# cell.</summary>
/// <param name="Number">Position among all cells of the notebook, from 1.</param>
/// <param name="Line">Line of the notebook file at which the cell's text begins.</param>
/// <param name="Milliseconds">Time from the cell's start to its end, restores included.</param>
/// <param name="Problem">Why it failed or was skipped.</param>
/// <param name="Details">More about the failure: further compiler errors, the stack trace.</param>
public sealed record CellResult(
    int Number, int Line, CellStatus Status, double Milliseconds, IReadOnlyList<CellOutput> Outputs, Problem? Problem, string? Details);

/// <summary>What became of one notebook.</summary>
/// <param name="Problems">What kept the notebook as a whole from running; then no cell was run.</param>
/// <param name="PeakMemoryBytes">The most memory its process held; 0 when it did not live to say.</param>
public sealed record NotebookResult(
    string Path, string Title, IReadOnlyList<CellResult> Cells, IReadOnlyList<Problem> Problems, double Milliseconds, long PeakMemoryBytes)
{
    /// <summary>True when some cell failed or the notebook could not be run.</summary>
    public bool Failed => Problems.Count > 0 || Cells.Any(c => c.Status == CellStatus.Failed);
}

/// <summary>How to run notebooks.</summary>
/// <param name="Timeout">The longest a cell may run; package restores do not count.</param>
/// <param name="Solutions">Put the solutions in the place of the learner's exercise cells.</param>
/// <param name="RequireOptional">An optional cell that had to be skipped is a failure.</param>
/// <param name="FailFast">Stop everything at the first cell that fails.</param>
public sealed record RunOptions(TimeSpan Timeout, bool Solutions = false, bool RequireOptional = false, bool FailFast = false)
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(120);
}

/// <summary>Runs one notebook in a process of its own.</summary>
internal sealed class NotebookRun(Notebook notebook, string? solutions, RunOptions options, Reporter reporter)
{
    private const int MostStandardErrorText = 4_000;

    private readonly List<CellResult> _results = [];
    private readonly List<CellOutput> _outputs = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private Cell? _running;
    private long _cellStarted;
    private long _peakMemory;
    private bool _ended;

    /// <summary>Checks the notebook and all it imports, then runs it. What is wrong is in the result; this does not throw.</summary>
    public static async Task<NotebookResult> RunAsync(string path, RunOptions options, Reporter reporter, CancellationToken cancel)
    {
        try
        {
            var notebook = Notebook.Load(path);
            CheckImports(notebook.Path, notebook.Cells, [notebook.Path]);
            var solutions = options.Solutions ? Solutions.PathFor(notebook.Path) : null;
            if (solutions is not null)
            {
                Solutions.SwapIn(notebook, Notebook.Load(solutions));
            }
            else if (options.Solutions && notebook.Cells.FirstOrDefault(c => c.Exercise is not null) is { } exercise)
            {
                throw new NotebookException(new Problem(path, exercise.Number, exercise.Line,
                    "The notebook has exercises, but there is no notebook of solutions for it.",
                    $"Add solutions/{Path.GetFileName(path)} beside it."));
            }

            reporter.NotebookStarts(notebook);
            var result = await new NotebookRun(notebook, solutions, options, reporter).RunAsync(cancel);
            reporter.NotebookEnds(result);
            return result;
        }
        catch (NotebookException e)
        {
            var result = new NotebookResult(path, Path.GetFileName(path), [], e.Problems, 0, 0);
            reporter.NotebookEnds(result);
            return result;
        }
    }

    private static void CheckImports(string file, IReadOnlyList<Cell> cells, List<string> open)
    {
        foreach (var cell in cells)
        {
            if (cell.ImportPath is not { } import)
                continue;
            if (open.Contains(import))
            {
                throw new NotebookException(new Problem(file, cell.Number, cell.Line,
                    $"This import goes round in a circle: {string.Join(" -> ", open.SkipWhile(p => p != import).Append(import).Select(Paths.Display))}",
                    "Remove one of these imports."));
            }

            CheckImports(import, ScriptKernel.Imported(import, cell.ImportFolder), [.. open, import]);
        }
    }

    private async Task<NotebookResult> RunAsync(CancellationToken cancel)
    {
        using var process = Start();
        var standardError = ReadTailAsync(process.StandardError);
        try
        {
            await FollowAsync(process, cancel);
        }
        finally
        {
            if (!process.HasExited)
                Kill(process);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        if (!_ended && !cancel.IsCancellationRequested)
            End(CellStatus.Failed, Died(process.ExitCode), await standardError);
        if (cancel.IsCancellationRequested && _running is not null)
            End(CellStatus.NotRun, new Problem(notebook.Path, _running.Number, _running.Line, "The run was cancelled in this cell.", ""), null);

        // What was not reached is said, not left out.
        foreach (var cell in notebook.Cells.Where(c => c.Kind == CellKind.CSharp && _results.All(r => r.Number != c.Number)))
            _results.Add(new CellResult(cell.Number, cell.Line, CellStatus.NotRun, 0, [], null, null));
        return new NotebookResult(
            notebook.Path, notebook.Title, [.. _results.OrderBy(r => r.Number)], [], _clock.Elapsed.TotalMilliseconds, _peakMemory);
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(SharedFramework.DotnetCommand)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(false),
            StandardErrorEncoding = new UTF8Encoding(false),
        };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(typeof(Worker).Assembly.Location);
        start.ArgumentList.Add(Program.WorkerCommand);
        start.ArgumentList.Add(notebook.Path);
        if (solutions is not null)
            start.ArgumentList.Add(solutions);
        return Process.Start(start)!;
    }

    private async Task FollowAsync(Process process, CancellationToken cancel)
    {
        // The limit counts while a cell's own code runs; it rests while the process starts and while packages are restored.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                switch (WorkerEvent.FromLine(line))
                {
                    case null:
                        Output(new CellOutput(OutputKind.StandardOutput, line + "\n"));
                        break;
                    case CellStarted started:
                        _running = notebook.Cells.Single(c => c.Number == started.Cell);
                        _cellStarted = Stopwatch.GetTimestamp();
                        _outputs.Clear();
                        reporter.CellStarts(notebook, _running);
                        limit.CancelAfter(options.Timeout);
                        break;
                    case CellBusy busy:
                        limit.CancelAfter(System.Threading.Timeout.InfiniteTimeSpan);
                        reporter.CellIsBusy(busy.With);
                        break;
                    case CellResumed:
                        limit.CancelAfter(options.Timeout);
                        break;
                    case CellPrinted printed:
                        Output(printed.Output);
                        break;
                    case CellEnded ended:
                        limit.CancelAfter(System.Threading.Timeout.InfiniteTimeSpan);
                        var status = ended.Status == CellStatus.Skipped && options.RequireOptional ? CellStatus.Failed : ended.Status;
                        End(status, ended.Problem, ended.Details);
                        if (status == CellStatus.Failed && options.FailFast)
                        {
                            _ended = true;
                            return;
                        }

                        break;
                    case NotebookEnded end:
                        _peakMemory = end.PeakMemoryBytes;
                        _ended = true;
                        break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            Kill(process);
            if (!cancel.IsCancellationRequested)
            {
                _ended = true;
                End(CellStatus.Failed,
                    new Problem(notebook.Path, _running!.Number, _running.Line,
                        $"The cell did not end within {options.Timeout.TotalSeconds:0.###} seconds and was stopped.",
                        "Look for a loop or an await that never ends; `--timeout` gives a slow cell more seconds."),
                    null);
            }
        }
    }

    private void Output(CellOutput output)
    {
        _outputs.Add(output);
        reporter.Output(output);
    }

    private void End(CellStatus status, Problem? problem, string? details)
    {
        if (_running is null)
        {
            // The process ended between cells: blame the first cell that has no result.
            _running = notebook.Cells.FirstOrDefault(c => c.Kind == CellKind.CSharp && _results.All(r => r.Number != c.Number));
            if (_running is null)
                return;
            _cellStarted = Stopwatch.GetTimestamp();
        }

        var result = new CellResult(_running.Number, _running.Line, status,
            Stopwatch.GetElapsedTime(_cellStarted).TotalMilliseconds, [.. _outputs], problem, details);
        _results.Add(result);
        _running = null;
        reporter.CellEnds(result);
    }

    private Problem Died(int exitCode)
    {
        var cell = _running;
        return new Problem(notebook.Path, cell?.Number, cell?.Line ?? 1,
            cell is null
                ? $"The process of the notebook ended early, with exit code {exitCode}."
                : $"The process of the notebook ended while this cell ran, with exit code {exitCode}.",
            "Look for Environment.Exit, an endless recursion, or an exception on another thread.");
    }

    /// <summary>Keeps the end of a stream: a crash says the reason there.</summary>
    private static async Task<string> ReadTailAsync(StreamReader reader)
    {
        var tail = new StringBuilder();
        var buffer = new char[1024];
        while (await reader.ReadAsync(buffer) is > 0 and var read)
        {
            tail.Append(buffer, 0, read);
            if (tail.Length > MostStandardErrorText)
                tail.Remove(0, tail.Length - MostStandardErrorText);
        }

        return tail.ToString().Trim();
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has just ended by itself.
        }
    }
}
