// Says: 'pick parcel' was started when its provider did not listen
// Exercise 1.1: a source and a span of your own
var answer11 = new SpanRecorder();
var warehouse = new ActivitySource("shop.warehouse");

var parcel = warehouse.StartActivity("pick parcel");

using (Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.warehouse")
    .AddProcessor(new SimpleActivityExportProcessor(answer11))
    .Build())
{
    parcel?.Dispose();
}

Exercise11.Check(answer11)
