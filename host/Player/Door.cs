using System;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;

namespace TracingTutorial.Host.Player;

/// <summary>
/// The page runs code, so it is closed: this machine, this browser, this page. Whoever has the address with its token gets
/// a cookie; no other site can use it, and no other name of this machine is answered.
/// </summary>
internal sealed class Door(string token)
{
    /// <summary>Nothing that a cell shows can run script, send a form, or load anything from elsewhere.</summary>
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        + "connect-src 'self'; worker-src 'self' blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>The port on which the player listens. Until it is set, nobody comes in.</summary>
    public int Port { get; set; }

    private string[] Hosts => [$"127.0.0.1:{Port}", $"localhost:{Port}"];

    /// <summary>Cookies know no ports, so the name does: two players can run side by side.</summary>
    private string Cookie => $"tracing-tutorial-{Port}";

    /// <summary>Lets a request through, or answers it.</summary>
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
        if (!Hosts.Contains(request.Host.Value, StringComparer.OrdinalIgnoreCase))
        {
            await RefuseAsync(http, StatusCodes.Status421MisdirectedRequest, "This address is not the player's."); // DNS rebinding
        }
        else if (origin is not null ? origin != $"http://{request.Host.Value}" : changes)
        {
            await RefuseAsync(http, StatusCodes.Status403Forbidden, "Another page may not use the player.");
        }
        else if (request.Path == "/" && HttpMethods.IsGet(request.Method) && request.Query["token"].FirstOrDefault() is { } given)
        {
            if (!Same(given, token))
            {
                await RefuseAsync(http, StatusCodes.Status401Unauthorized, "This address is of an earlier start. Open the one that the terminal shows.");
                return;
            }

            http.Response.Cookies.Append(Cookie, token, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/" });
            // A page and not a redirect: a Strict cookie is not sent along with a redirect that another site began.
            http.Response.ContentType = "text/html; charset=utf-8";
            await http.Response.WriteAsync("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"><meta http-equiv=\"refresh\" content=\"0;url=/\"><title>The course opens</title><p><a href=\"/\">Open the course</a>");
        }
        else if (!Same(request.Cookies[Cookie] ?? "", token))
        {
            await RefuseAsync(http, StatusCodes.Status401Unauthorized, "Open the address that the terminal shows: it holds the key.");
        }
        else
        {
            await next(http);
        }
    }

    private static async Task RefuseAsync(HttpContext http, int status, string why)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.WriteAsync(why + "\n");
    }

    private static bool Same(string a, string b) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(a), Encoding.UTF8.GetBytes(b));
}
