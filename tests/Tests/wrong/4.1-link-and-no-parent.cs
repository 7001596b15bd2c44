// Says: has a link to its order, but a linked span is not a child
// Exercise 4.1: each charge below its own order
var answer41 = new SpanRecorder();
var atNight = new List<Func<Task>>();

async Task ChargeCardAsync(int order, ActivityContext cause)
{
    using var activity = orders.StartActivity("charge card", ActivityKind.Client, parentContext: default, links: [new ActivityLink(cause)]);
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
        var cause = activity?.Context ?? default;
        atNight.Add(() => ChargeCardAsync(order, cause));
    }

    using (orders.StartActivity("run jobs"))
        foreach (var job in atNight)
        {
            Activity.Current = null;
            await job();
        }
}

Exercise41.Check(answer41)
