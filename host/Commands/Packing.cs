using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Host.Commands;

/// <summary>
/// The engine of a live site, which tab/pack writes. That is a separate program, so that building the host restores nothing for it.
/// </summary>
internal static class Packing
{
    /// <summary>Looks for what packing needs, before anything is run.</summary>
    /// <exception cref="NotebookException">Node.js or npm is missing.</exception>
    public static async Task CheckAsync(CancellationToken cancel)
    {
        foreach (var program in (string[])["node", "npm"])
        {
            if (await RunsAsync(program, cancel))
                continue;
            throw new NotebookException(new Problem("export --live", null, null,
                $"Making the live site needs Node.js 18 or newer with npm, and `{program} --version` cannot be run here.",
                "Install it from https://nodejs.org, or with a package manager: `winget install OpenJS.NodeJS.LTS`, `brew install node`, "
                    + "`apt install nodejs npm`. Whoever opens the site needs only a browser."));
        }
    }

    /// <summary>Writes the folder <c>engine</c> of a site.</summary>
    /// <exception cref="NotebookException">It cannot be packed; the output of tab/pack, which is shown, says why.</exception>
    public static async Task RunAsync(string root, string site, bool quick, CancellationToken cancel)
    {
        string[] arguments =
        [
            "run", "-c", "Release", "--project", Path.Combine(root, "tab", "pack"),
            "--", "--to", Path.Combine(site, "engine"), .. quick ? (string[])["--quick"] : [],
        ];
        using var pack = Process.Start(new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = root })!;
        try
        {
            await pack.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            pack.Kill(entireProcessTree: true);
            throw;
        }

        if (pack.ExitCode != 0)
        {
            throw new NotebookException(new Problem("tab/pack", null, null,
                $"The engine of the live site was not packed (exit code {pack.ExitCode}): the reason is above.",
                "If packages cannot be restored, check the network and the feeds: `dotnet nuget list source`."));
        }
    }

    private static async Task<bool> RunsAsync(string program, CancellationToken cancel)
    {
        // On Windows npm is a script, which only the shell starts.
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo("cmd", ["/c", program, "--version"])
            : new ProcessStartInfo(program, ["--version"]);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        try
        {
            using var process = Process.Start(start)!;
            var texts = Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
            await process.WaitForExitAsync(cancel);
            await texts;
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
