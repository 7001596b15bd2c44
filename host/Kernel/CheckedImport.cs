using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.CSharp;
using Microsoft.DotNet.Interactive.Directives;
using Microsoft.DotNet.Interactive.Events;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Kernel;

/// <summary>
/// <c>#!import</c> that fails when something in the imported file fails. The engine's own swallows it: a compile error in a
/// <c>.cs</c> file fails no command, and an exception in a cell of a <c>.dib</c> file gives no event at all.
/// </summary>
internal static partial class CheckedImport
{
    public static void Use(CompositeKernel composite, CSharpKernel csharp)
    {
        var directive = new KernelActionDirective("#!import")
        {
            Parameters = { new KernelDirectiveParameter("--file") { AllowImplicitName = true, Required = true, TypeHint = "file" } },
        };
        var layers = new CompiledLayers(csharp);
        composite.AddDirective<ImportDocument>(directive, async (command, context) =>
        {
            try
            {
                var path = Path.GetFullPath(command.FilePath);
                var cells = DibReader.Imported(path, Directory.GetCurrentDirectory()).Where(c => c.Kind == CellKind.CSharp);
                foreach (var (name, problem, code) in Submissions(cells, files => layers.TryUse(path, files)))
                {
                    if ((problem is null ? await FailureOfAsync(name, code) : new CellFailure(FailureReason.Dialect, problem.ToString()))
                        is not { } failure)
                        continue;
                    context.Fail(command, failure, failure.Message);
                    return;
                }
            }
            catch (NotebookException e)
            {
                context.Fail(command, new CellFailure(FailureReason.Dialect, e.Message), e.Message);
            }
        });

        async Task<CellFailure?> FailureOfAsync(string name, string code)
        {
            var result = await composite.SendAsync(new SubmitCode(code, csharp.Name));
            // A compile error gives events; an exception in a piece that was sent from inside a command may give none.
            var failed = result.Events.OfType<CommandFailed>().FirstOrDefault();
            var message = failed?.Message
                ?? result.Events.OfType<ErrorProduced>().FirstOrDefault()?.Message
                ?? csharp.ScriptState?.Exception?.ToString();
            return message is null ? null
                : new CellFailure(
                    PipeSender.ReasonOf(failed) ?? FailureReason.Exception,
                    NamesAFile().IsMatch(message) ? message : $"{name}: {message}");
        }
    }

    /// <summary>
    /// What is sent to the engine: each cell, but files of nothing but types that are imported one after the other as one. The
    /// compiler looks for a name in every submission there was, so a layer of twenty files would make everything slow.
    /// </summary>
    /// <param name="cells">The cells of the imported file.</param>
    /// <param name="isCompiled">Called with such files; true when an assembly has their types, so that only their usings are sent.</param>
    private static IEnumerable<(string Name, Problem? Problem, string Code)> Submissions(
        IEnumerable<Cell> cells, Func<IReadOnlyCollection<Cell>, bool> isCompiled)
    {
        var (usings, files, source) = (new HashSet<string>(), new List<Cell>(), new StringBuilder());
        foreach (var cell in cells)
        {
            if (FileOf(cell) is { } file && TryAdd(file))
                continue;
            if (files.Count > 0)
                yield return Joined();
            yield return (cell.DisplayName, cell.Problems.FirstOrDefault(), cell.ToSubmission());
        }

        if (files.Count > 0)
            yield return Joined();

        // A source file: the cell that imports it, or the cell that it is when it is imported by itself.
        static Cell? FileOf(Cell cell) =>
            cell.Problems.Count > 0 || Path.GetExtension(cell.ImportPath ?? cell.File) == ".dib" ? null
            : cell.ImportPath is { } path ? DibReader.Imported(path, cell.ImportFolder)[0] : cell;

        // Not what means something else in one text with others, or would make the compiler speak of another file.
        bool TryAdd(Cell file)
        {
            var root = CSharpSyntaxTree.ParseText(file.Source, CSharpText.Options).GetCompilationUnitRoot();
            if (file.Problems.Count > 0 || root.ContainsDiagnostics || root.Externs.Count > 0 || root.AttributeLists.Count > 0
                || root.Usings.Any(u => u.Alias is not null)
                || file.Source.Split('\n').Any(line => line.TrimStart().StartsWith('#') && line != "#nullable enable")
                || root.Members.Any(m => m is not (BaseTypeDeclarationSyntax or DelegateDeclarationSyntax)))
                return false;
            var types = new StringBuilder(file.Source);
            foreach (var directive in root.Usings)
            {
                usings.Add(directive.ToString());
                types.Remove(directive.SpanStart, directive.Span.Length).Insert(directive.SpanStart, " ", directive.Span.Length);
            }

            files.Add(file);
            source.Append("\n#nullable restore\n").Append((file with { Source = types.ToString() }).ToSubmission());
            return true;
        }

        (string, Problem?, string) Joined()
        {
            var code = string.Join('\n', usings) + (isCompiled(files) ? "" : source);
            usings.Clear();
            files.Clear();
            source.Clear();
            return ("", null, code);
        }
    }

    /// <summary>True for a message that says already where it belongs: the piece of a piece.</summary>
    [GeneratedRegex(@"^\S*\.(cs|csx|dib)(\(\d+,\d+\)|:\d+)?( \(cell \d+\))?: ")]
    private static partial Regex NamesAFile();
}
