using System;
using System.Linq;
using System.Text.Json;

namespace TracingTutorial.Course.Runs;

/// <summary>The messages of a page (Messages.md): what a session does about each.</summary>
internal static class PageMessage
{
    /// <summary>Reads a message.</summary>
    /// <returns>What the session does when its turn comes. An unknown message does nothing.</returns>
    /// <exception cref="FormatException">A field has the wrong type.</exception>
    /// <exception cref="InvalidOperationException">The same.</exception>
    /// <exception cref="System.Collections.Generic.KeyNotFoundException">A field is missing.</exception>
    public static Action Of(LessonSession session, Viewer viewer, JsonElement message)
    {
        int Number(string name) => message.GetProperty(name).GetInt32();
        string Text(string name) =>
            SurrogateSafeText.TextOf(message.GetProperty(name)) ?? throw new FormatException($"{name} is not a text.");
        string? OptionalText(string name) =>
            message.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
                ? Text(name)
                : null;

        switch (Text("do"))
        {
            case "hello":
                var version = OptionalText("version");
                return () => session.Greet(viewer, version);
            case "open":
                return session.Open;
            case "run":
                int[] cells = [.. message.GetProperty("cells").EnumerateArray().Select(c => c.GetInt32())];
                return () => session.Run(cells);
            case "runAll":
                return session.RunAll;
            case "runAbove":
                var above = Number("cell");
                return () => session.RunAbove(above);
            case "stop":
                return () => session.Renew("Stopped. The kernel was ended for that.");
            case "restart":
                return () => session.Renew("Ended by Restart.");
            case "edit":
                var (edited, source) = (Number("cell"), Text("source"));
                var keep = message.TryGetProperty("keep", out var kept) && kept.GetBoolean();
                return () => session.Edit(edited, source, keep);
            case "original":
                var original = Number("cell");
                return () => session.Original(original);
            case "solve":
                var solved = Number("cell");
                return () => session.Solve(solved);
            case "take":
                var (taking, other) = (Number("cell"), Number("other"));
                return () => session.Take(taking, other);
            case "choose":
                var (question, letter) = (Text("question"), Text("letter"));
                return () => session.Questions.Choose(question, letter);
            case "reveal":
                var revealed = Text("question");
                return () => session.Questions.Reveal(revealed);
            case "startAgain":
                return session.StartAgain;
            case "present":
                var on = message.GetProperty("on").GetBoolean();
                return () => session.Questions.Present(on);
            case "ask":
                var (id, asked) = (
                    Number("id"),
                    new EditorQuestion(Text("what"), OptionalText("code") ?? "", Place("line"), Place("character")));
                return () => _ = session.AnswerAsync(viewer, id, asked);
            default:
                return () => { };
        }

        int Place(string name) => message.TryGetProperty(name, out var value) ? value.GetInt32() : 0;
    }
}
