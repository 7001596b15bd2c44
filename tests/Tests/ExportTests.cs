using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Microsoft.Playwright;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Pages;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Export;
using TracingTutorial.Host.Player;
using Xunit;
using Output = TracingTutorial.Course.Runs.Output;

namespace TracingTutorial.Tests;

/// <summary>The executed course as pages for reading.</summary>
public sealed class ExportTests(Browser browser) : IDisposable
{
    private readonly TempFolder clone = new(), site = new();

    public void Dispose()
    {
        clone.Dispose();
        site.Dispose();
    }

    [Fact]
    public void Pages_have_no_script_and_need_nothing_from_elsewhere()
    {
        Write(Small());

        foreach (var page in Pages())
        {
            Assert.Empty(page.QuerySelectorAll("script, iframe, object, embed, base, form, meta[http-equiv=refresh]"));
            Assert.DoesNotContain(page.All.SelectMany(e => e.Attributes),
                a => a.Name.StartsWith("on", StringComparison.Ordinal)
                    || a.Value.StartsWith("javascript:", StringComparison.OrdinalIgnoreCase));
            Assert.DoesNotContain(page.QuerySelectorAll("[src], link[href]"),
                e => (e.GetAttribute("src") ?? e.GetAttribute("href"))!.Contains("//"));
            Assert.Contains("script-src 'none'", page.QuerySelector("meta[http-equiv=Content-Security-Policy]")!.GetAttribute("content"));
            Assert.Equal("en", page.DocumentElement.GetAttribute("lang"));
        }

        Assert.DoesNotContain("//", File.ReadAllText(Path.Combine(site.Path, "course.css")).Replace("://www.w3.org", ""));
    }

    [Fact]
    public void Every_link_and_picture_leads_somewhere()
    {
        Write(Small());

        foreach (var page in Pages())
        {
            foreach (var link in page.QuerySelectorAll("a[href], link[rel=stylesheet], img[src]")
                .Select(e => (e.GetAttribute("href") ?? e.GetAttribute("src"))!)
                .Where(l => !l.StartsWith("https://", StringComparison.Ordinal)))
            {
                var (file, id) = link.Split('#') is [var f, var i] ? (f, i) : (link, "");
                var target = file.Length == 0 ? page : null;
                Assert.True(file.Length == 0 || File.Exists(Path.Combine(site.Path, Uri.UnescapeDataString(file))),
                    $"{page.Title}: {link}");
                if (id.Length > 0)
                    Assert.NotNull((target ?? Parse(Path.Combine(site.Path, file))).GetElementById(Uri.UnescapeDataString(id)));
            }
        }

        Assert.Equal("assets/picture.svg", Page("01-one").QuerySelector("img")!.GetAttribute("src"));
        Assert.Equal("02-two.html", Page("01-one").QuerySelectorAll(".prose a").Single(a => a.TextContent == "the other lesson")
            .GetAttribute("href"));
    }

    [Fact]
    public async Task Every_link_of_the_course_leads_to_a_page_here_and_in_the_player()
    {
        var lessons = HostRunner.Lessons.Select(name => DibReader.Load(HostRunner.Lesson(name))).ToArray();
        new Site(HostRunner.Root, site.Path).Write([.. lessons.Select(l => (l, new LessonResult(l.Path, l.Title, [], [], 0, 0)))]);
        await using var player = new OpenLessons(HostRunner.Root, new ProgressFolder(clone.Path), new MemoryKernels().Start);

        foreach (var page in Pages())
        {
            foreach (var link in page.QuerySelectorAll("a[href], img[src], source[srcset]")
                .Select(e => (e.GetAttribute("href") ?? e.GetAttribute("src") ?? e.GetAttribute("srcset"))!)
                .Where(l => !l.StartsWith("http", StringComparison.Ordinal)))
            {
                var (file, id) = link.Split('#') is [var f, var i] ? (f, i) : (link, "");
                Assert.True(file.Length == 0 || File.Exists(Path.Combine(site.Path, file)), $"{page.Title}: {link}");
                Assert.True(id.Length == 0 || (file.Length == 0
                    ? page
                    : Parse(Path.Combine(site.Path, file))).GetElementById(Uri.UnescapeDataString(id)) is not null,
                    $"{page.Title}: {link}");
            }
        }

        // And none is left out: what the authors wrote as a link is one, in a lesson and in a guide.
        var texts = lessons.SelectMany(l => l.Cells.Where(c => c.Kind == CellKind.Markdown)
            .Select(c => (File: l.Path, c.Text, Folder: CloneFile.Lessons)))
            .Concat(((string[])["notebooks/INSTRUCTOR.md", "notebooks/HANDOUT.md", "docker/README.md"])
                .Select(f => (File: f, Text: MarkdownText.Parse(File.ReadAllText(Path.Combine(HostRunner.Root, f))),
                Folder: CloneFile.FolderOf(f))));
        var paths = texts.SelectMany(t => t.Text.Links.Select(l => (t.File, Path: CloneFile.Meant(t.Folder, l.Url).Path!))
            .Where(p => p.Path is not null)).ToArray();
        Assert.Contains("docker/compose.yaml", paths.Select(p => p.Path));
        foreach (var (file, path) in paths)
        {
            var address = player.Address(path);
            Assert.True(address is not null && (player.File(path) is not null) == address.StartsWith("/file/", StringComparison.Ordinal),
                $"{file} leads to {path}: {address}");
            var page = path.StartsWith("assets/", StringComparison.Ordinal)
                ? path
                : (CloneFile.LessonAt(path) ?? path.Replace('/', '.')) + ".html";
            Assert.True(File.Exists(Path.Combine(site.Path, page)), $"{file} leads to {path}.");
        }
    }

    [Fact]
    public async Task What_was_not_exported_is_named_without_a_link_and_what_lay_in_the_folder_stays()
    {
        File.WriteAllText(Path.Combine(site.Path, "mine.html"), "mine");
        Directory.CreateDirectory(Path.Combine(site.Path, "assets"));
        File.WriteAllText(Path.Combine(site.Path, "assets", "mine.svg"), "mine");
        clone.Write("docker/README.md",
            "# Docker\n\nSee [the file](compose.yaml), [lesson 2](../notebooks/02-two.dib) and [what is not there](gone.yaml).");
        clone.Write("docker/compose.yaml", "services: {} # <none>");
        clone.Write("docker/secret.txt", "");
        clone.Write("helpers/core.dib", "");
        var lessons = new[] { Lesson("01-one",
            "# One\n\n[docker](../docker/README.md#docker), [two](02-two.dib), [not there](03-three.dib), [not for "
                + "readers](../docker/secret.txt)", ("1", [], null)) };
        Write(lessons);
        Write(lessons);

        Assert.Equal(["docker.README.md.html#docker"], Page("01-one").QuerySelectorAll(".prose a").Select(a => a.GetAttribute("href")));
        Assert.Equal(["docker.compose.yaml.html"], Page("docker.README.md").QuerySelectorAll("main a").Select(a => a.GetAttribute("href")));
        Assert.Contains("services: {} # <none>", Page("docker.compose.yaml").QuerySelector("pre")!.TextContent);
        Assert.Equal(["01-one.html", "assets/mine.svg", "assets/picture.svg", "course.css", "docker.README.md.html",
            "docker.compose.yaml.html", "index.html", "mine.html"],
            Directory.GetFiles(site.Path, "*", SearchOption.AllDirectories)
                .Select(f => Path.GetRelativePath(site.Path, f).Replace('\\', '/')).Order(StringComparer.Ordinal));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(site.Path, "mine.html")));
        await using var shown = await OpenAsync("docker.compose.yaml", 320);
        Assert.Equal(0, await shown.Page.SidewaysAsync());

        using var jupyter = new TempFolder();
        new Ipynb(clone.Path, jupyter.Path).Write(lessons);
        Assert.Contains("](../docker/README.md#docker), two, not there",
            File.ReadAllText(Path.Combine(jupyter.Path, "notebooks", "01-one.ipynb")));
        Assert.Contains("](compose.yaml), lesson 2 and", File.ReadAllText(Path.Combine(jupyter.Path, "docker", "README.md")));
        Assert.True(File.Exists(Path.Combine(jupyter.Path, "docker", "compose.yaml")));
    }

    [Fact]
    public void A_lesson_that_failed_says_so_at_its_head_and_why_below_the_cell()
    {
        var (lesson, result) = Lesson("01-one", "# One", ("x", [],
            new Problem("01-one.dib", 4, 40, "The name 'x' does not exist", "Write it.")), ("2", [], null));
        Write([(lesson, result with { Cells = [result.Cells[0] with { Details = "at line 40" },
            result.Cells[1] with { Status = CellStatus.NotRun }] })]);

        var page = Page("01-one");
        Assert.Contains("did not run to its end", page.QuerySelector("main > [role=note]")!.TextContent);
        Assert.Equal("The name 'x' does not exist\n→ Write it.\nat line 40", page.QuerySelector(".cell.failed .error")!.TextContent);
        Assert.Equal("This cell was not run.", page.QuerySelectorAll(".cell").Last().QuerySelector(".outputs")!.TextContent.Trim());
        Write([Lesson("01-one", "# One", ("1", [], null))]);
        Assert.Empty(Page("01-one").QuerySelectorAll("[role=note], .failed"));
    }

    [Fact]
    public void The_index_leads_to_all_lessons_and_each_to_its_neighbours()
    {
        Write(Small());

        Assert.Equal(["01-one.html", "02-two.html"], Parse(Path.Combine(site.Path, "index.html")).QuerySelectorAll(".lessons h2 a")
            .Select(a => a.GetAttribute("href")));
        Assert.Equal((null, "02-two.html"), Around(Page("01-one")));
        Assert.Equal(("01-one.html", null), Around(Page("02-two")));

        static (string?, string?) Around(IHtmlDocument page) =>
            (page.QuerySelector("nav a[rel=prev]")?.GetAttribute("href"), page.QuerySelector("nav a[rel=next]")?.GetAttribute("href"));
    }

    [Fact]
    public void No_control_character_of_a_notebook_gets_into_a_page()
    {
        const string Hostile = "\u001b]0;owned\u0007 \u009b31m";
        Write([Lesson("01-one",
            $"# Title {Hostile}\n\n- goal {Hostile}\n\n## Heading {Hostile}\n\n`code {Hostile}`\n\n```\nblock {Hostile}\n```",
            ($"// {Hostile}", [new(OutputKind.Display, "", $"<b>{Hostile}</b>"), new(OutputKind.StandardOutput, Hostile)],
                new Problem("01-one.dib", 4, 40, Hostile, Hostile)))]);

        foreach (var page in Directory.GetFiles(site.Path, "*.html"))
            Assert.DoesNotContain(File.ReadAllText(page), c => char.IsControl(c) && c is not ('\n' or '\r' or '\t'));
        Assert.Contains("Title \uFFFD]0;owned\uFFFD", Page("01-one").Title);
    }

    [Fact]
    public void Outputs_are_shown_as_they_were()
    {
        Write(Small());

        var cells = Page("01-one").QuerySelectorAll("section.cell");
        Assert.Equal(["<b>printed</b>\n  twice", "an error line", "CS0168: unused", "a <value>", "printed later"],
            cells[0].QuerySelectorAll(".outputs pre").Select(p => p.TextContent));
        Assert.Contains("<table class=\"t\"><tbody><tr><td>drawn</td></tr></tbody></table>",
            Assert.Single(cells[1].QuerySelectorAll(".outputs *"), e => e.ShadowRoot is not null).ShadowRoot!.InnerHtml);
        Assert.Contains("The name 'x' does not exist", cells[2].QuerySelector(".outputs .error")!.TextContent);
        Assert.Empty(cells[3].QuerySelectorAll(".outputs"));
    }

    [Fact]
    public void Questions_and_folds_are_readable_and_notes_for_the_instructor_are_not_there()
    {
        Write(Small());

        var page = Page("01-one");
        Assert.Equal(["A. one", "B. two"], page.QuerySelectorAll("ul.choices li").Select(li => li.TextContent.Trim()));
        Assert.Contains("B. It is two.", Page("02-two").Body!.TextContent);
        Assert.Equal("Hint", page.QuerySelector("details summary")!.TextContent);
        Assert.Contains("folded away", page.QuerySelector("details")!.TextContent);
        Assert.DoesNotContain("only for the teacher", page.DocumentElement.OuterHtml);
        Assert.DoesNotContain("only for the teacher", File.ReadAllText(Path.Combine(site.Path, "index.html")));
    }

    [Fact]
    public async Task A_printed_lesson_has_its_folds_open_and_its_answers_after_a_page_break()
    {
        const string Fold = "<details>\n<summary>NAME</summary>\n\nTEXT\n\n</details>\n\n";
        var head = "**A.** It is one, of course.\n\nMore is said.\n\n" + Fold.Replace("NAME", "Hint 1").Replace("TEXT", "Count it.")
            + Fold.Replace("NAME", "Solution").Replace("TEXT", "```csharp\n// Exercise 1.1: x\n2\n```\n\nIt was one.")
            + "## Quiz\n\nAnd then?\n\n- **A.** four\n- **B.** five\n\n"
            + Fold.Replace("NAME", "Answer").Replace("TEXT", "**B.** Five it is.");
        clone.Write("notebooks/01-one.dib", HostRunner.Meta
            + PlayerFixture.Text("# One\n\n**Predict.** One or two?\n\n- **A.** one\n- **B.** two")
            + PlayerFixture.Code("// Exercise 1.1: x\n1") + PlayerFixture.Text(head));
        var lesson = DibReader.Load(Path.Combine(clone.Path, "notebooks", "01-one.dib"));
        Write([(lesson, new LessonResult(lesson.Path, lesson.Title, [], [], 0, 0))]);

        await using var shown = await OpenAsync("01-one", 800);
        await Assertions.Expect(shown.Page.GetByText("It is one, of course.").First).ToBeVisibleAsync();
        await Assertions.Expect(shown.Page.GetByText("Count it.")).ToBeHiddenAsync();
        await Assertions.Expect(shown.Page.Locator(".answers")).ToBeHiddenAsync();
        await shown.Page.EmulateMediaAsync(new() { Media = Media.Print });
        await Assertions.Expect(shown.Page.GetByText("Count it.")).ToBeVisibleAsync();
        Assert.Equal(["Answers", "Question 1", "Exercise 1.1", "Question 2"],
            await shown.Page.Locator(".answers :is(h2, h3)").AllInnerTextsAsync());
        Assert.Equal("page", await shown.Page.Locator(".answers").EvaluateAsync<string>("e => getComputedStyle(e).breakBefore"));
        var above = await shown.Page.EvaluateAsync<string>("[...document.querySelectorAll('.prose')].map(e => e.innerText).join(' ')");
        Assert.All((string[])["Question 1. Predict. One or two?", "Question 2. And then?", "More is said."],
            text => Assert.Contains(text, above));
        Assert.All((string[])["of course", "It was one.", "Five it is."], text => Assert.DoesNotContain(text, above));
        Assert.All((string[])["of course", "It was one.", "Five it is."],
            text => Assert.Contains(text, shown.Page.Locator(".answers").InnerTextAsync().Result));
    }

    [Fact]
    public void A_picture_leads_to_itself_alone()
    {
        Write(Small());

        var link = Assert.Single(Page("01-one").QuerySelectorAll("a.picture"));
        Assert.Equal(("assets/picture.svg", "_blank", "A picture"),
            (link.GetAttribute("href"), link.GetAttribute("target"), link.QuerySelector("img")!.GetAttribute("alt")));
    }

    [Fact]
    public void The_same_run_gives_the_same_bytes()
    {
        using var second = new TempFolder();
        var lessons = Small();
        Write(lessons);
        new Site(clone.Path, second.Path).Write(lessons);

        var files = Directory.GetFiles(site.Path, "*", SearchOption.AllDirectories);
        Assert.Equal(5, files.Length);
        foreach (var file in files)
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(second.Path, Path.GetRelativePath(site.Path, file))));
    }

    [Theory(Explicit = true)]
    [MemberData(nameof(PlayerHostileTests.Outputs), MemberType = typeof(PlayerHostileTests))]
    public async Task What_a_cell_has_shown_stays_in_its_box(string name, string html)
    {
        await using var stranger = await Stranger.StartAsync();
        var lesson = Lesson("01-one", $"# {name}", ("1", [new Output(OutputKind.Display, "", html.Replace("STRANGER", stranger.Origin))],
            null), ("2", [], null));
        Write([lesson]);
        await using var shown = await OpenAsync("01-one", 1000);
        var page = shown.Page;
        await page.EvaluateAsync(PlayerHostileTests.ClickAll);
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);

        Assert.False(await page.IsHackedAsync());
        Assert.Empty(stranger.Asked);
        Assert.StartsWith("file://", page.Url);
        Assert.Equal(2, await page.Locator("main > .cell").CountAsync()); // the next cell is where it was
        Assert.Empty(await page.EvaluateAsync<string[]>("""
            () => [...document.querySelectorAll('.around a, h1, .cell .source')].filter(e => {
              const box = e.getBoundingClientRect(), hit = document.elementFromPoint(box.x + Math.min(box.width / 2, 200), box.y + box.height / 2);
              return !box.width || box.bottom < innerHeight && !(e.contains(hit) || hit?.contains(e) && !hit.shadowRoot);
            }).map(e => e.outerHTML.slice(0, 80))
            """));
        Assert.Equal(0, await page.SidewaysAsync());
    }

    [Theory(Explicit = true)]
    [InlineData(1200, ColorScheme.Light)]
    [InlineData(1200, ColorScheme.Dark)]
    [InlineData(320, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task A_page_opens_from_the_disk_and_everybody_can_read_it(int width, ColorScheme colours)
    {
        Write(Small());
        foreach (var name in new[] { "index", "01-one", "02-two" })
        {
            await using var shown = await OpenAsync(name, width, colours);

            Assert.Equal(0, await shown.Page.SidewaysAsync());
            Assert.Equal(colours == ColorScheme.Dark,
                await shown.Page.EvaluateAsync<bool>("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0] < 100"));
            Assert.Empty(await Axe.SeriousAsync(shown.Page));
            if (name == "01-one")
                await Assertions.Expect(shown.Page.GetByText("drawn")).ToBeVisibleAsync();
        }
    }

    [Fact]
    public void Jupyter_notebooks_are_what_nbformat_4_5_demands_and_lie_where_their_paths_hold()
    {
        clone.Write("helpers/core.dib", "");
        clone.Write("helpers/core/A.cs", "");
        clone.Write("helpers/obj/built.cs", "");
        clone.Write("assets/picture.svg", "<svg/>");
        new Ipynb(clone.Path, site.Path).Write(Small());

        Assert.Equal(["assets/picture.svg", "helpers/core.dib", "helpers/core/A.cs", "notebooks/01-one.ipynb", "notebooks/02-two.ipynb"],
            Directory.GetFiles(site.Path, "*", SearchOption.AllDirectories)
                .Select(f => Path.GetRelativePath(site.Path, f).Replace('\\', '/')).Order(StringComparer.Ordinal));
        foreach (var file in Directory.GetFiles(site.Path, "*.ipynb", SearchOption.AllDirectories))
        {
            using var json = JsonDocument.Parse(File.ReadAllText(file));
            var notebook = json.RootElement;
            Assert.Equal((4, 5), (notebook.GetProperty("nbformat").GetInt32(), notebook.GetProperty("nbformat_minor").GetInt32()));
            Assert.Equal((".net-csharp", "C#"), (notebook.GetProperty("metadata").GetProperty("kernelspec").GetProperty("name").GetString(),
                notebook.GetProperty("metadata").GetProperty("language_info").GetProperty("name").GetString()));
            var cells = notebook.GetProperty("cells").EnumerateArray().ToArray();
            Assert.Equal(cells.Length, cells.Select(c => c.GetProperty("id").GetString()).Distinct().Count());
            foreach (var cell in cells)
            {
                Assert.Matches("^[a-zA-Z0-9_-]{1,64}$", cell.GetProperty("id").GetString());
                var names = cell.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal);
                Assert.Equal(cell.GetProperty("cell_type").GetString() == "code"
                    ? ["cell_type", "execution_count", "id", "metadata", "outputs", "source"]
                    : ["cell_type", "id", "metadata", "source"], names);
                if (cell.TryGetProperty("outputs", out var outputs))
                    Assert.All(outputs.EnumerateArray(), output => Assert.Equal(output.GetProperty("output_type").GetString() switch
                    {
                        "stream" => ["name", "output_type", "text"],
                        "display_data" => ["data", "metadata", "output_type"],
                        "error" => ["ename", "evalue", "output_type", "traceback"],
                        var other => throw new InvalidDataException(other),
                    }, output.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal)));
            }
        }

        using var one = JsonDocument.Parse(File.ReadAllText(Path.Combine(site.Path, "notebooks", "01-one.ipynb")));
        var (head, printed, drawn, failed, silent) = one.RootElement.GetProperty("cells").EnumerateArray()
            .ToArray() is [var a, var b, var c, var d, var e] ? (a, b, c, d, e) : default;
        Assert.DoesNotContain("only for the teacher", head.ToString());
        Assert.Contains("[the other lesson](02-two.ipynb)", head.ToString());
        Assert.Equal(["<b>printed</b>\n", "  twice"], printed.GetProperty("outputs")[0].GetProperty("text").EnumerateArray()
            .Select(l => l.GetString()));
        Assert.Equal(["stdout", "stderr", "stderr", "", "stdout"],
            printed.GetProperty("outputs").EnumerateArray().Select(o => o.TryGetProperty("name", out var name) ? name.GetString() : ""));
        Assert.StartsWith("<style>.t", drawn.GetProperty("outputs")[0].GetProperty("data").GetProperty("text/html")[0].GetString());
        Assert.Equal("drawn", drawn.GetProperty("outputs")[0].GetProperty("data").GetProperty("text/plain")[0].GetString());
        Assert.Equal("The name 'x' does not exist", failed.GetProperty("outputs")[0].GetProperty("evalue").GetString());
        Assert.Equal((1, 4), (printed.GetProperty("execution_count").GetInt32(), silent.GetProperty("execution_count").GetInt32()));
    }

    internal static (Notebook, LessonResult) Lesson(string folder, string name, string head,
        params (string Source, Output[] Outputs, Problem? Problem)[] cells)
    {
        var path = Path.Combine(folder, "notebooks", name + ".dib");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, HostRunner.Meta + PlayerFixture.Text(head)
            + string.Concat(cells.Select(c => PlayerFixture.Code(c.Source))));
        var lesson = DibReader.Load(path);
        var results = lesson.Code.Select((cell, i) => new CellResult(cell.Number, cell.Line, cells[i].Problem is null
            ? CellStatus.Ok
            : CellStatus.Failed, 1, cells[i].Outputs, cells[i].Problem));
        return (lesson, new LessonResult(path, lesson.Title, [.. results], [], 1, 1));
    }

    private (Notebook, LessonResult) Lesson(string name, string head, params (string Source, Output[] Outputs, Problem? Problem)[] cells) =>
        Lesson(clone.Path, name, head, cells);

    /// <summary>Two lessons with everything that a page can hold.</summary>
    private IReadOnlyList<(Notebook, LessonResult)> Small()
    {
        var head =
            "# One\n\n**5 minutes.**\n\n- read a page\n\n<!-- instructor: only for the teacher -->\n\n![A picture](../assets/picture.svg) "
                + "and [the other lesson](02-two.dib).\n\n"
            + "| field | what it says |\n|---|---|\n| `service.instance.id.of.a.very.long.name.that.does.not.break` | one "
                + "|\n\n**Predict.** One or two?\n\n- **A.** one\n- **B.** two\n\n"
            + "<details>\n<summary>Hint</summary>\n\nIt was folded away.\n\n```csharp\nvar code = \"in a fold, and it is a line that is "
                + "longer than any telephone is wide\";\n```\n\n</details>";
        Output[] outputs = [new(OutputKind.StandardOutput, "<b>printed</b>\n  twice"), new(OutputKind.StandardError, "an error line"),
            new(OutputKind.Warning, "CS0168: unused"), new(OutputKind.Display, "a <value>"), new(OutputKind.Note, "printed later")];
        return
        [
            Lesson("01-one", head,
                ("Console.WriteLine(\"a line of code that is longer than any telephone is wide, so it scrolls in its own box\");", outputs,
                    null),
                ("drawing", [new(OutputKind.Display, "drawn",
                    "<style>.t { color: inherit }</style><table class=\"t\"><tbody><tr><td>drawn</td></tr></tbody></table>")], null),
                ("x", [], new Problem("01-one.dib", 4, 40, "The name 'x' does not exist", "Write it.")), ("var silent = 1;", [], null)),
            Lesson("02-two", "# Two & more\n\n- go [back](01-one.dib)\n\n**B.** It is two.", ("2", [], null)),
        ];
    }

    private void Write(IReadOnlyList<(Notebook, LessonResult)> lessons)
    {
        clone.Write("assets/picture.svg",
            """<svg xmlns="http://www.w3.org/2000/svg" width="900" height="20"><rect width="900" height="20"/></svg>""");
        new Site(clone.Path, site.Path).Write(lessons);
    }

    private IEnumerable<IHtmlDocument> Pages() => Directory.GetFiles(site.Path, "*.html").Select(Parse);

    private IHtmlDocument Page(string name) => Parse(Path.Combine(site.Path, name + ".html"));

    private static IHtmlDocument Parse(string file) => new HtmlParser().ParseDocument(File.ReadAllText(file));

    private async Task<BrowserPage> OpenAsync(string name, int width, ColorScheme colours = ColorScheme.Light)
    {
        var shown = await browser.NewPage(width, 844);
        await shown.Page.EmulateMediaAsync(new() { ColorScheme = colours });
        await shown.Page.GotoAsync(new Uri(Path.Combine(site.Path, name + ".html")).AbsoluteUri);
        return shown;
    }
}
