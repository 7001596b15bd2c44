using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace TracingTutorial.Host;

/// <summary>The .NET installation that this process runs on.</summary>
internal static class SharedFramework
{
    private static readonly string RuntimeFolder = RuntimeEnvironment.GetRuntimeDirectory();

    /// <summary>All assemblies that this process loads by itself, whatever a package brings: those of .NET and the host's own.</summary>
    public static IReadOnlyDictionary<string, string> Loadable { get; } =
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .DistinctBy(path => Path.GetFileNameWithoutExtension(path)) // The runtime lists its core library twice.
            .ToDictionary(path => Path.GetFileNameWithoutExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The assemblies of Microsoft.NETCore.App and Microsoft.AspNetCore.App by simple name, with their full paths.
    /// What the host itself is built with is not among them: a notebook cannot come to depend on it.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Assemblies { get; } =
        Loadable
            .Where(a => a.Value.Contains($"{Path.DirectorySeparatorChar}shared{Path.DirectorySeparatorChar}Microsoft.", StringComparison.Ordinal))
            .ToDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The <c>dotnet</c> command that belongs to the running runtime.</summary>
    public static string DotnetCommand { get; } = FindDotnet();

    /// <summary>The portable runtime identifier of this machine, such as <c>linux-x64</c>.</summary>
    public static string RuntimeIdentifier { get; } =
        (OperatingSystem.IsWindows() ? "win"
            : OperatingSystem.IsMacOS() ? "osx"
            : RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal)
                || RuntimeInformation.RuntimeIdentifier.StartsWith("alpine", StringComparison.Ordinal) ? "linux-musl"
            : "linux")
        + "-" + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

    /// <summary>The names of the public top-level types of an assembly, as (namespace, name).</summary>
    public static IReadOnlyList<(string Namespace, string Name)> PublicTypes(string assemblyPath)
    {
        using var file = File.OpenRead(assemblyPath);
        using var pe = new PEReader(file);
        if (!pe.HasMetadata)
            return [];
        var metadata = pe.GetMetadataReader();
        return
        [
            .. from handle in metadata.TypeDefinitions
               let type = metadata.GetTypeDefinition(handle)
               where (type.Attributes & System.Reflection.TypeAttributes.VisibilityMask) == System.Reflection.TypeAttributes.Public
               select (metadata.GetString(type.Namespace), metadata.GetString(type.Name)),
        ];
    }

    private static string FindDotnet()
    {
        // <root>/shared/Microsoft.NETCore.App/<version>/
        var root = Path.GetFullPath(Path.Combine(RuntimeFolder, "..", "..", ".."));
        var command = Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
        return File.Exists(command) ? command : "dotnet";
    }
}
