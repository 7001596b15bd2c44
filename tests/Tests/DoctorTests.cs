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
    public async Task On_a_machine_that_runs_these_tests_the_lessons_run()
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "findings.json");

        var (exitCode, output) = await TheHost.CommandAsync(TheHost.Root, ["doctor", "--json", file]);

        Assert.True(exitCode == 0, output);
        Assert.Contains("Ready: every lesson runs on this machine.", output);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        Assert.True(json.RootElement.GetProperty("ready").GetBoolean());
        var findings = json.RootElement.GetProperty("findings").EnumerateArray().ToDictionary(f => f.GetProperty("name").GetString()!);
        Assert.True(findings["a span, end to end"].GetProperty("ok").GetBoolean());
        Assert.All(["Docker", "Jaeger", "VS Code", "port 4318"], name => Assert.False(findings[name].GetProperty("required").GetBoolean()));
    }

    [Fact]
    public async Task Behind_a_feed_without_the_packages_it_says_which_and_what_to_do()
    {
        using var folder = new TempFolder();
        foreach (var helper in Directory.GetFiles(Path.Combine(TheHost.Root, "helpers")).Where(f => Path.GetExtension(f) is ".cs" or ".dib"))
            folder.Write($"helpers/{Path.GetFileName(helper)}", File.ReadAllText(helper));
        folder.Write("notebooks/00-start.dib", TheHost.Cells("1"));
        Directory.CreateDirectory(Path.Combine(folder.Path, "feed"));
        folder.Write("nuget.config", """<configuration><packageSources><clear /><add key="company" value="feed" /></packageSources></configuration>""");

        var (exitCode, output) = await TheHost.CommandAsync(folder.Path, ["doctor"],
            ("TRACING_TUTORIAL_CACHE", Path.Combine(folder.Path, "cache")),
            ("NUGET_PACKAGES", Path.Combine(folder.Path, "packages")));

        Assert.Equal(1, exitCode);
        Assert.Matches(@"not ok +packages +No configured feed has .*OpenTelemetry", output);
        Assert.Contains("dotnet nuget add source", output);
        Assert.Matches("not ok +a span, end to end +not tried", output);
        Assert.Contains("Not ready", output);
    }
}
