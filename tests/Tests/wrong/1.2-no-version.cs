// Says: The resource has no service.version. Keys are compared letter by letter; it has these: 
// Exercise 1.2: name the service
var answer12 = new SpanRecorder();
var parcels = new ActivitySource("shop.parcels");

using (Sdk.CreateTracerProviderBuilder()
    .ConfigureResource(resource => resource
        .AddService("warehouse")
        .AddAttributes([new("deployment.environment.name", "workshop")]))
    .AddSource("shop.parcels")
    .AddProcessor(new SimpleActivityExportProcessor(answer12))
    .Build())
{
    using (parcels.StartActivity("send parcel"))
    {
    }
}

Exercise12.Check(answer12)
