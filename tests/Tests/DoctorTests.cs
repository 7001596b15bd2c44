using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Is this machine ready? The answer on a machine that is, and on one whose feed has nothing.</summary>
public class DoctorTests
{
    [Fact]
    public async Task On_a_machine_that_runs_these_tests_the_kernel_starts_imports_a_layer_and_draws_a_trace()
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "findings.json");

        var (exitCode, output) = await TheHost.CommandAsync(TheHost.Root, ["doctor", "--json", file]);

        Assert.True(exitCode == 0, output);
        Assert.Contains("Ready: every lesson runs on this machine.", output);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        Assert.True(json.RootElement.GetProperty("ready").GetBoolean());
        var findings = json.RootElement.GetProperty("findings").EnumerateArray().ToDictionary(f => f.GetProperty("name").GetString()!);
        var kernel = findings["the notebook kernel"];
        Assert.True(kernel.GetProperty("ok").GetBoolean());
        Assert.Matches(@"imported and drew a trace in \d+\.\d s with \d+ MB", kernel.GetProperty("detail").GetString());
        Assert.All(["Docker", "Jaeger", "VS Code", "port 4318"], name => Assert.False(findings[name].GetProperty("required").GetBoolean()));
    }

    [Fact]
    public async Task Behind_a_feed_without_the_packages_it_says_which_and_what_to_do()
    {
        using var folder = new TempFolder();
        // A package that no cache has either: the layer asks for a version that there never was.
        folder.Write("helpers/core.dib", TheHost.Cells("#r \"nuget: OpenTelemetry, 1.20.99\""));
        folder.Write("notebooks/00-start.dib", TheHost.Cells("1"));

        var (exitCode, output) = await TheHost.CommandAsync(folder.Path, ["doctor"]);

        Assert.Equal(1, exitCode);
        Assert.Matches(@"not ok +the notebook kernel +No configured feed has the package. Unable to find package OpenTelemetry with version", output);
        Assert.Contains("dotnet nuget add source", output);
        Assert.Contains("Not ready", output);
    }
}
