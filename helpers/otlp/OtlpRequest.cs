#nullable enable
using System;
using System.Globalization;

/// <summary>One request that reached an OtlpReceiver, accepted or not.</summary>
/// <param name="Time">When it was answered, UTC.</param>
/// <param name="Path">For example <c>/v1/traces</c>.</param>
/// <param name="ContentType">"" if the request had none.</param>
/// <param name="ContentEncoding">"gzip", or "" if the body was not compressed.</param>
/// <param name="Bytes">How much of the body came, on the wire; also of one that was refused.</param>
/// <param name="Spans">How many spans were accepted.</param>
/// <param name="Status">The HTTP status code of the answer; 0 if there was none, because it came as HTTP/2.</param>
/// <param name="Problem">What was wrong; null if all was well. After a 200: what was left out.</param>
/// <param name="Body">The body, decompressed. Only the last few requests still have it, if it is not large; else it is empty.</param>
public sealed record OtlpRequest(
    DateTimeOffset Time, string Path, string ContentType, string ContentEncoding,
    int Bytes, int Spans, int Status, string? Problem, byte[] Body)
{
    /// <summary>For example <c>POST</c>.</summary>
    public string Method { get; init; } = "POST";

    /// <summary>How many spans were in it and not accepted, although the answer is 200: a partial success.</summary>
    public int Rejected { get; init; }

    /// <summary>The status code as text; "–" if there was none.</summary>
    internal string Answer => Status == 0 ? "–" : Status.ToString(CultureInfo.InvariantCulture);

    /// <summary>One line: "POST /v1/traces 200, 1,024 bytes (gzip), 7 spans".</summary>
    public override string ToString() => $"{Method} {Path} {Answer}, {Drawing.Count(Bytes, "byte")}"
        + (ContentEncoding.Length > 0 ? $" ({ContentEncoding})" : "")
        + $", {Drawing.Count(Spans, "span")}"
        + (Rejected == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {Rejected:N0} rejected"))
        + (Problem is null ? "" : $": {Problem}");
}
