using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace TracingTutorial.Course.Runs;

/// <summary>A lesson that uses a kernel of the pool.</summary>
internal interface IKernelOwner
{
    /// <summary>True while it runs a cell: its kernel is not taken away then. Read from any thread.</summary>
    bool IsRunning { get; }

    /// <summary>Says something to the learner.</summary>
    void Notice(string text);

    /// <summary>Gives its kernel back, with a notice to the learner.</summary>
    /// <returns>False if it runs a cell now, and keeps the kernel.</returns>
    Task<bool> CloseKernelAsync(string why);
}

/// <summary>
/// Owns the kernels of all lessons: starts them, three at most at a time, and disposes each. It calls no owner while it holds a lock;
/// an owner that waits for a kernel goes on taking messages.
/// </summary>
internal sealed class KernelPool(StartKernel start) : IAsyncDisposable
{
    public const int MaxKernels = 3;

    private readonly ConcurrentDictionary<IKernelOwner, Entry> _entries = new();
    private readonly SemaphoreSlim _gate = new(1, 1); // one start at a time
    private readonly HashSet<IKernelOwner> _told = []; // that there are no more kernels than these
    private long _uses;
    private volatile bool _disposed;

    /// <summary>
    /// Starts a kernel. One that the owner has already is ended first; with three others, the one unused longest is closed.
    /// </summary>
    /// <param name="owner">Who gets it.</param>
    /// <param name="folder">As for <see cref="StartKernel"/>.</param>
    /// <param name="late">As for <see cref="StartKernel"/>.</param>
    /// <returns>Null if three other lessons are running a cell.</returns>
    public async Task<IKernel?> StartAsync(IKernelOwner owner, string folder, Action<string> late)
    {
        await _gate.WaitAsync();
        try
        {
            await EndAsync(owner);
            while (_entries.Count >= MaxKernels)
            {
                var idle = _entries.Where(e => !e.Key.IsRunning).OrderBy(e => e.Value.LastUse).Select(e => e.Key).FirstOrDefault();
                if (idle is null)
                    return null;
                if (await idle.CloseKernelAsync(
                    $"The kernel of this lesson was closed, because {MaxKernels} other lessons are open. "
                        + "Run its cells again from the top."))
                    await EndAsync(idle);
            }

            ObjectDisposedException.ThrowIf(_disposed, this);
            var entry = _entries[owner] = new Entry(start(folder, late)) { LastUse = Interlocked.Increment(ref _uses) };
            if (_entries.Count == MaxKernels && _told.Add(owner))
                owner.Notice($"{MaxKernels} lessons have a kernel now, and that is the most. If you open one more, the kernel of the "
                    + "lesson that was not used for the longest time is closed.");
            return entry.Kernel;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>An owner runs a cell: its kernel is closed after those of the others.</summary>
    public void Use(IKernelOwner owner)
    {
        if (_entries.TryGetValue(owner, out var entry))
            entry.LastUse = Interlocked.Increment(ref _uses);
    }

    /// <summary>Ends the kernel of an owner; completes when its process is gone. Does nothing if there is none.</summary>
    public async Task EndAsync(IKernelOwner owner)
    {
        if (!_entries.TryGetValue(owner, out var entry))
            return;
        await entry.EndAsync();
        _entries.TryRemove(new(owner, entry));
    }

    /// <summary>Ends all kernels.</summary>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await Task.WhenAll(_entries.Keys.Select(EndAsync));
    }

    private sealed class Entry(IKernel kernel)
    {
        private readonly Lock _lock = new();
        private Task? _ending;

        public IKernel Kernel => kernel;

        public long LastUse { get; set; }

        public Task EndAsync()
        {
            lock (_lock)
                return _ending ??= kernel.DisposeAsync().AsTask();
        }
    }
}
