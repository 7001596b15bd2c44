// Says: payment-service began a trace of its own
// Exercise 6.2: an edge that trusts no caller
sealed class EdgePropagator : DistributedContextPropagator
{
    static readonly DistributedContextPropagator W3C = CreateW3CPropagator();

    public override IReadOnlyCollection<string> Fields => W3C.Fields;

    public override void ExtractTraceIdAndState(object request, PropagatorGetterCallback get,
        out string traceparent, out string tracestate) =>
        (traceparent, tracestate) = (null, null);

    public override IEnumerable<KeyValuePair<string, string>> ExtractBaggage(
        object request, PropagatorGetterCallback get) =>
        null;

    public override void Inject(Activity activity, object request, PropagatorSetterCallback set) =>
        W3C.Inject(activity, request, set);
}

var answer62 = new SpanRecorder();
var payment = await LiveService.StartAsync("payment-service", answer62, app => app
    .MapGet("/payments/{user}", () => "12.50"),
    setUp: b => b.Services.AddSingleton<DistributedContextPropagator>(new EdgePropagator()));
var payments = payment.ClientThrough(new TracedCalls(gatewaySource));
var gateway = await LiveService.StartAsync("api-gateway", answer62, app => app
    .MapGet("/profile/{id}", async (HttpContext http, string id) =>
    {
        var sent = http.Request.Headers["traceparent"];
        if (ActivityContext.TryParse(sent, null, isRemote: true, out var caller))
            Activity.Current?.AddLink(new ActivityLink(caller));
        Activity.Current?.SetBaggage("shop.tenant.id", "acme");
        return await payments.GetStringAsync("/payments/" + id);
    }),
    setUp: builder =>
    {
        builder.Services.AddSingleton<DistributedContextPropagator>(new EdgePropagator());
    });

var calls62 = await Exercise62.FromOutsideAsync(gateway, payment);

Exercise62.Check(answer62, calls62)
