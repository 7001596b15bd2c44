using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using Xunit;
using static TracingTutorial.Tests.LessonHost;

namespace TracingTutorial.Tests;

/// <summary>A web server of somebody else, on another port of this machine: what it serves, and who asked it for something.</summary>
internal sealed class Stranger : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Stranger(WebApplication app) => _app = app;

    public string Origin => _app.Urls.Single();

    /// <summary>The paths that were asked for.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    public static async Task<Stranger> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var stranger = new Stranger(builder.Build());
        stranger._app.Run(http =>
        {
            stranger.Asked.Enqueue(http.Request.Path);
            http.Response.ContentType = "text/html";
            return http.Response.WriteAsync("<!doctype html><title>stranger</title><p>A page of somebody else.");
        });
        await stranger._app.StartAsync();
        return stranger;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

/// <summary>A page of somebody else in the learner's browser, and cells that show what they should not.</summary>
public sealed class PlayerHostileTests(PlayerFixture player) : IClassFixture<PlayerFixture>
{
    [Fact]
    public async Task A_page_on_another_port_gets_nothing_out_of_the_player()
    {
        using var traces = new TempFolder();
        var ran = Path.Combine(traces.Path, "ran");
        player.Write("20-target", "# Target", Code($"System.IO.File.WriteAllText({JsonSerializer.Serialize(ran)}, \"\");"));
        await using var stranger = await Stranger.StartAsync();
        await using var shown = await player.ComeInAsync();
        var page = shown.Page;
        await page.GotoAsync(player.Origin);
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Target" })).ToBeVisibleAsync(); // this browser may come in
        await page.GotoAsync(stranger.Origin);

        var got = await page.EvaluateAsync<string>("""
            async player => {
              const events = (e, yes, no) => new Promise(done => { e[yes] = () => done('got through'); e[no] = () => done('refused'); });
              const add = (tag, attributes) => { const e = Object.assign(document.createElement(tag), attributes); document.body.append(e); return e; };
              const loads = frame => new Promise(done => { frame.onload = () => { let text; try { text = frame.contentDocument?.body.textContent ?? 'closed'; } catch { text = 'closed'; } done(text); }; });
              const answer = async (address, options) => { try { const r = await fetch(address, options); return `${r.type} ${await r.text()}`; } catch { return 'refused'; } };
              const form = async (action, method) => {
                const frame = add('iframe', { name: `f${Math.random()}` }), f = add('form', { action, method, target: frame.name }), done = loads(frame);
                f.submit();
                return await done;
              };
              const soon = (name, work) => Promise.race([work, new Promise(done => setTimeout(() => done(`${name}: no answer`), 300000))]);
              const socket = new WebSocket(`${player.replace('http', 'ws')}/ws/20-target`);
              const connects = events(socket, 'onopen', 'onerror');
              socket.addEventListener('open', () => socket.send(JSON.stringify({ do: 'run', cells: [1] })));
              return JSON.stringify({
                fetch: await soon('fetch', answer(`${player}/lesson/20-target`)), cookie: await soon('cookie', answer(`${player}/lesson/20-target`, { credentials: 'include' })),
                blind: await soon('blind', answer(player, { mode: 'no-cors', credentials: 'include' })), post: await soon('post', answer(`${player}/`, { method: 'POST', mode: 'no-cors', credentials: 'include', body: 'do=run' })),
                image: await soon('image', events(add('img', { src: `${player}/assets/picture.svg` }), 'onload', 'onerror')),
                script: await soon('script', events(add('script', { src: `${player}/lesson.js` }), 'onload', 'onerror')),
                style: await soon('style', events(add('link', { rel: 'stylesheet', href: `${player}/course.css` }), 'onload', 'onerror')),
                socket: await soon('socket', connects),
                post2: await soon('post2', form(`${player}/`, 'post')), get: await soon('get', form(`${player}/lesson/20-target`, 'get')),
                frame: await soon('frame', loads(add('iframe', { src: `${player}/lesson/20-target` }))),
              });
            }
            """, player.Origin);

        foreach (var (attempt, answer) in JsonSerializer.Deserialize<Dictionary<string, string>>(got)!)
            Assert.True(answer is "refused" or "closed" or "opaque ", $"{attempt}: {answer}");
        foreach (var frame in page.Frames.Skip(1))
            Assert.False(await frame.Locator("main, button").CountAsync() > 0, $"{frame.Url} shows the player");
        Assert.False(File.Exists(ran));
    }

    [Fact]
    public async Task A_window_that_another_page_opens_is_out_of_its_reach()
    {
        await using var stranger = await Stranger.StartAsync();
        await using var shown = await player.ComeInAsync();
        await shown.Page.GotoAsync(stranger.Origin);

        var popup = await shown.Page.RunAndWaitForPopupAsync(() => shown.Page.EvaluateAsync("player => { window.theirs = open(player); }",
            player.Origin));
        await popup.WaitForLoadStateAsync();

        Assert.True(await shown.Page.EvaluateAsync<bool>("theirs.closed")); // another group of windows
        Assert.True(await popup.EvaluateAsync<bool>("window.opener === null"));
    }

    /// <summary>What a cell may show: HTML that would run a script, send something, or lie over the page.</summary>
    private static readonly (string Name, string Html)[] Hostile =
    [
        ("script",
        "<script>window.hacked = 1</script><script src='STRANGER/script'></script><svg><script>window.hacked = 1</script></svg>"),
        ("handler",
            "<img src=x onerror='window.hacked = 1'><svg onload='window.hacked = 1'></svg><details open ontoggle='window.hacked = "
                + "1'><summary>x</summary></details><input autofocus onfocus='window.hacked = 1'><style onload='window.hacked = "
                    + "1'></style>"),
        ("elsewhere",
            "<img src='STRANGER/image'><link rel=stylesheet href='STRANGER/style'><style>@import 'STRANGER/import'; p { background: "
                + "url(STRANGER/background) }</style><p>text<iframe src='STRANGER/frame'></iframe><iframe srcdoc='<script>parent.hacked = "
                    + "1</script>'></iframe><iframe src='javascript:parent.hacked = 1'></iframe><object "
                        + "data='STRANGER/object'></object><embed src='STRANGER/embed'><video src='STRANGER/video' autoplay></video>"),
        ("navigation",
            "<base href='STRANGER/base/'><meta http-equiv=refresh content='0;url=STRANGER/refresh'><meta "
                + "http-equiv=Content-Security-Policy content=\"default-src *\">"),
        ("form", "<form action='STRANGER/form' method=post><button>send</button></form><form action='javascript:window.hacked = "
            + "1'><button>send</button></form><form><button formaction='STRANGER/formaction'>send</button></form>"),
        ("link", "<a href='javascript:window.hacked = 1'>go</a><a target=_blank href='javascript:opener.hacked = 1'>go</a><a target=_top "
            + "href='data:text/html,<script>1</script>'>go</a>"),
        ("cover",
            "<style>:host { position: fixed !important; inset: 0 !important; z-index: 99999 !important; contain: none !important; "
                + "overflow: visible !important; display: block !important; background: red } body, .bar, * { display: none !important } "
                    + "div.cover { display: block !important; position: fixed !important; inset: 0; width: 100vw; height: 100vh; z-index: "
                        + "99999; background: red }</style><div class=cover></div>"),
        ("cover beside",
            "<div style='position:absolute;left:-5000px;top:-5000px;width:9999px;height:9999px;background:red;z-index:99999'></div><div "
                + "style='margin:-3000px;height:3000px;width:100vw;background:red;transform:translateY(-900px) scale(9)'></div>"),
        ("top layer",
            "<button popovertarget=p>send</button><div popover=manual id=p "
                + "style='inset:0;width:100vw;height:100vh;background:red;border:0;margin:0;max-width:none;max-height:none'></div><button "
                    + "commandfor=d command=show-modal>send</button><dialog id=d "
                        + "style='inset:0;width:100vw;height:100vh;background:red;max-width:none;max-height:none'></dialog>"),
        // What is in a table and in no cell of it is moved before the table, where the page has looked already.
        ("moved",
            "</td></tr><button popovertarget=p>send</button><div popover=manual id=p "
                + "style='inset:0;width:100vw;height:100vh;background:red;border:0;margin:0;max-width:none;max-height:none'></div><table><tr><td>x"),
        ("unclosed",
            "</div></div></section></main></template><div style='position:fixed;inset:0;background:red;z-index:99999'></div><img src=x "
                + "onerror='window.hacked = 1'><style>.bar { display: none !important }"),
    ];

    public static TheoryData<string, string> Outputs => new(Hostile);

    /// <summary>
    /// Clicks all that can be clicked in what cells have shown. Clicked by Playwright, a form that is not sent would be waited for.
    /// </summary>
    internal const string ClickAll = """
        () => {
          const shown = root => [...root.querySelectorAll('*')].flatMap(e => [e, ...(e.shadowRoot ? shown(e.shadowRoot) : [])]);
          [...document.querySelectorAll('.outputs')].flatMap(shown).filter(e => e.matches('button, a')).forEach(e => e.click());
        }
        """;

    /// <summary>One lesson with a cell for each of them: what one shows must leave the others, too, as they are.</summary>
    [Fact(Explicit = true)]
    public async Task What_a_cell_shows_stays_in_its_box_now_and_after_a_reload()
    {
        await using var stranger = await Stranger.StartAsync();
        // Each is shown twice, because long ones take another way into the page. (An id counts where it is first.)
        var cells = Hostile.Select((output, i) => (output.Name, Html: output.Html.Replace("STRANGER", $"{stranger.Origin}/{i}")))
            .Select(output => Code($"""
            // {output.Name}
            var html = {JsonSerializer.Serialize(output.Html)};
            html.DisplayAs("text/html");
            (html.Replace("=p ", "=q ").Replace("=p>", "=q>") + new string(' ', 150_000) + html).DisplayAs("text/html");
            """));
        var lesson = player.Write("21-hostile", "# Hostile", [.. cells, Code("\"the end\"")]);
        await using var shown = await player.OpenAsync(lesson);
        var page = shown.Page;

        await page.Button("Run all").ClickAsync();
        await HarmlessAsync();
        await ReloadAsync(page);
        await HarmlessAsync();

        async Task HarmlessAsync()
        {
            await page.Cell(Hostile.Length).ShowsAsync("the end");
            await Assertions.Expect(page.Locator(".cell .html")).ToHaveCountAsync(2 * Hostile.Length);
            await Assertions.Expect(page.Locator("[data-whole]")).ToHaveCountAsync(Hostile.Length);
            // What can be clicked is clicked, as by a learner.
            await page.EvaluateAsync(ClickAll);
            await page.WaitForLoadStateAsync(LoadState.NetworkIdle);

            Assert.False(await page.IsHackedAsync());
            // Scripts of this player may run in a frame, whose page is what the cell wrote: there is none.
            Assert.Empty(await page.EvaluateAsync<string[]>("""
                () => [...document.querySelectorAll('.outputs .html > div')].flatMap(e =>
                  [...e.shadowRoot.querySelectorAll('iframe, object, embed, link, meta, base, script, template')]).map(e => e.localName)
                """));
            Assert.Equal($"{player.Origin}/lesson/{lesson}", page.Url.Split('#')[0]);
            Assert.Empty(stranger.Asked); // the number in the path is the cell's
            // Nothing lies over the bar, the heading, or the cells' own buttons, wherever the page is scrolled to.
            foreach (var place in Enumerable.Range(0, Hostile.Length + 1))
            {
                // Asked through its locator, a cell would wait for the navigations that the page refuses.
                await page.EvaluateAsync("place => document.querySelectorAll('.cell')[place].scrollIntoView()", place);
                Assert.Empty(await page.EvaluateAsync<string[]>("""
                    () => [...document.querySelectorAll('.bar :is(a, button):not(.help), h1, .cell .run, .cell .source')].filter(e => {
                      const box = e.getBoundingClientRect(), x = box.x + Math.min(box.width / 2, 200), y = box.y + box.height / 2;
                      const bar = document.querySelector('.bar'), under = !bar.contains(e) && y < bar.getBoundingClientRect().bottom;
                      const hit = document.elementFromPoint(x, y);
                      return !box.width || !under && y > 0 && y < innerHeight && !(e.contains(hit) || hit?.contains(e) && !hit.shadowRoot);
                    }).map(e => e.outerHTML.slice(0, 80))
                    """));
            }

            Assert.Equal(0, await page.SidewaysAsync());
        }
    }
}
