using System.Text.Json;
using AngleSharp.Html.Parser;

namespace TracingTutorial.Course.Pages;

/// <summary>
/// What a cell has drawn, in a box of its own: no style gets out of it, and nothing in it opens over the page. Here it is a
/// template that a browser unfolds without a script; the player's page makes the same box, by the same lists in box.json.
/// </summary>
/// <param name="Style">The base style of every box.</param>
/// <param name="Elements">
/// Elements that are removed: a browser reads their text on to the end of the page, or they are about the page as a whole.
/// </param>
/// <param name="Attributes">Attributes that are removed: they open something over the page.</param>
internal sealed record Box(string Style, string[] Elements, string[] Attributes)
{
    /// <summary>The lists for this machine's boxes and for those of the page.</summary>
    public static Box Rules { get; } = Read();

    /// <summary>The HTML in its box. Whatever it leaves open is closed.</summary>
    public static string Of(string html)
    {
        var box = new HtmlParser().ParseDocument("").CreateElement("div");
        box.InnerHtml = html;
        foreach (var element in box.QuerySelectorAll(string.Join(',', Rules.Elements)))
            element.Remove();
        foreach (var element in box.QuerySelectorAll("*"))
        {
            foreach (var attribute in Rules.Attributes)
                element.RemoveAttribute(attribute);
        }

        // Two boxes: the outer one cannot be reached by the styles of the inner one.
        return $"<div class=\"html\"><div><template shadowrootmode=\"open\"><style>{Rules.Style}</style>{box.InnerHtml}"
            + "</template></div></div>";
    }

    private static Box Read()
    {
        using var file = typeof(Box).Assembly.GetManifestResourceStream("box.json")!;
        return JsonSerializer.Deserialize<Box>(file, JsonSerializerOptions.Web)!;
    }
}
