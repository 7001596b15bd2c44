using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Threading.Tasks;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>The receiver asked as Jaeger is, and the Aspire dashboard as it really runs.</summary>
public class BackendTests
{
    [Fact]
    public async Task The_receiver_answers_for_a_trace_as_Jaeger_does_and_what_it_says_reads_as_what_came()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var id = Export(receiver, "backend.tests.receiver");
        using var jaeger = new JaegerClient(receiver.Endpoint);

        var (kept, asked) = (await receiver.WaitForTraceAsync(id, spans: 2), (await jaeger.GetTraceAsync(id))!);

        Assert.Null(jaeger.Unread);
        foreach (var (span, back) in kept.Spans.Zip(asked.Spans))
        {
            Assert.Equal(span, back);
            Assert.Equal((span.ParentSpanId, span.Flags, span.HasRemoteParent, span.Duration, span.Status, span.StatusDescription,
                span.SourceName, span.SourceVersion),
                (back.ParentSpanId, back.Flags, back.HasRemoteParent, back.Duration, back.Status, back.StatusDescription, back.SourceName,
                    back.SourceVersion));
            Assert.Equal(span.Resource, back.Resource);
            Assert.Equal(span.Attributes.Select(a => a.Key), back.Attributes.Select(a => a.Key));
            Assert.Equal(span.Attributes.Select(a => a.Value), back.Attributes.Select(a => a.Value));
            Assert.Equal(span.Events.Select(e => (e.Name, e.Time)), back.Events.Select(e => (e.Name, e.Time)));
            Assert.Equal(span.Links.Select(l => (l.TraceId, l.SpanId)), back.Links.Select(l => (l.TraceId, l.SpanId)));
        }

        Assert.Null(await jaeger.GetTraceAsync(new string('a', 32)));
        Assert.Null(receiver.TraceLink(id));
        Assert.Single(receiver.Requests); // questions are no exports
        Assert.Contains("the receiver at",
            (await Assert.ThrowsAsync<TimeoutException>(() => receiver.WaitForTraceAsync(id, 3, TimeSpan.Zero))).Message);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("error=true", 1)]
    [InlineData("error=true a.b=\"c d\"", 2)]
    [InlineData("a=  b=1", 2)]
    public void Tags_are_a_list_of_keys_and_values(string tags, int count) =>
    Assert.Equal(count, new TraceSearch("s") { Tags = tags }.Attributes().Count);

    [Fact]
    public void Of_more_traces_than_are_wanted_the_newest_are_found_in_the_order_of_their_start()
    {
        RecordedTrace Trace(int start) => new([TraceSamples.Span($"started at {start}", null, start, 1) with { TraceId = $"{start:x32}" }]);

        var found = new TraceSearch("shop") { From = TraceSamples.Zero, Limit = 2 }.In([Trace(40), Trace(10), Trace(30), Trace(20)]);

        Assert.Equal(["started at 30", "started at 40"], found.Select(t => t.Root.Name));
    }

    // As validSpan in internal/storage/v2/memory/tenant.go of Jaeger.
    [Theory]
    [InlineData("error=true", true)]
    [InlineData("error=True", true)]
    [InlineData("error=1", true)]
    [InlineData("error=yes", false)]
    [InlineData("span.status=ERROR", true)]
    [InlineData("span.status=error", true)]
    [InlineData("span.status=OK", false)]
    [InlineData("span.kind=server", true)]
    [InlineData("span.kind=SERVER error=true", true)]
    [InlineData("span.kind=client", false)]
    [InlineData("scope.name=shop.gateway scope.version=1.5", true)]
    [InlineData("scope.name=shop", false)]
    [InlineData("resource.host.name=one", true)]
    [InlineData("host.name=one", true)]
    [InlineData("resource.http.route=/", false)]
    public void Some_tags_of_a_search_are_no_attributes(string tags, bool found)
    {
        var span = TraceSamples.Span("page", null, 0, 1) with
        {
            Kind = ActivityKind.Server,
            Status = ActivityStatusCode.Error,
            SourceName = "shop.gateway",
            SourceVersion = "1.5",
            Attributes = TraceSamples.Tags(("http.route", "/")),
            Resource = TraceSamples.Tags(("service.name", "gateway"), ("host.name", "one")),
        };

        Assert.Equal(found, new TraceSearch("gateway")
        {
            Tags = tags,
            From = DateTimeOffset.MinValue
        }.In([new RecordedTrace([span])]).Count == 1);
    }

    [Theory]
    [InlineData("error")]
    [InlineData("=true")]
    [InlineData("error = true")]
    [InlineData("a=\"b")]
    public void What_is_no_list_of_tags_is_said(string tags) =>
        Assert.Contains("key=value", Assert.Throws<FormatException>(() => new TraceSearch("s") { Tags = tags }.Attributes()).Message);

    [Fact]
    public async Task The_Aspire_dashboard_starts_takes_a_trace_gives_it_back_and_ends_with_the_notebook()
    {
        var (dashboard, problem) = await AspireDashboard.TryStartAsync(DashboardPackage.Rid, HostRunner.Root);
        Assert.SkipWhen(dashboard is null, problem ?? "");
        using var http = new HttpClient();

        var id = Export(dashboard, "backend.tests.dashboard");
        var trace = await dashboard.WaitForTraceAsync(id, spans: 2);

        Assert.Equal(["place order", "charge card"], trace.Spans.OrderBy(s => s.Start).Select(s => s.Name));
        Assert.Equal(("checkout", ActivityStatusCode.Error, "card declined"),
            (trace.Root.ServiceName, trace.Root.Status, trace.Root.StatusDescription));
        Assert.Equal("3", trace.Root["shop.order.items"]); // the dashboard gives every value as text
        Assert.Contains(id, await http.GetStringAsync(dashboard.TraceApi(id)));
        Assert.Equal(id,
            Assert.Single(await dashboard.SearchAsync(new("checkout")
            {
                Operation = "place order",
                Tags = "error=true shop.order.items=3"
            })).TraceId);
        Assert.Empty(await dashboard.SearchAsync(new("checkout") { Operation = "charge card", Tags = "error=true" }));
        Assert.Empty(await dashboard.SearchAsync(new("nobody")));
        Assert.Null(await dashboard.GetTraceAsync(new string('a', 32)));
        Assert.Contains("html", await http.GetStringAsync(dashboard.TraceLink(id)));
        Assert.All([dashboard.Ui, dashboard.TracesEndpoint], uri => Assert.Equal("127.0.0.1", uri.Host));

        Assert.True(Restart.Closes(dashboard));
        dashboard.Dispose();
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(dashboard.Ui));
    }

    [Fact(Explicit = true)]
    public async Task Lesson_7_sends_to_the_dashboard_when_the_learner_asks_for_it()
    {
        var (dashboard, problem) = await AspireDashboard.TryStartAsync(DashboardPackage.Rid, HostRunner.Root);
        dashboard?.Dispose();
        Assert.SkipWhen(dashboard is null, problem ?? "");
        var lesson = DibReader.Load(HostRunner.Lesson("07-jaeger.dib"));
        const string off = "var wantDashboard = false;";
        Assert.Single(lesson.Code, c => c.Source.Contains(off, StringComparison.Ordinal));
        // To the cell that searches: by then spans have been sent, fetched, asked for by hand and found.
        var last = lesson.Code.Single(c => c.Source.Contains("new TraceSearch(\"api-gateway\")", StringComparison.Ordinal)
            && c.Exercise is null).Number;

        var run = await LessonRun.RunAsync(lesson with
        {
            Cells = [.. lesson.Cells.Where(c => c.Number <= last)
            .Select(c => c with { Source = c.Source.Replace(off, off.Replace("false", "true"), StringComparison.Ordinal) })]
        },
            HostRunner.Options, _ => { }, default);

        Assert.All(run.Cells, c => Assert.True(c.Status == CellStatus.Ok, $"{c.Problem}\n{c.Details}"));
        var said = string.Concat(run.Cells.SelectMany(c => c.Outputs).Select(o => o.Text));
        Assert.Contains("Spans go to the Aspire dashboard: http://127.0.0.1:", said);
        Assert.Contains("the provider is closed: 2 in the backend", said);
        Assert.Contains("/traces/detail/", said);
        Assert.Contains("/api/telemetry/traces/", said);
        Assert.Contains("the Aspire dashboard: 7 spans", said);
        Assert.Contains("GET /profile/{id} answered 404", said);
        Assert.Contains("GET /profile/{id} answered 502", said);
        Assert.DoesNotContain("answered 200", said);
    }

    [Fact]
    public async Task Where_the_package_cannot_be_had_a_clear_word_says_so()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "feed"));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "nuget.config"),
            "<configuration><packageSources><clear/><add key=\"empty\" value=\"feed\"/></packageSources></configuration>");
        var (notHere, feed) = await AspireDashboard.TryStartAsync(DashboardPackage.Rid == "linux-musl-x64" ? "win-arm64"
            : "linux-musl-x64", folder.Path);
        var (notMade, platform) = await AspireDashboard.TryStartAsync("other-s390x", folder.Path);

        Assert.Null(notHere);
        Assert.Contains("Your package feed does not have Aspire.Dashboard.Sdk.", feed);
        Assert.Contains("the receiver in this notebook takes its place", feed);
        Assert.Null(notMade);
        Assert.Contains("There is no Aspire dashboard for this platform, other-s390x", platform);
    }

    private static string Export(ITraceBackend backend, string name)
    {
        using var source = new ActivitySource(name, "1.0");
        using var provider = Sdk.CreateTracerProviderBuilder().AddSource(name).ConfigureResource(r => r.AddService("checkout"))
            .AddOtlpExporter(otlp => (otlp.Protocol, otlp.Endpoint) = (OtlpExportProtocol.HttpProtobuf, backend.TracesEndpoint)).Build();
        Activity.Current = null;
        using var order = source.StartActivity("place order", ActivityKind.Server, null,
            [new("shop.order.items", 3), new("a", 1.5), new("b", true), new("c", new[] { "x", "y" }), new("nan", double.NaN),
                new("odd \"<ü", "\u2028 \"<ü")],
            [new(new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), default))])!;
        order.AddEvent(new("shop.event", tags: new() { ["n"] = 1L }));
        order.SetStatus(ActivityStatusCode.Error, "card declined");
        source.StartActivity("charge card", ActivityKind.Client)?.Dispose();
        return order.TraceId.ToHexString();
    }
}
