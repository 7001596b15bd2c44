using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text.RegularExpressions;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Pages;

/// <summary>
/// The files of the clone that a lesson may lead a reader to: guides, helpers, the configuration for Docker. Known by their path, as
/// <c>docker/README.md</c>.
/// </summary>
internal static partial class CloneFile
{
    /// <summary>The folder of the lessons.</summary>
    public const string Lessons = "notebooks";

    /// <summary>The guide for those who teach.</summary>
    public const string Instructor = $"{Lessons}/INSTRUCTOR.md";

    /// <summary>A line about that guide, for a list of the lessons; empty where it has no address.</summary>
    public static string ForInstructors(string? address) => address is null ? ""
        : $"<p>Do you teach this course? <a href=\"{address}\">For instructors</a> has agendas, notes, and what goes wrong in a room.</p>";

    /// <summary>True for a file that is there and may be read. No path and no symbolic link leads out of these folders.</summary>
    public static bool CanBeRead(string root, string path) => Readable().IsMatch(path) && Paths.IsInside(root, path);

    /// <summary>True for a picture of the lessons, by its path as <c>assets/pipeline.svg</c>.</summary>
    public static bool IsAsset(string root, string path) => Asset().IsMatch(path) && Paths.IsInside(root, path);

    /// <summary>Copies the pictures of the lessons into the folder <c>assets</c> of another place.</summary>
    /// <exception cref="IOException">The place cannot be written.</exception>
    public static void CopyAssets(string root, string to)
    {
        Directory.CreateDirectory(Path.Combine(to, "assets"));
        foreach (var path in Directory.GetFiles(Path.Combine(root, "assets")).Select(f => $"assets/{Path.GetFileName(f)}"))
        {
            if (IsAsset(root, path))
                File.Copy(Path.Combine(root, path), Path.Combine(to, path), overwrite: true);
        }
    }

    /// <summary>
    /// The path that a link means, and what is behind its <c>#</c>; no path for an address in the web or a place on the same page.
    /// </summary>
    /// <param name="folder">The folder of the file with the link.</param>
    /// <param name="link">As it is written there.</param>
    public static (string? Path, string Place) Meant(string folder, string link)
    {
        var (url, place) = link.IndexOf('#') is >= 0 and var at ? (link[..at], link[at..]) : (link, "");
        if (url.Length == 0 || url[0] == '/' || url.Contains(':'))
            return (null, place);
        var parts = new List<string>();
        foreach (var part in $"{folder}/{url}".Split('/').Where(p => p is not ("" or ".")))
        {
            if (part != "..")
                parts.Add(part);
            else if (parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
        }

        return (string.Join('/', parts), place);
    }

    /// <summary>The name of the lesson at a path; null when there is none.</summary>
    public static string? LessonAt(string path) => Lesson().Match(path) is { Success: true } lesson ? lesson.Groups[1].Value : null;

    /// <summary>A file as the body of a page, and its title.</summary>
    /// <param name="root">The root of the clone.</param>
    /// <param name="path">A file that can be read.</param>
    /// <param name="address">As in <see cref="LessonHtml"/>.</param>
    public static (string Title, string Html) Page(string root, string path, Func<string, string?> address)
    {
        var text = File.ReadAllText(Path.Combine(root, path)).ReplaceLineEndings("\n");
        if (Path.GetExtension(path) == ".md")
        {
            var guide = MarkdownText.Parse(text);
            var html = new LessonHtml(FolderOf(path), address).Page(guide);
            return (guide.Headings.FirstOrDefault()?.Text ?? path, $"<div class=\"file\">\n{html}</div>\n");
        }

        var code = Path.GetExtension(path) == ".cs" ? CodeHtml.Of(text) : WebUtility.HtmlEncode(text);
        return (path, $"<h1>{path}</h1>\n<pre class=\"listing\" tabindex=\"0\"><code>{code}</code></pre>");
    }

    /// <summary>The folder of a file, as <c>docker</c>.</summary>
    public static string FolderOf(string path) => path.LastIndexOf('/') is >= 0 and var slash ? path[..slash] : "";

    [GeneratedRegex(@"\A(docker|helpers|notebooks)(/[a-z]+)*/([A-Za-z0-9-]+\.(md|cs|dib|ya?ml|json)|\.env)\z")]
    private static partial Regex Readable();

    [GeneratedRegex(@"\Aassets/[\w-]+\.(svg|png)\z")]
    private static partial Regex Asset();

    [GeneratedRegex(@"\Anotebooks/(\d\d-[a-z0-9-]+)\.dib\z")]
    private static partial Regex Lesson();
}
