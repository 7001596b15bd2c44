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
internal sealed class LessonSession : IDisposable
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
            Save();
            return _viewers.Add(LessonView.Of(_name, _lesson, Progress, _code, _running, _queue, _state));
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
            _viewers.Tell(LessonView.Of(_name, _lesson, Progress, _code, _running, _queue, _state));
            StartKernel(runAhead: true);
        }
    }

    public void Dispose()
    {
        lock (_gate)
            EndKernel("The player was ended.");
    }

    // ---- the kernel ----------------------------------------------------------------------------------

    private KernelProcess StartKernel(bool runAhead)
    {
        if (_kernel is not null)
            return _kernel;
        _ahead = new RunAhead(runAhead ? RunAhead.Leading([.. _code.Select(i => (i, SourceOf(i), Kept(i).Source is not null))]) : []);
        KernelProcess? kernel = null;
        kernel = KernelProcess.Start(Path.GetDirectoryName(_lesson.Path)!, limit: null, e => Hear(kernel, e), text => HearStray(kernel, text));
        _kernel = kernel;
        SetState("starting");
        _ = kernel.Ended.ContinueWith(code => HearEnd(kernel, code.Result), TaskScheduler.Default);
        return kernel;
    }

    private void Renew(string why)
    {
        lock (_gate)
        {
            EndKernel(why);
            if (_course.MakeRoomFor(this))
                StartKernel(runAhead: true); // It starts while the learner reads.
        }
    }

    private void EndKernel(string why)
    {
        var old = _kernel;
        _kernel = null;
        _ahead = new RunAhead([]);
        ClearQueue();
        if (_running >= 0)
        {
            _outputs.Add(_running, new Output("error", why));
            End(false);
        }

        SetState("none");
        Questions.GiveUp();
        old?.Kill();
        if (old is not null)
            _course.Left(this);
    }

    private void HearEnd(KernelProcess kernel, int exitCode)
    {
        lock (_gate)
        {
            if (kernel != _kernel)
                return; // We ended it.
            var reason = kernel.ErrorText is { Length: > 0 } text ? "\n" + text : "";
            var wasRunning = _running >= 0;
            EndKernel($"The kernel ended while this cell ran, with exit code {exitCode}. {Gone}{reason}");
            if (!wasRunning)
                Notice($"The kernel has ended, with exit code {exitCode}. {Gone}");
        }
    }

    private void Hear(KernelProcess? kernel, Envelope envelope)
    {
        lock (_gate)
        {
            if (kernel is not null && kernel != _kernel)
                return;
            if (envelope.EventType == "KernelReady")
            {
                SetState(_running >= 0 ? "busy" : "ready");
                Ahead();
            }
            else if (!Questions.Hear(envelope))
            {
                var token = envelope.RootToken;
                if (token == _token && _running >= 0)
                    HearCell(_running, envelope, ahead: false);
                else if (_ahead.Running is { } cell && token == AheadToken(cell))
                    HearCell(cell, envelope, ahead: true);
                else if (envelope.EventType == "StandardOutputValueProduced")
                    HearLate(OutputCollector.TextOf(envelope));
            }
        }
    }

    private void HearCell(int cell, Envelope envelope, bool ahead)
    {
        if (envelope.Token == envelope.RootToken && envelope.EventType is "CommandSucceeded" or "CommandFailed")
        {
            var ok = envelope.EventType == "CommandSucceeded";
            if (!ok)
                Take(new Output("error", OutputCollector.MessageOf(_lesson.Cells[cell] with { Source = SourceOf(cell) }, envelope)));
            if (ahead)
            {
                _ahead.End(ok, (long)Stopwatch.GetElapsedTime(_started).TotalMilliseconds);
                Ahead();
            }
            else
            {
                End(ok);
                if (ok)
                    Next();
                else
                    ClearQueue();
            }
        }
        else if (OutputCollector.ProgressOf(envelope) is { } file)
        {
            if (!ahead)
                _viewers.Tell(new { type = "progress", cell, text = file });
        }
        else
        {
            foreach (var output in OutputCollector.Of(envelope))
                Take(output);
        }

        void Take(Output output)
        {
            if (ahead)
                OutputCollector.Put(_ahead.Held[cell], output);
            else
                _outputs.Add(cell, output);
        }
    }

    private void HearStray(KernelProcess? kernel, string text)
    {
        lock (_gate)
        {
            if (kernel == _kernel)
                HearLate(text);
        }
    }

    /// <summary>Text of a cell that has ended, or of native code.</summary>
    private void HearLate(string text)
    {
        var cell = _running >= 0 ? _running : _lastRun;
        if (cell >= 0)
            _outputs.Add(cell, new Output("late", text));
    }

    // ---- running -------------------------------------------------------------------------------------

    private void Next()
    {
        if (!_queue.TryDequeue(out var cell))
        {
            SetState(_kernel is null ? "none" : _state == "starting" ? "starting" : "ready");
            return;
        }

        var kernel = StartKernel(runAhead: false);
        var held = Kept(cell).Source is null && _ahead.Reveal(cell);
        if (!held && _ahead.HasSecrets)
        {
            // The learner does something else first: nothing of what ran ahead may be there.
            var again = _ahead.Revealed.ToArray();
            _kernel = null;
            kernel.Kill();
            kernel = StartKernel(runAhead: false);
            foreach (var earlier in again)
                Submit(kernel, $"silent-{earlier}", earlier);
        }

        Begin(cell);
        if (held)
        {
            foreach (var output in _ahead.Held[cell])
                _outputs.Add(cell, output);
            if (_ahead.Ended.TryGetValue(cell, out var ended))
            {
                End(ended.Ok, ended.Milliseconds);
                if (ended.Ok)
                    Next();
                else
                    ClearQueue();
                return;
            }

            _token = AheadToken(cell); // It goes on before the learner's eyes.
            _ahead.End(true, 0);
            return;
        }

        _ahead.RunByLearner(cell);
        Submit(kernel, _token, cell);
    }

    private void Begin(int cell)
    {
        _running = _lastRun = cell;
        _token = $"cell-{cell}-{++_submitted}";
        _started = Stopwatch.GetTimestamp();
        var kept = Kept(cell);
        (kept.Outputs, kept.Ok) = ([], null);
        _outputs.Begin();
        SetState(_state == "starting" ? "starting" : "busy");
        _viewers.Tell(new { type = "started", cell });
    }

    private void End(bool ok, long? milliseconds = null)
    {
        _outputs.Flush();
        var kept = Kept(_running);
        kept.Ok = ok;
        kept.Milliseconds = milliseconds ?? (long)Stopwatch.GetElapsedTime(_started).TotalMilliseconds;
        kept.Solved = _lesson.Cells[_running].Exercise is not null && ok && _outputs.LastText.StartsWith('✔');
        _viewers.Tell(new { type = "ended", cell = _running, ok, milliseconds = kept.Milliseconds, solved = kept.Solved });
        _running = -1;
        if (!ok || _queue.Count == 0)
            SetState(_kernel is null ? "none" : "ready");
        Save();
        Ahead();
    }

    private void ClearQueue()
    {
        foreach (var cell in _queue)
            _viewers.Tell(new { type = "unqueued", cell });
        _queue.Clear();
    }

    /// <summary>Starts the next cell that can be run ahead, when nothing else is to do.</summary>
    private void Ahead()
    {
        if (_kernel is { Ready.IsCompletedSuccessfully: true } kernel && _running < 0 && _queue.Count == 0 && _ahead.Start() is { } cell)
        {
            _started = Stopwatch.GetTimestamp();
            Submit(kernel, AheadToken(cell), cell);
        }
    }

    private static string AheadToken(int cell) => $"ahead-{cell}";

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

    // ---- small things --------------------------------------------------------------------------------

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
            Progress.Save();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Notice($"Your progress cannot be kept: {e.Message}");
        }
    }
}
