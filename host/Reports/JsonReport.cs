using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Host.Reports;

/// <summary>A JSON file of results, for other programs. host/README.md describes the form.</summary>
internal sealed class JsonReport : IDisposable
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // It is read by programs, and by people in a diff; never put into a page.
    };

    /// <summary>The first names in the reports of <c>run</c> and <c>doctor</c>.</summary>
    private static readonly string[] Firsts = ["\"passed\":", "\"ready\":"];

    private readonly string _path;
    private readonly FileStream _file;

    private JsonReport(string path, FileStream file) => (_path, _file) = (path, file);

    /// <summary>Opens the file before the work begins: what cannot be written must not be noticed after it.</summary>
    /// <exception cref="NotebookException">The file cannot be written.</exception>
    public static JsonReport? Open(string? path)
    {
        if (path is null)
            return null;
        // What is there is replaced, so a source file must not be named by mistake.
        if (File.Exists(path) && Path.GetExtension(path).ToLowerInvariant() is not (".json" or "" or ".txt" or ".log" or ".out"))
        {
            throw new NotebookException(new Problem(path, null, null, "The file for --json is there, and is no JSON file.",
                "Name a new file, or one that ends in .json."));
        }

        try
        {
            if (CourseFiles.IsOfTheClone(CourseFiles.Root(), path))
            {
                throw new NotebookException(new Problem(path, null, null, "The file for --json is in one of the course's own folders.",
                    "Name a file in another folder."));
            }

            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write);
            if (!file.CanSeek || file.Length == 0 || IsReport(path))
                return new JsonReport(path, file);
            file.Dispose();
            throw new NotebookException(new Problem(path, null, null, "The file for --json is there, and it is no earlier report.",
                "Name a new file, or delete this one."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Unwritable(path, e);
        }
    }

    /// <summary>Replaces the content of the file.</summary>
    /// <exception cref="NotebookException">The file cannot be written: the disk is full, for example.</exception>
    public void Write(object content)
    {
        try
        {
            if (_file.CanSeek)
                _file.SetLength(0);
            JsonSerializer.Serialize(_file, content, Options);
            _file.WriteByte((byte)'\n');
            _file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(_path, e);
        }
    }

    /// <summary>Whether a file begins as a report does. Anything else may be somebody's work.</summary>
    private static bool IsReport(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var start = new char[40];
        var text = new string(start, 0, reader.ReadBlock(start)).TrimStart();
        return text.StartsWith('{')
            && text[1..].TrimStart() is var first && Firsts.Any(name => first.StartsWith(name, StringComparison.Ordinal));
    }

    public void Dispose()
    {
        try
        {
            _file.Dispose();
        }
        catch (IOException)
        {
            // Write has said it.
        }
    }

    private static NotebookException Unwritable(string path, Exception e) => new(new Problem(path, null, null,
        $"The file for --json cannot be written: {e.Message}", "Name a file in a folder that is there and that you may write to."));
}
