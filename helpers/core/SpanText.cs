#nullable enable

/// <summary>What a span says, in words.</summary>
internal static class SpanText
{
    public static string Kind(RecordedSpan span) => span.Kind.ToString().ToLowerInvariant();

    public static string Status(RecordedSpan span) =>
        string.IsNullOrEmpty(span.StatusDescription) ? $"{span.Status}" : $"{span.Status}: {span.StatusDescription}";

    public static string Time(RecordedSpan span, RecordedEvent e) =>
        e.Time < span.Start ? $"{Drawing.Duration(span.Start - e.Time)} before the span" : $"+{Drawing.Duration(e.Time - span.Start)}";
}
