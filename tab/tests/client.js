// The page of the tests: one kernel, and what it says, kept.
let worker, number = 0;
const answers = new Map();
window.messages = [];
window.events = [];

window.startKernel = environment => {
    worker?.terminate();
    window.messages = [];
    window.events = [];
    const started = performance.now();
    worker = new Worker('engine/worker.js', { type: 'module' });
    return new Promise((resolve, reject) => {
        worker.onerror = e => {
            reject(new Error(e.message));
            window.onEnd?.({ broken: { message: e.message || 'ended without a message' } }); // kernel.js says why
        };
        worker.onmessage = ({ data }) => {
            window.messages.push(data);
            if (data.type === 'ready') resolve({ ...data, page: Math.round(performance.now() - started) });
            else if (data.type === 'broken') { reject(new Error(data.message)); window.onEnd?.({ broken: data }); }
            else if (data.type === 'answer') { answers.get(data.id)?.(data.answer); answers.delete(data.id); }
            else if (data.type === 'events') {
                window.events.push(...data.events);
                const ended = data.events.find(e => e.kind === 'ended');
                if (ended) window.onEnd?.({ ended });
            }
        };
        worker.postMessage({ type: 'start', environment });
    });
};

/** Runs a cell. Returns its events, in order, and how it ended: ended, broken, or stopped after so many milliseconds. */
window.runCell = (code, { file = 'test.dib', line = 1, limit = 120_000 } = {}) => new Promise(resolve => {
    const cell = `cell${++number}`, first = window.events.length, clock = performance.now();
    const finish = end => {
        clearTimeout(timer);
        window.onEnd = null;
        resolve({ ...end, wall: performance.now() - clock, events: window.events.slice(first), messages: window.messages.filter(m => m.type === 'events').length });
    };
    const timer = setTimeout(() => finish({ stopped: true }), limit);
    window.onEnd = finish;
    worker.postMessage({ type: 'run', cell, code, file, line });
});

const ask = message => new Promise(resolve => {
    const id = ++number;
    answers.set(id, resolve);
    worker.postMessage({ ...message, id });
});
window.askKernel = (question, code, line, character) => ask({ type: 'ask', question, code, line, character });
window.memory = () => ask({ type: 'memory' });
window.stopKernel = () => worker.terminate();
window.isReady = true;
