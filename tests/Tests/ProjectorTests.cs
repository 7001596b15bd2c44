using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using TracingTutorial.Course.Lessons;
using TracingTutorial.Course.Runs;
using TracingTutorial.Host.Player;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>
/// The presenter's view is the slides, so every decisive picture fits a projector of 1280 × 720 at 140%. Decisive is what an
/// instructor shows: each output that draws (also the starter's verdict and the solution's), each table and each picture of the
/// text; not what is folded, and not what is in depth. It fits when nothing of it is cut, wrapped or to be scrolled sideways,
/// no text lies on another one, each is at least 16 px high in type, and the whole of it is on one screen. A drawing of
/// several things (a verdict and its traces, two traces) is shown one after the other: the key for the next screen brings each
/// of them up whole. Printed lines are read as they scroll by; they must only not wrap.
/// </summary>
public sealed class ProjectorTests(Browser browser)
{
    private const int Width = 1280, Height = 720, Scrollbar = 15;

    public static TheoryData<string> Lessons => LessonTests.Lessons;

    [Theory]
    [MemberData(nameof(Lessons))]
    public async Task Every_decisive_picture_of_a_lesson_fits_a_projector(string lesson)
    {
        using var progress = new TempFolder();
        Keep(await LessonTrial.OfAsync(lesson), progress.Path);
        await using var player = await PlayerApp.StartAsync(HostRunner.Root, progress.Path, null, new MemoryKernels().Start, progress.Path);
        await using var opened = await browser.NewPage(Width - Scrollbar, Height);
        var page = opened.Page;
        await PlayerFixture.LetInAsync(page, player);
        await page.GotoAsync(new Uri(player.Origin, $"/lesson/{lesson[..^4]}?present").AbsoluteUri);
        await PlayerFixture.Drawn(page);

        var cells = DibReader.Load(HostRunner.Lesson(lesson)).Cells;
        var pictures = JsonSerializer.Deserialize<Picture[]>(await page.EvaluateAsync<string>(Measure), JsonSerializerOptions.Web)!;
        Assert.NotEmpty(pictures);
        var faults = pictures.Where(p => p.Faults.Length > 0)
            .Select(p => $"{lesson}{(p.Cell < 0 ? "" : $":{cells[p.Cell].Line}")}: {p.Name}\n  {string.Join("\n  ", p.Faults)}").ToArray();
        Assert.True(faults.Length == 0, string.Join('\n', faults));
    }

    /// <summary>What the trial of the lesson showed, as if a learner had come back to it.</summary>
    internal static void Keep(LessonTrial trial, string folder)
    {
        var keys = KeptLesson.KeysOf(trial.Cells.Select(c => c.Cell));
        new ProgressFolder(folder).WriteRuns(Path.GetFileNameWithoutExtension(trial.Lesson.Path),
            trial.Cells.Zip(keys).ToDictionary(c => c.Second, c =>
        {
            var (cell, first, _) = c.First;
            var solved = trial.Answers.Where(a => a.Answer.Exercise == cell.Exercise && a.Answer.Name == LessonTrial.Solution)
                .SelectMany(a => a.Result.Outputs);
            return new KeptRun(cell.Source, first.Status == CellStatus.Ok, first.Reason, 1, [.. first.Outputs.Concat(solved)]);
        }));
    }

    private sealed record Picture(int Cell, string Name, string[] Faults);

    private const string Measure = """
        async () => {
          const { pieces } = await import('/present.js');
          const parts = [...document.querySelectorAll('.part')], found = [];
          parts.forEach(p => p.classList.add('now'));
          document.querySelectorAll('.after').forEach(said => said.classList.add('shown'));
          for (const cover of document.querySelectorAll('.cover')) cover.click();
          // As if every cell had run in front of the room, also those of exercises.
          document.querySelectorAll('.rehearsed, .early').forEach(cell => cell.classList.remove('rehearsed', 'early'));
          await Promise.all([...document.querySelectorAll('.prose img')].map(i => i.decode()));
          const free = innerHeight - document.querySelector('.bar').offsetHeight - 16; // as much above it as the presenter leaves, and below it
          const px = n => `${Math.ceil(n)} px`;

          // Each line of text that is seen: where it is, in which type, and the box that it must not leave.
          const lines = (root, box) => {
            const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), all = [];
            for (let node; node = walker.nextNode();) {
              const e = node.parentElement;
              if (!node.data.trim() || !e || e.closest('style, title') || !e.checkVisibility()) continue;
              const range = document.createRange(), m = e instanceof SVGElement && e.getScreenCTM();
              range.selectNodeContents(node);
              const size = parseFloat(getComputedStyle(e).fontSize) * (m ? Math.hypot(m.c, m.d) : e.currentCSSZoom);
              for (const at of range.getClientRects()) if (at.width > 0) all.push({ node, at, size, text: `"${node.data.trim().slice(0, 40)}"`, edge: (e.ownerSVGElement ?? box).getBoundingClientRect() });
            }
            return all;
          };
          const look = (root, box) => {
            const faults = [], all = lines(root, box);
            for (const e of [box, ...root.querySelectorAll('*')])
              if (e.scrollWidth > e.clientWidth + 1 && e.checkVisibility() && /auto|scroll|hidden|clip/.test(getComputedStyle(e).overflowX)) faults.push(`${px(e.scrollWidth - e.clientWidth)} too wide`);
            for (const { at, edge, text } of all) {
              const out = Math.max(edge.left - at.left, at.right - edge.right, edge.top - at.top, at.bottom - edge.bottom);
              if (out > 2) faults.push(`${text} is cut by ${px(out)}`);
            }
            const small = all.filter(l => l.size < 15.95).sort((a, b) => a.size - b.size);
            if (small.length) faults.push(`${small[0].text} is in ${small[0].size.toFixed(1)} px, and ${small.length} lines are smaller than 16 px`);
            all.forEach((a, i) => all.slice(i + 1).filter(b => b.node !== a.node).forEach(b => {
              const x = Math.min(a.at.right, b.at.right) - Math.max(a.at.left, b.at.left), y = Math.min(a.at.bottom, b.at.bottom) - Math.max(a.at.top, b.at.top);
              if (x > 2 && y > .3 * Math.min(a.at.height, b.at.height)) faults.push(`${a.text} and ${b.text} lie on each other, ${px(x)} wide`);
            }));
            return { faults, name: all.slice(0, 4).map(l => l.text.slice(1, -1)).join(' ') };
          };
          // A picture of the text as the elements that it is made of: an image does not tell.
          const drawing = async img => {
            const host = document.body.appendChild(document.createElement('div')), { width, height } = img.getBoundingClientRect();
            host.style = `position:absolute;left:0;top:0;width:${width}px;height:${height}px`;
            const root = host.attachShadow({ mode: 'open' });
            root.innerHTML = await (await fetch(img.src)).text();
            root.querySelector('svg').style = 'width:100%;height:100%';
            const { faults } = look(root, host);
            host.remove();
            return faults;
          };

          let inDepth = false;
          for (const part of parts) {
            const heading = part.querySelector('h2');
            if (heading) inDepth = /^(In depth|Stretch)/i.test(heading.textContent);
            if (inDepth) continue;
            for (const e of part.querySelectorAll('.outputs > *, .prose img')) {
              const cell = +(e.closest('.cell')?.dataset.cell ?? -1);
              if (e.matches('.html')) found.push({ cell, ...look(e.firstChild.shadowRoot, e) });
              else if (e.matches('img')) found.push({ cell, name: e.src.split('/').pop(), faults: /\.svg$/.test(e.src) ? await drawing(e) : [] });
              else { e.style.whiteSpace = 'pre'; found.push({ cell, ...look(e, e) }); e.style.whiteSpace = ''; continue; }
              const high = e.matches('img') ? [{ from: e, to: e }] : pieces(part).filter(p => e === p.to || e.firstChild.shadowRoot.contains(p.to));
              for (const { from, to } of high) {
                const over = to.getBoundingClientRect().bottom - from.getBoundingClientRect().top - free;
                if (over > 0) found.at(-1).faults.push(`${px(over)} too high`);
              }
            }
          }
          return JSON.stringify(found);
        }
        """;
}
