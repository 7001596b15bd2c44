using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace TracingTutorial.Course.Lessons;

/// <summary>
/// HTML that an author wrote into Markdown. What a lesson needs is kept, by a list; all else is left out, so that a lesson
/// can neither leave its page, nor cover it, nor take over its ids.
/// </summary>
internal static class RawHtml
{
    /// <summary>More tags in one block are not looked at: a parser of HTML is slow where many elements are open.</summary>
    private const int MaxTags = 256;

    /// <summary>The elements that stay, with the attributes that stay.</summary>
    private static readonly Dictionary<string, string[]> Kept = new()
    {
        ["a"] = ["href"],
        ["img"] = ["src", "alt"],
        ["source"] = ["srcset", "media"],
        ["details"] = ["open"],
        ["b"] = [],
        ["br"] = [],
        ["code"] = [],
        ["em"] = [],
        ["hr"] = [],
        ["i"] = [],
        ["kbd"] = [],
        ["p"] = [],
        ["picture"] = [],
        ["strong"] = [],
        ["sub"] = [],
        ["summary"] = [],
        ["sup"] = [],
    };

    /// <summary>Elements whose content is no text for a reader.</summary>
    private static readonly HashSet<string> Dropped =
    [
        "audio", "canvas", "embed", "frameset", "head", "iframe", "math", "noembed", "noframes",
        "noscript", "object", "plaintext", "script", "select", "style", "svg", "template", "textarea", "title", "video", "xmp",
    ];

    /// <summary>What stays of a piece of HTML, each element closed.</summary>
    /// <param name="html">As it was written.</param>
    /// <param name="resolve">
    /// Where the address of an element (by its name) leads; null for nowhere: then a link is its text, and a picture is what it
    /// says instead.
    /// </param>
    public static string Clean(string html, Func<string, string, string?> resolve)
    {
        if (Body(html) is not { } body)
            return WebUtility.HtmlEncode(html);
        foreach (var node in body.Descendants().Where(n => n is IComment or IProcessingInstruction).ToArray())
            node.Parent!.RemoveChild(node);
        foreach (var element in body.QuerySelectorAll("*").Reverse()) // the inner ones first
            Clean(element, resolve);
        return body.InnerHtml;
    }

    /// <summary>The text of the first summary; null when there is no fold.</summary>
    public static string? SummaryOf(string html) => Body(html)?.QuerySelector("details") is { } fold
        ? string.Join(' ',
            (fold.QuerySelector("summary")?.TextContent ?? "").Split((char[])[], StringSplitOptions.RemoveEmptyEntries))
        : null;

    /// <summary>The addresses of links and pictures that stay.</summary>
    public static IEnumerable<string> AddressesIn(string html) =>
        Body(html)?.QuerySelectorAll("a[href],img[src],source[srcset]").Select(e => e.GetAttribute(AddressOf(e)!)!) ?? [];

    private static IElement? Body(string html)
    {
        if (html.AsSpan().Count('<') > MaxTags)
            return null;
        var body = new HtmlParser().ParseDocument("").CreateElement("div");
        body.InnerHtml = html;
        return body;
    }

    private static void Clean(IElement element, Func<string, string, string?> resolve)
    {
        if (!Kept.TryGetValue(element.LocalName, out var attributes) || element.NamespaceUri != NamespaceNames.HtmlUri)
        {
            if (Dropped.Contains(element.LocalName) || element.NamespaceUri != NamespaceNames.HtmlUri)
                element.Remove();
            else
                element.Replace([.. element.ChildNodes]);
            return;
        }

        foreach (var attribute in element.Attributes.ToArray().Where(a => !attributes.Contains(a.Name)))
            element.RemoveAttribute(attribute.Name);
        if (AddressOf(element) is not { } name || element.GetAttribute(name) is not { } url)
            return;
        if (resolve(element.LocalName, url) is { } there)
            element.SetAttribute(name, there);
        else if (element.LocalName == "img")
            element.Replace(element.Owner!.CreateTextNode(element.GetAttribute("alt") ?? ""));
        else
            element.Replace([.. element.ChildNodes]);
    }

    private static string? AddressOf(IElement element) => element.LocalName switch
    {
        "a" => "href",
        "img" => "src",
        "source" => "srcset",
        _ => null,
    };
}
