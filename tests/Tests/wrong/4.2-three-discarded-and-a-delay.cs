// Says: That is the one real dependency
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
        _ = services.FindUserAsync("ada");
        _ = services.LoadOrdersAsync(7);
        _ = services.LoadPaymentsAsync("ada");
        await answer42.WaitForAsync(3);
    }
}

Exercise42.Check(answer42, orderCount, paymentCount)
