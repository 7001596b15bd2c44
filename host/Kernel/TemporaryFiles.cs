using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Host.Kernel;

/// <summary>
/// The temporary files of the course are called <c>tracing-pipe-1234-…</c> (or page, take-home, dashboard), where 1234 is the process
/// that made them. A process that is killed cannot remove its own, so another process of the course does.
/// </summary>
internal static partial class TemporaryFiles
{
    private const string SharedFolder = "/tmp";

    /// <summary>
    /// A new name for a pipe. On Unix it becomes a file in the folder for temporary files, whose path may have 103 bytes on macOS:
    /// where that folder has a long name, the file is in <c>/tmp</c>.
    /// </summary>
    /// <param name="temporary">The folder for temporary files.</param>
    public static string NewPipe(string temporary)
    {
        var random = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        var name = string.Create(CultureInfo.InvariantCulture, $"tracing-pipe-{Environment.ProcessId}-{random}");
        return OperatingSystem.IsWindows()
            || Encoding.UTF8.GetByteCount(temporary) + "CoreFxPipe_".Length + name.Length < 104
                ? name
                : Path.Combine(SharedFolder, name);
    }

    /// <summary>Why the folder for temporary files cannot be used; null when it can.</summary>
    public static string? Problem()
    {
        var folder = Path.GetTempPath();
        const string wayOut = "or let the variable TMPDIR (on Windows, TEMP) name another one.";
        if (!Directory.Exists(folder))
            return Paths.Printable($"The folder for temporary files is not there: {folder}\n  -> Make it, {wayOut}");
        try
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"tracing-page-{Environment.ProcessId}-probe.tmp");
            var probe = Path.Combine(folder, name);
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Paths.Printable($"The folder for temporary files cannot be written: {e.Message}\n  -> Make it writable, {wayOut}");
        }
    }

    /// <summary>The process that made a file with this name; null for a file that is not the course's.</summary>
    public static int? OwnerOf(string path) =>
        Name().Match(Path.GetFileName(path)) is { Success: true } name
        && int.TryParse(name.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var owner)
            ? owner
            : null;

    /// <summary>Removes the files of a process that has ended or is about to end.</summary>
    public static void RemoveOf(int process) => Remove(Folders(), owner => owner == process);

    /// <summary>Removes the files of processes that have ended without doing so.</summary>
    /// <param name="folders">Where to look; without any, where temporary files are.</param>
    public static void RemoveAbandoned(params IEnumerable<string> folders) => Remove([.. Folders(), .. folders], owner => !Lives(owner));

    private static IEnumerable<string> Folders() =>
        OperatingSystem.IsWindows() ? [Path.GetTempPath()] : [Path.GetTempPath(), SharedFolder];

    private static void Remove(IEnumerable<string> folders, Func<int, bool> isWanted)
    {
        foreach (var folder in folders)
        {
            try
            {
                foreach (var file in new DirectoryInfo(folder).EnumerateFileSystemInfos("*tracing-*"))
                {
                    if (OwnerOf(file.Name) is { } owner && isWanted(owner))
                        Remove(file);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // There is no such folder, or it cannot be read.
            }
        }
    }

    private static void Remove(FileSystemInfo file)
    {
        try
        {
            if (file is DirectoryInfo { LinkTarget: null } folder)
                folder.Delete(recursive: true);
            else
                file.Delete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another user's, or somebody else has just removed it, or Windows has it open.
        }
    }

    private static bool Lives(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !IsZombie(id);
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    // On Linux, a process that has ended keeps its id until its parent has asked for its exit code.
    private static bool IsZombie(int id)
    {
        if (!OperatingSystem.IsLinux())
            return false;
        try
        {
            var facts = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
            return facts.Contains(") Z ", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // Exactly the names that the course makes: what it takes for its own, it deletes.
    [GeneratedRegex(
        @"^(?:CoreFxPipe_)?tracing-(?:pipe|page|take-home|dashboard)-([0-9]+)-(?:[0-9A-Za-z.]{6,16}|open\.html)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
