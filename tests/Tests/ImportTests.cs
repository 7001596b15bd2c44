using System;
using System.Linq;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary><c>#!import</c>: what it runs, and that a failure in what it runs is a failure of its cell.</summary>
public sealed class ImportTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Imports_run_in_order_resolve_from_the_opened_notebook_and_share_everything()
    {
        _folder.Write("helpers/all.dib", HostRunner.Cells("#!import ../helpers/one.cs", "#!import ../helpers/two.csx",
            "var three = Two.Value + 1;"));
        _folder.Write("helpers/one.cs", "using System.Diagnostics;\npublic static class One { public const int Value = 1; }\n");
        _folder.Write("helpers/two.csx", "static class Two { public static int Value => One.Value + 1; }\n");
        var path = _folder.Write("notebooks/test.dib", HostRunner.Cells("#!import ../helpers/all.dib", "#!import ../helpers/all.dib",
            "new Stopwatch().IsRunning ? 0 : three"));

        Assert.Equal("3", (await HostRunner.RunAsync(path)).Result.Passes().Cells[2].Text());
    }

    [Theory(Explicit = true)]
    [InlineData("class Fine { }\nclass Broken {", "CS1513", 2)]
    [InlineData("int a = \"text\";", "CS0029", 1)]
    [InlineData("using System.Text;\nclass Wrong { int a = \"text\"; }", "CS0029", 2)]
    [InlineData("namespace A { }", "no namespaces", 1)]
    public async Task An_error_inside_an_imported_file_fails_the_import_names_that_file_and_stops_what_needs_it(string source,
        string message, int line)
    {
        _folder.Write("good.cs", "#nullable enable\nusing System;\n\nclass Good { }\n");
        _folder.Write("lib.cs", source);
        _folder.Write("all.dib", HostRunner.Cells("#!import good.cs", "#!import lib.cs"));
        var (result, _) = await HostRunner.RunAsync(_folder.Write("test.dib", HostRunner.Cells("#!import all.dib", "1")));

        Assert.Equal([CellStatus.Failed, CellStatus.NotRun], result.Cells.Select(c => c.Status));
        var problem = result.Cells[0].Problem!;
        Assert.Contains(message, problem.Message);
        Assert.EndsWith("lib.cs", problem.File, StringComparison.Ordinal);
        Assert.Equal(line, problem.Line);
    }

    [Theory(Explicit = true)]
    [InlineData("lib.cs", "class Fine { }\nthrow new System.Exception(\"at import\");")]
    [InlineData("lib.dib", HostRunner.Meta + "#!csharp\n\nthrow new System.Exception(\"at import\");\n")]
    public async Task An_exception_inside_an_imported_file_fails_the_import_which_the_engine_itself_does_not(string name, string source)
    {
        _folder.Write(name, source);
        var (result, _) = await HostRunner.RunAsync(_folder.Write("test.dib", HostRunner.Cells($"#!import {name}", "1")));

        Assert.Equal([CellStatus.Failed, CellStatus.NotRun], result.Cells.Select(c => c.Status));
        Assert.Contains("at import", result.Cells[0].Problem!.Message);
        Assert.Contains(name, result.Cells[0].Problem!.ToString());
    }

    [Fact]
    public async Task Imports_that_go_round_in_a_circle_are_refused_with_the_circle()
    {
        _folder.Write("a.dib", HostRunner.Cells("#!import b.dib"));
        _folder.Write("b.dib", HostRunner.Cells("1", "#!import a.dib"));
        var (result, _) = await HostRunner.RunAsync(_folder.Write("test.dib", HostRunner.Cells("#!import a.dib")));

        var problem = result.FailedCell().Problem!;
        Assert.Matches("circle: .*a.dib -> .*b.dib -> .*a.dib", problem.Message);
        Assert.EndsWith("b.dib", problem.File, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task A_notebook_and_what_it_imports_may_have_the_line_ends_of_Windows()
    {
        const string source =
            "#nullable enable\npublic static class One\n{\n    public const string Text = \"\"\"\n        a\n        b\n        "
                + "\"\"\";\n}\n";
        const string exercise = "// Exercise 1.1: lines\n#r \"Microsoft.AspNetCore\"\nOne.Text == \"a\\nb\"";
        const string solution =
            "#!markdown\n\n<details>\n<summary>Solution</summary>\n\n```csharp\n// Exercise 1.1: lines\nOne.Text\n```\n</details>\n";
        _folder.Write("helpers/one.cs", source.Replace("\n", "\r\n"));
        _folder.Write("helpers/all.dib", HostRunner.Cells("#!import ../helpers/one.cs").Replace("\n", "\r\n"));
        var path = _folder.Write("notebooks/test.dib", (HostRunner.Cells("#!import ../helpers/all.dib", exercise) + solution).Replace("\n",
            "\r\n"));

        Assert.Equal("True", (await HostRunner.RunAsync(path)).Result.Passes().Cells[1].Text());
        Assert.Equal("a\nb", (await HostRunner.RunAsync(path,
            HostRunner.Options with { Solutions = true })).Result.Passes().Cells[1].Text());
    }

    [Fact]
    public void An_import_that_is_not_there_is_a_problem_of_its_cell()
    {
        var notebook = DibReader.Parse("/notebooks/test.dib", HostRunner.Cells("1", "#!import ../helpers/missing.dib"));

        Assert.Contains("does not exist", Assert.Single(notebook.Problems).Message);
        Assert.Single(notebook.Cells[1].Problems);
    }
}
