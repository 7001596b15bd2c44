// Says: A provider of an earlier run was never disposed
// Exercise 1.3: three spans that do not arrive
var answer13 = new SpanRecorder();
var orders = new ActivitySource("shop.orders");

var earlier = Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.orders*")  // as an earlier try leaves it: not disposed
    .Build();

var ordersProvider = Sdk.CreateTracerProviderBuilder()
    .AddSource("shop")
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

earlier.Dispose();

Exercise13.Check(answer13)
