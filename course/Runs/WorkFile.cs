using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

namespace TracingTutorial.Course.Runs;

/// <summary>
/// All work of a learner in one file, to take it to another machine or browser: what the folder of progress has for each lesson, by the
/// name of the file. A live site writes and reads the same (tab/session/store.js).
/// </summary>
internal static partial class WorkFile
{
    private const string Course = "tracing-tutorial";

    /// <summary>The text of such a file.</summary>
    /// <exception cref="IOException">A file of progress cannot be read now.</exception>
    public static string Of(ProgressFolder folder) => new JsonObject
    {
        ["course"] = Course,
        ["files"] = new JsonObject(folder.Lessons.Select(lesson =>
            KeyValuePair.Create($"{lesson}.json", JsonNode.Parse(ProgressFolder.TextOf(folder.Read(lesson)))))),
    }.ToJsonString();

    /// <summary>Joins the work of such a file with what is there.</summary>
    /// <returns>The names of its lessons.</returns>
    /// <exception cref="FormatException">It is no such file, or a part of it cannot be understood. Nothing has changed.</exception>
    /// <exception cref="IOException">A file of progress cannot be written now.</exception>
    public static async Task<IReadOnlyList<string>> LoadAsync(ProgressFolder folder, string text)
    {
        var loaded = Read(text);
        foreach (var (lesson, kept) in loaded)
        {
            var cleared = folder.Read(lesson).Cleared;
            var now = DateTimeOffset.UtcNow;
            var brought = kept.Brought(cleared, cleared is { } at && at >= now ? KeptLesson.After(at) : now);
            await folder.MergeAsync(lesson, KeptLesson.Empty, brought);
        }

        return [.. loaded.Select(l => l.Lesson)];
    }

    private static List<(string Lesson, KeptLesson Kept)> Read(string text)
    {
        (string Name, string Text)[] files;
        try
        {
            var file = JsonNode.Parse(text) as JsonObject;
            files = (string?)file?["course"] == Course && file["files"] is JsonObject parts
                ? [.. parts.Select(f => (f.Key, f.Value?.ToJsonString() ?? ""))]
                : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            files = []; // Not JSON, a value of another type, half of a surrogate pair, or one name twice.
        }

        List<(string Lesson, KeptLesson)> all =
        [
            .. files.Where(f => LessonFile().IsMatch(f.Name) && !f.Name.EndsWith(".outputs.json", StringComparison.Ordinal))
                .Select(f => (
                f.Name[..^".json".Length],
                ProgressFolder.Understood(f.Text)
                    ?? throw new FormatException($"The part {f.Name} of this file cannot be understood. Nothing was loaded."))),
        ];
        return all.Count > 0 ? all : throw new FormatException("This file has no work of this course.");
    }

    [GeneratedRegex(@"\A[\w.-]+\.json\z")]
    private static partial Regex LessonFile();
}
