using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using TracingTutorial.Course.Lessons;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The words that CONTRIBUTING.md tells authors not to use.</summary>
public partial class PlainEnglishTests
{
    private static readonly string[] Words = [.. Row().Matches(Section().Match(Read("CONTRIBUTING.md")).Value)
        .SelectMany(row => Quoted().Matches(row.Value)).Select(m => m.Groups[1].Value)];

    public static TheoryData<string> Texts => [.. HostRunner.Lessons.Select(name => Path.Combine("notebooks", name)).Concat(Documents())];

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_text_uses_none_of_the_words_that_slow_its_readers_down(string path)
    {
        var found = Found(Prose(path)).ToArray();

        Assert.True(found.Length == 0,
            $"{path}: {string.Join("; ", found)}. CONTRIBUTING.md, *Plain English*, says what to write in their place.");
    }

    [Fact]
    public void A_word_of_the_list_is_found_in_a_sentence_and_not_in_code_or_in_a_longer_word()
    {
        Assert.InRange(Words.Length, 20, 60);
        Assert.All(Words, word => Assert.Single(Found($"Then it {word.ToUpperInvariant().Replace(" ", "\n")}, as before.")));
        Assert.Empty(Found("A thence, `what is more`, and\n```csharp\n// hence\n```\nit stands for itself."));
    }

    private static IEnumerable<string> Found(string text)
    {
        var prose = Code().Replace(text, m => new string('\n', m.Value.Count(c => c == '\n')));
        return Words.SelectMany(word => Regex.Matches(prose, @"(?i)\b" + string.Join(@"\s+", word.Split(' ').Select(Regex.Escape)) + @"\b"))
            .Select(m => '"' + prose[Math.Max(0, m.Index - 20)..Math.Min(prose.Length, m.Index + m.Length + 20)].ReplaceLineEndings(" ")
            + '"');
    }

    private static string Prose(string path) => Path.GetExtension(path) == ".md"
        ? Read(path)
        : string.Join("\n\n", DibReader.Load(Path.Combine(HostRunner.Root, path)).Cells.Where(c => c.Kind == CellKind.Markdown)
        .Select(c => c.Source));

    private static IEnumerable<string> Documents() =>
        new[] { "", "notebooks", "helpers", "host", "course/Runs", "docker",
        "tests/Benchmarks" }.Select(folder => Path.Combine(HostRunner.Root, folder))
            .SelectMany(folder => Directory.GetFiles(folder, "*.md")).Select(file => Path.GetRelativePath(HostRunner.Root, file))
            .Order(StringComparer.Ordinal);

    private static string Read(string path) => File.ReadAllText(Path.Combine(HostRunner.Root, path)).ReplaceLineEndings("\n");

    [GeneratedRegex(@"^## Plain English\n.*?(?=^## )", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex(@"^\| `[^|]*(?=\|)", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex("```.*?```|`[^`\n]*`", RegexOptions.Singleline)]
    private static partial Regex Code();
}
