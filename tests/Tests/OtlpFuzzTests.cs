using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using Xunit;
using static TracingTutorial.Tests.OtlpReceiverTests;

namespace TracingTutorial.Tests;

/// <summary>Whatever bytes reach a receiver: it answers 200, or 4xx with a sentence, and it keeps the spans that can be read.</summary>
public sealed class OtlpFuzzTests
{
    private static readonly HttpClient Client = new();

    private static readonly string[] Texts =
    [
        "\"\\ud800\"", "\"\\udfff\\ud800\"", "\"\\u0000\"", "\"", "\"a\"", "\"\\q\"", "null", "true", "{}", "[]", "[[]]", "1e999", "-0",
        "1e-999", "9223372036854775808", "-1", "0.5", "NaN", "\"NaN\"", "\"Infinity\"", "\"1e3\"", "\"\"", "18446744073709551616",
        "\"18446744073709551615\"", "{\"\\ud800\":1}", "{\"a\":{\"\\udc00\":{}}}", "\"\u00ff\"", "\"AQ=\"", "\"ä\"", "//", "\"0\"",
        "{\"stringValue\":\"\\ud800\"}", "{\"intValue\":\"x\"}", "{\"arrayValue\":{}}", "{\"arrayValue\":{\"values\":null}}", ",", ":", "}",
        "{\"kvlistValue\":{\"values\":[{}]}}", "{\"bytesValue\":\"?\"}", "\"STATUS_CODE_ERROR\"", "\"SPAN_KIND_SERVER\"", "1.5e300",
        "99999999999999999999999999999999999999999999", "\"99999999999999999999999999999999999999999999\"", "\"-Infinity\"",
    ];

    private const string Span = """
        {"traceId":"TRACE","spanId":"SPAN","parentSpanId":"","name":"n","kind":2,"startTimeUnixNano":"1790000000000000000",
        "endTimeUnixNano":1790000000000000100,"flags":257,"traceState":"a=b","attributes":[{"key":"a","value":{"stringValue":"b"}}],
        "events":[{"name":"e","timeUnixNano":"1790000000000000001","attributes":[]}],"status":{"code":2,"message":"m"},
        "links":[{"traceId":"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee","spanId":"ffffffffffffffff"}]}
        """;

    private const string Body = """
        {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},
        {"key":"k","value":{"arrayValue":{"values":[{"intValue":"1"},{"doubleValue":2.5},
        {"kvlistValue":{"values":[{"key":"x","value":{"boolValue":true}}]}}]}}}]},
        "scopeSpans":[{"scope":{"name":"s","version":"1"},"spans":[SPANS]}]}]}
        """;

    private static string Json(Random random) => Body.Replace("SPANS", string.Join(',', Enumerable.Range(0, random.Next(1, 4)).Select(i =>
        Span.Replace("TRACE", new((char)('a' + i), 32)).Replace("SPAN", $"{random.Next(1, int.MaxValue):x16}"))), StringComparison.Ordinal);

    // A value, a name or some signs become something else.
    private static byte[] DamageJson(string json, Random random)
    {
        for (var n = random.Next(1, 4); n > 0; n--)
        {
            var at = random.Next(json.Length);
            var (from, to) = (json.LastIndexOfAny([':', ',', '[', '{'], at), json.IndexOfAny([',', '}', ']', ':'], at));
            json = random.Next(5) switch
            {
                0 when from >= 0 && to > from => json[..(from + 1)] + Texts[random.Next(Texts.Length)] + json[to..],
                1 => json[..at] + Texts[random.Next(Texts.Length)] + json[at..],
                2 => json[..at] + json[Math.Min(json.Length, at + random.Next(30))..],
                3 => json[..at] + string.Concat(Enumerable.Repeat(random.Next(2) == 0
                    ? "["
                    : "{\"arrayValue\":{\"values\":[", random.Next(1, 2_000))) + json[at..],
                _ => json[..at] + (char)random.Next(0x20, 0x250) + json[at..],
            };
        }

        var bytes = Encoding.UTF8.GetBytes(json);
        if (random.Next(4) == 0)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return random.Next(20) == 0 ? Encoding.Unicode.GetBytes(json) : bytes;
    }

    [Fact]
    public async Task Whatever_is_posted_is_answered_with_200_or_a_sentence_and_can_be_drawn()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var bodies = await RealBodiesAsync();
        string[] types = ["application/json", "application/x-protobuf", "application/grpc", "text/plain",
            "application/json; charset=utf-16"];
        var seconds = double.Parse(Environment.GetEnvironmentVariable("FUZZ_SECONDS") ?? "2", CultureInfo.InvariantCulture);
        var first = int.Parse(Environment.GetEnvironmentVariable("FUZZ_SEED") ?? "1", CultureInfo.InvariantCulture);
        var clock = Stopwatch.StartNew();
        var seed = first;
        for (; seed < first + 500 || clock.Elapsed.TotalSeconds < seconds; seed++)
        {
            var random = new Random(seed);
            var json = random.Next(2) == 0;
            var body = json ? DamageJson(Json(random), random) : Damage(bodies[random.Next(bodies.Length)], random);
            if (random.Next(10) == 0)
                random.NextBytes(body.AsSpan(0, Math.Min(body.Length, random.Next(200))));
            var gzip = random.Next(3) == 0;
            if (gzip)
                body = random.Next(3) == 0 ? Damage(Gzip(body), random) : Gzip(body);
            using var content = new ByteArrayContent(body);
            content.Headers.TryAddWithoutValidation("Content-Type", random.Next(8) == 0
                ? types[random.Next(types.Length)]
                : types[json ? 0 : 1]);
            if (gzip || random.Next(20) == 0)
                content.Headers.ContentEncoding.Add(random.Next(20) == 0 ? "br" : "gzip");

            using var response = await Client.PostAsync(receiver.TracesEndpoint, content);
            var said = await response.Content.ReadAsByteArrayAsync();
            var request = receiver.Requests[^1];
            Assert.True((int)response.StatusCode is 200 or (>= 400 and < 500), $"Seed {seed}: {(int)response.StatusCode}");
            Assert.True((int)response.StatusCode == request.Status, $"Seed {seed}: {request}");
            Assert.True(request.Status == 200 || said.Length > 10 && request.Problem is { Length: > 10 }, $"Seed {seed}: {request}");
            Assert.False(request.Problem?.Contains("The body cannot be read (") == true, $"Seed {seed}: {request}");
            if (receiver.Spans is [_, ..] spans)
            {
                using var trace = await Client.GetAsync(receiver.TraceApi(spans[^1].TraceId));
                Assert.True(trace.IsSuccessStatusCode, $"Seed {seed}: GET {(int)trace.StatusCode}");
                Assert.True(
                    $"{Waterfall.Of(receiver.Traces)}{ServiceMap.Of(receiver.Traces)}{SpanTable.Of(spans)}{OtlpRequestTable.Of([request])}".Length > 0);
            }

            if (json && request.Body.Length > 0 || request.ContentType == "application/x-protobuf")
                Assert.NotEmpty(OtlpView.Of(request.Body).ToHtml());
            if (seed % 20 == 0)
                receiver.Clear();
        }
    }
}
