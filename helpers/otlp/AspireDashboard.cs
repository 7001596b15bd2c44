#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

/// <summary>
/// The dashboard of .NET Aspire: a real backend with a real UI, without Docker. It comes as an ordinary NuGet package, runs as a
/// program of its own on this machine only (127.0.0.1, free ports), keeps what it gets in memory, and ends with the notebook. It
/// has no search like Jaeger's: that is done here, over the newest thousand traces.
/// </summary>
public sealed class AspireDashboard : ITraceBackend, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static AspireDashboard? running;

    private readonly DashboardProcess process;
    private readonly BackendApi api = new(isLoopback: true, "The dashboard has ended: start it again.");

    private AspireDashboard(DashboardProcess process) => this.process = process;

    /// <summary>
    /// Starts the dashboard, or gives the one that runs. The first time it is downloaded from your package feed, about 40 MB. If
    /// it cannot be had, it says why on the console and gives null: the lesson goes on without it.
    /// </summary>
    public static async Task<AspireDashboard?> StartAsync()
    {
        if (running is { process.IsRunning: true })
            return running;
        var (dashboard, problem) = await TryStartAsync(DashboardPackage.Rid, System.IO.Directory.GetCurrentDirectory());
        if (dashboard is null)
            Console.WriteLine(problem);
        return running = dashboard;
    }

    /// <summary>The same; the problem in words in place of the console.</summary>
    internal static async Task<(AspireDashboard? Dashboard, string? Problem)> TryStartAsync(string rid, string folder)
    {
        var (program, problem) = await DashboardPackage.RestoreAsync(rid, folder);
        if (program is null)
            return (null, problem);
        (var process, problem) = await DashboardProcess.StartAsync(program);
        if (process is null)
            return (null, problem);
        var dashboard = new AspireDashboard(process);
        NotebookHost.CloseOnRestart(dashboard);
        return (dashboard, null);
    }

    /// <inheritdoc/>
    public string Name => "the Aspire dashboard";

    /// <summary>Its start page; open it in a browser.</summary>
    public Uri Ui => process.Ui;

    /// <inheritdoc/>
    public Uri TracesEndpoint => new(process.OtlpHttp, OtlpHttp.TracesPath);

    /// <inheritdoc/>
    public Uri TraceApi(string traceId) => new(Ui, $"api/telemetry/traces/{TraceBackend.CheckedTraceId(traceId)}");

    /// <inheritdoc/>
    public Uri TraceLink(string traceId) => new(Ui, $"traces/detail/{TraceBackend.CheckedTraceId(traceId)}");

    /// <inheritdoc/>
    public Task<RecordedTrace?> GetTraceAsync(string traceId) => GetTraceAsync(traceId, Patience);

    /// <inheritdoc/>
    public Task<RecordedTrace> WaitForTraceAsync(string traceId, int spans = 1, TimeSpan? timeout = null) =>
        TraceBackend.WaitAsync(traceId, spans, timeout, $"the dashboard at {Ui}", limit => GetTraceAsync(traceId, limit), () => api.Unread);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RecordedTrace>> SearchAsync(TraceSearch search) =>
        search.In(RecordedTrace.Group(await api.SpansAsync(new Uri(Ui, "api/telemetry/traces?limit=1000"), Patience)));

    /// <summary>Ends it; what it kept is gone.</summary>
    public void Dispose()
    {
        process.Dispose();
        api.Dispose();
    }

    private Task<RecordedTrace?> GetTraceAsync(string traceId, TimeSpan timeout) =>
        api.TraceAsync(TraceApi(traceId), TraceBackend.CheckedTraceId(traceId), timeout);
}
