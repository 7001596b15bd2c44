using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace TracingTutorial.Course.Lessons;

/// <summary>One block at the top level of a text, or of a fold.</summary>
/// <param name="Block">The block.</param>
/// <param name="Html">For HTML of the author: this part of it, as it was written. Null for Markdown.</param>
internal record Piece(Block Block, string? Html = null);

/// <summary>A fold: <c>&lt;details&gt;</c>, its summary, and what it hides.</summary>
/// <param name="Block">The block of HTML in which it begins.</param>
/// <param name="Html">Its beginning, up to the first block of Markdown.</param>
/// <param name="Summary">What a reader sees while it is closed.</param>
/// <param name="Pieces">What it hides.</param>
internal sealed record Fold(Block Block, string Html, string Summary, IReadOnlyList<Piece> Pieces) : Piece(Block, Html)
{
    /// <summary>The code of a fold <c>Solution</c>: its first block, when that is C#; otherwise null.</summary>
    public string? Solution => Summary == "Solution" && Pieces.FirstOrDefault()?.Block is FencedCodeBlock { Info: "csharp" } code
        ? code.Lines.ToString().Trim('\n') : null;
}

/// <summary>A heading of a text.</summary>
/// <param name="Block">The block.</param>
/// <param name="Text">Without marks.</param>
/// <param name="Markdown">As it was written.</param>
internal sealed record Heading(HeadingBlock Block, string Text, string Markdown);

/// <summary>What a text leads to, or shows.</summary>
/// <param name="Url">As it was written.</param>
/// <param name="Line">The line of the text, from 0.</param>
internal sealed record Link(string Url, int Line);

/// <summary>A comment that only an instructor sees.</summary>
/// <param name="Text">As Markdown.</param>
/// <param name="Start">Its position in the text: it belongs to what is above it.</param>
internal sealed record InstructorNote(string Text, int Start);

/// <summary>A text in Markdown, parsed once: a cell of a lesson, a note, a guide. Nothing changes it.</summary>
internal sealed partial class MarkdownText
{
    /// <summary>Markdig's own limit for blocks; the same for what is nested within a line.</summary>
    private const int MaxDepth = 100;

    private const string TooDeep = "*This text cannot be laid out: it is nested too deeply.*";

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().UsePreciseSourceLocation().Build();

    private readonly MarkdownDocument _document;

    private MarkdownText(string written, string source, MarkdownDocument document)
    {
        (Written, Source, _document) = (written, source, document);
        Pieces = Group([.. document.SelectMany(Split)]);
        Headings = [.. document.Descendants<HeadingBlock>().Select(HeadingOf)];
        Notes = [.. In("instructor").Select(c => new InstructorNote(c.Text, c.Start))];
    }

    /// <summary>The text as it was written.</summary>
    public string Written { get; }

    /// <summary>The text that was parsed: as it was written, or a sentence in its place.</summary>
    public string Source { get; }

    /// <summary>True for a text that is nested too deeply to be laid out: a sentence is shown in its place.</summary>
    public bool IsTooDeep => !ReferenceEquals(Written, Source);

    /// <summary>What a reader sees, without comments.</summary>
    public IReadOnlyList<Piece> Pieces { get; }

    /// <summary>The headings in their order, also those in folds.</summary>
    public IReadOnlyList<Heading> Headings { get; }

    /// <summary>What only an instructor sees, as Markdown: comments <c>&lt;!-- instructor: … --&gt;</c>.</summary>
    public IReadOnlyList<InstructorNote> Notes { get; }

    /// <summary>
    /// Why a browser tab cannot run the next cell: the sentence of a comment <c>&lt;!-- no tab: … --&gt;</c>; null if there is none.
    /// </summary>
    public string? NotInTab => In("no tab").Select(c => c.Text).FirstOrDefault();

    /// <summary>The text as Markdown without comments of the course: what other programs show.</summary>
    public string WithoutNotes => Replace(Comments(), _ => "");

    /// <summary>The text as a browser tab shows it: with what is in comments <c>&lt;!-- tab: … --&gt;</c>.</summary>
    public string InTab => Replace(In("tab"), c => c.Text);

    /// <summary>All links and pictures, also those in HTML.</summary>
    public IEnumerable<Link> Links => _document.Descendants().SelectMany(item => item switch
    {
        LinkInline link => [new Link(link.Url ?? "", link.Line)],
        HtmlBlock html => AddressesIn(html.Lines.ToString(), html.Line),
        HtmlInline html => AddressesIn(html.Tag, html.Line),
        _ => (IEnumerable<Link>)[],
    });

    /// <summary>Parses a text.</summary>
    public static MarkdownText Parse(string source)
    {
        try
        {
            var document = Markdown.Parse(source, Pipeline);
            if (!IsDeeperThan(document, MaxDepth))
                return new MarkdownText(source, source, document);
        }
        catch (ArgumentException)
        {
            // Markdig's own answer to what is nested too deeply.
        }

        return new MarkdownText(source, TooDeep, Markdown.Parse(TooDeep, Pipeline));
    }

    /// <summary>The text of a block or of a part of it, without marks. The texts of several blocks are on lines of their own.</summary>
    public static string Plain(IMarkdownObject item)
    {
        var text = new StringBuilder();
        Append(item);
        return text.ToString().Trim();

        void Append(IMarkdownObject? part)
        {
            switch (part)
            {
                case LiteralInline literal: text.Append(literal.Content.AsSpan()); break;
                case CodeInline code: text.Append(code.Content); break;
                case HtmlEntityInline entity: text.Append(entity.Transcoded.AsSpan()); break;
                case AutolinkInline link: text.Append(link.Url); break;
                case LineBreakInline: text.Append('\n'); break;
                case ContainerInline inlines: foreach (var inline in inlines) Append(inline); break;
                case LeafBlock { Inline: { } inline }: Append(inline); text.Append('\n'); break;
                case CodeBlock code: text.Append(code.Lines.ToString()).Append('\n'); break;
                case ContainerBlock blocks: foreach (var block in blocks) Append(block); break;
            }
        }
    }

    // Without recursion: it is asked before anything else looks into the text.
    private static bool IsDeeperThan(MarkdownDocument document, int max)
    {
        var open = new Stack<(MarkdownObject Item, int Depth)>([(document, 0)]);
        while (open.TryPop(out var next))
        {
            if (next.Depth > max)
                return true;
            IEnumerable<MarkdownObject> below = next.Item switch
            {
                ContainerBlock blocks => blocks,
                LeafBlock { Inline: { } inline } => [inline],
                ContainerInline inlines => inlines,
                _ => [],
            };
            foreach (var item in below)
                open.Push((item, next.Depth + 1));
        }

        return false;
    }

    /// <summary>A block of HTML in parts, so that each fold begins and ends with one; other blocks as they are.</summary>
    private static IEnumerable<Piece> Split(Block block) => block switch
    {
        LinkReferenceDefinitionGroup => [],
        HtmlBlock html => FoldEdge().Split(Comment().Replace(html.Lines.ToString(), "")).Where(part => part.Trim().Length > 0)
            .Select(part => new Piece(block, part)),
        _ => [new Piece(block)],
    };

    private static IReadOnlyList<Piece> Group(IReadOnlyList<Piece> flat)
    {
        var at = 0;
        // A fold that is never closed hides the rest, as in a browser.
        return Until(depth: 0);

        List<Piece> Until(int depth)
        {
            var pieces = new List<Piece>();
            while (at < flat.Count)
            {
                var piece = flat[at++];
                if (depth > 0 && piece.Html is { } end && FoldEnd().Match(end) is { Success: true } match && !FoldStart().IsMatch(end))
                {
                    if (end[..match.Index].Trim().Length > 0)
                        pieces.Add(piece with { Html = end[..match.Index] });
                    return pieces;
                }

                if (piece.Html is not { } html || !FoldStart().IsMatch(html) || depth > MaxDepth
                    || RawHtml.SummaryOf(html) is not { } summary)
                    pieces.Add(piece);
                else
                    pieces.Add(new Fold(piece.Block, html, summary, FoldEnd().IsMatch(html) ? [] : Until(depth + 1)));
            }

            return pieces;
        }
    }

    private Heading HeadingOf(HeadingBlock block)
    {
        var lines = Source.Substring(block.Span.Start, block.Span.Length).Split('\n');
        var written = HeadingLine().Match(lines[0]) is { Success: true } match ? match.Groups[1].Value : lines[0].Trim();
        return new Heading(block, Plain(block).ReplaceLineEndings(" "), written);
    }

    private static IEnumerable<Link> AddressesIn(string html, int line) => RawHtml.AddressesIn(html).Select(url => new Link(url, line));

    private string Replace(IEnumerable<CourseComment> comments, Func<CourseComment, string> with) => comments.Reverse()
        .Aggregate(Written, (text, c) => text[..c.Start] + with(c) + text[(c.Start + c.Length)..]);

    private IEnumerable<CourseComment> In(string audience) => Comments().Where(c => c.For == audience);

    /// <summary>The comments that are for somebody: those with a word and a colon at the beginning.</summary>
    private IEnumerable<CourseComment> Comments() => _document.Descendants().Select(item => item switch
    {
        HtmlBlock { Type: HtmlBlockType.Comment } html => (Text: html.Lines.ToString(), html.Span.Start),
        HtmlInline html when html.Tag.StartsWith("<!--", StringComparison.Ordinal) => (Text: html.Tag, html.Span.Start),
        _ => (Text: "", Start: 0),
    }).Select(c => (c.Start, Match: ForSomebody().Match(c.Text))).Where(c => c.Match.Success)
        .Select(c => new CourseComment(c.Match.Groups[1].Value, c.Match.Groups[2].Value.Trim(), c.Start, c.Match.Length));

    /// <summary>A comment: for whom it is, its text, and its place in what was written.</summary>
    private sealed record CourseComment(string For, string Text, int Start, int Length);

    [GeneratedRegex(@"^ {0,3}#{1,6}[ \t]+(.+?)(?:[ \t]+#+)?[ \t]*$")]
    private static partial Regex HeadingLine();

    [GeneratedRegex(@"\A\s*<!--\s*(instructor|tab|no tab):(.*?)-->", RegexOptions.Singleline)]
    private static partial Regex ForSomebody();

    [GeneratedRegex("<!--.*?-->", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"(?=<details[\s>])|(?<=</details\s*>)", RegexOptions.IgnoreCase)]
    private static partial Regex FoldEdge();

    [GeneratedRegex(@"\A<details[\s>]", RegexOptions.IgnoreCase)]
    private static partial Regex FoldStart();

    [GeneratedRegex(@"</details\s*>\z", RegexOptions.IgnoreCase)]
    private static partial Regex FoldEnd();
}
