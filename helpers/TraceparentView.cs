#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

/// <summary>
/// The headers that carry a trace from one service to the next, taken apart field by field: what each field says, and
/// where one is wrong, the rule it breaks. The rules are those of W3C Trace Context Level 2 and W3C Baggage.
/// </summary>
public sealed class TraceparentView : NotebookView
{
    private readonly HeaderReading[] readings;

    private TraceparentView(string? traceparent, string? tracestate, string? baggage)
    {
        Traceparent = ReadTraceparent(traceparent);
        Tracestate = tracestate is null ? null : ReadTracestate(tracestate, Traceparent);
        Baggage = baggage is null ? null : ReadBaggage(baggage);
        readings = new[] { Traceparent, Tracestate, Baggage }.OfType<HeaderReading>().ToArray();
    }

    /// <summary>
    /// Takes header values apart. Null means that the header was not sent. A header that was sent more than once is given
    /// as servers show it: its values joined by commas.
    /// </summary>
    public static TraceparentView Of(string? traceparent, string? tracestate = null, string? baggage = null) => new(traceparent, tracestate, baggage);

    /// <summary>True if there is a <c>traceparent</c>, and every header that was given keeps its rules.</summary>
    public bool IsValid => readings.All(r => r.IsValid);

    /// <summary>The fields of all headers that were given, in order.</summary>
    public IReadOnlyList<HeaderPart> Parts => readings.SelectMany(r => r.Parts).ToArray();

    public HeaderReading Traceparent { get; }

    /// <summary>Null if none was given.</summary>
    public HeaderReading? Tracestate { get; }

    /// <summary>Null if none was given.</summary>
    public HeaderReading? Baggage { get; }

    /// <summary>The trace that the receiver continues; null if the <c>traceparent</c> is not valid.</summary>
    public string? TraceId => Field("trace-id");

    /// <summary>The caller's span, which becomes the parent; null if the <c>traceparent</c> is not valid.</summary>
    public string? ParentId => Field("parent-id");

    /// <summary>Bit 0x01: the caller may have recorded its part of the trace. False if the <c>traceparent</c> is not valid.</summary>
    public bool IsSampled => (Flags & Sampled) != 0;

    /// <summary>Bit 0x02 (Level 2): the last 7 bytes of the trace id were chosen at random. False if the <c>traceparent</c> is not valid.</summary>
    public bool IsRandom => (Flags & RandomTraceId) != 0;

    private const int Sampled = 0x01, RandomTraceId = 0x02;

    private int Flags => Field("trace-flags") is { } flags ? Convert.ToInt32(flags, 16) : 0;

    private string? Field(string name) => Traceparent.IsValid ? Traceparent.Parts.First(p => p.Name == name).Text : null;

    // ---- traceparent ---------------------------------------------------------------------------------------------

    private static readonly (string Name, int Digits)[] Fields = [("version", 2), ("trace-id", 32), ("parent-id", 16), ("trace-flags", 2)];

    private static HeaderReading ReadTraceparent(string? header)
    {
        var (before, text, after) = Trim(header ?? "");
        var parts = header is null ? [] : (Values(text) is { } values ? RepeatedTraceparent(values) : TraceparentFields(text)).ToArray();
        return new("traceparent", header, [.. before, .. parts, .. after])
        {
            Verdict = header is null ? "not sent: the receiver starts a new trace"
                : parts.Any(p => p.Problem is not null) ? "not valid: the receiver ignores it, and starts a new trace"
                : parts[0].Text == "00" ? "valid: the receiver continues this trace" : "valid: the receiver should continue this trace",
        };
    }

    // Servers join repeated headers with commas. A comma alone is just a wrong character: two of the values must look like the header.
    private static string[]? Values(string text)
    {
        var values = text.Split(',');
        return values.Count(v => v.Count(c => c == '-') >= 3) > 1 && TraceparentFields(text).Any(p => p.Problem is not null) ? values : null;
    }

    private static IEnumerable<HeaderPart> RepeatedTraceparent(string[] values) => values.SelectMany((value, i) => new[]
    {
        new HeaderPart("", i > 0 ? "," : "", ""),
        new HeaderPart($"traceparent {i + 1}", value, "one value of the header")
        {
            Problem = i == 0 ? null : "The header was sent more than once (a server joins the values with a comma). It is no list: a request has one traceparent, or none that counts.",
            Section = "traceparent Header Field Values",
        },
    });

    private static IEnumerable<HeaderPart> TraceparentFields(string text)
    {
        var (texts, separators) = SplitFields(text);
        var version = texts[0];
        var isLater = version.Length == 2 && version.All(IsHexDigit) && version is not ("00" or "ff");
        for (var i = 0; i < Fields.Length && i < texts.Count; i++)
        {
            if (i > 0)
                yield return Separator(separators[i - 1]);
            var (name, digits) = Fields[i];
            var (field, rest) = name == "trace-flags" && isLater && texts[i].Length > 2 ? (texts[i][..2], texts[i][2..]) : (texts[i], "");
            var (problem, section) = FieldProblem(name, digits, field);
            yield return new HeaderPart(name, field, problem is null ? FieldMeaning(name, field, isLater) : FieldPurpose(name))
            {
                Size = digits == 2 ? "1 byte" : $"{digits / 2} bytes",
                Problem = problem,
                Section = section,
                Remark = problem is null ? FieldRemark(name, field, isLater) : null,
            };
            if (rest.Length > 0)
                yield return new HeaderPart("extra", rest, "what follows the flags") { Problem = "In a version above 00, what follows the flags starts with a dash ('-').", Section = "Versioning of traceparent" };
        }

        if (texts.Count < Fields.Length)
        {
            yield return new HeaderPart("missing", "", string.Join(", ", Fields.Skip(texts.Count).Select(f => f.Name)))
            {
                Problem = $"A traceparent has four fields, separated by dashes: version, trace-id, parent-id, trace-flags. This text has {texts.Count}.",
                Section = "traceparent Header Field Values",
            };
        }
        else if (texts.Count > Fields.Length)
        {
            var extra = string.Concat(separators.Skip(3).Zip(texts.Skip(4), (dash, field) => dash + field));
            yield return isLater
                ? new HeaderPart("extra", extra, "fields of a later version: they are not looked at")
                : new HeaderPart("extra", extra, "what follows the flags") { Problem = "Version 00 ends with the flags; only a higher version may be longer.", Section = "version-format" };
        }
    }

    // The separator is a dash. Where there are too few of them but other signs that part the text into four, those were meant.
    private static (List<string> Texts, List<string> Separators) SplitFields(string text)
    {
        var cuts = Enumerable.Range(0, text.Length).Where(i => text[i] == '-').ToList();
        var others = Enumerable.Range(0, text.Length).Where(i => !char.IsLetterOrDigit(text[i])).ToList();
        if (cuts.Count < 3 && others.Count >= 3)
            cuts = others;
        var starts = cuts.Select(c => c + 1).Prepend(0);
        return (starts.Zip(cuts.Append(text.Length), (from, to) => text[from..to]).ToList(), cuts.Select(c => text[c].ToString()).ToList());
    }

    private static HeaderPart Separator(string text) => text == "-" ? new("", text, "") : new("separator", text, "between two fields")
    {
        Problem = "Fields are separated by a dash ('-').",
        Section = "traceparent Header Field Values",
    };

    private static (string? Problem, string? Section) FieldProblem(string name, int digits, string text)
    {
        if (text.Length == 0)
            return ($"Empty, but {name} has {digits} hexadecimal digits.", Grammar(name));
        if (First(text, c => !IsHexDigit(c)) is { } wrong)
            return ($"{Named(wrong)} {(wrong.Value is >= 'A' and <= 'F' ? "is upper case" : "is no hexadecimal digit")}: the digits are 0–9 and a–f, in lower case.", Grammar(name));
        if (text.Length != digits)
            return ($"{text.Length} digits, but {name} has {digits}.", Grammar(name));
        if (text == "ff")
            return name == "version" ? ("Version ff is forbidden.", name) : default;
        return digits > 2 && text.All(c => c == '0') ? ("All zeros stand for 'no id', so they are not valid here.", name) : default;
    }

    private static string FieldPurpose(string name) => name switch
    {
        "version" => "how the rest is to be read",
        "trace-id" => "the id of the whole trace",
        "parent-id" => "the id of the caller's span",
        _ => "one bit per flag",
    };

    private static string FieldMeaning(string name, string text, bool isLater) => name switch
    {
        "version" => isLater ? "later than 00, the version that is in use: it is read by its first four fields" : "the version that is in use",
        "trace-id" => "the id of the whole trace: the same in all its spans",
        "parent-id" => "the id of the caller's span: the parent for the receiver's first span",
        _ => $"{Convert.ToInt32(text, 16):b8} in bits: "
            + ((Convert.ToInt32(text, 16) & Sampled) != 0 ? "sampled (0x01): the caller may have recorded its spans" : "not sampled (0x01 is off): the caller did not record its spans")
            + ((Convert.ToInt32(text, 16) & RandomTraceId) != 0 ? "; random (0x02): the last 7 bytes of the trace id are random" : ""),
    };

    private static string? FieldRemark(string name, string text, bool isLater) =>
        name == "trace-flags" && !isLater && (Convert.ToInt32(text, 16) & ~(Sampled | RandomTraceId)) is var others and not 0
            ? $"0x{others:x2} is reserved: a sender must set these bits to zero, a receiver ignores them (section \"Other Flags\")."
            : null;

    private static string Grammar(string field) => field == "version" ? "version" : "version-format";

    private static bool IsHexDigit(char c) => char.IsAsciiDigit(c) || c is >= 'a' and <= 'f';

    // ---- tracestate ----------------------------------------------------------------------------------------------

    private static HeaderReading ReadTracestate(string header, HeaderReading traceparent)
    {
        if (!traceparent.IsValid)
        {
            var problem = traceparent.IsMissing ? ("Without a traceparent, a tracestate is dropped.", "No traceparent Received") : ("If the traceparent cannot be read, the tracestate must not be read.", "Tracestate Header");
            var unread = new HeaderPart("not read", header, "") { Problem = problem.Item1, Section = problem.Item2 };
            return new("tracestate", header, [unread]) { Verdict = "dropped, because there is no valid traceparent" };
        }

        var parts = new List<HeaderPart>();
        var members = header.Split(',');
        var keys = new HashSet<string>();
        for (var i = 0; i < members.Length; i++)
        {
            var (before, member, after) = Trim(members[i]);
            parts.AddRange([new HeaderPart("", i > 0 ? "," : "", ""), .. before, StateMember(member, i + 1, keys), .. after]);
        }

        return new("tracestate", header, parts)
        {
            Verdict = parts.All(p => p.Problem is null)
                ? "valid: the receiver must pass it on, and may put an entry of its own in front"
                : "not valid: the receiver may drop all of it, or the wrong entries; the traceparent counts all the same",
            Remarks =
            [
                .. header.Trim(' ', '\t').Length > 0 ? Array.Empty<string>() : ["An empty tracestate must be accepted, but should not be sent (section \"tracestate Header Field Values\")."],
                .. header.Length <= 512 ? Array.Empty<string>() :
                [
                    $"{Number(header.Length)} characters: at least 512 should be passed on, so what is longer may be cut on the way. Then whole entries go, "
                        + "those of more than 128 characters first, then the ones at the end (section \"tracestate Limits\").",
                ],
            ],
        };
    }

    private static HeaderPart StateMember(string member, int number, HashSet<string> keys)
    {
        var name = $"list-member {number}";
        if (member.Length == 0)
            return new(name, "", "empty: allowed, and ignored") { Problem = TooMany(number), Section = "list" };

        var cut = member.IndexOf('=');
        var (key, value) = cut < 0 ? (member, "") : (member[..cut], member[(cut + 1)..]);
        var (problem, section) = TooMany(number) is { } tooMany ? (tooMany, "list")
            : cut < 0 ? ("An entry is a key, an equals sign, and a value.", "list-members")
            : StateKeyProblem(key) is { } keyProblem ? (keyProblem, "Key")
            : StateValueProblem(value) is { } valueProblem ? (valueProblem, "Value")
            : !keys.Add(key) ? ($"The key '{key}' is there already: one entry per key.", "Combined Header Value")
            : default((string?, string?));
        return new(name, member, $"{(number == 1 ? "the system that wrote last" : "another tracing system")}: key {key}{(key == "ot" ? " (OpenTelemetry)" : "")}, a value for its own use")
        {
            Problem = problem,
            Section = section,
            Remark = problem is null && !IsLevel1Key(key) ? "This key is allowed since Level 2: software that knows Level 1 only may drop it." : null,
        };
    }

    private static string? TooMany(int number) => number > 32 ? "A list has at most 32 members." : null;

    private static string? StateKeyProblem(string key) =>
        key.Length == 0 ? "The key is empty."
        : First(key, c => !IsStateKeyChar(c)) is { } wrong ? $"{Named(wrong)} cannot be in a key: only a–z, 0–9, _ - * / and @."
        : !char.IsAsciiLetterLower(key[0]) && !char.IsAsciiDigit(key[0]) ? $"A key starts with a lower-case letter or a digit, not with '{key[0]}'."
        : key.Length > 256 ? $"A key has at most 256 characters; this one has {Number(key.Length)}."
        : null;

    // The value ends before the spaces that surround the entry, so it never ends with one.
    private static string? StateValueProblem(string value) =>
        value.Length == 0 ? "The value is empty."
        : First(value, c => c is < ' ' or > '~' or '=') is { } wrong ? $"{Named(wrong)} cannot be in a value: only printable ASCII characters except the comma and the equals sign."
        : value.Length > 256 ? $"A value has at most 256 characters; this one has {Number(value.Length)}."
        : null;

    private static bool IsStateKeyChar(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-' or '*' or '/' or '@';

    // Level 1: a letter first; or tenant@system, where the tenant may start with a digit, with at most 241 and 14 characters.
    private static bool IsLevel1Key(string key) => key.Split('@') switch
    {
        [var simple] => char.IsAsciiLetterLower(simple[0]),
        [var tenant, var system] => tenant.Length <= 241 && system.Length is >= 1 and <= 14 && char.IsAsciiLetterLower(system[0]),
        _ => false,
    };

    // ---- baggage -------------------------------------------------------------------------------------------------

    private static HeaderReading ReadBaggage(string header)
    {
        var parts = new List<HeaderPart>();
        var members = header.Split(',');
        var keys = new List<string>();
        for (var i = 0; i < members.Length; i++)
        {
            parts.Add(new HeaderPart("", i > 0 ? "," : "", ""));
            var pieces = members[i].Split(';');
            for (var j = 0; j < pieces.Length; j++)
            {
                var (before, piece, after) = Trim(pieces[j]);
                parts.AddRange([new HeaderPart("", j > 0 ? ";" : "", ""), .. before, j == 0 ? BaggageMember(piece, i + 1, keys) : BaggageProperty(piece, i + 1), .. after]);
            }
        }

        var bytes = Encoding.UTF8.GetByteCount(header);
        var twice = keys.GroupBy(k => k).FirstOrDefault(g => g.Count() > 1)?.Key;
        return new("baggage", header, parts)
        {
            Specification = "W3C Baggage",
            Verdict = parts.All(p => p.Problem is null)
                ? "valid: the receiver should pass it on"
                : "not valid: what happens is not specified; a receiver may drop the wrong entry, or all of the baggage",
            Remarks =
            [
                .. members.Length <= 64 ? Array.Empty<string>() : [$"{members.Length} entries: more than 64 need not be passed on, so entries may be dropped (section \"Limits\")."],
                .. bytes <= 8192 ? Array.Empty<string>() : [$"{Number(bytes)} bytes: more than 8,192 need not be passed on, so entries may be dropped (section \"Limits\")."],
                .. twice is null ? Array.Empty<string>() : [$"The key '{twice}' is there twice: this is allowed, but a sender should avoid it (section \"baggage-string\")."],
            ],
        };
    }

    private static HeaderPart BaggageMember(string text, int number, List<string> keys)
    {
        var (key, value) = KeyAndValue(text);
        if (value is not null)
            keys.Add(key);
        var (problem, section) = number > 180 ? ("The list has at most 180 entries.", "Definition")
            : text.Length == 0 ? ("An entry is a key, an equals sign, and a value; here is nothing.", "Definition")
            : value is null ? ("An entry is a key, an equals sign, and a value.", "Definition")
            : BaggageProblem(key, value);
        return new($"list-member {number}", text, problem is null ? $"{key} = {Decoded(value!)}" : "an entry") { Problem = problem, Section = section, Remark = problem is null ? DecodingRemark(value!) : null };
    }

    private static HeaderPart BaggageProperty(string text, int number)
    {
        var (key, value) = KeyAndValue(text);
        var (problem, section) = BaggageProblem(key, value ?? "");
        return new("property", text, (problem is not null ? "" : value is null ? $"{key}: " : $"{key} = {Decoded(value)}: ") + $"says more about list-member {number}")
        {
            Problem = problem,
            Section = problem is null ? null : section == "Definition" ? section : "property",
            Remark = problem is null ? DecodingRemark(value ?? "") : null,
        };
    }

    // The first equals sign ends the key; more of them belong to the value.
    private static (string Key, string? Value) KeyAndValue(string text)
    {
        var cut = text.IndexOf('=');
        return cut < 0 ? (text, null) : (text[..cut].TrimEnd(' ', '\t'), text[(cut + 1)..].TrimStart(' ', '\t'));
    }

    private static (string? Problem, string? Section) BaggageProblem(string key, string value)
    {
        if (key.Length == 0)
            return ("The key is empty.", "key");
        if (First(key, c => !(char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c))) is { } wrong)
            return ($"{Named(wrong)} cannot be in a key: only letters, digits and ! # $ % & ' * + - . ^ _ ` | ~.", "key");
        if (First(value, c => c is <= ' ' or > '~' or '"' or ',' or ';' or '\\') is { } raw)
            return ($"{Named(raw)} must be percent-encoded in a value{(raw.IsAscii ? $": %{raw.Value:X2}" : "")}.", "value");
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
            bytes.Add(value[i] == '%' ? byte.Parse(value.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) : (byte)value[i]);
            i += value[i] == '%' ? 2 : 0;
        }

        return Encoding.UTF8.GetString([.. bytes]); // what is not UTF-8 becomes U+FFFD, as the section "value" asks
    }

    private static string? DecodingRemark(string value) =>
        Decoded(value).Contains('\uFFFD') && !value.Contains("%EF%BF%BD", StringComparison.OrdinalIgnoreCase)
            ? "Some of the percent-encoded bytes are not UTF-8: they become the replacement character U+FFFD (section \"value\")."
            : null;

    // ---- What the three headers share ----------------------------------------------------------------------------

    // Spaces and tabs around a value do not belong to it (RFC 9110, "Field Values").
    private static (HeaderPart[] Before, string Text, HeaderPart[] After) Trim(string text)
    {
        var end = text.TrimEnd(' ', '\t');
        var core = end.TrimStart(' ', '\t');
        return (Space(end[..^core.Length]), core, Space(text[end.Length..]));

        static HeaderPart[] Space(string space) => space.Length == 0 ? [] : [new("", space, "")];
    }

    private static Rune? First(string text, Func<char, bool> wrong)
    {
        var at = text.Select((c, i) => (c, i)).Where(x => wrong(x.c)).Select(x => x.i).DefaultIfEmpty(-1).First();
        return at < 0 ? null : Rune.TryGetRuneAt(text, at, out var rune) ? rune : Rune.ReplacementChar;
    }

    private static string Named(Rune rune) => rune.Value switch { ' ' => "A space", '\t' => "A tab", _ => $"'{rune}'" };

    private static string Number(int n) => n.ToString("N0", CultureInfo.InvariantCulture);

    // ---- Drawing -------------------------------------------------------------------------------------------------

    private const int MaxPieces = 600, MaxLength = 4_000, Width = 110;

    private static string Sentence(HeaderReading reading, HeaderPart part) => $"{part.Problem} ({reading.Specification}, section \"{part.Section}\")";

    private static string Sign(HeaderReading reading) => reading.IsMissing ? "–" : reading.IsValid ? "✔" : "✖";

    private static string Shown(string text) => text.Length <= MaxLength ? text : $"{text[..MaxLength]}… ({Number(text.Length)} characters)";

    public override string ToHtml()
    {
        var html = new StringBuilder(Style).Append("<div class=\"tp\">");
        foreach (var reading in readings)
        {
            html.Append($"<section class=\"tp-header\" aria-label=\"{reading.Name}\"><div class=\"tp-head\"><b>{reading.Name}</b>")
                .Append($"<span{(reading.IsValid || reading.IsMissing ? "" : " class=\"tp-bad\"")}>{Sign(reading)} {Encode(reading.Verdict)}</span></div>");
            if (!reading.IsMissing)
                HeaderLine(html, reading);
            html.Append("<div class=\"tp-rows\">");
            foreach (var part in reading.Parts.Take(MaxPieces))
                Row(html, reading, part);
            foreach (var remark in reading.Remarks)
                html.Append($"<div class=\"tp-row\"><span class=\"tp-name\">! whole header</span><span class=\"tp-says\">{Encode(remark)}</span></div>");
            if (reading.Parts.Count > MaxPieces)
                html.Append($"<div class=\"tp-row\">{Drawing.Count(reading.Parts.Count - MaxPieces, "more part")} not drawn.</div>");
            html.Append("</div></section>");
        }

        return html.Append("</div>").ToString();
    }

    // The header as it was sent; below each field its name.
    private static void HeaderLine(StringBuilder html, HeaderReading reading)
    {
        html.Append("<div class=\"tp-line\">");
        var color = -1;
        foreach (var piece in reading.Pieces.Take(MaxPieces))
        {
            if (piece.Name.Length == 0)
            {
                html.Append($"<span class=\"tp-between\">{Encode(Shown(piece.Text.Replace(' ', '␣').Replace('\t', '⇥')))}</span>");
                continue;
            }

            color += piece.Problem is not null && piece.Name == "separator" ? 0 : 1;
            html.Append($"<span class=\"tp-part {(piece.Problem is null ? $"tp-c{color % Drawing.ServiceColors.Palette.Length}" : "tp-wrong")}\">")
                .Append(piece.Text.Length == 0 ? "<span class=\"tp-text tp-dim\">(nothing)</span>" : $"<span class=\"tp-text\">{Encode(Shown(piece.Text))}</span>")
                .Append($"<small>{(piece.Problem is null ? "" : "✖ ")}{Encode(piece.Name)}{(piece.Size is null ? "" : $"<br>{piece.Size}")}</small></span>");
        }

        html.Append("</div>");
    }

    private static void Row(StringBuilder html, HeaderReading reading, HeaderPart part)
    {
        html.Append($"<div class=\"tp-row\"><span class=\"tp-name{(part.Problem is null ? "" : " tp-bad")}\">{(part.Problem is null ? "✔" : "✖")} {Encode(part.Name)}</span>")
            .Append($"<span class=\"tp-says\">{Encode(Shown(part.Meaning))}");
        if (part.Problem is not null)
            html.Append($"<span class=\"tp-bad tp-rule\">{Encode(Sentence(reading, part))}</span>");
        if (part.Remark is not null)
            html.Append($"<span class=\"tp-rule\">! {Encode(part.Remark)}</span>");
        html.Append("</span></div>");
    }

    private static string Encode(string text) => Drawing.Encode(text);

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var reading in readings)
        {
            text.Append(text.Length > 0 ? "\n" : "").AppendJoin('\n', Drawing.Wrap($"{reading.Name}: {Sign(reading)} {reading.Verdict}", Width)).Append('\n');
            if (!reading.IsMissing)
                HeaderText(text, reading);
            foreach (var part in reading.Parts.Take(MaxPieces))
            {
                var says = new[] { part.Meaning, part.Problem is null ? "" : Sentence(reading, part), part.Remark is null ? "" : $"! {part.Remark}" };
                Row(text, $"{(part.Problem is null ? "✔" : "✖")} {part.Name}", says.Where(s => s.Length > 0).SelectMany(s => Drawing.Wrap(Shown(s), Width - 20)).ToArray());
            }

            foreach (var remark in reading.Remarks)
                Row(text, "! whole header", Drawing.Wrap(remark, Width - 20).ToArray());
            if (reading.Parts.Count > MaxPieces)
                text.Append($"  {Drawing.Count(reading.Parts.Count - MaxPieces, "more part")} not drawn.\n");
        }

        return text.ToString().TrimEnd('\n');
    }

    // The header, and a line below it that marks the fields, as a compiler marks an error.
    private static void HeaderText(StringBuilder text, HeaderReading reading)
    {
        var lines = Drawing.Wrap(Shown(reading.Text!), Width - 2).ToArray();
        foreach (var line in lines)
            text.Append($"  {line}\n");
        if (lines.Length > 1 || lines.Length == 0)
            return;
        var marks = reading.Pieces.Select(p => (Mark: p.Name.Length == 0 ? ' ' : p.Problem is null ? '─' : '✖', Columns: Drawing.Clean(p.Text).EnumerateRunes().Sum(Drawing.Columns)));
        text.Append(("  " + string.Concat(marks.Select(m => new string(m.Mark, m.Columns)))).TrimEnd()).Append('\n');
    }

    private static void Row(StringBuilder text, string name, string[] says)
    {
        for (var i = 0; i < Math.Max(1, says.Length); i++)
            text.Append(($"  {Drawing.Fit(i == 0 ? name : "", 17)} " + (says.Length > 0 ? says[i] : "")).TrimEnd()).Append('\n');
    }

    private static readonly string Style = $$"""
        <style>
        .tp{font:13px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif;text-align:left;color:inherit;max-width:64em;--tp-line:color-mix(in srgb,currentColor 14%,transparent);--tp-dim:color-mix(in srgb,currentColor 74%,transparent);--tp-bad:color-mix(in srgb,#e5202a 62%,currentColor)}
        .tp-header{margin:0 0 18px}
        .tp-header:last-child{margin-bottom:4px}
        .tp-head{display:flex;flex-wrap:wrap;gap:0 12px;margin:0 0 6px}
        .tp-bad{color:var(--tp-bad)}
        .tp-dim{color:var(--tp-dim)}
        .tp-line{display:flex;flex-wrap:wrap;align-items:flex-start;gap:6px 5px;padding:10px 12px 8px;border:1px solid var(--tp-line);border-radius:6px}
        .tp-text,.tp-between{font:14px/1.4 ui-monospace,Consolas,Menlo,monospace;overflow-wrap:anywhere;white-space:pre-wrap;unicode-bidi:isolate}
        .tp-between{color:var(--tp-dim)}
        .tp-part{display:inline-flex;flex-direction:column;min-width:0;max-width:100%}
        .tp-part .tp-text{align-self:flex-start;max-width:100%;border-bottom:3px solid var(--tp-c);padding-bottom:1px}
        .tp-wrong .tp-text{color:var(--tp-bad);border-bottom:3px double currentColor}
        .tp-part small{font-size:11px;line-height:1.35;padding-top:2px;color:var(--tp-dim)}
        .tp-wrong small{color:var(--tp-bad)}
        .tp-rows{margin:6px 0 0}
        .tp-row{display:flex;flex-wrap:wrap;gap:0 12px;padding:2px 12px;border-bottom:1px solid var(--tp-line)}
        .tp-row:last-child{border-bottom:0}
        .tp-name{flex:0 0 11em;font-weight:600;overflow-wrap:anywhere}
        .tp-says{flex:1 1 240px;min-width:0;overflow-wrap:anywhere;unicode-bidi:isolate}
        .tp-rule{display:block}
        {{Drawing.ServiceColors.Css("tp-c", "--tp-c")}}
        </style>
        """;
}

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

    /// <summary>The parts and what stands between them: together, the whole text.</summary>
    internal HeaderPart[] Pieces { get; }
}

/// <summary>One field of a header: its text, what it says, and the rule it breaks, if any.</summary>
/// <param name="Name">As the specification calls it: "trace-id", "list-member 1".</param>
/// <param name="Text">As it stands in the header; empty if the field is missing.</param>
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
}
