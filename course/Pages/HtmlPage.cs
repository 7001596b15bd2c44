using System.Net;

namespace TracingTutorial.Course.Pages;

/// <summary>The frame of every page: what is before and after its content.</summary>
internal static class HtmlPage
{
    /// <summary>A page.</summary>
    /// <param name="title">Text.</param>
    /// <param name="styles">The addresses of its style sheets.</param>
    /// <param name="body">HTML. It has an element with the id <c>main</c>.</param>
    /// <param name="css">The class of its body, or null.</param>
    /// <param name="head">More HTML for its head, as a policy or a script.</param>
    /// <param name="data">More attributes of its root, each after a space.</param>
    public static string Of(string title, string[] styles, string body, string? css = null, string head = "", string data = "") => $"""
        <!doctype html>
        <html lang="en"{data}>
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <link rel="icon" href="data:,">
        {head}
        <title>{WebUtility.HtmlEncode(title)}</title>
        {string.Join('\n', System.Array.ConvertAll(styles, style => $"<link rel=\"stylesheet\" href=\"{style}\">"))}
        </head>
        <body{(css is null ? "" : $" class=\"{css}\"")}>
        <a class="skip" href="#main">Skip to the content</a>
        {body}
        </body>
        </html>

        """;
}
