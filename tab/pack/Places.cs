using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;

namespace TracingTutorial.Tab.Pack;

/// <summary>Where the build has put what goes into the site.</summary>
internal sealed class Places
{
    // Of the implementation for Linux: those for a browser call fetch, which makes no spans and reaches no port of the tab.
    private static readonly string[] FromLinux = ["System.Net.Http.dll", "System.Net.Security.dll"];

    /// <summary>The folder tab/.</summary>
    public required string Tab { get; init; }

    /// <summary>.NET's WebAssembly runtime: dotnet.js, dotnet.native.wasm.</summary>
    public required string Native { get; init; }

    /// <summary>The pack of the runtime, with its licence.</summary>
    public required string RuntimePack { get; init; }

    /// <summary>The assemblies of .NET.</summary>
    public required string[] Framework { get; init; }

    /// <summary>The kernel and what it needs besides .NET.</summary>
    public required string[] Kernel { get; init; }

    /// <summary>The assemblies of ASP.NET Core.</summary>
    public required string[] AspNetCore { get; init; }

    /// <summary>The assemblies of the lessons' packages.</summary>
    public required string[] Packages { get; init; }

    /// <summary>What was restored for <see cref="Packages"/>.</summary>
    public required string PackageAssets { get; init; }

    /// <summary>NuGet's folder of packages.</summary>
    public required string PackageFolder { get; init; }

    /// <summary>The assembly of loopback/.</summary>
    public required string Loopback { get; init; }

    /// <summary>The assembly of sqlite/.</summary>
    public required string Sqlite { get; init; }

    /// <summary>All folders with assemblies.</summary>
    public IEnumerable<string> AllFolders => Framework.Concat(AspNetCore).Concat(Packages).Concat(Kernel).Select(f => Path.GetDirectoryName(f)!).Distinct();

    /// <summary>Finds them; the project file has told this assembly where.</summary>
    public static Places Find()
    {
        var told = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().ToLookup(a => a.Key, a => a.Value!);
        string Told(string key) => told[key].First(value => value.Length > 0);
        string Pack(string name) => Path.Combine(Told("Packages"), name.ToLowerInvariant(), Told("RuntimeVersion"), "runtimes");
        string Binaries(string project) => Path.Combine(Told("Binaries"), project, Told("Configuration"));
        string[] Assemblies(string folder, string without = "") => Directory.Exists(folder)
            ? [.. Directory.GetFiles(folder, "*.dll").Where(f => Path.GetFileName(f) != without)]
            : throw new PackException($"Nothing was built or restored at {folder}.");

        var browser = Path.Combine(Pack("Microsoft.NETCore.App.Runtime.Mono.browser-wasm"), "browser-wasm");
        var linux = Path.Combine(Pack("Microsoft.NETCore.App.Runtime.linux-x64"), "linux-x64", "lib", "net10.0");
        var native = Path.Combine(browser, "native");
        return new Places
        {
            Tab = Told("TabFolder"),
            Native = native,
            RuntimePack = Path.GetDirectoryName(Path.GetDirectoryName(browser))!,
            Framework =
            [
                Path.Combine(native, "System.Private.CoreLib.dll"),
                .. Assemblies(Path.Combine(browser, "lib", "net10.0")).Where(f => !FromLinux.Contains(Path.GetFileName(f))),
                .. FromLinux.Select(f => Path.Combine(linux, f)),
            ],
            Kernel = Assemblies(Binaries("Kernel")),
            AspNetCore = Assemblies(Path.Combine(Pack("Microsoft.AspNetCore.App.Runtime.linux-x64"), "linux-x64", "lib", "net10.0")),
            Packages = Assemblies(Binaries("Packages"), without: "Packages.dll"),
            PackageAssets = Path.Combine(Told("TabFolder"), "artifacts", "obj", "Packages", "project.assets.json"),
            PackageFolder = Told("Packages"),
            Loopback = Path.Combine(Binaries("Loopback"), "TracingTutorial.Tab.Loopback.dll"),
            Sqlite = Path.Combine(Binaries("Sqlite"), "Microsoft.Data.Sqlite.dll"),
        };
    }
}
