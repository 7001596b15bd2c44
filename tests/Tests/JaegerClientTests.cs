using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>
/// What a learner sees of <see cref="JaegerClient"/>, against a web server on loopback that answers in the shapes of Jaeger
/// 2.20's API, written from the OTLP specification and from Jaeger's source. What a real one answered: <see cref="JaegerAnswerTests"/>.
/// </summary>
public sealed class JaegerClientTests : IAsyncDisposable
{
    private const string Id = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string OtherId = "0af7651916cd43dd8448eb211c80319c";

    private readonly FakeJaeger jaeger = new();

    public ValueTask DisposeAsync() => jaeger.DisposeAsync();

    [Fact]
    public async Task A_trace_comes_back_with_everything_that_was_sent()
    {
        jaeger.Answers($"/api/v3/traces/{Id}", """
            {"result":{"resourceSpans":[{
              "resource":{"attributes":[
                {"key":"service.name","value":{"stringValue":"api-gateway"}},
                {"key":"service.version","value":{"stringValue":"1.2.0"}}]},
              "scopeSpans":[{
                "scope":{"name":"api-gateway","version":"3.1"},
                "spans":[{
                  "traceId":"4BF92F3577B34DA6A3CE929D0E0E4736","spanId":"00F067AA0BA902B7","parentSpanId":"53995c3f42cd8ad8",
                  "traceState":"vendor=1","flags":769,"name":"GET /profile/{id}","kind":2,
                  "startTimeUnixNano":"1700000000123456700","endTimeUnixNano":"1700000000173456700",
                  "attributes":[
                    {"key":"text","value":{"stringValue":"a <b> & ü"}},
                    {"key":"empty","value":{"stringValue":""}},
                    {"key":"truth","value":{"boolValue":true}},
                    {"key":"large","value":{"intValue":"9007199254740993"}},
                    {"key":"negative","value":{"intValue":-5}},
                    {"key":"fraction","value":{"doubleValue":0.25}},
                    {"key":"not a number","value":{"doubleValue":"NaN"}},
                    {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"x"},{"stringValue":"y"}]}}},
                    {"key":"numbers","value":{"arrayValue":{"values":[{"intValue":"1"},{"intValue":"2"}]}}},
                    {"key":"mixed","value":{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"2"}]}}},
                    {"key":"map","value":{"kvlistValue":{"values":[{"key":"k","value":{"intValue":"7"}}]}}},
                    {"key":"bytes","value":{"bytesValue":"AQID"}},
                    {"key":"nothing","value":{}}],
                  "events":[
                    {"timeUnixNano":"1700000000160000000","name":"exception","attributes":[{"key":"exception.type","value":{"stringValue":"TimeoutException"}}]},
                    {"timeUnixNano":"1700000000150000000","name":"retry"}],
                  "links":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","attributes":[{"key":"why","value":{"stringValue":"batch"}}]}],
                  "status":{"code":2,"message":"card declined"}}]}]}]}}
            """);
        using var client = jaeger.Client();

        var trace = await client.GetTraceAsync(Id);

        Assert.NotNull(trace);
        var span = Assert.Single(trace.Spans);
        Assert.Equal((Id, "00f067aa0ba902b7", "53995c3f42cd8ad8"), (span.TraceId, span.SpanId, span.ParentSpanId));
        Assert.Equal(("vendor=1", ActivityTraceFlags.Recorded, true), (span.TraceState, span.Flags, span.HasRemoteParent));
        Assert.Equal(("GET /profile/{id}", ActivityKind.Server), (span.Name, span.Kind));
        Assert.Equal(("api-gateway", "api-gateway", "3.1"), (span.ServiceName, span.SourceName, span.SourceVersion));
        Assert.Equal(new DateTimeOffset(2023, 11, 14, 22, 13, 20, TimeSpan.Zero).AddTicks(1234567), span.Start);
        Assert.Equal(TimeSpan.FromMilliseconds(50), span.Duration);
        Assert.Equal((ActivityStatusCode.Error, "card declined"), (span.Status, span.StatusDescription));
        Assert.Equal("a <b> & ü", span["text"]);
        Assert.Equal("", span["empty"]);
        Assert.Equal(true, span["truth"]);
        Assert.Equal(9007199254740993L, span["large"]); // more than a double can hold
        Assert.Equal(-5L, span["negative"]);
        Assert.Equal(0.25, span["fraction"]);
        Assert.Equal(double.NaN, span["not a number"]);
        Assert.Equal(["x", "y"], Assert.IsType<string[]>(span["list"]));
        Assert.Equal([1L, 2L], Assert.IsType<long[]>(span["numbers"]));
        Assert.Equal([1L, "2"], Assert.IsType<object[]>(span["mixed"]));
        Assert.Equal([KeyValuePair.Create("k", (object?)7L)],
            Assert.IsType<IReadOnlyList<KeyValuePair<string, object?>>>(span["map"], exactMatch: false));
        Assert.Equal([1, 2, 3], Assert.IsType<byte[]>(span["bytes"]));
        Assert.Null(span["nothing"]);
        Assert.Equal(13, span.Attributes.Count);
        Assert.Equal(["retry", "exception"], span.Events.Select(e => e.Name)); // by time; Jaeger sorts them by name
        Assert.Equal("TimeoutException", span.Events[1].Attributes.Single().Value);
        Assert.Equal((OtherId, "b7ad6b7169203331", "batch"),
            (span.Links[0].TraceId, span.Links[0].SpanId, span.Links[0].Attributes[0].Value));
    }

    [Fact]
    public async Task What_the_answer_leaves_out_has_its_default_and_what_is_unknown_is_ignored()
    {
        jaeger.Answers($"/api/v3/traces/{Id}", $$$"""
            {"future":1,"result":{"resourceSpans":[{"resource":{},"schemaUrl":"x","scopeSpans":[{"scope":{},"spans":[
              {"traceId":"{{{Id}}}","spanId":"00f067aa0ba902b7","name":"work","droppedAttributesCount":3,"status":{},"events":null,
               "attributes":[{"key":"future","value":{"dateValue":"2030"}}]}
            ]}]},{}]} }
            """);
        using var client = jaeger.Client();

        var span = Assert.Single((await client.GetTraceAsync(Id))!.Spans);

        Assert.Equal((null, ActivityKind.Internal, ActivityStatusCode.Unset), (span.ParentSpanId, span.Kind, span.Status));
        Assert.Equal(("unknown_service", "", false), (span.ServiceName, span.SourceName, span.HasRemoteParent));
        Assert.Equal(TimeSpan.Zero, span.Duration);
        Assert.Empty(span.Events);
        Assert.Null(span["future"]);
    }

    [Theory]
    [InlineData("3", "2", ActivityKind.Client, ActivityStatusCode.Error)]
    [InlineData("\"SPAN_KIND_SERVER\"", "\"STATUS_CODE_OK\"", ActivityKind.Server, ActivityStatusCode.Ok)]
    [InlineData("\"SPAN_KIND_OF_THE_FUTURE\"", "\"STATUS_CODE_OF_THE_FUTURE\"", ActivityKind.Internal, ActivityStatusCode.Unset)]
    [InlineData("99", "99", ActivityKind.Internal, ActivityStatusCode.Unset)]
    public async Task A_kind_and_a_status_may_be_a_number_or_a_name(string kindJson, string codeJson, ActivityKind kind,
    ActivityStatusCode status)
    {
        jaeger.Answers($"/api/v3/traces/{Id}", Result(SpanJson(Id, 1, $"\"kind\":{kindJson},\"status\":{{\"code\":{codeJson}}}")));
        using var client = jaeger.Client();

        var span = (await client.GetTraceAsync(Id))!.Root;

        Assert.Equal((kind, status), (span.Kind, span.Status));
    }

    [Fact]
    public async Task A_trace_that_Jaeger_does_not_have_is_null_and_a_search_without_a_hit_is_empty()
    {
        jaeger.Says404($"/api/v3/traces/{Id}");
        jaeger.Says404("/api/v3/traces");
        using var client = jaeger.Client();

        Assert.Null(await client.GetTraceAsync(Id));
        Assert.Empty(await client.SearchAsync("shop", DateTimeOffset.UnixEpoch, DateTimeOffset.UtcNow));
    }

    [Fact]
    public async Task Waiting_ends_when_enough_spans_are_there()
    {
        var asked = 0;
        jaeger.On($"/api/v3/traces/{Id}", _ => ++asked switch
        {
            1 => (404, FakeJaeger.NotFound),
            2 => (200, Result(SpanJson(Id, 1))),
            _ => (200, Result(SpanJson(Id, 1), SpanJson(Id, 2))),
        });
        using var client = jaeger.Client();

        var trace = await client.WaitForTraceAsync(Id, spans: 2, Timeout.InfiniteTimeSpan);

        Assert.Equal(2, trace.Spans.Count);
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task Waiting_in_vain_says_what_is_missing()
    {
        jaeger.Says404($"/api/v3/traces/{Id}");
        jaeger.Answers($"/api/v3/traces/{OtherId}", Result(SpanJson(OtherId, 1)));
        using var client = jaeger.Client();

        var nothing = await Assert.ThrowsAsync<TimeoutException>(() => client.WaitForTraceAsync(Id, timeout: TimeSpan.FromSeconds(0.2)));
        var less = await Assert.ThrowsAsync<TimeoutException>(() => client.WaitForTraceAsync(OtherId, spans: 4,
            timeout: TimeSpan.FromSeconds(3)));

        Assert.Contains($"After 0.2 s Jaeger at {jaeger.Address} still has no span of trace {Id}", nothing.Message);
        Assert.Contains("has 1 of the 4 awaited spans", less.Message);
    }

    [Fact]
    public async Task A_search_sends_both_bounds_and_gives_one_trace_per_id()
    {
        jaeger.Answers("/api/v3/traces", Result(SpanJson(Id, 1, start: 2_000), SpanJson(OtherId, 2, start: 1_000),
            SpanJson(Id, 3, start: 3_000)));
        using var client = jaeger.Client();
        var from = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2));

        var traces = await client.SearchAsync("user & service", from, from.AddMilliseconds(1.5), limit: 7);

        Assert.Equal([OtherId, Id], traces.Select(t => t.TraceId));
        Assert.Equal([1, 2], traces.Select(t => t.Spans.Count));
        var query = jaeger.LastQuery;
        Assert.Equal("user & service", query["query.serviceName"]);
        Assert.Equal("2026-01-02T01:04:05.0000000Z", query["query.startTimeMin"]);
        Assert.Equal("2026-01-02T01:04:05.0015000Z", query["query.startTimeMax"]);
        Assert.Equal("7", query["query.searchDepth"]);
    }

    [Fact]
    public async Task A_client_of_the_last_run_is_closed()
    {
        var client = jaeger.Client();

        Assert.True(Restart.Closes(client));
        client.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(client.ServicesAsync);
    }

    [Fact]
    public async Task Traces_may_arrive_as_several_JSON_texts()
    {
        jaeger.Answers("/api/v3/traces", Result(SpanJson(Id, 1)) + "\n" + Result(SpanJson(OtherId, 2)) + "\n");
        using var client = jaeger.Client();

        Assert.Equal(2, (await client.SearchAsync("shop", DateTimeOffset.UnixEpoch, DateTimeOffset.UtcNow)).Count);
    }

    [Theory]
    [InlineData("""{"services":["shop","api-gateway"]}""", "api-gateway,shop")]
    [InlineData("""{"services":[]}""", "")]
    [InlineData("""{}""", "")]
    public async Task Services_are_sorted(string json, string services)
    {
        jaeger.Answers("/api/v3/services", json);
        using var client = jaeger.Client();

        Assert.Equal(services, string.Join(',', await client.ServicesAsync()));
    }

    [Fact]
    public async Task An_error_is_told_with_its_status_and_message()
    {
        jaeger.On("/api/v3/services", _ => (500, """{"error":{"httpCode":500,"message":"storage is on fire"}}""" + "\n"));
        jaeger.Answers("/api/v3/traces", Result(SpanJson(Id, 1)) + """{"error":{"grpcCode":13,"message":"storage went away"}}""");
        using var client = jaeger.Client();

        var ofJaeger = await Assert.ThrowsAsync<HttpRequestException>(client.ServicesAsync);
        var inTheMiddle = await Assert.ThrowsAsync<HttpRequestException>(() => client.SearchAsync("shop", DateTimeOffset.UnixEpoch,
            DateTimeOffset.UtcNow));
        // 404 in plain text: no missing trace
        var ofAnotherProgram = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetTraceAsync(Id));

        Assert.Equal(HttpStatusCode.InternalServerError, ofJaeger.StatusCode);
        Assert.Equal($"{jaeger.Address}api/v3/services answered 500 InternalServerError: storage is on fire", ofJaeger.Message);
        Assert.Contains("storage went away", inTheMiddle.Message);
        Assert.Contains("404 NotFound: no such page", ofAnotherProgram.Message);
    }

    [Fact]
    public async Task Values_nested_without_end_are_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("""{"arrayValue":{"values":[""", 5_000));
        jaeger.Answers($"/api/v3/traces/{Id}", deep);
        using var client = jaeger.Client();

        await Assert.ThrowsAsync<InvalidDataException>(() => client.GetTraceAsync(Id));
    }

    [Theory]
    [InlineData("")]
    [InlineData("4bf92f3577b34da6")]
    [InlineData("4bf92f3577b34da6a3ce929d0e0e473g")]
    [InlineData("../../../../../../../etc/passwd0")]
    public async Task Something_that_is_no_trace_id_is_refused_before_it_is_sent(string id)
    {
        using var client = jaeger.Client();

        await Assert.ThrowsAsync<ArgumentException>(() => client.GetTraceAsync(id));
        await Assert.ThrowsAsync<ArgumentException>(() => client.WaitForTraceAsync(id));
        Assert.Throws<ArgumentException>(() => client.TraceLink(id));
        Assert.Throws<ArgumentException>(() => client.CompareLink(Id, id));
    }

    [Fact]
    public async Task A_search_needs_a_service_and_bounds_in_order()
    {
        using var client = jaeger.Client();
        var now = DateTimeOffset.UtcNow;

        await Assert.ThrowsAsync<ArgumentException>(() => client.SearchAsync(" ", now.AddHours(-1), now));
        await Assert.ThrowsAsync<ArgumentException>(() => client.SearchAsync("shop", now, now));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => client.SearchAsync("shop", now.AddHours(-1), now, limit: 0));
    }

    [Theory]
    [InlineData(200, """{"services":[]}""", true)]
    [InlineData(503, """{"error":{"httpCode":503,"message":"not yet"}}""", false)]
    [InlineData(200, "<!doctype html>", false)] // some other program
    public async Task Jaeger_runs_when_its_API_answers_whether_its_health_check_can_be_reached_or_not(int status, string services,
        bool runs)
    {
        jaeger.On("/api/v3/services", _ => (status, services));
        using var client = jaeger.Client();

        Assert.Equal(runs, await client.IsRunningAsync());
    }

    [Fact]
    public void Jaeger_is_looked_for_where_the_folder_docker_has_put_it()
    {
        using var folder = new TempFolder();
        var notebooks = Directory.CreateDirectory(Path.Combine(folder.Path, "notebooks")).FullName;
        Directory.CreateDirectory(Path.Combine(folder.Path, "docker"));
        var file = Path.Combine(folder.Path, "docker", ".env");

        Assert.Equal(1, JaegerPorts.Of("JAEGER_UI_PORT", 1, Path.GetTempPath()));
        File.WriteAllText(file, "#JAEGER_UI_PORT=16686\n");
        Assert.Equal(16686, JaegerPorts.Of("JAEGER_UI_PORT", 16686, notebooks));
        File.WriteAllText(file, "JAEGER_UI_PORT=26686\nJAEGER_OTLP_HTTP_PORT=none\n");
        Assert.Equal(26686, JaegerPorts.Of("JAEGER_UI_PORT", 16686, notebooks));
        Assert.Equal(4318, JaegerPorts.Of("JAEGER_OTLP_HTTP_PORT", 4318, notebooks));
        Assert.Equal(16686, JaegerPorts.Ui); // of this repository: nothing is changed there
        Assert.Equal(4318, JaegerPorts.OtlpHttp);
    }

    [Fact]
    public async Task Where_nothing_listens_no_Jaeger_is_running_and_a_request_says_how_to_start_it()
    {
        var nowhere = new Uri($"http://127.0.0.1:{OtlpReceiver.ReservePort()}"); // nobody else can start to listen there
        using var client = new JaegerClient(nowhere, nowhere);

        Assert.False(await client.IsRunningAsync());
        var error = await Assert.ThrowsAsync<HttpRequestException>(client.ServicesAsync);
        Assert.Contains($"Nothing listens at {nowhere}api/v3/services", error.Message);
        Assert.Contains("docker compose up -d --wait", error.Message);
    }

    [Fact]
    public async Task A_port_that_never_answers_does_not_stop_the_lesson()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0); // takes connections and says nothing
        silent.Start();
        var address = new Uri($"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}");
        using var client = new JaegerClient(address, address);
        var clock = Stopwatch.StartNew();

        Assert.False(await client.IsRunningAsync());
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.5, 99); // an HttpClient waits 100 seconds unless it is told otherwise
    }

    [Fact]
    public async Task Asking_Jaeger_makes_no_spans_and_sends_no_traceparent()
    {
        jaeger.Answers("/api/v3/services", "{}");
        var started = new ConcurrentBag<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "System.Net.Http",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = activity => started.Add($"{activity.GetTagItem("url.full")} {activity.TraceId}"),
        };
        ActivitySource.AddActivityListener(listener);
        using var own = new Activity("the learner's own").Start();
        using var client = jaeger.Client();

        await client.ServicesAsync();

        Assert.DoesNotContain(started, s => s.Contains(own.TraceId.ToHexString(), StringComparison.Ordinal));
        Assert.DoesNotContain("traceparent", jaeger.LastHeaders.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public void Links_lead_into_the_UI()
    {
        using var client = new JaegerClient();

        Assert.Equal("http://127.0.0.1:4318/v1/traces", client.TracesEndpoint.AbsoluteUri);
        Assert.Equal($"http://127.0.0.1:16686/api/v3/traces/{Id}", client.TraceApi(Id).AbsoluteUri);
        Assert.Equal($"http://127.0.0.1:16686/trace/{Id}", client.TraceLink(Id.ToUpperInvariant()).AbsoluteUri);
        Assert.Equal($"http://127.0.0.1:16686/trace/{Id}...{OtherId}", client.CompareLink(Id, OtherId).AbsoluteUri);
        Assert.Equal("http://127.0.0.1:16686/search?service=a%20%26%20b", client.SearchLink("a & b").AbsoluteUri);
    }

    [Theory]
    [InlineData("https://ops.example/jaeger")]
    [InlineData("https://ops.example/jaeger/")]
    public void A_path_before_the_UI_is_kept(string ui)
    {
        using var client = new JaegerClient(new Uri(ui));

        Assert.Equal($"https://ops.example/jaeger/trace/{Id}", client.TraceLink(Id).AbsoluteUri);
    }

    private static string Result(params string[] spans) =>
        $$$"""{"result":{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"scope":{"name":"shop"},"spans":[{{{string.Join(',', spans)}}}]}]}]}}""";

    private static string SpanJson(string traceId, int number, string more = "\"kind\":1", long start = 1_000) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"traceId":"{{traceId}}","spanId":"{{number:x16}}","name":"span {{number}}","startTimeUnixNano":"{{start}}","endTimeUnixNano":"{{start + 500}}",{{more}}}""");

    /// <summary>A web server on a free port of loopback: UI, API and health check in one.</summary>
    internal sealed class FakeJaeger : IAsyncDisposable
    {
        /// <summary>What Jaeger writes when it has no such trace.</summary>
        public const string NotFound = """{"error":{"httpCode":404,"message":"No traces found"}}""" + "\n";

        private readonly WebApplication app;
        private readonly ConcurrentDictionary<string, Func<HttpRequest, (int Status, string Body)>> answers = [];
        private readonly ConcurrentQueue<(string Path, IQueryCollection Query, Dictionary<string, string> Headers)> requests = [];

        public FakeJaeger()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            app = builder.Build();
            app.Run(Answer);
            app.StartAsync().GetAwaiter().GetResult();
            Address = new Uri(app.Urls.Single());
        }

        public Uri Address { get; }

        public IQueryCollection LastQuery => requests.Last().Query;

        public Dictionary<string, string> LastHeaders => requests.Last().Headers;

        public JaegerClient Client() => new(Address, Address);

        public void On(string path, Func<HttpRequest, (int Status, string Body)> answer) => answers[path] = answer;

        public void Answers(string path, string body) => On(path, _ => (200, body));

        public void Says404(string path) => On(path, _ => (404, NotFound));

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private async Task Answer(HttpContext context)
        {
            var request = context.Request;
            requests.Enqueue((request.Path, request.Query, request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString())));
            var (status, body) = answers.TryGetValue(request.Path, out var answer) ? answer(request) : (404, "no such page");
            context.Response.StatusCode = status;
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body));
        }
    }
}
