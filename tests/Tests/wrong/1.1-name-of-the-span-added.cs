// Says: no provider listens to it: no AddSource has its name
// Exercise 1.1: a source and a span of your own
var answer11 = new SpanRecorder();
var warehouse = new ActivitySource("shop.warehouse");

using (Sdk.CreateTracerProviderBuilder()
    .AddSource("pick parcel")
    .AddProcessor(new SimpleActivityExportProcessor(answer11))
    .Build())
{
    using (warehouse.StartActivity("pick parcel"))
    {
    }
}

Exercise11.Check(answer11)
