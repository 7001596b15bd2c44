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

    private static IEnumerable<(string Name, string Version)> References(string notebook) =>
        Notebook.Load(notebook).Cells.Where(c => c.Kind == CellKind.CSharp).SelectMany(Dialect.References)
            .Where(r => r.Version is not null).Select(r => (r.Name, r.Version!)).Distinct();

    [GeneratedRegex("""\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)["]""")]
    private static partial Regex Link();
}
