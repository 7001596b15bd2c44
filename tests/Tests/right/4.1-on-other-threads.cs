// Exercise 4.1: load what the page needs at the same time
var answer41 = new SpanRecorder();
using (Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.pages")
    .AddProcessor(new SimpleActivityExportProcessor(answer41))
    .Build())
{
    using (pages.StartActivity("show account"))
    {
        await Task.WhenAll(new[] { ("load address", 20), ("load invoices", 40), ("load messages", 30) }
            .Select(part => Task.Run(() => LoadAsync(part.Item1, part.Item2))));
    }
}

Exercise41.Check(answer41)
