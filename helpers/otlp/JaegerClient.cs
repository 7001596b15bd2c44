#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

/// <summary>
/// A Jaeger 2: where it takes spans, what its API <c>/api/v3</c> has, and links into its UI. Its own requests make no spans.
/// Jaeger sorts the attributes of what it returns by their key, and adds remarks of its own as <c>@jaeger@warnings</c>.
/// <para>All requests throw <see cref="HttpRequestException"/> if Jaeger cannot be reached or answers with an error, and
/// <see cref="InvalidDataException"/> if the answer is not what the API promises.</para>
/// </summary>
public sealed class JaegerClient : ITraceBackend, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly BackendApi api;

    /// <summary>A client for one Jaeger; it is closed when the notebook is run again from the top.</summary>
    /// <param name="ui">Where UI and API are. If null: port 16686 of this machine, or the port that <c>JAEGER_UI_PORT</c> or
    /// <c>docker/.env</c> names. A path is kept: <c>https://host/jaeger</c>.</param>
    /// <param name="otlp">Where it takes spans over HTTP. If null: the same machine, port 4318, or the port that
    /// <c>JAEGER_OTLP_HTTP_PORT</c> or <c>docker/.env</c> names.</param>
    public JaegerClient(Uri? ui = null, Uri? otlp = null)
    {
        Ui = Folder(ui ?? new Uri($"http://127.0.0.1:{JaegerPorts.Ui}"));
        TracesEndpoint = new Uri(otlp ?? new UriBuilder(Ui.Scheme, Ui.Host, JaegerPorts.OtlpHttp).Uri, OtlpHttp.TracesPath);
        api = new BackendApi(Ui.IsLoopback, "Start Jaeger in the folder docker/: docker compose up -d --wait");
        NotebookHost.CloseOnRestart(this);
    }

    /// <inheritdoc/>
    public string Name => "Jaeger";

    /// <summary>The address of the UI and the API; ends with a slash.</summary>
    public Uri Ui { get; }

    /// <inheritdoc/>
    public Uri TracesEndpoint { get; }

    /// <summary>What of the last traces that came could not be read, in words: it is left out. Null if nothing was.</summary>
    public string? Unread => api.Unread;

    /// <summary>
    /// True if a Jaeger is there: its API answers. (The port of its health check, 13133, is not published by every way to start
    /// it.) Gives up after one second, and never throws because something is not there.
    /// </summary>
    public async Task<bool> IsRunningAsync()
    {
        try
        {
            await ServicesAsync(TimeSpan.FromSeconds(1));
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>The names of the services that have sent spans, sorted.</summary>
    public Task<IReadOnlyList<string>> ServicesAsync() => ServicesAsync(Patience);

    /// <inheritdoc/>
    public Task<RecordedTrace?> GetTraceAsync(string traceId) => GetTraceAsync(traceId, Patience);

    /// <inheritdoc/>
    public Task<RecordedTrace> WaitForTraceAsync(string traceId, int spans = 1, TimeSpan? timeout = null) =>
        TraceBackend.WaitAsync(traceId, spans, timeout, $"Jaeger at {Ui}", limit => GetTraceAsync(traceId, limit), () => Unread);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is no service name, or the bounds are in the wrong order.</exception>
    public async Task<IReadOnlyList<RecordedTrace>> SearchAsync(TraceSearch search)
    {
        var to = search.To ?? DateTimeOffset.UtcNow;
        ArgumentException.ThrowIfNullOrWhiteSpace(search.Service);
        ArgumentOutOfRangeException.ThrowIfLessThan(search.Limit, 1);
        if (search.From >= to)
            throw new ArgumentException($"The search ends ({Rfc3339(to)}) before it begins ({Rfc3339(search.From)}).", nameof(search));

        var attributes = search.Attributes();
        var fields = new List<(string Name, string? Value)>
        {
            ("serviceName", search.Service), ("operationName", string.IsNullOrEmpty(search.Operation) ? null : search.Operation),
            ("attributes", attributes.Count == 0 ? null : JsonSerializer.Serialize(attributes.ToDictionary(a => a.Key, a => a.Value))),
            ("durationMin", Nanoseconds(search.MinDuration)), ("durationMax", Nanoseconds(search.MaxDuration)),
            ("searchDepth", search.Limit.ToString(CultureInfo.InvariantCulture)),
            ("startTimeMin", Rfc3339(search.From)), ("startTimeMax", Rfc3339(to)), // the API demands both
        };
        var query = string.Join('&', fields.Where(f => f.Value is not null)
            .Select(f => $"query.{f.Name}={Uri.EscapeDataString(f.Value!)}"));
        return RecordedTrace.Group(await api.SpansAsync(new Uri(Ui, $"api/v3/traces?{query}"), Patience));
    }

    /// <summary>The traces in which a service took part, between two times, ordered by start.</summary>
    /// <exception cref="ArgumentException">There is no service name, or the bounds are in the wrong order.</exception>
    public Task<IReadOnlyList<RecordedTrace>> SearchAsync(string service, DateTimeOffset from, DateTimeOffset to, int limit = 20) =>
        SearchAsync(new TraceSearch(service) { From = from, To = to, Limit = limit });

    /// <inheritdoc/>
    public Uri TraceApi(string traceId) => new(Ui, $"api/v3/traces/{TraceBackend.CheckedTraceId(traceId)}");

    /// <inheritdoc/>
    public Uri TraceLink(string traceId) => new(Ui, $"trace/{TraceBackend.CheckedTraceId(traceId)}");

    /// <summary>Two traces compared in Jaeger's UI.</summary>
    /// <exception cref="ArgumentException">One of them is not a trace id.</exception>
    public Uri CompareLink(string a, string b) =>
        new(Ui, $"trace/{TraceBackend.CheckedTraceId(a)}...{TraceBackend.CheckedTraceId(b)}");

    /// <summary>The search page of Jaeger's UI with this service chosen.</summary>
    public Uri SearchLink(string service) => new(Ui, $"search?service={Uri.EscapeDataString(service)}");

    /// <summary>Closes the connections.</summary>
    public void Dispose() => api.Dispose();

    private Task<IReadOnlyList<string>> ServicesAsync(TimeSpan timeout) => api.ServicesAsync(new Uri(Ui, "api/v3/services"), timeout);

    private Task<RecordedTrace?> GetTraceAsync(string traceId, TimeSpan timeout) =>
        api.TraceAsync(TraceApi(traceId), TraceBackend.CheckedTraceId(traceId), timeout);

    private static string? Nanoseconds(TimeSpan? time) =>
        time is { } value ? string.Create(CultureInfo.InvariantCulture, $"{(long)(value.TotalMilliseconds * 1_000_000)}ns") : null;

    private static string Rfc3339(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    private static Uri Folder(Uri uri) => uri.AbsolutePath.EndsWith('/') ? uri : new Uri(uri.GetLeftPart(UriPartial.Path) + "/");
}

/// <summary>
/// Where the Jaeger of the folder <c>docker</c> is: at its own ports, unless a variable, or a line in <c>docker/.env</c>, has
/// given it others. Docker Compose reads the same two, the variable first.
/// </summary>
internal static class JaegerPorts
{
    /// <summary>The port of UI and API.</summary>
    public static int Ui => Of("JAEGER_UI_PORT", 16686, Directory.GetCurrentDirectory());

    /// <summary>The port that takes spans over OTLP/HTTP.</summary>
    public static int OtlpHttp => Of("JAEGER_OTLP_HTTP_PORT", 4318, Directory.GetCurrentDirectory());

    /// <param name="variable">Its name, in the environment and in the file.</param>
    /// <param name="standard">What holds when neither says anything that is a port.</param>
    /// <param name="folder">A notebook runs in its own folder; <c>docker/.env</c> is beside that, or further up.</param>
    internal static int Of(string variable, int standard, string folder)
    {
        if (Port(Environment.GetEnvironmentVariable(variable)) is { } port)
            return port;
        for (var place = new DirectoryInfo(folder); place is not null; place = place.Parent)
        {
            var file = Path.Combine(place.FullName, "docker", ".env");
            if (!File.Exists(file))
                continue;
            var line = File.ReadLines(file).LastOrDefault(l => l.StartsWith(variable + "=", StringComparison.Ordinal));
            return Port(line?[(variable.Length + 1)..]) ?? standard;
        }

        return standard;
    }

    private static int? Port(string? text) =>
        int.TryParse(text?.Trim().Trim('"', '\''), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= 65535 ? port : null;
}
