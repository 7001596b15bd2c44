using System.Linq;
using System.Threading.Tasks;
using Microsoft.Playwright;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

/// <summary>What only a browser can tell: does it fit, can it be read, does it unfold.</summary>
public sealed class ViewBrowserTests(Browser browser)
{
    // The colour that an element really shows: what is half transparent is painted over what lies behind it.
    private const string Helpers = """
        const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
        const paint = colors => {
          for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
          return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
        };
        const behind = e => { const all = []; for (; e; e = e.parentElement) all.unshift(getComputedStyle(e).backgroundColor); return all; };
        const luminance = rgb => rgb.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
        const contrast = (front, back) => {
          const [a, b] = [luminance(paint([...back, front])), luminance(paint(back))].sort((x, y) => y - x);
          return (a + 0.05) / (b + 0.05);
        };
        const failing = (selector, least, color) => [...document.querySelectorAll(selector)]
          .filter(e => e.getClientRects().length > 0)
          .map(e => ({ e, ratio: contrast(color(e), color === textOf ? behind(e) : behind(e.parentElement)) }))
          .filter(x => x.ratio < least)
          .map(x => `${x.e.tagName}.${x.e.className} '${x.e.textContent.slice(0, 20)}' ${x.ratio.toFixed(2)}`);
        const textOf = e => getComputedStyle(e).color;
        """;

    public static TheoryData<string, int> Pages
    {
        get
        {
            var pages = new TheoryData<string, int>();
            foreach (var view in new[] { "profile", "odd", "several", "queue", "one span each", "table", "empty", "map", "odd map",
                "dense map", "side by side", "odd side by side", "verdict", "headers", "hostile headers" })
            {
                foreach (var width in new[] { 500, 900, 1400 })
                    pages.Add(view, width);
            }

            return pages;
        }
    }

    [Theory(Explicit = true)]
    [MemberData(nameof(Pages))]
    public async Task The_page_never_scrolls_sideways_even_with_all_rows_unfolded(string view, int width)
    {
        await using var shown = await Show(view, width);
        await shown.Page.EvaluateAsync("document.querySelectorAll('details').forEach(d => d.open = true)");

        Assert.Equal(0, await shown.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth"));
    }

    [Theory]
    [InlineData("odd", 500)]
    [InlineData("odd", 1400)]
    [InlineData("profile", 500)]
    [InlineData("profile", 900)]
    [InlineData("side by side", 700)]
    [InlineData("side by side", 1600)]
    public async Task Bars_lie_inside_the_timeline_and_their_times_beside_them(string view, int width)
    {
        await using var shown = await Show(view, width);

        Assert.Empty(await shown.Page.EvaluateAsync<string[]>("""
            () => [...document.querySelectorAll('.tv-row .tv-track')].flatMap(track => {
              const box = track.getBoundingClientRect(), time = track.querySelector('.tv-time').getBoundingClientRect();
              const bars = [...track.querySelectorAll('.tv-self,.tv-wait,.tv-crit')].map(b => b.getBoundingClientRect());
              const outside = bars.filter(b => b.left < box.left - 0.6 || b.right > box.right + 0.6 || b.width < 1.9 || b.height < 1.9).length;
              const covered = bars.filter(b => b.right > time.left + 0.6 && b.left < time.right - 0.6).length;
              return outside || covered || time.right > document.documentElement.clientWidth ? [`${outside} outside, ${covered} under '${track.textContent}'`] : [];
            })
            """));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(900)]
    [InlineData(1400)]
    public async Task Bars_of_all_rows_share_one_time_axis(int width)
    {
        await using var shown = await Show("odd", width);

        Assert.Equal(1, await shown.Page.EvaluateAsync<int>("""
            new Set([...document.querySelectorAll('.tv-track')].map(t => t.getBoundingClientRect()).map(b => `${b.left.toFixed(1)} ${b.width.toFixed(1)}`)).size
            """));
    }

    [Fact]
    public async Task A_row_unfolds_on_click_and_with_the_keyboard()
    {
        await using var shown = await Show("profile", 900);
        var row = shown.Page.Locator("details", new() { HasTextString = "card declined" }).Last;
        var stack = row.GetByText("at Payments.Handle()");

        await Assertions.Expect(stack).ToBeHiddenAsync();
        await row.Locator("summary").ClickAsync();
        await Assertions.Expect(stack).ToBeVisibleAsync();
        await row.Locator("summary").PressAsync("Enter");
        await Assertions.Expect(stack).ToBeHiddenAsync();
    }

    [Theory(Explicit = true)]
    [InlineData("#ffffff", "#222222")]
    [InlineData("#ffffff", "#3b3b3b")]
    [InlineData("#1e1e1e", "#cccccc")]
    [InlineData("#1e1e1e", "#ffffff")]
    public async Task Texts_and_bars_can_be_read_on_light_and_on_dark_pages(string background, string text)
    {
        foreach (var view in new[] { "several", "table", "empty", "map", "side by side", "verdict", "headers" })
        {
            await using var shown = await Show(view, 900, background, text);
            await shown.Page.EvaluateAsync("document.querySelectorAll('details').forEach(d => d.open = true)");

            Assert.Empty(await shown.Page.EvaluateAsync<string[]>("() => {" + Helpers + """
                return [
                  ...failing('.tv-title,.tv-head span,.tv-what span,.tv-what b,.tv-what small,.tv-tick,.tv-time,.tv-part b,dt,dd,.tv-legend span,th,td,td span,.tv-none b,.tv-none li,.tv-changes div,.tv-map-foot,.tp-head span,.tp-text,.tp-between,.tp-part small,.tp-name,.tp-says,.tp-rule,.ex-title,.ex-hint,.ex-row-open,.ex-broken', 4.5, textOf),
                  ...failing('.tv-map text', 4.5, e => getComputedStyle(e).fill),
                  ...failing('.tv-map-line', 3, e => getComputedStyle(e).stroke),
                  ...failing('.tv-map-head', 3, e => getComputedStyle(e).fill),
                  ...failing('.tp-text', 3, e => getComputedStyle(e).borderBottomColor),
                  ...failing('.tv-mark,.tv-track>.tv-self,.tv-key.tv-self,.tv-crit,.tv-wait', 3, e => getComputedStyle(e).borderTopColor),
                  ...failing('.tv-event', 3, e => getComputedStyle(e).borderTopColor),
                ]; }
                """));
        }
    }

    [Fact]
    public async Task All_eight_service_colours_have_three_to_one_contrast_on_white_and_on_dark()
    {
        await using var shown = await Show("odd", 900);

        Assert.Empty(await shown.Page.EvaluateAsync<string[]>("() => {" + Helpers + """
            return [0, 1, 2, 3, 4, 5, 6, 7].flatMap(i => {
              const mark = document.createElement('i');
              mark.className = `tv-mark tv-c${i}`;
              document.querySelector('.tv').append(mark);
              const color = getComputedStyle(mark).borderTopColor;
              return ['#ffffff', '#1e1e1e'].filter(page => !(contrast(color, [page]) >= 3)).map(page => `${color} on ${page}`);
            }); }
            """));
    }

    [Fact]
    public async Task A_failed_bar_is_red_and_stays_so_when_another_view_follows()
    {
        await using var shown = await Show("profile and table", 900);

        Assert.Equal(["POST /payments rgb(229, 56, 59)", "render service"], await shown.Page.EvaluateAsync<string[]>("""
            ['POST /payments', 'render'].map(name => {
              const row = [...document.querySelectorAll('.tv-row')].find(r => r.querySelector('.tv-name').textContent.endsWith(name));
              const color = e => getComputedStyle(e).borderTopColor;
              return `${name} ${color(row.querySelector('.tv-track>.tv-self')) === color(row.querySelector('.tv-mark')) ? 'service' : color(row.querySelector('.tv-track>.tv-self'))}`;
            })
            """));
    }

    [Theory]
    [InlineData("profile")]
    [InlineData("verdict")]
    [InlineData("side by side")]
    [InlineData("queue")]
    [InlineData("long names")]
    public async Task At_a_thousand_pixels_no_service_and_no_name_is_cut(string view)
    {
        await using var shown = await Show(view, 1000);

        Assert.Empty(await shown.Page.EvaluateAsync<string[]>("""
            () => {
              const cuts = e => { const s = getComputedStyle(e); return s.overflow !== 'visible' || s.textOverflow !== 'clip'; };
              return [...document.querySelectorAll('.tv-in,.tv-name,.tv-note,.tv-title')].filter(e => {
                const box = e.getBoundingClientRect(), row = e.closest('.tv-what,.tv-head').getBoundingClientRect();
                for (let p = e; !p.matches('.tv'); p = p.parentElement) if (cuts(p)) return true;
                return box.right > row.right + 0.6 || box.bottom > row.bottom + 0.6 || box.width < 1;
              }).map(e => e.textContent);
            }
            """));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(1000)]
    public async Task An_arrow_has_no_gaps_between_rows_and_traces_and_ends_at_its_rows(int width)
    {
        await using var shown = await Show("queue", width);
        foreach (var unfold in new[] { false, true })
        {
            await shown.Page.EvaluateAsync($"document.querySelectorAll('details').forEach(d => d.open = {(unfold ? "true" : "false")})");
            Assert.Equal(["0: 6 pieces, 0 gaps", "1: 2 pieces, 0 gaps"], await shown.Page.EvaluateAsync<string[]>("""
                () => ['0', '1'].map(lane => {
                  const pieces = [...document.querySelectorAll('.tv-lane')].filter(e => e.style.getPropertyValue('--k') === lane).map(e => e.getBoundingClientRect());
                  return `${lane}: ${pieces.length} pieces, ${pieces.slice(1).filter((p, i) => Math.abs(p.top - pieces[i].bottom) > 1.6).length} gaps`;
                })
                """));
            Assert.Empty(await shown.Page.EvaluateAsync<string[]>("""
                () => [...document.querySelectorAll('.tv-from,.tv-to')].filter(e => {
                  const line = e.closest('summary').querySelector('.tv-label').getBoundingClientRect(), box = e.getBoundingClientRect();
                  const y = e.matches('.tv-a') ? box.top : e.matches('.tv-z') ? box.bottom : box.top + 12;
                  return box.left > line.left || y < line.top || y > line.top + 24;
                }).map(e => e.className)
                """));
        }
    }

    [Fact]
    public async Task Nothing_around_the_view_changes_its_style()
    {
        // What a notebook's page does to tables, lists and headings must not reach the view, and the other way round.
        await using var shown = await Show("several", 900);
        var before = await Outside(shown.Page);
        await shown.Page.EvaluateAsync("document.querySelectorAll('style').forEach(s => s.remove())");

        Assert.Equal(before, await Outside(shown.Page));
    }

    [Theory]
    [InlineData(700, 1)]
    [InlineData(900, 1)]
    [InlineData(1400, 2)]
    [InlineData(1600, 2)]
    public async Task Two_traces_stand_side_by_side_where_there_is_room(int width, int columns)
    {
        await using var shown = await Show("side by side", width);

        Assert.Equal(columns,
            await shown.Page.EvaluateAsync<int>(
                "new Set([...document.querySelectorAll('.tv-trace')].map(t => t.getBoundingClientRect().left)).size"));
        Assert.Equal(1,
            await shown.Page.EvaluateAsync<int>(
                "new Set([...document.querySelectorAll('.tv-track')].map(t => t.getBoundingClientRect().width.toFixed(1))).size"));
    }

    [Theory]
    [InlineData("map", 500)]
    [InlineData("map", 900)]
    [InlineData("odd map", 900)]
    [InlineData("odd map", 1400)]
    [InlineData("dense map", 1400)]
    public async Task In_a_service_map_no_text_lies_on_another_or_leaves_its_node_and_all_can_be_read(string view, int width)
    {
        await using var shown = await Show(view, width);

        Assert.Empty(await shown.Page.EvaluateAsync<string[]>("""
            () => {
              const box = e => e.getBoundingClientRect(), texts = [...document.querySelectorAll('.tv-map text')], boxes = [...document.querySelectorAll('.tv-map-box')];
              const meet = (a, b, by) => a.left < b.right - by && b.left < a.right - by && a.top < b.bottom - by && b.top < a.bottom - by;
              const svg = box(document.querySelector('.tv-map svg'));
              return [
                ...texts.flatMap((a, i) => texts.slice(i + 1).filter(b => meet(box(a), box(b), 3)).map(b => `'${a.textContent}' lies on '${b.textContent}'`)),
                ...texts.filter(t => t.closest('.tv-map-node')).filter(t => box(t).width > box(t.closest('g').querySelector('.tv-map-box')).width - 8).map(t => `'${t.textContent}' is wider than its node`),
                ...texts.filter(t => t.closest('.tv-map-call')).flatMap(t => boxes.filter(b => meet(box(t), box(b), 2)).map(() => `'${t.textContent}' lies on a node`)),
                ...texts.filter(t => box(t).left < svg.left || box(t).right > svg.right || box(t).top < svg.top || box(t).bottom > svg.bottom).map(t => `'${t.textContent}' is cut off`),
                ...texts.filter(t => box(t).height < 10).map(t => `'${t.textContent}' is ${box(t).height} high`),
              ];
            }
            """));
    }

    private static Task<string> Outside(IPage page) => page.EvaluateAsync<string>("""
        [...document.querySelectorAll('.outside, .outside *')].map(e => { const s = getComputedStyle(e); return [s.font, s.color, s.margin, s.padding, s.display, s.border].join(); }).join(';')
        """);

    private static string Html(string view) => view switch
    {
        "headers" => TraceparentView.Of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-07", "congo=t61rcWkgMzE,@x=1,1a=2",
            "a=1;b, c=d e").ToHtml() + TraceparentView.Of("00_1", "a=1").ToHtml(),
        "hostile headers" => string.Concat(TraceparentViewTests.Hostiles().Select(v => v.ToHtml())),
        "long names" => Waterfall.Of(Trace(
            Span("a name of many words that has no room in the label of a row, however wide it is, and yet is read to its end", null, 0, 10,
                "a-service-whose-name-is-longer-than-most"),
            Span("a_name_without_any_space_in_it_that_has_no_room_in_the_label_of_a_row_and_yet_is_read",
                "a name of many words that has no room in the label of a row, however wide it is, and yet is read to its end", 1, 5,
                "another-service-whose-name-is-longer-than-most"))).ToHtml(),
        "profile and table" => Views.Of("profile").ToHtml() + Views.Of("table").ToHtml(),
        _ => Views.Of(view).ToHtml(),
    };

    private async Task<BrowserPage> Show(string view, int width, string background = "#ffffff", string text = "#222222")
    {
        var shown = await browser.NewPage(width);
        await shown.Page.SetContentAsync($"""
            <!doctype html><html lang="en"><meta charset="utf-8"><title>view</title>
            <body style="margin:12px;background:{background};color:{text}">{Html(view)}
            <div class="outside"><details><summary>s</summary></details><table><tr><td>t</td></tr></table><dl><dt>a<dd>b</dl><b>b</b><i>i</i></div>
            """);
        return shown;
    }
}
