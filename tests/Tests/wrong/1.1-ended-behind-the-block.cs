// Says: 'pick parcel' ended after its provider was disposed
// Exercise 1.1: a source and a span of your own
var answer11 = new SpanRecorder();
var warehouse = new ActivitySource("shop.warehouse");

Activity parcel;

using (Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.warehouse")
    .AddProcessor(new SimpleActivityExportProcessor(answer11))
    .Build())
{
    parcel = warehouse.StartActivity("pick parcel");
}

parcel.Dispose();

Exercise11.Check(answer11)
