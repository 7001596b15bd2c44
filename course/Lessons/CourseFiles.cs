using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace TracingTutorial.Course.Lessons;

/// <summary>Finds the notebooks that a command line means.</summary>
internal static class CourseFiles
{
    /// <summary>The folders of the clone that no command writes its results to.</summary>
    private static readonly string[] OfTheClone =
        [".ci", ".config", ".devcontainer", ".git", ".github", ".progress", ".vscode",
            "assets", "course", "docker", "helpers", "host", "notebooks", "tab", "tests"];

    /// <summary>The full paths of the notebooks, in order.</summary>
    /// <exception cref="NotebookException">A path names nothing, or there are no lessons to be found.</exception>
    public static string[] Find(IReadOnlyCollection<string> paths) =>
        paths.Count == 0 ? In(Folder()) : [.. paths.SelectMany(Resolve).Distinct()];

    /// <summary>The root of the clone: of the current folder or one above it, otherwise of the clone this program was built in.</summary>
    /// <exception cref="NotebookException">There is none.</exception>
    public static string Root()
    {
        foreach (var start in (string[])[Environment.CurrentDirectory, AppContext.BaseDirectory])
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                if (Directory.Exists(Path.Combine(folder.FullName, "notebooks"))
                    && File.Exists(Path.Combine(folder.FullName, "helpers", "core.dib")))
                    return folder.FullName;
            }
        }

        throw new NotebookException(new Problem("notebooks", null, null, "The tutorial's folder `notebooks` was not found.",
            "Run this in a clone of the tutorial, or name the notebooks to run."));
    }

    /// <summary>True for the clone itself, and for what is in one of its own folders, also when a symbolic link leads there.</summary>
    /// <exception cref="IOException">Symbolic links in a circle.</exception>
    public static bool IsOfTheClone(string root, string path) =>
        Path.GetRelativePath(Paths.Real(root), Paths.Real(path)).Replace('\\', '/') is var relative
        && (relative == "." || OfTheClone.Contains(relative.Split('/')[0], StringComparer.OrdinalIgnoreCase));

    /// <summary>Copies the helpers' sources into the folder <c>helpers</c> of another place, where notebooks beside it find them.</summary>
    /// <exception cref="IOException">The place cannot be written.</exception>
    public static void CopyHelpers(string root, string to)
    {
        foreach (var file in Directory.GetFiles(Path.Combine(root, "helpers"), "*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f) is ".cs" or ".dib" && Paths.IsInside(root, f)
                && !Path.GetRelativePath(root, f).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")))
        {
            var target = Path.Combine(to, Path.GetRelativePath(root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }

    private static string Folder() => Path.Combine(Root(), "notebooks");

    private static IEnumerable<string> Resolve(string path)
    {
        if (Directory.Exists(path))
            return In(path);
        if (File.Exists(path))
            return [Path.GetFullPath(path)];
        // "01" or "01-setup" means a lesson.
        if (path.Trim().Length > 0 && !path.AsSpan().ContainsAny('/', '\\'))
        {
            var lessons = Directory.GetFiles(Folder(), "*.dib").Where(file => Path.GetFileName(file) is var name
                && (name.StartsWith(path + "-", StringComparison.OrdinalIgnoreCase)
                    || name.Equals(path + ".dib", StringComparison.OrdinalIgnoreCase)))
                .ToArray();
            if (lessons.Length == 1)
                return lessons;
        }

        throw new NotebookException(path.StartsWith("--", StringComparison.Ordinal)
            ? new Problem(path, null, null, "There is no such option, and no such notebook or folder.",
                "With --help, the options are listed.")
            : new Problem(path, null, null, "There is no such notebook or folder.",
                "Check the path. Without a path, every lesson is run."));
    }

    private static string[] In(string folder)
    {
        try
        {
            var notebooks = Directory.GetFiles(folder, "*.dib").Order(StringComparer.Ordinal).Select(Path.GetFullPath).ToArray();
            return notebooks.Length > 0
                ? notebooks
                : throw new NotebookException(new Problem(folder, null, null,
                    "This folder has no notebooks (*.dib).", "Name another folder, or a notebook."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NotebookException(new Problem(folder, null, null, $"The folder cannot be read: {e.Message}",
                "Check that you may read it, or name another one."));
        }
    }
}
