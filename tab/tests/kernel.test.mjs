// node --test tab/tests: what a learner sees when a cell does something unusual. SITE names the packed folder.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { failure, launch, open, run, serve, shown, start, text } from './site.mjs';

let server, browser, tab;
before(async () => {
    [server, browser] = [await serve(), await launch()];
    tab = await open(browser, server.url);
});
after(async () => {
    await browser.close();
    server.close();
});
let isFresh = false;
beforeEach(async () => {
    if (!isFresh) await start(tab);
    isFresh = true;
});
const broken = async (code, options) => {
    isFresh = false;
    return run(tab, code, options);
};

test('the page runs under a strict policy, below any path', async () => {
    assert.deepEqual(tab.said.filter(line => /Content.Security.Policy/i.test(line)), []);
    assert.ok(server.requests.every(r => !r.path.startsWith('/')));
});

test('a cell uses what the first one has defined', async () => {
    isFresh = false;
    await start(tab);
    await run(tab, 'var parcels = 3;');
    await run(tab, 'parcels += 39;');
    assert.equal(shown(await run(tab, 'parcels'))[0]['text/plain'], '42');
});

test('a value is shown as HTML and as text', async () => {
    const [values] = shown(await run(tab, 'new[] { 1, 2, 3 }'));
    assert.equal(values['text/plain'], '[ 1, 2, 3 ]');
    assert.match(values['text/html'], /\[ 1, 2, 3 \]/);
});

test('a compile error names the line of the notebook', async () => {
    const { reason, line, file, message } = failure(await run(tab, 'var a = 1;\nvar b = missing;', { file: '01-setup.dib', line: 95 }));
    assert.deepEqual([reason, line, file], ['compile', 96, '01-setup.dib']);
    assert.match(message, /^CS0103: The name 'missing' does not exist/);
});

test('an exception names the line of the notebook', async () => {
    const { line, details } = failure(await run(tab, 'int Divide(int by)\n{\n    return 1 / by;\n}\n\nDivide(0)', { file: '03-failures.dib', line: 40 }));
    assert.equal(line, 42);
    assert.match(details, /in 03-failures\.dib:line 45/);
});

test('a package that the site does not have: the sentence names those that it has', async () => {
    const { reason, message } = failure(await run(tab, '#r "nuget: Newtonsoft.Json, 13.0.3"'));
    assert.equal(reason, 'restore');
    assert.match(message, /does not have the package Newtonsoft\.Json\. It has .*OpenTelemetry\.Exporter\.Console/);
});

test('another version of a package that the site has', async () => {
    assert.match(failure(await run(tab, '#r "nuget: OpenTelemetry, 1.9.0"')).message, /has OpenTelemetry 1\.20\.1, and not 1\.9\.0/);
});

test("a learner's own import", async () => {
    assert.match(failure(await run(tab, '#!import ../mine.dib')).message, /does not have '\.\.\/mine\.dib'\. A cell can import .*core\.dib/);
});

test('only imported layers are visible, and a layer can be imported twice', async () => {
    isFresh = false;
    await start(tab);
    assert.match(failure(await run(tab, 'typeof(Waterfall)')).message, /CS0246/);
    assert.equal((await run(tab, '#!import ../helpers/core.dib')).ended.ok, true);
    assert.equal((await run(tab, 'var first = typeof(Waterfall);')).ended.ok, true);
    assert.equal((await run(tab, '#!import ../helpers/core.dib')).ended.ok, true);
    const [values] = shown(await run(tab, 'first == typeof(Waterfall)'));
    assert.equal(values['text/plain'], 'True');
});

test('Console.ReadLine returns null', async () => {
    assert.equal(shown(await run(tab, 'Console.ReadLine() is null'))[0]['text/plain'], 'True');
});

test('text of an earlier cell is told as late', async () => {
    await run(tab, '_ = Task.Run(async () => { await Task.Delay(300); Console.WriteLine("from before"); });');
    const { events } = await run(tab, 'await Task.Delay(900); Console.WriteLine("now");');
    assert.equal(events.filter(e => e.kind === 'late').map(e => e.text).join(''), 'from before\n');
    assert.equal(text({ events }), 'now\n');
});

test('50 MB of output are cut, and the exception after them is told', async () => {
    const result = await run(tab, 'var line = new string(\'x\', 999); for (var i = 0; i < 50_000; i++) Console.WriteLine(line); throw new Exception("at the end");');
    assert.ok(text(result).length < 1_000_200);
    assert.match(text(result), /the rest is left out: the cell printed more than 1,000,000 characters/);
    assert.equal(failure(result).message, 'Exception: at the end');
});

test('a thousand displays, and the exception after them', async () => {
    const result = await run(tab, 'for (var i = 0; i < 1000; i++) i.Display(); throw new Exception("at the end");');
    assert.equal(shown(result).length, 1000);
    assert.equal(failure(result).message, 'Exception: at the end');
});

test('a value that is too large says so', async () => {
    assert.match(failure(await run(tab, 'new string(\'x\', 40_000_000)')).message, /What the cell shows is too large/);
});

test('Thread.Start and Process.Start say what a tab cannot do', async () => {
    assert.match(failure(await run(tab, 'new System.Threading.Thread(() => { }).Start();')).message, /one thread, so `Thread\.Start` cannot work/);
    assert.match(failure(await run(tab, 'System.Diagnostics.Process.Start("dotnet");')).message, /cannot start programs/);
});

test('a wait runs what is due', async () => {
    const code = 'var done = Task.Run(async () => { await Task.Delay(50); return 7; }); done.Result + Task.Run(() => Task.Run(() => 1).Result).Result';
    assert.equal(shown(await run(tab, code))[0]['text/plain'], '8');
});

for (const [how, code] of [
    ['without end', 'int Deep(int n) => Task.Run(() => Deep(n + 1)).Result; Deep(0)'],
    ['of async methods', 'async Task<int> Deep(int n) { await Task.Yield(); return n == 0 ? 0 : Deep(n - 1).Result + 1; } await Deep(1000)'],
]) {
    // A wait runs the task itself, if it can; then the stack is full before there are too many waits.
    test(`waits inside one another ${how} are told in one sentence`, async () => {
        const result = await broken(code), message = failure(result)?.message ?? result.broken?.message ?? 'nothing';
        assert.match(message, /^(Too many waits inside one another: [^\n]*|The calls went too deep: [^\n]*)$/);
    });
}

test('waits a thousand deep return their result, or are told in one sentence', async () => {
    const result = await broken('int Deep(int n) => n == 0 ? 0 : Task.Run(() => Deep(n - 1)).Result + 1; Deep(1000)');
    const message = failure(result)?.message ?? result.broken?.message ?? shown(result)[0]?.['text/plain'];
    assert.match(message, /^(1000|Too many waits inside one another: [^\n]*|The calls went too deep: [^\n]*)$/);
});

test('a deep recursion through a result that is there is told in a sentence', async () => {
    const result = await broken('int Down(int n) => Task.FromResult(Down(n + 1)).Result + 1; Down(0)');
    assert.match(failure(result)?.message ?? result.broken?.message ?? 'nothing', /calls went too deep/);
});

test('an update has the id of the value that it replaces', async () => {
    const { events } = await run(tab, 'var bar = "10 %".Display(); bar.Update("50 %"); bar.Update("90 %"); "other".Display();');
    const values = events.filter(e => e.kind === 'shown');
    assert.deepEqual(values.map(v => [v.values['text/plain'], v.update]), [['10 %', false], ['50 %', true], ['90 %', true], ['other', false]]);
    assert.equal(new Set(values.slice(0, 3).map(v => v.valueId)).size, 1);
    assert.notEqual(values[3].valueId, values[0].valueId);
});

test('an open bracket tells the parameters', async () => {
    await run(tab, 'int Pick(int shelf, string article) => shelf;');
    const answer = await tab.evaluate(() => askKernel('signature', 'Pick(1, ', 0, 8));
    assert.deepEqual([answer.activeParameter, answer.signatures[0].label], [1, 'int Pick(int shelf, string article)']);
});

test('the verdict of an exercise is a value', async () => {
    isFresh = false;
    await start(tab);
    await run(tab, '#!import ../helpers/core.dib');
    const [values] = shown(await run(tab, 'Exercise.Check("Exercise 9.9", ("It is so", () => "It is not."))'));
    assert.deepEqual(JSON.parse(values['application/vnd.tracing-tutorial.verdict+json']),
        { exercise: '9.9', passed: false, rule: 'It is so', why: 'It is not.' });
});

test('2 GB of memory: the cell works, or the kernel says that there is no more', async () => {
    const result = await broken('var all = new List<byte[]>(); for (var i = 0; i < 20; i++) { var part = new byte[100_000_000]; part[^1] = 1; all.Add(part); } all.Count');
    assert.match(failure(result)?.message ?? result.broken?.message ?? shown(result)[0]?.['text/plain'] ?? 'nothing', /^20$|no more memory/);
});

test('a stack overflow is told in a sentence', async () => {
    const result = await broken('int Down(int n) => Down(n + 1) + 1; Down(0)');
    assert.match(failure(result)?.message ?? result.broken?.message ?? 'nothing', /calls went too deep/);
});

test('an exception outside of all cells ends the kernel and is told', async () => {
    const result = await broken('async void Forgotten() { await Task.Delay(10); throw new Exception("nobody waits"); } Forgotten(); await Task.Delay(2000);');
    assert.match(result.broken.message, /nobody waits/);
});

test('an endless loop can be stopped, and a new kernel runs', async () => {
    assert.equal((await broken('while (true) { }', { limit: 3_000 })).stopped, true);
    await start(tab);
    assert.equal(shown(await run(tab, '1 + 1'))[0]['text/plain'], '2');
    isFresh = true;
});

test('an endless print can be stopped', async () => {
    const result = await broken('while (true) Console.WriteLine("again");', { limit: 5_000 });
    assert.equal(result.stopped, true);
    assert.ok(text(result).length < 1_000_200);
});

for (const [what, options, says] of [['missing', { missing: ['bundles/runtime'] }, /could not be loaded: the server said 404/],
    ['truncated', { truncated: ['bundles/runtime'] }, /damaged or incomplete/]]) {
    test(`a site of which one file is ${what} names it`, async () => {
        const other = await serve(options), page = await open(browser, other.url);
        await assert.rejects(start(page), says);
        await page.close();
        other.close();
    });
}
