#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

/// <summary>
/// Where traces are sent to and asked for: Jaeger, the Aspire dashboard, or the receiver in the notebook. What exports is the
/// same for all three; only the address differs.
/// </summary>
public interface ITraceBackend
{
    /// <summary>As in "Jaeger".</summary>
    string Name { get; }

    /// <summary>Where it takes spans over OTLP/HTTP, with the path: what <c>OtlpExporterOptions.Endpoint</c> takes.</summary>
    Uri TracesEndpoint { get; }

    /// <summary>A <c>GET</c> of this address answers with the trace, as OTLP JSON.</summary>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    Uri TraceApi(string traceId);

    /// <summary>The page of the trace in the backend's UI; null if it has none.</summary>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    Uri? TraceLink(string traceId);

    /// <summary>The trace as far as the backend has it now; null if it has none of its spans (yet).</summary>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    Task<RecordedTrace?> GetTraceAsync(string traceId);

    /// <summary>Asks until the backend has at least so many spans of the trace: they arrive one batch after the other.</summary>
    /// <param name="traceId">32 hex digits.</param>
    /// <param name="spans">How many spans to wait for.</param>
    /// <param name="timeout">15 seconds if null; <see cref="Timeout.InfiniteTimeSpan"/> waits without an end.</param>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    /// <exception cref="TimeoutException">They did not arrive in time; the message says how many did.</exception>
    Task<RecordedTrace> WaitForTraceAsync(string traceId, int spans = 1, TimeSpan? timeout = null);

    /// <summary>The traces with a span of which all is true that the search asks, ordered by start; empty if there are none.</summary>
    /// <exception cref="FormatException">The search's tags are no list of <c>key=value</c>.</exception>
    Task<IReadOnlyList<RecordedTrace>> SearchAsync(TraceSearch search);
}

/// <summary>What all backends do in the same way.</summary>
internal static class TraceBackend
{
    /// <summary>Asks again and again, first soon, then once a second.</summary>
    /// <param name="traceId">32 hex digits.</param>
    /// <param name="spans">How many spans to wait for.</param>
    /// <param name="timeout">15 seconds if null.</param>
    /// <param name="name">Who is asked, as in "Jaeger at http://…".</param>
    /// <param name="get">Asks once, and gives up after this time.</param>
    /// <param name="unread">What of the last answer could not be read; null if nothing was.</param>
    public static async Task<RecordedTrace> WaitAsync(
        string traceId, int spans, TimeSpan? timeout, string name, Func<TimeSpan, Task<RecordedTrace?>> get, Func<string?> unread)
    {
        var limit = timeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : timeout ?? TimeSpan.FromSeconds(15);
        var clock = Stopwatch.StartNew();
        for (var pause = 100; ; pause = Math.Min(2 * pause, 1000))
        {
            var left = limit - clock.Elapsed;
            var trace = await get(TimeSpan.FromSeconds(Math.Clamp(left.TotalSeconds, 1, 30)));
            if (trace is not null && trace.Spans.Count >= spans)
                return trace;
            left = limit - clock.Elapsed;
            if (left <= TimeSpan.Zero)
            {
                var asked = string.Create(CultureInfo.InvariantCulture, $"After {limit.TotalSeconds:0.#} s {name}");
                throw new TimeoutException(trace is null
                    ? $"{asked} still has no span of trace {traceId}. "
                        + "Was the trace sampled, was the exporter flushed, and does it send to this backend?"
                    : $"{asked} has {trace.Spans.Count} of the {spans} awaited spans of trace {traceId}. "
                        + (unread() is { } problem ? $"This could not be read: {problem}" : "Has every service flushed its exporter?"));
            }

            await Task.Delay(left < TimeSpan.FromMilliseconds(pause) ? left : TimeSpan.FromMilliseconds(pause));
        }
    }

    /// <summary>The id in lower case.</summary>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    public static string CheckedTraceId(string traceId) => traceId is { Length: 32 } && traceId.All(char.IsAsciiHexDigit)
        ? traceId.ToLowerInvariant()
        : throw new ArgumentException($"'{traceId}' is not a trace id: it has 32 hex digits.", nameof(traceId));
}
