#nullable enable
using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

/// <summary>
/// A web server on a free port of this machine that gives every request the same answer, and keeps nothing: for trying what an
/// exporter makes of it.
/// </summary>
public sealed class FixedAnswer : IDisposable
{
    private readonly WebApplication server;
    private int requests;

    private FixedAnswer(WebApplication server) => this.server = server;

    /// <summary>Starts it. It is closed when the notebook is run again from the top.</summary>
    /// <param name="status">The status code of each answer.</param>
    /// <param name="contentType">As in <c>text/html</c>.</param>
    /// <param name="body">The body of each answer.</param>
    public static async Task<FixedAnswer> StartAsync(int status, string contentType, byte[] body)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var source = new ActivitySource("FixedAnswer"); // nothing can listen to these two: it makes no spans of its own
        source.Dispose();
        builder.Services.AddSingleton(source).AddSingleton(new DiagnosticListener("FixedAnswer"));
        var answer = new FixedAnswer(builder.Build());
        answer.server.Run(async http =>
        {
            await http.Request.Body.CopyToAsync(Stream.Null);
            Interlocked.Increment(ref answer.requests);
            (http.Response.StatusCode, http.Response.ContentType, http.Response.ContentLength) = (status, contentType, body.Length);
            await http.Response.Body.WriteAsync(body);
        });
        await answer.server.StartAsync();
        answer.Endpoint = new Uri(answer.server.Urls.First());
        NotebookHost.CloseOnRestart(answer);
        return answer;
    }

    /// <summary>The same with a body of text.</summary>
    public static Task<FixedAnswer> StartAsync(int status, string contentType, string body) =>
        StartAsync(status, contentType, Encoding.UTF8.GetBytes(body));

    /// <summary>Scheme, address and port.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>How many requests it has answered.</summary>
    public int Requests => requests;

    /// <summary>Stops listening.</summary>
    public void Dispose() => Task.Run(async () =>
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await server.StopAsync(patience.Token);
        await server.DisposeAsync();
    }).GetAwaiter().GetResult();
}
