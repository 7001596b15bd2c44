using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>
/// The folder in which a learner's progress is kept: for each lesson <c>NAME.json</c> (<see cref="KeptLesson"/>) and
/// <c>NAME.outputs.json</c> (the last run of each cell; it can be deleted). Several players may use one folder: a file is only
/// written together with what is in it.
/// </summary>
internal sealed class ProgressFolder(string folder)
{
    private const int MaxOutputsOfCell = 4_000_000, MaxOutputs = 32_000_000; // characters
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(5), LockPause = TimeSpan.FromMilliseconds(20);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new SurrogateSafeText() },
    };

    public string Path => folder;

    /// <summary>The lessons of which something is kept.</summary>
    public IReadOnlyList<string> Lessons => !Directory.Exists(folder) ? [] :
        [.. Directory.GetFiles(folder, "*.json").Select(f => System.IO.Path.GetFileName(f)[..^".json".Length])
            .Where(name => !name.EndsWith(".outputs", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>A state as the text of its file.</summary>
    public static string TextOf(KeptLesson kept) => JsonSerializer.Serialize(kept, Json);

    /// <summary>Reads what is kept of a lesson; an empty state when there is nothing, or nothing that can be understood.</summary>
    /// <exception cref="IOException">The file is there and cannot be read now.</exception>
    public KeptLesson Read(string lesson) => Parsed(FileOf(lesson)) ?? KeptLesson.Empty;

    /// <summary>Joins a state with the one in the file, and writes the result.</summary>
    /// <param name="lesson">The lesson's name.</param>
    /// <param name="known">The state from which <paramref name="mine"/> was made: what differs from it was done here.</param>
    /// <param name="mine">What is to be kept.</param>
    /// <returns>What the file holds now, and the name of a file to which one that could not be understood was renamed.</returns>
    /// <exception cref="IOException">The file cannot be read or written now. Nothing has changed.</exception>
    public async Task<(KeptLesson Merged, string? Aside)> MergeAsync(string lesson, KeptLesson known, KeptLesson mine)
    {
        try
        {
            Directory.CreateDirectory(folder);
            using var locked = await LockAsync(System.IO.Path.Combine(folder, "lock"));
            var theirs = Parsed(FileOf(lesson));
            var aside = theirs is null && File.Exists(FileOf(lesson)) ? PutAside(FileOf(lesson)) : null;
            var merged = KeptLesson.Merge(known, mine, theirs ?? KeptLesson.Empty);
            Write(FileOf(lesson), TextOf(merged));
            return (merged, aside);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>The last runs of a lesson's cells, by key; empty if they are not there or cannot be understood.</summary>
    public IReadOnlyDictionary<string, KeptRun> ReadRuns(string lesson)
    {
        try
        {
            var file = OutputsOf(lesson);
            var runs = File.Exists(file) ? JsonSerializer.Deserialize<Dictionary<string, KeptRun>>(File.ReadAllText(file), Json) : null;
            return runs is null || runs.Values.Any(r => r is null || r.Outputs.Any(o => o is null))
                ? new Dictionary<string, KeptRun>()
                : runs;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return new Dictionary<string, KeptRun>();
        }
    }

    /// <summary>Writes the last runs of a lesson's cells. What is too large is left out and says so.</summary>
    /// <exception cref="IOException">The file cannot be written now.</exception>
    public void WriteRuns(string lesson, IReadOnlyDictionary<string, KeptRun> runs)
    {
        var left = MaxOutputs;
        var kept = new Dictionary<string, KeptRun>();
        foreach (var (key, run) in runs.OrderBy(r => SizeOf(r.Value)))
        {
            var size = SizeOf(run);
            var fits = size <= MaxOutputsOfCell && size <= left;
            kept[key] = fits
                ? run
                : run with { Outputs = [new Output(OutputKind.Note, "(This output is too large to be kept. Run the cell again.)\n")] };
            left -= fits ? (int)size : 0;
        }

        try
        {
            Directory.CreateDirectory(folder);
            Write(OutputsOf(lesson), JsonSerializer.Serialize(kept, Json));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private string FileOf(string lesson) => System.IO.Path.Combine(folder, lesson + ".json");

    private string OutputsOf(string lesson) => System.IO.Path.Combine(folder, lesson + ".outputs.json");

    private static long SizeOf(KeptRun run) => run.Outputs.Sum(o => (long)o.Text.Length + (o.Html?.Length ?? 0));

    /// <summary>A crash in the middle leaves the old file. The name of the new one is its own, because several players may write.</summary>
    private static void Write(string file, string text)
    {
        var written = $"{file}.{Environment.ProcessId}.new";
        File.WriteAllText(written, text);
        File.Move(written, file, overwrite: true);
    }

    /// <summary>Renames a file that cannot be understood, to a name that is not taken.</summary>
    private static string PutAside(string file)
    {
        for (var number = 1; ; number++)
        {
            var aside = file + ".unreadable" + (number == 1 ? "" : FormattableString.Invariant($"-{number}"));
            if (File.Exists(aside))
                continue;
            File.Move(file, aside);
            return System.IO.Path.GetFileName(aside);
        }
    }

    /// <summary>
    /// Only one process at a time holds the lock. Its file stays: deleting it could let two processes lock different files.
    /// </summary>
    private static async Task<FileStream> LockAsync(string file)
    {
        for (var waited = TimeSpan.Zero; ; waited += LockPause)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1);
            }
            catch (Exception e)
                when (e is IOException or UnauthorizedAccessException
                    && waited < LockPatience && e is not DirectoryNotFoundException)
            {
                await Task.Delay(LockPause);
            }
        }
    }

    /// <summary>The content of a file; null when there is none, or it cannot be understood.</summary>
    private static KeptLesson? Parsed(string file)
    {
        string text;
        try
        {
            if (!File.Exists(file))
                return null;
            text = File.ReadAllText(file);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }

        return Understood(text);
    }

    /// <summary>The state that a text holds, in the present or an earlier format; null when it cannot be understood.</summary>
    public static KeptLesson? Understood(string text)
    {
        try
        {
            var json = JsonNode.Parse(text) as JsonObject;
            var kept = json?["version"]?.GetValue<int>() switch
            {
                KeptLesson.CurrentVersion => json.Deserialize<KeptLesson>(Json),
                null when json is not null => FirstVersion(json),
                _ => null,
            };
            return kept is not null
                && kept.Cells.Values.All(c => c is not null && c.Others.All(o => o is not null))
                && kept.Choices.Values.All(c => c is not null)
                ? kept : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The format of the second edition: cells in the order of the lesson, with their outputs.</summary>
    private static KeptLesson? FirstVersion(JsonObject json)
    {
        var file = json.Deserialize<KeptBefore>(Json);
        if (file is null || file.Cells.Any(c => c is null) || file.Orphans.Any(o => o is null) || file.Choices.Values.Any(c => c is null))
            return null;
        var (kept, at) = (KeptLesson.Empty, file.Visited ?? DateTimeOffset.UnixEpoch);
        var keys = KeptLesson.KeysOf(file.Cells.Select(c => new Cell("", 1, 1, CellKind.CSharp, c.Original, "")));
        foreach (var (cell, key) in file.Cells.Zip(keys).Where(c => c.First.Source is not null || c.First.Solved))
        {
            var exercise = key.StartsWith("exercise ", StringComparison.Ordinal) ? key["exercise ".Length..].Split(' ')[0] : null;
            var solvedBy = cell.Solved ? cell.Source ?? cell.Original : null;
            kept = kept with
            {
                Cells = kept.Cells.SetItem(
                    key, new KeptCell(cell.Original, cell.Source, at) { Exercise = exercise, SolvedBy = solvedBy }),
            };
        }

        foreach (var orphan in file.Orphans)
            kept = kept with { Cells = kept.Cells.SetItem(KeptLesson.KeyOf(orphan), new KeptCell(orphan, orphan, at)) };
        return kept with
        {
            Choices = file.Choices.Aggregate(kept.Choices, (all, c) => all.SetItem(c.Key, new KeptChoice(c.Value, false, at))),
            Visited = file.Visited,
        };
    }

    private sealed record KeptBefore(
        List<CellBefore> Cells, List<string> Orphans, Dictionary<string, string> Choices, DateTimeOffset? Visited);

    private sealed record CellBefore(string Original, string? Source = null, bool Solved = false);
}
