// Says: The source 'shop.warehouse' exists, and no provider listens to it: the provider listens to 'shop.warehuose'
// Exercise 1.1: a source and a span of your own
var answer11 = new SpanRecorder();
var warehouse = new ActivitySource("shop.warehouse");

using (Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.warehuose")
    .AddProcessor(new SimpleActivityExportProcessor(answer11))
    .Build())
{
    using (warehouse.StartActivity("pick parcel"))
    {
    }
}

Exercise11.Check(answer11)
