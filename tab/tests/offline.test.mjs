// node --test tab/tests: the site without a network, and what the service worker keeps. SITE names the folder of a live site.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { folder, launch, serve } from './site.mjs';

const HANG = 240_000; // in milliseconds: what takes longer does not end at all
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function visit(server, page) {
    const context = await browser.newContext(), tab = await context.newPage();
    tab.setDefaultTimeout(HANG);
    await tab.goto(server.url + page);
    return tab;
}
const kernelIs = (tab, state) => tab.waitForFunction(s => document.body.dataset.kernel === s, state);
// Not waitForFunction: that takes the promise of an async function for true, and does not end when the page is loaded again meanwhile.
async function until(tab, condition, argument) {
    while (!await tab.evaluate(condition, argument).catch(() => false)) await new Promise(done => setTimeout(done, 50));
}
const kept = tab => tab.evaluate(async () => {
    await navigator.serviceWorker.ready;
    return caches.keys();
});
const register = tab => tab.evaluate(() => navigator.serviceWorker.register('sw.js').then(() => 'registered', e => String(e)));

test('a lesson that was opened once runs without a network', { timeout: HANG }, async () => {
    const server = await serve(), tab = await visit(server, '01-setup.html');
    await kernelIs(tab, 'ready');
    assert.equal((await kept(tab)).length, 1);
    server.close();

    await tab.goto(server.url); // the list of lessons
    await tab.getByRole('link', { name: /^1 · Setup/ }).first().click();
    await kernelIs(tab, 'ready');
    const cell = tab.locator('.cell').first();
    await cell.locator('.run').click();
    await cell.locator('.mark.ok').waitFor();
    await tab.goto(server.url + '11-take-home.html'); // a lesson that was never opened
    await kernelIs(tab, 'ready');
    await tab.context().close();
});

test('a new version takes over as a whole when the page is loaded again, and the old one is deleted', { timeout: HANG }, async () => {
    const changed = new Map(), server = await serve({ changed }), tab = await visit(server, 'index.html');
    await register(tab);
    const [old] = await kept(tab);
    const page = readFileSync(join(folder, 'index.html'), 'utf8'), worker = readFileSync(join(folder, 'sw.js'), 'utf8');
    const newPage = page.replace('<title>', '<title>New: '), hash = text => createHash('sha256').update(text).digest('hex');
    changed.set('index.html', Buffer.from(newPage));
    changed.set('sw.js', Buffer.from(worker.replace(hash(page), hash(newPage)).replace(/VERSION = '\w+'/, "VERSION = 'next'")));

    await tab.reload();
    assert.doesNotMatch(await tab.title(), /^New: /); // the version that this browser has
    await tab.evaluate(async () => {
        const registration = await navigator.serviceWorker.ready;
        await registration.update();
        const next = registration.installing ?? registration.waiting;
        while (next.state === 'installing') await new Promise(done => next.addEventListener('statechange', done, { once: true }));
    });
    await tab.reload();
    await until(tab, () => document.title.startsWith('New: '));
    await until(tab, async o => !(await caches.keys()).includes(o), old);
    assert.equal((await kept(tab)).length, 1);
    await tab.context().close();
    server.close();
});

test('a version of which one file is not right is not kept, and the site works', { timeout: HANG }, async () => {
    const changed = new Map([['lessons/index.json', Buffer.from('{"lessons":[]}')]]);
    const server = await serve({ changed }), tab = await visit(server, '01-setup.html');
    await register(tab);
    await until(tab, async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        return !registration?.installing && !registration?.active && (await caches.keys()).length === 0;
    });
    await kernelIs(tab, 'ready');
    await tab.context().close();
    server.close();
});

test('without a service worker the lesson runs', { timeout: HANG }, async () => {
    const server = await serve(), context = await browser.newContext({ serviceWorkers: 'block' }), tab = await context.newPage();
    tab.setDefaultTimeout(HANG);
    await tab.goto(server.url + '01-setup.html');
    await kernelIs(tab, 'ready');
    await context.close();
    server.close();
});
