using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Host.Commands;

/// <summary>The tool <c>dotnet-interactive</c>, in the version that the clone's manifest names.</summary>
internal static class Tool
{
    /// <summary>Restores it: needed once on a machine.</summary>
    /// <exception cref="NotebookException">It cannot be had.</exception>
    public static async Task RestoreAsync(string root, CancellationToken cancel)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["tool", "restore"])
        {
            WorkingDirectory = root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var errors = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode != 0)
        {
            throw new NotebookException(new Problem(".config/dotnet-tools.json", null, null,
                $"`dotnet tool restore` failed: {(await errors + await output).Trim()}",
                "Check the network and the feeds: `dotnet nuget list source`."));
        }
    }
}
