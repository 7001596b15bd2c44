using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Xunit;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;
using YamlDotNet.Serialization;

namespace TracingTutorial.Tests;

/// <summary>
/// The files in docker/, read as YAML and checked by Docker Compose. No container is started: a Docker engine is not
/// needed to build this repository.
/// </summary>
public partial class DockerTests
{
    private static readonly string Folder = Path.Combine(TheHost.Root, "docker");

    // What Jaeger 2.20.0 is built with, of the components that a configuration of ours may use (its components.go).
    private static readonly string[] PartsOfJaeger =
    [
        "jaeger_storage", "jaeger_query", "healthcheckv2", "remote_sampling", // extensions
        "otlp", // receivers
        "batch", "memory_limiter", "tail_sampling", "attributes", "filter", // processors
        "jaeger_storage_exporter", "debug", "otlp", // exporters
    ];

    private static readonly Dictionary<string, string> Ports = new()
    {
        ["16686"] = "JAEGER_UI_PORT",
        ["4318"] = "JAEGER_OTLP_HTTP_PORT",
        ["4317"] = "JAEGER_OTLP_GRPC_PORT",
        ["13133"] = "JAEGER_HEALTH_PORT",
    };

    private static YamlMappingNode Compose => Load("compose.yaml");
    private static YamlMappingNode Config => Load("tail-sampling.yaml");
    private static YamlMappingNode[] Services => Map(Compose, "services").Children.Values.Cast<YamlMappingNode>().ToArray();

    [Fact]
    public void Docker_compose_up_starts_one_Jaeger_and_a_profile_starts_the_other_one_instead()
    {
        var profiles = Map(Compose, "services").ToDictionary(s => ((YamlScalarNode)s.Key).Value!, s => Assert.Single(Texts((YamlMappingNode)s.Value, "profiles")));
        var byDefault = Settings().Single(s => s.Name == "COMPOSE_PROFILES").Value;

        Assert.Equal(["keep-all", "tail-sampling"], profiles.Values.Order());
        Assert.Equal("keep-all", byDefault);
        Assert.Equal("jaeger", profiles.Single(p => p.Value == byDefault).Key);
    }

    [Fact]
    public void Jaeger_is_an_exact_version_and_the_same_in_every_file()
    {
        foreach (var service in Services)
            Assert.Equal("${JAEGER_IMAGE:-jaegertracing/jaeger:2.20.0}", Text(service, "image"));
        foreach (var file in Directory.GetFiles(Folder))
        {
            foreach (Match version in Version().Matches(File.ReadAllText(file)))
                Assert.True(version.Value == "2.20.0", $"{Path.GetFileName(file)} names version {version.Value}.");
        }
    }

    [Fact]
    public void Ports_are_open_to_this_machine_only_and_a_variable_moves_each()
    {
        foreach (var service in Services)
            Assert.Equal(Ports.Select(p => $"127.0.0.1:${{{p.Value}:-{p.Key}}}:{p.Key}"), Texts(service, "ports"));
    }

    [Fact]
    public void Every_variable_is_explained_beside_the_file_and_in_the_README()
    {
        var variables = Variable().Matches(File.ReadAllText(Path.Combine(Folder, "compose.yaml"))).Select(m => m.Groups[1].Value).Distinct().ToArray();
        var settings = Settings().ToDictionary(s => s.Name, s => s.Value);
        var readme = File.ReadAllText(Path.Combine(Folder, "README.md"));

        Assert.Equal(Ports.Values.Append("JAEGER_IMAGE").Order(), variables.Order());
        foreach (var variable in variables)
        {
            Assert.Contains(variable, readme, StringComparison.Ordinal);
            Assert.Contains($"${{{variable}:-{settings[variable]}}}", File.ReadAllText(Path.Combine(Folder, "compose.yaml")), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_container_has_no_rights_that_it_does_not_need()
    {
        foreach (var service in Services)
        {
            Assert.Equal("true", Text(service, "read_only"));
            Assert.Equal(["ALL"], Texts(service, "cap_drop"));
            Assert.Equal(["no-new-privileges:true"], Texts(service, "security_opt"));
            Assert.Equal("1g", Text(service, "mem_limit"));
            Assert.NotEqual("0", Text(service, "user"));
            Assert.DoesNotContain(service.Children.Keys, k => ((YamlScalarNode)k).Value is "privileged" or "cap_add" or "network_mode" or "pid" or "devices");
        }
    }

    [Fact]
    public void Looking_at_traces_adds_none()
    {
        foreach (var service in Services)
            Assert.Equal("always_off", Text(Map(service, "environment"), "OTEL_TRACES_SAMPLER"));
        Assert.Equal("false", Text(Map(Config, "extensions", "jaeger_query"), "enable_tracing")); // a Jaeger without Docker too
    }

    [Fact]
    public void Wait_ends_when_Jaeger_itself_says_that_it_is_ready()
    {
        foreach (var service in Services)
        {
            var test = Texts(Map(service, "healthcheck"), "test");
            Assert.Equal(["CMD", "wget"], test[..2]);
            Assert.Equal("http://127.0.0.1:13133/status", test[^1]);
        }
    }

    [Fact]
    public void The_tail_sampling_profile_starts_Jaeger_with_our_file_which_it_cannot_change()
    {
        var service = Services.Single(s => Texts(s, "profiles").Contains("tail-sampling"));
        var mount = Assert.Single(Texts(service, "volumes")).Split(':');

        Assert.Equal(["--config", mount[1]], Texts(service, "command"));
        Assert.Contains("ro", mount[2].Split(','));
        Assert.True(File.Exists(Path.Combine(Folder, mount[0])), mount[0]);
        Assert.Single(Services, s => s.Children.ContainsKey("volumes"));
    }

    [Fact]
    public void The_configuration_names_only_parts_that_Jaeger_has_and_that_are_set_up()
    {
        var service = Map(Config, "service");
        var pipeline = Map(service, "pipelines", "traces");
        var used = new Dictionary<string, string[]>
        {
            ["extensions"] = Texts(service, "extensions"),
            ["receivers"] = Texts(pipeline, "receivers"),
            ["processors"] = Texts(pipeline, "processors"),
            ["exporters"] = Texts(pipeline, "exporters"),
        };

        foreach (var (section, names) in used)
        {
            Assert.Equal(names.Order(), Map(Config, section).Children.Keys.Select(k => ((YamlScalarNode)k).Value!).Order());
            Assert.Subset(PartsOfJaeger.ToHashSet(), names.ToHashSet());
        }

        var storage = Assert.Single(Map(Config, "extensions", "jaeger_storage", "backends").Children);
        var name = ((YamlScalarNode)storage.Key).Value;
        Assert.Equal(name, Text(Map(Config, "extensions", "jaeger_query", "storage"), "traces"));
        Assert.Equal(name, Text(Map(Config, "exporters", "jaeger_storage_exporter"), "trace_storage"));
    }

    [Fact]
    public void The_configuration_listens_where_the_published_ports_lead()
    {
        string[] endpoints =
        [
            Text(Map(Config, "extensions", "jaeger_query", "http"), "endpoint"),
            Text(Map(Config, "receivers", "otlp", "protocols", "http"), "endpoint"),
            Text(Map(Config, "receivers", "otlp", "protocols", "grpc"), "endpoint"),
            Text(Map(Config, "extensions", "healthcheckv2", "http"), "endpoint"),
        ];

        Assert.Equal(Ports.Keys.Select(port => $"${{env:JAEGER_LISTEN_HOST:-localhost}}:{port}"), endpoints);
        foreach (var service in Services)
            Assert.Equal("0.0.0.0", Text(Map(service, "environment"), "JAEGER_LISTEN_HOST"));
    }

    [Fact]
    public void Tail_sampling_keeps_all_errors_all_slow_traces_and_five_percent_of_the_rest()
    {
        var sampling = Map(Config, "processors", "tail_sampling");
        var policies = ((YamlSequenceNode)sampling.Children["policies"]).Cast<YamlMappingNode>().ToDictionary(p => Text(p, "type"));

        Assert.Equal("5s", Text(sampling, "decision_wait"));
        Assert.Equal(["latency", "probabilistic", "status_code"], policies.Keys.Order());
        Assert.Equal(["ERROR"], Texts(Map(policies["status_code"], "status_code"), "status_codes"));
        Assert.Equal("200", Text(Map(policies["latency"], "latency"), "threshold_ms"));
        Assert.Equal("5", Text(Map(policies["probabilistic"], "probabilistic"), "sampling_percentage"));
        Assert.Equal(3, policies.Values.Select(p => Text(p, "name")).Distinct().Count());
        Assert.Equal("tail_sampling", Texts(Map(Config, "service", "pipelines", "traces"), "processors")[0]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--profile tail-sampling")]
    [InlineData("--profile keep-all --profile tail-sampling")]
    public async Task Docker_Compose_accepts_the_file(string profiles)
    {
        var (exitCode, output) = await DockerCompose($"{profiles} config");

        Assert.True(exitCode == 0, output);
        Assert.Contains("jaegertracing/jaeger:2.20.0", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Docker_Compose_uses_the_variables()
    {
        var (exitCode, output) = await DockerCompose(
            "--profile keep-all config", ("JAEGER_UI_PORT", "26686"), ("JAEGER_IMAGE", "mirror.example/jaeger:2.20.0"));

        Assert.True(exitCode == 0, output);
        Assert.Contains("26686", output, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1:16686", output, StringComparison.Ordinal);
        Assert.Contains("image: mirror.example/jaeger:2.20.0", output, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output)> DockerCompose(string arguments, params (string Name, string Value)[] environment)
    {
        var command = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => (string[])[Path.Combine(folder, "docker-compose"), Path.Combine(folder, "docker-compose.exe")])
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(command is null, "docker-compose is not installed, so docker/compose.yaml was only read, not validated by Docker Compose.");

        var start = new ProcessStartInfo(command, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in Ports.Values.Append("JAEGER_IMAGE").Append("COMPOSE_PROFILES"))
            start.Environment.Remove(name);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    // The lines of .env, also those that are there to be switched on.
    private static IEnumerable<(string Name, string Value)> Settings() => File.ReadLines(Path.Combine(Folder, ".env"))
        .Select(line => Setting().Match(line)).Where(m => m.Success).Select(m => (m.Groups[1].Value, m.Groups[2].Value));

    // With "<<: *anchor" resolved, as Docker Compose does.
    private static YamlMappingNode Load(string file)
    {
        using var reader = new StreamReader(Path.Combine(Folder, file));
        var merged = new DeserializerBuilder().Build().Deserialize<object>(new MergingParser(new Parser(reader)));
        using var text = new StringReader(new SerializerBuilder().Build().Serialize(merged));
        var yaml = new YamlStream();
        yaml.Load(text);
        return (YamlMappingNode)Assert.Single(yaml.Documents).RootNode;
    }

    private static YamlMappingNode Map(YamlMappingNode node, params string[] path) =>
        path.Aggregate(node, (map, name) => Assert.IsType<YamlMappingNode>(map.Children[name]));

    private static string Text(YamlMappingNode node, string name) => Assert.IsType<YamlScalarNode>(node.Children[name]).Value!;

    private static string[] Texts(YamlMappingNode node, string name) =>
        Assert.IsType<YamlSequenceNode>(node.Children[name]).Select(n => ((YamlScalarNode)n).Value!).ToArray();

    [GeneratedRegex(@"^#?([A-Z_]+)=(\S+)$")]
    private static partial Regex Setting();

    [GeneratedRegex(@"\$\{([A-Z_]+)")]
    private static partial Regex Variable();

    [GeneratedRegex(@"(?<![\d.])\d+\.\d+\.\d+(?!\.?\d)")]
    private static partial Regex Version();
}
