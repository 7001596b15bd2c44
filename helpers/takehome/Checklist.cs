#nullable enable
using System;
using System.Linq;
using System.Text;

/// <summary>The checklist before a service goes live, held against what a receiver got: each rule, and what breaks it.</summary>
public sealed class Checklist : NotebookView
{
    private readonly string head;
    private readonly (string Rule, Wrong? Problem)[] rows;
    private readonly bool empty;

    private Checklist(OtlpReceiver receiver, string[] inner)
    {
        var rules = new ChecklistRules(receiver, null, inner);
        rows = [.. rules.All.Select(r => (r.Rule, r.Problem()))];
        empty = receiver.Count == 0;
        var services = receiver.Spans.Select(s => s.ServiceName).Distinct().Count();
        head = empty ? "Nothing to look at yet" : $"{Drawing.Count(receiver.Count, "span")} of {Drawing.Count(services, "service")} in "
            + Drawing.Count(receiver.Traces.Count, "trace") + ", " + (Passed ? "nothing found" : $"{Drawing.Count(Open, "point")} open");
    }

    /// <summary>Looks at what has arrived until now.</summary>
    /// <param name="receiver">Who got the spans.</param>
    /// <param name="inner">Services that are only called by others of yours, if no trace shows it.</param>
    public static Checklist Of(OtlpReceiver receiver, params string[] inner) => new(receiver, inner);

    /// <summary>True when something arrived and no rule is broken.</summary>
    public bool Passed => Open == 0;

    /// <summary>How many rules are broken.</summary>
    public int Open => rows.Count(r => r.Problem is not null);

    /// <summary>What is wrong, one text for each broken rule.</summary>
    public string[] Findings => [.. rows.Where(r => r.Problem is not null).Select(r => $"{r.Rule}: {r.Problem!.Why}")];

    // Without spans, only the first rule says something.
    private string Mark(Wrong? problem) => problem is not null ? "✘" : empty ? "·" : "✔";

    /// <summary>The list, for a page.</summary>
    public override string ToHtml()
    {
        var html = new StringBuilder($"<style>{Drawing.Css}{Css}</style><div class=\"tv ck-box\">")
            .Append($"<div class=\"ck-title\">{Drawing.Encode(head)}</div><ul>");
        foreach (var (rule, problem) in rows)
        {
            var css = Mark(problem) switch { "✘" => "ck-bad", "✔" => "ck-good", _ => "ck-open" };
            html.Append($"<li><span class=\"{css}\">{Mark(problem)}</span> {Drawing.Encode(rule)}");
            if (problem is not null)
                html.Append($"<div class=\"ck-why\">{Drawing.Encode(problem.Why, 4 * Drawing.MaxText)}</div>");
            html.Append("</li>");
        }

        return html.Append("</ul></div>").ToString();
    }

    /// <summary>The list, for a terminal.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(head);
        foreach (var (rule, problem) in rows)
        {
            text.Append($"\n  {Mark(problem)} {rule}");
            foreach (var line in Drawing.Wrap(Drawing.Cut(problem?.Why ?? "", 4 * Drawing.MaxText), 94))
                text.Append($"\n      {line}");
        }

        return text.ToString();
    }

    private const string Css = """
        .ck-box{border:1px solid color-mix(in srgb,currentColor 25%,transparent);border-radius:6px;padding:10px 14px;max-width:66em;
          overflow-wrap:anywhere}.tv.ck-box{font-size:14px;line-height:1.5}.ck-title{font-weight:600}
        .ck-box ul{list-style:none;margin:6px 0 0;padding:0}.ck-box li{padding-left:1.5em;text-indent:-1.5em}
        .ck-box li>span{display:inline-block;width:1.5em;text-indent:0}.ck-good{color:#2e9e5b}.ck-bad{color:var(--tv-bad)}
        .ck-open{color:var(--tv-dim)}
        .ck-why{text-indent:0;margin:2px 0 4px;padding:4px 10px;border-left:3px solid var(--tv-bad);
          background:color-mix(in srgb,currentColor 7%,transparent)}

        """;
}
