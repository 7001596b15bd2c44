using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using AngleSharp.Html.Parser;
using Google.Protobuf;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The receiver against the real exporter, and against everything that a real exporter would not send.</summary>
public sealed class OtlpReceiverTests
{
    private static readonly HttpClient Client = new() { Timeout = HostRunner.Hang };

    // ---- What the real exporter sends ----------------------------------------------------------------------------

    [Theory]
    [InlineData(OtlpExportCompression.None)]
    [InlineData(OtlpExportCompression.GZip)]
    public async Task A_span_arrives_with_everything_it_carries(OtlpExportCompression compression)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}", "1.2.3");
        var recorder = new SpanRecorder();
        var remote = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded,
            "vendor=1", isRemote: true);
        var linked = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        using (Provider(source, receiver, o => o.Compression = compression, recorder))
        {
            using (var span = source.StartActivity("operation", ActivityKind.Producer, remote,
                links: [new(linked, new() { ["why"] = "batch" }), new(linked)])!)
            {
                span.DisplayName = "send 日本語 🚀 \0 \ud800";
                foreach (var (key, value) in EveryAttributeType)
                    span.SetTag(key, value);
                span.AddEvent(new ActivityEvent("cache.miss", tags: new() { ["key"] = "u42", ["n"] = 1 }))
                    .AddEvent(new ActivityEvent("again"));
                span.AddException(new InvalidOperationException("no"));
                span.SetStatus(ActivityStatusCode.Error, "broken");
            }

            using (var root = source.CreateActivity("root", ActivityKind.Internal, default(ActivityContext))!.Start())
                root.SetStatus(ActivityStatusCode.Ok);
        }

        await receiver.WaitForAsync(2, HostRunner.Hang);
        for (var i = 0; i < 2; i++)
        {
            var (sent, got) = (recorder.Spans[i], receiver.Spans[i]);
            Assert.Equal((sent.TraceId, sent.SpanId, sent.ParentSpanId, sent.HasRemoteParent, sent.TraceState),
                (got.TraceId, got.SpanId, got.ParentSpanId, got.HasRemoteParent, got.TraceState));
            Assert.Equal((sent.Flags, sent.Kind, sent.SourceName, sent.SourceVersion),
                (got.Flags, got.Kind, got.SourceName, got.SourceVersion));
            Assert.Equal((sent.Name.Replace('\ud800', '\ufffd'), "", sent.Status, sent.StatusDescription),
                (got.Name, got.OperationName, got.Status, got.StatusDescription));
            Assert.Equal((sent.Start, sent.Duration), (got.Start, got.Duration));
            Assert.Equal(AsText(sent.Resource), AsText(got.Resource));
            Assert.Equal("tests", got.ServiceName);
            Assert.Equal(AsText(sent.Attributes.Where(a => a.Key is not "object")),
                AsText(got.Attributes.Where(a => a.Key is not "object")));
            Assert.Equal(sent.Events.Select(e => (e.Name, e.Time, AsText(e.Attributes))),
                got.Events.Select(e => (e.Name, e.Time, AsText(e.Attributes))));
            Assert.Equal(sent.Links.Select(l => (l.TraceId, l.SpanId, AsText(l.Attributes))),
                got.Links.Select(l => (l.TraceId, l.SpanId, AsText(l.Attributes))));
        }

        var first = receiver.Spans[0];
        Assert.Equal((long)int.MaxValue, first["int"]);
        Assert.IsType<string[]>(first["strings"]);
        Assert.IsType<long[]>(first["ints"]);
        Assert.IsType<double[]>(first["doubles"]);
        Assert.IsType<bool[]>(first["bools"]);
        Assert.All(receiver.Requests,
            r => Assert.Equal(("POST", "/v1/traces", "application/x-protobuf", compression == OtlpExportCompression.GZip ? "gzip"
                : "", 200, null, 1),
            (r.Method, r.Path, r.ContentType, r.ContentEncoding, r.Status, r.Problem, r.Spans)));
    }

    private static readonly (string Key, object? Value)[] EveryAttributeType =
    [
        ("string", "text"), ("empty", ""), ("unicode", "日本語 🚀 é \u202e"), ("long string", new string('x', 100_000)), ("true", true),
        ("false", false),
        ("int", int.MaxValue), ("negative", -1), ("min", long.MinValue), ("max", long.MaxValue), ("byte", (byte)7), ("short", (short)-7),
        ("uint", uint.MaxValue), ("char", 'c'),
        ("double", 1.5), ("float", 0.25f), ("nan", double.NaN), ("infinity", double.PositiveInfinity), ("tiny", double.Epsilon),
        ("strings", new[] { "a", "", "ü" }), ("ints", new[] { 1, -2, 3 }), ("longs", new[] { long.MinValue, long.MaxValue }),
        ("doubles", new[] { 0.5, -1 }), ("bools", new[] { true, false }),
        ("none", Array.Empty<string>()), ("object", new Uri("http://example.com/")),
    ];

    [Theory]
    [InlineData(513, false)]
    [InlineData(10_000, true)]
    public async Task No_span_is_lost_however_many_there_are(int count, bool gzip)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}");
        using (var provider = Provider(source, receiver, o =>
        {
            o.Compression = gzip ? OtlpExportCompression.GZip : OtlpExportCompression.None;
            o.ExportProcessorType = ExportProcessorType.Batch;
            o.BatchExportProcessorOptions = new()
            {
                MaxQueueSize = 20_000,
                MaxExportBatchSize = 10_000,
                ScheduledDelayMilliseconds = 60_000
            };
        }))
        {
            Activity.Current = null;
            for (var i = 0; i < count; i++)
                source.StartActivity($"span {i}")!.SetTag("http.route", "/orders/{id}").SetTag("i", i).Dispose();
            Assert.True(provider.ForceFlush()); // the end of the provider alone waits no longer than five seconds
        }

        await receiver.WaitForAsync(count, HostRunner.Hang);
        Assert.Equal(Enumerable.Range(0, count).Select(i => $"span {i}"), receiver.Spans.Select(s => s.Name));
        Assert.Equal(count, receiver.Traces.Count);
        Assert.Equal(count, receiver.Requests.Sum(r => r.Spans));
    }

    [Fact]
    public async Task The_endpoint_without_the_path_is_told_where_traces_go()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}");
        using (Provider(source, receiver, o => o.Endpoint = receiver.Endpoint))
            source.StartActivity("lost")!.Dispose();

        var request = Assert.Single(receiver.Requests);
        Assert.Equal(("/", 404), (request.Path, request.Status));
        Assert.Contains("/v1/traces", request.Problem);
        var timeout = await Assert.ThrowsAsync<TimeoutException>(() => receiver.WaitForAsync(1, TimeSpan.FromMilliseconds(1)));
        Assert.StartsWith("Waited for 1 span, but only 0 came. The last request: POST / 404", timeout.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_receiver_makes_no_spans_of_its_own_requests()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var traceId = ActivityTraceId.CreateRandom();
        var heard = new List<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = a => heard.AddRange(a.TraceId == traceId ? [a.Source.Name] : []),
        };
        ActivitySource.AddActivityListener(listener);
        using var request = new HttpRequestMessage(HttpMethod.Post,
            receiver.TracesEndpoint)
        { Content = Content(Request(Span("a")), gzip: false) };
        request.Headers.Add("traceparent", $"00-{traceId.ToHexString()}-00f067aa0ba902b7-01");
        Activity.Current = null;
        using var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });
        using var response = await client.SendAsync(request);

        Assert.Equal(1, receiver.Count);
        Assert.Empty(heard);
    }

    // ---- HTTP ----------------------------------------------------------------------------------------------------

    [Fact]
    public async Task Success_is_answered_with_an_empty_message()
    {
        await using var receiver = await OtlpReceiver.StartAsync();

        foreach (var body in new[] { [], Request(Span("a")) })
        {
            using var response = await PostAsync(receiver, body);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal("application/x-protobuf", response.Content.Headers.ContentType!.ToString());
            Assert.Empty(await response.Content.ReadAsByteArrayAsync());
        }

        Assert.Equal([0, 1], receiver.Requests.Select(r => r.Spans));
        Assert.Equal(IPAddress.Loopback.ToString(), receiver.Endpoint.Host);
        Assert.Equal(new Uri(receiver.Endpoint + "v1/traces"), receiver.TracesEndpoint);
    }

    public static TheoryData<string, string, string, string, int, string> Refused => new()
    {
        { "POST", "/v1/traces/", "application/x-protobuf", "", 404, "Traces go to /v1/traces" },
        { "POST", "/v1/metrics", "application/x-protobuf", "", 404, "traces only" },
        { "GET", "/v1/traces", "", "", 405, "POST" },
        { "PUT", "/v1/traces", "application/x-protobuf", "", 405, "not with PUT" },
        { "HEAD", "/v1/traces", "", "", 405, "" },
        { "POST", "/v1/traces", "application/grpc", "", 415,
            "application/x-protobuf (OtlpExportProtocol.HttpProtobuf in .NET) and application/json." },
        { "POST", "/v1/traces", "application/json", "", 400, "not valid JSON" },
        { "PUT", "/v1/traces", "application/json", "", 405, "POST" },
        { "POST", "/v1/traces", "text/plain; charset=utf-8", "", 415, "text/plain" },
        { "POST", "/v1/traces", "", "", 415, "missing" },
        { "POST", "/v1/traces", "application/x-protobuf", "br", 415, "content encoding br" },
        { "POST", "/v1/traces", "application/x-protobuf", "gzip", 400, "gzip" },
        { "POST", "/v1/traces", "Application/X-Protobuf; v=1", "identity", 400, "Byte 0" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_cannot_be_taken_is_refused_with_the_reason(string method, string path, string type, string encoding, int status,
        string reason)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(receiver.Endpoint, path));
        if (type.Length > 0)
            request.Content = new ByteArrayContent([0x0a, 0x7f, 0x01]) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
        if (encoding.Length > 0)
            request.Content!.Headers.ContentEncoding.Add(encoding);
        using var response = await Client.SendAsync(request);
        var answer = await response.Content.ReadAsByteArrayAsync();

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(type == "application/json" ? type : "application/x-protobuf", response.Content.Headers.ContentType!.MediaType);
        if (method != "HEAD")
            Assert.Contains(reason, type == "application/json" ? Encoding.UTF8.GetString(answer) : StatusMessage(answer));
        Assert.Equal(status == 405, response.Content.Headers.Allow.Contains("POST"));
        var recorded = Assert.Single(receiver.Requests);
        Assert.Equal((status, path, method, type.Length > 0 ? 3 : 0), (recorded.Status, recorded.Path, recorded.Method, recorded.Bytes));
        Assert.Equal(status == 415
            ? "application/x-protobuf, application/json"
            : "", string.Join(", ", response.Headers.TryGetValues("Accept", out var takes) ? takes : []));
        Assert.Contains(reason, recorded.Problem);
        Assert.Equal(0, receiver.Count);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_body_of_16_MiB_is_read_and_one_byte_more_is_refused_on_the_wire_and_after_decompression(bool chunked, bool gzip)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        foreach (var (length, status) in new[] { (16 << 20, HttpStatusCode.BadRequest),
            ((16 << 20) + 1, HttpStatusCode.RequestEntityTooLarge) })
        {
            var body = gzip ? Gzip(new byte[length]) : new byte[length]; // zeros are no OTLP: what was read is told so
            using var request = new HttpRequestMessage(HttpMethod.Post, receiver.TracesEndpoint) { Content = Content(body, gzip) };
            request.Headers.TransferEncodingChunked = chunked;
            using var response = await Client.SendAsync(request);

            Assert.Equal(status, response.StatusCode);
            Assert.Contains(status == HttpStatusCode.BadRequest
                ? "not valid OTLP"
                : "16 MiB", StatusMessage(await response.Content.ReadAsByteArrayAsync()));
        }

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(receiver, Request(Span("after")))).StatusCode);
    }

    [Fact]
    public async Task A_body_that_is_announced_to_be_too_long_is_refused_before_it_is_sent()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var sender = new TcpClient(receiver.Endpoint.Host, receiver.Endpoint.Port);
        await sender.GetStream()
            .WriteAsync(
            Encoding.ASCII.GetBytes(
                $"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: {OtlpReceiver.MaxBody + 1}\r\n\r\n"));

        var answer = new byte[12];
        await sender.GetStream().ReadExactlyAsync(answer).AsTask().WaitAsync(HostRunner.Hang);
        Assert.Equal("HTTP/1.1 413", Encoding.ASCII.GetString(answer));
    }

    [Fact]
    public async Task What_was_sent_is_counted_to_the_byte()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var body = Request(Enumerable.Range(0, 60).Select(n => Span($"GET /orders/{n}")).ToArray());
        await PostAsync(receiver, body);
        await PostAsync(receiver, body, gzip: true);

        Assert.Equal([body.Length, Gzip(body).Length], receiver.Requests.Select(r => r.Bytes));
        Assert.All(receiver.Requests, r => Assert.Equal(body, r.Body));
        Assert.Equal($"POST /v1/traces 200, {Drawing.Count(body.Length, "byte")}, 60 spans", receiver.Requests[0].ToString());
        AnyCulture.Gives($"POST /v1/traces 200, {Gzip(body).Length} bytes (gzip), 60 spans", receiver.Requests[1].ToString);
    }

    [Fact]
    public async Task A_sender_that_goes_away_or_says_nothing_more_disturbs_nobody()
    {
        var receiver = await OtlpReceiver.StartAsync();
        var head =
            "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100\r\n\r\n0123456789"u8.ToArray();
        using var silent = new TcpClient(receiver.Endpoint.Host, receiver.Endpoint.Port);
        await silent.GetStream().WriteAsync(head);
        for (var i = 0; i < 20; i++)
        {
            using var gone = new TcpClient(receiver.Endpoint.Host, receiver.Endpoint.Port);
            await gone.GetStream().WriteAsync(head);
            gone.LingerState = new LingerOption(i % 2 == 0, 0); // a reset, or an orderly end in the middle of the body
        }

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(receiver, Request(Span("after")))).StatusCode);
        // a reset may come before the request was seen
        await EventuallyAsync(() => receiver.Requests.Count(r => r is { Status: 400, Problem: not null }) >= 10);

        var clock = Stopwatch.StartNew();
        await receiver.DisposeAsync();
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 29); // a server waits 30 seconds unless it is told otherwise
        Assert.Equal(1, receiver.Count); // still readable
        receiver.Dispose();
    }

    [Fact]
    public async Task All_requests_under_way_share_their_memory_and_give_it_back()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var head = Encoding.ASCII.GetBytes(
            $"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: {OtlpReceiver.MaxBody}\r\n\r\n");
        var unfinished = Enumerable.Range(0, 4).Select(_ => new TcpClient(receiver.Endpoint.Host, receiver.Endpoint.Port)).ToArray();
        var almostAll = new byte[OtlpReceiver.MaxBody - 200_000];
        foreach (var sender in unfinished)
        {
            await sender.GetStream().WriteAsync(head);
            await sender.GetStream().WriteAsync(almostAll);
        }

        var large = Request(Message(Field(1, Id(16, 1)), Field(2, Id(8, 1)), Field(5, new byte[1 << 20])));
        var left = 190_000;
        await EventuallyAsync(async () =>
        {
            // The server ends a request of which nothing more comes.
            foreach (var sender in unfinished.Where(_ => left > 0))
                await sender.GetStream().WriteAsync(new byte[500]);
            left -= 500;
            using var response = await PostAsync(receiver, large);
            return response.StatusCode == HttpStatusCode.ServiceUnavailable && response.Headers.RetryAfter is not null;
        });
        Array.ForEach(unfinished, sender => sender.Dispose());
        await EventuallyAsync(async () => (await PostAsync(receiver, large)).IsSuccessStatusCode);
        Assert.Contains(receiver.Requests, r => r is { Status: 503, Problem: not null });
    }

    [Fact]
    public async Task Concurrent_posts_lose_nothing()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var waiting = receiver.WaitForAsync(6_400, HostRunner.Hang);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async sender =>
        {
            for (var i = 0; i < 20; i++)
            {
                var body = Request(Enumerable.Range(0, 20).Select(n => Span($"{sender}.{i}.{n}")).ToArray());
                Assert.Equal(HttpStatusCode.OK, (await PostAsync(receiver, body, gzip: i % 2 == 0)).StatusCode);
            }
        }));
        await waiting;

        Assert.Equal(6_400, receiver.Spans.Select(s => s.Name).Distinct().Count());
        Assert.Equal(320, receiver.Requests.Count);
    }

    [Fact(Explicit = true)]
    public async Task What_is_kept_is_bounded_in_number_and_in_bytes()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        for (var i = 0; i < 3; i++)
            // no copies
            Assert.Equal(HttpStatusCode.OK, (await PostAsync(receiver,
                Request(Enumerable.Range(0, 40_000).Select(n => Span($"s{i} {n}")).ToArray()))).StatusCode);
        Assert.Equal((OtlpReceiver.Capacity, 20_000), (receiver.Count, receiver.Dropped));

        receiver.Clear();
        Assert.Equal((0, 0), (receiver.Count, receiver.Dropped));
        for (var i = 0; i < 10; i++)
            await PostAsync(receiver, Request(Message(Field(1, Id(16, 1)), Field(2, Id(8, (byte)(i + 1))),
                Field(9, KeyValue("k", Message(Field(7, new byte[15 << 20])))))));
        Assert.Equal((4, 6), (receiver.Count, receiver.Dropped)); // 30 MB each, all of one trace, and 128 MiB in all

        for (var i = 0; i < 1_001; i++)
            await PostAsync(receiver, Request(Span("s")));
        Assert.Equal(1_000, receiver.Requests.Count);
        Assert.Equal(16, receiver.Requests.Count(r => r.Body.Length > 0));
        Assert.NotEmpty(receiver.Requests[^1].Body);

        foreach (var length in new[] { 256 << 10, (256 << 10) + 1 })
            await PostAsync(receiver, Field(2, new byte[length - 4])); // an unknown field: valid, and as long as we like
        Assert.Equal([256 << 10, 0], receiver.Requests.TakeLast(2).Select(r => r.Body.Length));
    }

    [Fact]
    public async Task A_path_a_media_type_and_an_encoding_without_an_end_are_kept_in_part()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post,
            new Uri(receiver.Endpoint, "/" + new string('p', 5_000)))
        { Content = new ByteArrayContent([]) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/" + new string('t', 5_000));
        request.Content.Headers.TryAddWithoutValidation("Content-Encoding", new string('e', 5_000));
        using var response = await Client.SendAsync(request);

        var kept = Assert.Single(receiver.Requests);
        Assert.All([kept.Path, kept.ContentType, kept.ContentEncoding], text => Assert.Equal(201, text.Length));
    }

    [Fact]
    public async Task A_taken_port_is_named_with_the_way_out()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => OtlpReceiver.StartAsync(port));

        Assert.Contains($"Port {port}", error.Message);
        Assert.Contains("OtlpReceiver.StartAsync()", error.Message);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => OtlpReceiver.StartAsync(70_000));
    }

    [Fact]
    public async Task A_cell_that_runs_twice_gets_the_port_of_its_first_receiver_which_gets_nothing_more()
    {
        await using var first = await OtlpReceiver.StartAsync();
        await PostAsync(first, Request(Span("before")));
        await using var second = await OtlpReceiver.StartAsync(first.Endpoint.Port);
        await PostAsync(second, Request(Span("a")));
        await first.DisposeAsync();
        await PostAsync(second, Request(Span("b")));

        Assert.Equal(first.Endpoint, second.Endpoint);
        Assert.Equal(["before"], first.Spans.Select(s => s.Name));
        Assert.Equal(["a", "b"], second.Spans.Select(s => s.Name));
        Assert.True(Restart.Closes(second));
    }

    [Fact]
    public async Task A_port_that_is_reserved_refuses_connections_until_a_receiver_starts_there()
    {
        var port = OtlpReceiver.ReservePort();
        var address = new Uri($"http://127.0.0.1:{port}/v1/traces");
        await Assert.ThrowsAsync<HttpRequestException>(() => Client.GetAsync(address));

        await using var receiver = await OtlpReceiver.StartAsync(port);

        Assert.Equal(address, receiver.TracesEndpoint);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(receiver, Request(Span("a")))).StatusCode);
    }

    [Fact]
    public async Task A_receiver_that_is_closed_does_not_answer_and_keeps_what_it_has()
    {
        var receiver = await OtlpReceiver.StartAsync();
        await PostAsync(receiver, Request(Span("a")));

        Assert.True(Restart.Closes(receiver));
        receiver.Dispose();
        receiver.Dispose();

        await Assert.ThrowsAsync<HttpRequestException>(() => PostAsync(receiver, []));
        Assert.Equal(1, receiver.Count);
    }

    [Fact]
    public async Task Waiting_in_vain_says_that_no_request_came()
    {
        await using var receiver = await OtlpReceiver.StartAsync();

        var error = await Assert.ThrowsAsync<TimeoutException>(() => receiver.WaitForAsync(2, TimeSpan.FromMilliseconds(1)));

        Assert.Equal($"Waited for 2 spans, but only 0 came. No request reached {receiver.Endpoint}.", error.Message);
    }

    [Fact]
    public async Task GRPC_at_the_port_of_HTTP_is_seen_and_the_way_out_is_named()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}");
        using (Provider(source, receiver, o => (o.Endpoint, o.Protocol) = (receiver.Endpoint, (OtlpExportProtocol)0))) // .NET's default
            source.StartActivity("lost")!.Dispose();

        var request = receiver.Requests[^1];
        Assert.Equal(
            $"HTTP/2 (gRPC) –, 0 bytes, 0 spans: HTTP/2 came, as gRPC uses it, which is the default of .NET's exporter. This port takes "
            + $"http/protobuf: set Protocol = OtlpExportProtocol.HttpProtobuf, and Endpoint = {receiver.TracesEndpoint}.",
            request.ToString());
        var error = await Assert.ThrowsAsync<TimeoutException>(() => receiver.WaitForAsync(1, TimeSpan.FromMilliseconds(1)));
        Assert.StartsWith("Waited for 1 span, but only 0 came. The last request: HTTP/2 (gRPC)", error.Message, StringComparison.Ordinal);
        Assert.Contains("HTTP/2 (gRPC)", OtlpRequestTable.Of(receiver.Requests).ToString());
        Assert.Contains("HTTP/2 came", Checklist.Of(receiver).Findings[0]);
    }

    [Theory]
    [InlineData("160301020001", "TLS (https) 400", "TLS came", "HTTP/1.1 400 Bad Request")]
    [InlineData("0a7f01ff", "(no HTTP)  400", "no HTTP", "HTTP/1.1 400 Bad Request")]
    [InlineData("48656c6c6f0d0a0d0a", "(no HTTP)  400", "not valid HTTP/1.1", "HTTP/1.1 400 Bad Request")] // Hello
    [InlineData("505249202a20485454502f322e300d0a0d0a534d0d0a0d0a", "HTTP/2 (gRPC) –", "HTTP/2 came", "")] // the preface of HTTP/2
    [InlineData("5052", "(no HTTP)  400", "ended within them", "")] // its beginning
    [InlineData("504f5354202f76312f747261636573", "(no HTTP)  400", "ended within them", "")] // POST /v1/traces
    public async Task Bytes_that_are_no_request_are_seen_too(string hex, string line, string said, string answer)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(IPAddress.Loopback, receiver.Endpoint.Port);
            var (stream, read) = (socket.GetStream(), new MemoryStream());
            await stream.WriteAsync(Convert.FromHexString(hex));
            if (answer.Length == 0)
                socket.Client.Shutdown(SocketShutdown.Send); // otherwise the receiver ends the connection
            await stream.CopyToAsync(read);
            Assert.Contains(answer, Encoding.Latin1.GetString(read.ToArray()));
        }

        await EventuallyAsync(() => receiver.Requests.Count > 0);
        var request = Assert.Single(receiver.Requests);
        Assert.StartsWith(line, request.ToString(), StringComparison.Ordinal);
        Assert.Contains(said, request.Problem);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(receiver, Request(Span("after")))).StatusCode);
    }

    [Fact]
    public async Task A_connection_on_which_nothing_comes_is_no_request_and_does_not_delay_the_end()
    {
        var receiver = await OtlpReceiver.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, receiver.Endpoint.Port);
        await PostAsync(receiver, Request(Span("a")));
        await receiver.DisposeAsync();

        Assert.Equal(200, Assert.Single(receiver.Requests).Status);
        Assert.Equal(0, await socket.GetStream().ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task A_browser_that_asks_before_it_sends_gets_a_sentence()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var ask = new HttpRequestMessage(HttpMethod.Options, receiver.TracesEndpoint);
        ask.Headers.Add("Origin", "http://localhost:5173");
        ask.Headers.Add("Access-Control-Request-Method", "POST");
        using var answer = await Client.SendAsync(ask);

        Assert.Equal((405, "text/plain"), ((int)answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.StartsWith("A browser asks whether a page may send traces here", await answer.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
        Assert.StartsWith("OPTIONS /v1/traces 405, 0 bytes, 0 spans: A browser asks", Assert.Single(receiver.Requests).ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_span_that_cannot_be_read_does_not_lose_those_beside_it()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        byte[][] broken = [[0x0a, 0x7f, 1], [0x28, 1], Message(Field(1, Id(16, 1)), Field(9, [0x0a, 0x7f])), [0x1e],
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]];
        using var answer = await PostAsync(receiver, Request([Span("before"), .. broken, Span("after") is var last
            ? Message(last, Field(2, Id(8, 2))) : []]));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(["before", "after"], receiver.Spans.Select(s => s.Name));
        var request = Assert.Single(receiver.Requests);
        Assert.Equal((2, broken.Length), (request.Spans, request.Rejected));
        Assert.StartsWith("A span cannot be read. Byte ", request.Problem, StringComparison.Ordinal);
        Assert.Contains("spans[1].trace_id: the data ends", request.Problem);

        // Nothing that can be read: an error, as the specification asks for.
        using var error = await PostAsync(receiver, Request(broken));
        Assert.Equal(HttpStatusCode.BadRequest, error.StatusCode);
    }

    [Theory]
    [InlineData("0a020a7f")] // a resource whose attribute goes beyond its end
    [InlineData("0a040a020801")] // a field of a resource with another wire type
    [InlineData("0a0412020a7f")] // a scope that goes beyond its end
    [InlineData("0a0512030a011e")] // a wire type that there is not, in a scope
    [InlineData("0a021c00")] // the end of a group that did not begin
    [InlineData("0a0200ff")] // a tag of zero
    public async Task A_part_that_cannot_be_read_does_not_lose_the_spans_beside_it(string hex)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var answer = await PostAsync(receiver,
            [.. Request(Span("before")), .. Convert.FromHexString(hex), .. Request(Span("after"))]);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(["before", "after"], receiver.Spans.Select(s => s.Name));
        Assert.Contains("cannot be read. Byte ", Assert.Single(receiver.Requests).Problem);
    }

    // ---- The decoder ---------------------------------------------------------------------------------------------

    [Fact]
    public void Fields_may_come_in_any_order_and_unknown_ones_are_skipped()
    {
        // the last: a group, Protobuf's old kind of message
        byte[] unknown = [.. Field(99, "later"u8), .. Varint(98, 5), 0xa3, 0x06, 0x08, 0x01, 0xa4, 0x06];
        var span = Message(unknown, Field(5, "name"u8), Field(2, Id(8, 2)), Varint(6, 3), unknown, Field(1, Id(16, 1)));
        var scope = Message(Field(2, span), unknown, Field(1, Message(Field(2, "2.0"u8), Field(1, "scope"u8))));
        var resource = Message(Field(1, Message(Field(2, Message(Field(1, "late"u8))), Field(1, "service.name"u8))));

        var decoded = Assert.Single(OtlpDecoder.Decode(Field(1, Message(Field(2, scope), unknown, Field(1, resource)))));

        Assert.Equal(("name", ActivityKind.Client, "scope", "2.0", "late"),
            (decoded.Name, decoded.Kind, decoded.SourceName, decoded.SourceVersion, decoded.ServiceName));
    }

    [Fact]
    public void Extreme_values_have_a_meaning()
    {
        var body = Request(Message(Field(1, Id(16, 1)), Field(2, Id(8, 1)), Varint(6, 77), Fixed64(7, ulong.MaxValue), Fixed64(8, 0),
            Field(15, Message(Varint(3, 9))), Field(4, new byte[8])),
            Message(Field(1, Id(16, 1)), Field(2, Id(8, 2)), Fixed64(7, 0), Fixed64(8, ulong.MaxValue),
                Field(9, KeyValue("bytes", Message(Field(7, [1, 2])))), Field(9, Message())));

        var spans = OtlpDecoder.Decode(body);

        Assert.Equal((ActivityKind.Internal, TimeSpan.Zero, ActivityStatusCode.Unset, null, false),
            (spans[0].Kind, spans[0].Duration, spans[0].Status, spans[0].ParentSpanId, spans[0].HasRemoteParent));
        Assert.Equal(2554, spans[0].Start.Year);
        Assert.Equal(spans[0].Start, spans[1].End);
        Assert.Equal(new byte[] { 1, 2 }, spans[1]["bytes"]);
        Assert.Equal(KeyValuePair.Create("", (object?)null), spans[1].Attributes[1]);
        Assert.NotEmpty(Waterfall.Of(new RecordedTrace(spans)).ToHtml());
    }

    [Fact]
    public void Nested_values_arrive_up_to_a_depth_and_deeper_ones_are_refused()
    {
        byte[] Nested(int depth)
        {
            var value = Message(Field(1, "core"u8));
            for (var i = 0; i < depth; i++)
                value = i % 2 == 0
                    ? Message(Field(5, Message(Field(1, value))))
                    : Message(Field(6, Message(Field(1, KeyValue("k", value)))));
            return Request(Message(Field(1, Id(16, 1)), Field(2, Id(8, 1)), Field(9, KeyValue("deep", value))));
        }

        var list = Assert.IsAssignableFrom<IReadOnlyList<KeyValuePair<string, object?>>>(OtlpDecoder.Decode(Nested(2))[0]["deep"]);
        Assert.Equal(new[] { "core" }, list[0].Value);
        Assert.Equal([32, 32, 32], new[] { 32, 33, 5_000 }.Select(n => OnABigStack(() => Depth(OtlpDecoder.Decode(Nested(n))[0]["deep"]))));
        Assert.Equal(32, OtlpDecoder.MaxDepth);
        Assert.Contains("nested more than 32 deep", OnABigStack(() => OtlpView.Of(Nested(33)).ToString()));
        Assert.Contains("deep", OnABigStack(() => OtlpView.Of(Nested(5_000)).ToHtml()));

        static int Depth(object? value) => value switch
        {
            IEnumerable<KeyValuePair<string, object?>> map => 1 + map.Max(m => Depth(m.Value)),
            object?[] list => 1 + list.Select(Depth).DefaultIfEmpty().Max(),
            string or null => 0,
            _ => -1,
        };

        // groups in groups
        Assert.Contains("nesting", Problem(Enumerable.Repeat((byte)0xa3, 200_000).Select((b, i) => i % 2 == 0 ? b : (byte)6).ToArray()));
    }

    // Without the limit, a test fails; on an ordinary stack the whole run would end.
    private static T OnABigStack<T>(Func<T> work)
    {
        var result = default(T);
        Exception? problem = null;
        var thread = new Thread(() => { try { result = work(); } catch (Exception e) { problem = e; } }, maxStackSize: 256 << 20);
        thread.Start();
        thread.Join();
        return problem is null ? result! : throw problem;
    }

    public static TheoryData<string, string> Malformed => new()
    {
        { "0a", "Byte 0, resource_spans: the data ends" },
        { "0affffffff07", "Byte 0, resource_spans: the data ends" },
        { "08ffffffffffffffffffff01", "Byte 0, resource_spans: wire type 0, but field 1 of ExportTraceServiceRequest has 2." },
        { "00", "Byte 0" },
        { "0a021202", "Byte 2, resource_spans[0].scope_spans: the data ends" },
        { "1e", "Byte 0, field 3: there is no wire type 6." },
        { "1c", "Byte 0, field 3" },
        { "0a07120512030a7f01", "Byte 6, resource_spans[0].scope_spans[0].spans[0].trace_id: the data ends" },
        { "0a020a7f", "Byte 2, resource_spans[0].resource: the data ends" },
        { "0a0a0a040a020a031a026162",
            "Byte 6, resource_spans[0].resource.attributes[0].key: the data ends in the middle of it, or a length is wrong." },
        { "50617373776f7264", "Byte 2, field 14: the data ends" }, // text
        { "1f8b0800", "Byte 0, field 3" }, // gzip, without saying so
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Malformed_bytes_are_refused_and_the_place_is_named(string hex, string problem) =>
    Assert.Contains(problem, Problem(Convert.FromHexString(hex)));

    [Fact]
    public async Task Damaged_bodies_over_http_are_answered_with_200_or_400()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var bodies = await RealBodiesAsync();
        var random = new Random(7);
        for (var i = 0; i < 400; i++)
        {
            var gzip = i % 2 == 0;
            var body = bodies[i % bodies.Length];
            // Damage in the compressed form, or in what is compressed.
            using var content = i % 4 == 0
                ? Content(Damage(Gzip(body), random), gzip: true)
                : Content(gzip ? Gzip(Damage(body, random)) : Damage(body, random), gzip);
            using var response = await Client.PostAsync(receiver.TracesEndpoint, content);
            Assert.Contains((int)response.StatusCode, new[] { 200, 400 });
            Assert.Equal((int)response.StatusCode, receiver.Requests[^1].Status);
        }

        var count = receiver.Count;
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(receiver, Request(Span("after")))).StatusCode);
        Assert.Equal(count + 1, receiver.Count);
    }

    // ---- The view ------------------------------------------------------------------------------------------------

    [Fact]
    public void The_bytes_of_a_span_are_shown_field_by_field()
    {
        var body = Request(Message(Field(1, Id(16, 0xab)), Field(2, Id(8, 0xcd)), Field(5, "GET /a"u8), Varint(6, 2),
            Fixed64(7, 1_700_000_000_000_000_000), Field(15, Message(Varint(3, 2))),
            Field(9, KeyValue("k", Message(Varint(3, 300)))),
            Field(9, KeyValue("double", Message(Fixed64(4, BitConverter.DoubleToUInt64Bits(-1.5))))), Varint(12, 1),
            [0x85, 0x01, 0x01, 0x03, 0, 0]));
        var view = OtlpView.Of(body);
        var rows = new HtmlParser().ParseDocument(view.ToHtml()).QuerySelectorAll("tbody tr")
            .Select(r => string.Join('|', r.QuerySelectorAll("td").Select(c => c.TextContent).Skip(1))).ToArray();

        Assert.Contains($"<b>ExportTraceServiceRequest, {Drawing.Count(body.Length, "byte")}</b>", view.ToHtml(), StringComparison.Ordinal);
        Assert.Equal($"0a|{body[1]:x2} {body[2]:x2}||LEN (2)|resource_spans = 1|ResourceSpans, {body.Length - 3} bytes", rows[0]);
        Assert.Contains($"0a|10|ab ab ab ab ab ab ab ab …|LEN (2)|trace_id = 1|{string.Concat(Enumerable.Repeat("ab", 16))}", rows);
        Assert.Contains("2a|06|47 45 54 20 2f 61|LEN (2)|name = 5|\"GET /a\"", rows);
        Assert.Contains("30||02|VARINT (0)|kind = 6|2: SPAN_KIND_SERVER", rows);
        Assert.Contains(
            "39||00 00 2a 36 fe 9c 97 17|I64 (1)|start_time_unix_nano = 7|2023-11-14 22:13:20.0000000 UTC: 1700000000000000000 ns", rows);
        Assert.Contains("18||ac 02|VARINT (0)|int_value = 3|300", rows);
        Assert.Contains(rows, r => r.EndsWith("|double_value = 4|-1.5", StringComparison.Ordinal));
        Assert.Contains("85 01||01 03 00 00|I32 (5)|flags = 16|sampled, parent is remote: 0x00000301", rows);
        Assert.Contains(rows, r => r.EndsWith("|code = 3|2: STATUS_CODE_ERROR", StringComparison.Ordinal));
        Drawings.Matches("otlp-bytes.txt", view.ToString());
        Drawings.Matches("otlp-bytes.html", Views.Readable(view));
        AnyCulture.DrawsTheSame(() => OtlpView.Of(body));
    }

    [Fact]
    public void A_hostile_body_is_only_text_and_a_long_one_is_cut_and_says_so()
    {
        const string Hostile = "</style><script>alert(1)</script>\u001b[31m\u0000\u202e";
        var view = OtlpView.Of(Request(Message(Field(1, Id(16, 1)), Field(2, Id(8, 1)),
            Field(5, Encoding.UTF8.GetBytes(Hostile + new string('x', 1_000_000))))));
        Assert.Empty(new HtmlParser().ParseDocument(view.ToHtml()).QuerySelectorAll("script"));
        Assert.DoesNotContain('\u001b', view.ToHtml() + view);
        Assert.DoesNotContain('\u202e', view.ToString());
        Assert.InRange(view.ToHtml().Length, 1, 10_000);
        Assert.Contains("(999,6", view.ToHtml(), StringComparison.Ordinal); // characters are not shown
        var bytes = OtlpView.Of(Request(Message(Field(1, Id(16, 1)), Field(2, Id(8, 1)),
            Field(9, KeyValue("k", Message(Field(7, new byte[1_000])))))));
        Assert.Contains(new HtmlParser().ParseDocument(bytes.ToHtml()).QuerySelectorAll("td"),
            cell => cell.TextContent == new string('0', 64) + "…");

        var longView = OtlpView.Of(Request(Enumerable.Range(0, 5_000).Select(i => Span($"span {i}")).ToArray()));
        Assert.Equal(150, new HtmlParser().ParseDocument(longView.ToHtml()).QuerySelectorAll("tbody tr").Length);
        Assert.Contains("more fields not drawn", longView.ToHtml());
        Assert.Contains("more fields not drawn", longView.ToString());

        var cut = OtlpView.Of(Request(Span("a"))[..40]);
        Assert.Contains("✖ Byte 0, resource_spans: the data ends in the middle of it, or a length is wrong.", cut.ToString());
        Assert.Contains("class=\"ov-note tv-bad\"", cut.ToHtml());
    }

    // ---- Help ----------------------------------------------------------------------------------------------------

    private static Task EventuallyAsync(Func<bool> condition) => EventuallyAsync(() => Task.FromResult(condition()));

    // What was sent is read a moment later.
    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < HostRunner.Hang, "It did not happen.");
            await Task.Yield();
        }
    }

    private static TracerProvider Provider(ActivitySource source, OtlpReceiver receiver, Action<OtlpExporterOptions> configure,
        SpanRecorder? recorder = null)
    {
        var builder = Sdk.CreateTracerProviderBuilder().AddSource(source.Name)
            .ConfigureResource(r => r.AddService("tests", serviceVersion: "1.0.0"));
        if (recorder is not null)
            builder.AddProcessor(new SimpleActivityExportProcessor(recorder));
        return builder.AddOtlpExporter(o =>
        {
            (o.Endpoint, o.Protocol, o.ExportProcessorType) = (receiver.TracesEndpoint, OtlpExportProtocol.HttpProtobuf,
                ExportProcessorType.Simple);
            o.TimeoutMilliseconds = (int)HostRunner.Hang.TotalMilliseconds;
            configure(o);
        }).Build();
    }

    // As OTLP sees values: integers are 64 bits long, a char is a string.
    private static string AsText(IEnumerable<KeyValuePair<string, object?>> attributes) =>
        string.Join('\n', attributes.Select(a => $"{a.Key}={Text(a.Value)}"));

    private static string Text(object? value) => value switch
    {
        string or char => $"\"{value}\"",
        IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(Text))}]",
        float f => ((double)f).ToString("R", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    internal static async Task<byte[][]> RealBodiesAsync()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}", "1.0");
        using (Provider(source, receiver, _ => { }))
        {
            for (var i = 0; i < 4; i++)
            {
                Activity.Current = null;
                using var span = source.StartActivity("GET /orders/{id}", (ActivityKind)i, default(ActivityContext),
                    links: [new(new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), default))])!;
                span.SetTag("http.request.method", "GET").SetTag("list", new[] { "a", "b" }).SetTag("n", i * 1_000_000).SetTag("d", 0.5)
                    .SetTag("b", true);
                span.AddEvent(new ActivityEvent("event", tags: new() { ["k"] = "v" })).SetStatus(i % 2 == 0
                    ? ActivityStatusCode.Ok
                    : ActivityStatusCode.Error, "text");
            }
        }

        var deep = Message(Field(6, Message(Field(1, KeyValue("k", Message(Field(5, Message(Field(1, Message(Field(7, [1, 2, 3])))))))))));
        return [.. receiver.Requests.Select(r => r.Body), Request(Span("a"), Span("b"),
            Message(Field(1, Id(16, 1)), Field(2, Id(8, 1)), Field(9, KeyValue("deep", deep))))];
    }

    internal static byte[] Damage(byte[] body, Random random)
    {
        var damaged = body.ToList();
        for (var n = random.Next(1, 4); n > 0 && damaged.Count > 0; n--)
        {
            var at = random.Next(damaged.Count);
            switch (random.Next(7))
            {
                case 0: damaged[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: damaged[at] = (byte)random.Next(256); break;
                case 2: damaged[at] = 0xff; break;
                case 3: damaged.RemoveRange(at, Math.Min(random.Next(1, 20), damaged.Count - at)); break;
                case 4: damaged.InsertRange(at, damaged.GetRange(at, Math.Min(random.Next(1, 40), damaged.Count - at))); break;
                case 5: damaged.RemoveRange(at, damaged.Count - at); break;
                default: damaged.InsertRange(at, [0xff, 0xff, 0xff, 0xff, (byte)random.Next(16)]); break;
            }
        }

        return [.. damaged];
    }

    private static string Problem(byte[] body) => Assert.Throws<InvalidDataException>(() => OtlpDecoder.Decode(body)).Message;

    private static string StatusMessage(byte[] answer)
    {
        var input = new CodedInputStream(answer);
        Assert.Equal(WireFormat.MakeTag(2, WireFormat.WireType.LengthDelimited), input.ReadTag());
        var message = input.ReadString();
        Assert.True(input.IsAtEnd);
        return message;
    }

    private static Task<HttpResponseMessage> PostAsync(OtlpReceiver receiver, byte[] body, bool gzip = false) =>
        Client.PostAsync(receiver.TracesEndpoint, Content(gzip ? Gzip(body) : body, gzip));

    private static ByteArrayContent Content(byte[] body, bool gzip)
    {
        var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") } };
        if (gzip)
            content.Headers.ContentEncoding.Add("gzip");
        return content;
    }

    internal static byte[] Gzip(byte[] body)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(body);
        return packed.ToArray();
    }

    internal static byte[] Request(params byte[][] spans)
    {
        var resource = Message(Field(1, KeyValue("service.name", Message(Field(1, "hand-made"u8)))));
        var scopeSpans = Message([Field(1, Message(Field(1, "scope"u8))), .. spans.Select(s => Field(2, s))]);
        return Field(1, Message(Field(1, resource), Field(2, scopeSpans)));
    }

    internal static byte[] KeyValue(string key, byte[] anyValue) => Message(Field(1, Encoding.UTF8.GetBytes(key)), Field(2, anyValue));

    internal static byte[] Span(string name) => Message(Field(1, Id(16, 1)), Field(2, Id(8, 1)), Field(5, Encoding.UTF8.GetBytes(name)));

    internal static byte[] Id(int length, byte value) => Enumerable.Repeat(value, length).ToArray();

    internal static byte[] Message(params byte[][] fields) => fields.SelectMany(f => f).ToArray();

    internal static byte[] Field(int number, ReadOnlySpan<byte> value)
    {
        var bytes = ByteString.CopyFrom(value);
        return Write(number, WireFormat.WireType.LengthDelimited, o => o.WriteBytes(bytes));
    }

    internal static byte[] Varint(int number, ulong value) => Write(number, WireFormat.WireType.Varint, o => o.WriteUInt64(value));

    private static byte[] Fixed64(int number, ulong value) => Write(number, WireFormat.WireType.Fixed64, o => o.WriteFixed64(value));

    private static byte[] Write(int number, WireFormat.WireType type, Action<CodedOutputStream> value)
    {
        var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            output.WriteTag(number, type);
            value(output);
        }

        return bytes.ToArray();
    }
}
