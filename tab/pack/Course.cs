using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace TracingTutorial.Tab.Pack;

/// <summary>A layer of helpers, compiled.</summary>
/// <param name="Path">The path that lessons import.</param>
/// <param name="Assembly">The assembly's name.</param>
/// <param name="Usings">The namespaces that its files name.</param>
/// <param name="Packages">The packages that it refers to, with versions.</param>
/// <param name="Web">Whether it refers to ASP.NET Core.</param>
/// <param name="After">Its cells of code that are no imports.</param>
/// <param name="Files">Its files.</param>
internal sealed record Layer(string Path, string Assembly, string[] Usings, (string Id, string Version)[] Packages, bool Web, string[] After, string[] Files)
{
    /// <summary>The assembly.</summary>
    public byte[] Image { get; set; } = [];
}

/// <summary>What the lessons import and which packages they name.</summary>
internal static partial class Course
{
    /// <summary>The layers, and all packages that lessons and layers name.</summary>
    public static (IReadOnlyList<Layer> Layers, IReadOnlyList<(string Id, string Version)> Packages) Read(string root)
    {
        var notebooks = System.IO.Path.Combine(root, "notebooks");
        var lessons = Directory.GetFiles(notebooks, "*.dib").Order(StringComparer.Ordinal).Select(File.ReadAllText).ToArray();
        var layers = lessons.SelectMany(text => ImportLine().Matches(text)).Select(m => m.Groups[1].Value.Trim()).Distinct()
            .Select(path => Layer(path, notebooks)).ToList();
        var packages = lessons.SelectMany(PackagesOf).Concat(layers.SelectMany(l => l.Packages)).Distinct().Order().ToList();
        return (layers, packages);
    }

    /// <summary>Compiles each layer to an assembly, against those that it needs.</summary>
    public static void Compile(IReadOnlyList<Layer> layers, IReadOnlyList<MetadataReference> references)
    {
        var (done, waiting) = (new List<MetadataReference>(), layers.ToList());
        while (waiting.Count > 0)
        {
            var errors = new List<string>();
            var compiled = waiting.Where(layer => TryCompile(layer, layers, [.. references, .. done], errors)).ToList();
            if (compiled.Count == 0)
                throw new PackException($"A layer does not compile:\n{string.Join('\n', errors)}");
            done.AddRange(compiled.Select(l => MetadataReference.CreateFromImage(l.Image)));
            waiting.RemoveAll(compiled.Contains);
        }
    }

    private static Layer Layer(string path, string notebooks)
    {
        var file = System.IO.Path.GetFullPath(System.IO.Path.Combine(notebooks, path));
        var (files, packages, web, after) = path.EndsWith(".dib", StringComparison.Ordinal) ? ReadDib(File.ReadAllText(file), notebooks) : ([file], [], false, []);
        var usings = files.SelectMany(f => Parsed(f).GetCompilationUnitRoot().Usings.Where(u => u.Alias is null && u.StaticKeyword == default).Select(u => u.Name!.ToString()));
        var name = LayerName().Match(path).Groups[1].Value.Replace('/', '.');
        return new Layer(path, $"TracingTutorial.Layers.{name}", [.. usings.Distinct().Order(StringComparer.Ordinal)], packages, web, after, files);
    }

    private static (string[] Files, (string, string)[] Packages, bool Web, string[] After) ReadDib(string text, string notebooks)
    {
        var cells = CellLine().Split(text.ReplaceLineEndings("\n")).Skip(1).Select(c => c.Trim()).ToArray();
        var files = cells.SelectMany(c => ImportLine().Matches(c)).Select(m => System.IO.Path.GetFullPath(System.IO.Path.Combine(notebooks, m.Groups[1].Value.Trim())));
        // What is left when directives, comments and imports are taken out is code that the import runs.
        var after = cells.Where(c => !ImportLine().IsMatch(c)).Select(c => string.Join('\n', c.Split('\n').Where(l => !l.StartsWith("#r ", StringComparison.Ordinal))))
            .Where(c => CSharpSyntaxTree.ParseText(c, Script).GetCompilationUnitRoot().Members.Count > 0);
        return ([.. files], [.. PackagesOf(text)], text.Contains("#r \"Microsoft.AspNetCore", StringComparison.Ordinal), [.. after]);
    }

    private static IEnumerable<(string Id, string Version)> PackagesOf(string text) =>
        PackageLine().Matches(text).Select(m => (m.Groups[1].Value, m.Groups[2].Value)).Distinct();

    private static readonly CSharpParseOptions Script = new(LanguageVersion.CSharp13, kind: SourceCodeKind.Script);

    private static SyntaxTree Parsed(string file) => CSharpSyntaxTree.ParseText(SourceText.From(File.ReadAllText(file), Encoding.UTF8),
        new CSharpParseOptions(LanguageVersion.CSharp13), System.IO.Path.GetFileName(file));

    private static bool TryCompile(Layer layer, IReadOnlyList<Layer> all, IEnumerable<MetadataReference> references, List<string> errors)
    {
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, deterministic: true);
        var compilation = CSharpCompilation.Create(layer.Assembly, [.. layer.Files.Select(Parsed), Friends(layer, all)], references, options);
        using var image = new MemoryStream();
        var emitted = compilation.Emit(image);
        errors.AddRange(emitted.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => $"{layer.Path}: {d}"));
        layer.Image = emitted.Success ? image.ToArray() : [];
        return emitted.Success;
    }

    // In a notebook a layer sees the internal types of those before it. The first attribute tells the compiler. The second one tells
    // the runtime.
    private static SyntaxTree Friends(Layer layer, IReadOnlyList<Layer> all)
    {
        var others = all.Where(l => l != layer).Select(l => l.Assembly).ToArray();
        var lines = others.Select(name => $"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"{name}\")]")
            .Concat(others.Select(name => $"[assembly: System.Runtime.CompilerServices.IgnoresAccessChecksTo(\"{name}\")]"));
        const string Attribute = """
            namespace System.Runtime.CompilerServices
            {
                [AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
                internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
                {
                    public string AssemblyName => assemblyName;
                }
            }
            """;
        return CSharpSyntaxTree.ParseText(SourceText.From(string.Join('\n', lines) + '\n' + Attribute, Encoding.UTF8), new CSharpParseOptions(LanguageVersion.CSharp13), "Friends.cs");
    }

    [GeneratedRegex(@"^#!csharp\s*$", RegexOptions.Multiline)]
    private static partial Regex CellLine();

    [GeneratedRegex(@"^#!import ([^\r\n]+)", RegexOptions.Multiline)]
    private static partial Regex ImportLine();

    [GeneratedRegex("""^#r "nuget: ([^,"]+), ([^"]+)"\s*$""", RegexOptions.Multiline)]
    private static partial Regex PackageLine();

    [GeneratedRegex(@"helpers/(.+)\.\w+$")]
    private static partial Regex LayerName();
}
