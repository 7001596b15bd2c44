using System;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using TracingTutorial.Host.Commands;
using TracingTutorial.Host.Kernel;
using TracingTutorial.Host.Notebooks;

namespace TracingTutorial.Host;

/// <summary>The command line of the tutorial.</summary>
public static class Program
{
    /// <summary>Runs a command. Errors go to the error stream, without a stack trace.</summary>
    /// <returns>0 when nothing failed, 1 when something did, 2 for a call that cannot work, 130 after Ctrl+C.</returns>
    public static async Task<int> Main(string[] args)
    {
        if (args is [KernelChild.Command, var pipe, var folder, .. var limit])
            return await KernelChild.RunAsync(pipe, folder, limit is [var seconds] ? TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)) : null);

        try
        {
            Console.OutputEncoding = Encoding.UTF8;
            var root = PlayCommand.AddTo(new RootCommand("The course on distributed tracing: in a browser, or with a command."));
            root.Subcommands.Add(RunCommand.AddTo(new Command("run", "Run notebooks in the terminal.")));
            root.Subcommands.Add(ExportCommand.Create());
            root.Subcommands.Add(DoctorCommand.Create());
            var call = root.Parse(args);
            var exit = await call.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
            await Console.Out.FlushAsync();
            return call.Errors.Count > 0 ? ExitCode.BadUsage : exit;
        }
        catch (NotebookException e)
        {
            return Say(e.Message, ExitCode.BadUsage);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk, a closed pipe: whatever is missing from the output, the exit code says it.
            return Say($"The output cannot be written: {e.Message}", ExitCode.Failed);
        }
    }

    private static int Say(string message, int exitCode)
    {
        try
        {
            Console.Error.WriteLine(message);
        }
        catch (IOException)
        {
            // The error stream is gone too.
        }

        return exitCode;
    }
}

/// <summary>What the program's exit codes mean.</summary>
internal static class ExitCode
{
    public const int Passed = 0, Failed = 1, BadUsage = 2, Cancelled = 130;
}
