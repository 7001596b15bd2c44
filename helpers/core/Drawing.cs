#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

/// <summary>
/// What all drawings share: numbers and texts made safe to show, in HTML and in a terminal, and a colour per service. Numbers
/// are written with a decimal point on every machine: HTML, CSS and SVG know no other.
/// </summary>
public static class Drawing
{
    /// <summary>A view never draws more spans than this; what is left out is said below it.</summary>
    public const int MaxSpans = 10_000;

    /// <summary>A drawn text is cut after so many characters: a label of a megabyte would be stored with the notebook.</summary>
    public const int MaxText = 500;

    /// <summary>
    /// A duration with three significant digits and its unit: "830 µs", "1.24 ms", "2.1 s", "3 min 20 s", "30 h 0 min", "2 d 3 h".
    /// </summary>
    public static string Duration(TimeSpan time)
    {
        if (time < TimeSpan.Zero)
            return "−" + Duration(time == TimeSpan.MinValue ? TimeSpan.MaxValue : -time);
        var (us, ms, s) = (time.TotalMicroseconds, time.TotalMilliseconds, time.TotalSeconds);
        return us < 999.5 ? Digits(us, "µs")
            : ms < 999.5 ? Digits(ms, "ms")
            : s < 119.5 ? Digits(s, "s")
            : s < 7_199.5 ? Parts(Math.Round(s), 60, "min", "s")
            : s < 172_770 ? Parts(Math.Round(s / 60), 60, "h", "min")
            : Parts(Math.Round(s / 3600), 24, "d", "h");

        static string Digits(double value, string unit) =>
            value.ToString(value < 9.995 ? "0.##" : value < 99.95 ? "0.#" : "0", CultureInfo.InvariantCulture) + " " + unit;

        static string Parts(double value, int size, string large, string small) =>
            $"{Number(Math.Floor(value / size))} {large} {Number(value % size)} {small}";
    }

    /// <summary>"1 span", "2 spans", "4,960 spans"; "2 copies", if the plural is given.</summary>
    public static string Count(long n, string what, string? many = null) =>
        n == 1 ? $"1 {what}" : string.Create(CultureInfo.InvariantCulture, $"{n:N0} {many ?? what + "s"}");

    /// <summary>A number for SVG, CSS or text: at most two decimals, with a point.</summary>
    public static string Number(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A share from 0 to 1 as per cent, for CSS and for text: "12.5%".</summary>
    public static string Percent(double fraction) => Number(fraction * 100) + "%";

    /// <summary>The text, cut after so many characters; what is left out is said.</summary>
    public static string Cut(string text, int limit = MaxText)
    {
        if (text.Length <= limit)
            return text;
        var end = char.IsHighSurrogate(text[limit - 1]) ? limit - 1 : limit;
        return $"{text[..end]}… ({Count(text.Length - end, "more character")})";
    }

    /// <summary>
    /// Text for HTML, in an element or in a quoted attribute, cut after <paramref name="limit"/> characters. Control
    /// characters become visible: they have no place in HTML. What changes the writing direction is replaced.
    /// </summary>
    public static string Encode(string text, int limit = MaxText)
    {
        text = Cut(text, limit);
        return text.All(c => c is >= ' ' and <= '~' and not ('&' or '<' or '>' or '"' or '\'')) ? text
            : string.Concat(text.EnumerateRunes().Select(rune => rune.Value switch // a broken surrogate pair comes out as U+FFFD
            {
                '&' or '<' or '>' or '"' or '\'' or '\r' => $"&#{rune.Value};",
                '\n' or '\t' => rune.ToString(),
                _ => Harmless(rune),
            }));
    }

    /// <summary>
    /// Text for a terminal: one line without anything that a terminal would act on, such as control characters and changes of
    /// the writing direction. Joiners and soft hyphens stay: they are part of words.
    /// </summary>
    public static string Clean(string text)
    {
        text = Cut(text, 10 * MaxText);
        return text.All(c => c is >= ' ' and <= '~') ? text : string.Concat(text.EnumerateRunes().Select(rune =>
            rune.Value is '\n' or '\r' or '\t' or 0x85 or 0x2028 or 0x2029 ? " " : Harmless(rune)));
    }

    // Unicode has a picture for each of the 32 old control characters (U+2400: ␀). Embeddings, overrides and isolates (the explicit
    // formatting characters of UAX #9) change the order in which what follows them is drawn.
    private static string Harmless(Rune rune) => rune.Value < ' ' ? ((char)(0x2400 + rune.Value)).ToString()
        : rune.Value is >= 0x7F and <= 0x9F or >= 0x202A and <= 0x202E or >= 0x2066 and <= 0x2069 ? "\uFFFD" : rune.ToString();

    /// <summary>The text in exactly (or, unpadded, at most) so many columns; what is too long ends in "…".</summary>
    public static string Fit(string text, int width, bool pad = true)
    {
        var line = Clean(text);
        if (Columns(line) > width)
            line = TextWidth.Start(line, width - 1) + "…";
        return line + new string(' ', pad ? Math.Max(0, width - Columns(line)) : 0);
    }

    /// <summary>The text in lines of at most so many columns, broken at spaces where there are any.</summary>
    public static IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var word in Clean(text).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && Columns(line) + 1 + Columns(word) > width)
            {
                yield return line;
                line = "";
            }

            line += line.Length > 0 ? " " + word : word;
            while (Columns(line) > width && TextWidth.Start(line, width) is { Length: > 0 } start)
            {
                yield return start;
                line = line[start.Length..];
            }
        }

        if (line.Length > 0)
            yield return line;
    }

    /// <summary>How wide a terminal draws it, in columns: wide signs take two, joiners and accents none.</summary>
    public static int Columns(string text) => TextWidth.Of(text);

    // ---- Colours -------------------------------------------------------------------------------------------------

    /// <summary>A colour per service: always the same one for a name, except where two names in one view would share it.</summary>
    public sealed class ServiceColors
    {
        // At least 3:1 against white and against #1e1e1e, and told apart with the common colour vision deficiencies.
        // No red: that is for errors.
        internal static readonly string[] Palette =
            ["#558add", "#bb35b6", "#906040", "#d072b6", "#159f73", "#5660e5", "#29837f", "#9b7216"];

        private readonly Dictionary<string, int> colors = [];

        /// <summary>The colours of these services in one view.</summary>
        public ServiceColors(IEnumerable<string> services)
        {
            var taken = new HashSet<int>();
            foreach (var service in services.Distinct().Order(StringComparer.Ordinal))
            {
                // string.GetHashCode differs from run to run, this one (FNV-1a) does not. From this seed, api-gateway, user-service,
                // payment-service, orders and warehouse have five different colours.
                var color = (int)((service.Aggregate(4046u, (hash, c) => unchecked((hash ^ c) * 16777619)) >> 14) % (uint)Palette.Length);
                while (taken.Count < Palette.Length && !taken.Add(color))
                    color = (color + 1) % Palette.Length;
                colors[service] = color;
            }
        }

        /// <summary>One class per colour: it sets a custom property.</summary>
        public static string Css(string css, string property) =>
            string.Concat(Palette.Select((color, i) => $".{css}{i}{{{property}:{color}}}"));

        /// <summary>The class of a service's mark and bars.</summary>
        public string Class(string service) => $"tv-c{colors[service]}";
    }

    /// <summary>
    /// What all views start with, inside of a style element. Colours are mixed from the page's own text colour, so that one
    /// style is readable on light and on dark pages. What a sign says is in its shape too, and shapes are made of borders: browsers
    /// print no backgrounds unless told to, and in forced colours (a contrast theme) all backgrounds are alike. There a transparent
    /// border is seen, so what is made of one keeps its own colours.
    /// </summary>
    public static readonly string Css = """
        .tv{font:13px/1.4 system-ui,-apple-system,"Segoe UI",sans-serif;text-align:left;color:inherit;
          --tv-line:color-mix(in srgb,currentColor 14%,transparent);--tv-dim:color-mix(in srgb,currentColor 74%,transparent);
          --tv-bad:color-mix(in srgb,#e5202a 62%,currentColor);--tv-red:#e5383b;-webkit-print-color-adjust:exact;print-color-adjust:exact}
        .tv i{font-style:normal}.tv span,.tv b,.tv small{unicode-bidi:isolate}.tv-dim{color:var(--tv-dim)}.tv-bad{color:var(--tv-bad)}
        .tv-scroll{overflow-x:auto}
        .tv-mark{flex:none;display:inline-block;box-sizing:border-box;width:10px;height:10px;border:5px solid var(--tv-c);border-radius:2px}
        .tv-mark.tv-c1,.tv-mark.tv-c4{border-radius:50%}.tv-mark.tv-c2,.tv-mark.tv-c5{transform:rotate(45deg) scale(.85)}
        .tv-mark.tv-c3,.tv-mark.tv-c4,.tv-mark.tv-c5{border-width:3px}.tv-mark.tv-c6{clip-path:polygon(50% 0,100% 100%,0 100%)}
        .tv-mark.tv-c7{width:5px;border-width:5px 2.5px;margin-inline:2.5px}@media (forced-colors:active){.tv{--tv-line:GrayText}}

        """ + ServiceColors.Css("tv-c", "--tv-c") + "\n";
}
