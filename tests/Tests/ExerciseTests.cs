using System;
using AngleSharp.Html.Parser;
using Xunit;

namespace TracingTutorial.Tests;

public class ExerciseTests
{
    [Fact]
    public void An_exercise_whose_rules_all_hold_is_solved()
    {
        var verdict = Exercise.Check("Exercise 9.1", ("one", () => null), ("two", () => null));

        Assert.True(verdict.Passed);
        Assert.Equal("✔ Exercise 9.1: solved\n  ✔ one\n  ✔ two", verdict.ToString());
    }

    [Fact]
    public void The_first_broken_rule_is_explained_and_later_ones_are_not_asked()
    {
        var verdict = Exercise.Check("Exercise 9.1", ("one", () => null), ("two", () => "The span 'x' is wrong."), ("three", () => throw new InvalidOperationException("asked")));

        Assert.False(verdict.Passed);
        Assert.Equal("○ Exercise 9.1: not yet\n  ✔ one\n  ✘ two\n      The span 'x' is wrong.\n  · three", verdict.ToString());
    }

    [Fact]
    public void A_check_that_throws_is_an_open_exercise_and_not_an_error()
    {
        var verdict = Exercise.Check("Exercise 9.1", ("one", () => throw new InvalidOperationException("nothing there")));

        Assert.False(verdict.Passed);
        Assert.Contains("InvalidOperationException: nothing there", verdict.ToString());
    }

    [Fact]
    public void Every_text_is_encoded()
    {
        const string hostile = "<img src=x onerror=alert(1)>&\"'";

        var page = new HtmlParser().ParseDocument(Exercise.Check(hostile, (hostile, () => null), (hostile, () => hostile)).ToHtml());

        Assert.Empty(page.QuerySelectorAll("img"));
        Assert.Equal(hostile, page.QuerySelector(".ex-hint")!.TextContent);
        Assert.Contains(hostile, page.QuerySelector(".ex-title")!.TextContent);
        Assert.Equal(2, page.QuerySelectorAll("li").Length);
    }
}
