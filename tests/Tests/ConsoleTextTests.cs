using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Text of a console looks the same everywhere: the cases are those of the page's script too.</summary>
public sealed class ConsoleTextTests(Browser browser)
{
    private sealed record Case(string Name, string Text, ConsoleSegment[][] Lines);

    private static readonly string Json =
        File.ReadAllText(Path.Combine(HostRunner.Root, "tests", "Tests", "conformance", "console-text.json"));

    // The texts of the cases need not be well-formed UTF-16.
    private static readonly Case[] Cases = JsonSerializer.Deserialize<Case[]>(
        Json, new JsonSerializerOptions(JsonSerializerOptions.Web) { Converters = { new SurrogateSafeText() } })!;

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
    public async Task The_page_draws_what_the_host_draws()
    {
        var script = File.ReadAllBytes(Path.Combine(HostRunner.Root, "host", "wwwroot", "console.js"));
        await using var page = await browser.NewPage(400);

        var faults = await page.Page.EvaluateAsync<string[]>("""
            async ([script, cases]) => {
              const { drawn } = await import(`data:text/javascript;base64,${script}`);
              const textOf = text => typeof text === 'string' ? text : String.fromCharCode(...new Uint16Array(Uint8Array.fromBase64(text.utf16).buffer));
              return JSON.parse(cases).map(({ name, text, lines }) => [name, JSON.stringify(lines), JSON.stringify(drawn(textOf(text)).lines)])
                .filter(([, expected, actual]) => expected !== actual).map(fault => fault.join('\n'));
            }
            """, new[] { Convert.ToBase64String(script), Json });

        Assert.Empty(faults);
        Assert.NotEmpty(Cases);
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
        var problem = new Problem("/a/\u001b]0;owned\u0007.dib", 1, 2, "`#!\u001b[31m` is wrong", "Write it\u009b\u202e.").ToString();

        Assert.DoesNotContain(problem, c => char.IsControl(c) && c != '\n' || c == '\u202e');
    }

    private static IEnumerable<string> Of(IEnumerable<IEnumerable<ConsoleSegment>> lines) =>
        lines.Select(line => string.Concat(line.Select(s => $"[{string.Join(' ', s.Classes)}|{s.Text}]")));
}
