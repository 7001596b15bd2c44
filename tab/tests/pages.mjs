// SITE=FOLDER node tab/tests/pages.mjs [01 05 …]: opens the lessons of a live site and runs each to its end with the buttons of its page.
// The results are compared with those of the local engine, which were recorded when the site was made: the same cells are ok, with the
// same verdicts. The cell of an exercise is run a second time with its solution, and must then be solved.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { folder, launch, serve } from './site.mjs';

const wanted = process.argv.slice(2);
if (!wanted.every(number => /^\d\d$/.test(number))) {
    console.error(`A lesson is named by its two digits: ${wanted.join(' ')}`);
    process.exit(2);
}
if (!existsSync(join(folder, 'lessons', 'index.json'))) {
    console.error(`SITE names no live site: ${folder} has no lessons/index.json. Make one: dotnet run --project host -- export --live --to FOLDER`);
    process.exit(2);
}
const LONGEST = 600_000;       // milliseconds of a lesson: only against what hangs
const lessons = readdirSync(join(folder, 'lessons')).filter(f => f.endsWith('.json') && f !== 'index.json' && (!wanted.length || wanted.includes(f.slice(0, 2)))).sort();

const late = () => new Promise((_, fail) => setTimeout(() => fail(new Error('A run was not kept.')), LONGEST).unref());

async function runLesson(browser, url, data) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } }), page = await context.newPage(), said = [];
    page.setDefaultTimeout(LONGEST);
    page.on('console', message => { if (message.type() === 'error') said.push(message.text()); });
    page.on('pageerror', error => said.push(String(error)));
    await page.goto(`${url}${data.name}.html`);
    await page.waitForSelector('body[data-ready]');
    const clock = performance.now(), runs = new Map(), solved = new Map();
    const runCell = async (index, key, source) => {
        const cell = `[data-cell="${index}"]`;
        await page.click(`${cell} .run`);
        const kept = page.evaluate(async ([name, key, source]) => {
            const { store } = await import(new URL('page/session/site.js', location.href).href);
            for (; ;) {
                const run = (await store.lesson(name).read()).runs[key];
                if (run?.source === source) return run;
                await new Promise(done => setTimeout(done, 50)); // the store has no event for a tab's own changes
            }
        }, [data.name, key, source]);
        await page.waitForFunction(c => /^(ran|solved|failed|stopped)/.test(document.querySelector(`${c} .mark`).textContent), cell);
        return Promise.race([kept, late()]);
    };
    // Run all stops at each prediction that was not made, and after each cell that fails. So each cell is run alone.
    for (const { index, key, source, exercise, solution } of data.cells.filter(c => !data.cannotRun?.[c.index])) {
        runs.set(index, await runCell(index, key, source));
        if (!exercise || solution === null) continue;
        await page.evaluate(fold => { for (let e = fold; e; e = e.parentElement) if (e.matches('details')) e.open = true; },
            await page.$(`[data-solution="${index}"]`));
        await page.click(`[data-solution="${index}"] button`);
        await page.click('#question button[value=yes]');
        await page.waitForFunction(i => !document.querySelector(`[data-cell="${i}"] .edited`).hidden, index);
        solved.set(index, await runCell(index, key, solution));
    }
    const seconds = (performance.now() - clock) / 1000;
    await context.close();
    return { runs, solved, seconds, said };
}

const server = await serve(), browser = await launch();
let bad = 0, good = 0, recorded = 0;
for (const file of lessons) {
    const data = JSON.parse(readFileSync(join(folder, 'lessons', file), 'utf8'));
    const { runs, solved, seconds, said } = await runLesson(browser, server.url, data);
    const differences = [], ran = data.cells.filter(c => !data.cannotRun?.[c.index]);
    const describe = r => !r ? 'not run' : `${r.ok ? 'ok' : 'failed'}${r.verdict ? `, ${r.verdict.passed ? 'solved' : `not yet: ${r.verdict.rule}`}` : ''}`;
    const compare = (line, here, there) => {
        if (describe(here) === describe(there)) return;
        differences.push(`line ${line}: ${describe(here)}; expected: ${describe(there)}\n      ${here?.outputs.at(-1)?.text.slice(0, 500)}`);
    };
    for (const { index, line } of ran) {
        compare(line, runs.get(index), data.recorded[index]);
        if (solved.has(index)) compare(`${line} with its solution`, solved.get(index), { ok: true, verdict: { passed: true } });
    }
    differences.push(...said.map(text => `the page said: ${text}`));
    console.log(`${data.name.padEnd(30)} ${ran.length} of ${data.cells.length} cells and ${solved.size} solutions, ${differences.length ? 'DIFFERENT' : 'the same'}, ${seconds.toFixed(1)} s`);
    differences.forEach(text => console.log(`    ${text}`));
    bad += differences.length;
    good += Math.max(0, ran.length + solved.size - differences.length);
    recorded += data.cells.length - ran.length;
}
await browser.close();
server.close();
// As the runner of the other tests counts.
console.log(`Pages: Failed: ${bad}, Passed: ${good}, Skipped: ${recorded}, Total: ${bad + good + recorded}`);
process.exitCode = bad || !good ? 1 : 0;
