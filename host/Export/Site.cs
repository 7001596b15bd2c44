using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Pages;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Export;

/// <summary>
/// The executed course as pages for reading: no script, no server, nothing from elsewhere. The same lessons give the same
/// bytes, but for what really differs from run to run (ids and times).
/// </summary>
internal class Site(string root, string folder)
{
    private readonly HashSet<string> _lessons = [];
    private readonly List<string> _files = []; // of the clone, that pages lead to

    /// <summary>Writes the pages, and removes nothing that is there already.</summary>
    /// <param name="lessons">The lessons with what their cells have shown, in order.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public virtual void Write(IReadOnlyList<(Notebook Lesson, LessonResult Result)> lessons)
    {
        CloneFile.CopyAssets(root, folder);
        var css = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "wwwroot", "course.css"));
        Write("course.css", css + Own);
        _lessons.UnionWith(lessons.Select(l => NameOf(l.Lesson)));
        Write("index.html", Index([.. lessons.Select(l => l.Lesson)]));
        for (var i = 0; i < lessons.Count; i++)
        {
            var (before, next) = (lessons.ElementAtOrDefault(i - 1).Lesson, lessons.ElementAtOrDefault(i + 1).Lesson);
            var page = PageOf(lessons[i].Lesson, lessons[i].Result, before, next);
            Write(NameOf(lessons[i].Lesson) + ".html", page);
        }

        for (var i = 0; i < _files.Count; i++) // A page may lead to others.
        {
            var (title, html) = CloneFile.Page(root, _files[i], Address);
            Write(PageOf(_files[i]), Page(title, Home, $"<main id=\"main\">\n{html}</main>"));
        }
    }

    /// <summary>Writes a file of the site.</summary>
    protected virtual void Write(string name, string text) => File.WriteAllText(Path.Combine(folder, name), text);

    protected static string NameOf(Notebook lesson) => Path.GetFileNameWithoutExtension(lesson.Path);

    /// <summary>The page with the list of lessons.</summary>
    protected virtual string Index(IReadOnlyList<Notebook> lessons) => Page(CourseTitle, "", $"""
        <main id="main">
        <h1>{CourseTitle}</h1>
        <p>The course as it ran, to read. To run it yourself, you need the .NET SDK and a clone: <code>dotnet run --project host</code>
        opens the same lessons, with their cells alive and their exercises checked.</p>
        {ListOf(lessons)}
        {CloneFile.ForInstructors(Address(CloneFile.Instructor))}
        </main>
        """);

    /// <summary>The lessons, with what a learner will be able to do.</summary>
    protected string ListOf(IReadOnlyList<Notebook> lessons)
    {
        var items = lessons.Select(lesson => $"""
            <li><h2><a href="{NameOf(lesson)}.html">{Encode(lesson.Title)}</a></h2>
            <p class="quiet">{Minutes.Of(lesson)} minutes</p>
            {LessonPage.About(lesson.Lesson, Address)}</li>
            """);
        return $"<ol class=\"lessons\">{string.Concat(items)}</ol>";
    }

    /// <summary>The page of a lesson.</summary>
    protected virtual string PageOf(Notebook lesson, LessonResult result, Notebook? before, Notebook? next)
    {
        var answers = new AnswerPages(lesson.Lesson);
        var body = BodyOf(lesson, result, answers.Take, AppendCode) + answers.Html;
        var around = $"""
            <nav class="around" aria-label="Lessons">
            {(before is null ? "<span></span>" : LinkTo(before, "prev", "Before"))}
            <a href="index.html">All lessons</a>
            {(next is null ? "<span></span>" : LinkTo(next, "next", "Next"))}
            </nav>
            """;
        var below = around.Replace("aria-label=\"Lessons\"", "aria-label=\"Lessons, below\"");
        return Page(lesson.Title, around, $"<main id=\"main\">\n{body}</main>\n{below}");
    }

    protected static string LinkTo(Notebook lesson, string rel, string label) =>
        $"<a rel=\"{rel}\" href=\"{NameOf(lesson)}.html\">{label}: {Encode(lesson.Title)}</a>";

    /// <summary>The text, code and outputs of a lesson.</summary>
    /// <param name="lesson">The lesson.</param>
    /// <param name="result">What its cells have shown.</param>
    /// <param name="text">What becomes of the HTML of a text.</param>
    /// <param name="appendCode">Appends a cell of code.</param>
    protected string BodyOf(
        Notebook lesson, LessonResult result, Func<string, string> text, Action<StringBuilder, Cell, CellResult?> appendCode)
    {
        LessonHtml.Mark(lesson.Lesson);
        var html = new LessonHtml(CloneFile.Lessons, Address);
        var results = result.Cells.ToDictionary(c => c.Number);
        var body = new StringBuilder();
        if (result.Failed)
        {
            body.Append("<p class=\"failure\" role=\"note\">When this page was made, the lesson did not run to its end: "
                + "what failed is below its cell.</p>\n");
        }

        foreach (var cell in lesson.Cells)
        {
            if (cell.Kind == CellKind.Markdown)
                body.Append($"<section class=\"prose\">{text(html.Of(cell.Text))}</section>\n");
            else
                appendCode(body, cell, results.GetValueOrDefault(cell.Number));
        }

        return body.ToString();
    }

    private static void AppendCode(StringBuilder html, Cell cell, CellResult? result) =>
        AppendCode(html, cell, result, "", ("<div class=\"outputs\">", "</div>"));

    /// <summary>Appends a cell of code: a remark as HTML, its source, and in a frame what it has shown.</summary>
    protected static void AppendCode(
        StringBuilder html, Cell cell, CellResult? result, string remark, (string Start, string End) frame)
    {
        var label = cell.Exercise is { } exercise ? $"Exercise {exercise}" : "Code";
        var (problem, status) = (result?.Problem, result?.Status);
        html.Append($"<section class=\"cell{(status == CellStatus.Failed ? " failed" : "")}\""
            + $" aria-label=\"{label}, line {cell.Line} of the notebook\">")
            .Append(remark)
            .Append($"<pre class=\"source\" tabindex=\"0\"><code>{CodeHtml.Of(cell.Source)}</code></pre>");
        var outputs = result?.Outputs ?? [];
        if (outputs.Count > 0 || problem is not null || status == CellStatus.NotRun)
        {
            html.Append(frame.Start);
            foreach (var output in outputs)
            {
                html.Append(output.Html is { } own
                    ? Box.Of(own)
                    : $"<pre class=\"{ClassOf(output.Kind)}\">{ConsoleText.Html(output.Text)}</pre>");
            }

            if (problem is not null)
                html.Append($"<pre class=\"error\">{ConsoleText.Html(TextOf(problem, result!))}</pre>");

            if (status == CellStatus.NotRun)
                html.Append("<p class=\"quiet\">This cell was not run.</p>");
            html.Append(frame.End);
        }

        html.Append("</section>\n");
    }

    /// <summary>Why a cell failed.</summary>
    protected static string TextOf(Problem problem, CellResult result) => string.Join('\n',
        ((string[])[problem.Message, problem.WayOut.Length > 0 ? "→ " + problem.WayOut : "", result.Details ?? ""])
            .Where(part => part.Length > 0));

    private static string ClassOf(OutputKind kind) => kind switch
    {
        OutputKind.StandardOutput => "out",
        OutputKind.StandardError => "err",
        OutputKind.Warning => "warning",
        OutputKind.Note => "late",
        _ => "text",
    };

    /// <summary>
    /// The page of a file of the clone; null for one that these pages do not have: a lesson that was not exported with them.
    /// </summary>
    protected string? Address(string path)
    {
        if (CloneFile.LessonAt(path) is { } lesson)
            return _lessons.Contains(lesson) ? lesson + ".html" : null;
        if (path.StartsWith("assets/", StringComparison.Ordinal))
            return path;
        if (!CloneFile.CanBeRead(root, path))
            return null;
        if (!_files.Contains(path))
            _files.Add(path);
        return PageOf(path);
    }

    private static string PageOf(string path) => path.Replace('/', '.') + ".html";

    protected const string CourseTitle = "Distributed tracing for .NET";

    private const string Policy = "default-src 'none'; script-src 'none'; style-src 'self' file: 'unsafe-inline'; "
        + "img-src 'self' file: data:; base-uri 'none'; form-action 'none'";

    // HTML has no control characters, and a terminal in which somebody prints the file would act on them.
    private static string Page(string title, string head, string body) => Regex.Replace(
        HtmlPage.Of(title, ["course.css"], $"{head}\n{body}", head: $"<meta http-equiv=\"Content-Security-Policy\" content=\"{Policy}\">"),
        @"[\p{Cc}-[\t\n\r]]",
        "\uFFFD");

    protected static string Encode(string text) => WebUtility.HtmlEncode(text);

    private const string Home = "<nav class=\"around\" aria-label=\"Lessons\"><a href=\"index.html\">All lessons</a></nav>";

    private const string Own = """

        /* Pages for reading. */
        body { max-width: 66rem; margin: 0 auto; padding: 1rem 1.25rem 4rem; }
        .around {
          display: flex; justify-content: space-between; gap: 1rem; flex-wrap: wrap;
          padding: .6rem 0; border-block: 1px solid var(--line); font-size: .92rem;
        }
        .cell { border: 1px solid var(--line); border-radius: 8px; margin: 1rem 0; }
        .cell.failed, .failure { border-color: var(--bad); }
        .failure { border: 1px solid var(--bad); border-radius: 8px; padding: .5rem .8rem; }
        .cell .source { margin: 0; border: 0; border-radius: 8px; }
        .cell .outputs { border-top: 1px solid var(--line); padding: .5rem .8rem; }
        .lessons { padding-left: 0; list-style: none; } .lessons h2 { margin-bottom: 0; } .lessons p { margin: .2rem 0; }
        .choices > li::before { content: none; }
        .paper, .answers { display: none; }
        @media print {
          .around, .skip, .answer { display: none; } .paper { display: revert; } .answers { display: block; break-before: page; }
          body { max-width: none; padding: 0; }
        }
        """;
}
