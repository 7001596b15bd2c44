using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Text of a console looks the same everywhere: the cases are those of the page's script too.</summary>
public sealed class ConsoleTextTests
{
    private sealed record Case(string Name, string Text, ConsoleSegment[][] Lines);

    private static readonly Case[] Cases = JsonSerializer.Deserialize<Case[]>(
        File.ReadAllText(Path.Combine(TheHost.Root, "tests", "Tests", "conformance", "console-text.json")), JsonSerializerOptions.Web)!;

    public static TheoryData<string> Names => [.. Cases.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_text_is_what_a_terminal_leaves(string name)
    {
        var expected = Cases.Single(c => c.Name == name);

        Assert.Equal(Of(expected.Lines), Of(ConsoleText.LinesOf(expected.Text)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void It_may_come_in_pieces(string name)
    {
        var expected = Cases.Single(c => c.Name == name);
        var console = new ConsoleText();
        foreach (var sign in expected.Text)
            console.Append(sign.ToString());

        Assert.Equal(Of(expected.Lines), Of(console.Lines));
    }

    [Fact]
    public void HTML_of_a_console_is_text_in_colours() =>
        Assert.Equal("<span class=\"ansi-bold ansi-red\">&lt;b&gt;</span> 3", ConsoleText.Html("\u001b[1;31m<b>\u001b[0m 3"));

    [Fact]
    public void A_title_without_an_end_holds_nothing_back_for_ever()
    {
        var console = new ConsoleText();
        for (var i = 0; i < 100; i++)
            console.Append("\u001b]0;" + new string('x', 100));
        console.Append("\nshown");

        Assert.Equal("shown", Assert.Single(console.Lines.Last()).Text);
    }

    [Fact]
    public void A_problem_and_a_path_cannot_send_a_terminal_anything()
    {
        var problem = new Problem("/a/\u001b]0;owned\u0007.dib", 1, 2, "`#!\u001b[31m` is wrong", "Write it\u009b.").ToString();

        Assert.DoesNotContain(problem, c => char.IsControl(c) && c != '\n');
    }

    private static IEnumerable<string> Of(IEnumerable<IEnumerable<ConsoleSegment>> lines) =>
        lines.Select(line => string.Concat(line.Select(s => $"[{string.Join(' ', s.Classes)}|{s.Text}]")));
}
