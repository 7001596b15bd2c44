// Exercise 1.3: three spans that do not arrive
var answer13 = new SpanRecorder();
var orders = new ActivitySource("shop.orders");

var ordersProvider = Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.orders")
    .AddProcessor(new SimpleActivityExportProcessor(answer13))
    .Build();

try
{
using (orders.StartActivity("read order")) { }
using (orders.StartActivity("reserve stock")) await Task.Delay(20);
using (orders.StartActivity("confirm order")) { }
}
finally
{
    ordersProvider.ForceFlush();
    ordersProvider.Shutdown();
    ordersProvider.Dispose();
}

Exercise13.Check(answer13)
