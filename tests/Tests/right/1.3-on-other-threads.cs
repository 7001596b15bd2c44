// Exercise 1.3: three spans that do not arrive
var answer13 = new SpanRecorder();
var orders = new ActivitySource("shop.orders");

var ordersProvider = Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.orders", "shop.orders.*")
    .AddProcessor(new SimpleActivityExportProcessor(answer13))
    .Build();

var reading = orders.StartActivity("read order"); reading?.Stop();
async Task Reserve()
{
    using var reserving = orders.StartActivity("reserve stock");
    await Task.Delay(20);
}
await Reserve();
await Task.Run(() => { using var confirming = orders.StartActivity("confirm order"); });
ordersProvider.Dispose();

Exercise13.Check(answer13)
