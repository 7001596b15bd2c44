using System;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Host.Commands;
using TracingTutorial.Host.Kernel;

namespace TracingTutorial.Host;

/// <summary>The command line of the tutorial.</summary>
public static class Program
{
    private static readonly TimeSpan EndingPatience = TimeSpan.FromSeconds(60);

    /// <summary>Runs a command. Errors go to the error stream, without a stack trace.</summary>
    /// <returns>0 when nothing failed, 1 when something did, 2 for a call that cannot work, 130 after Ctrl+C.</returns>
    public static async Task<int> Main(string[] args)
    {
        if (args is [KernelChild.Command, var pipe, var folder, .. var limit])
            return await KernelChild.RunAsync(pipe, folder,
                limit is [var seconds]
                    ? TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture))
                    : null);

        try
        {
            Console.OutputEncoding = Encoding.UTF8;
            var root = PlayCommand.AddTo(new RootCommand("The course on distributed tracing: in a browser, or with a command."));
            root.Subcommands.Add(RunCommand.AddTo(new Command("run", "Run notebooks in the terminal.")));
            root.Subcommands.Add(ExportCommand.Create());
            root.Subcommands.Add(ServeCommand.Create());
            root.Subcommands.Add(DoctorCommand.Create());
            var call = root.Parse(args);
            if (call.Errors.Count > 0)
                return await RefuseAsync(call);
            if (TemporaryFiles.Problem() is { } problem)
                return Say(problem, ExitCode.BadUsage);
            // After Ctrl+C or SIGTERM, every kernel is ended before this process is.
            var exit = await call.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = EndingPatience });
            await Console.Out.FlushAsync();
            return exit;
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
        catch (OperationCanceledException)
        {
            return Say("Cancelled.", ExitCode.Cancelled);
        }
        catch (Exception e)
        {
            var place = e.StackTrace?.Split('\n')
                .FirstOrDefault(line => line.Contains("TracingTutorial", StringComparison.Ordinal))
                ?.Trim();
            return Say(
                $"The program has a fault: {e.GetType().Name}: {e.Message}"
                    + $"\n  -> Please report it with this line: {place}",
                ExitCode.Failed);
        }
    }

    /// <summary>What is wrong with the arguments, and how the command is called. It repeats arguments, which can be anything.</summary>
    private static async Task<int> RefuseAsync(ParseResult call)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        await call.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = error });
        await Console.Error.WriteAsync(Paths.Printable(error.ToString().ReplaceLineEndings("\n")));
        await Console.Out.WriteAsync(Paths.Printable(output.ToString().ReplaceLineEndings("\n")));
        await Console.Out.FlushAsync();
        return ExitCode.BadUsage;
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
