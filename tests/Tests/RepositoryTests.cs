using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using TracingTutorial.Course.Lessons;
using Xunit;
using YamlDotNet.Serialization;

namespace TracingTutorial.Tests;

/// <summary>What must agree across the files of this repository.</summary>
public partial class RepositoryTests
{
    private static IEnumerable<string> Lessons => HostRunner.Lessons.Select(HostRunner.Lesson);

    private static IEnumerable<string> Notebooks => Lessons.Concat(Directory.GetFiles(Path.Combine(HostRunner.Root, "helpers"), "*.dib"));

    private static IEnumerable<string> HelperSources => Directory.GetFiles(Path.Combine(HostRunner.Root, "helpers"), "*.cs",
        SearchOption.AllDirectories)
        .Where(f => !IsBuilt(f));

    [Fact]
    public void Notebooks_and_projects_use_the_same_exact_package_versions()
    {
        var central = XDocument.Load(Path.Combine(HostRunner.Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(p => p.Attribute("Include")!.Value, p => p.Attribute("Version")!.Value);

        Assert.All(central.Values, version => Assert.Matches(@"^\d+\.\d+\.\d+(-[\w.]+)?$", version));
        var used = Notebooks.SelectMany(file => References(file).Select(r => (File: Path.GetFileName(file), r.Name, r.Version))).ToArray();
        Assert.NotEmpty(used);
        foreach (var (file, name, version) in used)
        {
            // Packages of one family share their version, also those that only a lesson uses.
            var known = central.GetValueOrDefault(name) ?? central[name.Split('.')[0]];
            Assert.True(version == known, $"{file} uses {name} {version}, Directory.Packages.props says {known}.");
        }

        // One place for each in helpers/: the layer that needs it.
        Assert.All(used.Where(u => File.Exists(Path.Combine(HostRunner.Root, "helpers", u.File))).GroupBy(u => u.Name),
            group => Assert.Single(group));
    }

    [Fact]
    public void What_runs_on_the_build_machines_of_others_is_pinned_and_the_issue_form_knows_the_lessons()
    {
        var uses = Files("*.yml").SelectMany(f => Uses().Matches(File.ReadAllText(f))).Select(m => m.Groups[1].Value).ToArray();
        Assert.True(uses.Length >= 6);
        Assert.All(uses, action => Assert.Matches(@"^[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", action));

        var form = new DeserializerBuilder().Build()
            .Deserialize<Dictionary<string, object>>(Read(".github/ISSUE_TEMPLATE/a-lesson-does-not-work.yml"));
        var first = (Dictionary<object, object>)((Dictionary<object, object>)((List<object>)form["body"])[0])["attributes"];
        Assert.Equal(Lessons.Select(l => DibReader.Load(l).Title.Split(':')[0]), ((List<object>)first["options"]).Cast<string>());
    }

    /// <summary>Above all not NU1603: another version than the one that is written down.</summary>
    [Fact]
    public void A_restore_of_the_projects_says_nothing()
    {
        var restored = Files("*.csproj").Select(p => Path.Combine(Path.GetDirectoryName(p)!, "obj", "project.assets.json"))
            .Where(File.Exists).ToArray();
        Assert.True(restored.Length >= 3);
        foreach (var file in restored)
        {
            using var json = JsonDocument.Parse(File.ReadAllText(file));
            var said = json.RootElement.TryGetProperty("logs", out var logs)
                ? logs.EnumerateArray().Select(l => $"{l.GetProperty("code")}: {l.GetProperty("message")}") : [];
            // what an audit finds changes from day to day
            Assert.DoesNotContain(said, s => !s.StartsWith("NU190", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_link_and_picture_in_a_notebook_or_document_leads_somewhere()
    {
        foreach (var file in Notebooks.Concat(Files("*.md")))
        {
            foreach (Match link in Link().Matches(File.ReadAllText(file)))
            {
                var target = link.Groups[1].Value + link.Groups[2].Value;
                if (target.StartsWith("http", StringComparison.Ordinal) || target.StartsWith('#'))
                    continue;
                var path = Path.Combine(Path.GetDirectoryName(file)!, target.Split('#')[0]);
                Assert.True(Path.Exists(path), $"{Path.GetRelativePath(HostRunner.Root, file)} links to {target}, which is not there.");
            }
        }
    }

    [Fact]
    public void Every_mention_of_a_lesson_or_an_exercise_is_of_one_that_is_there()
    {
        var numbers = HostRunner.Lessons.Select(l => int.Parse(l[..2])).ToHashSet();
        var exercises = Lessons.SelectMany(l => DibReader.Load(l).Code).Select(c => c.Exercise).OfType<string>().ToHashSet();
        var found = 0;
        foreach (var file in Notebooks.Concat(HelperSources).Concat(Files("*.md")).Concat(Files("*.yaml")).Concat(Files("*.json"))
            .Concat(Files("*.cs")).Concat(Files(".env")).Distinct())
        {
            var lines = File.ReadAllLines(file);
            for (var i = 0; i < lines.Length; i++)
            {
                var where = $"{Path.GetRelativePath(HostRunner.Root, file)}:{i + 1}";
                foreach (Match mention in LessonMention().Matches(lines[i]))
                {
                    foreach (Match number in Number().Matches(mention.Value))
                    {
                        found++;
                        Assert.True(numbers.Contains(int.Parse(number.Value)),
                            $"{where} speaks of lesson {number.Value}, which is not there.");
                    }
                }

                // they invent exercises
                if (!file.Contains("Tests", StringComparison.Ordinal) && Path.GetFileName(file) != "CONTRIBUTING.md")
                    Assert.All(ExerciseMention().Matches(lines[i]),
                        m => Assert.True(exercises.Contains(m.Groups[1].Value),
                            $"{where} speaks of exercise {m.Groups[1].Value}, which is not there."));
            }
        }

        Assert.True(found > 40, $"Only {found} mentions of lessons were found: does the pattern still fit?");
    }

    [Fact]
    public void Every_notebook_keeps_the_dialect_and_saving_it_in_VS_Code_changes_nothing()
    {
        var meta = string.Join('\n', Read("helpers/core.dib").Split('\n').Take(4));
        Assert.Matches(
            """^#!meta\n\n\{"kernelInfo":\{"defaultKernelName":"csharp","items":\[\{"name":"csharp",.*\{"name":"value"\}\]\}\}\n$""", meta);
        foreach (var file in Notebooks)
        {
            var text = File.ReadAllText(file).ReplaceLineEndings("\n");
            Assert.Empty(DibReader.Load(file).Problems);
            Assert.StartsWith(meta + "\n#!", text);
            // As VS Code writes it: a blank line around each marker.
            Assert.DoesNotMatch(@"(?m)^#!(csharp|markdown)\n(?!\n)|(?<!\n)\n#!(csharp|markdown)$", text[(meta.Length - 1)..]);
        }
    }

    [Fact]
    public void A_lesson_imports_the_layers_that_it_needs_first_and_no_others()
    {
        var layers = ((string[])["core", "shop", "headers", "otlp", "sampling", "incident", "takehome"])
            .ToDictionary(name => name, name => new Layer(name,
            Directory.GetFiles(Path.Combine(HostRunner.Root, "helpers", name), "*.cs")));
        foreach (var layer in layers.Values)
        {
            var notebook = DibReader.Load(Path.Combine(HostRunner.Root, "helpers", layer.Name + ".dib"));
            Assert.Equal(layer.Files.Order(StringComparer.Ordinal),
                notebook.Code.Select(c => c.ImportPath).OfType<string>().Order(StringComparer.Ordinal));
        }

        foreach (var path in Lessons)
        {
            var lesson = DibReader.Load(path);
            var code = lesson.Code.ToArray();
            var imports = code.Select(c => c.ImportPath).OfType<string>()
                .Select(p => Path.GetRelativePath(Path.Combine(HostRunner.Root, "helpers"), p).Replace('\\', '/')).ToArray();
            var exercises = Path.Combine(HostRunner.Root, "helpers", "exercises", Path.GetFileName(path)[..2] + ".cs");

            var own = Identifiers(code.Where(c => c.ImportPath is null).Select(c => c.Source).Concat(File.Exists(exercises)
                ? [File.ReadAllText(exercises)] : []));
            var needed = layers.Values.Where(l => l.Types.Overlaps(own)).ToHashSet();
            while (needed.SelectMany(l => layers.Values.Where(other => other.Types.Overlaps(l.Uses))).Any(needed.Add))
            {
            }

            string[] expected = [.. layers.Values.Where(needed.Contains).Select(l => l.Name + ".dib"), .. File.Exists(exercises)
                ? [$"exercises/{Path.GetFileName(exercises)}"] : (string[])[]];
            Assert.True(expected.SequenceEqual(imports),
                $"{Path.GetFileName(path)} imports {string.Join(", ", imports)} and needs {string.Join(", ", expected)}.");
            // Before the imports, the engine's own activity swallows spans: only `#r` and `using` stand above them.
            var above = code.TakeWhile(c => c.ImportPath is null).SelectMany(c => c.Source.Split('\n'));
            Assert.All(above, line => Assert.Matches(@"^(#r .*|using [\w.]+;|//.*|)$", line));
            Assert.Equal(imports.Length, code.SkipWhile(c => c.ImportPath is null).TakeWhile(c => c.ImportPath is not null).Count());
        }
    }

    /// <summary>What CONTRIBUTING.md says of files in helpers and host.</summary>
    internal const int MostLines = 300;

    private const int MostColumns = 140;

    [Fact]
    public void Helpers_and_host_are_files_of_one_concept_that_a_reader_can_take_in()
    {
        foreach (var file in HelperSources)
        {
            var lines = File.ReadAllLines(file);
            var name = Path.GetRelativePath(HostRunner.Root, file);
            Assert.True(lines.Length <= MostLines,
                $"{name} has {lines.Length} lines, and {MostLines} at most can be taken in. Give a type that the exercises share a file of its own in "
                + "the lesson's layer, or make a rule shorter.");
            Assert.Equal("#nullable enable", lines[0]);
        }

        foreach (var file in Files("*.cs").Where(f => Path.GetRelativePath(HostRunner.Root, f)
            .Split(Path.DirectorySeparatorChar)[0] is "course" or "host"))
        {
            Assert.True(File.ReadAllLines(file).Length <= MostLines, $"{Path.GetRelativePath(HostRunner.Root, file)} is longer than "
                + $"{MostLines} lines: which concept in it could have a file of its own?");
        }

        foreach (var folder in (string[])["course", "helpers", "host"])
        {
            var sources = new[] { "*.cs", "*.js", "*.css" }.SelectMany(Files)
                .Where(f => f.StartsWith(Path.Combine(HostRunner.Root, folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                .ToArray();
            Assert.NotEmpty(sources);
            Assert.All(sources, file => Assert.All(File.ReadAllLines(file), line => Assert.True(line.Length <= MostColumns,
                $"{Path.GetRelativePath(HostRunner.Root, file)} has a line of {line.Length} columns, "
                    + $"and {MostColumns} at most fit on a screen: break it. {line}")));
        }

        // Compiling what is imported is two thirds of a lesson's start.
        Assert.InRange(Directory.GetFiles(Path.Combine(HostRunner.Root, "helpers", "core"), "*.cs")
            .Sum(f => File.ReadAllLines(f).Count(IsCode)), 500, 2280);

        static bool IsCode(string line) => line.Trim() is { Length: > 0 } text && !text.StartsWith("//", StringComparison.Ordinal);
    }

    [Fact]
    public void Attribute_names_are_those_of_the_semantic_conventions_or_begin_with_shop()
    {
        var known = File.ReadLines(Path.Combine(HostRunner.Root, "tests", "Tests", "semantic-conventions-1.44.0.txt")).ToHashSet();
        var used = Notebooks.Concat(HelperSources).SelectMany(file => AttributeName().Matches(File.ReadAllText(file))
            .Select(m => (File: file, Name: m.Groups[1].Value + m.Groups[2].Value + m.Groups[3].Value))).ToArray();

        Assert.True(used.Length > 80, $"Only {used.Length} attribute names were found: does the pattern still fit the lessons?");
        Assert.All(used, u => Assert.True(known.Contains(u.Name) || u.Name.StartsWith("shop.", StringComparison.Ordinal),
            $"{Path.GetFileName(u.File)} uses the attribute {u.Name}."));
    }

    [Fact]
    public void Every_lesson_has_its_sections()
    {
        foreach (var file in Lessons)
        {
            var (lesson, number) = (Path.GetFileName(file), int.Parse(Path.GetFileName(file)[..2]));
            var text = string.Join('\n', DibReader.Load(file).Cells.Where(c => c.Kind == CellKind.Markdown).Select(c => c.Source));

            Assert.StartsWith($"# {number} · ", text);
            Assert.Matches(@"\*\*\d+ minutes\.?\*\*", text);
            var goals = text[text.IndexOf("After this lesson you", StringComparison.Ordinal)..text.IndexOf("\n\n",
                text.IndexOf("\n- ", StringComparison.Ordinal), StringComparison.Ordinal)];
            Assert.InRange(goals.Split("\n- ").Length - 1, 1, 3);
            Assert.Contains("**Predict.**", text);
            Assert.Equal(number is >= 1 and <= 9, text.Contains("## Break it")); // in lesson 10, everything is broken
            var recap = text[text.IndexOf("## Recap", StringComparison.Ordinal)..];
            Assert.InRange(recap.Split("\n- ").Length - 1, 1, 5);
            Assert.True(number == 11 || recap.Contains("**Next:** ["), $"{lesson} does not lead to the next one.");
            Assert.Contains($"](notebooks/{lesson})", Read("README.md"));
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
        foreach (var file in Notebooks.Concat(Directory.GetFiles(Path.Combine(HostRunner.Root, "notebooks"), "*.md"))
            .Append(Path.Combine(HostRunner.Root, "README.md")))
        {
            var text = Path.GetExtension(file) == ".md"
                ? File.ReadAllText(file)
                : string.Join('\n', DibReader.Load(file).Cells.Where(c => c.Kind == CellKind.Markdown).Select(c => c.Source));
            var found = Regex.Match(CodeSpan().Replace(text, ""), wrong);
            Assert.False(found.Success, $"{Path.GetFileName(file)} says '{found.Value}'; the course writes {right}.");
        }
    }

    [Fact]
    public void A_checkout_on_Windows_keeps_the_line_ends_that_the_notebooks_need() =>
        Assert.Matches(@"(?m)^\* +text=auto +eol=lf$", Read(".gitattributes"));

    private static string Read(string path) => File.ReadAllText(Path.Combine(HostRunner.Root, path)).ReplaceLineEndings("\n");

    private static IEnumerable<string> Files(string pattern) =>
        Directory.GetFiles(HostRunner.Root, pattern, new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Where(f => !IsBuilt(f)
            && !f.Contains($"{Path.DirectorySeparatorChar}.git{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static bool IsBuilt(string file) => Path.GetRelativePath(HostRunner.Root, file).Split(Path.DirectorySeparatorChar)
        .Any(part =>
            part is "bin" or "obj" or "TestResults" or "artifacts" or "BenchmarkDotNet.Artifacts" or ".progress" or "site" or "node_modules");

    private static IEnumerable<(string Name, string Version)> References(string notebook) =>
        DibReader.Load(notebook).Code.SelectMany(Dialect.References).Where(r => r.Version is not null).Select(r => (r.Name, r.Version!))
        .Distinct();

    private static HashSet<string> Identifiers(IEnumerable<string> sources) =>
        [.. sources.SelectMany(s => Identifier().Matches(s)).Select(m => m.Value)];

    /// <summary>A layer of the helpers: the types that it brings, and the names that it uses.</summary>
    private sealed class Layer(string name, string[] files)
    {
        public string Name => name;

        public string[] Files => files;

        public HashSet<string> Types { get; } = [.. files.SelectMany(f => PublicType().Matches(File.ReadAllText(f)))
            .Select(m => m.Groups[1].Value)];

        public HashSet<string> Uses { get; } = Identifiers(files.Select(f => Comment().Replace(File.ReadAllText(f), "")));
    }

    [GeneratedRegex(@"^public (?:sealed |static |abstract |readonly |partial )*(?:class|record struct|record|struct|enum|interface) (\w+)",
        RegexOptions.Multiline)]
    private static partial Regex PublicType();

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\b[A-Z]\w+")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"(?i)\blessons? (?:\d+(?:, | and | to | or |–)?)+")]
    private static partial Regex LessonMention();

    [GeneratedRegex(@"(?m)^\s*-? *uses: (.+)$")]
    private static partial Regex Uses();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();

    [GeneratedRegex(@"(?i)\bexercise (\d+\.\d+)")]
    private static partial Regex ExerciseMention();

    [GeneratedRegex("""(?:SetTag|AddTag|Attribute)\("([a-z_]+(?:\.[a-z_]+)+)"|\["([a-z_]+(?:\.[a-z_]+)+)"\]|new\("([a-z_]+(?:\.[a-z_]+)+)",""")]
    private static partial Regex AttributeName();

    [GeneratedRegex("```.*?```|`[^`\n]*`", RegexOptions.Singleline)]
    private static partial Regex CodeSpan();

    [GeneratedRegex("""\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)["]""")]
    private static partial Regex Link();
}
