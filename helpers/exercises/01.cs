#nullable enable
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

/// <summary>Exercise 1.1: a source and a span of one's own.</summary>
public static class Exercise11
{
    private static readonly Attempts Attempts = new("shop.warehouse");

    /// <summary>Judges what the learner's provider recorded.</summary>
    public static Exercise Check(SpanRecorder answer11)
    {
        var (spans, attempt) = (answer11.Spans, Attempts.Next());
        return Exercise.Check("Exercise 1.1", RecordedTrace.Group(spans),
            ("A span was recorded", () => spans.Count > 0 ? null : attempt.WhyNothing("shop.warehouse", "pick parcel")),
            ("It comes from the source shop.warehouse", () =>
                spans.FirstOrDefault(s => s.SourceName != "shop.warehouse") is not { } other ? null
                : new Wrong($"The span '{other.Name}' comes from the source '{other.SourceName}'.", other)),
            ("It is called pick parcel", () =>
                spans.FirstOrDefault(s => s.Name != "pick parcel") is not { } other ? null
                : new Wrong($"There is a span called '{other.Name}'. Names are compared letter by letter.", other)),
            ("It is recorded once", () =>
                spans.Count == 1 ? null
                : new Wrong($"{spans.Count} spans were recorded. Start it once.", spans.Skip(1).ToArray())));
    }
}

/// <summary>Exercise 1.2: name the service.</summary>
public static class Exercise12
{
    /// <summary>Judges the resource of what the learner's provider recorded.</summary>
    public static Exercise Check(SpanRecorder answer12)
    {
        var spans = answer12.Spans;
        return Exercise.Check("Exercise 1.2", RecordedTrace.Group(spans),
            ("The span was recorded", () =>
                spans.Any(s => s.Name == "send parcel") ? null
                : "The span 'send parcel' is gone. Keep the lines that listen to the source and start the span."),
            ("service.name is warehouse", () => OtherThan("service.name", "warehouse") is not { } other ? null : Named(other)),
            ("service.version is 2.0.1", () => OtherThan("service.version", "2.0.1") is not { } other ? null : Versioned(other)),
            ("deployment.environment.name is workshop", () => OtherThan("deployment.environment.name", "workshop") is not { } other ? null
                : OnTheSpan(other, "deployment.environment.name") ?? Said(other, "deployment.environment.name", "workshop")));

        RecordedSpan? OtherThan(string key, string value) => spans.FirstOrDefault(s => Value(s, key) != value);
    }

    private static Wrong Named(RecordedSpan span) => OnTheSpan(span, "service.name") ?? (Value(span, "service.name") is var name
        && name?.StartsWith("unknown_service", System.StringComparison.Ordinal) != false
            ? new Wrong($"The span '{span.Name}' comes from the service '{name ?? "unknown_service"}': its name was not set. AddService "
                + "sets it.", span)
            : new Wrong($"The span '{span.Name}' comes from the service '{name}', not 'warehouse'.", span));

    private static Wrong Versioned(RecordedSpan span) =>
        Value(span, "service.version") is null && Value(span, "service.namespace") == "2.0.1"
            ? new Wrong("2.0.1 became the service.namespace: the second parameter of AddService is the namespace, and the third "
                + "one is the version. Write its name: serviceVersion: \"2.0.1\".", span)
        : OnTheSpan(span, "service.version") ?? Said(span, "service.version", "2.0.1");

    // A key that is not there is not a key with another value: then the keys that are there show what became of it.
    private static Wrong Said(RecordedSpan span, string key, string wanted) => Value(span, key) is { } value
        ? new Wrong($"The resource says {key} = '{value}'. It should say '{wanted}'.", span)
        : new Wrong($"The resource has no {key}. Keys are compared letter by letter; it has these: "
            + string.Join(", ", span.Resource.Select(a => a.Key).Where(k => !k.StartsWith("telemetry.", System.StringComparison.Ordinal)))
            + ".", span);

    private static Wrong? OnTheSpan(RecordedSpan span, string key) => span[key] is null ? null
        : new Wrong($"{key} is an attribute of this one span. It belongs on the resource, which is on all spans of the program.", span);

    private static string? Value(RecordedSpan span, string key) =>
        span.Resource.Where(a => a.Key == key).Select(a => $"{a.Value}").FirstOrDefault();
}

/// <summary>Exercise 1.3: three spans that do not arrive, for three reasons.</summary>
public static class Exercise13
{
    private static readonly string[] Names = ["read order", "reserve stock", "confirm order"];
    private static readonly Attempts Attempts = new("shop.orders");

    /// <summary>Judges what the learner's provider recorded.</summary>
    public static Exercise Check(SpanRecorder answer13)
    {
        var (spans, attempt) = (answer13.Spans, Attempts.Next());
        return Exercise.Check("Exercise 1.3", RecordedTrace.Group(spans),
        [
            .. Names.Select(name => ($"{name} was recorded", (System.Func<Wrong?>)(() =>
                spans.Any(s => s.Name == name) ? null : attempt.WhyMissing("shop.orders", name)))),
            ("Each of them once, and nothing else", () =>
                spans.FirstOrDefault(s => !Names.Contains(s.Name)) is { } other ? new Wrong($"There is also a span '{other.Name}'.", other)
                : spans.GroupBy(s => s.Name).FirstOrDefault(g => g.Count() > 1) is not { } twice ? null
                : new Wrong($"'{twice.Key}' was recorded {twice.Count()} times.", twice.Skip(1).ToArray())),
            ("reserve stock takes the time of its work", () =>
                spans.First(s => s.Name == "reserve stock") is var reserve && reserve.Duration.TotalMilliseconds >= 10 ? null
                : new Wrong($"'reserve stock' took {Drawing.Duration(reserve.Duration)}. Its work takes 20 ms and is outside of it.",
                    reserve)),
            ("They are three traces", () =>
                spans.FirstOrDefault(s => s.ParentSpanId is not null) is not { } child ? null
                : spans.FirstOrDefault(s => s.SpanId == child.ParentSpanId) is { } parent && parent.End >= child.Start
                    ? new Wrong($"'{child.Name}' is below '{parent.Name}', which had not ended when it started. End each before the next "
                        + "one starts.", child)
                : new Wrong($"'{child.Name}' has a parent, so it does not begin a trace of its own.", child)),
            ("The provider is disposed in the end", () =>
                !WasRecording(answer13) ? null
                : "The provider of this cell still listens to shop.orders, and records into answer13: it was not disposed. Dispose it "
                    + "after the last span. With a batch processor (lesson 7), what it still holds would be lost with the program. (The "
                    + "check has disposed it now, so that it does not disturb your next try.)"),
        ]);
    }

    // If a provider still records into it, one more span arrives there. Then the provider goes.
    private static bool WasRecording(SpanRecorder recorder)
    {
        using var source = new ActivitySource("shop.orders");
        var (before, current) = (recorder.Count, Activity.Current);
        Activity.Current = null;
        source.StartActivity("is the provider still there?")?.Dispose();
        Activity.Current = current;
        if (recorder.Count == before)
            return false;
        recorder.ParentProvider?.Dispose();
        return true;
    }
}

/// <summary>
/// What was requested since an exercise was last checked. Each answer is judged by itself, and not by those before it.
/// </summary>
/// <param name="sources">The beginning of the names that the exercise is about.</param>
internal sealed class Attempts(string sources)
{
    private Dictionary<ObservedSpan, (long Requested, long HadNoListener, long Started, long Ended, long Late)> before = [];
    private long change = -1;

    /// <summary>What is new.</summary>
    public Attempt Next()
    {
        if (ActivityObserver.Current is not { } observer)
            return new Attempt([], [], _ => false);
        var now = observer.Spans.ToDictionary(s => s, s => (s.Requested, s.TooEarly + s.TooLate, s.Started, s.Ended, s.EndedTooLate));
        var fresh = now.Select(s => (Span: s.Key, Now: s.Value, Then: before.GetValueOrDefault(s.Key)))
            .Where(s => s.Now.Requested > s.Then.Requested && (before.Count > 0 || IsMine(s.Span)))
            .Select(s => new RequestedSpan(s.Span.Source.Name, s.Span.Name, s.Now.Item2 > s.Then.HadNoListener,
                s.Now.Started > s.Then.Started,
                s.Now.Started - s.Then.Started > s.Now.Ended + s.Now.EndedTooLate - s.Then.Ended - s.Then.Late,
                s.Now.EndedTooLate > s.Then.Late))
            .OrderByDescending(s => s.Source.StartsWith(sources, System.StringComparison.OrdinalIgnoreCase)).ToArray();
        var given = observer.NamesGiven.Where(n => n.Value > change).Select(n => n.Key).ToArray();
        (before, change) = (now, observer.NamesGiven.Values.DefaultIfEmpty(-1).Max());
        return new Attempt(fresh, given, observer.Exists);
    }

    private bool IsMine(ObservedSpan span) => span.Source.Name.StartsWith(sources, System.StringComparison.OrdinalIgnoreCase);
}

/// <summary>A span that one answer requested.</summary>
internal sealed record RequestedSpan(string Source, string Name, bool HadNoListener, bool Started, bool NotEnded, bool EndedLate);

/// <summary>Why spans of one answer are not there.</summary>
/// <param name="Spans">The spans that it requested.</param>
/// <param name="Given">What its provider was given as AddSource, without those with a star.</param>
/// <param name="Exists">Whether there is a source of this name.</param>
internal sealed record Attempt(IReadOnlyList<RequestedSpan> Spans, IReadOnlyList<string> Given, System.Func<string, bool> Exists)
{
    /// <summary>Nothing at all was recorded, although one span should be.</summary>
    public string WhyNothing(string source, string span) =>
        (Spans.FirstOrDefault(s => s.Name == span) ?? Spans.FirstOrDefault()) is { } requested ? Why(requested)
        : Exists(source) ? $"The source '{source}' exists, but no span was started: call its StartActivity(\"{span}\") inside the block."
        : $"Nothing was started: there is no source '{source}' yet. Create it first.";

    /// <summary>This span was not recorded.</summary>
    public string WhyMissing(string source, string span) =>
        Spans.FirstOrDefault(s => s.Name == span) is { } requested ? Why(requested)
        : $"The program does not start '{span}'. Keep the three spans and their names, and change only what is wrong.";

    private string Why(RequestedSpan span) =>
        span.HadNoListener && Given.Contains(span.Source, System.StringComparer.OrdinalIgnoreCase)
            ? $"'{span.Name}' was started when its provider did not listen: it was not built yet, or already disposed."
        : span.HadNoListener && Given.FirstOrDefault(name => !Exists(name) && MissingSpan.IsNear(name, span.Source)) is { } wrong
            ? $"The source '{span.Source}' exists, and no provider listens to it: the provider listens to '{wrong}'. No source "
                + "has that name."
        : span.HadNoListener ? $"The source '{span.Source}' exists, and no provider listens to it: no AddSource has its name."
        : span.NotEnded ? $"'{span.Name}' was started and never ended. A span is exported when it ends: put it into a using block."
        : span.EndedLate ? $"'{span.Name}' ended after its provider was disposed. End it first."
        : !span.Started ? $"'{span.Name}' was made and never started: StartActivity does both."
        : Given.Count > 0 && !Given.Contains(span.Source, System.StringComparer.OrdinalIgnoreCase)
            ? $"The provider of this cell does not listen to the source '{span.Source}'. A provider of an earlier run was never disposed, "
                + "and still listens to it."
        : $"Only another provider received '{span.Name}', perhaps one of an earlier run that was never disposed. "
            + "The provider of this cell did not exist when the span started, or it does not have the recorder of this exercise.";
}
