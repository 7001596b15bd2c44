using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Pages;

/// <summary>
/// C# with its colours, as HTML: by the compiler's own parser, so raw strings and <c>record</c> are what they are. Code that is
/// nested too deeply has no colours.
/// </summary>
internal static class CodeHtml
{
    /// <summary>
    /// The code in spans of the classes <c>k</c> keyword, <c>s</c> string, <c>n</c> number, <c>c</c> comment, <c>t</c> type,
    /// <c>m</c> method, <c>d</c> directive.
    /// </summary>
    public static string Of(string code)
    {
        if (CSharpText.Parse(code) is not { } tree)
            return WebUtility.HtmlEncode(code);
        var html = new StringBuilder();
        foreach (var token in tree.GetRoot().DescendantTokens(descendIntoTrivia: false))
        {
            AppendTrivia(html, token.LeadingTrivia);
            Append(html, token.Text, ClassOf(token));
            AppendTrivia(html, token.TrailingTrivia);
        }

        return html.ToString();
    }

    private static void AppendTrivia(StringBuilder html, SyntaxTriviaList trivia)
    {
        foreach (var piece in trivia)
        {
            var kind = piece.Kind();
            Append(html, piece.ToFullString(), kind is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia
                or SyntaxKind.SingleLineDocumentationCommentTrivia or SyntaxKind.MultiLineDocumentationCommentTrivia ? "c"
                : piece.IsDirective || kind is SyntaxKind.BadDirectiveTrivia or SyntaxKind.ShebangDirectiveTrivia ? "d" : null);
        }
    }

    private static void Append(StringBuilder html, string text, string? css)
    {
        var encoded = WebUtility.HtmlEncode(text);
        html.Append(css is null || text.Length == 0 ? encoded : $"<span class=\"{css}\">{encoded}</span>");
    }

    private static string? ClassOf(SyntaxToken token)
    {
        var kind = token.Kind();
        if (kind is SyntaxKind.StringLiteralToken or SyntaxKind.CharacterLiteralToken or SyntaxKind.InterpolatedStringTextToken
            or SyntaxKind.InterpolatedStringStartToken or SyntaxKind.InterpolatedStringEndToken
            or SyntaxKind.InterpolatedVerbatimStringStartToken
            or SyntaxKind.InterpolatedSingleLineRawStringStartToken or SyntaxKind.InterpolatedMultiLineRawStringStartToken
            or SyntaxKind.InterpolatedRawStringEndToken
            or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken
            or SyntaxKind.Utf8StringLiteralToken or SyntaxKind.Utf8SingleLineRawStringLiteralToken
            or SyntaxKind.Utf8MultiLineRawStringLiteralToken)
            return "s";
        if (kind == SyntaxKind.NumericLiteralToken)
            return "n";
        if (SyntaxFacts.IsKeywordKind(kind) || SyntaxFacts.IsContextualKeyword(kind)
            || token.Text is "var" or "await" or "record" or "nameof")
            return "k";
        if (kind != SyntaxKind.IdentifierToken)
            return null;
        return token.Parent switch
        {
            BaseTypeDeclarationSyntax or TypeParameterSyntax => "t",
            MethodDeclarationSyntax or LocalFunctionStatementSyntax => "m",
            SimpleNameSyntax { Parent: InvocationExpressionSyntax } => "m",
            SimpleNameSyntax { Parent: MemberAccessExpressionSyntax { Parent: InvocationExpressionSyntax } member } name
                when member.Name == name => "m",
            // A name in the place of a type, or the beginning of `Type.Member`.
            SimpleNameSyntax
            {
                Parent: ObjectCreationExpressionSyntax or VariableDeclarationSyntax or ParameterSyntax or TypeArgumentListSyntax
                or BaseTypeSyntax or ArrayTypeSyntax or NullableTypeSyntax or CastExpressionSyntax or DeclarationPatternSyntax
                or CatchDeclarationSyntax or TypeOfExpressionSyntax,
            } => "t",
            GenericNameSyntax => "t",
            IdentifierNameSyntax { Parent: MemberAccessExpressionSyntax { Expression: var start } } name
                when start == name && char.IsUpper(token.Text[0]) => "t",
            _ => null,
        };
    }
}
