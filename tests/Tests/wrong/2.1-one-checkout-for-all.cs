// Says: 1 × 'checkout'. Each order needs one 'checkout' of its own
// Exercise 2.1: a checkout that can be found
var answer21 = new SpanRecorder();
var source21 = new ActivitySource("shop.exercise21");
var calls21 = new CheckoutCalls();

async Task Checkout21(string orderId)
{
    Activity.Current?.SetTag("shop.order.id", orderId);
    await calls21.ReserveArticlesAsync(orderId);    // our own stock

    using var charge = source21.StartActivity("charge card", ActivityKind.Client);
    await calls21.ChargeCardAsync(orderId);         // the payment provider
}

using (Sdk.CreateTracerProviderBuilder()
    .ConfigureResource(resource => resource.AddService("orders"))
    .AddSource("shop.exercise21")
    .AddProcessor(new SimpleActivityExportProcessor(answer21))
    .Build())
{
    using var morning = source21.StartActivity("checkout");
    foreach (var orderId in CheckoutCalls.Orders)
        await Checkout21(orderId);
}

Exercise21.Check(answer21, calls21)
