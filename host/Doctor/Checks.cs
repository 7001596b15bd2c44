using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Host.Notebooks;
using TracingTutorial.Host.Running;

namespace TracingTutorial.Host.Doctor;

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">What.</param>
/// <param name="Ok">Whether it is as the course needs it.</param>
/// <param name="Required">False for what makes some lessons nicer, but is not needed for any.</param>
/// <param name="Detail">What was seen.</param>
/// <param name="WayOut">What to do when it is not ok.</param>
public sealed record Finding(string Name, bool Ok, bool Required, string Detail, string WayOut);

/// <summary>Says whether this machine is ready for the workshop, and what to do if not.</summary>
internal sealed class Checks(string root)
{
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(20);

    /// <summary>The ports of Jaeger, which lesson 7 uses when they are there.</summary>
    private static readonly (int Port, string What)[] Ports =
        [(4317, "OTLP/gRPC"), (4318, "OTLP/HTTP"), (13133, "Jaeger's health"), (16686, "Jaeger's pages")];

    /// <summary>Looks at everything, one thing after the other; each finding is given out as soon as it is there.</summary>
    public async IAsyncEnumerable<Finding> ExamineAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        yield return await SdkAsync();
        yield return new Finding(".NET runtime", Environment.Version.Major == 10, true,
            $".NET {Environment.Version} and ASP.NET Core, {RuntimeInformation.RuntimeIdentifier}", "Install the .NET 10 SDK.");
        yield return await FeedsAsync();
        yield return await KernelAsync(cancel);
        var jaeger = await JaegerAsync();
        yield return jaeger;
        foreach (var (port, what) in Ports)
            yield return Port(port, what, jaeger.Ok);
        yield return await CommandAsync("Docker", "docker", ["version", "--format", "{{.Server.Version}}"], "engine",
            "Only needed to run Jaeger. Without it, lesson 7 uses its own receiver.");
        yield return await CommandAsync("Docker Compose", "docker", ["compose", "version", "--short"], "version",
            "Only needed to run Jaeger. Without it, lesson 7 uses its own receiver.");
        foreach (var editor in VsCode.Here().Examine())
            yield return editor;
    }

    private async Task<Finding> SdkAsync()
    {
        var (exitCode, output) = await RunAsync("dotnet", ["--version"]);
        return new Finding(".NET SDK", exitCode == 0, true, FirstLine(output),
            "Install the .NET 10 SDK; `dotnet --list-sdks` shows what is there, and global.json what is asked for.");
    }

    private async Task<Finding> FeedsAsync()
    {
        var (exitCode, output) = await RunAsync("dotnet", ["nuget", "list", "source", "--format", "Short"]);
        var feeds = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => line.StartsWith('E')).Select(line => line[1..].TrimStart('M', ' ')).ToArray(); // E: enabled, M: of the machine
        return new Finding("package feeds", exitCode == 0 && feeds.Length > 0, true,
            feeds.Length > 0 ? string.Join(", ", feeds) : "none is enabled",
            "Add a feed: `dotnet nuget add source`. `dotnet nuget list source` shows those that are there.");
    }

    /// <summary>
    /// The notebook kernel itself, the whole way: a notebook restores the packages, imports a layer of the helpers, makes a
    /// span, and draws its trace. In a folder of its own: the clone stays as it is.
    /// </summary>
    private async Task<Finding> KernelAsync(CancellationToken cancel)
    {
        const string name = "the notebook kernel";
        var folder = Directory.CreateTempSubdirectory("tracing-tutorial-doctor-").FullName;
        try
        {
            Lessons.CopyHelpers(root, folder);
            Directory.CreateDirectory(Path.Combine(folder, "notebooks"));
            var path = Path.Combine(folder, "notebooks", "doctor.dib");
            await File.WriteAllTextAsync(path, Notebook, cancel);
            var result = await LessonRun.RunAsync(path, new RunOptions(RunOptions.DefaultTimeout), _ => { }, cancel);
            var problem = result.Problems.Concat(result.Cells.Select(c => c.Problem).OfType<Problem>()).FirstOrDefault();
            var drawn = result.Cells.LastOrDefault()?.Outputs.LastOrDefault()?.Html?.Contains("hello from the doctor", StringComparison.Ordinal) == true;
            var seen = FormattableString.Invariant($"started, imported and drew a trace in {result.Milliseconds / 1000:0.0} s with {result.PeakMemoryBytes / 1e6:0} MB");
            return new Finding(name, !result.Failed && drawn, true, problem?.Message ?? (drawn ? seen : "no trace was drawn"),
                problem?.WayOut is { Length: > 0 } wayOut ? wayOut : "Run `dotnet run --project host run 00` to see where it stops.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Finding(name, false, true, e.Message, "Make the folder for temporary files writable.");
        }
        finally
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // On Windows, something that has just ended may hold it: the system clears its temporary folder.
            }
        }
    }

    private const string Notebook =
        """
        #!meta

        {"kernelInfo":{"defaultKernelName":"csharp","items":[{"name":"csharp"}]}}

        #!csharp

        #!import ../helpers/core.dib

        #!csharp

        using System.Diagnostics;
        using OpenTelemetry;
        using OpenTelemetry.Trace;

        var spans = new SpanRecorder();
        using (Sdk.CreateTracerProviderBuilder().AddSource("doctor").AddProcessor(new SimpleActivityExportProcessor(spans)).Build())
        using (var source = new ActivitySource("doctor"))
            source.StartActivity("hello from the doctor")?.Dispose();
        Waterfall.Of(spans.Traces)
        """;

    private static async Task<Finding> JaegerAsync()
    {
        const string wayOut = "Only for lesson 7, which also runs without it: `docker compose up -d --wait` in the folder docker.";
        try
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
            // Its API, as lesson 7 asks it: not every Jaeger has its health check on a port of this machine.
            using var answer = await client.GetAsync("http://127.0.0.1:16686/api/v3/services");
            return new Finding("Jaeger", answer.IsSuccessStatusCode, false, $"its API answers {(int)answer.StatusCode} on port 16686", wayOut);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return new Finding("Jaeger", false, false, "is not running", wayOut);
        }
    }

    internal static Finding Port(int port, string what, bool jaegerRuns)
    {
        try
        {
            // Windows and macOS let two programs have a port, one on all addresses and one on this.
            if (IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(l => l.Port == port))
                throw new SocketException((int)SocketError.AddressAlreadyInUse);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return new Finding($"port {port}", true, false, $"free, for {what}", "");
        }
        catch (SocketException)
        {
            return new Finding($"port {port}", jaegerRuns, false, jaegerRuns ? $"{what}, taken by Jaeger" : $"taken by another program; {what} uses it",
                $"End that program, or give Jaeger another port: docker/README.md says how.");
        }
    }

    private async Task<Finding> CommandAsync(string name, string command, string[] arguments, string what, string wayOut)
    {
        var (exitCode, output) = await RunAsync(command, arguments);
        return new Finding(name, exitCode == 0, false, exitCode == 0 ? $"{what} {FirstLine(output)}" : FirstLine(output), wayOut);
    }

    /// <summary>Runs a command in the root of the clone; what cannot be started has the exit code -1 and says why.</summary>
    private async Task<(int ExitCode, string Output)> RunAsync(string command, string[] arguments)
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
