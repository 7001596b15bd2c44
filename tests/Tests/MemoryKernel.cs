using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Tests;

/// <summary>A kernel without a process: the test says what it reports. Cells are taken one after the other.</summary>
internal sealed class MemoryKernel : IKernel
{
    private readonly Action<string> _late;
    private readonly TaskCompletionSource<KernelEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<(Cell Cell, Action<CellEvent> Receive)> _submitted = Channel.CreateUnbounded<(Cell, Action<CellEvent>)>();
    private (Cell Cell, Action<CellEvent> Receive)? _running;

    public MemoryKernel(Action<string> late, Task? ready = null) => (_late, Ready) = (late, ready ?? Task.CompletedTask);

    public Task Ready { get; }

    public Task<KernelEnd> Ended => _ended.Task;

    public long PeakMemoryBytes => 0;

    public bool IsDisposed { get; private set; }

    public void Submit(Cell cell, Action<CellEvent> hear) => _submitted.Writer.TryWrite((cell, hear));

    public Task<JsonElement?> AskAsync(EditorQuestion question) =>
        Task.FromResult<JsonElement?>(JsonSerializer.SerializeToElement(new { items = Array.Empty<int>() }));

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        Exit(0);
        return ValueTask.CompletedTask;
    }

    /// <summary>Takes the next cell, which runs from now on.</summary>
    /// <returns>False if the kernel ended before there was one.</returns>
    public async Task<bool> TakeAsync(CancellationToken cancel)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var there = _submitted.Reader.WaitToReadAsync(waiting.Token).AsTask();
        if (await Task.WhenAny(there, Ended) != there)
        {
            await waiting.CancelAsync();
            return false;
        }

        await there;
        _running = await _submitted.Reader.ReadAsync(cancel);
        return true;
    }

    /// <summary>Reports something about the running cell.</summary>
    public void Report(CellEvent cellEvent) => _running!.Value.Receive(cellEvent);

    public Cell Running => _running!.Value.Cell;

    public void ReportLate(string text) => _late(text);

    public void Exit(int exitCode) => _ended.TrySetResult(new KernelEnd(exitCode, ""));
}

/// <summary>Starts kernels in memory, and knows the newest.</summary>
internal sealed class MemoryKernels
{
    private readonly Lock _lock = new();
    private readonly List<MemoryKernel> _all = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StartKernel Start => (_, late) =>
    {
        var kernel = new MemoryKernel(late);
        lock (_lock)
        {
            _all.Add(kernel);
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return kernel;
    };

    /// <summary>The kernels that are alive.</summary>
    public int Alive
    {
        get
        {
            lock (_lock)
                return _all.Count(k => !k.IsDisposed);
        }
    }

    /// <summary>The newest kernel, when it has got a cell; the cell runs from now on.</summary>
    public async Task<MemoryKernel> TakeAsync(CancellationToken cancel)
    {
        while (true)
        {
            MemoryKernel? newest;
            Task changed;
            lock (_lock)
                (newest, changed) = (_all.LastOrDefault(k => !k.IsDisposed), _changed.Task);
            if (newest is null)
                await changed.WaitAsync(cancel);
            else if (await newest.TakeAsync(cancel))
                return newest;
        }
    }
}
