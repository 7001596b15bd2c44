using System;
using System.Linq;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

public sealed class SpanTableTests
{
    [Fact]
    public void A_table_has_one_line_per_span()
    {
        var view = SpanTable.Of(ProfilePage().Spans);
        var rows = Views.Parse(view).QuerySelectorAll("tbody tr").Select(r => r.Children.Select(c => c.TextContent.Trim()).ToArray())
            .ToArray();

        Assert.Equal(7, rows.Length);
        Assert.Equal(["GET /profile/{id}", "server", "api-gateway", "–", "48 ms", "✖ Error: payment-service answered 503"], rows[0]);
        Assert.Contains(rows, r => r is ["SELECT users", "client", "user-service", "GET /users/{id}", "18 ms", "Unset"]);
        Assert.Equal(8, view.ToString().Split('\n').Length);
        Assert.Contains("(not here)", SpanTable.Of([Span("orphan", "nowhere", 0, 1)]).ToString());
    }

    [Fact]
    public void A_table_of_very_many_spans_is_bounded_and_says_so()
    {
        var view = SpanTable.Of(Fan(10_003).Spans);

        Assert.Equal(10_000, Regex.Count(view.ToHtml(), "<tr><td"));
        Assert.Contains("3 more spans not shown.", view.ToHtml());
        Assert.EndsWith("\n3 more spans not shown.", view.ToString());
    }

    [Fact]
    public void A_table_has_indents_bars_and_numbers_on_the_right()
    {
        var table = new Table(new("what", 12), new("how many", 8, Right: true))
            .Row("all", new TableCell("1,234") { Bar = 1 }).Row(new TableCell("wrong") { Indent = 1, Bad = true },
            new TableCell("7") { Bar = double.NaN });

        Assert.Equal("what         how many\nall             1,234\n  ✖ wrong           7", table.ToString());
        Assert.Equal(["width:100%", "width:0%"], Views.Parse(table).QuerySelectorAll(".tv-bar").Select(b => b.GetAttribute("style")));
        Assert.Throws<ArgumentException>(() => table.Row("one cell too few"));
    }
}
