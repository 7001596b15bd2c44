// Says: The span 'load payments' is missing
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
        async Task<int> CountOrdersAsync() => await services.LoadOrdersAsync(await services.FindUserAsync("ada"));
        var count = CountOrdersAsync();
        await Task.WhenAny(payments, count);
        orderCount = await count;
        paymentCount = payments.IsCompleted ? await payments : 0;
    }
}

Exercise42.Check(answer42, orderCount, paymentCount)
