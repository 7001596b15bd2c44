using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using TracingTutorial.Host.Kernel;
using TracingTutorial.Host.Notebooks;
using TracingTutorial.Host.Pages;

namespace TracingTutorial.Host.Player;

/// <summary>
/// One open lesson: its cells, its kernel, the cells that wait to be run, and the tabs that look at it. The truth is here;
/// tabs draw what they are told, so two of them stay in step, and a run goes on when its tab is closed.
/// </summary>
internal sealed partial class LessonSession : IDisposable
{
    private const string Gone = "What the cells above made is gone: run them again.";

    private readonly Course _course;
    private readonly string _name;
    private readonly Notebook _lesson;
    private readonly int[] _code; // the cells of code, by their place in the lesson
    private readonly Lock _gate = new();
    private readonly Viewers _viewers = new();
    private readonly Queue<int> _queue = new();
    private readonly OutputCollector _outputs;
    private KernelProcess? _kernel;
    private RunAhead _ahead = new([]);
    private string _state = "none";
    private int _running = -1; // the learner's running cell
    private int _lastRun = -1;
    private string _token = "";
    private int _submitted;
    private long _started;
    private Task _sending = Task.CompletedTask; // one command after the other

    public LessonSession(Course course, string name, Notebook lesson, string progressFolder)
    {
        (_course, _name, _lesson) = (course, name, lesson);
        _code = [.. lesson.Cells.Select((cell, i) => (cell, i)).Where(c => c.cell.Kind == CellKind.CSharp).Select(c => c.i)];
        Progress = Progress.Load(progressFolder, name, [.. lesson.Code.Select(c => c.Source)]);
        Questions = new EditorQuestions(() => _kernel, () => _running >= 0 || _ahead.Running is not null);
        _outputs = new OutputCollector(_gate, cell => Kept(cell).Outputs, (cell, output) => _viewers.Tell(new { type = "output", cell, output }));
    }

    /// <summary>The lesson as it was read.</summary>
    public Notebook Lesson => _lesson;

    /// <summary>What the learner did.</summary>
    public Progress Progress { get; }

    /// <summary>What the editor asks the kernel.</summary>
    public EditorQuestions Questions { get; }

    /// <summary>True while a cell of the learner runs.</summary>
    public bool IsRunning => _running >= 0;

    /// <summary>The process of the kernel; null when there is none.</summary>
    public int? KernelId => _kernel?.Id;

    /// <summary>A tab opens: the messages for it, and what to call when it is closed.</summary>
    public (ChannelReader<string> Messages, Action Leave) Watch()
    {
        lock (_gate)
        {
            Progress.Visited = DateTimeOffset.Now;
            var watching = _viewers.Add(LessonView.Of(_name, _lesson, Progress, _code, _running, _queue, _state, _course.Address));
            Save(); // If that fails, this tab hears it too.
            return watching;
        }
    }

    /// <summary>The page is drawn: the kernel may start, and the first cells may run ahead.</summary>
    public void WarmUp()
    {
        lock (_gate)
        {
            if (_kernel is null && _course.MakeRoomFor(this))
                StartKernel(runAhead: true);
        }
    }

    /// <summary>Runs cells, one after the other, behind those that wait already.</summary>
    public void Run(IEnumerable<int> cells)
    {
        lock (_gate)
        {
            if (!_course.MakeRoomFor(this))
            {
                Notice("Three other lessons are running a cell. Stop one of them first.");
                return;
            }

            foreach (var cell in cells.Where(c => _code.Contains(c) && c != _running && !_queue.Contains(c)))
            {
                _queue.Enqueue(cell);
                _viewers.Tell(new { type = "queued", cell });
            }

            if (_running < 0)
                Next();
        }
    }

    /// <summary>Ends the running cell. The engine cannot stop code, so the kernel is ended, and a new one starts.</summary>
    public void Stop() => Renew($"Stopped. The kernel was ended for that. {Gone}");

    /// <summary>A new kernel, with nothing in it.</summary>
    public void Restart() => Renew($"Ended by Restart. {Gone}");

    /// <summary>The kernel is wanted elsewhere.</summary>
    public void CloseKernel(string why)
    {
        lock (_gate)
        {
            EndKernel(why);
            Notice(why);
        }
    }

    /// <summary>Another session takes the lesson over.</summary>
    public void GiveWay()
    {
        lock (_gate)
        {
            EndKernel("The lesson has changed on disk.");
            _viewers.Tell(new { type = "reload" });
        }
    }

    /// <summary>The learner has changed a cell.</summary>
    public void Edit(int cell, string source)
    {
        lock (_gate)
        {
            if (!_code.Contains(cell))
                return;
            var kept = Kept(cell);
            kept.Source = source.ReplaceLineEndings("\n") is var text && text == kept.Original ? null : text;
            Save();
            _viewers.Tell(new { type = "edited", cell, source, coloured = CodeHtml.Of(source), edited = kept.Source is not null });
        }
    }

    /// <summary>A cell as it stands in the lesson.</summary>
    public void Original(int cell) => Edit(cell, _code.Contains(cell) ? Kept(cell).Original : "");

    /// <summary>An exercise's cell as its solution has it.</summary>
    public void Solve(int cell)
    {
        if (_code.Contains(cell) && _lesson.Cells[cell].Exercise is { } exercise && _lesson.Solutions().TryGetValue(exercise, out var solution))
            Edit(cell, solution);
    }

    /// <summary>The learner has chosen an answer to a question.</summary>
    public void Choose(string question, string letter)
    {
        lock (_gate)
        {
            if (Progress.Choices.Count < 1000 && question.Length <= 5000 && letter is [>= 'A' and <= 'E'])
                Progress.Choices[LessonView.KeyOf(question)] = letter;
            Save();
            _viewers.Tell(new { type = "chosen", question = LessonView.KeyOf(question), letter });
        }
    }

    /// <summary>The lesson from its beginning, as if nobody had been here.</summary>
    public void StartAgain()
    {
        lock (_gate)
        {
            EndKernel("Ended by Start again.");
            Progress.Clear();
            Save();
            _viewers.Tell(LessonView.Of(_name, _lesson, Progress, _code, _running, _queue, _state, _course.Address));
            StartKernel(runAhead: true);
        }
    }

    public void Dispose()
    {
        lock (_gate)
            EndKernel("The player was ended.");
    }

    private void Submit(KernelProcess kernel, string token, int cell)
    {
        var code = (_lesson.Cells[cell] with { Source = SourceOf(cell) }).ToSubmission();
        _sending = SendAsync(_sending);

        async Task SendAsync(Task earlier)
        {
            await earlier;
            try
            {
                await kernel.SendAsync(token, "SubmitCode", new { code, targetKernelName = "csharp" });
            }
            catch (IOException)
            {
                // It has ended: HearEnd says so.
            }
        }
    }

    private KeptCell Kept(int cell) => Progress.Cells[Array.IndexOf(_code, cell)];

    private string SourceOf(int cell) => Kept(cell) is var kept ? kept.Source ?? kept.Original : "";

    private void Notice(string text) => _viewers.Tell(new { type = "notice", text });

    private void SetState(string state)
    {
        _state = state;
        _viewers.Tell(new { type = "kernel", state });
    }

    private void Save()
    {
        try
        {
            if (Progress.Save() is { } aside)
                Notice($"What was kept of this lesson could not be read. It was put aside, as {Path.GetFileName(aside)} in the folder of your progress.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Notice($"Your progress cannot be kept: {e.Message}");
        }
    }
}
