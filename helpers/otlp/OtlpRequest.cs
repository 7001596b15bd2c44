#nullable enable
using System;

/// <summary>One request that reached an OtlpReceiver, accepted or not.</summary>
/// <param name="Time">When it was answered, UTC.</param>
/// <param name="Path">For example <c>/v1/traces</c>.</param>
/// <param name="ContentType">"" if the request had none.</param>
/// <param name="ContentEncoding">"gzip", or "" if the body was not compressed.</param>
/// <param name="Bytes">The length of the body on the wire.</param>
/// <param name="Spans">How many spans were accepted.</param>
/// <param name="Status">The HTTP status code of the answer.</param>
/// <param name="Problem">What was wrong; null if all was well.</param>
/// <param name="Body">The body, decompressed. Only the last few requests still have it, if it is not large; else it is empty.</param>
public sealed record OtlpRequest(
    DateTimeOffset Time, string Path, string ContentType, string ContentEncoding,
    int Bytes, int Spans, int Status, string? Problem, byte[] Body)
{
    /// <summary>For example <c>POST</c>.</summary>
    public string Method { get; init; } = "POST";

    /// <summary>One line: "POST /v1/traces 200, 1,024 bytes (gzip), 7 spans".</summary>
    public override string ToString() => $"{Method} {Path} {Status}, {Drawing.Count(Bytes, "byte")}"
        + (ContentEncoding.Length > 0 ? $" ({ContentEncoding})" : "")
        + $", {Drawing.Count(Spans, "span")}{(Problem is null ? "" : $": {Problem}")}";
}
