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

/// <summary>The rules of W3C Trace Context Level 2 and of W3C Baggage, one case each.</summary>
public sealed partial class TraceparentViewTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736", Parent = "00f067aa0ba902b7";
    private const string Valid = $"00-{Trace}-{Parent}-01";
    private const string Hostile = "<script>alert(1)</script><img src=x onerror=\"alert('2')\"> & --> </style></small> \u001b[31m\u0000\u202e\ud800 日本語 🚀";

    // ---- traceparent ---------------------------------------------------------------------------------------------

    public static TheoryData<string, bool, bool> RightTraceparents => new()
    {
        { $"00-{Trace}-{Parent}-01", true, false },
        { $"00-{Trace}-{Parent}-00", false, false },
        { $"00-{Trace}-{Parent}-02", false, true },
        { $"00-{Trace}-{Parent}-03", true, true },
        { $"00-{Trace}-{Parent}-ff", true, true },
        { $"00-{Trace}-{Parent}-04", false, false },
        { $" 00-{Trace}-{Parent}-01", true, false },
        { $"\t 00-{Trace}-{Parent}-01 \t", true, false },
        { $"00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-01", true, false },
        { $"00-00000000000000000000000000000001-0000000000000001-01", true, false },
        { $"01-{Trace}-{Parent}-01", true, false },
        { $"cc-{Trace}-{Parent}-01", true, false },
        { $"fe-{Trace}-{Parent}-02", false, true },
        { $"cc-{Trace}-{Parent}-01-", true, false },
        { $"cc-{Trace}-{Parent}-01-what-comes-later", true, false },
        { $"cc-{Trace}-{Parent}-01-a, b=c", true, false },
    };

    [Theory]
    [MemberData(nameof(RightTraceparents))]
    public void A_right_traceparent_gives_its_ids_and_flags(string header, bool sampled, bool random)
    {
        var view = TraceparentView.Of(header);

        Assert.True(view.IsValid);
        Assert.Null(view.Traceparent.Problem);
        Assert.Equal((sampled, random), (view.IsSampled, view.IsRandom));
        Assert.Equal(header.Trim().Split('-')[1], view.TraceId);
        Assert.Equal(header.Trim().Split('-')[2], view.ParentId);
        Assert.StartsWith("traceparent: ✔ valid", view.ToString());
    }

    public static TheoryData<string, string, string, string> WrongTraceparents => new()
    {
        { "", "version", "Empty", "version" },
        { "  ", "version", "Empty", "version" },
        { "hello", "version", "'h' is no hexadecimal digit", "version" },
        { $"-{Trace}-{Parent}-01", "version", "Empty", "version" },
        { $"0-{Trace}-{Parent}-01", "version", "1 digits, but version has 2", "version" },
        { $"000-{Trace}-{Parent}-01", "version", "3 digits", "version" },
        { $"0000-{Trace}-{Parent}-01", "version", "4 digits", "version" },
        { $".0-{Trace}-{Parent}-01", "version", "'.' is no hexadecimal digit", "version" },
        { $"0.-{Trace}-{Parent}-01", "version", "'.' is no hexadecimal digit", "version" },
        { $"CC-{Trace}-{Parent}-01", "version", "'C' is upper case", "version" },
        { $"ff-{Trace}-{Parent}-01", "version", "Version ff is forbidden", "version" },
        { $"00-{Trace[..31]}-{Parent}-01", "trace-id", "31 digits, but trace-id has 32", "version-format" },
        { $"00-{Trace}0-{Parent}-01", "trace-id", "33 digits", "version-format" },
        { $"00-{Trace[..31]}.-{Parent}-01", "trace-id", "'.' is no hexadecimal digit", "version-format" },
        { $"00-{Trace[..31]}g-{Parent}-01", "trace-id", "'g' is no hexadecimal digit", "version-format" },
        { $"00-{Trace[..31]}\0-{Parent}-01", "trace-id", "is no hexadecimal digit", "version-format" },
        { $"00-{Trace[..31]}５-{Parent}-01", "trace-id", "'５' is no hexadecimal digit", "version-format" },
        { $"00-{Trace.ToUpperInvariant()}-{Parent}-01", "trace-id", "'B' is upper case", "version-format" },
        { $"00--{Parent}-01", "trace-id", "Empty", "version-format" },
        { $"00-{new string('0', 32)}-{Parent}-01", "trace-id", "All zeros", "trace-id" },
        { $"00-{Trace}-{Parent[..15]}-01", "parent-id", "15 digits, but parent-id has 16", "version-format" },
        { $"00-{Trace}-{Parent}1-01", "parent-id", "17 digits", "version-format" },
        { $"00-{Trace}-.{Parent[1..]}-01", "parent-id", "'.' is no hexadecimal digit", "version-format" },
        { $"00-{Trace}-{Parent.ToUpperInvariant()}-01", "parent-id", "'F' is upper case", "version-format" },
        { $"00-{Trace}-{new string('0', 16)}-01", "parent-id", "All zeros", "parent-id" },
        { $"00-{Trace}-{Parent}-1", "trace-flags", "1 digits, but trace-flags has 2", "version-format" },
        { $"00-{Trace}-{Parent}-001", "trace-flags", "3 digits", "version-format" },
        { $"00-{Trace}-{Parent}-.0", "trace-flags", "'.' is no hexadecimal digit", "version-format" },
        { $"00-{Trace}-{Parent}-0A", "trace-flags", "'A' is upper case", "version-format" },
        { $"00-{Trace}-{Parent}-01.", "trace-flags", "'.' is no hexadecimal digit", "version-format" },
        { $"00-{Trace}-{Parent}-01-", "extra", "Version 00 ends with the flags", "version-format" },
        { $"00-{Trace}-{Parent}-01-what-comes-later", "extra", "only a higher version may be longer", "version-format" },
        { $"00-{Trace}-{Parent}", "missing", "This text has 3", "traceparent Header Field Values" },
        { $"00-{Trace}", "missing", "This text has 2", "traceparent Header Field Values" },
        { $"00_{Trace}_{Parent}_01", "separator", "separated by a dash", "traceparent Header Field Values" },
        { $"00,{Trace},{Parent},01", "separator", "separated by a dash", "traceparent Header Field Values" },
        { $"00{Trace}{Parent}01", "version", "52 digits", "version" },
        { $"cc-{Trace}-{Parent}-01.what-comes-later", "extra", "starts with a dash", "Versioning of traceparent" },
        { $"cc-{Trace}-{Parent}-0", "trace-flags", "1 digits", "version-format" },
        { $"cc-{Trace}-{Parent}-xx-later", "trace-flags", "'x' is no hexadecimal digit", "version-format" },
        { $"cc-{new string('0', 32)}-{Parent}-01", "trace-id", "All zeros", "trace-id" },
        { $"cc-{Trace[..31]}-{Parent}-01-later", "trace-id", "31 digits", "version-format" },
        { $"{Valid},{Valid}", "traceparent 2", "sent more than once", "traceparent Header Field Values" },
        { $"{Valid}, 00-0af7651916cd43dd8448eb211c80319c-{Parent}-01", "traceparent 2", "sent more than once", "traceparent Header Field Values" },
    };

    [Theory]
    [MemberData(nameof(WrongTraceparents))]
    public void A_wrong_traceparent_is_told_which_field_breaks_which_rule(string header, string field, string problem, string section)
    {
        var view = TraceparentView.Of(header);
        var wrong = view.Traceparent.Parts.First(p => p.Problem is not null);

        Assert.False(view.IsValid);
        Assert.Equal(field, wrong.Name);
        Assert.Contains(problem, wrong.Problem);
        Assert.Equal(section, wrong.Section);
        Assert.Equal((null, null, false, false), (view.TraceId, view.ParentId, view.IsSampled, view.IsRandom));
        Assert.StartsWith("traceparent: ✖ not valid", view.ToString());
    }

    [Fact]
    public void The_verdict_is_that_of_the_grammar_for_any_text()
    {
        var random = new Random(42);
        string[] good = [Valid, $"cc-{Trace}-{Parent}-03-later", $"00-{Trace}-{Parent}-02"];
        var valid = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var text = good[random.Next(good.Length)];
            for (var changes = random.Next(3); changes > 0; changes--)
            {
                var at = random.Next(text.Length);
                var c = "0123456789abcdefABCDEFgxz-_.,: \t\0é"[random.Next(34)].ToString();
                text = random.Next(4) switch { 0 => text.Remove(at, 1), 1 => text.Insert(at, c), 2 => text + c, _ => text.Remove(at, 1).Insert(at, c) };
            }

            var expected = Grammar().IsMatch(text.Trim(' ', '\t'));
            valid += expected ? 1 : 0;
            Assert.True(expected == TraceparentView.Of(text).IsValid, text);
        }

        Assert.InRange(valid, 5_000, 45_000);
    }

    [Fact]
    public void What_is_valid_here_is_valid_for_the_runtime_too()
    {
        // .NET 10 reads 55 characters and no more, so it does not continue what a later version appends.
        foreach (var header in RightTraceparents.Select(r => r.Data.Item1.Trim()).Where(h => h.Length == 55))
        {
            Assert.True(ActivityContext.TryParse(header, null, out var context), header);
            Assert.Equal(TraceparentView.Of(header).TraceId, context.TraceId.ToHexString());
            Assert.Equal(TraceparentView.Of(header).IsSampled, context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded));
        }
    }

    [Fact]
    public void No_traceparent_is_not_wrong_but_nothing_is_continued()
    {
        var view = TraceparentView.Of(null);

        Assert.False(view.IsValid);
        Assert.True(view.Traceparent.IsMissing);
        Assert.Empty(view.Parts);
        Assert.Equal("traceparent: – not sent: the receiver starts a new trace", view.ToString());
        Assert.Empty(Parse(view).QuerySelectorAll(".tp-bad"));
    }

    [Fact]
    public void The_parts_say_what_each_field_means()
    {
        var parts = TraceparentView.Of($"00-{Trace}-{Parent}-03").Parts;

        Assert.Equal(["version", "trace-id", "parent-id", "trace-flags"], parts.Select(p => p.Name));
        Assert.Equal(["00", Trace, Parent, "03"], parts.Select(p => p.Text));
        Assert.StartsWith("00000011 in bits: sampled (0x01)", parts[3].Meaning);
        Assert.Contains("random (0x02)", parts[3].Meaning);
        Assert.StartsWith("00000010 in bits: not sampled", TraceparentView.Of($"00-{Trace}-{Parent}-02").Parts[3].Meaning);
    }

    [Fact]
    public void Reserved_flags_are_noted_and_not_wrong()
    {
        Assert.Contains("0x7c is reserved", TraceparentView.Of($"00-{Trace}-{Parent}-7d").Parts[3].Remark);
        Assert.Null(TraceparentView.Of($"cc-{Trace}-{Parent}-7d").Parts[3].Remark);
    }

    // ---- tracestate ----------------------------------------------------------------------------------------------

    public static TheoryData<string> RightTracestates =>
    [
        "foo=1",
        "foo=1,bar=2",
        "foo=1 \t , \t bar=2, \t baz=3",
        " foo=1",
        "\t foo=1 \t",
        "foo= leading and inner spaces",
        "foo=1,",
        "foo=1,,bar=2",
        ",foo=1, ,",
        "",
        " ",
        "0foo=1",
        "foo@=1,bar=2",
        "foo@@bar=1,bar=2",
        "foo@bar@baz=1",
        "abcdefghijklmnopqrstuvwxyz0123456789_-*/@a-z0-9_-*/= !\"#$%&'()*+-./0123456789:;<>?@ABCXYZ[\\]^_`abcxyz{|}~",
        new string('z', 256) + "=1",
        "t@" + new string('v', 15) + "=1",
        "foo=" + new string('v', 256),
        string.Join(',', Enumerable.Range(1, 32).Select(i => $"bar{i}={i}")),
    ];

    [Theory]
    [MemberData(nameof(RightTracestates))]
    public void A_right_tracestate(string header)
    {
        var view = TraceparentView.Of(Valid, header);

        Assert.Null(view.Tracestate!.Problem);
        Assert.True(view.IsValid);
    }

    public static TheoryData<string, int, string, string> WrongTracestates => new()
    {
        { "foo", 1, "a key, an equals sign, and a value", "list-members" },
        { "foo =1", 1, "A space cannot be in a key", "Key" },
        { "FOO=1", 1, "'F' cannot be in a key", "Key" },
        { "foo.bar=1", 1, "'.' cannot be in a key", "Key" },
        { "=1", 1, "The key is empty", "Key" },
        { "@foo=1,bar=2", 1, "starts with a lower-case letter or a digit, not with '@'", "Key" },
        { "_foo=1", 1, "not with '_'", "Key" },
        { new string('z', 257) + "=1", 1, "at most 256 characters; this one has 257", "Key" },
        { "foo=,bar=3", 1, "The value is empty", "Value" },
        { "foo=  ", 1, "The value is empty", "Value" },
        { "foo=bar=baz", 1, "'=' cannot be in a value", "Value" },
        { "foo=a\tb", 1, "A tab cannot be in a value", "Value" },
        { "foo=é", 1, "'é' cannot be in a value", "Value" },
        { "foo=🚀", 1, "'🚀' cannot be in a value", "Value" },
        { "foo=" + new string('v', 257), 1, "at most 256 characters; this one has 257", "Value" },
        { "foo=1,foo=1", 2, "is there already", "Combined Header Value" },
        { "foo=1,bar=2,foo=3", 3, "is there already", "Combined Header Value" },
        { string.Join(',', Enumerable.Range(1, 33).Select(i => $"bar{i}={i}")), 33, "at most 32 members", "list" },
        { new string(',', 32), 33, "at most 32 members", "list" },
    };

    [Theory]
    [MemberData(nameof(WrongTracestates))]
    public void A_wrong_tracestate_is_told_why_and_leaves_the_traceparent_alone(string header, int member, string problem, string section)
    {
        var view = TraceparentView.Of(Valid, header);
        var wrong = view.Tracestate!.Parts.First(p => p.Problem is not null);

        Assert.Equal($"list-member {member}", wrong.Name);
        Assert.Contains(problem, wrong.Problem);
        Assert.Equal(section, wrong.Section);
        Assert.False(view.IsValid);
        Assert.True(view.Traceparent.IsValid);
        Assert.Equal(Trace, view.TraceId);
    }

    [Theory]
    [InlineData(null, "No traceparent Received")]
    [InlineData("", "Tracestate Header")]
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
        Assert.Contains("of more than 128 characters first", view.ToString());
    }

    [Theory]
    [InlineData("foo=1", true)]
    [InlineData("1tenant@system=1", true)]
    [InlineData("1foo=1", false)]
    [InlineData("foo@=1", false)]
    [InlineData("foo@1system=1", false)]
    [InlineData("foo@bar@baz=1", false)]
    [InlineData("t@abcdefghijklmn=1", true)]
    [InlineData("t@abcdefghijklmno=1", false)]
    public void A_key_that_only_Level_2_allows_is_noted(string header, bool level1) =>
        Assert.Equal(level1, TraceparentView.Of(Valid, header).Tracestate!.Parts[0].Remark is null);

    // ---- baggage -------------------------------------------------------------------------------------------------

    public static TheoryData<string, string> RightBaggage => new()
    {
        { "userId=alice", "userId = alice" },
        { "userId=Am%C3%A9lie", "userId = Amélie" },
        { "serverNode=DF%2028", "serverNode = DF 28" },
        { "userId =   alice", "userId = alice" },
        { "\t a \t = \t b \t ", "a = b" },
        { "a=", "a = " },
        { "a==b=c", "a = =b=c" },
        { "a=100%25", "a = 100%" },
        { "a=%ff", "a = \uFFFD" },
        { "a=b+c", "a = b+c" },
        { "!#$%&'*+-.^_`|~09azAZ=!#$&'()*+-./:<=>?@[]^_`{|}~", "!#$%&'*+-.^_`|~09azAZ = !#$&'()*+-./:<=>?@[]^_`{|}~" },
    };

    [Theory]
    [MemberData(nameof(RightBaggage))]
    public void A_right_baggage_entry_is_decoded(string header, string meaning)
    {
        var view = TraceparentView.Of(Valid, baggage: header);

        Assert.True(view.IsValid);
        Assert.Equal(meaning, Assert.Single(view.Baggage!.Parts).Meaning);
    }

    public static TheoryData<string, string, string, string> WrongBaggage => new()
    {
        { "", "list-member 1", "here is nothing", "Definition" },
        { "a=1,", "list-member 2", "here is nothing", "Definition" },
        { "a=1,,b=2", "list-member 2", "here is nothing", "Definition" },
        { "a", "list-member 1", "a key, an equals sign, and a value", "Definition" },
        { "=1", "list-member 1", "The key is empty", "key" },
        { "a b=1", "list-member 1", "A space cannot be in a key", "key" },
        { "a(b)=1", "list-member 1", "'(' cannot be in a key", "key" },
        { "ключ=1", "list-member 1", "'к' cannot be in a key", "key" },
        { "a=b c", "list-member 1", "A space must be percent-encoded in a value: %20", "value" },
        { "a=\"b\"", "list-member 1", "'\"' must be percent-encoded in a value: %22", "value" },
        { "a=b\\c", "list-member 1", "%5C", "value" },
        { "a=Amélie", "list-member 1", "'é' must be percent-encoded in a value", "value" },
        { "a=50%", "list-member 1", "%25", "value" },
        { "a=50%2", "list-member 1", "%25", "value" },
        { "a=50%zz", "list-member 1", "%25", "value" },
        { "a=1;", "property", "The key is empty", "property" },
        { "a=1;b c", "property", "A space cannot be in a key", "property" },
        { "a=1;p=x y", "property", "%20", "property" },
        { "a=1;p=%", "property", "%25", "property" },
        { string.Join(',', Enumerable.Range(1, 181).Select(i => $"k{i}={i}")), "list-member 181", "at most 180", "Definition" },
    };

    [Theory]
    [MemberData(nameof(WrongBaggage))]
    public void A_wrong_baggage_entry_is_told_why(string header, string part, string problem, string section)
    {
        var view = TraceparentView.Of(Valid, baggage: header);
        var wrong = view.Baggage!.Parts.First(p => p.Problem is not null);

        Assert.Equal(part, wrong.Name);
        Assert.Contains(problem, wrong.Problem);
        Assert.Equal(section, wrong.Section);
        Assert.True(view.Traceparent.IsValid);
    }

    [Fact]
    public void Properties_belong_to_the_entry_before_them()
    {
        var view = TraceparentView.Of(Valid, baggage: "key1=value1;property1;property2, key2 = value2, key3=value3; propertyKey=property%20Value");

        Assert.True(view.IsValid);
        Assert.Equal(["list-member 1", "property", "property", "list-member 2", "list-member 3", "property"], view.Baggage!.Parts.Select(p => p.Name));
        Assert.Equal("property1: says more about list-member 1", view.Baggage.Parts[1].Meaning);
        Assert.Equal("propertyKey = property Value: says more about list-member 3", view.Baggage.Parts[5].Meaning);
    }

    [Fact]
    public void A_property_without_a_value_is_not_decoded()
    {
        var view = TraceparentView.Of(Valid, baggage: "a=1;ValueProp%20%3D%20PropVal");

        Assert.True(view.IsValid);
        Assert.StartsWith("ValueProp%20%3D%20PropVal:", view.Baggage!.Parts[1].Meaning);
    }

    [Fact]
    public void What_goes_beyond_the_limits_of_baggage_is_noted_and_not_wrong()
    {
        string Entries(int n) => string.Join(',', Enumerable.Range(1, n).Select(i => $"k{i}={i}"));

        Assert.Empty(TraceparentView.Of(Valid, baggage: Entries(64)).Baggage!.Remarks);
        Assert.Contains("65 entries", Assert.Single(TraceparentView.Of(Valid, baggage: Entries(65)).Baggage!.Remarks));
        Assert.True(TraceparentView.Of(Valid, baggage: Entries(180)).IsValid);
        Assert.Empty(TraceparentView.Of(Valid, baggage: "a=" + new string('v', 8190)).Baggage!.Remarks);
        Assert.Contains("8,193 bytes", Assert.Single(TraceparentView.Of(Valid, baggage: "a=" + new string('v', 8191)).Baggage!.Remarks));
        Assert.Contains("twice", Assert.Single(TraceparentView.Of(Valid, baggage: "a=1,a=2").Baggage!.Remarks));
        Assert.True(TraceparentView.Of(Valid, baggage: "a=1,a=2").IsValid);
    }

    [Fact]
    public void Baggage_does_not_need_a_traceparent()
    {
        var view = TraceparentView.Of(null, baggage: "tenant=42");

        Assert.True(view.Baggage!.IsValid);
        Assert.Contains("tenant = 42", view.ToString());
    }

    // ---- Drawing -------------------------------------------------------------------------------------------------

    [Theory]
    [MemberData(nameof(AllHeaders))]
    public void The_header_is_drawn_as_it_was_sent_and_marked_field_by_field(string traceparent, string? tracestate, string? baggage)
    {
        var view = TraceparentView.Of(traceparent, tracestate, baggage);
        var page = Parse(view);
        var drawn = page.QuerySelectorAll(".tp-line").Select(l => string.Concat(l.QuerySelectorAll(".tp-text:not(.tp-dim),.tp-between").Select(t => t.TextContent))).ToArray();
        var sent = new[] { traceparent, tracestate, baggage }.OfType<string>().ToArray();

        // Whitespace between parts is drawn as a sign.
        Assert.Equal(sent.Select(Blank), drawn.Select(Blank));
        Assert.Equal(view.Parts.Count(p => p.Problem is not null), page.QuerySelectorAll(".tp-part.tp-wrong").Length);
        Assert.All(page.QuerySelectorAll(".tp-part.tp-wrong small"), s => Assert.StartsWith("✖", s.TextContent));
        foreach (var part in view.Parts.Where(p => p.Problem is not null))
        {
            Assert.Contains(page.QuerySelectorAll(".tp-rule"), r => r.TextContent.Contains(part.Problem!, StringComparison.Ordinal) && r.TextContent.Contains($"section \"{part.Section}\"", StringComparison.Ordinal));
            Assert.Contains(Blank(part.Problem!), Blank(view.ToString()));
        }

        static string Blank(string text) => Regex.Replace(text, @"[\s␣⇥]", "");
    }

    public static TheoryData<string, string?, string?> AllHeaders
    {
        get
        {
            var all = new TheoryData<string, string?, string?>();
            foreach (var row in WrongTraceparents.Where(r => !r.Data.Item1.Contains('\0')))
                all.Add(row.Data.Item1, null, null);
            foreach (var row in WrongTracestates)
                all.Add(Valid, row.Data.Item1, null);
            foreach (var row in WrongBaggage)
                all.Add(Valid, null, row.Data.Item1);
            return all;
        }
    }

    [Fact]
    public void The_terminal_marks_the_wrong_field()
    {
        var lines = TraceparentView.Of($"00-{Trace}-{new string('0', 16)}-01").ToString().Split('\n');

        Assert.Equal($"  00-{Trace}-0000000000000000-01", lines[1]);
        Assert.Equal("  ── ──────────────────────────────── ✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖✖ ──", lines[2]);
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
                Assert.True(line.EnumerateRunes().Sum(r => r.Value is >= 0x2E80 and <= 0xD7A3 or >= 0xFF00 and <= 0xFF60 or >= 0x1F300 ? 2 : 1) <= 110, line);
                Assert.DoesNotContain(line, c => char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator);
            }
        }
    }

    [Fact]
    public void A_huge_header_makes_a_bounded_drawing()
    {
        foreach (var text in new[] { new string('x', 1_000_000), string.Concat(Enumerable.Repeat("a=1;b,", 200_000)), new string('-', 500_000) })
        {
            var view = TraceparentView.Of(Valid, text, text);
            Assert.InRange(view.ToHtml().Length, 1, 1_000_000);
            Assert.InRange(view.ToString().Length, 1, 300_000);
            Assert.InRange(TraceparentView.Of(text).ToHtml().Length, 1, 1_000_000);
        }
    }

    [Fact]
    public void A_view_cannot_restyle_or_clash_with_the_page_around_it()
    {
        foreach (var view in Hostiles().Append(TraceparentView.Of(Valid, "foo=1", "a=1")))
        {
            var page = Parse(view);
            Assert.Empty(page.QuerySelectorAll("script,[id],[style],link,meta[http-equiv]"));
            var css = string.Concat(page.QuerySelectorAll("style").Select(s => s.TextContent));
            Assert.All(Regex.Matches(css, @"([^{}]+)\{").SelectMany(m => m.Groups[1].Value.Split(',')).Select(s => s.Trim()), s => Assert.StartsWith(".tp", s));
            Assert.DoesNotContain("url(", css);
            Assert.All(page.QuerySelectorAll("body [class]").SelectMany(e => e.ClassList), c => Assert.True(c == "tp" || c.StartsWith("tp-", StringComparison.Ordinal), c));
        }
    }

    internal static IEnumerable<TraceparentView> Hostiles()
    {
        yield return TraceparentView.Of(Hostile);
        yield return TraceparentView.Of(Hostile, Hostile, Hostile);
        yield return TraceparentView.Of($"{Hostile}-{Hostile}-{Hostile}-{Hostile}-{Hostile}");
        yield return TraceparentView.Of($"cc-{Trace}-{Parent}-01-{Hostile}", $"{Hostile}={Hostile},a={Hostile},{new string('w', 300)}={new string('長', 300)}", $"a={Hostile};{Hostile}={Hostile},b=%3Cscript%3E%1b%00;c=%3Cb%3E");
    }

    private static IHtmlDocument Parse(TraceparentView view) => new HtmlParser().ParseDocument("<!doctype html><body>" + view.ToHtml());

    [GeneratedRegex(@"\A(?:00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}|(?!00|ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?)\z", RegexOptions.Singleline)]
    private static partial Regex Grammar();
}
