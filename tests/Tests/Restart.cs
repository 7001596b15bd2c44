using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

namespace TracingTutorial.Tests;

/// <summary>What a second run of a notebook would close. It cannot be tried here: it would close what other tests use.</summary>
internal static class Restart
{
    public static bool Closes(IDisposable resource)
    {
        var open = (List<WeakReference<IDisposable>>)typeof(NotebookHost).GetField("Open", BindingFlags.NonPublic | BindingFlags.Static)!.GetValue(null)!;
        lock (open)
            return open.Any(known => known.TryGetTarget(out var target) && ReferenceEquals(target, resource));
    }
}
