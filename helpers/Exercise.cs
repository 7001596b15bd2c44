#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

/// <summary>
/// The verdict on an exercise: which rules the learner's own trace keeps, the first one it breaks, and why.
/// It never throws: an exercise that is not solved yet is no error.
/// </summary>
public sealed class Exercise : NotebookView
{
    private readonly string title;
    private readonly string[] rules;
    private readonly int kept;
    private readonly string? problem;

    private Exercise(string title, string[] rules, int kept, string? problem) =>
        (this.title, this.rules, this.kept, this.problem) = (title, rules, kept, problem);

    /// <summary>True when every rule is kept.</summary>
    public bool Passed => problem is null;

    /// <summary>Checks the rules in order and stops at the first that is broken.</summary>
    /// <param name="title">The exercise, as in "Exercise 1.1".</param>
    /// <param name="rules">
    /// What must hold, and a function that gives null when it does, otherwise says which span is wrong and what to look at.
    /// </param>
    public static Exercise Check(string title, params (string Rule, Func<string?> Problem)[] rules)
    {
        var kept = 0;
        string? problem = null;
        while (kept < rules.Length && (problem = Ask(rules[kept].Problem)) is null)
            kept++;
        return new Exercise(title, rules.Select(r => r.Rule).ToArray(), kept, problem);
    }

    private static string? Ask(Func<string?> problem)
    {
        try
        {
            return problem();
        }
        catch (Exception e)
        {
            return $"The check could not look at this yet ({e.GetType().Name}: {e.Message}).";
        }
    }

    private IEnumerable<(string Mark, string Class, string Rule)> Rows() => rules.Select((rule, i) =>
        i < kept ? ("✔", "kept", rule) : i == kept ? ("✘", "broken", rule) : ("·", "open", rule));

    public override string ToHtml()
    {
        var html = new StringBuilder(Style).Append("<div class=\"ex-box\">")
            .Append("<div class=\"ex-title\">").Append(Passed ? "<span class=\"ex-kept\">✔</span> " : "○ ")
            .Append(Drawing.Encode(title)).Append(Passed ? ": solved" : ": not yet").Append("</div><ul>");
        foreach (var (mark, css, rule) in Rows())
        {
            html.Append($"<li class=\"ex-row-{css}\"><span class=\"ex-{css}\">{mark}</span> {Drawing.Encode(rule)}");
            if (css == "broken")
                html.Append("<div class=\"ex-hint\">").Append(Drawing.Encode(problem!)).Append("</div>");
            html.Append("</li>");
        }

        return html.Append("</ul></div>").ToString();
    }

    public override string ToString()
    {
        var text = new StringBuilder($"{(Passed ? "✔" : "○")} {title}: {(Passed ? "solved" : "not yet")}");
        foreach (var (mark, css, rule) in Rows())
            text.Append($"\n  {mark} {rule}").Append(css == "broken" ? $"\n      {problem}" : "");
        return text.ToString();
    }

    // No colours of the page are assumed: text keeps the page's own colour, the two signals are readable on white and on black.
    private const string Style = """
        <style>
        .ex-box { border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 6px; padding: 10px 14px; max-width: 46em; font-size: 14px; line-height: 1.5 }
        .ex-title { font-weight: 600 }
        .ex-box ul { list-style: none; margin: 6px 0 0; padding: 0 }
        .ex-box li { padding-left: 1.5em; text-indent: -1.5em }
        .ex-box li > span { display: inline-block; width: 1.5em; text-indent: 0 }
        .ex-kept { color: #2e9e5b }
        .ex-broken { color: #d9534f }
        .ex-row-open { opacity: .65 }
        .ex-hint { text-indent: 0; margin: 2px 0 4px; padding: 4px 10px; border-left: 3px solid #d9534f; background: color-mix(in srgb, currentColor 7%, transparent) }
        </style>
        """;
}
