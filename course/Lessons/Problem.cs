using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace TracingTutorial.Course.Lessons;

/// <summary>Something wrong with an input, said so that its reader can put it right.</summary>
/// <param name="File">The file.</param>
/// <param name="Cell">The number of the cell in that file, from 1, or null when it is not about a cell.</param>
/// <param name="Line">The line of the file, from 1, or null when it is not about a line.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="WayOut">What to do about it; empty when the message says it all.</param>
public sealed record Problem(string File, int? Cell, int? Line, string Message, string WayOut)
{
    /// <summary>Where, what, and the way out, on as many lines.</summary>
    public override string ToString()
    {
        var where = Paths.Display(File) + (Line is { } line ? $":{line}" : "") + (Cell is { } cell ? $" (cell {cell})" : "");
        return Paths.Printable(WayOut.Length == 0 ? $"{where}: {Message}" : $"{where}: {Message}\n  -> {WayOut.Replace("\n", "\n     ")}");
    }
}

/// <summary>An input that cannot be run as it is; <see cref="Problems"/> says why.</summary>
public sealed class NotebookException(params Problem[] problems) : Exception(string.Join('\n', (object[])problems))
{
    /// <summary>At least one.</summary>
    public IReadOnlyList<Problem> Problems { get; } = problems;
}

/// <summary>File names as a person reads them.</summary>
internal static class Paths
{
    private const int MaxLinks = 40;

    /// <summary>The path relative to the current folder when the file is below it, otherwise the full path.</summary>
    public static string Display(string path)
    {
        if (path.Trim().Length == 0)
            return $"'{Printable(path)}'";
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return Printable((relative == "." || relative.StartsWith("..", StringComparison.Ordinal) ? path : relative)
            .Replace('\\', '/'))
            .Replace('\n', '\ufffd');
    }

    /// <summary>The full path without symbolic links, also among its folders. What is not there yet stays as it is.</summary>
    /// <exception cref="IOException">Symbolic links in a circle.</exception>
    public static string Real(string path, int links = 0)
    {
        var parts = Path.GetFullPath(path).Split(Path.DirectorySeparatorChar);
        var real = parts[0] + Path.DirectorySeparatorChar;
        foreach (var part in parts.Skip(1).Where(p => p.Length > 0))
        {
            real = Path.Combine(real, part);
            FileSystemInfo info = Directory.Exists(real) ? new DirectoryInfo(real) : new FileInfo(real);
            if (info.LinkTarget is not null && info.ResolveLinkTarget(returnFinalTarget: true) is { } target)
                real = links < MaxLinks ? Real(target.FullName, links + 1) : throw new IOException($"Too many symbolic links: {path}");
        }

        return real;
    }

    /// <summary>True for a file that is there, in this folder or below it, also when symbolic links are followed.</summary>
    public static bool IsInside(string root, string path)
    {
        try
        {
            var full = Path.Combine(root, path);
            return File.Exists(full)
                && Real(full).StartsWith(Real(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false; // Symbolic links in a circle.
        }
    }

    /// <summary>
    /// A text that cannot move the cursor of a terminal, colour it, name its window, or change the order in which its letters are drawn.
    /// </summary>
    public static string Printable(string text) => string.Concat(text.Select(c => ActsOnTerminal(c) ? '\ufffd' : c));

    /// <summary>
    /// Whether a character is a control character other than a line end or a tab, or an explicit formatting character of UAX #9.
    /// </summary>
    public static bool ActsOnTerminal(int character) => character < ' ' ? character is not ('\n' or '\t')
        : character is >= 0x7F and <= 0x9F or >= 0x202A and <= 0x202E or >= 0x2066 and <= 0x2069;
}
