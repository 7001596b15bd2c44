#nullable enable
using System.Collections.Generic;
using System.Linq;

/// <summary>The rules of <c>tracestate</c>: W3C Trace Context Level 2, section "Tracestate Header".</summary>
internal static class TracestateReader
{
    public static HeaderReading Read(string header, HeaderReading traceparent)
    {
        if (!traceparent.IsValid)
        {
            var unread = new HeaderPart("not read", header, "")
            {
                Problem = traceparent.IsMissing ? "Without a traceparent, a tracestate is dropped."
                    : "If the traceparent cannot be read, the tracestate must not be read.",
                Section = traceparent.IsMissing ? "No traceparent Received" : "Tracestate Header",
            };
            return new("tracestate", header, [unread]) { Verdict = "dropped, because there is no valid traceparent" };
        }

        var parts = new List<HeaderPart>();
        var members = header.Split(',');
        var keys = new List<string>();
        for (var i = 0; i < members.Length; i++)
        {
            var (before, member, after) = HeaderReading.Trim(members[i]);
            parts.AddRange([HeaderPart.Between(i > 0 ? "," : ""), .. before, Member(member, i + 1, keys), .. after]);
        }

        var remarks = new List<string>();
        if (header.Trim(' ', '\t').Length == 0)
            remarks.Add("An empty tracestate must be accepted, but should not be sent (section \"tracestate Header Field Values\").");
        if (header.Length > 512)
        {
            remarks.Add($"{HeaderReading.Number(header.Length)} characters: at least 512 should be passed on, so what is longer may be cut "
                + "on the way. Then whole entries go, those of more than 128 characters first, then the ones at the end "
                + "(section \"tracestate Limits\").");
        }

        if (keys.GroupBy(k => k).FirstOrDefault(g => g.Count() > 1) is { Key: var twice })
        {
            remarks.Add($"The key '{twice}' is there more than once: a sender must not do this, a receiver may pass it on as it came "
                + "(section \"Combined Header Value\").");
        }

        return new("tracestate", header, parts)
        {
            Verdict = parts.All(p => p.Problem is null)
                ? "valid: the receiver must pass it on, and may put an entry of its own in front"
                : "not valid: the receiver may drop all of it, or the wrong entries; the traceparent is still used",
            Remarks = remarks,
        };
    }

    private static HeaderPart Member(string member, int number, List<string> keys)
    {
        var name = $"list-member {number}";
        var tooMany = number > 32 ? "A list has at most 32 members." : null;
        if (member.Length == 0)
            return new(name, "", "empty: allowed, and ignored") { Problem = tooMany, Section = "list" };

        var cut = member.IndexOf('=');
        var (key, value) = cut < 0 ? (member, "") : (member[..cut], member[(cut + 1)..]);
        var (problem, section) = tooMany is not null ? (tooMany, "list")
            : cut < 0 ? ("An entry is a key, an equals sign, and a value.", "list-members")
            : KeyProblem(key) is { } wrongKey ? (wrongKey, "Key")
            : ValueProblem(value) is { } wrongValue ? (wrongValue, "Value")
            : default((string?, string?));
        if (problem is null)
            keys.Add(key);
        var who = number == 1 ? "the system that wrote last" : "another tracing system";
        return new(name, member, $"{who}: key {key}{(key == "ot" ? " (OpenTelemetry)" : "")}, a value for its own use")
        {
            Problem = problem,
            Section = section,
            Remark = problem is not null || IsLevel1(key) ? null
                : "This key is allowed since Level 2: software that knows Level 1 only may drop it.",
        };
    }

    private static string? KeyProblem(string key) =>
        key.Length == 0 ? "The key is empty."
        : HeaderReading.First(key, c => !IsKeyChar(c)) is { } wrong
            ? $"{HeaderReading.Named(wrong)} cannot be in a key: only a–z, 0–9, _ - * / and @."
        : !char.IsAsciiLetterLower(key[0]) && !char.IsAsciiDigit(key[0])
            ? $"A key starts with a lower-case letter or a digit, not with '{key[0]}'."
        : key.Length > 256 ? $"A key has at most 256 characters; this one has {HeaderReading.Number(key.Length)}."
        : null;

    // The value ends before the spaces that surround the entry, so it never ends with one.
    private static string? ValueProblem(string value) =>
        value.Length == 0 ? "The value is empty."
        : HeaderReading.First(value, c => c is < ' ' or > '~' or '=') is { } wrong
            ? $"{HeaderReading.Named(wrong)} cannot be in a value: only printable ASCII characters except the comma and the equals sign."
        : value.Length > 256 ? $"A value has at most 256 characters; this one has {HeaderReading.Number(value.Length)}."
        : null;

    private static bool IsKeyChar(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-' or '*' or '/' or '@';

    // Level 1: a letter first; or tenant@system, where the tenant may start with a digit, with at most 241 and 14 characters.
    private static bool IsLevel1(string key) => key.Split('@') switch
    {
        [var simple] => char.IsAsciiLetterLower(simple[0]),
        [var tenant, var system] => tenant.Length <= 241 && system.Length is >= 1 and <= 14 && char.IsAsciiLetterLower(system[0]),
        _ => false,
    };
}
