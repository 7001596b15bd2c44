// Says: The source 'shop.warehouse' exists, but no span was started
// Exercise 1.1: a source and a span of your own
var answer11 = new SpanRecorder();
var warehouse = new ActivitySource("shop.warehouse");

using (Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.warehouse")
    .AddProcessor(new SimpleActivityExportProcessor(answer11))
    .Build())
{
}

Exercise11.Check(answer11)
