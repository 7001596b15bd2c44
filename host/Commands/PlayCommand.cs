using System;
using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Host.Doctor;
using TracingTutorial.Host.Kernel;
using TracingTutorial.Host.Player;

namespace TracingTutorial.Host.Commands;

/// <summary>Without a command: the course in a browser.</summary>
internal static class PlayCommand
{
    public static Command AddTo(Command command)
    {
        var port = new Option<int?>("--port")
        {
            Description = "The port on 127.0.0.1; without it, the last one if it is free.",
            HelpName = "number",
            CustomParser = result => Arguments.Number(result, "--port", 0, 65535),
        };
        var noOpen = new Option<bool>("--no-open") { Description = "Print the address, and open no browser." };
        var progress = new Option<string?>("--progress")
        {
            Description = "Where your progress is kept; without it, in the folder .progress of the clone.",
            HelpName = "folder",
            CustomParser = result => Arguments.Path(result, "--progress"),
        };
        foreach (var option in (Option[])[port, noOpen, progress])
            command.Options.Add(option);
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(port), !parsed.GetValue(noOpen), parsed.GetValue(progress), cancel));
        return command;
    }

    private static async Task<int> RunAsync(int? port, bool open, string? progress, CancellationToken cancel)
    {
        var root = CourseFiles.Root();
        var folder = Path.GetFullPath(progress ?? Path.Combine(root, ".progress"));
        await using var player = await PlayerApp.StartAsync(root, folder, port, EngineKernel.Own(limit: null));
        if (player.Other is { } other)
        {
            Console.WriteLine($"Another player is running with the same progress. It is open at\n\n  {other}\n\n"
                + "in the browser that you used before. This one runs as well: what you write in both is kept.\n");
        }

        Console.WriteLine(
            $"The course is open at\n\n  {player.NewAddress()}\n\n"
            + "Only this machine can reach it, and the address works once. Ctrl+C ends it.");
        player.ReadAhead();
        using var page = open && Machine.Here().HasScreen ? OpeningPage.For(player.NewAddress()) : null;
        if (page is not null)
            Open(page.Path);
        await player.RunAsync(cancel);
        return ExitCode.Passed;
    }

    private static void Open(string page)
    {
        try
        {
            Process.Start(new ProcessStartInfo(page) { UseShellExecute = true })?.Dispose();
        }
        catch (Exception e) when (e is Win32Exception or FileNotFoundException or PlatformNotSupportedException)
        {
            // There is no browser here: the address is printed.
        }
    }

    /// <summary>
    /// A page that only this user can read, and that leads to the address. Every user of the machine can read the arguments of a process,
    /// so a browser is started with the page and not with the address.
    /// </summary>
    private sealed class OpeningPage : IDisposable
    {
        /// <summary>Beside the program: a browser in a sandbox may not read hidden folders, or the one for temporary files.</summary>
        public string Path { get; } = System.IO.Path.Combine(
            AppContext.BaseDirectory, string.Create(CultureInfo.InvariantCulture, $"tracing-page-{Environment.ProcessId}-open.html"));

        public static OpeningPage? For(Uri address)
        {
            TemporaryFiles.RemoveAbandoned(AppContext.BaseDirectory);
            var page = new OpeningPage();
            try
            {
                var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                    options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                using var writer = new StreamWriter(new FileStream(page.Path, options));
                var link = WebUtility.HtmlEncode(address.AbsoluteUri);
                writer.Write(
                    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
                    + "<meta name=\"referrer\" content=\"no-referrer\">"
                    + "<title>The course opens</title>"
                    + $"<meta http-equiv=\"refresh\" content=\"0;url={link}\"><p><a href=\"{link}\">Open the course</a>");
                return page;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null; // The address is printed.
            }
        }

        public void Dispose()
        {
            try
            {
                File.Delete(Path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It holds a key that was used, or that no longer works when the player has ended.
            }
        }
    }
}
