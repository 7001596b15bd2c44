// Says: the baggage of the Activity
// Exercise 5.2: the tenant travels as baggage
var answer52 = new SpanRecorder();
var wire52 = new ConcurrentQueue<(string Service, string Baggage)>();

await using (var user = await StartAsync(TracedService(userSource, answer52), app => app
    .MapGet("/users/{id}", (HttpContext http) =>
    {
        wire52.Enqueue(("user-service", http.Request.Headers["baggage"]));
        return "Ada";
    })))
await using (var payment = await StartAsync(TracedService(paymentSource, answer52), app => app
    .MapGet("/payments/{user}", (HttpContext http) =>
    {
        wire52.Enqueue(("payment-service", http.Request.Headers["baggage"]));
        Activity.Current?.SetTag("shop.tenant.id", Activity.Current.GetBaggageItem("shop.tenant.id"));
        return "12.50";
    })))
using (var users = Client(gatewaySource, user))
using (var payments = Client(gatewaySource, payment))
await using (var gateway = await StartAsync(TracedService(gatewaySource, answer52), app => app
    .MapGet("/{tenant}/profile/{id}", async (string tenant, string id) =>
    {
        Baggage.SetBaggage("shop.tenant.id", tenant);
        return await users.GetStringAsync("/users/" + id) + await payments.GetStringAsync("/payments/" + id);
    })))
using (var browser = gateway.GetTestClient())
{
    await browser.GetStringAsync("/acme/profile/42");
    await browser.GetStringAsync("/globex/profile/7");
    await answer52.WaitForAsync(10);
}

Exercise52.Check(answer52, wire52)
