namespace TracingTutorial.Tests;

/// <summary>Answers that a learner may well give to an exercise, and a part of what its check must say to each.</summary>
internal static class WrongAnswers
{
    public static readonly (string Exercise, string Answer, string Says)[] All =
    [
        ("1.1", Answer11(source: "shop.warehouse", added: "shop.warehuose"), "Nothing was recorded"),
        ("1.1", Answer11(source: "Warehouse", added: "Warehouse"), "comes from the source 'Warehouse'"),
        ("1.1", Answer11(span: "Pick parcel"), "a span called 'Pick parcel'"),
        ("1.1", Answer11(times: 2), "2 spans were recorded"),
        ("1.1", Answer11(ends: false), "Nothing was recorded"),

        ("1.2", Answer12(""), "comes from the service 'unknown_service:"),
        ("1.2", Answer12(".ConfigureResource(r => r.AddService(\"shop.warehouse\"))"), "comes from the service 'shop.warehouse'"),
        ("1.2", Answer12(".ConfigureResource(r => r.AddService(\"warehouse\"))"), "service.version = 'nothing'"),
        ("1.2", Answer12(".ConfigureResource(r => r.AddService(\"warehouse\", serviceVersion: \"2.0.1\").AddAttributes([new(\"environment\", \"workshop\")]))"), "deployment.environment.name = 'nothing'"),
        ("1.2", "var answer12 = new SpanRecorder();", "'send parcel' is gone"),

        ("2.1", Answer21(name: "$\"checkout {orderId}\""), "'checkout A-1001' has a number in its name"),
        ("2.1", Answer21(name: "\"Checkout\""), "3 × 'Checkout'"),
        ("2.1", Answer21(key: "orderId"), "The attributes of the first 'checkout' are: orderId = A-1001"),
        ("2.1", Answer21(key: null), "The attributes of the first 'checkout' are: none"),
        ("2.1", Answer21(chargeKind: "Internal"), "'charge card' has the kind Internal"),
        ("2.1", Answer21(chargeKind: "Server"), "'charge card' has the kind Server"),
        ("2.1", Answer21(checkoutKind: "Server"), "'checkout' has the kind Server"),
        ("2.1", Answer21(afterwards: "checkout?.Dispose();"), "'checkout' is a root with 0 span(s) in it"),
        ("2.1", Answer21(charge: false), "Recorded were: 3 × 'checkout'."),
        ("2.2", Answer22(inCharge: "throw;", inCheckout: "throw;"), "'charge card' of order A-1002 has the status Unset"),
        ("2.2", Answer22(inCheckout: "throw;"), "'checkout' of order A-1002 has the status Unset"),
        ("2.2", Answer22(inCheckout: Fails), "The loop caught 0 exceptions"),
        ("2.2", Answer22(whenDone: "activity?.SetStatus(ActivityStatusCode.Ok);"), "worked has the status Ok"),
        ("2.2", Answer22(whenDone: "activity?.SetTag(\"error.type\", \"none\");"), "has the status Unset and error.type = none"),
        ("2.2", Answer22(inCharge: "activity?.SetStatus(ActivityStatusCode.Error); activity?.AddException(e); throw;"), "'charge card' of order A-1002 is an Error without a description"),
        ("2.2", Answer22(inCharge: "activity?.SetStatus(ActivityStatusCode.Error, e.Message); activity?.AddException(e); throw;"), "error.type = nothing"),
        ("2.2", Answer22(inCheckout: "activity?.SetStatus(ActivityStatusCode.Error, e.Message); activity?.SetTag(\"error.type\", e.Message); throw;"), "'checkout' of order A-1002 has error.type = The payment provider did not answer."),
        ("2.2", Answer22(inCharge: Fails + "throw;"), "'charge card' of order A-1002 has no event 'exception'"),
        ("2.2", Answer22(inCheckout: Fails + "activity?.AddException(e); throw;"), "'checkout' of order A-1002 has it too"),

        // Not awaited; started before the page; one awaited too early; something else than the page as the parent.
        ("3.1", Answer31("_ = LoadAsync(\"load address\", 20); _ = LoadAsync(\"load invoices\", 40); _ = LoadAsync(\"load messages\", 30);"), "is it awaited?"),
        ("3.1", Answer31("await Task.WhenAll(early, LoadAsync(\"load invoices\", 40), LoadAsync(\"load messages\", 30));", before: "var early = LoadAsync(\"load address\", 20);"), "There are 2 traces"),
        ("3.1", Answer31("await LoadAsync(\"load address\", 20); await Task.WhenAll(LoadAsync(\"load invoices\", 40), LoadAsync(\"load messages\", 30));"), "starts only when 'load address' has ended"),
        ("3.1", Answer31("using (pages.StartActivity(\"load all\")) await Task.WhenAll(LoadAsync(\"load address\", 20), LoadAsync(\"load invoices\", 40), LoadAsync(\"load messages\", 30));"), "The parent of 'load address' is 'load all'"),
        ("3.1", Answer31("all = Task.WhenAll(LoadAsync(\"load address\", 20), LoadAsync(\"load invoices\", 40), LoadAsync(\"load messages\", 30));", before: "Task all;", after: "await all;"), "the page did not wait for it"),

        ("3.2", Answer32("later.Add(() => PrintLabelAsync(Activity.Current?.Context ?? default));"), "'print label' has no parent"),
        ("3.2", Answer32("await PrintLabelAsync(Activity.Current?.Context ?? default);"), "still open"),
        ("3.2", Answer32("var cause = new ActivityContext(Activity.Current.TraceId, ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);\n        later.Add(() => PrintLabelAsync(cause));"), "below another span"),
        ("3.2", Answer32("var cause = new ActivityContext(ActivityTraceId.CreateRandom(), Activity.Current.SpanId, ActivityTraceFlags.Recorded);\n        later.Add(() => PrintLabelAsync(cause));"), "which is not 'confirm order'"),

        ("4.1", Answer41(inject: ""), "has no parent"),
        ("4.1", Answer41(parent: ""), "has no parent"),
        ("4.1", Answer41(inject: Inject41("call?.TraceId.ToString()")), "not a whole traceparent"),
        ("4.1", Answer41(inject: Inject41("server?.Id")), "is the Server span 'GET /profile/{id}'"),
        ("4.1", Answer41(extract: "ActivityContext.TryParse(http.Request.Headers[\"traceparent\"], null, out var caller);"), "takes its parent for a local one"),
        ("4.1", Answer41(kind: "Internal"), "no span of kind Server"),
        ("4.1", Answer41(inject: Inject41("$\"00-{call?.TraceId}-{ActivitySpanId.CreateRandom()}-01\"")), "is not in the trace"),
        ("4.2", Answer42(set: ""), "payment-service received: no header"),
        ("4.2", Answer42(record: ""), "has shop.tenant.id = 'nothing'"),
        ("4.2", Answer42(set: "Baggage.SetBaggage(\"shop.tenant.id\", tenant);"), "the baggage of the Activity"),
        ("4.2", Answer42(set: "", record: "Activity.Current?.SetTag(\"shop.tenant.id\", \"acme\");"), "payment-service received: no header"),
        ("4.2", Answer42(record: "Activity.Current?.SetTag(\"shop.tenant.id\", \"acme\");"), "In the request of globex"),
        ("4.2", Answer42(set: "Activity.Current?.SetBaggage(\"shop.tenant.id\", tenant).SetTag(\"shop.tenant.id\", tenant);"), "The Server span 'GET /{tenant}/profile/{id}' of api-gateway"),
        ("4.2", Answer42(set: "payments.DefaultRequestHeaders.Remove(\"baggage\"); payments.DefaultRequestHeaders.Add(\"baggage\", $\"shop.tenant.id={tenant}\");"), "user-service received: no header"),
        ("4.2", Answer42(set: "Activity.Current?.SetBaggage(\"tenant\", tenant);"), "payment-service received: tenant = acme"),

        // Protocol not set; path missing; not flushed; flushed after the first span; no name of the service.
        ("5.1", Answer51(protocol: ""), "No request came"),
        ("5.1", Answer51(endpoint: "answer51.Endpoint"), "A request came to '/' and was answered with 404"),
        ("5.1", Answer51(atEnd: ""), "'pack parcel' had not arrived when the cell ended"),
        ("5.1", Answer51(between: "provider51.ForceFlush();", atEnd: ""), "'send parcel' had not arrived when the cell ended"),
        ("5.1", Answer51(resource: ""), "comes from the service 'unknown_service"),
        ("5.1", Answer51(resource: ".ConfigureResource(resource => resource.AddService(\"shop.parcels\"))"), "comes from the service 'shop.parcels'"),
        // Half solved; a span's id; the fastest; the last; somewhere an error; no error at all.
        ("5.2", Answer52(slowest: "\"\""), "slowest52 is still empty"),
        ("5.2", Answer52(slowest: "backend52.Spans.MaxBy(span => span.Duration).SpanId"), "slowest52 is the id of a span"),
        ("5.2", Answer52(slowest: "traces52.OrderBy(trace => trace.Duration).First().TraceId"), "39 of the 40 took longer"),
        ("5.2", Answer52(slowest: "traces52.First(trace => trace.Duration < traces52.Max(t => t.Duration)).TraceId"), "took longer."),
        ("5.2", Answer52(slowest: "\"0af7651916cd43dd8448eb211c80319c\""), "the backend has no trace with this id"),
        ("5.2", Answer52(failed: "\"\""), "failed52 is still empty"),
        ("5.2", Answer52(failed: "traces52.First(trace => trace.HasErrors).TraceId"), "the user was told 404"),
        ("5.2", Answer52(failed: "slowest52"), "All the 7 spans of this trace went well"),

        // Entries for WrongAnswers.All
        ("6.1", Answer61("return new(path?.StartsWith(\"/health\") == true && isRoot ? SamplingDecision.Drop : others.ShouldSample(parameters).Decision);"), "url.path = /healthy-recipes was answered with Drop"),
        ("6.1", Answer61("return path == \"/health\" && isRoot ? new(SamplingDecision.Drop) : others.ShouldSample(parameters);"), "url.path = /health/ready was answered with RecordAndSample"),
        ("6.1", Answer61("return path?.Contains(\"/health\") == true ? new(SamplingDecision.Drop) : others.ShouldSample(parameters);"), "Other paths are not taken"),
        ("6.1", Answer61("return isHealthCheck ? new(SamplingDecision.Drop) : others.ShouldSample(parameters);"), "span with url.path = /health was sampled, the span is not"),
        ("6.1", Answer61("return isHealthCheck && isRoot ? new(SamplingDecision.Drop) : new TraceIdRatioBasedSampler(ratio).ShouldSample(parameters);"), "parent of a span with url.path = /profile/7 was sampled, the span is not"),
        ("6.1", Answer61("return isHealthCheck && isRoot ? new(SamplingDecision.Drop) : new ParentBasedSampler(new TraceIdRatioBasedSampler(0.05)).ShouldSample(parameters);"), "With the ratio 0.5, TraceIdRatioBasedSampler answers otherwise"),
        ("6.1", Answer61("return isRoot && isHealthCheck ? new(SamplingDecision.Drop) : isRoot ? new(Random.Shared.NextDouble() < ratio || parameters.TraceId.ToHexString().StartsWith(\"00\")) : others.ShouldSample(parameters);"), "TraceIdRatioBasedSampler answers otherwise than yours"),
        ("6.1", Answer61("if (parameters.Tags.Any(t => t.Key == \"url.path\" && (t.Value as string) is \"/health\" or \"/health/ready\")) return new(SamplingDecision.Drop);\n        return others.ShouldSample(parameters);"), "could not look at this yet (ArgumentNullException"),
        ("6.2", Answer62("s.ParentSpanId == default && s.Status == ActivityStatusCode.Error", "s.Duration > second", 0.04), "one of its spans has the status Error"),
        ("6.2", Answer62("false", "s.Duration > second", 0.1), "one of its spans has the status Error"),
        ("6.2", Answer62("s.Status == ActivityStatusCode.Error", "s.Duration > 2 * second", 0.04), "its root took longer than one second"),
        ("6.2", Answer62("s.Status == ActivityStatusCode.Error", "s.Duration > second", 0.1), "The budget is met"),
        ("6.2", Answer62("s.Status == ActivityStatusCode.Error", "s.Duration > second", 0), "Then nobody can say what is normal"),
        ("6.2", "Func<IReadOnlyList<Activity>, bool> answer62 = t => t.Any(s => s.Status == ActivityStatusCode.Error || s.Duration > TimeSpan.FromSeconds(1) && s.ParentSpanId == default) || Random.Shared.NextDouble() < 0.04;", "Two Collectors would disagree"),
        ("6.2", "Func<IReadOnlyList<Activity>, bool> answer62 = t => t.First(s => s.Kind == ActivityKind.Consumer).Duration > TimeSpan.Zero;", "the policy threw InvalidOperationException"),

        // Entries for WrongAnswers.All
        ("7.1", Answer71("user-service", "SELECT articles", trace: "Typical(before, user: \"7\")"), "is a page of version 1.4.2"),
        ("7.1", Answer71("user-service", "SELECT articles", trace: "after.First(p => Answer(p) == 502)"), "was answered with 502"),
        ("7.1", Answer71("payment-service", "GET /payments/{userId}"), "most of that time is somewhere else"),
        ("7.1", Answer71("user-service", "SELECT users"), "the same user's page before the deployment, 'SELECT users' took"),
        ("7.1", Answer71("user-service", "SELECT orders"), "Something explains more"),
        ("7.1", Answer71("user-service", "GET /users/{id}"), "It waits for others"),
        ("7.1", Answer71("api-gateway", "GET /profile/{id}"), "It waits for others"),
        ("7.1", Answer71("api-gateway", "GET"), "It waits for others"),
        ("7.1", Answer71("user-service", "SELECT orders articles"), "user-service has no span 'SELECT orders articles'"),
        ("7.1", Answer71("database", "SELECT articles"), "has no span of a service 'database'"),
        ("7.2", Answer72("api-gateway", "GET", "http.request.resend_count", trace: "after.First(p => Answer(p) == 200)"), "was answered with 200"),
        ("7.2", Answer72("payment-service", "GET /payments/{userId}", "http.request.resend_count"), "it is only asked more often"),
        ("7.2", Answer72("user-service", "SELECT articles", "db.query.text"), "So it slows all pages"),
        ("7.2", Answer72("user-service", "GET /users/{id}", "http.route"), "most of that time is somewhere else"),
        ("7.2", Answer72("api-gateway", "GET /profile/{id}", "http.request.resend_count"), "It waits for others"),
        ("7.2", Answer72("api-gateway", "GET /payments/{userId}", "http.request.resend_count"), "Its spans there: GET /profile/{id}, GET."),
        ("7.2", Answer72("api-gateway", "GET", "error.type"), "'error.type' is on a span 'GET' of trace"),
        ("7.2", Answer72("api-gateway", "GET", "retry.count"), "has an attribute 'retry.count'"),
    ];

    private static string Answer11(
        string source = "shop.warehouse", string added = "shop.warehouse", string span = "pick parcel", int times = 1, bool ends = true) =>
        $$"""
        // Exercise 1.1: a source and a span of your own
        var answer11 = new SpanRecorder();
        var warehouse = new ActivitySource("{{source}}");
        using (Sdk.CreateTracerProviderBuilder().AddSource("{{added}}").AddProcessor(new SimpleActivityExportProcessor(answer11)).Build())
        {
            for (var i = 0; i < {{times}}; i++)
            {
                var activity = warehouse.StartActivity("{{span}}");
                {{(ends ? "activity?.Dispose();" : "")}}
            }
        }
        """;

    private static string Answer12(string resource) =>
        $$"""
        // Exercise 1.2: say who is speaking
        var answer12 = new SpanRecorder();
        var parcels = new ActivitySource("shop.parcels");
        using (Sdk.CreateTracerProviderBuilder()
            {{resource}}
            .AddSource("shop.parcels").AddProcessor(new SimpleActivityExportProcessor(answer12)).Build())
        {
            using (parcels.StartActivity("send parcel")) { }
        }
        """;

    private const string Fails =
        "activity?.SetStatus(ActivityStatusCode.Error, e.Message); activity?.SetTag(\"error.type\", e.GetType().FullName); ";

    private static string Answer21(
        string name = "\"checkout\"", string? key = "shop.order.id", string checkoutKind = "Internal", string chargeKind = "Client", string afterwards = "", bool charge = true) =>
        $$"""
        // Exercise 2.1: a checkout that can be found
        var answer21 = new SpanRecorder();
        var shop21 = new ActivitySource("shop.exercise21");
        async Task Checkout21(string orderId, double total)
        {
            using var checkout = shop21.StartActivity({{name}}, ActivityKind.{{checkoutKind}});
            {{(key is null ? "" : $"checkout?.SetTag(\"{key}\", orderId);")}}
            await Task.Delay(1);
            {{afterwards}}
            {{(charge ? $"using var card = shop21.StartActivity(\"charge card\", ActivityKind.{chargeKind});" : "")}}
            await Task.Delay(1);
        }
        using (Sdk.CreateTracerProviderBuilder().AddSource("shop.exercise21").AddProcessor(new SimpleActivityExportProcessor(answer21)).Build())
        {
            foreach (var order in new[] { "A-1001", "A-1002", "A-1003" })
                await Checkout21(order, 20);
        }
        """;

    private static string Answer22(string inCharge = Fails + "activity?.AddException(e); throw;", string inCheckout = Fails + "throw;", string whenDone = "") =>
        $$"""
        // Exercise 2.2: a failure that shows
        var answer22 = new SpanRecorder();
        var shop22 = new ActivitySource("shop.exercise22");
        var apologies22 = 0;
        async Task Checkout22(string orderId, double total)
        {
            using var activity = shop22.StartActivity("checkout");
            activity?.SetTag("shop.order.id", orderId);
            try { await ChargeCard22(total); }
            catch (Exception e) { {{inCheckout}} }
            {{whenDone}}
        }
        async Task ChargeCard22(double total)
        {
            using var activity = shop22.StartActivity("charge card", ActivityKind.Client);
            try
            {
                await Task.Delay(1);
                if (total > 500)
                    throw new TimeoutException("The payment provider did not answer.");
            }
            catch (Exception e) { {{inCharge}} }
        }
        using (Sdk.CreateTracerProviderBuilder().AddSource("shop.exercise22").AddProcessor(new SimpleActivityExportProcessor(answer22)).Build())
        {
            foreach (var (order, total) in new[] { ("A-1001", 20.00), ("A-1002", 949.50), ("A-1003", 45.90) })
            {
                try { await Checkout22(order, total); }
                catch (TimeoutException) { apologies22++; }
            }
        }
        """;

    private static string Answer31(string load, string before = "", string after = "") =>
        $$"""
        // Exercise 3.1: load what the page needs at the same time
        var answer31 = new SpanRecorder();
        using (Sdk.CreateTracerProviderBuilder().AddSource("shop.pages").AddProcessor(new SimpleActivityExportProcessor(answer31)).Build())
        {
            {{before}}
            using (pages.StartActivity("show account"))
            {
                {{load}}
            }
            {{after}}
        }
        """;

    private static string Answer32(string job) =>
        $$"""
        // Exercise 3.2: a job that knows what caused it
        var answer32 = new SpanRecorder();
        var later = new List<Func<Task>>();
        async Task PrintLabelAsync(ActivityContext parent)
        {
            using var activity = pages.StartActivity("print label", ActivityKind.Internal, parent);
            await Task.Delay(5);
        }
        using (Sdk.CreateTracerProviderBuilder().AddSource("shop.pages").AddProcessor(new SimpleActivityExportProcessor(answer32)).Build())
        {
            using (pages.StartActivity("confirm order"))
            {
                {{job}}
            }
            foreach (var job in later)
                await job();
        }
        """;

    private static string Inject41(string value) => $"request.Headers.Add(\"traceparent\", {value});";

    private static string Answer41(
        string extract = "ActivityContext.TryParse(http.Request.Headers[\"traceparent\"], null, isRemote: true, out var caller);",
        string parent = ", caller", string inject = "request.Headers.Add(\"traceparent\", call?.Id);", string kind = "Server") =>
        $$"""
        // Exercise 4.1: join payment-service to the trace
        var answer41 = new SpanRecorder();
        await using (var payment = await StartAsync(Service("payment-service", answer41), app => app
            .MapGet("/payments/{user}", (HttpContext http) =>
            {
                {{extract}}
                using var server = paymentSource.StartActivity("GET /payments/{user}", ActivityKind.{{kind}}{{parent}});
                return "12.50";
            })))
        await using (var gateway = await StartAsync(Service("api-gateway", answer41), app => app
            .MapGet("/profile/{id}", async (string id) =>
            {
                using var server = gatewaySource.StartActivity("GET /profile/{id}", ActivityKind.Server);
                using var call = gatewaySource.StartActivity("GET", ActivityKind.Client);
                using var request = new HttpRequestMessage(HttpMethod.Get, "/payments/" + id);
                {{inject}}
                using var response = await payment.GetTestClient().SendAsync(request);
                return await response.Content.ReadAsStringAsync();
            })))
        {
            await gateway.GetTestClient().GetStringAsync("/profile/42");
        }
        """;

    private static string Answer42(
        string set = "Activity.Current?.SetBaggage(\"shop.tenant.id\", tenant);",
        string record = "Activity.Current?.SetTag(\"shop.tenant.id\", Activity.Current.GetBaggageItem(\"shop.tenant.id\"));") =>
        $$"""
        // Exercise 4.2: the tenant travels as baggage
        var answer42 = new SpanRecorder();
        var wire42 = new ConcurrentQueue<(string Service, string Baggage)>();
        await using (var user = await StartAsync(TracedService(userSource, answer42), app => app
            .MapGet("/users/{id}", (HttpContext http) =>
            {
                wire42.Enqueue(("user-service", http.Request.Headers["baggage"]));
                return "Ada";
            })))
        await using (var payment = await StartAsync(TracedService(paymentSource, answer42), app => app
            .MapGet("/payments/{user}", (HttpContext http) =>
            {
                wire42.Enqueue(("payment-service", http.Request.Headers["baggage"]));
                {{record}}
                return "12.50";
            })))
        using (var users = Client(gatewaySource, user))
        using (var payments = Client(gatewaySource, payment))
        await using (var gateway = await StartAsync(TracedService(gatewaySource, answer42), app => app
            .MapGet("/{tenant}/profile/{id}", async (string tenant, string id) =>
            {
                {{set}}
                return await users.GetStringAsync("/users/" + id) + await payments.GetStringAsync("/payments/" + id);
            })))
        using (var browser = gateway.GetTestClient())
        {
            await browser.GetStringAsync("/acme/profile/42");
            await browser.GetStringAsync("/globex/profile/7");
            await answer42.WaitForAsync(10);
        }
        """;

    private static string Answer51(
        string resource = ".ConfigureResource(resource => resource.AddService(\"parcels\"))",
        string protocol = "otlp.Protocol = OtlpExportProtocol.HttpProtobuf;", string endpoint = "answer51.TracesEndpoint",
        string between = "", string atEnd = "provider51.ForceFlush();") =>
        $$"""
        // Exercise 5.1: both spans in the backend, before the program ends
        var answer51 = await OtlpReceiver.StartAsync();
        var parcels51 = new ActivitySource("shop.parcels");
        var provider51 = Sdk.CreateTracerProviderBuilder()
            {{resource}}
            .AddSource("shop.parcels")
            .AddOtlpExporter(otlp =>
            {
                {{protocol}}
                otlp.Endpoint = {{endpoint}};
                otlp.TimeoutMilliseconds = 2_000;
            })
            .Build();
        using (parcels51.StartActivity("pack parcel")) { }
        {{between}}
        using (parcels51.StartActivity("send parcel")) { }
        {{atEnd}}
        var arrived51 = answer51.Spans;
        Console.WriteLine($"{arrived51.Count} of 2 spans have arrived.");
        provider51.Dispose();
        """;

    private static string Answer52(
        string slowest = "traces52.MaxBy(trace => trace.Duration).TraceId",
        string failed = "traces52.Single(trace => trace.Root.Status == ActivityStatusCode.Error).TraceId") =>
        $$"""
        // Exercise 5.2: ask the backend
        var traces52 = backend52.Traces;
        string slowest52 = {{slowest}};
        string failed52 = {{failed}};
        SpanTable.Of(traces52.Take(5).Select(trace => trace.Root))
        """;

    private static string Answer61(string body) => $$"""
        sealed class ShopSampler(double ratio) : Sampler
        {
            private readonly Sampler others = new ParentBasedSampler(new TraceIdRatioBasedSampler(ratio));

            public override SamplingResult ShouldSample(in SamplingParameters parameters)
            {
                var path = parameters.Tags?.FirstOrDefault(t => t.Key == "url.path").Value as string;
                var isHealthCheck = path == "/health" || path?.StartsWith("/health/") == true;
                var isRoot = parameters.ParentContext.TraceId == default;
                {{body}}
            }
        }
        """;

    private static string Answer62(string error, string slow, double ratio) => $$"""
        var second = TimeSpan.FromSeconds(1);
        var rest = new TraceIdRatioBasedSampler({{ratio.ToString(System.Globalization.CultureInfo.InvariantCulture)}});
        Func<IReadOnlyList<Activity>, bool> answer62 = spansOfTrace =>
            spansOfTrace.Any(s => {{error}})
            || spansOfTrace.Any(s => s.ParentSpanId == default && {{slow}})
            || rest.ShouldSample(new SamplingParameters(default, spansOfTrace[0].TraceId, "", ActivityKind.Server)).Decision == SamplingDecision.RecordAndSample;
        """;

    private static string Answer71(string service, string operation, string trace = "after.Where(p => Answer(p) == 200).MaxBy(p => p.Duration)") => $"""
        var slow71 = {trace};
        var answer71 = (Service: "{service}", Operation: "{operation}", TraceId: slow71.TraceId);
        """;

    private static string Answer72(string service, string operation, string attribute, string trace = "after.Where(p => Answer(p) == 502).MaxBy(p => p.Duration)") => $"""
        var slow72 = {trace};
        var answer72 = (Service: "{service}", Operation: "{operation}", Attribute: "{attribute}", TraceId: slow72.TraceId);
        """;
}
