using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace TracingTutorial.Course.Lessons;

/// <summary>
/// C# that somebody wrote, parsed only when that is safe: the compiler's parser calls itself for each level of nesting, so that
/// a text of a few thousand signs can use up the stack, which ends the process, or take hours. A lesson nests ten levels deep.
/// </summary>
internal static partial class CSharpText
{
    /// <summary>
    /// C# scripts in version 13, the newest that all hosts compile. The tags of documentation comments are not parsed: for them the parser
    /// calls itself without a look at the stack.
    /// </summary>
    public static readonly CSharpParseOptions Options = new(LanguageVersion.CSharp13, DocumentationMode.None, SourceCodeKind.Script);

    // The bounds are counted by tokens, which takes a time in proportion to the length.
    private const int MaxBrackets = 16, MaxTypeArguments = 100, MaxTokens = 1000, MaxIndexers = 6;

    /// <summary>
    /// The lexer calls itself too, for a string in a string: so many <c>$"</c> may a text have, and so many one inside another.
    /// </summary>
    private const int MaxStrings = 200, MaxStringsInOne = 8;

    /// <summary>So many brackets and <c>!</c> may a condition of <c>#if</c> have: it is parsed with the tokens.</summary>
    private const int MaxInCondition = 100;

    private static readonly SearchValues<char> InCondition = SearchValues.Create("(!");

    /// <summary>So many tags may documentation comments have: the engine parses them.</summary>
    private const int MaxTags = 1000;

    /// <summary>The syntax tree; null for a text that is nested too deeply.</summary>
    public static SyntaxTree? Parse(string source) => IsTooDeep(source) ? null : CSharpSyntaxTree.ParseText(source, Options);

    /// <summary>True for a text on which the compiler's lexer or parser could use up the stack.</summary>
    public static bool IsTooDeep(string source)
    {
        if (StringStart().Count(source) > MaxStrings
            || Condition().Matches(source).Any(condition => condition.ValueSpan.CountAny(InCondition) > MaxInCondition))
            return true;
        // For each open bracket: its end, and the tokens and type arguments in it since the last statement or comma.
        var open = new Stack<Level>([new Level(SyntaxKind.None)]);
        var before = SyntaxKind.None;
        var tags = 0;
        foreach (var token in SyntaxFactory.ParseTokens(source, options: Options))
        {
            var kind = token.Kind();
            tags += token.LeadingTrivia.Where(IsDocumentation).Sum(comment => comment.ToString().Count(c => c == '<'));
            var level = open.Pop();
            open.Push(kind switch
            {
                SyntaxKind.SemicolonToken => level with { Tokens = 0, Less = 0 },
                SyntaxKind.CommaToken => level with { Tokens = 0 },
                SyntaxKind.LessThanToken => level with { Tokens = level.Tokens + 1, Less = level.Less + 1 },
                SyntaxKind.GreaterThanToken => level with { Tokens = level.Tokens + 1, Less = level.Less - 1 },
                _ => level with { Tokens = level.Tokens + 1 },
            });
            if (EndOf(kind) is var end && end != SyntaxKind.None)
                open.Push(new Level(end, Indexers: level.Indexers + (before == SyntaxKind.QuestionToken ? 1 : 0)));
            else if (kind == level.End && open.Count > 1)
                open.Pop();

            var now = open.Peek();
            if (tags > MaxTags || open.Count > MaxBrackets || now.Tokens > MaxTokens
                || now.Less > MaxTypeArguments || now.Indexers > MaxIndexers
                || (kind == SyntaxKind.InterpolatedStringToken && StringStart().Count(token.Text) > MaxStringsInOne))
                return true;
            before = kind;
        }

        return false;
    }

    private static bool IsDocumentation(SyntaxTrivia trivia) =>
        trivia.Kind() is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia
        && trivia.ToString() is ['/', '/', '/', ..] or ['/', '*', '*', ..];

    private static SyntaxKind EndOf(SyntaxKind bracket) => bracket switch
    {
        SyntaxKind.OpenParenToken => SyntaxKind.CloseParenToken,
        SyntaxKind.OpenBracketToken => SyntaxKind.CloseBracketToken,
        SyntaxKind.OpenBraceToken => SyntaxKind.CloseBraceToken,
        _ => SyntaxKind.None,
    };

    private readonly record struct Level(SyntaxKind End, int Tokens = 0, int Less = 0, int Indexers = 0);

    [GeneratedRegex(@"^\s*#\s*(?:if|elif)\b.*", RegexOptions.Multiline)]
    private static partial Regex Condition();

    [GeneratedRegex("""\$@?"|@\$""")]
    private static partial Regex StringStart();
}
