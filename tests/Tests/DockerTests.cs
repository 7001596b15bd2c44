using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace TracingTutorial.Tests;

/// <summary>
/// The files in docker/, read as YAML and checked by Docker Compose. No container is started: a Docker engine is not
/// needed to build this repository.
/// </summary>
public partial class DockerTests
{
    private static readonly string Folder = Path.Combine(HostRunner.Root, "docker");

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
        ["8888"] = "JAEGER_METRICS_PORT",
    };

    private static readonly string[] Variables = [.. Ports.Values, "JAEGER_IMAGE", "JAEGER_CONFIG"];

    public static TheoryData<string> Configurations => ["keep-all", "tail-sampling"];

    private static YamlMappingNode Service =>
        Assert.IsType<YamlMappingNode>(Assert.Single(Map(Load("compose.yaml"), "services").Children).Value);

    [Fact]
    public void One_service_has_a_variable_for_its_configuration_and_keeps_every_trace_without_it()
    {
        var mounts = Texts(Service, "volumes").Select(v => v.Split(':')).ToDictionary(v => v[0], v => v[1..]);

        Assert.Equal(["--config", "/etc/jaeger/${JAEGER_CONFIG:-keep-all}.yaml"], Texts(Service, "command"));
        Assert.Equal(Configurations.Select(c => $"./{c.Data}.yaml"), mounts.Keys);
        foreach (var (file, mount) in mounts)
        {
            Assert.True(File.Exists(Path.Combine(Folder, file)), file);
            Assert.Equal($"/etc/jaeger/{Path.GetFileName(file)}", mount[0]);
            Assert.Contains("ro", mount[1].Split(',')); // the container cannot change it
        }
    }

    [Fact]
    public void Jaeger_is_an_exact_version_and_the_same_in_every_file()
    {
        Assert.Equal("${JAEGER_IMAGE:-jaegertracing/jaeger:2.20.0}", Text(Service, "image"));
        foreach (var file in Directory.GetFiles(Folder))
        {
            foreach (Match version in Version().Matches(File.ReadAllText(file)))
                Assert.True(version.Value == "2.20.0", $"{Path.GetFileName(file)} names version {version.Value}.");
        }
    }

    [Fact]
    public void Ports_are_open_to_this_machine_only_and_a_variable_moves_each() =>
        Assert.Equal(Ports.Select(p => $"127.0.0.1:${{{p.Value}:-{p.Key}}}:{p.Key}"), Texts(Service, "ports"));

    [Fact]
    public void Every_variable_is_explained_beside_the_file_and_in_the_README()
    {
        var compose = File.ReadAllText(Path.Combine(Folder, "compose.yaml"));
        var settings = Settings().ToDictionary(s => s.Name, s => s.Value);
        var readme = File.ReadAllText(Path.Combine(Folder, "README.md"));

        Assert.Equal(Variables.Order(), Variable().Matches(compose).Select(m => m.Groups[1].Value).Distinct().Order());
        foreach (var variable in Variables)
        {
            Assert.Contains(variable, readme, StringComparison.Ordinal);
            Assert.Contains($"${{{variable}:-{settings[variable]}}}", compose, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_container_has_no_rights_that_it_does_not_need()
    {
        Assert.Equal("true", Text(Service, "read_only"));
        Assert.Equal(["ALL"], Texts(Service, "cap_drop"));
        Assert.Equal(["no-new-privileges:true"], Texts(Service, "security_opt"));
        Assert.Equal("1g", Text(Service, "mem_limit"));
        Assert.NotEqual("0", Text(Service, "user"));
        Assert.DoesNotContain(Service.Children.Keys,
            k => ((YamlScalarNode)k).Value is "privileged" or "cap_add" or "network_mode" or "pid" or "devices");
    }

    [Fact]
    public void Wait_ends_when_Jaeger_itself_says_that_it_is_ready()
    {
        var test = Texts(Map(Service, "healthcheck"), "test");
        Assert.Equal(["CMD", "wget"], test[..2]);
        Assert.Equal("http://127.0.0.1:13133/status", test[^1]);
    }

    [Fact]
    public void The_README_starts_Jaeger_without_Docker_with_the_same_files()
    {
        var readme = File.ReadAllText(Path.Combine(Folder, "README.md"));
        var start = JaegerStart().Matches(readme).Select(m => m.Groups[1].Value).ToArray();

        Assert.Equal(Configurations.Select(c => $" --config {c.Data}.yaml"), start); // never without one: UI and API would be open to all
        Assert.Contains("](keep-all.yaml)", readme);
        Assert.Contains("](tail-sampling.yaml)", readme);
    }

    // ---- The two configurations ------------------------------------------------------------------------------------

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Looking_at_traces_adds_none(string configuration) =>
        Assert.Equal("false", Text(Map(Load($"{configuration}.yaml"), "extensions", "jaeger_query"), "enable_tracing"));

    [Theory]
    [MemberData(nameof(Configurations))]
    public void The_configuration_names_only_parts_that_Jaeger_has_and_that_are_set_up(string configuration)
    {
        var config = Load($"{configuration}.yaml");
        var service = Map(config, "service");
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
            Assert.Equal(names.Order(), Map(config, section).Children.Keys.Select(k => ((YamlScalarNode)k).Value!).Order());
            Assert.Subset(PartsOfJaeger.ToHashSet(), names.ToHashSet());
        }

        var storage = Assert.Single(Map(config, "extensions", "jaeger_storage", "backends").Children);
        var name = ((YamlScalarNode)storage.Key).Value;
        Assert.Equal(name, Text(Map(config, "extensions", "jaeger_query", "storage"), "traces"));
        Assert.Equal(name, Text(Map(config, "exporters", "jaeger_storage_exporter"), "trace_storage"));
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Every_address_is_named_so_that_a_Jaeger_without_Docker_stays_on_this_machine(string configuration)
    {
        var config = Load($"{configuration}.yaml");
        var metrics = Map(config, "service", "telemetry", "metrics");
        List<string> addresses =
        [
            Text(Map(config, "extensions", "jaeger_query", "http"), "endpoint"),
            Text(Map(config, "receivers", "otlp", "protocols", "http"), "endpoint"),
            Text(Map(config, "receivers", "otlp", "protocols", "grpc"), "endpoint"),
            Text(Map(config, "extensions", "healthcheckv2", "http"), "endpoint"),
        ];
        if (Text(metrics, "level") == "none")
            Assert.False(metrics.Children.ContainsKey("readers"));
        else
        {
            var reader = Map(Assert.IsType<YamlMappingNode>(Assert.Single(Assert.IsType<YamlSequenceNode>(metrics.Children["readers"]))),
                "pull", "exporter", "prometheus");
            addresses.Add($"{Text(reader, "host")}:{Text(reader, "port")}");
        }

        Assert.Equal(Ports.Keys.Take(addresses.Count).Append("16685").Select(port => $"${{env:JAEGER_LISTEN_HOST:-localhost}}:{port}"),
            addresses.Append(Text(Map(config, "extensions", "jaeger_query", "grpc"), "endpoint")));
        Assert.Equal("0.0.0.0", Text(Map(Service, "environment"), "JAEGER_LISTEN_HOST"));
    }

    [Fact]
    public void The_two_configurations_differ_in_tail_sampling_and_its_metrics_alone()
    {
        var (all, tail) = (Load("keep-all.yaml"), Load("tail-sampling.yaml"));

        Assert.Equal(["memory_limiter", "batch"], Texts(Map(all, "service", "pipelines", "traces"), "processors"));
        Assert.Equal(["memory_limiter", "tail_sampling", "batch"], Texts(Map(tail, "service", "pipelines", "traces"), "processors"));
        foreach (var section in (string[])["receivers", "exporters", "extensions"])
            Assert.Equal(Map(all, section), Map(tail, section));
        foreach (var processor in (string[])["memory_limiter", "batch"])
            Assert.Equal(Map(all, "processors", processor), Map(tail, "processors", processor));
        Assert.Equal("normal", Text(Map(tail, "service", "telemetry", "metrics"), "level")); // what it lost is seen nowhere else
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Jaeger_refuses_spans_before_its_container_is_out_of_memory_and_the_README_says_from_when(string configuration)
    {
        var config = Load($"{configuration}.yaml");
        var limiter = Map(config, "processors", "memory_limiter");
        var (limit, go) = (int.Parse(Text(limiter, "limit_mib")),
            int.Parse(Text(Map(Service, "environment"), "GOMEMLIMIT").Replace("MiB", "")));

        Assert.Equal("memory_limiter", Texts(Map(config, "service", "pipelines", "traces"), "processors")[0]); // a receiver hears the error
        Assert.NotEqual("0s", Text(limiter, "check_interval")); // the processor does not start without one
        Assert.InRange(limit, 1, go - 1);
        Assert.InRange(go, 1, 1023); // mem_limit is 1g
        Assert.False(limiter.Children.ContainsKey("spike_limit_mib")); // then it is a fifth of the limit
        Assert.Contains($"from {limit * 4 / 5} MiB on", File.ReadAllText(Path.Combine(Folder, "README.md")));
    }

    [Fact]
    public void Tail_sampling_keeps_all_errors_all_slow_traces_and_five_percent_of_the_rest()
    {
        var sampling = Map(Load("tail-sampling.yaml"), "processors", "tail_sampling");
        var policies = ((YamlSequenceNode)sampling.Children["policies"]).Cast<YamlMappingNode>().ToDictionary(p => Text(p, "type"));

        var wait = int.Parse(Text(sampling, "decision_wait").TrimEnd('s'));
        Assert.InRange(wait, 10, 30); // a batch of the SDK holds a span for up to five seconds, and the services' timers differ
        Assert.Contains($"{wait} seconds after the first span", File.ReadAllText(Path.Combine(Folder, "README.md")));
        Assert.Equal(["latency", "probabilistic", "status_code"], policies.Keys.Order());
        Assert.Equal(["ERROR"], Texts(Map(policies["status_code"], "status_code"), "status_codes"));
        Assert.Equal("200", Text(Map(policies["latency"], "latency"), "threshold_ms"));
        Assert.Equal("5", Text(Map(policies["probabilistic"], "probabilistic"), "sampling_percentage"));
        Assert.Equal(3, policies.Values.Select(p => Text(p, "name")).Distinct().Count());
    }

    // ---- Docker Compose --------------------------------------------------------------------------------------------

    [Theory]
    [MemberData(nameof(Configurations))]
    public async Task Docker_Compose_accepts_the_file_and_starts_the_configuration_that_the_variable_names(string configuration)
    {
        var (exitCode, output) = await DockerCompose("config", ("JAEGER_CONFIG", configuration));

        Assert.True(exitCode == 0, output);
        Assert.Contains("jaegertracing/jaeger:2.20.0", output, StringComparison.Ordinal);
        Assert.Contains($"- /etc/jaeger/{configuration}.yaml", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Docker_Compose_uses_the_variables()
    {
        var (exitCode, output) = await DockerCompose(
            "config", ("JAEGER_UI_PORT", "26686"), ("JAEGER_METRICS_PORT", "28888"), ("JAEGER_IMAGE", "mirror.example/jaeger:2.20.0"));

        Assert.True(exitCode == 0, output);
        Assert.Contains("26686", output, StringComparison.Ordinal);
        Assert.Contains("28888", output, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1:16686", output, StringComparison.Ordinal);
        Assert.Contains("image: mirror.example/jaeger:2.20.0", output, StringComparison.Ordinal);
        Assert.Contains("--config\n    - /etc/jaeger/keep-all.yaml", output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output)> DockerCompose(string arguments,
        params (string Name, string Value)[] environment)
    {
        var command = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => (string[])[Path.Combine(folder, "docker-compose"), Path.Combine(folder, "docker-compose.exe")])
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(command is null,
            "docker-compose is not installed, so docker/compose.yaml was only read, not validated by Docker Compose.");

        var start = new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        foreach (var name in Variables)
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

    private static YamlMappingNode Load(string file)
    {
        using var reader = new StreamReader(Path.Combine(Folder, file));
        var yaml = new YamlStream();
        yaml.Load(reader);
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

    [GeneratedRegex(@"(?m)^\./jaeger\S*/jaeger(.*)$")]
    private static partial Regex JaegerStart();

    [GeneratedRegex(@"(?<![\d.])\d+\.\d+\.\d+(?!\.?\d)")]
    private static partial Regex Version();
}
