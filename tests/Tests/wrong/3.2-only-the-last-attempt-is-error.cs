// Says: Even if a later one works, this attempt failed
// Exercise 3.2: three attempts, one outcome
var answer32 = new SpanRecorder();
var source32 = new ActivitySource("shop.exercise32");
var mail32 = new MailProvider();

async Task<bool> SendConfirmation32(string orderId)
{
    using var activity = source32.StartActivity("send confirmation");
    var lastError = "";
    for (var attempt = 1; attempt <= 3; attempt++)
    {
        using var call = source32.StartActivity("send mail", ActivityKind.Client);
        try
        {
            await mail32.SendAsync(orderId);
            return true;
        }
        catch (Exception e)
        {
            lastError = e.GetType().FullName;
            if (attempt < 3)
                continue;
            call?.SetStatus(ActivityStatusCode.Error, e.Message);
            call?.SetTag("error.type", lastError);
        }
    }

    activity?.SetStatus(ActivityStatusCode.Error, "No attempt to send the mail worked.");
    activity?.SetTag("error.type", lastError);
    return false;
}

async Task PlaceOrder32(string orderId)
{
    using var activity = source32.StartActivity(ActivityKind.Internal, name: "place order",
        tags: [new("shop.order.id", orderId)]);
    var confirmed = await SendConfirmation32(orderId);
    activity?.SetTag("shop.order.confirmed", confirmed);
}

using (Sdk.CreateTracerProviderBuilder()
    .ConfigureResource(resource => resource.AddService("orders"))
    .AddSource("shop.exercise32")
    .AddProcessor(new SimpleActivityExportProcessor(answer32))
    .Build())
{
    foreach (var orderId in MailProvider.Orders)
        await PlaceOrder32(orderId);
}

Exercise32.Check(answer32, mail32)
