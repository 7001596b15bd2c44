using System;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Host.Export;
using TracingTutorial.Host.Serve;

namespace TracingTutorial.Host.Commands;

/// <summary><c>serve</c>: the live site, for the browsers of a room.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var host = new Option<IPAddress>("--host")
        {
            Description = "The address to listen on: 0.0.0.0 for the whole network. Without it, only this machine can read the site.",
            HelpName = "address",
            DefaultValueFactory = _ => IPAddress.Loopback,
            CustomParser = AddressOf,
        };
        var port = new Option<int?>("--port")
        {
            Description = $"The port; without it, {SiteServer.UsualPort}, or a free one.",
            HelpName = "number",
            CustomParser = result => Arguments.Number(result, "--port", 0, 65535),
        };
        var site = new Option<string?>("--site")
        {
            Description = "A live site that was made or downloaded. "
                + "Without it, the folder site of the clone; the site is made if it is not there.",
            HelpName = "folder",
            CustomParser = result => Arguments.Path(result, "--site"),
        };
        var command = new Command("serve", "Serve the live site, read only: for a room whose browsers run the cells.") { host, port, site };
        command.SetAction((parsed, cancel) =>
            RunAsync(parsed.GetValue(host)!, parsed.GetValue(port), parsed.GetValue(site), cancel));
        return command;
    }

    private static async Task<int> RunAsync(IPAddress host, int? port, string? site, CancellationToken cancel)
    {
        var folder = Path.GetFullPath(site ?? Path.Combine(CourseFiles.Root(), "site"));
        if (site is null && !File.Exists(Path.Combine(folder, SiteFiles.Name)))
        {
            SiteServer.CheckAddress(host, port);
            Console.WriteLine("There is no live site yet. It is made now, which takes some minutes.");
            if (await ExportCommand.LiveAsync([], folder, quick: false, cancel) is var made && made == ExitCode.Cancelled)
                return made;
        }

        await using var server = await SiteServer.StartAsync(folder, SiteFiles.Check(folder), host, port);
        var addresses = RoomSign.AddressesOf(host, server.Port);
        if (IPAddress.IsLoopback(host))
        {
            Console.WriteLine($"The live site is at\n\n  {addresses[0]}\n\n"
                + "Only this machine can reach it. For a room: --host 0.0.0.0. Ctrl+C ends it.");
        }
        else
        {
            RoomSign.Write(Console.Out, addresses, terminal: !Console.IsOutputRedirected);
            Console.WriteLine("Everybody in this network can read the site, and only read it. It runs nothing on this machine: "
                + "cells run\nin the browser that shows them. Ctrl+C ends it.");
        }

        await server.RunAsync(cancel);
        return ExitCode.Passed;
    }

    private static IPAddress? AddressOf(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        if (text == "localhost")
            return IPAddress.Loopback;
        // A number alone would be an address too.
        if (IPAddress.TryParse(text, out var address) && text.AsSpan().ContainsAny('.', ':'))
            return address;
        result.AddError($"--host takes an address of this machine, as 192.168.1.20, or 0.0.0.0 for all of them, and '{text}' is none.");
        return null;
    }
}
