using System;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TracingTutorial.Host;

/// <summary>How a cell ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CellStatus>))]
public enum CellStatus
{
    /// <summary>It ran to its end.</summary>
    [JsonStringEnumMemberName("ok")] Ok,

    /// <summary>It did not compile, threw, took too long, or ended the process.</summary>
    [JsonStringEnumMemberName("failed")] Failed,

    /// <summary>An optional cell whose package no configured feed has.</summary>
    [JsonStringEnumMemberName("skipped")] Skipped,

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

    /// <summary>The host's own remark about the cell.</summary>
    [JsonStringEnumMemberName("note")] Note,
}

/// <summary>One output of a cell.</summary>
/// <param name="Text">For terminals.</param>
/// <param name="Html">For a page; null when the text is all there is.</param>
public sealed record CellOutput(OutputKind Kind, string Text, string? Html = null);

/// <summary>
/// What the process that runs a notebook tells the process that started it: one JSON object a line on standard
/// output, each line led by the record separator of RFC 7464, so that text which native code prints stays apart.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(CellStarted), "started")]
[JsonDerivedType(typeof(CellBusy), "busy")]
[JsonDerivedType(typeof(CellResumed), "resumed")]
[JsonDerivedType(typeof(CellPrinted), "printed")]
[JsonDerivedType(typeof(CellEnded), "ended")]
[JsonDerivedType(typeof(NotebookEnded), "done")]
internal abstract record WorkerEvent
{
    public const char RecordSeparator = '\x1e';

    public string ToLine() => RecordSeparator + JsonSerializer.Serialize(this, JsonSerializerOptions.Default);

    /// <summary>The event in a line of standard output, or null when the line is ordinary text.</summary>
    public static WorkerEvent? FromLine(string line)
    {
        if (!line.StartsWith(RecordSeparator))
            return null;
        try
        {
            return JsonSerializer.Deserialize<WorkerEvent>(line.AsSpan(1));
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null; // A program that prints the separator itself.
        }
    }
}

/// <summary>A cell begins; its time limit starts.</summary>
internal sealed record CellStarted(int Cell) : WorkerEvent;

/// <summary>The host works for the cell (a package restore); its time limit rests.</summary>
internal sealed record CellBusy(string With) : WorkerEvent;

/// <summary>The cell's own code goes on; its time limit starts anew.</summary>
internal sealed record CellResumed : WorkerEvent;

/// <summary>The running cell has an output.</summary>
internal sealed record CellPrinted(CellOutput Output) : WorkerEvent;

/// <summary>The cell has ended.</summary>
internal sealed record CellEnded(CellStatus Status, double Milliseconds, Problem? Problem, string? Details) : WorkerEvent;

/// <summary>All cells have ended, or the rest is not run.</summary>
internal sealed record NotebookEnded(long PeakMemoryBytes) : WorkerEvent;
