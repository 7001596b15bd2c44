using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Runtime.Loader;
using System.Security.Cryptography;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Scripting;
using Microsoft.DotNet.Interactive.CSharp;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Host.Kernel;

/// <summary>
/// The layers of the helpers that were compiled when the host was built (<c>helpers/Helpers.csproj</c>). An assembly takes the
/// place of a layer's source where this makes no difference to a notebook; in all other cases the source is compiled.
/// </summary>
internal sealed class CompiledLayers(CSharpKernel csharp)
{
    /// <summary>The environment variable that, set to 1, has every layer compiled from its source.</summary>
    public const string FromSource = "HELPERS_FROM_SOURCE";

    private static readonly FieldInfo? ScriptOptionsOf =
        typeof(CSharpKernel).GetField("_scriptOptions", BindingFlags.Instance | BindingFlags.NonPublic);

    private readonly string _folder = Path.Combine(AppContext.BaseDirectory, "layers");
    private readonly Dictionary<string, Version> _inUse = []; // by the name of the layer
    private readonly Dictionary<string, Assembly> _loaded = []; // by full name
    private bool _isOn = ScriptOptionsOf is not null && Environment.GetEnvironmentVariable(FromSource) != "1";

    /// <summary>The options with which the engine compiles the next cell. It has no setting for them.</summary>
    public static ScriptOptions? OptionsOf(CSharpKernel csharp) => ScriptOptionsOf?.GetValue(csharp) as ScriptOptions;

    /// <summary>Sets <see cref="OptionsOf"/>.</summary>
    public static void SetOptionsOf(CSharpKernel csharp, ScriptOptions options) => ScriptOptionsOf?.SetValue(csharp, options);

    /// <summary>Lets the cells that follow use the assembly of a layer.</summary>
    /// <param name="path">The file that is imported.</param>
    /// <param name="files">The source files that it consists of.</param>
    /// <returns>False when the source must be compiled.</returns>
    public bool TryUse(string path, IReadOnlyCollection<Cell> files)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        var assembly = Path.Combine(_folder, name + ".dll");
        if (!_isOn || !File.Exists(assembly))
            return false;
        try
        {
            // A layer from source has other types than its assembly: whatever is imported after it may use them.
            var symbols = File.ReadAllBytes(Path.ChangeExtension(assembly, ".pdb"));
            return _isOn = TryUse(name, File.ReadAllBytes(assembly), symbols, path, files);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BadImageFormatException)
        {
            return _isOn = false;
        }
    }

    private bool TryUse(string name, byte[] image, byte[] symbols, string path, IReadOnlyCollection<Cell> files)
    {
        using var executable = new PEReader(ImmutableArray.Create(image));
        var metadata = executable.GetMetadataReader();
        if (!IsUnchanged(executable, metadata, symbols, path, files) || Types(metadata).Any(NamesOfCells().Contains))
            return false;

        // Each import makes new types, as it does from source. The compiler sees those of the highest version.
        var version = new Version(_loaded.Count + 1, 0, 0, 0);
        var used = metadata.AssemblyReferences
            .Select(handle => (Handle: handle, Name: metadata.GetString(metadata.GetAssemblyReference(handle).Name)))
            .Where(reference => File.Exists(Path.Combine(_folder, reference.Name + ".dll"))).ToArray();
        if (!used.All(reference => _inUse.ContainsKey(reference.Name)))
            return false;
        var row = new Rows(image, metadata, executable.PEHeaders.MetadataStartOffset);
        row.SetVersion(version);
        foreach (var (handle, layer) in used)
            row.SetVersion(handle, _inUse[layer]);
        MakePublic(metadata, row);

        if (_loaded.Count == 0)
            AssemblyLoadContext.Default.Resolving += (_, wanted) => _loaded.GetValueOrDefault(wanted.FullName);
        var assembly = new AssemblyLoadContext($"{name} {version}").LoadFromStream(new MemoryStream(image), new MemoryStream(symbols));
        _loaded[assembly.FullName!] = assembly;
        _inUse[name] = version;
        var documentation = XmlDocumentationProvider.CreateFromBytes(File.ReadAllBytes(Path.Combine(_folder, name + ".xml")));
        var reference = MetadataReference.CreateFromImage(ImmutableArray.Create(image), documentation: documentation);
        SetOptionsOf(csharp, OptionsOf(csharp)!.AddReferences(reference));
        return true;
    }

    // The assembly has the notebook that lists its files, and its symbols have the hash of each file and the name that stack
    // traces show.
    private static bool IsUnchanged(
        PEReader executable, MetadataReader metadata, byte[] symbols, string path, IReadOnlyCollection<Cell> files)
    {
        foreach (var handle in metadata.ManifestResources)
        {
            var notebook = metadata.GetManifestResource(handle);
            var start = executable.GetSectionData(executable.PEHeaders.CorHeader!.ResourcesDirectory.RelativeVirtualAddress).GetReader();
            start.Offset = (int)notebook.Offset;
            if (!File.ReadAllBytes(path).AsSpan().SequenceEqual(start.ReadBytes(start.ReadInt32())))
                return false;
        }

        using var provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(symbols));
        var reader = provider.GetMetadataReader();
        var hashes = reader.Documents.Select(reader.GetDocument)
            .ToDictionary(document => reader.GetString(document.Name), document => reader.GetBlobBytes(document.Hash));
        return files.All(file => hashes.TryGetValue(file.DisplayName, out var hash)
            && SHA256.HashData(File.ReadAllBytes(file.File)).AsSpan().SequenceEqual(hash));
    }

    // A layer from source would hide what earlier cells have named so; an assembly would be hidden by it.
    private HashSet<string> NamesOfCells()
    {
        var names = new HashSet<string>();
        for (var script = csharp.ScriptState?.Script; script is not null; script = script.Previous)
            names.UnionWith(script.GetCompilation().ScriptClass?.GetMembers().Select(member => member.Name) ?? []);
        return names;
    }

    private static IEnumerable<string> Types(MetadataReader metadata) => metadata.TypeDefinitions.Select(metadata.GetTypeDefinition)
        .Where(type => type.Namespace.IsNil && !type.IsNested).Select(type => metadata.GetString(type.Name).Split('`')[0]);

    // Cells see what is internal in the cells before them.
    private static void MakePublic(MetadataReader metadata, Rows row)
    {
        foreach (var handle in metadata.TypeDefinitions)
        {
            var type = metadata.GetTypeDefinition(handle);
            if (metadata.GetString(type.Name).Contains('<', StringComparison.Ordinal) || !type.Namespace.IsNil)
                continue; // the compiler's own
            row.SetAccess(handle, (type.Attributes & TypeAttributes.VisibilityMask) switch
            {
                TypeAttributes.NotPublic => TypeAttributes.Public,
                TypeAttributes.NestedAssembly or TypeAttributes.NestedFamORAssem => TypeAttributes.NestedPublic,
                var same => same,
            });
            foreach (var method in type.GetMethods())
            {
                var access = metadata.GetMethodDefinition(method).Attributes & MethodAttributes.MemberAccessMask;
                if (access is MethodAttributes.Assembly or MethodAttributes.FamORAssem)
                    row.SetPublic(method);
            }

            foreach (var field in type.GetFields())
            {
                var access = metadata.GetFieldDefinition(field).Attributes & FieldAttributes.FieldAccessMask;
                if (access is FieldAttributes.Assembly or FieldAttributes.FamORAssem)
                    row.SetPublic(field);
            }
        }
    }

    /// <summary>The rows of the tables in an assembly's image (ECMA-335, II.22), to change what has a fixed size.</summary>
    private readonly struct Rows(byte[] image, MetadataReader metadata, int start)
    {
        public void SetVersion(Version version) => Write(Row(EntityHandle.AssemblyDefinition, 4), version);

        public void SetVersion(AssemblyReferenceHandle reference, Version version) => Write(Row(reference, 0), version);

        public void SetAccess(TypeDefinitionHandle type, TypeAttributes access) =>
            SetAccess(Row(type, 0), (byte)access, (byte)TypeAttributes.VisibilityMask);

        public void SetPublic(MethodDefinitionHandle method) =>
            SetAccess(Row(method, 6), (byte)MethodAttributes.Public, (byte)MethodAttributes.MemberAccessMask);

        public void SetPublic(FieldDefinitionHandle field) =>
            SetAccess(Row(field, 0), (byte)FieldAttributes.Public, (byte)FieldAttributes.FieldAccessMask);

        private Span<byte> Row(EntityHandle handle, int column)
        {
            MetadataTokens.TryGetTableIndex(handle.Kind, out var table);
            var row = (MetadataTokens.GetRowNumber(handle) - 1) * metadata.GetTableRowSize(table);
            return image.AsSpan(start + metadata.GetTableMetadataOffset(table) + row + column);
        }

        private static void Write(Span<byte> column, Version version)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(column, (ushort)version.Major);
            BinaryPrimitives.WriteUInt16LittleEndian(column[2..], (ushort)version.Minor);
            BinaryPrimitives.WriteUInt16LittleEndian(column[4..], (ushort)version.Build);
            BinaryPrimitives.WriteUInt16LittleEndian(column[6..], (ushort)version.Revision);
        }

        private static void SetAccess(Span<byte> flags, byte access, byte mask) => flags[0] = (byte)((flags[0] & ~mask) | (access & mask));
    }
}
