using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices.JavaScript;
using System.Text;
using System.Text.Json;
using System.Threading;

namespace TracingTutorial.Tab;

/// <summary>What one cell has sent so far.</summary>
internal sealed class CellOutput(string cell)
{
    public string Cell => cell;

    public int ConsoleText { get; set; }

    public bool IsCut { get; set; }

    public long ValueText { get; set; }

    public bool WroteError { get; set; }
}

/// <summary>What cells print and show, on its way to the page: bounded, and console text at most every 40 ms.</summary>
internal static partial class Output
{
    /// <summary>The most console text of one cell, in characters. The host has the same bound.</summary>
    public const int MostConsoleText = 1_000_000;

    /// <summary>The most text and HTML of one cell's values, in characters. The host has the same bound.</summary>
    public const int MostValueText = 32_000_000;

    private const int Pace = 40; // milliseconds
    private const int MostWaiting = 100_000; // characters

    private static readonly AsyncLocal<CellOutput?> Flow = new();
    private static readonly StringBuilder Text = new();
    private static (CellOutput? Of, string Kind) textOf;
    private static CellOutput? running;
    private static long lastFlush;

    /// <summary>Gives an event to the worker, which gives it to the page.</summary>
    [JSImport("send", "worker")]
    private static partial void Send(string json);

    /// <summary>Asks the worker to call <see cref="Flush"/> soon.</summary>
    [JSImport("flushSoon", "worker")]
    private static partial void FlushSoon();

    /// <summary>A cell begins: what its flow of calls prints from now on is its own.</summary>
    public static CellOutput Begin(string cell)
    {
        Console.SetOut(new Writer(isError: false)); // a cell may have set another one
        Console.SetError(new Writer(isError: true));
        return Flow.Value = running = new CellOutput(cell);
    }

    /// <summary>A cell has ended: what its flow prints from now on comes late.</summary>
    public static void End() => running = null;

    /// <summary>A value, by MIME type.</summary>
    /// <param name="id">What updates know it by; null for a value that stays as it is.</param>
    /// <param name="isUpdate">Whether it replaces the value that was shown with this id.</param>
    /// <param name="values">MIME type and text.</param>
    /// <exception cref="TooLargeException">The cell has shown too much.</exception>
    public static void Show(string? id, bool isUpdate, IReadOnlyList<(string MimeType, string Text)> values)
    {
        var of = Flow.Value ?? running;
        if (of is not null && (of.ValueText += values.Sum(v => (long)v.Text.Length)) > MostValueText)
            throw new TooLargeException(of.ValueText);
        Event("shown", of, json =>
        {
            if (id is not null)
                json.WriteString("valueId", id);
            json.WriteBoolean("update", isUpdate);
            json.WriteStartObject("values");
            foreach (var (mimeType, text) in values)
                json.WriteString(mimeType, text);
            json.WriteEndObject();
        });
    }

    /// <summary>A sentence of the kernel about the running cell.</summary>
    public static void Note(string text) => Event("note", running, json => json.WriteString("text", text));

    /// <summary>A warning of the compiler.</summary>
    public static void Warn(CellOutput of, string text) => Event("warned", of, json => json.WriteString("text", text));

    /// <summary>Why a cell failed.</summary>
    public static void Fail(CellOutput of, Failure failure) => Event("failed", of, json =>
    {
        json.WriteString("reason", failure.Reason);
        json.WriteString("message", failure.Message);
        json.WriteString("wayOut", failure.WayOut);
        json.WriteString("file", failure.File);
        json.WriteNumber("line", failure.Line);
        json.WriteString("details", failure.Details);
    });

    /// <summary>How a cell ended; the last event of a cell.</summary>
    public static void Ended(CellOutput of, bool ok, double milliseconds, double compiling) => Event("ended", of, json =>
    {
        json.WriteBoolean("ok", ok);
        json.WriteNumber("milliseconds", Math.Round(milliseconds, 1));
        json.WriteNumber("compiling", Math.Round(compiling, 1));
    });

    /// <summary>Sends console text that has waited long enough.</summary>
    public static void FlushIfDue()
    {
        if (Text.Length > 0 && Environment.TickCount64 - lastFlush >= Pace)
            Flush();
    }

    /// <summary>Sends the console text that waits.</summary>
    public static void Flush()
    {
        lastFlush = Environment.TickCount64;
        if (Text.Length == 0)
            return;
        var (text, (of, kind)) = (Text.ToString(), textOf);
        Text.Clear();
        Send(kind, of, json => json.WriteString("text", text));
    }

    private static void Print(string text, bool isError)
    {
        var of = Flow.Value;
        var kind = of is null || of != running ? "late" : isError ? "error" : "printed";
        if (of is not null)
        {
            of.WroteError |= isError && kind == "error";
            if (of.IsCut)
            {
                FlushIfDue();
                return;
            }

            if (of.ConsoleText + text.Length > MostConsoleText)
            {
                of.IsCut = true;
                text = text[..(MostConsoleText - of.ConsoleText)]
                    + FormattableString.Invariant($"\n… the rest is left out: the cell printed more than {MostConsoleText:N0} characters.\n");
            }

            of.ConsoleText += text.Length;
        }

        if (Text.Length > 0 && textOf != (of, kind))
            Flush();
        if (Text.Length == 0)
            FlushSoon();
        textOf = (of, kind);
        Text.Append(text);
        if (Text.Length > MostWaiting)
            Flush();
        else
            FlushIfDue();
    }

    private static void Event(string kind, CellOutput? of, Action<Utf8JsonWriter> write)
    {
        Flush();
        Send(kind, of, write);
    }

    private static void Send(string kind, CellOutput? of, Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteString("kind", kind);
            json.WriteString("cell", of?.Cell);
            write(json);
            json.WriteEndObject();
        }

        Send(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }

    private sealed class Writer(bool isError) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override string NewLine => "\n";

        public override void Write(char value) => Print(value.ToString(), isError);

        public override void Write(string? value) => Print(value ?? "", isError);

        public override void Write(char[] buffer, int index, int count) => Print(new string(buffer, index, count), isError);

        public override void Write(ReadOnlySpan<char> buffer) => Print(buffer.ToString(), isError);

        public override void WriteLine(string? value) => Print(value + "\n", isError);
    }
}

/// <summary>A cell shows more than a page can take.</summary>
internal sealed class TooLargeException(long characters) : Exception(FormattableString.Invariant(
    $"What the cell shows is too large: {characters / 1_000_000:N0} million characters, and {Output.MostValueText / 1_000_000} million is the most."));
