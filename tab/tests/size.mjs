// SITE=FOLDER node tab/tests/size.mjs: which files a browser loads until the first trace of lesson 1 is drawn, and how large they are:
// as they are, and as a host sends them that compresses text (`serve` does). Without a cache, Monaco included.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { folder, launch, serve } from './site.mjs';

const server = await serve(), browser = await launch();
const page = await (await browser.newContext({ serviceWorkers: 'block' })).newPage(); // it would load everything
page.setDefaultTimeout(240_000);
await page.goto(`${server.url}01-setup.html`);
await page.waitForFunction(() => document.body.dataset.kernel === 'ready');
const first = page.locator('.cell', { hasText: 'Waterfall.Of' }).first(), index = await first.getAttribute('data-cell');
await first.locator('.above').click();
await page.locator(`[data-cell="${index}"] .run`).click();
await page.locator(`[data-cell="${index}"] .mark.ok`).waitFor();

const size = path => statSync(join(folder, path)).size, zip = path => existsSync(join(folder, path + '.gz')) ? size(path + '.gz') : size(path);
const kinds = [[/^engine\/bundles\/(\w+)/, m => `engine: ${m[1]}`], [/^engine\/runtime\//, () => "engine: .NET's runtime"], [/^engine\/sqljs\//, () => 'engine: SQLite'],
    [/^engine\//, () => 'engine: worker'], [/^page\/vs\//, () => 'Monaco'], [/^page\//, () => 'scripts and styles of the page'],
    [/^lessons\/|\.html$|^assets\//, () => 'the lesson'], [/./, () => 'others']];
const table = new Map(), seen = new Set();
for (const { path } of server.requests) {
    if (seen.has(path)) continue;
    seen.add(path);
    const [pattern, name] = kinds.find(([p]) => p.test(path)), key = name(pattern.exec(path));
    const raw = path.endsWith('.gz') ? size(path.slice(0, -3)) : size(path), sent = path.endsWith('.gz') ? size(path) : zip(path);
    const row = table.get(key) ?? [0, 0, 0];
    table.set(key, [row[0] + 1, row[1] + raw, row[2] + sent]);
}
const mb = bytes => (bytes / 1e6).toFixed(2);
console.log('| what | files | MB | MB as sent |\n|---|---|---|---|');
for (const [key, [n, raw, sent]] of [...table].sort((a, b) => b[1][2] - a[1][2])) console.log(`| ${key} | ${n} | ${mb(raw)} | ${mb(sent)} |`);
const sum = i => [...table.values()].reduce((s, row) => s + row[i], 0);
console.log(`| all | ${sum(0)} | ${mb(sum(1))} | ${mb(sum(2))} |`);
await browser.close();
server.close();
