using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using Markdig;
using TracingTutorial.Host.Pages;

namespace TracingTutorial.Host.Player;

/// <summary>The pages that the server writes: the list of lessons, and the frame of a lesson that the script fills.</summary>
internal static class StartPage
{
    /// <summary>The lessons with their minutes, what each is about, what is solved, and where the learner was.</summary>
    /// <param name="lessons">All of them.</param>
    /// <param name="instructor">Where the guide for instructors is; null when there is none.</param>
    public static string Html(IReadOnlyList<LessonCard> lessons, string? instructor)
    {
        var last = lessons.Where(l => l.Visited is not null).MaxBy(l => l.Visited);
        var solved = lessons.Sum(l => l.Solved);
        var go = last ?? lessons[0];
        return Page("Distributed tracing for .NET", "start", $"""
            <main id="main" tabindex="-1">
              <h1>Distributed tracing for .NET</h1>
              <p class="lead">Ten services, ten logs, and one request that failed: which lines belong together? You find out here, with real traces of real ASP.NET Core services.</p>
              <p><a class="go" href="/lesson/{go.Name}">{(last is null ? "Begin" : "Go on")}: {Encode(go.Title)}</a>
              <span class="quiet">{solved} of {lessons.Sum(l => l.Exercises)} exercises solved</span></p>
              <ol class="lessons" role="list">{string.Concat(lessons.Select(l => Card(l, l == last)))}</ol>
              <p class="quiet">What you do is kept on this machine. Ctrl+C in the terminal ends the player; your work is there again when you come back.</p>
              {CloneFile.ForInstructors(instructor)}
            </main>
            """);
    }

    /// <summary>A file of the clone, to read.</summary>
    public static string File(string title, string html) => Page(title, "start", $"""
        <main id="main" tabindex="-1">
        <nav aria-label="Course"><a href="/">All lessons</a></nav>
        {html}
        </main>
        """);

    /// <summary>The page of a lesson, without its cells.</summary>
    public static string LessonShell(IReadOnlyList<LessonCard> lessons, string name)
    {
        var at = lessons.ToList().FindIndex(l => l.Name == name);
        var lesson = lessons[at];
        string Neighbour(int index, string rel, string label) => index >= 0 && index < lessons.Count
            ? $"<a rel=\"{rel}\" href=\"/lesson/{lessons[index].Name}\">{label}: {Encode(lessons[index].Title)}</a>" : "<span></span>";
        return Page(lesson.Title, "lesson", $"""
            <header class="bar" role="toolbar" aria-label="Lesson">
              <a class="home" href="/">All lessons</a>
              <button id="runall" disabled>Run all</button>
              <button id="stop" disabled>Stop</button>
              <button id="restart" disabled>Restart</button>
              <button id="variables" disabled aria-expanded="false" aria-controls="values">Variables</button>
              <button id="present" disabled aria-pressed="false" title="Large type, one part at a time: Shift+Enter runs, → goes on, N shows notes, T hides the text, Esc ends it">Present</button>
              <button id="again" disabled>Start again</button>
              <span id="part" role="status" aria-live="polite"></span>
              <span id="state" role="status" aria-live="polite"></span>
            </header>
            <nav id="index" aria-label="This lesson"></nav>
            <main id="main" tabindex="-1" aria-busy="true"><noscript>The lesson needs JavaScript.</noscript></main>
            <aside id="notes" aria-label="Notes for the instructor" hidden></aside>
            <aside id="values" aria-label="Variables" tabindex="-1" hidden></aside>
            <footer class="neighbours">{Neighbour(at - 1, "prev", "Before")}{Neighbour(at + 1, "next", "Next")}</footer>
            <div id="notice" role="alert"></div>
            <dialog id="question"><p></p><form method="dialog"><button value="yes">Yes</button> <button value="no" autofocus>No</button></form></dialog>
            <script src="/vs/loader.js"></script>
            <script type="module" src="/lesson.js"></script>
            """);
    }

    private static string Card(LessonCard lesson, bool here)
    {
        var solved = lesson.Exercises == 0 ? "" : lesson.Solved == lesson.Exercises
            ? $"<span class=\"done\">✓ {(lesson.Exercises == 1 ? "exercise" : $"all {lesson.Exercises} exercises")} solved</span>"
            : $"<span>{lesson.Solved} of {lesson.Exercises} exercises solved</span>";
        return $"""
            <li{(here ? " class=\"here\"" : "")}><h2><a href="/lesson/{lesson.Name}">{Encode(lesson.Title)}</a></h2>
            <p class="facts"><span>{lesson.Minutes} minutes</span>{solved}{(here ? "<span>you were here</span>" : lesson.Visited is null ? "" : "<span>visited</span>")}</p>
            {Markdown.ToHtml(lesson.About)}</li>
            """;
    }

    private static string Page(string title, string css, string body) => $"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <link rel="icon" href="data:,">
        <title>{Encode(title)}</title>
        <link rel="stylesheet" href="/course.css">
        <link rel="stylesheet" href="/player.css">
        </head>
        <body class="{css}">
        <a class="skip" href="#main">Skip to the content</a>
        {body}
        </body>
        </html>
        """;

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
