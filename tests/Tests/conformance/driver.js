// Drives the session of a browser tab for TabSession.cs: the kernel is one in memory, and so is the store. Messages are JSON.
import { fromJson, toJson } from './json.js';
import { LessonSession } from './session/lesson.js';
import { CourseStore } from './session/store.js';

class Queue {
  #items = []; #waiting = null;
  put(item) { this.#items.push(item); this.#waiting?.resolve(); }
  next() { return this.#items.shift() ?? null; }
  async there() { while (!this.#items.length) await (this.#waiting = Promise.withResolvers()).promise; }
}

const kernels = [], pages = new Map();
let session, started = Promise.withResolvers(), running = null;

function startKernel({ late }) {
  const { promise: ended, resolve } = Promise.withResolvers();
  const kernel = {
    late, isEnded: false, cells: new Queue(), ended, ready: Promise.resolve(),
    submit: (cell, hear) => kernel.cells.put({ cell, hear }),
    ask: async () => ({ items: [] }),
    end: () => { kernel.isEnded = true; resolve({ message: 'The kernel was ended.' }); },
    exit: code => resolve({ message: `The kernel has ended with exit code ${code}.` }),
  };
  kernels.push(kernel);
  started.resolve();
  started = Promise.withResolvers();
  return kernel;
}

const page = name => {
  if (!pages.has(name)) {
    const heard = new Queue();
    pages.set(name, { heard, receive: session.connect(message => heard.put(toJson(message))) });
  }
  return pages.get(name);
};

const events = {
  prints: text => ({ type: 'printed', text }),
  printsError: text => ({ type: 'printed', text, toErrorStream: true }),
  shows: value => ({ type: 'shown', ...value }),
  warns: text => ({ type: 'warned', text }),
  progress: text => ({ type: 'progress', text }),
  fails: ({ reason, message }) => ({ type: 'failed', reason, message }),
  ends: () => ({ type: 'ended' }),
};

window.driver = {
  async start(lesson) {
    const store = new CourseStore('conformance', {}).lesson('lesson');
    session = new LessonSession({ lesson: fromJson(lesson), ...await store.read(), startKernel, store });
  },
  send: (name, message) => page(name).receive(fromJson(message)),
  next: name => page(name).heard.next(),
  async read(name) {
    await page(name).heard.there();
    return page(name).heard.next();
  },
  // The newest kernel, when it has got a cell; the cell runs from now on.
  async kernelRuns() {
    while (true) {
      const newest = kernels.findLast(kernel => !kernel.isEnded);
      if (!newest) { await started.promise; continue; }
      await Promise.race([newest.cells.there(), newest.ended]);
      const taken = newest.cells.next();
      if (!taken) { newest.isEnded = true; continue; }
      running = { kernel: newest, ...taken };
      return taken.cell.source;
    }
  },
  report(what, value) {
    if (what === 'late') running.kernel.late(fromJson(value)); else running.hear(events[what](fromJson(value)));
  },
  exit: code => running.kernel.exit(code),
};
