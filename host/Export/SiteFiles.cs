using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Host.Export;

/// <summary>
/// The list of a live site's files, <c>site.json</c>: whoever serves the site finds out whether it is whole, and the service worker
/// keeps exactly these files.
/// </summary>
/// <param name="Version">A hash of all files.</param>
/// <param name="Files">By path.</param>
internal sealed record SiteFiles(string Version, SortedDictionary<string, SiteFiles.Entry> Files)
{
    /// <summary>The name of the list.</summary>
    public const string Name = "site.json";

    /// <summary>The name of the service worker. The folder in which it is decides what it may serve.</summary>
    public const string Worker = "sw.js";

    private const int LargeFile = 10_000; // in bytes; smaller files are not compressed

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NewLine = "\n",
        WriteIndented = true,
    };

    /// <summary>A file: its size in bytes and its SHA-256 in hexadecimal digits.</summary>
    internal sealed record Entry(long Bytes, string Sha256);

    /// <summary>The bytes of all files, as they are and compressed.</summary>
    [JsonIgnore]
    public (long Raw, long Compressed) Sizes
    {
        get
        {
            var raw = Files.Where(f => !f.Key.EndsWith(".gz", StringComparison.Ordinal)).ToArray();
            return (raw.Sum(f => f.Value.Bytes), raw.Sum(f => (Files.GetValueOrDefault(f.Key + ".gz") ?? f.Value).Bytes));
        }
    }

    /// <summary>Compresses large files, and writes the list and the service worker.</summary>
    /// <param name="folder">The site.</param>
    /// <param name="names">Its files outside of engine/.</param>
    /// <param name="worker">The text of the service worker, without the list.</param>
    /// <param name="quick">True for less compression in less time.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static SiteFiles Write(string folder, IEnumerable<string> names, string worker, bool quick)
    {
        var engine = Directory.GetFiles(Path.Combine(folder, "engine"), "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/'));
        var files = new SortedDictionary<string, Entry>(StringComparer.Ordinal);
        foreach (var name in names.Concat(engine).Distinct())
        {
            var bytes = File.ReadAllBytes(Path.Combine(folder, name));
            files[name] = EntryOf(bytes);
            if (!name.StartsWith("engine/", StringComparison.Ordinal) && IsText(name) && bytes.Length > LargeFile)
            {
                var zipped = Zipped(bytes, quick);
                File.WriteAllBytes(Path.Combine(folder, name + ".gz"), zipped);
                files[name + ".gz"] = EntryOf(zipped);
            }
        }

        var all = string.Join('\n', files.Select(f => $"{f.Key} {f.Value.Sha256}"));
        var list = new SiteFiles(HashOf(Encoding.UTF8.GetBytes(all))[..16], files);
        File.WriteAllText(Path.Combine(folder, Name), JsonSerializer.Serialize(list, Json) + "\n");
        File.WriteAllText(Path.Combine(folder, Worker), list.WorkerOf(worker));
        return list;
    }

    /// <summary>Reads the list of a site and compares each file with it.</summary>
    /// <exception cref="NotebookException">The folder is no live site, or a file is missing or has other content.</exception>
    public static SiteFiles Check(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path))
        {
            throw new NotebookException(new Problem(folder, null, null, $"This folder is no live site: it has no file {Name}.",
                $"Name the folder of a live site, or make one: `dotnet run --project host -- export --live --to {folder}`."));
        }

        SiteFiles? list = null;
        try
        {
            list = JsonSerializer.Deserialize<SiteFiles>(BytesOf(path), Json);
        }
        catch (JsonException)
        {
            // Cut off, or another file of this name.
        }

        // A path that leads out of the folder is in no list that was made here.
        if (list is not { Files.Count: > 0 }
            || list.Files.Any(f => f.Value is null || Path.IsPathRooted(f.Key) || f.Key.Split('/', '\\').Contains("..")))
            throw Broken(path, "The list of the site's files is damaged or incomplete.");
        foreach (var (name, entry) in list.Files)
        {
            var file = Path.Combine(folder, name);
            if (!File.Exists(file))
                throw Broken(file, "This file of the site is missing.");
            if (new FileInfo(file).Length is var length && length != entry.Bytes)
                throw Broken(file, $"This file of the site has {length} bytes in place of {entry.Bytes}.");
            if (EntryOf(BytesOf(file)) != entry)
                throw Broken(file, "This file of the site has another content than when the site was made.");
        }

        return list;

        static byte[] BytesOf(string file)
        {
            try
            {
                return File.ReadAllBytes(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Broken(file, $"This file of the site cannot be read: {e.Message}");
            }
        }

        static NotebookException Broken(string file, string message) => new(new Problem(file, null, null, message,
            "Download or copy the whole site again, or make it again: `dotnet run --project host -- export --live --to FOLDER`."));
    }

    /// <summary>What the service worker keeps: what a browser asks for.</summary>
    private string WorkerOf(string template)
    {
        // The loader asks for the compressed form of what is called .bin, and of nothing else.
        var kept = Files.Where(f => f.Key.EndsWith(".bin.gz", StringComparison.Ordinal)
            || (!f.Key.EndsWith(".gz", StringComparison.Ordinal) && !f.Key.EndsWith(".bin", StringComparison.Ordinal)
                && !f.Key.StartsWith("engine/licences/", StringComparison.Ordinal)));
        // A host may send a compressed file as its content, which the browser then unpacks.
        var hashes = kept.ToDictionary(f => f.Key, f => (string[])[f.Value.Sha256,
            .. f.Key.EndsWith(".gz", StringComparison.Ordinal) && Files.TryGetValue(f.Key[..^3], out var raw)
                ? (string[])[raw.Sha256]
                : []]);
        return $"const VERSION = '{Version}';\nconst FILES = {JsonSerializer.Serialize(hashes, Json)};\n{template}";
    }

    private static Entry EntryOf(byte[] bytes) => new(bytes.Length, HashOf(bytes));

    private static string HashOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static bool IsText(string name) => Path.GetExtension(name) is ".html" or ".js" or ".css" or ".json" or ".svg";

    private static byte[] Zipped(byte[] bytes, bool quick)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, quick ? CompressionLevel.Fastest : CompressionLevel.SmallestSize, leaveOpen: true))
            gzip.Write(bytes);
        var result = zipped.ToArray();
        result[9] = 255; // The header names the system that compressed: not here, so that all systems write the same bytes.
        return result;
    }
}
