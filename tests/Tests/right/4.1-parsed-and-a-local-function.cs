// Exercise 4.1: each charge below its own order
var answer41 = new SpanRecorder();
var atNight = new List<Func<Task>>();

async Task ChargeCardAsync(int order, ActivityContext cause)
{
    using var activity = orders.StartActivity("charge card", ActivityKind.Client, parentContext: cause);
    activity?.SetTag("shop.order.id", order);
    await Task.Delay(5);
}

using (Sdk.CreateTracerProviderBuilder()
    .ConfigureResource(resource => resource.AddService("orders"))
    .AddSource("shop.orders")
    .AddProcessor(new SimpleActivityExportProcessor(answer41))
    .Build())
{
    foreach (var order in new[] { 1, 2, 3 })
    {
        using var activity = orders.StartActivity("place order");
        activity?.SetTag("shop.order.id", order);
        var cause = ActivityContext.Parse(activity.Id, activity.TraceStateString);
        Task Charge() => ChargeCardAsync(order, cause);
        atNight.Add(Charge);
    }

    using (orders.StartActivity("run jobs"))
        foreach (var job in atNight)
            await job();
}

Exercise41.Check(answer41)
