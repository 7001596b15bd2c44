using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Pages;

namespace TracingTutorial.Course.Runs;

/// <summary>
/// One open lesson: what the learner did, the cells that run, and the pages that show it. Messages.md describes what it receives and
/// what it tells. Everything happens in one order: messages of pages, events of the kernel and the results of writing are actions in a
/// queue, and one loop takes them.
/// </summary>
internal sealed class LessonSession : IKernelOwner, IRunListener, IAsyncDisposable
{
    private const int MaxSource = 1_000_000; // characters of a cell

    private readonly ActionQueue _actions;
    private readonly LessonPage _page;
    private readonly LearnerState _state;
    private readonly RunQueue _runs;
    private readonly ProgressWriter _writer;
    private readonly Viewers _viewers = new();
    private readonly PacedOutputs _outputs;
    private readonly RunAllPause _pause;
    private KeptLesson _put; // what was given to the writer last, with what it found in the file since
    private string? _progress; // of the running cell

    /// <param name="lesson">The lesson.</param>
    /// <param name="page">What a page receives about it.</param>
    /// <param name="pool">Has the kernels.</param>
    /// <param name="folder">Has the learner's progress.</param>
    public LessonSession(Notebook lesson, LessonPage page, KernelPool pool, ProgressFolder folder)
    {
        (Lesson, _page, _actions) = (lesson, page, new ActionQueue(Report));
        var kept = KeptLesson.Empty;
        try
        {
            kept = folder.Read(page.Name);
        }
        catch (IOException e) // it is not lost: the writer joins it with what is written now
        {
            Post(() => Notice($"What was kept of this lesson cannot be read at the moment: {e.Message}"));
        }

        _state = new LearnerState(lesson, kept, folder.ReadRuns(page.Name));
        _put = kept;
        _writer = new ProgressWriter(
            folder, page.Name,
            (written, held) => Post(() => Join(written, held)),
            text => Post(() => Notice(text)));
        Questions = new QuestionState(page.Questions, _state, Keep, _viewers.Send);
        _pause = new RunAllPause(page, Questions, _viewers.Send);
        _runs = new RunQueue(
            pool, this, Path.GetDirectoryName(lesson.Path)!, _state.Code,
            i => (_state.CellOf(i), _state.IsEdited(i)), Post, this);
        _outputs = new PacedOutputs(Post, (cell, output) => _viewers.Send(new { type = "output", cell, output }));
    }

    /// <summary>The lesson as it was read.</summary>
    public Notebook Lesson { get; }

    /// <summary>What the learner did. Read from any thread.</summary>
    public KeptLesson Kept => _state.Kept;

    /// <summary>What was chosen and revealed.</summary>
    public QuestionState Questions { get; }

    public bool IsRunning => _runs.IsRunning;

    /// <summary>
    /// A page connects: where its messages go, and what to call when it leaves. The first message it must send is <c>hello</c>.
    /// </summary>
    public Viewer Connect() => _viewers.Add();

    /// <summary>Takes a message of a page.</summary>
    /// <exception cref="FormatException">It is none of those in Messages.md.</exception>
    public void Receive(Viewer viewer, JsonElement message)
    {
        try
        {
            Post(PageMessage.Of(this, viewer, message));
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary>The file of progress was written by something else: what it has now is shown.</summary>
    public void ReadAgain() => Post(Keep);

    public Task<bool> CloseKernelAsync(string why) => _actions.AskAsync(async () =>
    {
        if (IsRunning)
            return false;
        await _runs.CloseAsync(why);
        Notice(why);
        return true;
    });

    /// <summary>The lesson has changed on disk: pages load it again, from another session.</summary>
    public Task LeaveAsync() => EndAsync("The lesson has changed on disk.", () => _viewers.Send(new { type = "reload" }));

    public async ValueTask DisposeAsync() => await EndAsync("The player was ended.", () => { });

    private async Task EndAsync(string why, Action last)
    {
        if (!_actions.Post(() => { _ = _runs.CloseAsync(why); last(); }))
            return;
        await _actions.EndAsync();
        await _runs.CloseAsync(why);
        await _writer.DisposeAsync();
        _outputs.Dispose();
    }

    private void Post(Action action) => _actions.Post(action);

    // A fault of ours must neither end the lesson nor stay unseen.
    private void Report(Exception fault) => Notice($"The player has a fault ({fault.GetType().Name}: {fault.Message}). "
        + $"What you wrote is kept. Please report it: {fault.StackTrace?.Split('\n')[0].Trim()}");

    // ---- what pages say

    internal void Greet(Viewer viewer, string? version)
    {
        _outputs.Flush(); // it is among the outputs that the page gets
        _state.Visit();
        Keep();
        if (version != _page.Version)
            viewer.Send(new { type = "lesson", lesson = _page });
        viewer.Send(State());
        _viewers.Join(viewer);
    }

    private object State() => new
    {
        type = "state",
        kernel = _runs.State,
        cells = _state.Code.Select(i => _state.StateMessage(i, _runs.Running is var (cell, run) && cell == i ? run : null, _runs.Waits(i),
            _runs.Running?.Cell == i ? _progress : null)),
        choices = Kept.Choices.Where(c => c.Value.Letter is not null).ToDictionary(c => c.Key, c => c.Value.Letter),
        closed = Kept.Choices.Where(c => c.Value.Closed).Select(c => c.Key),
        kept = _state.Orphans(),
        presenting = Questions.PresentingMessage,
        paused = _pause.Key,
    };

    internal void Open() => _runs.Open();

    internal void RunAbove(int cell) => Run(_state.Code.Where(c => c < cell));

    internal void Original(int cell) => Edit(cell, _state.IsCode(cell) ? Lesson.Cells[cell].Source : "");

    internal void Run(IEnumerable<int> cells)
    {
        _pause.Clear();
        _runs.Run(cells);
    }

    /// <summary>Runs all cells, up to the first prediction that the learner has not made; the next time, on from there.</summary>
    internal void RunAll()
    {
        var cells = _pause.Take(_state.Code);
        _runs.Run(cells);
        if (cells.Count == 0)
            _pause.Drained();
    }

    internal void Renew(string why)
    {
        _pause.Clear();
        _runs.Renew(why);
    }

    internal void Edit(int cell, string source, bool keep = false)
    {
        if (!_state.IsCode(cell))
            return;
        if (source.Length > MaxSource)
        {
            Notice(FormattableString.Invariant(
                $"This cell is too long: {MaxSource:N0} characters are the most. What it was before is kept."));
            return;
        }

        _pause.Edited();
        _state.Write(cell, source.Replace("\r\n", "\n").Replace('\r', '\n'), keep); // other separators are part of the text
        Changed(cell);
    }

    internal void Solve(int cell)
    {
        if (_page.Cells.FirstOrDefault(c => c.Index == cell)?.Solution is { } solution)
            Edit(cell, solution);
    }

    internal void Take(int cell, int other)
    {
        if (!_state.IsCode(cell))
            return;
        _state.Take(cell, other);
        Changed(cell);
    }

    private void Changed(int cell)
    {
        Keep();
        _viewers.Send(_state.TextMessage(cell));
    }

    internal void StartAgain()
    {
        _pause.Clear();
        _runs.Renew("Ended by Start again.");
        _state.Clear();
        Keep();
        _writer.PutRuns(_state.Runs.ToDictionary());
        _viewers.Send(State());
    }

    internal async Task AnswerAsync(Viewer viewer, int id, EditorQuestion question)
    {
        var answer = _runs.Kernel is { } kernel && !IsRunning ? await kernel.AskAsync(question) : null;
        viewer.Send(new { type = "answer", id, answer });
    }

    private void Keep()
    {
        _writer.Put(_put, Kept);
        _put = Kept;
    }

    /// <summary>The file of progress was written; another player may have written too.</summary>
    private void Join(KeptLesson written, KeptLesson held)
    {
        var choices = Kept.Choices;
        _put = KeptLesson.Merge(written, _put, held);
        foreach (var cell in _state.Join(written, held))
            _viewers.Send(_state.TextMessage(cell));
        if (!choices.Select(c => (c.Key, c.Value.Letter, c.Value.Closed))
            .SequenceEqual(Kept.Choices.Select(c => (c.Key, c.Value.Letter, c.Value.Closed))))
            _viewers.Send(State());
    }

    // ---- what runs

    void IRunListener.KernelIs(string state) => _viewers.Send(new { type = "kernel", state });

    void IRunListener.Queued(int cell, bool waits) => _viewers.Send(new { type = waits ? "queued" : "unqueued", cell });

    void IRunListener.Started(int cell)
    {
        _outputs.Begin();
        _progress = null;
        _viewers.Send(new { type = "started", cell });
    }

    void IRunListener.Progress(int cell, string text)
    {
        _progress = text;
        _viewers.Send(new { type = "progress", cell, text });
    }

    void IRunListener.Shown(int cell, Output output) =>
        _outputs.Send(cell, _state.Shown(cell, output, isRunning: _runs.Running?.Cell == cell));

    void IRunListener.Ended(int cell, CellRun run)
    {
        _outputs.Flush();
        var before = Kept;
        _state.Ran(cell, run);
        if (_state.FailureOf(cell) is { } failure)
            _viewers.Send(new { type = "output", cell, output = failure });
        _viewers.Send(_state.EndMessage(cell));
        if (run.Failure is null)
            Questions.Ran(cell);
        else
            _pause.Failed();
        if (Kept != before)
            Keep();
        _writer.PutRuns(_state.Runs.ToDictionary());
    }

    void IRunListener.Gone(IReadOnlyList<int> cells)
    {
        if (_state.Lose(cells) is { Length: > 0 } lost)
            _viewers.Send(new { type = "gone", cells = lost });
    }

    void IRunListener.Drained() => _pause.Drained();

    public void Notice(string text) => _viewers.Notice(text);
}
