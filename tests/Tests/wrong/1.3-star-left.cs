// Says: The source 'shop.orders' exists, and no provider listens to it: no AddSource has its name
// Exercise 1.3: three spans that do not arrive
var answer13 = new SpanRecorder();
var orders = new ActivitySource("shop.orders");

var ordersProvider = Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.orders.*")
    .AddProcessor(new SimpleActivityExportProcessor(answer13))
    .Build();

using (orders.StartActivity("read order"))
{
}

using (orders.StartActivity("reserve stock"))
{
    await Task.Delay(20);       // the work of "reserve stock"
}

using (orders.StartActivity("confirm order"))
{
}

ordersProvider.Dispose();

Exercise13.Check(answer13)
