using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>
/// A last cell for the tool, whose own <c>#!import</c> swallows failures: it names a type of each file that the notebook
/// imports, so a file that did not compile fails the run.
/// </summary>
internal static class ImportProof
{
    /// <summary>The cell; none when the notebook imports nothing.</summary>
    public static IEnumerable<Cell> Of(Notebook notebook)
    {
        var imports = notebook.Code.Where(c => c.ImportPath is not null).ToArray();
        var types = imports.SelectMany(TypesOf).Distinct().ToArray();
        if (types.Length == 0)
            return [];
        var last = notebook.Cells[^1];
        var source = $"// Every imported file is there.\nnew[] {{ {string.Join(", ", types.Select(t => $"typeof({t})"))} }}.Length";
        return [last with { Number = last.Number + 1, Line = imports[^1].Line, Kind = CellKind.CSharp, Source = source, Problems = [] }];
    }

    private static IEnumerable<string> TypesOf(Cell importing)
    {
        foreach (var cell in DibReader.Imported(importing.ImportPath!, importing.ImportFolder).Where(c => c.Kind == CellKind.CSharp))
        {
            if (cell.ImportPath is not null)
            {
                foreach (var type in TypesOf(cell))
                    yield return type;
            }
            else if (SyntaxFactory.ParseCompilationUnit(Dialect.WithoutReferences(cell.Source), options: CSharpText.Options)
                .Members.OfType<TypeDeclarationSyntax>().LastOrDefault(t => t.TypeParameterList is null) is { } last)
            {
                yield return last.Identifier.Text;
            }
        }
    }
}
