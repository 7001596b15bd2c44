// Says: which includes the time for the stock
// Exercise 2.1: a checkout that can be found
var answer21 = new SpanRecorder();
var source21 = new ActivitySource("shop.exercise21");
var calls21 = new CheckoutCalls();

async Task Checkout21(string orderId)
{
    using var checkout = source21.StartActivity(ActivityKind.Internal, name: "checkout",
        tags: [new("shop.order.id", orderId)]);
    using var charge = source21.StartActivity("charge card", ActivityKind.Client);
    await calls21.ReserveArticlesAsync(orderId);    // our own stock

    await calls21.ChargeCardAsync(orderId);         // the payment provider
}

using (Sdk.CreateTracerProviderBuilder()
    .ConfigureResource(resource => resource.AddService("orders"))
    .AddSource("shop.exercise21")
    .AddProcessor(new SimpleActivityExportProcessor(answer21))
    .Build())
{
    foreach (var orderId in CheckoutCalls.Orders)
        await Checkout21(orderId);
}

Exercise21.Check(answer21, calls21)
