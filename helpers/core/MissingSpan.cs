#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;

/// <summary>
/// Why is my span missing? Guess first, then ask: <c>MissingSpan.Explain("charge card")</c>. The answer comes from what was observed
/// since the helpers were imported: which spans were requested at which source, what listened to it then, and what happened to them.
/// </summary>
public sealed class MissingSpan : NotebookView
{
    private readonly string[] sentences;

    private MissingSpan(IEnumerable<string> sentences) => this.sentences = sentences.ToArray();

    /// <summary>What is known of the spans of this name, as of now, and what to do: one sentence for each possible cause.</summary>
    /// <param name="span">The name that StartActivity was given, or one that the span had later.</param>
    public static MissingSpan Explain(string span)
    {
        if (ActivityObserver.Current is not { } observer)
            return new(["No span was started so far: import core.dib before you start spans."]);
        var requested = observer.Spans.Where(s => s.Name == span || s.OtherNames.ContainsKey(span)).ToArray();
        return requested.Length switch
        {
            0 => new([NeverRequested(observer, span)]),
            1 => new(Answer(observer, requested[0], span)),
            _ => new(requested.OrderBy(s => s.Source.Name, StringComparer.Ordinal)
                .SelectMany(s => Answer(observer, s, span), (s, sentence) => $"Source {Quote(s.Source.Name)}: {sentence}")),
        };
    }

    /// <summary>The answer, for a page.</summary>
    public override string ToHtml() =>
        $"<style>{Drawing.Css}.tv-why{{border-left:3px solid var(--tv-line);padding:4px 12px;max-width:46em}}"
        + $".tv-why p{{margin:4px 0}}</style><div class=\"tv tv-why\">"
        + string.Concat(sentences.Select(s => $"<p>{Drawing.Encode(s, 1_000)}</p>")) + "</div>";

    /// <summary>The answer, for a terminal: lines of at most 100 columns.</summary>
    public override string ToString() => string.Join('\n', sentences.SelectMany(s => Drawing.Wrap(s, 100)));

    private static string NeverRequested(ActivityObserver observer, string span)
    {
        var all = observer.Spans.OrderBy(s => s.Name, StringComparer.Ordinal).ToArray();
        var list = all.Length == 0 ? "No span was requested so far." : "Requested so far: "
            + string.Join(", ", all.Take(6).Select(s => $"{Quote(s.Name)} ({s.Source.Name})")) + (all.Length > 6 ? " and more." : ".");
        if (observer.Exists(span))
            return $"{Quote(span)} is the name of a source: give the name of one of its spans. {list}";
        if (observer.StartedWithoutSource(span))
            return $"{Quote(span)} was made with new Activity(…), so there is no source to listen to: " + (Maker(span, "") is { } library
                ? $"{library} made it, and an instrumentation package for it can record it." : "use StartActivity of an ActivitySource.");
        if (all.FirstOrDefault(s => IsNear(s.Name, span)) is { Name: var near, Source.Name: var at })
            return $"Nothing has requested {Quote(span)}, but {Quote(near)} was requested at the source {Quote(at)}: compare the names.";
        if (all.SelectMany(s => s.OtherNames.Keys).FirstOrDefault(name => Letters(name) == Letters(span)) is { } called)
            return $"Nothing has requested {Quote(span)}, but a span was called {Quote(called)}: compare the names.";
        // There is no event for a change of DisplayName; names between the first and the last one are not always known.
        var renamed = all.Where(s => s.EndedAs is not null).OrderBy(s => Maker(s) is null).FirstOrDefault();
        var run = Maker(span, "") is { } maker ? $"{maker} starts it for each request: send one."
            : span.Split(' ')[0] is "GET" or "POST" or "PUT" or "PATCH" or "DELETE" or "HEAD"
                ? "a request gets such a name at its end, from an instrumentation package: send one, and wait until it has ended."
            : $"run the code that calls StartActivity({Quote(span)}).";
        var last = $"{Quote(renamed?.Name)} ended as {Quote(renamed?.EndedAs)}.";
        return $"Nothing has requested {Quote(span)}" + (renamed is null ? $": {run} " : ". If your code gave this name to a span"
            + (Maker(renamed) is { } of ? $" of {of}, it was written over: {last} {Overwritten}" : " and then another one, only the "
            + $"last is drawn: {last}") + $" Otherwise {run} ") + list;
    }

    private const string Overwritten = "The instrumentation sets the name at the end of a request. Start a span of your own for "
        + "this work, or set the name in EnrichWithHttpResponse.";

    private static IEnumerable<string> Answer(ActivityObserver observer, ObservedSpan span, string name)
    {
        var listened = observer.HasProviderNow(span.Source); // first: this looks who listens
        if (span.EndedAs is not null && span.OtherNames.TryGetValue(name, out var ended) && !ended)
            yield return $"A span {Quote(span.Name)} was called {Quote(name)} for a while; the last one ended as {Quote(span.EndedAs)}."
                + (Maker(span) is null ? "" : $" {Overwritten}");
        var causes = NoListener(observer, span).Concat(NotRecorded(observer, span)).Concat(NotExported(observer, span, listened)).ToArray();
        foreach (var cause in causes)
            yield return cause;
        if (causes.Length == 0 || (span.Ended > 0 && Misspelt(observer, span) is not null))
            yield return NotMissing(observer, span, name);
        if (span.Orphan is { } parent)
            yield return Orphan(observer, span, parent);
    }

    // Who starts this span, if it is not the learner's code: advice about StartActivity would be of no use.
    private static string? Maker(ObservedSpan span) => Maker(span.Name, span.Source.Name);

    private static string? Maker(string name, string source) => name switch
    {
        "Microsoft.AspNetCore.Hosting.HttpRequestIn" => "ASP.NET Core",
        "System.Net.Http.HttpRequestOut" => "HttpClient",
        _ => ((string[])["Microsoft.", "System.", "Experimental.", "Azure."]).Any(p => name.StartsWith(p, StringComparison.Ordinal)
            || source.StartsWith(p, StringComparison.Ordinal)) ? "a library" : null,
    };

    private static IEnumerable<string> NoListener(ActivityObserver observer, ObservedSpan span)
    {
        var source = Quote(span.Source.Name);
        if (span.TooEarly > 0 && span.Source.HadProvider)
            yield return $"{Some(span, span.TooEarly)} was requested before a provider listened to {source}: build the provider first.";
        else if (span.TooEarly > 0 && observer.NamesGiven.ContainsKey(span.Source.Name))
            yield return $"{Some(span, span.TooEarly)} was requested when no provider listened to {source}: it was built later, or "
                + "disposed before. Build it first, and dispose it last.";
        else if (span.TooEarly > 0)
            yield return (Misspelt(observer, span) is { } wrong ? $"A provider listens to {Quote(wrong)}, but no source has that name"
                : $"The source {source} exists, but no provider listens to it") + $": write AddSource({source})."
                + (observer.NamesGiven.Keys.FirstOrDefault(n => Continues(span.Source.Name, n)) is not { } family ? ""
                    : $" AddSource({Quote(family)}) listens to a source of just that name, "
                        + $"AddSource({Quote(family + ".*")}) to its family.");
        if (span.TooLate > 0)
            yield return $"{Some(span, span.TooLate)} was requested after the provider for {source} was disposed: dispose it last.";
        if (span.ToAListener > 0)
            yield return $"{Some(span, span.ToAListener)} was received by your own ActivityListener, but not by a provider: "
                + $"write AddSource({source}).";
    }

    private static IEnumerable<string> NotRecorded(ActivityObserver observer, ObservedSpan span)
    {
        // There is no event for a span that is not created: it was requested while a provider listened, and did not start.
        var silent = span.Requested - span.TooEarly - span.TooLate - span.ToAListener - span.Started;
        if (silent > 0 && span.LocalParent > 0)
            yield return $"{Some(span, Math.Min(silent, span.LocalParent))} {BelowWhat(observer, span)}";
        if (silent > span.LocalParent)
            yield return $"{Some(span, silent - span.LocalParent)} was requested, a provider listened, and no span started: the sampler "
                + "dropped it (look at SetSampler), instrumentation was suppressed"
                + (Maker(span) is null ? ", or it was made with CreateActivity and never started." : ".");
        var remote = Math.Min(span.NotRecorded, span.RemoteParent);
        if (remote > 0)
            yield return $"{Some(span, remote)} has a parent from outside with flags 00, not sampled, and the sampler follows it: "
                + "sample at the caller, or set a sampler here that does not follow.";
        if (span.NotRecorded - remote - span.StartedForAListener is > 0 and var dropped)
            yield return $"{Some(span, dropped)} was started, but the sampler did not choose it: "
                + "SetSampler(new AlwaysOnSampler()) keeps all.";
    }

    private static string BelowWhat(ActivityObserver observer, ObservedSpan span) => span.Unrecorded switch
    {
        (null, _, _) => "was given a parent context with flags 00 that is not remote: pass the flags on, and isRemote: true.",
        (var parent, true, _) => $"is below {Quote(parent)}, whose parent came from outside with flags 00, not sampled, and the sampler "
            + "follows it: sample at the caller, or set a sampler here that does not follow.",
        (var parent, _, true) when Library(observer, parent) is { } library => $"is below {Quote(parent)}, which {Maker(library)} made "
            + "with new Activity(…), as it does when its source has no listener, and which is not sampled: write "
            + $"AddSource({Quote(library.Source.Name)}).",
        (var parent, _, true) => $"is below {Quote(parent)}, which was made with new Activity(…) and is not sampled: give that one a "
            + "source, or set Activity.Current = null before you start yours.",
        (var parent, _, _) => $"is below {Quote(parent)}, which the sampler did not choose, and its children follow: change SetSampler.",
    };

    private static IEnumerable<string> NotExported(ActivityObserver observer, ObservedSpan span, bool listened)
    {
        var running = span.Started + span.StartedForAListener - span.Ended - span.EndedTooLate;
        if (running > 0)
            yield return $"{Some(span, running)} was started and has not ended{(listened ? "" : ", and its provider is gone")}: "
                + (Maker(span) is { } maker ? $"{maker} ends it, when the request has ended; wait for that"
                    : "put using in front of it, since a span is exported when it ends")
                + (listened ? "." : ", and dispose the provider last.");
        if (span.EndedTooLate - span.StartedForAListener is > 0 and var late)
            yield return $"{Some(span, late)} ended after its provider was disposed: "
                + (Maker(span) is null ? "end the span first." : "dispose the provider last.");
        if (span.EndedNotRecorded - span.NotRecorded is > 0 and var unmarked)
            yield return $"{Some(span, unmarked)} was recorded at first, and then no longer: a Filter of the instrumentation, or code of "
                + "yours, removed ActivityTraceFlags.Recorded. Such a span is not exported.";
        if (observer.QueueFull > 0 && span.Ended > 0)
            yield return $"The queue of a batch processor was full: {Drawing.Count(observer.QueueFull, "span")} got lost, and "
                + $"{Quote(span.Name)} may be among them. Raise MaxQueueSize, or make fewer spans.";
    }

    private static string NotMissing(ActivityObserver observer, ObservedSpan span, string name) =>
        $"{Quote(span.Name)} was recorded and has ended{(span.Ended > 1 ? $", {Drawing.Count(span.Ended, "time")}" : "")}"
        + (span.EndedAs is null ? "" : (span.OtherNames.Values.Count(ended => ended) > 1 ? ", and at least one is" : ", and is")
            + $" drawn as {Quote(span.OtherNames.GetValueOrDefault(name) ? name : span.EndedAs)}")
        + (Misspelt(observer, span) is { } wrong ? $", but not for a provider that listens to {Quote(wrong)}: no source has that name. "
            + $"If you look there, write AddSource({Quote(span.Source.Name)})."
            : $": look whether the provider you look at has AddSource({Quote(span.Source.Name)}). "
            + (observer.Refused is { } refused ? $"A receiver did not take what was sent to it: {refused}"
                : "A batch waits five seconds, or for ForceFlush."));

    private static string Orphan(ActivityObserver observer, ObservedSpan span, string parent) =>
        $"Its parent {Quote(parent)} was made with new Activity(…), "
        + (Library(observer, parent) is null || Maker(parent, "") is not { } maker ? ""
            : $"as {maker} does when its source has no listener, ")
        + $"so no provider has it, and {Quote(span.Name)} is drawn without one: "
        + (Library(observer, parent) is { } library ? $"write AddSource({Quote(library.Source.Name)})."
            : "start that one from an ActivitySource.");

    // A span of this name was requested at a source without a listener: then some libraries make the activity without a source.
    private static ObservedSpan? Library(ActivityObserver observer, string name) =>
        observer.Spans.Where(s => s.Name == name).MaxBy(s => s.TooEarly + s.TooLate + s.ToAListener);

    // A name that a provider was given that does not listen to this source: no source has it, and it may have been meant for this
    // one. Only where the provider was there when the span was last requested. A name may also go on where another one ends
    // ("shop.orders", "shop.orders.plugins"): that is a family, and no misspelling.
    private static string? Misspelt(ActivityObserver observer, ObservedSpan span) => observer.Providers
        .Where(p => p.Seen >= span.LastRequested && !p.Names.Contains(span.Source.Name)).SelectMany(p => p.Names)
        .Where(name => !observer.Exists(name) && !Continues(name, span.Source.Name) && !Continues(span.Source.Name, name))
        .Order(StringComparer.Ordinal).FirstOrDefault(name => IsNear(name, span.Source.Name) || IsNear(name, span.Name));

    private static bool Continues(string name, string other) => name.StartsWith(other + ".", StringComparison.OrdinalIgnoreCase);

    private static string Some(ObservedSpan span, long n) =>
        (span.Requested > 1 ? $"{n} of {Drawing.Count(span.Requested, "time")}, " : "") + Quote(span.Name);

    private static string Quote(string? name) => $"\"{Drawing.Cut(name ?? "", 80)}\"";

    // Another case, other signs between the words, a part of it, or one or two letters that differ.
    internal static bool IsNear(string one, string other)
    {
        var (a, b) = (Letters(one), Letters(other));
        var (part, whole) = a.Length < b.Length ? (a, b) : (b, a);
        return part.Length > 2 && (whole.StartsWith(part, StringComparison.Ordinal) || whole.EndsWith(part, StringComparison.Ordinal)
            || Differences(part, whole) <= Math.Min(2, part.Length / 3));
    }

    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    // How many letters must be put in, left out or changed to make one of the other (Levenshtein).
    private static int Differences(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }

        return row[b.Length];
    }
}
