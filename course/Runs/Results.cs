using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Serialization;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>How a cell ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CellStatus>))]
public enum CellStatus
{
    /// <summary>It ran to its end.</summary>
    [JsonStringEnumMemberName("ok")] Ok,

    /// <summary>It did not compile, threw, took too long, or ended the process.</summary>
    [JsonStringEnumMemberName("failed")] Failed,

    /// <summary>It was not reached.</summary>
    [JsonStringEnumMemberName("not run")] NotRun,
}

/// <summary>Where an output comes from.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OutputKind>))]
public enum OutputKind
{
    /// <summary>Written to the console.</summary>
    [JsonStringEnumMemberName("stdout")] StandardOutput,

    /// <summary>Written to the console's error stream.</summary>
    [JsonStringEnumMemberName("stderr")] StandardError,

    /// <summary>The value of the trailing expression, or shown with <c>.Display()</c>.</summary>
    [JsonStringEnumMemberName("display")] Display,

    /// <summary>A warning of the compiler.</summary>
    [JsonStringEnumMemberName("warning")] Warning,

    /// <summary>Text of an earlier cell or of native code, or a remark about what is left out.</summary>
    [JsonStringEnumMemberName("note")] Note,

    /// <summary>Why the cell failed. Reports have this as the problem of the result; pages show it among the outputs.</summary>
    [JsonStringEnumMemberName("error")] Error,
}

/// <summary>One output of a cell.</summary>
/// <param name="Kind">Where it comes from.</param>
/// <param name="Text">The output as text.</param>
/// <param name="Html">The output as HTML; null when the text is all there is.</param>
/// <param name="Id">Identifies a value that can be updated; otherwise null.</param>
public sealed record Output(
    OutputKind Kind, string Text, string? Html = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id = null);

/// <summary>How one cell of code ended.</summary>
/// <param name="Number">Position among all cells of the notebook, from 1.</param>
/// <param name="Line">Line of the notebook file at which the cell's text begins.</param>
/// <param name="Status">How it ended.</param>
/// <param name="Milliseconds">Time from the cell's start to its end, restores included.</param>
/// <param name="Outputs">In the order in which they came.</param>
/// <param name="Problem">Why it failed.</param>
/// <param name="Details">More about the failure: further compiler errors, the stack trace.</param>
/// <param name="Reason">The kind of failure.</param>
/// <param name="Verdict">Of an exercise: the verdict that its check has shown.</param>
public sealed record CellResult(
    int Number, int Line, CellStatus Status, double Milliseconds,
    IReadOnlyList<Output> Outputs, Problem? Problem = null, string? Details = null,
    FailureReason? Reason = null, Verdict? Verdict = null);

/// <summary>What became of one notebook.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Title">Its first heading.</param>
/// <param name="Cells">All C# cells, in order.</param>
/// <param name="Problems">
/// What is wrong with its text, for example a link that leads nowhere; or what kept it from being read at all.
/// </param>
/// <param name="Milliseconds">From the start of its process to the end of its last cell.</param>
/// <param name="PeakMemoryBytes">The most memory its process held; 0 when it did not live to be asked.</param>
public sealed record LessonResult(
    string Path, string Title, IReadOnlyList<CellResult> Cells, IReadOnlyList<Problem> Problems, double Milliseconds, long PeakMemoryBytes)
{
    /// <summary>True when some cell failed or the notebook could not be run.</summary>
    public bool Failed => Problems.Count > 0 || Cells.Any(c => c.Status == CellStatus.Failed);
}

/// <summary>How to run notebooks.</summary>
/// <param name="Start">Starts the kernel of a notebook.</param>
/// <param name="Solutions">Put the solutions in the place of the learner's exercise cells.</param>
/// <param name="FailFast">Stop everything at the first cell that fails.</param>
/// <param name="AsVsCode">
/// True when the kernel is the tool that VS Code drives: warnings are failures, because VS Code shows them, and a last cell proves that
/// imports were complete, because the tool does not report what fails in them.
/// </param>
internal sealed record RunOptions(StartKernel Start, bool Solutions = false, bool FailFast = false, bool AsVsCode = false)
{
    /// <summary>The default time limit of a cell: enough for every cell of the course on a slow machine.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(120);
}

/// <summary>A step of a run, for those who report it.</summary>
internal abstract record RunEvent
{
    /// <summary>A notebook was read, and its kernel starts.</summary>
    public sealed record LessonStarted(Notebook Notebook) : RunEvent;

    /// <summary>A cell begins.</summary>
    public sealed record CellStarted(Cell Cell) : RunEvent;

    /// <summary>The kernel does something for the cell that takes time, for example restores packages.</summary>
    public sealed record CellProgress(string Text) : RunEvent;

    /// <summary>The cell has an output.</summary>
    public sealed record Printed(Output Output) : RunEvent;

    /// <summary>The cell has ended.</summary>
    public sealed record CellEnded(CellResult Result) : RunEvent;

    /// <summary>The notebook has ended.</summary>
    public sealed record LessonEnded(LessonResult Result) : RunEvent;
}
