using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

/// <summary>What holds for every view.</summary>
public sealed class ViewTests
{
    private const string Hostile =
        "<script>alert(1)</script><img src=x onerror=\"alert('2')\"> & \"quoted\" 'single' --> </style></details> &lt; 日本語 🚀";

    public static TheoryData<string> All => [.. Views.Names];

    [Theory]
    [MemberData(nameof(All))]
    public void A_view_is_the_same_in_every_culture(string name)
    {
        var (html, text) = (Views.Of(name).ToHtml(), Views.Of(name).ToString());
        foreach (var culture in Cultures.All)
        {
            Assert.Equal(html, Cultures.In(culture, () => Views.Of(name).ToHtml()));
            Assert.Equal(text, Cultures.In(culture, () => Views.Of(name).ToString()));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_view_looks_as_in_its_file(string name)
    {
        Drawings.Matches(name.Replace(' ', '-') + ".txt", Views.Of(name).ToString());
        if (name is "profile" or "queue" or "one span each" or "map" or "side by side" or "verdict" or "table")
            Drawings.Matches(name.Replace(' ', '-') + ".html", Views.Readable(Views.Of(name)));
    }

    [Fact(Explicit = true)]
    public void A_megabyte_of_text_is_cut_wherever_it_stands()
    {
        var huge = new string('x', 1_000_000);
        var tags = Tags((huge, huge), ("db.system.name", huge), ("list", new[] { huge, huge }));
        var span = Span(huge, null, 0, 10, huge, huge) with
        {
            Kind = ActivityKind.Client,
            SourceName = huge,
            SourceVersion = huge,
            TraceState = huge,
            StatusDescription = huge,
            Status = ActivityStatusCode.Error,
            Attributes = tags,
            Events = [new(huge, At(1), tags)],
            Links = [new(huge, huge, tags)],
        };
        var child = span with { SpanId = "child", ParentSpanId = huge, Resource = Tags(("service.name", "b" + huge)) };
        foreach (var view in new NotebookView[]
        {
            Waterfall.Of(Trace(span, child)), SpanTable.Of([span, child]), ServiceMap.Of([Trace(span, child)]),
            SideBySide.Of(Trace(span), Trace(child), huge, huge), Exercise.Check(huge, [Trace(span)], (huge, () => new Wrong(huge, span))),
        })
        {
            Assert.InRange(view.ToHtml().Length, 500, 60_000);
            Assert.InRange(view.ToString().Length, 100, 15_000);
            Assert.Contains("more characters)", view.ToHtml());
        }
    }

    [Fact]
    public void A_stack_trace_can_be_read_to_its_end()
    {
        var lines = string.Join('\n', Enumerable.Range(0, 60).Select(i => $"   at Payments.Method{i}() in /src/Payments.cs:line {i}"));

        Assert.Contains("Method59()", Waterfall.Of(Trace(Span("a", null, 0, 1) with { Attributes = Tags(("exception.stacktrace", lines)) }))
            .ToHtml());
    }

    [Fact]
    public void Hostile_texts_stay_texts()
    {
        var tags = Tags((Hostile, Hostile), ("control", "a\u0000b\u001b[31mc\u0007\u009b\r\nd\te\ud800f"));
        var span = Span(Hostile, null, 0, 10, Hostile) with
        {
            TraceId = Hostile,
            SpanId = Hostile,
            ParentSpanId = Hostile,
            SourceName = Hostile,
            SourceVersion = Hostile,
            TraceState = Hostile,
            Status = ActivityStatusCode.Error,
            StatusDescription = Hostile,
            Attributes = tags,
            Events = [new(Hostile, At(5), tags)],
            Links = [new(Hostile, Hostile, tags)],
        };
        var query = span with
        {
            Kind = ActivityKind.Client,
            SpanId = "query",
            Attributes = Tags(("db.system.name", Hostile), ("db.namespace", Hostile + "!"))
        };
        var message = span with
        {
            Kind = ActivityKind.Consumer,
            SpanId = "message",
            ParentSpanId = "query",
            Resource = Tags(("service.name", "other")),
            Attributes = Tags(("messaging.system", Hostile))
        };
        var hostile = Trace(span, query, message);
        string[] ours = ["B", "BR", "BODY", "DD", "DETAILS", "DIV", "DL", "DT", "HEAD", "HTML", "I", "SECTION", "SMALL", "SPAN", "STYLE",
            "SUMMARY", "SVG", "G", "PATH", "RECT", "TEXT", "TITLE", "TABLE", "TBODY", "TD", "TH", "THEAD", "TR"];
        string[] attributes = ["class", "style", "title", "aria-label", "aria-hidden", "scope", "role", "tabindex", "viewBox", "d",
            "stroke-width", "x", "y", "width", "height", "rx"];
        foreach (var view in new NotebookView[] { Waterfall.Of(hostile), SpanTable.Of([span]), ServiceMap.Of([hostile]),
            SideBySide.Of(hostile, Trace(span), Hostile, Hostile) })
        {
            var page = Views.Parse(view);
            Assert.All(page.All, e => Assert.Contains(e.TagName.ToUpperInvariant(), ours));
            Assert.All(page.All, e => Assert.All(e.Attributes, a => Assert.Contains(a.Name, attributes)));
            Assert.DoesNotContain(page.Body!.TextContent, c => char.IsControl(c) && c is not ('\n' or '\r' or '\t'));
        }

        Assert.Contains(Views.Parse(ServiceMap.Of([hostile])).QuerySelectorAll(".tv-map-node title"),
            n => n.TextContent == $"{Hostile}! ({Hostile})");

        var row = Assert.Single(Views.Rows(Waterfall.Of(Trace(span))));
        Assert.Equal(Hostile, Views.NameOf(row));
        Assert.Equal(Hostile, Views.Field(row, "name"));
        Assert.Equal(Hostile, Views.Field(row, "service.name"));
        Assert.Equal(Hostile, Views.Field(row, Hostile));
        Assert.Equal($"Error: {Hostile}", Views.Field(row, "status"));
        Assert.Equal("a␀b␛[31mc␇\uFFFD\r\nd\te\uFFFDf", Views.Field(row, "control"));
        Assert.Equal($"{Drawing.Cut(Hostile, 100)} +5 ms", row.QuerySelector(".tv-event")!.GetAttribute("title"));
        Assert.Contains(Hostile, Views.Parse(SpanTable.Of([span])).Body!.TextContent);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_view_cannot_restyle_or_clash_with_the_page_around_it(string name)
    {
        var page = Views.Parse(Views.Of(name));

        Assert.Empty(page.QuerySelectorAll("script,[id],link,meta[http-equiv]"));
        var css = Regex.Replace(string.Concat(page.QuerySelectorAll("style").Select(s => s.TextContent)),
            @"@media (print|\(forced-colors:active\))\{", "");
        var selectors = Regex.Matches(css, @"([^{}]+)\{").SelectMany(m => m.Groups[1].Value.Split(',')).Select(s => s.Trim());
        Assert.All(selectors, s => Assert.Matches(@"^\.(tv|ex-)", s));
        Assert.DoesNotContain("url(", css);
        Assert.DoesNotContain("prefers-color-scheme", css);
        Assert.All(page.QuerySelectorAll("body [class]").SelectMany(e => e.ClassList),
            c => Assert.True(Regex.IsMatch(c, "^(tv$|tv-|ex-)"), c));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Terminal_text_fits_100_columns_and_controls_nothing(string name)
    {
        var hostile = Span($"{Hostile}\u001b[31m\r\n\u202e\u2028{new string('長', 90)}", null, 0, 1,
            Hostile + new string('é', 500)) with
        {
            Status = ActivityStatusCode.Error,
            StatusDescription = $"{Hostile}\n\u001b]0;x\u0007 {new string('w', 300)}"
        };
        var called = hostile with
        {
            SpanId = "called",
            ParentSpanId = hostile.SpanId,
            Resource = Tags(("service.name", new string('長', 90)))
        };
        var texts = new[]
        {
            Views.Of(name), Waterfall.Of(Trace(hostile)), SpanTable.Of([hostile]), ServiceMap.Of([Trace(hostile, called)]),
            SideBySide.Of(Trace(hostile), Trace(called), hostile.Name, hostile.Name),
        }.Select(v => v.ToString());
        foreach (var line in texts.SelectMany(t => t.Split('\n')))
        {
            Assert.True(Views.Columns(line) <= 100, line);
            Assert.DoesNotContain(line, c => char.IsControl(c)
                || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator);
        }
    }

    [Fact]
    public void Nothing_recorded_is_explained()
    {
        foreach (var view in new NotebookView[] { Waterfall.Of([]), SpanTable.Of([]), ServiceMap.Of([]) })
        {
            foreach (var text in new[] { Views.Parse(view).Body!.TextContent, view.ToString() })
            {
                Assert.Contains("No spans were recorded.", text);
                foreach (var reason in new[] { "AddSource", "disposed before", "not ended", "not sampled" })
                    Assert.Contains(reason, text);
            }
        }
    }

    [Fact]
    public void Services_in_one_view_have_different_colours_while_there_are_enough()
    {
        string[] Colours(int services) =>
            Views.Parse(Waterfall.Of(Trace(Enumerable.Range(0, services).Select(i => Span($"{i}", null, i, 1, $"service-{i}")).ToArray())))
            .QuerySelectorAll(".tv-service .tv-mark").Select(m => m.ClassName!).ToArray();

        Assert.Equal(8, Colours(8).Distinct().Count());
        Assert.Equal(20, Colours(20).Length);
    }

    [Fact]
    public void The_services_of_the_tutorial_keep_their_colours()
    {
        var marks = Views.Parse(Waterfall.Of(ProfilePage())).QuerySelectorAll(".tv-service")
            .Select(s => $"{s.TextContent} {s.QuerySelector("i")!.ClassName}");

        Assert.Equal(["api-gateway tv-mark tv-c0", "user-service tv-mark tv-c4", "payment-service tv-mark tv-c7"],
            marks.OrderBy(m => m[^1]));

        // All five have one of their own, so none gives way to another in a drawing of all.
        string[] services = ["api-gateway", "user-service", "payment-service", "orders", "warehouse"];
        var together = new Drawing.ServiceColors(services);
        Assert.All(services, s => Assert.Equal(new Drawing.ServiceColors([s]).Class(s), together.Class(s)));
    }
}
