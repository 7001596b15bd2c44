// Says: its name was not set
// Exercise 1.2: name the service
var answer12 = new SpanRecorder();
var parcels = new ActivitySource("shop.parcels");

using (Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.parcels")
    .AddProcessor(new SimpleActivityExportProcessor(answer12))
    .Build())
{
    using (parcels.StartActivity("send parcel"))
    {
    }
}

Exercise12.Check(answer12)
