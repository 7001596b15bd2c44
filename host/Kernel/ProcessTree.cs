using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace TracingTutorial.Host.Kernel;

/// <summary>
/// Ends a kernel with every process that its cells have started, also those that were detached from it. On Linux they are found by
/// an environment variable, which a process inherits; elsewhere on Unix by the process group; on Windows by a job object.
/// </summary>
internal static class ProcessTree
{
    private const string Variable = "TRACING_TUTORIAL_KERNEL";
    private const int SigKill = 9;
    private static readonly TimeSpan ParentCheck = TimeSpan.FromMilliseconds(250), Patience = TimeSpan.FromSeconds(5);

    /// <summary>Marks a process that is about to be started.</summary>
    /// <returns>The mark, for <see cref="Kill"/>.</returns>
    public static string Mark(ProcessStartInfo start) => start.Environment[Variable] = Guid.NewGuid().ToString("n");

    /// <summary>
    /// Called by the kernel at its start: it leads a group of its own, and ends with its parent, whatever its threads do.
    /// </summary>
    /// <param name="parent">The process that has started it, and may have ended already.</param>
    public static void Join(int parent)
    {
        if (OperatingSystem.IsWindows())
        {
            JobObject.Join();
            return;
        }

        _ = setsid();
        // A thread of its own, because cells can occupy all threads of the pool. The system has no portable event for this.
        new Thread(() =>
        {
            while (getppid() == parent)
                Thread.Sleep(ParentCheck);
            TemporaryFiles.RemoveOf(parent); // it may have been killed
            EndThis();
        })
        { IsBackground = true, Name = "parent" }.Start();
    }

    /// <summary>Ends the kernel that calls this, and everything that it has started.</summary>
    public static void EndThis()
    {
        KillAllMarked(Environment.GetEnvironmentVariable(Variable) ?? "");
        TemporaryFiles.RemoveOf(Environment.ProcessId);
        KillGroup(Environment.ProcessId, hasEnded: false); // this process too
        Environment.Exit(0);
    }

    /// <summary>Kills a kernel and everything that carries its mark. Nothing happens if all of it has ended.</summary>
    /// <param name="pid">The process id of the kernel.</param>
    /// <param name="hasEnded">True when the kernel has ended: the system may have given its id to another process since.</param>
    /// <param name="mark">From <see cref="Mark"/>.</param>
    public static void Kill(int pid, bool hasEnded, string mark)
    {
        KillAllMarked(mark);
        KillGroup(pid, hasEnded);
    }

    private static void KillAllMarked(string mark)
    {
        if (!OperatingSystem.IsLinux() || mark.Length == 0) // without one, every kernel on the machine would be meant
            return;
        // A process may start another one while this looks, so it looks until it finds none.
        var marked = Encoding.UTF8.GetBytes($"{Variable}={mark}");
        var clock = Stopwatch.StartNew();
        while (KillMarked(marked) && clock.Elapsed < Patience)
            Thread.Yield();
    }

    private static void KillGroup(int pid, bool hasEnded)
    {
        // While a group has processes, its id is given to no new process. So a process with this id has a group of its own.
        if (!OperatingSystem.IsWindows() && !(hasEnded && kill(pid, 0) == 0))
            _ = kill(-pid, SigKill);
    }

    private static bool KillMarked(byte[] mark)
    {
        var found = false;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var pid) || pid == Environment.ProcessId || !HasMark(folder, mark))
                continue;
            found |= kill(pid, SigKill) == 0;
        }

        return found;
    }

    private static bool HasMark(string folder, byte[] mark)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(folder, "environ")).AsSpan().IndexOf(mark) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended, or belongs to another user.
        }
    }

    [DllImport("libc")]
    private static extern int setsid();

    [DllImport("libc")]
    private static extern int getppid();

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);

    /// <summary>A Windows job whose processes end when its last handle is closed. The kernel holds the only one.</summary>
    private static class JobObject
    {
        private const int ExtendedLimitInformation = 9;
        private const uint KillOnJobClose = 0x2000;

        public static void Join()
        {
            var job = CreateJobObjectW(0, 0);
            var limits = new ExtendedLimits { Flags = KillOnJobClose };
            if (job == 0 || !SetInformationJobObject(job, ExtendedLimitInformation, ref limits, (uint)Marshal.SizeOf<ExtendedLimits>())
                || !AssignProcessToJobObject(job, Process.GetCurrentProcess().Handle))
            {
                throw new Win32Exception();
            }
        }

        [DllImport("kernel32.dll", SetLastError = true)]
        private static extern nint CreateJobObjectW(nint attributes, nint name);

        [DllImport("kernel32.dll", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        private static extern bool SetInformationJobObject(nint job, int kind, ref ExtendedLimits limits, uint size);

        [DllImport("kernel32.dll", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        private static extern bool AssignProcessToJobObject(nint job, nint process);

        /// <summary><c>JOBOBJECT_EXTENDED_LIMIT_INFORMATION</c> of winnt.h.</summary>
        [StructLayout(LayoutKind.Sequential)]
        private struct ExtendedLimits
        {
            public long ProcessTime, JobTime;
            public uint Flags;
            public nuint MinimumWorkingSet, MaximumWorkingSet;
            public uint ActiveProcesses;
            public nuint Affinity;
            public uint Priority, Scheduling;
            public ulong Reads, Writes, Others, ReadBytes, WrittenBytes, OtherBytes;
            public nuint ProcessMemory, JobMemory, PeakProcessMemory, PeakJobMemory;
        }
    }
}
