using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace TracingTutorial.Course.Lessons;

/// <summary>What a cell holds.</summary>
public enum CellKind
{
    /// <summary>Code: it is run.</summary>
    CSharp,

    /// <summary>Text: it is read.</summary>
    Markdown,
}

/// <summary>One cell of a notebook.</summary>
/// <param name="File">Full path of the file that contains the cell.</param>
/// <param name="Number">Position among all cells of the file, from 1.</param>
/// <param name="Line">Line of the file (from 1) at which <paramref name="Source"/> begins.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Source">The text without the marker line and without blank lines around it; lines end in \n.</param>
/// <param name="ImportFolder">
/// The folder from which <c>#!import</c> paths start: the folder of the notebook that was opened, also for imports
/// inside a file that it imports. All hosts resolve them so.
/// </param>
public sealed partial record Cell(string File, int Number, int Line, CellKind Kind, string Source, string ImportFolder)
{
    /// <summary>What keeps the cell from running: it breaks the dialect. Empty for nearly all cells.</summary>
    public IReadOnlyList<Problem> Problems { get; init; } = [];

    /// <summary>The text of a Markdown cell, parsed once.</summary>
    internal MarkdownText Text => _text is { } known && ReferenceEquals(known.Written, Source) ? known : _text = MarkdownText.Parse(Source);

    private MarkdownText? _text;

    /// <summary>The first line of the source.</summary>
    public string FirstLine => Source.Split('\n', 2)[0];

    /// <summary>The number of the exercise this cell is the answer to ("2.1"), or null.</summary>
    public string? Exercise =>
        Kind == CellKind.CSharp && ExerciseLine().Match(FirstLine) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>The full path that the cell imports when it is an <c>#!import</c> cell, otherwise null.</summary>
    public string? ImportPath =>
        Kind == CellKind.CSharp && FirstLine.StartsWith("#!import ", StringComparison.Ordinal)
            ? Path.GetFullPath(Path.Combine(ImportFolder, FirstLine["#!import ".Length..].Trim()))
            : null;

    /// <summary>
    /// The cell as the engine gets it: compile errors and stack traces speak of the file and its lines. The engine takes
    /// <c>#r</c> lines out of the text, so they are before the line that counts.
    /// </summary>
    public string ToSubmission()
    {
        if (ImportPath is not null)
            return Source;
        var lines = Source.Split('\n');
        var references = lines.Where(Dialect.IsReference);
        return string.Join('\n', [.. references, $"#line {Line} \"{DisplayName}\"", Dialect.WithoutReferences(Source)]);
    }

    /// <summary>
    /// The file as compiler messages name it, from the folder where imports start: no path of this machine gets into a picture.
    /// </summary>
    public string DisplayName => Paths.Printable(Path.GetRelativePath(ImportFolder, File).Replace('\\', '/').Replace('"', '\''))
        .Replace('\n', '\ufffd');

    [GeneratedRegex(@"^// Exercise (\d+\.\d+)\b")]
    private static partial Regex ExerciseLine();
}
