using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Pages;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Player;

/// <summary>A lesson in the list of lessons.</summary>
/// <param name="Name">The file name without ending.</param>
/// <param name="Title">Its first heading.</param>
/// <param name="Minutes">How long it takes.</param>
/// <param name="About">What the learner will be able to do, as HTML.</param>
/// <param name="Exercises">How many exercises it has.</param>
/// <param name="Solved">How many of them are solved.</param>
/// <param name="Visited">When the learner was there last; null for never.</param>
internal sealed record LessonCard(string Name, string Title, int Minutes, string About, int Exercises, int Solved, DateTimeOffset? Visited);

/// <summary>The lessons on disk, which are only read, and the sessions of those that are open.</summary>
/// <param name="root">The root of the clone.</param>
/// <param name="progress">The folder of the learner's progress.</param>
/// <param name="start">Starts a kernel.</param>
internal sealed class OpenLessons(string root, ProgressFolder progress, StartKernel start) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, LessonSession> _sessions = new();
    private readonly ConcurrentDictionary<string, (DateTime Written, Lesson Lesson)> _read = new();
    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly KernelPool _pool = new(start);
    private Task _reading = Task.CompletedTask;

    /// <summary>The names of the lessons, in order.</summary>
    public IReadOnlyList<string> Names =>
        [.. Directory.GetFiles(Path.Combine(root, "notebooks"), "*.dib")
            .Select(f => Path.GetFileNameWithoutExtension(f)!)
            .Order(StringComparer.Ordinal)];

    /// <summary>Where the player shows the file at a path of the clone; null when it does not.</summary>
    public string? Address(string path) =>
        CloneFile.LessonAt(path) is { } lesson ? Names.Contains(lesson) ? $"/lesson/{lesson}" : null
        : path.StartsWith("assets/", StringComparison.Ordinal) ? $"/{path}"
        : CloneFile.CanBeRead(root, path) ? $"/file/{path}" : null;

    /// <summary>A file of the clone as a page: its title and its HTML; null for one that the player does not show.</summary>
    public (string Title, string Html)? File(string path) => HasFile(path) ? CloneFile.Page(root, path, Address) : null;

    /// <summary>True for a file of the clone that the player shows as a page.</summary>
    public bool HasFile(string path) => CloneFile.LessonAt(path) is null && CloneFile.CanBeRead(root, path);

    /// <summary>The session of a lesson; null for a name that is not in the list, so that no path of a browser reaches the disk.</summary>
    public async Task<LessonSession?> OpenAsync(string name)
    {
        if (!Names.Contains(name))
            return null;
        await _opening.WaitAsync();
        try
        {
            var lesson = Read(name);
            if (_sessions.TryGetValue(name, out var session))
            {
                if (ReferenceEquals(session.Lesson, lesson.Notebook) || session.IsRunning)
                    return session;
                await session.LeaveAsync(); // The file has changed. What was written is kept, and fitted to the new text.
            }

            return _sessions[name] = new LessonSession(lesson.Notebook, LessonPage.Of(lesson, Address), _pool, progress);
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Reads all lessons, on all cores: the list of lessons needs them. It begins while the browser starts.</summary>
    public void ReadAhead() => _reading = Task.Run(() => Parallel.ForEach(Names, name => Read(name)));

    /// <summary>The lessons for the list, after <see cref="ReadAhead"/>. A file that could not be read then is read again.</summary>
    public async Task<IReadOnlyList<LessonCard>> CardsAsync()
    {
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Cards();
    }

    /// <summary>The lessons for the list. One that cannot be laid out, or whose progress cannot be read, is in it all the same.</summary>
    private IReadOnlyList<LessonCard> Cards() => [.. Names.Select(name =>
    {
        var lesson = Read(name);
        var kept = KeptLesson.Empty;
        try
        {
            kept = _sessions.TryGetValue(name, out var open) ? open.Kept : progress.Read(name);
        }
        catch (IOException)
        {
            // It cannot be read at the moment. The lesson says so when it is opened.
        }

        return new LessonCard(name, lesson.Title, Minutes.Of(lesson.Notebook), LessonPage.About(lesson, Address),
            lesson.Notebook.Code.Count(c => c.Exercise is not null), LearnerState.Solved(lesson.Notebook, kept), kept.Visited);
    })];

    /// <summary>All work of the learner, as the text of one file.</summary>
    /// <exception cref="IOException">It cannot be read now.</exception>
    public string Work() => WorkFile.Of(progress);

    /// <summary>Joins the work of such a file with what is there; pages that are open show it.</summary>
    /// <returns>How many lessons the file has.</returns>
    /// <exception cref="FormatException">It is no such file.</exception>
    /// <exception cref="IOException">It cannot be kept now.</exception>
    public async Task<int> LoadWorkAsync(string text)
    {
        var loaded = await WorkFile.LoadAsync(progress, text);
        foreach (var lesson in loaded)
        {
            if (_sessions.TryGetValue(lesson, out var session))
                session.ReadAgain();
        }

        return loaded.Count;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var session in _sessions.Values)
            await session.DisposeAsync();
        await _pool.DisposeAsync();
    }

    /// <summary>A lesson, read again only when its file has changed.</summary>
    private Lesson Read(string name)
    {
        var path = Path.Combine(root, "notebooks", name + ".dib");
        var written = System.IO.File.GetLastWriteTimeUtc(path);
        if (_read.TryGetValue(name, out var known) && known.Written == written)
            return known.Lesson;
        Notebook notebook;
        try
        {
            notebook = Paths.IsInside(root, path) ? DibReader.Load(path) : throw new NotebookException(
                new Problem(path, null, null, "The file is a symbolic link that leads out of the clone, or nowhere.",
                    "Copy the file to this place."));
        }
        catch (NotebookException e)
        {
            var text = $"# {name}\n\nThis lesson cannot be read.\n\n```text\n{e.Message}\n```\n";
            notebook = new Notebook(path, [new Cell(path, 1, 1, CellKind.Markdown, text, root)]);
        }

        // Saved without a change, it is the lesson that is open.
        var isSame = known.Lesson is { } before
            && before.Notebook.Cells.Select(c => (c.Kind, c.Line, c.Source))
                .SequenceEqual(notebook.Cells.Select(c => (c.Kind, c.Line, c.Source)));
        var lesson = isSame ? known.Lesson : new Lesson(notebook);
        _read[name] = (written, lesson);
        return lesson;
    }
}
