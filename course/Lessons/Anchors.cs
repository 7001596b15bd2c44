using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using Markdig.Syntax;

namespace TracingTutorial.Course.Lessons;

/// <summary>
/// The ids of headings, by which links lead to them: in lower case, with letters, digits, <c>_</c> and <c>-</c> of any script
/// kept and spaces as hyphens, as GitHub and VS Code make them. The second one of a name has <c>-1</c>.
/// </summary>
internal static class Anchors
{
    /// <summary>The ids that the page of a lesson uses itself. A heading of that name gets a number.</summary>
    public static readonly IReadOnlyList<string> OfThePage =
        ["again", "feet", "index", "lost", "main", "notice", "part",
            "present", "question", "restart", "runall", "state", "stop", "values", "variables"];

    /// <summary>The ids of all headings on one page.</summary>
    /// <param name="texts">The texts of the page, in order.</param>
    public static IReadOnlyDictionary<HeadingBlock, string> Of(IEnumerable<MarkdownText> texts)
    {
        var used = new HashSet<string>(OfThePage);
        var numbers = new Dictionary<string, int>();
        var ids = new Dictionary<HeadingBlock, string>();
        foreach (var heading in texts.SelectMany(t => t.Headings))
        {
            var name = NameOf(heading.Text);
            var id = name;
            while (!used.Add(id))
                id = FormattableString.Invariant($"{name}-{numbers[name] = numbers.GetValueOrDefault(name) + 1}");
            ids.Add(heading.Block, id);
        }

        return ids;
    }

    /// <summary>The links and pictures of a notebook's texts that lead nowhere: to no file, or to no heading of it.</summary>
    /// <param name="path">The notebook.</param>
    /// <param name="cells">Its cells.</param>
    public static ILookup<Cell, Problem> Broken(string path, IReadOnlyList<Cell> cells)
    {
        var texts = cells.Where(c => c.Kind == CellKind.Markdown).ToArray();
        var own = new Lazy<HashSet<string>>(() => [.. Of(texts.Select(c => c.Text)).Values]);
        return texts.SelectMany(cell => cell.Text.Links.Select(link => (cell, Fault: FaultOf(path, link.Url, own), link.Line)))
            .Where(l => l.Fault is not null)
            .ToLookup(l => l.cell,
                l => new Problem(path, l.cell.Number, l.cell.Line + l.Line, l.Fault!.Value.Message, l.Fault.Value.WayOut));
    }

    private static (string Message, string WayOut)? FaultOf(string path, string url, Lazy<HashSet<string>> own)
    {
        var (file, place) = url.IndexOf('#') is >= 0 and var at ? (url[..at], url[(at + 1)..]) : (url, "");
        if (file.Contains(':') || file.StartsWith('/'))
            return null; // in the web, which is not asked
        // No path has a NUL, and asking for one is an error.
        var written = Uri.UnescapeDataString(file).Replace('\0', '\ufffd');
        var target = file.Length == 0 ? path : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, written));
        if (file.Length > 0 && !Path.Exists(target))
            return ($"This link leads to a file that does not exist: {Paths.Display(target)}",
                "Correct the path; it starts from the folder of this file.");
        if (place.Length == 0 || (file.Length > 0 && Path.GetExtension(target) is not (".md" or ".dib")))
            return null;
        var name = Uri.UnescapeDataString(place);
        var known = target == path ? own.Value : InFile(target);
        return known.Contains(name)
            ? null
            : ($"This link leads to a heading that does not exist: `#{name}`{(file.Length == 0 ? "" : $" in {file}")}",
                known.Count == 0
                    ? "Link to the file alone: it has no headings."
                    : $"Its headings are: {string.Join(", ", known.Select(id => $"#{id}"))}.");
    }

    private static HashSet<string> InFile(string path)
    {
        try
        {
            var text = File.ReadAllText(path).ReplaceLineEndings("\n");
            IEnumerable<MarkdownText> texts = Path.GetExtension(path) == ".md" ? [MarkdownText.Parse(text)]
                : DibReader.Parse(path, text, checkLinks: false).Cells.Where(c => c.Kind == CellKind.Markdown).Select(c => c.Text);
            return [.. Of(texts).Values];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotebookException)
        {
            return [];
        }
    }

    private static string NameOf(string heading)
    {
        var name = new StringBuilder();
        foreach (var rune in heading.EnumerateRunes())
        {
            if (rune.Value is ' ' or '-')
                name.Append('-');
            else if (Rune.GetUnicodeCategory(rune) is <= UnicodeCategory.OtherNumber or UnicodeCategory.ConnectorPunctuation)
                name.Append(Rune.ToLowerInvariant(rune)); // letters, marks and numbers
        }

        return name.Length == 0 ? "section" : name.ToString();
    }
}
