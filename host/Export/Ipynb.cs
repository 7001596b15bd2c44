using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Pages;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Export;

/// <summary>
/// The executed course as Jupyter notebooks (nbformat 4.5) for the .NET kernel: <c>notebooks/</c>, and beside it <c>helpers/</c>
/// and <c>assets/</c>, so that the paths in the lessons hold.
/// </summary>
internal sealed partial class Ipynb(string root, string folder)
{
    private readonly HashSet<string> _lessons = [];
    private readonly HashSet<string> _copied = [];

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        IndentSize = 1,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NewLine = "\n",
    };

    /// <summary>Writes the notebooks and what they need, and removes nothing that is there already.</summary>
    /// <param name="lessons">The lessons with what their cells have shown.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public void Write(IReadOnlyList<(Notebook Lesson, LessonResult Result)> lessons)
    {
        CourseFiles.CopyHelpers(root, folder);
        CloneFile.CopyAssets(root, folder);
        Directory.CreateDirectory(Path.Combine(folder, "notebooks"));
        _lessons.UnionWith(lessons.Select(l => Path.GetFileNameWithoutExtension(l.Lesson.Path)));
        foreach (var (lesson, result) in lessons)
        {
            File.WriteAllText(
                Path.Combine(folder, "notebooks", Path.GetFileNameWithoutExtension(lesson.Path) + ".ipynb"),
                Of(lesson, result));
            foreach (var text in lesson.Cells.Where(c => c.Kind == CellKind.Markdown))
                CopyLinked(text.Text, CloneFile.Lessons);
        }
    }

    /// <summary>The guides that a text leads to, and those that they lead to.</summary>
    private void CopyLinked(MarkdownText markdown, string from)
    {
        foreach (var path in markdown.Links.Select(l => CloneFile.Meant(from, l.Url).Path).OfType<string>()
            .Where(p => CloneFile.LessonAt(p) is null && CloneFile.CanBeRead(root, p) && _copied.Add(p)))
        {
            var text = File.ReadAllText(Path.Combine(root, path));
            Directory.CreateDirectory(Path.Combine(folder, CloneFile.FolderOf(path)));
            File.WriteAllText(Path.Combine(folder, path), Path.GetExtension(path) == ".md" ? Links(text) : text);
            if (Path.GetExtension(path) == ".md")
                CopyLinked(MarkdownText.Parse(text), CloneFile.FolderOf(path));
        }
    }

    private string Of(Notebook lesson, LessonResult result)
    {
        var results = result.Cells.ToDictionary(c => c.Number);
        var executed = 0;
        return JsonSerializer.Serialize(new
        {
            cells = lesson.Cells.Select(cell => cell.Kind == CellKind.Markdown
                ? new
                {
                    cell_type = "markdown",
                    id = IdOf(cell),
                    metadata = new { },
                    source = Lines(Links(cell.Text.WithoutNotes.TrimEnd('\n'))),
                }
                : (object)new
                {
                    cell_type = "code",
                    execution_count = results.GetValueOrDefault(cell.Number) is { Status: not CellStatus.NotRun } ? ++executed : (int?)null,
                    id = IdOf(cell),
                    metadata = new { },
                    outputs = OutputsOf(results.GetValueOrDefault(cell.Number)),
                    source = Lines(cell.Source),
                }),
            metadata = new
            {
                kernelspec = new { display_name = ".NET (C#)", language = "C#", name = ".net-csharp" },
                language_info = new { file_extension = ".cs", mimetype = "text/x-csharp", name = "C#", pygments_lexer = "csharp" },
            },
            nbformat = 4,
            nbformat_minor = 5,
        }, Json) + "\n";
    }

    private static string IdOf(Cell cell) => FormattableString.Invariant($"cell-{cell.Number}");

    private static IEnumerable<object> OutputsOf(CellResult? result)
    {
        foreach (var output in result?.Outputs ?? [])
        {
            yield return output.Kind switch
            {
                OutputKind.Display => new { output_type = "display_data", data = Data(output), metadata = new { } },
                OutputKind.StandardOutput or OutputKind.Note => new { output_type = "stream", name = "stdout", text = Lines(output.Text) },
                _ => (object)new { output_type = "stream", name = "stderr", text = Lines(output.Text) },
            };
        }

        if (result?.Problem is { } problem)
        {
            yield return new
            {
                output_type = "error",
                ename = "Error",
                evalue = problem.Message,
                traceback = Lines(result.Details ?? problem.Message),
            };
        }
    }

    private static Dictionary<string, string[]> Data(Output output)
    {
        var data = new Dictionary<string, string[]> { ["text/plain"] = Lines(output.Text) };
        if (output.Html is { } html)
            data["text/html"] = Lines(html);
        return data;
    }

    /// <summary>Links to other lessons, as they are called here; one that was not exported is only named.</summary>
    private string Links(string markdown) => LessonLink().Replace(markdown, m =>
        _lessons.Contains(m.Groups["name"].Value)
            ? $"[{m.Groups["text"].Value}]({m.Groups["folder"].Value}{m.Groups["name"].Value}.ipynb{m.Groups["place"].Value})"
            : m.Groups["text"].Value);

    /// <summary>As the format likes text: a list of lines that keep their ends.</summary>
    private static string[] Lines(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        return [.. lines.Select((line, i) => i < lines.Length - 1 ? line + "\n" : line).Where(line => line.Length > 0)];
    }

    [GeneratedRegex(@"\[(?<text>[^\[\]]+)\]\((?<folder>[./\w-]*/)?(?<name>\d\d-[a-z0-9-]+)\.dib(?<place>#[^)\s]*)?\)")]
    private static partial Regex LessonLink();
}
