// Exercise 5.1: join payment-service to the trace
var answer51 = new SpanRecorder();

var payment51 = await LiveService.StartByHandAsync("payment-service", answer51, app => app
    .MapGet("/payments/{user}", (HttpContext http) =>
    {
        DistributedContextPropagator.Current.ExtractTraceIdAndState(http.Request.Headers,
            (object headers, string name, out string value, out IEnumerable<string> values) =>
                (value, values) = (((IHeaderDictionary)headers)[name], null),
            out var parent, out var state);
        ActivityContext.TryParse(parent, state, isRemote: true, out var caller);
        using var server = paymentSource.StartActivity("GET /payments/{user}", ActivityKind.Server, caller);
        return "12.50";
    }));
var gateway51 = await LiveService.StartByHandAsync("api-gateway", answer51, app => app
    .MapGet("/profile/{id}", async (string id) =>
    {
        using var server = gatewaySource.StartActivity("GET /profile/{id}", ActivityKind.Server);
        using var call = gatewaySource.StartActivity("GET", ActivityKind.Client);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/payments/" + id);
        DistributedContextPropagator.Current.Inject(call, request, (carrier, name, value) =>
            ((HttpRequestMessage)carrier).Headers.TryAddWithoutValidation(name, value));
        using var response = await payment51.Client.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }));

Exercise51.Check(gateway51, payment51, answer51)
