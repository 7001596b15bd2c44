// The kernel of a tab: worker.js, which describes its own messages, behind the interface that the session needs. It starts at once.
//
//   ready            a promise; it fails with { message, wayOut } when the kernel cannot start
//   ended            a promise of { message, wayOut, details }: the kernel has ended by itself
//   submit(cell, receive)   runs a cell after those before it. `receive` is called with events: printed { text, toErrorStream }, shown { text,
//                    html, id, update, verdict }, warned, note, progress { text }, failed { reason, file, line, message, wayOut, details },
//                    ended. If the kernel ends first, no `ended` comes
//   ask(question)    answers a question of the editor (Messages.md); null when the kernel cannot say
//   end()            ends it, also in the middle of an endless loop
const VERDICT = 'application/vnd.tracing-tutorial.verdict+json';
const ENGINE = new URL('../../engine/worker.js', import.meta.url);
const LEAST_MEMORY = 2;    // GB, as far as the browser tells

// The worker's reasons, in the words of Messages.md. What a tab cannot do is an exception of the cell.
const REASONS = { compile: 'compileError', restore: 'restore', import: 'restore', directive: 'dialect', size: 'tooLarge' };

// The engine's names of completion kinds where they differ from those of Monaco.
const KINDS = { ExtensionMethod: 'Method', Local: 'Variable', Structure: 'Struct', Namespace: 'Module', Delegate: 'Function' };

// Why this browser cannot run cells; null when it can. The runtime needs WebAssembly with SIMD and exceptions.
export function whyNot({ WebAssembly, Worker, navigator } = globalThis) {
  const needs = 'The lesson can be read here. To run it, use a current Chrome, Edge, Firefox or Safari, or the course on your own machine.';
  if (!WebAssembly?.validate || !Worker) return `This browser has no WebAssembly, or it is turned off. ${needs}`;
  // (module (func (result v128) i32.const 0, i8x16.splat)) and (module (func try, catch_all, end))
  const simd = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11];
  const exceptions = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 0, 6, 64, 25, 11, 11];
  const isNew = [simd, exceptions].every(code => WebAssembly.validate(new Uint8Array(code)));
  if (!isNew) return `This browser is too old to run the cells. ${needs}`;
  return navigator?.deviceMemory < LEAST_MEMORY ? `This device has too little memory to run the cells. ${needs}` : null;
}

// Like Promise.withResolvers(), which browsers of 2023 do not have.
function promise() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

const megabytes = bytes => (bytes / 1e6).toFixed(1);
const progressText = ({ what, loaded, total }) =>
  loaded < total ? `${what}: ${megabytes(loaded)} of ${megabytes(total)} MB` : `${what} …`;

// `late`: called with text that belongs to no running cell. `progress`: called with a sentence while the kernel starts.
export function startKernel({ late, progress }) {
  let worker = null, isReady = false, number = 0;
  const cells = new Map(), asked = new Map(), waiting = [];
  const ready = promise(), ended = promise();
  const post = message => { if (isReady) worker.postMessage(message); else waiting.push(message); };

  const end = () => {
    worker?.terminate();
    worker = null;
    for (const answer of asked.values()) answer(null);
    asked.clear();
  };
  const fail = why => {
    end();
    if (isReady) ended.resolve(why); else ready.reject(why);
  };
  const take = {
    progress: data => { if (!isReady) progress(progressText(data)); },
    ready() {
      isReady = true;
      ready.resolve();
      waiting.splice(0).forEach(post);
    },
    events({ events }) {
      for (const event of events) {
        const receive = cells.get(event.cell);
        if (event.kind === 'late' || !receive) { if (event.text) late(event.text); continue; }
        const converted = translated(event);
        if (converted) receive(converted);
        if (event.kind === 'ended') cells.delete(event.cell);
      }
    },
    answer({ id, answer }) {
      asked.get(id)?.(answer);
      asked.delete(id);
    },
    broken: ({ message, wayOut }) => fail({ message, wayOut }),
  };

  const why = whyNot();
  if (why) fail({ message: why });
  else {
    worker = new Worker(ENGINE, { type: 'module' });
    worker.onmessage = ({ data }) => { if (worker) take[data.type]?.(data); };
    // A browser that has no memory for a worker ends it without a message.
    worker.onerror = e => fail(isReady
      ? { message: e.message || 'The browser has ended what runs the cells. Usually it had no more memory.',
        wayOut: 'Ask for less, or close other tabs.' }
      : { message: e.message || 'The files that run the cells could not be loaded from this site.',
        wayOut: 'Load the page again when the network is back.' });
    worker.postMessage({ type: 'start' });
  }
  return {
    ready: ready.promise, ended: ended.promise, end,
    submit(cell, receive) {
      const id = `cell-${++number}`;
      cells.set(id, receive);
      post({ type: 'run', cell: id, code: cell.source, file: cell.file, line: cell.line });
    },
    async ask(question) {
      if (!isReady || !worker || cells.size) return null;
      const id = ++number, answer = await new Promise(done => {
        asked.set(id, done);
        post({ type: 'ask', id, question: question.what, code: question.code, line: question.line, character: question.character });
      });
      return answer && answers[question.what]?.(answer) || null;
    },
  };
}

function translated({ kind, ...event }) {
  switch (kind) {
    case 'printed': return { type: 'printed', text: event.text };
    case 'error': return { type: 'printed', text: event.text, toErrorStream: true };
    case 'shown': {
      const html = event.values['text/html'] ?? null, verdict = event.values[VERDICT];
      return { type: 'shown', text: event.values['text/plain'] ?? html ?? '', html, id: event.valueId ?? null, update: event.update,
        verdict: verdict ? JSON.parse(verdict) : null };
    }
    case 'warned': return { type: 'warned', text: `${event.text}\n` };
    case 'note': return { type: 'note', text: `${event.text}\n` };
    case 'failed': // the session decides whether text on the error stream is a failure
      return event.reason === 'stderr' ? null : { ...event, type: 'failed', reason: REASONS[event.reason] ?? 'exception' };
    case 'ended': return { type: 'ended' };
    default: return null;
  }
}

// ---- answers of the editor, from the shape of the engine

const range = ({ linePositionSpan: span }) => span
  ? { startLine: span.start.line, startCharacter: span.start.character, endLine: span.end.line, endCharacter: span.end.character } : null;
// A cell's types are nested in a class of the engine, whose name says nothing to a learner.
const plain = text => text?.replace(/Submission#\d+\+/g, '') ?? null;

const answers = {
  completions: ({ completions, incomplete }) => ({ incomplete, items: completions.map(c => ({
    label: c.displayText, kind: KINDS[c.kind] ?? c.kind, insertText: c.insertText, snippet: false, filterText: c.filterText,
    sortText: c.sortText, documentation: c.documentation })) }),
  hover: answer => answer.content.length ? { markdown: answer.content.map(c => c.value), range: range(answer) } : null,
  signature: ({ signatures, activeSignature, activeParameter }) =>
    signatures.length ? { signatures, activeSignature, activeParameter } : null,
  diagnostics: ({ diagnostics }) => ({ items: diagnostics.map(d => (
    { message: d.message, code: d.code, severity: d.severity, range: range(d) })) }),
  variables: ({ valueInfos }) => ({ items: valueInfos.map(v => (
    { name: v.name, type: plain(v.typeName), value: plain(v.formattedValue?.value) })) }),
};
