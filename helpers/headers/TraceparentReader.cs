#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;

/// <summary>The rules of <c>traceparent</c>: W3C Trace Context Level 2, section "Traceparent Header".</summary>
internal static class TraceparentReader
{
    public const int Sampled = 0x01, RandomTraceId = 0x02;

    private const string HeaderSection = "traceparent Header Field Values";

    private static readonly (string Name, int Digits, string Purpose)[] Fields =
    [
        ("version", 2, "how the rest is to be read"),
        ("trace-id", 32, "the id of the whole trace"),
        ("parent-id", 16, "the id of the caller's span"),
        ("trace-flags", 2, "one bit per flag"),
    ];

    public static HeaderReading Read(string? header)
    {
        var (before, text, after) = HeaderReading.Trim(header ?? "");
        var parts = header is null ? [] : (RepeatedValues(text) is { } values ? Repeated(values) : ReadFields(text)).ToArray();
        return new("traceparent", header, [.. before, .. parts, .. after])
        {
            Verdict = header is null ? "not sent: the receiver starts a new trace"
                : parts.Any(p => p.Problem is not null) ? "not valid: the receiver ignores it, and starts a new trace"
                : parts[0].Text == "00" ? "valid: the receiver continues this trace" : "valid: the receiver should continue this trace",
        };
    }

    // Servers join repeated headers with commas. A comma alone is just a wrong character: two of the values must look like the header.
    private static string[]? RepeatedValues(string text)
    {
        var values = text.Split(',');
        return values.Count(v => v.Count(c => c == '-') >= 3) > 1 && ReadFields(text).Any(p => p.Problem is not null) ? values : null;
    }

    private static IEnumerable<HeaderPart> Repeated(string[] values) => values.SelectMany((value, i) => new[]
    {
        HeaderPart.Between(i > 0 ? "," : ""),
        new HeaderPart($"traceparent {i + 1}", value, "one value of the header")
        {
            Problem = i == 0 ? null : "The header was sent more than once (a server joins the values with a comma). "
                + "It is not a list: if there are several values, all of them are ignored.",
            Section = HeaderSection,
        },
    });

    private static IEnumerable<HeaderPart> ReadFields(string text)
    {
        var (texts, separators) = Split(text);
        var isLater = texts[0].Length == 2 && texts[0].All(IsHexDigit) && texts[0] is not ("00" or "ff");
        for (var i = 0; i < Fields.Length && i < texts.Count; i++)
        {
            if (i > 0)
                yield return Separator(separators[i - 1]);
            var (name, digits, purpose) = Fields[i];
            var cut = name == "trace-flags" && isLater ? Math.Min(2, texts[i].Length) : texts[i].Length;
            var (field, rest) = (texts[i][..cut], texts[i][cut..]);
            var (problem, section) = Problem(name, digits, field);
            yield return new HeaderPart(name, field, problem is null ? Meaning(name, field, isLater) : purpose)
            {
                Size = digits == 2 ? "1 byte" : $"{digits / 2} bytes",
                Problem = problem,
                Section = section,
                Remark = problem is null ? Remark(name, field, isLater) : null,
            };
            if (rest.Length > 0)
            {
                var rule = "In a version above 00, what follows the flags starts with a dash ('-').";
                yield return Extra(rest, rule, "Versioning of traceparent");
            }
        }

        if (texts.Count < Fields.Length)
        {
            yield return new HeaderPart("missing", "", string.Join(", ", Fields.Skip(texts.Count).Select(f => f.Name)))
            {
                Problem = "A traceparent has four fields, separated by dashes: version, trace-id, parent-id, trace-flags. "
                    + $"This text has {texts.Count}.",
                Section = HeaderSection,
            };
        }
        else if (texts.Count > Fields.Length)
        {
            var extra = string.Concat(separators.Skip(3).Zip(texts.Skip(4), (dash, field) => dash + field));
            yield return isLater
                ? new HeaderPart("extra", extra, "fields of a later version: they are not looked at")
                : Extra(extra, "Version 00 ends with the flags; only a higher version may be longer.", "version-format");
        }
    }

    private static HeaderPart Extra(string text, string problem, string section) =>
        new("extra", text, "what follows the flags") { Problem = problem, Section = section };

    // The separator is a dash. Where there are too few of them but other signs that part the text into four, those were meant.
    private static (List<string> Texts, List<string> Separators) Split(string text)
    {
        var cuts = Enumerable.Range(0, text.Length).Where(i => text[i] == '-').ToList();
        var others = Enumerable.Range(0, text.Length).Where(i => !char.IsLetterOrDigit(text[i])).ToList();
        if (cuts.Count < 3 && others.Count >= 3)
            cuts = others;
        var starts = cuts.Select(c => c + 1).Prepend(0);
        var texts = starts.Zip(cuts.Append(text.Length), (from, to) => text[from..to]);
        return (texts.ToList(), cuts.Select(c => text[c].ToString()).ToList());
    }

    private static HeaderPart Separator(string text) => text == "-" ? HeaderPart.Between(text)
        : new("separator", text, "between two fields") { Problem = "Fields are separated by a dash ('-').", Section = HeaderSection };

    private static (string? Problem, string? Section) Problem(string name, int digits, string text)
    {
        var grammar = name == "version" ? name : "version-format";
        if (text.Length == 0)
            return ($"Empty, but {name} has {digits} hexadecimal digits.", grammar);
        if (HeaderReading.First(text, c => !IsHexDigit(c)) is { } wrong)
        {
            var what = wrong.Value is >= 'A' and <= 'F' ? "is upper case" : "is no hexadecimal digit";
            return ($"{HeaderReading.Named(wrong)} {what}: the digits are 0–9 and a–f, in lower case.", grammar);
        }

        if (text.Length != digits)
            return ($"{text.Length} digits, but {name} has {digits}.", grammar);
        if (name == "version" && text == "ff")
            return ("Version ff is forbidden.", name);
        return digits > 2 && text.All(c => c == '0') ? ("All zeros stand for 'no id', so they are not valid here.", name) : default;
    }

    private static string Meaning(string name, string text, bool isLater) => name switch
    {
        "version" when isLater => "later than 00, the version that is in use: it is read by its first four fields",
        "version" => "the version that is in use",
        "trace-id" => "the id of the whole trace: the same in all its spans",
        "parent-id" => "the id of the caller's span: the parent for the receiver's first span",
        _ => FlagsMeaning(Convert.ToInt32(text, 16)),
    };

    private static string FlagsMeaning(int flags) => $"{flags:b8} in bits: "
        + ((flags & Sampled) != 0
            ? "sampled (0x01): the caller may have recorded its spans"
            : "not sampled (0x01 is off): the caller did not record its spans")
        + ((flags & RandomTraceId) != 0 ? "; random (0x02): the last 7 bytes of the trace id are random" : "");

    private static string? Remark(string name, string text, bool isLater) =>
        name == "trace-flags" && !isLater && (Convert.ToInt32(text, 16) & ~(Sampled | RandomTraceId)) is var others and not 0
            ? $"0x{others:x2} is reserved: a sender must set these bits to zero, a receiver ignores them (section \"Other Flags\")."
            : null;

    private static bool IsHexDigit(char c) => char.IsAsciiDigit(c) || c is >= 'a' and <= 'f';
}
