using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using QRCoder;
using Spectre.Console;

namespace TracingTutorial.Host.Serve;

/// <summary>What a room sees of <c>serve</c>: the address in large letters and as a QR code.</summary>
internal static class RoomSign
{
    /// <summary>The addresses at which others reach a server, the likeliest first.</summary>
    /// <param name="host">Where it listens.</param>
    /// <param name="port">Its port.</param>
    public static string[] AddressesOf(IPAddress host, int port)
    {
        IPAddress[] all = host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any) ? [.. OfThisMachine()] : [host];
        return [.. all.DefaultIfEmpty(IPAddress.Loopback)
            .Select(a => a.AddressFamily == AddressFamily.InterNetworkV6 ? $"http://[{a}]:{port}/" : $"http://{a}:{port}/")];
    }

    /// <summary>Writes the sign.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="addresses">The first one is the large one.</param>
    /// <param name="terminal">False for a file: no colours, and lines of 120 columns.</param>
    public static void Write(TextWriter output, IReadOnlyList<string> addresses, bool terminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = terminal ? AnsiSupport.Detect : AnsiSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = terminal ? console.Profile.Width : 120;
        console.Profile.Capabilities.Unicode = true;
        console.WriteLine();
        console.Write(new FigletText(addresses[0]["http://".Length..].TrimEnd('/')));
        console.WriteLine();
        foreach (var line in QrCode(addresses[0]))
            console.Write(new Text(line + "\n", new Style(Color.White, Color.Black)));
        console.WriteLine();
        foreach (var address in addresses)
            console.WriteLine($"  {address}");
        console.WriteLine();
    }

    /// <summary>A QR code with its margin; each character is two rows of it, and light is what is drawn.</summary>
    public static string[] QrCode(string text)
    {
        using var code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var rows = code.ModuleMatrix;
        bool IsLight(int row, int column) => row >= rows.Count || !rows[row][column];
        return [.. Enumerable.Range(0, (rows.Count + 1) / 2).Select(pair => string.Concat(Enumerable.Range(0, rows.Count)
            .Select(column => (IsLight(2 * pair, column), IsLight((2 * pair) + 1, column)) switch
            {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                _ => ' ',
            })))];
    }

    /// <summary>Addresses in the local network; those of an interface that leads on to others come first.</summary>
    private static IEnumerable<IPAddress> OfThisMachine() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(i => i.OperationalStatus == OperationalStatus.Up && i.NetworkInterfaceType != NetworkInterfaceType.Loopback)
        .Select(i => i.GetIPProperties())
        .OrderByDescending(p => p.GatewayAddresses.Count > 0)
        .SelectMany(p => p.UnicastAddresses.Select(a => a.Address))
        .Where(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a));
}
