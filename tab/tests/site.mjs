// A static web server for a live site, and a browser with a page that runs the kernel without a lesson.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, firefox } from 'playwright-core';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const folder = process.env.SITE ?? join(root, 'tab', 'artifacts', 'site');

// No inline script, no other host, no eval but WebAssembly's. A worker is governed by the policy of its own response.
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self'; "
    + "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; form-action 'none'; base-uri 'none'";
const types = { '.js': 'text/javascript', '.json': 'application/json', '.html': 'text/html', '.css': 'text/css', '.svg': 'image/svg+xml' };
const page = '<!doctype html><meta charset="utf-8"><title>kernel</title><script type="module" src="client.js"></script>';

/**
 * Serves the folder below /a/b/. Names in `missing` are not found; names in `truncated` end early; files in `changed`, by path, have
 * another content.
 */
export async function serve({ missing = [], truncated = [], changed = new Map() } = {}) {
    const requests = [];
    const server = createServer(async (request, response) => {
        const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname)).replace(/^\/a\/b\//, '') || 'index.html';
        const file = path === 'client.js' ? fileURLToPath(new URL('client.js', import.meta.url)) : join(folder, path);
        const headers = { 'content-security-policy': policy, 'content-type': types[extname(path)] ?? 'application/octet-stream', 'cache-control': 'max-age=3600' };
        if (path === 'kernel') return response.writeHead(200, { ...headers, 'content-type': 'text/html' }).end(page);
        if (!existsSync(file) || missing.some(name => path.includes(name))) return response.writeHead(404, headers).end();
        const bytes = changed.get(path) ?? await readFile(file);
        const end = truncated.some(name => path.includes(name)) ? bytes.length >> 1 : bytes.length;
        requests.push({ path, bytes: end });
        response.writeHead(200, headers).end(bytes.subarray(0, end));
    });
    await new Promise(done => server.listen(0, '127.0.0.1', done));
    return { url: `http://127.0.0.1:${server.address().port}/a/b/`, requests, close: () => { server.close(); server.closeAllConnections(); } };
}

const installed = (named, ...usual) => named ?? usual.find(existsSync) ?? usual.at(-1);

/** Chromium, if possible its headless shell. With BROWSER=firefox a Firefox of the system, which is driven by WebDriver BiDi. */
export async function launch() {
    if (process.env.BROWSER === 'firefox') {
        return firefox.launch({ executablePath: installed(process.env.FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox'), channel: 'moz-firefox' });
    }
    const executablePath = installed(process.env.CHROMIUM, '/usr/bin/chromium-headless-shell', '/usr/bin/chromium');
    return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

/** A page on the server; what its console says goes to `said`. */
export async function open(browser, url) {
    const tab = await browser.newPage();
    const said = [];
    tab.on('console', message => said.push(message.text()));
    tab.on('pageerror', error => said.push(String(error)));
    await tab.goto(url + 'kernel');
    await tab.waitForFunction('window.isReady');
    return Object.assign(tab, { said });
}

export const start = (tab, environment = {}) => Promise.race([
    tab.evaluate(e => startKernel(e), environment),
    new Promise((_, fail) => setTimeout(() => fail(new Error(`not ready after 120 s: ${tab.said.join('\n')}`)), 120_000).unref()),
]);
export const run = (tab, code, options) => tab.evaluate(([c, o]) => runCell(c, o), [code, options]);
export const text = result => result.events.filter(e => e.kind === 'printed').map(e => e.text).join('');
export const failure = result => result.events.find(e => e.kind === 'failed');
export const shown = result => result.events.filter(e => e.kind === 'shown').map(e => e.values);
