#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

/// <summary>
/// Several requests at once that overtake each other, and do so in the same way each time. How long each step takes is drawn
/// from a seed; and only one request runs at a time: when all of them wait, the one whose wait is over first goes on. So the
/// order does not depend on how fast the machine is.
/// </summary>
/// <param name="requests">How many there are.</param>
/// <param name="pace">How long one unit of work takes.</param>
internal sealed class ShopRush(int requests, TimeSpan pace)
{
    // Chosen for lesson 0: there, whoever counts lines of the log gets the wrong answer (a test keeps it so).
    private readonly Random random = new(346);
    private readonly PriorityQueue<TaskCompletionSource, double> waiting = new();
    private int running = requests;
    private int left = requests;
    private double now; // in units of work

    /// <summary>Whether all of them are answered.</summary>
    public bool IsOver => left == 0;

    /// <summary>Runs them, and gives their answers in the order of the requests.</summary>
    public Task<T[]> RunAsync<T>(IEnumerable<Func<Task<T>>> all) => Task.WhenAll(all.Select(OneAsync));

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

    private async Task<T> OneAsync<T>(Func<Task<T>> request)
    {
        try
        {
            await WorkAsync(10); // not all users click in the same moment
            return await request();
        }
        finally
        {
            lock (waiting)
            {
                left--;
                Pause();
            }
        }
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
