#nullable enable
using System;
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

        var project = Directory.CreateTempSubdirectory("aspire-dashboard-");
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
            ? $"Your package feed does not have {id} {Version}. (`dotnet nuget list source` shows the feeds that were asked.)"
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
