// Says: comes from the source 'Warehouse'
// Exercise 1.1: a source and a span of your own
var answer11 = new SpanRecorder();
var warehouse = new ActivitySource("Warehouse");

using (Sdk.CreateTracerProviderBuilder()
    .AddSource("Warehouse")
    .AddProcessor(new SimpleActivityExportProcessor(answer11))
    .Build())
{
    using (warehouse.StartActivity("pick parcel"))
    {
    }
}

Exercise11.Check(answer11)
