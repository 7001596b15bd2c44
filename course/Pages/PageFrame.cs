using System.Net;

namespace TracingTutorial.Course.Pages;

/// <summary>What a page of the live site shows before a script has drawn it, and without scripts.</summary>
/// <param name="Title">Text.</param>
/// <param name="Main">The content, as HTML.</param>
/// <param name="Feet">What is below the content, as HTML.</param>
/// <param name="Lesson">The name of the lesson; null for the list of lessons.</param>
internal sealed record LiveContent(string Title, string Main, string Feet = "", string? Lesson = null);

/// <summary>
/// The HTML of the page: frames that its scripts fill. In the player they are the same for every learner and every lesson, so they can be
/// sent before it is known who asks. On the live site they have the lesson to read.
/// </summary>
internal static class PageFrame
{
    /// <summary>
    /// What a page of the live site may do. Nothing that a cell shows can run a script, send a form, or load anything from elsewhere.
    /// </summary>
    public const string LivePolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; "
        + "connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        + "form-action 'none'; base-uri 'none'";

    private const string Course = "Distributed tracing for .NET";

    /// <summary>The frame of the list of lessons, and of a file of the clone.</summary>
    /// <param name="root">Where the scripts are, seen from the page: <c>/</c>, or <c>page/</c> on a site that may be below a path.</param>
    /// <param name="live">For the live site.</param>
    public static string List(string root, LiveContent? live = null) => Page(root, "start", "start.js", live, $"""
        <main id="main" tabindex="-1"{Content(live, "course")}</main>{live?.Feet}
        """);

    /// <summary>The frame of a lesson.</summary>
    /// <param name="root">As for <see cref="List"/>.</param>
    /// <param name="live">As for <see cref="List"/>.</param>
    public static string Lesson(string root, LiveContent? live = null) => Page(root, "lesson", "lesson.js", live, $"""
        <header class="bar" role="toolbar" aria-label="Lesson">
          <a class="home" href="{(live is null ? WebUtility.HtmlEncode(root) : "index.html")}">All lessons</a>
          <button id="runall" disabled>Run all</button>
          <button id="stop" disabled>Stop</button>
          <button id="restart" disabled>Restart</button>
          <button id="variables" disabled aria-expanded="false" aria-controls="values">Variables</button>
          <button id="present" disabled aria-pressed="false" title="Large type, one part at a time. ? lists the keys">Present</button>
          <button id="again" disabled>Start again</button>
          <span id="part" role="status" aria-live="polite"></span>
          <span id="state" role="status" aria-live="polite"></span>
          <div id="lost" role="status" hidden></div>
        </header>
        <nav id="index" aria-label="This lesson"></nav>
        <main id="main" tabindex="-1"{Content(live, "lesson")}</main>
        <aside id="values" aria-label="Variables" tabindex="-1" hidden></aside>
        <footer id="feet" class="neighbours">{live?.Feet}</footer>
        <div id="notice" role="alert"></div>
        <dialog id="question">
          <p></p>
          <form method="dialog"><button value="yes">Yes</button> <button value="no" autofocus>No</button></form>
        </dialog>
        <script src="{WebUtility.HtmlEncode(root)}vs/loader.js"></script>
        """);

    private static string Content(LiveContent? live, string what) => live is null
        ? $" aria-busy=\"true\"><noscript>The {what} needs JavaScript.</noscript>"
        : $">\n<noscript><p class=\"quiet\">Without JavaScript the {what} can be read, and its cells cannot be run.</p></noscript>\n"
            + live.Main;

    private static string Page(string root, string css, string script, LiveContent? live, string body)
    {
        var at = WebUtility.HtmlEncode(root);
        var policy = live is null ? "" : $"<meta http-equiv=\"Content-Security-Policy\" content=\"{LivePolicy}\">\n";
        var offline = live is null ? "" : $"\n<script type=\"module\" src=\"{at}offline.js\"></script>";
        return HtmlPage.Of(live?.Title ?? Course, [$"{at}course.css", $"{at}player.css"], body, css,
            $"{policy}<script type=\"module\" src=\"{at}{script}\"></script>{offline}",
            live is null ? "" : live.Lesson is null ? " data-live=\"1\"" : $" data-live=\"1\" data-lesson=\"{live.Lesson}\"");
    }
}
