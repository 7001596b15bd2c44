// Exercise 6.2: an edge that trusts no caller
sealed class EdgePropagator : DistributedContextPropagator
{
    static readonly DistributedContextPropagator W3C = CreateW3CPropagator();

    public override IReadOnlyCollection<string> Fields => W3C.Fields;

    public override void ExtractTraceIdAndState(object request, PropagatorGetterCallback get, out string traceparent, out string tracestate) =>
        W3C.ExtractTraceIdAndState(request, Nothing, out traceparent, out tracestate);

    public override IEnumerable<KeyValuePair<string, string>> ExtractBaggage(object request, PropagatorGetterCallback get) => [];

    static void Nothing(object request, string name, out string value, out IEnumerable<string> values) => (value, values) = (null, null);

    public override void Inject(Activity activity, object request, PropagatorSetterCallback set) =>
        W3C.Inject(activity, request, set);
}

static class W3CContext
{
    public static ActivityContext Of(HttpContext http) =>
        ActivityContext.TryParse(http.Request.Headers.TraceParent, http.Request.Headers.TraceState, true, out var context) ? context : default;
}

var answer62 = new SpanRecorder();
var payment = await LiveService.StartAsync("payment-service", answer62, app => app
    .MapGet("/payments/{user}", () => "12.50"));
var payments = payment.ClientThrough(new TracedCalls(gatewaySource));
var gateway = await LiveService.StartAsync("api-gateway", answer62, app => app
    .MapGet("/profile/{id}", async (HttpContext http, string id) =>
    {
        var context = W3CContext.Of(http);
        if (context != default)
            Activity.Current?.AddLink(new(context));
        Activity.Current?.SetBaggage("shop.tenant.id", "acme");
        return await payments.GetStringAsync("/payments/" + id);
    }),
    setUp: builder =>
    {
        builder.Services.AddSingleton<DistributedContextPropagator>(new EdgePropagator());
    });

var calls62 = await Exercise62.FromOutsideAsync(gateway, payment);

Exercise62.Check(answer62, calls62)
