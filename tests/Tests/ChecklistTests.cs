using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading.Tasks;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The checklist of lesson 11: each rule is seen to fail, and what is right passes.</summary>
public sealed class ChecklistTests
{
    private static readonly ActivityContext Caller = new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, isRemote: true);

    /// <summary>One span, below a caller, with a fault; and what the list says of it.</summary>
    public static TheoryData<string, string> Faults => new()
    {
        { "name: charge card of user 42", "Names hold no ids: 'charge card of user 42' has an id" },
        { "name: GET /payments/7", "Names hold no ids" },
        { "name: order 4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "Names hold no ids" },
        { "name: trace 4bf92f3577b34da6", "Names hold no ids" },
        { "name: mail to ada@example.com", "a mail address, in its name." },
        { "error: ", "A failed span says so, and why: 'charge card' failed, and has no error.type" },
        { "error: The card was refused.", "It is for counting" },
        { "error: order-48213", "It is for counting" },
        { "http.response.status_code=503", "'charge card' has the status code 503, and its span is Unset" },
        { "shop.buyer=Ada <ada.l@example.com>", "a mail address, in shop.buyer." },
        { "url.full=https://shop:secret@example.com/pay", "a mail address, in url.full." },
        { "shop.card=4242 4242 4242 4242", "a card number, in shop.card." },
        { "shop.card=4242-4242-4242-4242", "a card number, in shop.card." },
        { "description: The bank refused 4000 0000 0000 0002.", "a card number, in its status." },
        { "shop.note=paid with 378282246310005, thanks", "a card number, in shop.note." },
        { "description: ada@example.com is unknown", "a mail address, in its status." },
        { "event: ada@example.com is unknown", "a mail address, in exception: exception.message." },
        { "list: ada@example.com", "a mail address, in shop.list." },
        { "url.path=/health", "Health checks are filtered: 'charge card' is recorded" },
        { "http.route=/healthz/ready", "Health checks are filtered" },
        { "root", "payment-service is called by others, and 'charge card' is a root there" },
    };

    /// <summary>What looks like a fault, and is none.</summary>
    public static TheoryData<string> Right =>
    [
        "name: GET /profile/{id:int}", "name: POST /v1/orders", "name: sha256 of a file", "name: HTTP/2 settings", "name: read s3", "error: 503",
        "error: System.Net.Http.HttpRequestException", "error: card_refused", "shop.order=4242424242424241", "shop.time=1764147600000",
        "shop.package=OpenTelemetry@1.20.1", "shop.digits=1234567", "url.path=/healthy-food", "http.response.status_code=404", "http.response.status_code=200",
    ];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_fault_is_found_and_nothing_else(string fault, string says)
    {
        var list = await JudgeAsync(source => Make(source, fault));

        Assert.Contains(says, Assert.Single(list.Findings));
        Assert.False(list.Passed);
        Assert.Contains("1 point open", list.ToString());
        Assert.Contains("ck-bad", list.ToHtml());
    }

    [Theory]
    [MemberData(nameof(Right))]
    public async Task What_is_right_is_left_alone(string right) => Assert.Empty((await JudgeAsync(source => Make(source, right))).Findings);

    [Fact]
    public async Task Names_that_differ_by_one_digit_are_ids_too_and_one_digit_alone_is_not()
    {
        Assert.Empty((await JudgeAsync(source => Make(source, "name: step 2"))).Findings);
        Assert.Contains("Names hold no ids", Assert.Single((await JudgeAsync(source =>
        {
            Make(source, "name: step 2");
            Make(source, "name: step 3");
        })).Findings));
    }

    [Fact]
    public async Task Who_has_no_name_version_or_environment_is_found()
    {
        Assert.Contains("nobody gave it a name", (await JudgeAsync(s => Make(s, ""), resource => { })).Findings[0]);
        Assert.Contains("has no service.version", Assert.Single((await JudgeAsync(s => Make(s, ""), r => r.AddService("payment-service"))).Findings));
        Assert.Contains("has no deployment.environment.name",
            Assert.Single((await JudgeAsync(s => Make(s, ""), r => r.AddService("payment-service", serviceVersion: "1.0"))).Findings));
    }

    [Fact]
    public async Task A_span_that_stays_Unset_between_two_failures_is_found()
    {
        var list = await JudgeAsync(source =>
        {
            using var page = source.StartActivity("GET /profile/{id}", ActivityKind.Server, Caller);
            using (var render = source.StartActivity("render profile"))
            using (var call = source.StartActivity("GET", ActivityKind.Client))
                call!.SetStatus(ActivityStatusCode.Error).SetTag("error.type", "500");
            page!.SetStatus(ActivityStatusCode.Error).SetTag("error.type", "502");
        });

        Assert.Contains("'render profile' is Unset", Assert.Single(list.Findings));
    }

    [Fact]
    public async Task An_inner_service_is_known_by_its_callers()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        Send(receiver, "api-gateway", gateway =>
        {
            using var call = gateway.StartActivity("GET", ActivityKind.Client);
            var context = call!.Context;
            Activity.Current = null;
            Send(receiver, "user-service", user =>
            {
                user.StartActivity("GET /users/{id}", ActivityKind.Server, context)!.Dispose();
                user.StartActivity("refill cache")!.Dispose();
            });
        });

        Assert.Contains("user-service is called by others, and 'refill cache' is a root there", Assert.Single(Checklist.Of(receiver).Findings));
    }

    [Theory]
    [InlineData("/", "POST / 404")]
    [InlineData("/v1/trace", "There is nothing at /v1/trace")]
    public async Task What_never_arrived_is_told_by_its_request(string path, string says)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        Assert.Contains("No request has reached", Assert.Single(Checklist.Of(receiver).Findings));

        using var client = new HttpClient();
        using var body = new ByteArrayContent([]);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        using (await client.PostAsync(new Uri(receiver.Endpoint, "/v1/metrics"), body)) // of UseOtlpExporter: no fault
            Assert.Contains("No request has reached", Assert.Single(Checklist.Of(receiver).Findings));
        using (await client.PostAsync(receiver.TracesEndpoint, body))
            Assert.Contains("no span was in them", Assert.Single(Checklist.Of(receiver).Findings));
        using (await client.PostAsync(new Uri(receiver.Endpoint, path), body))
            Assert.Contains(says, Assert.Single(Checklist.Of(receiver).Findings));
    }

    private static void Make(ActivitySource source, string fault)
    {
        var (what, value) = fault.Split(": ", 2) is [var w, var v] ? (w, v) : (fault, "");
        using var span = source.StartActivity(what == "name" ? value : "charge card", ActivityKind.Server, what == "root" ? default : Caller)!;
        switch (what)
        {
            case "error":
                span.SetStatus(ActivityStatusCode.Error);
                if (value.Length > 0)
                    span.SetTag("error.type", value);
                break;
            case "description":
                span.SetStatus(ActivityStatusCode.Error, value).SetTag("error.type", "unknown_user");
                break;
            case "event":
                span.AddException(new InvalidOperationException(value));
                break;
            case "list":
                span.SetTag("shop.list", new[] { "one", value });
                break;
            default:
                if (fault.Split('=', 2) is [var key, var text])
                    span.SetTag(key, int.TryParse(text, out var number) ? number : text);
                break;
        }
    }

    private static async Task<Checklist> JudgeAsync(Action<ActivitySource> make, Action<ResourceBuilder>? resource = null)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        Send(receiver, "payment-service", make, resource);
        return Checklist.Of(receiver, "payment-service");
    }

    private static void Send(OtlpReceiver receiver, string service, Action<ActivitySource> make, Action<ResourceBuilder>? resource = null)
    {
        using var source = new ActivitySource($"checklist-{Guid.NewGuid():N}");
        using var provider = Sdk.CreateTracerProviderBuilder().AddSource(source.Name)
            .ConfigureResource(resource ?? (r => r.AddService(service, serviceVersion: "1.0").AddAttributes([new("deployment.environment.name", "test")])))
            .AddOtlpExporter(otlp => (otlp.Protocol, otlp.Endpoint) = (OtlpExportProtocol.HttpProtobuf, receiver.TracesEndpoint)).Build();
        Activity.Current = null;
        make(source);
    }
}
