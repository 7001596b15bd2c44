// Says: No header was sent, but payment-service takes its parent
// Exercise 5.1: join payment-service to the trace
var answer51 = new SpanRecorder();
ActivityContext shared = default;

var payment51 = await LiveService.StartByHandAsync("payment-service", answer51, app => app
    .MapGet("/payments/{user}", (HttpContext http) =>
    {
        using var server = paymentSource.StartActivity("GET /payments/{user}", ActivityKind.Server, shared);
        return "12.50";
    }));
var gateway51 = await LiveService.StartByHandAsync("api-gateway", answer51, app => app
    .MapGet("/profile/{id}", async (string id) =>
    {
        using var server = gatewaySource.StartActivity("GET /profile/{id}", ActivityKind.Server);
        using var call = gatewaySource.StartActivity("GET", ActivityKind.Client);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/payments/" + id);
        shared = call?.Context ?? default;
        using var response = await payment51.Client.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }));

Exercise51.Check(gateway51, payment51, answer51)
