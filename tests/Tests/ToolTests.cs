using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using TracingTutorial.Host.Notebooks;
using TracingTutorial.Host.Running;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>
/// <c>dotnet-interactive stdio</c>, the program that VS Code drives. Two lessons here, the shortest and the one with most
/// layers; <c>.ci/run</c> runs all of them with <c>run --tool</c>.
/// </summary>
public class ToolTests
{
    [Fact]
    public async Task The_shortest_lesson_and_the_one_with_most_layers_run_over_the_tool_without_an_error_or_a_warning()
    {
        var lessons = TheHost.Lessons.Select(l => DibReader.Load(TheHost.Lesson(l))).ToArray();
        var shortest = lessons.MinBy(l => l.Code.Count())!;
        var most = lessons.MaxBy(l => l.Code.Count(c => c.ImportPath is not null))!;

        var (exitCode, output) = await TheHost.CommandAsync(TheHost.Root, ["run", shortest.Path, most.Path, "--tool"]);

        Assert.True(exitCode == 0, output);
        Assert.EndsWith("2 notebooks: 2 passed, 0 failed; cells: " + $"{shortest.Code.Count() + most.Code.Count() + 2} ok\n", output, StringComparison.Ordinal); // and a sentinel each
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
