using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text.RegularExpressions;
using TracingTutorial.Host.Notebooks;

namespace TracingTutorial.Host.Pages;

/// <summary>The files of the clone that a lesson may lead a reader to: guides, helpers, what Docker is told. Known by their path, as <c>docker/README.md</c>.</summary>
internal static partial class CloneFile
{
    /// <summary>The guide for those who teach.</summary>
    public const string Instructor = "notebooks/INSTRUCTOR.md";

    /// <summary>A line about that guide, for a list of the lessons; empty where it has no address.</summary>
    public static string ForInstructors(string? address) => address is null ? ""
        : $"<p>Do you teach this course? <a href=\"{address}\">For instructors</a> has agendas, notes, and what goes wrong in a room.</p>";

    /// <summary>True for a file that is there and may be read. No path leads out of these folders.</summary>
    public static bool CanBeRead(string root, string path) => Readable().IsMatch(path) && File.Exists(Path.Combine(root, path));

    /// <summary>The path that a link means, and what stands behind its <c>#</c>; no path for an address in the web or a place on the same page.</summary>
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
    /// <param name="address">As in <see cref="LessonHtml.Of"/>.</param>
    public static (string Title, string Html) Page(string root, string path, Func<string, string?> address)
    {
        var text = File.ReadAllText(Path.Combine(root, path)).ReplaceLineEndings("\n");
        if (Path.GetExtension(path) == ".md")
            return (Heading().Match(text) is { Success: true } heading ? heading.Groups[1].Value : path, LessonHtml.Of(text, FolderOf(path), address).Html);
        return (path, $"<h1>{path}</h1>\n<pre class=\"listing\" tabindex=\"0\"><code>{(Path.GetExtension(path) == ".cs" ? CodeHtml.Of(text) : WebUtility.HtmlEncode(text))}</code></pre>");
    }

    /// <summary>The folder of a file, as <c>docker</c>.</summary>
    public static string FolderOf(string path) => path.LastIndexOf('/') is >= 0 and var slash ? path[..slash] : "";

    [GeneratedRegex(@"\A(docker|helpers|notebooks)(/[a-z]+)*/([A-Za-z0-9-]+\.(md|cs|dib|ya?ml|json)|\.env)\z")]
    private static partial Regex Readable();

    [GeneratedRegex(@"\Anotebooks/(\d\d-[a-z0-9-]+)\.dib\z")]
    private static partial Regex Lesson();

    [GeneratedRegex("^# (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
