using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;

namespace TracingTutorial.Host;

/// <summary>A cell that failed: with what, and where in which file.</summary>
internal sealed class CellFailure(Problem problem, string details = "") : Exception(problem.Message)
{
    public Problem Problem { get; } = problem;

    /// <summary>More for those who look closer, such as a stack trace; may be empty.</summary>
    public string Details { get; } = details;
}

/// <summary>
/// Runs C# cells one after the other as Roslyn script submissions, each seeing what came before. It gives a cell the
/// same default imports and references as the kernel of .NET Interactive and no more, so that what compiles here
/// compiles there. One process runs one kernel: packages are loaded into the process.
/// </summary>
internal sealed partial class ScriptKernel
{
    /// <summary>Where the script finds the action behind <c>.Display()</c>: a hook that needs no reference to this assembly.</summary>
    private const string DisplayHook = "TracingTutorial.Display";

    private static readonly string[] Imports =
        ["System", "System.Text", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq"];

    private readonly PackageRestore _restore;
    private readonly Action<string?> _busy;
    private readonly List<Reference> _packages = [];
    private readonly Dictionary<string, string> _packageAssemblies = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _nativeLibraries = [];
    private ScriptOptions _options = ScriptOptions.Default
        .WithLanguageVersion(LanguageVersion.CSharp13)
        .WithEmitDebugInformation(true)
        .WithFileEncoding(Encoding.UTF8)
        .WithMetadataResolver(new CachedReferences())
        .AddImports(Imports)
        // What the kernel of .NET Interactive lets a cell see. By name: only so do the assemblies that these refer to count too.
        .AddReferences("netstandard", "System.Linq", "System.Text.Json");
    private ScriptState<object>? _state;

    /// <param name="restore">Resolves <c>#r "nuget: …"</c>.</param>
    /// <param name="display">Called with each value that a cell shows.</param>
    /// <param name="busy">Told when the kernel begins something that is not the cell's own code, and null at its end.</param>
    public ScriptKernel(PackageRestore restore, Action<object?> display, Action<string?> busy)
    {
        _restore = restore;
        _busy = busy;
        AppContext.SetData(DisplayHook, display);
        AssemblyLoadContext.Default.Resolving += LoadPackageAssembly;
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += LoadNativeLibrary;
    }

    /// <summary>Compiles what every notebook needs first, so that the first cell does not wait for the compiler to start.</summary>
    public async Task WarmUpAsync()
    {
        var script = $$"""
            public static void Display(this object value) =>
                ((System.Action<object>)System.AppContext.GetData("{{DisplayHook}}"))(value);
            """;
        _state = await CSharpScript.Create<object>(script, _options).RunAsync();
    }

    /// <summary>Runs one cell, imports included, and returns the value of its trailing expression, or null.</summary>
    /// <exception cref="CellFailure">The cell does not compile, or threw.</exception>
    /// <exception cref="RestoreException">A package of the cell cannot be had.</exception>
    public async Task<object?> RunAsync(Cell cell, CancellationToken cancel)
    {
        if (cell.ImportPath is { } path)
        {
            await ImportAsync(path, cell, cancel);
            return null;
        }

        await ReferenceAsync(cell, cancel);
        return await SubmitAsync(cell, cancel);
    }

    private async Task ImportAsync(string path, Cell importing, CancellationToken cancel)
    {
        foreach (var cell in Imported(path, importing.ImportFolder).Where(c => c.Kind == CellKind.CSharp))
            await RunAsync(cell, cancel);
    }

    /// <summary>The cells of an imported file: those of a notebook, or the whole of a source file as one cell.</summary>
    /// <exception cref="NotebookException">The file breaks the dialect.</exception>
    public static IReadOnlyList<Cell> Imported(string path, string importFolder)
    {
        if (Path.GetExtension(path) == ".dib")
            return Notebook.Load(path, importFolder).Cells;

        var source = File.ReadAllText(path).ReplaceLineEndings("\n");
        var cell = new Cell(path, 1, 1, CellKind.CSharp, source, importFolder);
        var problems = source.Split('\n')
            .Select((line, i) => (line, i))
            .Where(l => l.line.TrimStart().StartsWith("#!", StringComparison.Ordinal))
            .Select(l => new Problem(path, null, l.i + 1, "A line that begins with `#!` is not C#, and some hosts would run it.",
                "Remove it; a source file cannot import other files."))
            .Concat(Dialect.Check(cell).Select(p => p with { Cell = null }))
            .ToArray();
        return problems.Length == 0 ? [cell] : throw new NotebookException(problems);
    }

    private async Task ReferenceAsync(Cell cell, CancellationToken cancel)
    {
        var references = Dialect.References(cell).ToArray();
        foreach (var reference in references.Where(r => r.Version is null))
            _options = _options.AddReferences(reference.Name);

        var added = references.Where(r => r.Version is not null && !_packages.Contains(r)).ToArray();
        if (added.Length == 0)
            return;

        foreach (var package in added)
        {
            if (_packages.Find(p => string.Equals(p.Name, package.Name, StringComparison.OrdinalIgnoreCase)) is { } loaded)
            {
                throw new CellFailure(Problem(cell, 0, $"{package.Name} {package.Version} is asked for, but {loaded} is already loaded.",
                    "Use one version of a package in a notebook and in all that it imports."));
            }
        }

        _busy($"restoring {string.Join(", ", added.Select(p => p.ToString()))}");
        var restored = await _restore.RestoreAsync([.. _packages, .. added], cancel);
        _busy(null);
        _packages.AddRange(added);
        foreach (var path in restored.Assemblies)
            AddPackageAssembly(cell, path);
        _nativeLibraries.AddRange(restored.NativeLibraries.Except(_nativeLibraries));
    }

    private void AddPackageAssembly(Cell cell, string path)
    {
        var name = AssemblyName.GetAssemblyName(path);
        var own = SharedFramework.Loadable.GetValueOrDefault(name.Name!);
        if (own is not null)
        {
            // The runtime loads what it brings itself, whatever a package offers.
            if (AssemblyName.GetAssemblyName(own).Version < name.Version)
            {
                throw new CellFailure(Problem(cell, 0,
                    $"A package needs {name.Name} {name.Version}, but .NET {Environment.Version} brings {AssemblyName.GetAssemblyName(own).Version}.",
                    "Choose package versions that match .NET 10."));
            }

            AddReference(own);
            return;
        }

        if (!_packageAssemblies.TryGetValue(name.Name!, out var known))
        {
            _packageAssemblies.Add(name.Name!, path);
            AddReference(path);
        }
        else if (known != path && AssemblyName.GetAssemblyName(known).Version != name.Version)
        {
            throw new CellFailure(Problem(cell, 0,
                $"{name.Name} {AssemblyName.GetAssemblyName(known).Version} is already loaded, and a package of this cell needs {name.Version}.",
                "Put the `#r` lines of packages that share dependencies into one cell."));
        }
    }

    private void AddReference(string path)
    {
        if (!_options.MetadataReferences.OfType<PortableExecutableReference>().Any(r => r.FilePath == path))
            _options = _options.AddReferences(MetadataReference.CreateFromFile(path));
    }

    private async Task<object?> SubmitAsync(Cell cell, CancellationToken cancel)
    {
        // The directive makes stack traces speak of the notebook and its lines; by name, so that no path of this machine gets into a picture.
        var code = $"#line {cell.Line} \"{Path.GetFileName(cell.File)}\"\n{Dialect.WithoutReferences(cell.Source)}";
        var script = _state!.Script.ContinueWith<object>(code, _options);
        var errors = script.Compile(cancel).Where(d => d.Severity == DiagnosticSeverity.Error).ToArray();
        if (errors.Length > 0)
            throw CompilationFailure(cell, script, errors);

        var state = await script.RunFromAsync(_state, _ => true, cancel);
        _state = state;
        if (state.Exception is { } exception)
            throw RuntimeFailure(cell, exception);
        return state.ReturnValue;
    }

    private CellFailure CompilationFailure(Cell cell, Script script, Diagnostic[] errors)
    {
        var first = errors[0];
        var problem = Problem(cell, first, WayOut(first, script));
        return new CellFailure(problem, string.Join('\n', errors.Skip(1).Select(e => Problem(cell, e, "").ToString())));
    }

    private static Problem Problem(Cell cell, Diagnostic diagnostic, string wayOut) =>
        new(cell.File, cell.Number, diagnostic.Location.GetMappedLineSpan().StartLinePosition.Line + 1,
            $"{diagnostic.Id}: {diagnostic.GetMessage(CultureInfo.InvariantCulture)}", wayOut);

    private static Problem Problem(Cell cell, int line, string message, string wayOut) =>
        new(cell.File, cell.Number, cell.Line + line, message, wayOut);

    private static CellFailure RuntimeFailure(Cell cell, Exception exception)
    {
        // The last frame of the learner's own file, if the exception passed through one.
        var line = new StackTrace(exception, fNeedFileInfo: true).GetFrames()
            .FirstOrDefault(f => f.GetFileName() == Path.GetFileName(cell.File))?.GetFileLineNumber();
        return new CellFailure(
            new Problem(cell.File, cell.Number, line ?? cell.Line, $"{exception.GetType().Name}: {exception.Message}", ""),
            StackTraceOf(exception));
    }

    /// <summary>The exception in full, without the frames of the script engine below the cell.</summary>
    private static string StackTraceOf(Exception exception)
    {
        var lines = exception.ToString().ReplaceLineEndings("\n").Split('\n');
        var engine = Array.FindLastIndex(lines, line => line.Contains(" at Submission#", StringComparison.Ordinal));
        return string.Join('\n', engine < 0 ? lines : lines[..(engine + 1)]);
    }

    /// <summary>What to write for a name that the compiler does not find: the missing using or reference, when .NET has the type.</summary>
    private string WayOut(Diagnostic error, Script script)
    {
        if (error.Id is not ("CS0246" or "CS0103" or "CS1069" or "CS0234" or "CS8179"))
            return "";
        var location = error.Location;
        var name = location.SourceTree!.GetRoot().FindToken(location.SourceSpan.Start).ValueText;
        var space = "";
        if (MissingInNamespace().Match(error.GetMessage(CultureInfo.InvariantCulture)) is { Success: true } missing)
            (name, space) = (missing.Groups[1].Value, missing.Groups[2].Value);

        var visible = ((CSharpCompilation)script.GetCompilation()).SourceModule.ReferencedAssemblies.Select(a => a.Name).ToHashSet();
        var found =
            from assembly in SharedFramework.Assemblies.Concat(_packageAssemblies)
            where !assembly.Key.StartsWith("System.Private.", StringComparison.Ordinal) || visible.Contains(assembly.Key)
            from type in SharedFramework.PublicTypes(assembly.Value)
            where space.Length == 0
                ? type.Name.Split('`')[0] == name && type.Namespace.Length > 0
                : type.Namespace == $"{space}.{name}" || (type.Namespace == space && type.Name.Split('`')[0] == name)
            orderby visible.Contains(assembly.Key) descending, type.Namespace.Length
            select (type.Namespace, Assembly: assembly.Key);
        if (found.FirstOrDefault() is not { Assembly: not null } best)
            return "";

        if (space.Length > 0)
            return $"Write `#r \"{best.Assembly}\"` at the top of the cell.";
        return visible.Contains(best.Assembly)
            ? $"Write `using {best.Namespace};` at the top of the cell."
            : $"Write `#r \"{best.Assembly}\"` and `using {best.Namespace};` at the top of the cell.";
    }

    private Assembly? LoadPackageAssembly(AssemblyLoadContext context, AssemblyName name) =>
        _packageAssemblies.TryGetValue(name.Name!, out var path) ? context.LoadFromAssemblyPath(path) : null;

    private IntPtr LoadNativeLibrary(Assembly assembly, string name)
    {
        foreach (var path in _nativeLibraries)
        {
            var file = Path.GetFileNameWithoutExtension(path);
            if ((file == name || file == "lib" + name || Path.GetFileName(path) == name) && NativeLibrary.TryLoad(path, out var handle))
                return handle;
        }

        return IntPtr.Zero;
    }
    /// <summary>
    /// Resolves references as scripts do, but each only once: otherwise every submission would read the metadata of
    /// the same hundred assemblies again, and keep it.
    /// </summary>
    private sealed class CachedReferences : MetadataReferenceResolver
    {
        private readonly MetadataReferenceResolver _scripts = ScriptMetadataResolver.Default;
        private readonly Dictionary<(string, string?, MetadataReferenceProperties), ImmutableArray<PortableExecutableReference>> _named = [];
        private readonly Dictionary<AssemblyIdentity, PortableExecutableReference?> _missing = [];

        public override bool ResolveMissingAssemblies => _scripts.ResolveMissingAssemblies;

        public override ImmutableArray<PortableExecutableReference> ResolveReference(
            string reference, string? baseFilePath, MetadataReferenceProperties properties)
        {
            var key = (reference, baseFilePath, properties);
            return _named.TryGetValue(key, out var known) ? known : _named[key] = _scripts.ResolveReference(reference, baseFilePath, properties);
        }

        public override PortableExecutableReference? ResolveMissingAssembly(MetadataReference definition, AssemblyIdentity referenceIdentity) =>
            _missing.TryGetValue(referenceIdentity, out var known)
                ? known
                : _missing[referenceIdentity] = _scripts.ResolveMissingAssembly(definition, referenceIdentity);

        public override bool Equals(object? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    }

    [GeneratedRegex(@"'(\w+)' does not exist in the namespace '([\w.]+)'")]
    private static partial Regex MissingInNamespace();
}
