using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using TracingTutorial.Host.Notebooks;
using TracingTutorial.Host.Running;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>
/// <c>dotnet-interactive stdio</c>, the program that VS Code drives. The shortest lesson here; <c>.ci/run</c> runs all of
/// them with <c>run --tool</c>.
/// </summary>
public class ToolTests
{
    [Fact]
    public async Task The_shortest_lesson_runs_over_the_tool_without_an_error_or_a_warning()
    {
        var shortest = TheHost.Lessons.Select(l => DibReader.Load(TheHost.Lesson(l))).MinBy(l => l.Code.Count())!;

        var (exitCode, output) = await TheHost.CommandAsync(TheHost.Root, ["run", shortest.Path, "--tool"]);

        Assert.True(exitCode == 0, output);
        Assert.EndsWith($"1 notebook: 1 passed, 0 failed; cells: {shortest.Code.Count() + 1} ok\n", output, StringComparison.Ordinal); // and the sentinel
    }

    /// <summary>Our own kernel compiles the files of a layer together. Here each has only what stands above it.</summary>
    [Fact]
    public async Task Every_helper_compiles_alone_over_the_tool_in_the_order_in_which_they_are_imported()
    {
        var helpers = ((string[])["core.dib", "shop.dib", "headers.dib", "otlp.dib", "sampling.dib", "incident.dib", "takehome.dib"])
            .Concat(Directory.GetFiles(Path.Combine(TheHost.Root, "helpers", "exercises"), "*.cs").Order(StringComparer.Ordinal).Select(f => "exercises/" + Path.GetFileName(f)));
        var notebook = DibReader.Parse(TheHost.Lesson("all.dib"), TheHost.Cells([.. helpers.Select(h => $"#!import ../helpers/{h}")]));

        var result = await LessonRun.RunAsync(notebook, TheHost.Options with { ToolRoot = TheHost.Root }, _ => { }, default);

        Assert.All(result.Passes().Cells, c => Assert.Equal(CellStatus.Ok, c.Status));
        Assert.Equal(notebook.Code.Count() + 1, result.Cells.Count); // and the sentinel, which names a type of each file
    }

    [Fact]
    public async Task An_import_that_fails_without_a_word_a_warning_and_an_endless_loop_fail_the_run()
    {
        using var folder = new TempFolder();
        folder.Write("late.cs", "public static class Late { public static int Value = 1 }\n");
        var warning = folder.Write("a.dib", TheHost.Cells("[Obsolete]\nint Old() => 1;\nvar old = Old();"));
        var import = folder.Write("b.dib", TheHost.Cells("#!import late.cs", "1"));
        var loop = folder.Write("c.dib", TheHost.Cells("1", "while (true) { }"));
        var options = new RunOptions(TimeSpan.FromSeconds(20), ToolRoot: TheHost.Root);

        var results = await CourseRun.RunAsync([warning, import, loop], options, _ => { }, default);

        Assert.Contains("VS Code would show a warning: CS0612", results[0].FailedCell().Problem!.Message);
        Assert.True(results[1].Failed);
        Assert.Contains("did not end within 20 seconds", results[2].FailedCell().Problem!.Message);
    }

    [Fact]
    public void The_last_cell_names_a_type_of_every_file_that_a_lesson_imports()
    {
        var lesson = DibReader.Load(TheHost.Lesson("01-setup.dib"));
        var files = lesson.Code.Where(c => c.ImportPath is not null)
            .SelectMany(c => Path.GetExtension(c.ImportPath) == ".cs" ? [c.ImportPath!] : DibReader.Imported(c.ImportPath!, c.ImportFolder).Select(i => i.ImportPath!).OfType<string>()).ToArray();

        var sentinel = Assert.Single(Sentinel.Of(lesson)).Source;

        Assert.NotEmpty(files);
        Assert.Equal(files.Length, sentinel.Split("typeof(").Length - 1);
    }
}
