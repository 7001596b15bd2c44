using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using TracingTutorial.Host.Kernel;

namespace TracingTutorial.Host.Player;

/// <summary>What the editor wants to know of the kernel: completions, hover, signatures, diagnostics, variables.</summary>
internal sealed class EditorQuestions(Func<KernelProcess?> kernel, Func<bool> isBusy)
{
    private const int MostCompletions = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly HashSet<string> Commands = ["RequestCompletions", "RequestHoverText", "RequestSignatureHelp", "RequestDiagnostics", "RequestValueInfos"];
    private static readonly HashSet<string> Answers = ["CompletionsProduced", "HoverTextProduced", "SignatureHelpProduced", "DiagnosticsProduced", "ValueInfosProduced"];

    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonElement?>> _asked = new();
    private int _number;

    /// <summary>Asks the kernel. While a cell runs the engine answers only after it, so the answer is null at once.</summary>
    public async Task<JsonElement?> AskAsync(string type, JsonElement command)
    {
        if (kernel() is not { Ready.IsCompletedSuccessfully: true } there || isBusy() || !Commands.Contains(type))
            return null;
        var token = $"ask{System.Threading.Interlocked.Increment(ref _number)}";
        var done = _asked[token] = new TaskCompletionSource<JsonElement?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await there.SendAsync(token, type, command);
            var answer = await done.Task.WaitAsync(Patience);
            return type == "RequestCompletions" && answer is { } list ? Fewer(list, command) : answer;
        }
        catch (Exception e) when (e is TimeoutException or IOException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            return null;
        }
        finally
        {
            _asked.TryRemove(token, out _);
        }
    }

    /// <summary>Takes an event if it answers a question.</summary>
    public bool Hear(Envelope envelope)
    {
        if (!_asked.TryGetValue(envelope.RootToken, out var asked))
            return envelope.RootToken.StartsWith("ask", StringComparison.Ordinal);
        if (Answers.Contains(envelope.EventType))
            asked.TrySetResult(envelope.Event);
        else if (envelope.EventType is "CommandSucceeded" or "CommandFailed" && envelope.Token == envelope.RootToken)
            asked.TrySetResult(null);
        return true;
    }

    /// <summary>The kernel is gone: nothing is answered any more.</summary>
    public void GiveUp()
    {
        foreach (var asked in _asked.Values)
            asked.TrySetResult(null);
    }

    /// <summary>To a bare word the engine answers with all five thousand names, a megabyte: here only those that fit, at most 200.</summary>
    private static JsonElement Fewer(JsonElement produced, JsonElement command)
    {
        var position = command.GetProperty("linePosition");
        var line = command.GetProperty("code").GetString()!.Split('\n')[position.GetProperty("line").GetInt32()].TrimEnd('\r');
        var end = Math.Clamp(position.GetProperty("character").GetInt32(), 0, line.Length);
        var start = end;
        while (start > 0 && (char.IsLetterOrDigit(line[start - 1]) || line[start - 1] == '_'))
            start--;
        var typed = line[start..end];
        string Filter(JsonElement item) => item.GetProperty("filterText").GetString() ?? "";
        var fits = produced.GetProperty("completions").EnumerateArray()
            .Where(i => typed.Length == 0 || Filter(i).Contains(typed, StringComparison.OrdinalIgnoreCase)).ToList();
        return JsonSerializer.SerializeToElement(new
        {
            completions = fits.OrderByDescending(i => Filter(i).StartsWith(typed, StringComparison.OrdinalIgnoreCase)).Take(MostCompletions),
            incomplete = fits.Count > MostCompletions || typed.Length < 2,
        });
    }
}
