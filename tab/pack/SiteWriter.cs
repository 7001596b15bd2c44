using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TracingTutorial.Tab.Pack;

/// <summary>Writes the site: bundles of assemblies, scripts, licences, and tab.json, which names them.</summary>
internal sealed class SiteWriter(string folder, Places places, bool quick)
{
    private const int LargeFile = 10_000; // smaller files are not compressed

    // The SDK turns some of this off for a browser; the lessons are about it.
    private static readonly (string Name, bool Value)[] RuntimeProperties =
    [
        ("System.Diagnostics.Debugger.IsSupported", false),
        ("System.Diagnostics.Metrics.Meter.IsSupported", true),
        ("System.Diagnostics.Tracing.EventSource.IsSupported", true),
        ("System.Globalization.Invariant", true),
        ("System.Net.Http.EnableActivityPropagation", true),
        ("System.Net.SocketsHttpHandler.Http3Support", false),
        ("System.Resources.UseSystemResourceKeys", false),
        ("System.Text.Json.JsonSerializer.IsReflectionEnabledByDefault", true),
    ];

    private readonly Dictionary<string, byte[]> _files = [];
    private readonly Dictionary<byte[], byte[]> _zipped = [];
    private readonly JsonObject _index = [];
    private readonly JsonObject _bundles = [];
    private readonly List<string> _loaded = [];

    /// <summary>Divides the assemblies into bundles: what is needed first comes first.</summary>
    public void AddAssemblies(List<PackedAssembly> framework, List<PackedAssembly> kernel, List<PackedAssembly> web, List<PackedAssembly> packages,
        List<PackedAssembly> own, IReadOnlyList<Layer> layers)
    {
        var all = framework.Concat(kernel).Concat(packages).Concat(web).DistinctBy(a => a.Name).ToDictionary(a => a.Name);
        var start = Closure(kernel.Select(a => all[a.Name]), all, framework.Concat(kernel).Select(a => a.Name).ToHashSet());
        var telemetry = Closure(packages.Where(p => p.Name != "Microsoft.AspNetCore.TestHost" && !p.References.Any(r => r.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal))),
            all, web.Concat(packages).Select(a => a.Name).ToHashSet());

        // The compiler's own assemblies are no part of what a cell sees, but for the kernel with its Display.
        _loaded.AddRange(start.Where(a => !a.Name.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal)).Select(a => a.Name));
        AddBundle("runtime", start, visible: false);
        AddBundle("framework", framework.Where(a => !start.Contains(a)), visible: true);
        AddBundle("telemetry", telemetry, visible: false);
        AddBundle("web", web.Concat(packages).Where(a => all[a.Name] == a && !telemetry.Contains(a)).Concat(own), visible: false);
        AddBundle("layers", layers.Select(l => new PackedAssembly(l.Assembly, l.Image, [])), visible: false);
    }

    /// <summary>Packages and layers, for the kernel.</summary>
    public void AddCourse(IReadOnlyList<Layer> layers, Dictionary<string, (string Version, string[] Assemblies)> packages, IEnumerable<string> web)
    {
        _index["course"] = new JsonObject
        {
            ["packages"] = new JsonObject(packages.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key,
                (JsonNode?)new JsonObject { ["version"] = p.Value.Version, ["assemblies"] = Texts(p.Value.Assemblies) }))),
            ["layers"] = new JsonObject(layers.Select(l => KeyValuePair.Create(l.Path, (JsonNode?)new JsonObject
            {
                ["assembly"] = l.Assembly,
                ["usings"] = Texts(l.Usings),
                ["packages"] = Texts(l.Packages.Select(p => p.Id)),
                ["web"] = l.Web,
                ["after"] = Texts(l.After),
            }))),
            ["web"] = Texts(web.Order(StringComparer.Ordinal)),
            ["loaded"] = Texts(_loaded.Order(StringComparer.Ordinal)),
        };
    }

    /// <summary>.NET's runtime, sql.js, the worker, and all licences.</summary>
    public void AddScripts(string sqlJs)
    {
        foreach (var script in new[] { "dotnet.js", "dotnet.native.js", "dotnet.runtime.js" })
            _files[$"runtime/{script}"] = File.ReadAllBytes(Path.Combine(places.Native, script));
        _index["runtime"] = new JsonObject { ["wasm"] = Add("runtime", "dotnet.native", File.ReadAllBytes(Path.Combine(places.Native, "dotnet.native.wasm"))) };

        _index["runtimeProperties"] = new JsonObject(RuntimeProperties.Select(p => KeyValuePair.Create(p.Name, (JsonNode?)p.Value)));

        // sql.js is no module; with these lines around it, it is one.
        var text = File.ReadAllText(Path.Combine(sqlJs, "dist", "sql-wasm.js"));
        _files["sqljs/sqljs.js"] = Encoding.UTF8.GetBytes($"let module = {{ exports: {{}} }}, exports = module.exports;\n{text}\nexport default module.exports;\n");
        _index["sqljs"] = new JsonObject { ["wasm"] = Add("sqljs", "sql-wasm", File.ReadAllBytes(Path.Combine(sqlJs, "dist", "sql-wasm.wasm"))) };
        foreach (var script in new[] { "worker.js", "sqlite.js" })
            _files[script] = File.ReadAllBytes(Path.Combine(places.Tab, script));
        foreach (var (name, licence) in Licences.Of(places, sqlJs))
            _files[$"licences/{name}"] = licence;
    }

    /// <summary>Writes all files. Returns how many bytes a browser needs, as they are and compressed.</summary>
    public (long Raw, long Zipped) Write()
    {
        _index["bundles"] = _bundles;
        _files["tab.json"] = Encoding.UTF8.GetBytes(_index.ToJsonString(new JsonSerializerOptions { WriteIndented = true, NewLine = "\n" }) + "\n");
        if (Directory.Exists(folder) && !File.Exists(Path.Combine(folder, "tab.json")) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new PackException($"{folder} holds other files. Name a folder that is new, or that this program made.");
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        var (raw, zipped) = (0L, 0L);
        foreach (var (name, bytes) in _files)
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
            var small = bytes;
            if (bytes.Length > LargeFile && !name.StartsWith("licences/", StringComparison.Ordinal))
                File.WriteAllBytes(path + ".gz", small = Zipped(bytes));
            (raw, zipped) = name.StartsWith("licences/", StringComparison.Ordinal) ? (raw, zipped) : (raw + bytes.Length, zipped + small.Length);
        }

        return (raw, zipped);
    }

    private void AddBundle(string name, IEnumerable<PackedAssembly> assemblies, bool visible)
    {
        using var bundle = new MemoryStream();
        var contents = new JsonArray();
        foreach (var assembly in assemblies.OrderBy(a => a.Name, StringComparer.Ordinal))
        {
            contents.Add(new JsonObject { ["name"] = assembly.Name, ["offset"] = bundle.Length, ["length"] = assembly.Image.Length, ["visible"] = visible });
            bundle.Write(assembly.Image);
            bundle.SetLength(bundle.Length + (16 - bundle.Length % 16) % 16); // aligned, as the readers of metadata expect
            bundle.Position = bundle.Length;
        }

        var file = Add("bundles", name, bundle.ToArray());
        file["assemblies"] = contents;
        _bundles[name] = file;
    }

    /// <summary>A file with its hash in its name, so that a browser can keep it for ever.</summary>
    private JsonObject Add(string directory, string name, byte[] bytes)
    {
        var path = $"{directory}/{name}.{Convert.ToHexStringLower(SHA256.HashData(bytes))[..12]}.bin";
        _files[path] = bytes;
        return new JsonObject { ["file"] = path, ["bytes"] = bytes.Length, ["zipped"] = Zipped(bytes).Length };
    }

    private static HashSet<PackedAssembly> Closure(IEnumerable<PackedAssembly> roots, Dictionary<string, PackedAssembly> all, HashSet<string> within)
    {
        var (found, todo) = (new HashSet<PackedAssembly>(), new Queue<PackedAssembly>(roots));
        while (todo.TryDequeue(out var next))
        {
            if (!found.Add(next))
                continue;
            foreach (var reference in next.References.Where(within.Contains))
                todo.Enqueue(all[reference]);
        }

        return found;
    }

    private byte[] Zipped(byte[] bytes)
    {
        if (_zipped.TryGetValue(bytes, out var known))
            return known;
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, quick ? CompressionLevel.Fastest : CompressionLevel.SmallestSize, leaveOpen: true))
            gzip.Write(bytes);
        var result = zipped.ToArray();
        result[9] = 255; // the header names the system that compressed: not here, so that all systems write the same bytes
        return _zipped[bytes] = result;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(t => (JsonNode?)t)];
}
