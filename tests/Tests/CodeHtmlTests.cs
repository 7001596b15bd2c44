using System.Collections.Generic;
using System.Linq;
using AngleSharp.Html.Parser;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Pages;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Code in colours is the code, to the last character.</summary>
public sealed class CodeHtmlTests
{
    public static TheoryData<string> Sources =>
    [
        "var x = \"\"\"\n    a \"raw\" <b>string</b> & more\n    \"\"\";",
        "var y = $\"\"\"{x} and {{not}}\"\"\" + $$\"\"\"{ {{x}} }\"\"\";",
        "record Parcel(string To, int Items = 3);\nrecord struct Point(int X);",
        "Console.WriteLine($\"{name,-10:0.0} {(a > b ? \"<\" : \">\")} {{}}\");",
        "#r \"nuget: OpenTelemetry, 1.20.1\"\n\nusing System;\n",
        "#!import ../helpers/core.dib",
        "#!import ../helpers/core.dib\n#r \"Microsoft.AspNetCore\"\nvar a = 1;",
        "#if NEVER\nwhat is not compiled <i>\n#else\nint b;\n#endif\n#pragma warning disable\n#region r\n#endregion",
        "/* a comment */ var c = 'x'; // and one more\n/// <summary>and a third</summary>\nvoid F() { }",
        "this is not ( code ] at all } \" <script>\n\t\u00a0é\ud83d\ude00 '",
        "",
        "\n\n  \n",
        "var unfinished = \"\"\"\n  no end",
        "var unfinished = $\"{",
        "@\"c:\\path\"\"s\" + 1_000.5e3m + 0xFF + \"bytes\"u8",
    ];

    [Theory]
    [MemberData(nameof(Sources))]
    public void Nothing_of_odd_code_is_lost(string source) => Assert.Equal(source, TextOf(source));

    [Fact]
    public void Nothing_of_any_cell_of_the_course_is_lost()
    {
        var cells = HostRunner.Lessons.SelectMany(name => DibReader.Load(HostRunner.Lesson(name)) is var lesson
            ? lesson.Code.Select(c => c.Source).Concat(lesson.Lesson.Solutions.Values.Select(s => s.Source)) : []).ToArray();

        Assert.True(cells.Length > 100);
        Assert.All(cells, source => Assert.Equal(source, TextOf(source)));
    }

    [Fact]
    public void Words_in_a_raw_string_are_text_and_record_is_a_keyword()
    {
        var code = new HtmlParser().ParseDocument(
            $"<pre>{CodeHtml.Of("record Parcel(string To);\nvar text = \"\"\"\n    class return\n    \"\"\";")}</pre>");

        Assert.Equal(["record", "string", "var"], Of("k"));
        Assert.Contains("class return", Assert.Single(Of("s")));
        Assert.Equal("Parcel", Of("t").First());

        IEnumerable<string> Of(string css) => code.QuerySelectorAll("." + css).Select(e => e.TextContent);
    }

    public static TheoryData<string> Deep => ["A<", "if(a)", "[", "(", "{", "$\"{", "$\"\"\"{", "a?[", "!", "a=>", "x?y:", "new(){",
        "= ( [ ", "else ", "([)", "/// <a>\n", "/** <a>", "#if (", "#if !"];

    [Theory]
    [MemberData(nameof(Deep))]
    public void Code_that_is_nested_without_end_has_no_colours_and_is_a_problem(string piece)
    {
        // A directive is one line.
        var (start, part) = piece.StartsWith('#') ? (piece[..^1], piece[^1..]) : ("", piece);
        var source = start + string.Concat(Enumerable.Repeat(part, 20_000));

        Assert.Equal(source, TextOf(source));
        var cell = new Cell("/notebooks/01.dib", 1, 1, CellKind.CSharp, source, "/notebooks");
        Assert.Contains("nested too deeply", Assert.Single(Dialect.Check(cell)).Message);
    }

    [Fact]
    public void No_cell_and_no_helper_is_nested_too_deeply()
    {
        var files = System.IO.Directory.GetFiles(System.IO.Path.Combine(HostRunner.Root, "helpers"), "*.cs",
            System.IO.SearchOption.AllDirectories);

        Assert.All(files, file => Assert.NotNull(CSharpText.Parse(System.IO.File.ReadAllText(file))));
    }

    private static string TextOf(string source)
    {
        var page = new HtmlParser().ParseDocument($"<pre>x{CodeHtml.Of(source)}</pre>"); // a page swallows a line break right behind <pre>
        Assert.All(page.QuerySelectorAll("pre *"), e => Assert.Equal("SPAN", e.TagName));
        return page.QuerySelector("pre")!.TextContent[1..];
    }
}
