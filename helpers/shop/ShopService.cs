#nullable enable
using System;
using System.Diagnostics;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

/// <summary>One of several services in one process: a real ASP.NET Core application without a socket.</summary>
internal sealed class ShopService
{
    /// <summary>Builds the service; it is not started yet.</summary>
    /// <param name="name">As it is called in its resource and in its log.</param>
    /// <param name="number">
    /// A provider listens to sources by their name, anywhere in the process. So that two shops that are open at once do not
    /// record each other's spans, the sources of the second are called "api-gateway-2" and so on. 0: a source without listeners.
    /// </param>
    /// <param name="log">Where it logs.</param>
    public ShopService(string name, int number, ShopLog log)
    {
        (Name, Source) = (name, new ActivitySource(number <= 1 ? name : $"{name}-{number}"));
        if (number == 0)
            Source.Dispose(); // from then on no listener receives its spans
        var builder = WebApplication.CreateEmptyBuilder(new() { ApplicationName = name, EnvironmentName = "Production" });
        builder.WebHost.UseTestServer();
        builder.Services.AddRouting();
        builder.Services.AddSingleton(Source); // ASP.NET Core takes the source of its server spans from here
        builder.Services.AddSingleton<IHttpContextFactory, ShopNetwork.RequestEnd>();
        // Without the filter, ASP.NET Core would make an Activity for its own log lines even without a provider.
        builder.Logging.AddFilter("Microsoft", LogLevel.None).AddProvider(log.Of(name));

        App = builder.Build();
        if (number == 0)
            App.Use((http, next) => { http.Features.Set<IHttpActivityFeature>(new WarmUpSpan()); return next(http); });
        App.Use((http, next) => ShopTracing.DescribeServerSpan(http, next, App.Logger));
    }

    public string Name { get; }

    public ActivitySource Source { get; }

    public WebApplication App { get; }

    /// <summary>What this service calls another one with.</summary>
    public HttpClient ClientOf(ShopService other, ShopFaults faults, Func<double, Task> work)
    {
        var isPayment = other.Name == "payment-service";
        var network = new ShopNetwork(other.App, work, () => faults.PaymentDown && isPayment);
        var spans = new ShopTracing.ClientSpans(Source, () => !faults.NoPropagation) { InnerHandler = network };
        var retry = new Retry(() => faults.RetryPayments && isPayment, work) { InnerHandler = spans };
        return new HttpClient(retry) { BaseAddress = new Uri($"http://{other.Name}") };
    }

    private sealed class Retry(Func<bool> wanted, Func<double, Task> work) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            var response = await base.SendAsync(request, cancel);
            for (var resend = 1; resend <= 3 && wanted() && (int)response.StatusCode >= 500; resend++)
            {
                await work(5);
                request.Options.Set(ShopTracing.ClientSpans.Resend, resend);
                response = await base.SendAsync(request, cancel);
            }

            return response;
        }
    }

    /// <summary>
    /// Something to describe and to export where no span is. It has no source and is never started, so no listener records it.
    /// </summary>
    public sealed class WarmUpSpan : IHttpActivityFeature
    {
        public Activity Activity { get; set; } =
            new Activity("warm-up") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.SetTag("warm", true);
    }
}
