using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Tasks;
using TracingTutorial.Host.Doctor;
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
        Assert.All(["Docker", "Jaeger", "port 4318"], name => Assert.False(findings[name].GetProperty("required").GetBoolean()));
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

    [Fact]
    public void A_port_is_taken_also_by_a_program_that_has_it_on_another_address()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "This machine has one loopback address.");
        using var program = new TcpListener(IPAddress.IPv6Loopback, 0);
        program.Start();
        var port = ((IPEndPoint)program.LocalEndpoint).Port;

        Assert.False(Checks.Port(port, "OTLP", jaegerRuns: false).Ok);
        Assert.True(Checks.Port(port, "OTLP", jaegerRuns: true).Ok);
    }

    [Theory]
    [InlineData("LINUX", ".config/Code", ".vscode", "Code")]
    [InlineData("LINUX", ".config/Code - Insiders", ".vscode-insiders", "Insiders")]
    [InlineData("LINUX", ".local/share/code-server", ".local/share/code-server", "code-server")]
    [InlineData("LINUX", ".vscode-server/data", ".vscode-server", "remote")]
    [InlineData("OSX", "Library/Application Support/Code", ".vscode", "Code")]
    [InlineData("OSX", "Library/Application Support/VSCodium", ".vscode-oss", "VSCodium")]
    [InlineData("WINDOWS", "AppData/Roaming/Code", ".vscode", "Code")]
    public void For_each_flavour_of_VS_Code_it_says_what_will_happen_and_puts_the_manifest_in_place_once(string platform, string data, string extensions, string name)
    {
        using var home = new TempFolder();
        var code = new VsCode(home.Path, OSPlatform.Create(platform), _ => null);
        Assert.Contains("is not needed", Assert.Single(code.Examine()).Detail);
        Assert.Empty(code.Fix());

        Directory.CreateDirectory(Path.Combine(home.Path, data));
        var without = Assert.Single(code.Examine());
        Assert.True(without.Ok); // nothing is wrong as long as nobody uses it
        Assert.StartsWith("without Polyglot Notebooks; before you install it", without.Detail);
        Directory.CreateDirectory(Path.Combine(home.Path, extensions, "extensions", "ms-dotnettools.dotnet-interactive-vscode-1.0.7120010"));
        var before = Assert.Single(code.Examine());
        Assert.Equal(($"VS Code: {name}", false, false), (before.Name, before.Ok, before.Required));
        Assert.Equal("with Polyglot Notebooks, which, from its second start on, would open no notebook", before.Detail);
        Assert.Contains("doctor --fix", before.WayOut);

        var written = Assert.Single(code.Fix());
        Assert.Equal(Path.Combine(home.Path, data, "User", "globalStorage", "ms-dotnettools.dotnet-interactive-vscode", ".config", "dotnet-tools.json"), written);
        Assert.True(JsonDocument.Parse(File.ReadAllText(written)).RootElement.GetProperty("isRoot").GetBoolean());
        Assert.True(Assert.Single(code.Examine()).Ok);

        File.WriteAllText(written, "mine");
        Assert.Empty(code.Fix());
        Assert.Equal("mine", File.ReadAllText(written));
    }

    [Fact]
    public void A_folder_that_the_environment_names_is_the_one_that_counts()
    {
        using var home = new TempFolder();
        var code = new VsCode(home.Path, OSPlatform.Linux, name => name == "XDG_CONFIG_HOME" ? Path.Combine(home.Path, "elsewhere") : null);
        Directory.CreateDirectory(Path.Combine(home.Path, ".config", "Code"));
        Assert.Contains("is not needed", Assert.Single(code.Examine()).Detail);
        Directory.CreateDirectory(Path.Combine(home.Path, "elsewhere", "Code"));
        Assert.Equal("VS Code: Code", Assert.Single(code.Examine()).Name);
    }
}
