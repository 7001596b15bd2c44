using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using TracingTutorial.Host.Notebooks;
using TracingTutorial.Host.Running;

namespace TracingTutorial.Host.Export;

/// <summary>
/// The executed course as Jupyter notebooks (nbformat 4.5) for the .NET kernel: <c>notebooks/</c>, and beside it <c>helpers/</c>
/// and <c>assets/</c>, so that the paths in the lessons hold.
/// </summary>
internal sealed class Ipynb(string root, string folder)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, IndentSize = 1, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    /// <summary>Writes the notebooks and what they need, and removes nothing that is there already.</summary>
    /// <param name="lessons">The lessons with what their cells have shown.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public void Write(IReadOnlyList<(Notebook Lesson, LessonResult Result)> lessons)
    {
        Lessons.CopyHelpers(root, folder);
        Directory.CreateDirectory(Path.Combine(folder, "assets"));
        foreach (var file in Directory.GetFiles(Path.Combine(root, "assets")))
            File.Copy(file, Path.Combine(folder, "assets", Path.GetFileName(file)), overwrite: true);
        Directory.CreateDirectory(Path.Combine(folder, "notebooks"));
        foreach (var (lesson, result) in lessons)
            File.WriteAllText(Path.Combine(folder, "notebooks", Path.GetFileNameWithoutExtension(lesson.Path) + ".ipynb"), Of(lesson, result));
    }

    /// <summary>One notebook.</summary>
    public static string Of(Notebook lesson, LessonResult result)
    {
        var results = result.Cells.ToDictionary(c => c.Number);
        var executed = 0;
        return JsonSerializer.Serialize(new
        {
            cells = lesson.Cells.Select(cell => cell.Kind == CellKind.Markdown
                ? new { cell_type = "markdown", id = IdOf(cell), metadata = new { }, source = Lines(Links(InstructorNotes.Without(cell.Source).TrimEnd('\n'))) }
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
            yield return new { output_type = "error", ename = "Error", evalue = problem.Message, traceback = Lines(result.Details ?? problem.Message) };
    }

    private static Dictionary<string, string[]> Data(CellOutput output)
    {
        var data = new Dictionary<string, string[]> { ["text/plain"] = Lines(output.Text) };
        if (output.Html is { } html)
            data["text/html"] = Lines(html);
        return data;
    }

    /// <summary>Links to other lessons, as they are called here.</summary>
    private static string Links(string markdown) => markdown.Replace(".dib)", ".ipynb)", StringComparison.Ordinal).Replace(".dib#", ".ipynb#", StringComparison.Ordinal);

    /// <summary>As the format likes text: a list of lines that keep their ends.</summary>
    private static string[] Lines(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        return [.. lines.Select((line, i) => i < lines.Length - 1 ? line + "\n" : line).Where(line => line.Length > 0)];
    }
}
