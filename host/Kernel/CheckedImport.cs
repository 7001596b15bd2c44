using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
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
                foreach (var cell in DibReader.Imported(Path.GetFullPath(command.FilePath), Directory.GetCurrentDirectory()).Where(c => c.Kind == CellKind.CSharp))
                {
                    if (await ErrorOfAsync(cell) is not { } error)
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

        async Task<string?> ErrorOfAsync(Cell cell)
        {
            if (cell.Problems.Count > 0)
                return cell.Problems[0].ToString();
            var result = await composite.SendAsync(new SubmitCode(cell.ToSubmission(), csharp.Name));
            // A compile error gives events; an exception in a piece that was sent from inside a command may give none.
            var message = result.Events.OfType<CommandFailed>().Select(e => e.Message).Concat(result.Events.OfType<ErrorProduced>().Select(e => e.Message)).FirstOrDefault()
                ?? csharp.ScriptState?.Exception?.ToString();
            return message is null || NamesAFile().IsMatch(message) ? message : $"{cell.DisplayName}: {message}";
        }
    }

    /// <summary>True for a message that says already where it belongs: the piece of a piece.</summary>
    [GeneratedRegex(@"^\S*\.(cs|csx|dib)(\(\d+,\d+\)|:\d+)?( \(cell \d+\))?: ")]
    private static partial Regex NamesAFile();
}
