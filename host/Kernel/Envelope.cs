using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Kernel;

/// <summary>An event of the engine as it was sent: its type, its data, and the command that caused it.</summary>
internal readonly record struct Envelope(JsonElement Json)
{
    /// <summary>The property that our own kernel adds to the event of a failure.</summary>
    public const string ReasonProperty = "reason";

    /// <summary>Why a cell failed, of a failure in our own kernel whose reason is known there.</summary>
    public FailureReason? Reason =>
        Json.TryGetProperty(ReasonProperty, out var reason) && Enum.TryParse<FailureReason>(reason.GetString(), out var known)
            ? known
            : null;

    /// <summary>As <c>CommandSucceeded</c>.</summary>
    public string EventType => Json.GetProperty("eventType").GetString()!;

    /// <summary>The data of the event.</summary>
    public JsonElement Event => Json.GetProperty("event");

    /// <summary>The token of the command; "" for an event that no command caused.</summary>
    public string Token =>
        Json.TryGetProperty("command", out var command) && command.ValueKind == JsonValueKind.Object
            ? command.GetProperty("token").GetString() ?? ""
            : "";

    /// <summary>The token that was sent: commands that a command causes have its token, a dot, and more.</summary>
    public string RootToken => Token.Split('.')[0];

    /// <summary>
    /// What is shown or printed, in this form, as <c>text/html</c>; null when it has no such form. Lines end in \n, on Windows too.
    /// </summary>
    public string? Formatted(string mimeType) => Event.GetProperty("formattedValues").EnumerateArray()
        .Where(v => v.GetProperty("mimeType").GetString() == mimeType)
        .Select(v => v.GetProperty("value").GetString()?.Replace("\r\n", "\n")).FirstOrDefault();

    /// <summary>What was printed, of an event that brings console text.</summary>
    public string Text => Formatted("text/plain") ?? "";

    /// <summary>What a shown value is updated by; null for one that stays as it is.</summary>
    public string? ValueId => Event.TryGetProperty("valueId", out var id) ? id.GetString() : null;

    /// <summary>The compiler's warnings; its errors come as a failure too.</summary>
    public IEnumerable<string> Warnings => Event.GetProperty("diagnostics").EnumerateArray()
        .Where(d => d.GetProperty("severity").GetString() == "warning")
        .Select(d => $"{d.GetProperty("code").GetString()}: {d.GetProperty("message").GetString()}");

    /// <summary>The file whose text was submitted: an import sends the files that it names, each after a line of <c>#line</c>.</summary>
    public string? SubmittedFile => Event.GetProperty("code").GetString()!.Split('\n')
        .FirstOrDefault(line => line.StartsWith("#line ", StringComparison.Ordinal))?.Split('"') is [_, var file, ..] ? file : null;

    /// <summary>What an error or a failure says.</summary>
    public string Message => Event.GetProperty("message").GetString()!;

    /// <summary>The envelope in a line, or null when the line is other text.</summary>
    public static Envelope? FromLine(string line)
    {
        try
        {
            var json = JsonDocument.Parse(line).RootElement;
            return json.ValueKind == JsonValueKind.Object
                && json.TryGetProperty("eventType", out var type)
                && type.ValueKind == JsonValueKind.String
                && json.TryGetProperty("event", out _) ? new Envelope(json) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
