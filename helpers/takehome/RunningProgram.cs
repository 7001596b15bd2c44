#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Http;
using System.Threading.Tasks;

/// <summary>A service in a process of its own. <see cref="StopAsync"/> stops it, and at the latest the end of the notebook.</summary>
public sealed class RunningProgram : IDisposable
{
    private const string Listening = "Now listening on: ";

    // On Unix, a shell starts the program. It reads from our pipe, which is closed even if this process is killed, and then sends
    // SIGTERM, as a container host does.
    private const string Shell = "exec 3<&0; \"$@\" & p=$!; (cat <&3; kill $p) >/dev/null 2>&1 & wait $p";

    private readonly Process process;
    private readonly List<string> said = [];
    private readonly TaskCompletionSource<string?> address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RunningProgram(Process process) => this.process = process;

    /// <summary>Calls the service, as an app without tracing: it adds no headers.</summary>
    public HttpClient Client { get; private set; } = null!; // set when the program listens

    /// <summary>What it has printed so far, line by line.</summary>
    public IReadOnlyList<string> Output
    {
        get
        {
            lock (said)
                return said.ToArray();
        }
    }

    internal static async Task<RunningProgram> StartAsync(ProcessStartInfo start, Action<RunningProgram> opened)
    {
        if (!OperatingSystem.IsWindows())
        {
            string[] command = ["-c", Shell, "sh", start.FileName, .. start.ArgumentList];
            start.ArgumentList.Clear();
            foreach (var argument in command)
                start.ArgumentList.Add(argument);
            start.FileName = "/bin/sh";
        }

        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        var running = new RunningProgram(Started(start));
        opened(running);
        running.process.OutputDataReceived += (_, e) => running.Read(e.Data);
        running.process.ErrorDataReceived += (_, e) => running.Read(e.Data);
        running.process.EnableRaisingEvents = true;
        running.process.Exited += (_, _) => running.address.TrySetResult(null);
        running.process.BeginOutputReadLine();
        running.process.BeginErrorReadLine();
        try
        {
            if (await running.address.Task.WaitAsync(TimeSpan.FromSeconds(60)) is { } url)
            {
                running.Client = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(30) };
                return running;
            }
        }
        catch (TimeoutException)
        {
        }

        await Task.Delay(100); // the last lines of its output may still arrive
        running.Dispose();
        throw new InvalidOperationException($"The service does not listen. Its output:\n{string.Join('\n', running.Output.TakeLast(10))}");
    }

    /// <summary>Asks it to end, as a container host does with SIGTERM, and waits until it has: then its last spans are sent.</summary>
    /// <returns>Its exit code. (On Windows there is no such signal: it gets a second for its last batch, and is ended.)</returns>
    public async Task<int> StopAsync()
    {
        if (OperatingSystem.IsWindows())
        {
            await Task.Delay(1_000);
            process.Kill(entireProcessTree: true);
        }
        else
        {
            process.StandardInput.Close();
        }

        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(40));
        return process.ExitCode;
    }

    /// <summary>Ends it at once; nothing happens if it has ended.</summary>
    public void Dispose()
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit(5_000); // Windows removes no file of a program that runs
            }
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended in the meantime.
        }

        Client?.Dispose();
    }

    internal static Process Started(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new InvalidOperationException("The command `dotnet` is not there. Install the .NET 10 SDK, or add it to PATH, "
                + "and restart this notebook.");
        }
    }

    private void Read(string? line)
    {
        if (line is null)
            return;
        lock (said)
            said.Add(line);
        if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
            address.TrySetResult(line[(at + Listening.Length)..].Trim());
    }
}
