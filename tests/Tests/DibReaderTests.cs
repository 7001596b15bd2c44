using System;
using System.IO;
using System.Linq;
using TracingTutorial.Course.Lessons;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Each rule of the dialect: what is refused, where the message points, and what it says to do.</summary>
public class DibReaderTests
{
    private const string Md = HostRunner.Meta + "#!markdown\n\n";

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFE, (byte)'#', 0 }, null, "UTF-16")]
    [InlineData(new byte[] { (byte)'#', (byte)'\n', (byte)'\n', 0xE4, (byte)'x' }, 3, "not text in UTF-8")]
    [InlineData(new byte[] { (byte)'#', (byte)'\n', 0, (byte)'x' }, 2, "not text in UTF-8")]
    [InlineData(new byte[] { (byte)'#', 0xF0, 0x9F }, 1, "not text in UTF-8")]
    public void A_file_that_is_not_UTF_8_is_refused_with_its_line(byte[] bytes, int? line, string says)
    {
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "a.dib");
        File.WriteAllBytes(path, bytes);

        var problem = Assert.Throws<NotebookException>(() => DibReader.Load(path)).Problems.Single();

        Assert.Equal(line, problem.Line);
        Assert.Contains(says, problem.Message);
        Assert.Contains("UTF-8", problem.WayOut);
    }

    [Fact]
    public void A_link_with_a_NUL_leads_nowhere_and_a_line_end_in_a_name_ends_no_line()
    {
        var notebook = DibReader.Parse("/notebooks/a\nb.dib", $"{Md}[x](a%00b.md)\n\n#!csharp\n\n1\n");

        Assert.Contains("does not exist", Assert.Single(notebook.Cells[0].Problems).Message);
        Assert.Equal("#line 10 \"a\ufffdb.dib\"\n1", notebook.Cells[1].ToSubmission());
    }

    // The text, the line the message must name, a part of the message, a part of the way out.
    public static TheoryData<string, int, string, string> Refused => new()
    {
        { "#!csharp\n1\n", 1, "does not begin with the line `#!meta`", "#!meta" },
        { "\n" + HostRunner.Meta, 1, "does not begin with the line `#!meta`", "#!meta" },
        { "#!meta\n{\"kernelInfo\":\n#!csharp\n1\n", 2, "not valid JSON", "#!meta" },
        { "#!meta\n{}\n#!csharp\n1\n", 2, "kernelInfo.defaultKernelName", "#!meta" },
        { "#!meta\n[1]\n#!csharp\n1\n", 2, "kernelInfo.defaultKernelName", "#!meta" },
        { "#!meta\n{\"kernelInfo\":{\"defaultKernelName\":\"fsharp\"}}\n#!csharp\n1\n", 2, "fsharp", "#!meta" },
        { HostRunner.Meta + "#!csharp\n1\n#!meta\n{}\n", 6, "only in the first line", "Remove" },

        { HostRunner.Meta, 0, "no cells", "#!csharp" },
        { HostRunner.Meta + "words\n#!csharp\n1\n", 4, "not valid JSON", "#!meta" },
        { "#!meta\n#!time\nwords\n#!csharp\n1\n", 2, "not valid JSON", "#!meta" },
        { HostRunner.Meta + "#!csharp \n1\n", 4, "not every notebook host", "exactly `#!csharp`" },
        { HostRunner.Meta + " #!markdown\nwords\n", 4, "not every notebook host", "exactly `#!markdown`" },
        { HostRunner.Meta + "#!csharp\n1\n#!CSharp\n2\n", 6, "not every notebook host", "exactly `#!csharp`" },
        { HostRunner.Meta + "#!c#\n1\n", 4, "not every notebook host", "exactly `#!csharp`" },
        { HostRunner.Meta + "#!csharp --name x\n1\n", 4, "not every notebook host", "exactly `#!csharp`" },
        { HostRunner.Meta + "#!csharp\n1\n#!fsharp\n1\n", 6, "`#!fsharp` is not understood", "Remove" },
        { HostRunner.Meta + "#!csharp\n#!time\n1\n", 5, "`#!time` is not understood", "Remove" },
        { Md + "#!import ../helpers/core.dib\n", 6, "`#!import` is not understood", "Remove" },
        { Md + "```\n#!csharp\n1\n```\n", 7, "inside a code fence", "Close the fence" },
        { HostRunner.Cells("var text = \"\"\"\n#!markdown\n\"\"\";"), 6, "not closed", "another way" },
        { HostRunner.Cells("/* never\nclosed"), 6, "not closed", "Close it" },

        { HostRunner.Cells("#!import a.dib\nvar x = 1;"), 6, "shares its cell", "cell of its own" },
        { HostRunner.Cells("// the helpers\n#!import a.dib"), 7, "shares its cell", "cell of its own" },
        { HostRunner.Cells("#!import \"a.dib\""), 6, "not an import", "without quotes" },
        { HostRunner.Cells("#!import  a.dib"), 6, "not an import", "one space" },
        { HostRunner.Cells("#!import a\\b.dib"), 6, "not an import", "forward slashes" },
        { HostRunner.Cells(" #!import a.dib"), 6, "not an import", "start of the line" },
        { HostRunner.Cells("#!import /helpers/core.dib"), 6, "path of one machine", "notebook's own folder" },
        { HostRunner.Cells("#!import a.txt"), 6, "cannot be imported", ".dib" },
        { HostRunner.Cells("#!import missing.dib"), 6, "does not exist", "Correct the path" },

        { Md + "one\nwrite to someone@example\n", 7, "`@example` in a Markdown cell", "without the @" },
        { Md + "```csharp\nvar @class = 1;\n```\n", 7, "`@class`", "without the @" },
        { Md + "a @@ b\n", 6, "`@@`", "without the @" },
        { HostRunner.Cells("1") + "#!mermaid\ngraph TD\n", 7, "`#!mermaid` is not understood", "#!csharp and #!markdown" },
        { HostRunner.Meta + "#!html\n<b>bold</b>\n", 4, "`#!html` is not understood", "#!csharp and #!markdown" },

        { HostRunner.Cells("var a = 1;\nnamespace Shop { class B { } }"), 7, "no namespaces", "Remove the namespace" },
        { HostRunner.Cells("static class X\n{\n    public static int Twice(this int i) => 2 * i;\n}"), 8, "extension method inside a class",
            "top level" },
        { HostRunner.Cells("class X(int field)\n{\n    public int Y => field;\n}"), 8, "`field` inside a property", "another name" },
        { HostRunner.Cells("file class X { }"), 6, "`file` type", "Remove" },
        { HostRunner.Cells("var a = 1;\nusing var reader = new System.IO.StringReader(\"\");"), 7, "`using var`", "`using (…) { … }`" },
        { HostRunner.Cells("await using var x = Something();"), 6, "`using var`", "`using (…) { … }`" },
        { HostRunner.Cells("#load \"a.csx\""), 6, "`#load`", "#!import" },
        { HostRunner.Cells("#i \"nuget: https://example.org\""), 6, "package feed for everybody", "dotnet nuget add source" },
        { HostRunner.Cells("display(1);"), 6, "`display(…)`", ".Display()" },
        { HostRunner.Cells("HTML(\"<b>\")"), 6, "`HTML(…)`", ".Display()" },
        { HostRunner.Cells("\"<b>\".Display(\"text/html\");"), 6, "`Display` with arguments", "ToHtml()" },

        { HostRunner.Cells(" #r \"nuget: OpenTelemetry, 1.20.1\""), 6, "not a reference", "start of the line" },
        { HostRunner.Cells("#r nuget: OpenTelemetry, 1.20.1"), 6, "not a reference", "start of the line" },
        { HostRunner.Cells("#r \"nuget: OpenTelemetry, 1.20.1\" // why"), 6, "not a reference", "nothing after it" },
        { HostRunner.Cells("#r \"nuget:OpenTelemetry,1.20.1\""), 6, "not a reference", "#r \"nuget: Id, 1.2.3\"" },
        { HostRunner.Cells("#r \"nuget: OpenTelemetry\""), 6, "not one exact version", "1.2.3" },
        { HostRunner.Cells("#r \"nuget: OpenTelemetry, 1.*\""), 6, "`1.*` is not one exact version", "1.2.3" },
        { HostRunner.Cells("#r \"nuget: OpenTelemetry, [1.0,2.0)\""), 6, "not one exact version", "1.2.3" },
        { HostRunner.Cells("#r \"nuget: Microsoft.AspNetCore.TestHost, 9.0.1\""), 6, "does not match the .NET 10 kernel", "10.0.x" },
        { HostRunner.Cells("#r \"nuget: Microsoft.DotNet.Interactive, 1.0.0\""), 6, "part of one notebook host", "must not depend" },
        { HostRunner.Cells("#r \"../lib/some.dll\""), 6, "not a reference", "#r \"Assembly.Name\"" },
        { HostRunner.Cells("#r \"some.dll\""), 6, "file of one machine", "without ending" },
        { HostRunner.Cells("#r \"Spectre.Console\""), 6, "not an assembly of .NET", "nuget" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_one_of_the_hosts_refuses_is_refused_with_its_line_and_the_way_out(
        string text, int line, string message, string wayOut)
    {
        var problem = ProblemsOf(text)[0];

        Assert.Equal(line, problem.Line ?? 0);
        Assert.Contains(message, problem.Message);
        Assert.Contains(wayOut, problem.WayOut);
        Assert.Contains("test.dib" + (line > 0 ? $":{line}" : ""), problem.ToString());
    }

    public static TheoryData<string> Accepted =>
    [
        HostRunner.Cells("1"),
        HostRunner.Cells("1").Replace("\n", "\r\n"),
        HostRunner.Cells("// only a comment"),
        HostRunner.Cells(
            "#r \"nuget: OpenTelemetry, 1.20.1\"\n#r \"nuget: A.B, 1.0.0-rc.1\"\n#r \"Microsoft.AspNetCore\"\n#r "
                + "\"System.Net.Http.Json\"\nusing System.Diagnostics;"),
        HostRunner.Cells("using (var reader = new System.IO.StringReader(\"\")) { }"),
        HostRunner.Cells("void F()\n{\n    using var reader = new System.IO.StringReader(\"\");\n}"),
        HostRunner.Cells("static int Twice(this int i) => 2 * i;"),
        HostRunner.Cells("var x = 1; x.Display();"),
        HostRunner.Cells("var @class = 1;"),
        Md + "A line `#!csharp` in prose, an address a @ b, a fence:\n\n```\n#r \"nuget: A, 1.0.0\"\n```\n",
    ];

    [Theory]
    [MemberData(nameof(Accepted))]
    public void What_every_host_takes_is_taken(string text) => Assert.Empty(ProblemsOf(text));

    [Fact]
    public void Every_problem_of_a_notebook_is_told_at_once_in_the_order_of_its_lines()
    {
        var problems = ProblemsOf(HostRunner.Cells("using var a = b;", "display(1);", "#load \"x\""));

        Assert.Equal([6, 10, 14], problems.Select(p => p.Line));
        Assert.Equal([1, 2, 3], problems.Select(p => p.Cell));
    }

    [Fact]
    public void Cells_know_their_line_their_kind_and_their_text()
    {
        var notebook = DibReader.Parse("/notebooks/test.dib",
            HostRunner.Meta + "#!markdown\n\n# Title\n\n#!csharp\n\n\nvar a = 1;\na\n\n\n#!csharp\n");

        Assert.Equal("Title", notebook.Title);
        Assert.Equal(
            [(1, 6, CellKind.Markdown, "# Title"), (2, 11, CellKind.CSharp, "var a = 1;\na"), (3, 16, CellKind.CSharp, "")],
            notebook.Cells.Select(c => (c.Number, c.Line, c.Kind, c.Source)));
    }

    [Fact]
    public void A_heading_inside_a_code_fence_is_no_heading()
    {
        var cell = DibReader.Parse("/notebooks/test.dib", Md + "## One\n\n```\n# not one\n```\n\n### Two ###\n").Cells[0];

        Assert.Equal(["One", "Two"], cell.Text.Headings.Select(h => h.Text));
    }

    [Fact]
    public void A_notebook_that_is_not_there_is_named()
    {
        var error = Assert.Throws<NotebookException>(() => DibReader.Load(Path.Combine(HostRunner.Root, "notebooks", "no-such.dib")));

        Assert.Contains("no-such.dib", error.Message);
        Assert.Contains("cannot be read", error.Message);
    }

    [Theory]
    [InlineData("lib.cs", "class A { }\n#!csharp\n", 2, "begins with `#!`")]
    [InlineData("lib.cs", "namespace A;\nclass B { }\n", 1, "no namespaces")]
    [InlineData("lib.csx", "file class B { }\n", 1, "`file` type")]
    public void An_imported_source_file_must_keep_the_dialect_too(string name, string source, int line, string message)
    {
        using var folder = new TempFolder();

        var problem = Assert.Single(DibReader.Imported(folder.Write(name, source), folder.Path)).Problems[0];

        Assert.Equal((line, (int?)null), (problem.Line, problem.Cell));
        Assert.Contains(message, problem.Message);
        Assert.EndsWith(name, problem.File, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folded_solution_replaces_the_whole_cell_of_its_exercise()
    {
        const string fold =
            "#!markdown\n\n<details>\n<summary>Solution</summary>\n\n```csharp\n// Exercise 1.1: a\n42\n```\n\n- because\n\n</details>\n";
        var notebook = DibReader.Parse("/notebooks/test.dib", HostRunner.Cells("// Exercise 1.1: a\n0 // TODO", "1") + fold);
        var lesson = DibReader.Parse("/notebooks/test.dib", HostRunner.Cells("// Exercise 1.1: a\n0 // TODO") + fold
            + HostRunner.Cells("1")[HostRunner.Meta.Length..]);

        // it is below another cell
        Assert.Contains("Exercise 1.1 has no solution", Assert.Throws<NotebookException>(notebook.Solved).Message);
        Assert.Equal(["// Exercise 1.1: a\n42", "1"], lesson.Solved().Code.Select(c => c.Source));
        Assert.Equal("1.1", lesson.Solved().Cells[0].Exercise);
    }

    /// <summary>What is wrong with a notebook, whether it keeps the whole or one cell from running.</summary>
    private static Problem[] ProblemsOf(string text)
    {
        try
        {
            return [.. DibReader.Parse("/notebooks/test.dib", text).Problems];
        }
        catch (NotebookException e)
        {
            return [.. e.Problems];
        }
    }
}
