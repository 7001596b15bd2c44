using System;
using System.ComponentModel;
using System.IO;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>What a <see cref="SessionKernel"/> reports, in the order of its session.</summary>
internal interface IKernelListener
{
    /// <summary>The process is there and takes cells; it may not be ready yet.</summary>
    void KernelStarted();

    /// <summary>The pool has no place: three other lessons are running a cell.</summary>
    void KernelRefused();

    void KernelReady();

    void KernelNotStarted(string message, string wayOut);

    void KernelEnded(KernelEnd end);

    /// <summary>Text of no running cell.</summary>
    void KernelPrinted(string text);
}

/// <summary>
/// The kernel of one session, and its start, which takes a while. What comes from a kernel after <see cref="Forget"/> is ignored.
/// All calls are made in the session's order, and what comes from the kernel is posted to it.
/// </summary>
/// <param name="pool">Has the kernels.</param>
/// <param name="owner">Whose kernel it is.</param>
/// <param name="folder">The folder of the lesson.</param>
/// <param name="post">Puts an action into the session's order.</param>
/// <param name="listener">Receives what happens.</param>
internal sealed class SessionKernel(KernelPool pool, IKernelOwner owner, string folder, Action<Action> post, IKernelListener listener)
{
    private int _generation;

    /// <summary>The kernel; null when there is none, or none yet.</summary>
    public IKernel? Kernel { get; private set; }

    public bool IsStarting { get; private set; }

    public bool IsReady => Kernel is { Ready.IsCompletedSuccessfully: true };

    public void Start()
    {
        IsStarting = true;
        _ = StartAsync(_generation);
    }

    /// <summary>Ends the kernel, or its start.</summary>
    public void Forget()
    {
        _generation++;
        IsStarting = false;
        Kernel = null;
        _ = EndAsync();
    }

    public Task EndAsync() => pool.EndAsync(owner);

    /// <summary>The kernel is in use: it is not the first one that gives its place to another lesson.</summary>
    public void Use() => pool.Use(owner);

    /// <summary>Runs a cell. There must be a kernel.</summary>
    public void Submit(Cell cell, Action<CellEvent> receive)
    {
        var generation = _generation;
        Kernel!.Submit(cell, cellEvent => Post(generation, () => receive(cellEvent)));
    }

    private async Task StartAsync(int generation)
    {
        try
        {
            var kernel = await pool.StartAsync(owner, folder, text => Post(generation, () => listener.KernelPrinted(text)));
            post(() => HasStarted(generation, kernel));
            if (kernel is null)
                return;
            _ = kernel.Ended.ContinueWith(end => Post(generation, () => listener.KernelEnded(end.Result)), TaskScheduler.Default);
            await kernel.Ready;
            Post(generation, listener.KernelReady);
        }
        catch (Exception e) when (e is KernelException or ObjectDisposedException or IOException or Win32Exception)
        {
            Post(generation, () =>
            {
                IsStarting = false;
                listener.KernelNotStarted(e.Message, (e as KernelException)?.WayOut ?? "");
            });
        }
    }

    private void HasStarted(int generation, IKernel? kernel)
    {
        if (generation != _generation)
        {
            if (!IsStarting) // Otherwise the newer start ends it.
                _ = EndAsync();
            return;
        }

        IsStarting = false;
        Kernel = kernel;
        if (kernel is null)
            listener.KernelRefused();
        else
            listener.KernelStarted();
    }

    private void Post(int generation, Action action) => post(() =>
    {
        if (generation == _generation)
            action();
    });
}
