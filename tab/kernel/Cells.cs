using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using System.Text;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

namespace TracingTutorial.Tab;

/// <summary>The cells of one lesson, each compiled on top of those before it.</summary>
internal static class Cells
{
    private static readonly CSharpParseOptions Parse = new(LanguageVersion.Latest, kind: SourceCodeKind.Script);

    // Emitted code refers to other versions of the framework than the compiler sees: no fault of the cell. The engine hides the same.
    private static readonly KeyValuePair<string, ReportDiagnostic>[] Hidden =
        [new("CS1701", ReportDiagnostic.Suppress), new("CS1702", ReportDiagnostic.Suppress), new("CS1705", ReportDiagnostic.Suppress)];

    // What the engine of .NET Interactive imports.
    private static readonly HashSet<string> Usings =
    [
        "System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq",
        "Microsoft.DotNet.Interactive", "Microsoft.DotNet.Interactive.Kernel",
    ];

    private static CSharpCompilation? last;
    private static int count;
    private static object?[] states = new object?[64];

    /// <summary>The objects that hold the variables of the cells, oldest first.</summary>
    public static IEnumerable<object> States => states.OfType<object>();

    /// <summary>Names of a layer's source: the cells after its import see them.</summary>
    public static void AddUsings(IEnumerable<string> names) => Usings.UnionWith(names);

    /// <summary>Runs a cell: its directives, then its code. All that happens is reported to <see cref="Output"/>.</summary>
    public static async Task RunAsync(string cell, string code, string file, int line)
    {
        var clock = Stopwatch.StartNew();
        var compiling = new Stopwatch();
        var output = Output.Begin(cell);
        Waiting.Begin();
        Failure? failure = null;
        try
        {
            var text = await Directives.ApplyAsync(code, (after, name) => ExecuteAsync(after, name, 1, output, compiling));
            failure = await ExecuteAsync(text, file, line, output, compiling);
        }
        catch (DirectiveException e)
        {
            failure = new Failure(e.Reason, e.Message, e.WayOut, file, line + e.Line, null);
        }
        catch (Exception e)
        {
            failure = Failure.Of(e, file, line);
        }

        if (failure is null && output.WroteError)
            failure = Failure.OfErrorStream(file, line);
        if (failure is not null)
            Output.Fail(output, failure);
        Output.Ended(output, failure is null, clock.Elapsed.TotalMilliseconds, compiling.Elapsed.TotalMilliseconds);
        Output.End();
    }

    /// <summary>Compiles and runs what lessons often use. It leaves no trace.</summary>
    public static async Task WarmUpAsync()
    {
        const string Code = """
            record Warm(string Name, int Count);
            var all = new List<Warm> { new("a", 1) };
            foreach (var one in all.Where(w => w.Count > 0)) { var text = $"{one.Name}: {one.Count,4}"; }
            await Task.Yield();
            all.Count
            """;
        var compilation = Compilation(Code, "warm", 1, null, number: -1); // no cell has this number: cells refer to others by it
        if (Emit(compilation, out _) is { } run)
            await run(new object?[2]);
    }

    /// <summary>What is wrong with a cell that is being written.</summary>
    public static CSharpCompilation Unfinished(string code) => Compilation(Directives.Without(code), "", 0, last, count);

    private static async Task<Failure?> ExecuteAsync(string code, string file, int line, CellOutput output, Stopwatch compiling)
    {
        compiling.Start();
        var compilation = Compilation(code, file, line, last, count);
        var tree = compilation.SyntaxTrees[0];
        if (tree.GetCompilationUnitRoot() is { Members.Count: 0, Usings.Count: 0 } empty && !empty.ContainsDiagnostics)
            return null;
        var errors = tree.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error).ToArray();
        if (errors.Length > 0)
            return Failure.OfCompiler(errors, file, line);
        var run = Emit(compilation, out var diagnostics);
        compiling.Stop();
        foreach (var warning in diagnostics.Where(d => d.Severity == DiagnosticSeverity.Warning).Select(d => $"{d.Id}: {d.GetMessage()}").Distinct())
            Output.Warn(output, warning);
        if (run is null)
            return Failure.OfCompiler([.. diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)], file, line);
        last = compilation;
        count++;
        if (states.Length < count + 2)
            Array.Resize(ref states, states.Length * 2);
        var value = await run(states);
        if (HasValue(compilation, tree))
            Display.Show(value);
        return null;
    }

    private static CSharpCompilation Compilation(string code, string file, int line, CSharpCompilation? previous, int number)
    {
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, scriptClassName: $"Submission#{number}", usings: Usings,
            optimizationLevel: OptimizationLevel.Debug, allowUnsafe: true, concurrentBuild: false /* one thread */, specificDiagnosticOptions: Hidden);
        if (line > 0)
            code = $"#line {line} \"{file.Replace('"', '\'')}\"\n{code}";
        var tree = CSharpSyntaxTree.ParseText(SourceText.From(code, Encoding.UTF8), Parse, file);
        if (tree.GetCompilationUnitRoot() is { Members.Count: 0, Usings.Count: > 0 })
            tree = CSharpSyntaxTree.ParseText(SourceText.From(code + "\n;", Encoding.UTF8), Parse, file); // usings alone would reach no later cell
        return CSharpCompilation.CreateScriptCompilation($"Submission#{number}", tree, Site.References, options, previous, typeof(object));
    }

    private static Func<object?[], Task<object?>>? Emit(CSharpCompilation compilation, out IEnumerable<Diagnostic> diagnostics)
    {
        using var image = new MemoryStream();
        using var symbols = new MemoryStream();
        var emitted = compilation.Emit(image, symbols, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb));
        diagnostics = emitted.Diagnostics;
        if (!emitted.Success)
            return null;
        image.Position = 0;
        var assembly = AssemblyLoadContext.Default.LoadFromStream(image);
        Lines.Add(assembly, symbols.ToArray());
        var entry = compilation.GetEntryPoint(default)!;
        return assembly.GetType(entry.ContainingType.MetadataName)!
            .GetMethod(entry.MetadataName, BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)!
            .CreateDelegate<Func<object?[], Task<object?>>>();
    }

    /// <summary>True when the cell ends with an expression that has a value.</summary>
    private static bool HasValue(CSharpCompilation compilation, SyntaxTree tree) =>
        tree.GetCompilationUnitRoot().Members.LastOrDefault() is GlobalStatementSyntax { Statement: ExpressionStatementSyntax { SemicolonToken.IsMissing: true } end }
        && compilation.GetSemanticModel(tree).GetTypeInfo(end.Expression).Type?.SpecialType != SpecialType.System_Void;
}
