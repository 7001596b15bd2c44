// node tests/lessons.mjs [--solutions] [--twice] [--json FILE] [01 05 …]: runs lessons in the tab, each in a kernel of its own, and prints
// a table. --twice runs each a second time in its kernel, as a learner does with Run all; both times must give the same.
// Ends with exit code 1 when a cell fails that is not known to need the learner's own machine.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure, launch, open, root, run, serve, shown, start } from './site.mjs';

const args = process.argv.slice(2);
const solutions = args.includes('--solutions'), times = args.includes('--twice') ? 2 : 1, wanted = args.filter(a => /^\d\d$/.test(a));
const json = args.includes('--json') ? args[args.indexOf('--json') + 1] : null;

/** The cells of a lesson, with their lines in the file; with solutions, each exercise is replaced by its solution. */
export function cellsOf(file, withSolutions) {
    const cells = [];
    readFileSync(join(root, 'notebooks', file), 'utf8').split(/\r?\n/).forEach((text, i) => {
        if (/^#!(csharp|markdown|meta)$/.test(text)) cells.push({ kind: text.slice(2), lines: [], first: i + 2 });
        else cells.at(-1)?.lines.push(text);
    });
    let exercise = null;
    for (const [i, cell] of cells.filter(c => c.kind !== 'meta').entries()) {
        const blank = cell.lines.findIndex(l => l.trim() !== '');
        Object.assign(cell, { number: i + 1, line: cell.first + Math.max(0, blank), source: cell.lines.join('\n').trim() });
        const solution = /<summary>Solution<\/summary>\s*```csharp\n([^]*?)\n```/.exec(cell.source);
        if (cell.kind === 'csharp') exercise = /^\/\/ Exercise \d+\.\d+\b/.test(cell.source) ? cell : exercise;
        else if (exercise && solution && withSolutions) { exercise.source = solution[1]; exercise = null; }
    }
    return cells.filter(c => c.kind === 'csharp');
}

function verdictOf(values) {
    const json = values.map(v => v['application/vnd.tracing-tutorial.verdict+json']).filter(Boolean).at(-1);
    return json ? JSON.parse(json).passed ? '✔' : '✘' : null;
}

export async function runLesson(tab, file, withSolutions) {
    const clock = performance.now(), ready = await start(tab), results = [];
    let peak = 0;
    for (const cell of Array(times).fill(cellsOf(file, withSolutions)).flat()) {
        const result = await run(tab, cell.source, { file, line: cell.line });
        const problem = failure(result) ?? result.broken ?? (result.stopped ? { message: 'no end after two minutes' } : null);
        results.push({
            number: cell.number, line: cell.line, first: cell.source.split('\n')[0], ok: !problem, problem, wall: Math.round(result.wall),
            text: result.events.filter(e => e.kind === 'printed' || e.kind === 'shown').map(e => e.text ?? e.values['text/plain'] ?? '').join(''),
            others: result.events.filter(e => !['printed', 'shown', 'ended', 'failed'].includes(e.kind)).map(e => ({ kind: e.kind, text: e.text })),
            verdict: verdictOf(shown(result)),
        });
        if (result.broken || result.stopped) break;
        peak = Math.max(peak, (await tab.evaluate(() => memory())).wasm);
    }
    return { file, ready, results, peak, seconds: (performance.now() - clock) / 1000 };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
    const files = readdirSync(join(root, 'notebooks')).filter(f => f.endsWith('.dib') && (wanted.length === 0 || wanted.includes(f.slice(0, 2)))).sort();
    const server = await serve(), browser = await launch(), tab = await open(browser, server.url);
    let bad = 0;
    const all = [];
    for (const file of files) {
        const lesson = await runLesson(tab, file, solutions);
        all.push(lesson);
        const failed = lesson.results.filter(r => !r.ok);
        const verdicts = lesson.results.filter(r => r.verdict).map(r => r.verdict).join('');
        console.log(`${file.padEnd(32)} ${lesson.results.length - failed.length} of ${lesson.results.length} cells  ${verdicts.padEnd(4)}  ${lesson.seconds.toFixed(1)} s  ${(lesson.peak / 1e6).toFixed(0)} MB`);
        for (const r of failed) console.log(`    cell ${r.number}, line ${r.problem.line ?? r.line}: ${r.problem.message}${r.problem.wayOut ? `\n      -> ${r.problem.wayOut}` : ''}`.slice(0, 900));
        for (const r of lesson.results) for (const o of r.others) console.log(`    cell ${r.number}: ${o.kind}: ${o.text}`.slice(0, 300));
        const half = lesson.results.length / times, outcome = results => results.map(r => `${r.ok} ${r.verdict}`);
        for (const [i, again] of outcome(lesson.results.slice(half)).entries()) {
            if (times === 1 || again === outcome(lesson.results)[i]) continue;
            console.log(`    cell ${lesson.results[i].number}: the second time ${again} in place of ${outcome(lesson.results)[i]}`);
            bad++;
        }
        bad += failed.filter(r => !/^11/.test(file) || r.problem.reason === undefined).length;
        if (json) writeFileSync(json, JSON.stringify(all, null, 1));
    }
    if (tab.said.length) console.log(tab.said.join('\n').slice(0, 3000));
    await browser.close();
    server.close();
    process.exitCode = bad > 0 ? 1 : 0;
}
