using System;
using System.Text.Json;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>How a kernel ended.</summary>
/// <param name="ExitCode">The exit code of its process.</param>
/// <param name="ErrorText">What it wrote to its error stream outside of any cell; a crash gives its reason there.</param>
public sealed record KernelEnd(int ExitCode, string ErrorText);

/// <summary>A question of the editor about unfinished code; Messages.md describes questions and answers.</summary>
/// <param name="What"><c>completions</c>, <c>hover</c>, <c>signature</c>, <c>diagnostics</c> or <c>variables</c>.</param>
/// <param name="Code">The text of the cell.</param>
/// <param name="Line">The line of the cursor, from 0.</param>
/// <param name="Character">The column of the cursor, from 0.</param>
public sealed record EditorQuestion(string What, string Code, int Line, int Character);

/// <summary>
/// Compiles and runs the cells of one lesson, one after the other. Code that runs cannot be stopped: the kernel is ended instead.
/// </summary>
public interface IKernel : IAsyncDisposable
{
    /// <summary>Completes when cells can be run; fails with <see cref="KernelException"/> if that will never be.</summary>
    Task Ready { get; }

    /// <summary>Completes when the kernel has ended by itself or was disposed, after its last event.</summary>
    Task<KernelEnd> Ended { get; }

    /// <summary>The most memory that the kernel has held, in bytes; 0 where it is not known.</summary>
    long PeakMemoryBytes { get; }

    /// <summary>
    /// Runs a cell after those that were submitted before. If the kernel ends first, no <see cref="CellEvent.Ended"/> comes.
    /// </summary>
    /// <param name="cell">The cell, with the text that is to run.</param>
    /// <param name="receive">Called with each event, one after the other. It must not block.</param>
    void Submit(Cell cell, Action<CellEvent> receive);

    /// <summary>Answers a question of the editor; null when the kernel cannot say.</summary>
    Task<JsonElement?> AskAsync(EditorQuestion question);
}

/// <summary>The kernel did not start. The message says why, and what to do.</summary>
public sealed class KernelException(string message, string wayOut = "") : Exception(message)
{
    /// <summary>What to do about it; empty when nothing helps but another try.</summary>
    public string WayOut { get; } = wayOut;
}

/// <summary>Starts a kernel.</summary>
/// <param name="folder">The folder of the notebook: its paths are relative to it.</param>
/// <param name="late">Called with text that belongs to no running cell: a thread of an earlier cell wrote it, or native code.</param>
public delegate IKernel StartKernel(string folder, Action<string> late);
