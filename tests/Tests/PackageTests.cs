using System;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using TracingTutorial.Host;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Packages, against a feed that is a folder: no network, and nothing in the user's own caches.</summary>
public sealed class PackageTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public PackageTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "feed"));
        _folder.Write("nuget.config",
            """
            <configuration>
              <packageSources><clear /><add key="workshop-feed" value="feed" /></packageSources>
              <fallbackPackageFolders><clear /></fallbackPackageFolders>
            </configuration>
            """);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_package_comes_from_the_feeds_of_the_notebooks_own_folder_and_the_second_run_needs_no_feed()
    {
        Pack("Test.Base", "1.0.0", "public static class Base { public static int One => 1; }");
        Pack("Test.Shop", "2.0.0", "public static class Shop { public static int Two => Base.One + 1; }", ("Test.Base", "1.0.0"));
        _folder.Write("test.dib", TheHost.Cells("#r \"nuget: Test.Shop, 2.0.0\"\nShop.Two", "#r \"nuget: Test.Shop, 2.0.0\"\nBase.One"));

        var first = await RunAsync();
        Directory.Delete(Path.Combine(_folder.Path, "feed"), recursive: true);
        var second = await RunAsync();

        Assert.Contains("2 ok", first.Output);
        Assert.Equal(0, first.ExitCode);
        Assert.Equal(0, second.ExitCode);
        Assert.Empty(Directory.GetDirectories(Path.Combine(_folder.Path, "cache")));
    }

    [Fact]
    public async Task A_package_that_no_feed_has_is_named_with_the_feeds_that_were_asked()
    {
        _folder.Write("test.dib", TheHost.Cells("1", "#r \"nuget: Test.Missing, 1.0.0\"\nusing Missing;", "2"));

        var (exitCode, output) = await RunAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains("test.dib:10 (cell 2): No configured feed has Test.Missing.", output);
        Assert.Contains("Feeds asked: " + Path.Combine(_folder.Path, "feed"), output);
        Assert.Contains("dotnet nuget add source", output);
        Assert.Contains("1 ok, 1 failed, 1 not run", output);
    }

    [Fact]
    public async Task A_version_that_no_feed_has_is_not_replaced_by_another()
    {
        Pack("Test.Shop", "2.0.0", "public class Shop { }");
        _folder.Write("test.dib", TheHost.Cells("#r \"nuget: Test.Shop, 1.9.0\""));

        var (exitCode, output) = await RunAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains("No configured feed has Test.Shop.", output);
        Assert.Contains("2.0.0", output); // NuGet says which versions there are.
    }

    [Fact]
    public async Task An_optional_cell_whose_package_no_feed_has_is_skipped_and_said_so()
    {
        _folder.Write("test.dib", TheHost.Cells("// optional: needs Test.Missing\n#r \"nuget: Test.Missing, 1.0.0\"\nusing Missing;", "2"));

        var relaxed = await RunAsync();
        var strict = await RunAsync("--require-optional");

        Assert.Equal(0, relaxed.ExitCode);
        Assert.Contains("skipped cell 1", relaxed.Output);
        Assert.Contains("No configured feed has Test.Missing.", relaxed.Output);
        Assert.EndsWith("1 notebook: 1 passed, 0 failed; cells: 1 ok, 1 skipped\n", relaxed.Output, StringComparison.Ordinal);
        Assert.Equal(1, strict.ExitCode);
        Assert.Contains("FAILED cell 1", strict.Output);
    }

    [Theory]
    [InlineData("// optional: needs nothing\nthrow new Exception(\"no\");", "Exception: no")]
    [InlineData("// optional: needs nothing\nint a = \"\";", "CS0029")]
    public async Task Any_other_failure_of_an_optional_cell_is_a_failure(string cell, string message)
    {
        var failed = (await TheHost.RunCellsAsync(cell)).FailedCell();

        Assert.Contains(message, failed.Problem!.Message);
    }

    [Fact]
    public async Task A_feed_that_does_not_answer_is_a_failure_even_in_an_optional_cell()
    {
        _folder.Write("nuget.config",
            """
            <configuration><packageSources><clear /><add key="gone" value="no-such-folder" /></packageSources></configuration>
            """);
        _folder.Write("test.dib", TheHost.Cells("// optional: needs Test.Missing\n#r \"nuget: Test.Missing, 1.0.0\""));

        var (exitCode, output) = await RunAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains("could not be restored", output);
        Assert.Contains("no-such-folder", output);
        Assert.Contains("dotnet nuget list source", output);
    }

    [Fact]
    public async Task Two_versions_of_one_package_in_a_notebook_are_refused()
    {
        Pack("Test.Shop", "1.0.0", "public class Shop { }");
        _folder.Write("test.dib", TheHost.Cells("#r \"nuget: Test.Shop, 1.0.0\"", "#r \"nuget: Test.Shop, 1.0.1\""));

        var (_, output) = await RunAsync();

        Assert.Contains("Test.Shop 1.0.1 is asked for, but Test.Shop 1.0.0 is already loaded", output);
    }

    private Task<(int ExitCode, string Output)> RunAsync(params string[] options) =>
        TheHost.CommandAsync(_folder.Path, ["test.dib", .. options],
            ("TRACING_TUTORIAL_CACHE", Path.Combine(_folder.Path, "cache")),
            ("NUGET_PACKAGES", Path.Combine(_folder.Path, "packages")));

    private void Pack(string id, string version, string source, params (string Id, string Version)[] dependencies)
    {
        var references = dependencies
            .Select(d => MetadataReference.CreateFromFile(Path.Combine(_folder.Path, $"{d.Id}.dll")))
            .Append(MetadataReference.CreateFromFile(typeof(object).Assembly.Location));
        var assembly = Path.Combine(_folder.Path, $"{id}.dll");
        var emitted = CSharpCompilation.Create(id, [CSharpSyntaxTree.ParseText(source)], references,
            new CSharpCompilationOptions(Microsoft.CodeAnalysis.OutputKind.DynamicallyLinkedLibrary)).Emit(assembly);
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics));

        using var package = ZipFile.Open(Path.Combine(_folder.Path, "feed", $"{id}.{version}.nupkg"), ZipArchiveMode.Create);
        package.CreateEntryFromFile(assembly, $"lib/net10.0/{id}.dll");
        using var nuspec = new StreamWriter(package.CreateEntry($"{id}.nuspec").Open());
        nuspec.Write(
            $"""
            <package><metadata><id>{id}</id><version>{version}</version><authors>tests</authors><description>test</description>
            <dependencies><group targetFramework="net10.0">{string.Concat(dependencies.Select(d => $"<dependency id=\"{d.Id}\" version=\"{d.Version}\" />"))}</group></dependencies>
            </metadata></package>
            """);
    }
}
