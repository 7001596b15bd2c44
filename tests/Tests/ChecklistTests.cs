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
    private static readonly ActivityContext Caller = new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(),
        ActivityTraceFlags.Recorded, isRemote: true);

    /// <summary>One span, below a caller, with a fault; and what the list says of it.</summary>
    public static TheoryData<string, string> Faults => new()
    {
        { "name: charge card of user 42", "Names hold no ids: 'charge card of user 42' has an id" },
        { "name: GET /payments/7", "Names hold no ids" },
        { "name: order 4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "Names hold no ids" },
        { "name: trace 4bf92f3577b34da6", "Names hold no ids" },
        { "name: mail to ada@example.com", "a mail address, in its name." },
        { "error: ", "A failed span has Error and an error.type: 'charge card' failed, and has no error.type" },
        { "error: The card was refused.", "It is for counting" },
        { "error: order-48213", "It is for counting" },
        { "http.response.status_code=503", "'charge card' has the status code 503, and its span is Unset" },
        { "shop.buyer=Ada <ada.l@example.com>", "a mail address, in shop.buyer." },
        { "url.full=https://shop:secret@example.com/pay", "a password, a key or a token, in url.full." },
        { "url.query=?mail=ada.king%40shop.example", "a mail address, in url.query." },
        { "url.full=https://ada.king%40shop.example@crm.example/", "a mail address, in url.full." },
        { "url.full=https://shop.example/login?next=%2Fme%3Fmail%3Dada.king%2540shop.example", "a mail address" },
        { "url.full=https://shop.example/?q=ada%25252540shop.example", "a mail address" },
        { "url.full=https://shop.example/pay?card=4000+0000+0000+0002", "a card number, in url.full." },
        { "url.query=?card=4000%200000%200000%200002", "a card number" },
        { "url.query=?card=4000%252B0000%252B0000%252B0002", "a card number" },
        { "shop.body={\"mail\":\"ada\\u0040example.com\"}", "a mail address, in shop.body." },
        { "shop.body={\"card\": \"4000 0000 0000 0002\", \"until\": \"12/27\"}", "a card number" },
        { "shop.page=<b>ada&#64;example.com</b>", "a mail address" },
        { "shop.page=ada&commat;m\u00fcller.example", "a mail address" },
        { "shop.card=4000.0000.0000.0002", "a card number" },
        { "shop.card=4000\u00a00000\u00a00000\u00a00002", "a card number" },
        { "shop.card=card_4000000000000002", "a card number" },
        { "shop.card=2223 0031 2200 3222", "a card number" },       // Mastercard's newer numbers
        { "shop.card=3782 822463 10005", "a card number" },
        { "number: 4000000000000002", "a card number, in shop.number." },
        { "double: 4000000000000002", "a card number, in shop.number." },
        { "list: \u0022ada\\x40example.com\u0022", "a mail address, in shop.list." },
        { "event: the card 4000%200000%200000%200002 was refused", "a card number, in exception: exception.message." },
        { "event name: charged 4000 0000 0000 0002", "a card number, in the name of an event." },
        { "event tag: ada%40example.com", "a mail address, in paid: shop.by." },
        { "link: ada%2540example.com", "a mail address, in link: shop.by." },
        { "key: ada@example.com", "a mail address, in the key of an attribute." },
        { "name: mail to ada%40example.com", "a mail address, in its name." },
        { "description: ada%40example.com is unknown", "a mail address, in its status." },
        { "http.request.header.authorization=Bearer 2YotnFZFEjr1zCsicMWpAA", "a password, a key or a token" },
        { "shop.sent=Authorization: Basic YWRhOnNlY3JldA==", "a password, a key or a token" },
        { "shop.note=it was eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl", "a password, a key or a token" },
        { "shop.password=correct horse", "a password, a key or a token, in shop.password." },
        { "shop.api_key=0ee0646c", "a password, a key or a token" },
        { "db.connection=Server=db;User Id=shop;Password=correct-horse;", "a password, a key or a token" },
        { "shop.body={\"user\":\"ada\",\"password\":\"correct horse\"}", "a password, a key or a token" },
        { "url.query=?user=ada&access_token=2YotnFZFEjr1zCsicMWpAA", "a password, a key or a token" },
        { "shop.account=DE89 3704 0044 0532 0130 00", "an IBAN, in shop.account." },
        { "url.query=?to=GB29NWBK60161331926819&amount=5", "an IBAN" },
        { "shop.call=+49 170 1234567", "a phone number, in shop.call." },
        { "url.query=?tel=%2B49%20170%201234567", "a phone number" },
        { "shop.phone=0170 1234567", "a phone number, in shop.phone." },
        { "name: load order 7", "Names hold no ids: 'load order 7'" },
        { "name: invoice 4711", "Names hold no ids" },
        { "id: load cart of anna", "Names hold no ids: 'load cart of anna'" },
        { "route: load cart of anna", "Names hold no ids: 'load cart of anna'" },
        { "error: 4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "It is for counting" },
        { "shop.card=4242 4242 4242 4242", "a card number, in shop.card." },
        { "shop.card=4242-4242-4242-4242", "a card number, in shop.card." },
        { "description: The bank refused 4000 0000 0000 0002.", "a card number, in its status." },
        { "shop.note=paid with 378282246310005, thanks", "a card number, in shop.note." },
        { "description: ada@example.com is unknown", "a mail address, in its status." },
        { "event: ada@example.com is unknown", "a mail address, in exception: exception.message." },
        { "list: ada@example.com", "a mail address, in shop.list." },
        { "url.path=/health", "Health checks are filtered: 'charge card' is recorded" },
        { "http.route=/healthz/ready", "Health checks are filtered" },
        { "url.path=/healthcheck", "Health checks are filtered" },
        { "url.path=/health-check", "Health checks are filtered" },
        { "url.path=/hc", "Health checks are filtered" },
        { "url.path=/status", "Health checks are filtered" },
        { "url.path=/api/v1/status", "Health checks are filtered" },
        { "url.path=/actuator/health/liveness", "Health checks are filtered" },
        { "http.route=/readiness", "Health checks are filtered" },
        { "name: GET /livez", "Health checks are filtered" },
        { "user_agent.original=kube-probe/1.34", "Health checks are filtered" },
        { "root", "payment-service is called by others, and 'charge card' is a root there" },
    };

    /// <summary>What looks like a fault, and is none.</summary>
    public static TheoryData<string> Right =>
    [
        "name: GET /profile/{id:int}", "name: POST /v1/orders", "name: sha256 of a file", "name: HTTP/2 settings", "name: read s3",
        "error: 503",
        "error: System.Net.Http.HttpRequestException", "error: card_refused", "shop.order=4242424242424241", "shop.time=1764147600000",
        "shop.package=OpenTelemetry@1.20.1", "shop.digits=1234567", "url.path=/healthy-food", "http.response.status_code=404",
        "http.response.status_code=200",
        "shop.build=built from shop@1.4.beta", "shop.build=shop%401.4.beta", "shop.package=@angular/core@17.0.0",
        "shop.package=core@17.0.0-rc.next", "shop.package=lodash@4.x.beta",
        "shop.package=pkg@2.dev", "shop.image=node@20.lts", "shop.image=icon@2x.avif", "shop.line=Main@Program.cs",
        "shop.package=react@next.canary", "shop.from=git@github.com:shop/shop.git",
        "shop.from=ssh://git@github.com/shop", "shop.image=logo@2x.png",
        "shop.action=actions/checkout@v4.1.2", "url.full=https://REDACTED:REDACTED@example.com/",
        "url.full=postgres://app@db.example.com/orders", "url.query=?mail=Redacted&password=Redacted",
        "shop.password=***", "db.query.text=SELECT id FROM users WHERE password = @p0 AND token = $1", "shop.tokens=512", "shop.token=512",
        "shop.page_token=CAUQAA", "url.query=?page_token=CAUQAA12",
        "shop.note=Basic functionality, Bearer authentication", "shop.note=the password is wrong", "shop.trace=be68539007547034",
        "shop.trace=00-4bf92f3577b34da6a3ce929d0e0e4736-4242424242424242-01",
        "shop.account=DE88 3704 0044 0532 0130 00", "shop.card=4000 0000 0000 0003", "shop.ticks=639000000000000000",
        "shop.ratio=0.4242424242424242", "shop.when=2026-03-02T08:00:00+01:00",
        "shop.sum=1+2345678", "shop.count=4000 5000 6000", "name: GET /api/2024/things", "name: top 10 products", "name: step 1",
        "name: retry 3 of 5", "name: step 1/2", "name: sha1 of 2 files", "name: GET /v2/orders/{id}",
        "id: step 7", "fixed route: GET /things/7/all", "error: 23505", "error: 1052", "error: 57P01", "error: ORA-00942",
        "error: -2146232060", "error: System.Net.Http.HttpRequestException`1", "error: 500",
        "code: 1234567", "url.path=/status/{order}", "url.path=/articles/health", "url.path=/orders/7/status", "url.path=/ready-made",
        "url.path=/upload", "url.path=/live/concerts",
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

    [Theory]
    [InlineData(true, "import 2", "import 3")]
    [InlineData(true, "GET /report/2024", "GET /report/2025")]
    [InlineData(false, "import 2", "import 2")]
    [InlineData(false, "step 2", "step 3")]
    [InlineData(false, "part A 1", "part A 2", "part A 3")]
    [InlineData(false, "top 10 products", "top 20 products")]
    [InlineData(false, "sha1 of a file", "sha256 of a file")]
    public async Task Names_that_differ_by_a_number_are_ids_unless_they_are_numbered_steps(bool found, params string[] names) =>
        Assert.Equal(found,
        (await JudgeAsync(source => Array.ForEach(names, name => Make(source, $"name: {name}")))).Findings is [var finding]
            && finding.StartsWith("Names hold no ids", StringComparison.Ordinal));

    [Fact]
    public async Task Who_has_no_name_version_or_environment_is_found()
    {
        Assert.Contains("its name was not set", (await JudgeAsync(s => Make(s, ""), resource => { })).Findings[0]);
        Assert.Contains("has no service.version",
            Assert.Single((await JudgeAsync(s => Make(s, ""), r => r.AddService("payment-service"))).Findings));
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

    [Theory]
    [InlineData(true, "System.TimeoutException", false)]
    [InlineData(true, "System.TimeoutException", true)]     // an earlier step that worked changes nothing
    [InlineData(false, "500", false)]                       // no exception came through
    [InlineData(false, "card_refused", true)]
    public async Task The_last_step_before_an_exception_that_stays_Unset_is_found(bool found, string errorType, bool another)
    {
        var list = await JudgeAsync(source =>
        {
            using var page = source.StartActivity("GET /payments/{user}", ActivityKind.Server, Caller);
            if (another)
                source.StartActivity("SELECT users", ActivityKind.Client)!.Dispose();
            source.StartActivity("SELECT payments", ActivityKind.Client)!.Dispose();
            page!.SetStatus(ActivityStatusCode.Error).SetTag("error.type", errorType);
        });

        if (found)
            Assert.Contains("'SELECT payments' is Unset, and it is the last step", Assert.Single(list.Findings));
        else
            Assert.Empty(list.Findings);
    }

    [Theory]
    [InlineData("a failed step")]
    [InlineData("an answer of 200")]
    [InlineData("a library's span")]
    public async Task A_last_step_that_is_known_to_have_worked_or_failed_is_left_alone(string step)
    {
        var list = await JudgeAsync(source =>
        {
            using var library = new ActivitySource("Npgsql");
            using var page = source.StartActivity("GET /payments/{user}", ActivityKind.Server, Caller);
            using (var child = (step == "a library's span" ? library : source).StartActivity("SELECT payments", ActivityKind.Client))
            {
                if (step == "a failed step")
                    child!.SetStatus(ActivityStatusCode.Error).SetTag("error.type", "System.TimeoutException");
                else
                    child!.SetTag("http.response.status_code", step == "an answer of 200" ? 200 : null);
            }

            page!.SetStatus(ActivityStatusCode.Error).SetTag("error.type", "System.TimeoutException");
        }, listen: ["Npgsql"]);

        Assert.Empty(list.Findings);
    }

    [Theory]
    [InlineData("a request", "user-service is called by others, and 'refill cache' is a root there: a header got lost")]
    [InlineData("work during a request", "'refill cache' is a root there, which starts while a request runs")]
    [InlineData("a timer", null)]
    [InlineData("a timer that once ticks during a request", null)]
    public async Task An_inner_service_is_known_by_its_callers_and_its_timers_are_not_accused(string root, string? says)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        Send(receiver, "api-gateway", gateway =>
        {
            using var call = gateway.StartActivity("GET", ActivityKind.Client);
            var context = call!.Context;
            Activity.Current = null;
            Send(receiver, "user-service", user =>
            {
                using (user.StartActivity("GET /users/{id}", ActivityKind.Server, context))
                {
                    Activity.Current = null;
                    if (root.EndsWith("during a request", StringComparison.Ordinal))
                        user.StartActivity("refill cache")!.Dispose();
                }

                Activity.Current = null;
                if (root != "work during a request")
                    user.StartActivity("refill cache", root == "a request" ? ActivityKind.Server : ActivityKind.Internal)!.Dispose();
            });
        });

        var findings = Checklist.Of(receiver).Findings;
        if (says is null)
            Assert.Empty(findings);
        else
            Assert.Contains(says, Assert.Single(findings));
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
            Assert.Contains("they contained no span", Assert.Single(Checklist.Of(receiver).Findings));
        using (await client.PostAsync(new Uri(receiver.Endpoint, path), body))
            Assert.Contains(says, Assert.Single(Checklist.Of(receiver).Findings));
    }

    private static void Make(ActivitySource source, string fault)
    {
        var (what, value) = fault.Split(": ", 2) is [var w, var v] ? (w, v) : (fault, "");
        using var span = source.StartActivity(what == "name" ? value : "charge card", ActivityKind.Server, what == "root" ? default
            : Caller)!;
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
            case "event name":
                span.AddEvent(new(value));
                break;
            case "event tag":
                span.AddEvent(new("paid", tags: new([new("shop.by", value)])));
                break;
            case "link":
                span.AddLink(new(Caller, new([new("shop.by", value)])));
                break;
            case "key":
                span.SetTag(value, true);
                break;
            case "number":
                span.SetTag("shop.number", long.Parse(value));
                break;
            case "double":
                span.SetTag("shop.number", (double)long.Parse(value));
                break;
            case "id":
                span.DisplayName = value;
                span.SetTag("shop.user", value.Split(' ')[^1]);
                break;
            case "route":
                span.DisplayName = value;
                span.SetTag("http.route", "/carts/{user}/articles").SetTag("url.path", "/carts/anna/articles");
                break;
            case "fixed route":
                span.DisplayName = value;
                span.SetTag("http.route", value.Split(' ')[^1]).SetTag("url.path", value.Split(' ')[^1]);
                break;
            case "code":
                span.SetStatus(ActivityStatusCode.Error).SetTag("error.type", value).SetTag("db.response.status_code", value);
                break;
            default:
                if (fault.Split('=', 2) is [var key, var text])
                    span.SetTag(key, int.TryParse(text, out var number) ? number : text);
                break;
        }
    }

    private static async Task<Checklist> JudgeAsync(Action<ActivitySource> make, Action<ResourceBuilder>? resource = null,
        params string[] listen)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        Send(receiver, "payment-service", make, resource, listen);
        return Checklist.Of(receiver, "payment-service");
    }

    private static void Send(OtlpReceiver receiver, string service, Action<ActivitySource> make, Action<ResourceBuilder>? resource = null,
        params string[] listen)
    {
        using var source = new ActivitySource($"checklist-{Guid.NewGuid():N}");
        using var provider = Sdk.CreateTracerProviderBuilder().AddSource([source.Name, .. listen])
            .ConfigureResource(resource
            ?? (r => r.AddService(service, serviceVersion: "1.0").AddAttributes([new("deployment.environment.name", "test")])))
            .AddOtlpExporter(otlp => (otlp.Protocol, otlp.Endpoint) = (OtlpExportProtocol.HttpProtobuf, receiver.TracesEndpoint)).Build();
        Activity.Current = null;
        make(source);
    }
}
