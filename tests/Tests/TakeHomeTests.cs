using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using TracingTutorial.Host.Notebooks;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The service that lesson 11 prints, built and run exactly as printed.</summary>
public sealed partial class TakeHomeTests
{
    private const string CallersTrace = "0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task The_service_of_lesson_8_compiles_exports_and_loses_nothing_when_it_is_stopped()
    {
        using var folder = new TempFolder();
        var assembly = await BuildAsync(folder);
        await using var receiver = await OtlpReceiver.StartAsync();
        var payments = AnswerOnce("12.50");

        await RunAsync(assembly, receiver, payments.Address, ["--OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test"], async client =>
        {
            Assert.Equal("Healthy", await client.GetStringAsync("health"));
            Assert.Equal("Balance: 12.50", await client.GetStringAsync("profile/7?mail=ada@example.com"));
            var header = await payments.Header;
            Assert.StartsWith($"00-{CallersTrace}-", header);
            using var failed = await client.GetAsync("profile/7"); // payment-service is gone by now
            Assert.Equal(HttpStatusCode.BadGateway, failed.StatusCode);
        });

        // Nothing of /health; of the two others a Server, an Internal and a Client span each, in the trace of the caller.
        Assert.Equal(6, receiver.Count);
        Assert.All(receiver.Spans, span => Assert.Equal(CallersTrace, span.TraceId));
        var servers = receiver.Spans.Where(s => s.Kind == ActivityKind.Server).ToArray();
        Assert.Equal(["GET /profile/{id:int}", "GET /profile/{id:int}"], servers.Select(s => s.Name));
        Assert.Equal("?mail=Redacted", servers[0]["url.query"]);
        Assert.Equal(ActivityStatusCode.Unset, servers[0].Status);
        Assert.Equal(ActivityStatusCode.Error, servers[1].Status);
        Assert.Contains(servers[1].Events, e => e.Name == "exception");

        var resource = servers[0].Resource.ToDictionary(a => a.Key, a => a.Value);
        Assert.Equal("report-gateway", resource["service.name"]); // the variable wins over the code
        Assert.Equal("shop", resource["service.namespace"]);
        Assert.Equal("1.5.0", resource["service.version"]);
        Assert.Equal("test", resource["deployment.environment.name"]); // an argument works as a variable does
    }

    /// <summary>Builds the two files of the listing. A feed may lack their packages: then there is nothing to test here.</summary>
    private static async Task<string> BuildAsync(TempFolder folder)
    {
        var listing = DibReader.Load(TheHost.Lesson("11-take-home.dib")).Cells.First(c => c.Source.Contains("**Program.cs**", StringComparison.Ordinal)).Source;
        foreach (var name in (string[])["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"])
            folder.Write(name, "<Project />");
        folder.Write("api-gateway.csproj", Fence(listing, "xml"));
        folder.Write("Program.cs", Fence(listing, "csharp"));

        var start = Dotnet(folder.Path, "build", "--nologo", "-warnaserror", "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:NuGetAudit=false", "-o", "out");
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (NotRestored().Match(output) is { Success: true } missing)
            Assert.Skip($"The packages of the listing cannot be restored here: {missing.Value}");
        Assert.True(process.ExitCode == 0, output);
        return Path.Combine(folder.Path, "out", "api-gateway.dll");
    }

    private static async Task RunAsync(string assembly, OtlpReceiver receiver, string payments, string[] arguments, Func<HttpClient, Task> use)
    {
        var start = Dotnet(Path.GetDirectoryName(assembly)!, ["exec", assembly, "--urls=http://127.0.0.1:0", $"--PaymentService={payments}", .. arguments]);
        start.Environment["OTEL_SERVICE_NAME"] = "report-gateway";
        start.Environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
        start.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Endpoint.ToString();
        start.Environment["OTEL_BSP_SCHEDULE_DELAY"] = OperatingSystem.IsWindows() ? "100" : "600000"; // only the shutdown sends
        using var process = Process.Start(start)!;
        try
        {
            string? address = null;
            while (address is null && await process.StandardOutput.ReadLineAsync() is { } line)
                address = ListensOn().Match(line) is { Success: true } match ? match.Groups[1].Value : null;
            Assert.True(address is not null, "The service did not start.");
            var rest = process.StandardOutput.ReadToEndAsync();

            using var client = new HttpClient { BaseAddress = new Uri(address + "/"), Timeout = TimeSpan.FromSeconds(30) };
            client.DefaultRequestHeaders.Add("traceparent", $"00-{CallersTrace}-0123456789abcdef-01");
            await use(client);

            if (OperatingSystem.IsWindows())
            {
                await receiver.WaitForAsync(6);
                return;
            }

            Assert.Equal(0, receiver.Count);
            using (var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
                await kill.WaitForExitAsync();
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
            Assert.True(process.ExitCode == 0, await rest);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static ProcessStartInfo Dotnet(string folder, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true };
        // `dotnet test` leaves these behind; the build must choose its own SDK.
        foreach (var name in start.Environment.Keys.Where(n => n.StartsWith("OTEL_", StringComparison.Ordinal) || n.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        return start;
    }

    /// <summary>A payment-service that answers one request, and then is gone.</summary>
    private static (string Address, Task<string> Header) AnswerOnce(string body)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ($"http://{listener.LocalEndpoint}", Task.Run(async () =>
        {
            using var connection = await listener.AcceptTcpClientAsync();
            listener.Stop();
            using var reader = new StreamReader(connection.GetStream());
            var header = "";
            while (await reader.ReadLineAsync() is { Length: > 0 } line)
                header = line.StartsWith("traceparent: ", StringComparison.OrdinalIgnoreCase) ? line["traceparent: ".Length..] : header;
            await connection.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
            return header;
        }));
    }

    private static string Fence(string markdown, string language) =>
        Regex.Match(markdown, $"^```{language}\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline).Groups[1].Value;

    [GeneratedRegex("error (NU1101|NU1102|NU1103|NU1301): [^\n]*")]
    private static partial Regex NotRestored();

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex ListensOn();
}
