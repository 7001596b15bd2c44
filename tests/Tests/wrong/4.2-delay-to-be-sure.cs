// Says: the page takes time for something else too
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
        var payments = services.LoadPaymentsAsync("ada");
        var user = await services.FindUserAsync("ada");
        orderCount = await services.LoadOrdersAsync(user);
        await Task.Delay(1000);
        paymentCount = await payments;
    }
}

Exercise42.Check(answer42, orderCount, paymentCount)
