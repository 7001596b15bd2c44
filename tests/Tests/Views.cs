using System;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

/// <summary>A view of each kind, and what the tests read from them.</summary>
internal static class Views
{
    public static readonly string[] Names = ["profile", "odd", "several", "queue", "one span each", "far apart", "table", "empty", "map",
        "odd map", "dense map", "side by side", "odd side by side", "verdict", "fault"];

    public static NotebookView Of(string name) => name switch
    {
        "profile" => Waterfall.Of(ProfilePage()),
        "odd" => Waterfall.Of(Odd()),
        "several" => Waterfall.Of([ProfilePage(), Overlapping(), Odd()]),
        "queue" => Waterfall.Of(Queue()),
        "one span each" => Waterfall.Of(OneSpanEach()),
        "far apart" => Waterfall.Of([Overlapping(), Later(Overlapping(), 200_000, new('1', 32))]),
        "table" => SpanTable.Of(Odd().Spans.Concat(ProfilePage().Spans)),
        "empty" => Waterfall.Of([]),
        "map" => ServiceMap.Of(Shop()),
        "odd map" => ServiceMap.Of([Odd(), ProfilePage()]),
        "dense map" => ServiceMap.Of(new[] { "26", "78", "56", "29", "34", "48", "67", "67", "09", "18", "15", "45", "45", "89" }
            .Select((c, i) => new RecordedTrace([Span("call", null, 0, 10, $"service-{c[0]}") with { TraceId = $"{i + 1:x32}" },
            Span("handle", "call", 1, 8, $"service-{c[1]}") with { TraceId = $"{i + 1:x32}" }]))),
        "side by side" => SideBySide.Of(ProfilePage(), SlowProfilePage()),
        "odd side by side" => SideBySide.Of(Overlapping(), Odd()),
        "verdict" => Exercise.Check("Exercise 9.1", [Overlapping(), Page],
            ("the page is one trace", () => null),
            ("no call to a service fails", () => new Wrong("The call to payment-service failed: look at what the service says.", Failed())),
            ("the calls run at the same time", () => null)),
        "fault" => Exercise.Check("Exercise 9.2", [Overlapping()], ("it is fast", () => null),
            ("it is right", () => throw new InvalidOperationException("Sequence contains no matching element"))),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private static readonly RecordedTrace Page = ProfilePage();

    private static RecordedSpan Failed() => Page.Find("POST /payments")!;

    public static AngleSharp.Html.Dom.IHtmlDocument Parse(NotebookView view) =>
        new HtmlParser().ParseDocument("<!doctype html><body>" + view.ToHtml());

    public static IElement[] Rows(NotebookView view) => Parse(view).QuerySelectorAll("details").ToArray();

    public static IElement RowOf(NotebookView view, string name) => Assert.Single(Rows(view), r => NameOf(r) == name);

    public static string NameOf(IElement row)
    {
        var text = row.QuerySelector(".tv-name")!.TextContent;
        return text.StartsWith("✖ ", StringComparison.Ordinal) ? text[2..] : text;
    }

    public static string Field(IElement row, string name) =>
        row.QuerySelectorAll("dt").First(e => e.TextContent == name).NextElementSibling!.TextContent;

    // "--l:30%;--w:60%" as "30%-90%"
    public static string[] Pieces(IElement row, string css) => row.QuerySelectorAll($".tv-track>.{css}").Select(e =>
    {
        var numbers = Regex.Matches(e.GetAttribute("style")!, @"[\d.]+").Select(m => double.Parse(m.Value, CultureInfo.InvariantCulture))
            .ToArray();
        return string.Create(CultureInfo.InvariantCulture, $"{numbers[0]}%-{numbers[0] + numbers[1]}%");
    }).ToArray();

    // As a terminal counts: East Asian characters and emoji are two columns wide.
    public static int Columns(string line) => line.EnumerateRunes()
        .Sum(r => r.Value is >= 0x2E80 and <= 0xD7A3 or >= 0xFF00 and <= 0xFF60 or >= 0x1F300 ? 2 : 1);

    /// <summary>The page without its style, one element a line: so that a difference can be read.</summary>
    public static string Readable(NotebookView view) =>
        Regex.Replace(Regex.Replace(view.ToHtml(), "<style>.*?</style>", "", RegexOptions.Singleline), "(?<=>)(?=<[a-z])", "\n");
}
