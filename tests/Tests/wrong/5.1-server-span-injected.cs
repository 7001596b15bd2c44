// Says: is the Server span 'GET /profile/{id}'
// Exercise 5.1: join payment-service to the trace
var answer51 = new SpanRecorder();

await using (var payment = await StartAsync(Service("payment-service", answer51), app => app
    .MapGet("/payments/{user}", (HttpContext http) =>
    {
        ActivityContext.TryParse(http.Request.Headers["traceparent"], null, isRemote: true, out var caller);
        using var server = paymentSource.StartActivity("GET /payments/{user}", ActivityKind.Server, caller);
        return "12.50";
    })))
await using (var gateway = await StartAsync(Service("api-gateway", answer51), app => app
    .MapGet("/profile/{id}", async (string id) =>
    {
        using var server = gatewaySource.StartActivity("GET /profile/{id}", ActivityKind.Server);
        using var call = gatewaySource.StartActivity("GET", ActivityKind.Client);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/payments/" + id);
        request.Headers.Add("traceparent", server?.Id);
        using var response = await payment.GetTestClient().SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    })))
{
    await gateway.GetTestClient().GetStringAsync("/profile/42");
}

Exercise51.Check(answer51)
