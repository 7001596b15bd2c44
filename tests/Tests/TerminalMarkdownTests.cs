using System.IO;
using Spectre.Console;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Host.Reports;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The text of a lesson as a terminal shows it.</summary>
public class TerminalMarkdownTests
{
    [Fact]
    public void Text_is_readable_without_its_marks_and_folds_are_left_out()
    {
        var text = Written("""
            # A *title* [x]

            Some **bold** text with `code[0]`, a [link](https://example.org/a) and [lesson 2](02-custom-spans.dib).

            - **A.** one
            - two `x`

            1. first
            2. second

            | name | value |
            |---|---|
            | `a` | 1 |

            ```csharp
            var x = 1; // [not markup]
            ```

            ![A picture](../assets/pipeline.svg)

            <details>
            <summary>Hint 1</summary>

            Folded away.

            </details>

            > Quoted.

            <!-- instructor: only for one -->

            The end.
            """);

        foreach (var line in (string[])["A title [x]", "Some bold text with code[0], a link (https://example.org/a) and lesson 2.",
            "- A. one", "- two x", "1. first", "2. second",
            "name  value", "a     1", "var x = 1; // [not markup]", "(picture: A picture)", "Quoted.", "The end."])
            Assert.Contains(line, text);
        foreach (var gone in (string[])["Folded", "Hint", "instructor", "**", "```", "<"])
            Assert.DoesNotContain(gone, text);
    }

    [Fact]
    public void Control_characters_in_a_text_do_not_reach_the_terminal() =>
    Assert.DoesNotContain('\u001b', Written("a \u001b[31m b `\u001b[0m`"));

    private static string Written(string markdown)
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 120;
        TerminalMarkdown.Write(console, MarkdownText.Parse(markdown));
        return output.ToString();
    }
}
