#nullable enable
using System.Linq;

/// <summary>What a view of nothing shows: it is the most frequent surprise, so it is answered and not just reported.</summary>
internal static class NoSpans
{
    private const string Title = "No spans were recorded.";

    private static readonly string[] Reasons =
    [
        "The source was not added: AddSource(\"…\") needs the name of the ActivitySource.",
        "The provider was not there: built after the span started, or disposed before the span ended.",
        "The span has not ended yet: it is exported when it is disposed, at the end of its using block.",
        "The parent is not sampled: then, by default, neither are its children.",
    ];

    private const string Which = "MissingSpan.Explain(\"name of the span\") says which one it was.";

    public static readonly string Html = $"<style>{Drawing.Css}"
        + $".tv-none{{border-left:3px solid var(--tv-line);padding:4px 12px;max-width:46em}}"
        + $".tv-none ol{{margin:4px 0 0;padding-left:1.6em}}</style><div class=\"tv tv-none\"><b>{Title}</b> The usual reasons:"
        + $"<ol>{string.Concat(Reasons.Select(r => $"<li>{Drawing.Encode(r)}</li>"))}</ol>{Drawing.Encode(Which)}</div>";

    public static readonly string Text = $"{Title} The usual reasons:\n"
        + $"{string.Join('\n', Reasons.Select((r, i) => $"  {i + 1}. {r}"))}\n{Which}";
}
