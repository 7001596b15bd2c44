using System;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Packages that cannot be had: against a feed that is a folder, as seen from the notebook's own folder.</summary>
public sealed class PackageTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Explicit = true)]
    [InlineData("feed", "Test.Missing, 1.0.0", "No configured feed has the package. Unable to find package Test.Missing",
        "dotnet nuget add source")]
    [InlineData("no-such-folder", "Test.Missing, 1.0.1", "The package could not be restored", "dotnet nuget list source")]
    public async Task A_package_that_cannot_be_had_is_named_with_the_feeds_that_were_asked_and_the_way_out(string feed, string package,
        string message, string wayOut)
    {
        _folder.Write("nuget.config",
            $"""<configuration><packageSources><clear /><add key="workshop-feed" value="{feed}" /></packageSources></configuration>""");
        Directory.CreateDirectory(Path.Combine(_folder.Path, "feed"));
        var path = _folder.Write("test.dib", HostRunner.Cells("1", $"#r \"nuget: {package}\"\nusing Missing;", "2"));

        var (result, console) = await HostRunner.RunAsync(path);

        var problem = result.FailedCell().Problem!;
        Assert.Equal((2, 10), (problem.Cell, problem.Line));
        Assert.Contains(message, problem.Message);
        Assert.Contains(feed == "feed" ? "workshop-feed" : feed, problem.Message);
        Assert.Contains(wayOut, problem.WayOut);
        Assert.Contains("restoring packages", console);
    }
}
