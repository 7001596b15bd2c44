using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace TracingTutorial.Host.Doctor;

/// <summary>
/// Where the Jaeger of the folder <c>docker</c> is or would be: the ports are found as lesson 7 finds them (<c>JaegerPorts</c> in
/// helpers/otlp; a test compares the two), a variable first, then a line in <c>docker/.env</c>.
/// </summary>
internal sealed class JaegerPlace(string root, Func<string, string?> variable)
{
    private static readonly (string Variable, int Standard)[] Ports =
    [
        ("JAEGER_UI_PORT", 16686), ("JAEGER_OTLP_HTTP_PORT", 4318), ("JAEGER_OTLP_GRPC_PORT", 4317),
        ("JAEGER_HEALTH_PORT", 13133), ("JAEGER_METRICS_PORT", 8888),
    ];

    /// <summary>The port that holds for one of Jaeger's variables.</summary>
    public int PortOf(string name) => Port(variable(name)) ?? Port(LineOf(name)) ?? Ports.First(p => p.Variable == name).Standard;

    /// <summary>A finding about Jaeger, and one about its ports.</summary>
    /// <param name="docker">True if Jaeger could be started here.</param>
    public async Task<IReadOnlyList<Finding>> ExamineAsync(bool docker)
    {
        var (ui, otlp) = (PortOf("JAEGER_UI_PORT"), PortOf("JAEGER_OTLP_HTTP_PORT"));
        var taken = Ports.Where(p => IsTaken(PortOf(p.Variable))).ToArray();
        var ports = string.Join(", ", Ports.Select(p => PortOf(p.Variable)));
        if (await RunsAsync(ui))
        {
            var hears = taken.Any(p => p.Variable == "JAEGER_OTLP_HTTP_PORT");
            return
            [
                new Finding("Jaeger", hears, false,
                    $"its API answers on port {ui}" + (hears ? ""
                        : $", but no program listens on port {otlp}, where lesson 7 sends its spans"),
                    "Give it that port, or write another one into docker/.env as JAEGER_OTLP_HTTP_PORT; "
                        + "then `docker compose up -d --wait` in the folder docker."),
                new Finding("ports", true, false, $"those of Jaeger: {ports}", ""),
            ];
        }

        return
        [
            new Finding("Jaeger", true, false, $"does not answer on port {ui}, and is not needed: lesson 7 has a receiver of its own"
                + (docker ? "; `docker compose up -d --wait` in the folder docker starts it" : ""), ""),
            new Finding("ports", taken.Length == 0 || !docker, false,
                taken.Length == 0 ? $"free for Jaeger: {ports}"
                    : $"{string.Join(", ", taken.Select(p => PortOf(p.Variable)))} cannot be had; only Jaeger would use it",
                "Another one in docker/.env: " + string.Join(", ", taken.Select(p => $"`{p.Variable}={Free(PortOf(p.Variable))}`"))),
        ];
    }

    private static async Task<bool> RunsAsync(int port)
    {
        try
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };
            // Its API, as lesson 7 asks it: not every Jaeger has its health check on a port of this machine.
            using var answer = await client.GetAsync($"http://127.0.0.1:{port}/api/v3/services");
            var text = await answer.Content.ReadAsStringAsync();
            return answer.IsSuccessStatusCode && text.Contains("\"services\"", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Somebody listens there, on whatever address; or the system keeps the port, as Windows does with ranges of them.</summary>
    private static bool IsTaken(int port)
    {
        if (IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(l => l.Port == port))
            return true;
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static int Free(int port)
    {
        for (port = port > 50_000 ? port - 10_000 : port + 10_000; IsTaken(port);)
            port++;
        return port;
    }

    private string? LineOf(string name)
    {
        var file = Path.Combine(root, "docker", ".env");
        try
        {
            return !File.Exists(file) ? null
                : File.ReadLines(file).LastOrDefault(l => l.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static int? Port(string? text) =>
        int.TryParse(text?.Trim().Trim('"', '\''), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= 65535 ? port : null;
}
