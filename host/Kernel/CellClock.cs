using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.CSharp;
using Microsoft.DotNet.Interactive.Events;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Kernel;

/// <summary>
/// The time limit of a cell, kept in the process that runs it: a reader that is slow, a pager or a stopped terminal,
/// cannot make a cell look slow. Only C# code counts; restoring packages does not.
/// </summary>
internal static class CellClock
{
    public static void Use(CSharpKernel csharp, PipeSender sender, TimeSpan limit) =>
        csharp.AddMiddleware(async (command, context, next) =>
        {
            if (command is not SubmitCode)
            {
                await next(command, context);
                return;
            }

            using var timer = new Timer(_ => Stop(context.Command, sender, limit), null, limit, Timeout.InfiniteTimeSpan);
            await next(command, context);
        });

    // The engine cannot stop code that runs. So the cell is reported as failed, and the process is ended: by the other
    // side, which ends the whole tree, or else from here.
    private static void Stop(KernelCommand cell, PipeSender sender, TimeSpan limit)
    {
        sender.SendAsync(new CommandFailed(new CellFailure(FailureReason.Time, Message(limit)), cell, Message(limit)), default);
        sender.FinishAsync().ContinueWith(async _ =>
        {
            await Task.Delay(TimeSpan.FromSeconds(10));
            Environment.FailFast("The time limit of a cell was reached, and the player did not end this process.");
        });
    }

    /// <summary>What is said about a cell that took too long.</summary>
    public static string Message(TimeSpan limit) =>
        FormattableString.Invariant($"The cell did not end within {limit.TotalSeconds:0.###} seconds and was stopped.");
}

/// <summary>A failure whose reason is known in the kernel's process. The reason goes to the other process with the event.</summary>
internal sealed class CellFailure(FailureReason reason, string message) : Exception(message)
{
    public FailureReason Reason => reason;
}
