using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Host.Player;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The player runs code, so who is not its own page stays outside: over raw HTTP.</summary>
public sealed class PlayerDoorTests(ThePlayer player) : IClassFixture<ThePlayer>
{
    private const string Secret = "what nobody may read";

    private string Host => $"127.0.0.1:{player.Address.Port}";

    private string Cookie => $"tracing-tutorial-{player.Address.Port}={Token}";

    private string Token => player.Address.Query.Split('=')[1];

    [Theory]
    [InlineData("/")]
    [InlineData("/lesson/00-first")]
    [InlineData("/lesson.js")]
    [InlineData("/vs/loader.js")]
    [InlineData("/assets/picture.svg")]
    [InlineData("/file/helpers/core.dib")]
    public async Task Without_the_token_nothing_is_shown(string path)
    {
        Assert.Equal(200, (await GetAsync(path, $"Cookie: {Cookie}")).Status);

        var answer = await GetAsync(path);

        Assert.Equal(401, answer.Status);
        Assert.Equal("Open the address that the terminal shows: it holds the key.\n", answer.Body);
    }

    [Fact]
    public async Task A_wrong_token_opens_nothing()
    {
        foreach (var wrong in (string[])["", "0", Token[..^1], Token + "0", Token.ToUpperInvariant() + " ", new string('0', Token.Length), "%00"])
        {
            var answer = await GetAsync($"/?token={Uri.EscapeDataString(wrong)}");

            Assert.Equal(401, answer.Status);
            Assert.DoesNotContain("Set-Cookie", answer.Head, StringComparison.OrdinalIgnoreCase);
            Assert.Equal(401, (await GetAsync("/", $"Cookie: tracing-tutorial-{player.Address.Port}={wrong}")).Status);
        }
    }

    [Fact]
    public async Task The_right_token_gives_a_page_and_a_cookie_that_no_script_and_no_other_site_has()
    {
        var answer = await GetAsync($"/?token={Token}");

        Assert.Equal(200, answer.Status);
        Assert.Contains("<a href=\"/\">", answer.Body);
        var cookie = Assert.Single(Regex.Matches(answer.Head, "(?im)^set-cookie: *(.*?)\r?$")).Groups[1].Value.Split("; ");
        Assert.Equal(["httponly", "path=/", "samesite=strict"], cookie[1..].Order());
        Assert.Equal(200, (await GetAsync("/", $"Cookie: {cookie[0]}")).Status);
    }

    [Fact]
    public async Task The_token_of_another_player_opens_nothing_here()
    {
        using var progress = new TempFolder();
        await using var other = await PlayerApp.StartAsync(player.Clone, progress.Path, 0);
        var token = other.Address.Query.Split('=')[1];

        Assert.Equal(401, (await GetAsync($"/?token={token}")).Status);
        Assert.Equal(401, (await GetAsync("/", $"Cookie: tracing-tutorial-{player.Address.Port}={token}; tracing-tutorial-{other.Address.Port}={token}")).Status);
    }

    [Fact]
    public async Task The_player_answers_to_no_other_name()
    {
        var port = player.Address.Port;
        foreach (var host in (string[])["evil.example", $"evil.example:{port}", "127.0.0.1", $"127.0.0.1:{port ^ 1}", "localhost", $"127.0.0.1.evil.example:{port}", $"[::1]:{port}", $"127.0.0.2:{port}", $"0.0.0.0:{port}"])
        {
            foreach (var request in (string[])[$"GET /?token={Token}", "GET /", "POST /", "GET /lesson.js"])
                Assert.Equal(421, (await SendAsync(request, host, $"Cookie: {Cookie}")).Status);
        }

        Assert.Equal(200, (await SendAsync("GET /", $"localhost:{port}", $"Cookie: {Cookie}")).Status);
    }

    [Fact]
    public async Task A_request_of_another_page_is_refused_even_with_the_cookie()
    {
        var port = player.Address.Port;
        string[] upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
        foreach (var origin in (string[])["http://evil.example", "null", "", $"http://127.0.0.1:{port ^ 1}", "http://127.0.0.1", $"https://127.0.0.1:{port}", $"http://localhost:{port}", $"http://127.0.0.1:{port}.evil.example", $"http://127.0.0.1:{port}/"])
        {
            foreach (var request in (string[])["GET /", $"GET /?token={Token}", "POST /", "GET /assets/picture.svg", "DELETE /lesson/00-first"])
                Assert.Equal(403, (await SendAsync(request, Host, $"Cookie: {Cookie}", $"Origin: {origin}")).Status);
            Assert.Equal(403, (await SendAsync("GET /ws/00-first", Host, [$"Cookie: {Cookie}", $"Origin: {origin}", .. upgrade])).Status);
        }

        Assert.Equal(403, (await SendAsync("GET /ws/00-first", Host, [$"Cookie: {Cookie}", .. upgrade])).Status); // no page sent it
        Assert.Equal(401, (await SendAsync("GET /ws/00-first", Host, [$"Origin: http://{Host}", .. upgrade])).Status);
        Assert.Equal(101, (await SendAsync("GET /ws/00-first", Host, [$"Cookie: {Cookie}", $"Origin: http://{Host}", .. upgrade])).Status);
    }

    [Fact]
    public async Task Only_the_players_own_page_gets_a_web_socket()
    {
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync($"http://127.0.0.1:{player.Address.Port ^ 1}"));
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(null));

        using var own = await ConnectAsync($"http://{Host}");
        var buffer = new byte[100];
        var first = await own.ReceiveAsync(buffer, default);
        Assert.StartsWith("{\"type\":\"lesson\",\"name\":\"00-first\"", Encoding.UTF8.GetString(buffer, 0, first.Count));

        async Task<ClientWebSocket> ConnectAsync(string? origin)
        {
            var socket = new ClientWebSocket();
            socket.Options.SetRequestHeader("Cookie", Cookie);
            if (origin is not null)
                socket.Options.SetRequestHeader("Origin", origin);
            await socket.ConnectAsync(new Uri($"ws://{Host}/ws/00-first"), default);
            return socket;
        }
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", "do=run&cells=1")]
    [InlineData("text/plain", "{\"do\":\"run\",\"cells\":[1]}")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"do\"\r\n\r\nrun\r\n--x--\r\n")]
    public async Task A_form_changes_nothing(string type, string body)
    {
        foreach (var path in (string[])["/", $"/?token={Token}", "/lesson/00-first", "/ws/00-first"])
        {
            string[] headers = [$"Content-Type: {type}", $"Content-Length: {body.Length}", $"Cookie: {Cookie}"];
            Assert.Equal(403, (await SendAsync("POST " + path, Host, headers, body)).Status);
            Assert.Equal(403, (await SendAsync("POST " + path, Host, [.. headers, $"Origin: http://127.0.0.1:{player.Address.Port ^ 1}"], body)).Status);
            Assert.InRange((await SendAsync("POST " + path, Host, [.. headers, $"Origin: http://{Host}"], body)).Status, 404, 413);
        }
    }

    [Fact]
    public async Task No_path_leaves_the_course()
    {
        File.WriteAllText(Path.Combine(player.Clone, "secret.svg"), Secret);
        File.WriteAllText(Path.Combine(player.Clone, "secret.dib"), $"{TheHost.Meta}#!markdown\n\n# {Secret}\n");
        File.WriteAllText(Path.Combine(player.Clone, "assets", "notes.txt"), Secret);
        File.WriteAllText(Path.Combine(player.Clone, "assets", ".hidden.svg"), Secret);
        var clone = player.Clone.TrimStart('/');
        File.WriteAllText(Path.Combine(player.Clone, "helpers", "secret.txt"), Secret);
        string[] folders = ["/assets", "/lesson", "/ws", "/vs", "/vs/editor", "/file", "/file/helpers/core", ""];
        string[] ups = ["..", "%2e%2e", ".%2e", "%2E.", "..%2f..", "%2e%2e%2f%2e%2e", "..%5c..", "..\\..", "%252e%252e", "%252e%252e%252f..", "..%c0%af..", "....//..", "%2e%2e;/..", "./.."];
        string[] files = ["secret.svg", "secret.dib", "secret", "assets/notes.txt", "etc/passwd", "tracing-tutorial.runtimeconfig.json", "appsettings.json"];
        string[] whole = [$"/assets//{clone}/secret.svg", $"/assets/%2f{clone.Replace("/", "%2f")}%2fsecret.svg", "/assets/notes.txt", "/assets/.hidden.svg", "/assets/", "/assets", "/vs/", "/vs", "/lesson/", "/lesson/00-first.dib",
            "/lesson/%2e%2e%2fsecret", "/notebooks/00-first.dib", "/helpers/core.dib", "/.progress/00-first.json", "/assets/picture.svg%00.txt", "/assets/picture.svg/..%2f..%2fsecret.svg", "/ws/00-first", "//secret.svg", "/file:///etc/passwd", "/file", "/file/", "/file/helpers", "/file/helpers/secret.txt", "/file/secret.dib", "/file/notebooks/00-first.dib", "/file/helpers//core.dib", "/file/helpers/core.dib/", "/file/helpers/core.dib%00",
            "/file/helpers/core.dib%0a", $"/file/{clone}/secret.dib", $"/file//{clone}/secret.dib", "/file/helpers%5ccore.dib", "/file/.env", "/file/.git/config", "/file/.progress/00-first.json"];

        var paths = folders.SelectMany(folder => ups.SelectMany(up => files.SelectMany(file => (string[])[$"{folder}/{up}/{file}", $"{folder}/{up}/{up}/{file}", $"{folder}/{up}%2f{file}", $"{folder}/{up}%5c{file}"])));
        foreach (var batch in whole.Concat(paths).Chunk(200))
        {
            foreach (var (path, answer) in await SendAllAsync(batch))
            {
                Assert.True(answer.Status is 404 or 400, $"{path}: {answer.Status}");
                Assert.True(!answer.Body.Contains(Secret) && !answer.Body.Contains("root:") && !answer.Body.Contains("runtimeOptions"), path);
            }
        }
    }

    [Fact]
    public async Task Only_this_machine_reaches_the_player()
    {
        var others = NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => a.Address)
            .Where(a => !a.Equals(IPAddress.Loopback) && !a.IsIPv6LinkLocal).ToList();
        if (OperatingSystem.IsLinux())
            others.Add(IPAddress.Parse("127.0.0.2")); // also of this machine, and it is always there
        Assert.SkipWhen(others.Count == 0, "This machine has no other address.");

        foreach (var address in others)
        {
            using var client = new TcpClient(address.AddressFamily);
            await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(address, player.Address.Port));
        }
    }

    [Theory]
    [InlineData("GET /", 200)]
    [InlineData("GET /?token=wrong", 401)]
    [InlineData("GET /lesson/00-first", 200)]
    [InlineData("GET /lesson.js", 200)]
    [InlineData("GET /vs/loader.js", 200)]
    [InlineData("GET /assets/picture.svg", 200)]
    [InlineData("GET /file/helpers/core.dib", 200)]
    [InlineData("GET /lesson/no-such-lesson", 404)]
    [InlineData("GET /ws/00-first", 404)]
    [InlineData("POST /", 403)]
    [InlineData("GET /", 401, "")]
    [InlineData("GET /", 421, null, "evil.example")]
    public async Task Every_answer_says_what_a_browser_may_do_with_it(string request, int status, string? cookie = null, string? host = null)
    {
        var answer = await SendAsync(request, host ?? Host, $"Cookie: {cookie ?? Cookie}");

        Assert.Equal(status, answer.Status);
        var headers = answer.Head.Split("\r\n").Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(h => h[0], h => h[1], StringComparer.OrdinalIgnoreCase);
        var policy = headers["Content-Security-Policy"].Split(';', StringSplitOptions.TrimEntries);
        foreach (var part in (string[])["default-src 'none'", "script-src 'self'", "form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'"])
            Assert.Contains(part, policy);
        Assert.Equal("nosniff", headers["X-Content-Type-Options"]);
        Assert.Equal("DENY", headers["X-Frame-Options"]);
        Assert.Equal("no-referrer", headers["Referrer-Policy"]);
        Assert.Equal("same-origin", headers["Cross-Origin-Resource-Policy"]);
        Assert.Equal("same-origin", headers["Cross-Origin-Opener-Policy"]);
        Assert.DoesNotContain("Server", headers.Keys);
        Assert.DoesNotContain("Access-Control-Allow-Origin", headers.Keys);
    }

    private Task<Answer> GetAsync(string path, params string[] headers) => SendAsync("GET " + path, Host, headers);

    private Task<Answer> SendAsync(string request, string host, params string[] headers) => SendAsync(request, host, headers, "");

    /// <summary>Sends exactly this: no client tidies the path.</summary>
    private async Task<Answer> SendAsync(string request, string host, string[] headers, string body)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, player.Address.Port);
        var stream = client.GetStream();
        var close = headers.Any(h => h.StartsWith("Connection:", StringComparison.Ordinal)) ? "" : "Connection: close\r\n";
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"{request} HTTP/1.1\r\nHost: {host}\r\n{close}{string.Concat(headers.Select(h => h + "\r\n"))}\r\n{body}"));
        using var reader = new StreamReader(stream);
        var head = new StringBuilder();
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
            head.Append(head.Length == 0 ? "" : "\r\n").Append(line);
        var status = int.Parse(head.ToString().Split(' ')[1]);
        return new Answer(status, head.ToString(), status == 101 || close.Length == 0 ? "" : Unchunked(head.ToString(), await reader.ReadToEndAsync()));
    }

    private async Task<IEnumerable<(string Path, Answer Answer)>> SendAllAsync(string[] paths) =>
        paths.Zip(await Task.WhenAll(paths.Select(path => GetAsync(path, $"Cookie: {Cookie}"))));

    private static string Unchunked(string head, string body) => head.Contains("chunked", StringComparison.OrdinalIgnoreCase)
        ? Regex.Replace(body, "(?m)^[0-9a-fA-F]+\r\n|\r\n(?=[0-9a-fA-F]+\r\n)|\r\n\\z", "") : body;

    private sealed record Answer(int Status, string Head, string Body);
}
