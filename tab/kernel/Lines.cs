using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace TracingTutorial.Tab;

/// <summary>
/// The lines of a stack trace. The runtime in a browser does not read symbols, but a frame knows its place in the IL, and the
/// symbols that the compiler wrote for the cell know the line.
/// </summary>
internal static class Lines
{
    private static readonly Dictionary<Assembly, MetadataReader> Symbols = [];

    /// <summary>Keeps the symbols of a cell.</summary>
    public static void Add(Assembly assembly, byte[] symbols) =>
        Symbols[assembly] = MetadataReaderProvider.FromPortablePdbImage(ImmutableArray.Create(symbols)).GetMetadataReader();

    /// <summary>The text of an exception, with file and line at the frames of cells, as .NET writes it elsewhere.</summary>
    public static string[] Of(Exception exception)
    {
        var lines = exception.ToString().ReplaceLineEndings("\n").Split('\n');
        var at = 0;
        foreach (var place in InnerFirst(exception).SelectMany(e => new StackTrace(e, false).GetFrames()).Select(Place).OfType<string>())
        {
            // The text of an exception has its frames in the same order.
            at = Array.FindIndex(lines, at, l => l.StartsWith("   at ", StringComparison.Ordinal) && l.Contains("Submission#", StringComparison.Ordinal));
            if (at < 0)
                break;
            lines[at++] += place;
        }

        return lines;
    }

    private static IEnumerable<Exception> InnerFirst(Exception exception) =>
        exception.InnerException is { } inner ? InnerFirst(inner).Append(exception) : [exception];

    /// <summary>" in file:line 7"; empty for a method of a cell without a line; null for other methods.</summary>
    private static string? Place(StackFrame frame)
    {
        if (frame.GetMethod() is not { } method || !Symbols.TryGetValue(method.Module.Assembly, out var reader))
            return null;
        var handle = ((MethodDefinitionHandle)MetadataTokens.EntityHandle(method.MetadataToken)).ToDebugInformationHandle();
        var point = reader.GetMethodDebugInformation(handle).GetSequencePoints().LastOrDefault(p => !p.IsHidden && p.Offset <= frame.GetILOffset());
        return point.Document.IsNil ? "" : $" in {reader.GetString(reader.GetDocument(point.Document).Name)}:line {point.StartLine}";
    }
}
