// Says: Now 'load orders' waits for 'load payments'
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
        var found = services.FindUserAsync("ada");
        var payments = services.LoadPaymentsAsync("ada");
        await Task.WhenAll(found, payments);
        orderCount = await services.LoadOrdersAsync(found.Result);
        paymentCount = await payments;
    }
}

Exercise42.Check(answer42, orderCount, paymentCount)
