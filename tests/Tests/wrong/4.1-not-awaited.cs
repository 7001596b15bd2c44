// Says: is it awaited?
// Exercise 4.1: load what the page needs at the same time
var answer41 = new SpanRecorder();
using (Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.pages")
    .AddProcessor(new SimpleActivityExportProcessor(answer41))
    .Build())
{
    using (pages.StartActivity("show account"))
    {
        _ = LoadAsync("load address", 20);
        _ = LoadAsync("load invoices", 40);
        _ = LoadAsync("load messages", 30);
    }
}

Exercise41.Check(answer41)
