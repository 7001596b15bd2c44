using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Spectre.Console;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Pages;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Export;
using TracingTutorial.Host.Reports;
using Xunit;
using LessonData = TracingTutorial.Course.Pages.LessonPage;
using Output = TracingTutorial.Course.Runs.Output;

namespace TracingTutorial.Tests;

/// <summary>The pages and data of a live site.</summary>
public sealed class LiveSiteTests : IDisposable
{
    private const string OnlyInATab = "The port is in the memory of the tab.";
    private const string CannotRun = "A browser tab cannot start programs.";

    private const string Head = "# One & all\n\n- read a page\n\n"
        + "![A picture](../assets/picture.svg), [two](02-two.dib), [docker](../docker/README.md)\n\nA server starts.\n\n"
        + "<!-- tab: The port is in the `memory` of the tab. -->\n\n<!-- instructor: only for the teacher -->\n\n"
        + "**Predict.** One or two?\n\n- **A.** one\n- **B.** two\n\n<!-- no tab: " + CannotRun + " -->";

    private readonly TempFolder _clone = new(), _site = new();

    public void Dispose()
    {
        _clone.Dispose();
        _site.Dispose();
    }

    [Fact]
    public void What_only_a_tab_shows_is_on_the_live_site_and_nowhere_else()
    {
        var lessons = Lessons();
        new LiveSite(_clone.Path, _site.Path).Write(lessons);
        Assert.Contains(OnlyInATab, Text(Page("01-one")));
        Assert.Contains("The port is in the <code>memory</code> of the tab.",
            Data("01-one").GetProperty("parts")[0].GetProperty("items")[0].GetProperty("html").GetString());

        using var others = new TempFolder();
        var lesson = lessons[0].Item1;
        new Site(_clone.Path, others.Path).Write(lessons);
        new Ipynb(_clone.Path, others.Path).Write(lessons);
        var terminal = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal) });
        TerminalMarkdown.Write(console, lesson.Cells[0].Text);
        string[] elsewhere =
        [
            .. Directory.GetFiles(others.Path, "0*", SearchOption.AllDirectories).Select(File.ReadAllText), // pages and notebooks
            JsonSerializer.Serialize(LessonData.Of(lesson.Lesson, _ => null)), InstructorNotes.Of(lesson), terminal.ToString(),
        ];
        Assert.Equal(7, elsewhere.Length);
        Assert.Equal(4, elsewhere.Count(text => text.Contains("A server starts.")));
        Assert.All(elsewhere, text => Assert.False(Regex.IsMatch(text, "of the tab|browser tab|no tab:"), text));
        Assert.Contains("only for the teacher", InstructorNotes.Of(lesson));
        var wordy = new Notebook(lesson.Path,
            [lesson.Cells[0] with { Source = lesson.Cells[0].Source
                + $"\n\n<!-- tab: {string.Join(' ', Enumerable.Repeat("word", 2000))} -->" }, .. lesson.Cells.Skip(1)]);
        Assert.Equal(Minutes.Of(wordy), Minutes.Of(wordy.InTab()));
    }

    [Fact]
    public void A_cell_that_a_tab_cannot_run_says_so_and_leads_to_the_local_course()
    {
        Write();

        var cells = Page("01-one").QuerySelectorAll("section.cell");
        Assert.StartsWith(CannotRun, cells[0].QuerySelector(".cannot")!.TextContent, StringComparison.Ordinal);
        Assert.Equal("index.html#local", cells[0].QuerySelector(".cannot a")!.GetAttribute("href"));
        Assert.NotNull(Parse("index.html").GetElementById("local"));
        Assert.Null(cells[1].QuerySelector(".cannot"));
        var cannot = Assert.Single(Data("01-one").GetProperty("cannotRun").EnumerateObject());
        Assert.Equal(("1", true), (cannot.Name, cannot.Value.GetString()!.StartsWith(CannotRun, StringComparison.Ordinal)));
        Assert.Empty(Data("02-two").GetProperty("cannotRun").EnumerateObject());
    }

    [Theory]
    [InlineData("# One\n\n<!-- no tab: It starts a program. -->", "", "no code follows")]
    [InlineData("# One\n\n<!-- no tab: It starts a program. -->", "#!markdown\n\nMore.\n", "no code follows")]
    public void Such_a_comment_that_is_above_no_cell_is_told_with_its_line(string head, string next, string message)
    {
        var path = _clone.Write("notebooks/01-one.dib", HostRunner.Meta + PlayerFixture.Text(head) + next);

        var lesson = DibReader.Load(path);
        var problem = Assert.Single(Assert.Throws<NotebookException>(lesson.NotInTab).Problems);
        Assert.Equal((path, 1, lesson.Cells[0].Line), (problem.File, problem.Cell, problem.Line));
        Assert.Contains(message, problem.Message);
    }

    [Fact]
    public void A_page_has_the_frame_of_the_player_and_what_was_recorded()
    {
        Write();

        var page = Page("01-one");
        Assert.Equal(("1", "01-one"), (page.DocumentElement.GetAttribute("data-live"), page.DocumentElement.GetAttribute("data-lesson")));
        Assert.All(Anchors.OfThePage, id => Assert.NotNull(page.GetElementById(id)));
        Assert.Contains("page/lesson.js", page.QuerySelectorAll("script[type=module]").Select(s => s.GetAttribute("src")));
        Assert.All(page.QuerySelectorAll("script"), script => Assert.Equal("", script.TextContent));
        Assert.Contains("script-src 'self' 'wasm-unsafe-eval';", page.QuerySelector("meta[http-equiv]")!.GetAttribute("content"));
        var recorded = page.QuerySelectorAll("details.recorded");
        Assert.Equal([false, true], recorded.Select(d => d.HasAttribute("open"))); // the first would tell the answer of the prediction
        Assert.Contains("<b>printed</b>", recorded[0].QuerySelector(".outputs > pre.out")!.TextContent);
        Assert.Equal(["02-two.html"], page.QuerySelectorAll("#feet a").Select(a => a.GetAttribute("href")));
    }

    [Fact]
    public void The_data_of_a_lesson_has_what_a_session_needs()
    {
        Write();

        var data = Data("01-one");
        var page = LessonData.Of(Lessons()[0].Item1.InTab().Lesson, _ => null);
        Assert.Equal(Assert.Single(page.Questions).Key, data.GetProperty("questions")[0].GetProperty("key").GetString());
        var cell = data.GetProperty("cells")[1];
        var lesson = Lessons()[0].Item1;
        Assert.Equal(("01-one.dib", lesson.Code.Last().Line, KeptLesson.KeysOf(lesson.Code)[1]),
            (cell.GetProperty("file").GetString(), cell.GetProperty("line").GetInt32(), cell.GetProperty("key").GetString()));
        var recorded = data.GetProperty("recorded");
        Assert.Equal(["stdout", "display"],
            recorded.GetProperty("1").GetProperty("outputs").EnumerateArray().Select(o => o.GetProperty("kind").GetString()));
        Assert.True(recorded.GetProperty("1").GetProperty("ok").GetBoolean());
        Assert.Equal("The name 'x' does not exist\n→ Write it.",
            recorded.GetProperty("3").GetProperty("outputs")[0].GetProperty("text").GetString());
        Assert.False(recorded.GetProperty("3").GetProperty("ok").GetBoolean());

        var index = Data("index").GetProperty("lessons");
        Assert.Equal(["01-one", "02-two"], index.EnumerateArray().Select(l => l.GetProperty("name").GetString()));
        Assert.Equal(("One & all", 1), (index[0].GetProperty("title").GetString(), index[0].GetProperty("exercises").GetInt32()));
    }

    [Fact]
    public void Every_address_is_relative_and_leads_to_a_file_of_the_list()
    {
        var files = Write();

        foreach (var name in files.Files.Keys.Where(f => f.EndsWith(".html", StringComparison.Ordinal)))
        {
            var addresses = Parse(name).QuerySelectorAll("[src], link[rel=stylesheet], a[href]")
                .Select(e => (e.GetAttribute("src") ?? e.GetAttribute("href"))!);
            foreach (var address in addresses.Where(a => !a.StartsWith("https://", StringComparison.Ordinal) && a[0] != '#'))
                Assert.True(files.Files.ContainsKey(address.Split('#')[0]), $"{name} leads to {address}");
        }

        Assert.Contains("page/vs/loader.js", files.Files.Keys);
    }

    [Fact]
    public void The_list_knows_each_file_and_the_same_sources_give_the_same_bytes()
    {
        using var second = new TempFolder();
        var files = Write();
        Write(second.Path);

        var all = Directory.GetFiles(_site.Path, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(_site.Path, f).Replace('\\', '/')).ToArray();
        Assert.Equal(all.Except([SiteFiles.Name, SiteFiles.Worker]).Order(StringComparer.Ordinal), files.Files.Keys);
        Assert.All(all, file => Assert.Equal(
            File.ReadAllBytes(Path.Combine(_site.Path, file)), File.ReadAllBytes(Path.Combine(second.Path, file))));
        Assert.Equal(files.Version, SiteFiles.Check(_site.Path).Version);
        Assert.Contains($"const VERSION = '{files.Version}'", File.ReadAllText(Path.Combine(_site.Path, SiteFiles.Worker)));
        Assert.True(files.Sizes.Compressed < files.Sizes.Raw);
    }

    [Theory]
    [InlineData("site.json", null, "no live site")]
    [InlineData("site.json", 100, "damaged or incomplete")]
    [InlineData("page/lesson.js", null, "This file of the site is missing")]
    [InlineData("engine/bundles/core.0123.bin", 5, "5 bytes in place of 20000")]
    [InlineData("lessons/01-one.json", -1, "another content")]
    public void A_site_that_is_not_whole_names_the_file(string file, int? length, string message)
    {
        Write();
        var path = Path.Combine(_site.Path, file);
        if (length is null)
            File.Delete(path);
        else if (length >= 0)
            File.WriteAllBytes(path, File.ReadAllBytes(path)[..length.Value]);
        else
            File.WriteAllText(path, File.ReadAllText(path).Replace("printed", "PRINTED"));

        var problem = Assert.Single(Assert.Throws<NotebookException>(() => SiteFiles.Check(_site.Path)).Problems);
        Assert.Contains(message, problem.Message);
        Assert.Contains("export --live", problem.WayOut);
        Assert.Equal(message == "no live site" ? _site.Path : path, problem.File.Replace('/', Path.DirectorySeparatorChar));
    }

    [Fact]
    public async Task Without_Node_the_command_says_how_to_get_it_before_anything_runs()
    {
        _clone.Write("helpers/core.dib", "");
        _clone.Write("notebooks/01-one.dib", HostRunner.Cells("System.IO.File.WriteAllText(\"ran\", \"\");"));

        var (exitCode, output) = await HostRunner.CommandAsync(_clone.Path, ["export", "--live", "--to", "site"], ("PATH", _site.Path));

        Assert.Equal(2, exitCode);
        Assert.Contains("`node --version` cannot be run", output);
        Assert.Contains("https://nodejs.org", output);
        Assert.Empty(Directory.GetFiles(_clone.Path, "ran", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_clone.Path, "site")));
    }

    [Theory]
    [InlineData("--live --ipynb", "--live and --ipynb")]
    [InlineData("--quick", "--quick is about --live")]
    public async Task Options_that_contradict_each_other_are_told(string options, string message)
    {
        var (exitCode, output) = await HostRunner.CommandAsync(_clone.Path, ["export", "--to", "site", .. options.Split(' ')]);

        Assert.Equal(2, exitCode);
        Assert.Contains(message, output);
    }

    /// <summary>A small site, with an engine of one file.</summary>
    private SiteFiles Write(string? folder = null) => Write(_clone, folder ?? _site.Path, Lessons());

    internal static SiteFiles Write(TempFolder clone, string folder, IReadOnlyList<(Notebook, LessonResult)> lessons)
    {
        clone.Write("tab/offline/offline.js", "// registers");
        clone.Write("assets/picture.svg", """<svg xmlns="http://www.w3.org/2000/svg"/>""");
        var bundle = Path.Combine(folder, "engine", "bundles", "core.0123.bin");
        Directory.CreateDirectory(Path.GetDirectoryName(bundle)!);
        File.WriteAllBytes(bundle, new byte[20_000]);
        File.WriteAllBytes(bundle + ".gz", [1, 2, 3]);
        var site = new LiveSite(clone.Path, folder);
        site.Write(lessons);
        return SiteFiles.Write(folder, site.Written, "// the service worker", quick: true);
    }

    private (Notebook, LessonResult)[] Lessons()
    {
        _clone.Write("assets/picture.svg", """<svg xmlns="http://www.w3.org/2000/svg"/>""");
        _clone.Write("tab/offline/offline.js", "");
        _clone.Write("helpers/core.dib", "");
        _clone.Write("docker/README.md", "# Docker");
        _clone.Write("notebooks/INSTRUCTOR.md", "# For instructors");
        Output[] outputs = [new(OutputKind.StandardOutput, "<b>printed</b>"), new(OutputKind.Display, "drawn", "<b>drawn</b>")];
        return
        [
            ExportTests.Lesson(_clone.Path, "01-one", Head, ("// Exercise 1.1: x\n1\n\n#!markdown\n\n**B.** Two.", outputs, null),
                ("x", [], new Problem("01-one.dib", 4, 40, "The name 'x' does not exist", "Write it."))),
            ExportTests.Lesson(_clone.Path, "02-two", "# Two\n\n- go [back](01-one.dib)", ("2", [], null)),
        ];
    }

    private static string Text(IHtmlDocument page) => Regex.Replace(page.Body!.TextContent, @"\s+", " ");

    private JsonElement Data(string name) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(_site.Path, "lessons", name + ".json"))).RootElement;

    private IHtmlDocument Page(string name) => Parse(name + ".html");

    private IHtmlDocument Parse(string file) => new HtmlParser().ParseDocument(File.ReadAllText(Path.Combine(_site.Path, file)));
}
