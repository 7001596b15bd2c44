// SITE=FOLDER node tab/tests/pages.mjs [--solutions] [01 05 …]: opens the lessons of a live site, runs each to its end with the buttons
// of its page, and compares with what the engine on this machine gave when the site was made: the same cells are ok, with the same
// verdicts. With --solutions, each solution is put into its cell before, and every exercise must be solved.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { folder, launch, serve } from './site.mjs';

const args = process.argv.slice(2), solutions = args.includes('--solutions'), wanted = args.filter(a => /^\d\d$/.test(a));
if (!existsSync(join(folder, 'lessons', 'index.json'))) {
    console.error(`SITE names no live site: ${folder} has no lessons/index.json. Make one: dotnet run --project host -- export --live --to FOLDER`);
    process.exit(2);
}
const LONGEST = 600_000;       // milliseconds of a lesson: only against what hangs
const lessons = readdirSync(join(folder, 'lessons')).filter(f => f.endsWith('.json') && f !== 'index.json' && (!wanted.length || wanted.includes(f.slice(0, 2)))).sort();

async function runLesson(browser, url, data) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } }), page = await context.newPage(), said = [];
    page.setDefaultTimeout(LONGEST);
    page.on('console', message => { if (message.type() === 'error') said.push(message.text()); });
    page.on('pageerror', error => said.push(String(error)));
    await page.goto(`${url}${data.name}.html`);
    await page.waitForSelector('body[data-ready]');
    if (solutions) {
        for (const { index } of data.cells.filter(c => c.solution !== null)) {
            await page.evaluate(fold => { for (let e = fold; e; e = e.parentElement) if (e.matches('details')) e.open = true; },
                await page.$(`[data-solution="${index}"]`));
            await page.click(`[data-solution="${index}"] button`);
            await page.click('#question button[value=yes]');
            await page.waitForFunction(i => !document.querySelector(`[data-cell="${i}"] .edited`).hidden, index);
        }
    }
    const clock = performance.now();
    // Run all stops at each prediction that was not made, and after each cell that fails: then the next ones are run alone.
    for (const { index } of data.cells.filter(c => !data.cannotRun?.[c.index])) {
        const cell = `[data-cell="${index}"]`;
        await page.click(`${cell} .run`);
        await page.waitForFunction(c => /^(ran|solved|failed|stopped)/.test(document.querySelector(`${c} .mark`).textContent), cell);
    }
    const seconds = (performance.now() - clock) / 1000;
    const runs = await page.evaluate(async name => {
        const { store } = await import(new URL('page/session/site.js', location.href).href);
        return (await store.lesson(name).read()).runs;
    }, data.name);
    await context.close();
    return { runs, seconds, said };
}

const server = await serve(), browser = await launch();
let bad = 0, good = 0, recorded = 0;
for (const file of lessons) {
    const data = JSON.parse(readFileSync(join(folder, 'lessons', file), 'utf8')), { runs, seconds, said } = await runLesson(browser, server.url, data);
    const differences = [], ran = data.cells.filter(c => !data.cannotRun?.[c.index]);
    for (const { index, key, exercise, line, solution } of ran) {
        const here = runs[key], there = data.recorded[index];
        const same = solutions && exercise && solution !== null ? { ok: true, verdict: { passed: true, rule: null } } : there;
        const describe = r => !r ? 'not run' : `${r.ok ? 'ok' : 'failed'}${r.verdict ? `, ${r.verdict.passed ? 'solved' : `not yet: ${r.verdict.rule}`}` : ''}`;
        if (!here) differences.push(`line ${line}: it did not run`);
        else if (describe(here) !== describe(same)) {
            differences.push(`line ${line}: ${describe(here)}; expected: ${describe(same)}\n      ${here.outputs.at(-1)?.text.slice(0, 500)}`);
        }
    }
    differences.push(...said.map(text => `the page said: ${text}`));
    console.log(`${data.name.padEnd(30)} ${ran.length} of ${data.cells.length} cells, ${differences.length ? 'DIFFERENT' : 'the same'}, ${seconds.toFixed(1)} s`);
    differences.forEach(text => console.log(`    ${text}`));
    bad += differences.length;
    good += Math.max(0, ran.length - differences.length);
    recorded += data.cells.length - ran.length;
}
await browser.close();
server.close();
// As the runner of the other tests counts.
console.log(`Pages: Failed: ${bad}, Passed: ${good}, Skipped: ${recorded}, Total: ${bad + good + recorded}`);
process.exitCode = bad || !good ? 1 : 0;
