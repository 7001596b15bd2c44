using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Metadata;
using System.Runtime.InteropServices;
using System.Runtime.InteropServices.JavaScript;
using System.Runtime.Loader;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;

namespace TracingTutorial.Tab;

/// <summary>A package that the site has.</summary>
internal sealed record SitePackage(string Version, string[] Assemblies);

/// <summary>A layer of helpers, compiled when the site was made.</summary>
/// <param name="Assembly">Its assembly.</param>
/// <param name="Usings">The namespaces that its files name; in a notebook they reach the cells after the import.</param>
/// <param name="Packages">The packages that it refers to.</param>
/// <param name="Web">Whether it refers to ASP.NET Core.</param>
/// <param name="After">Code that the import runs.</param>
internal sealed record Layer(string Assembly, string[] Usings, string[] Packages, bool Web, string[] After);

/// <summary>The assemblies of the site: what the runtime loads and what the compiler sees.</summary>
internal static partial class Site
{
    private static readonly Dictionary<string, (nint Address, int Length)> Images = [];
    private static readonly Dictionary<string, MetadataReference> Seen = [];
    private static HashSet<string> web = [];

    /// <summary>The packages, by name.</summary>
    public static Dictionary<string, SitePackage> Packages { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The layers, by the path that lessons import.</summary>
    public static Dictionary<string, Layer> Layers { get; } = [];

    /// <summary>What the compiler sees.</summary>
    public static IEnumerable<MetadataReference> References => Seen.Values;

    /// <summary>Fetches a bundle, if it is not there yet, and calls <see cref="AddBundle"/>.</summary>
    [JSImport("need", "worker")]
    private static partial Task Need(string bundle);

    /// <summary>Reads which packages and layers there are.</summary>
    public static void Describe(string course)
    {
        AssemblyLoadContext.Default.Resolving += (_, name) => Images.ContainsKey(name.Name!) ? Load(name.Name!) : null;
        using var json = JsonDocument.Parse(course);
        foreach (var package in json.RootElement.GetProperty("packages").EnumerateObject())
            Packages[package.Name] = new SitePackage(package.Value.GetProperty("version").GetString()!, Texts(package.Value, "assemblies"));
        foreach (var layer in json.RootElement.GetProperty("layers").EnumerateObject())
        {
            var value = layer.Value;
            Layers[layer.Name] = new Layer(value.GetProperty("assembly").GetString()!, Texts(value, "usings"), Texts(value, "packages"),
                value.GetProperty("web").GetBoolean(), Texts(value, "after"));
        }

        web = [.. Texts(json.RootElement, "web")];
        foreach (var name in Texts(json.RootElement, "loaded"))
            See(name);

        static string[] Texts(JsonElement of, string name) => [.. of.GetProperty(name).EnumerateArray().Select(e => e.GetString()!)];
    }

    /// <summary>Returns the address of memory that stays.</summary>
    public static unsafe int Allocate(int bytes) => (int)(nint)NativeMemory.Alloc((nuint)bytes);

    /// <summary>Takes a bundle of assemblies.</summary>
    public static void AddBundle(int address, string assemblies)
    {
        using var json = JsonDocument.Parse(assemblies);
        foreach (var assembly in json.RootElement.EnumerateArray())
        {
            var name = assembly.GetProperty("name").GetString()!;
            Images[name] = (address + assembly.GetProperty("offset").GetInt32(), assembly.GetProperty("length").GetInt32());
            if (assembly.GetProperty("visible").GetBoolean())
                See(name);
        }
    }

    /// <summary>Makes a package visible to the cells.</summary>
    public static async Task UseAsync(SitePackage package)
    {
        await Need("telemetry");
        if (package.Assemblies.Any(web.Contains))
            await Need("web");
        foreach (var name in package.Assemblies)
            See(name);
    }

    /// <summary>True for an assembly that cells see already, or can see from now on.</summary>
    public static bool Has(string name)
    {
        if (Images.ContainsKey(name))
            See(name);
        return Seen.ContainsKey(name);
    }

    /// <summary>Makes ASP.NET Core visible to the cells.</summary>
    public static async Task UseWebAsync()
    {
        await Need("telemetry");
        await Need("web");
        foreach (var name in web)
            See(name);
    }

    /// <summary>
    /// Makes a layer visible to the cells. A second import finds the same types again, where a layer that is compiled from source would
    /// make new ones: the compiler takes two assemblies with the same names for an ambiguity (CS0433).
    /// </summary>
    public static async Task ImportAsync(Layer layer)
    {
        foreach (var package in layer.Packages)
            await UseAsync(Packages[package]);
        if (layer.Web)
            await UseWebAsync();
        await Need("layers");
        See(layer.Assembly);
    }

    private static unsafe Assembly Load(string name)
    {
        var (address, length) = Images[name];
        using var image = new UnmanagedMemoryStream((byte*)address, length);
        return AssemblyLoadContext.Default.LoadFromStream(image);
    }

    private static unsafe void See(string name)
    {
        if (Seen.ContainsKey(name))
            return;
        if (Images.TryGetValue(name, out var image))
            Seen[name] = AssemblyMetadata.Create(ModuleMetadata.CreateFromImage(image.Address, image.Length)).GetReference(display: name);
        else if (Assembly.Load(name).TryGetRawMetadata(out var metadata, out var length))
            Seen[name] = AssemblyMetadata.Create(ModuleMetadata.CreateFromMetadata((nint)metadata, length)).GetReference(display: name);
        else
            throw new InvalidOperationException($"The runtime does not return the metadata of {name}.");
    }
}
