using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>Runs one notebook from its first cell to its last, in a kernel of its own.</summary>
internal sealed class LessonRun(Notebook notebook, RunOptions options, Action<RunEvent> report)
{
    /// <summary>How long late text is still taken after the last cell.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(100);

    private readonly List<CellResult> _results = [];
    private readonly Lock _gate = new();
    private CellRun? _run;

    /// <summary>Reads the notebook and runs it. What is wrong is in the result; this does not throw.</summary>
    public static async Task<LessonResult> RunAsync(string path, RunOptions options, Action<RunEvent> report, CancellationToken cancel)
    {
        LessonResult result;
        LessonRun? run = null;
        // The kernel starts while the notebook is read: each takes a good part of a second.
        await using var kernel = options.Start(Path.GetDirectoryName(Path.GetFullPath(path))!, text => run?.ReceiveLate(text));
        try
        {
            var notebook = DibReader.Load(path);
            run = new LessonRun(options.Solutions ? notebook.Solved() : notebook, options, report);
            result = await run.RunAsync(kernel, cancel);
        }
        catch (NotebookException e)
        {
            result = new LessonResult(path, Path.GetFileName(path), [], e.Problems, 0, 0);
        }

        report(new RunEvent.LessonEnded(result));
        return result;
    }

    /// <summary>Runs a notebook that was read already.</summary>
    public static async Task<LessonResult> RunAsync(
        Notebook notebook, RunOptions options, Action<RunEvent> report, CancellationToken cancel)
    {
        var run = new LessonRun(notebook, options, report);
        await using var kernel = options.Start(Path.GetDirectoryName(notebook.Path)!, run.ReceiveLate);
        return await run.RunAsync(kernel, cancel);
    }

    private async Task<LessonResult> RunAsync(IKernel kernel, CancellationToken cancel)
    {
        report(new RunEvent.LessonStarted(notebook));
        var clock = Stopwatch.StartNew();
        Cell[] cells = options.AsVsCode ? [.. notebook.Code, .. ImportProof.Of(notebook)] : [.. notebook.Code];
        var goesOn = cells.Length == 0 || await IsReadyAsync(kernel, cells[0], cancel);
        while (goesOn && _results.Count < cells.Length && !cancel.IsCancellationRequested)
            goesOn = await RunAsync(cells[_results.Count], kernel, cancel);

        var elapsed = clock.Elapsed;
        if (_results.Count == cells.Length && !cancel.IsCancellationRequested)
            await Task.WhenAny(Task.Delay(Grace, CancellationToken.None), kernel.Ended);
        var peak = kernel.PeakMemoryBytes;
        foreach (var cell in cells.Skip(_results.Count))
            _results.Add(new CellResult(cell.Number, cell.Line, CellStatus.NotRun, 0, []));
        Problem[] ofText = [.. notebook.Cells.Where(c => c.Kind == CellKind.Markdown).SelectMany(c => c.Problems)];
        return new LessonResult(notebook.Path, notebook.Title, _results, ofText, elapsed.TotalMilliseconds, peak);
    }

    /// <summary>Runs a cell; false when no other can be run after it.</summary>
    private async Task<bool> RunAsync(Cell cell, IKernel kernel, CancellationToken cancel)
    {
        var run = Begin(cell);
        if (CellProblems.Of(cell) is [var first, .. var others])
        {
            run.Fail(FailureReason.Dialect, first.Message, first.WayOut, others.Length == 0 ? null : string.Join('\n', (object[])others));
            End(first);
            return cell.ImportPath is null && !options.FailFast;
        }

        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (string.IsNullOrWhiteSpace(cell.Source))
            Receive(run, new CellEvent.Ended(), ended); // Nothing to run.
        else
            kernel.Submit(cell, e => Receive(run, e, ended));
        var stopped = Task.Delay(Timeout.Infinite, cancel);
        await Task.WhenAny(ended.Task, kernel.Ended, stopped);
        if (!ended.Task.IsCompleted)
        {
            if (cancel.IsCancellationRequested)
                return false; // It is counted as not run.
            var end = await kernel.Ended;
            lock (_gate)
            {
                run.Fail(FailureReason.KernelEnded,
                    $"The process of the notebook ended while this cell ran, with exit code {end.ExitCode}.",
                    "Look for Environment.Exit, an endless recursion, or an exception on another thread.",
                    end.ErrorText.Length == 0 ? null : end.ErrorText);
            }
        }

        if (options.AsVsCode && run.Failure is null && run.Outputs.FirstOrDefault(o => o.Kind == OutputKind.Warning) is { } warning)
            run.Fail(FailureReason.CompileError, $"VS Code would show a warning: {warning.Text.TrimEnd()}");
        End();
        return run.Failure is null or { Reason: not (FailureReason.Time or FailureReason.KernelEnded), LosesNames: false }
            && (run.Failure is null || !options.FailFast);
    }

    private CellRun Begin(Cell cell)
    {
        report(new RunEvent.CellStarted(cell));
        var run = new CellRun(cell);
        lock (_gate)
            return _run = run;
    }

    private void End(Problem? problem = null)
    {
        lock (_gate)
        {
            var result = _run!.Result();
            result = problem is null ? result : result with { Problem = problem };
            _run = null;
            _results.Add(result);
            report(new RunEvent.CellEnded(result));
        }
    }

    private void Receive(CellRun run, CellEvent cellEvent, TaskCompletionSource ended)
    {
        lock (_gate)
        {
            var output = run.Receive(cellEvent);
            if (cellEvent is CellEvent.Progress progress)
                report(new RunEvent.CellProgress(progress.Text));
            else if (output is not null && cellEvent is not CellEvent.Shown { IsUpdate: true })
                report(new RunEvent.Printed(output));
            if (cellEvent is CellEvent.Ended)
                ended.TrySetResult();
        }
    }

    private void ReceiveLate(string text)
    {
        lock (_gate)
        {
            if (_run is { HasEnded: false } run && run.ReceiveLate(text) is { } output)
                report(new RunEvent.Printed(output));
        }
    }

    private async Task<bool> IsReadyAsync(IKernel kernel, Cell first, CancellationToken cancel)
    {
        try
        {
            await kernel.Ready.WaitAsync(cancel);
            return true;
        }
        catch (KernelException e)
        {
            Begin(first).Fail(FailureReason.KernelEnded, e.Message, e.WayOut);
            End();
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
