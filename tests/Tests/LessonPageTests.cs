using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Pages;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Player;
using Xunit;
using Page = TracingTutorial.Course.Pages.LessonPage;

namespace TracingTutorial.Tests;

/// <summary>What a page gets of a lesson: its parts, questions, folds, headings, and text that stays where it is put.</summary>
public sealed class LessonPageTests
{
    private const string Example =
        "#!markdown\n\n# Title\n\n- goal\n\n<!-- instructor: first -->\n\n#!markdown\n\n## One\n\n**Predict.** Which?\n\n- **A.** a\n- "
            + "**B.** b\n\n"
        + "<!-- instructor: second -->\n\n#!csharp\n\nvar a = 1;\na\n\n#!csharp\n\n2\n\n#!markdown\n\n**B.** It is b.\n\n## Exercise "
            + "1.1\n\n#!csharp\n\n// Exercise 1.1: x\n// TODO\n1\n\n"
        + "#!markdown\n\n<details>\n<summary>Hint 1</summary>\n\nA "
            + "hint.\n\n</details>\n<details>\n<summary>Solution</summary>\n\n```csharp\n// Exercise 1.1: x\n1\n```\n\n</details>\n\n"
        + "<!-- instructor: third -->\n\n#!markdown\n\n## Quiz\n\nWhat?\n\n- **A.** a\n- **B.** "
            + "b\n\n<details>\n<summary>Answer</summary>\n\n**A.** So.\n\n</details>\n";

    [Fact]
    public void A_lesson_has_parts_questions_and_solutions()
    {
        var page = PageOf(Example);

        Assert.Equal(["t", "t c1 c2 s", "t c4 t", "t"],
            page.Parts.Select(p => string.Join(' ', p.Items.Select(i => i.Cell is { } cell ? $"c{cell - 1}" : i.Said ? "s" : "t"))));
        Assert.Equal(["first", "second", "third", null], page.Parts.Select(p => p.Notes is { } notes
            ? Body(notes).TextContent.Trim()
            : null));
        Assert.Equal([("Which? A. a B. b", false, "B", 2, 2), ("What? A. a B. b", true, "A", 0, -1)],
            page.Questions.Select(q => (q.Key.Replace("Predict. ", ""), q.Quiz, q.Right!, q.Cells.Count, q.First ?? -1)));
        Assert.Equal(("Which?", "AB"), (page.Questions[0].Text, string.Concat(page.Questions[0].Letters)));
        Assert.Equal([("one", null), ("exercise-11", "1.1"), ("quiz", null)], page.Headings.Select(h => (h.Id, h.Exercise)));
        var exercise = Assert.Single(page.Cells, c => c.Exercise is not null);
        Assert.Equal("// Exercise 1.1: x\n1", exercise.Solution);

        var html = Body(string.Concat(page.Parts.SelectMany(p => p.Items).Select(i => i.Html)));
        Assert.Equal(["0", "1"], html.QuerySelectorAll("ul[data-question]").Select(e => e.GetAttribute("data-question")));
        Assert.Equal(["Predict. Which?", "What?"], html.QuerySelectorAll("[data-asks]").Select(e => e.TextContent));
        Assert.Equal("B. It is b.", Assert.Single(html.QuerySelectorAll("[data-closes='0']")).TextContent);
        Assert.Equal("Solution", Assert.Single(html.QuerySelectorAll($"details[data-solution='{exercise.Index}']"))
            .QuerySelector("summary")!.TextContent);
    }

    [Fact]
    public void Each_section_and_each_question_of_a_quiz_is_a_part_with_the_notes_that_are_below_its_text()
    {
        const string answers = "\n\n- **A.** a\n- **B.** b\n\n<details>\n<summary>Answer</summary>\n\n**A.** So.\n\n</details>\n\n";
        var page = PageOf(
            "#!markdown\n\n# Title\n\nText.\n\n<!-- instructor: head -->\n\n## Stretch\n\nMore.\n\n<!-- instructor: stretch -->\n\n"
            + $"## Quiz\n\nChoose.\n\nOne?{answers}<!-- instructor: one -->\n\nTwo?{answers}## Recap\n\nAll.\n\n<!-- instructor: end -->\n");

        Assert.Equal([("Title", "head"), ("Stretch", "stretch"), ("Quiz", "one"), ("Two?", null), ("Recap", "end")],
            page.Parts.Select(p => (Body(p.Items[0].Html!).Children[0].TextContent, p.Notes is { } notes
                ? Body(notes).TextContent.Trim()
                : null)));
    }

    [Fact]
    public void The_version_changes_with_the_lesson_and_with_nothing_else()
    {
        Assert.Equal(PageOf(Example).Version, PageOf(Example).Version);
        Assert.NotEqual(PageOf(Example).Version, PageOf(Example.Replace("A hint.", "Another hint.")).Version);
    }

    [Fact]
    public void The_minutes_of_the_parts_are_those_of_the_sections()
    {
        foreach (var notebook in HostRunner.Lessons.Select(l => DibReader.Load(HostRunner.Lesson(l))))
            Assert.Equal(Minutes.Sections(notebook).Sum(s => s.Minutes + s.Votes), notebook.Lesson.Parts.Sum(p => p.Minutes), 6);
    }

    [Fact]
    public void Headings_have_ids_of_their_own_in_any_script()
    {
        var page = PageOf(
            "#!markdown\n\n## Try it\n\n## Übung 1\n\n## 追跡\n\n## Try it 1\n\n#!markdown\n\n## Try it\n\n## Main\n\n## `trace_id`: a, "
                + "b\n\n## !\n\n## !\n");

        Assert.Equal(["try-it", "übung-1", "追跡", "try-it-1", "try-it-2", "main-1", "trace_id-a-b", "section", "section-1"],
            page.Headings.Select(h => h.Id));
    }

    [Fact]
    public void The_ids_that_a_heading_cannot_have_are_those_of_the_page() =>
        Assert.Equal(Anchors.OfThePage, Regex.Matches(PageFrame.Lesson("/"), " id=\"([^\"]+)\"").Select(m => m.Groups[1].Value)
        .Order(StringComparer.Ordinal));

    [Fact]
    public void A_link_that_leads_nowhere_is_a_problem_with_its_line()
    {
        using var folder = new TempFolder();
        folder.Write("notebooks/guide.md", "# Guide\n\n## Here\n");
        folder.Write("notebooks/02.dib", HostRunner.Meta + "#!markdown\n\n# Other\n\n[back](01.dib#one)\n");
        var path = folder.Write("notebooks/01.dib", HostRunner.Meta
            + "#!markdown\n\n# One\n\n[a](#one) [b](guide.md#here) [c](02.dib#other) [d](https://example.org/x#y)\n\n"
            + "Text\nand [no](#two),\n<img src=\"no.png\">\n\n- [no](02.dib#three)\n- [no](guide.md#four)\n- [no](none.md)\n");

        var problems = DibReader.Load(path).Problems.ToArray();

        Assert.Equal([(11, "#two"), (12, "no.png"), (14, "#three"), (15, "#four"), (16, "none.md")],
            problems.Select(p => (p.Line!.Value, Regex.Match(p.Message, @"#\w+|[\w]+\.\w+$").Value)));
        Assert.All(problems, p => Assert.Equal(1, p.Cell));
        Assert.Contains("#one", problems[0].WayOut);
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "leaves the page", "<meta http-equiv=\"refresh\" content=\"0;url=http://example.org\">" },
        { "covers it", "<div style=\"position:fixed;inset:0\" class=\"bar\" id=\"runall\">x</div><style>*{display:none}</style>" },
        { "in a line", "a <b onclick=\"x()\" style=\"position:fixed\">b</b> <img src=x onerror=\"x()\"> <iframe src=\"x\"></iframe>" },
        { "script",
            "<script>x()</script>\n\n<svg onload=\"x()\"><script>x()</script></svg>\n\n<details ontoggle=\"x()\" "
                + "open><summary>s</summary>\n\n</details>" },
        { "links",
            "[a](javascript:x()) <javascript:x()> [b](data:text/html,x) [c](/api/start) [d](//example.org) "
                + "![e](http://example.org/x.png)\n\n<a href=\"javascript:x()\">f</a>" },
        { "forms",
            "<form action=\"/enter\"><button id=\"stop\">Stop</button><input name=\"x\"></form><base href=\"//example.org\"><link "
                + "rel=stylesheet href=x>" },
        { "does not close what is not its own", "</section></main>\n\n</details>\n\na </p></div> b" },
        { "comment", "<!-- <img src=x onerror=x()> -->\n\n<!-->\n<p id=x>\n\na <!-- b --> c" },
        { "attributes of Markdown", "text {#runall .bar onclick=\"x()\"}\n\n# heading {#stop style=\"position:fixed\"}" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Text_stays_where_it_is_put(string name, string markdown)
    {
        var items = PageOf($"#!markdown\n\n# {name}\n\n{markdown}\n\nbehind it\n\n#!csharp\n\n1\n").Parts.Single().Items;
        Assert.Equal([null, 1], items.Select(i => i.Cell));
        var page = new HtmlParser().ParseDocument($"<main><section id=\"around\">{items[0].Html}</section><b id=\"after\"></b></main>");

        Assert.Equal("around", page.QuerySelector("#after")!.PreviousElementSibling!.Id); // each element is closed
        Assert.All(page.QuerySelectorAll("#around *:not(a.picture)"), e => // a picture is a link to itself
        {
            Assert.Contains(e.LocalName, (string[])["h1", "p", "a", "b", "details", "summary", "img", "em", "code"]);
            Assert.All(e.Attributes, a => Assert.Contains(a.Name, (string[])["href", "id", "src", "alt", "open"]));
            Assert.True(string.IsNullOrEmpty(e.Id) || e.LocalName == "h1", e.OuterHtml);
            Assert.DoesNotContain(e.Id ?? "", Anchors.OfThePage);
            Assert.Null(e.GetAttribute("href"));
        });
        Assert.EndsWith("behind it", page.QuerySelector("#around")!.TextContent.Trim());
    }

    [Fact]
    public void What_lessons_use_of_HTML_stays()
    {
        var html = PageOf(
            "#!markdown\n\n# T\n\nPress <kbd>Enter</kbd>,<br>H<sub>2</sub>O\n\n<picture>\n  <source media=\"(prefers-color-scheme: dark)\" "
                + "srcset=\"../assets/a.png\">\n"
            + "  <img src=\"../assets/b.png\" alt=\"A <picture>\">\n</picture>\n").Parts[0].Items[0].Html!;

        Assert.Contains("<kbd>Enter</kbd>,<br>H<sub>2</sub>O", html);
        Assert.Contains("srcset=\"/at/assets/a.png\"", html);
        Assert.Contains("src=\"/at/assets/b.png\"", html);
    }

    public static TheoryData<string, string> Deep => new()
    {
        { ">", "" }, { "[", "" }, { "[", "](x)" }, { "- ", "" }, { "*a ", "" }, { "![", "](x)" }, { "<b>", "</b>" }, { "<details>", "" },
        { "<kbd>", "</kbd>" },
    };

    [Theory]
    [MemberData(nameof(Deep))]
    public void A_text_that_is_nested_without_end_takes_only_itself_down(string open, string close)
    {
        var clock = Stopwatch.StartNew();
        foreach (var before in (string[])["", "- goal "])
        {
            var text = before + string.Concat(Enumerable.Repeat(open, 3000)) + string.Concat(Enumerable.Repeat(close, 3000));
            var notebook = DibReader.Parse("/notebooks/01.dib", $"{HostRunner.Meta}#!markdown\n\n{text}\n\n#!markdown\n\n# After\n");
            var page = Page.Of(notebook.Lesson, _ => null);

            Assert.Contains("After", page.Parts[^1].Items[^1].Html);
            _ = Page.About(notebook.Lesson, _ => null);
            if (open == ">" && before.Length == 0)
            {
                Assert.Contains("cannot be laid out", page.Parts[0].Items[0].Html);
                Assert.Contains("nested too deeply", Assert.Single(notebook.Problems).Message);
            }
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), $"It took {clock.Elapsed}.");
    }

    [Fact]
    public async Task No_symbolic_link_leads_out_of_the_clone()
    {
        using var outside = new TempFolder();
        using var clone = new TempFolder();
        outside.Write("secret.md", "# Secret");
        outside.Write("secret.png", "");
        outside.Write("secret.dib", HostRunner.Cells("1"));
        clone.Write("docker/README.md", "# Own");
        clone.Write("helpers/own.cs", "");
        clone.Write("notebooks/00-own.dib", HostRunner.Cells("1"));
        clone.Write("assets/own.png", "");
        try
        {
            File.CreateSymbolicLink(Path.Combine(clone.Path, "docker", "out.md"), Path.Combine(outside.Path, "secret.md"));
            File.CreateSymbolicLink(Path.Combine(clone.Path, "docker", "in.md"), "README.md");
            Directory.CreateSymbolicLink(Path.Combine(clone.Path, "docker", "folder"), outside.Path);
            File.CreateSymbolicLink(Path.Combine(clone.Path, "assets", "out.png"), Path.Combine(outside.Path, "secret.png"));
            Directory.CreateSymbolicLink(Path.Combine(clone.Path, "helpers", "folder"), outside.Path);
            File.CreateSymbolicLink(Path.Combine(clone.Path, "notebooks", "01-out.dib"), Path.Combine(outside.Path, "secret.dib"));
            File.CreateSymbolicLink(Path.Combine(clone.Path, "docker", "round.md"), Path.Combine(clone.Path, "docker", "round.md"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Assert.Skip("This account may not make symbolic links.");
        }

        Assert.Equal([true, true, false, false, false],
            ((string[])["docker/README.md", "docker/in.md", "docker/out.md", "docker/folder/secret.md",
                "docker/round.md"]).Select(p => CloneFile.CanBeRead(clone.Path, p)));
        Assert.Equal([true, false], ((string[])["assets/own.png", "assets/out.png"]).Select(p => CloneFile.IsAsset(clone.Path, p)));
        using var site = new TempFolder();
        CloneFile.CopyAssets(clone.Path, site.Path);
        Assert.Equal(["own.png"], Directory.GetFiles(Path.Combine(site.Path, "assets")).Select(Path.GetFileName));
        CourseFiles.CopyHelpers(clone.Path, site.Path);
        Assert.Equal(["own.cs"], Directory.GetFiles(Path.Combine(site.Path, "helpers"), "*", SearchOption.AllDirectories)
            .Select(Path.GetFileName));
        await using var lessons = new OpenLessons(
            clone.Path, new ProgressFolder(site.Path), (_, _) => throw new InvalidOperationException());
        Assert.Contains("leads out of the clone", await PageOfAsync("01-out"));
        Assert.DoesNotContain("leads out of the clone", await PageOfAsync("00-own"));

        async Task<string> PageOfAsync(string name) => string.Concat((await lessons.OpenAsync(name))!.Lesson.Cells.Select(c => c.Source));
    }

    private static Page PageOf(string cells) =>
        Page.Of(DibReader.Parse("/notebooks/01-example.dib", HostRunner.Meta + cells, checkLinks: false).Lesson, path => $"/at/{path}");

    private static IElement Body(string html) => new HtmlParser().ParseDocument(html).Body!;
}
