using System.IO;
using System.Linq;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Kernel;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Whose fault it is: the cell's, the value's, a package's, or the host's own. No kernel is needed to tell.</summary>
public class FailureTests
{
    private static readonly Cell TheCell = DibReader.Parse("/course/notebooks/test.dib", HostRunner.Cells("1", "a\nb\nc")).Cells[1];

    [Fact]
    public void A_fault_of_the_engine_or_the_host_is_not_told_as_the_cells()
    {
        var (problem, details) = Of(
            "System.NullReferenceException: Object reference not set.\n   at Microsoft.DotNet.Interactive.Kernel.HandleAsync()\n   at "
                + "TracingTutorial.Host.Kernel.CellClock.Use()");

        Assert.Equal("The kernel failed, not the cell: NullReferenceException: Object reference not set.", problem.Message);
        Assert.Contains("report it", problem.WayOut);
        Assert.Contains("CellClock", details);
    }

    [Fact]
    public void An_exception_of_the_cell_has_its_own_frames_and_its_line_and_none_of_the_engines()
    {
        var (problem, details) = Of(
            "Shop.OrderException: none\nleft ---> System.Exception: inner\n   at Submission#3.F() in test.dib:line 12\n--- End of stack "
                + "trace from previous location ---\n   at Submission#4.<<Initialize>>d__0.MoveNext() in test.dib:line 11\n"
            + "   at Microsoft.CodeAnalysis.Scripting.ScriptExecutionState.RunSubmissionsAsync()");

        Assert.Equal(("OrderException: none\nleft ---> System.Exception: inner", 12), (problem.Message, problem.Line));
        Assert.Equal(2, details!.Split('\n').Length);
    }

    [Fact]
    public void An_exception_without_a_trace_keeps_its_message_and_the_first_line_of_its_cell()
    {
        var (problem, details) = Of("Something: else");

        Assert.Equal(("Something: else", TheCell.Line, (string?)null), (problem.Message, problem.Line!.Value, details));
    }

    [Theory]
    // as VS Code's tool says it
    [InlineData("(2,5): error CS0103: The name 'b' does not exist", "/course/notebooks/test.dib", 11, 2)]
    [InlineData("test.dib(11,1): error CS0103: The name 'b' does not exist", "/course/notebooks/test.dib", 11, 2)]
    [InlineData("../helpers/core/Table.cs(7,1): error CS0103: The name 'b' does not exist", "/course/helpers/core/Table.cs", 7, null)]
    public void A_compiler_error_is_placed_in_the_file_it_speaks_of(string message, string file, int line, int? cell)
    {
        var (problem, _) = Of(message + "\n" + message);

        Assert.Equal((Path.GetFullPath(file), line, cell, "CS0103: The name 'b' does not exist"),
            (Path.GetFullPath(problem.File), problem.Line!.Value, problem.Cell, problem.Message));
    }

    [Theory]
    [InlineData("/x/Project.fsproj : error NU1101: Unable to find package A. No packages exist with this id in source(s): b",
        "No configured feed has the package. Unable to find package A.", "dotnet nuget add source")]
    [InlineData("/x/Project.fsproj : error NU1301: Unable to load the service index for source c.",
        "The package could not be restored. Unable to load the service index", "dotnet nuget list source")]
    [InlineData("/x/Project.fsproj : error NU1301: Unable to load the service index for source https://joe:s3cret@c/.\n/x/Project.fsproj : "
        + "error NU1301:   The SSL connection could not be established, see inner exception.",
        "does not trust the certificate of its feed. Unable to load the service index for source https://***@c/.", "doctor")]
    [InlineData("/sdk/NuGet.targets(198,5): error : No space left on device [/x/Project.fsproj]", "a disk is full", "Make room")]
    [InlineData("/sdk/NuGet.targets(198,5): error : Central Directory corrupt. [/x/Project.fsproj]",
        "The package could not be restored. Central Directory corrupt.", "doctor")]
    [InlineData("System.ArgumentException: Must provide errors when succeeded is false.\n   at "
        + "Microsoft.DotNet.Interactive.PackageManagement.PackageRestoreResult..ctor()", "NuGet did not say why", "home folder")]
    public void A_package_that_cannot_be_had_leaves_names_out_and_says_what_to_do(string message, string text, string wayOut)
    {
        var (problem, _) = Of(message, FailureReason.Restore);

        Assert.Contains(text, problem.Message);
        Assert.DoesNotContain("Project.fsproj", problem.Message);
        Assert.Contains(wayOut, problem.WayOut);
        var import = TheCell with { Source = "#!import x.cs" };
        Assert.True(EngineFailure.Of(import, null, message) is { Reason: FailureReason.Restore, LosesNames: true });
        Assert.True(EngineFailure.Of(TheCell, FailureReason.Restore, message).LosesNames);
        Assert.False(EngineFailure.Of(TheCell, null, "System.Exception: no").LosesNames);
    }

    [Theory]
    [InlineData("System.Exception: parse error : unexpected token\n   at Submission#1.<<Initialize>>d__0.MoveNext() in test.dib:line 11")]
    [InlineData("System.Exception: x.dib(1,1): error CS0103: no\n   at Submission#1.<<Initialize>>d__0.MoveNext() in test.dib:line 11")]
    [InlineData("System.Exception: The cell did not end within 5 seconds and was stopped.\n   at "
        + "Submission#1.<<Initialize>>d__0.MoveNext() in test.dib:line 11")]
    [InlineData("System.Exception: What the cell shows is too large: 5\n   at Submission#1.<<Initialize>>d__0.MoveNext() in test.dib:line "
        + "11")]
    [InlineData("System.Exception: PackageRestoreResult\n   at Submission#1.<<Initialize>>d__0.MoveNext() in test.dib:line 11")]
    public void A_cells_own_exception_is_one_whatever_its_text_says(string message)
    {
        foreach (var reason in (FailureReason?[])[null, FailureReason.Exception])
        {
            var failed = EngineFailure.Of(TheCell, reason, message);
            Assert.Equal((FailureReason.Exception, false, 11), (failed.Reason, failed.LosesNames, failed.Problem.Line));
            Assert.StartsWith("Exception: ", failed.Problem.Message);
        }
    }

    private static (Problem Problem, string? Details) Of(string message, FailureReason? reason = null)
    {
        var failed = EngineFailure.Of(TheCell, reason, message);
        return (failed.Problem, failed.Details);
    }
}
