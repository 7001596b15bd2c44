using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Kernel;

/// <summary>
/// This side of a kernel in a process of its own: start it, send it the engine's commands, receive the engine's events, and
/// end it with everything that it started.
/// </summary>
internal sealed class KernelProcess : IAsyncDisposable
{
    private const int MaxErrorText = 4_000;
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly string _mark;
    private readonly string? _socket; // on Unix, the file of the named pipe
    private readonly Action<Envelope> _receive;
    private readonly Action<string> _stray;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder _errorText = new();
    private readonly NamedPipeServerStream? _pipe;
    private TextWriter? _writer;

    private KernelProcess(
        ProcessStartInfo start, NamedPipeServerStream? pipe, string? socket, Action<Envelope> receive, Action<string> stray)
    {
        (_pipe, _socket, _receive, _stray) = (pipe, socket, receive, stray);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.StandardOutputEncoding = start.StandardErrorEncoding = Encoding.UTF8;
        // A process that is killed would leave its sockets and pipes for debuggers in the temporary folder.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.CreateNoWindow = true; // On Windows, Ctrl+C then reaches this process alone, which ends the other.
        // Servers of a lesson are on this machine: no proxy is asked for them, nor for what was excepted before.
        var excepted = Environment.GetEnvironmentVariable("no_proxy") ?? Environment.GetEnvironmentVariable("NO_PROXY");
        start.Environment["NO_PROXY"] = start.Environment["no_proxy"] =
            "127.0.0.1,localhost" + (string.IsNullOrEmpty(excepted) ? "" : $",{excepted}");
        _mark = ProcessTree.Mark(start);
        _process = Process.Start(start)!;
        // With a pipe, standard input is the cells' own, and at its end: Console.ReadLine returns null at once.
        if (pipe is not null)
            _process.StandardInput.Close();
        _ = ReceiveAsync();
    }

    /// <summary>Completes when the kernel takes commands; fails with <see cref="KernelException"/> when it never will.</summary>
    public Task Ready => _ready.Task;

    /// <summary>The exit code. Completes after the last event was received.</summary>
    public Task<int> Ended => _ended.Task;

    public int Id => _process.Id;

    /// <summary>
    /// The beginning and the end of what the process wrote to its error stream outside of any cell: a crash says its reason there.
    /// </summary>
    public string ErrorText
    {
        get { lock (_errorText) return _errorText.ToString().Trim(); }
    }

    /// <summary>The most memory that the process has held; 0 where the system does not say.</summary>
    public long PeakMemoryBytes
    {
        get
        {
            try
            {
                _process.Refresh();
                return Math.Max(_process.PeakWorkingSet64, _process.WorkingSet64); // macOS keeps no peak
            }
            catch (Exception e) when (e is InvalidOperationException or Win32Exception or PlatformNotSupportedException)
            {
                return 0;
            }
        }
    }

    /// <summary>Starts our own kernel (<see cref="KernelChild"/>).</summary>
    /// <param name="folder">The folder of the notebook.</param>
    /// <param name="limit">The longest a cell may run; null for ever.</param>
    /// <param name="receive">Called with each event, one after the other. It must not block.</param>
    /// <param name="stray">Called with text that the process writes outside of any cell.</param>
    public static KernelProcess Start(string folder, TimeSpan? limit, Action<Envelope> receive, Action<string> stray)
    {
        TemporaryFiles.RemoveAbandoned();
        var name = TemporaryFiles.NewPipe(Path.GetTempPath());
        var pipe = new NamedPipeServerStream(
            name, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
        var start = OurselvesAs([KernelChild.Command, name, folder]);
        if (limit is { } most)
            start.ArgumentList.Add(most.TotalSeconds.ToString("R", CultureInfo.InvariantCulture));
        // .NET puts the file of a relative name into the folder for temporary files.
        var socket = OperatingSystem.IsWindows() ? null
            : Path.IsPathRooted(name) ? name
            : Path.Combine(Path.GetTempPath(), "CoreFxPipe_" + name);
        return new KernelProcess(start, pipe, socket, receive, stray);
    }

    /// <summary>Starts <c>dotnet-interactive stdio</c>, as the extension of VS Code does.</summary>
    /// <param name="root">The root of the clone, whose tool manifest names the version.</param>
    /// <param name="folder">The folder of the notebook.</param>
    /// <param name="receive">As in <see cref="Start"/>.</param>
    public static KernelProcess StartTool(string root, string folder, Action<Envelope> receive)
    {
        var start = new ProcessStartInfo(
            "dotnet", ["tool", "run", "dotnet-interactive", "--", "stdio", "--working-dir", folder])
        {
            WorkingDirectory = root,
        };
        start.Environment["DOTNET_INTERACTIVE_CLI_TELEMETRY_OPTOUT"] = start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        return new KernelProcess(start, null, null, receive, _ => { });
    }

    /// <summary>Sends a command of the engine.</summary>
    /// <param name="token">Comes back in each event that the command causes.</param>
    /// <param name="type">The name of the command's type, as <c>SubmitCode</c>.</param>
    /// <param name="command">Its properties.</param>
    /// <exception cref="IOException">The process has ended.</exception>
    public async Task SendAsync(string token, string type, object command)
    {
        await Ready;
        var json = JsonSerializer.Serialize(new { token, commandType = type, command }, JsonSerializerOptions.Web);
        await _writing.WaitAsync();
        try
        {
            await _writer!.WriteLineAsync(json);
            await _writer.FlushAsync();
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("The kernel has ended.", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Ends the process and all that it has started, at once.</summary>
    public void Kill()
    {
        try
        {
            ProcessTree.Kill(_process.Id, _process.HasExited, _mark);
            _process.Kill(entireProcessTree: OperatingSystem.IsMacOS()); // the tool leads no group of its own
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It has just ended by itself.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await Ended;
        TemporaryFiles.RemoveAbandoned(); // of the kernel; the tool runs cells in a process that it has started
        if (_pipe is not null)
            await _pipe.DisposeAsync();
        _process.Dispose();
    }

    private async Task ReceiveAsync()
    {
        try
        {
            var errors = ReadAsync(_process.StandardError, KeepError);
            if (_pipe is null)
            {
                _writer = _process.StandardInput;
                await ReadEventsAsync(_process.StandardOutput);
            }
            else
            {
                _ = ReadAsync(_process.StandardOutput, _stray);
                await ConnectAsync(_pipe);
                _writer = new StreamWriter(_pipe, new UTF8Encoding(false)) { NewLine = "\n" };
                await ReadEventsAsync(new StreamReader(_pipe, Encoding.UTF8, false, PipeSender.BufferSize));
            }

            await _process.WaitForExitAsync();
            // What a crashed kernel has started is still there, and holds its streams open.
            ProcessTree.Kill(_process.Id, hasEnded: true, _mark);
            await Task.WhenAny(errors, Task.Delay(200));
        }
        catch (Exception e)
        {
            _ready.TrySetException(e as KernelException ?? new KernelException(e.Message));
            Kill();
            await _process.WaitForExitAsync();
        }

        _ready.TrySetException(EndedEarly());
        _ = _ready.Task.Exception; // Observed here, because it may never be awaited.
        _ended.TrySetResult(_process.ExitCode);
    }

    private async Task ConnectAsync(NamedPipeServerStream pipe)
    {
        using var patience = new CancellationTokenSource(StartLimit);
        try
        {
            var connected = pipe.WaitForConnectionAsync(patience.Token);
            var exited = _process.WaitForExitAsync(patience.Token);
            if (await Task.WhenAny(connected, exited) == exited && !patience.IsCancellationRequested)
                throw EndedEarly();
            await connected;
            // Connected, the pipe needs its file no more, and a host that is killed leaves none behind.
            if (_socket is not null)
                File.Delete(_socket);
        }
        catch (OperationCanceledException)
        {
            throw new KernelException(
                FormattableString.Invariant(
                    $"The notebook's kernel was not ready within {StartLimit.TotalSeconds:0} seconds. {ErrorText}").Trim(),
                "Close other programs and try again. `dotnet run --project host doctor` looks at the whole machine.");
        }
    }

    private KernelException EndedEarly() => _pipe is null && ErrorText.Contains("dotnet tool restore", StringComparison.Ordinal)
        ? new KernelException(
            "The notebook's kernel did not start: the tool dotnet-interactive is not restored.",
            "Run `dotnet tool restore` in the clone.")
        : new KernelException(
            $"The notebook's kernel did not start. {ErrorText}".Trim(),
            "`dotnet run --project host doctor` looks for the reason.");

    private async Task ReadEventsAsync(TextReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (Envelope.FromLine(line) is not { } envelope)
                continue; // A line of the tool that is no event.
            if (envelope.EventType == "KernelReady")
                _ready.TrySetResult();
            _receive(envelope);
        }
    }

    private static async Task ReadAsync(TextReader reader, Action<string> read)
    {
        var buffer = new char[4096];
        while (await reader.ReadAsync(buffer) is > 0 and var count)
            read(new string(buffer, 0, count));
    }

    private void KeepError(string text)
    {
        lock (_errorText)
        {
            _errorText.Append(text);
            // A crash says its reason first, and then where.
            if (_errorText.Length > MaxErrorText)
                _errorText.Remove(MaxErrorText / 2, _errorText.Length - MaxErrorText);
        }
    }

    /// <summary>This program once more, with other arguments: also when it is a library of the tests.</summary>
    private static ProcessStartInfo OurselvesAs(IEnumerable<string> arguments)
    {
        var library = typeof(KernelProcess).Assembly.Location;
        var executable = Path.ChangeExtension(library, OperatingSystem.IsWindows() ? ".exe" : null);
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        // The executable has a name that reads well where a span tells the process ("unknown_service:…").
        var start = File.Exists(executable)
            ? new ProcessStartInfo(executable, arguments)
            : new ProcessStartInfo(Path.Combine(root, "dotnet"), ["exec", library, .. arguments]);
        start.Environment["DOTNET_ROOT"] = root;
        return start;
    }
}
