using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The rules of W3C Trace Context Level 2 and of W3C Baggage, one case for each kind of right and wrong.</summary>
public sealed partial class TraceparentViewTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736", Parent = "00f067aa0ba902b7";
    private const string Valid = $"00-{Trace}-{Parent}-01";
    private const string Hostile =
        "<script>alert(1)</script><img src=x onerror=\"alert('2')\"> & --> </style></small> \u001b[31m\u0000\u202e\ud800 日本語 🚀";

    private static string Members(int n) => string.Join(',', Enumerable.Range(1, n).Select(i => $"k{i}={i}"));

    // ---- traceparent ---------------------------------------------------------------------------------------------

    public static TheoryData<string, bool, bool> RightTraceparents => new()
    {
        { Valid, true, false },
        { $"00-{Trace}-{Parent}-00", false, false },
        { $"00-{Trace}-{Parent}-02", false, true },
        { $"00-{Trace}-{Parent}-ff", true, true },
        { $"\t {Valid} \t", true, false },
        { $"cc-{Trace}-{Parent}-01", true, false },
        { $"cc-{Trace}-{Parent}-03-what-comes, later", true, true },
    };

    [Theory]
    [MemberData(nameof(RightTraceparents))]
    public void A_right_traceparent_gives_its_ids_and_flags(string header, bool sampled, bool random)
    {
        var view = TraceparentView.Of(header);

        Assert.True(view.IsValid);
        Assert.Null(view.Traceparent.Problem);
        Assert.Equal((sampled, random), (view.IsSampled, view.IsRandom));
        Assert.Equal((Trace, Parent), (view.TraceId, view.ParentId));
        Assert.StartsWith("traceparent: ✔ valid", view.ToString());
        if (header.StartsWith("00", StringComparison.Ordinal)) // .NET 10 does not continue what a later version appends
        {
            Assert.True(ActivityContext.TryParse(header, null, out var context));
            Assert.Equal((Trace, sampled), (context.TraceId.ToHexString(), context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)));
        }
    }

    public static TheoryData<string, string, string, string> WrongTraceparents => new()
    {
        { "  ", "version", "Empty", "version" },
        { "hello", "version", "'h' is no hexadecimal digit", "version" },
        { $"000-{Trace}-{Parent}-01", "version", "3 digits, but version has 2", "version" },
        { $"ff-{Trace}-{Parent}-01", "version", "Version ff is forbidden", "version" },
        { $"00-{Trace[..31]}-{Parent}-01", "trace-id", "31 digits, but trace-id has 32", "version-format" },
        { $"00-{Trace[..31]}５-{Parent}-01", "trace-id", "'５' is no hexadecimal digit", "version-format" },
        { $"00-{Trace.ToUpperInvariant()}-{Parent}-01", "trace-id", "'B' is upper case", "version-format" },
        { $"00-{new string('0', 32)}-{Parent}-01", "trace-id", "All zeros", "trace-id" },
        { $"00-{Trace}--01", "parent-id", "Empty", "version-format" },
        { $"00-{Trace}-{new string('0', 16)}-01", "parent-id", "All zeros", "parent-id" },
        { $"00-{Trace}-{Parent}-1", "trace-flags", "1 digits, but trace-flags has 2", "version-format" },
        { $"00-{Trace}-{Parent}-01-", "extra", "Version 00 ends with the flags", "version-format" },
        { $"cc-{Trace}-{Parent}-01.what-comes-later", "extra", "starts with a dash", "Versioning of traceparent" },
        { $"00-{Trace}", "missing", "This text has 2", "traceparent Header Field Values" },
        { $"00_{Trace}_{Parent}_01", "separator", "separated by a dash", "traceparent Header Field Values" },
        { $"{Valid}, {Valid}", "traceparent 2", "sent more than once", "traceparent Header Field Values" },
    };

    [Theory]
    [MemberData(nameof(WrongTraceparents))]
    public void A_wrong_traceparent_is_told_which_field_breaks_which_rule(string header, string field, string problem, string section)
    {
        var view = TraceparentView.Of(header);

        IsToldWhy(view.Traceparent, field, problem, section);
        Assert.Equal((null, null, false, false), (view.TraceId, view.ParentId, view.IsSampled, view.IsRandom));
        Assert.StartsWith("traceparent: ✖ not valid", view.ToString());
    }

    [Fact]
    public void The_verdict_is_that_of_the_grammar_for_any_text()
    {
        var random = new Random(42);
        string[] good = [Valid, $"cc-{Trace}-{Parent}-03-later", $"00-{Trace}-{Parent}-02"];
        var valid = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var text = good[random.Next(good.Length)];
            for (var changes = random.Next(3); changes > 0; changes--)
            {
                var at = random.Next(text.Length);
                var c = "0123456789abcdefABCDEFgxz-_.,: \t\0é"[random.Next(34)].ToString();
                text = random.Next(4) switch
                {
                    0 => text.Remove(at, 1),
                    1 => text.Insert(at, c),
                    2 => text + c,
                    _ => text.Remove(at, 1)
                    .Insert(at, c)
                };
            }

            var expected = Grammar().IsMatch(text.Trim(' ', '\t'));
            valid += expected ? 1 : 0;
            Assert.True(expected == TraceparentView.Of(text).IsValid, text);
        }

        Assert.InRange(valid, 2_000, 18_000);
    }

    [Fact]
    public void No_traceparent_is_not_wrong_but_nothing_is_continued()
    {
        var view = TraceparentView.Of(null);

        Assert.Equal((false, true), (view.IsValid, view.Traceparent.IsMissing));
        Assert.Empty(view.Parts);
        Assert.Equal("traceparent: – not sent: the receiver starts a new trace", view.ToString());
        Assert.Empty(Parse(view).QuerySelectorAll(".tv-bad"));
    }

    [Fact]
    public void Reserved_flags_are_noted_and_not_wrong()
    {
        Assert.Contains("0x7c is reserved", TraceparentView.Of($"00-{Trace}-{Parent}-7d").Parts[3].Remark);
        Assert.Null(TraceparentView.Of($"cc-{Trace}-{Parent}-7d").Parts[3].Remark);
    }

    // ---- tracestate ----------------------------------------------------------------------------------------------

    [Theory]
    [InlineData("")]
    [InlineData(",foo=1 \t , \t bar= inner space,, \t baz=3")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456789_-*/@a-z0-9_-*/= !\"#$%&'()*+-./0123456789:;<>?@ABCXYZ[\\]^_`abcxyz{|}~")]
    [InlineData("256")]
    [InlineData("32")]
    public void A_right_tracestate(string header)
    {
        var view = TraceparentView.Of(Valid, header switch
        {
            "256" => $"{new string('z', 256)}={new string('v', 256)}",
            "32" => Members(32),
            _ => header
        });

        Assert.Null(view.Tracestate!.Problem);
        Assert.True(view.IsValid);
    }

    public static TheoryData<string, int, string, string> WrongTracestates => new()
    {
        { "foo", 1, "a key, an equals sign, and a value", "list-members" },
        { "=1", 1, "The key is empty", "Key" },
        { "foo =1", 1, "A space cannot be in a key", "Key" },
        { "_foo=1", 1, "starts with a lower-case letter or a digit, not with '_'", "Key" },
        { new string('z', 257) + "=1", 1, "at most 256 characters; this one has 257", "Key" },
        { "foo=  ", 1, "The value is empty", "Value" },
        { "foo=🚀", 1, "'🚀' cannot be in a value", "Value" },
        { "foo=" + new string('v', 257), 1, "at most 256 characters; this one has 257", "Value" },
        { Members(33), 33, "at most 32 members", "list" },
    };

    [Theory]
    [MemberData(nameof(WrongTracestates))]
    public void A_wrong_tracestate_is_told_why_and_leaves_the_traceparent_alone(string header, int member, string problem, string section)
    {
        var view = TraceparentView.Of(Valid, header);

        IsToldWhy(view.Tracestate!, $"list-member {member}", problem, section);
        Assert.Equal((false, Trace), (view.IsValid, view.TraceId));
    }

    [Theory]
    [InlineData(null, "No traceparent Received")]
    [InlineData($"ff-{Trace}-{Parent}-01", "Tracestate Header")]
    public void Without_a_valid_traceparent_the_tracestate_is_not_read(string? traceparent, string section)
    {
        var view = TraceparentView.Of(traceparent, "foo=1");

        var part = Assert.Single(view.Tracestate!.Parts);
        Assert.Equal(("foo=1", section), (part.Text, part.Section));
        Assert.Contains("dropped", view.Tracestate.Verdict);
    }

    [Fact]
    public void A_tracestate_of_more_than_512_characters_may_be_cut()
    {
        string Header(int length) => "a=" + new string('v', 200) + ",b=" + new string('v', 200) + ",c=" + new string('v', length - 408);

        Assert.Empty(TraceparentView.Of(Valid, Header(512)).Tracestate!.Remarks);
        var view = TraceparentView.Of(Valid, Header(513));
        Assert.Contains("513 characters", Assert.Single(view.Tracestate!.Remarks));
        Assert.True(view.IsValid);
    }

    [Theory]
    [InlineData("foo=1", true)]
    [InlineData("1tenant@abcdefghijklmn=1", true)]
    [InlineData("1foo=1", false)]
    [InlineData("t@abcdefghijklmno=1", false)]
    [InlineData("foo@bar@baz=1", false)]
    public void A_key_that_only_Level_2_allows_is_noted(string header, bool level1) =>
        Assert.Equal(level1, TraceparentView.Of(Valid, header).Tracestate!.Parts[0].Remark is null);

    // ---- baggage -------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData("\t userId \t = \t Am%C3%A9lie%20B \t ", "userId = Amélie B")]
    [InlineData("a=", "a = ")]
    [InlineData("a==b=c", "a = =b=c")]
    [InlineData("a=%ff", "a = \uFFFD")]
    [InlineData("!#$%&'*+-.^_`|~09azAZ=!#$&'()*+-./:<=>?@[]^_`{|}~", "!#$%&'*+-.^_`|~09azAZ = !#$&'()*+-./:<=>?@[]^_`{|}~")]
    public void A_right_baggage_entry_is_decoded(string header, string meaning)
    {
        var view = TraceparentView.Of(null, baggage: header); // it needs no traceparent

        Assert.True(view.Baggage!.IsValid);
        Assert.Equal(meaning, Assert.Single(view.Baggage.Parts).Meaning);
    }

    public static TheoryData<string, string, string, string> WrongBaggage => new()
    {
        { "a=1,,b=2", "list-member 2", "here is nothing", "Definition" },
        { "a", "list-member 1", "a key, an equals sign, and a value", "Definition" },
        { "=1", "list-member 1", "The key is empty", "key" },
        { "ключ=1", "list-member 1", "'к' cannot be in a key", "key" },
        { "a=b c", "list-member 1", "A space must be percent-encoded in a value: %20", "value" },
        { "a=Amélie", "list-member 1", "'é' must be percent-encoded in a value.", "value" },
        { "a=50%zz", "list-member 1", "%25", "value" },
        { "a=50%2", "list-member 1", "%25", "value" },
        { "a=1;", "property", "The key is empty", "property" },
        { "a=1;p=x y", "property", "%20", "property" },
        { Members(181), "list-member 181", "at most 180", "Definition" },
    };

    [Theory]
    [MemberData(nameof(WrongBaggage))]
    public void A_wrong_baggage_entry_is_told_why(string header, string part, string problem, string section) =>
        IsToldWhy(TraceparentView.Of(Valid, baggage: header).Baggage!, part, problem, section);

    [Fact]
    public void Properties_belong_to_the_entry_before_them_and_are_decoded_if_they_have_a_value()
    {
        var view = TraceparentView.Of(Valid, baggage: "key1=value1;property%20one;property2, key2 = value2; propertyKey=property%20Value");

        Assert.True(view.IsValid);
        Assert.Equal(["list-member 1", "property", "property", "list-member 2", "property"], view.Baggage!.Parts.Select(p => p.Name));
        Assert.Equal("property%20one: says more about list-member 1", view.Baggage.Parts[1].Meaning);
        Assert.Equal("propertyKey = property Value: says more about list-member 2", view.Baggage.Parts[4].Meaning);
    }

    [Fact]
    public void What_goes_beyond_the_limits_of_baggage_is_noted_and_not_wrong()
    {
        Assert.Empty(TraceparentView.Of(Valid, baggage: Members(64)).Baggage!.Remarks);
        Assert.Contains("65 entries", Assert.Single(TraceparentView.Of(Valid, baggage: Members(65)).Baggage!.Remarks));
        Assert.True(TraceparentView.Of(Valid, baggage: Members(180)).IsValid);
        Assert.Empty(TraceparentView.Of(Valid, baggage: "a=" + new string('v', 8190)).Baggage!.Remarks);
        Assert.Contains("8,193 bytes", Assert.Single(TraceparentView.Of(Valid, baggage: "a=" + new string('v', 8191)).Baggage!.Remarks));
        Assert.Contains("twice", Assert.Single(TraceparentView.Of(Valid, baggage: "a=1,a=2").Baggage!.Remarks));
    }

    // ---- Drawing -------------------------------------------------------------------------------------------------

    [Fact]
    public void Three_headers_are_drawn_field_by_field()
    {
        var view = TraceparentView.Of($"00-{Trace}-{new string('0', 16)}-01", "foo=1", "userId=Am%C3%A9lie;secret, a b=1");

        Drawings.Matches("headers.txt", view.ToString());
        Drawings.Matches("headers.html", Views.Readable(view));
        AnyCulture.DrawsTheSame(() => TraceparentView.Of(Valid, Members(600), new string('v', 9_000)));
    }

    [Fact]
    public void A_header_is_drawn_as_it_was_sent_and_each_wrong_part_is_marked()
    {
        foreach (var (traceparent, tracestate, baggage) in WrongTraceparents.Select(w => (w.Data.Item1, (string?)null, (string?)null))
            .Concat(WrongTracestates.Select(w => (Valid, (string?)w.Data.Item1, (string?)null)))
            .Concat(WrongBaggage.Select(w => (Valid, (string?)null, (string?)w.Data.Item1))))
        {
            var view = TraceparentView.Of(traceparent, tracestate, baggage);
            var page = Parse(view);
            var drawn = page.QuerySelectorAll(".tp-line")
                .Select(l => string.Concat(l.QuerySelectorAll(".tp-text:not(.tv-dim),.tp-between").Select(t => t.TextContent)));
            var sent = new[] { traceparent, tracestate, baggage }.OfType<string>();

            Assert.Equal(sent.Select(Blank), drawn.Select(Blank)); // whitespace between parts is drawn as a sign
            Assert.Equal(view.Parts.Count(p => p.Problem is not null), page.QuerySelectorAll(".tp-part.tp-wrong").Length);
            foreach (var part in view.Parts.Where(p => p.Problem is not null))
            {
                Assert.Contains(page.QuerySelectorAll(".tp-rule"),
                    r => r.TextContent.Contains($"{part.Problem} (", StringComparison.Ordinal)
                        && r.TextContent.EndsWith($", section \"{part.Section}\")", StringComparison.Ordinal));
                Assert.Contains(Blank(part.Problem!), Blank(view.ToString()));
            }
        }

        static string Blank(string text) => Regex.Replace(text, @"[\s␣⇥]", "");
    }

    [Fact]
    public void Hostile_texts_stay_texts()
    {
        string[] ours = ["B", "BODY", "BR", "DIV", "HEAD", "HTML", "SECTION", "SMALL", "SPAN", "STYLE"];
        foreach (var view in Hostiles())
        {
            var page = Parse(view);
            Assert.All(page.All, e => Assert.Contains(e.TagName, ours));
            Assert.All(page.All, e => Assert.All(e.Attributes, a => Assert.Contains(a.Name, (string[])["class", "aria-label"])));
            Assert.DoesNotContain(page.Body!.TextContent, c => char.IsControl(c) && c is not ('\n' or '\r' or '\t'));
            foreach (var line in view.ToString().Split('\n'))
            {
                Assert.True(Drawing.Columns(line) <= 110, line);
                Assert.DoesNotContain(line, c => char.IsControl(c)
                    || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator);
            }
        }
    }

    [Fact(Explicit = true)]
    public void A_huge_header_makes_a_bounded_drawing()
    {
        var entry = new string('x', 1_000_000);
        foreach (var text in new[] { entry, $"{entry}=1,{entry}=1", string.Concat(Enumerable.Repeat("a=1;b,", 200_000)),
            new string('-', 500_000) })
        {
            foreach (var view in new[] { TraceparentView.Of(Valid, text, text), TraceparentView.Of(text) })
            {
                Assert.InRange(view.ToHtml().Length, 1, 600_000);
                Assert.InRange(view.ToString().Length, 1, 300_000);
            }
        }

        Assert.Contains("599,400 more parts not drawn.", TraceparentView.Of(Valid,
            baggage: string.Concat(Enumerable.Repeat("a=1;b,", 300_000))[..^1]).ToString());
    }

    [Fact]
    public void A_view_cannot_restyle_or_clash_with_the_page_around_it()
    {
        foreach (var view in Hostiles())
        {
            var page = Parse(view);
            Assert.Empty(page.QuerySelectorAll("script,[id],[style],link,meta[http-equiv]"));
            var css = Regex.Replace(string.Concat(page.QuerySelectorAll("style").Select(s => s.TextContent)),
                @"@media (print|\(forced-colors:active\))\{", "");
            Assert.All(Regex.Matches(css, @"([^{}]+)\{").SelectMany(m => m.Groups[1].Value.Split(',')).Select(s => s.Trim()),
                s => Assert.Matches(@"^\.t[vp]\b", s));
            Assert.DoesNotContain("url(", css);
        }
    }

    // ---- ---------------------------------------------------------------------------------------------------------

    private static void IsToldWhy(HeaderReading header, string part, string problem, string section)
    {
        var wrong = header.Parts.First(p => p.Problem is not null);
        Assert.False(header.IsValid);
        Assert.Equal((part, section), (wrong.Name, wrong.Section));
        Assert.Contains(problem, wrong.Problem);
    }

    internal static IEnumerable<TraceparentView> Hostiles()
    {
        yield return TraceparentView.Of(Hostile, Hostile, Hostile);
        yield return TraceparentView.Of($"{Hostile}-{Hostile}-{Hostile}-{Hostile}-{Hostile}");
        yield return TraceparentView.Of($"cc-{Trace}-{Parent}-01-{Hostile}",
            $"{Hostile}={Hostile},a={Hostile},{new string('w', 300)}={new string('長', 300)}",
            $"a={Hostile};{Hostile}={Hostile},b=%3Cscript%3E%1b%00;c=%3Cb%3E");
    }

    private static IHtmlDocument Parse(TraceparentView view) => new HtmlParser().ParseDocument("<!doctype html><body>" + view.ToHtml());

    [GeneratedRegex(@"\A(?:00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}|(?!00|ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?)\z", RegexOptions.Singleline)]
    private static partial Regex Grammar();
}
