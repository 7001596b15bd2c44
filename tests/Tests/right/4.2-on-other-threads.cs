// Exercise 4.2: a page that waits for less
var answer42 = new SpanRecorder();
var services = new InvoiceServices(orders);
int orderCount = 0, paymentCount = 0;               // what the page shows

using (Sdk.CreateTracerProviderBuilder()
    .ConfigureResource(resource => resource.AddService("orders"))
    .AddSource("shop.orders")
    .AddProcessor(new SimpleActivityExportProcessor(answer42))
    .Build())
{
    using (orders.StartActivity("show invoice"))
    {
        var payments = Task.Run(() => services.LoadPaymentsAsync("ada"));
        var count = Task.Run(async () => await services.LoadOrdersAsync(await services.FindUserAsync("ada")));
        orderCount = await count;
        paymentCount = await payments;
    }
}

Exercise42.Check(answer42, orderCount, paymentCount)
