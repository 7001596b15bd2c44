using System.Linq;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

/// <summary>Names in the scripts of the world: what is part of a word stays, what is wide takes two columns.</summary>
public sealed class WorldTextTests
{
    /// <summary>A name, how it is shown, and how many columns of a terminal it takes.</summary>
    public static TheoryData<string, string, int> Names => new()
    {
        // Persian, with U+200C
        { "\u0633\u0641\u0627\u0631\u0634 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0633\u0641\u0627\u0631\u0634 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", 13 },
        // one emoji of five code points
        { "\U0001f468\u200d\U0001f469\u200d\U0001f467 plan", "\U0001f468\u200d\U0001f469\u200d\U0001f467 plan", 7 },
        { "\u2705 checked", "\u2705 checked", 10 },
        { "\u26a1 fast", "\u26a1 fast", 7 },
        { "\u2764\ufe0f fast", "\u2764\ufe0f fast", 7 }, // a narrow sign whose picture is asked for
        { "\U0001f1e9\U0001f1ea", "\U0001f1e9\U0001f1ea", 2 }, // a flag
        { "\u231a\u2b55\U0001f6d7\U00020000", "\u231a\u2b55\U0001f6d7\U00020000", 8 },
        { "\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937", 2 }, // Devanagari with U+200D
        { "Donau\u00addampf\u00adschiff", "Donau\u00addampf\u00adschiff", 18 }, // a soft hyphen is one column (wcwidth)
        { "cafe\u0301", "cafe\u0301", 4 },
        { "\u65e5\u672c\u8a9e\u306e\u6ce8\u6587", "\u65e5\u672c\u8a9e\u306e\u6ce8\u6587", 12 },
        { "\u05d0\u200f!\u200e", "\u05d0\u200f!\u200e", 2 }, // marks change the direction of no other text
        { "a\u202egnp.exe", "a\ufffdgnp.exe", 9 }, // an override does
        { "\u2066a\u2069 \u202bb\u202c", "\ufffda\ufffd \ufffdb\ufffd", 7 }, // so do isolates and embeddings
        { "a\u2028b\u0085c", "a b c", 5 },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_name_is_shown_as_it_is_but_for_what_turns_the_writing_direction(string name, string shown, int columns)
    {
        Assert.Equal(shown, Drawing.Clean(name));
        Assert.Equal(columns, Drawing.Columns(Drawing.Clean(name)));
        Assert.Equal(columns + 3, Drawing.Columns(Drawing.Fit(name, columns + 3)));
        Assert.Equal(shown.Replace("a b c", "a\u2028b\ufffdc"), Drawing.Encode(name)); // HTML has line ends of its own
    }

    [Fact]
    public void A_text_is_never_cut_between_a_letter_and_its_accent_or_inside_of_an_emoji()
    {
        Assert.Equal("caf…", Drawing.Fit("cafe\u0301s", 4));
        Assert.Equal("a …", Drawing.Fit("a \U0001f468\u200d\U0001f469\u200d\U0001f467b", 4).TrimEnd());
        Assert.Equal(["\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"],
            Drawing.Wrap("\U0001f468\u200d\U0001f469\U0001f468\u200d\U0001f469", 3));
    }

    [Fact]
    public void Bars_and_columns_lie_below_each_other_whatever_the_names_are()
    {
        var spans = Names.Select((n, i) => Span(n.Data.Item1, "root", i, 1, id: $"{i:x16}")).ToArray();
        var lines = Waterfall.Of(Trace([Span("root", null, 0, 20), .. spans])).ToString().Split('\n').Where(l => l.Contains(" 1 ms "))
            .ToArray();

        Assert.Equal(spans.Length, lines.Length);
        Assert.Single(lines.Select(l => Drawing.Columns(l[..(l.IndexOf(" 1 ms ", System.StringComparison.Ordinal))])).Distinct());
        Assert.Single(SpanTable.Of(spans).ToString().Split('\n').Skip(1)
            .Select(l => Drawing.Columns(l[..l.IndexOf("internal", System.StringComparison.Ordinal)])).Distinct());
    }

    [Fact]
    public void Rows_of_a_table_that_would_be_alike_begin_with_the_end_of_their_span_id()
    {
        var table = SpanTable.Of([Span("retry", null, 0, 1, id: "00f067aa0ba902b7"), Span("retry", null, 2, 1, id: "00f067aa0ba9aaaa"),
            Span("other", "retry", 0, 1, id: "1")]);

        Assert.Equal(["[02b7]", "[aaaa]", "other"], table.ToString().Split('\n').Skip(1).Select(l => l.Split(' ')[0]));
    }

    [Fact]
    public void Where_times_do_not_fit_no_note_names_a_critical_path_and_none_is_drawn_there()
    {
        var trace = Trace(
            Span("GET /profile", null, 0, 100, "gateway"),
            Span("GET", "GET /profile", 5, 80, "gateway") with { Kind = System.Diagnostics.ActivityKind.Client },
            Span("GET /payments", "GET", 5_010, 60, "payments") with
            {
                Kind = System.Diagnostics.ActivityKind.Server,
                HasRemoteParent = true
            });
        var view = Waterfall.Of(trace);

        Assert.DoesNotContain("The critical path is that of", view.ToString());
        Assert.Contains("critical path are not known", view.ToString());
        Assert.Empty(Views.Pieces(Views.RowOf(view, "GET"), "tv-crit"));
        Assert.NotEmpty(Views.Pieces(Views.RowOf(view, "GET /profile"), "tv-crit"));
        Assert.DoesNotContain(view.ToString().Split('\n'), l => l.StartsWith('*') && l.Contains("─ GET "));
    }
}
