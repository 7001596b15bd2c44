// Says: after the spans had come, and nothing had called ForceFlush
// Exercise 7.1: both spans in the backend, before the program ends
var answer71 = await Exercise71.StartAsync();
var parcels71 = new ActivitySource("shop.parcels");

var provider71 = Sdk.CreateTracerProviderBuilder()
    .ConfigureResource(resource => resource.AddService("parcels"))
    .AddSource("shop.parcels")
    .AddOtlpExporter(otlp =>
    {
        otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
        otlp.Endpoint = answer71.TracesEndpoint;
        otlp.TimeoutMilliseconds = 2_000;
        otlp.BatchExportProcessorOptions.ScheduledDelayMilliseconds = 100;
    })
    .Build();

using (parcels71.StartActivity("pack parcel")) { }
using (parcels71.StartActivity("send parcel")) { }

while (answer71.Spans.Count < 2)                // a pause that is long enough, also on a busy machine
    await Task.Delay(50);
await Task.Delay(1500);

var arrived71 = answer71.Spans;     // the program ends here: what has arrived?
provider71.Dispose();               // what comes from here on comes too late

Exercise71.Check(answer71, arrived71)
