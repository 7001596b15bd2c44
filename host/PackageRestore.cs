using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace TracingTutorial.Host;

/// <summary>The files that a set of packages brings for this machine.</summary>
/// <param name="Assemblies">Full paths of managed assemblies.</param>
/// <param name="NativeLibraries">Full paths of native libraries.</param>
internal sealed record RestoredPackages(IReadOnlyList<string> Assemblies, IReadOnlyList<string> NativeLibraries)
{
    public static readonly RestoredPackages None = new([], []);
}

/// <summary>Packages could not be restored.</summary>
internal sealed class RestoreException(string message, string wayOut, bool packageIsInNoFeed) : Exception(message)
{
    public string WayOut { get; } = wayOut;

    /// <summary>True when every configured feed answered and none holds the package: an optional cell is skipped then.</summary>
    public bool PackageIsInNoFeed { get; } = packageIsInNoFeed;
}

/// <summary>
/// Restores packages with <c>dotnet restore</c> of a generated project, so that the user's own NuGet configuration,
/// credentials, feeds and package folder count. What a set of packages resolved to is remembered by content:
/// the same set needs neither a restore nor a network again.
/// </summary>
/// <param name="cacheFolder">Where resolved sets are remembered.</param>
/// <param name="configFolder">The folder from which NuGet looks for its configuration: the notebook's.</param>
internal sealed class PackageRestore(string cacheFolder, string configFolder)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);
    private static readonly HashSet<string> NotInAnyFeed = ["NU1101", "NU1102", "NU1103"];
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>The cache of this user: <c>TRACING_TUTORIAL_CACHE</c> when set, otherwise a folder in the user's local data.</summary>
    public static string DefaultCacheFolder
    {
        get
        {
            if (Environment.GetEnvironmentVariable("TRACING_TUTORIAL_CACHE") is { Length: > 0 } folder)
                return Path.GetFullPath(folder);
            var data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
            return Path.Combine(data.Length > 0 ? data : Path.GetTempPath(), "tracing-tutorial");
        }
    }

    /// <summary>Resolves a set of packages to files.</summary>
    /// <exception cref="RestoreException">A package or version is in no feed, a feed does not answer, or the restore takes too long.</exception>
    public async Task<RestoredPackages> RestoreAsync(IReadOnlyCollection<Reference> packages, CancellationToken cancel)
    {
        if (packages.Count == 0)
            return RestoredPackages.None;

        var project = ProjectText(packages);
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(project)))[..16];
        var remembered = Path.Combine(cacheFolder, $"{key}.json");
        if (Read(remembered) is { } known)
            return known;

        var work = Path.Combine(cacheFolder, $"restore-{key}-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(work);
            // Nothing of a Directory.*.props that happens to lie above the cache may reach the generated project.
            foreach (var name in (string[])["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"])
                File.WriteAllText(Path.Combine(work, name), "<Project />");
            File.WriteAllText(Path.Combine(work, "notebook.csproj"), project);

            var log = await RunRestoreAsync(work, packages, cancel);
            var resolved = ReadAssets(Path.Combine(work, "obj", "project.assets.json"), packages, log);

            var temporary = Path.Combine(work, "resolved.json");
            File.WriteAllText(temporary, JsonSerializer.Serialize(resolved, Json));
            File.Move(temporary, remembered, overwrite: true);
            return resolved;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RestoreException($"The package cache cannot be written: {e.Message}",
                $"Make {cacheFolder} writable, or name another folder in the environment variable TRACING_TUTORIAL_CACHE.", false);
        }
        finally
        {
            try { Directory.Delete(work, recursive: true); } catch (Exception e) when (e is IOException or UnauthorizedAccessException) { }
        }
    }

    private static string ProjectText(IEnumerable<Reference> packages)
    {
        var references = packages
            .OrderBy(p => p.Name, StringComparer.OrdinalIgnoreCase)
            .Select(p => $"    <PackageReference Include=\"{p.Name}\" Version=\"[{p.Version}]\" />");
        return $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net{Environment.Version.Major}.{Environment.Version.Minor}</TargetFramework>
                <RuntimeIdentifier>{SharedFramework.RuntimeIdentifier}</RuntimeIdentifier>
                <SelfContained>false</SelfContained>
                <UseAppHost>false</UseAppHost>
                <NuGetAudit>false</NuGetAudit>
                <ManagePackageVersionsCentrally>false</ManagePackageVersionsCentrally>
                <!-- A feed may hold only a newer version of a transitive package. -->
                <NoWarn>NU1603;NU1608</NoWarn>
              </PropertyGroup>
              <ItemGroup>
                <FrameworkReference Include="Microsoft.AspNetCore.App" />
            {string.Join('\n', references)}
              </ItemGroup>
            </Project>
            """;
    }

    private static RestoredPackages? Read(string path)
    {
        try
        {
            var known = JsonSerializer.Deserialize<RestoredPackages>(File.ReadAllText(path));
            return known is { Assemblies: not null, NativeLibraries: not null }
                && known.Assemblies.Concat(known.NativeLibraries).All(File.Exists)
                ? known
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null; // Not there, or not whole: restore again.
        }
    }

    private async Task<string> RunRestoreAsync(string work, IReadOnlyCollection<Reference> packages, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(SharedFramework.DotnetCommand)
        {
            WorkingDirectory = work,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var argument in (string[])["restore", "notebook.csproj", "--nologo", "-v:quiet", "-nodeReuse:false", $"-p:RestoreRootConfigDirectory={configFolder}"])
            start.ArgumentList.Add(argument);
        // `dotnet run` and `dotnet test` leave these behind; the restore must choose its own SDK.
        foreach (var name in (string[])["MSBuildSDKsPath", "MSBuildExtensionsPath", "MSBUILD_EXE_PATH", "MSBuildLoadMicrosoftTargetsReadOnly"])
            start.Environment.Remove(name);
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Timeout);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return await output + await errors;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancel.ThrowIfCancellationRequested();
            throw new RestoreException(
                $"Restoring {string.Join(", ", packages)} did not end within {Timeout.TotalMinutes:0} minutes.",
                "Check that the feeds answer: `dotnet nuget list source` names them.", false);
        }
    }

    private static RestoredPackages ReadAssets(string path, IReadOnlyCollection<Reference> packages, string log)
    {
        if (!File.Exists(path))
            throw new RestoreException($"`dotnet restore` failed:\n{log.Trim()}", "Run `dotnet --info` and `dotnet nuget list source` to see what it works with.", false);

        using var assets = JsonDocument.Parse(File.ReadAllText(path));
        var root = assets.RootElement;
        var restore = root.GetProperty("project").GetProperty("restore");
        var feeds = restore.GetProperty("sources").EnumerateObject().Select(source => source.Name).ToArray();

        if (root.TryGetProperty("logs", out var logs))
        {
            var errors = logs.EnumerateArray().Where(l => l.GetProperty("level").GetString() == "Error").ToArray();
            if (errors.Length > 0)
                throw Failure(errors, feeds);
        }

        var folders = root.GetProperty("packageFolders").EnumerateObject().Select(f => f.Name).ToArray();
        var target = root.GetProperty("targets").EnumerateObject().Single(t => t.Name.EndsWith("/" + SharedFramework.RuntimeIdentifier, StringComparison.Ordinal)).Value;
        var libraries = root.GetProperty("libraries");
        var (managed, native) = (new List<string>(), new List<string>());
        foreach (var library in target.EnumerateObject())
        {
            if (library.Value.GetProperty("type").GetString() != "package")
                continue;
            var folder = libraries.GetProperty(library.Name).GetProperty("path").GetString()!;
            managed.AddRange(Files(library.Value, "runtime", folder, folders));
            native.AddRange(Files(library.Value, "native", folder, folders));
        }

        return new RestoredPackages(managed, native);
    }

    private static IEnumerable<string> Files(JsonElement library, string kind, string folder, string[] packageFolders)
    {
        if (!library.TryGetProperty(kind, out var files))
            yield break;
        foreach (var file in files.EnumerateObject().Where(f => !f.Name.EndsWith("/_._", StringComparison.Ordinal)))
        {
            yield return packageFolders
                .Select(root => Path.GetFullPath(Path.Combine(root, folder, file.Name)))
                .First(File.Exists);
        }
    }

    private static RestoreException Failure(JsonElement[] errors, string[] feeds)
    {
        var feedList = feeds.Length == 0 ? "none: your NuGet configuration names no feed" : string.Join(", ", feeds);
        var inNoFeed = errors.All(e => NotInAnyFeed.Contains(e.GetProperty("code").GetString()!));
        var names = errors
            .Select(e => e.TryGetProperty("libraryId", out var id) ? id.GetString() : null)
            .Where(id => id is not null).Distinct().ToArray();
        var messages = errors.Select(e => $"{e.GetProperty("code").GetString()}: {e.GetProperty("message").GetString()}").Distinct();
        return inNoFeed
            ? new RestoreException(
                $"No configured feed has {(names.Length == 0 ? "the package" : string.Join(", ", names))}. Feeds asked: {feedList}. ({string.Join(" ", messages)})",
                "Add a feed that has it (`dotnet nuget add source`), or ask those who run your feed to add it.", true)
            : new RestoreException(
                $"The packages could not be restored. Feeds asked: {feedList}. ({string.Join(" ", messages)})",
                "Check the network and the feeds: `dotnet nuget list source` names them.", false);
    }
}
