#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;

/// <summary>What is wrong with an answer. A string converts to it.</summary>
/// <param name="Why">The reason that this answer earned, as one colleague says it to another.</param>
/// <param name="Spans">The spans that it is about: they are marked in the drawing.</param>
public sealed record Wrong(string Why, params RecordedSpan[] Spans)
{
    /// <summary>A reason without spans; null means that nothing is wrong.</summary>
    public static implicit operator Wrong?(string? why) => why is null ? null : new Wrong(why);
}

/// <summary>
/// The verdict on an exercise: which rules the learner's own trace keeps, the first one it breaks, and why; below it
/// the trace. It never throws: an exercise that is not solved yet is no error.
/// </summary>
public sealed class Exercise : NotebookView
{
    private const int MaxTraces = 4;

    private readonly string title;
    private readonly string[] rules;
    private readonly int kept;
    private readonly Wrong? problem;
    private readonly string? fault;
    private readonly RecordedTrace[] traces = [];

    private Exercise(string title, Func<IEnumerable<RecordedTrace>> traces, (string Rule, Func<Wrong?> Problem)[] rules)
    {
        (this.title, this.rules) = (title, rules.Select(r => r.Rule).ToArray());
        try
        {
            this.traces = traces().ToArray();
            while (kept < rules.Length && (problem = rules[kept].Problem()) is null)
                kept++;
        }
        catch (Exception e)
        {
            // Whoever wrote the rule did not think of this answer: that says nothing about the answer.
            fault = $"The check itself failed ({e.GetType().Name}: {e.Message}). "
                + "This is a fault of the course, not of your answer. Please report it.";
        }
    }

    /// <summary>True when every rule is kept.</summary>
    public bool Passed => kept == rules.Length && fault is null;

    /// <summary>Checks the rules in order and stops at the first that is broken.</summary>
    /// <param name="title">The exercise, as in "Exercise 1.1".</param>
    /// <param name="rules">What must hold, and a function that gives null when it does, otherwise what is wrong.</param>
    public static Exercise Check(string title, params (string Rule, Func<Wrong?> Problem)[] rules) => new(title, () => [], rules);

    /// <summary>
    /// The same, and draws the traces below the verdict, the wrong spans marked: at most four, those with wrong spans first.
    /// </summary>
    /// <param name="title">The exercise, as in "Exercise 1.1".</param>
    /// <param name="traces">What the learner's answer recorded.</param>
    /// <param name="rules">What must hold, and a function that gives null when it does, otherwise what is wrong.</param>
    public static Exercise Check(string title, IEnumerable<RecordedTrace> traces, params (string Rule, Func<Wrong?> Problem)[] rules) =>
        new(title, () => traces, rules);

    private string Verdict => $"{title}: {(Passed ? "solved" : fault is null ? "not yet" : "the check failed")}";

    // The text below a rule belongs to the one at which the check stopped.
    private IEnumerable<(string Mark, string Class, string Rule, string? Text)> Rows() => rules.Select((rule, i) =>
        i < kept ? ("✔", "kept", rule, null)
        : i > kept ? ("·", "open", rule, (string?)null)
        : fault is null ? ("✘", "broken", rule, problem?.Why) : ("!", "fault", rule, fault));

    private NotebookView? Drawn()
    {
        if (traces.Length == 0)
            return null;
        var wrong = problem?.Spans.ToHashSet() ?? [];
        return Waterfall.OfParts(traces.OrderByDescending(t => t.Spans.Any(wrong.Contains)).Take(MaxTraces)
            .Select(t => new WaterfallPart(t) { Wrong = wrong.Contains, MaxSpans = 200 }));
    }

    private string Left => traces.Length > MaxTraces ? $"{Drawing.Count(traces.Length - MaxTraces, "more trace")} not drawn." : "";

    /// <summary>The verdict as JSON, for programs: the exercise's number, whether it is solved, the broken rule, and why.</summary>
    public override string ToVerdict() => JsonSerializer.Serialize(new
    {
        exercise = title.Split(' ')[^1],
        passed = Passed,
        rule = Passed ? null : rules.ElementAtOrDefault(kept),
        why = fault ?? problem?.Why,
    });

    /// <summary>The verdict and the traces, for a page.</summary>
    public override string ToHtml()
    {
        var html = new StringBuilder(Style).Append("<div class=\"tv ex-box\">")
            .Append($"<div class=\"ex-title\">{(Passed ? "<span class=\"ex-kept\">✔</span>" : "○")} ")
            .Append($"{Drawing.Encode(Verdict)}</div><ul>");
        foreach (var (mark, css, rule, text) in Rows())
        {
            html.Append($"<li class=\"ex-row-{css}\"><span class=\"ex-{css}\">{mark}</span> {Drawing.Encode(rule)}")
                .Append(text is null ? "</li>" : $"<div class=\"ex-hint\">{Drawing.Encode(text, 4 * Drawing.MaxText)}</div></li>");
        }

        return html.Append("</ul></div>").Append(Drawn()?.ToHtml()).Append(Left.Length > 0 ? $"<div>{Left}</div>" : "").ToString();
    }

    /// <summary>The verdict and the traces, for a terminal.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{(Passed ? "✔" : "○")} {Drawing.Clean(Verdict)}");
        foreach (var (mark, _, rule, below) in Rows())
        {
            text.Append($"\n  {mark} {Drawing.Clean(Drawing.Cut(rule))}");
            foreach (var line in Drawing.Wrap(Drawing.Cut(below ?? "", 4 * Drawing.MaxText), 94))
                text.Append($"\n      {line}");
        }

        return (Drawn() is { } drawn ? text.Append($"\n\n{drawn}\n{Left}") : text).ToString().TrimEnd();
    }

    // The signals are readable on white and on black; text keeps the page's own colour.
    private static readonly string Style = $$"""
        <style>
        {{Drawing.Css}}
        .ex-box{border:1px solid color-mix(in srgb,currentColor 25%,transparent);border-radius:6px;padding:10px 14px;margin-bottom:12px;
          max-width:66em;overflow-wrap:anywhere}.tv.ex-box{font-size:14px;line-height:1.5}.ex-title{font-weight:600}
        .ex-box ul{list-style:none;margin:6px 0 0;padding:0}.ex-box li{padding-left:1.5em;text-indent:-1.5em}
        .ex-box li>span{display:inline-block;width:1.5em;text-indent:0}.ex-kept{color:#2e9e5b}.ex-broken,.ex-fault{color:var(--tv-bad)}
        .ex-row-open{color:var(--tv-dim)}.ex-hint{text-indent:0;margin:2px 0 4px;padding:4px 10px;border-left:3px solid var(--tv-bad);
          background:color-mix(in srgb,currentColor 7%,transparent)}
        </style>
        """;
}
