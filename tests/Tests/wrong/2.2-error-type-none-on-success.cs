// Says: has the status Unset and error.type = none
// Exercise 2.2: a failure that shows
var answer22 = new SpanRecorder();
var shop22 = new ActivitySource("shop.exercise22");
var apologies22 = 0;

void Fail(Activity activity, Exception e)
{
    activity?.SetStatus(ActivityStatusCode.Error, e.Message);
    activity?.SetTag("error.type", e.GetType().FullName);
}

async Task Checkout22(string orderId, double total)
{
    using var activity = shop22.StartActivity(ActivityKind.Internal, name: "checkout", tags: [new("shop.order.id", orderId)]);
    try
    {
        await ChargeCard22(total);
    }
    catch (Exception e)
    {
        Fail(activity, e);
        throw;
    }

    activity?.SetTag("error.type", "none");
}

async Task ChargeCard22(double total)
{
    using var activity = shop22.StartActivity("charge card", ActivityKind.Client);
    try
    {
        await Task.Delay(10);
        if (total > 500)
            throw new TimeoutException("The payment provider did not answer.");
    }
    catch (Exception e)
    {
        Fail(activity, e);
        activity?.AddException(e);
        throw;
    }
}

using (Sdk.CreateTracerProviderBuilder()
    .ConfigureResource(resource => resource.AddService("checkout"))
    .AddSource("shop.exercise22")
    .AddProcessor(new SimpleActivityExportProcessor(answer22))
    .Build())
{
    foreach (var (order, total) in new[] { ("A-1001", 20.00), ("A-1002", 949.50), ("A-1003", 45.90) })
    {
        try { await Checkout22(order, total); }
        catch (TimeoutException) { apologies22++; }     // the page says: sorry, please try again
    }
}

Exercise22.Check(answer22, apologies22)
