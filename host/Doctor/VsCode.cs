using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

namespace TracingTutorial.Host.Doctor;

/// <summary>
/// The flavours of VS Code on a machine, and one thing that keeps Polyglot Notebooks alive there. The extension looks for its
/// tools in <c>.config/dotnet-tools.json</c> of its own folder; a .NET SDK since 10.0.102 writes that file without
/// <c>.config</c>, and from its second start on the extension opens no notebook (dotnet/interactive#4161). A manifest without
/// tools, put in place before or after the first start, prevents it.
/// </summary>
internal sealed class VsCode(Machine machine)
{
    private const string Extension = "ms-dotnettools.dotnet-interactive-vscode";
    private const string Manifest = """{"version":1,"isRoot":true,"tools":{}}""";

    /// <summary>A finding for each flavour that is here; one that says so when there is none.</summary>
    public IEnumerable<Finding> Examine()
    {
        var here = Flavours().Where(f => Directory.Exists(f.Data)).ToArray();
        if (here.Length == 0)
        {
            yield return new Finding("VS Code", true, false,
                "is not here, and is not needed: `dotnet run --project host` opens the course in a browser", "");
        }

        foreach (var flavour in here)
        {
            var extension = Directory.Exists(flavour.Extensions)
                && Directory.EnumerateDirectories(flavour.Extensions, $"{Extension}-*").Any();
            var ready = File.Exists(ManifestOf(flavour));
            var detail = (extension, ready) switch
            {
                (true, true) => "with Polyglot Notebooks, whose tool manifest is in place",
                (true, false) => "with Polyglot Notebooks, which, from its second start on, would open no notebook",
                (false, true) => "without Polyglot Notebooks; its tool manifest is in place",
                _ => "without Polyglot Notebooks; before you install it, run `dotnet run --project host doctor --fix`",
            };
            yield return new Finding($"VS Code: {flavour.Name}", ready || !extension, false, detail,
                "`dotnet run --project host doctor --fix` puts its tool manifest in place. The course in a browser needs none of this.");
        }
    }

    /// <summary>Puts the manifest where it is missing. One that is there is not touched.</summary>
    /// <returns>The files that were written.</returns>
    /// <exception cref="IOException">A folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder may not be written.</exception>
    public IReadOnlyList<string> Fix()
    {
        var written = new List<string>();
        foreach (var path in Flavours().Where(f => Directory.Exists(f.Data)).Select(ManifestOf).Where(path => !File.Exists(path)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (var file = new StreamWriter(new FileStream(path, FileMode.CreateNew)))
                file.Write(Manifest);
            written.Add(path);
        }

        return written;
    }

    private static string ManifestOf(Flavour flavour) =>
        Path.Combine(flavour.Data, "User", "globalStorage", Extension, ".config", "dotnet-tools.json");

    private IEnumerable<Flavour> Flavours()
    {
        var (home, platform, variable, _) = machine;
        var data = platform == OSPlatform.Windows ? variable("APPDATA") ?? Path.Combine(home, "AppData", "Roaming")
            : platform == OSPlatform.OSX ? Path.Combine(home, "Library", "Application Support")
            : variable("XDG_CONFIG_HOME") is { Length: > 0 } config ? config : Path.Combine(home, ".config");
        foreach (var (name, folder, extensions) in new[]
        {
            ("Code", "Code", ".vscode"), ("Insiders", "Code - Insiders", ".vscode-insiders"), ("VSCodium", "VSCodium", ".vscode-oss"),
        })
        {
            yield return new(name, Path.Combine(data, folder), Path.Combine(home, extensions, "extensions"));
        }

        var share = variable("XDG_DATA_HOME") is { Length: > 0 } own ? own : Path.Combine(home, ".local", "share");
        yield return new("code-server", Path.Combine(share, "code-server"), Path.Combine(share, "code-server", "extensions"));

        // On the far side of a remote window or in a container.
        foreach (var (name, folder) in new[]
        {
            ("remote", ".vscode-server"), ("remote, Insiders", ".vscode-server-insiders"), ("remote, VSCodium", ".vscodium-server"),
            ("codespace", ".vscode-remote"),
        })
        {
            yield return new(name, Path.Combine(home, folder, "data"), Path.Combine(home, folder, "extensions"));
        }
    }

    /// <param name="Name">As a person calls it.</param>
    /// <param name="Data">
    /// Where it keeps its data, with the folder <c>User</c> in it; it is there when the flavour has been started.
    /// </param>
    /// <param name="Extensions">Where its extensions are.</param>
    private sealed record Flavour(string Name, string Data, string Extensions);
}
