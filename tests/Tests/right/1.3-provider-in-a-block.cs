// Exercise 1.3: three spans that do not arrive
var answer13 = new SpanRecorder();
var orders = new ActivitySource("shop.orders.web");

using (Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.orders.*")
    .AddProcessor(new SimpleActivityExportProcessor(answer13))
    .Build())
{
    orders.StartActivity("read order")?.Dispose();

    using (orders.StartActivity("reserve stock"))
        await Task.Delay(20);

    orders.StartActivity("confirm order")?.Dispose();
}

Exercise13.Check(answer13)
