// Says: the caller got no exception. A level that catches it
// Exercise 3.1: failures that can be found
var answer31 = new SpanRecorder();
var caught31 = new List<Exception>();
var source31 = new ActivitySource("shop.exercise31");
var partners31 = new CheckoutPartners();

async Task<bool> LoadVoucher31(string orderId)
{
    using var activity = source31.StartActivity("load voucher", ActivityKind.Client);
    var status = await partners31.AskForVoucherAsync(orderId);      // the code of an HTTP answer
    activity?.SetTag("http.response.status_code", status);
    if (status >= 400)
    {
        activity?.SetStatus(ActivityStatusCode.Error);
        activity?.SetTag("error.type", status.ToString());
    }

    return status == 200;
}

async Task ChargeCard31(string orderId)
{
    using var activity = source31.StartActivity("charge card", ActivityKind.Client);
    try
    {
        await partners31.ChargeCardAsync(orderId);
    }
    catch (Exception e)
    {
        activity?.SetStatus(ActivityStatusCode.Error, e.Message);
        activity?.SetTag("error.type", e.GetType().FullName);
        activity?.AddException(e);
        throw;
    }
}

async Task Checkout31(string orderId)
{
    using var activity = source31.StartActivity(ActivityKind.Internal, name: "checkout",
        tags: [new("shop.order.id", orderId)]);
    try
    {
        var voucher = await LoadVoucher31(orderId);
        activity?.SetTag("shop.order.full_price", !voucher);
        await ChargeCard31(orderId);
    }
    catch (Exception e)
    {
        activity?.SetStatus(ActivityStatusCode.Error, e.Message);
        activity?.SetTag("error.type", e.GetType().FullName);
    }
}

using (Sdk.CreateTracerProviderBuilder()
    .ConfigureResource(resource => resource.AddService("orders"))
    .AddSource("shop.exercise31")
    .AddProcessor(new SimpleActivityExportProcessor(answer31))
    .Build())
{
    foreach (var orderId in new[] { "A-1001", "A-1002", "A-1003" })
    {
        try { await Checkout31(orderId); }
        catch (Exception e) { caught31.Add(e); }
    }
}

Exercise31.Check(answer31, caught31)
