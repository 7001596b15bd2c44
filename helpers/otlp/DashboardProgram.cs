#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Tasks;

/// <summary>The package with the Aspire dashboard in it, by an ordinary restore from the feeds that this machine is set up with.</summary>
internal static class DashboardPackage
{
    public const string Version = "13.6.5";

    private static readonly string[] Published =
        ["linux-x64", "linux-arm64", "linux-musl-x64", "osx-x64", "osx-arm64", "win-x64", "win-arm64"];

    /// <summary>The platform as packages name it, as in "linux-x64".</summary>
    public static string Rid =>
        (OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : OperatingSystem.IsLinux() ? "linux" : "other")
        + (RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal) ? "-musl" : "")
        + $"-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";

    /// <summary>Fetches the package if it is not here yet.</summary>
    /// <param name="rid">The platform.</param>
    /// <param name="folder">Where the restore looks for a <c>nuget.config</c>, there and further up.</param>
    /// <returns>The program; or null, and why in words.</returns>
    public static async Task<(string? Program, string? Problem)> RestoreAsync(string rid, string folder)
    {
        var id = $"Aspire.Dashboard.Sdk.{rid}";
        if (!Published.Contains(rid))
            return (null, NotHere($"There is no Aspire dashboard for this platform, {rid}. It exists for {string.Join(", ", Published)}."));

        var project = Directory.CreateTempSubdirectory(FormattableString.Invariant($"tracing-dashboard-{Environment.ProcessId}-"));
        try
        {
            var file = Path.Combine(project.FullName, "dashboard.csproj");
            await File.WriteAllTextAsync(file, $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
                  <ItemGroup><PackageDownload Include="{id}" Version="[{Version}]" /></ItemGroup>
                </Project>
                """);
            var (succeeded, output) = await DotnetAsync(project.FullName, "restore", file, $"-p:RestoreRootConfigDirectory={folder}");
            if (!succeeded)
                return (null, NotHere(Why(id, output)));

            var restored = await File.ReadAllBytesAsync(Path.Combine(project.FullName, "obj", "project.assets.json"));
            using var assets = JsonDocument.Parse(restored);
            var name = OperatingSystem.IsWindows() ? "Aspire.Dashboard.exe" : "Aspire.Dashboard";
            var program = assets.RootElement.GetProperty("packageFolders").EnumerateObject()
                .Select(f => Path.Combine(f.Name, id.ToLowerInvariant(), Version, "tools", name)).FirstOrDefault(File.Exists);
            return program is null ? (null, NotHere($"The package {id} {Version} is here, but has no program in it.")) : (program, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            return (null, NotHere($"The package {id} {Version} could not be restored: {e.Message}"));
        }
        finally
        {
            try
            {
                project.Delete(recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A file that a virus scanner holds open: the system clears its temporary folder.
            }
        }
    }

    private static string Why(string id, string output) =>
        output.Contains("NU1101", StringComparison.Ordinal) || output.Contains("NU1102", StringComparison.Ordinal)
            ? $"Your package feed does not have {id} {Version}. (`dotnet nuget list source` shows the feeds that were used.)"
            : $"{id} {Version} could not be restored: "
                + (output.Split('\n').FirstOrDefault(l => l.Contains("error", StringComparison.Ordinal)) ?? output).Trim();

    private static string NotHere(string why) => $"{why}\nThe lesson goes on without it: the receiver in this notebook takes its place.";

    private static async Task<(bool Succeeded, string Output)> DotnetAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder };
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        foreach (var inherited in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(inherited); // of the program that runs the notebook
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode == 0, await output + await errors);
    }
}

/// <summary>The dashboard as it runs: its own process, on free ports of 127.0.0.1, which ends when the notebook's process does.</summary>
internal sealed class DashboardProcess : IDisposable
{
    private static readonly (string Line, string Variable)[] Ports =
    [
        ("Now listening on: ", "ASPNETCORE_URLS"),
        ("OTLP/HTTP listening on: ", "ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"),
        ("OTLP/gRPC listening on: ", "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"),
    ];

    private readonly Process process;
    private readonly Dictionary<string, Uri> addresses = [];
    private readonly List<string> said = [];
    private readonly TaskCompletionSource<bool> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DashboardProcess(Process process) => this.process = process;

    /// <summary>The address of its pages and its API.</summary>
    public Uri Ui => addresses[Ports[0].Line];

    /// <summary>Where it takes OTLP over HTTP; the exporter's path is not in it.</summary>
    public Uri OtlpHttp => addresses[Ports[1].Line];

    /// <summary>False when it has ended.</summary>
    public bool IsRunning
    {
        get
        {
            try
            {
                return !process.HasExited;
            }
            catch (InvalidOperationException) // disposed
            {
                return false;
            }
        }
    }

    /// <summary>Starts the program and waits until it listens.</summary>
    /// <returns>The process; or null, and why in words.</returns>
    public static async Task<(DashboardProcess? Process, string? Problem)> StartAsync(string program)
    {
        if (!OperatingSystem.IsWindows()) // some tools unpack a package without the right to run it
            File.SetUnixFileMode(program, File.GetUnixFileMode(program) | UnixFileMode.UserExecute);

        // On Unix there is a shell between the two: it waits at the other end of our pipe, which closes even when this process is killed.
        // On Windows the dashboard ends with ProcessExit, or with the tree of processes that whoever kills this one kills too.
        var start = OperatingSystem.IsWindows() ? new ProcessStartInfo(program)
            : new ProcessStartInfo("/bin/sh", ["-c", "\"$0\" & cat >/dev/null; kill $! 2>/dev/null", program]);
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        start.WorkingDirectory = Path.GetDirectoryName(program)!;
        foreach (var setting in start.Environment.Keys.Where(IsOfAnotherProgram).ToArray())
            start.Environment.Remove(setting);
        foreach (var (_, variable) in Ports)
            start.Environment[variable] = "http://127.0.0.1:0";
        start.Environment["ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"] = "true"; // no token: it is this machine alone that reaches it
        start.Environment["DOTNET_ENVIRONMENT"] = start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";

        var dashboard = new DashboardProcess(Process.Start(start)!);
        dashboard.process.OutputDataReceived += (_, e) => dashboard.Read(e.Data);
        dashboard.process.ErrorDataReceived += (_, e) => dashboard.Read(e.Data);
        dashboard.process.EnableRaisingEvents = true;
        dashboard.process.Exited += (_, _) => dashboard.ready.TrySetResult(false);
        dashboard.process.BeginOutputReadLine();
        dashboard.process.BeginErrorReadLine();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => dashboard.Dispose();
        try
        {
            if (await dashboard.ready.Task.WaitAsync(TimeSpan.FromSeconds(60)))
                return (dashboard, null);
        }
        catch (TimeoutException)
        {
        }

        dashboard.Dispose();
        lock (dashboard.said)
            return (null, $"The Aspire dashboard did not start. It said:\n{string.Join('\n', dashboard.said.TakeLast(10))}");
    }

    /// <summary>Ends the program, and waits until it has.</summary>
    public void Dispose()
    {
        if (!IsRunning)
            return;
        try
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(5_000);
            process.Dispose();
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended in the meantime.
        }
    }

    private void Read(string? line)
    {
        lock (said)
        {
            if (line is null || ready.Task.IsCompleted)
                return;
            said.Add(line);
            foreach (var (start, _) in Ports)
            {
                if (line.IndexOf(start, StringComparison.Ordinal) is >= 0 and var at)
                    addresses[start] = new Uri(line[(at + start.Length)..].Trim());
            }

            if (addresses.Count == Ports.Length)
                ready.TrySetResult(true);
        }
    }

    // What is set for the notebook's own services is not meant for the dashboard.
    private static bool IsOfAnotherProgram(string variable) => ((string[])["OTEL_", "ASPNETCORE_", "ASPIRE_", "DASHBOARD_", "DOTNET_URLS"])
        .Any(start => variable.StartsWith(start, StringComparison.OrdinalIgnoreCase));
}
