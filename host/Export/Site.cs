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
internal sealed class Site(string root, string folder)
{
    private readonly HashSet<string> _lessons = [];
    private readonly List<string> _files = []; // of the clone, that pages lead to
    private readonly string _css = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "wwwroot", "course.css"));

    /// <summary>Writes the pages, and removes nothing that is there already.</summary>
    /// <param name="lessons">The lessons with what their cells have shown, in order.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public void Write(IReadOnlyList<(Notebook Lesson, LessonResult Result)> lessons)
    {
        CloneFile.CopyAssets(root, folder);
        File.WriteAllText(Path.Combine(folder, "course.css"), _css + Own);
        _lessons.UnionWith(lessons.Select(l => NameOf(l.Lesson)));
        File.WriteAllText(Path.Combine(folder, "index.html"), Index([.. lessons.Select(l => l.Lesson)]));
        for (var i = 0; i < lessons.Count; i++)
        {
            var (before, next) = (lessons.ElementAtOrDefault(i - 1).Lesson, lessons.ElementAtOrDefault(i + 1).Lesson);
            var page = PageOf(lessons[i].Lesson, lessons[i].Result, before, next);
            File.WriteAllText(Path.Combine(folder, NameOf(lessons[i].Lesson) + ".html"), page);
        }

        for (var i = 0; i < _files.Count; i++) // A page may lead to others.
        {
            var (title, html) = CloneFile.Page(root, _files[i], Address);
            File.WriteAllText(Path.Combine(folder, PageOf(_files[i])), Page(title, Home, $"<main id=\"main\">\n{html}</main>"));
        }
    }

    private static string NameOf(Notebook lesson) => Path.GetFileNameWithoutExtension(lesson.Path);

    private string Index(IReadOnlyList<Notebook> lessons)
    {
        var items = lessons.Select(lesson => $"""
            <li><h2><a href="{NameOf(lesson)}.html">{Encode(lesson.Title)}</a></h2>
            <p class="quiet">{Minutes.Of(lesson)} minutes</p>
            {LessonPage.About(lesson.Lesson, Address)}</li>
            """);
        return Page("Distributed tracing for .NET", "", $"""
            <main id="main">
            <h1>Distributed tracing for .NET</h1>
            <p>The course as it ran, to read. To run it yourself, you need the .NET SDK and a clone: <code>dotnet run --project host</code>
            opens the same lessons, with their cells alive and their exercises checked.</p>
            <ol class="lessons">{string.Concat(items)}</ol>
            {CloneFile.ForInstructors(Address(CloneFile.Instructor))}
            </main>
            """);
    }

    private string PageOf(Notebook lesson, LessonResult result, Notebook? before, Notebook? next)
    {
        LessonHtml.Mark(lesson.Lesson);
        var html = new LessonHtml(CloneFile.Lessons, Address);
        var results = result.Cells.ToDictionary(c => c.Number);
        var body = new StringBuilder();
        if (result.Failed)
        {
            body.Append("<p class=\"failure\" role=\"note\">When this page was made, the lesson did not run to its end: "
                + "what failed stands below its cell.</p>\n");
        }
        var answers = new AnswerPages(lesson.Lesson);
        foreach (var cell in lesson.Cells)
        {
            if (cell.Kind == CellKind.Markdown)
                body.Append($"<section class=\"prose\">{answers.Take(html.Of(cell.Text))}</section>\n");
            else
                AppendCode(body, cell, results.GetValueOrDefault(cell.Number));
        }

        body.Append(answers.Html);

        var around = $"""
            <nav class="around" aria-label="Lessons">
            {(before is null ? "<span></span>" : $"<a rel=\"prev\" href=\"{NameOf(before)}.html\">Before: {Encode(before.Title)}</a>")}
            <a href="index.html">All lessons</a>
            {(next is null ? "<span></span>" : $"<a rel=\"next\" href=\"{NameOf(next)}.html\">Next: {Encode(next.Title)}</a>")}
            </nav>
            """;
        var below = around.Replace("aria-label=\"Lessons\"", "aria-label=\"Lessons, below\"");
        return Page(lesson.Title, around, $"<main id=\"main\">\n{body}</main>\n{below}");
    }

    private static void AppendCode(StringBuilder html, Cell cell, CellResult? result)
    {
        var label = cell.Exercise is { } exercise ? $"Exercise {exercise}" : "Code";
        var (problem, status) = (result?.Problem, result?.Status);
        html.Append($"<section class=\"cell{(status == CellStatus.Failed ? " failed" : "")}\""
            + $" aria-label=\"{label}, line {cell.Line} of the notebook\">")
            .Append($"<pre class=\"source\" tabindex=\"0\"><code>{CodeHtml.Of(cell.Source)}</code></pre>");
        var outputs = result?.Outputs ?? [];
        if (outputs.Count > 0 || problem is not null || status == CellStatus.NotRun)
        {
            html.Append("<div class=\"outputs\">");
            foreach (var output in outputs)
            {
                html.Append(output.Html is { } own
                    ? Box.Of(own)
                    : $"<pre class=\"{ClassOf(output.Kind)}\">{ConsoleText.Html(output.Text)}</pre>");
            }

            if (problem is not null)
            {
                string[] parts = [problem.Message, problem.WayOut.Length > 0 ? "→ " + problem.WayOut : "", result!.Details ?? ""];
                html.Append($"<pre class=\"error\">{ConsoleText.Html(string.Join('\n', parts.Where(part => part.Length > 0)))}</pre>");
            }

            if (status == CellStatus.NotRun)
                html.Append("<p class=\"quiet\">This cell was not run.</p>");
            html.Append("</div>");
        }

        html.Append("</section>\n");
    }

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
    private string? Address(string path)
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

    private const string Policy = "default-src 'none'; script-src 'none'; style-src 'self' file: 'unsafe-inline'; "
        + "img-src 'self' file: data:; base-uri 'none'; form-action 'none'";

    // HTML has no control characters, and a terminal in which somebody prints the file would act on them.
    private static string Page(string title, string head, string body) => Regex.Replace(
        HtmlPage.Of(title, ["course.css"], $"{head}\n{body}", head: $"<meta http-equiv=\"Content-Security-Policy\" content=\"{Policy}\">"),
        @"[\p{Cc}-[\t\n\r]]",
        "\uFFFD");

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

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
