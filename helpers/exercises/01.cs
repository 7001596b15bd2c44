#nullable enable
using System.Linq;

/// <summary>Exercise 1.1: a source and a span of one's own.</summary>
public static class Exercise11
{
    /// <summary>Judges what the learner's provider recorded.</summary>
    public static Exercise Check(SpanRecorder answer11)
    {
        var spans = answer11.Spans;
        return Exercise.Check("Exercise 1.1", RecordedTrace.Group(spans),
            ("A span was recorded", () =>
                spans.Count > 0 ? null
                : "Nothing was recorded. Three things must be there: a source, AddSource with its name, "
                    + "and a span that is ended inside the using block."),
            ("It comes from the source shop.warehouse", () =>
                spans.FirstOrDefault(s => s.SourceName != "shop.warehouse") is not { } other ? null
                : new Wrong($"The span '{other.Name}' comes from the source '{other.SourceName}'.", other)),
            ("It is called pick parcel", () =>
                spans.FirstOrDefault(s => s.Name != "pick parcel") is not { } other ? null
                : new Wrong($"There is a span called '{other.Name}'. Names are compared letter by letter.", other)),
            ("There is one of it", () =>
                spans.Count == 1 ? null
                : new Wrong($"{spans.Count} spans were recorded. Start it once.", spans.Skip(1).ToArray())));
    }
}

/// <summary>Exercise 1.2: say who is speaking.</summary>
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
            ("service.name is warehouse", () =>
                OtherThan("service.name", "warehouse") is not { } other ? null
                : new Wrong($"The span '{other.Name}' comes from the service '{Value(other, "service.name")}'.", other)),
            ("service.version is 2.0.1", () =>
                OtherThan("service.version", "2.0.1") is not { } other ? null
                : new Wrong($"The resource says service.version = '{Value(other, "service.version")}'. "
                    + "AddService has a parameter for it.", other)),
            ("deployment.environment.name is workshop", () =>
                OtherThan("deployment.environment.name", "workshop") is not { } other ? null
                : new Wrong($"The resource says deployment.environment.name = '{Value(other, "deployment.environment.name")}'. "
                    + "Is it set on the resource, and spelled like this?", other)));

        RecordedSpan? OtherThan(string key, string value) => spans.FirstOrDefault(s => Value(s, key) != value);
        static string Value(RecordedSpan span, string key) =>
            span.Resource.Where(a => a.Key == key).Select(a => $"{a.Value}").FirstOrDefault() ?? "nothing";
    }
}
