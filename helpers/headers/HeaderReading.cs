#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

/// <summary>One header taken apart.</summary>
public sealed record HeaderReading
{
    internal HeaderReading(string name, string? text, IEnumerable<HeaderPart> pieces)
    {
        (Name, Text) = (name, text);
        Pieces = pieces.Where(p => p.Name.Length > 0 || p.Text.Length > 0).ToArray();
        Parts = Pieces.Where(p => p.Name.Length > 0).ToArray();
    }

    /// <summary>The header's name, in lower case.</summary>
    public string Name { get; }

    /// <summary>Its value as it was given; null if it was not sent.</summary>
    public string? Text { get; }

    /// <summary>True if the header was not sent.</summary>
    public bool IsMissing => Text is null;

    /// <summary>True if the header was sent and no part of it breaks a rule.</summary>
    public bool IsValid => !IsMissing && Problem is null;

    /// <summary>The first rule that is broken, in a sentence; null if there is none.</summary>
    public string? Problem => Parts.Select(p => p.Problem).FirstOrDefault(p => p is not null);

    /// <summary>The fields in the order of the header.</summary>
    public IReadOnlyList<HeaderPart> Parts { get; }

    /// <summary>What a receiver does with the header.</summary>
    public string Verdict { get; internal init; } = "";

    /// <summary>What is allowed but better avoided in the header as a whole; often empty.</summary>
    public IReadOnlyList<string> Remarks { get; internal init; } = [];

    internal string Specification { get; init; } = "W3C Trace Context";

    /// <summary>The parts and what is between them: together, the whole text.</summary>
    internal HeaderPart[] Pieces { get; }

    // ---- What the readers of the three headers share -------------------------------------------------------------

    // Spaces and tabs around a value do not belong to it (RFC 9110, "Field Values").
    internal static (HeaderPart[] Before, string Text, HeaderPart[] After) Trim(string text)
    {
        var end = text.TrimEnd(' ', '\t');
        var core = end.TrimStart(' ', '\t');
        return (Space(end[..^core.Length]), core, Space(text[end.Length..]));

        static HeaderPart[] Space(string space) => space.Length == 0 ? [] : [HeaderPart.Between(space)];
    }

    /// <summary>The first character that is wrong; null if none is.</summary>
    internal static Rune? First(string text, Func<char, bool> wrong)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (wrong(text[i]))
                return Rune.TryGetRuneAt(text, i, out var rune) ? rune : Rune.ReplacementChar;
        }

        return null;
    }

    internal static string Named(Rune rune) => rune.Value switch { ' ' => "A space", '\t' => "A tab", _ => $"'{rune}'" };

    internal static string Number(int n) => n.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>One field of a header: its text, what it says, and the rule it breaks, if any.</summary>
/// <param name="Name">As the specification calls it: "trace-id", "list-member 1".</param>
/// <param name="Text">As it is in the header; empty if the field is missing.</param>
/// <param name="Meaning">What the text says to the receiver.</param>
public sealed record HeaderPart(string Name, string Text, string Meaning)
{
    /// <summary>The rule that is broken, in a sentence; null if all is well.</summary>
    public string? Problem { get; init; }

    /// <summary>The section of the specification that has the rule.</summary>
    public string? Section { get; init; }

    /// <summary>What is allowed, but worth knowing.</summary>
    public string? Remark { get; init; }

    /// <summary>How long the field is in memory, "16 bytes"; null if it has no fixed length.</summary>
    internal string? Size { get; init; }

    /// <summary>What is between two fields; it has no name.</summary>
    internal static HeaderPart Between(string text) => new("", text, "");
}
