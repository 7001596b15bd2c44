using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace TracingTutorial.Tab.Pack;

/// <summary>The site cannot be packed; the message says what to do.</summary>
internal sealed class PackException(string message) : Exception(message);

/// <summary>Makes the folder that a browser loads the kernel from.</summary>
internal static class Program
{
    private const string Usage = "Usage: dotnet run -c Release --project tab/pack -- --to FOLDER [--quick]";

    private static int Main(string[] args)
    {
        if (args is not ["--to", var folder, .. var options] || options is not ([] or ["--quick"]))
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        try
        {
            var clock = Stopwatch.StartNew();
            var (raw, zipped) = Pack(Path.GetFullPath(folder), quick: options.Length > 0);
            Console.WriteLine(FormattableString.Invariant(
                $"{folder}: {raw / 1e6:0.0} MB, compressed {zipped / 1e6:0.0} MB to download, in {clock.Elapsed.TotalSeconds:0} s."));
            return 0;
        }
        catch (PackException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }

    private static (long Raw, long Zipped) Pack(string folder, bool quick)
    {
        var places = Places.Find();
        var sqlJs = SqlJs.Install(places.Tab);
        var root = Path.GetDirectoryName(places.Tab)!;
        var (layers, named) = Course.Read(root);
        var packages = Packages(places, named);

        Course.Compile(layers, [.. places.Packages.Concat(places.AspNetCore).Concat(places.Framework).DistinctBy(Path.GetFileName).Select(f => MetadataReference.CreateFromFile(f))]);

        using var assemblies = new Assemblies(places);
        var framework = assemblies.Read(places.Framework).ToList();
        var kernel = assemblies.Read(places.Kernel).ToList();
        var web = assemblies.Read(places.AspNetCore).ToList();
        var packaged = assemblies.Read(places.Packages).ToList();
        var own = assemblies.Read([places.Loopback, places.Sqlite]).ToList();
        web.RemoveAll(a => packaged.Any(p => p.Name == a.Name)); // a package brought a newer version
        assemblies.CheckPatches();

        var site = new SiteWriter(folder, places, quick);
        site.AddAssemblies(framework, kernel, web, packaged, own, layers);
        site.AddCourse(layers, packages, web.Select(a => a.Name));
        site.AddScripts(sqlJs);
        return site.Write();
    }

    /// <summary>The packages that the lessons name, as they were restored. Fails when a version differs.</summary>
    private static Dictionary<string, (string Version, string[] Assemblies)> Packages(Places places, IEnumerable<(string Id, string Version)> named)
    {
        const string Sqlite = "Microsoft.Data.Sqlite"; // replaced by sqlite/
        var restored = RestoredPackages.Read(places.PackageAssets);
        var packages = new Dictionary<string, (string, string[])>();
        foreach (var (id, version) in named)
        {
            if (id == Sqlite)
                packages[id] = (version, [Sqlite]);
            else if (!restored.TryGetValue(id, out var package))
                throw new PackException($"A lesson names the package {id}, which tab/packages/Packages.csproj does not have.");
            else if (package.Version != version)
                throw new PackException($"A lesson names {id} {version}, but {package.Version} was restored: change Directory.Packages.props or tab/Directory.Packages.props.");
            else
                packages[id] = package;
        }

        return packages;
    }
}
