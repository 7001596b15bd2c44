using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Course.Runs;

/// <summary>Text of one style within a line.</summary>
/// <param name="Text">Without control characters, but for tabs.</param>
/// <param name="Classes">As <c>ansi-bold</c>, <c>ansi-red</c>, <c>ansi-on-bright-blue</c>; empty for plain text.</param>
internal sealed record ConsoleSegment(string Text, IReadOnlyList<string> Classes);

/// <summary>
/// What a program has printed, as a terminal leaves it: a carriage return goes to the start of the line, and what follows is
/// written over it; a backspace goes back one place; colours (SGR) are kept as classes, and erasing and moving in a line (EL, CHA,
/// CUF, CUB) are done. All other escape sequences are removed; other control characters, and what changes the writing direction,
/// are replaced. The page has the same rules in JavaScript; tests/Tests/conformance/console-text.json is for both.
/// </summary>
internal sealed class ConsoleText
{
    /// <summary>A sequence that is longer without an end is none.</summary>
    private const int MaxSequence = 4096;

    /// <summary>Nothing is written to the right of it by a sequence that names a column.</summary>
    private const int MaxColumn = 1000;

    private static readonly string[] Colours = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
    private static readonly string[] Styles = ["bold", "dim", "italic", "underline", "inverse", "strike"];

    private readonly List<List<(Rune Sign, Style Style)>> _lines = [[]];
    private readonly StringBuilder _unfinished = new(); // the beginning of a sequence, or of a sign of two code units
    private Style _style;
    private int _column;

    /// <summary>The lines; the last one may grow. A text that ends with a line end has an empty last line.</summary>
    public IEnumerable<IReadOnlyList<ConsoleSegment>> Lines => _lines.Select(Segments);

    /// <summary>The number of a colour by its name, as <c>bright-red</c>: 0 to 15.</summary>
    public static int NumberOf(string colour) =>
        colour.StartsWith("bright-", StringComparison.Ordinal)
            ? Array.IndexOf(Colours, colour["bright-".Length..]) + 8
            : Array.IndexOf(Colours, colour);

    /// <summary>The lines of a whole text.</summary>
    public static IEnumerable<IReadOnlyList<ConsoleSegment>> LinesOf(string text)
    {
        var console = new ConsoleText();
        console.Append(text);
        return console.Lines;
    }

    /// <summary>A whole text without styles, for a place where nothing else is wanted.</summary>
    public static string Plain(string text) => string.Join('\n', LinesOf(text).Select(line => string.Concat(line.Select(s => s.Text))));

    /// <summary>A whole text as HTML, for a <c>pre</c> element.</summary>
    public static string Html(string text) =>
        string.Join('\n', LinesOf(text).Select(line => string.Concat(line.Select(s => s.Classes.Count == 0
            ? WebUtility.HtmlEncode(s.Text)
            : $"<span class=\"{string.Join(' ', s.Classes)}\">{WebUtility.HtmlEncode(s.Text)}</span>"))));

    /// <summary>Adds what was printed next.</summary>
    public void Append(string text)
    {
        _unfinished.Append(text);
        var all = _unfinished.ToString();
        _unfinished.Clear();
        var at = 0;
        while (at < all.Length)
        {
            var length = all[at] == '\u001b' ? Escape(all.AsSpan(at)) : Sign(all.AsSpan(at));
            if (length == 0 && all.Length - at > MaxSequence)
                length = all.Length - at;
            if (length == 0) // It goes on in the next piece.
            {
                _unfinished.Append(all.AsSpan(at));
                return;
            }

            at += length;
        }
    }

    /// <summary>Removes the lines that have ended, and returns them.</summary>
    public IReadOnlyList<IReadOnlyList<ConsoleSegment>> TakeEnded()
    {
        IReadOnlyList<ConsoleSegment>[] ended = [.. _lines.SkipLast(1).Select(Segments)];
        _lines.RemoveRange(0, ended.Length);
        return ended;
    }

    /// <summary>Takes one sign, and returns its length; 0 when it is not complete.</summary>
    private int Sign(ReadOnlySpan<char> text)
    {
        if (text.Length == 1 && char.IsHighSurrogate(text[0]))
            return 0;
        Rune.DecodeFromUtf16(text, out var sign, out var length); // half a sign becomes U+FFFD
        switch (sign.Value)
        {
            case '\n':
                _lines.Add([]);
                _column = 0;
                break;
            case '\r':
                _column = 0;
                break;
            case '\b':
                _column = Math.Max(0, _column - 1);
                break;
            default:
                Write(Paths.ActsOnTerminal(sign.Value) ? Rune.ReplacementChar : sign);
                break;
        }

        return length;
    }

    private void Write(Rune sign)
    {
        var line = _lines[^1];
        while (line.Count < _column)
            line.Add((new Rune(' '), default));
        if (_column < line.Count)
            line[_column] = (sign, _style);
        else
            line.Add((sign, _style));
        _column++;
    }

    /// <summary>
    /// Takes an escape sequence, and returns its length; 0 when it has not ended. No sequence goes over the end of a line.
    /// </summary>
    private int Escape(ReadOnlySpan<char> text)
    {
        if (text.Length == 1)
            return 0;
        if (text[1] is ']' or 'P' or '_' or '^' or 'X')
            return TextSequence(text);
        var end = text[1] == '[' ? 2 : 1;
        while (end < text.Length && text[end] is >= ' ' and <= '?' && (text[1] == '[' || text[end] <= '/'))
            end++;
        if (end == text.Length)
            return 0;
        if (text[end] is < ' ' or > '~')
            return end; // It is none: what is here is a sign of its own.
        if (text[1] == '[' && text[end] is 'm' or 'K' or 'G' or 'C' or 'D')
            Control(text[2..end].ToString(), text[end]);
        return end + 1;
    }

    /// <summary>The length of a sequence with a text in it, such as the title of a window.</summary>
    private static int TextSequence(ReadOnlySpan<char> text)
    {
        var end = text[2..].IndexOfAny('\u0007', '\u001b', '\n');
        if (end < 0 || (text[end += 2] == '\u001b' && end + 1 == text.Length))
            return 0;
        return text[end] switch { '\u0007' => end + 1, '\u001b' when text[end + 1] == '\\' => end + 2, _ => end };
    }

    private void Control(string parameters, char what)
    {
        var numbers = parameters.Split(';').Select(p => p.Length == 0 ? 0 : int.TryParse(p, out var number) ? number : -1).ToArray();
        var count = Math.Clamp(numbers[0], 1, MaxColumn);
        switch (what)
        {
            case 'K':
                Erase(numbers[0]);
                break;
            case 'm':
                _style = _style.With(numbers);
                break;
            default:
                if (numbers[0] >= 0)
                    _column = Math.Clamp(what switch { 'G' => count - 1, 'C' => _column + count, _ => _column - count }, 0, MaxColumn - 1);
                break;
        }
    }

    private void Erase(int what)
    {
        var line = _lines[^1];
        if (what is 0 or 2 && line.Count > _column)
            line.RemoveRange(_column, line.Count - _column);
        if (what is 1 or 2)
        {
            for (var i = 0; i < line.Count && i <= _column; i++)
                line[i] = (new Rune(' '), default);
        }

        if (what == 2)
            line.Clear();
    }

    private static IReadOnlyList<ConsoleSegment> Segments(List<(Rune Sign, Style Style)> line)
    {
        var segments = new List<ConsoleSegment>();
        for (var at = 0; at < line.Count;)
        {
            var (start, text) = (at, new StringBuilder());
            for (; at < line.Count && line[at].Style == line[start].Style; at++)
                text.Append(line[at].Sign);
            segments.Add(new ConsoleSegment(text.ToString(), [.. line[start].Style.Classes]));
        }

        return segments;
    }

    /// <summary>How text is drawn. A colour is 0 for none, and 1 to 16.</summary>
    private readonly record struct Style(int Flags, int Colour, int Background)
    {
        public IEnumerable<string> Classes
        {
            get
            {
                for (var i = 0; i < Styles.Length; i++)
                {
                    if ((Flags & (1 << i)) != 0)
                        yield return $"ansi-{Styles[i]}";
                }

                if (Colour > 0)
                    yield return $"ansi-{NameOf(Colour)}";
                if (Background > 0)
                    yield return $"ansi-on-{NameOf(Background)}";
            }
        }

        public Style With(int[] numbers)
        {
            var style = this;
            for (var i = 0; i < numbers.Length; i++)
            {
                style = numbers[i] switch
                {
                    0 => default,
                    1 => style.On(0),
                    2 => style.On(1),
                    3 => style.On(2),
                    4 => style.On(3),
                    7 => style.On(4),
                    9 => style.On(5),
                    22 => style.Off(0).Off(1),
                    23 => style.Off(2),
                    24 => style.Off(3),
                    27 => style.Off(4),
                    29 => style.Off(5),
                    >= 30 and <= 37 and var n => style with { Colour = n - 29 },
                    >= 90 and <= 97 and var n => style with { Colour = n - 81 },
                    >= 40 and <= 47 and var n => style with { Background = n - 39 },
                    >= 100 and <= 107 and var n => style with { Background = n - 91 },
                    38 => style with { Colour = Extended(numbers, ref i) },
                    48 => style with { Background = Extended(numbers, ref i) },
                    39 => style with { Colour = 0 },
                    49 => style with { Background = 0 },
                    _ => style,
                };
            }

            return style;
        }

        /// <summary>One of 256 colours, of which the first sixteen have names, or one by its red, green and blue.</summary>
        private static int Extended(int[] numbers, ref int at)
        {
            var (kind, colour) = (numbers.ElementAtOrDefault(at + 1), numbers.ElementAtOrDefault(at + 2));
            at += kind switch { 5 => 2, 2 => 4, _ => 0 };
            return kind == 5 && colour is >= 0 and < 16 ? colour + 1 : 0;
        }

        private Style On(int flag) => this with { Flags = Flags | (1 << flag) };

        private Style Off(int flag) => this with { Flags = Flags & ~(1 << flag) };

        private static string NameOf(int colour) => (colour > 8 ? "bright-" : "") + Colours[(colour - 1) % 8];
    }
}
