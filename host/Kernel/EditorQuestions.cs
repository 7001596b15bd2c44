using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Kernel;

/// <summary>Asks the engine the questions of the editor, and turns its answers into those of Messages.md.</summary>
/// <param name="send">Sends a command: its token, its type, its properties.</param>
internal sealed class EditorQuestions(Func<string, string, object, Task> send)
{
    private const int MaxCompletions = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly Dictionary<string, (string Command, string Answer)> Engine = new()
    {
        ["completions"] = ("RequestCompletions", "CompletionsProduced"),
        ["hover"] = ("RequestHoverText", "HoverTextProduced"),
        ["signature"] = ("RequestSignatureHelp", "SignatureHelpProduced"),
        ["diagnostics"] = ("RequestDiagnostics", "DiagnosticsProduced"),
        ["variables"] = ("RequestValueInfos", "ValueInfosProduced"),
    };

    /// <summary>The engine's names of completion kinds where they differ from those of Monaco.</summary>
    private static readonly Dictionary<string, string> Kinds = new()
    {
        ["ExtensionMethod"] = "Method",
        ["Local"] = "Variable",
        ["Parameter"] = "Variable",
        ["RangeVariable"] = "Variable",
        ["Structure"] = "Struct",
        ["Namespace"] = "Module",
        ["Delegate"] = "Function",
    };

    private readonly ConcurrentDictionary<string, TaskCompletionSource<Envelope?>> _asked = new();
    private int _number;

    /// <summary>Asks the engine; null if it does not answer in time, or does not know.</summary>
    public async Task<JsonElement?> AskAsync(EditorQuestion question)
    {
        if (!Engine.TryGetValue(question.What, out var engine))
            return null;
        var token = FormattableString.Invariant($"ask{Interlocked.Increment(ref _number)}");
        var done = _asked[token] = new TaskCompletionSource<Envelope?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await send(token, engine.Command, question.What == "variables"
                ? new { targetKernelName = "csharp", mimeType = "text/plain+summary" }
                : new
                {
                    targetKernelName = "csharp",
                    code = question.Code,
                    linePosition = new { line = question.Line, character = question.Character },
                });
            return await done.Task.WaitAsync(Patience) is { } answer ? Translated(question, answer.Event) : null;
        }
        catch (Exception e)
            when (e is TimeoutException or IOException or KernelException
                or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
        finally
        {
            _asked.TryRemove(token, out _);
        }
    }

    /// <summary>Takes an event if it belongs to a question.</summary>
    public bool Receive(Envelope envelope)
    {
        if (!_asked.TryGetValue(envelope.RootToken, out var asked))
            return envelope.RootToken.StartsWith("ask", StringComparison.Ordinal);
        if (Engine.Values.Any(e => e.Answer == envelope.EventType))
            asked.TrySetResult(envelope);
        else if (envelope.EventType is "CommandSucceeded" or "CommandFailed" && envelope.Token == envelope.RootToken)
            asked.TrySetResult(null);
        return true;
    }

    /// <summary>The kernel has ended: open questions get no answer.</summary>
    public void GiveUp()
    {
        foreach (var asked in _asked.Values)
            asked.TrySetResult(null);
    }

    private static JsonElement Translated(EditorQuestion question, JsonElement answer) => question.What switch
    {
        "completions" => Completions(question, answer.GetProperty("completions")),
        "hover" => Json(new
        {
            markdown = answer.GetProperty("content").EnumerateArray().Select(c => Markdown(Text(c, "value") ?? "")),
            range = Range(answer),
        }),
        "signature" => Json(new
        {
            signatures = answer.GetProperty("signatures").EnumerateArray().Select(s => new
            {
                label = Text(s, "label"),
                documentation = Documentation(s),
                parameters = s.GetProperty("parameters").EnumerateArray()
                    .Select(p => new { label = Text(p, "label"), documentation = Documentation(p) }),
            }),
            activeSignature = answer.GetProperty("activeSignatureIndex"),
            activeParameter = answer.GetProperty("activeParameterIndex"),
        }),
        "diagnostics" => Json(new
        {
            items = answer.GetProperty("diagnostics").EnumerateArray().Where(d => Text(d, "severity") != "hidden")
                .Select(d => new
                {
                    message = Text(d, "message"),
                    code = Text(d, "code"),
                    severity = Text(d, "severity"),
                    range = Range(d),
                }),
        }),
        _ => Json(new
        {
            items = answer.GetProperty("valueInfos").EnumerateArray().Select(v => new
            {
                name = Text(v, "name"),
                type = Plain(Text(v, "typeName")),
                value = v.TryGetProperty("formattedValue", out var value) && value.ValueKind == JsonValueKind.Object
                    ? Plain(Text(value, "value"))
                    : null,
            }),
        }),
    };

    /// <summary>The engine returns all five thousand names for a bare word. This returns those that fit, at most 200.</summary>
    private static JsonElement Completions(EditorQuestion question, JsonElement all)
    {
        var line = question.Code.Split('\n').ElementAtOrDefault(question.Line)?.TrimEnd('\r') ?? "";
        var end = Math.Clamp(question.Character, 0, line.Length);
        var start = end;
        while (start > 0 && (char.IsLetterOrDigit(line[start - 1]) || line[start - 1] == '_'))
            start--;
        var typed = line[start..end];
        string Filter(JsonElement item) => Text(item, "filterText") ?? "";
        var fits = all.EnumerateArray()
            .Where(i => typed.Length == 0 || Filter(i).Contains(typed, StringComparison.OrdinalIgnoreCase))
            .ToList();
        return Json(new
        {
            items = fits.OrderByDescending(i => Filter(i).StartsWith(typed, StringComparison.OrdinalIgnoreCase)).Take(MaxCompletions)
                .Select(i => new
                {
                    label = Text(i, "displayText"),
                    kind = Text(i, "kind") is { } kind ? Kinds.GetValueOrDefault(kind, kind) : "Text",
                    insertText = Text(i, "insertText"),
                    snippet = Text(i, "insertTextFormat") == "snippet",
                    filterText = Text(i, "filterText"),
                    sortText = Text(i, "sortText"),
                    documentation = Text(i, "documentation"),
                }),
            incomplete = fits.Count > MaxCompletions || typed.Length < 2,
        });
    }

    /// <summary>The first line of the engine's text is code.</summary>
    private static string Markdown(string hover) =>
        hover.Split('\n', 2) is [var code, var rest] ? $"```csharp\n{code.Trim()}\n```\n{rest}" : $"```csharp\n{hover.Trim()}\n```";

    private static object? Range(JsonElement item)
    {
        if (!item.TryGetProperty("linePositionSpan", out var span) || span.ValueKind != JsonValueKind.Object)
            return null;
        JsonElement At(string place, string part) => span.GetProperty(place).GetProperty(part);
        return new
        {
            startLine = At("start", "line"),
            startCharacter = At("start", "character"),
            endLine = At("end", "line"),
            endCharacter = At("end", "character"),
        };
    }

    private static string? Documentation(JsonElement item) =>
        item.TryGetProperty("documentation", out var text) && text.ValueKind == JsonValueKind.Object ? Text(text, "value") : null;

    private static string? Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A cell's types are nested in a class of the engine, whose name says nothing to a learner.</summary>
    private static string? Plain(string? text) => text is null ? null : Regex.Replace(text, @"Submission#\d+\+", "");

    private static JsonElement Json(object answer) => JsonSerializer.SerializeToElement(answer, JsonSerializerOptions.Web);
}
