using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace TracingTutorial.Course.Lessons;

/// <summary>
/// The rules that make a notebook run the same in VS Code (.NET Interactive), in Verso and here. Where the programs
/// differ, the rule is the narrower one. Rules about cell markers are in <see cref="DibReader"/>.
/// </summary>
internal static partial class Dialect
{
    /// <summary>The assemblies of .NET and ASP.NET Core, by name: this program runs on both.</summary>
    private static readonly Lazy<HashSet<string>> FrameworkAssemblies = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetDirectoryName(path)!.Contains(
                $"{Path.DirectorySeparatorChar}shared{Path.DirectorySeparatorChar}Microsoft.", StringComparison.Ordinal))
            .Select(path => Path.GetFileNameWithoutExtension(path)!)]);

    private static readonly HashSet<string> UnterminatedText = ["CS1010", "CS1035", "CS1039", "CS8997"];

    /// <summary>Everything in one cell that some host would refuse or read differently.</summary>
    public static IEnumerable<Problem> Check(Cell cell) => cell.Kind switch
    {
        CellKind.CSharp when IsImport(cell) => CheckImport(cell),
        CellKind.CSharp => CheckCode(cell),
        _ => CheckDocument(cell),
    };

    /// <summary>
    /// The rule that holds for a learner's own text too: what the compiler says about a <c>using var</c> at the top of a cell names
    /// neither the cause nor the way out. Text that is nested too deeply for the compiler is not checked here, because this process
    /// must not fail on it.
    /// </summary>
    public static IEnumerable<Problem> CheckEdit(Cell cell) =>
        CSharpText.IsTooDeep(cell.Source) ? [] : UsingDeclarationsAtTopLevel(cell.Source).Select(position => UsingVar(cell, position));

    private static Problem UsingVar(Cell cell, int position) =>
        new(cell.File, cell.Number, cell.Line + cell.Source.AsSpan(0, position).Count('\n'),
            "`using var` cannot be at the top level of a cell: no script host compiles it.",
            "Write `using (…) { … }`, or put the code in a method.");

    /// <summary>The package and assembly references (<c>#r</c>) of a cell, in order.</summary>
    public static IEnumerable<Reference> References(Cell cell)
    {
        foreach (var line in cell.Source.Split('\n'))
        {
            if (PackageLine().Match(line) is { Success: true } package)
                yield return new Reference(package.Groups[1].Value, package.Groups[2].Value);
            else if (AssemblyLine().Match(line) is { Success: true } assembly)
                yield return new Reference(assembly.Groups[1].Value, null);
        }
    }

    /// <summary>The source with the <c>#r</c> lines blanked, so that line numbers stay.</summary>
    public static string WithoutReferences(string source) =>
        string.Join('\n', source.Split('\n').Select(line => ReferenceLine().IsMatch(line) ? "" : line));

    /// <summary>True for an <c>#r</c> line.</summary>
    public static bool IsReference(string line) => ReferenceLine().IsMatch(line);

    private static bool IsImport(Cell cell) =>
        cell.Source.Split('\n').Any(line => line.TrimStart().StartsWith("#!import", StringComparison.Ordinal));

    private static IEnumerable<Problem> CheckImport(Cell cell)
    {
        var lines = cell.Source.Split('\n');
        var at = Array.FindIndex(lines, line => line.TrimStart().StartsWith("#!import", StringComparison.Ordinal));
        Problem At(string message, string wayOut) => new(cell.File, cell.Number, cell.Line + at, message, wayOut);

        if (lines.Length > 1)
        {
            yield return At("`#!import` shares its cell with other lines.",
                "Give each import a cell of its own, with that one line in it.");
            yield break;
        }

        if (ImportLine().Match(lines[0]) is not { Success: true } match)
        {
            yield return At($"`{lines[0]}` is not an import that every host understands.",
                "Write `#!import ../helpers/core.dib`: at the start of the line, one space, the path without quotes, "
                    + "forward slashes, nothing after it.");
            yield break;
        }

        var path = match.Groups[1].Value;
        if (Path.IsPathRooted(path))
            yield return At($"`{path}` is a path of one machine.",
                "Write the path from the notebook's own folder, for example `../helpers/core.dib`.");
        else if (Path.GetExtension(path) is not (".dib" or ".cs" or ".csx"))
            yield return At($"`{path}` cannot be imported.", "Import a .dib notebook, or a .cs or .csx file.");
        else if (!File.Exists(cell.ImportPath))
            yield return At($"The imported file does not exist: {Paths.Display(cell.ImportPath!)}",
                "Correct the path; it starts from the folder of the file that imports.");
    }

    private static IEnumerable<Problem> CheckDocument(Cell cell)
    {
        if (cell.Text.IsTooDeep)
        {
            yield return new Problem(cell.File, cell.Number, cell.Line, "This text is nested too deeply to be laid out.",
                "Take lists, quotes or brackets out of each other.");
        }

        var lines = cell.Source.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (VersoVariable().Match(lines[i]) is { Success: true } match)
            {
                yield return new Problem(cell.File, cell.Number, cell.Line + i,
                    $"`{match.Value}` in a Markdown cell is replaced by the value of a variable in Verso.",
                    "Write it without the @ sign, or move it to a C# cell.");
            }
        }
    }

    private static IEnumerable<Problem> CheckCode(Cell cell)
    {
        Problem At(int lineOfCell, string message, string wayOut) =>
            new(cell.File, cell.Number, cell.Line + lineOfCell, message, wayOut);

        var lines = cell.Source.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (CheckDirective(lines[i]) is var (message, wayOut))
                yield return At(i, message, wayOut);
        }

        if (CSharpText.Parse(WithoutReferences(cell.Source)) is not { } tree)
        {
            yield return At(0, "This cell is nested too deeply to be read.",
                "Split it: into statements, methods or cells of their own, with at most 30 brackets open at once.");
            yield break;
        }

        int LineOf(SyntaxNode node) => tree.GetLineSpan(node.Span).StartLinePosition.Line;

        foreach (var error in tree.GetDiagnostics().Where(d => UnterminatedText.Contains(d.Id)))
        {
            yield return At(error.Location.GetLineSpan().StartLinePosition.Line,
                "A string or comment is not closed in this cell.",
                "Close it. If a line inside it reads like `#!csharp`, every notebook host starts a new cell there: "
                    + "put the text in another way.");
        }

        foreach (var position in UsingDeclarationsAtTopLevel(cell.Source))
            yield return UsingVar(cell, position);

        foreach (var node in tree.GetRoot().DescendantNodes())
        {
            switch (node)
            {
                case BaseNamespaceDeclarationSyntax:
                    yield return At(LineOf(node), "A script has no namespaces.", "Remove the namespace and keep what is inside it.");
                    break;
                case MethodDeclarationSyntax { Parent: TypeDeclarationSyntax, ParameterList.Parameters: [var first, ..] }
                    when first.Modifiers.Any(SyntaxKind.ThisKeyword):
                    yield return At(LineOf(node), "An extension method inside a class does not compile in a script.",
                        "Write it as an ordinary method, or at the top level of the cell, outside any class.");
                    break;
                case BaseTypeDeclarationSyntax type when type.Modifiers.Any(SyntaxKind.FileKeyword):
                    yield return At(LineOf(node), "A `file` type does not compile in a script.", "Remove the word `file`.");
                    break;
                case IdentifierNameSyntax { Identifier.Text: "field" } name when name.Ancestors().Any(a => a is PropertyDeclarationSyntax):
                    yield return At(LineOf(node),
                        "`field` inside a property means its backing field in C# 14, which some hosts compile.",
                        "Give it another name.");
                    break;
                case InvocationExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "display" or "HTML" } name }:
                    yield return At(LineOf(node), $"`{name.Identifier.Text}(…)` differs between notebook hosts.",
                        "End the cell with the expression to show, or call `.Display()` on it.");
                    break;
                case InvocationExpressionSyntax
                {
                    Expression: MemberAccessExpressionSyntax { Name.Identifier.Text: "Display" },
                    ArgumentList.Arguments.Count: > 0,
                }:
                    yield return At(LineOf(node), "`Display` with arguments differs between notebook hosts.",
                        "Call `.Display()` without arguments, on an object that has `ToHtml()` if it is HTML.");
                    break;
            }
        }
    }

    // By tokens: the parser of scripts does not know the construct, and leaves no node that says what was meant.
    private static IEnumerable<int> UsingDeclarationsAtTopLevel(string source)
    {
        var tokens = SyntaxFactory.ParseTokens(WithoutReferences(source), options: CSharpText.Options).ToArray();
        var depth = 0;
        for (var i = 0; i < tokens.Length; i++)
        {
            depth += tokens[i].Kind() switch { SyntaxKind.OpenBraceToken => 1, SyntaxKind.CloseBraceToken => -1, _ => 0 };
            if (depth != 0 || !tokens[i].IsKind(SyntaxKind.UsingKeyword))
                continue;
            // A directive is one name up to `;` or `=`; a declaration has a type and then a name.
            var next = i + 1;
            while (next < tokens.Length
                && (tokens[next].IsKind(SyntaxKind.DotToken) || tokens[next - 1].IsKind(SyntaxKind.DotToken) || next == i + 1))
                next++;
            if (tokens[i + 1].IsKind(SyntaxKind.IdentifierToken) && next < tokens.Length && tokens[next].IsKind(SyntaxKind.IdentifierToken))
                yield return tokens[i].SpanStart;
        }
    }

    private static (string Message, string WayOut)? CheckDirective(string line)
    {
        var text = line.TrimStart();
        if (text.StartsWith("#load", StringComparison.Ordinal))
            return ("`#load` is not understood by every host.", "Use `#!import path` in a cell of its own.");
        if (text.StartsWith("#i ", StringComparison.Ordinal) || text.StartsWith("#i\"", StringComparison.Ordinal))
            return ("`#i` adds a package feed for everybody who opens this notebook.",
                "Add the feed to your own NuGet configuration: `dotnet nuget add source`.");
        if (!ReferenceLine().IsMatch(line))
            return null;

        if (PackageLine().Match(line) is { Success: true } package)
        {
            var (id, version) = (package.Groups[1].Value, package.Groups[2].Value);
            if (id.StartsWith("Microsoft.DotNet.Interactive", StringComparison.OrdinalIgnoreCase))
                return ($"`{id}` is part of one notebook host.", "Remove the line: a notebook must not depend on its host.");
            if (!ExactVersion().IsMatch(version))
                return ($"`{version}` is not one exact version of {id}.",
                    $"Write the version in full, for example `#r \"nuget: {id}, 1.2.3\"`.");
            if (IsPartOfDotNet(id) && !version.StartsWith("10.0.", StringComparison.Ordinal))
                return ($"{id} {version} does not match the .NET 10 kernel.", $"Use a 10.0.x version of {id}.");
            return null;
        }

        if (AssemblyLine().Match(line) is { Success: true } assembly)
        {
            var name = assembly.Groups[1].Value;
            if (name.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".exe", StringComparison.OrdinalIgnoreCase))
                return ($"`{name}` names a file of one machine.",
                    "Reference an assembly of .NET by its name without ending, or a package: `#r \"nuget: Id, 1.2.3\"`.");
            if (!FrameworkAssemblies.Value.Contains(name))
                return ($"`{name}` is not an assembly of .NET or ASP.NET Core.",
                    "Check the spelling, or reference the package that holds it: `#r \"nuget: Id, 1.2.3\"`.");
            return null;
        }

        return ($"`{text}` is not a reference that every host understands.",
            "Write `#r \"nuget: Id, 1.2.3\"` or `#r \"Assembly.Name\"`: at the start of the line, with nothing after it.");
    }

    private static bool IsPartOfDotNet(string id) =>
        id.StartsWith("Microsoft.Extensions.", StringComparison.OrdinalIgnoreCase)
        || id.StartsWith("Microsoft.AspNetCore.", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"^#!import ([^\s""'\\]+)$")]
    private static partial Regex ImportLine();

    [GeneratedRegex(@"@@|@\w+")]
    private static partial Regex VersoVariable();

    [GeneratedRegex(@"^\s*#r\b")]
    private static partial Regex ReferenceLine();

    [GeneratedRegex(@"^#r ""nuget: ([A-Za-z0-9._-]+)(?:, ([^""]*))?""$")]
    private static partial Regex PackageLine();

    [GeneratedRegex(@"^#r ""([^"":,/\\]+)""$")]
    private static partial Regex AssemblyLine();

    [GeneratedRegex(@"^\d+\.\d+\.\d+(\.\d+)?(-[0-9A-Za-z.-]+)?$")]
    private static partial Regex ExactVersion();
}

/// <summary>One <c>#r</c> line.</summary>
/// <param name="Name">A package id, or the simple name of an assembly of the shared frameworks.</param>
/// <param name="Version">The exact version of the package; null for an assembly.</param>
internal sealed record Reference(string Name, string? Version)
{
    public override string ToString() => Version is null ? Name : $"{Name} {Version}";
}
