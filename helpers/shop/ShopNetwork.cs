#nullable enable
using System;
using System.Diagnostics;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.TestHost;

/// <summary>
/// The network to one service of the shop: the request goes to its <see cref="TestServer"/>, which does not pass on
/// <see cref="Activity.Current"/>. The answer comes back when the service is done with the request, its span included.
/// (On a real network the server's span may end a moment after the client has the answer.)
/// </summary>
/// <param name="to">The service.</param>
/// <param name="work">Takes the time of the way, one unit in each direction.</param>
/// <param name="down">Whether the service cannot be reached now.</param>
internal sealed class ShopNetwork(WebApplication to, Func<double, Task> work, Func<bool>? down = null) : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        await work(1);
        if (down?.Invoke() == true)
        {
            var url = request.RequestUri!;
            throw new HttpRequestException(HttpRequestError.ConnectionError, $"Connection refused ({url.Host}:{url.Port})");
        }


        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var server = new HttpMessageInvoker(to.GetTestServer().CreateHandler(http => http.Features.Set(end)));
        var response = await server.SendAsync(request, cancel);
        await response.Content.LoadIntoBufferAsync(cancel);
        await end.Task.WaitAsync(cancel);
        await work(1);
        return response;
    }

    /// <summary>ASP.NET Core gives the context of a request back to its factory when it has ended the request's span.</summary>
    public sealed class RequestEnd(IServiceProvider services) : IHttpContextFactory
    {
        private readonly DefaultHttpContextFactory factory = new(services);

        public HttpContext Create(IFeatureCollection features) => factory.Create(features);

        public void Dispose(HttpContext http)
        {
            var end = http.Features.Get<TaskCompletionSource>();
            factory.Dispose(http);
            end?.TrySetResult();
        }
    }
}
