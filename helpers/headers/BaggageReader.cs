#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

/// <summary>The rules of <c>baggage</c>: W3C Baggage, section "Header Content".</summary>
internal static class BaggageReader
{
    private const string NoEntry = "An entry is a key, an equals sign, and a value";

    public static HeaderReading Read(string header)
    {
        var parts = new List<HeaderPart>();
        var members = header.Split(',');
        var keys = new List<string>();
        for (var i = 0; i < members.Length; i++)
        {
            parts.Add(HeaderPart.Between(i > 0 ? "," : ""));
            var pieces = members[i].Split(';');
            for (var j = 0; j < pieces.Length; j++)
            {
                var (before, piece, after) = HeaderReading.Trim(pieces[j]);
                var part = j == 0 ? Member(piece, i + 1, keys) : Property(piece, i + 1);
                parts.AddRange([HeaderPart.Between(j > 0 ? ";" : ""), .. before, part, .. after]);
            }
        }

        var remarks = new List<string>();
        const string limit = "need not be passed on, so entries may be dropped (section \"Limits\").";
        if (members.Length > 64)
            remarks.Add($"{HeaderReading.Number(members.Length)} entries: more than 64 {limit}");
        if (Encoding.UTF8.GetByteCount(header) is var bytes and > 8192)
            remarks.Add($"{HeaderReading.Number(bytes)} bytes: more than 8,192 {limit}");
        if (keys.GroupBy(k => k).FirstOrDefault(g => g.Count() > 1) is { Key: var twice })
            remarks.Add($"The key '{twice}' is there twice: this is allowed, but a sender should avoid it (section \"baggage-string\").");
        return new("baggage", header, parts)
        {
            Specification = "W3C Baggage",
            Verdict = parts.All(p => p.Problem is null)
                ? "valid: the receiver should pass it on"
                : "not valid: what happens is not specified; a receiver may drop the wrong entry, or all of the baggage",
            Remarks = remarks,
        };
    }

    private static HeaderPart Member(string text, int number, List<string> keys)
    {
        var (key, value) = KeyAndValue(text);
        if (value is not null)
            keys.Add(key);
        var (problem, section) = number > 180 ? ("The list has at most 180 entries.", "Definition")
            : text.Length == 0 ? ($"{NoEntry}; here is nothing.", "Definition")
            : value is null ? ($"{NoEntry}.", "Definition")
            : Problem(key, value);
        return new($"list-member {number}", text, problem is null ? $"{key} = {Decoded(value!)}" : "an entry")
        {
            Problem = problem,
            Section = section,
            Remark = problem is null ? DecodingRemark(value!) : null,
        };
    }

    private static HeaderPart Property(string text, int number)
    {
        var (key, value) = KeyAndValue(text);
        var (problem, _) = Problem(key, value ?? "");
        var shown = problem is not null ? "" : value is null ? $"{key}: " : $"{key} = {Decoded(value)}: ";
        return new("property", text, $"{shown}says more about list-member {number}")
        {
            Problem = problem,
            Section = problem is null ? null : "property",
            Remark = problem is null ? DecodingRemark(value ?? "") : null,
        };
    }

    // The first equals sign ends the key; more of them belong to the value.
    private static (string Key, string? Value) KeyAndValue(string text)
    {
        var cut = text.IndexOf('=');
        return cut < 0 ? (text, null) : (text[..cut].TrimEnd(' ', '\t'), text[(cut + 1)..].TrimStart(' ', '\t'));
    }

    private static (string? Problem, string? Section) Problem(string key, string value)
    {
        if (key.Length == 0)
            return ("The key is empty.", "key");
        if (HeaderReading.First(key, c => !(char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c))) is { } wrong)
            return ($"{HeaderReading.Named(wrong)} cannot be in a key: only letters, digits and ! # $ % & ' * + - . ^ _ ` | ~.", "key");
        if (HeaderReading.First(value, c => c is <= ' ' or > '~' or '"' or ',' or ';' or '\\') is { } raw)
            return ($"{HeaderReading.Named(raw)} must be percent-encoded in a value{(raw.IsAscii ? $": %{raw.Value:X2}" : "")}.", "value");
        for (var i = value.IndexOf('%'); i >= 0; i = value.IndexOf('%', i + 1))
        {
            if (i + 2 >= value.Length || !char.IsAsciiHexDigit(value[i + 1]) || !char.IsAsciiHexDigit(value[i + 2]))
                return ("A percent sign that is not followed by two hexadecimal digits must itself be percent-encoded: %25.", "value");
        }

        return default;
    }

    private static string Decoded(string value)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < value.Length; i++)
        {
            bytes.Add(value[i] == '%' ? Convert.FromHexString(value.AsSpan(i + 1, 2))[0] : (byte)value[i]);
            i += value[i] == '%' ? 2 : 0;
        }

        return Encoding.UTF8.GetString([.. bytes]); // what is not UTF-8 becomes U+FFFD, as the section "value" asks
    }

    private static string? DecodingRemark(string value) =>
        Decoded(value).Contains('\uFFFD') && !value.Contains("%EF%BF%BD", StringComparison.OrdinalIgnoreCase)
            ? "Some of the percent-encoded bytes are not UTF-8: they become the replacement character U+FFFD (section \"value\")."
            : null;
}
