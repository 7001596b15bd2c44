using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Pages;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Export;

/// <summary>
/// The pages for reading, with cells that a browser tab can run. tab/README.md has the layout. The same lessons give the same bytes,
/// but for ids and times in what cells have shown.
/// </summary>
/// <param name="root">The root of the clone.</param>
/// <param name="folder">The site.</param>
internal sealed class LiveSite(string root, string folder) : Site(root, folder)
{
    /// <summary>Folders that belong to the site as a whole: what an earlier site had in them is removed.</summary>
    public static readonly string[] Folders = ["engine", "lessons", "page"];

    private readonly string _root = root, _folder = folder;
    private readonly List<string> _written = [];

    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string Recorded = " What it shows here was recorded when this site was made.";

    /// <summary>The pages and data that were written, by their paths in the site.</summary>
    public IReadOnlyList<string> Written => _written;

    /// <summary>Writes pages, data and scripts; the engine is packed by tab/pack.</summary>
    /// <param name="lessons">As they are in the clone.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public override void Write(IReadOnlyList<(Notebook Lesson, LessonResult Result)> lessons)
    {
        lessons = [.. lessons.Select(l => (l.Lesson.InTab(), l.Result))];
        base.Write(lessons);
        CopyPage();
        Directory.CreateDirectory(Path.Combine(_folder, "lessons"));
        foreach (var (lesson, result) in lessons)
            Write($"lessons/{NameOf(lesson)}.json", DataOf(lesson, result).ToJsonString(Json));
        Write("lessons/index.json", JsonSerializer.Serialize(new
        {
            lessons = lessons.Select(l => new
            {
                name = NameOf(l.Lesson),
                title = l.Lesson.Title,
                minutes = Minutes.Of(l.Lesson),
                about = LessonPage.About(l.Lesson.Lesson, Address),
                exercises = l.Lesson.Code.Count(c => c.Exercise is not null),
            }),
            instructor = Address(CloneFile.Instructor),
        }, Json));
        _written.AddRange(Directory.GetFiles(Path.Combine(_root, "assets")).Select(f => $"assets/{Path.GetFileName(f)}")
            .Where(f => CloneFile.IsAsset(_root, f)));
    }

    protected override void Write(string name, string text)
    {
        base.Write(name, text);
        _written.Add(name);
    }

    protected override string Index(IReadOnlyList<Notebook> lessons) => PageFrame.List("page/", new LiveContent(CourseTitle, $"""
        <h1>{CourseTitle}</h1>
        <p class="lead">A request passes through three services and fails. Each service has its own log, and no log shows which lines
        belong to that request. A trace does. You learn to record and read traces of real ASP.NET Core services, which run in this browser
        tab.</p>
        {(lessons.Count == 0 ? "" : $"<p><a class=\"go\" href=\"{NameOf(lessons[0])}.html\">Begin: {Encode(lessons[0].Title)}</a></p>")}
        {ListOf(lessons)}
        {CloneFile.ForInstructors(Address(CloneFile.Instructor))}
        """, """

        <section id="local">
        <h2>In this browser, or on your machine</h2>
        <p>Nothing is installed: the first cell that you run loads .NET and the C# compiler into the page. They need a computer, a current
        browser, and up to 300 MB of memory. A phone is for reading. What you write stays in this browser.</p>
        <p>Lesson 11 also builds and starts programs, which a browser tab cannot do. With the
        <a href="https://dotnet.microsoft.com/download">.NET 10 SDK</a> and a clone of the course, <code>dotnet run --project host</code>
        opens the same lessons and runs all of them.</p>
        </section>
        """));

    protected override string PageOf(Notebook lesson, LessonResult result, Notebook? before, Notebook? next)
    {
        var notInTab = lesson.NotInTab();
        var predicted = lesson.Lesson.Questions.SelectMany(q => q.Cells).Select(c => c.Number).ToHashSet();
        var body = BodyOf(lesson, result, text => text, (html, cell, cellResult) => AppendCode(html, cell, cellResult,
            notInTab.TryGetValue(cell.Number, out var sentence)
                ? $"<p class=\"cannot\">{Encode(sentence + Recorded)} "
                    + "<a href=\"index.html#local\">The course on your machine</a> runs it.</p>"
                : "",
            // What was recorded would tell the answer of a prediction.
            ($"<details class=\"recorded\"{(predicted.Contains(cell.Number) ? "" : " open")}>"
                + "<summary>Recorded when this site was made</summary><div class=\"outputs\">", "</div></details>")));
        var feet = $"{(before is null ? "<span></span>" : LinkTo(before, "prev", "Before"))}"
            + $"{(next is null ? "<span></span>" : LinkTo(next, "next", "Next"))}";
        return PageFrame.Lesson("page/", new LiveContent(lesson.Title, body, feet, NameOf(lesson)));
    }

    /// <summary>What the page and the session need of a lesson (course/Runs/Messages.md), and what was recorded.</summary>
    private JsonNode DataOf(Notebook lesson, LessonResult result)
    {
        var data = JsonSerializer.SerializeToNode(LessonPage.Of(lesson.Lesson, Address), Json)!;
        var keys = KeptLesson.KeysOf(lesson.Code);
        foreach (var (json, cell, key) in data["cells"]!.AsArray().Zip(lesson.Code, keys))
            (json!["file"], json["line"], json["key"]) = (cell.DisplayName, cell.Line, key);
        data["recorded"] = new JsonObject(result.Cells.Where(c => c.Status != CellStatus.NotRun).Select(c => KeyValuePair.Create(
            IndexOf(c.Number), JsonSerializer.SerializeToNode(new
            {
                ok = c.Status == CellStatus.Ok,
                outputs = c.Problem is { } problem ? c.Outputs.Append(new Output(OutputKind.Error, TextOf(problem, c))) : c.Outputs,
                verdict = c.Verdict,
            }, Json))));
        data["cannotRun"] = new JsonObject(lesson.NotInTab().Select(s => KeyValuePair.Create(
            IndexOf(s.Key), (JsonNode?)JsonValue.Create(s.Value + Recorded))));
        return data;
    }

    private static string IndexOf(int number) => FormattableString.Invariant($"{number - 1}");

    /// <summary>What the player serves for a page, with the session of a tab in the place of the player's.</summary>
    private void CopyPage()
    {
        CopyFolder(Path.Combine(AppContext.BaseDirectory, "wwwroot"), "page");
        CopyFolder(Path.Combine(_root, "tab", "session"), "page/session");
        Copy(Path.Combine(_root, "tab", "offline", "offline.js"), "page/offline.js");
    }

    private void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.Exists(from) ? Directory.GetFiles(from, "*", SearchOption.AllDirectories) : [])
            Copy(file, $"{to}/{Path.GetRelativePath(from, file).Replace('\\', '/')}");
    }

    private void Copy(string file, string name)
    {
        var target = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(file, target, overwrite: true);
        _written.Add(name);
    }
}
