using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Pages;
using TracingTutorial.Host.Export;

namespace TracingTutorial.Host.Serve;

/// <summary>
/// Serves a live site, read only: the files of its list and nothing else. Where the site has a compressed form of a file, that one is
/// sent, so that many browsers at once cost little.
/// </summary>
internal sealed class SiteServer : IAsyncDisposable
{
    /// <summary>The port without a choice, if it is free: a room has to type it.</summary>
    public const int UsualPort = 8080;

    private readonly WebApplication _app;

    private SiteServer(WebApplication app) => _app = app;

    /// <summary>The port on which it listens.</summary>
    public int Port => new Uri(_app.Urls.Single()).Port;

    /// <summary>Starts serving.</summary>
    /// <param name="folder">The site.</param>
    /// <param name="files">Its list.</param>
    /// <param name="host">The address of this machine on which to listen.</param>
    /// <param name="port">The port; null for <see cref="UsualPort"/>, or another one if it is taken.</param>
    /// <exception cref="NotebookException">The address or the port cannot be used.</exception>
    public static async Task<SiteServer> StartAsync(string folder, SiteFiles files, IPAddress host, int? port)
    {
        foreach (var wanted in port is { } only ? (int[])[only] : [UsualPort, 0])
        {
            var app = Build(folder, files, host, wanted);
            try
            {
                await app.StartAsync();
                return new SiteServer(app);
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                await app.DisposeAsync();
                if (port is null && wanted != 0 && !IsMissing(e))
                    continue;
                throw Unusable(host, wanted, e);
            }
        }

        throw new InvalidOperationException("A port that the system chooses is always the last try.");
    }

    /// <summary>Tries the address, before minutes of work for it begin.</summary>
    /// <param name="host">As in <see cref="StartAsync"/>.</param>
    /// <param name="port">As there.</param>
    /// <exception cref="NotebookException">The address or the port cannot be used.</exception>
    public static void CheckAddress(IPAddress host, int? port)
    {
        try
        {
            using var socket = new Socket(host.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(host, port ?? 0));
        }
        catch (SocketException e)
        {
            throw Unusable(host, port ?? 0, e);
        }
    }

    private static bool IsMissing(Exception e) =>
        (e as SocketException ?? e.InnerException as SocketException)?.SocketErrorCode is SocketError.AddressNotAvailable;

    private static NotebookException Unusable(IPAddress host, int port, Exception e) => new(IsMissing(e)
        ? new Problem($"--host {host}", null, null, "This machine has no such address.", "Name one of its own, or 0.0.0.0 for all of them.")
        : new Problem($"--port {port}", null, null, $"The port cannot be used: {e.Message}",
            "Name another one, or none: then a free one is taken."));

    /// <summary>Runs until it is ended.</summary>
    public Task RunAsync(CancellationToken cancel) => _app.WaitForShutdownAsync(cancel);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static WebApplication Build(string folder, SiteFiles files, IPAddress host, int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(host, port);
        });
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var names = files.Files.Keys.Append(SiteFiles.Name).Append(SiteFiles.Worker).ToHashSet(StringComparer.Ordinal);
        app.Use((http, next) => ChooseAsync(http, next, names));
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(folder),
            ContentTypeProvider = Types,
            OnPrepareResponse = sent => AddHeaders(sent.Context),
        });
        app.Run(NotFoundAsync);
        return app;
    }

    /// <summary>Finds the file that a request is for: itself, or its compressed form.</summary>
    private static Task ChooseAsync(HttpContext http, Func<Task> next, HashSet<string> names)
    {
        var request = http.Request;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            http.Response.Headers.Allow = "GET, HEAD";
            return Task.CompletedTask;
        }

        var name = request.Path.Value is { Length: > 1 } path ? path[1..] : "index.html";
        if (!names.Contains(name))
            return NotFoundAsync(http);
        http.Items[Name] = name;
        request.Path = "/" + name;
        if (names.Contains(name + ".gz"))
        {
            http.Response.Headers.Vary = HeaderNames.AcceptEncoding;
            if (request.GetTypedHeaders().AcceptEncoding.Any(e => e.Value == "gzip" && e.Quality is null or > 0)
                && !request.Headers.ContainsKey(HeaderNames.Range))
            {
                request.Path = $"/{name}.gz";
                http.Response.Headers.ContentEncoding = "gzip";
            }
        }

        return next();
    }

    private static void AddHeaders(HttpContext http)
    {
        var (headers, name) = (http.Response.Headers, (string)http.Items[Name]!);
        if (Types.TryGetContentType(name, out var type))
            headers.ContentType = type; // and not that of the compressed form
        // The name of a bundle contains a hash of its content. Everything else is asked for again: has it changed?
        headers.CacheControl = name.StartsWith("engine/", StringComparison.Ordinal) && name.Contains(".bin", StringComparison.Ordinal)
            ? "public, max-age=31536000, immutable"
            : "no-cache";
        headers.ContentSecurityPolicy = PageFrame.LivePolicy + "; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }

    private static Task NotFoundAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return http.Response.WriteAsync("There is nothing here. The lessons are at /\n");
    }

    private static readonly object Name = new();

    private static readonly FileExtensionContentTypeProvider Types = new(new Dictionary<string, string>
    {
        [".bin"] = "application/octet-stream",
        [".css"] = "text/css; charset=utf-8",
        [".gz"] = "application/gzip",
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".json"] = "application/json; charset=utf-8",
        [".md"] = "text/plain; charset=utf-8",
        [".png"] = "image/png",
        [".svg"] = "image/svg+xml",
        [".ttf"] = "font/ttf",
        [".txt"] = "text/plain; charset=utf-8",
    });
}
