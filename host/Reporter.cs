using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace TracingTutorial.Host;

/// <summary>
/// Tells the person in front of the terminal what happens: headings, each cell with its outputs and time, a summary.
/// Plain lines when the output is redirected; colour and a live status line on a terminal.
/// </summary>
internal sealed class Reporter
{
    private const string Indent = "    ";

    private readonly IAnsiConsole _console;
    private readonly bool _live;
    private StatusContext? _status;
    private int _reportedUpTo;
    private readonly StringBuilder _open = new();
    private Style _openStyle = Style.Plain;

    /// <param name="output">Where to write.</param>
    /// <param name="terminal">True when a person sees it on a terminal; false for a file, a pipe, a build log.</param>
    public Reporter(TextWriter output, bool terminal)
    {
        var detect = terminal ? AnsiSupport.Detect : AnsiSupport.No;
        _console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = detect, Out = new AnsiConsoleOutput(output) });
        _live = terminal && _console.Profile.Capabilities.Ansi;
        if (!terminal)
            _console.Profile.Width = 4096; // Text in a file is not wrapped.
    }

    /// <summary>Runs <paramref name="work"/> with a live status line, where there is a terminal to show it on.</summary>
    public T WithStatus<T>(Func<T> work) =>
        !_live
            ? work()
            : _console.Status().Spinner(Spinner.Known.Dots).Start("starting", status =>
            {
                _status = status;
                return work();
            });

    public void NotebookStarts(Notebook notebook)
    {
        _reportedUpTo = 0;
        Line();
        _console.MarkupLine($"[bold]{Escape(notebook.Title)}[/]  [grey]{Escape(Paths.Display(notebook.Path))}[/]");
        Status($"{Path.GetFileName(notebook.Path)}: starting");
    }

    public void CellStarts(Notebook notebook, Cell cell)
    {
        // The headings passed since the last cell tell the reader where in the lesson this is.
        foreach (var heading in notebook.Cells.Where(c => c.Kind == CellKind.Markdown && c.Number > _reportedUpTo && c.Number < cell.Number)
            .SelectMany(Notebook.Headings).Where(h => h != notebook.Title))
        {
            Line();
            _console.MarkupLine($"  [bold]{Escape(heading)}[/]");
        }

        _reportedUpTo = cell.Number;
        Status($"{Path.GetFileName(notebook.Path)}: cell {cell.Number} of {notebook.Cells.Count}");
    }

    public void CellIsBusy(string with)
    {
        _console.MarkupLine($"  [grey]{Escape(with)} …[/]");
        Status(with);
    }

    public void Output(CellOutput output)
    {
        if (output.Kind is OutputKind.Display)
            Break();
        // Console text arrives in pieces. Only whole lines are written: the live status line needs one of its own.
        foreach (var (text, ends) in Lines(output.Text))
        {
            _open.Append(Printable(text));
            _openStyle = StyleOf(output.Kind);
            if (ends)
                WriteOpenLine();
        }

        if (output.Kind is OutputKind.Display)
            Break();
    }

    public void CellEnds(CellResult cell)
    {
        Break();
        var (mark, color) = cell.Status switch
        {
            CellStatus.Ok => ("ok", "green"),
            CellStatus.Skipped => ("skipped", "yellow"),
            CellStatus.NotRun => ("not run", "yellow"),
            _ => ("FAILED", "red"),
        };
        _console.MarkupLine($"  [{color}]{mark}[/] [grey]cell {cell.Number}, line {cell.Line}, {Seconds(cell.Milliseconds)}[/]");
        if (cell.Problem is not null)
            Write(cell.Problem.ToString(), new Style(cell.Status == CellStatus.Failed ? Color.Red : Color.Yellow));
        if (!string.IsNullOrEmpty(cell.Details))
            Write(cell.Details, new Style(Color.Grey));
    }

    public void NotebookEnds(NotebookResult result)
    {
        foreach (var problem in result.Problems)
        {
            Line();
            Write(problem.ToString(), new Style(Color.Red));
        }
    }

    /// <summary>The table of all notebooks and the line that counts them. True sentences also after a cancelled run.</summary>
    public void Summary(IReadOnlyList<NotebookResult> results, int notRun, bool cancelled)
    {
        Line();
        var table = new Table().Border(_live ? TableBorder.Rounded : TableBorder.None);
        table.AddColumns("notebook", "result", "cells", "time", "memory");
        table.Columns[3].RightAligned();
        table.Columns[4].RightAligned();
        foreach (var result in results)
        {
            table.AddRow(
                Escape(Paths.Display(result.Path)),
                Outcome(result),
                Escape(CountCells(result.Cells)),
                Seconds(result.Milliseconds),
                result.PeakMemoryBytes == 0 ? "" : $"{result.PeakMemoryBytes / (1024 * 1024)} MiB");
        }

        _console.Write(table);
        Line();
        var failed = results.Count(r => r.Failed);
        var unfinished = results.Count(r => !r.Failed && Unfinished(r)) + notRun;
        _console.MarkupLine((cancelled ? "Cancelled. " : "")
            + Count(results.Count + notRun, "notebook") + ": "
            + $"{results.Count + notRun - failed - unfinished} passed, "
            + (failed > 0 ? $"[red]{failed} failed[/]" : "0 failed")
            + (unfinished > 0 ? $", [yellow]{unfinished} not run[/]" : "")
            + $"; cells: {CountCells(results.SelectMany(r => r.Cells).ToArray())}");
    }

    /// <summary>One line for each finding of the doctor, and below it the way out when there is one to take.</summary>
    public void Found(Finding finding)
    {
        var (mark, color) = finding.Ok ? ("ok", "green") : finding.Required ? ("not ok", "red") : ("not there", "yellow");
        _console.MarkupLine($"[{color}]{mark,-10}[/]{Escape(finding.Name),-20}{Escape(finding.Detail.ReplaceLineEndings(" "))}");
        if (!finding.Ok)
            _console.MarkupLine($"{"",-10}[grey]-> {Escape(finding.WayOut)}[/]");
    }

    /// <summary>Writes everything that was seen to a file, for other programs. host/README.md describes the form.</summary>
    public static void WriteJson(string path, IReadOnlyList<NotebookResult> results)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            WriteIndented = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // It is read by programs, and by people in a diff; never put into a page.
        };
        File.WriteAllText(path, JsonSerializer.Serialize(new { passed = !results.Any(r => r.Failed), notebooks = results }, options) + "\n");
    }

    private static bool Unfinished(NotebookResult result) => result.Cells.Any(c => c.Status == CellStatus.NotRun);

    private static string Outcome(NotebookResult result) =>
        result.Failed ? "[red]FAILED[/]" : Unfinished(result) ? "[yellow]not finished[/]" : "[green]passed[/]";

    private static string CountCells(IReadOnlyCollection<CellResult> cells)
    {
        int Of(CellStatus status) => cells.Count(c => c.Status == status);
        return string.Join(", ", new[]
        {
            $"{Of(CellStatus.Ok)} ok",
            Of(CellStatus.Skipped) > 0 ? $"{Of(CellStatus.Skipped)} skipped" : "",
            Of(CellStatus.Failed) > 0 ? $"{Of(CellStatus.Failed)} failed" : "",
            Of(CellStatus.NotRun) > 0 ? $"{Of(CellStatus.NotRun)} not run" : "",
        }.Where(part => part.Length > 0));
    }

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";

    private static string Seconds(double milliseconds) => FormattableString.Invariant($"{milliseconds / 1000:0.00} s");

    private static IEnumerable<(string Text, bool Ends)> Lines(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (i < lines.Length - 1)
                yield return (lines[i], true);
            else if (lines[i].Length > 0)
                yield return (lines[i], false);
        }
    }

    /// <summary>A notebook's output is text: it may not move the cursor or colour the terminal.</summary>
    private static string Printable(string text) =>
        string.Concat(text.Select(c => c == '\t' ? "    " : char.IsControl(c) ? "�" : c.ToString()));

    private static Style StyleOf(OutputKind kind) => kind switch
    {
        OutputKind.StandardError => new Style(Color.Red),
        OutputKind.Note => new Style(Color.Yellow),
        _ => Style.Plain,
    };

    private static string Escape(string text) => Markup.Escape(text);

    private void Write(string text, Style style)
    {
        foreach (var (line, _) in Lines(text))
            _console.Write(new Text(Indent + Printable(line) + "\n", style).Overflow(Overflow.Fold));
    }

    private void Line() => _console.WriteLine();

    private void Break()
    {
        if (_open.Length > 0)
            WriteOpenLine();
    }

    private void WriteOpenLine()
    {
        _console.Write(new Text(Indent + _open + "\n", _openStyle).Overflow(Overflow.Fold));
        _open.Clear();
    }

    private void Status(string text) => _status?.Status(Escape(text));
}
