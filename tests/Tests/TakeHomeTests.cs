using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Trace;
using TracingTutorial.Course.Lessons;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>What lesson 11 says of its service and of the packages in its table, run.</summary>
[Collection(nameof(NotParallel))]
public sealed partial class TakeHomeTests
{
    private const string CallersTrace = "0123456789abcdef0123456789abcdef";

    private static readonly Notebook Lesson = DibReader.Load(HostRunner.Lesson("11-take-home.dib"));

    private static readonly Dictionary<string, string[]> Packages = Lesson.Cells.SelectMany(c => c.Source.Split('\n'))
        .Select(line => PackageRow().Match(line))
        .Where(m => m.Success).ToDictionary(m => m.Groups[1].Value,
        m => (string[])[m.Groups[2].Value, m.Groups[3].Value, m.Groups[4].Value]);

    [Fact(Explicit = true)]
    public async Task The_service_of_lesson_11_compiles_exports_and_loses_nothing_when_it_is_stopped()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var payments = await ServeAsync(http => http.Request.Path == "/payments/13"
            ? Results.StatusCode(500)
            : Results.Text("12.50"));
        using var program = await ServiceProgram.BuildAsync("api-gateway", Text("setUp") + Text("routes") + Text("profilePage"));
        using var gateway = await program.StartAsync(("OTEL_SERVICE_NAME", "report-gateway"), ("PaymentService", payments.Urls.First()),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Endpoint.ToString()),
            ("OTEL_BSP_SCHEDULE_DELAY", OperatingSystem.IsWindows() ? "100" : "600000")); // only the shutdown sends
        gateway.Client.DefaultRequestHeaders.Add("traceparent", $"00-{CallersTrace}-0123456789abcdef-01");

        Assert.Equal("12.50", await gateway.Client.GetStringAsync("health"));
        Assert.Equal("paid: 12.50", await gateway.Client.GetStringAsync("profile/42?mail=ada@example.com"));
        using (var failed = await gateway.Client.GetAsync("profile/13"))
            Assert.Equal(HttpStatusCode.BadGateway, failed.StatusCode);
        Assert.Equal(OperatingSystem.IsWindows() ? receiver.Count : 0, receiver.Count);
        Assert.True(await gateway.StopAsync() == 0 || OperatingSystem.IsWindows()); // there it is killed

        // Nothing of /health; of the two others a Server, an Internal and a Client span each, in the trace of the caller.
        Assert.Equal(6, receiver.Count);
        Assert.All(receiver.Spans, span => Assert.Equal(CallersTrace, span.TraceId));
        var servers = receiver.Spans.Where(s => s.Kind == ActivityKind.Server).OrderBy(s => s.Start).ToArray();
        Assert.Equal(["GET /profile/{id}", "GET /profile/{id}"], servers.Select(s => s.Name));
        Assert.Equal("?mail=Redacted", servers[0]["url.query"]);
        var inTime = receiver.Spans.OrderBy(s => s.Start).ToArray();
        Assert.All(inTime.Take(3), span => Assert.Equal(ActivityStatusCode.Unset, span.Status));
        Assert.All(inTime.Skip(3), span => Assert.Equal((ActivityStatusCode.Error, ErrorType(span.Kind)),
            (span.Status, $"{span["error.type"]}")));

        var resource = servers[0].Resource.ToDictionary(a => a.Key, a => a.Value);
        Assert.Equal("report-gateway", resource["service.name"]); // the variable wins over the code
        Assert.Equal("1.5.0", resource["service.version"]);
        Assert.Equal("test", resource["deployment.environment.name"]);
        Assert.Empty(Checklist.Of(receiver).Findings);
    }

    [Fact(Explicit = true)]
    public async Task A_program_that_does_not_compile_or_does_not_listen_says_why()
    {
        var wrong = await Assert.ThrowsAsync<InvalidOperationException>(() => ServiceProgram.BuildAsync("broken",
            "#:property PublishAot=false\nConsole.Write(nothing);"));
        Assert.Contains("CS0103", wrong.Message);

        using var program = await ServiceProgram.BuildAsync("ends", "#:property PublishAot=false\nConsole.WriteLine(\"nothing to do\");");
        var ended = await Assert.ThrowsAsync<InvalidOperationException>(() => program.StartAsync());
        Assert.Contains("nothing to do", ended.Message);
        var assembly = program.Assembly;
        program.Dispose();
        Assert.False(File.Exists(assembly));
    }

    [Fact(Explicit = true)]
    public async Task A_single_file_is_deaf_to_event_sources_unless_it_says_PublishAot_false()
    {
        using var hears = await ServiceProgram.BuildAsync("hears", "#:property PublishAot=false\nConsole.WriteLine();");
        Assert.DoesNotMatch(Deaf(), await File.ReadAllTextAsync(Path.ChangeExtension(hears.Assembly, "runtimeconfig.json")));
        try
        {
            using var deaf = await ServiceProgram.BuildAsync("deaf", "Console.WriteLine();");
            Assert.Matches(Deaf(), await File.ReadAllTextAsync(Path.ChangeExtension(deaf.Assembly, "runtimeconfig.json")));
        }
        catch (InvalidOperationException e) when (e.Message.Contains("NU11", StringComparison.Ordinal))
        {
            Assert.Skip($"The compiler for native code cannot be restored here: {e.Message}");
        }
    }

    [Fact]
    public void The_table_of_packages_has_the_versions_that_the_course_uses_and_says_which_rows_were_run()
    {
        var central = XDocument.Load(Path.Combine(HostRunner.Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(p => p.Attribute("Include")!.Value, p => p.Attribute("Version")!.Value);
        var used = PackageLine().Matches(string.Join('\n', Lesson.Cells.Select(c => c.Source)))
            .Select(m => (Name: m.Groups[1].Value, Version: m.Groups[2].Value)).Distinct().ToDictionary(p => p.Name, p => p.Version);

        Assert.InRange(Packages.Count, 8, 20);
        Assert.Equal(used.Keys.Order(), Packages.Where(p => p.Value[2] == "run").Select(p => p.Key).Order());
        foreach (var (name, row) in Packages)
        {
            Assert.True(row[2] is "run" or "*not run*", name);
            Assert.Equal(row[0].Contains('-'), !row[0].EndsWith(", stable", StringComparison.Ordinal));
            if (used.TryGetValue(name, out var version))
                Assert.Equal($"{version}, stable", row[0]);
            if (central.TryGetValue(name, out version))
                Assert.StartsWith(version, row[0]);
        }
    }

    [Fact]
    public async Task The_ASPNET_Core_package_adds_to_the_server_span_what_the_table_says()
    {
        var added = Attribute().Matches(Packages["OpenTelemetry.Instrumentation.AspNetCore"][1]).Select(m => m.Groups[1].Value).ToArray();
        var without = await ServedAsync(tracing => tracing.AddSource("Microsoft.AspNetCore"));
        var with = await ServedAsync(tracing => tracing.AddAspNetCoreInstrumentation());

        Assert.InRange(added.Length, 5, 10);
        Assert.All(added, name => Assert.Null(without[name]));
        Assert.All(added, name => Assert.NotNull(with[name]));
        Assert.Equal("GET /payments/{user}", with.Name);
        Assert.NotEqual(with.Name, without.Name);

        async Task<RecordedSpan> ServedAsync(Func<TracerProviderBuilder, TracerProviderBuilder> listen) =>
            (await CallAsync(listen)).First(s => s.Kind == ActivityKind.Server);
    }

    [Fact]
    public async Task The_HttpClient_package_adds_options_and_no_attributes()
    {
        var without = (await CallAsync(tracing => tracing.AddSource("System.Net.Http"))).First(s => s.Kind == ActivityKind.Client);
        var with = (await CallAsync(tracing => tracing.AddHttpClientInstrumentation(o => o.FilterHttpRequestMessage = _ => true))).First(
            s => s.Kind == ActivityKind.Client);

        Assert.Equal(without.Name, with.Name);
        Assert.Equal(without.Attributes.Select(a => a.Key).Order(), with.Attributes.Select(a => a.Key).Order());
        Assert.Empty(await CallAsync(tracing => tracing.AddHttpClientInstrumentation(o => o.FilterHttpRequestMessage = _ => false)));
    }

    private static string ErrorType(ActivityKind kind) =>
        kind switch { ActivityKind.Server => "502", ActivityKind.Client => "500", _ => "System.Net.Http.HttpRequestException" };

    // One request that fails, seen from both sides.
    private static async Task<IReadOnlyList<RecordedSpan>> CallAsync(Func<TracerProviderBuilder, TracerProviderBuilder> listen)
    {
        var spans = new SpanRecorder();
        using (listen(Sdk.CreateTracerProviderBuilder()).AddProcessor(new SimpleActivityExportProcessor(spans)).Build())
        {
            await using var payments = await ServeAsync(_ => Results.StatusCode(500));
            using var client = new HttpClient();
            using var answer = await client.GetAsync($"{payments.Urls.First()}/payments/42");
            await payments.StopAsync();
        }

        return spans.Spans;
    }

    private static async Task<WebApplication> ServeAsync(Func<HttpContext, IResult> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/payments/{user}", (HttpContext http) => answer(http));
        app.MapGet("/health", (HttpContext http) => answer(http));
        await app.StartAsync();
        return app;
    }

    // The text in the cell `var name = """…""";`, as the compiler reads it.
    private static string Text(string name)
    {
        var cell = Lesson.Code.Single(c => c.Source.StartsWith($"var {name} = \"\"\"\n", StringComparison.Ordinal)).Source.Split('\n');
        return string.Join('\n', cell[1..^1].Select(line => line.Length == 0 ? "" : line[4..]));
    }

    [GeneratedRegex(@"^\| `(OpenTelemetry\.[\w.]+)` \| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \|$")]
    private static partial Regex PackageRow();

    [GeneratedRegex(@"(?:#:package |#r ""nuget: )(OpenTelemetry\.[\w.]+)(?:@|, )([\d.]+)")]
    private static partial Regex PackageLine();

    [GeneratedRegex(@"""System\.Diagnostics\.Tracing\.EventSource\.IsSupported"": false")]
    private static partial Regex Deaf();

    [GeneratedRegex("`([a-z_]+(?:\\.[a-z_]+)+)`")]
    private static partial Regex Attribute();
}
