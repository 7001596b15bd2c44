// Says: Whose charge was it
// Exercise 11.1: five faults
var inbox111 = await OtlpReceiver.StartAsync();
var cards = new ActivitySource("shop.cards");
var builder111 = WebApplication.CreateSlimBuilder();
builder111.Logging.ClearProviders();
builder111.WebHost.UseUrls("http://127.0.0.1:0");
builder111.Services.AddOpenTelemetry()
    .ConfigureResource(resource => resource.AddService("payment-service"))
    .WithTracing(tracing => tracing
        .AddSource("shop.cards")
        .AddAspNetCoreInstrumentation()
        .AddOtlpExporter(otlp =>
            (otlp.Protocol, otlp.Endpoint) = (OtlpExportProtocol.HttpProtobuf, inbox111.TracesEndpoint)));

var service111 = builder111.Build();
service111.MapPost("/payments/{user}", async (int user, HttpRequest request) =>
{
    var card = request.Headers["card"].ToString();
    using var activity = cards.StartActivity("charge card", ActivityKind.Client);
    activity?.SetTag("shop.card.end", card[^4..]);
    await Task.Delay(10);                                       // in place of the bank
    if (!card.EndsWith("0002"))
        return Results.Ok();
    activity?.SetStatus(ActivityStatusCode.Error, "The bank refused the card.");
    activity?.SetTag("error.type", "card_refused");
    activity?.SetTag("shop.user", user);
    return Results.StatusCode(402);
});

Exercise111.Check(service111, inbox111)
