using System.Threading.Tasks;
using Microsoft.Playwright;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>What a browser keeps of a learner's work: in two tabs, without storage, when it is full, in a newer version.</summary>
public sealed class TabStoreTests(Browser browser)
{
    private const string Open = """
        const { CourseStore } = await import('/session/store.js'), { empty } = await import('/session/kept.js');
        const withCells = cells => ({ ...empty, cells });
        const cell = (source, minute = 1) => (
          { original: 'o', source, changed: `2026-11-30T12:0${minute}:00Z`, exercise: null, solvedBy: null, others: [] });

        """;

    [Fact]
    public async Task Two_tabs_on_one_lesson_lose_nothing_and_tell_each_other()
    {
        await using var shown = await TabSession.OpenPageAsync(browser);
        var two = await shown.Page.Context.NewPageAsync();
        await two.GotoAsync(shown.Page.Url);
        await shown.Page.EvaluateAsync("async () => {" + Open + """
              window.lesson = new CourseStore('c').lesson('01');
              await lesson.read();
              window.told = new Promise(done => lesson.onchange = done);
            }
            """);

        var ofTwo = await WriteAsync(two, "const lesson = new CourseStore('c').lesson('01');", "two");
        await shown.Page.EvaluateAsync("() => told");
        var ofOne = await WriteAsync(shown.Page, "", "one");

        Assert.Equal("two", ofTwo);
        Assert.Equal("one two", ofOne);
    }

    [Fact(Explicit = true)]
    public async Task A_thousand_edits_of_two_tabs_come_to_an_end()
    {
        await using var shown = await TabSession.OpenPageAsync(browser);
        var two = await shown.Page.Context.NewPageAsync();
        await two.GotoAsync(shown.Page.Url);
        const string Write = "async name => {" + Open + """
              const lesson = new CourseStore('c').lesson('01');
              let mine = empty;
              for (let i = 0; i < 500; i++) {
                const before = mine;
                mine = withCells({ ...mine.cells, [`${name} ${i}`]: cell(`${i}`) });
                mine = (await lesson.merge(before, mine)).held;
              }
            }
            """;

        await Task.WhenAll(shown.Page.EvaluateAsync(Write, "one"), two.EvaluateAsync(Write, "two"));

        Assert.Equal(1000, await shown.Page.EvaluateAsync<int>("async () => {" + Open + """
              return Object.keys((await new CourseStore('c').lesson('01').read()).kept.cells).length;
            }
            """));
    }

    [Fact]
    public async Task Without_storage_it_works_in_memory_and_says_so()
    {
        await using var shown = await TabSession.OpenPageAsync(browser);

        var said = await shown.Page.EvaluateAsync<string>("async () => {" + Open + """
              const store = new CourseStore('c', { get indexedDB() { throw new DOMException('denied', 'SecurityError'); } });
              let said = '';
              store.ontrouble = text => said = text;
              const lesson = store.lesson('01');
              await lesson.read();
              await lesson.merge(empty, withCells({ a: cell('mine') }));
              await lesson.putRun('a', { source: 'mine', outputs: [] });
              const { kept, runs } = await lesson.read();
              return `${kept.cells.a.source} ${runs.a.source}: ${said}`;
            }
            """);

        Assert.StartsWith("mine mine: This browser keeps nothing for this page, as in a private window. What you write is gone", said);
    }

    [Fact]
    public async Task When_the_storage_is_full_outputs_make_room_and_after_that_it_says_so()
    {
        await using var shown = await TabSession.OpenPageAsync(browser);

        var result = await shown.Page.EvaluateAsync<string[]>("async () => {" + Open + """
              const lesson = new CourseStore('c').lesson('01');
              await lesson.read();
              await lesson.putRun('a', { source: '1', outputs: [] });
              // A browser that has room for a text only when nothing else is there; then for nothing.
              const put = IDBObjectStore.prototype.put, clear = IDBObjectStore.prototype.clear;
              let isFull = true, isCleared = false;
              IDBObjectStore.prototype.clear = function () { isCleared = true; return clear.call(this); };
              IDBObjectStore.prototype.put = function (...values) {
                if (isFull && !isCleared) throw new DOMException('full', 'QuotaExceededError');
                return put.apply(this, values);
              };
              await lesson.merge(empty, withCells({ a: cell('first') }));
              const { kept, runs } = await lesson.read();
              IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); };
              const said = await lesson.merge(empty, withCells({ a: cell('second', 2) })).then(() => 'kept', e => e.message);
              return [kept.cells.a.source, `${Object.keys(runs).length}`, said];
            }
            """);

        Assert.Equal(["first", "0", "The browser has no room for it. Save your work to a file."], result);
    }

    [Fact]
    public async Task What_cannot_be_understood_is_put_aside_and_is_in_a_saved_file()
    {
        await using var shown = await TabSession.OpenPageAsync(browser);

        var result = await shown.Page.EvaluateAsync<string[]>("async () => {" + Open + """
              const store = new CourseStore('c'), lesson = store.lesson('01');
              await store.opened;
              await new Promise(done => {
                indexedDB.open('c').onsuccess = ({ target: { result: db } }) => {
                  const transaction = db.transaction('lessons', 'readwrite');
                  transaction.objectStore('lessons').put({ version: 2, cells: 'none' }, '01');
                  transaction.oncomplete = () => { db.close(); done(); };
                };
              });
              const { kept } = await lesson.read();
              const { aside } = await lesson.merge(empty, withCells({ a: cell('mine') }));
              const file = await store.save();
              return [`${Object.keys(kept.cells).length} ${aside}`, file.files['01.json'].cells.a.source,
                Object.values(file.unreadable)[0].cells];
            }
            """);

        Assert.Equal(["0 true", "mine", "none"], result);
    }

    [Fact]
    public async Task An_older_tab_that_is_in_the_way_of_a_newer_version_is_named_and_what_was_written_goes_in_when_it_is_closed()
    {
        await using var shown = await TabSession.OpenPageAsync(browser);
        var older = await shown.Page.Context.NewPageAsync();
        await older.GotoAsync(shown.Page.Url);
        await older.EvaluateAsync(
            "() => new Promise(done => { indexedDB.open('c', 1).onsuccess = e => { window.held = e.target.result; done(); }; })");

        var said = await shown.Page.EvaluateAsync<string>("async () => {" + Open + """
              window.store = new CourseStore('c');
              let said = '';
              store.ontrouble = text => said = text;
              window.lesson = store.lesson('01');
              await lesson.merge(empty, withCells({ a: cell('mine') }));
              window.other = new CourseStore('c').lesson('01');
              window.told = new Promise(done => other.onchange = done);
              return said;
            }
            """);
        Assert.StartsWith("Another tab has an older version of this course open. Close it.", said);
        await older.CloseAsync();

        Assert.Equal("mine", await shown.Page.EvaluateAsync<string>(
            "async () => { await told; return (await other.read()).kept.cells.a.source; }"));
    }

    [Fact]
    public async Task A_saved_file_is_loaded_and_joined_and_another_file_is_refused_as_a_whole()
    {
        await using var shown = await TabSession.OpenPageAsync(browser);

        var result = await shown.Page.EvaluateAsync<string[]>("async () => {" + Open + """
              const one = new CourseStore('one'), two = new CourseStore('two');
              await one.lesson('01').merge(empty, withCells({ a: cell('from one'), b: cell('b') }));
              await one.lesson('02').merge(empty, withCells({ c: cell('c') }));
              await two.lesson('01').merge(empty, withCells({ a: cell('newer', 5) }));
              const file = JSON.parse(JSON.stringify(await one.save()));
              const broken = { ...file, files: { ...file.files, '02.json': { version: 2 } } };
              const refused = [await two.load(broken).catch(e => e.message), await two.load({ other: 1 }).catch(e => e.message)];
              const before = Object.keys(await two.all()).join(' '), count = await two.load(file), all = await two.all();
              const { clear, now } = await import('/session/kept.js');
              await two.lesson('01').merge(all['01'], clear(all['01'], now(all['01']))); // Start again
              await two.load(file);
              const again = (await two.all())['01'].cells;
              const { a } = all['01'].cells;
              return [...refused, before, `${count}`, a.source, a.others[0].source, all['02'].cells.c.source, again.a.source];
            }
            """);

        Assert.Equal(["The part 02.json of this file cannot be understood. Nothing was loaded.", "This file has no work of this course.",
            "01", "2", "newer", "from one", "c", "from one"], result);
    }

    private static Task<string> WriteAsync(IPage page, string open, string name) => page.EvaluateAsync<string>($$"""
        async name => {
          {{Open}}
          {{open}}
          const { held } = await lesson.merge(empty, withCells({ [name]: cell(name) }));
          return Object.keys(held.cells).sort().join(' ');
        }
        """, name);
}
