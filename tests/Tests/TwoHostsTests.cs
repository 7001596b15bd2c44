using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Http;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

/// <summary>Two services in one process, whose providers hear the sources of both: each span comes twice, and is one span.</summary>
[Collection(nameof(NotParallel))]
public sealed class TwoHostsTests
{
    private static RecordedSpan As(string service, RecordedSpan span) => span with { Resource = Tags(("service.name", service)) };

    private static RecordedSpan[] Both(RecordedSpan span) => [As("back", span), As("front", span)];

    private static readonly RecordedSpan Page = Span("GET /page", null, 0, 100, "") with { Kind = ActivityKind.Server };
    private static readonly RecordedSpan Call = Span("GET", "GET /page", 10, 80, "") with { Kind = ActivityKind.Client };
    private static readonly RecordedSpan Answer = Span("GET /stock", "GET", 20, 60, "") with
    {
        Kind = ActivityKind.Server,
        HasRemoteParent = true
    };

    private static string Says(NotebookView view) => string.Join(' ', view.ToString().Split('\n', StringSplitOptions.TrimEntries));

    [Fact]
    public async Task Two_web_hosts_in_one_process_are_drawn_as_one_call_from_one_to_the_other()
    {
        Activity.Current = null;
        var spans = new SpanRecorder();
        await using var back = await HostAsync("back", "/stock", _ => Task.FromResult("7"), spans);
        await using var front = await HostAsync("front", "/page", http => http.GetStringAsync($"{back.Urls.First()}/stock"), spans);
        using (var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }))
            await client.GetStringAsync($"{front.Urls.First()}/page");
        await spans.WaitForAsync(6);

        var trace = spans.Traces.Single(t => t.Find("GET /page") is not null);
        Assert.Equal(["front: GET /page", "front: GET", "back: GET /stock"], trace.SpansAsTree.Select(s => $"{s}"));
        Assert.Matches("^front → back +1 call, [^,]*$", ServiceMap.Of([trace]).ToString());
        Assert.Contains("3 spans came under several service names (back, front), and are drawn once", Says(Waterfall.Of(trace)));
        Assert.DoesNotContain("cannot be seen", Says(Waterfall.Of(trace)));
        Assert.DoesNotContain("have this id", Waterfall.Of(trace).ToHtml());
    }

    [Fact]
    public void One_span_that_came_under_one_name_tells_the_names_of_the_others()
    {
        var work = As("front", Span("render", "GET /page", 92, 5, "")); // a source that only one provider listens to
        var trace = Trace([.. Both(Page), .. Both(Call), .. Both(Answer), work]);

        Assert.Equal(["front", "front", "back", "front"], trace.SpansAsTree.Select(s => s.ServiceName));
        Assert.Equal("front → back  1 call, 80 ms", ServiceMap.Of([trace]).ToString());
        Assert.Equal(4, trace.Spans.Count);
        Assert.Equal(["front", "front", "back"], trace.Spans.Take(3).Select(s => s.Resource.Single().Value));
    }

    [Fact]
    public void Where_nothing_tells_them_apart_both_names_are_said_and_the_call_is_counted_once()
    {
        var trace = Trace([.. Both(Page), .. Both(Call), .. Both(Answer)]);
        var view = Waterfall.Of(trace);

        Assert.Equal(3, Views.Rows(view).Length);
        Assert.Equal(["back or front"], trace.Services);
        Assert.Equal("back or front → back or front  1 call, 80 ms", ServiceMap.Of([trace]).ToString());
        Assert.Contains("3 spans came under several service names (back, front), and are drawn once: providers in one process listen "
            + "to the same sources, and each exports what it receives under its own name. Give each service a source of its own, or a "
            + "process. Which of them made a span cannot be seen.", Says(view));
        Assert.Equal(3, SpanTable.Of([.. Both(Page), .. Both(Call), .. Both(Answer)]).ToString().Split('\n')
            .Count(l => l.Contains("back or")));
    }

    [Fact]
    public void One_span_of_a_trace_under_two_names_is_one_span()
    {
        var charge = Span("charge", "GET /page", 10, 20, "");
        var trace = Trace([As("shop", Page), As("shop", charge), As("billing", charge)]);

        Assert.Equal(["shop: GET /page", "shop: charge"], trace.SpansAsTree.Select(s => $"{s}"));
        Assert.Equal("shop  no call to it or from it is here", ServiceMap.Of([trace]).ToString());
        Assert.Contains("1 span came under several service names (billing, shop), and is drawn once", Says(Waterfall.Of(trace)));
        Assert.Equal(1, trace.Find("charge")!.Copies);
    }

    [Fact]
    public void What_only_shares_an_id_is_another_span()
    {
        var trace = Trace(Span("GET", null, 0, 10, "a", "1") with { Kind = ActivityKind.Client },
            Span("GET", null, 2, 6, "b", "1") with { Kind = ActivityKind.Server });
        Assert.Equal(["a: GET", "b: GET"], trace.SpansAsTree.Select(s => $"{s}"));
    }

    private static async Task<WebApplication> HostAsync(string name, string path, Func<HttpClient, Task<string>> answer, SpanRecorder spans)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddOpenTelemetry().ConfigureResource(r => r.AddService(name, autoGenerateServiceInstanceId: false))
            .WithTracing(t => t
            .AddAspNetCoreInstrumentation().AddHttpClientInstrumentation()
            .AddProcessor(new SimpleActivityExportProcessor(spans.ForService(name))));
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var client = new HttpClient();
        app.MapGet(path, () => answer(client));
        await app.StartAsync();
        return app;
    }
}
