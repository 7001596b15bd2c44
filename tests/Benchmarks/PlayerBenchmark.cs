using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.Playwright;

namespace TracingTutorial.Benchmarks;

/// <summary>The player as a learner feels it, in headless Chromium: medians of one run.</summary>
internal static partial class PlayerBenchmark
{
    private const int Rounds = 5;

    public static async Task<int> MeasureAsync(bool editorAlone)
    {
        var (root, host) = CourseBenchmark.BuiltHost();
        using var playwright = await Playwright.CreateAsync();
        await using var chromium = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--disable-quic"],
        });

        await EditorAsync(chromium, host, root);
        if (editorAlone)
            return 0;

        var (toPage, cold, ahead) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < Rounds; i++)
        {
            var clock = Stopwatch.StartNew();
            using var player = new PlayerProcess(host, root);
            var page = await OpenAsync(chromium, player, "01-setup");
            toPage.Add(clock.Elapsed.TotalMilliseconds);
            cold.Add(await ToFirstTraceAsync(page));
            await page.Context.CloseAsync();
        }

        Say("command to usable page (build warm)", toPage);
        Say("lesson 01 to its first drawn trace, clicked at once", cold);

        // As a reader who takes twenty seconds for the first page.
        using (var player = new PlayerProcess(host, root))
        {
            for (var i = 0; i < 3; i++)
            {
                var page = await OpenAsync(chromium, player, "01-setup");
                await page.ClickAsync("#again");
                await page.ClickAsync("#question button[value=yes]");
                await Task.Delay(20_000);
                ahead.Add(await ToFirstTraceAsync(page));
                await page.Context.CloseAsync();
            }
        }

        Say("the same after 20 s of reading (run ahead)", ahead);
        return 0;
    }

    private static async Task EditorAsync(IBrowser chromium, string host, string root)
    {
        using var player = new PlayerProcess(host, root);
        var page = await OpenAsync(chromium, player, "01-setup");
        await ToFirstTraceAsync(page);
        await page.ClickAsync("#runall", new() { Modifiers = [KeyboardModifier.Shift] }); // it does not stop at a Predict
        await page.WaitForFunctionAsync("() => document.body.dataset.kernel === 'ready' && !document.querySelector('.cell.running')", null,
            new() { Timeout = 120_000 });

        Console.WriteLine(
            FormattableString.Invariant($"memory after lesson 01: player {player.Memory():0} MB, its kernel {player.KernelMemory():0} MB"));

        var last = page.Locator(".cell").Last;
        await last.Locator(".source").ClickAsync();
        await page.WaitForFunctionAsync("() => document.body.dataset.editor === '1'");
        await page.Keyboard.PressAsync("Control+A");
        await page.Keyboard.TypeAsync("1 + 1");
        var (trivial, keys, lists) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < 20; i++)
        {
            await last.EvaluateAsync("""
                cell => {
                    window.wait = new Promise(ended => new MutationObserver(records => {
                        if (records.some(r => r.oldValue.includes('running')) && !cell.classList.contains('running'))
                            ended();
                    }).observe(cell, { attributeFilter: ['class'], attributeOldValue: true }));
                }
                """);
            var clock = Stopwatch.StartNew();
            await page.Keyboard.PressAsync("Shift+Enter");
            await page.EvaluateAsync("() => window.wait.then(() => 1)");
            trivial.Add(clock.Elapsed.TotalMilliseconds);
        }

        Say("a trivial cell, from Shift+Enter to its end in the page", trivial);
        for (var i = 0; i < 20; i++)
        {
            await page.EvaluateAsync(
                "() => { window.wait = new Promise(r => addEventListener('keydown', () => { const t = performance.now(); "
                    + "requestAnimationFrame(() => requestAnimationFrame(() => r(performance.now() - t))); }, { once: true, capture: true "
                        + "})); }");
            await page.Keyboard.PressAsync("x");
            keys.Add(await page.EvaluateAsync<double>("() => window.wait"));
        }

        Say("a keystroke to the second frame after it", keys);
        for (var i = 0; i < 5; i++)
        {
            await page.Keyboard.PressAsync("Control+A");
            await page.Keyboard.TypeAsync("Console");
            var clock = Stopwatch.StartNew();
            await page.Keyboard.TypeAsync(".");
            // and not the words like Console
            await page.WaitForSelectorAsync(".suggest-widget.visible .monaco-list-row[aria-label^=BackgroundColor]");
            lists.Add(clock.Elapsed.TotalMilliseconds);
            await page.Keyboard.PressAsync("Escape");
            await page.Locator(".cell").Last.Locator(".monaco-editor textarea").FocusAsync();
        }

        Say("a dot to the list of completions", lists);

        await page.Keyboard.PressAsync("Control+A");
        await page.Keyboard.InsertTextAsync("""
            Waterfall.Of(new RecordedTrace(Enumerable.Range(0, 10_000).Select(i => new RecordedSpan
            {
                TraceId = new string('a', 32), SpanId = (i + 1).ToString("x16"), ParentSpanId = i == 0 ? null : ((i - 1) / 4 + 1).ToString("x16"),
                Name = $"step {i % 7}", Start = DateTimeOffset.UnixEpoch.AddMilliseconds(i), Duration = TimeSpan.FromMilliseconds(10_000 - i),
            })))
            """);
        var (first, whole) = (new List<double>(), new List<double>());
        for (var i = 0; i < 3; i++)
        {
            var clock = Stopwatch.StartNew();
            await page.Keyboard.PressAsync("Shift+Enter");
            await page.WaitForFunctionAsync(
                "() => [...document.querySelectorAll('.cell')].at(-1).querySelector('.html:not([data-seen]) > "
                    + "div')?.shadowRoot.querySelector('.tv-row')", null, new() { Timeout = 60_000 });
            first.Add(clock.Elapsed.TotalMilliseconds);
            await page.WaitForFunctionAsync("() => [...document.querySelectorAll('.cell')].at(-1).querySelector('.html')?.dataset.whole",
                null, new() { Timeout = 60_000 });
            whole.Add(clock.Elapsed.TotalMilliseconds);
            await page.EvaluateAsync("() => [...document.querySelectorAll('.cell')].at(-1).querySelector('.html').dataset.seen = '1'");
        }

        Say("a waterfall of 10,000 spans: its first row", first);
        Say("the same: its last row", whole);
    }

    private static async Task<IPage> OpenAsync(IBrowser chromium, PlayerProcess player, string lesson)
    {
        var page = await (await chromium.NewContextAsync(new() { ViewportSize = new() { Width = 1280, Height = 800 } })).NewPageAsync();
        page.SetDefaultTimeout(120_000);
        await page.GotoAsync(player.Address);
        await page.WaitForSelectorAsync(".lessons");
        await page.GotoAsync(new Uri(new Uri(player.Address), $"/lesson/{lesson}").AbsoluteUri);
        await page.WaitForFunctionAsync("() => document.body.dataset.ready === '1'");
        return page;
    }

    /// <summary>Clicks the cells up to the first drawing, one after the other, as soon as each has run.</summary>
    private static async Task<double> ToFirstTraceAsync(IPage page)
    {
        var clock = Stopwatch.StartNew();
        var cells = page.Locator(".cell");
        for (var i = 0; ; i++)
        {
            var cell = cells.Nth(i);
            await cell.Locator(".run").ClickAsync();
            await cell.Locator(".mark.ok").WaitForAsync();
            if ((await cell.Locator(".source").TextContentAsync())!.Contains("Waterfall.Of(", StringComparison.Ordinal))
                return clock.Elapsed.TotalMilliseconds;
        }
    }

    private static void Say(string what, List<double> milliseconds) =>
        Console.WriteLine(FormattableString.Invariant($"{what,-58} {milliseconds.Order().ElementAt(milliseconds.Count / 2),8:0} ms"));

    private sealed partial class PlayerProcess : IDisposable
    {
        private readonly Process _process;
        private readonly string _progress = Directory.CreateTempSubdirectory("tracing-tutorial-player-").FullName;

        public PlayerProcess(string host, string root)
        {
            _process = Process.Start(new ProcessStartInfo(host, ["--no-open", "--progress", _progress])
            {
                WorkingDirectory = root,
                RedirectStandardOutput = true
            })!;
            string? line;
            while ((line = _process.StandardOutput.ReadLine()) is not null && !line.Contains("http://", StringComparison.Ordinal))
            {
            }

            Address = Url().Match(line ?? throw new InvalidOperationException("The player did not start.")).Value;
        }

        public string Address { get; }

        public double Memory()
        {
            _process.Refresh();
            return _process.WorkingSet64 / 1e6;
        }

        public double KernelMemory() =>
            Process.GetProcessesByName("tracing-tutorial").Where(p => p.Id != _process.Id).Max(p => p.WorkingSet64) / 1e6;

        public void Dispose()
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
            Directory.Delete(_progress, recursive: true);
        }

        [GeneratedRegex(@"http://\S+")]
        private static partial Regex Url();
    }
}
