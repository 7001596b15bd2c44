using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Spectre.Console;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;

namespace TracingTutorial.Host.Reports;

/// <summary>
/// Writes to the terminal what happens: text or headings, each cell with its outputs and time, a summary.
/// Plain lines when the output is redirected; colour and a live status line on a terminal.
/// </summary>
internal sealed class ConsoleReport
{
    private const string Indent = "    ";

    private readonly IAnsiConsole _console;
    private readonly bool _live;
    private StatusContext? _status;
    private readonly bool _explanations;
    private Notebook? _notebook;
    private int _writtenUpTo;
    private ConsoleText _text = new();
    private Style _textStyle = Style.Plain;

    /// <param name="output">Where to write.</param>
    /// <param name="terminal">True when a person sees it on a terminal; false for a file, a pipe, a build log.</param>
    /// <param name="explanations">True to print the text of the lessons too, and not only their headings.</param>
    public ConsoleReport(TextWriter output, bool terminal, bool explanations = false)
    {
        _explanations = explanations;
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

    /// <summary>Takes the next step of a run.</summary>
    public void Write(RunEvent step)
    {
        switch (step)
        {
            case RunEvent.LessonStarted(var notebook):
                (_notebook, _writtenUpTo) = (notebook, 0);
                Line();
                _console.MarkupLine($"[bold]{Escape(notebook.Title)}[/]  [grey]{Escape(Paths.Display(notebook.Path))}[/]");
                Status($"{Path.GetFileName(notebook.Path)}: starting");
                break;
            case RunEvent.CellStarted(var cell):
                WriteText(_notebook!.Cells.Where(c => c.Number > _writtenUpTo && c.Number < cell.Number));
                _writtenUpTo = cell.Number;
                Status($"{Path.GetFileName(_notebook.Path)}: cell {cell.Number} of {_notebook.Cells.Count}");
                break;
            case RunEvent.CellProgress(var with):
                _console.MarkupLine($"  [grey]{Escape(with)} …[/]");
                Status(with);
                break;
            case RunEvent.Printed(var output):
                Print(output);
                break;
            case RunEvent.CellEnded(var cell):
                WriteEnd(cell);
                break;
            case RunEvent.LessonEnded(var result):
                if (_notebook is not null && result.Cells.All(c => c.Status != CellStatus.NotRun))
                    WriteText(_notebook.Cells.Where(c => c.Number > _writtenUpTo));
                foreach (var problem in result.Problems)
                {
                    Line();
                    Write(problem.ToString(), new Style(Color.Red));
                }

                _notebook = null;
                break;
        }
    }

    /// <summary>The text between two cells of code: in full where a person reads along, else the headings.</summary>
    private void WriteText(IEnumerable<Cell> cells)
    {
        foreach (var cell in cells.Where(c => c.Kind == CellKind.Markdown))
        {
            if (_explanations)
            {
                Line();
                TerminalMarkdown.Write(_console, cell.Text);
                continue;
            }

            foreach (var heading in cell.Text.Headings.Select(h => h.Text).Where(h => h != _notebook!.Title))
            {
                Line();
                _console.MarkupLine($"  [bold]{Escape(heading)}[/]");
            }
        }
    }

    private void Print(Output output)
    {
        if (output.Kind is OutputKind.Display)
            Break();
        // Console text arrives in pieces. Only whole lines are written: the live status line needs one of its own.
        _textStyle = StyleOf(output.Kind);
        _text.Append(output.Text.ReplaceLineEndings("\n"));
        foreach (var line in _text.TakeEnded())
            WriteLine(line);
        if (output.Kind is OutputKind.Display)
            Break();
    }

    private void WriteEnd(CellResult cell)
    {
        Break();
        var (mark, color) = cell.Status == CellStatus.Ok ? ("ok", "green") : ("FAILED", "red");
        _console.MarkupLine($"  [{color}]{mark}[/] [grey]cell {cell.Number}, line {cell.Line}, {Seconds(cell.Milliseconds)}[/]");
        if (cell.Problem is not null)
            Write(cell.Problem.ToString(), new Style(Color.Red));
        if (!string.IsNullOrEmpty(cell.Details))
            Write(cell.Details, new Style(Color.Grey));
    }

    /// <summary>The table of all notebooks and the line that counts them. True sentences also after a cancelled run.</summary>
    public void Summary(IReadOnlyList<LessonResult> results, int notRun, bool cancelled)
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
    public void Found(bool ok, bool required, string name, string detail, string wayOut)
    {
        var (mark, color) = ok ? ("ok", "green") : required ? ("not ok", "red") : ("note", "yellow");
        _console.MarkupLine($"[{color}]{mark,-10}[/]{Escape(name),-19} {Escape(detail.ReplaceLineEndings(" "))}");
        if (!ok)
            _console.MarkupLine($"{"",-10}[grey]-> {Escape(wayOut)}[/]");
    }

    private static bool Unfinished(LessonResult result) => result.Cells.Any(c => c.Status == CellStatus.NotRun);

    private static string Outcome(LessonResult result) =>
        result.Failed ? "[red]FAILED[/]" : Unfinished(result) ? "[yellow]not finished[/]" : "[green]passed[/]";

    private static string CountCells(IReadOnlyCollection<CellResult> cells)
    {
        int Of(CellStatus status) => cells.Count(c => c.Status == status);
        return string.Join(", ", new[]
        {
            $"{Of(CellStatus.Ok)} ok",
            Of(CellStatus.Failed) > 0 ? $"{Of(CellStatus.Failed)} failed" : "",
            Of(CellStatus.NotRun) > 0 ? $"{Of(CellStatus.NotRun)} not run" : "",
        }.Where(part => part.Length > 0));
    }

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";

    private static string Seconds(double milliseconds) => FormattableString.Invariant($"{milliseconds / 1000:0.00} s");

    private static Style StyleOf(OutputKind kind) => kind switch
    {
        OutputKind.StandardError => new Style(Color.Red),
        OutputKind.Note or OutputKind.Warning => new Style(Color.Yellow),
        _ => Style.Plain,
    };

    /// <summary>Text of a notebook within a line of ours: it may not move the cursor, colour the terminal, or name its window.</summary>
    private static string Escape(string text) => Markup.Escape(ConsoleText.Plain(text).Replace('\n', ' '));

    private void Write(string text, Style style)
    {
        foreach (var line in ConsoleText.LinesOf(text.ReplaceLineEndings("\n")))
            WriteLine(line, style);
    }

    private void Line() => _console.WriteLine();

    private void Break()
    {
        foreach (var line in _text.Lines.Where(line => line.Count > 0))
            WriteLine(line);
        _text = new ConsoleText();
    }

    private void WriteLine(IEnumerable<ConsoleSegment> line, Style? style = null)
    {
        var text = new Paragraph(Indent).Overflow(Overflow.Fold);
        foreach (var segment in line)
            text.Append(segment.Text.Replace("\t", "    "), StyleOf(segment, style ?? _textStyle));
        _console.Write(text.Append("\n"));
    }

    /// <summary>The style of a piece of console text, over that of its stream.</summary>
    private static Style StyleOf(ConsoleSegment segment, Style style)
    {
        foreach (var name in segment.Classes.Select(c => c["ansi-".Length..]))
        {
            var decoration = name == "inverse" ? Decoration.Invert : name == "strike" ? Decoration.Strikethrough
                : Enum.TryParse<Decoration>(name, ignoreCase: true, out var known) ? known : Decoration.None;
            if (decoration != Decoration.None)
                style = style.Decoration(style.Decoration | decoration);
            else if (name.StartsWith("on-", StringComparison.Ordinal))
                style = style.Background(ConsoleColour(name["on-".Length..]));
            else
                style = style.Foreground(ConsoleColour(name));
        }

        return style;
    }

    private static Color ConsoleColour(string name) => Color.FromInt32(ConsoleText.NumberOf(name));

    private void Status(string text) => _status?.Status(Escape(text));
}
