using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Doctor;

/// <summary>Is there room for the course: memory, and disk in the folders that it writes to.</summary>
internal static class FreeResources
{
    private const int OneLesson = MeasuredNeeds.PlayerMegabytes + MeasuredNeeds.ToMegabytes;
    private const int ThreeLessons = MeasuredNeeds.PlayerMegabytes + KernelPool.MaxKernels * MeasuredNeeds.ToMegabytes;

    /// <summary>What is free now. The runtime knows it on each platform, and the bounds of a container too.</summary>
    public static Finding Memory()
    {
        GC.Collect(0); // it returns zeros before the first collection
        var info = GC.GetGCMemoryInfo(GCKind.Any);
        return Memory((info.TotalAvailableMemoryBytes - info.MemoryLoadBytes) / 1_000_000);
    }

    /// <param name="free">In megabytes.</param>
    internal static Finding Memory(long free) => new("memory", free >= ThreeLessons, false,
        $"{Size(free)} free; a lesson takes up to {MeasuredNeeds.ToMegabytes} MB, "
            + $"the player {MeasuredNeeds.PlayerMegabytes} MB and up to {KernelPool.MaxKernels} lessons",
        "Close other programs, or give the container or virtual machine more. "
            + (free < OneLesson ? $"One lesson in the player needs {Size(OneLesson)}."
                : "Or end the player with Ctrl+C between lessons, and start it again: your answers are kept."));

    /// <param name="folders">Where the course writes: what for, the folder, and what to do when that cannot be.</param>
    /// <param name="freeIn">Megabytes free on the disk of a folder; null when the system does not say.</param>
    internal static Finding Disk(IReadOnlyList<(string What, string Folder, string WayOut)> folders, Func<string, long?> freeIn)
    {
        const int need = MeasuredNeeds.PackageMegabytes + MeasuredNeeds.BuiltMegabytes;
        foreach (var (what, folder, wayOut) in folders)
        {
            if (WhyNotWritable(folder) is { } why)
                return new Finding("disk", false, true, $"the folder for {what}, {folder}, {why}", wayOut);
        }

        var free = folders.Select(f => (f.What, Free: freeIn(f.Folder))).OrderBy(f => f.Free ?? long.MaxValue).FirstOrDefault();
        return new Finding("disk", free.Free is null or >= need, false,
            (free.Free is { } most ? $"{Size(most)} free{(most < need ? $" for {free.What}" : "")}; " : "")
                + $"the packages of all lessons take {Size(MeasuredNeeds.PackageMegabytes)}, the build {MeasuredNeeds.BuiltMegabytes} MB",
            "Make room there. `dotnet nuget locals all --list` shows which caches may be emptied; "
                + "`NUGET_PACKAGES` names another folder for packages.");
    }

    /// <summary>Megabytes that are free on the disk of a folder, or of the next one above it that is there.</summary>
    public static long? FreeIn(string folder)
    {
        try
        {
            var place = Existing(folder);
            return new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(place)! : place).AvailableFreeSpace / 1_000_000;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null; // a share of the network
        }
    }

    private static string? WhyNotWritable(string folder)
    {
        if (!Path.IsPathRooted(folder))
            return "has no place: there is no home folder";
        try
        {
            var file = Path.Combine(Existing(folder), $".tracing-tutorial-{Guid.NewGuid():n}");
            using (var written = new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
                written.WriteByte(0);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return e.GetType() == typeof(IOException) && FreeIn(folder) == 0 ? "cannot be written: its disk is full" : "cannot be written";
        }
    }

    /// <summary>The folder itself, or the one in which it would be made.</summary>
    private static string Existing(string folder)
    {
        var place = Path.GetFullPath(folder);
        while (!Path.Exists(place) && Path.GetDirectoryName(place) is { } above)
            place = above;
        return place;
    }

    private static string Size(long megabytes) =>
        megabytes < 1000 ? $"{megabytes} MB" : FormattableString.Invariant($"{megabytes / 1000.0:0.0} GB");
}
