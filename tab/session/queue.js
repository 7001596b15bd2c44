// The cells of one lesson that wait to be run, and the kernel that runs them (course/Runs/RunQueue.cs, SessionKernel.cs).
import { CellRun, RunAhead } from './run.js';

const NAMES_ARE_GONE = 'What the cells above defined is gone: run them again.';

export class RunQueue {
  #queue = [];
  #inKernel = new Set();    // the cells that ran in this kernel
  #kernel = null;
  #isReady = false;
  #ahead = new RunAhead([]);
  #silent = [];             // cells that are run again, unseen, in a new kernel
  #last = null;             // { cell, run }
  #isRunning = false;

  state = 'none';           // 'none', 'starting', 'ready' or 'busy'

  // `startKernel`: as in kernel.js. `code`: the cells of code, in order. `cellAt(index)`: a cell with the text that is to run,
  // `isEdited` and `problems`. `listener`: receives what happens.
  constructor(startKernel, code, cellAt, listener) { Object.assign(this, { startKernel, code, cellAt, listener }); }

  get running() { return this.#isRunning ? this.#last : null; }
  get kernel() { return this.#isReady ? this.#kernel : null; }
  waits(cell) { return this.#queue.includes(cell); }

  // Starts a kernel if there is none, and runs the leading cells ahead.
  open() { if (!this.#kernel) this.#start(true); }

  // Runs cells, one after the other, after those that wait already.
  run(cells) {
    for (const cell of cells) {
      if (!this.code.includes(cell) || cell === this.running?.cell || this.#queue.includes(cell)) continue;
      this.#queue.push(cell);
      this.listener.queued(cell, true);
    }
    this.#next();
  }

  // Ends the kernel, with the cell that runs, and starts a new one: it starts while the learner reads.
  renew(why) {
    this.#endKernel({ reason: 'stopped', message: `${why} ${NAMES_ARE_GONE}` });
    this.#start(true);
  }

  // ---- the kernel

  #start(runAhead) {
    this.#ahead = new RunAhead(runAhead ? RunAhead.leading(this.code.map(this.cellAt)) : []);
    this.#is('starting');
    const isPresent = () => this.#kernel === kernel; // what an earlier one still says is ignored
    const kernel = this.#kernel = this.startKernel({
      late: text => { if (isPresent()) this.#receiveLate(text); },
      progress: text => { if (isPresent() && this.state === 'starting') this.listener.kernelIs('starting', text); },
    });
    kernel.ready.then(() => { if (isPresent()) this.#hasStarted(); }, e => { if (isPresent()) this.#hasNotStarted(e); });
    kernel.ended.then(end => { if (isPresent()) this.#hasEnded(end); });
  }

  #hasStarted() {
    this.#isReady = true;
    for (const cell of this.#silent) this.#kernel.submit(cell, () => { });
    this.#silent = [];
    if (!this.#queue.length) this.#is('ready');
    this.#next();
  }

  #hasNotStarted({ message, wayOut = '' }) {
    const waiting = this.#queue[0];
    if (waiting !== undefined) this.#begin(waiting, new CellRun(this.cellAt(waiting)));
    else this.listener.notice(`${message} ${wayOut}`.trim());
    this.#endKernel({ reason: 'kernelEnded', message, wayOut });
    this.listener.kernelIs('none', message); // a notice is seen for a while, and this may not change
  }

  #hasEnded({ message, wayOut = '', details = null }) {
    if (!this.#isRunning) this.listener.notice(`${message} ${NAMES_ARE_GONE}`);
    this.#endKernel({ reason: 'kernelEnded', message: `${message} ${NAMES_ARE_GONE}`, wayOut, details });
  }

  #endKernel(failure) {
    this.#forget();
    this.#clear();
    this.#is('none');
    if (this.#isRunning) {
      const { cell, run } = this.#last;
      run.fail(failure);
      this.#finish(cell, run);
    }
    if (this.#inKernel.size) this.listener.gone([...this.#inKernel].sort((a, b) => a - b));
    this.#inKernel.clear();
  }

  #forget() {
    this.#kernel?.end();
    this.#kernel = null;
    this.#isReady = false;
    this.#ahead = new RunAhead([]);
    this.#silent = [];
  }

  #is(state) {
    if (this.state === state) return;
    this.state = state;
    this.listener.kernelIs(state);
  }

  // ---- cells

  #next() {
    if (this.#isRunning) return;
    const [index] = this.#queue;
    if (index === undefined) {
      if (this.state === 'busy') this.#is('ready');
      this.#goAhead();
      return;
    }
    if (!this.#kernel) this.#start(false);
    if (!this.#isReady) return; // the cell waits
    const cell = this.cellAt(index), ahead = cell.isEdited ? null : this.#ahead.reveal(index);
    if (!ahead && this.#ahead.hasUnseen) {
      // The learner runs something else first, so nothing of what ran ahead may be there.
      const again = this.#ahead.revealed;
      this.#forget();
      this.#silent = again;
      this.#start(false);
      return;
    }
    const run = ahead ?? new CellRun(cell, { errorStreamFails: !cell.isEdited });
    this.#begin(index, run);
    if (!ahead) this.#submit(index, run);
    else if (run.hasEnded) this.#finish(index, run);
  }

  #begin(index, run) {
    this.#queue = this.#queue.filter(cell => cell !== index);
    this.#last = { cell: index, run };
    this.#isRunning = true;
    if (this.#isReady) this.#is('busy');
    this.listener.started(index);
    for (const output of run.outputs) this.listener.shown(index, output);
  }

  #submit(index, run) {
    this.#ahead.runByLearner(index, run);
    const [problem, ...others] = run.cell.problems;
    if (problem) {
      const details = others.map(p => `${p.file}:${p.line}: ${p.message}\n  -> ${p.wayOut}`).join('\n');
      run.fail({ reason: 'dialect', ...problem, details: details || null });
      this.#finish(index, run);
    } else if (!run.cell.source.trim()) {
      run.receive({ type: 'ended' });
      this.#finish(index, run);
    } else {
      this.#send(index, run);
    }
  }

  #send(index, run) {
    const kernel = this.#kernel;
    this.#inKernel.add(index);
    kernel.submit(run.cell, event => { if (this.#kernel === kernel) this.#receive(index, run, event); });
  }

  #receive(index, run, event) {
    const output = run.receive(event), isSeen = this.#isRunning && this.#last.run === run;
    if (isSeen && event.type === 'progress') this.listener.progress(index, event.text);
    if (isSeen && output) this.listener.shown(index, output);
    if (event.type !== 'ended') return;
    if (isSeen) this.#finish(index, run); else this.#goAhead();
  }

  #receiveLate(text) {
    const output = this.#last?.run.receiveLate(text);
    if (output) this.listener.shown(this.#last.cell, output);
  }

  #finish(index, run) {
    this.#isRunning = false;
    this.listener.ended(index, run);
    if (run.failure) this.#clear();
    else if (!this.#queue.length) this.listener.drained();
    this.#next();
  }

  #clear() {
    const waiting = this.#queue;
    this.#queue = [];
    for (const cell of waiting) this.listener.queued(cell, false);
  }

  // Runs the next cell ahead, when there is nothing else to do.
  #goAhead() {
    if (!this.#isReady || this.#isRunning || this.#queue.length) return;
    const cell = this.#ahead.next();
    if (cell === null) return;
    const run = new CellRun(this.cellAt(cell));
    this.#ahead.start(run);
    this.#send(cell, run);
  }
}
