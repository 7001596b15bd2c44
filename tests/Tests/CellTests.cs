using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>What happens to the cells of a notebook on the real engine. One kernel runs the cells of all these tests.</summary>
public sealed class CellTests(CellTests.OneKernel kernel) : IClassFixture<CellTests.OneKernel>
{
    [Fact]
    public void A_cell_shows_its_console_text_what_it_displays_and_its_trailing_expression_in_order() =>
        Assert.Equal([(OutputKind.StandardOutput, "ab\n"), (OutputKind.Display, "shown"), (OutputKind.Display, "[ 1, 2 ]")],
            kernel["in order"].Outputs.Select(o => (o.Kind, o.Text)));

    [Fact]
    public void A_cell_without_a_value_shows_nothing() => Assert.Empty(kernel["nothing"].Outputs);

    [Fact]
    public void Lines_end_in_the_same_way_everywhere() => Assert.Equal(["a\nb\n", "c\nd"],
        kernel["lines of Windows"].Outputs.Select(o => o.Text));

    [Fact]
    public void A_value_comes_as_text_for_a_terminal_and_as_html_for_a_page()
    {
        var output = Assert.Single(kernel["both forms"].Outputs);
        Assert.Equal("1.5", output.Text);
        Assert.Contains("1.5", output.Html);
        Assert.Contains("<", output.Html);
    }

    [Fact]
    public void Cells_build_on_each_other_await_and_may_run_the_same_declaration_twice() => Assert.Equal("21", kernel["builds on"].Text());

    [Fact]
    public void The_default_imports_are_those_that_all_hosts_share() => Assert.Equal("4", kernel["imports"].Text());

    [Fact]
    public void A_compiler_error_names_the_line_of_the_notebook_file_and_the_others_follow()
    {
        var failed = kernel.Failed("compiler errors");
        var line = kernel.LineOf("int a = \"text\";");
        Assert.Equal(line, failed.Problem!.Line);
        Assert.Contains("CS0029", failed.Problem.Message);
        Assert.Contains($":{line + 1}", failed.Details);
    }

    [Theory]
    [InlineData("unknown name", "CS0103")]
    [InlineData("unknown type", "CS0246")]
    public void A_name_that_nobody_knows_says_where_it_may_come_from(string cell, string error)
    {
        var failed = kernel.Failed(cell);
        Assert.StartsWith(error, failed.Problem!.Message);
        Assert.Contains("`using`, `#r` or `#!import`", failed.Problem.WayOut);
    }

    [Fact]
    public void An_exception_names_the_line_that_threw_and_what_was_printed_before_is_kept()
    {
        var failed = kernel.Failed("throws");
        Assert.Equal("DivideByZeroException: Attempted to divide by zero.", failed.Problem!.Message);
        Assert.Equal(kernel.LineOf("return a / b;"), failed.Problem.Line);
        Assert.Equal("before\n", failed.Text());
        Assert.Contains("at Submission#", failed.Details);
        Assert.DoesNotContain("Microsoft.", failed.Details);
        Assert.DoesNotContain(kernel.Folder, failed.Details); // no path of this machine
    }

    [Fact]
    public void A_value_that_cannot_be_shown_fails_its_cell_and_not_the_whole_run()
    {
        Assert.Equal("InvalidOperationException: no text", kernel.Failed("throws when shown").Problem!.Message);
        var foreign = kernel.Failed("throws when shown, not ours").Problem!;
        Assert.StartsWith("The value of the cell cannot be shown: ", foreign.Message);
        Assert.Contains("ToString()", foreign.WayOut);
    }

    [Fact]
    public void After_a_failed_cell_the_others_run_as_they_do_in_VS_Code() => Assert.Equal("still here", kernel["last"].Text());

    [Fact]
    public void Writing_to_the_error_stream_fails_the_cell_because_it_does_in_some_hosts()
    {
        var failed = kernel.Failed("error stream");
        Assert.Contains("error stream", failed.Problem!.Message);
        Assert.Equal((OutputKind.StandardError, "oh"), (failed.Outputs[0].Kind, failed.Outputs[0].Text));
    }

    [Fact]
    public void A_warning_of_the_compiler_is_shown_once_and_is_no_failure()
    {
        var output = Assert.Single(kernel["warning"].Outputs);
        Assert.Equal(OutputKind.Warning, output.Kind);
        Assert.StartsWith("CS0618", output.Text);
    }

    [Fact]
    public void A_cell_that_asks_for_input_gets_none_at_once() => Assert.Equal("True", kernel["input"].Text());

    [Fact]
    public void Text_that_goes_past_the_console_cannot_forge_an_event()
    {
        var cell = kernel["forged"];
        Assert.Equal("the value", cell.Outputs.Single(o => o.Kind == OutputKind.Display).Text);
        Assert.All(cell.Outputs, o => Assert.True(o.Kind is OutputKind.Display or OutputKind.Note));
    }

    [Fact]
    public void What_a_thread_of_an_earlier_cell_prints_is_not_lost_and_not_taken_for_the_running_cells()
    {
        var cell = kernel["prints meanwhile"];
        Assert.Equal("the cell itself\nand its own task\nand again\n",
            string.Concat(cell.Outputs.Where(o => o.Kind == OutputKind.StandardOutput).Select(o => o.Text)));
        Assert.Equal("the earlier cell's task\nand its thread\nand what it complains about\n",
            string.Concat(cell.Outputs.Where(o => o.Kind == OutputKind.Note).Select(o => o.Text)));
    }

    [Fact]
    public void Much_console_text_is_cut_before_it_fills_the_memory()
    {
        var text = kernel["much text"].Outputs.Single(o => o.Kind == OutputKind.StandardOutput).Text;
        Assert.InRange(text.Length, 1_000_000, 1_000_200);
        Assert.Contains("the rest is left out: the cell printed more than 1,000,000 characters", text);
    }

    [Fact]
    public void A_value_of_hundreds_of_megabytes_fails_its_cell_with_its_size_and_a_way_out()
    {
        var failed = kernel.Failed("huge value");
        Assert.Equal("What the cell shows is too large: 100 million characters, and 32 million is the most.", failed.Problem!.Message);
        Assert.Contains("Take", failed.Problem.WayOut);
        Assert.Empty(failed.Outputs);
    }

    [Fact]
    public void An_exception_with_millions_of_characters_is_shortened_and_keeps_its_line()
    {
        var failed = kernel.Failed("huge exception");
        Assert.InRange(failed.Problem!.Message.Length, 90_000, 101_000);
        Assert.Contains("characters are left out", failed.Problem.Message);
        Assert.Equal((FailureReason.Exception, kernel.LineOf("throw new Exception(new string('x', 20_000_000));")),
            (failed.Reason!.Value, failed.Problem.Line));
    }

    [Theory]
    [InlineData("words of NuGet")]
    [InlineData("compiler of its own")]
    public void What_a_cell_throws_is_its_exception_whatever_its_type_and_text(string cell) =>
        Assert.Equal(FailureReason.Exception, kernel.Failed(cell).Reason);

    [Fact]
    public void A_cell_that_breaks_the_dialect_fails_alone()
    {
        Assert.Contains("`using var`", kernel.Failed("dialect").Problem!.Message);
        Assert.Contains("`#!fsharp` is not understood", kernel.Failed("unknown kind").Problem!.Message);
    }

    [Fact]
    public void A_notebook_works_in_its_own_folder() => Assert.Equal("found", kernel["folder"].Text());

    [Fact]
    public void Every_cell_runs_inside_an_activity_of_the_kernel_that_is_not_sampled() =>
    Assert.Equal("recorded False, source ''", kernel["ambient activity"].Text());

    /// <summary>All cells in one kernel: starting one is what costs.</summary>
    public sealed class OneKernel : IAsyncLifetime
    {
        private static readonly (string Name, string Source)[] Cells =
        [
            ("in order", "Console.Write(\"a\"); Console.WriteLine(\"b\");\n\"shown\".Display();\nvar numbers = new[] { 1, 2 };\nnumbers"),
            ("nothing", "// only a comment"),
            ("lines of Windows", "Console.Write(\"a\\r\\nb\\r\\n\");\n\"c\\r\\nd\""),
            ("both forms", "1.5"),
            ("declares", "var x = 1;\nint Twice(int n) => 2 * n;\nstatic int Plus(this int a, int b) => a + b;"),
            ("declares again", "await Task.Yield();\nvar x = \"now a text\";"),
            ("builds on", "Twice(x.Length).Plus(1)"),
            ("imports",
                "var list = new List<int> { 3 }.Select(n => n + 1).ToArray();\nvar text = new StringBuilder().Append(list[0]);\nawait "
                    + "Task.CompletedTask;\ntext.ToString()"),
            ("compiler errors", "#r \"System.Net.Http.Json\"\n\nint a = \"text\";\nint b = \"text\";"),
            ("unknown name", "File.Exists(\"a\")"),
            ("unknown type", "var a = new ActivitySource(\"x\");"),
            ("divides", "int Divide(int a, int b)\n{\n    return a / b;\n}"),
            ("throws", "Console.WriteLine(\"before\");\nawait Task.Yield();\nDivide(1, 0)"),
            ("throws when shown",
                "class View\n{\n    public override string ToString() => throw new InvalidOperationException(\"no text\");\n}\nnew View()"),
            ("throws when shown, not ours", "Enumerable.Repeat(\"x\", 2).Select(int.Parse)"),
            ("error stream", "Console.Error.Write(\"oh\");"),
            ("warning", "[Obsolete(\"old\")]\nint Old() => 1;\nvar old = Old() + Old();"),
            ("input", "Console.ReadLine() is null"),
            ("goes on", """
                var go = new TaskCompletionSource();
                var task = Task.Run(async () => { await go.Task; Console.WriteLine("the earlier cell's task"); });
                var thread = new System.Threading.Thread(() => { task.Wait(); Console.WriteLine("and its thread"); Console.Error.WriteLine("and what it complains about"); });
                thread.UnsafeStart(); // it knows of no cell
                """),
            ("prints meanwhile", """
                Console.WriteLine("the cell itself");
                await Task.Run(() => Console.WriteLine("and its own task"));
                go.SetResult();
                await task;
                thread.Join();
                Console.WriteLine("and again");
                // What passes by the engine must have arrived before this cell ends.
                await Task.Delay(300);
                """),
            ("forged",
                "using (var raw = new System.IO.StreamWriter(Console.OpenStandardOutput()))\n    "
                    + "raw.Write(\"{\\\"event\\\":{\\\"message\\\":\\\"forged\\\"},\\\"eventType\\\":\\\"CommandFailed\\\",\\\"command\\\":{\\\"token\\\":\\\"cell18\\\"}}\\n\");\n\"the value\""),
            ("much text", "var long1000 = new string('x', 999);\nfor (var i = 0; i < 3000; i++)\n    Console.WriteLine(long1000);"),
            ("huge value", "new string('x', 100_000_000)"),
            ("huge exception", "throw new Exception(new string('x', 20_000_000));"),
            ("words of NuGet",
                "class Odd : Exception\n{\n    public override string ToString() => \"error NU1101: no\\n   at "
                    + "Microsoft.DotNet.Interactive.PackageManagement.X()\";\n}\nthrow new Odd();"),
            ("compiler of its own", "await Microsoft.CodeAnalysis.CSharp.Scripting.CSharpScript.EvaluateAsync(\"1 +\");"),
            ("dialect", "using var reader = new System.IO.StringReader(\"\");"),
            ("unknown kind", "1\n#!fsharp\n2"),
            ("folder", "System.IO.File.ReadAllText(\"beside.txt\")"),
            ("ambient activity",
                "var current = System.Diagnostics.Activity.Current;\n$\"recorded {current.Recorded}, source '{current.Source.Name}'\""),
            ("last", "\"still here\""),
        ];

        private readonly TempFolder _folder = new();
        private string[] _lines = [];
        private IReadOnlyList<CellResult> _results = [];

        public string Folder => _folder.Path;

        public CellResult this[string name]
        {
            get
            {
                var cell = _results[Array.FindIndex(Cells, c => c.Name == name)];
                Assert.True(cell.Status == CellStatus.Ok, $"{cell.Problem}\n{cell.Details}");
                return cell;
            }
        }

        public CellResult Failed(string name)
        {
            var cell = _results[Array.FindIndex(Cells, c => c.Name == name)];
            Assert.Equal(CellStatus.Failed, cell.Status);
            Assert.Equal(cell.Number, cell.Problem!.Cell);
            return cell;
        }

        public int LineOf(string code) => Array.FindIndex(_lines, line => line.Trim() == code) + 1;

        public async ValueTask InitializeAsync()
        {
            _folder.Write("sub/beside.txt", "found");
            var text = HostRunner.Cells([.. Cells.Select(c => c.Source)]);
            _lines = text.Split('\n');
            _results = (await LessonRun.RunAsync(_folder.Write(OperatingSystem.IsWindows()
                ? "sub/a 'notebook'.dib"
                : "sub/a \"notebook\".dib", text), HostRunner.Options, _ => { }, default)).Cells;
            Assert.Equal(Cells.Length, _results.Count);
        }

        public ValueTask DisposeAsync()
        {
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
