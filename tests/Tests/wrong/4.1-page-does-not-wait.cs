// Says: the page did not wait for it
// Exercise 4.1: load what the page needs at the same time
var answer41 = new SpanRecorder();
using (Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.pages")
    .AddProcessor(new SimpleActivityExportProcessor(answer41))
    .Build())
{
    Task all;
    using (pages.StartActivity("show account"))
    {
        all = Task.WhenAll(
            LoadAsync("load address", 20),
            LoadAsync("load invoices", 40),
            LoadAsync("load messages", 30));
    }

    await all;
}

Exercise41.Check(answer41)
