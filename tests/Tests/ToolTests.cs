using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Commands;
using TracingTutorial.Host.Kernel;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The tool of the clone's manifest, restored: needed once on a machine. (<c>run --tool</c> does it itself.)</summary>
public sealed class RestoredTool : IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await Tool.RestoreAsync(HostRunner.Root, CancellationToken.None);

    public ValueTask DisposeAsync() => default;
}

/// <summary>
/// <c>dotnet-interactive stdio</c>, the program that VS Code drives. The shortest lesson belongs to <c>dotnet test</c>; the
/// others are explicit.
/// </summary>
public sealed class ToolTests : IClassFixture<RestoredTool>
{
    public static IEnumerable<TheoryDataRow<string>> Lessons
    {
        get
        {
            var shortest = HostRunner.Lessons.MinBy(lesson => DibReader.Load(HostRunner.Lesson(lesson)).Code.Count());
            return HostRunner.Lessons.Select(lesson => new TheoryDataRow<string>(lesson) { Explicit = lesson != shortest });
        }
    }

    [Theory]
    [MemberData(nameof(Lessons))]
    public async Task A_lesson_runs_over_the_tool_without_an_error_or_a_warning(string lesson)
    {
        var cells = DibReader.Load(HostRunner.Lesson(lesson)).Code.Count();

        var (exitCode, output) = await HostRunner.CommandAsync(HostRunner.Root,
            ["run", HostRunner.Lesson(lesson), "--tool", "--timeout", $"{HostRunner.Hang.TotalSeconds}"]);

        Assert.True(exitCode == 0, output);
        // and the proof of the imports
        Assert.EndsWith($"1 notebook: 1 passed, 0 failed; cells: {cells + 1} ok\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tool_that_is_not_restored_is_named_with_the_command_that_restores_it()
    {
        using var clone = new TempFolder();
        clone.Write(".config/dotnet-tools.json", """
            { "version": 1, "isRoot": true, "tools": { "microsoft.dotnet-interactive": { "version": "1.0.1", "commands": ["dotnet-interactive"] } } }
            """);
        var path = clone.Write("notebooks/a.dib", HostRunner.Cells("1"));

        var (result, console) = await HostRunner.RunAsync(path, HostRunner.OverTheTool(HostRunner.Hang, clone.Path));

        var problem = result.FailedCell().Problem!;
        Assert.Equal("The notebook's kernel did not start: the tool dotnet-interactive is not restored.", problem.Message);
        Assert.Equal("Run `dotnet tool restore` in the clone.", problem.WayOut);
        Assert.Contains("`dotnet tool restore`", console);
    }

    /// <summary>Our own kernel compiles the files of a layer together. Here each has only what is above it.</summary>
    [Fact(Explicit = true)]
    public async Task Every_helper_compiles_alone_over_the_tool_in_the_order_in_which_they_are_imported()
    {
        var helpers = ((string[])["core.dib", "shop.dib", "headers.dib", "otlp.dib", "sampling.dib", "incident.dib", "takehome.dib"])
            .Concat(Directory.GetFiles(Path.Combine(HostRunner.Root, "helpers", "exercises"), "*.cs").Order(StringComparer.Ordinal)
            .Select(f => "exercises/" + Path.GetFileName(f)));
        var notebook = DibReader.Parse(HostRunner.Lesson("all.dib"),
            HostRunner.Cells([.. helpers.Select(h => $"#!import ../helpers/{h}")]));

        var result = await LessonRun.RunAsync(notebook, HostRunner.OverTheTool(HostRunner.Hang), _ => { }, default);

        Assert.All(result.Passes().Cells, c => Assert.Equal(CellStatus.Ok, c.Status));
        Assert.Equal(notebook.Code.Count() + 1, result.Cells.Count); // and the last one, which names a type of each file
    }

    [Fact(Explicit = true)]
    public async Task An_import_that_fails_without_a_word_a_warning_and_an_endless_loop_fail_the_run()
    {
        using var folder = new TempFolder();
        folder.Write("late.cs", "public static class Late { public static int Value = 1 }\n");
        var warning = folder.Write("a.dib", HostRunner.Cells("[Obsolete]\nint Old() => 1;\nvar old = Old();"));
        var import = folder.Write("b.dib", HostRunner.Cells("#!import late.cs", "1"));
        var loop = folder.Write("c.dib", HostRunner.Cells("1", "while (true) { }"));

        var (results, limit) = await HostRunner.UnderLimitAsync(TimeSpan.FromSeconds(20),
            limit => CourseRun.RunAsync([warning, import, loop], HostRunner.OverTheTool(limit), _ => { }, default),
            results => results[2].Cells[0].Status == CellStatus.Failed
                || results[0].FailedCell().Problem!.Message.Contains("did not end", StringComparison.Ordinal));

        Assert.Contains("VS Code would show a warning: CS0612", results[0].FailedCell().Problem!.Message);
        Assert.True(results[1].Failed);
        Assert.Contains($"did not end within {limit.TotalSeconds} seconds", results[2].FailedCell().Problem!.Message);
    }

    [Fact]
    public void The_last_cell_names_a_type_of_every_file_that_a_lesson_imports()
    {
        var lesson = DibReader.Load(HostRunner.Lesson("01-setup.dib"));
        var files = lesson.Code.Where(c => c.ImportPath is not null)
            .SelectMany(c => Path.GetExtension(c.ImportPath) == ".cs"
                ? [c.ImportPath!]
                : DibReader.Imported(c.ImportPath!, c.ImportFolder).Select(i => i.ImportPath!).OfType<string>()).ToArray();

        var proof = Assert.Single(ImportProof.Of(lesson)).Source;

        Assert.NotEmpty(files);
        Assert.Equal(files.Length, proof.Split("typeof(").Length - 1);
    }
}
