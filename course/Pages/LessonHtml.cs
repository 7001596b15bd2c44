using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text.RegularExpressions;
using Markdig.Extensions.Tables;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Renderers.Html.Inlines;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Pages;

/// <summary>Text as HTML. Whoever wrote it, it stays where it is put: no script, no style, no id but those of its headings.</summary>
/// <param name="folder">The folder of the file that the text is from: its links start there.</param>
/// <param name="address">
/// Where a reader finds the file at a path from the root of the clone; null for nowhere, and then a link is only its text.
/// </param>
internal sealed partial class LessonHtml(string folder, Func<string, string?> address)
{
    /// <summary>A whole text, as a guide or a note.</summary>
    public string Of(MarkdownText text) => Of(text.Pieces);

    /// <summary>A guide: a page of its own, whose headings can be led to.</summary>
    public string Page(MarkdownText text)
    {
        Mark(Anchors.Of([text]));
        return Of(text);
    }

    /// <summary>Some of a text.</summary>
    public string Of(IEnumerable<Piece> pieces)
    {
        using var writer = new StringWriter();
        var renderer = new HtmlRenderer(writer);
        new TableRenderer().AddTo(renderer);
        renderer.ObjectRenderers.Replace<CodeBlockRenderer>(new ColouredCode());
        renderer.ObjectRenderers.Replace<HtmlBlockRenderer>(new AuthorsBlock(this));
        renderer.ObjectRenderers.Replace<HtmlInlineRenderer>(new AuthorsTag(this));
        renderer.ObjectRenderers.Replace<LinkInlineRenderer>(new ResolvedLink(this));
        renderer.ObjectRenderers.Replace<AutolinkInlineRenderer>(new ResolvedAddress(this));
        Write(renderer, pieces);
        return Alone(writer.ToString());
    }

    /// <summary>Each picture is a link to itself: on a phone, only the picture alone is large enough to be read.</summary>
    private static string Alone(string html) => Picture().Replace(html, picture =>
        $"<a class=\"picture\" href=\"{picture.Groups["src"].Value}\" target=\"_blank\" "
            + $"title=\"Open the picture alone\">{picture.Value}</a>");

    /// <summary>Writes into the HTML of a lesson's blocks what the page looks for: ids, questions, answers, solutions.</summary>
    public static void Mark(Lesson lesson)
    {
        Mark(lesson.Ids);
        foreach (var cell in lesson.Notebook.Cells.Where(c => c.Kind == CellKind.Markdown))
        {
            if (cell.Text.Pieces.FirstOrDefault()?.Block is ParagraphBlock first && Question.LetterOf(first) is not null)
                first.SetAttributes(new HtmlAttributes { Classes = ["closing"] });
        }

        foreach (var (question, n) in lesson.Questions.Select((q, i) => (q, i.ToString(System.Globalization.CultureInfo.InvariantCulture))))
        {
            question.List.SetAttributes(new HtmlAttributes { Classes = ["choices"], Properties = [new("data-question", n)] });
            question.Asks?.SetAttributes(new HtmlAttributes { Classes = ["question"], Properties = [new("data-asks", n)] });
            question.Closes?.SetAttributes(new HtmlAttributes { Classes = ["closing"], Properties = [new("data-closes", n)] });
        }

        foreach (var (cell, fold) in lesson.Solutions.Values)
            fold.Block.SetAttributes(new HtmlAttributes { Properties = [new("data-solution", $"{cell.Number - 1}")] });
    }

    private static void Mark(IReadOnlyDictionary<HeadingBlock, string> ids)
    {
        foreach (var (heading, id) in ids)
            heading.SetAttributes(new HtmlAttributes { Id = id });
    }

    /// <summary>Where a link leads; null for nowhere. An address of the web is one of its pages, or of a mailbox.</summary>
    private string? Resolve(string url) => CloneFile.Meant(folder, url) switch
    {
        (null, { Length: > 0 } place) when url[0] == '#' => place,
        (null, _) => WebSchemes.Any(scheme => url.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) ? url : null,
        ({ } path, var place) => address(path) is { } there ? there + place : null,
    };

    private static readonly string[] WebSchemes = ["https://", "http://", "mailto:"];

    /// <summary>A picture is always one of the clone's.</summary>
    private string? ResolvePicture(string url) => CloneFile.Meant(folder, url).Path is { } path ? address(path) : null;

    private string Clean(string html) => RawHtml.Clean(html, (element, url) => element == "a" ? Resolve(url) : ResolvePicture(url));

    private void Write(HtmlRenderer renderer, IEnumerable<Piece> pieces)
    {
        foreach (var piece in pieces)
        {
            if (piece.Html is null)
            {
                renderer.Write(piece.Block);
                continue;
            }

            var html = Clean(piece.Html);
            var (start, end) = piece is Fold
                ? (html.IndexOf("<details", StringComparison.Ordinal),
                    html.LastIndexOf("</details>", StringComparison.Ordinal))
                : (-1, -1);
            if (piece is not Fold fold || start < 0)
            {
                renderer.Write(html);
                continue;
            }

            start += "<details".Length;
            renderer.Write(html[..start]);
            if (fold.Solution is not null)
                renderer.WriteAttributes(fold.Block);
            renderer.Write(html[start..end]);
            Write(renderer, fold.Pieces);
            renderer.Write(html[end..]);
            renderer.EnsureLine();
        }
    }

    /// <summary>Adds tables. A narrow page scrolls them, also with keys.</summary>
    private sealed class TableRenderer : HtmlTableRenderer
    {
        protected override void Write(HtmlRenderer renderer, Table table)
        {
            table.SetAttributes(new HtmlAttributes { Properties = [new("tabindex", "0")] });
            base.Write(renderer, table);
        }

        public void AddTo(HtmlRenderer renderer) => renderer.ObjectRenderers.Insert(0, this);
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

    /// <summary>HTML of the author below the top level, as in a list.</summary>
    private sealed class AuthorsBlock(LessonHtml html) : HtmlBlockRenderer
    {
        protected override void Write(HtmlRenderer renderer, HtmlBlock block) =>
            renderer.Write(html.Clean(block.Lines.ToString())).EnsureLine();
    }

    /// <summary>A tag of the author within a line. One that opens stays if it is closed at the same level.</summary>
    private sealed class AuthorsTag(LessonHtml html) : HtmlInlineRenderer
    {
        private readonly Dictionary<ContainerInline, HashSet<HtmlInline>> _pairs = [];

        protected override void Write(HtmlRenderer renderer, HtmlInline tag)
        {
            if (tag.Parent is { } parent && PairsIn(parent).Contains(tag))
                renderer.Write(tag.Tag.StartsWith("</", StringComparison.Ordinal) ? $"</{NameOf(tag)}>" : $"<{NameOf(tag)}>");
            else if (NameOf(tag) is "br" or "img" && tag.Tag[1] != '/')
                renderer.Write(html.Clean(tag.Tag));
        }

        private HashSet<HtmlInline> PairsIn(ContainerInline parent)
        {
            if (_pairs.TryGetValue(parent, out var known))
                return known;
            var pairs = new HashSet<HtmlInline>();
            var open = new Stack<HtmlInline>();
            foreach (var tag in parent.OfType<HtmlInline>()
                .Where(t => NameOf(t) is "kbd" or "sub" or "sup" or "b" or "i" or "em" or "strong" or "code"))
            {
                if (!tag.Tag.StartsWith("</", StringComparison.Ordinal))
                    open.Push(tag);
                else if (open.TryPeek(out var opening) && NameOf(opening) == NameOf(tag))
                    pairs.UnionWith([open.Pop(), tag]);
            }

            return _pairs[parent] = pairs;
        }

        private static string NameOf(HtmlInline tag) =>
            new string([.. tag.Tag.SkipWhile(c => c is '<' or '/').TakeWhile(char.IsAsciiLetterOrDigit)]).ToLowerInvariant();
    }

    private sealed class ResolvedLink(LessonHtml html) : LinkInlineRenderer
    {
        protected override void Write(HtmlRenderer renderer, LinkInline link)
        {
            var url = link.IsImage ? html.ResolvePicture(link.Url ?? "") : html.Resolve(link.Url ?? "");
            if (url is null)
                renderer.WriteChildren(link);
            else if (link.IsImage)
                renderer.Write("<img src=\"").WriteEscapeUrl(url)
                    .Write("\" alt=\"")
                    .Write(WebUtility.HtmlEncode(MarkdownText.Plain(link)))
                    .Write("\" />");
            else
            {
                renderer.Write("<a href=\"").WriteEscapeUrl(url).Write('"');
                if (link.Title is { Length: > 0 } title)
                    renderer.Write(" title=\"").WriteEscape(title).Write('"');
                renderer.Write('>').WriteChildren(link);
                renderer.Write("</a>");
            }
        }
    }

    private sealed class ResolvedAddress(LessonHtml html) : AutolinkInlineRenderer
    {
        protected override void Write(HtmlRenderer renderer, AutolinkInline link)
        {
            if (html.Resolve(link.IsEmail ? $"mailto:{link.Url}" : link.Url) is { } url)
                renderer.Write("<a href=\"").WriteEscapeUrl(url).Write("\">").WriteEscape(link.Url).Write("</a>");
            else
                renderer.WriteEscape(link.Url);
        }
    }

    [GeneratedRegex("""(?<!<a [^>]*>\s*)(?:<picture>.*?<img [^>]*?src="(?<src>[^"]+)"[^>]*>\s*</picture>"""
        + """|<img [^>]*?src="(?<src>[^"]+)"[^>]*>)""",
        RegexOptions.Singleline)]
    private static partial Regex Picture();
}
