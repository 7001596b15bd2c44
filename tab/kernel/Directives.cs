using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

namespace TracingTutorial.Tab;

/// <summary>A directive that a browser tab cannot follow.</summary>
/// <param name="reason"><c>restore</c> for a package, <c>import</c>, or <c>directive</c>.</param>
/// <param name="line">The line in the cell, from 0.</param>
/// <param name="message">What is wrong.</param>
/// <param name="wayOut">What to do.</param>
internal sealed class DirectiveException(string reason, int line, string message, string wayOut) : Exception(message)
{
    public string Reason => reason;

    public int Line => line;

    public string WayOut => wayOut;
}

/// <summary>The lines that are no C#: <c>#r</c> and <c>#!import</c>. What they name was packed when the site was made.</summary>
internal static partial class Directives
{
    private const string RunLocally = "Run the lesson on your own machine: the README says how.";

    /// <summary>Follows the directives of a cell and returns the rest, with the same lines.</summary>
    /// <param name="code">The text of the cell.</param>
    /// <param name="run">Runs what an import runs, in a file of this name.</param>
    public static async Task<string> ApplyAsync(string code, Func<string, string, Task<Failure?>> run)
    {
        var lines = code.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (Package().Match(lines[i]) is { Success: true } package)
                await UsePackageAsync(package.Groups["id"].Value, package.Groups["version"].Value, i);
            else if (Reference().Match(lines[i]) is { Success: true } reference)
                await UseReferenceAsync(reference.Groups[1].Value, i);
            else if (Import().Match(lines[i]) is { Success: true } import)
                await ImportAsync(import.Groups[1].Value, i, run);
            else if (Directive().Match(lines[i]) is { Success: true } other && !IsInText(lines, i))
                throw new DirectiveException("directive", i, $"A browser tab does not know `{other.Value}`.", "Remove the line, or run the lesson on your own machine.");
        }

        return Without(code);
    }

    /// <summary>The code with blank lines in place of directives: positions in other lines stay.</summary>
    public static string Without(string code) =>
        string.Join('\n', code.ReplaceLineEndings("\n").Split('\n').Select(line => Reference().IsMatch(line) || Package().IsMatch(line) || Import().IsMatch(line) ? "" : line));

    private static async Task UsePackageAsync(string id, string version, int line)
    {
        if (!Site.Packages.TryGetValue(id, out var package))
        {
            throw new DirectiveException("restore", line, $"This site does not have the package {id}. It has {Listed(Site.Packages.Keys)}.",
                "A browser tab cannot fetch packages. " + RunLocally);
        }

        if (version.Length > 0 && version != "*" && version != package.Version)
        {
            throw new DirectiveException("restore", line, $"This site has {id} {package.Version}, and not {version}.",
                $"Write `#r \"nuget: {id}, {package.Version}\"`. A browser tab cannot fetch other versions.");
        }

        await Site.UseAsync(package);
    }

    private static async Task UseReferenceAsync(string name, int line)
    {
        if (name.StartsWith("Microsoft.AspNetCore", StringComparison.OrdinalIgnoreCase))
            await Site.UseWebAsync();
        else if (!Site.Has(name))
        {
            throw new DirectiveException("restore", line, $"This site does not have the assembly '{name}'.",
                "A browser tab cannot load files. " + RunLocally);
        }
    }

    private static async Task ImportAsync(string path, int line, Func<string, string, Task<Failure?>> run)
    {
        if (!Site.Layers.TryGetValue(path.Trim(), out var layer))
        {
            throw new DirectiveException("import", line, $"This site does not have '{path.Trim()}'. A cell can import {Listed(Site.Layers.Keys)}.",
                "A browser tab cannot read files of your machine. Paste the code into a cell, or run the lesson on your own machine.");
        }

        await Site.ImportAsync(layer);
        Cells.AddUsings(layer.Usings);
        foreach (var code in layer.After)
        {
            if (await run(code, path) is { } failure)
                throw new DirectiveException("import", line, $"{failure.File}:{failure.Line}: {failure.Message}", failure.WayOut);
        }
    }

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.OrdinalIgnoreCase));

    // `#!time` inside of a raw string is text. An odd number of """ above it means that one is open.
    private static bool IsInText(string[] lines, int line) =>
        lines.Take(line).Sum(l => l.Split("\"\"\"").Length - 1) % 2 == 1;

    [GeneratedRegex("""^\s*#r\s+"\s*nuget\s*:\s*(?<id>[\w.\-]+)\s*(?:,\s*(?<version>[^"]*?)\s*)?"\s*$""", RegexOptions.IgnoreCase)]
    private static partial Regex Package();

    [GeneratedRegex("""^\s*#r\s+"([^"]*)"\s*$""")]
    private static partial Regex Reference();

    [GeneratedRegex(@"^\s*#!import\s+(.+)$")]
    private static partial Regex Import();

    [GeneratedRegex(@"^\s*#(!\S+|i\s.*)")]
    private static partial Regex Directive();
}
