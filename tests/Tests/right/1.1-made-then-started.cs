// Exercise 1.1: a source and a span of your own
var answer11 = new SpanRecorder();
var warehouse = new ActivitySource("shop.warehouse");

using (Sdk.CreateTracerProviderBuilder()
    .AddSource("Shop.Warehouse")
    .AddProcessor(new SimpleActivityExportProcessor(answer11))
    .Build())
{
    using var activity = warehouse.CreateActivity("pick parcel", ActivityKind.Internal)?.Start();
}

Exercise11.Check(answer11)
