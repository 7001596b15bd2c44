// Says: On the page of globex, the Server span says shop.tenant.id = acme
// Exercise 6.1: the tenant travels as baggage
var answer61 = new SpanRecorder();

var user = await LiveService.StartAsync("user-service", answer61, app => app
    .MapGet("/users/{id}", () => "Ada"));
var payment = await LiveService.StartAsync("payment-service", answer61, app => app
    .MapGet("/payments/{user}", async () =>
    {
        using var charge = paymentSource.StartActivity("charge card", ActivityKind.Client);
        charge?.Parent?.SetTag("shop.tenant.id", "acme");
        await Task.Delay(10);
        return "12.50";
    }));

var users = user.ClientThrough(new TracedCalls(gatewaySource));
var payments = payment.ClientThrough(new TracedCalls(gatewaySource));
var gateway = await LiveService.StartAsync("api-gateway", answer61, app => app
    .MapGet("/{tenant}/profile/{id}", async (string tenant, string id) =>
    {
        Activity.Current?.SetBaggage("shop.tenant.id", tenant);
        return await users.GetStringAsync("/users/" + id)
            + await payments.GetStringAsync("/payments/" + id);
    }));

// Requests /acme/profile/42, and then /globex/profile/42.
var pages61 = await Exercise61.TwoPagesAsync(gateway, user, payment);

Exercise61.Check(answer61, pages61)
