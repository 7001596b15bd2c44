using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace TracingTutorial.Tab;

/// <summary>Why a cell failed, in the words of the host (host/Running/Failure.cs).</summary>
/// <param name="Reason">compile, exception, restore, import, directive, stderr, size, or platform: what a browser tab cannot do.</param>
/// <param name="Message">What happened.</param>
/// <param name="WayOut">What to do about it; empty when the message says it all.</param>
/// <param name="File">The file, as the cell calls it.</param>
/// <param name="Line">The line of the file, from 1.</param>
/// <param name="Details">More for those who look closer: other errors, or the stack trace.</param>
internal sealed partial record Failure(string Reason, string Message, string WayOut, string File, int Line, string? Details)
{
    private const string NoRoom = "The browser tab has no more memory for this.";

    /// <summary>Errors of the compiler; the first one is the failure.</summary>
    public static Failure OfCompiler(IReadOnlyList<Diagnostic> errors, string file, int line)
    {
        var all = errors.Select(error =>
        {
            var place = error.Location.IsInSource ? error.Location.GetMappedLineSpan() : default;
            var wayOut = error.Id is "CS0103" or "CS0246" or "CS0234" or "CS1069"
                ? "Check the spelling, and that the cells above ran: one of them may bring the name, with `using`, `#r` or `#!import`." : "";
            return new Failure("compile", $"{error.Id}: {error.GetMessage()}", wayOut, place.IsValid ? place.Path : file,
                place.IsValid ? place.StartLinePosition.Line + 1 : line, null);
        }).ToArray();
        return all[0] with { Details = all.Length == 1 ? null : string.Join('\n', all.Skip(1)) };
    }

    /// <summary>The cell wrote to the error stream.</summary>
    public static Failure OfErrorStream(string file, int line) =>
        new("stderr", "The cell wrote to the error stream: some notebook hosts count that as a failure.", "Write to Console.Out.", file, line, null);

    /// <summary>An exception that the cell threw.</summary>
    public static Failure Of(Exception exception, string file, int line)
    {
        var lines = Lines.Of(exception);
        var trace = Array.FindIndex(lines, l => l.StartsWith("   at ", StringComparison.Ordinal));
        var text = Namespace().Replace(string.Join('\n', trace < 0 ? lines : lines[..trace]), "");
        var frames = trace < 0 ? [] : lines[trace..];
        var (reason, message, wayOut) = Explained(exception, frames, text);
        if (frames.Length > 0 && !frames.Any(frame => frame.Contains("Submission#", StringComparison.Ordinal)) && reason == "exception")
        {
            return frames.Any(frame => frame.Contains("Interactive.Formatting", StringComparison.Ordinal))
                ? new Failure(reason, $"The value of the cell cannot be shown: {text}", "End the cell with something else, or with its ToString().", file, line, string.Join('\n', frames))
                : new Failure(reason, $"The kernel failed, not the cell: {text}", "Run it again. If that does not help, report it with the lines below.", file, line, string.Join('\n', frames));
        }

        var own = frames.TakeWhile(frame => !frame.Contains(" TracingTutorial.Tab.", StringComparison.Ordinal))
            .Where(frame => !frame.StartsWith("--- End of stack trace", StringComparison.Ordinal)).ToArray();
        var place = own.Select(frame => FrameOfFile().Match(frame)).FirstOrDefault(m => m.Success && m.Groups[1].Value == file);
        return new Failure(reason, message, wayOut, file, place is null ? line : int.Parse(place.Groups[2].Value), own.Length == 0 ? null : string.Join('\n', own));
    }

    /// <summary>Where, what, and the way out, as the host writes a problem.</summary>
    public override string ToString() => WayOut.Length == 0 ? $"{File}:{Line}: {Message}" : $"{File}:{Line}: {Message}\n  -> {WayOut}";

    // What a browser tab cannot do gets a sentence of its own.
    private static (string Reason, string Message, string WayOut) Explained(Exception exception, string[] frames, string text)
    {
        const string Local = "Use it in the course on your own machine: the README says how.";
        var cause = exception;
        while (cause.InnerException is { } inner && cause is not PlatformNotSupportedException)
            cause = inner;
        bool Calls(string method) => frames.Any(frame => frame.Contains(method, StringComparison.Ordinal));

        return cause switch
        {
            OutOfMemoryException => ("exception", $"{NoRoom} {text}", "Ask for less, or restart the kernel: what earlier cells keep takes memory too."),
            NestedWaitException => ("platform", cause.Message, "Look for a method that calls itself and waits for each call."),
            TooLargeException => ("size", exception.Message, "Show a part of it, for example with Take."),
            PlatformNotSupportedException when Calls("System.Diagnostics.Process") =>
                ("platform", "A browser tab cannot start programs.", "This part of the lesson runs on your own machine only: the README says how."),
            PlatformNotSupportedException when Calls("System.Threading.Thread.") =>
                ("platform", "A browser tab has one thread, so `Thread.Start` cannot work.", "Use `Task.Run` and `await`, or run the lesson on your own machine."),
            PlatformNotSupportedException when Calls("WaitHandle.") || Calls("Monitor.") || Calls("WaitSubsystem") =>
                ("platform", "A browser tab has one thread, which cannot be blocked like this.",
                    "Use `await`, or `SemaphoreSlim`, `ManualResetEventSlim` and `Task.Wait`, which work here."),
            PlatformNotSupportedException when Calls("System.Net.Sockets.") => ("platform", "A browser tab has no sockets.", "Use HttpClient and Kestrel on 127.0.0.1. " + Local),
            PlatformNotSupportedException => ("platform", $"A browser tab cannot do this. {text}", Local),
            _ => ("exception", text, ""),
        };
    }

    [GeneratedRegex(@" in (.+):line (\d+)$")]
    private static partial Regex FrameOfFile();

    [GeneratedRegex(@"^(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_]\w*(Exception|Error)?:)")]
    private static partial Regex Namespace();
}
