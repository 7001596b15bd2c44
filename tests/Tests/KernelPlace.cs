using System;
using System.Threading;
using System.Threading.Tasks;

namespace TracingTutorial.Tests;

/// <summary>
/// A place for work that starts kernels. There are as many as the machine has cores and memory for: more kernels at once would
/// only make each of them slower. Whoever holds a place must not take a second one.
/// </summary>
internal sealed class KernelPlace : IDisposable
{
    /// <summary>What a kernel with the helpers, and its share of a browser, may take.</summary>
    private const long BytesEach = 1L << 30;

    private static readonly SemaphoreSlim Places = new((int)Math.Max(1,
        Math.Min(Environment.ProcessorCount * 3L / 2, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / BytesEach)));

    private bool _left;

    private KernelPlace()
    {
    }

    /// <summary>Waits for a place. Disposing it leaves it to the next one.</summary>
    public static async Task<KernelPlace> TakeAsync()
    {
        await Places.WaitAsync();
        return new KernelPlace();
    }

    public void Dispose()
    {
        if (!_left)
            Places.Release();
        _left = true;
    }
}
