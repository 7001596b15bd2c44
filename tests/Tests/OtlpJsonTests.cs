using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text;
using System.Threading.Tasks;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Trace;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>OTLP as JSON, as a browser's exporter sends it, and extreme values in it (the files in hard/).</summary>
public sealed class OtlpJsonTests
{
    private static readonly HttpClient Client = new() { Timeout = HostRunner.Hang };

    [Fact]
    public async Task Decimal_text_and_JSON_numbers_are_both_read_and_stay_exact()
    {
        var span = Assert.Single((await SentAsync("case23-numbers.json")).Spans);

        object?[] values = [25L, 25L, -7L, 9007199254740993L, 9007199254740993L, long.MaxValue, 3.0, 2.5, double.Epsilon, false, 0L, "",
            null];
        Assert.Equal(values, span.Attributes.Select(a => a.Value));
        Assert.Equal(TimeSpan.FromMilliseconds(10), span.Duration);
        AnyCulture.Gives("2.5",
            () => ((double)Read("""{"doubleValue":"2.5"}""")!).ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("case23b-exponent.json", "int.exponent", 1000L, null)]
    [InlineData("case23c-two-fields.json", "both", null, "A value has one field, but here is {")]
    [InlineData("case23d-out-of-range.json", "int.over", null, "intValue cannot be \"9223372036854775808\".")]
    public async Task A_value_that_cannot_be_read_loses_that_value_and_never_the_request(string file, string key, object? value,
        string? problem)
    {
        var (span, request) = await SentAsync(file) is var sent ? (Assert.Single(sent.Spans), sent.Request) : default;

        Assert.Equal([key, "fine"], span.Attributes.Select(a => a.Key));
        Assert.Equal(value, span[key]);
        Assert.Equal("kept?", span["fine"]);
        Assert.Equal((200, 1, 0), (request.Status, request.Spans, request.Rejected));
        Assert.Equal(problem is null, request.Problem is null);
        Assert.Contains(problem ?? "", request.Problem ?? "");
    }

    [Fact]
    public async Task Not_a_number_and_infinity_are_doubles_and_shown_as_such()
    {
        var spans = (await SentAsync("case37-not-a-number.json")).Spans;

        Assert.Equal([double.NaN, double.NegativeInfinity], spans[0].Attributes.Select(a => a.Value));
        Assert.Equal(1.5, spans[1]["mean"]);
        var page = Waterfall.Of(RecordedTrace.Group(spans)).ToHtml();
        Assert.Contains("<dt>mean<dd>NaN", page);
        Assert.Contains("<dt>max<dd>-Infinity", page);
    }

    [Theory]
    [InlineData("case20-zero-width.json")]
    [InlineData("case21-wrong-unit.json")]
    public async Task Impossible_times_arrive_as_they_were_sent(string file)
    {
        var (spans, request) = await SentAsync(file);

        Assert.Null(request.Problem);
        Assert.Equal(request.Spans, spans.Count);
        Assert.All(RecordedTrace.Group(spans), t => Assert.NotEmpty(Waterfall.Of(t).ToHtml()));
    }

    [Theory]
    [InlineData("""{"intValue":"1e3"}""", 1000L)]
    [InlineData("""{"intValue":1.5e1}""", 15L)]
    [InlineData("""{"intValue":10.0}""", 10L)]
    [InlineData("""{"intValue":"-9223372036854775808"}""", long.MinValue)]
    [InlineData("""{"intValue":-9223372036854775809}""", null)]
    [InlineData("""{"intValue":1.5}""", null)]
    [InlineData("""{"intValue":" 1"}""", null)]
    [InlineData("""{"intValue":"1,000"}""", null)]
    [InlineData("""{"intValue":"0x10"}""", null)]
    [InlineData("""{"intValue":1e400}""", null)]
    [InlineData("""{"intValue":true}""", null)]
    [InlineData("""{"intValue":null}""", null)]
    [InlineData("""{"doubleValue":"Infinity"}""", double.PositiveInfinity)]
    [InlineData("""{"doubleValue":"1e3"}""", 1000.0)]
    [InlineData("""{"doubleValue":"nan"}""", null)]
    [InlineData("""{"doubleValue":1e999}""", null)]
    [InlineData("""{"doubleValue":"1,5"}""", null)]
    [InlineData("""{"stringValue":null,"intValue":"10"}""", 10L)]
    [InlineData("""{"intValue":"x","stringValue":"y"}""", null)]
    [InlineData("""{"boolValue":0}""", null)]
    [InlineData("""{"stringValue":5}""", null)]
    [InlineData("""{"stringValue":"x","later":1}""", "x")]
    public void A_value_is_read_as_ProtoJSON_says(string json, object? value) => Assert.Equal(value, Read(json));

    [Theory]
    [InlineData("AQL+")]
    [InlineData("AQL-")]
    public void Bytes_are_base64_of_either_alphabet_padded_or_not(string base64)
    {
        Assert.Equal(new byte[] { 1, 2, 254 }, Read($"{{\"bytesValue\":\"{base64}\"}}"));
        Assert.Equal(new byte[] { 1 }, Read("{\"bytesValue\":\"AQ\"}"));
        Assert.Equal(new byte[] { 1 }, Read("{\"bytesValue\":\"AQ==\"}"));
        Assert.Null(Read("{\"bytesValue\":\"A\"}"));
        Assert.Null(Read("{\"bytesValue\":\"not base64!\"}"));
    }

    [Fact]
    public void A_value_may_be_nested_up_to_a_depth()
    {
        string Nested(int depth) => string.Concat(Enumerable.Repeat("{\"arrayValue\":{\"values\":[", depth)) + "{\"stringValue\":\"core\"}"
            + string.Concat(Enumerable.Repeat("]}}", depth));
        int Depth(object? value) => value is object?[] list ? 1 + list.Select(Depth).DefaultIfEmpty().Max() : 0;

        Assert.Equal([31, 32, 32, 32], new[] { 31, 32, 33, 200 }.Select(n => Depth(Read(Nested(n)))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Spans_without_a_valid_id_are_refused_with_their_number_and_the_rest_is_kept(bool json)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var (trace, span) = (new string('a', 32), new string('b', 16));
        (string Trace, string Span)[] ids = [(trace, span), (new('0', 32), span), (trace, new('0', 16)), ("", span), (trace, ""),
            (trace[2..], span), (trace, span + "00")];
        using var content = json
            ? new ByteArrayContent(
            Encoding.UTF8.GetBytes(
                $"{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{string.Join(',', ids.Select(i => $"{{\"traceId\":\"{i.Trace}\",\"spanId\":\"{i.Span}\",\"name\":\"s\"}}"))}]}}]}}]}}"))
            : new ByteArrayContent(OtlpReceiverTests.Request(
            [.. ids.Select(i => OtlpReceiverTests.Message(OtlpReceiverTests.Field(1, Convert.FromHexString(i.Trace)),
                OtlpReceiverTests.Field(2, Convert.FromHexString(i.Span)), OtlpReceiverTests.Field(5, "s"u8)))]));
        content.Headers.ContentType = new(json ? "application/json" : "application/x-protobuf");
        using var response = await Client.PostAsync(receiver.TracesEndpoint, content);

        const string Said =
            "The span 's' has a trace id of zeros, which stand for 'no id'. The span 's' has a span id of zeros, which stand for 'no id'. "
                + "The span 's' has no trace id. And 3 other problems.";
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var answer = await response.Content.ReadAsByteArrayAsync();
        if (json)
            Assert.Equal("{\"partialSuccess\":{\"rejectedSpans\":\"6\",\"errorMessage\":\"" + Said.Replace("'", "\\u0027",
                StringComparison.Ordinal) + "\"}}", Encoding.UTF8.GetString(answer));
        else
            Assert.Equal(OtlpReceiverTests.Field(1, OtlpReceiverTests.Message(OtlpReceiverTests.Varint(1, 6),
                OtlpReceiverTests.Field(2, Encoding.UTF8.GetBytes(Said)))), answer);
        Assert.Equal(trace, Assert.Single(receiver.Spans).TraceId);
        var request = Assert.Single(receiver.Requests);
        Assert.Equal((200, 1, 6, Said), (request.Status, request.Spans, request.Rejected, request.Problem));
        Assert.EndsWith($" bytes, 1 span, 6 rejected: {Said}", request.ToString());
    }

    // The exporter in .NET does not look at a partial success: only the receiver knows.
    [Fact]
    public async Task After_a_partial_success_the_exporter_says_nothing_and_the_receiver_shows_what_it_refused()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var heard = new Diagnostics();
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}");
        using var provider = Sdk.CreateTracerProviderBuilder().AddSource(source.Name)
            .AddOtlpExporter(o => (o.Endpoint, o.Protocol, o.HttpClientFactory) = (
            receiver.TracesEndpoint, OtlpExportProtocol.HttpProtobuf, () => new HttpClient(new WithoutIds()))).Build();
        Activity.Current = null;
        source.StartActivity("order")!.Dispose();

        Assert.True(provider.ForceFlush());

        var request = Assert.Single(receiver.Requests);
        Assert.Equal((200, 0, 1), (request.Status, request.Spans, request.Rejected));
        Assert.Contains(heard.Events, e => e.Level > EventLevel.Warning
            && e.Text.Contains(receiver.Endpoint.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            StringComparison.Ordinal));
        Assert.DoesNotContain(heard.Events, e => e.Level <= EventLevel.Warning
            && e.Text.Contains($":{receiver.Endpoint.Port}/", StringComparison.Ordinal));
        Assert.DoesNotContain(heard.Events, e => e.Text.Contains("zeros", StringComparison.Ordinal));
        var table = OtlpRequestTable.Of(receiver.Requests);
        Assert.Contains("has a trace id of zeros", table.ToHtml());
        Assert.Matches(@"POST /v1/traces.*200.* 0 .* 1 .*The span 'order' has a trace id", table.ToString());
        AnyCulture.DrawsTheSame(() => OtlpRequestTable.Of(receiver.Requests));
    }

    /// <summary>On the way, the first id of a body becomes zeros.</summary>
    private sealed class WithoutIds() : DelegatingHandler(new HttpClientHandler())
    {
        protected override HttpResponseMessage Send(HttpRequestMessage request, System.Threading.CancellationToken cancel)
        {
            var body = new MemoryStream();
            request.Content!.CopyTo(body, null, cancel);
            var bytes = body.ToArray();
            bytes.AsSpan(bytes.AsSpan().IndexOf((byte[])[0x0a, 16]) + 2, 16).Clear(); // field 1, 16 bytes: the trace id
            request.Content = new ByteArrayContent(bytes) { Headers = { ContentType = new("application/x-protobuf") } };
            return base.Send(request, cancel);
        }
    }

    private sealed class Diagnostics : EventListener
    {
        public System.Collections.Concurrent.ConcurrentQueue<(EventLevel Level, string Text)> Events { get; } = new();

        protected override void OnEventSourceCreated(EventSource source)
        {
            if (source.Name.StartsWith("OpenTelemetry-Exporter", StringComparison.Ordinal))
                EnableEvents(source, EventLevel.Verbose);
        }

        protected override void OnEventWritten(EventWrittenEventArgs e) =>
            Events?.Enqueue((e.Level, string.Format(System.Globalization.CultureInfo.InvariantCulture, e.Message
            ?? "", [.. e.Payload ?? System.Collections.ObjectModel.ReadOnlyCollection<object?>.Empty])));
    }

    [Fact]
    public async Task Success_in_JSON_is_answered_in_JSON()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        foreach (var (body, status, said) in new[]
        {
            ("{}", 200, "{}"), ("{\"resourceSpans\":[]}", 200, "{}"), ("{\"later\":1}", 200, "{}"),
            ("[]", 400, "An export request is one object"), ("", 400, "not valid JSON"),
            ("{}{}", 400, "one object"), ("{\"resourceSpans\":[", 400, "not valid JSON"),
            ("{\"resourceSpans\":5}", 200, "resourceSpans is a list, but here is 5."),
        })
        {
            using var response = await Client.PostAsync(receiver.TracesEndpoint,
                new StringContent(body, Encoding.UTF8, "application/json"));
            Assert.Equal((status, "application/json"), ((int)response.StatusCode, response.Content.Headers.ContentType!.ToString()));
            Assert.Contains(said, await response.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task A_JSON_body_of_too_many_values_is_refused_before_it_takes_memory()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        foreach (var item in new[] { "1,", "{}," })
        {
            using var response = await Client.PostAsync(receiver.TracesEndpoint,
                new StringContent("{\"resourceSpans\":[" + string.Concat(Enumerable.Repeat(item, 4_000_000)) + "1]}", Encoding.UTF8,
                    "application/json"));
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
            Assert.Contains("more than 3,000,000 names and values", await response.Content.ReadAsStringAsync());
        }
    }

    [Theory]
    [InlineData("{\"\\ud800\":1}", 1)] // half of a surrogate pair, in a name
    [InlineData("5", 1)]
    [InlineData("{\"traceId\":\"ID\",\"spanId\":\"bbbbbbbbbbbbbbbc\",\"name\":\"\\udc00\",\"\\ud800\":{}}", 0)] // in both
    [InlineData("{\"traceId\":\"ID\",\"spanId\":\"bbbbbbbbbbbbbbbc\",\"name\":\"\\udc00\"}", 0)] // in a value: it is left out
    [InlineData("{\"traceId\":\"ID\",\"spanId\":\"bbbbbbbbbbbbbbbc\",\"name\":\"\u00ff\"}", 0)] // a byte that is no UTF-8, see below
    public async Task What_is_no_Unicode_loses_nothing_beside_it(string span, int rejected)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var id = new string('a', 32);
        var body =
            $$"""{"resourceSpans":[{"scopeSpans":[{"spans":[{{span.Replace("ID", id)}},{"traceId":"{{id}}","spanId":"bbbbbbbbbbbbbbbb","name":"beside"}]}]}]}""";
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes(body));
        content.Headers.ContentType = new("application/json");
        using var response = await Client.PostAsync(receiver.TracesEndpoint, content);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("beside", receiver.Spans[^1].Name);
        var request = Assert.Single(receiver.Requests);
        Assert.Equal((2 - rejected, rejected), (request.Spans, request.Rejected));
        Assert.Equal(rejected == 1 || span.Contains("udc00"), request.Problem is not null);
    }

    [Fact]
    public async Task A_name_that_is_no_Unicode_loses_nothing_at_any_level()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        const string odd = "\"\\ud800\":1";
        var span = $"{{{odd},\"traceId\":\"{new string('a', 32)}\",\"spanId\":\"{new string('b', 16)}\",\"name\":\"kept\","
            + $"\"attributes\":[{{{odd},\"key\":\"k\",\"value\":{{{odd},\"stringValue\":\"v\"}}}}]}}";
        var body = $"{{{odd},\"resourceSpans\":[{{{odd},\"resource\":{{{odd}}},\"scopeSpans\":[{{{odd},\"spans\":[{span}]}}]}}]}}";
        using var response = await Client.PostAsync(receiver.TracesEndpoint,
            new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("v", Assert.Single(receiver.Spans).Attributes.Single().Value);
    }

    private static object? Read(string value)
    {
        var json = OtlpJson.Parse(
            Encoding.UTF8.GetBytes(
                $"{{\"resourceSpans\":[{{\"resource\":{{\"attributes\":[{{\"key\":\"k\",\"value\":{value}}}]}},\"scopeSpans\":[{{\"spans\":[{{\"traceId\":\"{new string('a', 32)}\",\"spanId\":\"{new string('b', 16)}\"}}]}}]}}]}}"));
        var reading = new OtlpReading();
        return OtlpDecoder.Spans(OtlpJson.Read(json[0], reading), reading).Single().Resource.Single().Value;
    }

    private static async Task<(IReadOnlyList<RecordedSpan> Spans, OtlpRequest Request)> SentAsync(string file)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var content = new ByteArrayContent(await File.ReadAllBytesAsync(Path.Combine(HostRunner.Root, "tests", "Tests", "hard",
            file)));
        content.Headers.ContentType = new("application/json");
        using var response = await Client.PostAsync(receiver.TracesEndpoint, content);
        return (receiver.Spans, receiver.Requests.Single());
    }
}
