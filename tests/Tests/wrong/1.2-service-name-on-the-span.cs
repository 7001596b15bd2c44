// Says: service.name is an attribute of this one span
// Exercise 1.2: name the service
var answer12 = new SpanRecorder();
var parcels = new ActivitySource("shop.parcels");

using (Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.parcels")
    .AddProcessor(new SimpleActivityExportProcessor(answer12))
    .Build())
{
    using (var activity = parcels.StartActivity("send parcel"))
    {
        activity?.SetTag("service.name", "warehouse");
    }
}

Exercise12.Check(answer12)
