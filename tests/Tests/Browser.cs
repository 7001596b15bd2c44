using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Playwright;
using TracingTutorial.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(Browser))]

namespace TracingTutorial.Tests;

/// <summary>
/// One headless Chromium for all tests that need one, started by the first of them. Each test takes a page of its own,
/// in a context of its own, so tests can run at the same time. Without an installed browser such a test is skipped.
/// </summary>
public sealed class Browser : IAsyncDisposable
{
    private static readonly string[] Usual =
    [
        "/usr/bin/chromium-headless-shell", // the same engine without windows: it needs half the time
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
        "/usr/bin/microsoft-edge",
        "/snap/bin/chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        .. from folder in (Environment.SpecialFolder[])[Environment.SpecialFolder.ProgramFiles, Environment.SpecialFolder.ProgramFilesX86,
        Environment.SpecialFolder.LocalApplicationData]
           from program in (string[])["Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe"]
           select Path.Combine(Environment.GetFolderPath(folder), program),
    ];

    private readonly Lazy<Task<(IPlaywright Playwright, IBrowser Browser)>> started = new(Start,
        LazyThreadSafetyMode.ExecutionAndPublication);

    /// <summary>An empty page of this size in CSS pixels, with so many dots for each. Disposing it closes it.</summary>
    public async Task<BrowserPage> NewPage(int width, int height = 800, int scale = 1)
    {
        var (_, browser) = await started.Value;
        var context = await browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = height },
            DeviceScaleFactor = scale
        });
        context.SetDefaultTimeout((float)HostRunner.Hang.TotalMilliseconds);
        return new BrowserPage(context, await context.NewPageAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (started is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            var (playwright, browser) = await started.Value;
            await browser.DisposeAsync();
            playwright.Dispose();
        }
    }

    private static async Task<(IPlaywright, IBrowser)> Start()
    {
        var path = Usual.FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, "No Chrome, Chromium or Edge is installed in a usual place, so nothing was looked at in a browser.");

        Assertions.SetDefaultExpectTimeout((float)HostRunner.Hang.TotalMilliseconds);
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = path,
            Timeout = (float)HostRunner.Hang.TotalMilliseconds,
            Args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--disable-quic"],
        });
        return (playwright, browser);
    }
}

/// <summary>A page that takes its context with it when it is closed.</summary>
public sealed class BrowserPage(IBrowserContext context, IPage page) : IAsyncDisposable
{
    public IPage Page => page;

    public ValueTask DisposeAsync() => context.DisposeAsync();
}
