// Says: starts only when 'load address' has ended
// Exercise 4.1: load what the page needs at the same time
var answer41 = new SpanRecorder();
using (Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.pages")
    .AddProcessor(new SimpleActivityExportProcessor(answer41))
    .Build())
{
    using (pages.StartActivity("show account"))
    {
        await LoadAsync("load address", 20);
        await LoadAsync("load invoices", 40);
        await LoadAsync("load messages", 30);
    }
}

Exercise41.Check(answer41)
