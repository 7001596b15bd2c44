using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace TracingTutorial.Course.Runs;

/// <summary>
/// Writes the progress of one lesson in the background: always the newest state, and again after a while when it could not be written.
/// </summary>
/// <param name="folder">Where it is kept.</param>
/// <param name="lesson">The lesson's name.</param>
/// <param name="merged">Called after the file was written: with the state that was put, and with what the file holds now.</param>
/// <param name="notice">Called with a sentence for the learner.</param>
internal sealed class ProgressWriter(
    ProgressFolder folder, string lesson, Action<KeptLesson, KeptLesson> merged, Action<string> notice) : IAsyncDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly Channel<bool> _signals =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new(); // of what waits
    private (KeptLesson Known, KeptLesson Mine)? _answers;
    private IReadOnlyDictionary<string, KeptRun>? _runs;
    private bool _failed;
    private Task? _writing;

    /// <summary>What the learner did, to be written soon.</summary>
    /// <param name="known">
    /// The state that was put before, with what was found in the file since: what differs from it was done here.
    /// </param>
    /// <param name="mine">The state now.</param>
    public void Put(KeptLesson known, KeptLesson mine)
    {
        lock (_lock)
            _answers = (_answers?.Known ?? known, mine);
        Signal();
    }

    /// <summary>The last runs, to be written soon.</summary>
    public void PutRuns(IReadOnlyDictionary<string, KeptRun> runs)
    {
        lock (_lock)
            _runs = runs;
        Signal();
    }

    /// <summary>Writes what waits, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _signals.Writer.TryComplete();
        await _ending.CancelAsync();
        if (_writing is not null)
            await _writing;
        await WriteAsync();
        _ending.Dispose();
    }

    private void Signal()
    {
        _writing ??= Task.Run(WriteInOrderAsync);
        _signals.Writer.TryWrite(true);
    }

    private async Task WriteInOrderAsync()
    {
        try
        {
            while (await _signals.Reader.WaitToReadAsync(_ending.Token))
            {
                while (_signals.Reader.TryRead(out _))
                {
                    // Whatever came since is in the state that is written next.
                }

                while (!await WriteAsync())
                    await Task.Delay(RetryAfter, _ending.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // DisposeAsync writes what is left.
        }
    }

    private async Task<bool> WriteAsync()
    {
        (KeptLesson Known, KeptLesson Mine)? answers;
        IReadOnlyDictionary<string, KeptRun>? runs;
        lock (_lock)
        {
            (answers, runs) = (_answers, _runs);
            (_answers, _runs) = (null, null);
        }

        try
        {
            if (answers is var (known, mine))
            {
                var (now, aside) = await folder.MergeAsync(lesson, known, mine);
                if (aside is not null)
                    notice($"What was kept of this lesson could not be read. It was put aside, as {aside} in the folder of your progress.");
                merged(mine, now);
                answers = null;
            }

            if (runs is not null)
                folder.WriteRuns(lesson, runs);
            if (_failed)
                notice("Your progress is kept again.");
            _failed = false;
            return true;
        }
        catch (IOException e)
        {
            if (!_failed)
                notice($"Your progress cannot be kept at the moment, and will be as soon as it can: {e.Message}");
            _failed = true;
            lock (_lock)
            {
                // A newer state may have come meanwhile; that one is written, as done since the older one.
                _answers = answers is null ? _answers : (answers.Value.Known, _answers?.Mine ?? answers.Value.Mine);
                _runs ??= runs;
            }

            return false;
        }
    }
}
