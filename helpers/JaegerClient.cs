#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

/// <summary>
/// Reads traces back from a Jaeger 2 through its API <c>/api/v3</c>, and makes links into its UI. Its own requests make
/// no spans. Jaeger sorts the attributes of what it returns by their key.
/// <para>All requests throw <see cref="HttpRequestException"/> if Jaeger cannot be reached or answers with an error, and
/// <see cref="InvalidDataException"/> if the answer is not what the API promises.</para>
/// </summary>
public sealed class JaegerClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly HttpClient http;

    /// <param name="ui">Where the UI and its API are: <c>http://127.0.0.1:16686</c> if null. A path is kept: <c>https://host/jaeger</c>.</param>
    /// <param name="health">Where the health check is: <c>http://127.0.0.1:13133</c> if null.</param>
    public JaegerClient(Uri? ui = null, Uri? health = null)
    {
        Ui = Folder(ui ?? new Uri("http://127.0.0.1:16686"));
        Health = Folder(health ?? new Uri("http://127.0.0.1:13133"));
        http = new HttpClient(new SocketsHttpHandler
        {
            ActivityHeadersPropagator = null, // no client spans: they would mix with the learner's own
            UseProxy = !Ui.IsLoopback,
        });
    }

    /// <summary>The address of the UI and the API; ends with a slash.</summary>
    public Uri Ui { get; }

    /// <summary>The address of the health check; ends with a slash.</summary>
    public Uri Health { get; }

    /// <summary>
    /// True if a Jaeger is there and ready. Asks <c>/status</c> of the health check first, then the API. Gives up after one
    /// second for each, and never throws because something is not there.
    /// </summary>
    public async Task<bool> IsRunningAsync()
    {
        var second = TimeSpan.FromSeconds(1);
        try
        {
            var (status, _) = await GetAsync(new Uri(Health, "status"), second);
            if (status != HttpStatusCode.OK)
                return false;
            await ServicesAsync(second);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>The names of the services that have sent spans, sorted. Jaeger may list itself too.</summary>
    public Task<IReadOnlyList<string>> ServicesAsync() => ServicesAsync(Patience);

    /// <summary>The trace as far as Jaeger has it now; null if it has none of its spans (yet).</summary>
    /// <param name="traceId">32 hex digits.</param>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    public Task<RecordedTrace?> GetTraceAsync(string traceId) => GetTraceAsync(traceId, Patience);

    /// <summary>
    /// Asks until Jaeger has at least <paramref name="spans"/> spans of the trace. They arrive one batch after the other,
    /// and with tail sampling only after the decision.
    /// </summary>
    /// <param name="traceId">32 hex digits.</param>
    /// <param name="spans">How many spans to wait for.</param>
    /// <param name="timeout">15 seconds if null.</param>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    /// <exception cref="TimeoutException">They did not arrive in time; the message says how many did.</exception>
    public async Task<RecordedTrace> WaitForTraceAsync(string traceId, int spans = 1, TimeSpan? timeout = null)
    {
        var limit = timeout ?? TimeSpan.FromSeconds(15);
        var clock = Stopwatch.StartNew();
        for (var pause = 100; ; pause = Math.Min(2 * pause, 1000))
        {
            var left = limit - clock.Elapsed;
            var trace = await GetTraceAsync(traceId, TimeSpan.FromSeconds(Math.Clamp(left.TotalSeconds, 1, 30)));
            if (trace is not null && trace.Spans.Count >= spans)
                return trace;
            left = limit - clock.Elapsed;
            if (left <= TimeSpan.Zero)
            {
                var waited = string.Create(CultureInfo.InvariantCulture, $"{limit.TotalSeconds:0.#} s");
                throw new TimeoutException(trace is null
                    ? $"After {waited} Jaeger at {Ui} still has no span of trace {traceId}. Was the trace sampled, was the exporter flushed, and does it send to this Jaeger?"
                    : $"After {waited} Jaeger at {Ui} has {trace.Spans.Count} of the {spans} awaited spans of trace {traceId}. Has every service flushed its exporter?");
            }

            await Task.Delay(left < TimeSpan.FromMilliseconds(pause) ? left : TimeSpan.FromMilliseconds(pause));
        }
    }

    /// <summary>
    /// The traces in which <paramref name="service"/> took part and that have a span which started in this time. They are
    /// ordered by start; empty if there are none.
    /// </summary>
    /// <param name="service">The <c>service.name</c>.</param>
    /// <param name="from">The API demands both bounds.</param>
    /// <param name="to">Later than <paramref name="from"/>.</param>
    /// <param name="limit">At most this many traces; with Jaeger's memory storage those that arrived last.</param>
    /// <exception cref="ArgumentException">There is no service name, or the bounds are in the wrong order.</exception>
    public async Task<IReadOnlyList<RecordedTrace>> SearchAsync(string service, DateTimeOffset from, DateTimeOffset to, int limit = 20)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(service);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        if (from >= to)
            throw new ArgumentException($"The search ends ({Rfc3339(to)}) before it begins ({Rfc3339(from)}).", nameof(to));

        var query = $"query.serviceName={Uri.EscapeDataString(service)}&query.startTimeMin={Rfc3339(from)}&query.startTimeMax={Rfc3339(to)}" +
            string.Create(CultureInfo.InvariantCulture, $"&query.searchDepth={limit}");
        return RecordedTrace.Group(await SpansAsync(new Uri(Ui, $"api/v3/traces?{query}"), Patience));
    }

    /// <summary>The trace in Jaeger's UI.</summary>
    /// <exception cref="ArgumentException">This is not a trace id.</exception>
    public Uri TraceLink(string traceId) => new(Ui, $"trace/{CheckedTraceId(traceId)}");

    /// <summary>Two traces compared in Jaeger's UI.</summary>
    /// <exception cref="ArgumentException">One of them is not a trace id.</exception>
    public Uri CompareLink(string a, string b) => new(Ui, $"trace/{CheckedTraceId(a)}...{CheckedTraceId(b)}");

    /// <summary>The search page of Jaeger's UI with this service chosen.</summary>
    public Uri SearchLink(string service) => new(Ui, $"search?service={Uri.EscapeDataString(service)}");

    public void Dispose() => http.Dispose();

    private async Task<IReadOnlyList<string>> ServicesAsync(TimeSpan timeout)
    {
        var uri = new Uri(Ui, "api/v3/services");
        var answers = await AskAsync(uri, timeout);
        return Decode(uri, answers, answer => OtlpJson.Items(answer, "services").Select(s => s.GetString() ?? ""))
            .Order(StringComparer.Ordinal).ToArray();
    }

    private async Task<RecordedTrace?> GetTraceAsync(string traceId, TimeSpan timeout)
    {
        traceId = CheckedTraceId(traceId);
        var spans = (await SpansAsync(new Uri(Ui, $"api/v3/traces/{traceId}"), timeout)).Where(s => s.TraceId == traceId).ToArray();
        return spans.Length == 0 ? null : new RecordedTrace(spans);
    }

    private async Task<IReadOnlyList<RecordedSpan>> SpansAsync(Uri uri, TimeSpan timeout) =>
        Decode(uri, await AskAsync(uri, timeout), answer => OtlpJson.Spans(OtlpJson.Member(answer, "result")));

    // Nothing, if Jaeger says 404: it does not have the trace, or the search found none. Otherwise one JSON text;
    // more than one if a Jaeger sends the traces as it finds them.
    private async Task<IReadOnlyList<JsonElement>> AskAsync(Uri uri, TimeSpan timeout)
    {
        var (status, body) = await GetAsync(uri, timeout);
        var succeeded = (int)status is >= 200 and < 300;
        IReadOnlyList<JsonElement> answers = [];
        try
        {
            answers = OtlpJson.Parse(body);
        }
        catch (JsonException e) when (succeeded)
        {
            throw new InvalidDataException($"The answer of {uri} is not JSON ({e.Message}). It begins with: {Beginning(body)}", e);
        }
        catch (JsonException)
        {
            // An error that was not written by Jaeger's API: its text is all there is to say.
        }

        var error = answers.Select(a => OtlpJson.Member(a, "error")).FirstOrDefault(e => e.ValueKind is JsonValueKind.Object);
        var isError = error.ValueKind is JsonValueKind.Object;
        if (succeeded && !isError)
            return answers;
        if (status == HttpStatusCode.NotFound && isError)
            return [];
        var said = OtlpJson.Member(error, "message");
        var message = said.ValueKind is JsonValueKind.String ? said.GetString() : Beginning(body);
        throw new HttpRequestException($"{uri} answered {(int)status} {status}: {message}", null, status);
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> GetAsync(Uri uri, TimeSpan timeout)
    {
        using var cancel = new CancellationTokenSource(timeout);
        try
        {
            using var response = await http.GetAsync(uri, cancel.Token);
            return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancel.Token));
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException)
        {
            throw new HttpRequestException($"Nothing listens at {uri} ({e.InnerException.Message}). Start Jaeger in the folder docker/: docker compose up -d --wait", e);
        }
        catch (HttpRequestException e)
        {
            throw new HttpRequestException($"{uri} did not answer as a web server does: {e.Message}", e);
        }
        catch (OperationCanceledException e)
        {
            throw new HttpRequestException($"{uri} did not answer within {timeout.TotalSeconds:0} s.", e);
        }
    }

    private static IReadOnlyList<T> Decode<T>(Uri uri, IReadOnlyList<JsonElement> answers, Func<JsonElement, IEnumerable<T>> decode)
    {
        try
        {
            return answers.SelectMany(decode).ToArray();
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or OverflowException)
        {
            throw new InvalidDataException($"The answer of {uri} is not what Jaeger's API promises: {e.Message}", e);
        }
    }

    private static string CheckedTraceId(string traceId) => traceId is { Length: 32 } && traceId.All(char.IsAsciiHexDigit)
        ? traceId.ToLowerInvariant()
        : throw new ArgumentException($"'{traceId}' is not a trace id: it has 32 hex digits.", nameof(traceId));

    private static string Rfc3339(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    private static string Beginning(byte[] body) => Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(200, body.Length))).Trim();

    private static Uri Folder(Uri uri) => uri.AbsolutePath.EndsWith('/') ? uri : new Uri(uri.GetLeftPart(UriPartial.Path) + "/");
}

/// <summary>
/// OTLP as JSON (OTLP specification, "JSON Protobuf Encoding"): ids are hex, 64-bit integers are strings, enums are numbers.
/// What a field leaves out has the default value of its type; fields that we do not know are ignored.
/// </summary>
internal static class OtlpJson
{
    // Two bits beside the eight trace flags say whether the parent is remote, and whether that is known at all.
    private const long ParentIsRemote = 0x300;

    /// <summary>The JSON texts in these bytes: usually one.</summary>
    /// <exception cref="JsonException">They are not JSON.</exception>
    public static IReadOnlyList<JsonElement> Parse(byte[] utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { AllowMultipleValues = true });
        var values = new List<JsonElement>();
        while (reader.Read())
            values.Add(JsonElement.ParseValue(ref reader));
        return values.Count > 0 ? values : throw new JsonException("the answer is empty");
    }

    /// <summary>The spans of a <c>TracesData</c> message.</summary>
    /// <exception cref="FormatException">An id, a number or a time is not one.</exception>
    /// <exception cref="InvalidOperationException">A value is of the wrong kind.</exception>
    public static IEnumerable<RecordedSpan> Spans(JsonElement tracesData)
    {
        foreach (var resourceSpans in Items(tracesData, "resourceSpans"))
        {
            var resource = Attributes(Member(resourceSpans, "resource"));
            foreach (var scopeSpans in Items(resourceSpans, "scopeSpans"))
            {
                var scope = Member(scopeSpans, "scope");
                foreach (var span in Items(scopeSpans, "spans"))
                    yield return Span(span, resource, scope);
            }
        }
    }

    /// <summary>The member; undefined if it is null or not there, or if this is nothing that has members.</summary>
    public static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var member) && member.ValueKind is not JsonValueKind.Null
            ? member
            : default;

    /// <summary>The items of an array; none if it is not there.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: not JsonValueKind.Undefined } array ? array.EnumerateArray() : [];

    private static RecordedSpan Span(JsonElement span, IReadOnlyList<KeyValuePair<string, object?>> resource, JsonElement scope)
    {
        var start = Time(span, "startTimeUnixNano");
        var flags = Number(span, "flags");
        var status = Member(span, "status");
        return new RecordedSpan
        {
            TraceId = Id(span, "traceId", 32),
            SpanId = Id(span, "spanId", 16),
            ParentSpanId = Text(span, "parentSpanId").Length == 0 ? null : Id(span, "parentSpanId", 16),
            HasRemoteParent = (flags & ParentIsRemote) == ParentIsRemote,
            Flags = (ActivityTraceFlags)(flags & 0xff),
            TraceState = Text(span, "traceState") is { Length: > 0 } state ? state : null,
            Name = Text(span, "name"),
            Kind = Enumerated(Member(span, "kind"), "SPAN_KIND_", "UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER") switch
            {
                2 => ActivityKind.Server,
                3 => ActivityKind.Client,
                4 => ActivityKind.Producer,
                5 => ActivityKind.Consumer,
                _ => ActivityKind.Internal,
            },
            SourceName = Text(scope, "name"),
            SourceVersion = Text(scope, "version") is { Length: > 0 } version ? version : null,
            Resource = resource,
            Start = start,
            Duration = Time(span, "endTimeUnixNano") - start,
            Status = Enumerated(Member(status, "code"), "STATUS_CODE_", "UNSET", "OK", "ERROR") switch
            {
                1 => ActivityStatusCode.Ok,
                2 => ActivityStatusCode.Error,
                _ => ActivityStatusCode.Unset,
            },
            StatusDescription = Text(status, "message") is { Length: > 0 } description ? description : null,
            Attributes = Attributes(span),
            // Jaeger sorts events by name: back into the order in which they happened.
            Events = Items(span, "events").Select(e => new RecordedEvent(Text(e, "name"), Time(e, "timeUnixNano"), Attributes(e))).OrderBy(e => e.Time).ToArray(),
            Links = Items(span, "links").Select(l => new RecordedLink(Id(l, "traceId", 32), Id(l, "spanId", 16), Attributes(l))).ToArray(),
        };
    }

    private static IReadOnlyList<KeyValuePair<string, object?>> Attributes(JsonElement element) => KeyValues(element, "attributes");

    private static IReadOnlyList<KeyValuePair<string, object?>> KeyValues(JsonElement element, string name) =>
        Items(element, name).Select(a => KeyValuePair.Create(Text(a, "key"), Value(Member(a, "value")))).ToArray();

    // AnyValue: an object with one member, whose name says the kind. Without a member it is the empty value.
    private static object? Value(JsonElement any)
    {
        if (any.ValueKind is JsonValueKind.Undefined)
            return null;
        foreach (var member in any.EnumerateObject())
        {
            var value = member.Value;
            switch (member.Name)
            {
                case "stringValue":
                    return value.GetString();
                case "boolValue":
                    return value.GetBoolean();
                case "intValue":
                    return Number(any, "intValue");
                case "doubleValue":
                    return value.ValueKind is JsonValueKind.String // NaN, Infinity and -Infinity
                        ? double.Parse(value.GetString()!, CultureInfo.InvariantCulture)
                        : value.GetDouble();
                case "arrayValue":
                    return Typed(Items(value, "values").Select(Value).ToArray());
                case "kvlistValue":
                    return KeyValues(value, "values");
                case "bytesValue":
                    return value.GetBytesFromBase64();
            }
        }

        return null;
    }

    // The same type as a span in memory has: string[], long[] and so on.
    private static object Typed(object?[] values) => values switch
    {
        [string, ..] when values.All(v => v is string) => values.Cast<string>().ToArray(),
        [long, ..] when values.All(v => v is long) => values.Cast<long>().ToArray(),
        [double, ..] when values.All(v => v is double) => values.Cast<double>().ToArray(),
        [bool, ..] when values.All(v => v is bool) => values.Cast<bool>().ToArray(),
        _ => values,
    };

    private static string Text(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: not JsonValueKind.Undefined } text ? text.GetString()! : "";

    private static string Id(JsonElement element, string name, int digits) =>
        Text(element, name) is var id && id.Length == digits && id.All(char.IsAsciiHexDigit)
            ? id.ToLowerInvariant()
            : throw new FormatException($"the {name} '{id}' is not {digits} hex digits");

    private static long Number(JsonElement element, string name) => Member(element, name) switch
    {
        { ValueKind: JsonValueKind.Undefined } => 0,
        { ValueKind: JsonValueKind.String } text when long.TryParse(text.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt64(out var number) => number,
        var other => throw new FormatException($"the {name} {other.GetRawText()} is not a whole number"),
    };

    // Nanoseconds since 1970. A DateTimeOffset holds steps of 100 nanoseconds, as an Activity does.
    private static DateTimeOffset Time(JsonElement element, string name)
    {
        var value = Member(element, name);
        var text = value.ValueKind is JsonValueKind.String ? value.GetString() : value.ValueKind is JsonValueKind.Undefined ? "0" : value.GetRawText();
        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var nanoseconds)
            ? DateTimeOffset.UnixEpoch.AddTicks((long)(nanoseconds / 100))
            : throw new FormatException($"the {name} '{text}' is not a time in nanoseconds");
    }

    // Numbers in OTLP; the general JSON form of protobuf writes names.
    private static int Enumerated(JsonElement value, string prefix, params string[] names) => value.ValueKind switch
    {
        JsonValueKind.Undefined => 0,
        JsonValueKind.String => Array.IndexOf(names, value.GetString()!.Replace(prefix, "", StringComparison.Ordinal)),
        _ => value.GetInt32(),
    };
}
