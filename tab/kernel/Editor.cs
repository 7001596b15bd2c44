using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using Microsoft.DotNet.Interactive.Formatting;

namespace TracingTutorial.Tab;

/// <summary>Answers what an editor asks, from the compiler alone: Roslyn's own services would be 4 MB more to download.</summary>
internal static class Editor
{
    private const int MostCompletions = 200;
    private const int MostValueText = 200;

    private static readonly SymbolDisplayFormat Signature = SymbolDisplayFormat.MinimallyQualifiedFormat
        .WithMemberOptions(SymbolDisplayFormat.MinimallyQualifiedFormat.MemberOptions & ~SymbolDisplayMemberOptions.IncludeContainingType);

    /// <summary>The answer as JSON, in the shape of the engine's own.</summary>
    public static string Answer(string question, string code, int line, int character)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            if (question == "variables")
                Variables(json);
            else
            {
                var compilation = Cells.Unfinished(code);
                var tree = compilation.SyntaxTrees[0];
                var text = tree.GetText();
                var at = line >= text.Lines.Count ? text.Length : Math.Min(text.Lines[line].Start + character, text.Lines[line].End);
                if (question == "diagnostics")
                    Diagnostics(json, compilation);
                else if (question == "completions")
                    Completions(json, compilation.GetSemanticModel(tree), text, at);
                else if (question == "signature")
                    Signatures(json, compilation.GetSemanticModel(tree), at);
                else if (question == "hover")
                    Hover(json, compilation.GetSemanticModel(tree), text, at);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static void Diagnostics(Utf8JsonWriter json, CSharpCompilation compilation)
    {
        json.WriteStartArray("diagnostics");
        foreach (var found in compilation.GetDiagnostics().Where(d => d.Severity >= DiagnosticSeverity.Warning && d.Location.IsInSource))
        {
            json.WriteStartObject();
            json.WriteString("severity", found.Severity.ToString().ToLowerInvariant());
            json.WriteString("code", found.Id);
            json.WriteString("message", found.GetMessage());
            Span(json, found.Location.GetLineSpan().Span);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Completions(Utf8JsonWriter json, SemanticModel model, SourceText text, int at)
    {
        var start = at;
        while (start > 0 && (char.IsLetterOrDigit(text[start - 1]) || text[start - 1] == '_'))
            start--;
        var typed = text.ToString(TextSpan.FromBounds(start, at));
        var (container, isStatic) = ContainerOf(model, start);
        var symbols = container is null ? model.LookupSymbols(start)
            : model.LookupSymbols(start, container, includeReducedExtensionMethods: !isStatic)
                .Where(s => container is INamespaceSymbol || s is INamedTypeSymbol || s.IsStatic == isStatic || s is IMethodSymbol { MethodKind: MethodKind.ReducedExtension });
        var items = symbols.Where(s => s.CanBeReferencedByName && s.Name.Contains(typed, StringComparison.OrdinalIgnoreCase))
            .GroupBy(s => s.Name).Select(g => (Name: g.Key, Kind: KindOf(g.First()), Text: Described(g)));
        if (container is null)
        {
            items = items.Concat(SyntaxFacts.GetKeywordKinds().Select(SyntaxFacts.GetText)
                .Where(word => word.Length > 1 && word[0] != '_' && word.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
                .Select(word => (Name: word, Kind: "Keyword", Text: word)));
        }

        var all = items.DistinctBy(i => i.Name).OrderByDescending(i => i.Name.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
            .ThenBy(i => i.Name, StringComparer.OrdinalIgnoreCase).ToList();
        json.WriteStartArray("completions");
        foreach (var (name, kind, description) in all.Take(MostCompletions))
        {
            json.WriteStartObject();
            json.WriteString("displayText", name);
            json.WriteString("insertText", name);
            json.WriteString("filterText", name);
            json.WriteString("sortText", name);
            json.WriteString("kind", kind);
            json.WriteString("documentation", description);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("incomplete", all.Count > MostCompletions || typed.Length < 2);
    }

    /// <summary>What is before the dot, if the cursor is behind one.</summary>
    private static (INamespaceOrTypeSymbol? Container, bool IsStatic) ContainerOf(SemanticModel model, int start)
    {
        var root = model.SyntaxTree.GetRoot();
        var token = start == 0 ? default : root.FindToken(start - 1);
        var before = token.Parent switch
        {
            MemberAccessExpressionSyntax access when access.OperatorToken == token => access.Expression,
            MemberBindingExpressionSyntax { Parent: ConditionalAccessExpressionSyntax access } => access.Expression,
            QualifiedNameSyntax name when name.DotToken == token => name.Left,
            _ => (SyntaxNode?)null,
        };
        return before is null ? (null, false) : model.GetSymbolInfo(before).Symbol switch
        {
            INamespaceOrTypeSymbol symbol => (symbol, true),
            _ => (model.GetTypeInfo(before).Type, false),
        };
    }

    private static void Hover(Utf8JsonWriter json, SemanticModel model, SourceText text, int at)
    {
        json.WriteStartArray("content");
        var token = model.SyntaxTree.GetRoot().FindToken(Math.Min(at, Math.Max(0, text.Length - 1)));
        var symbol = token.Parent is null ? null : model.GetSymbolInfo(token.Parent).Symbol ?? model.GetDeclaredSymbol(token.Parent);
        if (symbol is not null && token.IsKind(SyntaxKind.IdentifierToken))
        {
            json.WriteStartObject();
            json.WriteString("mimeType", "text/markdown");
            json.WriteString("value", $"```csharp\n{symbol.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)}\n```");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        Span(json, text.Lines.GetLinePositionSpan(token.Span));
    }

    /// <summary>The methods that the call around the cursor may mean, and which argument the cursor is in.</summary>
    private static void Signatures(Utf8JsonWriter json, SemanticModel model, int at)
    {
        var arguments = model.SyntaxTree.GetRoot().FindToken(Math.Max(0, at - 1)).Parent?.AncestorsAndSelf().OfType<ArgumentListSyntax>()
            .FirstOrDefault(list => list.SpanStart < at && (list.CloseParenToken.IsMissing || at <= list.CloseParenToken.SpanStart));
        IEnumerable<IMethodSymbol> methods = arguments?.Parent switch
        {
            InvocationExpressionSyntax call => model.GetMemberGroup(call.Expression).OfType<IMethodSymbol>(),
            BaseObjectCreationExpressionSyntax creation when model.GetTypeInfo(creation).Type is INamedTypeSymbol type =>
                type.InstanceConstructors.Where(c => model.IsAccessible(at, c)),
            _ => [],
        };
        var all = methods.OrderBy(m => m.Parameters.Length).ToList();
        var active = arguments?.Arguments.GetSeparators().Count(comma => comma.SpanStart < at) ?? 0;
        json.WriteNumber("activeSignature", Math.Max(0, all.FindIndex(m => m.Parameters.Length > active)));
        json.WriteNumber("activeParameter", active);
        json.WriteStartArray("signatures");
        foreach (var method in all)
        {
            json.WriteStartObject();
            json.WriteString("label", method.ToDisplayString(Signature));
            json.WriteStartArray("parameters");
            foreach (var parameter in method.Parameters)
            {
                json.WriteStartObject();
                json.WriteString("label", parameter.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Variables(Utf8JsonWriter json)
    {
        var found = new Dictionary<string, (Type Type, object? Value)>();
        foreach (var state in Cells.States)
        {
            foreach (var field in state.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            {
                if (!field.Name.StartsWith('<'))
                    found[field.Name] = (field.FieldType, field.GetValue(state));
            }
        }

        json.WriteStartArray("valueInfos");
        foreach (var (name, (type, value)) in found.OrderBy(f => f.Key, StringComparer.OrdinalIgnoreCase))
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("typeName", type.ToDisplayString(PlainTextFormatter.MimeType));
            json.WriteStartObject("formattedValue");
            json.WriteString("mimeType", PlainTextFormatter.MimeType);
            json.WriteString("value", ShortText(value));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string ShortText(object? value)
    {
        try
        {
            var text = value.ToDisplayString(PlainTextFormatter.MimeType);
            return text.Length <= MostValueText ? text : text[..MostValueText] + " …";
        }
        catch (Exception e)
        {
            return $"({e.GetType().Name})";
        }
    }

    private static void Span(Utf8JsonWriter json, LinePositionSpan span)
    {
        json.WriteStartObject("linePositionSpan");
        Position("start", span.Start);
        Position("end", span.End);
        json.WriteEndObject();

        void Position(string name, LinePosition position)
        {
            json.WriteStartObject(name);
            json.WriteNumber("line", position.Line);
            json.WriteNumber("character", position.Character);
            json.WriteEndObject();
        }
    }

    private static string Described(IGrouping<string, ISymbol> symbols) =>
        symbols.First().ToDisplayString(Signature) + (symbols.Count() > 1 ? $" (+ {symbols.Count() - 1})" : "");

    // The names that the engine uses, and the page knows.
    private static string KindOf(ISymbol symbol) => symbol switch
    {
        IMethodSymbol { MethodKind: MethodKind.ReducedExtension } => "ExtensionMethod",
        IMethodSymbol => "Method",
        IPropertySymbol => "Property",
        IEventSymbol => "Event",
        IFieldSymbol { IsConst: true } => "Constant",
        IFieldSymbol => "Field",
        ILocalSymbol or IParameterSymbol => "Local",
        INamespaceSymbol => "Namespace",
        INamedTypeSymbol { TypeKind: TypeKind.Interface } => "Interface",
        INamedTypeSymbol { TypeKind: TypeKind.Enum } => "Enum",
        INamedTypeSymbol { TypeKind: TypeKind.Struct } => "Structure",
        INamedTypeSymbol { TypeKind: TypeKind.Delegate } => "Delegate",
        INamedTypeSymbol => "Class",
        _ => "Keyword",
    };
}
