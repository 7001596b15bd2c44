using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;

namespace TracingTutorial.Host.Player;

/// <summary>
/// Who may use the player. A page runs code, so only pages of this player may, and only those that hold its secret. The address in the
/// terminal has a key that works once: the page exchanges it for the secret, keeps that in its own storage, and sends it with each
/// request for data and in the first message of a socket. There is no cookie, because a browser sends cookies to every port of a host.
/// Pages themselves hold nothing of the learner, so they need no secret.
/// </summary>
/// <param name="secret">The secret of this player.</param>
/// <param name="variable">Reads a variable of the environment: GitHub Codespaces names its machine there.</param>
internal sealed class Access(string secret, Func<string, string?> variable)
{
    /// <summary>The header with the secret.</summary>
    public const string Header = "X-Tutorial-Key";

    /// <summary>Nothing that a cell shows can run script, send a form, or load anything from elsewhere.</summary>
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        + "img-src 'self' data:; font-src 'self' data:; "
        + "connect-src 'self'; worker-src 'self' blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

    private readonly HashSet<string> _unused = [];
    private readonly HashSet<string> _used = [];

    /// <summary>The port on which the player listens. Until it is set, every request is refused.</summary>
    public int Port { get; set; }

    /// <summary>
    /// The origin under which GitHub Codespaces forwards the port to the user's browser, and to other people only if the user makes the
    /// port public; null elsewhere.
    /// </summary>
    private string? Forwarded => variable("CODESPACE_NAME") is { Length: > 0 } name
        && variable("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN") is { Length: > 0 } domain
            ? $"https://{name}-{Port}.{domain}" : null;

    private IEnumerable<string> Origins =>
        ((string?[])[$"http://127.0.0.1:{Port}", $"http://localhost:{Port}", Forwarded]).OfType<string>();

    /// <summary>A new key for an address. It can be exchanged for the secret once.</summary>
    public string NewKey()
    {
        var key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        lock (_unused)
            _unused.Add(key);
        return key;
    }

    /// <summary>Exchanges a key for the secret.</summary>
    /// <returns>The status, and the answer as JSON.</returns>
    public (int Status, object Answer) Exchange(string key)
    {
        lock (_unused)
        {
            if (_unused.Remove(key))
            {
                _used.Add(key);
                return (StatusCodes.Status200OK, new { secret });
            }

            return _used.Contains(key)
                ? (StatusCodes.Status410Gone, new
                {
                    problem = "This address was opened before: its key works once. "
                        + "If that was not you, end the player with Ctrl+C in its terminal and start it again. "
                        + "Otherwise go back to the page that is open, or start the player again for a new address.",
                })
                : (StatusCodes.Status401Unauthorized,
                    new { problem = "This address is from an earlier start of the player. Open the one that the terminal shows now." });
        }
    }

    /// <summary>True for the secret.</summary>
    public bool IsSecret(string? given) =>
        given is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(secret));

    /// <summary>Passes on a request of a page of this player, and answers any other.</summary>
    public async Task PassAsync(HttpContext http, RequestDelegate next)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-cache";

        var (request, origin) = (http.Request, http.Request.Headers.Origin.FirstOrDefault());
        var changes = http.WebSockets.IsWebSocketRequest || !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method));
        var own = Origins.FirstOrDefault(o =>
            string.Equals(o[(o.IndexOf("//", StringComparison.Ordinal) + 2)..], request.Host.Value, StringComparison.OrdinalIgnoreCase));
        if (own is null) // DNS rebinding
            await RefuseAsync(http, StatusCodes.Status421MisdirectedRequest,
                "This address is not the player's", OtherAddress(request.Host.Value ?? ""));
        else if (origin is not null ? !string.Equals(origin, own, StringComparison.OrdinalIgnoreCase) : changes)
            await RefuseAsync(http, StatusCodes.Status403Forbidden,
                "Another page may not use the player", "Open the address that the terminal shows.");
        else if (request.Path.StartsWithSegments("/api") && !IsSecret(request.Headers[Header].FirstOrDefault()))
            await RefuseAsync(http, StatusCodes.Status401Unauthorized,
                "The player does not know this page",
                "Open the address that the terminal shows: it has the key.");
        else
            await next(http);
    }

    private string OtherAddress(string host) =>
        $"""
        The player answers only at 127.0.0.1:{Port} and localhost:{Port}, and this request was for {host}. That keeps other sites out.

        Does a tunnel lead here (ssh -L, a dev container, WSL, a remote VS Code)? Then use the same port number at both ends:
        start the player with a fixed port, for example

            dotnet run --project host -- --port 6105

        forward port 6105 to 6105, and open the address that the terminal shows.
        """;

    private static async Task RefuseAsync(HttpContext http, int status, string title, string why)
    {
        http.Response.StatusCode = status;
        var isPage = http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);
        http.Response.ContentType = isPage ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
        if (HttpMethods.IsHead(http.Request.Method))
            return;
        await http.Response.WriteAsync(!isPage ? $"{title}. {why}\n" : $"""
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>{title}</title></head>
            <body style="font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem">
            <h1>{title}</h1><p style="white-space: pre-wrap">{WebUtility.HtmlEncode(why)}</p></body></html>
            """);
    }
}
