using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using TracingTutorial.Host.Kernel;

namespace TracingTutorial.Host.Player;

/// <content>The kernel of a lesson, and the cells that wait for it. All of it happens under the session's lock.</content>
internal sealed partial class LessonSession
{
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
                    HearLate(envelope.Text);
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
}
