// Exercise 4.1: load what the page needs at the same time
var answer41 = new SpanRecorder();
using (Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.pages")
    .AddProcessor(new SimpleActivityExportProcessor(answer41))
    .Build())
{
    using (pages.StartActivity("show account"))
    {
        var address = LoadAsync("load address", 20);
        var invoices = LoadAsync("load invoices", 40);
        var messages = LoadAsync("load messages", 30);
        await address;
        await invoices;
        await messages;
    }
}

Exercise41.Check(answer41)
