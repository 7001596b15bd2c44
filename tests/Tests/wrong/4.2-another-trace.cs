// Says: which is not 'confirm order'
// Exercise 4.2: a job that knows what caused it
var answer42 = new SpanRecorder();
var later = new List<Func<Task>>();

async Task PrintLabelAsync(ActivityContext parent)
{
    using var activity = pages.StartActivity("print label", ActivityKind.Internal, parent);
    await Task.Delay(5);
}

using (Sdk.CreateTracerProviderBuilder()
    .AddSource("shop.pages")
    .AddProcessor(new SimpleActivityExportProcessor(answer42))
    .Build())
{
    using (pages.StartActivity("confirm order"))
    {
        var cause = new ActivityContext(ActivityTraceId.CreateRandom(), Activity.Current.SpanId, ActivityTraceFlags.Recorded);
        later.Add(() => PrintLabelAsync(cause));
    }

    foreach (var job in later)
        await job();
}

Exercise42.Check(answer42)
