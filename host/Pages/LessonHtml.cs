using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text.RegularExpressions;
using Markdig;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using TracingTutorial.Host.Notebooks;

namespace TracingTutorial.Host.Pages;

/// <summary>The text of a lesson as HTML.</summary>
/// <param name="Html">What a reader sees.</param>
/// <param name="Notes">What only the instructor sees: the comment <c>&lt;!-- instructor: … --&gt;</c>, as HTML; null when there is none.</param>
internal sealed partial record LessonHtml(string Html, string? Notes)
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().UseAutoIdentifiers().UseGenericAttributes().Build();

    /// <summary>Renders a Markdown cell, or a guide.</summary>
    /// <param name="markdown">Its source.</param>
    /// <param name="folder">The folder of the file that it stands in: its links start there.</param>
    /// <param name="address">Where a reader finds the file at a path from the root of the clone; null for nowhere, and then the link is only its text.</param>
    public static LessonHtml Of(string markdown, string folder, Func<string, string?> address)
    {
        var notes = InstructorNotes.Of(markdown);
        return new LessonHtml(Render(InstructorNotes.Without(markdown), folder, address),
            notes.Length == 0 ? null : Render(string.Join("\n\n", notes), folder, address));
    }

    /// <summary>The paths that a text leads to.</summary>
    public static IEnumerable<string> PathsIn(string markdown, string folder) =>
        Markdown.Parse(markdown, Pipeline).Descendants<LinkInline>().Select(link => CloneFile.Meant(folder, link.Url ?? "").Path).OfType<string>();

    private static string Render(string markdown, string folder, Func<string, string?> address)
    {
        var document = Markdown.Parse(markdown, Pipeline);
        foreach (var link in document.Descendants<LinkInline>().ToArray())
        {
            if (Resolve(folder, link.Url ?? "", address) is { } url)
                link.Url = url;
            else
                Unlink(link);
        }

        foreach (var list in document.OfType<ListBlock>().Where(IsQuestion))
            MarkQuestion(list, document);
        if (document.FirstOrDefault() is ParagraphBlock { Inline: { } inline } first && LetterOf(inline) is { } letter)
        {
            first.GetAttributes().AddClass("closing");
            first.GetAttributes().AddProperty("data-letter", letter);
        }

        using var writer = new StringWriter();
        var renderer = new HtmlRenderer(writer);
        Pipeline.Setup(renderer);
        renderer.ObjectRenderers.Replace<CodeBlockRenderer>(new ColouredCode());
        renderer.Render(document);
        return PictureSource().Replace(writer.ToString(), m => $"{m.Groups[1].Value}=\"{Resolve(folder, m.Groups[2].Value, address) ?? m.Groups[2].Value}\"");
    }

    private static string? Resolve(string folder, string link, Func<string, string?> address)
    {
        var (path, place) = CloneFile.Meant(folder, link);
        return path is null ? link : address(path) is { } there ? there + place : null;
    }

    /// <summary>What is named, but no page shows.</summary>
    private static void Unlink(LinkInline link)
    {
        while (link.FirstChild is { } child)
        {
            child.Remove();
            link.InsertBefore(child);
        }

        link.Remove();
    }

    /// <summary>A question: a list in which each item begins with a bold letter, <c>**A.**</c>.</summary>
    private static bool IsQuestion(ListBlock list) =>
        list.Count is >= 2 and <= 5 && list.Select((item, i) => ((ListItemBlock)item).FirstOrDefault() is ParagraphBlock { Inline: { } inline } && LetterOf(inline) == ((char)('A' + i)).ToString()).All(is_ => is_);

    private static string? LetterOf(ContainerInline inline) =>
        inline.FirstChild is EmphasisInline { DelimiterCount: 2, FirstChild: LiteralInline literal } && Letter().Match(literal.Content.ToString()) is { Success: true } match
            ? match.Groups[1].Value : null;

    private static void MarkQuestion(ListBlock list, MarkdownDocument document)
    {
        var attributes = list.GetAttributes();
        attributes.AddClass("choices");
        // A quiz has its answer in a fold right below; a prediction has it behind the next cell.
        if (document.ElementAtOrDefault(document.IndexOf(list) + 1) is HtmlBlock html && html.Lines.ToString().Contains("<details", StringComparison.Ordinal)
            && document.ElementAtOrDefault(document.IndexOf(list) + 2) is ParagraphBlock { Inline: { } answer } && LetterOf(answer) is { } letter)
        {
            attributes.AddClass("quiz");
            attributes.AddProperty("data-answer", letter);
        }

        for (var i = 0; i < list.Count; i++)
            list[i].GetAttributes().AddProperty("data-letter", ((char)('A' + i)).ToString());
    }

    /// <summary>Code in the text has the colours of code in cells.</summary>
    private sealed class ColouredCode : CodeBlockRenderer
    {
        protected override void Write(HtmlRenderer renderer, CodeBlock block)
        {
            var code = block.Lines.ToString();
            var language = (block as FencedCodeBlock)?.Info ?? "";
            renderer.Write($"<pre class=\"listing\" data-language=\"{WebUtility.HtmlEncode(language)}\" tabindex=\"0\"><code>")
                .Write(language == "csharp" ? CodeHtml.Of(code) : WebUtility.HtmlEncode(code)).Write("</code></pre>\n");
        }
    }

    /// <summary>In HTML of the author's own: the Markdown is resolved before.</summary>
    [GeneratedRegex("(src|srcset)=\"(\\.\\./assets/[^\"]+)\"")]
    private static partial Regex PictureSource();

    [GeneratedRegex(@"^([A-E])\.")]
    private static partial Regex Letter();
}
