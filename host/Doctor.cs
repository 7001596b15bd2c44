using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace TracingTutorial.Host;

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">What.</param>
/// <param name="Ok">Whether it is as the course needs it.</param>
/// <param name="Required">False for what makes some lessons nicer, but is not needed for any.</param>
/// <param name="Detail">What was seen.</param>
/// <param name="WayOut">What to do when it is not ok.</param>
public sealed record Finding(string Name, bool Ok, bool Required, string Detail, string WayOut);

/// <summary>Says whether this machine is ready for the workshop, and what to do if not.</summary>
internal sealed class Doctor(string root)
{
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(20);

    private const string SpanCheck = "a span, end to end";

    /// <summary>The ports of Jaeger, which lesson 5 uses when they are there.</summary>
    private static readonly (int Port, string What)[] Ports =
        [(4317, "OTLP/gRPC"), (4318, "OTLP/HTTP"), (13133, "Jaeger's health"), (16686, "Jaeger's pages")];

    /// <summary>Looks at everything, one thing after the other; each finding is given out as soon as it is there.</summary>
    public async IAsyncEnumerable<Finding> ExamineAsync()
    {
        yield return await SdkAsync();
        yield return new Finding(".NET runtime", Environment.Version.Major == 10, true,
            $".NET {Environment.Version} and ASP.NET Core, {SharedFramework.RuntimeIdentifier}", "Install the .NET 10 SDK.");
        yield return await FeedsAsync();
        var packages = await PackagesAsync();
        yield return packages;
        yield return packages.Ok ? await SpanAsync() : new Finding(SpanCheck, false, true, "not tried: it needs the packages", packages.WayOut);
        var jaeger = await JaegerAsync();
        yield return jaeger;
        foreach (var (port, what) in Ports)
            yield return Port(port, what, jaeger.Ok);
        yield return await CommandAsync("Docker", "docker", ["version", "--format", "{{.Server.Version}}"], "engine",
            "Only needed to run Jaeger. Without it, lesson 5 uses its own receiver.");
        yield return await CommandAsync("Docker Compose", "docker", ["compose", "version", "--short"], "version",
            "Only needed to run Jaeger. Without it, lesson 5 uses its own receiver.");
        yield return await EditorAsync();
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

    private async Task<Finding> PackagesAsync()
    {
        const string name = "packages";
        try
        {
            var workshop = Notebook.Load(Path.Combine(root, "helpers", "workshop.dib"));
            var packages = workshop.Cells.SelectMany(Dialect.References).Where(r => r.Version is not null).ToArray();
            await new PackageRestore(PackageRestore.DefaultCacheFolder, Path.Combine(root, "notebooks")).RestoreAsync(packages, CancellationToken.None);
            return new Finding(name, true, true, string.Join(", ", packages.Select(p => p.ToString())), "");
        }
        catch (RestoreException e)
        {
            return new Finding(name, false, true, e.Message, e.WayOut);
        }
        catch (NotebookException e)
        {
            return new Finding(name, false, true, e.Message, "Run this in a complete clone of the tutorial.");
        }
    }

    /// <summary>The whole way: a notebook imports the helpers, makes a span and records it. In a folder of its own: the clone stays as it is.</summary>
    private async Task<Finding> SpanAsync()
    {
        var folder = Directory.CreateTempSubdirectory("tracing-tutorial-doctor-").FullName;
        try
        {
            foreach (var part in (string[])["helpers", "notebooks"])
                Directory.CreateDirectory(Path.Combine(folder, part));
            foreach (var helper in Directory.GetFiles(Path.Combine(root, "helpers")))
                File.Copy(helper, Path.Combine(folder, "helpers", Path.GetFileName(helper)));
            var path = Path.Combine(folder, "notebooks", "doctor.dib");
            await File.WriteAllTextAsync(path,
                """
                #!meta
                {"kernelInfo":{"defaultKernelName":"csharp","items":[{"name":"csharp","languageName":"C#","aliases":["c#","cs"]}]}}

                #!csharp

                #!import ../helpers/workshop.dib

                #!csharp

                using System.Diagnostics;
                using OpenTelemetry;
                using OpenTelemetry.Trace;

                var spans = new SpanRecorder();
                using (Sdk.CreateTracerProviderBuilder().AddSource("doctor").AddProcessor(new SimpleActivityExportProcessor(spans)).Build())
                using (var source = new ActivitySource("doctor"))
                    source.StartActivity("hello")?.Dispose();
                spans.Count
                """);
            var clock = Stopwatch.StartNew();
            var result = await NotebookRun.RunAsync(path, new RunOptions(RunOptions.DefaultTimeout), new Reporter(TextWriter.Null, terminal: false), CancellationToken.None);
            var problem = result.Problems.Concat(result.Cells.Select(c => c.Problem).OfType<Problem>()).FirstOrDefault();
            var recorded = result.Cells.LastOrDefault()?.Outputs.LastOrDefault()?.Text == "1";
            return new Finding(SpanCheck, !result.Failed && recorded, true,
                problem?.Message ?? (recorded ? FormattableString.Invariant($"made, recorded and read in {clock.Elapsed.TotalSeconds:0.0} s") : "no span was recorded"),
                problem?.WayOut is { Length: > 0 } wayOut ? wayOut : "Run `dotnet run --project host 00` to see where it stops.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Finding(SpanCheck, false, true, e.Message, "Make the folder for temporary files writable.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Finding> JaegerAsync()
    {
        const string wayOut = "Only for lesson 5, which also runs without it: `docker compose up -d --wait` in the folder docker.";
        try
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
            using var answer = await client.GetAsync("http://127.0.0.1:13133/status");
            return new Finding("Jaeger", answer.IsSuccessStatusCode, false, $"answers {(int)answer.StatusCode} on port 13133", wayOut);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return new Finding("Jaeger", false, false, "is not running", wayOut);
        }
    }

    private static Finding Port(int port, string what, bool jaegerRuns)
    {
        try
        {
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

    private async Task<Finding> EditorAsync()
    {
        const string polyglot = "ms-dotnettools.dotnet-interactive-vscode";
        var (exitCode, output) = await RunAsync("code", ["--list-extensions"]);
        var extensions = output.Split('\n', StringSplitOptions.TrimEntries);
        var found = extensions.Where(e => e.Equals(polyglot, StringComparison.OrdinalIgnoreCase) || e.Contains("verso", StringComparison.OrdinalIgnoreCase)).ToArray();
        return new Finding("VS Code", exitCode == 0 && found.Length > 0, false,
            exitCode != 0 ? "the command `code` is not there" : found.Length > 0 ? string.Join(", ", found) : "no extension for notebooks",
            $"`code --install-extension {polyglot}`, or Verso. Without them, the lessons run in the terminal.");
    }

    /// <summary>Runs a command in the root of the clone; what cannot be started has the exit code -1 and says why.</summary>
    private async Task<(int ExitCode, string Output)> RunAsync(string command, string[] arguments)
    {
        // The commands of editors and package managers are scripts on Windows, and only the shell starts those.
        var start = OperatingSystem.IsWindows() && command == "code"
            ? new ProcessStartInfo("cmd", ["/c", command, .. arguments])
            : new ProcessStartInfo(command, arguments);
        start.WorkingDirectory = root;
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

    /// <summary>Writes the findings for other programs.</summary>
    public static string ToJson(IReadOnlyList<Finding> findings) => JsonSerializer.Serialize(
        new { ready = findings.All(f => f.Ok || !f.Required), findings },
        new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true });
}
