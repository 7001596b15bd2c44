using System;
using System.Collections.Generic;
using System.Linq;
using AngleSharp.Html.Parser;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

public sealed class ExerciseTests
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
        var verdict = Exercise.Check("Exercise 9.1",
            ("one", () => null), ("two", () => "The span 'x' is wrong."), ("three", () => throw new InvalidOperationException("asked")));

        Assert.False(verdict.Passed);
        Assert.Equal("○ Exercise 9.1: not yet\n  ✔ one\n  ✘ two\n      The span 'x' is wrong.\n  · three", verdict.ToString());
    }

    [Fact]
    public void A_rule_that_throws_is_a_fault_of_the_course_and_not_of_the_answer()
    {
        var verdict = Exercise.Check("Exercise 9.1", ("one", () => null),
            ("two", () => throw new InvalidOperationException("Sequence contains no matching element")));

        Assert.False(verdict.Passed);
        foreach (var text in new[] { verdict.ToString().Replace("\n      ", " "), Views.Parse(verdict).Body!.TextContent })
        {
            Assert.Contains("The check itself failed (InvalidOperationException: Sequence contains no matching element).", text);
            Assert.Contains("This is a fault of the course, not of your answer.", text);
            Assert.Contains("Exercise 9.1: the check failed", text);
            Assert.Contains("! two", text);
            Assert.DoesNotContain("✘", text);
        }
    }

    [Fact]
    public void Traces_that_cannot_be_read_are_a_fault_of_the_course_too()
    {
        static IEnumerable<RecordedTrace> Broken()
        {
            yield return Overlapping();
            throw new InvalidOperationException("broken");
        }

        Assert.Contains("The check itself failed (InvalidOperationException: broken)",
            Exercise.Check("Exercise 9.1", Broken(), ("one", () => null)).ToString());
        Assert.False(Exercise.Check("Exercise 9.1", Broken()).Passed);
    }

    [Fact]
    public void The_learners_trace_stands_below_the_verdict_with_the_wrong_span_marked()
    {
        var trace = ProfilePage();
        var page = Views.Parse(Exercise.Check("Exercise 9.1", [trace], ("one", () => new Wrong("Look.", trace.Find("render")!))));

        var marked = Assert.Single(page.QuerySelectorAll(".tv-wrong"));
        Assert.Equal("render", Views.NameOf(marked));
        Assert.Contains("look here", marked.TextContent);
        Assert.Equal(["tv ex-box", "tv"], page.Body!.Children.Where(e => e.TagName == "DIV").Select(e => e.ClassName));
    }

    [Fact]
    public void A_solved_exercise_shows_its_trace_without_marks()
    {
        var verdict = Exercise.Check("Exercise 9.1", [ProfilePage()], ("one", () => null));

        Assert.Equal(7, Views.Rows(verdict).Length);
        Assert.DoesNotContain("look here", verdict.ToHtml() + verdict);
    }

    [Fact]
    public void Of_many_traces_four_are_drawn_those_with_wrong_spans_first()
    {
        var traces = Enumerable.Range(0, 9).Select(i => new RecordedTrace([Span($"request {i}", null, 0, 1) with { TraceId = $"{i:x32}" }]))
            .ToArray();
        var verdict = Exercise.Check("Exercise 9.1", traces, ("one", () => new Wrong("Too slow.", traces[7].Root, traces[8].Root)));

        Assert.Equal(["request 7", "request 8", "request 0", "request 1"], Views.Rows(verdict).Select(Views.NameOf));
        Assert.Contains("5 more traces not drawn.", verdict.ToHtml());
        Assert.EndsWith("5 more traces not drawn.", verdict.ToString());
    }

    [Fact]
    public void Every_text_is_encoded_and_controls_nothing()
    {
        const string Hostile = "<img src=x onerror=alert(1)>&\"'";
        const string Control = "\u001b[31m\u0007\u202e";

        var verdict = Exercise.Check(Hostile + Control, (Hostile + Control, () => null), (Hostile + Control, () => Hostile + Control));

        var page = new HtmlParser().ParseDocument(verdict.ToHtml());
        Assert.Empty(page.QuerySelectorAll("img"));
        Assert.StartsWith(Hostile + "␛[31m␇", page.QuerySelector(".ex-hint")!.TextContent);
        Assert.Contains(Hostile, page.QuerySelector(".ex-title")!.TextContent);
        Assert.Equal(2, page.QuerySelectorAll("li").Length);
        Assert.All(verdict.ToString().Split('\n'), line => Assert.DoesNotContain(line, c => char.IsControl(c) || c == '\u202e'));
        Assert.Equal(4, verdict.ToString().Split('\n').Length);
    }
}
