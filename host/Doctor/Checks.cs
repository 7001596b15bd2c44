using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Host.Kernel;

namespace TracingTutorial.Host.Doctor;

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">What.</param>
/// <param name="Ok">Whether nothing has to be done about it.</param>
/// <param name="Required">True when no lesson runs without it.</param>
/// <param name="Detail">What was seen.</param>
/// <param name="WayOut">What to do when it is not ok.</param>
public sealed record Finding(string Name, bool Ok, bool Required, string Detail, string WayOut);

/// <summary>Says whether this machine is ready for the workshop, and what to do if not.</summary>
internal sealed class Checks(string root, Machine machine)
{
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(60), FeedTimeout = TimeSpan.FromSeconds(10);

    private readonly Redaction _redaction = new(machine.Home, root, Path.GetTempPath(), Environment.UserName);

    /// <summary>
    /// Looks at everything, one thing after the other; each finding is given out as soon as it is there, without keys, folders
    /// and names of the user.
    /// </summary>
    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var finding in LookAsync(cancel))
            yield return finding with { Detail = _redaction.Of(finding.Detail), WayOut = finding.Ok ? "" : _redaction.Of(finding.WayOut) };
    }

    private async IAsyncEnumerable<Finding> LookAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        yield return Sdk(await RunAsync("dotnet", "--version"), await RunAsync("dotnet", "--list-sdks"), machine);
        yield return new Finding(".NET runtime", Environment.Version.Major == 10, true,
            $".NET {Environment.Version} and ASP.NET Core, {RuntimeInformation.RuntimeIdentifier}", machine.InstallSdk());
        yield return FreeResources.Memory();
        yield return FreeResources.Disk(Folders(), FreeResources.FreeIn);

        var feeds = new Feeds(machine, FeedTimeout);
        var (exitCode, output) = await RunAsync("dotnet", "nuget", "list", "source", "--format", "Short");
        var aboutFeeds = await feeds.ExamineAsync(exitCode, output);
        foreach (var finding in aboutFeeds)
            yield return finding;
        yield return machine.Proxy(feeds.Addresses);
        yield return await new KernelCheck(root, machine).ExamineAsync(aboutFeeds.All(f => f.Ok), cancel);

        yield return machine.Browser();
        var engine = await RunAsync("docker", "version", "--format", "{{.Server.Version}}");
        var (docker, dockerRuns) = Docker(engine, await RunAsync("docker", "compose", "version", "--short"), machine);
        yield return docker;
        foreach (var finding in await new JaegerPlace(root, machine.Variable).ExamineAsync(dockerRuns))
            yield return finding;
        foreach (var editor in new VsCode(machine).Examine())
            yield return editor;
    }

    /// <param name="version">What <c>dotnet --version</c> said in the clone, where global.json asks for an SDK.</param>
    /// <param name="list">What <c>dotnet --list-sdks</c> said.</param>
    /// <param name="machine">Whose way to an SDK is named.</param>
    internal static Finding Sdk((int ExitCode, string Output) version, (int ExitCode, string Output) list, Machine machine)
    {
        var here = list.ExitCode != 0 ? []
            : list.Output.Split('\n').Select(l => l.Split(' ')[0].Trim()).Where(l => l.Length > 0).ToArray();
        var tens = here.Any(v => v.StartsWith("10.", StringComparison.Ordinal));
        var ok = version.ExitCode == 0 && version.Output.StartsWith("10.", StringComparison.Ordinal);
        var detail = ok ? FirstLine(version.Output)
            : version.ExitCode == -1 ? version.Output
            : tens ? $"`dotnet --version` fails: {FirstLine(version.Output)}"
            : here.Length > 0 ? $"{string.Join(", ", here)} will not do: global.json asks for 10.0" : "the command `dotnet` finds no SDK";
        return new Finding(".NET SDK", ok, true, detail,
            tens ? "Mostly it is the home folder: see what is said about the disk." : machine.InstallSdk());
    }

    /// <summary>One line about Docker, which is never needed; and whether it could start Jaeger.</summary>
    internal static (Finding Finding, bool Runs) Docker(
        (int ExitCode, string Output) engine, (int ExitCode, string Output) compose, Machine machine)
    {
        const string only = "only Jaeger would need it, and lesson 7 also runs without";
        var runs = engine.ExitCode == 0;
        var detail = runs ? $"engine {FirstLine(engine.Output)}, "
                + (compose.ExitCode == 0 ? $"Compose {FirstLine(compose.Output)}" : $"without the Compose plugin: {only}")
            : engine.Output.Contains("permission denied", StringComparison.OrdinalIgnoreCase)
                ? $"may not be used by you: {only}. `sudo usermod -aG docker $USER`, then log in again"
            : machine.Has("docker") ? $"its engine does not answer: {only}. To have it, {machine.StartDocker()}"
            : $"is not here: {only}";
        return (new Finding("Docker", true, false, detail, ""), runs && compose.ExitCode == 0);
    }

    private IReadOnlyList<(string What, string Folder, string WayOut)> Folders() =>
    [
        ("packages",
            machine.Variable("NUGET_PACKAGES") is { Length: > 0 } own ? own : Path.Combine(machine.Home, ".nuget", "packages"),
            "Make it writable. Or another folder: " + machine.Set("NUGET_PACKAGES", "a-folder-of-yours")),
        ("the engine's cache", Path.Combine(machine.Home, ".packagemanagement"),
            "Make your home folder writable, or let HOME name one that is."),
        ("temporary files", Path.GetTempPath(), "Make it writable. Or another folder: "
            + machine.Set(machine.Platform == OSPlatform.Windows ? "TEMP" : "TMPDIR", "a-folder-of-yours")),
    ];

    /// <summary>Runs a command in the root of the clone; what cannot be started has the exit code -1 and says why.</summary>
    private async Task<(int ExitCode, string Output)> RunAsync(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { WorkingDirectory = root };
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            using var limit = new CancellationTokenSource(CommandTimeout);
            try
            {
                var output = process.StandardOutput.ReadToEndAsync(limit.Token);
                var errors = process.StandardError.ReadToEndAsync(limit.Token);
                await process.WaitForExitAsync(limit.Token);
                return (process.ExitCode, (await output + await errors).Trim());
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return (-1, $"`{command}` did not answer within {CommandTimeout.TotalSeconds:0} seconds");
            }
        }
        catch (Win32Exception)
        {
            return (-1, $"the command `{command}` is not there");
        }
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();
}
