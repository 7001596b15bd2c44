#nullable enable
using System;
using System.Collections.Generic;
using System.Threading.Tasks;

/// <summary>
/// Several requests at once that overtake each other, and do so in the same way each time. How long each step takes is drawn
/// from a seed; and only one request runs at a time: when all of them wait, the one whose wait is over first goes on. So the
/// order does not depend on how fast the machine is.
/// </summary>
/// <param name="seed">Another seed, another order.</param>
/// <param name="requests">How many there are.</param>
/// <param name="pace">How long one unit of work takes.</param>
internal sealed class ShopRush(int seed, int requests, TimeSpan pace)
{
    private readonly Random random = new(seed);
    private readonly PriorityQueue<TaskCompletionSource, double> waiting = new();
    private int running = requests;
    private double now; // in units of work

    /// <summary>One step of one request: from almost nothing to twelve times what it usually takes.</summary>
    public Task WorkAsync(double units)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (waiting)
        {
            waiting.Enqueue(turn, now + units * 12 * Math.Pow(random.NextDouble(), 2));
            Pause();
        }

        return turn.Task;
    }

    /// <summary>One of the requests is answered.</summary>
    public void End()
    {
        lock (waiting)
            Pause();
    }

    private void Pause()
    {
        if (--running == 0 && waiting.TryDequeue(out var next, out var time))
            _ = GoOnAsync(next, time);
    }

    private async Task GoOnAsync(TaskCompletionSource next, double time)
    {
        await Task.Delay((time - now) * pace);
        (now, running) = (time, 1);
        next.SetResult();
    }
}
