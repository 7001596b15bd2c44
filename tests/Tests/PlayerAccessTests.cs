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
using Microsoft.AspNetCore.Http;
using TracingTutorial.Host.Player;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The player runs code, so who is not its own page stays outside: over raw HTTP.</summary>
public sealed class PlayerAccessTests(PlayerFixture player) : IClassFixture<PlayerFixture>
{
    private const string Secret = "what nobody may read";

    private string Host => $"127.0.0.1:{player.Port}";

    private async Task<string> KeyHeaderAsync() => $"X-Tutorial-Key: {await player.SecretAsync()}";

    [Theory]
    [InlineData("/api/start")]
    [InlineData("/api/file/helpers/core.dib")]
    public async Task Without_the_secret_nothing_of_the_learner_is_told(string path)
    {
        Assert.Equal(200, (await GetAsync(path, await KeyHeaderAsync())).Status);
        foreach (var header in (string[])["Cookie: tracing-tutorial=x", "X-Tutorial-Key: ", "X-Tutorial-Key: 0",
            $"X-Tutorial-Key: {await player.SecretAsync()}0", $"Cookie: tracing-tutorial-{player.Port}={await player.SecretAsync()}"])
        {
            var answer = await GetAsync(path, header);
            Assert.Equal(401, answer.Status);
            Assert.Contains("Open the address that the terminal shows", answer.Body);
        }
    }

    [Theory]
    [InlineData("learner-7x.app.github.dev", "https://learner-7x-4000.app.github.dev", 421)] // without the port
    [InlineData("learner-7x-4000.app.github.dev", "https://learner-7x-4000.app.github.dev", 200)]
    [InlineData("learner-7x-4000.app.github.dev", null, 403)] // it changes something, and no page says that it is its own
    [InlineData("learner-7x-4000.app.github.dev", "http://learner-7x-4000.app.github.dev", 403)]
    [InlineData("learner-7x-4000.app.github.dev", "https://other-4000.app.github.dev", 403)]
    [InlineData("other-4000.app.github.dev", "https://other-4000.app.github.dev", 421)]
    [InlineData("learner-7x-4001.app.github.dev", "https://learner-7x-4001.app.github.dev", 421)]
    [InlineData("127.0.0.1:4000", "http://127.0.0.1:4000", 200)]
    public async Task In_a_codespace_the_player_answers_to_the_name_of_its_own_port_and_to_no_other(string host, string? origin, int status)
    {
        var access = new Access("secret", name => name switch
        {
            "CODESPACE_NAME" => "learner-7x",
            "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN" => "app.github.dev",
            _ => null,
        })
        { Port = 4000 };
        var http = new DefaultHttpContext { Request = { Method = "POST", Host = new HostString(host), Path = "/enter" } };
        if (origin is not null)
            http.Request.Headers.Origin = origin;
        await access.PassAsync(http, _ => Task.CompletedTask);
        Assert.Equal(status, http.Response.StatusCode);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/lesson/00-first")]
    [InlineData("/file/helpers/core.dib")]
    public async Task A_page_itself_is_the_same_for_everybody_and_sets_no_cookie(string path)
    {
        var (without, with) = (await GetAsync(path), await GetAsync(path, await KeyHeaderAsync()));
        Assert.Equal((200, without.Body), (with.Status, with.Body));
        Assert.DoesNotContain("Set-Cookie", without.Head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(await player.SecretAsync(), with.Body);
    }

    [Fact]
    public async Task The_key_of_the_address_works_once_and_a_second_use_is_explained()
    {
        var key = player.NewAddress().Query.Split('=')[1];
        var first = await EnterAsync($"{{\"key\":\"{key}\"}}");
        Assert.Equal((200, $"{{\"secret\":\"{await player.SecretAsync()}\"}}"), (first.Status, first.Body));
        Assert.DoesNotContain(key, await player.SecretAsync());

        var second = await EnterAsync($"{{\"key\":\"{key}\"}}");
        Assert.Equal(410, second.Status);
        Assert.Contains("was opened before", second.Body);
    }

    [Fact]
    public async Task A_wrong_key_opens_nothing()
    {
        var key = player.NewAddress().Query.Split('=')[1];
        foreach (var wrong in (string[])["", "0", key[..^1], key + "0", key.ToUpperInvariant() + " ", new string('0', key.Length),
            await player.SecretAsync()])
            Assert.Equal(401, (await EnterAsync($"{{\"key\":\"{wrong}\"}}")).Status);
        foreach (var broken in (string[])["", "{", "[]", "{}", "{\"key\":1}", "{\"key\":\"\\ud800\"}"])
            Assert.InRange((await EnterAsync(broken)).Status, 400, 401);
        Assert.Equal(200, (await EnterAsync($"{{\"key\":\"{key}\"}}")).Status); // it was not used up
    }

    [Fact]
    public async Task Only_the_players_own_page_can_exchange_a_key()
    {
        var body = $"{{\"key\":\"{player.NewAddress().Query.Split('=')[1]}\"}}";
        string[] headers = ["Content-Type: application/json", $"Content-Length: {body.Length}"];
        Assert.Equal(403, (await SendAsync("POST /enter", Host, headers, body)).Status);
        Assert.Equal(403, (await SendAsync("POST /enter", Host, [.. headers, "Origin: http://evil.example"], body)).Status);
        Assert.Equal(421, (await SendAsync("POST /enter", "evil.example", [.. headers, $"Origin: http://{Host}"], body)).Status);
        Assert.Equal(404, (await GetAsync("/enter")).Status);
        Assert.Equal(200, (await SendAsync("POST /enter", Host, [.. headers, $"Origin: http://{Host}"], body)).Status);
    }

    [Fact]
    public async Task The_secret_of_another_folder_of_progress_opens_nothing_here()
    {
        using var progress = new TempFolder();
        await using var other = await PlayerApp.StartAsync(player.Clone, progress.Path, null, new MemoryKernels().Start, progress.Path);
        var secret = await PlayerFixture.EnterAsync(other);
        Assert.NotEqual(secret, await player.SecretAsync());
        Assert.Equal(401, (await GetAsync("/api/start", $"X-Tutorial-Key: {secret}")).Status);
    }

    private Task<Answer> EnterAsync(string body) =>
        SendAsync("POST /enter", Host, [$"Origin: http://{Host}", "Content-Type: application/json", $"Content-Length: {body.Length}"],
        body);

    [Fact]
    public async Task The_player_answers_to_no_other_name()
    {
        var port = player.Port;
        foreach (var host in (string[])["evil.example", $"evil.example:{port}", "127.0.0.1", $"127.0.0.1:{port ^ 1}", "localhost",
            $"127.0.0.1.evil.example:{port}", $"[::1]:{port}", $"127.0.0.2:{port}", $"0.0.0.0:{port}"])
        {
            foreach (var request in (string[])["GET /?key=0", "GET /", "POST /", "GET /lesson.js", "GET /api/start"])
            {
                var answer = await SendAsync(request, host, await KeyHeaderAsync());
                Assert.Equal(421, answer.Status);
                Assert.Contains("--port", answer.Body); // the way out
            }
        }

        Assert.Equal(200, (await SendAsync("GET /api/start", $"localhost:{port}", await KeyHeaderAsync())).Status);
        var page = await SendAsync("GET /", "127.0.0.1:6199", "Accept: text/html");
        Assert.Contains("text/html", page.Head);
        Assert.Contains("<h1>", page.Body);
    }

    [Fact]
    public async Task A_request_of_another_page_is_refused_even_with_the_secret()
    {
        var port = player.Port;
        string[] upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
        foreach (var origin in (string[])["http://evil.example", "null", "", $"http://127.0.0.1:{port ^ 1}", "http://127.0.0.1",
            $"https://127.0.0.1:{port}", $"http://localhost:{port}", $"http://127.0.0.1:{port}.evil.example", $"http://127.0.0.1:{port}/"])
        {
            foreach (var request in (string[])["GET /", "GET /api/start", "POST /", "GET /assets/picture.svg", "DELETE /lesson/00-first"])
                Assert.Equal(403, (await SendAsync(request, Host, await KeyHeaderAsync(), $"Origin: {origin}")).Status);
            Assert.Equal(403, (await SendAsync("GET /ws/00-first", Host,
                [await KeyHeaderAsync(), $"Origin: {origin}", .. upgrade])).Status);
        }

        Assert.Equal(403, (await SendAsync("GET /ws/00-first", Host, [await KeyHeaderAsync(), .. upgrade])).Status); // no page sent it
        Assert.Equal(101, (await SendAsync("GET /ws/00-first", Host,
            [await KeyHeaderAsync(), $"Origin: http://{Host}", .. upgrade])).Status);
    }

    [Fact]
    public async Task Only_the_players_own_page_gets_a_web_socket()
    {
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync($"http://127.0.0.1:{player.Port ^ 1}"));
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(null));

        using var own = await ConnectAsync($"http://{Host}");
        await SayAsync(own, $"{{\"do\":\"hello\",\"key\":\"{await player.SecretAsync()}\",\"version\":null}}");
        Assert.StartsWith("{\"type\":\"lesson\",\"lesson\":{\"name\":\"00-first\"", await MessageAsync(own));
    }

    [Theory]
    [InlineData("{\"do\":\"hello\",\"version\":null}")]
    [InlineData("{\"do\":\"hello\",\"key\":null}")]
    [InlineData("{\"do\":\"hello\",\"key\":\"0\"}")]
    [InlineData("{\"do\":\"run\",\"cells\":[1]}")]
    [InlineData("[]")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"do\":\"hello\",\"key\":\"\\ud800\"}")]
    public async Task A_socket_that_does_not_begin_with_the_secret_is_closed_and_told_nothing(string first)
    {
        using var stranger = await ConnectAsync($"http://{Host}");
        await SayAsync(stranger, first);
        var answer = await stranger.ReceiveAsync(new byte[100], default);
        Assert.Equal((WebSocketMessageType.Close, 4401), (answer.MessageType, (int)answer.CloseStatus!));
    }

    [Fact]
    public async Task A_long_first_message_is_not_read()
    {
        using var stranger = await ConnectAsync($"http://{Host}");
        await SayAsync(stranger, new string('x', 10_001), ends: false);
        var answer = await stranger.ReceiveAsync(new byte[100], default);
        Assert.Equal((WebSocketMessageType.Close, 4413), (answer.MessageType, (int)answer.CloseStatus!));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_that_is_too_long_ends_its_connection_and_is_not_kept_in_memory(bool ends)
    {
        using var tab = await ConnectAsync($"http://{Host}");
        await SayAsync(tab, $"{{\"do\":\"hello\",\"key\":\"{await player.SecretAsync()}\",\"version\":null}}");
        Assert.StartsWith("{\"type\":\"lesson\"", await MessageAsync(tab));
        Assert.StartsWith("{\"type\":\"state\"", await MessageAsync(tab));
        await SayAsync(tab, Ask(new string('x', 1_000_000))); // the longest that an editor sends
        Assert.StartsWith("{\"type\":\"answer\"", await MessageAsync(tab));

        try
        {
            await SayAsync(tab, Ask(new string('x', 9_000_000)), ends); // here it may fail already
            var answer = await tab.ReceiveAsync(new byte[100], default);
            Assert.Equal(4413, (int)answer.CloseStatus!);
        }
        catch (WebSocketException)
        {
            // The connection is gone, because the rest of the message was not read.
        }

        static string Ask(string code) => $"{{\"do\":\"ask\",\"id\":1,\"what\":\"hover\",\"code\":\"{code}\",\"line\":0,\"character\":0}}";
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", "do=run&cells=1")]
    [InlineData("text/plain", "{\"do\":\"run\",\"cells\":[1]}")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"do\"\r\n\r\nrun\r\n--x--\r\n")]
    public async Task A_form_changes_nothing(string type, string body)
    {
        foreach (var path in (string[])["/", "/?key=0", "/lesson/00-first", "/ws/00-first"])
        {
            string[] headers = [$"Content-Type: {type}", $"Content-Length: {body.Length}", await KeyHeaderAsync()];
            Assert.Equal(403, (await SendAsync("POST " + path, Host, headers, body)).Status);
            Assert.Equal(403, (await SendAsync("POST " + path, Host, [.. headers, $"Origin: http://127.0.0.1:{player.Port ^ 1}"],
                body)).Status);
            Assert.InRange((await SendAsync("POST " + path, Host, [.. headers, $"Origin: http://{Host}"], body)).Status, 404, 413);
        }
    }

    [Fact]
    public async Task No_path_leaves_the_course()
    {
        File.WriteAllText(Path.Combine(player.Clone, "secret.svg"), Secret);
        File.WriteAllText(Path.Combine(player.Clone, "secret.dib"), $"{HostRunner.Meta}#!markdown\n\n# {Secret}\n");
        File.WriteAllText(Path.Combine(player.Clone, "assets", "notes.txt"), Secret);
        File.WriteAllText(Path.Combine(player.Clone, "assets", ".hidden.svg"), Secret);
        var clone = player.Clone.TrimStart('/');
        File.WriteAllText(Path.Combine(player.Clone, "helpers", "secret.txt"), Secret);
        string[] folders = ["/assets", "/lesson", "/ws", "/vs", "/vs/editor", "/file", "/file/helpers/core", ""];
        string[] ups = ["..", "%2e%2e", ".%2e", "%2E.", "..%2f..", "%2e%2e%2f%2e%2e", "..%5c..", "..\\..", "%252e%252e",
            "%252e%252e%252f..", "..%c0%af..", "....//..", "%2e%2e;/..", "./.."];
        string[] files = ["secret.svg", "secret.dib", "secret", "assets/notes.txt", "etc/passwd", "tracing-tutorial.runtimeconfig.json",
            "appsettings.json"];
        string[] whole = [$"/assets//{clone}/secret.svg", $"/assets/%2f{clone.Replace("/", "%2f")}%2fsecret.svg", "/assets/notes.txt",
            "/assets/.hidden.svg", "/assets/", "/assets", "/vs/", "/vs", "/lesson/", "/lesson/00-first.dib",
            "/lesson/%2e%2e%2fsecret", "/notebooks/00-first.dib", "/helpers/core.dib", "/.progress/00-first.json",
            "/assets/picture.svg%00.txt", "/assets/picture.svg/..%2f..%2fsecret.svg", "/ws/00-first", "//secret.svg", "/file:///etc/passwd",
            "/file", "/file/", "/file/helpers", "/file/helpers/secret.txt", "/file/secret.dib", "/file/notebooks/00-first.dib",
            "/file/helpers//core.dib", "/file/helpers/core.dib/", "/file/helpers/core.dib%00",
            "/file/helpers/core.dib%0a", $"/file/{clone}/secret.dib", $"/file//{clone}/secret.dib", "/file/helpers%5ccore.dib",
            "/file/.env", "/file/.git/config", "/file/.progress/00-first.json"];

        var paths = folders.SelectMany(folder => ups.SelectMany(up =>
            files.SelectMany(file => (string[])[$"{folder}/{up}/{file}", $"{folder}/{up}/{up}/{file}", $"{folder}/{up}%2f{file}",
            $"{folder}/{up}%5c{file}"])));
        foreach (var batch in whole.Concat(paths).Chunk(200))
        {
            foreach (var (path, answer) in await SendAllAsync(batch))
            {
                Assert.True(answer.Status is 404 or 400, $"{path}: {answer.Status}");
                Assert.True(!answer.Body.Contains(Secret) && !answer.Body.Contains("root:")
                    && !answer.Body.Contains("runtimeOptions"), path);
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
            await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(address, player.Port));
        }
    }

    [Theory]
    [InlineData("GET /", 200)]
    [InlineData("GET /?key=wrong", 200)]
    [InlineData("GET /lesson/00-first/", 301)]
    [InlineData("GET /api/start", 200)]
    [InlineData("GET /lesson/00-first", 200)]
    [InlineData("GET /lesson.js", 200)]
    [InlineData("GET /vs/loader.js", 200)]
    [InlineData("GET /assets/picture.svg", 200)]
    [InlineData("GET /file/helpers/core.dib", 200)]
    [InlineData("GET /lesson/no-such-lesson", 404)]
    [InlineData("GET /ws/00-first", 404)]
    [InlineData("POST /", 403)]
    [InlineData("GET /api/start", 401, "X-Tutorial-Key: 0")]
    [InlineData("GET /", 421, null, "evil.example")]
    public async Task Every_answer_says_what_a_browser_may_do_with_it(string request, int status, string? key = null, string? host = null)
    {
        var answer = await SendAsync(request, host ?? Host, key ?? await KeyHeaderAsync());

        Assert.Equal(status, answer.Status);
        var headers = answer.Head.Split("\r\n").Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(h => h[0], h => h[1],
            StringComparer.OrdinalIgnoreCase);
        var policy = headers["Content-Security-Policy"].Split(';', StringSplitOptions.TrimEntries);
        foreach (var part in (string[])["default-src 'none'", "script-src 'self'", "form-action 'none'", "base-uri 'none'",
            "frame-ancestors 'none'"])
            Assert.Contains(part, policy);
        Assert.Equal("nosniff", headers["X-Content-Type-Options"]);
        Assert.Equal("DENY", headers["X-Frame-Options"]);
        Assert.Equal("no-referrer", headers["Referrer-Policy"]);
        Assert.Equal("same-origin", headers["Cross-Origin-Resource-Policy"]);
        Assert.Equal("same-origin", headers["Cross-Origin-Opener-Policy"]);
        Assert.DoesNotContain("Server", headers.Keys);
        Assert.DoesNotContain("Access-Control-Allow-Origin", headers.Keys);
    }

    private static Task SayAsync(ClientWebSocket socket, string message, bool ends = true) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, ends, default);

    private async Task<ClientWebSocket> ConnectAsync(string? origin)
    {
        var socket = new ClientWebSocket();
        if (origin is not null)
            socket.Options.SetRequestHeader("Origin", origin);
        await socket.ConnectAsync(new Uri($"ws://{Host}/ws/00-first"), default);
        return socket;
    }

    /// <summary>The next message; when there is none in time, the connection hangs.</summary>
    private static async Task<string> MessageAsync(ClientWebSocket socket)
    {
        using var hangs = new CancellationTokenSource(HostRunner.Hang);
        var (buffer, message) = (new byte[64 * 1024], new MemoryStream());
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, hangs.Token);
            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
                return Encoding.UTF8.GetString(message.ToArray());
        }
    }

    private Task<Answer> GetAsync(string path, params string[] headers) => SendAsync("GET " + path, Host, headers);

    private Task<Answer> SendAsync(string request, string host, params string[] headers) => SendAsync(request, host, headers, "");

    /// <summary>Sends exactly this: no client tidies the path.</summary>
    private async Task<Answer> SendAsync(string request, string host, string[] headers, string body)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, player.Port);
        var stream = client.GetStream();
        var close = headers.Any(h => h.StartsWith("Connection:", StringComparison.Ordinal)) ? "" : "Connection: close\r\n";
        await stream.WriteAsync(
            Encoding.UTF8.GetBytes(
                $"{request} HTTP/1.1\r\nHost: {host}\r\n{close}{string.Concat(headers.Select(h => h + "\r\n"))}\r\n{body}"));
        using var reader = new StreamReader(stream);
        var head = new StringBuilder();
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
            head.Append(head.Length == 0 ? "" : "\r\n").Append(line);
        var status = int.Parse(head.ToString().Split(' ')[1]);
        return new Answer(status, head.ToString(), status == 101 || close.Length == 0
            ? ""
            : Unchunked(head.ToString(), await reader.ReadToEndAsync()));
    }

    private async Task<IEnumerable<(string Path, Answer Answer)>> SendAllAsync(string[] paths)
    {
        var key = await KeyHeaderAsync();
        return paths.Zip(await Task.WhenAll(paths.Select(path => GetAsync(path, key))));
    }

    private static string Unchunked(string head, string body) => head.Contains("chunked", StringComparison.OrdinalIgnoreCase)
        ? Regex.Replace(body, "(?m)^[0-9a-fA-F]+\r\n|\r\n(?=[0-9a-fA-F]+\r\n)|\r\n\\z", "") : body;

    private sealed record Answer(int Status, string Head, string Body);
}
