using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>What a <see cref="RunQueue"/> reports.</summary>
internal interface IRunListener
{
    void KernelIs(string state);

    void Queued(int cell, bool waits);

    void Started(int cell);

    void Progress(int cell, string text);

    void Shown(int cell, Output output);

    void Ended(int cell, CellRun run);

    void Gone(IReadOnlyList<int> cells);

    void Drained();

    void Notice(string text);
}

/// <summary>
/// The cells of one lesson that wait to be run, and the kernel that runs them. It belongs to one session: all calls are made in the
/// session's order, and what comes from the kernel is posted to it.
/// </summary>
/// <param name="pool">Has the kernels.</param>
/// <param name="owner">Whose kernel it is.</param>
/// <param name="folder">The folder of the lesson.</param>
/// <param name="code">The cells of code, in order.</param>
/// <param name="cellAt">A cell with the text that is to run, and whether the learner has edited it.</param>
/// <param name="post">Puts an action into the session's order.</param>
/// <param name="tell">Hears what happens.</param>
internal sealed class RunQueue(
    KernelPool pool, IKernelOwner owner, string folder, IReadOnlyList<int> code,
    Func<int, (Cell Cell, bool Edited)> cellAt, Action<Action> post, IRunListener tell)
{
    private const int MaxText = 300_000; // characters of one cell's console text on a page
    private const string NamesAreGone = "What the cells above defined is gone: run them again.";

    private readonly LinkedList<int> _queue = [];
    private readonly HashSet<int> _inKernel = []; // the cells that ran in this kernel
    private IKernel? _kernel;
    private bool _starting;
    private int _generation; // of the kernel: what an earlier one still says is ignored
    private RunAhead _ahead = new([]);
    private int[] _silent = []; // cells that are run again, unseen, in a new kernel
    private (int Cell, CellRun Run)? _last;
    private volatile bool _isRunning;

    /// <summary><c>none</c>, <c>starting</c>, <c>ready</c> or <c>busy</c>.</summary>
    public string State { get; private set; } = "none";

    /// <summary>True while a cell runs that the learner has asked for. Read from any thread.</summary>
    public bool IsRunning => _isRunning;

    /// <summary>The running cell; null when none runs.</summary>
    public (int Cell, CellRun Run)? Running => _isRunning ? _last : null;

    public IKernel? Kernel => _kernel;

    public bool Waits(int cell) => _queue.Contains(cell);

    /// <summary>Starts a kernel if there is none, and runs the leading cells ahead.</summary>
    public void Open()
    {
        if (_kernel is null && !_starting)
            StartKernel(runAhead: true);
    }

    /// <summary>Runs cells, one after the other, after those that wait already.</summary>
    public void Run(IEnumerable<int> cells)
    {
        foreach (var cell in cells.Where(c => code.Contains(c) && c != Running?.Cell && !_queue.Contains(c)))
        {
            _queue.AddLast(cell);
            tell.Queued(cell, true);
        }

        Next();
    }

    /// <summary>Ends the kernel, with the cell that runs, and starts a new one.</summary>
    public void Renew(string why)
    {
        EndKernel(FailureReason.Stopped, $"{why} {NamesAreGone}");
        StartKernel(runAhead: true); // It starts while the learner reads.
    }

    /// <summary>Ends the kernel, with the cell that runs.</summary>
    public Task CloseAsync(string why)
    {
        EndKernel(FailureReason.Stopped, why);
        return pool.EndAsync(owner);
    }

    // ---- the kernel

    private void StartKernel(bool runAhead)
    {
        _starting = true;
        _ahead = new RunAhead(runAhead ? RunAhead.Leading(code.Select(i => (i, cellAt(i).Cell, cellAt(i).Edited))) : []);
        Is("starting");
        _ = StartAsync(_generation);
    }

    private async Task StartAsync(int generation)
    {
        try
        {
            var kernel = await pool.StartAsync(owner, folder, text => Post(generation, () => HearLate(text)));
            post(() => HasStarted(generation, kernel));
            if (kernel is null)
                return;
            _ = kernel.Ended.ContinueWith(end => Post(generation, () => HasEnded(end.Result)), TaskScheduler.Default);
            await kernel.Ready;
            Post(generation, IsReady);
        }
        catch (Exception e) when (e is KernelException or ObjectDisposedException
            or System.IO.IOException or System.ComponentModel.Win32Exception)
        {
            Post(generation, () => HasNotStarted(e.Message, (e as KernelException)?.WayOut ?? ""));
        }
    }

    private void HasStarted(int generation, IKernel? kernel)
    {
        if (generation != _generation)
        {
            if (!_starting) // Otherwise the newer start ends it.
                _ = pool.EndAsync(owner);
            return;
        }

        _starting = false;
        _kernel = kernel;
        if (kernel is null)
        {
            ClearQueue();
            Is("none");
            tell.Notice("Three other lessons are running a cell. Stop one of them first.");
            return;
        }

        foreach (var cell in _silent)
            kernel.Submit(cellAt(cell).Cell, _ => { });
        _silent = [];
        Next();
    }

    private void IsReady()
    {
        Is(_isRunning ? "busy" : "ready");
        GoAhead();
    }

    private void HasNotStarted(string message, string wayOut)
    {
        _starting = false;
        if (!_isRunning && _queue.First is { Value: var waiting })
            Begin(waiting, new CellRun(cellAt(waiting).Cell));
        else if (!_isRunning)
            tell.Notice($"{message} {wayOut}".TrimEnd());
        EndKernel(FailureReason.KernelEnded, message, wayOut);
    }

    private void HasEnded(KernelEnd end)
    {
        var what = $"with exit code {end.ExitCode}. {NamesAreGone}";
        if (!_isRunning)
            tell.Notice($"The kernel has ended, {what}");
        EndKernel(FailureReason.KernelEnded, $"The kernel ended while this cell ran, {what}",
            details: end.ErrorText.Length == 0 ? null : end.ErrorText);
    }

    private void EndKernel(FailureReason reason, string message, string wayOut = "", string? details = null)
    {
        Forget();
        ClearQueue();
        Is("none");
        if (Running is var (cell, run))
        {
            run.Fail(reason, message, wayOut, details);
            Finish(cell, run);
        }

        if (_inKernel.Count > 0)
            tell.Gone([.. _inKernel.Order()]);
        _inKernel.Clear();
    }

    /// <summary>Ends the kernel without a word: what it still says is ignored.</summary>
    private void Forget()
    {
        _generation++;
        _starting = false;
        _kernel = null;
        _ahead = new RunAhead([]);
        _ = pool.EndAsync(owner);
    }

    private void Is(string state)
    {
        if (State == state)
            return;
        State = state;
        tell.KernelIs(state);
    }

    // ---- cells

    private void Next()
    {
        if (_isRunning)
            return;
        if (_queue.First is not { Value: var index })
        {
            if (State == "busy")
                Is("ready");
            GoAhead();
            return;
        }

        if (_kernel is null)
        {
            if (!_starting)
                StartKernel(runAhead: false);
            return;
        }

        var (cell, edited) = cellAt(index);
        var ahead = edited ? null : _ahead.Reveal(index);
        if (ahead is null && _ahead.HasUnseen)
        {
            // The learner runs something else first, so nothing of what ran ahead may be there.
            int[] again = [.. _ahead.Revealed];
            Forget();
            _silent = again;
            StartKernel(runAhead: false);
            return;
        }

        var run = ahead ?? new CellRun(cell, MaxText) { ErrorStreamFails = !edited };
        Begin(index, run);
        if (ahead is null)
            Submit(index, run);
        else if (run.HasEnded)
            Finish(index, run);
    }

    private void Begin(int index, CellRun run)
    {
        _queue.Remove(index);
        _last = (index, run);
        _isRunning = true;
        pool.Use(owner);
        if (State != "starting")
            Is("busy");
        tell.Started(index);
        foreach (var output in run.Outputs)
            tell.Shown(index, output);
    }

    private void Submit(int index, CellRun run)
    {
        _ahead.RunByLearner(index, run);
        var problems = run.Cell.Problems.Count > 0 ? [.. run.Cell.Problems] : CellProblems.Of(run.Cell);
        if (problems is [var first, .. var others])
        {
            run.Fail(FailureReason.Dialect, first.Message, first.WayOut, others.Length == 0 ? null : string.Join('\n', (object[])others));
            Finish(index, run);
        }
        else if (string.IsNullOrWhiteSpace(run.Cell.Source))
        {
            run.Hear(new CellEvent.Ended());
            Finish(index, run);
        }
        else
        {
            Send(index, run);
        }
    }

    private void Send(int index, CellRun run)
    {
        var generation = _generation;
        _inKernel.Add(index);
        _kernel!.Submit(run.Cell, cellEvent => Post(generation, () => Hear(index, run, cellEvent)));
    }

    private void Hear(int index, CellRun run, CellEvent cellEvent)
    {
        var output = run.Hear(cellEvent);
        var isSeen = _isRunning && _last?.Run == run;
        if (isSeen && cellEvent is CellEvent.Progress progress)
            tell.Progress(index, progress.Text);
        if (isSeen && output is not null)
            tell.Shown(index, output);
        if (cellEvent is not CellEvent.Ended)
            return;
        if (isSeen)
            Finish(index, run);
        else
            GoAhead();
    }

    private void HearLate(string text)
    {
        if (_last is var (cell, run) && run.HearLate(text) is { } output)
            tell.Shown(cell, output);
    }

    private void Finish(int index, CellRun run)
    {
        _isRunning = false;
        tell.Ended(index, run);
        if (run.Failure is not null)
            ClearQueue();
        else if (_queue.Count == 0)
            tell.Drained();
        Next();
    }

    private void ClearQueue()
    {
        foreach (var cell in _queue)
            tell.Queued(cell, false);
        _queue.Clear();
    }

    /// <summary>Runs the next cell ahead, when there is nothing else to do.</summary>
    private void GoAhead()
    {
        if (_kernel is not { Ready.IsCompletedSuccessfully: true } || _isRunning || _queue.Count > 0 || _ahead.Next() is not { } cell)
            return;
        var run = new CellRun(cellAt(cell).Cell, MaxText);
        _ahead.Start(run);
        Send(cell, run);
    }

    private void Post(int generation, Action action) => post(() =>
    {
        if (generation == _generation)
            action();
    });
}
