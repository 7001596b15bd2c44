using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using TracingTutorial.Host;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>What must agree across the files of this repository.</summary>
public partial class RepositoryTests
{
    private static IEnumerable<string> Notebooks => Directory
        .GetFiles(Path.Combine(TheHost.Root, "notebooks"), "*.dib", SearchOption.AllDirectories)
        .Append(Path.Combine(TheHost.Root, "helpers", "workshop.dib"));

    [Fact]
    public void Notebooks_and_projects_use_the_same_package_versions()
    {
        var central = XDocument.Load(Path.Combine(TheHost.Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(p => p.Attribute("Include")!.Value, p => p.Attribute("Version")!.Value);
        var workshop = References(Path.Combine(TheHost.Root, "helpers", "workshop.dib")).ToDictionary(r => r.Name, r => r.Version);

        Assert.NotEmpty(workshop);
        Assert.All(central.Values, version => Assert.Matches(@"^\d+\.\d+\.\d+$", version));
        foreach (var file in Notebooks)
        {
            foreach (var (name, version) in References(file))
            {
                // Packages of one family share their version, also those that only an optional cell uses.
                var known = central.GetValueOrDefault(name) ?? central[name.Split('.')[0]];
                Assert.True(version == known, $"{Path.GetFileName(file)} uses {name} {version}, Directory.Packages.props says {known}.");
            }
        }
    }

    [Fact]
    public void Every_link_and_picture_in_a_notebook_or_document_leads_somewhere()
    {
        var documents = Directory.GetFiles(TheHost.Root, "*.md", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
        foreach (var file in Notebooks.Concat(documents))
        {
            foreach (Match link in Link().Matches(File.ReadAllText(file)))
            {
                var target = link.Groups[1].Value + link.Groups[2].Value;
                if (target.StartsWith("http", StringComparison.Ordinal) || target.StartsWith('#'))
                    continue;
                var path = Path.Combine(Path.GetDirectoryName(file)!, target.Split('#')[0]);
                Assert.True(Path.Exists(path), $"{Path.GetRelativePath(TheHost.Root, file)} links to {target}, which is not there.");
            }
        }
    }

    [Fact]
    public void Every_notebook_that_is_not_a_lesson_keeps_the_dialect_too()
    {
        foreach (var file in Notebooks)
            Assert.NotEmpty(Notebook.Load(file).Cells);
    }

    [Fact]
    public void Attribute_names_are_those_of_the_semantic_conventions_or_begin_with_shop()
    {
        var known = File.ReadLines(Path.Combine(TheHost.Root, "tests", "Tests", "semantic-conventions-1.44.0.txt")).ToHashSet();
        var sources = Notebooks.Concat(Directory.GetFiles(Path.Combine(TheHost.Root, "helpers"), "*.cs"));
        var used = sources.SelectMany(file => AttributeName().Matches(File.ReadAllText(file)).Select(m => (File: file, Name: m.Groups[1].Value + m.Groups[2].Value + m.Groups[3].Value))).ToArray();

        Assert.True(used.Length > 100, $"Only {used.Length} attribute names were found: does the pattern still fit the lessons?");
        Assert.All(used, u => Assert.True(known.Contains(u.Name) || u.Name.StartsWith("shop.", StringComparison.Ordinal),
            $"{Path.GetFileName(u.File)} uses the attribute {u.Name}."));
    }

    [Fact]
    public void Every_lesson_has_its_sections()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(TheHost.Root, "notebooks"), "*.dib").Order(StringComparer.Ordinal))
        {
            var (lesson, number) = (Path.GetFileName(file), int.Parse(Path.GetFileName(file)[..2]));
            var text = string.Join('\n', Notebook.Load(file).Cells.Where(c => c.Kind == CellKind.Markdown).Select(c => c.Source));

            Assert.StartsWith($"# {number} · ", text);
            Assert.Matches(@"\*\*\d+ minutes\.?\*\*", text);
            var goals = text[text.IndexOf("After this lesson you", StringComparison.Ordinal)..text.IndexOf("\n\n", text.IndexOf("\n- ", StringComparison.Ordinal), StringComparison.Ordinal)];
            Assert.InRange(goals.Split("\n- ").Length - 1, 1, 3);
            Assert.Contains("**Predict.**", text);
            Assert.Equal(number is >= 1 and <= 7, text.Contains("## Break it"));
            var recap = text[text.IndexOf("## Recap", StringComparison.Ordinal)..];
            Assert.InRange(recap.Split("\n- ").Length - 1, 1, 5);
            Assert.True(number == 8 || recap.Contains("**Next:** ["), $"{lesson} does not lead to the next one.");
            Assert.Contains($"](notebooks/{lesson})", File.ReadAllText(Path.Combine(TheHost.Root, "README.md")));
        }
    }

    [Theory]
    [InlineData(@"Open Telemetry|Opentelemetry|Open-Telemetry", "OpenTelemetry")]
    [InlineData(@"\bTraceParent\b|\btrace parent\b|\bTraceState\b", "traceparent, tracestate")]
    [InlineData(@"ASP\.Net|Asp\.Net|ASP\.NET core", "ASP.NET Core")]
    [InlineData(@"\b(?:Github|Nuget|Sqlite) ", "GitHub, NuGet, SQLite")]
    [InlineData(@"\btrace-id\b(?! *\|)|\btraceid\b", "trace id")]
    public void A_term_is_spelled_in_one_way(string wrong, string right)
    {
        foreach (var file in Notebooks.Concat(Directory.GetFiles(Path.Combine(TheHost.Root, "notebooks"), "*.md")).Append(Path.Combine(TheHost.Root, "README.md")))
        {
            var text = Path.GetExtension(file) == ".md" ? File.ReadAllText(file)
                : string.Join('\n', Notebook.Load(file).Cells.Where(c => c.Kind == CellKind.Markdown).Select(c => c.Source));
            var found = Regex.Match(CodeSpan().Replace(text, ""), wrong);
            Assert.False(found.Success, $"{Path.GetFileName(file)} says '{found.Value}'; the course writes {right}.");
        }
    }

    private static IEnumerable<(string Name, string Version)> References(string notebook) =>
        Notebook.Load(notebook).Cells.Where(c => c.Kind == CellKind.CSharp).SelectMany(Dialect.References)
            .Where(r => r.Version is not null).Select(r => (r.Name, r.Version!)).Distinct();

    [GeneratedRegex("""(?:SetTag|AddTag|Attribute)\("([a-z_]+(?:\.[a-z_]+)+)"|\["([a-z_]+(?:\.[a-z_]+)+)"\]|new\("([a-z_]+(?:\.[a-z_]+)+)",""")]
    private static partial Regex AttributeName();

    [GeneratedRegex("```.*?```|`[^`\n]*`", RegexOptions.Singleline)]
    private static partial Regex CodeSpan();

    [GeneratedRegex("""\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)["]""")]
    private static partial Regex Link();
}
