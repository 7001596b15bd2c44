using System;
using System.Collections;
using System.Reflection;
using System.Threading;

namespace TracingTutorial.Tab;

/// <summary>
/// Lets code wait in a tab, which has one thread. <c>Monitor.Wait</c> was patched when the site was made (pack/Patches.cs):
/// it calls <see cref="Wait"/>, which runs the queue of the thread pool and the timers that are due. <c>Task.Wait</c>,
/// <c>GetAwaiter().GetResult()</c>, <c>SemaphoreSlim.Wait</c> and <c>ManualResetEventSlim.Wait</c> all end in <c>Monitor.Wait</c>.
/// </summary>
internal static class Waiting
{
    /// <summary>So many waits inside one another are refused: below that, the stack of a browser ends.</summary>
    private const int MostNested = 50;

    private const BindingFlags Hidden = BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    private static Func<bool> dispatch = null!;
    private static Func<long, long> fireTimers = null!;
    private static Action<ExecutionContext?> restore = null!;
    private static FieldInfo toFire = null!;
    private static int depth;
    private static long nestedSince;
    private static bool reported;

    /// <summary>Puts the hook in place.</summary>
    public static void Install()
    {
        var core = typeof(object).Assembly;
        var (pool, timers) = (core.GetType("System.Threading.ThreadPoolWorkQueue")!, core.GetType("System.Threading.TimerQueue")!);
        dispatch = pool.GetMethod("Dispatch", Hidden)!.CreateDelegate<Func<bool>>();
        fireTimers = timers.GetMethod("PumpTimerQueue", Hidden)!.CreateDelegate<Func<long, long>>();
        restore = typeof(ExecutionContext).GetMethod("RestoreInternal", Hidden)!.CreateDelegate<Action<ExecutionContext?>>();
        toFire = timers.GetField("s_scheduledTimersToFire", Hidden)!;
        core.GetType("System.Threading.Monitor")!.GetField("WaitHook", Hidden)!.SetValue(null, (Func<object, int, bool>)Wait);
    }

    /// <summary>A cell begins.</summary>
    public static void Begin() => (depth, reported) = (0, false);

    /// <summary>
    /// Runs what is due, once. Returns true as after a spurious wake-up: whoever waits looks again at what it waits for, and comes back.
    /// </summary>
    private static bool Wait(object on, int milliseconds)
    {
        if (depth >= MostNested)
            throw new NestedWaitException();
        if (depth == 0)
            nestedSince = 0;
        else if (nestedSince == 0)
            nestedSince = Environment.TickCount64;
        else if (!reported && Environment.TickCount64 - nestedSince > Long.TotalMilliseconds)
        {
            reported = true;
            Output.Note("The code waits inside of a wait for ten seconds now. A browser tab has one thread: the outer wait goes on only when the "
                + "inner one has ended. If this does not end, stop the cell and use `await` in place of `Wait`, `Result` or `GetResult`.");
        }

        var (mine, synchronization) = (ExecutionContext.Capture(), SynchronizationContext.Current);
        depth++;
        try
        {
            restore(null); // work of other flows must not see the flow of the one that waits
            dispatch();
            if (toFire.GetValue(null) is IList)
            {
                toFire.SetValue(null, Activator.CreateInstance(toFire.FieldType)); // a callback may wait too: each round has a list of its own
                fireTimers(Environment.TickCount64);
            }

            Output.FlushIfDue();
        }
        finally
        {
            depth--;
            restore(mine);
            SynchronizationContext.SetSynchronizationContext(synchronization);
        }

        return true;
    }
}

/// <summary>Too many waits inside one another.</summary>
internal sealed class NestedWaitException() : InvalidOperationException(
    "Too many waits inside one another: a browser tab has one thread. Use `await` in place of `Wait`, `Result` or `GetResult`.");
