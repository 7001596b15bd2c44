#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

/// <summary>
/// Finds what a span should not hold: mail addresses, card numbers, IBANs, phone numbers, passwords, keys and tokens. It looks at
/// every text of a span, as it is and decoded: percent-encoded (several times too), with <c>+</c> for spaces, with JSON's
/// <c>\u0040</c>, with HTML entities.
/// </summary>
/// <remarks>
/// What it accepts as one of these:
/// <list type="bullet">
/// <item>a mail address has a domain that is no version (<c>shop@1.4.beta</c>), no file name (<c>logo@2x.png</c>), and does not
/// belong to a source repository (<c>git@github.com</c>);</item>
/// <item>a card number has the first digits and the length of an issuer, and the right check digit (ISO/IEC 7812, "Luhn");</item>
/// <item>an IBAN has a country's length and the right check digits (ISO 13616, ISO/IEC 7064 MOD 97-10);</item>
/// <item>a phone number is written with its country (<c>+49 …</c>, <c>0049 …</c>), as <c>(555) 123-4567</c>, or below a key such
/// as <c>phone</c>;</item>
/// <item>a secret is named (<c>password=…</c>, a key such as <c>api_key</c>), or has a known form (<c>Bearer …</c>, a JSON Web Token,
/// a private key, user and password in an address).</item>
/// </list>
/// It cannot find names of people, postal addresses, dates of birth, a phone number that looks like any number, what is split over
/// two attributes, and what is hashed, encrypted or in Base64. A number that is right by chance is reported too.
/// </remarks>
internal static class PersonalValues
{
    private const RegexOptions AnyCase = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    private static readonly Regex Escaped = new(@"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([""'/\\]))"); // JSON, and C's \x40

    private static readonly Regex Mail = new(@"(?<![\w.+-])(?<user>[\w.+'-]{1,64})@(?<domain>[\w-]+(\.[\w-]+)*\.\p{L}{2,})");

    private static readonly Regex Version = new(@"^v?\d+\.(\d|x\b)|^v?\d[\w.-]*\.(dev|next|pre|final|release|ga|lts|stable|latest)\d*$"
        + @"|\.(alpha|beta|rc|preview|prerelease|canary|snapshot|nightly)\d*$", AnyCase);

    private static readonly Regex FileName = new(@"\.(png|jpe?g|gif|webp|avif|svg|ico|m?js|tsx?|jsx|css|cs|map|json|ya?ml|xml|html?|txt"
        + @"|pdf|dll|exe|woff2?|jar|whl|nupkg|tgz|gz)$", AnyCase);

    // Up to three separators between two digits. Not in the middle of a longer number or of a hexadecimal id.
    private static readonly Regex Digits = new(@"(?<![0-9]|[0-9][.,-]|[0-9a-fA-F]{4})[2-6][0-9]{3}(?:[\s\-._+/·‐‑–]{0,3}[0-9])*"
        + "(?![0-9a-fA-F]{4})");

    private static readonly Regex Issuer = new("^(?:4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"                 // Visa
        + "|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"          // Mastercard
        + "|3[47][0-9]{13}|3(?:0[0-5]|[689][0-9])[0-9]{11}"                                             // American Express, Diners
        + "|(?:6011|64[4-9][0-9]|65[0-9]{2}|35(?:2[89]|[3-8][0-9]))[0-9]{12}"                           // Discover, JCB
        + "|62[0-9]{14}|62[0-9]{17}|(?:5018|5020|5038|5893|6304|6759|676[1-3])[0-9]{12})$");            // UnionPay, Maestro

    private static readonly Regex Iban = new("(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,40}", AnyCase);

    private static readonly Regex Phone = new(@"(?<![\w+.]|\d[ -])(?:\+|00(?=[1-9]\d{0,2}[ \-/(.]))[1-9](?:[ ()./-]{0,2}\d){7,14}(?!\d)"
        + @"|(?<!\w)\(\d{3}\) ?\d{3}-\d{4}(?!\d)");

    private static readonly Regex PhoneKey = new(@"(^|[._-])(tele)?(phone|mobile|msisdn|fax)([_.-]?number)?$", AnyCase);

    private const string Secret = @"(?:password|passwd|api[_-]?key|client[_-]?secret|access[_-]?key|private[_-]?key"
        + @"|(?<![A-Za-z0-9])(?:pass|passphrase|pwd|secret|sig)"
        + @"|(?<![A-Za-z0-9_-])(?:x[_-])?(?:(?:access|refresh|id|auth|session|bearer|api|csrf|user)[_-]?)?token)";

    private static readonly Regex SecretKey = new($"{Secret}$|(^|[._-])(authorization|cookie|x-api-key)$", AnyCase);

    // In a query or a connection string, in JSON, as a literal in code.
    private static readonly Regex Assigned = new($@"{Secret}(?:=|""\s*:\s*""|\s*=\s*['""])(?<value>[^\s&;,'""<>]{{3,}})", AnyCase);

    private static readonly Regex[] Tokens =
    [
        new(@"\bBearer\s+(?=\S*\d)(?<value>[A-Za-z0-9._~+/-]{12,}=*)", AnyCase),
        new(@"(?<value>\beyJ[\w-]{5,}\.eyJ[\w-]{5,}\.[\w-]*)"),                                         // JSON Web Token (RFC 7519)
        new("(?<value>-----BEGIN [A-Z ]*PRIVATE KEY-----)"),
        new(@"\b(?<value>AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|[sr]k_(live|test)_[A-Za-z0-9]{16,}|xox[abprs]-[\w-]{10,})\b"),
        new(@"://[^/?#\s:@]*:(?<value>[^/?#\s@]+)@"),                                                   // user:password@host
    ];

    private static readonly Regex Basic = new(@"\bBasic\s+([A-Za-z0-9+/]{6,}={0,2})", AnyCase);

    // What is in a secret's place: a parameter of a query (@p, $1, ?, :p), a template ({0}, %s, <name>), what a filter has left.
    private static readonly Regex Redacted = new(@"^(?:\*+|x{3,}|[•·.…-]+|\[?(?:redacted|removed|hidden|masked|filtered|null|none"
        + @"|true|false|undefined)\]?|[@$?:{%\[<].*)$", AnyCase);

    // Of the registry of IBANs: a country, and how many characters its numbers have.
    private const string Lengths = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18"
        + "FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27"
        + "MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23"
        + "ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

    /// <summary>What a text seems to hold, as in "a mail address"; null if nothing was found.</summary>
    /// <param name="key">The key below which it is recorded; "" if it has none.</param>
    /// <param name="value">Text, a number, bytes (read as UTF-8), or a list of them.</param>
    public static string? In(string key, object? value) =>
        Texts(value).SelectMany(Readings).Select(text => InText(key, text)).FirstOrDefault(what => what is not null);

    private static string? InText(string key, string text) =>
        IsSecret(key, text) ? "a password, a key or a token"
        : text.Contains('@') && Mail.Matches(text).Any(m => IsMail(text, m)) ? "a mail address"
        : Digits.Matches(text).Any(m => HasCard(m.Value)) ? "a card number"
        : Iban.Matches(text).Any(m => IsIban(m.Value)) ? "an IBAN"
        : Phone.IsMatch(text) || PhoneKey.IsMatch(key) && text.Count(char.IsAsciiDigit) >= 7 ? "a phone number"
        : null;

    /// <summary>The text itself, and what is left each time when one layer of encoding is removed; each also with spaces for +.</summary>
    public static IEnumerable<string> Readings(string text)
    {
        for (var layer = 0; layer < 5; layer++)
        {
            yield return text;
            if (text.Contains('+'))
                yield return text.Replace('+', ' ');
            var unescaped = WebUtility.HtmlDecode(Uri.UnescapeDataString(text).Replace("&commat;", "@")); // .NET knows HTML 4's names alone
            var decoded = Escaped.Replace(unescaped, m => m.Groups[3].Success ? m.Groups[3].Value
                : $"{(char)int.Parse(m.Groups[1].Value + m.Groups[2].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture)}");
            if (decoded == text)
                yield break;
            text = decoded;
        }
    }

    /// <summary>The texts of a value: a list has several, and a card number may be recorded as a number.</summary>
    public static IEnumerable<string> Texts(object? value) => value switch
    {
        null => [],
        string text => [text],
        byte[] bytes => [Encoding.UTF8.GetString(bytes)],
        double number => [number.ToString(double.IsInteger(number) ? "F0" : "R", CultureInfo.InvariantCulture)], // all of its digits
        KeyValuePair<string, object?> pair => Texts(pair.Value).Prepend(pair.Key),
        IEnumerable many => many.Cast<object?>().SelectMany(Texts),
        _ => [Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""],
    };

    private static bool IsSecret(string key, string text)
    {
        if (Tokens.Append(Assigned).SelectMany(t => t.Matches(text)).Any(m => !Redacted.IsMatch(m.Groups["value"].Value)))
            return true;
        if (Basic.Matches(text).Any(m => IsUserAndPassword(m.Groups[1].Value)))
            return true;
        var value = text.Trim();
        var isCount = key.EndsWith("token", StringComparison.OrdinalIgnoreCase) && value.All(char.IsAsciiDigit);
        return SecretKey.IsMatch(key) && value.Length >= 3 && !isCount && !Redacted.IsMatch(value);
    }

    // RFC 7617: user and password, joined by a colon, in Base64. "Basic functionality" is none.
    private static bool IsUserAndPassword(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var count) && bytes.AsSpan(0, count) is var text
            && text.Contains((byte)':') && text.IndexOfAnyInRange((byte)0, (byte)31) < 0;
    }

    private static bool IsMail(string text, Match match)
    {
        var (user, domain) = (match.Groups["user"].Value, match.Groups["domain"].Value);
        var before = text.AsSpan(0, match.Index);
        var slashes = before.LastIndexOf("://");
        var isHost = slashes >= 0 && before[(slashes + 3)..].IndexOfAny("/?# ") < 0          // the user of an address, before its host
            && !text.AsSpan(match.Index + match.Length).StartsWith("@");                    // whose name may be a mail address itself
        return !isHost && user is not ("git" or "hg" or "svn") && user.Any(char.IsLetterOrDigit)
            && !Version.IsMatch(domain) && !FileName.IsMatch(domain);
    }

    // The text may hold more numbers than the card's, as its last month: so each group of digits is tried as the first one.
    private static bool HasCard(string text)
    {
        var groups = Regex.Matches(text, "[0-9]+").Select(m => m.Value).ToArray();
        for (var first = 0; first < groups.Length; first++)
        {
            var digits = "";
            for (var next = first; next < groups.Length && digits.Length < 19; next++)
            {
                digits += groups[next];
                if (Issuer.IsMatch(digits) && HasCheckDigit(digits) && groups[first].Length >= 4)
                    return true;
            }
        }

        return false;
    }

    private static bool HasCheckDigit(string digits) =>
        digits.Select(c => c - '0').Reverse().Select((d, i) => i % 2 == 0 ? d : d > 4 ? 2 * d - 9 : 2 * d).Sum() % 10 == 0;

    // Words may follow it, so it is as long as its country says, and ends there. A span id may look like one of Belgium.
    private static bool IsIban(string text)
    {
        var letters = new string(text.Where(char.IsAsciiLetterOrDigit).ToArray()).ToUpperInvariant();
        var country = Enumerable.Range(0, Lengths.Length / 4)
            .FirstOrDefault(i => Lengths.AsSpan(4 * i, 2).SequenceEqual(letters.AsSpan(0, 2)), -1);
        var length = country < 0 ? int.MaxValue : int.Parse(Lengths.AsSpan(4 * country + 2, 2), CultureInfo.InvariantCulture);
        if (letters.Length < length)
            return false;
        var end = 0;
        for (var count = 0; count < length; end++)
            count += text[end] == ' ' ? 0 : 1;
        if (end < text.Length && text[end] != ' ' || length == 16 && text[..end].All(char.IsAsciiHexDigitLower))
            return false;
        var rest = 0;
        foreach (var c in letters[4..length] + letters[..4])
            rest = char.IsAsciiDigit(c) ? (rest * 10 + c - '0') % 97 : (rest * 100 + c - 'A' + 10) % 97;
        return rest == 1;
    }
}
