#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

/// <summary>
/// A program of one C# file, built from its source into a folder of its own, outside of this repository: a single file takes
/// over the build settings and package versions of the folders above it.
/// </summary>
public sealed class ServiceProgram : IDisposable
{
    private readonly DirectoryInfo folder;
    private readonly List<RunningProgram> started = [];

    private ServiceProgram(string name, DirectoryInfo folder) => (Name, this.folder) = (name, folder);

    /// <summary>The name of the file, without its ending.</summary>
    public string Name { get; }

    /// <summary>The built program, as <c>dotnet</c> takes it.</summary>
    public string Assembly => Path.Combine(folder.FullName, "out", Name + ".dll");

    /// <summary>Builds the program: what <c>dotnet run</c> does first. Feeds are those of the folder that the notebook runs in.</summary>
    /// <param name="name">As in "api-gateway".</param>
    /// <param name="source">The whole file, with its <c>#:package</c> lines.</param>
    /// <exception cref="InvalidOperationException">It does not compile, or a package is missing; the message says what.</exception>
    public static async Task<ServiceProgram> BuildAsync(string name, string source)
    {
        // Named after this process: when it is killed, the course can delete the folder.
        var folder = Directory.CreateTempSubdirectory(FormattableString.Invariant($"tracing-take-home-{Environment.ProcessId}-"));
        var program = new ServiceProgram(name, folder);
        NotebookHost.CloseOnRestart(program);
        var feeds = System.Security.SecurityElement.Escape(Environment.CurrentDirectory);
        await program.WriteAsync("Directory.Build.targets", "<Project />");
        await program.WriteAsync("Directory.Packages.props", "<Project />"); // the search upwards ends here
        await program.WriteAsync("Directory.Build.props", $"""
            <Project><PropertyGroup>
              <NuGetAudit>false</NuGetAudit><RestoreRootConfigDirectory>{feeds}</RestoreRootConfigDirectory>
            </PropertyGroup></Project>
            """);
        await program.WriteAsync(name + ".cs", source);

        var (exitCode, output) = await program.RunAsync("build", name + ".cs", "--output", "out", "--nologo", "-v", "q");
        if (exitCode == 0)
            return program;
        var errors = output.Split('\n').Where(l => l.Contains("error", StringComparison.Ordinal)).Select(l => l.Trim()).Distinct().Take(5);
        program.Dispose();
        throw new InvalidOperationException($"{name}.cs could not be built, so the cells below cannot run:\n"
            + string.Join('\n', errors.DefaultIfEmpty(output))
            + (output.Contains("NU11", StringComparison.Ordinal)
                ? "\nWithout a network, its packages must be on this machine: `dotnet run --project host doctor --prepare`." : ""));
    }

    /// <summary>Starts the program in a process of its own, on a free port, and waits until it listens.</summary>
    /// <param name="variables">Its environment variables. What this notebook has of <c>OTEL_…</c> does not reach it.</param>
    /// <exception cref="InvalidOperationException">It does not listen within a minute; the message has what it printed.</exception>
    public Task<RunningProgram> StartAsync(params (string Name, string Value)[] variables)
    {
        var start = Dotnet("exec", Assembly);
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        return RunningProgram.StartAsync(start, running =>
        {
            lock (started)
                started.Add(running);
        });
    }

    /// <summary>Ends what was started, and removes the folder.</summary>
    public void Dispose()
    {
        RunningProgram[] open;
        lock (started)
            (open, _) = (started.ToArray(), started.RemoveAll(_ => true));
        foreach (var running in open)
            running.Dispose();
        try
        {
            if (folder.Exists)
                folder.Delete(recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A file that a virus scanner holds open: the system clears its temporary folder.
        }
    }

    private Task WriteAsync(string file, string text) => File.WriteAllTextAsync(Path.Combine(folder.FullName, file), text);

    private async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var start = Dotnet(arguments);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        (start.Environment["MSBUILDDISABLENODEREUSE"], start.Environment["UseSharedCompilation"]) = ("1", "false"); // nothing stays behind
        using var process = RunningProgram.Started(start);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(110));
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"The build of {Name}.cs took longer than 110 seconds, so it was stopped. The first "
                + "build downloads packages: a slow feed or a busy machine can be the reason. Run this cell again, and then the cells "
                + "below it.");
        }

        return (process.ExitCode, await output + await errors);
    }

    // What the start of this notebook has left in the environment is not meant for another program.
    private ProcessStartInfo Dotnet(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder.FullName };
        foreach (var name in start.Environment.Keys.Where(IsOurs).ToArray())
            start.Environment.Remove(name);
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        return start;

        static bool IsOurs(string name) => name is "DOTNET_HOST_PATH" or "DOTNET_STARTUP_HOOKS" or "DOTNET_URLS"
            || ((string[])["OTEL_", "MSBUILD", "ASPNETCORE_"]).Any(s => name.StartsWith(s, StringComparison.OrdinalIgnoreCase));
    }
}
