#nullable enable
using System;
using System.Globalization;
using System.IO;
using System.Linq;

/// <summary>
/// Where the Jaeger of the folder <c>docker</c> is: at its own ports, unless a variable, or a line in <c>docker/.env</c>, has
/// given it others. Docker Compose reads the same two, the variable first.
/// </summary>
internal static class JaegerPorts
{
    /// <summary>The port of UI and API.</summary>
    public static int Ui => Of("JAEGER_UI_PORT", 16686, Directory.GetCurrentDirectory());

    /// <summary>The port that takes spans over OTLP/HTTP.</summary>
    public static int OtlpHttp => Of("JAEGER_OTLP_HTTP_PORT", 4318, Directory.GetCurrentDirectory());

    /// <param name="variable">Its name, in the environment and in the file.</param>
    /// <param name="standard">What holds when neither says anything that is a port.</param>
    /// <param name="folder">A notebook runs in its own folder; <c>docker/.env</c> is beside that, or further up.</param>
    internal static int Of(string variable, int standard, string folder)
    {
        if (Port(Environment.GetEnvironmentVariable(variable)) is { } port)
            return port;
        for (var place = new DirectoryInfo(folder); place is not null; place = place.Parent)
        {
            var file = Path.Combine(place.FullName, "docker", ".env");
            if (!File.Exists(file))
                continue;
            var line = File.ReadLines(file).LastOrDefault(l => l.StartsWith(variable + "=", StringComparison.Ordinal));
            return Port(line?[(variable.Length + 1)..]) ?? standard;
        }

        return standard;
    }

    private static int? Port(string? text) =>
        int.TryParse(text?.Trim().Trim('"', '\''), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= 65535 ? port : null;
}
