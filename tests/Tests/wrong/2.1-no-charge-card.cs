// Says: Recorded were: 3 × 'checkout'.
// Exercise 2.1: a checkout that can be found
var answer21 = new SpanRecorder();
var shop21 = new ActivitySource("shop.exercise21");

async Task Checkout21(string orderId, double total)
{
    using var checkout = shop21.StartActivity(ActivityKind.Internal, name: "checkout", tags: [new("shop.order.id", orderId)]);
    await Task.Delay(5);                        // look whether the articles are in stock

    await Task.Delay(total > 500 ? 60 : 10);    // ask the payment provider
}

using (Sdk.CreateTracerProviderBuilder()
    .ConfigureResource(resource => resource.AddService("checkout"))
    .AddSource("shop.exercise21")
    .AddProcessor(new SimpleActivityExportProcessor(answer21))
    .Build())
{
    await Checkout21("A-1001", 20.00);
    await Checkout21("A-1002", 949.50);
    await Checkout21("A-1003", 45.90);
}

Exercise21.Check(answer21)
