using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>
/// The cells of one lesson that wait to be run, and the kernel that runs them. It belongs to one session: all calls are made in the
/// session's order, and what comes from the kernel is posted to it.
/// </summary>
internal sealed class RunQueue : IKernelListener
{
    private const int MaxText = 300_000; // characters of one cell's console text on a page
    private const string NamesAreGone = "What the cells above defined is gone: run them again.";

    private readonly LinkedList<int> _queue = [];
    private readonly HashSet<int> _inKernel = []; // the cells that ran in this kernel
    private readonly IReadOnlyList<int> _code;
    private readonly Func<int, (Cell Cell, bool Edited)> _cellAt;
    private readonly IRunListener _listener;
    private readonly SessionKernel _kernel;
    private RunAhead _ahead = new([]);
    private Cell[] _silent = []; // cells that are run again, unseen, in a new kernel
    private (int Cell, CellRun Run)? _last;
    private volatile bool _isRunning;

    /// <param name="pool">Has the kernels.</param>
    /// <param name="owner">Whose kernel it is.</param>
    /// <param name="folder">The folder of the lesson.</param>
    /// <param name="code">The cells of code, in order.</param>
    /// <param name="cellAt">A cell with the text that is to run, and whether the learner has edited it.</param>
    /// <param name="post">Puts an action into the session's order.</param>
    /// <param name="listener">Receives what happens.</param>
    public RunQueue(
        KernelPool pool, IKernelOwner owner, string folder, IReadOnlyList<int> code,
        Func<int, (Cell Cell, bool Edited)> cellAt, Action<Action> post, IRunListener listener)
    {
        (_code, _cellAt, _listener) = (code, cellAt, listener);
        _kernel = new SessionKernel(pool, owner, folder, post, this);
    }

    /// <summary><c>none</c>, <c>starting</c>, <c>ready</c> or <c>busy</c>.</summary>
    public string State { get; private set; } = "none";

    /// <summary>True while a cell runs that the learner has started. Read from any thread.</summary>
    public bool IsRunning => _isRunning;

    /// <summary>The running cell; null when none runs.</summary>
    public (int Cell, CellRun Run)? Running => _isRunning ? _last : null;

    public IKernel? Kernel => _kernel.Kernel;

    public bool Waits(int cell) => _queue.Contains(cell);

    /// <summary>Starts a kernel if there is none, and runs the leading cells ahead.</summary>
    public void Open()
    {
        if (_kernel is { Kernel: null, IsStarting: false })
            StartKernel(runAhead: true);
    }

    /// <summary>Runs cells, one after the other, after those that wait already.</summary>
    public void Run(IEnumerable<int> cells)
    {
        foreach (var cell in cells.Where(c => _code.Contains(c) && c != Running?.Cell && !_queue.Contains(c)))
        {
            _queue.AddLast(cell);
            _listener.Queued(cell, true);
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
        return _kernel.EndAsync();
    }

    // ---- the kernel

    private void StartKernel(bool runAhead)
    {
        _ahead = new RunAhead(runAhead ? RunAhead.Leading(_code.Select(i => (i, _cellAt(i).Cell, _cellAt(i).Edited))) : []);
        Is("starting");
        _kernel.Start();
    }

    void IKernelListener.KernelStarted()
    {
        foreach (var cell in _silent)
            _kernel.Submit(cell, _ => { });
        _silent = [];
        Next();
    }

    void IKernelListener.KernelRefused()
    {
        ClearQueue();
        Is("none");
        _listener.Notice("Three other lessons are running a cell. Stop one of them first.");
    }

    void IKernelListener.KernelReady()
    {
        Is(_isRunning ? "busy" : "ready");
        GoAhead();
    }

    void IKernelListener.KernelNotStarted(string message, string wayOut)
    {
        if (!_isRunning && _queue.First is { Value: var waiting })
            Begin(waiting, new CellRun(_cellAt(waiting).Cell));
        else if (!_isRunning)
            _listener.Notice($"{message} {wayOut}".TrimEnd());
        EndKernel(FailureReason.KernelEnded, message, wayOut);
    }

    void IKernelListener.KernelEnded(KernelEnd end)
    {
        var what = $"with exit code {end.ExitCode}. {NamesAreGone}";
        if (!_isRunning)
            _listener.Notice($"The kernel has ended, {what}");
        EndKernel(FailureReason.KernelEnded, $"The kernel ended while this cell ran, {what}",
            details: end.ErrorText.Length == 0 ? null : end.ErrorText);
    }

    void IKernelListener.KernelPrinted(string text)
    {
        if (_last is var (cell, run) && run.ReceiveLate(text) is { } output)
            _listener.Shown(cell, output);
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
            _listener.Gone([.. _inKernel.Order()]);
        _inKernel.Clear();
    }

    /// <summary>Ends the kernel and reports nothing: what it still sends is ignored.</summary>
    private void Forget()
    {
        _ahead = new RunAhead([]);
        _silent = [];
        _kernel.Forget();
    }

    private void Is(string state)
    {
        if (State == state)
            return;
        State = state;
        _listener.KernelIs(state);
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

        if (_kernel.Kernel is null)
        {
            if (!_kernel.IsStarting)
                StartKernel(runAhead: false);
            return;
        }

        var (cell, edited) = _cellAt(index);
        var ahead = edited ? null : _ahead.Reveal(index);
        if (ahead is null && _ahead.HasUnseen)
        {
            // The learner runs something else first, so nothing of what ran ahead may be there.
            Cell[] again = [.. _ahead.Revealed];
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
        _kernel.Use();
        if (State != "starting")
            Is("busy");
        _listener.Started(index);
        foreach (var output in run.Outputs)
            _listener.Shown(index, output);
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
            run.Receive(new CellEvent.Ended());
            Finish(index, run);
        }
        else
        {
            Send(index, run);
        }
    }

    private void Send(int index, CellRun run)
    {
        _inKernel.Add(index);
        _kernel.Submit(run.Cell, cellEvent => Receive(index, run, cellEvent));
    }

    private void Receive(int index, CellRun run, CellEvent cellEvent)
    {
        var output = run.Receive(cellEvent);
        var isSeen = _isRunning && _last?.Run == run;
        if (isSeen && cellEvent is CellEvent.Progress progress)
            _listener.Progress(index, progress.Text);
        if (isSeen && output is not null)
            _listener.Shown(index, output);
        if (cellEvent is not CellEvent.Ended)
            return;
        if (isSeen)
            Finish(index, run);
        else
            GoAhead();
    }

    private void Finish(int index, CellRun run)
    {
        _isRunning = false;
        _listener.Ended(index, run);
        if (run.Failure is not null)
            ClearQueue();
        else if (_queue.Count == 0)
            _listener.Drained();
        Next();
    }

    private void ClearQueue()
    {
        foreach (var cell in _queue)
            _listener.Queued(cell, false);
        _queue.Clear();
    }

    /// <summary>Runs the next cell ahead, when there is nothing else to do.</summary>
    private void GoAhead()
    {
        if (!_kernel.IsReady || _isRunning || _queue.Count > 0 || _ahead.Next() is not { } cell)
            return;
        var run = new CellRun(_cellAt(cell).Cell, MaxText);
        _ahead.Start(run);
        Send(cell, run);
    }
}
