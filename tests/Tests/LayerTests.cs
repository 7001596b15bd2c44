using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Kernel;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The layers of the helpers, which were compiled when the host was built: when they are used, and that nobody sees it.</summary>
public sealed partial class LayerTests : IDisposable
{
    /// <summary>False for a type of an assembly: a type of a cell is nested in the class that the compiler makes of the cell.</summary>
    private const string IsFromSource = ".FullName!.Contains('+')";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_code_that_warms_up_the_compiler_compiles_and_runs() =>
        Assert.Equal("1, 2", await KernelChild.RunTypicalCodeAsync());

    [Fact(Explicit = true)]
    public async Task A_notebook_cannot_tell_a_compiled_layer_from_its_source()
    {
        string[] cells =
        [
            "#!import ../helpers/core.dib",
            $"typeof(SpanRecorder){IsFromSource}",
            "WebUtility.HtmlEncode(new StringBuilder(\"<\").ToString())", // two usings of the files
            "new WaterfallPart(null)", // internal, and it throws
            "typeof(Shop)", // of another layer
            "var old = new SpanRecorder();\nclass Door : IDisposable { public void Dispose() => Console.WriteLine(\"closed\"); }\n"
                + "var door = new Door();\nNotebookHost.CloseOnRestart(door);",
            "#!import ../helpers/core.dib",
            $"(new SpanRecorder().GetType() == old.GetType(), typeof(SpanRecorder){IsFromSource})",
            "SpanRecorder other = old;",
            "GC.KeepAlive(door);\nclass Waterfall { public static string Of(string text) => text; }\nWaterfall.Of(\"my own\")",
            "#!import ../helpers/core.dib",
            "Waterfall.Of(\"my own\")",
        ];
        CopyHelpers();
        var compiled = (await HostRunner.RunAsync(_folder.Write("notebooks/test.dib", HostRunner.Cells(cells)))).Result;
        Change("core/Exercise.cs", "// changed\n");
        var source = (await HostRunner.RunAsync(Path.Combine(_folder.Path, "notebooks", "test.dib"))).Result;

        Assert.Equal("False", compiled.Cells[1].Text());
        Assert.Equal("True", source.Cells[1].Text());
        Assert.Equal("( False, False )", compiled.Cells[7].Text());
        Assert.Equal("( False, True )", source.Cells[7].Text());
        foreach (var i in Enumerable.Range(0, cells.Length).Except([1, 7]))
            Assert.Equal(Seen(source.Cells[i]), Seen(compiled.Cells[i]));

        Assert.Equal("&lt;", compiled.Cells[2].Text());
        var details = compiled.Cells[3].Details!;
        Assert.Matches(@"WaterfallPart\.\.ctor\(RecordedTrace Trace\) in \.\./helpers/core/WaterfallPart\.cs:line \d+", details);
        Assert.Contains("CS0246", compiled.Cells[4].Problem!.Message);
        Assert.Equal("closed\n", compiled.Cells[6].Text());
        Assert.Contains("CS0029", compiled.Cells[8].Problem!.Message);
        Assert.Equal("my own", compiled.Cells[9].Text());
        Assert.Contains("CS1503", compiled.Cells[11].Problem!.Message); // the last import is the newest Waterfall
    }

    [Fact]
    public async Task Every_layer_of_the_clone_is_compiled_and_all_of_them_can_be_imported_together()
    {
        var exercises = Directory.GetFiles(Path.Combine(HostRunner.Root, "helpers", "exercises"), "*.cs").Order(StringComparer.Ordinal);
        string[] layers = ["core.dib", "shop.dib", "headers.dib", "otlp.dib", "sampling.dib", "incident.dib", "takehome.dib",
            .. exercises.Select(file => "exercises/" + Path.GetFileName(file))];
        var notebook = DibReader.Parse(HostRunner.Lesson("all.dib"), HostRunner.Cells([.. layers.Select(l => $"#!import ../helpers/{l}"),
            "string.Join(' ', AppDomain.CurrentDomain.GetAssemblies().Select(a => a.GetName().Name))"]));

        var result = await LessonRun.RunAsync(notebook, HostRunner.Options, _ => { }, default);

        var loaded = result.Passes().Cells[^1].Text().Split(' ');
        Assert.All(layers, layer => Assert.Contains(Path.GetFileNameWithoutExtension(layer), loaded));
    }

    [Theory(Explicit = true)]
    [InlineData("shop/CallTarget.cs", "// changed\n")]
    [InlineData("shop.dib", "\n#!csharp\n\n// changed\n")]
    public async Task A_layer_with_a_changed_file_is_compiled_from_source_and_so_is_what_is_imported_after_it(string file, string change)
    {
        CopyHelpers();
        Change(file, change);
        var path = _folder.Write("notebooks/test.dib", HostRunner.Cells(
            "#!import ../helpers/core.dib", "#!import ../helpers/shop.dib", "#!import ../helpers/headers.dib",
            $"(typeof(SpanRecorder){IsFromSource}, typeof(Shop){IsFromSource}, typeof(TraceparentView){IsFromSource})"));

        Assert.Equal("( False, True, True )", (await HostRunner.RunAsync(path)).Result.Passes().Cells[3].Text());
    }

    [Fact]
    public async Task A_changed_file_that_does_not_compile_fails_the_import_with_its_name_and_line()
    {
        CopyHelpers();
        Change("core/Exercise.cs", "class Broken : NoSuchBase { }");
        var lines = File.ReadAllLines(Path.Combine(_folder.Path, "helpers/core/Exercise.cs")).Length;
        var (result, _) = await HostRunner.RunAsync(_folder.Write("notebooks/test.dib",
            HostRunner.Cells("#!import ../helpers/core.dib", "1")));

        Assert.Equal([CellStatus.Failed, CellStatus.NotRun], result.Cells.Select(c => c.Status));
        var problem = result.Cells[0].Problem!;
        Assert.Contains("CS0246", problem.Message);
        Assert.Equal((Path.Combine(_folder.Path, "helpers", "core", "Exercise.cs"), lines), (problem.File, problem.Line));
    }

    [Fact(Explicit = true)]
    public async Task A_layer_that_uses_another_one_cannot_be_imported_without_it()
    {
        CopyHelpers();
        var (result, _) = await HostRunner.RunAsync(_folder.Write("notebooks/test.dib",
            HostRunner.Cells("#!import ../helpers/headers.dib")));

        Assert.Contains("CS0246", result.FailedCell().Problem!.Message);
    }

    [Fact(Explicit = true)]
    public async Task A_lesson_runs_from_source_too_when_the_variable_says_so()
    {
        CopyHelpers();
        var types = _folder.Write("notebooks/test.dib", HostRunner.Cells(
            "#!import ../helpers/core.dib", $"$\"from source: {{typeof(SpanRecorder){IsFromSource}}}\""));

        var (exitCode, output) = await HostRunner.CommandAsync(HostRunner.Root, ["run", "00", types], (CompiledLayers.FromSource, "1"));

        Assert.True(exitCode == 0, output);
        Assert.Contains("from source: True", output);
    }

    // The files have new times: what counts is their content.
    private void CopyHelpers()
    {
        var helpers = Path.Combine(HostRunner.Root, "helpers");
        var sources = Directory.GetDirectories(helpers).Where(folder => Path.GetFileName(folder) is not ("bin" or "obj"))
            .SelectMany(folder => Directory.GetFiles(folder, "*.cs"));
        foreach (var file in Directory.GetFiles(helpers, "*.dib").Concat(sources))
            _folder.Write(Path.Combine("helpers", Path.GetRelativePath(helpers, file)), File.ReadAllText(file));
    }

    private void Change(string file, string more) => File.AppendAllText(Path.Combine(_folder.Path, "helpers", file), more);

    // The compiler's names for cells and assemblies differ from run to run.
    private static string Seen(CellResult cell) => Generated().Replace(
        $"{cell.Status} {cell.Problem} {cell.Details}\n{string.Join('\n', cell.Outputs.Select(o => $"{o.Kind} {o.Text} {o.Html}"))}", "");

    [GeneratedRegex(@"Submission#\d+[.+]| \[[^\]]+, Version=[^\]]+\]")]
    private static partial Regex Generated();
}
