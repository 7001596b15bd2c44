using System.Net;
using TracingTutorial.Course.Pages;

namespace TracingTutorial.Host.Player;

/// <summary>
/// The HTML of the page: frames that its scripts fill. They are the same for every learner and every lesson, so they can be sent
/// before it is known who asks.
/// </summary>
internal static class StartPage
{
    private const string Course = "Distributed tracing for .NET";

    /// <summary>The frame of the list of lessons, and of a file of the clone.</summary>
    /// <param name="root">Where the site begins, seen from the page: <c>/</c>, or <c>../</c> on a site that may be below a path.</param>
    public static string List(string root) => Page(root, "start", "start.js", """
        <main id="main" tabindex="-1" aria-busy="true"><noscript>The course needs JavaScript.</noscript></main>
        """);

    /// <summary>The frame of a lesson.</summary>
    /// <param name="root">As for <see cref="List"/>.</param>
    public static string Lesson(string root) => Page(root, "lesson", "lesson.js", $"""
        <header class="bar" role="toolbar" aria-label="Lesson">
          <a class="home" href="{WebUtility.HtmlEncode(root)}">All lessons</a>
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
        <main id="main" tabindex="-1" aria-busy="true"><noscript>The lesson needs JavaScript.</noscript></main>
        <aside id="values" aria-label="Variables" tabindex="-1" hidden></aside>
        <footer id="feet" class="neighbours"></footer>
        <div id="notice" role="alert"></div>
        <dialog id="question">
          <p></p>
          <form method="dialog"><button value="yes">Yes</button> <button value="no" autofocus>No</button></form>
        </dialog>
        <script src="{WebUtility.HtmlEncode(root)}vs/loader.js"></script>
        """);

    private static string Page(string root, string css, string script, string body)
    {
        var at = WebUtility.HtmlEncode(root);
        return HtmlPage.Of(Course, [$"{at}course.css", $"{at}player.css"], body, css,
            $"<script type=\"module\" src=\"{at}{script}\"></script>");
    }
}
