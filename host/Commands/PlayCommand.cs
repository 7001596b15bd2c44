using System;
using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Host.Doctor;
using TracingTutorial.Host.Notebooks;
using TracingTutorial.Host.Player;

namespace TracingTutorial.Host.Commands;

/// <summary>Without a command: the course in a browser.</summary>
internal static class PlayCommand
{
    public static Command AddTo(Command command)
    {
        var port = new Option<int>("--port") { Description = "The port on 127.0.0.1; without it, one that is free.", HelpName = "number" };
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 65535)
                result.AddError("--port takes a number from 0 to 65535.");
        });
        var noOpen = new Option<bool>("--no-open") { Description = "Print the address, and open no browser." };
        var progress = new Option<string?>("--progress") { Description = "Where your progress is kept; without it, in the folder .progress of the clone.", HelpName = "folder" };
        foreach (var option in (Option[])[port, noOpen, progress])
            command.Options.Add(option);
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(port), !parsed.GetValue(noOpen), parsed.GetValue(progress), cancel));
        return command;
    }

    private static async Task<int> RunAsync(int port, bool open, string? progress, CancellationToken cancel)
    {
        var root = Lessons.Root();
        await using var player = await PlayerApp.StartAsync(root, Path.GetFullPath(progress ?? Path.Combine(root, ".progress")), port);
        Console.WriteLine($"The course is open at\n\n  {player.Address}\n\nOnly this machine can reach it, and only with this address. Ctrl+C ends it.");
        if (open)
            Open(player.Address);
        await player.RunAsync(cancel);
        return ExitCode.Passed;
    }

    private static void Open(Uri address)
    {
        // A Linux machine without a screen may still have the opener: it would start a browser in the terminal.
        if (!Machine.Here().HasScreen)
            return;
        try
        {
            Process.Start(new ProcessStartInfo(address.AbsoluteUri) { UseShellExecute = true })?.Dispose();
        }
        catch (Exception e) when (e is Win32Exception or FileNotFoundException or PlatformNotSupportedException)
        {
            // There is no browser here: the address is printed.
        }
    }
}
