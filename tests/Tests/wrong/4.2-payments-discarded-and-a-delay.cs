// Says: The page shows the number 0 for 'load payments'
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
        _ = services.LoadPaymentsAsync("ada");
        var user = await services.FindUserAsync("ada");
        orderCount = await services.LoadOrdersAsync(user);
        await answer42.WaitForAsync(3);
    }
}

Exercise42.Check(answer42, orderCount, paymentCount)
