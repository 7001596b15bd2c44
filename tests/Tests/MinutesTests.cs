using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using TracingTutorial.Course.Lessons;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>How long a lesson takes is computed.</summary>
public class MinutesTests
{
    private static readonly string Words260 = string.Join(' ', Enumerable.Repeat("word", 260));

    [Fact]
    public void Words_code_exercises_a_quiz_and_announced_minutes_count_and_nothing_else()
    {
        var lesson = DibReader.Parse("/notebooks/test.dib", HostRunner.Meta
            + $"#!markdown\n\n# Title\n\n{Words260}\n\n<!-- instructor: {Words260} -->\n\n<details>\n<summary>Hint</summary>\n\n{Words260}\n\n</details>\n\n"
            + "#!csharp\n\n#!import ../helpers/core.dib\n\n#!csharp\n\noneLine\n\n#!csharp\n\nvar a = 1;\na\n\n"
            + "#!markdown\n\n## Exercise 1.1\n\n#!csharp\n\n// Exercise 1.1: a\n1\n\n"
            + "#!markdown\n\n## Task (10 minutes)\n\n## Quiz\n\n" + Words260
            + "\n\n## In depth: more\n\n" + Words260 + Words260 + "\n\n### Still in depth\n\n" + Words260 + "\n\n## Stretch\n\n" + Words260
            + "\n");

        var sections = Minutes.Sections(lesson).ToDictionary(s => s.Heading, s => (Math.Round(s.Minutes), s.InDepth));

        Assert.Equal((3, false), sections["Title"]);               // 2 of words, 1 of code
        Assert.Equal((6, false), sections["Exercise 1.1"]);
        Assert.Equal((10, false), sections["Task (10 minutes)"]);
        Assert.Equal((5, false), sections["Quiz"]);
        Assert.Equal((6, true), sections["In depth: more"]);
        Assert.Equal((2, true), sections["Stretch"]);
        Assert.Equal(25, Minutes.Of(lesson));                       // 24, to the next five
        Assert.Equal(10, Minutes.InDepth(lesson));
    }

    [Fact]
    public void An_agenda_is_added_up_from_the_sections_that_its_rows_name()
    {
        var lesson = DibReader.Parse("/notebooks/03-test.dib",
            HostRunner.Meta
                + $"#!markdown\n\n# Title\n\n## First\n\n{Words260}\n\n## Second\n\n{Words260} {Words260}\n\n## In depth: more\n\n{Words260}\n\n## Quiz\n\nText.\n");
        const string Text =
            "# Kit\n\n### An evening (20 minutes)\n\n| from | min | what |\n|---|---|---|\n| 18:30 | 0 | lesson 3 |\n| 0:00 |  | lesson 3: "
                + "*Second*, *In depth: more*; not *all* of it |\n"
            + "| 0:00 | 1 | lesson 3 without *First* |\n| 0:00 | 1 | *break* (15 minutes) |\n\n### Nothing (5 minutes)\n\nNo table.\n";

        var filled = Agenda.Fill("/kit.md", Text, [lesson]);

        Assert.Contains(
            "| 18:30 | 10 | lesson 3 |\n| 18:40 | 7 | lesson 3: *Second*, *In depth: more*; not *all* of it |\n| 18:47 | 8 | lesson 3 "
                + "without *First* |\n| 18:55 | 15 | *break* (15 minutes) |\n", filled);
        var agenda = Assert.Single(Agenda.In("/kit.md", filled, [lesson]));
        Assert.Equal(("An evening (20 minutes)", 20, 40), (agenda.Heading, agenda.Promised, agenda.Rows.Sum(r => r.Minutes)));

        foreach (var (row, says) in new[] { ("lesson 3: *Third*", "/kit.md:8: 03-test.dib has no section 'Third'."),
            ("lunch", "/kit.md:8: This row of an agenda says neither"), ("lesson 4", "/kit.md:8: This row") })
            Assert.StartsWith(says,
                Assert.Throws<NotebookException>(() => Agenda.Fill("/kit.md",
                    Text.Replace("lesson 3: *Second*, *In depth: more*; not *all* of it", row), [lesson])).Message);
    }

    [Fact]
    public void The_agendas_for_instructors_keep_their_promise_within_five_minutes()
    {
        var kit = Path.Combine(HostRunner.Root, "notebooks", "INSTRUCTOR.md");
        var agendas = Agenda.In(kit, File.ReadAllText(kit).ReplaceLineEndings("\n"),
            [.. HostRunner.Lessons.Select(l => DibReader.Load(HostRunner.Lesson(l)))]).ToArray();

        Assert.Equal(4, agendas.Length);
        Assert.All(agendas, a => Assert.True(Math.Abs(a.Rows.Sum(r => r.Minutes) - a.Promised) <= 5,
            $"{a.Heading} is {a.Rows.Sum(r => r.Minutes)} minutes long. Leave a section out in notebooks/INSTRUCTOR.md, as in `lesson 3 without *Exercise 3.2*`, or promise other minutes in its heading."));
    }

    [Fact]
    public void A_lesson_takes_45_minutes_or_less()
    {
        foreach (var lesson in HostRunner.Lessons.Select(l => DibReader.Load(HostRunner.Lesson(l))))
            Assert.True(Minutes.Of(lesson) <= 45,
                $"{Path.GetFileName(lesson.Path)} takes {Minutes.Of(lesson)} minutes, and 45 at most. A part that can be skipped goes below a heading that begins with "
                + "`In depth` or `Stretch`: it costs nothing. Or make something shorter.");
    }

    [Fact]
    public void No_cell_needs_a_section_that_is_left_out()
    {
        var kit = Path.Combine(HostRunner.Root, "notebooks", "INSTRUCTOR.md");
        Notebook[] lessons = [.. HostRunner.Lessons.Select(l => DibReader.Load(HostRunner.Lesson(l)))];
        var faults = lessons.SelectMany(l => Needs(l, [.. Minutes.Sections(l).Where(s => !s.InDepth)]))
            .Concat(Agenda.In(kit, File.ReadAllText(kit), lessons).SelectMany(a => a.Rows).Where(r => r.Lesson is not null)
            .SelectMany(r => Needs(r.Lesson!, r.Sections)));

        Assert.True(!faults.Any(), string.Join("; ", faults));

        var lesson = DibReader.Parse("/notebooks/test.dib", HostRunner.Meta
            + "#!markdown\n\n# Title\n\n#!csharp\n\nusing System.IO;\nvar a = 1;\n\n#!markdown\n\n## First\n\n#!csharp\n\nusing "
                + "System.Xml;\nvar (b, c) = (a, 2);\nint D() => c;\nclass E;\n\n"
            + "#!markdown\n\n## Second\n\n#!csharp\n\nvar c = a;\nConsole.WriteLine($\"{D()}{b.ToString()}{c}{new "
                + "E()}{typeof(XmlReader)}\");\n");
        Assert.Equal(["using System.Xml;", "b", "D", "E"], Needs(lesson, [Minutes.Sections(lesson)[^1]])
            .Select(n => n.Split(" needs ")[1]));
    }

    /// <summary>Types and extension methods, by their namespace.</summary>
    private static readonly Lazy<ILookup<string, string>> InNamespace = new(() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        .Where(File.Exists).Select(AssemblyTypes).SelectMany(t => t).ToLookup(t => t.Namespace, t => t.Name));

    private static IEnumerable<(string Namespace, string Name)> AssemblyTypes(string path)
    {
        try
        {
            var assembly = Assembly.LoadFrom(path);
            return [.. assembly.GetExportedTypes().Where(t => t.Namespace is not null)
                .SelectMany(t => t.GetMethods().Where(m => m.IsDefined(typeof(ExtensionAttribute), false)).Select(m => m.Name)
                .Append(t.Name.Split('`')[0]), (t, name) => (t.Namespace!, name))];
        }
        catch (Exception e) when (e is BadImageFormatException or FileLoadException or FileNotFoundException or TypeLoadException)
        {
            return [];
        }
    }

    /// <summary>What the sections of a lesson need of those that are left out. Its head, with the imports, is always run.</summary>
    private static IEnumerable<string> Needs(Notebook lesson, IReadOnlyList<LessonSection> taught)
    {
        var sections = Minutes.Sections(lesson);
        var kept = sections.Where((s, i) => i == 0 || taught.Any(t => t.Heading == s.Heading)).SelectMany(s => s.Code).Select(Root)
            .ToArray();
        var declared = kept.SelectMany(Declared).ToHashSet();
        var used = kept.SelectMany(r => r.DescendantNodes()).OfType<SimpleNameSyntax>().Where(IsOfTheLesson)
            .Select(n => n.Identifier.ValueText).ToHashSet();
        var imported = kept.SelectMany(r => r.Usings).SelectMany(u => InNamespace.Value[u.Name!.ToString()]).ToHashSet();
        return sections.Skip(1).Where(s => taught.All(t => t.Heading != s.Heading)).SelectMany(s => s.Code).Select(Root)
            .SelectMany(Declared).Distinct()
            .Where(name => !declared.Contains(name) && (name.StartsWith("using ")
            ? InNamespace.Value[name[6..^1]].Except(imported).Any(used.Contains) : used.Contains(name) || name.StartsWith('#')))
            .Select(name => $"{lesson.Title} needs {name}");

        // Not a parameter or a variable of its own block.
        static bool IsOfTheLesson(SimpleNameSyntax name) => !name.Ancestors().TakeWhile(a => a is not GlobalStatementSyntax)
            .SelectMany(a => a.DescendantNodes()).Any(n => n switch
            {
                ParameterSyntax p => p.Identifier.ValueText,
                VariableDeclaratorSyntax v => v.Identifier.ValueText,
                SingleVariableDesignationSyntax v => v.Identifier.ValueText,
                _ => null,
            } == name.Identifier.ValueText);

        static CompilationUnitSyntax Root(Cell cell) => SyntaxFactory.ParseCompilationUnit(cell.Source.Replace("#!", "//"),
            options: CSharpText.Options);

        // Names for later cells, `using` lines, and packages.
        static IEnumerable<string> Declared(CompilationUnitSyntax root) =>
            root.Usings.Select(u => u.ToString()).Concat(root.GetReferenceDirectives().Select(r => r.ToString()))
            .Concat(root.DescendantNodes(n =>
                n is CompilationUnitSyntax or GlobalStatementSyntax or FieldDeclarationSyntax or VariableDeclarationSyntax or ExpressionStatementSyntax or AssignmentExpressionSyntax
                    or DeclarationExpressionSyntax or ParenthesizedVariableDesignationSyntax or VariableDesignationSyntax or TupleExpressionSyntax or ArgumentSyntax)
                .Select(n => n switch
                {
                    VariableDeclaratorSyntax variable => variable.Identifier.ValueText,
                    SingleVariableDesignationSyntax variable => variable.Identifier.ValueText,
                    MethodDeclarationSyntax method => method.Identifier.ValueText,
                    BaseTypeDeclarationSyntax type => type.Identifier.ValueText,
                    _ => "",
                }).Where(name => name.Length > 0));
    }

    [Fact]
    public void What_an_instructor_is_told_stands_below_its_heading_and_is_not_seen_by_a_learner()
    {
        var lesson = DibReader.Parse("/notebooks/03-test.dib",
            HostRunner.Meta
                + "#!markdown\n\n# Title\n\nText.\n\n<!-- instructor:\n**Say:** hello.\n-->\n\n#!markdown\n\n## "
                    + "First\n\nMore.\n\n**Predict.** Is it\nso?\n\n- **A.** Yes.\n- **B.** No.\n\n<!-- instructor: **Ask:** why? "
                        + "-->\n\n#!markdown\n\nStill.\n\n<!-- instructor: **Goes wrong:** all. -->\n");

        Assert.Equal("### Title (5 minutes)\n\n**Say:** hello.\n\n*First*\n\n> Is it so?\n\n**Ask:** why?\n\n**Goes wrong:** all.\n",
            InstructorNotes.Of(lesson));
        Assert.Equal("## First\n\nMore.\n\n", MarkdownText.Parse("## First\n\nMore.\n\n<!-- instructor: **Ask:** why? -->").WithoutNotes);
    }

    [Fact]
    public void What_is_made_from_the_lessons_is_up_to_date()
    {
        foreach (var (path, text) in GeneratedFiles.All(HostRunner.Root))
            Assert.True(File.ReadAllText(path).ReplaceLineEndings("\n") == text,
                $"{Path.GetFileName(path)} is not up to date: `dotnet run --project host -- run --rewrite` writes it anew.");
    }
}
