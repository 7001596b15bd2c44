using System;
using System.Linq;
using System.Text.Json;

namespace TracingTutorial.Host.Kernel;

/// <summary>An event of the engine as it was sent: its type, its data, and the command that caused it.</summary>
internal readonly record struct Envelope(JsonElement Json)
{
    /// <summary>As <c>CommandSucceeded</c>.</summary>
    public string EventType => Json.GetProperty("eventType").GetString()!;

    /// <summary>The data of the event.</summary>
    public JsonElement Event => Json.GetProperty("event");

    /// <summary>The token of the command; "" for an event that no command caused.</summary>
    public string Token =>
        Json.TryGetProperty("command", out var command) && command.ValueKind == JsonValueKind.Object ? command.GetProperty("token").GetString() ?? "" : "";

    /// <summary>The token that was sent: commands that a command causes have its token, a dot, and more.</summary>
    public string RootToken => Token.Split('.')[0];

    /// <summary>By what the engine updates the value that it shows; null when it does not.</summary>
    public string? ValueId => Event.TryGetProperty("valueId", out var id) ? id.GetString() : null;

    /// <summary>The value that is shown or printed, in one of its forms; null when it has none of this kind. Lines end in \n, on Windows too.</summary>
    public string? Formatted(string mimeType) => Event.GetProperty("formattedValues").EnumerateArray()
        .Where(v => v.GetProperty("mimeType").GetString() == mimeType).Select(v => v.GetProperty("value").GetString()?.Replace("\r\n", "\n", StringComparison.Ordinal))
        .FirstOrDefault();

    /// <summary>The envelope in a line, or null when the line is other text.</summary>
    public static Envelope? FromLine(string line)
    {
        try
        {
            var json = JsonDocument.Parse(line).RootElement;
            return json.ValueKind == JsonValueKind.Object && json.TryGetProperty("eventType", out var type) && type.ValueKind == JsonValueKind.String
                && json.TryGetProperty("event", out _) ? new Envelope(json) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
