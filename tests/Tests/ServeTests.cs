using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Host.Export;
using TracingTutorial.Host.Serve;
using Xunit;
using ZXing;

namespace TracingTutorial.Tests;

/// <summary>The live site, served to a room.</summary>
public sealed class ServeTests : IDisposable
{
    private readonly TempFolder _clone = new(), _site = new();

    public void Dispose()
    {
        _clone.Dispose();
        _site.Dispose();
    }

    [Fact]
    public async Task Every_file_of_the_list_is_served_and_nothing_else()
    {
        var files = Write();
        File.WriteAllText(Path.Combine(_site.Path, "secret.txt"), "not of the site");
        await using var server = await StartAsync(files);
        using var client = ClientOf(server, compressed: false);

        foreach (var (name, entry) in files.Files)
            Assert.Equal(entry.Sha256, Convert.ToHexStringLower(SHA256.HashData(await client.GetByteArrayAsync(name))));
        Assert.Equal(await client.GetStringAsync("index.html"), await client.GetStringAsync("")); // nothing after the slash
        foreach (var path in (string[])["secret.txt", "../clone", "..%2f..%2fetc/passwd", "page", "page/", "INDEX.HTML", "nothing"])
            Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await client.PostAsync("index.html", null)).StatusCode);
        using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "index.html"));
        Assert.Equal((HttpStatusCode.OK, files.Files["index.html"].Bytes), (head.StatusCode, head.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task Large_files_are_sent_compressed_with_the_type_of_their_content()
    {
        var files = Write();
        await using var server = await StartAsync(files);
        using var client = ClientOf(server, compressed: true);

        using var script = await client.GetAsync("page/lesson.js");
        Assert.Equal("text/javascript", script.Content.Headers.ContentType!.MediaType);
        Assert.Equal("gzip", script.Content.Headers.ContentEncoding.Single());
        Assert.Equal("Accept-Encoding", script.Headers.Vary.Single());
        await using var unpacked = new GZipStream(await script.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        var text = await File.ReadAllTextAsync(Path.Combine(_site.Path, "page", "lesson.js"));
        Assert.Equal(text, await new StreamReader(unpacked).ReadToEndAsync());

        using var bundle = await client.GetAsync("engine/bundles/core.0123.bin.gz"); // what the loader unpacks itself
        Assert.Equal("application/gzip", bundle.Content.Headers.ContentType!.MediaType);
        Assert.Empty(bundle.Content.Headers.ContentEncoding);
        Assert.Equal([1, 2, 3], await bundle.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task A_browser_keeps_what_cannot_change_and_asks_for_the_rest_again()
    {
        await using var server = await StartAsync(Write());
        using var client = ClientOf(server, compressed: true);

        using var bundle = await client.GetAsync("engine/bundles/core.0123.bin.gz");
        Assert.Equal("public, max-age=31536000, immutable", bundle.Headers.CacheControl!.ToString());
        using var page = await client.GetAsync("01-one.html");
        Assert.True(page.Headers.CacheControl!.NoCache);
        using var again = new HttpRequestMessage(HttpMethod.Get, "01-one.html");
        again.Headers.IfNoneMatch.Add(page.Headers.ETag!);
        Assert.Equal(HttpStatusCode.NotModified, (await client.SendAsync(again)).StatusCode);
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';", policy);
        Assert.Equal("nosniff", page.Headers.GetValues("X-Content-Type-Options").Single());
        using var worker = await client.GetAsync("sw.js");
        Assert.Equal(policy, worker.Headers.GetValues("Content-Security-Policy").Single());
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_and_without_a_choice_another_one_is_used()
    {
        var files = Write();
        await using var first = await StartAsync(files);

        var problem = Assert.Single((await Assert.ThrowsAsync<NotebookException>(() => StartAsync(files, first.Port))).Problems);
        Assert.Equal(($"--port {first.Port}", "Name another one, or none: then a free one is taken."), (problem.File, problem.WayOut));
        await using var second = await SiteServer.StartAsync(_site.Path, files, IPAddress.Loopback, null);
        await using var third = await SiteServer.StartAsync(_site.Path, files, IPAddress.Loopback, null);
        Assert.NotEqual(second.Port, third.Port);
    }

    [Fact]
    public async Task An_address_of_another_machine_is_told()
    {
        var files = Write();

        var problem = Assert.Single((await Assert.ThrowsAsync<NotebookException>(
            () => SiteServer.StartAsync(_site.Path, files, IPAddress.Parse("192.0.2.1"), 0))).Problems); // of the block for documentation
        Assert.Equal(("--host 192.0.2.1", "This machine has no such address."), (problem.File, problem.Message));
    }

    [Theory]
    [InlineData("--host example.org", "--host takes an address of this machine")]
    [InlineData("--host 5", "--host takes an address of this machine")]
    [InlineData("--port 65536", "--port takes a number from 0 to 65535")]
    [InlineData("--site empty", "This folder is no live site: it has no file site.json.")]
    [InlineData("--site missing", "This folder is no live site: it has no file site.json.")]
    public async Task A_call_that_cannot_work_says_what_is_wrong(string options, string message)
    {
        Directory.CreateDirectory(Path.Combine(_clone.Path, "empty"));

        var (exitCode, output) = await HostRunner.CommandAsync(_clone.Path, ["serve", .. options.Split(' ')]);

        Assert.Equal(2, exitCode);
        Assert.Contains(message, output);
    }

    [Theory]
    [InlineData("http://192.168.178.20:8080/")]
    [InlineData("http://[fd00::1234]:65535/")]
    public void The_QR_code_that_a_room_sees_leads_to_the_address(string address)
    {
        var sign = new StringWriter();
        RoomSign.Write(sign, [address, "http://10.0.0.1/"], terminal: false);

        Assert.Contains("http://10.0.0.1/", sign.ToString());
        var rows = sign.ToString().ReplaceLineEndings("\n").Split('\n').Where(l => Regex.IsMatch(l, "^█[█▀▄ ]+$")).ToArray();
        Assert.Equal(address, Decoded(rows));
    }

    [Fact]
    public void Where_it_listens_decides_which_addresses_a_room_is_told()
    {
        Assert.Equal(["http://192.168.1.7:80/"], RoomSign.AddressesOf(IPAddress.Parse("192.168.1.7"), 80));
        Assert.Equal(["http://[fd00::1]:8080/"], RoomSign.AddressesOf(IPAddress.Parse("fd00::1"), 8080));
        Assert.All(RoomSign.AddressesOf(IPAddress.Any, 8080), address => Assert.Matches(@"^http://\d+\.\d+\.\d+\.\d+:8080/$", address));
        Assert.DoesNotContain("http://0.0.0.0:8080/", RoomSign.AddressesOf(IPAddress.Any, 8080));
    }

    /// <summary>A full room: every browser of 200 fetches everything at the same moment.</summary>
    [Fact(Explicit = true)]
    public async Task Two_hundred_browsers_fetch_everything_at_once()
    {
        for (var i = 0; i < 6; i++) // as large as the real site
        {
            var bundle = Path.Combine(_site.Path, "engine", "bundles", $"part{i}.{i}.bin.gz");
            Directory.CreateDirectory(Path.GetDirectoryName(bundle)!);
            File.WriteAllBytes(bundle, RandomNumberGenerator.GetBytes(2_000_000));
        }

        var files = Write();
        var names = files.Files.Keys.Where(f => !f.EndsWith(".bin", StringComparison.Ordinal)).ToArray();
        using var process = HostRunner.StartCommand(_clone.Path, ["serve", "--port", "0", "--site", _site.Path]);
        try
        {
            var (address, line) = ("", (string?)"");
            while (address.Length == 0 && (line = await process.StandardOutput.ReadLineAsync().WaitAsync(HostRunner.Hang)) is not null)
                address = Regex.Match(line, @"http://127\.0\.0\.1:\d+/").Value;
            var (failed, bytes, clock) = (0, 0L, Stopwatch.StartNew());
            await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(async () =>
            {
                using var client = new HttpClient { BaseAddress = new Uri(address), Timeout = HostRunner.Hang };
                var asABrowser = new ParallelOptions { MaxDegreeOfParallelism = 6 };
                await Parallel.ForEachAsync(names, asABrowser, async (name, cancel) =>
                {
                    await using var content = await client.GetStreamAsync(name, cancel);
                    var (buffer, seen) = (new byte[65_536], 0L);
                    for (int read; (read = await content.ReadAsync(buffer, cancel)) > 0; seen += read)
                        Interlocked.Add(ref bytes, read);
                    if (seen != files.Files[name].Bytes)
                        Interlocked.Increment(ref failed);
                });
            })));
            process.Refresh();
            var peak = process.PeakWorkingSet64;
            TestContext.Current.SendDiagnosticMessage(FormattableString.Invariant(
                $"serve: {bytes / 1e6:0} MB in {clock.Elapsed.TotalSeconds:0.0} s, at most {peak / 1e6:0} MB of memory"));
            Assert.Equal(0, failed);
            Assert.Equal(200 * names.Sum(n => files.Files[n].Bytes), bytes);
            Assert.InRange(peak, 1, 300_000_000);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static string? Decoded(string[] rows)
    {
        const int Pixels = 4; // a module's width
        var (width, height) = (rows[0].Length * Pixels, rows.Length * 2 * Pixels);
        var luminance = new byte[width * height];
        for (var i = 0; i < luminance.Length; i++)
        {
            var (row, column) = (i / width / Pixels, i % width / Pixels);
            var isLight = rows[row / 2][column] is '█' || rows[row / 2][column] == (row % 2 == 0 ? '▀' : '▄');
            luminance[i] = isLight ? (byte)255 : (byte)0;
        }

        var reader = new BarcodeReaderGeneric { Options = { PossibleFormats = [BarcodeFormat.QR_CODE] } };
        return reader.Decode(new RGBLuminanceSource(luminance, width, height, RGBLuminanceSource.BitmapFormat.Gray8))?.Text;
    }

    private SiteFiles Write() => LiveSiteTests.Write(_clone, _site.Path,
        [ExportTests.Lesson(_clone.Path, "01-one", "# One", ("1", [], null))]);

    private Task<SiteServer> StartAsync(SiteFiles files, int port = 0) =>
        SiteServer.StartAsync(_site.Path, files, IPAddress.Loopback, port);

    private static HttpClient ClientOf(SiteServer server, bool compressed)
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}/") };
        if (compressed)
            client.DefaultRequestHeaders.Add("Accept-Encoding", "gzip, br");
        return client;
    }
}
