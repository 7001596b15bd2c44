using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.AspNetCore.WebUtilities;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>
/// Answers of a backend: those of a real Jaeger 2.20.0 (the files in jaeger/), the same traces in other wrappings, and what is
/// no trace at all.
/// </summary>
public sealed class JaegerAnswerTests : IAsyncDisposable
{
    private const string Id = "4bf92f3577b34da6a3ce929d0e0e4736";

    private readonly JaegerClientTests.FakeJaeger jaeger = new();

    public ValueTask DisposeAsync() => jaeger.DisposeAsync();

    public static TheoryData<string, int, int> RealAnswers => new()
    {
        { "clock-ahead.v3.json", 3, 0 }, { "delivered-twice.v3.json", 3, 1 }, { "ends-before-it-starts.v3.json", 1, 0 },
        { "no-root.v3.json", 2, 0 },
        { "no-service.v3.json", 1, 0 }, { "rich-values.v3.json", 1, 0 }, { "shared-span-id.v3.json", 4, 0 },
        { "10-trace-payment-fails.json", 7, 3 }, { "10-trace-user-404.json", 4, 1 }, { "10-trace-400.json", 1, 0 },
        { "10-trace-n-plus-one.json", 13, 0 },
        { "14-trace-id-upper-case.json", 7, 0 }, { "10-trace-plain.json", 7, 0 }, { "10-trace-slow-query.json", 7, 0 },
    };

    /// <summary>What was asked of the real Jaeger's <c>/api/v3</c>, in order, and how it answered.</summary>
    public static TheoryData<string, string, int> Recorded
    {
        get
        {
            var data = new TheoryData<string, string, int>();
            foreach (var row in Read("index.tsv").Split('\n').Select(line => line.Split('\t'))
                .Where(row => row.Length > 4 && row[3].StartsWith("/api/v3/", StringComparison.Ordinal)))
                data.Add(row[0], row[3], int.Parse(row[4]));
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task Every_recorded_answer_is_read_for_what_it_is(string file, string asked, int status)
    {
        if (!File.Exists(Answer(file)))
        {
            Assert.Equal("44-no-such-api.txt", file); // no JSON
            return;
        }

        var (path, json) = (asked.Split('?')[0], Read(file));
        jaeger.On(path.ToLowerInvariant(), _ => (status, json));
        jaeger.On($"/api/v3/traces/{Id}", _ => (status, json));
        using var client = jaeger.Client();

        if (path == "/api/v3/services")
            Assert.Equal(json.Count(c => c == '"') / 2 - 1, (await client.ServicesAsync()).Count);
        else if (path is "/api/v3/operations" or "/api/v3/trace-summaries")
            // never no trace
            Assert.Contains("no OTLP JSON", (await Assert.ThrowsAsync<InvalidDataException>(() => client.GetTraceAsync(Id))).Message);
        else if (status == 400)
            Assert.Equal(HttpStatusCode.BadRequest,
                (await Assert.ThrowsAsync<HttpRequestException>(() => client.GetTraceAsync(Id))).StatusCode);
        else if (path == "/api/v3/traces")
            Assert.Equal(TraceIds(json), (await client.SearchAsync(Search(asked) is { Service: "" } all ? all with { Service = "any" }
                : Search(asked))).Select(t => t.TraceId).ToHashSet());
        else if (path.Length < "/api/v3/traces/".Length + 32)
            // told before it is sent
            await Assert.ThrowsAsync<ArgumentException>(() => client.GetTraceAsync(path["/api/v3/traces/".Length..]));
        else
            Assert.Equal(status == 200
                ? TraceIds(json).Single()
                : null, (await client.GetTraceAsync(path["/api/v3/traces/".Length..]))?.TraceId);
    }

    public static TheoryData<string, string> RecordedSearches => [.. Recorded.Select(r => r.Data)
        .Where(r => r.Item2.StartsWith("/api/v3/traces?", StringComparison.Ordinal) && r.Item3 is 200 or 404
        && r.Item2.Contains("query.serviceName=", StringComparison.Ordinal) && r.Item1[0] == '2')
        .Select(r => (r.Item1, r.Item2))];

    [Theory]
    [MemberData(nameof(RecordedSearches))]
    public async Task A_search_asks_Jaeger_what_its_page_asks_and_the_receiver_finds_what_Jaeger_found(string file, string asked)
    {
        jaeger.On("/api/v3/traces", _ => (200, "{}"));
        using var client = jaeger.Client();
        var search = Search(asked);

        await client.SearchAsync(search);
        foreach (var (name, value) in QueryHelpers.ParseQuery(asked[asked.IndexOf('?')..]))
        {
            var sent = jaeger.LastQuery[name].ToString();
            Assert.Equal(name.Contains("Time", StringComparison.Ordinal) ? DateTimeOffset.Parse(value.ToString()).ToString("O")
                : value.ToString(),
                name.Contains("Time", StringComparison.Ordinal) ? DateTimeOffset.Parse(sent).ToString("O")
                    : sent.Replace("200000000ns", "200ms"));
        }

        jaeger.Answers("/api/v3/traces", Read("20-search-service.json"));
        var shop = await client.SearchAsync("api-gateway", DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
        Assert.Equal(7, shop.Count);
        var found = search.In(shop).Select(t => t.TraceId).ToHashSet();
        if (file.StartsWith("21", StringComparison.Ordinal)) // which one is the last to come depends on the order in a batch
            Assert.Single(found);
        else
            Assert.Equal(TraceIds(Read(file)), found);
    }

    private static TraceSearch Search(string asked)
    {
        var query = QueryHelpers.ParseQuery(asked[asked.IndexOf('?')..]);
        string? Field(string name) => query.TryGetValue($"query.{name}", out var value) ? value.ToString() : null;
        return new TraceSearch(Field("serviceName") ?? "")
        {
            Operation = Field("operationName"),
            Tags = string.Join(' ', JsonSerializer.Deserialize<Dictionary<string, string>>(Field("attributes")
                ?? "{}")!.Select(a => $"{a.Key}={a.Value}")),
            MinDuration = Field("durationMin") is { } ms ? TimeSpan.FromMilliseconds(int.Parse(ms[..^2])) : null,
            Limit = int.Parse(Field("searchDepth") ?? "20"),
            From = DateTimeOffset.Parse(Field("startTimeMin")!),
            To = DateTimeOffset.Parse(Field("startTimeMax")!),
        };
    }

    private static HashSet<string> TraceIds(string json) => [.. json.Split("\"traceId\":\"").Skip(1).Select(rest => rest[..32])];

    [Theory]
    [MemberData(nameof(RealAnswers))]
    public async Task Every_trace_of_a_real_Jaeger_is_read(string file, int spans, int errors)
    {
        var json = Read(file);
        var id = json.Split("\"traceId\":\"")[1][..32];
        jaeger.Answers($"/api/v3/traces/{id}", json);
        using var client = jaeger.Client();

        var trace = (await client.GetTraceAsync(id))!;

        Assert.Equal((spans, errors), (trace.Spans.Count, trace.Spans.Count(s => s.Status == ActivityStatusCode.Error)));
        Assert.Null(client.Unread);
        Assert.All(trace.Spans, s => Assert.Equal(2026, s.Start.Year));
        Assert.NotEmpty(Waterfall.Of(trace).ToHtml());
    }

    [Fact]
    public async Task Values_events_and_links_of_a_real_Jaeger_are_read()
    {
        jaeger.Answers("/api/v3/traces/ca5e0000000000000000000000000008", Read("rich-values.v3.json"));
        using var client = jaeger.Client();

        var span = (await client.GetTraceAsync("ca5e0000000000000000000000000008"))!.Root;

        Assert.Equal((long.MaxValue, 1.5, null), (span["big"], span["double"], span["empty"]));
        Assert.Equal(new byte[] { 1, 2, 3 }, span["bytes"]);
        Assert.Equal([1L, "x"], Assert.IsType<object[]>(span["list"]));
        Assert.Equal([KeyValuePair.Create("inner", (object?)true)],
            Assert.IsAssignableFrom<IEnumerable<KeyValuePair<string, object?>>>(span["map"]));
        Assert.Equal(("exception", "ca5e0000000000000000000000000001"), (span.Events.Single().Name, span.Links.Single().TraceId));
    }

    [Fact]
    public async Task What_Jaeger_remarks_arrives_under_its_own_name_as_a_list()
    {
        jaeger.Answers("/api/v3/traces/ca5e0000000000000000000000000005", Read("clock-ahead.v3.json"));
        using var client = jaeger.Client();

        var span = (await client.GetTraceAsync("ca5e0000000000000000000000000005"))!.Spans.Single(s => s.ServiceName == "b");

        Assert.Equal(["clock skew adjustment disabled; not applying calculated delta of -4.995s"],
            Assert.IsType<string[]>(span["@jaeger@warnings"]));
    }

    [Fact]
    public async Task A_search_of_a_real_Jaeger_is_read_and_one_without_a_result_is_empty()
    {
        using var client = jaeger.Client();
        async Task<IReadOnlyList<RecordedTrace>> Search(string file, int status)
        {
            jaeger.On("/api/v3/traces", _ => (status, Read(file)));
            return await client.SearchAsync("api-gateway", DateTimeOffset.UnixEpoch, DateTimeOffset.UtcNow);
        }

        Assert.Equal((7, 46), (await Search("20-search-service.json", 200) is var all ? all.Count : 0, all.Sum(t => t.Spans.Count)));
        Assert.Equal(2, (await Search("22-search-error-true.json", 200)).Count);
        Assert.Empty(await Search("29-search-nothing.json", 404));
        var bad = await Assert.ThrowsAsync<HttpRequestException>(() => Search("30-search-no-times.json", 400));
        Assert.Contains("400 BadRequest: query.startTimeMin and query.startTimeMax are required", bad.Message);
    }

    [Fact]
    public async Task Services_and_errors_of_a_real_Jaeger_are_read()
    {
        using var client = jaeger.Client();
        jaeger.Answers("/api/v3/services", Read("02-services.json"));
        Assert.Equal(3, (await client.ServicesAsync()).Count);
        jaeger.Answers("/api/v3/services", Read("00-services-empty.json"));
        Assert.Empty(await client.ServicesAsync());
        jaeger.On($"/api/v3/traces/{Id}", _ => (404, Read("11-trace-unknown.json")));
        Assert.Null(await client.GetTraceAsync(Id));
        jaeger.On($"/api/v3/traces/{Id}", _ => (400, Read("12-trace-id-malformed.json")));
        Assert.Equal(HttpStatusCode.BadRequest,
            (await Assert.ThrowsAsync<HttpRequestException>(() => client.GetTraceAsync(Id))).StatusCode);
    }

    // ---- Wrappings -----------------------------------------------------------------------------------------------

    public static TheoryData<string> Wrappings => ["{0}", "{{\"result\":{0}}}", "{{\"data\":{0},\"totalCount\":1}}",
        "{{\"later\":1,\"result\":{0}}}", "\uFEFF{0}"];

    [Theory]
    [MemberData(nameof(Wrappings))]
    public async Task OTLP_JSON_is_read_alone_under_result_and_under_data(string wrapping)
    {
        jaeger.Answers($"/api/v3/traces/{Id}", string.Format(null, wrapping, Traces(Span())));
        using var client = jaeger.Client();

        Assert.Equal("order", (await client.GetTraceAsync(Id))!.Root.Name);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"result\":{}}")]
    [InlineData("{\"data\":{\"resourceSpans\":[]}}")]
    [InlineData("{\"resourceSpans\":null}")]
    [InlineData("{\"result\":{\"resourceSpans\":[{},{\"resource\":{},\"scopeSpans\":[{\"scope\":{}}]}]}}")]
    public async Task A_message_without_spans_is_a_trace_that_is_not_there(string json)
    {
        jaeger.Answers($"/api/v3/traces/{Id}", json);
        using var client = jaeger.Client();

        Assert.Null(await client.GetTraceAsync(Id));
        Assert.Null(client.Unread);
    }

    public static TheoryData<string, string> OtherShapes => new()
    {
        { Traces(Span()).Replace("resourceSpans", "resource_spans"), "no OTLP JSON" },
        { $"{{\"result\":{Traces(Span()).Replace("resourceSpans", "resource_spans")}}}", "no OTLP JSON" },
        { Traces(Span()).Replace("scopeSpans", "scope_spans"), "'scope_spans', which is no field of OTLP, and no scopeSpans" },
        { Traces(Span()).Replace("scopeSpans", "instrumentationLibrarySpans"), "no scopeSpans" },
        { Traces(Span()).Replace("traceId", "trace_id").Replace("spanId", "span_id"), "The span 'order' has no trace id" },
        { Read("42-old-trace.json"), "no OTLP JSON" }, // Jaeger's old API
        { Read("36-summaries.json"), "no OTLP JSON" },
        { "{\"status\":\"ok\"}", "no OTLP JSON" },
        { "[]", "no OTLP JSON" },
        { "null", "no OTLP JSON" },
        { "\"resourceSpans\"", "no OTLP JSON" },
        { "{\"result\":{\"resourceSpans\":5}}", "no OTLP JSON" },
        { "{\"result\":{\"resourceSpans\":[5]}}", "ResourceSpans is an object, but here is 5" },
        { "<!doctype html><title>Jaeger UI</title>", "not JSON" },
        { "", "not JSON" },
        { "{\"result\":{\"resourceSpans\":[", "not JSON" },
        { Traces(Span(id: "CvdlGRbNQ92ESOshHIAxnA==")), "has the trace id 'cvdlgrbnq92esoshhiaxna==', which is not 32 hex digits" },
        { Traces(Span(id: Id[1..])), "which is not 32 hex digits" },
        { Traces(Span(id: new string('1', 32))), "has spans of other traces only, for example of 11111111111111111111111111111111" },
    };

    [Theory]
    [MemberData(nameof(OtherShapes))]
    public async Task Any_other_shape_is_an_error_that_shows_it_and_never_a_trace_that_is_not_there(string body, string problem)
    {
        jaeger.Answers($"/api/v3/traces/{Id}", body);
        using var client = jaeger.Client();

        foreach (var ask in new Func<Task>[] { () => client.GetTraceAsync(Id), () => client.WaitForTraceAsync(Id, timeout: TimeSpan.Zero) })
        {
            var error = await Assert.ThrowsAsync<InvalidDataException>(ask);
            Assert.Contains($"{jaeger.Address}api/v3/traces/{Id}", error.Message);
            Assert.Contains(problem, error.Message);
            Assert.DoesNotContain("sampled", error.Message);
            if (!problem.Contains("other traces", StringComparison.Ordinal))
            {
                Assert.EndsWith($"It begins with: {body[..Math.Min(body.Length, 200)].Trim()}", error.Message);
                Assert.Contains("{\"result\":{\"resourceSpans\":[…]}}", error.Message);
            }
        }
    }

    [Theory]
    [InlineData("{\"status\":\"ok\"}")]
    [InlineData("{\"services\":5}")]
    [InlineData("{\"services\":[1]}")]
    [InlineData("[]")]
    public async Task Services_in_another_shape_are_an_error_and_no_Jaeger(string body)
    {
        jaeger.Answers("/api/v3/services", body);
        using var client = jaeger.Client();

        Assert.Contains(body, (await Assert.ThrowsAsync<InvalidDataException>(client.ServicesAsync)).Message);
        Assert.False(await client.IsRunningAsync());
    }

    // ---- One odd part --------------------------------------------------------------------------------------------

    public static TheoryData<string, string?> OddParts => new()
    {
        { "\"links\":[{}]", null },
        { "\"links\":[{\"attributes\":[]},{\"traceId\":\"xyz\",\"spanId\":\"00f067aa0ba902b7\"}]",
            "A span or a link has the trace id 'xyz', which is not 32 hex digits." },
        { "\"parentSpanId\":\"0000000000000000\"", null },
        { "\"parentSpanId\":\"AAAAAAAAAAE=\"", "has the parent span id 'aaaaaaaaaae=', which is not 16 hex digits" },
        { "\"attributes\":{\"a\":{\"stringValue\":\"b\"}}", "attributes is a list, but here is {\"a\":{\"stringValue\":\"b\"}}." },
        { "\"attributes\":[5,{\"key\":\"a\"}]", "KeyValue is an object, but here is 5." },
        { "\"attributes\":[{\"key\":\"a\",\"value\":{\"stringValueStrindex\":3}}]", null },
        { "\"attributes\":[{\"key\":\"a\",\"value\":{\"intValue\":\"many\"}}]", "intValue cannot be \"many\"." },
        { "\"attributes\":[{\"key\":\"a\",\"value\":{\"boolValue\":\"true\"}}]", "boolValue cannot be \"true\"." },
        { "\"attributes\":[{\"key\":\"a\",\"value\":{\"stringValue\":\"\\ud800\"}}]", "stringValue cannot be \"\\ud800\"." },
        { "\"events\":[{\"name\":7}]", "name cannot be 7." },
        { "\"status\":[]", "Status is an object, but here is []." },
        { "\"flags\":-1", "flags cannot be -1." },
        { "\"traceState\":1", "traceState cannot be 1." },
    };

    [Theory]
    [MemberData(nameof(OddParts))]
    public async Task One_odd_part_never_loses_the_rest_of_the_answer(string odd, string? said)
    {
        jaeger.Answers($"/api/v3/traces/{Id}", Traces(Span(odd) + "," + Span(span: "00f067aa0ba902b8")));
        using var client = jaeger.Client();

        var trace = (await client.GetTraceAsync(Id))!;

        Assert.Equal(["00f067aa0ba902b7", "00f067aa0ba902b8"], trace.Spans.Select(s => s.SpanId));
        Assert.Null(trace.Spans[0].ParentSpanId);
        if (said is null)
            Assert.Null(client.Unread);
        else
            Assert.Contains(said, client.Unread);
        Assert.NotEmpty(Waterfall.Of(trace).ToHtml());
    }

    [Fact]
    public async Task A_span_with_a_bad_id_is_left_out_and_waiting_for_it_says_so()
    {
        jaeger.Answers($"/api/v3/traces/{Id}", Traces(Span() + "," + Span(span: "b8")));
        using var client = jaeger.Client();

        Assert.Single((await client.GetTraceAsync(Id))!.Spans);
        var error = await Assert.ThrowsAsync<TimeoutException>(() => client.WaitForTraceAsync(Id, spans: 2, timeout: TimeSpan.Zero));
        Assert.EndsWith("This could not be read: The span 'order' has the span id 'b8', which is not 16 hex digits.", error.Message);
    }

    private static string Read(string file) => File.ReadAllText(Answer(file));

    private static string Answer(string file) => Path.Combine(HostRunner.Root, "tests", "Tests", "jaeger", file);

    private static string Traces(string spans) =>
        "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"shop\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"s\"},\"spans\":[" + spans + "]}]}]}";

    private static string Span(string more = "\"kind\":2", string id = Id, string span = "00f067aa0ba902b7") =>
        $"{{\"traceId\":\"{id}\",\"spanId\":\"{span}\",\"name\":\"order\",\"startTimeUnixNano\":\"1770112800000000000\",\"endTimeUnixNano\":\"1770112800050000000\",{more}}}";
}
