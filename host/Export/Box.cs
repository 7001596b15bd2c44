using AngleSharp.Html.Parser;

namespace TracingTutorial.Host.Export;

/// <summary>What a cell has drawn, in a box of its own as in the player: a template that a browser unfolds without a script.</summary>
internal static class Box
{
    private const string Style = "<style>:host{display:block;font:14px/1.45 system-ui,sans-serif}table{border-collapse:collapse}td,th{padding:2px 8px;text-align:left}pre{white-space:pre-wrap}</style>";

    /// <summary>Elements whose text a browser reads on to the end of the page, or that are about the page as a whole.</summary>
    private const string Open = "script, noscript, template, plaintext, xmp, noembed, noframes, iframe, object, embed, base, meta, link";

    private static readonly string[] Openers = ["popover", "popovertarget", "commandfor", "interestfor"];

    /// <summary>The HTML in its box. Whatever it leaves open is closed; what would open over the page does not.</summary>
    public static string Of(string html)
    {
        var document = new HtmlParser().ParseDocument("");
        var box = document.CreateElement("div");
        box.InnerHtml = html;
        foreach (var element in box.QuerySelectorAll(Open))
            element.Remove();
        foreach (var element in box.QuerySelectorAll("*"))
        {
            foreach (var opener in Openers)
                element.RemoveAttribute(opener);
        }

        // Two boxes: the outer one cannot be reached by the styles of the inner one.
        return $"<div class=\"html\"><div><template shadowrootmode=\"open\">{Style}{box.InnerHtml}</template></div></div>";
    }
}
