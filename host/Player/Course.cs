using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Host.Notebooks;
using TracingTutorial.Host.Pages;

namespace TracingTutorial.Host.Player;

/// <summary>A lesson as the start page tells it.</summary>
/// <param name="Name">The file name without ending.</param>
/// <param name="Title">Its first heading.</param>
/// <param name="Minutes">How long it takes.</param>
/// <param name="About">What the learner will be able to do, as Markdown.</param>
/// <param name="Exercises">How many exercises it has.</param>
/// <param name="Solved">How many of them are solved.</param>
/// <param name="Visited">When the learner was there last; null for never.</param>
internal sealed record LessonCard(string Name, string Title, int Minutes, string About, int Exercises, int Solved, DateTimeOffset? Visited);

/// <summary>The lessons on disk, which are only read, and the sessions that are open. At most three of them hold a kernel.</summary>
internal sealed class Course(string root, string progressFolder) : IDisposable
{
    public const int MostKernels = 3;

    private readonly ConcurrentDictionary<string, LessonSession> _sessions = new();
    private readonly ConcurrentDictionary<string, (DateTime Written, Notebook Lesson)> _read = new();
    private readonly Lock _kernels = new();
    private readonly List<LessonSession> _withKernel = []; // the one unused longest first

    /// <summary>The folder with the diagrams.</summary>
    public string Assets => Path.Combine(root, "assets");

    /// <summary>The names of the lessons, in order.</summary>
    public IReadOnlyList<string> Names => [.. Directory.GetFiles(Path.Combine(root, "notebooks"), "*.dib").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    /// <summary>Where the player shows the file at a path of the clone; null when it does not.</summary>
    public string? Address(string path) =>
        CloneFile.LessonAt(path) is { } lesson ? Names.Contains(lesson) ? $"/lesson/{lesson}" : null
        : path.StartsWith("assets/", StringComparison.Ordinal) ? $"/{path}"
        : CloneFile.CanBeRead(root, path) ? $"/file/{path}" : null;

    /// <summary>A file of the clone as a page: its title and its HTML; null for one that the player does not show.</summary>
    public (string Title, string Html)? File(string path) =>
        CloneFile.LessonAt(path) is null && CloneFile.CanBeRead(root, path) ? CloneFile.Page(root, path, Address) : null;

    /// <summary>The session of a lesson; null for a name that is not in the list, so that no path of a browser reaches the disk.</summary>
    public LessonSession? Open(string name)
    {
        if (!Names.Contains(name))
            return null;
        var lesson = Read(name);
        var session = _sessions.GetOrAdd(name, _ => New());
        if (ReferenceEquals(session.Lesson, lesson) || session.IsRunning)
            return session;
        // The file has changed: tabs that show the old lesson load it again. What fits of the learner's work is in the new one.
        if (_sessions.TryUpdate(name, New(), session))
            session.GiveWay();
        return _sessions[name];

        LessonSession New() => new(this, name, lesson, progressFolder);
    }

    /// <summary>The lessons for the start page.</summary>
    public IReadOnlyList<LessonCard> Cards() => [.. Names.Select(name =>
    {
        var lesson = Read(name);
        var progress = _sessions.TryGetValue(name, out var open) ? open.Progress : Progress.Load(progressFolder, name, [.. lesson.Code.Select(c => c.Source)]);
        var exercises = lesson.Code.Count(c => c.Exercise is not null);
        return new LessonCard(name, lesson.Title, Minutes.Of(lesson), lesson.Goals, exercises, progress.Cells.Count(c => c.Solved), progress.Visited);
    })];

    /// <summary>A session is about to start a kernel, or uses its own: with three others, the one unused longest is closed.</summary>
    /// <returns>False when none can be closed, because all are running a cell.</returns>
    public bool MakeRoomFor(LessonSession session)
    {
        lock (_kernels)
        {
            if (!_withKernel.Remove(session) && _withKernel.Count >= MostKernels)
            {
                var idle = _withKernel.Find(s => !s.IsRunning);
                if (idle is null)
                    return false;
                _withKernel.Remove(idle);
                // Not in this call: two sessions could wait for each other.
                Task.Run(() => idle.CloseKernel($"The kernel of this lesson was closed, because {MostKernels} other lessons are open. Run its cells again from the top."));
            }

            _withKernel.Add(session);
            return true;
        }
    }

    /// <summary>The kernel of a session is gone.</summary>
    public void Left(LessonSession session)
    {
        lock (_kernels)
            _withKernel.Remove(session);
    }

    public void Dispose()
    {
        foreach (var session in _sessions.Values)
            session.Dispose();
    }

    /// <summary>A lesson, read anew only when its file has changed.</summary>
    private Notebook Read(string name)
    {
        var path = Path.Combine(root, "notebooks", name + ".dib");
        var written = System.IO.File.GetLastWriteTimeUtc(path);
        if (_read.TryGetValue(name, out var known) && known.Written == written)
            return known.Lesson;
        Notebook lesson;
        try
        {
            lesson = DibReader.Load(path);
        }
        catch (NotebookException e)
        {
            lesson = new Notebook(path, [new Cell(path, 1, 1, CellKind.Markdown, $"# {name}\n\nThis lesson cannot be read.\n\n```text\n{e.Message}\n```\n", root)]);
        }

        // Saved without a change, it is the lesson that is open.
        if (known.Lesson is { } before && before.Cells.Select(c => (c.Kind, c.Line, c.Source)).SequenceEqual(lesson.Cells.Select(c => (c.Kind, c.Line, c.Source))))
            lesson = before;
        _read[name] = (written, lesson);
        return lesson;
    }
}
