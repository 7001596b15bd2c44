#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

/// <summary>A column of a <see cref="Table"/>.</summary>
/// <param name="Title">Its head.</param>
/// <param name="Width">How many columns of a terminal it takes; what is longer ends in "…". A page makes its own widths.</param>
/// <param name="Right">For numbers: their last digits are below each other.</param>
public sealed record TableColumn(string Title, int Width, bool Right = false);

/// <summary>A cell of a <see cref="Table"/>. A string converts to it.</summary>
/// <param name="Text">What it says.</param>
public sealed record TableCell(string Text)
{
    /// <summary>Red, with a ✖ in front.</summary>
    public bool Bad { get; init; }

    /// <summary>The class of a coloured mark in front (<see cref="Drawing.ServiceColors.Class"/>); on a page only.</summary>
    public string? Mark { get; init; }

    /// <summary>How many steps the text is indented, as in an outline.</summary>
    public int Indent { get; init; }

    /// <summary>A bar below the text, from 0 to 1; on a page only.</summary>
    public double? Bar { get; init; }

    /// <summary>Text makes a plain cell.</summary>
    public static implicit operator TableCell(string text) => new(text);

    internal string Plain => new string(' ', 2 * Indent) + (Bad ? "✖ " : "") + Text;
}

/// <summary>Rows and columns, once as HTML and once as text. At most 10,000 rows are drawn; how many are not is said.</summary>
/// <param name="columns">From left to right.</param>
public sealed class Table(params TableColumn[] columns) : NotebookView
{
    /// <summary>For a view that holds a table and other things: the style that <see cref="Rows"/> needs.</summary>
    public const string Css = """
        .tv .tv-table{border-collapse:collapse;border:0;width:auto;max-width:100%;font-size:12px}.tv .tv-table tr{background:none}
        .tv .tv-table th,.tv .tv-table td{border:0;border-bottom:1px solid var(--tv-line);padding:2px 16px 2px 0;text-align:left;
          vertical-align:top;overflow-wrap:break-word;font-size:12px;background:none;unicode-bidi:isolate}
        .tv .tv-table .tv-long{overflow-wrap:anywhere;min-width:16em}.tv .tv-table th{font-weight:600;color:var(--tv-dim)}
        .tv .tv-table .tv-num{text-align:right;white-space:nowrap}.tv-bar{margin-top:2px;border-top:4px solid currentColor;opacity:.5}

        """;

    private readonly List<TableCell[]> rows = [];
    private int more;

    /// <summary>What is counted when rows are left out: "4,960 more spans not shown."</summary>
    public string RowName { get; init; } = "row";

    /// <summary>Adds a row below the others.</summary>
    /// <exception cref="ArgumentException">There is not one cell for each column.</exception>
    public Table Row(params TableCell[] cells)
    {
        if (cells.Length != columns.Length)
            throw new ArgumentException($"A row of this table has {columns.Length} cells, not {cells.Length}.", nameof(cells));
        if (rows.Count < Drawing.MaxSpans)
            rows.Add(cells);
        else
            more++;
        return this;
    }

    /// <summary>A sentence below the rows.</summary>
    public string Note { get; init; } = "";

    private string Left => (more > 0 ? $"{Drawing.Count(more, "more " + RowName)} not shown. {Note}" : Note).TrimEnd();

    /// <summary>The table and its style.</summary>
    public override string ToHtml() => $"<style>{Drawing.Css}{Css}</style><div class=\"tv tv-scroll\" tabindex=\"0\">{Rows()}</div>";

    /// <summary>The table alone, for an element of class <c>tv</c> that has the styles.</summary>
    public string Rows()
    {
        var head = string.Concat(columns.Select(c => $"<th scope=\"col\"{Class(c)}>{Drawing.Encode(c.Title)}</th>"));
        var html = new StringBuilder($"<table class=\"tv-table\"><thead><tr>{head}</tr></thead><tbody>");
        foreach (var row in rows)
            html.Append("<tr>").AppendJoin("", row.Zip(columns, Cell)).Append("</tr>");
        return html.Append("</tbody></table>").Append(Left).ToString();
    }

    // Only a very long word is broken, so that one id does not make a table too wide for a page.
    private static string Class(TableColumn column, string text = "") => column.Right ? " class=\"tv-num\""
        : text.Split(' ').Any(word => word.Length > 24) ? " class=\"tv-long\"" : "";

    private static string Cell(TableCell cell, TableColumn column)
    {
        var indent = cell.Indent > 0 ? $" style=\"padding-left:{Drawing.Number(1.1 * cell.Indent)}em\"" : "";
        var mark = cell.Mark is null ? "" : $"<i class=\"tv-mark {cell.Mark}\"></i> ";
        var text = Drawing.Encode(cell.Text);
        var width = cell.Bar is { } share ? Drawing.Percent(double.IsNaN(share) ? 0 : Math.Clamp(share, 0, 1)) : null;
        return $"<td{Class(column, cell.Text)}{indent}>{mark}" + (cell.Bad ? $"<span class=\"tv-bad\">✖ {text}</span>" : text)
            + (width is null ? "</td>" : $"<div class=\"tv-bar\" style=\"width:{width}\"></div></td>");
    }

    /// <summary>One line for each row.</summary>
    public override string ToString() =>
        string.Join('\n', rows.Prepend(columns.Select(c => (TableCell)c.Title)).Select(Line).Append(Left)).TrimEnd('\n');

    private string Line(IEnumerable<TableCell> row) => string.Join(' ', row.Zip(columns, Fit)).TrimEnd();

    private static string Fit(TableCell cell, TableColumn column)
    {
        var text = Drawing.Fit(cell.Plain, column.Width, pad: !column.Right);
        return column.Right ? new string(' ', Math.Max(0, column.Width - Drawing.Columns(text))) + text : text;
    }
}
