// Exercise 7.1: both spans in the backend, before the program ends
var answer71 = await Exercise71.StartAsync();
var parcels71 = new ActivitySource("shop.parcels");

var variables71 = new Dictionary<string, string>
{
    ["OTEL_SERVICE_NAME"] = "parcels",
    ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
    ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"{answer71.Endpoint}",
};
foreach (var (name, value) in variables71)
    Environment.SetEnvironmentVariable(name, value);

var provider71 = Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.parcels")
    .AddOtlpExporter(otlp =>
    {
        otlp.TimeoutMilliseconds = 2_000;
    })
    .Build();

foreach (var name in variables71.Keys)
    Environment.SetEnvironmentVariable(name, null);

using (parcels71.StartActivity("pack parcel")) { }
using (parcels71.StartActivity("send parcel")) { }

provider71.Shutdown();

var arrived71 = answer71.Spans;     // the program ends here: what has arrived?
provider71.Dispose();               // what comes from here on comes too late

Exercise71.Check(answer71, arrived71)
