using System.Text.Json.Serialization;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>Why a cell failed.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FailureReason>))]
public enum FailureReason
{
    /// <summary>It did not compile, or a file that it imports did not.</summary>
    [JsonStringEnumMemberName("compileError")] CompileError,

    /// <summary>Its code threw an exception.</summary>
    [JsonStringEnumMemberName("exception")] Exception,

    /// <summary>A package could not be restored.</summary>
    [JsonStringEnumMemberName("restore")] Restore,

    /// <summary>The learner stopped it.</summary>
    [JsonStringEnumMemberName("stopped")] Stopped,

    /// <summary>The kernel ended while the cell ran, or did not start.</summary>
    [JsonStringEnumMemberName("kernelEnded")] KernelEnded,

    /// <summary>It ran longer than its time limit.</summary>
    [JsonStringEnumMemberName("time")] Time,

    /// <summary>It showed more than the kernel passes on.</summary>
    [JsonStringEnumMemberName("tooLarge")] TooLarge,

    /// <summary>It breaks the dialect, so it was not run.</summary>
    [JsonStringEnumMemberName("dialect")] Dialect,

    /// <summary>It wrote to the error stream, which counts as a failure in some notebook hosts.</summary>
    [JsonStringEnumMemberName("errorStream")] ErrorStream,
}

/// <summary>What a kernel reports about a cell while it runs. The last event of a cell is <see cref="Ended"/>.</summary>
public abstract record CellEvent
{
    private CellEvent()
    {
    }

    /// <summary>The cell wrote to the console.</summary>
    public sealed record Printed(string Text, bool ToErrorStream = false) : CellEvent;

    /// <summary>The cell showed a value, or updated one that it has shown.</summary>
    /// <param name="Text">The value as text.</param>
    /// <param name="Html">The value as HTML; null when the text is all there is.</param>
    /// <param name="Id">Identifies a value that can be updated; otherwise null.</param>
    /// <param name="IsUpdate">True when the value with this id is replaced.</param>
    /// <param name="Verdict">The verdict, when the value is the check of an exercise.</param>
    public sealed record Shown(
        string Text, string? Html = null, string? Id = null, bool IsUpdate = false, Verdict? Verdict = null) : CellEvent;

    /// <summary>The compiler warned.</summary>
    public sealed record Warned(string Text) : CellEvent;

    /// <summary>The kernel does something for the cell that takes time: it restores packages, or compiles an imported file.</summary>
    public sealed record Progress(string Text) : CellEvent;

    /// <summary>The cell failed.</summary>
    /// <param name="Reason">The kind of failure. Code decides by this, never by the text.</param>
    /// <param name="Problem">Where, what, and what to do.</param>
    /// <param name="Details">Further compiler errors, or the stack trace; null when there is nothing more.</param>
    public sealed record Failed(FailureReason Reason, Problem Problem, string? Details = null) : CellEvent
    {
        /// <summary>True when later cells miss names that this one should have defined: an import or a package is missing.</summary>
        public bool LosesNames { get; init; }
    }

    /// <summary>The cell has ended. If no <see cref="Failed"/> came before, it succeeded.</summary>
    public sealed record Ended : CellEvent;
}

/// <summary>The result of an exercise's check, sent as <see cref="MimeType"/> beside its HTML and its text.</summary>
/// <param name="Exercise">As "2.1".</param>
/// <param name="Passed">True when every rule is kept.</param>
/// <param name="Rule">The first rule that is broken; null when the exercise is solved.</param>
/// <param name="Why">What is wrong with this answer; null when the exercise is solved.</param>
public sealed record Verdict(string Exercise, bool Passed, string? Rule, string? Why)
{
    /// <summary>The MIME type of a verdict: a JSON object with the properties of this record.</summary>
    public const string MimeType = "application/vnd.tracing-tutorial.verdict+json";
}
