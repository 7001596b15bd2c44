using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Markdig.Extensions.Tables;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Spectre.Console;
using Spectre.Console.Rendering;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using Table = Markdig.Extensions.Tables.Table;
using TableCell = Markdig.Extensions.Tables.TableCell;
using TableRow = Markdig.Extensions.Tables.TableRow;

namespace TracingTutorial.Host.Reports;

/// <summary>
/// The text of a lesson for a terminal. Folded parts (hints, solutions) and pictures are left out, and said so where it helps.
/// </summary>
internal static class TerminalMarkdown
{
    private const int MaxColumns = 100;

    public static void Write(IAnsiConsole console, MarkdownText text)
    {
        foreach (var part in text.Pieces.Where(p => p is not Fold).SelectMany(p => Render(p.Block)))
            console.Write(new Padder(part, new Padding(2, 0, Math.Max(0, console.Profile.Width - MaxColumns), 1)));
    }

    private static IEnumerable<IRenderable> Render(Block block) => block switch
    {
        HeadingBlock heading => [new Markup($"[bold underline]{Inlines(heading.Inline)}[/]")],
        ParagraphBlock { Inline: { } inline } when Inlines(inline) is { Length: > 0 } text => [new Markup(text)],
        CodeBlock code => [new Padder(new Text(ConsoleText.Plain(code.Lines.ToString()), new Style(Color.Aqua)), new Padding(2, 0, 0, 0))],
        ListBlock list => [new Rows(list.OfType<ListItemBlock>().Select((item, i) => Item(list, item, i)))],
        QuoteBlock quote => quote.SelectMany(Render).Select(part => new Padder(part, new Padding(2, 0, 0, 0))),
        Table table => [RenderTable(table)],
        _ => [],
    };

    private static IRenderable Item(ListBlock list, ListItemBlock item, int index)
    {
        var mark = list.IsOrdered ? $"{index + 1}. " : "- ";
        var grid = new Grid()
            .AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(0))
            .AddColumn(new GridColumn().PadLeft(0).PadRight(0));
        return grid.AddRow(new Text(mark), new Rows(item.SelectMany(Render)));
    }

    private static Grid RenderTable(Table table)
    {
        var rows = table.OfType<TableRow>().ToArray();
        var columns = rows.Max(r => r.Count);
        var grid = new Grid();
        for (var i = 0; i < columns; i++)
            grid.AddColumn(new GridColumn().PadLeft(0).PadRight(2));
        foreach (var row in rows)
        {
            var texts = row.OfType<TableCell>()
                .Select(cell => string.Join(' ', cell.OfType<ParagraphBlock>().Select(p => Inlines(p.Inline))));
            grid.AddRow([.. texts.Concat(Enumerable.Repeat("", columns)).Take(columns)
                .Select(text => new Markup(row.IsHeader ? $"[bold]{text}[/]" : text))]);
        }

        return grid;
    }

    /// <summary>Text within a block, as markup of Spectre.Console.</summary>
    private static string Inlines(ContainerInline? inlines)
    {
        var text = new StringBuilder();
        foreach (var inline in inlines ?? Enumerable.Empty<Inline>())
        {
            text.Append(inline switch
            {
                LiteralInline literal => Escape(literal.Content.ToString()),
                CodeInline code => $"[aqua]{Escape(code.Content)}[/]",
                EmphasisInline emphasis => $"[{(emphasis.DelimiterCount == 2 ? "bold" : "italic")}]{Inlines(emphasis)}[/]",
                LinkInline { IsImage: true } image => $"[grey](picture: {Inlines(image)})[/]",
                LinkInline { Url: { } url } link when url.StartsWith("http", StringComparison.Ordinal) =>
                    $"{Inlines(link)} [grey]({Escape(url)})[/]",
                AutolinkInline auto => Escape(auto.Url),
                LineBreakInline line => line.IsHard ? "\n" : " ",
                HtmlEntityInline entity => Escape(entity.Transcoded.ToString()),
                ContainerInline container => Inlines(container),
                _ => "",
            });
        }

        return text.ToString();
    }

    private static string Escape(string text) => Markup.Escape(ConsoleText.Plain(text));
}
