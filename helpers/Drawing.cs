#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

/// <summary>What all drawings share: numbers and texts made safe to show, in HTML and in a terminal, and a colour per service.</summary>
internal static class Drawing
{
    /// <summary>A duration with three significant digits and its unit: "830 µs", "1.24 ms", "2.1 s", "3 min 20 s".</summary>
    public static string Duration(TimeSpan time)
    {
        var (us, ms, s) = (time.TotalMicroseconds, time.TotalMilliseconds, time.TotalSeconds);
        return us < 999.5 ? Digits(us, "µs")
            : ms < 999.5 ? Digits(ms, "ms")
            : s < 119.5 ? Digits(s, "s")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(Math.Round(s) / 60):0} min {Math.Round(s) % 60:0} s");

        static string Digits(double value, string unit) =>
            value.ToString(value < 9.995 ? "0.##" : value < 99.95 ? "0.#" : "0", CultureInfo.InvariantCulture) + " " + unit;
    }

    public static string Count(int n, string what) => n == 1 ? $"1 {what}" : string.Create(CultureInfo.InvariantCulture, $"{n:N0} {what}s");

    /// <summary>Text for HTML, in an element or in a quoted attribute. Control characters become visible: they have no place in HTML.</summary>
    public static string Encode(string text)
    {
        if (!text.Any(c => c is '&' or '<' or '>' or '"' or '\'' || char.IsControl(c) || char.IsSurrogate(c)))
            return text;
        var html = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) // a broken surrogate pair comes out as U+FFFD
        {
            if (rune.Value is '&' or '<' or '>' or '"' or '\'' or '\r')
                html.Append("&#").Append(rune.Value).Append(';');
            else if (rune.Value is not ('\n' or '\t') && Rune.IsControl(rune))
                html.Append(Visible(rune).ToString());
            else
                html.Append(rune.ToString());
        }

        return html.ToString();
    }

    // Unicode has a picture for each of the 32 old control characters (U+2400: ␀).
    private static Rune Visible(Rune control) => control.Value < 0x20 ? new Rune(0x2400 + control.Value) : Rune.ReplacementChar;

    public static string Percent(double fraction) => (fraction * 100).ToString("0.##", CultureInfo.InvariantCulture) + "%";

    /// <summary>A colour per service: always the same one for a name, except where two names in one view would share it.</summary>
    public sealed class ServiceColors
    {
        // At least 3:1 against white and against #1e1e1e, and told apart with the common colour vision deficiencies. No red: that is for errors.
        public static readonly string[] Palette = ["#558add", "#bb35b6", "#906040", "#d072b6", "#159f73", "#5660e5", "#29837f", "#9b7216"];

        private readonly Dictionary<string, int> colors = [];

        public ServiceColors(IEnumerable<string> services)
        {
            var taken = new HashSet<int>();
            foreach (var service in services.Distinct().Order(StringComparer.Ordinal))
            {
                // string.GetHashCode differs from run to run, this one (FNV-1a) does not.
                var color = (int)(service.Aggregate(2166136261, (hash, c) => unchecked((hash ^ c) * 16777619)) % (uint)Palette.Length);
                while (taken.Count < Palette.Length && !taken.Add(color))
                    color = (color + 1) % Palette.Length;
                colors[service] = color;
            }
        }

        /// <summary>One class per colour: it sets a custom property.</summary>
        public static string Css(string css, string property) => string.Concat(Palette.Select((color, i) => $".{css}{i}{{{property}:{color}}}"));

        public string Class(string service) => $"tv-c{colors[service]}";
    }

    // ---- Text for a terminal -------------------------------------------------------------------------------------

    // One line without anything that a terminal would act on: control characters, line ends, changes of the writing direction.
    public static string Clean(string text) => string.Concat(text.EnumerateRunes().Select(rune => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control when rune.Value is '\n' or '\r' or '\t' => " ",
        UnicodeCategory.Control => Visible(rune).ToString(),
        UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => "\uFFFD",
        _ => rune.ToString(),
    }));

    /// <summary>The text in exactly (or, unpadded, at most) so many columns; what is too long ends in "…".</summary>
    public static string Fit(string text, int width, bool pad = true)
    {
        var line = new StringBuilder();
        var used = 0;
        var clean = Clean(text.Length > 4 * width ? text[..(4 * width)] : text); // enough to fill the line, however long the text
        foreach (var rune in clean.EnumerateRunes())
        {
            var columns = Columns(rune);
            if (used + columns > width - 1 && clean.EnumerateRunes().Sum(Columns) > width)
            {
                line.Append('…');
                used++;
                break;
            }

            line.Append(rune.ToString());
            used += columns;
        }

        return line.Append(' ', pad ? Math.Max(0, width - used) : 0).ToString();
    }

    /// <summary>The text in lines of at most so many columns, broken at spaces where there are any.</summary>
    public static IEnumerable<string> Wrap(string text, int width)
    {
        var (line, word, used) = (new StringBuilder(), new StringBuilder(), 0);
        foreach (var rune in (Clean(text) + " ").EnumerateRunes())
        {
            var wide = Columns(rune);
            if (used + wide > width && rune.Value != ' ')
            {
                if (line.Length == 0) // a word that does not fit on a line
                    (line, word) = (word, line);
                yield return line.ToString().TrimEnd();
                line.Clear();
                used = word.ToString().EnumerateRunes().Sum(Columns);
            }

            word.Append(rune.ToString());
            used += wide;
            if (rune.Value == ' ')
            {
                line.Append(word);
                word.Clear();
            }
        }

        if (line.ToString().Trim().Length > 0)
            yield return line.ToString().TrimEnd();
    }

    // Terminals draw East Asian characters and emoji two columns wide, and put accents on the character before them.
    public static int Columns(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark => 0,
        _ => rune.Value is >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0xD7A3 or >= 0xF900 and <= 0xFAFF or >= 0xFE30 and <= 0xFE6F or >= 0xFF00 and <= 0xFF60 or >= 0x1F300 ? 2 : 1,
    };
}
