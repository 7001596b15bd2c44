// The kernel of one lesson: a module worker, so that the page stays alive while a cell runs and can end it with terminate().
//
// Messages from the page:
//   { type: 'start', environment }           loads everything; environment (optional) holds variables of the process, by name
//   { type: 'run', cell, code, file, line }  runs a cell. cell is any text, which its events repeat; file is what error messages
//                                            call the file; line is the line of the file where the code begins, from 1
//   { type: 'ask', id, question, code, line, character }   asks for the editor: question is 'diagnostics', 'completions', 'hover',
//                                            'signature' or 'variables'; line and character are those of the cursor, from 0. While a cell waits
//                                            for something it is answered; while a cell computes, after it
//   { type: 'memory', id }                   asks how much memory there is
//
// Messages to the page:
//   { type: 'progress', what, loaded, total }  what is being done, in words, and bytes of the download (compressed)
//   { type: 'ready', milliseconds }          cells can be run; the compiler was used once
//   { type: 'events', events }               what cells do, in order, at most 25 messages a second; each event has
//       kind, cell (null if no cell wrote the text)
//       printed { text }        console text: at most 1,000,000 characters a cell
//       error   { text }        text of the error stream; the cell fails
//       late    { text }        text of an earlier cell, printed after it had ended
//       shown   { values, valueId, update }    a value by MIME type (text/html, text/plain). update: in place of the one with this valueId
//       warned  { text }        a warning of the compiler
//       note    { text }        a sentence of the kernel about the running cell
//       failed  { reason, message, wayOut, file, line, details }   why the cell failed: see kernel/Failure.cs
//       ended   { ok, milliseconds, compiling }  the last event of the cell
//   { type: 'answer', id, answer }           in the shape of the engine of .NET Interactive
//   { type: 'broken', cell, message, wayOut }  the kernel has ended; cell is the one that ran, or null. Start a new worker
import * as sqlite from './sqlite.js';

// .NET reads the time of day with Date.now, which returns whole milliseconds: too coarse for spans. This has the resolution of
// performance.now, and it always advances, so that the order of two times is the order in which they were read. While the computer
// sleeps, some browsers stop performance.now: then the two clocks differ.
const wholeMilliseconds = Date.now;
let origin = performance.timeOrigin, latest = 0;
Date.now = () => {
    const now = performance.now(), whole = wholeMilliseconds();
    if (Math.abs(whole - origin - now) > 100) origin = whole - now;
    return latest = Math.max(origin + now, latest + 0.001);
};

const started = performance.now();
const pace = 40;                                              // milliseconds between two messages of events
let index, kernel, runtime, running = null, broken = false;

// ---- Downloads ----

const progress = { loaded: 0, total: 0, what: 'Loading', reported: 0 };

function reportProgress(what = progress.what) {
    const changed = what !== progress.what;
    progress.what = what;
    if (!changed && performance.now() - progress.reported < 100) return;
    progress.reported = performance.now();
    postMessage({ type: 'progress', what, loaded: progress.loaded, total: progress.total });
}

// Many hosts do not send files that were compressed beforehand as such, so this is done here. Some do: then the browser has unpacked it.
async function download({ file, bytes, zipped }, counts = true) {
    const isZipped = 'DecompressionStream' in self;
    const response = await fetch(new URL(isZipped ? file + '.gz' : file, import.meta.url));
    if (!response.ok) throw new Error(`${response.url} could not be loaded: the server said ${response.status}.`);
    const reader = response.body.getReader();
    const first = await reader.read();
    const packed = isZipped && first.value?.[0] === 0x1f && first.value?.[1] === 0x8b;
    let seen = 0;
    const count = chunk => {
        seen += chunk.length;
        if (counts) {
            progress.loaded += packed || !isZipped ? chunk.length : chunk.length * zipped / bytes;
            reportProgress();
        }
    };
    const source = new ReadableStream({
        start(controller) { if (first.value) { count(first.value); controller.enqueue(first.value); } },
        async pull(controller) {
            const { done, value } = await reader.read();
            if (done) return controller.close();
            count(value);
            controller.enqueue(value);
        },
    });
    let all;
    try {
        all = new Uint8Array(await new Response(packed ? source.pipeThrough(new DecompressionStream('gzip')) : source).arrayBuffer());
    } catch (e) {
        throw new Error(`${file} is damaged or incomplete: ${e.message}`);
    }
    if (all.length !== bytes) throw new Error(`${file} is incomplete: ${all.length} bytes in place of ${bytes}.`);
    return all;
}

// ---- The runtime ----

const wanted = new Map();                                     // bundles: a promise for each that was asked for

function need(name) {
    if (!wanted.has(name)) wanted.set(name, (async () => addBundle(name, await download(index.bundles[name], false)))());
    return wanted.get(name);
}

function addBundle(name, bytes) {
    const address = kernel.Allocate(bytes.length);
    runtime.localHeapViewU8().set(bytes, address);
    kernel.AddBundle(address, JSON.stringify(index.bundles[name].assemblies));
}

async function start({ environment = {} }) {
    const fetched = await fetch(new URL('./tab.json', import.meta.url), { cache: 'no-cache' });
    if (!fetched.ok) throw new Error(`tab.json could not be loaded: the server said ${fetched.status}.`);
    index = await fetched.json();
    const first = [index.runtime.wasm, index.bundles.runtime, index.bundles.framework, index.sqljs.wasm];
    progress.total = first.reduce((sum, f) => sum + f.zipped, 0);
    reportProgress('Loading .NET');
    const [wasm, boot, framework, sql] = first.map(f => download(f));
    const [{ dotnet }, { default: initSqlJs }] = await Promise.all([import('./runtime/dotnet.js'), import('./sqljs/sqljs.js')]);

    const images = boot.then(bytes => new Map(index.bundles.runtime.assemblies.map(a => [a.name + '.dll', bytes.subarray(a.offset, a.offset + a.length)])));
    const assemblies = index.bundles.runtime.assemblies.map(a => ({ virtualPath: a.name + '.dll', name: a.name + '.dll' }));
    const core = name => /^System\.(Private\.CoreLib|Runtime\.InteropServices\.JavaScript)\.dll$/.test(name);
    runtime = await dotnet.withConfig({
        mainAssemblyName: 'TracingTutorial.Tab.Kernel.dll',
        globalizationMode: 'invariant',
        debugLevel: 0,
        resources: {
            hash: index.bundles.runtime.file,
            jsModuleNative: [{ name: 'dotnet.native.js' }],
            jsModuleRuntime: [{ name: 'dotnet.runtime.js' }],
            wasmNative: [{ name: 'dotnet.native.wasm' }],
            coreAssembly: assemblies.filter(a => core(a.name)),
            assembly: assemblies.filter(a => !core(a.name)),
        },
        runtimeConfig: { runtimeOptions: { configProperties: index.runtimeProperties } },
    }).withResourceLoader((type, name, uri) => {
        if (type === 'dotnetwasm') return wasm.then(bytes => new Response(bytes, { headers: { 'content-type': 'application/wasm' } }));
        if (type === 'assembly') return images.then(all => new Response(all.get(name)));
        return uri;
    }).withModuleConfig({
        onAbort: reason => fail(reason instanceof Error || typeof reason === 'string' ? String(reason) : ''),
        onExit: code => fail(`It ended with exit code ${code}.`),
        printErr: text => stray(text),
        print: text => stray(text),
    }).create();

    runtime.setModuleImports('worker', { send, flushSoon, need });
    runtime.setModuleImports('sqlite', sqlite);
    await sqlite.start(initSqlJs, await sql);
    kernel = (await runtime.getAssemblyExports('TracingTutorial.Tab.Kernel.dll')).TracingTutorial.Tab.Kernel;
    addBundle('framework', await framework);
    kernel.Start(JSON.stringify(index.course));
    for (const [name, value] of Object.entries(environment)) kernel.SetVariable(name, value);
    for (const name of ['telemetry', 'layers', 'web']) need(name).catch(() => { wanted.delete(name); });
    reportProgress('Starting the compiler');
    await kernel.WarmUp();
    postMessage({ type: 'ready', milliseconds: Math.round(performance.now() - started) });
}

// ---- Events ----

let events = [], posted = 0, timer = 0;

function send(json) {
    events.push(JSON.parse(json));
    if (performance.now() - posted >= pace) post();
    else timer ||= setTimeout(post, pace);
}

function post() {
    clearTimeout(timer);
    timer = 0;
    posted = performance.now();
    if (events.length === 0) return;
    postMessage({ type: 'events', events });
    events = [];
}

function flushSoon() {
    setTimeout(() => { if (!broken) guarded(() => kernel.Flush()); }, pace);
}

// ---- The end of the kernel ----

let said = '';                                                // what the runtime itself printed since the cell began

function stray(text) {
    if (said.length < 100_000) said += text + '\n';
}

// When the runtime's own stack is full, it prints the frames and aborts: the same ones again and again.
function isRecursion(text) {
    const times = new Map();
    for (const [frame] of text.matchAll(/^\s*at [^\n(]+/gm)) times.set(frame, (times.get(frame) ?? 0) + 1);
    return Math.max(0, ...times.values()) > 20;
}

function fail(text) {
    if (broken) return;
    broken = true;
    post();
    const all = text + '\n' + said;
    const [message, wayOut] =
        /call stack|stack overflow|too much recursion/i.test(all) || isRecursion(all) ? ['The calls went too deep: the stack of the browser tab is full.', 'Look for a method that calls itself without end.']
        : /out of memory|OOM|cannot enlarge memory|allocation/i.test(all) ? ['The browser tab has no more memory.', 'Ask for less, or close other tabs.']
        : [`The kernel ended. ${all.trim().slice(0, 4000)}`, 'Look for an exception on another thread, or for Environment.Exit.'];
    postMessage({ type: 'broken', cell: running, message, wayOut });
}

function guarded(action) {
    try {
        return action();
    } catch (e) {
        fail(String(e?.stack ?? e));
    }
}

self.addEventListener('error', e => { e.preventDefault(); fail(e.message); });
self.addEventListener('unhandledrejection', e => { e.preventDefault(); fail(String(e.reason?.stack ?? e.reason)); });

// ---- Messages ----

const handlers = {
    start,
    async run({ cell, code, file, line }) {
        [running, said] = [cell, ''];
        await kernel.Run(cell, code, file, line);
        if (running === cell) running = null; // the page may have sent the next one
        post();
    },
    ask({ id, question, code = '', line = 0, character = 0 }) {
        postMessage({ type: 'answer', id, answer: JSON.parse(kernel.Ask(question, code, line, character)) });
    },
    memory({ id }) {
        postMessage({ type: 'answer', id, answer: { managed: kernel.ManagedBytes(), wasm: runtime.localHeapViewU8().length } });
    },
};

// Not onmessage: with it, dotnet.js takes this worker for one of its own threads and never starts.
self.addEventListener('message', async ({ data }) => {
    if (broken) return;
    try {
        await handlers[data.type](data);
    } catch (e) {
        fail(String(e?.stack ?? e));
    }
});
