// Says: The parent of 'load address' is 'load all'
// Exercise 4.1: load what the page needs at the same time
var answer41 = new SpanRecorder();
using (Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.pages")
    .AddProcessor(new SimpleActivityExportProcessor(answer41))
    .Build())
{
    using (pages.StartActivity("show account"))
    {
        using (pages.StartActivity("load all"))
            await Task.WhenAll(
            LoadAsync("load address", 20),
            LoadAsync("load invoices", 40),
            LoadAsync("load messages", 30));
    }
}

Exercise41.Check(answer41)
