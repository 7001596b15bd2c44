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
using TracingTutorial.Host.Notebooks;

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
        composite.AddDirective<ImportDocument>(directive, async (command, context) =>
        {
            try
            {
                var cells = DibReader.Imported(Path.GetFullPath(command.FilePath), Directory.GetCurrentDirectory());
                foreach (var (name, problem, code) in Submissions(cells.Where(c => c.Kind == CellKind.CSharp)))
                {
                    if ((problem?.ToString() ?? await ErrorOfAsync(name, code)) is not { } error)
                        continue;
                    context.Fail(command, message: error);
                    return;
                }
            }
            catch (NotebookException e)
            {
                context.Fail(command, message: e.Message);
            }
        });

        async Task<string?> ErrorOfAsync(string name, string code)
        {
            var result = await composite.SendAsync(new SubmitCode(code, csharp.Name));
            // A compile error gives events; an exception in a piece that was sent from inside a command may give none.
            var message = result.Events.OfType<CommandFailed>().Select(e => e.Message).Concat(result.Events.OfType<ErrorProduced>().Select(e => e.Message)).FirstOrDefault()
                ?? csharp.ScriptState?.Exception?.ToString();
            return message is null || NamesAFile().IsMatch(message) ? message : $"{name}: {message}";
        }
    }

    /// <summary>
    /// What is sent to the engine: each cell, but files of nothing but types that are imported one after the other as one. The
    /// compiler looks for a name in every submission there was, so a layer of twenty files would make everything slow.
    /// </summary>
    private static IEnumerable<(string Name, Problem? Problem, string Code)> Submissions(IEnumerable<Cell> cells)
    {
        var (usings, files) = (new HashSet<string>(), new StringBuilder());
        foreach (var cell in cells)
        {
            var path = cell.Problems.Count == 0 ? cell.ImportPath : null;
            if (path is not null && Path.GetExtension(path) != ".dib" && TryAdd(DibReader.Imported(path, cell.ImportFolder)[0]))
                continue;
            if (files.Length > 0)
                yield return Joined();
            yield return (cell.DisplayName, cell.Problems.FirstOrDefault(), cell.ToSubmission());
        }

        if (files.Length > 0)
            yield return Joined();

        // Not what means something else in one text with others, or would make the compiler speak of another file.
        bool TryAdd(Cell file)
        {
            var root = CSharpSyntaxTree.ParseText(file.Source, Dialect.ParseOptions).GetCompilationUnitRoot();
            if (file.Problems.Count > 0 || root.ContainsDiagnostics || root.Externs.Count > 0 || root.AttributeLists.Count > 0
                || root.Usings.Any(u => u.Alias is not null)
                || file.Source.Split('\n').Any(line => line.TrimStart().StartsWith('#') && line != "#nullable enable")
                || root.Members.Any(m => m is not (BaseTypeDeclarationSyntax or DelegateDeclarationSyntax)))
                return false;
            var source = new StringBuilder(file.Source);
            foreach (var directive in root.Usings)
            {
                usings.Add(directive.ToString());
                source.Remove(directive.SpanStart, directive.Span.Length).Insert(directive.SpanStart, " ", directive.Span.Length);
            }

            files.Append("\n#nullable restore\n").Append((file with { Source = source.ToString() }).ToSubmission());
            return true;
        }

        (string, Problem?, string) Joined()
        {
            var code = string.Join('\n', usings) + files;
            usings.Clear();
            files.Clear();
            return ("", null, code);
        }
    }

    /// <summary>True for a message that says already where it belongs: the piece of a piece.</summary>
    [GeneratedRegex(@"^\S*\.(cs|csx|dib)(\(\d+,\d+\)|:\d+)?( \(cell \d+\))?: ")]
    private static partial Regex NamesAFile();
}
