using System;
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

    /// <summary>Renders a Markdown cell.</summary>
    /// <param name="markdown">Its source.</param>
    /// <param name="lessonLink">The address of another lesson, by its file name without ending.</param>
    /// <param name="assets">The address of the folder <c>assets</c>, with a slash at the end.</param>
    public static LessonHtml Of(string markdown, Func<string, string> lessonLink, string assets)
    {
        var notes = InstructorNotes.Of(markdown);
        return new LessonHtml(Render(InstructorNotes.Without(markdown), lessonLink, assets),
            notes.Length == 0 ? null : Render(string.Join("\n\n", notes), lessonLink, assets));
    }

    private static string Render(string markdown, Func<string, string> lessonLink, string assets)
    {
        var document = Markdown.Parse(markdown, Pipeline);
        foreach (var link in document.Descendants<LinkInline>().ToArray())
        {
            link.Url = Resolve(link.Url ?? "", lessonLink, assets);
            if (link.Url.StartsWith("../", StringComparison.Ordinal))
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
        return AssetSource().Replace(writer.ToString(), m => $"{m.Groups[1].Value}=\"{assets}{m.Groups[2].Value}\"");
    }

    private static string Resolve(string url, Func<string, string> lessonLink, string assets) =>
        LessonFile().Match(url) is { Success: true } lesson ? lessonLink(lesson.Groups[1].Value) + lesson.Groups[2].Value
        : url.StartsWith("../assets/", StringComparison.Ordinal) ? assets + url["../assets/".Length..] : url;

    /// <summary>A file of the clone is named, but no page can show it.</summary>
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

    [GeneratedRegex(@"^(\d\d-[a-z0-9-]+)\.dib(#.*)?$")]
    private static partial Regex LessonFile();

    [GeneratedRegex("(src|srcset)=\"\\.\\./assets/([^\"]+)\"")]
    private static partial Regex AssetSource();

    [GeneratedRegex(@"^([A-E])\.")]
    private static partial Regex Letter();
}
