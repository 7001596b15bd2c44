// What learners did, kept in the browser: for each lesson what a file NAME.json of `.progress` holds (kept.js), and apart from it the
// last run of each cell, which may be large and can be made again. Two tabs may have one lesson open: what a tab writes is joined with
// what is there, in one transaction, and the other tabs are notified. Where the browser has no IndexedDB or refuses it (a private window),
// the memory of this page takes its place.
import { brought, empty, isKept, merge } from './kept.js';

const VERSION = 2;    // of the format, as in kept.js
const LESSONS = 'lessons', RUNS = 'runs', ASIDE = 'aside';
const MAX_RUN = 4_000_000;    // characters of one cell's outputs
const HANG = 10_000;          // milliseconds: a browser that does not answer
const GONE = 'What you write is gone when you close this page. Save it to a file before.';

const result = request => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});

export class CourseStore {
  #db = null;
  #memory = { [LESSONS]: new Map(), [RUNS]: new Map(), [ASIDE]: new Map() };
  #channel = null;
  #open = new Map();     // the stores of lessons that are open in this page, by name

  ontrouble = () => { }; // called with a sentence: from now on, nothing is kept beyond this page

  // `name`: of the database; a site below another path of the same host has another one. `browser`: what the browser offers.
  constructor(name, browser = globalThis) {
    this.name = name;
    try {
      this.#channel = new browser.BroadcastChannel(name);
      this.#channel.onmessage = ({ data }) => this.#open.get(data)?.onchange();
    } catch { /* no other tab is notified; what it writes is joined when this one writes */ }
    this.browser = browser;
  }

  // Opens the database, once. It is also done when there is none.
  get opened() { return this.#opening ??= this.#openDatabase(this.browser); }
  #opening = null;

  async #openDatabase(browser) {
    let request;
    try {
      request = browser.indexedDB.open(this.name, VERSION); // a browser may throw when the property is read
    } catch {
      this.ontrouble(`This browser keeps nothing for this page, as in a private window. ${GONE}`);
      return;
    }
    request.onupgradeneeded = () => {
      for (const store of [LESSONS, RUNS, ASIDE]) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
      }
    };
    const ready = result(request).then(db => this.#has(db));
    await new Promise(done => {
      const cannot = why => { this.ontrouble(why); done(); };
      ready.then(done, e => cannot(`This browser keeps nothing for this page (${e.message}). ${GONE}`));
      request.onblocked = () => cannot(`Another tab has an older version of this course open. Close it. Until then: ${GONE}`);
      setTimeout(() => { if (!this.#db) cannot(`The storage of this browser does not answer. ${GONE}`); }, HANG);
    });
  }

  // The database is there, perhaps late: what was kept in memory meanwhile goes into it.
  async #has(db) {
    db.onversionchange = () => {
      db.close(); // otherwise the newer version waits for this tab
      this.#db = null;
      this.ontrouble(`Another tab has a newer version of this course open. Load this page again. ${GONE}`);
    };
    db.onclose = () => { this.#db = this.#opening = null; }; // the browser has deleted it: the next use makes a new one
    this.#db = db;
    for (const [lesson, mine] of this.#memory[LESSONS]) await this.#merge(lesson, empty, mine);
    for (const [key, run] of this.#memory[RUNS]) await this.#use(RUNS, 'readwrite', store => store.put(run, key));
  }

  // Runs something on one store, in one transaction, and returns its result when the transaction is complete.
  async #use(name, mode, action) {
    if (!this.#db) await this.opened;
    if (!this.#db) return action(new MemoryStore(this.#memory[name]));
    const transaction = this.#db.transaction(name, mode);
    const complete = new Promise((done, failed) => {
      transaction.oncomplete = done;
      transaction.onabort = () => failed(transaction.error ?? new Error('The browser has aborted it.'));
    });
    complete.catch(() => { }); // it is awaited below, unless the action fails first
    const value = await action(wrapped(transaction.objectStore(name)));
    await complete;
    return value;
  }

  // ---- lessons

  // What a session of one lesson needs. `onchange` is called when another tab has written.
  lesson(name) {
    const store = {
      onchange: () => { },
      read: () => this.#read(name),
      merge: (known, mine) => this.#merge(name, known, mine),
      putRun: (key, run) => this.#putRun(name, key, run),
      clearRuns: () => this.#use(RUNS, 'readwrite', runs => runs.delete(runsOf(name))),
    };
    this.#open.set(name, store);
    return store;
  }

  async #read(name) {
    await this.opened;
    const kept = await this.#use(LESSONS, 'readonly', store => store.get(name)).catch(() => undefined);
    const runs = await this.#use(RUNS, 'readonly', async store => {
      const [keys, values] = [await store.getAllKeys(runsOf(name)), await store.getAll(runsOf(name))];
      return Object.fromEntries(keys.map((key, i) => [key.slice(name.length + 1), values[i]]).filter(([, run]) => isRun(run)));
    }).catch(() => ({}));
    return { kept: isKept(kept) ? kept : empty, runs };
  }

  // Joins a state with the one that is there, and writes the result. `known`: the state from which `mine` was made. Returns what is
  // there now, and whether something that could not be understood was put aside.
  async #merge(name, known, mine) {
    const write = async () => {
      const there = await this.#use(LESSONS, 'readonly', store => store.get(name)), isBroken = there !== undefined && !isKept(there);
      if (isBroken) await this.#use(ASIDE, 'readwrite', store => store.put(there, `${name} ${new Date().toISOString()}`));
      let isNew = false;
      const held = await this.#use(LESSONS, 'readwrite', async store => {
        const theirs = await store.get(name), merged = merge(known, mine, isKept(theirs) ? theirs : empty);
        isNew = JSON.stringify(merged) !== JSON.stringify(theirs);
        if (isNew) await store.put(merged, name);
        return merged;
      });
      if (isNew) this.#channel?.postMessage(name);
      return { held, aside: isBroken };
    };
    try {
      return await write();
    } catch (e) {
      if (e?.name !== 'QuotaExceededError') throw e;
      await this.#use(RUNS, 'readwrite', store => store.clear()).catch(() => { }); // what cells have shown makes room
      return write().catch(() => { throw new Error('The browser has no room for it. Save your work to a file.'); });
    }
  }

  async #putRun(name, key, run) {
    const size = run.outputs.reduce((sum, o) => sum + o.text.length + (o.html?.length ?? 0), 0);
    const kept = size <= MAX_RUN ? run
      : { ...run, outputs: [{ kind: 'note', text: '(This output is too large to be kept. Run the cell again.)\n', html: null }] };
    await this.#use(RUNS, 'readwrite', store => store.put(kept, `${name}\n${key}`));
  }

  // ---- the course

  // What is kept of each lesson, by name.
  async all() {
    await this.opened;
    return this.#use(LESSONS, 'readonly', async store => {
      const [names, values] = [await store.getAllKeys(), await store.getAll()];
      return Object.fromEntries(names.map((name, i) => [name, values[i]]).filter(([, kept]) => isKept(kept)));
    });
  }

  // The content of one file with all work: `files` as in the folder `.progress`, by name.
  async save() {
    const files = Object.fromEntries(Object.entries(await this.all()).map(([name, kept]) => [`${name}.json`, kept]));
    const aside = await this.#use(ASIDE, 'readonly', async store => {
      const [names, values] = [await store.getAllKeys(), await store.getAll()];
      return Object.fromEntries(names.map((name, i) => [name, values[i]]));
    });
    return { course: 'tracing-tutorial', files, ...Object.keys(aside).length && { unreadable: aside } };
  }

  // Joins the work of a file with what is there. Returns how many lessons it has. Throws an error that says why a file is none.
  async load(content) {
    const files = Object.entries(content?.files ?? {}).filter(([name]) => /^[\w.-]+\.json$/.test(name) && !name.endsWith('.outputs.json'));
    if (content?.course !== 'tracing-tutorial' || !files.length) throw new Error('This file has no work of this course.');
    const broken = files.find(([, kept]) => !isKept(kept));
    if (broken) throw new Error(`The part ${broken[0]} of this file cannot be understood. Nothing was loaded.`);
    const all = await this.all();
    for (const [file, kept] of files) {
      const name = file.slice(0, -'.json'.length);
      await this.#merge(name, empty, brought(kept, all[name] ?? empty));
      this.#open.get(name)?.onchange(); // a tab does not receive its own message
    }
    return files.length;
  }
}

const runsOf = name => globalThis.IDBKeyRange?.bound(`${name}\n`, `${name}\n\uffff`) ?? { lower: `${name}\n` };
const isRun = run => typeof run?.source === 'string' && Array.isArray(run.outputs) && run.outputs.every(o => typeof o?.text === 'string');

const wrapped = store => new Proxy(store, { get: (_, name) => (...values) => result(store[name](...values)) });

// The part of IDBObjectStore that is used here.
class MemoryStore {
  #map;
  constructor(map) { this.#map = map; }
  #entries(range) { return [...this.#map].filter(([key]) => !range || key.startsWith(range.lower)); }
  async get(key) { return this.#map.get(key); }
  async put(value, key) { this.#map.set(key, value); }
  async clear() { this.#map.clear(); }
  async delete(range) { this.#entries(range).forEach(([key]) => this.#map.delete(key)); }
  async getAllKeys(range) { return this.#entries(range).map(([key]) => key); }
  async getAll(range) { return this.#entries(range).map(([, value]) => value); }
}
