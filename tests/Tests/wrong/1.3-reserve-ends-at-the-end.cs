// Says: 'confirm order' is below 'reserve stock', which had not ended when it started
// Exercise 1.3: three spans that do not arrive
var answer13 = new SpanRecorder();
var orders = new ActivitySource("shop.orders");

var ordersProvider = Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.orders")
    .AddProcessor(new SimpleActivityExportProcessor(answer13))
    .Build();

using (orders.StartActivity("read order"))
{
}

var reserving = orders.StartActivity("reserve stock");
await Task.Delay(20);

using (orders.StartActivity("confirm order"))
{
}

reserving?.Dispose();
ordersProvider.Dispose();

Exercise13.Check(answer13)
