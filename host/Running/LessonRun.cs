using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Host.Kernel;
using TracingTutorial.Host.Notebooks;

namespace TracingTutorial.Host.Running;

/// <summary>Runs one notebook from its first cell to its last, in a kernel process of its own.</summary>
internal sealed class LessonRun(Notebook notebook, RunOptions options, Action<RunEvent> tell)
{
    private const int MostStrayText = 100_000;

    /// <summary>How long the process may still print after its last cell.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(100);

    private readonly List<CellResult> _results = [];
    private readonly Lock _gate = new();
    private CellInFlight? _running;
    private int _strayText;

    /// <summary>Reads the notebook and runs it. What is wrong is in the result; this does not throw.</summary>
    public static async Task<LessonResult> RunAsync(string path, RunOptions options, Action<RunEvent> tell, CancellationToken cancel)
    {
        LessonResult result;
        try
        {
            var notebook = DibReader.Load(path);
            if (options.Solutions)
                notebook = notebook.Solved();
            result = await RunAsync(notebook, options, tell, cancel);
        }
        catch (NotebookException e)
        {
            result = new LessonResult(path, Path.GetFileName(path), [], e.Problems, 0, 0);
        }

        tell(new RunEvent.LessonEnded(result));
        return result;
    }

    /// <summary>Runs a notebook that was read already.</summary>
    public static Task<LessonResult> RunAsync(Notebook notebook, RunOptions options, Action<RunEvent> tell, CancellationToken cancel)
    {
        tell(new RunEvent.LessonStarted(notebook));
        return new LessonRun(notebook, options, tell).RunAsync(cancel);
    }

    private async Task<LessonResult> RunAsync(CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var folder = Path.GetDirectoryName(notebook.Path)!;
        await using var kernel = options.ToolRoot is { } root
            ? KernelProcess.StartTool(root, folder, Hear)
            : KernelProcess.Start(folder, options.Timeout, Hear, HearStray);
        Cell[] cells = options.ToolRoot is null ? [.. notebook.Code] : [.. notebook.Code, .. Sentinel.Of(notebook)];
        if (cells.Length > 0 && !await IsReadyAsync(kernel, cancel) && !cancel.IsCancellationRequested)
        {
            Begin(cells[0]);
            End(CellStatus.Failed, new Problem(notebook.Path, cells[0].Number, cells[0].Line, "The notebook's kernel did not start.",
                "`dotnet run --project host doctor` looks for the reason."), kernel.ErrorText);
        }

        while (_results.Count < cells.Length && !cancel.IsCancellationRequested)
        {
            if (!await RunAsync(cells[_results.Count], kernel, cancel))
                break;
        }

        var elapsed = clock.Elapsed;
        if (_results.Count == cells.Length && !cancel.IsCancellationRequested)
            await Task.WhenAny(Task.Delay(Grace, CancellationToken.None), kernel.Ended);
        var peak = options.ToolRoot is null ? kernel.PeakMemoryBytes : 0; // The tool is a child of the process that we know.
        kernel.Kill(); // What a cell left running would keep the process alive.

        foreach (var cell in cells.Skip(_results.Count))
            _results.Add(new CellResult(cell.Number, cell.Line, CellStatus.NotRun, 0, []));
        return new LessonResult(notebook.Path, notebook.Title, _results, [], elapsed.TotalMilliseconds, peak);
    }

    /// <summary>Runs a cell; false when no other can be run after it.</summary>
    private async Task<bool> RunAsync(Cell cell, KernelProcess kernel, CancellationToken cancel)
    {
        var running = Begin(cell);
        if (ProblemsOf(cell) is [var first, .. var others])
        {
            End(CellStatus.Failed, first, others.Length == 0 ? null : string.Join('\n', (object[])others));
            return cell.ImportPath is null && !options.FailFast;
        }

        if (string.IsNullOrWhiteSpace(cell.Source))
        {
            End(CellStatus.Ok); // Nothing to run.
            return true;
        }

        try
        {
            await kernel.SendAsync(running.Token, "SubmitCode", new { code = options.ToolRoot is null ? cell.ToSubmission() : cell.Source, targetKernelName = "csharp" });
        }
        catch (IOException)
        {
            // The process has ended: seen below.
        }

        // Our own kernel keeps the time limit itself. The tool does not, and restoring counts there.
        using var clock = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (options.ToolRoot is not null)
            clock.CancelAfter(options.Timeout);
        var stopped = Task.Delay(Timeout.Infinite, clock.Token);
        await Task.WhenAny(running.Done, kernel.Ended, stopped);

        if (running.Done.IsCompleted)
        {
            var result = running.Result();
            if (options.ToolRoot is not null && result.Status == CellStatus.Ok && result.Outputs.FirstOrDefault(o => o.Kind == OutputKind.Warning) is { } warning)
                result = result with { Status = CellStatus.Failed, Problem = new Problem(cell.File, cell.Number, cell.Line, $"VS Code would show a warning: {warning.Text.TrimEnd()}", "") };
            End(result);
            return !running.TimeIsUp && !running.LeavesNamesOut && (result.Status == CellStatus.Ok || !options.FailFast);
        }

        if (cancel.IsCancellationRequested)
            return false; // It is counted as not run.
        if (kernel.Ended.IsCompletedSuccessfully)
        {
            End(CellStatus.Failed, new Problem(cell.File, cell.Number, cell.Line, $"The process of the notebook ended while this cell ran, with exit code {await kernel.Ended}.",
                "Look for Environment.Exit, an endless recursion, or an exception on another thread."), kernel.ErrorText);
        }
        else
        {
            var (problem, _) = Failure.Of(cell, FormattableString.Invariant($"{CellClock.TimeIsUp} {options.Timeout.TotalSeconds:0.###} seconds and was stopped."));
            End(CellStatus.Failed, problem);
        }

        return false;
    }

    private CellInFlight Begin(Cell cell)
    {
        tell(new RunEvent.CellStarted(cell));
        var running = new CellInFlight(cell, tell);
        lock (_gate)
            return _running = running;
    }

    private void End(CellStatus status, Problem? problem = null, string? details = null)
    {
        lock (_gate)
            End(_running!.Result(status, problem, string.IsNullOrEmpty(details) ? null : details));
    }

    private void End(CellResult result)
    {
        _results.Add(result);
        tell(new RunEvent.CellEnded(result));
    }

    private void Hear(Envelope envelope)
    {
        lock (_gate)
        {
            if (_running is null || envelope.RootToken == _running.Token)
                _running?.Hear(envelope);
            else if (envelope.EventType == "StandardOutputValueProduced")
                HearStray(envelope.Text);
        }
    }

    /// <summary>Text that the running cell did not print: native code did, or a cell that has ended.</summary>
    private void HearStray(string text)
    {
        lock (_gate)
        {
            if (_running is null || _running.Done.IsCompleted || _strayText >= MostStrayText)
                return;
            _strayText += text.Length;
            _running.Print(new CellOutput(OutputKind.Note, text));
        }
    }

    private static async Task<bool> IsReadyAsync(KernelProcess kernel, CancellationToken cancel)
    {
        try
        {
            await kernel.Ready.WaitAsync(cancel);
            return true;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>What breaks the dialect in a cell and in all that it imports; a circle of imports too.</summary>
    private static Problem[] ProblemsOf(Cell cell)
    {
        try
        {
            return cell.Problems.Count > 0 || cell.ImportPath is null ? [.. cell.Problems] : [.. Imported(cell, [cell.File])];
        }
        catch (NotebookException e)
        {
            return [.. e.Problems];
        }
    }

    private static IEnumerable<Problem> Imported(Cell importing, IReadOnlyList<string> open)
    {
        var path = importing.ImportPath!;
        if (open.Contains(path))
        {
            return [new Problem(importing.File, importing.Number, importing.Line,
                $"This import goes round in a circle: {string.Join(" -> ", open.SkipWhile(p => p != path).Append(path).Select(Paths.Display))}",
                "Remove one of these imports.")];
        }

        return DibReader.Imported(path, importing.ImportFolder)
            .SelectMany(c => c.Problems.Count > 0 || c.ImportPath is null ? c.Problems : Imported(c, [.. open, path])).ToArray();
    }
}
