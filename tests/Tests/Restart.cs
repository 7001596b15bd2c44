using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

namespace TracingTutorial.Tests;

/// <summary>What a second run of a notebook would close. It cannot be tried here: it would close what other tests use.</summary>
internal static class Restart
{
    /// <summary>Closes what tests before this one have left running: for tests that run alone, when nobody uses it any more.</summary>
    public static void CloseWhatIsLeft()
    {
        foreach (var known in Open().ToArray())
        {
            if (known.TryGetTarget(out var left))
                left.Dispose();
        }
    }

    public static bool Closes(IDisposable resource)
    {
        lock (Open())
            return Open().Any(known => known.TryGetTarget(out var target) && ReferenceEquals(target, resource));
    }

    private static List<WeakReference<IDisposable>> Open() =>
        (List<WeakReference<IDisposable>>)typeof(NotebookHost).GetField("Open",
        BindingFlags.NonPublic | BindingFlags.Static)!.GetValue(null)!;
}
