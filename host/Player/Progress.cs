using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TracingTutorial.Host.Player;

/// <summary>One output of a cell, as a page shows it.</summary>
/// <param name="Kind"><c>out</c>, <c>err</c>, <c>html</c>, <c>text</c>, <c>error</c>, <c>warning</c> or <c>late</c>.</param>
/// <param name="Text">Text, or HTML for <c>html</c>.</param>
/// <param name="Id">What the engine updates it by; null for an output that stays as it is.</param>
internal sealed record Output(string Kind, string Text, string? Id = null)
{
    /// <summary>The same as text, of an output that is HTML.</summary>
    [JsonIgnore]
    public string? Plain { get; init; }
}

/// <summary>What a learner did with one cell of code.</summary>
internal sealed record KeptCell
{
    /// <summary>The cell's text in the lesson: a changed lesson is recognised by it.</summary>
    public required string Original { get; init; }

    /// <summary>The learner's text; null while it is the original.</summary>
    public string? Source { get; set; }

    /// <summary>What the last run showed.</summary>
    public List<Output> Outputs { get; set; } = [];

    /// <summary>Whether the last run went well; null before the first one.</summary>
    public bool? Ok { get; set; }

    /// <summary>How long the last run took, in milliseconds.</summary>
    public long Milliseconds { get; set; }

    /// <summary>True for an exercise that its check has called solved.</summary>
    public bool Solved { get; set; }
}

/// <summary>What a learner did in a lesson, between visits: one file a lesson.</summary>
internal sealed class Progress
{
    private const int MostKeptOutput = 4_000_000;

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerOptions.Web) { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    private readonly string _file;
    private bool _unreadable;

    private Progress(string file) => _file = file;

    /// <summary>The cells of code, in the order of the lesson.</summary>
    public IReadOnlyList<KeptCell> Cells { get; private set; } = [];

    /// <summary>What was written into cells that the lesson no longer has.</summary>
    public List<string> Orphans { get; private set; } = [];

    /// <summary>The letters that were chosen, by the text of the question.</summary>
    public Dictionary<string, string> Choices { get; private set; } = [];

    /// <summary>When the learner was here last; null for never.</summary>
    public DateTimeOffset? Visited { get; set; }

    /// <summary>Reads what is kept of a lesson, and fits it to the lesson as it is now.</summary>
    /// <param name="folder">Where progress is kept.</param>
    /// <param name="lesson">The lesson's name.</param>
    /// <param name="originals">Its cells of code.</param>
    public static Progress Load(string folder, string lesson, IReadOnlyList<string> originals)
    {
        var progress = new Progress(Path.Combine(folder, lesson + ".json"));
        var file = progress.Read() ?? new Kept([], [], [], null);
        var left = file.Cells.ToList();
        progress.Cells = [.. originals.Select(original =>
        {
            var at = left.FindIndex(c => c.Original == original);
            var cell = at < 0 ? new KeptCell { Original = original } : left[at];
            if (at >= 0)
                left.RemoveAt(at);
            return cell;
        })];
        progress.Orphans = [.. file.Orphans, .. left.Select(c => c.Source).OfType<string>()];
        (progress.Choices, progress.Visited) = (file.Choices, file.Visited);
        return progress;
    }

    /// <summary>Forgets everything but the visit.</summary>
    public void Clear()
    {
        Cells = [.. Cells.Select(c => new KeptCell { Original = c.Original })];
        Orphans.Clear();
        Choices.Clear();
    }

    /// <summary>Writes the file; a crash in the middle leaves the old one. One that could not be read is put aside, not overwritten.</summary>
    /// <returns>Where it was put; null if there was none.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    public string? Save()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
        var aside = _unreadable ? _file + ".unreadable" : null;
        if (aside is not null)
            File.Move(_file, aside, overwrite: true);
        _unreadable = false;
        var kept = new Kept([.. Cells.Select(Bounded)], Orphans, Choices, Visited);
        File.WriteAllText(_file + ".new", JsonSerializer.Serialize(kept, Strict));
        File.Move(_file + ".new", _file, overwrite: true);
        return aside;
    }

    private static KeptCell Bounded(KeptCell cell) => cell.Outputs.Sum(o => (long)o.Text.Length) <= MostKeptOutput ? cell
        : cell with { Outputs = [new Output("text", "(What this cell showed is too large to be kept. Run it again.)")] };

    /// <summary>What is kept; null when there is nothing, or nothing that can be read.</summary>
    private Kept? Read()
    {
        try
        {
            if (!File.Exists(_file))
                return null;
            var kept = JsonSerializer.Deserialize<Kept>(File.ReadAllText(_file), Strict);
            _unreadable = kept is not { IsWhole: true };
            return _unreadable ? null : kept;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            _unreadable = true;
            return null;
        }
    }

    private sealed record Kept(List<KeptCell> Cells, List<string> Orphans, Dictionary<string, string> Choices, DateTimeOffset? Visited)
    {
        /// <summary>The reader refuses null for a property, and takes it for an element.</summary>
        [JsonIgnore]
        public bool IsWhole => Cells.All(c => c is not null && c.Outputs.All(o => o is not null)) && Orphans.All(o => o is not null) && Choices.Values.All(c => c is not null);
    }
}
