// node tests/lessons.mjs [--local FILE] [--answers 01,05] [01 05 …]: runs lessons of a live site in the tab and compares them with the local
// engine. Each lesson runs twice in one kernel: as it is, compared with what the site has recorded; then with its solutions, compared
// with FILE, which `dotnet run --project host -- run --solutions --json FILE` writes. In the lessons of --answers, the wrong and right answers
// of tests/Tests are judged too. SITE names the folder of the site. The exit code is 1 when something differs.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { failure, folder, launch, open, root, run, serve, shown, start } from './site.mjs';

const args = process.argv.slice(2);
const option = name => args.includes(name) ? args[args.indexOf(name) + 1] : null;
const localFile = option('--local'), judged = option('--answers')?.split(',') ?? [];
const wanted = args.filter(a => /^\d\d$/.test(a));
const json = path => JSON.parse(readFileSync(path, 'utf8'));

// How a cell ended, in the tab and in the local engine, in the same form. Ids, numbers, times and the lengths of bars differ from run to
// run, a tab has no process with a name, and the latest request of a bucket depends on the durations: in the first line of what a cell
// shows they do not count.
const firstLine = text => (/\S.*/.exec(text ?? '')?.[0] ?? '').replace(/[0-9a-f]{16,}|\d+([.,:]\d+)*/g, '#')
    .replace(/unknown_service:[\w-]+(?=:)/, 'unknown_service').replace(/exemplar: \w+$/, 'exemplar')
    .replace(/# (µs|ms|s)\b/g, '# s').replace(/[█░]+/g, '█').replace(/\s+/g, ' ').trim();
const CONSOLE = ['stdout', 'display', 'warning'];
const ofLocal = (ok, outputs, verdict) => ({
  ok, verdict: verdict?.passed ?? null, line: firstLine(outputs.find(o => CONSOLE.includes(o.kind))?.text),
});
function ofTab(result) {
  const problem = failure(result) ?? result.broken ?? (result.stopped ? { message: 'no end after two minutes' } : null);
  const first = result.events.find(e => ['printed', 'shown', 'warned'].includes(e.kind));
  const printed = result.events.filter(e => e.kind === 'printed').map(e => e.text).join(''); // in pieces, as it was written
  const verdicts = shown(result).map(v => v['application/vnd.tracing-tutorial.verdict+json']).filter(Boolean);
  const verdict = typeof verdicts.at(-1) === 'string' ? JSON.parse(verdicts.at(-1)) : verdicts.at(-1);
  return { ok: !problem, verdict: verdict?.passed ?? null, line: firstLine(first?.kind === 'printed' ? printed : first?.text ?? first?.values?.['text/plain']), problem };
}

const differences = (tab, local) => ['ok', 'verdict', 'line'].filter(what => tab[what] !== local[what])
  .map(what => `${what}: ${tab[what]} in the tab, ${local[what]} in the local engine`);

/** What is known of an exercise's answers: tests/Tests/wrong and right. A wrong one begins with what the verdict must say. */
function answersOf(exercise) {
  return ['wrong', 'right'].flatMap(kind => readdirSync(join(root, 'tests', 'Tests', kind)).filter(f => f.startsWith(`${exercise}-`)).map(f => {
    const text = readFileSync(join(root, 'tests', 'Tests', kind, f), 'utf8').replace(/\r\n/g, '\n');
    const says = /^\/\/ Says: (.*)\n/.exec(text)?.[1] ?? null;
    return { name: `${kind}/${f}`, says, source: says === null ? text.trimEnd() : text.slice(text.indexOf('\n') + 1).trimEnd() };
  }));
}

class Lesson {
  checks = 0; skipped = 0; faults = []; peak = 0;

  constructor(tab, lesson) { Object.assign(this, { tab, lesson }); }

  /** Runs all cells; `expected` returns what the local engine says of one, or null for nothing to compare. */
  async pass(name, sourceOf, expected) {
    for (const cell of this.lesson.cells) {
      if (this.lesson.cannotRun[cell.index]) { this.skipped++; continue; }
      const tab = ofTab(await this.#run(cell, sourceOf(cell))), local = expected(cell);
      this.checks++;
      const said = local ? differences(tab, local) : tab.ok ? [] : ['it fails'];
      if (said.length) this.faults.push(`${name}, ${cell.file}:${cell.line}: ${said.join('; ')}${tab.problem ? `\n      ${tab.problem.message}` : ''}`);
    }
  }

  async answers() {
    for (const cell of this.lesson.cells.filter(c => c.exercise)) {
      for (const { name, says, source } of answersOf(cell.exercise)) {
        const result = await this.#run(cell, source), tab = ofTab(result);
        const text = shown(result).map(v => v['text/plain'] ?? '').at(-1)?.replace(/\s+/g, ' ') ?? '';
        this.checks++;
        if (!tab.ok || tab.verdict !== (says === null) || !text.includes(says ?? ''))
          this.faults.push(`${name} should ${says === null ? 'pass' : `get '${says}'`} and gets: ${text || tab.problem?.message}`);
      }
    }
  }

  async #run({ file, line }, source) {
    const result = await run(this.tab, source, { file, line });
    if (!result.broken && !result.stopped) this.peak = Math.max(this.peak, (await this.tab.evaluate(() => memory())).wasm);
    return result;
  }
}

const names = readdirSync(join(folder, 'lessons')).filter(f => /^\d\d-.*\.json$/.test(f) && (!wanted.length || wanted.includes(f.slice(0, 2)))).sort();
const local = localFile && new Map(json(localFile).notebooks.map(n => [n.path.replace(/^.*[\\/]|\.dib$/g, ''), n]));
const server = await serve(), browser = await launch(), tab = await open(browser, server.url);
let [passed, failed, skipped] = [0, 0, 0];
for (const name of names) {
  const lesson = json(join(folder, 'lessons', name)), clock = performance.now(), trial = new Lesson(tab, lesson);
  await start(tab);
  await trial.pass('as it is', c => c.source, ({ index }) => {
    const recorded = lesson.recorded[index];
    return recorded ? ofLocal(recorded.ok, recorded.outputs, recorded.verdict) : null;
  });
  if (local) {
    const cells = new Map(local.get(lesson.name).cells.map(c => [c.number - 1, c]));
    await trial.pass('with its solutions', c => c.solution ?? c.source, ({ index }) => {
      const { status, outputs, verdict } = cells.get(index);
      return ofLocal(status === 'ok', outputs, verdict);
    });
  }
  if (judged.includes(lesson.name.slice(0, 2))) await trial.answers();
  console.log(`${lesson.name.padEnd(32)} ${String(trial.checks - trial.faults.length).padStart(4)} of ${trial.checks} as in the local engine, `
    + `${trial.skipped} recorded, ${((performance.now() - clock) / 1000).toFixed(1)} s, ${(trial.peak / 1e6).toFixed(0)} MB`);
  for (const fault of trial.faults) console.log(`    ${fault}`.slice(0, 1500));
  [passed, failed, skipped] = [passed + trial.checks - trial.faults.length, failed + trial.faults.length, skipped + trial.skipped];
}
if (tab.said.length) console.log(tab.said.join('\n').slice(0, 3000));
await browser.close();
server.close();
// As the runner of the other tests counts.
console.log(`Tab: Failed: ${failed}, Passed: ${passed}, Skipped: ${skipped}, Total: ${failed + passed + skipped}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
