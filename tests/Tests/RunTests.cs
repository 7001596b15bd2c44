using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Host;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>What happens to the cells of a notebook that is run.</summary>
public class RunTests
{
    [Fact]
    public async Task A_cell_shows_its_console_text_what_it_displays_and_its_trailing_expression_in_order()
    {
        var result = (await TheHost.RunCellsAsync(
            "Console.Write(\"a\"); Console.WriteLine(\"b\");\n\"shown\".Display();\nvar numbers = new[] { 1, 2 };\nnumbers",
            "// only a comment",
            "string nothing = null;\nnothing",
            "1.5")).Passes();

        Assert.Equal(
            [(OutputKind.StandardOutput, "ab\n"), (OutputKind.Display, "shown"), (OutputKind.Display, "[1, 2]")],
            result.Cells[0].Outputs.Select(o => (o.Kind, o.Text)));
        Assert.Empty(result.Cells[1].Outputs);
        Assert.Empty(result.Cells[2].Outputs);
        Assert.Equal("1.5", result.Cells[3].Outputs.Single().Text);
    }

    [Fact]
    public async Task An_object_with_ToHtml_is_shown_as_a_page_shows_it_and_as_a_terminal_does()
    {
        var result = (await TheHost.RunCellsAsync(
            "class View\n{\n    public string ToHtml() => \"<b>bold</b>\";\n    public override string ToString() => \"bold\";\n}",
            "new View().Display();\nnew View()")).Passes();

        Assert.All(result.Cells[1].Outputs, o => Assert.Equal(("bold", "<b>bold</b>"), (o.Text, o.Html)));
        Assert.Equal(2, result.Cells[1].Outputs.Count);
    }

    [Fact]
    public async Task A_value_that_cannot_be_shown_fails_its_cell_and_not_the_whole_run()
    {
        var result = await TheHost.RunCellsAsync(
            "class View\n{\n    public string ToHtml() => throw new InvalidOperationException(\"no page\");\n    public override string ToString() => \"text\";\n}",
            "new View()",
            "\"still here\"");

        Assert.Contains("cannot be shown: InvalidOperationException: no page", result.FailedCell().Problem!.Message);
        Assert.Equal("still here", result.Cells[2].Outputs.Single().Text);
    }

    [Fact]
    public async Task Text_that_goes_past_the_console_is_shown_whatever_it_is()
    {
        var result = (await TheHost.RunCellsAsync(
            "using System.IO;\nusing (var raw = new StreamWriter(Console.OpenStandardOutput()))\n    raw.Write(\"plain\\n\\u001e{not an event\\n\\u001e{\\\"event\\\":\\\"unknown\\\"}\\n\");")).Passes();

        Assert.Equal(["plain\n", "\u001e{not an event\n", "\u001e{\"event\":\"unknown\"}\n"], result.Cells[0].Outputs.Select(o => o.Text));
    }

    [Fact]
    public async Task Cells_build_on_each_other_await_and_may_run_the_same_declaration_twice()
    {
        var result = (await TheHost.RunCellsAsync(
            "var x = 1;\nint Twice(int n) => 2 * n;\nstatic int Plus(this int a, int b) => a + b;",
            "await Task.Yield();\nvar x = \"now a text\";",
            "Twice(x.Length).Plus(1)")).Passes();

        Assert.Equal("21", result.Texts());
    }

    [Fact]
    public async Task The_default_imports_are_those_that_all_hosts_share()
    {
        var result = (await TheHost.RunCellsAsync(
            "var list = new List<int> { 3 }.Select(n => n + 1).ToArray();\nvar text = new StringBuilder().Append(list[0]);\nawait Task.CompletedTask;\ntext.ToString()")).Passes();

        Assert.Equal("4", result.Texts());
    }

    [Theory]
    [InlineData("File.Exists(\"a\")", "CS0103", "using System.IO;")]
    [InlineData("var a = new ActivitySource(\"x\");", "CS0246", "using System.Diagnostics;")]
    [InlineData("System.Net.Http.Json.JsonContent.Create(1)", "CS0234", "#r \"System.Net.Http.Json\"")]
    [InlineData("Results.Ok()", "CS0103", "#r \"Microsoft.AspNetCore.Http.Results\"")]
    [InlineData("new NoSuchType()", "CS0246", "")]
    [InlineData("dynamic d = 1;\nd.ToString()", "CS0656", "")]
    [InlineData("var f = (int x, int y = 1) => field;", "CS0103", "")]
    public async Task What_not_every_host_knows_does_not_compile_and_the_message_says_what_to_write(string code, string error, string wayOut)
    {
        var failed = (await TheHost.RunCellsAsync(code)).FailedCell();

        Assert.Contains(error, failed.Problem!.Message);
        Assert.Contains(wayOut, failed.Problem.WayOut);
        if (wayOut.Length == 0)
            Assert.Empty(failed.Problem.WayOut);
    }

    [Fact]
    public async Task C_sharp_14_is_refused_because_Verso_compiles_13()
    {
        var failed = (await TheHost.RunCellsAsync("class A\n{\n    public int B { get => field; set => field = value; }\n}")).FailedCell();

        Assert.Equal(8, failed.Problem!.Line);
    }

    [Fact]
    public async Task A_compiler_error_names_the_line_of_the_notebook_file_and_the_others_follow()
    {
        var failed = (await TheHost.RunCellsAsync("var ok = 1;", "#r \"System.Net.Http.Json\"\n\nint a = \"text\";\nint b = \"text\";")).FailedCell();

        Assert.Equal((2, 12), (failed.Problem!.Cell, failed.Problem.Line));
        Assert.Contains("CS0029", failed.Problem.Message);
        Assert.Contains(":13", failed.Details);
    }

    [Fact]
    public async Task An_exception_names_the_line_that_threw_and_what_was_printed_before_is_kept()
    {
        var failed = (await TheHost.RunCellsAsync(
            "int Divide(int a, int b)\n{\n    return a / b;\n}",
            "Console.WriteLine(\"before\");\nawait Task.Yield();\nDivide(1, 0);")).FailedCell();

        Assert.Equal("DivideByZeroException: Attempted to divide by zero.", failed.Problem!.Message);
        Assert.Equal(8, failed.Problem.Line);
        Assert.Equal("before\n", failed.Outputs.Single().Text);
        Assert.Contains("at Submission#", failed.Details);
        Assert.DoesNotContain("Microsoft.CodeAnalysis", failed.Details);
    }

    [Fact]
    public async Task After_a_failed_cell_the_others_run_as_they_do_in_the_notebook_hosts()
    {
        var result = await TheHost.RunCellsAsync("var x = 1;", "throw new Exception(\"no\");", "x");

        Assert.Equal([CellStatus.Ok, CellStatus.Failed, CellStatus.Ok], result.Cells.Select(c => c.Status));
        Assert.True(result.Failed);
    }

    [Fact]
    public async Task Fail_fast_stops_at_the_first_failed_cell_and_says_what_was_not_run()
    {
        using var folder = new TempFolder();
        var path = folder.Write("test.dib", TheHost.Cells("throw new Exception(\"no\");", "1", "2"));

        var (result, _) = await TheHost.RunAsync(path, new RunOptions(RunOptions.DefaultTimeout, FailFast: true));

        Assert.Equal([CellStatus.Failed, CellStatus.NotRun, CellStatus.NotRun], result.Cells.Select(c => c.Status));
    }

    [Fact]
    public async Task A_cell_that_never_ends_is_stopped_and_named()
    {
        using var folder = new TempFolder();
        var path = folder.Write("test.dib", TheHost.Cells("Console.WriteLine(\"begins\");", "while (true) { }", "1"));

        var (result, console) = await TheHost.RunAsync(path, new RunOptions(TimeSpan.FromSeconds(5)));

        var failed = result.FailedCell();
        Assert.Equal(2, failed.Number);
        Assert.Contains("did not end within 5 seconds", failed.Problem!.Message);
        Assert.Contains("--timeout", failed.Problem.WayOut);
        Assert.Equal(CellStatus.NotRun, result.Cells[2].Status);
        Assert.Contains("FAILED", console);
    }

    [Theory]
    [InlineData("Environment.Exit(7);", "exit code 7")]
    [InlineData("void Deeper() => Deeper();\nDeeper();", "exit code")]
    [InlineData("var t = new System.Threading.Thread(() => throw new InvalidOperationException(\"on another thread\"));\nt.Start();\nt.Join();\nawait Task.Delay(-1);", "exit code")]
    public async Task A_cell_that_ends_the_process_is_named(string code, string message)
    {
        var failed = (await TheHost.RunCellsAsync("1", code, "2")).FailedCell();

        Assert.Equal(2, failed.Number);
        Assert.Contains(message, failed.Problem!.Message);
    }

    [Fact]
    public async Task Endless_printing_is_cut_before_it_fills_the_memory()
    {
        var result = (await TheHost.RunCellsAsync("var line = new string('x', 1000);\nfor (var i = 0; i < 3000; i++)\n    Console.WriteLine(line);")).Passes();

        var text = result.Texts();
        Assert.InRange(text.Length, 1_000_000, 1_010_000);
        Assert.Contains("the rest is left out", text);
    }

    [Fact]
    public async Task Writing_to_the_error_stream_fails_the_cell_as_it_does_in_Verso()
    {
        var failed = (await TheHost.RunCellsAsync("Console.Error.Write(\"oh\");")).FailedCell();

        Assert.Contains("Verso", failed.Problem!.Message);
        Assert.Equal((OutputKind.StandardError, "oh"), (failed.Outputs[0].Kind, failed.Outputs[0].Text));
    }

    [Fact]
    public async Task Text_written_outside_the_flow_of_the_cell_is_marked_because_VS_Code_loses_it()
    {
        var result = (await TheHost.RunCellsAsync(
            "System.Threading.Thread thread;\nusing (System.Threading.ExecutionContext.SuppressFlow())\n{\n    thread = new System.Threading.Thread(() => Console.WriteLine(\"from elsewhere\"));\n    thread.Start();\n}\nthread.Join();")).Passes();

        var output = Assert.Single(result.Cells[0].Outputs);
        Assert.Equal(OutputKind.Note, output.Kind);
        Assert.Contains("VS Code does not show it", output.Text);
        Assert.Contains("from elsewhere", output.Text);
    }

    [Fact]
    public async Task Every_cell_runs_inside_an_unsampled_activity_of_the_host_and_a_flow_of_its_own()
    {
        var result = (await TheHost.RunCellsAsync(
            "using System.Diagnostics;\nvar local = new System.Threading.AsyncLocal<string> { Value = \"left behind\" };\nnew Activity(\"left open\").Start().OperationName",
            "var a = Activity.Current;\n$\"{a.OperationName}, source '{a.Source.Name}', recorded {a.Recorded}, local '{local.Value}'\"")).Passes();

        Assert.Equal("KernelInvocationContext, source '', recorded False, local ''", result.Cells[1].Outputs[0].Text);
    }

    [Fact]
    public async Task A_notebook_works_in_its_own_folder()
    {
        using var folder = new TempFolder();
        var path = folder.Write("sub/test.dib", TheHost.Cells("using System.IO;\nFile.ReadAllText(\"beside.txt\")"));
        folder.Write("sub/beside.txt", "found");

        Assert.Equal("found", (await TheHost.RunAsync(path)).Result.Passes().Texts());
    }

    [Fact]
    public async Task Imports_run_in_order_resolve_from_the_opened_notebook_and_share_everything()
    {
        using var folder = new TempFolder();
        folder.Write("helpers/all.dib", TheHost.Cells("#!import ../helpers/one.cs", "#!import ../helpers/two.csx", "var three = Two.Value + 1;"));
        folder.Write("helpers/one.cs", "using System.Diagnostics;\npublic static class One { public const int Value = 1; }\n");
        folder.Write("helpers/two.csx", "static class Two { public static int Value => One.Value + 1; }\n");
        var path = folder.Write("notebooks/test.dib", TheHost.Cells("#!import ../helpers/all.dib", "#!import ../helpers/all.dib", "new Stopwatch().IsRunning ? 0 : three"));

        Assert.Equal("3", (await TheHost.RunAsync(path)).Result.Passes().Texts());
    }

    [Theory]
    [InlineData("class Broken {", "CS1513", 1)]
    [InlineData("class Fine { }\nthrow new System.Exception(\"at import\");", "at import", 2)]
    public async Task An_error_inside_an_imported_file_fails_the_import_and_names_that_file(string source, string message, int line)
    {
        using var folder = new TempFolder();
        folder.Write("lib.cs", source);
        folder.Write("all.dib", TheHost.Cells("#!import lib.cs"));
        var path = folder.Write("test.dib", TheHost.Cells("#!import all.dib", "1"));

        var (result, _) = await TheHost.RunAsync(path);

        var failed = result.FailedCell();
        Assert.Equal(1, failed.Number);
        Assert.Contains(message, failed.Problem!.Message);
        Assert.EndsWith("lib.cs", failed.Problem.File, StringComparison.Ordinal);
        Assert.Equal(line, failed.Problem.Line);
        // What needs an import cannot work without it.
        Assert.Equal(CellStatus.NotRun, result.Cells[1].Status);
    }

    [Fact]
    public async Task Imports_that_go_round_in_a_circle_are_refused_with_the_circle()
    {
        using var folder = new TempFolder();
        folder.Write("a.dib", TheHost.Cells("#!import b.dib"));
        folder.Write("b.dib", TheHost.Cells("1", "#!import a.dib"));
        var path = folder.Write("test.dib", TheHost.Cells("#!import a.dib"));

        var problem = Assert.Single((await TheHost.RunAsync(path)).Result.Problems);

        Assert.Contains("circle", problem.Message);
        Assert.Matches("a.dib -> .*b.dib -> .*a.dib", problem.Message);
        Assert.EndsWith("b.dib", problem.File, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistake_in_an_imported_notebook_is_found_before_anything_runs()
    {
        using var folder = new TempFolder();
        folder.Write("a.dib", TheHost.Cells("namespace A { }"));
        var path = folder.Write("test.dib", TheHost.Cells("1", "#!import a.dib"));

        var (result, console) = await TheHost.RunAsync(path);

        Assert.Empty(result.Cells);
        Assert.EndsWith("a.dib", Assert.Single(result.Problems).File, StringComparison.Ordinal);
        Assert.Contains("no namespaces", console);
    }

    [Fact]
    public async Task Solutions_take_the_place_of_the_exercise_cells()
    {
        using var folder = new TempFolder();
        var path = folder.Write("test.dib", TheHost.Cells("// Exercise 1.1: a number\nvar answer = 0; // TODO", "answer"));
        folder.Write("solutions/test.dib", TheHost.Cells("// Exercise 1.1: a number\nvar answer = 42;"));

        Assert.Equal("0", (await TheHost.RunAsync(path)).Result.Passes().Texts());
        Assert.Equal("42", (await TheHost.RunAsync(path, new RunOptions(RunOptions.DefaultTimeout, Solutions: true))).Result.Passes().Texts());
    }

    [Theory]
    [InlineData(null, "no notebook of solutions")]
    [InlineData("1", "Exercise 1.1 has 0 solutions")]
    [InlineData("// Exercise 1.1: a\n1|// Exercise 1.1: a\n2", "Exercise 1.1 has 2 solutions")]
    [InlineData("// Exercise 1.1: a\n1|// Exercise 1.2: b\n2", "has no exercise 1.2")]
    public async Task Solutions_that_do_not_fit_the_exercises_are_refused(string? solutions, string message)
    {
        using var folder = new TempFolder();
        var path = folder.Write("test.dib", TheHost.Cells("// Exercise 1.1: a\n0"));
        if (solutions is not null)
            folder.Write("solutions/test.dib", TheHost.Cells(solutions.Split('|')));

        var (result, _) = await TheHost.RunAsync(path, new RunOptions(RunOptions.DefaultTimeout, Solutions: true));

        Assert.Contains(message, Assert.Single(result.Problems).Message);
    }

    [Fact]
    public async Task The_terminal_shows_headings_outputs_results_and_no_control_characters()
    {
        using var folder = new TempFolder();
        var path = folder.Write("test.dib",
            TheHost.Meta + "#!markdown\n\n# The title [x]\n\n## A section\n\n#!csharp\n\nConsole.WriteLine(\"plain [markup]\");\nConsole.Write(\"bell \\a escape \\u001b[31m\");\n");

        var (_, console) = await TheHost.RunAsync(path);

        Assert.Contains("The title [x]", console);
        Assert.Contains("  A section", console);
        Assert.Contains("    plain [markup]\n", console);
        Assert.Contains("bell � escape �[31m", console);
        Assert.Contains("ok cell 2, line 12", console);
        Assert.DoesNotContain('\u001b', console);
    }
}
