using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Mono.Cecil;

namespace TracingTutorial.Tab.Pack;

/// <summary>An assembly of the site.</summary>
internal sealed record PackedAssembly(string Name, byte[] Image, string[] References);

/// <summary>The assemblies of .NET, of ASP.NET Core and of packages: their IL, patched.</summary>
internal sealed class Assemblies : IDisposable
{
    // Nothing that a lesson runs needs these. They were found by leaving them out: every lesson ran, with its solutions.
    private static readonly string[] LeftOut =
    [
        "Microsoft.AspNetCore.Mvc", "Microsoft.AspNetCore.Razor", "Microsoft.AspNetCore.SignalR", "Microsoft.AspNetCore.Identity", "Microsoft.AspNetCore.Components",
        "Microsoft.AspNetCore.Server.HttpSys", "Microsoft.AspNetCore.Server.IIS", "Microsoft.AspNetCore.ResponseCaching", "Microsoft.AspNetCore.OutputCaching",
        "Microsoft.AspNetCore.ResponseCompression", "Microsoft.AspNetCore.Session", "Microsoft.AspNetCore.Localization", "Microsoft.AspNetCore.HeaderPropagation",
        "Microsoft.AspNetCore.RequestDecompression", "Microsoft.AspNetCore.CookiePolicy", "Microsoft.AspNetCore.Http.Connections", "Microsoft.AspNetCore.Rewrite",
        "Microsoft.AspNetCore.HttpLogging", "Microsoft.AspNetCore.Authentication.BearerToken", "Microsoft.AspNetCore.Authentication.Cookies",
        "Microsoft.AspNetCore.Authentication.OAuth", "Microsoft.AspNetCore.JsonPatch", "Microsoft.JSInterop",
        "Microsoft.Extensions.Identity", "Microsoft.Extensions.Localization", "Microsoft.Extensions.Logging.EventLog", "Microsoft.Extensions.Configuration.KeyPerFile",
        "Microsoft.Extensions.Configuration.Ini", "Microsoft.Extensions.Configuration.Xml", "System.Security.Cryptography.Xml", "System.Security.Cryptography.Pkcs",
        "System.Formats.Cbor", "System.Diagnostics.EventLog",
        "Microsoft.VisualBasic", "System.Private.DataContractSerialization", "System.Net.Mail", "System.IO.IsolatedStorage", "System.ServiceModel", "System.ServiceProcess",
    ];

    private readonly DefaultAssemblyResolver _resolver = new();
    private readonly ModuleDefinition _loopback;
    private readonly HashSet<string> _patched = [];

    /// <param name="places">Where the files are.</param>
    public Assemblies(Places places)
    {
        foreach (var folder in places.AllFolders)
            _resolver.AddSearchDirectory(folder);
        _loopback = ModuleDefinition.ReadModule(places.Loopback, new ReaderParameters { AssemblyResolver = _resolver });
    }

    /// <summary>Reads the assemblies of a folder, without those that are left out.</summary>
    public IEnumerable<PackedAssembly> Read(IEnumerable<string> files) => files.Order(StringComparer.Ordinal)
        .Where(file => !LeftOut.Any(name => Path.GetFileName(file).StartsWith(name, StringComparison.Ordinal)))
        .Select(Read);

    /// <summary>Fails when a patch was made for an assembly that is not there.</summary>
    public void CheckPatches()
    {
        if (Patches.All.FirstOrDefault(p => !_patched.Contains(p.Assembly)) is { } missing)
            throw new PackException($"The patch of {missing.Assembly} changed nothing: the site has no such assembly.");
    }

    public void Dispose()
    {
        _loopback.Dispose();
        _resolver.Dispose();
    }

    private PackedAssembly Read(string file)
    {
        var image = File.ReadAllBytes(file);
        using var module = ModuleDefinition.ReadModule(new MemoryStream(image), new ReaderParameters { AssemblyResolver = _resolver });
        var name = module.Assembly.Name.Name;
        var isNative = (module.Attributes & ModuleAttributes.ILOnly) == 0;
        if (isNative)
            LeaveOutNativeCode(module);
        var patch = Patches.All.SingleOrDefault(p => p.Assembly == name);
        if (patch is not null)
            Apply(patch, module, file);
        if (isNative || patch is not null)
        {
            using var changed = new MemoryStream();
            module.Write(changed, new WriterParameters { Timestamp = 0, DeterministicMvid = true });
            image = changed.ToArray();
        }

        return new PackedAssembly(name, image, [.. module.AssemblyReferences.Select(r => r.Name).Distinct()]);
    }

    private void Apply(Patch patch, ModuleDefinition module, string file)
    {
        var version = System.Diagnostics.FileVersionInfo.GetVersionInfo(file).ProductVersion?.Split('+', '-')[0];
        if (version != patch.Version)
            throw new PackException($"The patch of {patch.Assembly} was made for version {patch.Version}, and not for {version}. Look at the method, and change pack/Patches.cs.");
        try
        {
            patch.Apply(module, _loopback);
        }
        catch (Exception e) when (e is InvalidOperationException or NullReferenceException)
        {
            throw new PackException($"The patch of {patch.Assembly} found nothing to change: {patch.What}. {e.Message}");
        }

        _patched.Add(patch.Assembly);
    }

    /// <summary>The shared frameworks are compiled ahead for one processor; a browser uses the IL only.</summary>
    private static void LeaveOutNativeCode(ModuleDefinition module)
    {
        const ModuleAttributes ReadyToRun = (ModuleAttributes)4;
        module.Attributes = (module.Attributes | ModuleAttributes.ILOnly) & ~ReadyToRun;
        module.Architecture = TargetArchitecture.I386;
        module.Characteristics |= ModuleCharacteristics.NoSEH;
    }
}

/// <summary>The packages that were restored for the lessons.</summary>
internal static class RestoredPackages
{
    /// <summary>The version and the assemblies of each package, with those that it depends on.</summary>
    /// <param name="assets">The project.assets.json of packages/.</param>
    public static Dictionary<string, (string Version, string[] Assemblies)> Read(string assets)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(assets));
        var target = json.RootElement.GetProperty("targets").EnumerateObject().Single().Value;
        var all = target.EnumerateObject().ToDictionary(p => p.Name.Split('/')[0], p => (Version: p.Name.Split('/')[1],
            Own: Names(p.Value, "runtime").Where(f => f.EndsWith(".dll", StringComparison.Ordinal)).Select(f => Path.GetFileNameWithoutExtension(f)!).ToArray(),
            Needs: Names(p.Value, "dependencies").ToArray()), StringComparer.OrdinalIgnoreCase);
        return all.ToDictionary(p => p.Key, p => (p.Value.Version, Closure(p.Key).Order(StringComparer.Ordinal).ToArray()), StringComparer.OrdinalIgnoreCase);

        HashSet<string> Closure(string id)
        {
            var (found, todo, seen) = (new HashSet<string>(), new Queue<string>([id]), new HashSet<string>());
            while (todo.TryDequeue(out var next))
            {
                if (!seen.Add(next) || !all.TryGetValue(next, out var package))
                    continue;
                found.UnionWith(package.Own);
                foreach (var needed in package.Needs)
                    todo.Enqueue(needed);
            }

            return found;
        }

        static IEnumerable<string> Names(JsonElement of, string property) =>
            of.TryGetProperty(property, out var value) ? value.EnumerateObject().Select(v => v.Name) : [];
    }
}
