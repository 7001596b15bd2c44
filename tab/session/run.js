// One run of a cell: collects what the kernel reports, within bounds, and knows how the cell ended (course/Runs/CellRun.cs). And the
// cells that run ahead (course/Runs/RunAhead.cs).
const MAX_TEXT = 300_000;   // characters of one cell's console text on a page
const MAX_OUTPUTS = 1000;   // values and warnings of one cell, and pieces of console text between them. A failure is always kept
const CONSOLE = ['stdout', 'stderr', 'note'];
const number = n => n.toLocaleString('en-US');

export const isConsole = output => CONSOLE.includes(output.kind);
const output = (kind, text, html = null, id = null) => ({ kind, text, html, ...id !== null && { id } });

// Adds an output to a list. Console text is appended to text of the same kind before it. Returns what was added.
export function append(outputs, added) {
  const last = outputs.at(-1);
  if (isConsole(added) && last?.kind === added.kind) outputs[outputs.length - 1] = { ...last, text: last.text + added.text };
  else outputs.push(added);
  return added;
}

export class CellRun {
  #started = performance.now();
  #elapsed = null;
  #textLength = 0;
  #warnings = new Set();
  #texts = 0;
  #isCut = false;
  #wroteError = false;

  outputs = [];
  verdict = null;   // the last one that the cell has shown
  failure = null;   // { reason, file, line, message, wayOut, details }

  // `cell`: with the text that runs. A learner's own text may write to the error stream.
  constructor(cell, { errorStreamFails = true } = {}) { Object.assign(this, { cell, errorStreamFails }); }

  get hasEnded() { return this.#elapsed !== null; }
  get milliseconds() { return Math.round(this.#elapsed ?? performance.now() - this.#started); }

  // Takes an event. Returns what was added to the outputs, or put in the place of the one with the same id; null if nothing was.
  receive(event) {
    switch (event.type) {
      case 'printed': return this.#print(event.toErrorStream ? 'stderr' : 'stdout', event.text);
      case 'shown':
        this.verdict = event.verdict ?? this.verdict;
        return this.#show(output('display', event.text, event.html ?? null, event.id ?? null), event.update);
      case 'warned':
        if (this.#warnings.has(event.text)) return null;
        this.#warnings.add(event.text);
        return this.#add(output('warning', event.text));
      case 'note': return this.receiveLate(event.text);
      case 'failed':
        this.failure ??= { file: this.cell.file, line: this.cell.line, wayOut: '', details: null, ...event };
        return null;
      case 'ended':
        this.#elapsed ??= performance.now() - this.#started;
        if (this.errorStreamFails && !this.failure && this.#wroteError) {
          this.receive({ type: 'failed', reason: 'errorStream', wayOut: 'Write to Console.Out.',
            message: 'The cell wrote to the error stream, which counts as a failure in some notebook hosts.' });
        }
    }
    return null;
  }

  // Ends a run that the kernel will not end: it was stopped, or the kernel is gone.
  fail(failure) {
    this.receive({ type: 'failed', ...failure });
    this.receive({ type: 'ended' });
  }

  // Text that an earlier cell wrote while this cell ran or after it, or a remark of the kernel.
  receiveLate(text) { return this.#print('note', text); }

  #print(kind, text) {
    this.#wroteError ||= kind === 'stderr' && !!text;
    if (this.#textLength >= MAX_TEXT || !text) return null;
    const isNew = this.outputs.at(-1)?.kind !== kind;
    if (isNew && this.#texts >= MAX_OUTPUTS) return this.#cut();
    this.#texts += isNew;
    const room = MAX_TEXT - this.#textLength;
    if (text.length > room) text = `${text.slice(0, room)}\n… the rest is not shown: more than ${number(MAX_TEXT)} characters.\n`;
    this.#textLength += text.length;
    return append(this.outputs, output(kind, text));
  }

  #show(value, isUpdate) {
    if (!isUpdate) return this.#add(value);
    const known = this.outputs.findIndex(o => o.id !== undefined && o.id === value.id);
    return known < 0 ? null : this.outputs[known] = value;
  }

  #add(added) {
    return this.outputs.length - this.#texts >= MAX_OUTPUTS ? this.#cut() : append(this.outputs, added);
  }

  #cut() {
    if (this.#isCut) return null;
    this.#isCut = true;
    return append(this.outputs, output('note', `… the rest is not shown: the cell has more than ${number(MAX_OUTPUTS)} outputs.\n`));
  }
}

// Why a cell failed, as a page shows it: the line of the cell, what is wrong, what to do, and details (LearnerState.TextOf).
export function textOf({ reason, file, line, message, wayOut, details }, cell) {
  const place = file !== cell.file ? `${file}:${line}: `
    : line && ['compileError', 'exception', 'dialect'].includes(reason) ? `Line ${line - cell.line + 1}: ` : '';
  return [place + message, wayOut && `→ ${wayOut}`, details].filter(Boolean).join('\n');
}

// The leading cells of a lesson that hold only `#r`, `using` and `#!import`, run while the learner reads. What they show is sent when
// the learner runs them, in their order.
export class RunAhead {
  #cells; #runs = []; #revealed = 0; #isStopped = false;

  constructor(cells) { this.#cells = cells; }

  // The first cells of a lesson, up to one that does more, or that the learner has edited.
  static leading(code) {
    const preparation = /^\s*(#r .*|using [\w.]+;|#!import .*|\/\/.*)?$/;
    const end = code.findIndex(c => c.isEdited || !c.source.split('\n').every(line => preparation.test(line)));
    return code.slice(0, end < 0 ? code.length : end).map(c => c.index);
  }

  // True when something was run that the learner has not started.
  get hasUnseen() { return this.#runs.length > this.#revealed; }

  // The cells that were run ahead and that the learner has started, with the texts that ran.
  get revealed() { return this.#runs.slice(0, this.#revealed).map(run => run.cell); }

  // The next cell to run ahead; null when there is none, one is running, or one has failed.
  next() {
    const last = this.#runs.at(-1);
    return this.#isStopped || last && (!last.hasEnded || last.failure) ? null : this.#cells[this.#runs.length] ?? null;
  }

  start(run) { this.#runs.push(run); }

  // The run of a cell that was started ahead, when the learner runs it in its turn; otherwise null.
  reveal(cell) { return this.hasUnseen && this.#cells[this.#revealed] === cell ? this.#runs[this.#revealed++] : null; }

  // The learner runs a cell that was not started ahead. If it is the next one of these, the others can still run ahead after it.
  runByLearner(cell, run) {
    if (this.hasUnseen || this.#cells[this.#revealed] !== cell) { this.#isStopped = true; return; }
    this.#runs.push(run);
    this.#revealed++;
  }
}
