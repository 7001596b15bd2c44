using System;
using System.IO;
using System.Linq;
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

        var (exitCode, output) = await HostRunner.CommandAsync(HostRunner.Root, ["doctor", "--json", file]);

        Assert.True(exitCode == 0, output);
        // a note may be there: little memory, no network
        Assert.Matches(@"\nReady[:,].* Next: `dotnet run --project host` opens the course\.\n$", output);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        Assert.True(json.RootElement.GetProperty("ready").GetBoolean());
        var findings = json.RootElement.GetProperty("findings").EnumerateArray().ToDictionary(f => f.GetProperty("name").GetString()!);
        var kernel = findings["the notebook kernel"];
        Assert.Matches(
            $@"imported and drew a trace in \d+\.\d s with \d+ MB; {MeasuredNeeds.FromSeconds} to {MeasuredNeeds.ToSeconds} s are usual",
            kernel.GetProperty("detail").GetString());
        Assert.All(["memory", "proxy", "certificates", "browser", "Docker", "Jaeger", "ports"],
            name => Assert.False(findings[name].GetProperty("required").GetBoolean()));
        Assert.DoesNotContain(Machine.Here().Home, await File.ReadAllTextAsync(file));
    }

    [Fact(Explicit = true)]
    public async Task Behind_a_feed_without_the_packages_it_says_which_and_what_to_do()
    {
        using var folder = new TempFolder();
        // A package that no cache has either: the layer asks for a version that there never was.
        folder.Write("helpers/core.dib", HostRunner.Cells("#r \"nuget: OpenTelemetry, 1.20.99\""));
        folder.Write("notebooks/00-start.dib", HostRunner.Cells("1"));
        folder.Write("nuget.config",
            """<configuration><packageSources><clear /><add key="ours" value="feed" /></packageSources></configuration>""");
        Directory.CreateDirectory(Path.Combine(folder.Path, "feed"));

        var (exitCode, output) = await HostRunner.CommandAsync(folder.Path, ["doctor"]);

        Assert.Equal(1, exitCode);
        Assert.Matches(@"not ok +the notebook kernel +No configured feed has the package. Unable to find package OpenTelemetry", output);
        Assert.Contains("dotnet nuget add source", output);
        Assert.Contains("Not ready", output);
    }

    [Fact(Explicit = true)]
    public async Task What_it_prints_and_writes_holds_no_key_of_a_feed_and_no_folder_of_the_user()
    {
        using var folder = new TempFolder();
        folder.Write("helpers/core.dib", HostRunner.Cells("#r \"nuget: OpenTelemetry, 1.20.99\""));
        folder.Write("notebooks/00-start.dib", HostRunner.Cells("1"));
        folder.Write("nuget.config", """
            <configuration><packageSources><clear />
              <add key="ours" value="https://joe:s3cret@127.0.0.1:1/auth/t0ken/v3/index.json?sig=h1dden" />
            </packageSources></configuration>
            """);

        var (exitCode, output) = await HostRunner.CommandAsync(folder.Path, ["doctor", "--json", "findings.json"], ("https_proxy", null),
            ("HTTPS_PROXY", null), ("all_proxy", null), ("ALL_PROXY", null));

        Assert.Equal(1, exitCode);
        var all = output + await File.ReadAllTextAsync(Path.Combine(folder.Path, "findings.json"));
        Assert.Contains("https://***@127.0.0.1:1/auth/***/v3/index.json?*** does not answer", all);
        Assert.Contains("The packages are not on this machine yet, and the lines above say why they do not come.", all);
        Assert.All(["s3cret", "t0ken", "h1dden", folder.Path, Machine.Here().Home], secret => Assert.DoesNotContain(secret, all));
        Assert.DoesNotContain("   at ", all);
        Assert.EndsWith(
            "Not ready: the notebook kernel. Do what the line below it says, then run it again: `dotnet run --project host doctor`.\n",
            output);
    }

    [Fact(Explicit = true)]
    public async Task A_configuration_of_NuGet_that_is_broken_is_named_in_one_line()
    {
        using var folder = new TempFolder();
        folder.Write("helpers/core.dib", HostRunner.Cells("#r \"nuget: OpenTelemetry, 1.20.99\""));
        folder.Write("notebooks/00-start.dib", HostRunner.Cells("1"));
        folder.Write("nuget.config", "<configuration><packageSources>");

        var (exitCode, output) = await HostRunner.CommandAsync(folder.Path, ["doctor"]);

        Assert.Equal(1, exitCode);
        Assert.Matches(@"not ok +package feeds +NuGet.Config is not valid XML. Path: '\[clone\].nuget.config'", output);
        Assert.Contains("Not ready: package feeds, the notebook kernel.", output);
        Assert.DoesNotContain("   at ", output);
    }

    [Fact]
    public async Task What_the_user_has_excepted_from_the_proxy_stays_so_in_a_notebook()
    {
        using var folder = new TempFolder();
        folder.Write("a.dib", HostRunner.Cells("Console.WriteLine(Environment.GetEnvironmentVariable(\"NO_PROXY\"));"));

        var (exitCode, output) = await HostRunner.CommandAsync(folder.Path, ["run", "a.dib"], ("NO_PROXY", "feed.example.com"),
            ("no_proxy", "feed.example.com"));

        Assert.Equal(0, exitCode);
        Assert.Contains(" 127.0.0.1,localhost,feed.example.com\n", output);
    }

    [Theory]
    [InlineData("LINUX", ".config/Code", ".vscode", "Code")]
    [InlineData("LINUX", ".config/Code - Insiders", ".vscode-insiders", "Insiders")]
    [InlineData("LINUX", ".local/share/code-server", ".local/share/code-server", "code-server")]
    [InlineData("LINUX", ".vscode-server/data", ".vscode-server", "remote")]
    [InlineData("OSX", "Library/Application Support/Code", ".vscode", "Code")]
    [InlineData("OSX", "Library/Application Support/VSCodium", ".vscode-oss", "VSCodium")]
    [InlineData("WINDOWS", "AppData/Roaming/Code", ".vscode", "Code")]
    public void For_each_flavour_of_VS_Code_it_says_what_will_happen_and_puts_the_manifest_in_place_once(string platform, string data,
        string extensions, string name)
    {
        using var home = new TempFolder();
        var code = new VsCode(new Machine(home.Path, OSPlatform.Create(platform), _ => null, _ => null));
        Assert.Contains("is not needed", Assert.Single(code.Examine()).Detail);
        Assert.Empty(code.Fix());

        Directory.CreateDirectory(Path.Combine(home.Path, data));
        var without = Assert.Single(code.Examine());
        Assert.True(without.Ok); // nothing is wrong as long as nobody uses it
        Assert.StartsWith("without Polyglot Notebooks; before you install it", without.Detail);
        Directory.CreateDirectory(Path.Combine(home.Path, extensions, "extensions",
            "ms-dotnettools.dotnet-interactive-vscode-1.0.7120010"));
        var before = Assert.Single(code.Examine());
        Assert.Equal(($"VS Code: {name}", false, false), (before.Name, before.Ok, before.Required));
        Assert.Equal("with Polyglot Notebooks, which, from its second start on, would open no notebook", before.Detail);
        Assert.Contains("doctor --fix", before.WayOut);

        var written = Assert.Single(code.Fix());
        Assert.Equal(Path.Combine(home.Path, data, "User", "globalStorage", "ms-dotnettools.dotnet-interactive-vscode", ".config",
            "dotnet-tools.json"), written);
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
        var code = new VsCode(new Machine(home.Path, OSPlatform.Linux,
            name => name == "XDG_CONFIG_HOME" ? Path.Combine(home.Path, "elsewhere") : null, _ => null));
        Directory.CreateDirectory(Path.Combine(home.Path, ".config", "Code"));
        Assert.Contains("is not needed", Assert.Single(code.Examine()).Detail);
        Directory.CreateDirectory(Path.Combine(home.Path, "elsewhere", "Code"));
        Assert.Equal("VS Code: Code", Assert.Single(code.Examine()).Name);
    }
}
