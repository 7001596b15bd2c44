#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

/// <summary>Exercise 7.1: both spans in the backend, before the program ends.</summary>
public static class Exercise71
{
    /// <summary>Judges what reached the backend.</summary>
    /// <param name="answer71">The backend.</param>
    /// <param name="arrived71">The spans that it had when the program ended.</param>
    public static Exercise Check(OtlpReceiver answer71, IReadOnlyList<RecordedSpan> arrived71) =>
        Exercise.Check("Exercise 7.1", RecordedTrace.Group(arrived71),
            ("A request reached the receiver", () =>
                answer71.Requests.Count > 0 ? null
                : "No request came. Does the exporter speak HttpProtobuf, and to an address of answer71?"),
            ("The receiver accepted it", () =>
                answer71.Requests.FirstOrDefault(r => r.Status != 200) is not { } bad ? null
                : $"A request came to '{bad.Path}' and was answered with {bad.Status}. Which address does an endpoint in code need?"),
            ("Both spans were there when the cell ended", () =>
                new[] { "pack parcel", "send parcel" }.FirstOrDefault(name => arrived71.All(s => s.Name != name)) is not { } missing ? null
                : $"'{missing}' had not arrived when the cell ended. Make the provider send what waits, after the last span."),
            ("They come from the service parcels", () =>
                arrived71.FirstOrDefault(s => s.ServiceName != "parcels") is not { } other ? null
                : new Wrong($"The span '{other.Name}' comes from the service '{other.ServiceName}'.", other)));
}

/// <summary>Exercise 7.2: ask the backend.</summary>
public static class Exercise72
{
    /// <summary>Judges two trace ids.</summary>
    /// <param name="backend72">The backend that was asked.</param>
    /// <param name="slowest72">The slowest trace.</param>
    /// <param name="failed72">The trace of the request that failed for the user.</param>
    public static Exercise Check(OtlpReceiver backend72, string? slowest72, string? failed72)
    {
        var traces = backend72.Traces;
        return Exercise.Check("Exercise 7.2", new[] { Trace(slowest72), Trace(failed72) }.OfType<RecordedTrace>().Distinct(),
            ("slowest72 is the id of a trace", () =>
                Unknown("slowest72", slowest72)),
            ("No trace took longer", () =>
                traces.Count(t => t.Duration > Trace(slowest72)!.Duration) is var slower && slower == 0 ? null
                : new Wrong($"This trace took {Drawing.Duration(Trace(slowest72)!.Duration)}, "
                    + $"and {slower} of the {traces.Count} took longer.", Trace(slowest72)!.Root)),
            ("failed72 is the id of a trace", () =>
                Unknown("failed72", failed72)),
            ("It has an error", () =>
                Trace(failed72)!.HasErrors ? null
                : new Wrong($"All the {Trace(failed72)!.Spans.Count} spans of this trace went well.", Trace(failed72)!.Root)),
            ("Its root is an error", () =>
                Trace(failed72)!.Root is var root && root.Status == ActivityStatusCode.Error ? null
                : new Wrong($"A client span in it is an error, but the root '{root.Name}' is not: "
                    + $"the user was told {root["http.response.status_code"]}. Look at the root's status.", root)));

        RecordedTrace? Trace(string? id) => traces.FirstOrDefault(t => t.TraceId.Equals(id, StringComparison.OrdinalIgnoreCase));
        string? Unknown(string which, string? id) => string.IsNullOrEmpty(id) ? $"{which} is still empty."
            : Trace(id) is not null ? null
            : traces.Any(t => t.FindById(id) is not null) ? $"{which} is the id of a span. A trace id has 32 digits."
            : $"{which} is '{id}', and the backend has no trace with this id.";
    }
}
