// One open lesson in a browser tab: what the learner did, the cells that run, and the pages that show it. It speaks the messages of
// course/Runs/Messages.md and passes the same conformance test as course/Runs/LessonSession.cs. It needs neither a page nor a worker:
// the kernel and the store are given to it.
import { Learner, Questions } from './learner.js';
import * as Kept from './kept.js';
import { RunQueue } from './queue.js';
import { isConsole } from './run.js';

const MAX_SOURCE = 1_000_000;  // characters of a cell
const PACE = 40;               // milliseconds between two messages of console text
const RETRY_AFTER = 5000;      // milliseconds, when what the learner did cannot be kept

export class LessonSession {
  #learner; #questions; #runs; #paced; #put;
  #viewers = [];
  #unsaid = [];        // notices for the next page
  #progress = null;    // of the running cell
  #pauseAt = null;     // where Run all stops when the queue is empty
  #paused = null;      // where it has stopped
  #waiting = null;     // what is to be written: the state from which the present one was made, and cells whose text is sent afterwards
  #isWriting = false;
  #cannotBeKept = false;
  #outputsAreLost = false;

  // `lesson`: its data (Messages.md). `kept`, `runs`: what the store has of it. `startKernel`: as in kernel.js. `store`: as in store.js.
  constructor({ lesson, kept = Kept.empty, runs = {}, startKernel, store }) {
    Object.assign(this, { lesson, store });
    this.code = lesson.cells.map(cell => cell.index);
    this.#put = kept;
    this.#learner = new Learner(lesson, kept, runs);
    this.#questions = new Questions(lesson.questions, this.#learner, () => this.#keep(), m => this.#send(m));
    this.#paced = new PacedOutputs((cell, output) => this.#send({ type: 'output', cell, output }));
    this.#runs = new RunQueue(startKernel, this.code, index => this.#learner.cellOf(index), this.#listener());
    store.onchange = () => this.#keep();
  }

  // A page connects. `send` takes its messages. Returns what takes messages of the page; the first one is `hello`.
  connect(send) {
    return message => {
      try {
        this.#receive(send, message);
      } catch (e) {
        // A fault of ours must not end the lesson of the learner, and must not stay unseen.
        this.notice(`The page has a fault (${e}). What you wrote is kept. Please report it: ${e.stack?.split('\n')[1]?.trim() ?? ''}`);
      }
    };
  }

  // Sends a sentence about the lesson as a whole. If no page is connected, the next one receives it.
  notice(text) {
    if (this.#viewers.length) this.#send({ type: 'notice', text }); else this.#unsaid.push(text);
  }

  #send(message) { this.#viewers.forEach(send => send(message)); }

  // ---- what pages say

  #receive(send, m) {
    const cell = this.#learner.cells.get(m.cell);
    switch (m.do) {
      case 'hello': this.#greet(send, m.version); break;
      case 'open': this.#runs.open(); break;
      case 'run': this.#run(m.cells, { isAsked: true }); break;
      case 'runAll': this.#runAll(); break;
      case 'runAbove': this.#run(this.code.filter(cell => cell < m.cell)); break;
      case 'stop': this.#renew('Stopped. The kernel was ended for that.'); break;
      case 'restart': this.#renew('Ended by Restart.'); break;
      case 'edit': if (cell) this.#edit(m.cell, m.source, m.keep); break;
      case 'original': if (cell) this.#edit(m.cell, cell.source); break;
      case 'solve': if (cell?.solution) this.#edit(m.cell, cell.solution); break;
      case 'take': if (cell) { this.#learner.take(m.cell, m.other); this.#keep(m.cell); } break;
      case 'choose': this.#questions.choose(m.question, m.letter); break;
      case 'reveal': this.#questions.reveal(m.question); break;
      case 'startAgain': this.#startAgain(); break;
      case 'present': this.#questions.present(m.on); break;
      case 'ask': this.#answer(send, m); break;
    }
  }

  #greet(send, version) {
    this.#paced.flush(); // it is among the outputs that the page gets
    this.#learner.visit();
    this.#keep();
    if (version !== this.lesson.version) send({ type: 'lesson', lesson: this.lesson });
    send(this.#state());
    if (!this.#viewers.includes(send)) this.#viewers.push(send);
    this.#unsaid.splice(0).forEach(text => this.notice(text));
  }

  #state() {
    const { running, state } = this.#runs, choices = Object.entries(this.#learner.kept.choices);
    return {
      type: 'state', kernel: state,
      cells: this.code.map(index => this.#learner.stateMessage(index, running?.cell === index ? running.run : null,
        this.#runs.waits(index), running?.cell === index ? this.#progress : null)),
      choices: Object.fromEntries(choices.filter(([, c]) => (c.letter ?? null) !== null).map(([key, c]) => [key, c.letter])),
      closed: choices.filter(([, c]) => c.closed).map(([key]) => key),
      kept: this.#learner.orphans(), presenting: this.#questions.presentingMessage, paused: this.#paused?.key ?? null,
    };
  }

  // A cell of the lesson that needs more than a tab is passed over: its page shows what was recorded. A learner's own text is run.
  #run(cells, { isAsked = false, pauseAt = null } = {}) {
    [this.#paused, this.#pauseAt] = [null, pauseAt];
    const cannot = index => this.lesson.cannotRun?.[index] && !this.#learner.isEdited(index);
    const passed = cells.filter(cannot);
    passed.forEach(index => this.#questions.ran(index));
    if (isAsked && passed.length && passed.length === cells.length) this.notice(this.lesson.cannotRun[passed[0]]);
    const rest = cells.filter(index => !cannot(index));
    this.#runs.run(rest);
    if (!rest.length) this.#drained();
  }

  // Runs all cells, up to the first prediction that the learner has not made; the next time, on from there.
  #runAll() {
    const from = this.#paused, all = from ? this.code.slice(this.code.indexOf(from.first)) : this.code;
    const stops = cell => this.lesson.questions.find(q => q.first === cell && q !== from && !this.#questions.isAnswered(q));
    const end = all.findIndex(stops);
    this.#run(end < 0 ? all : all.slice(0, end), { pauseAt: stops(all[end]) ?? null });
  }

  #renew(why) {
    this.#paused = this.#pauseAt = null;
    this.#runs.renew(why);
  }

  #edit(cell, source, keep = false) {
    if (source.length > MAX_SOURCE) {
      this.notice(`This cell is too long: ${MAX_SOURCE.toLocaleString('en-US')} characters are the most. What it was before is kept.`);
      return;
    }
    this.#paused = null;
    this.#learner.write(cell, source.replace(/\r\n?/g, '\n'), keep);
    this.#keep(cell);
  }

  #startAgain() {
    this.#paused = this.#pauseAt = null;
    this.#runs.renew('Ended by Start again.');
    this.#learner.clear();
    this.#keep();
    this.#keepRuns(() => this.store.clearRuns());
    this.#send(this.#state());
  }

  async #answer(send, { id, what, code = '', line = 0, character = 0 }) {
    const kernel = this.#runs.running ? null : this.#runs.kernel;
    send({ type: 'answer', id, answer: kernel ? await kernel.ask({ what, code, line, character }) : null });
  }

  // ---- what is kept

  // Keeps what the learner did. The text of a changed cell is sent when it is kept: until then it is in the page's own storage too.
  #keep(changed) {
    this.#waiting ??= { known: this.#put, changed: new Set() };
    if (changed !== undefined) this.#waiting.changed.add(changed);
    this.#put = this.#learner.kept;
    if (!this.#isWriting) this.#write();
  }

  async #write() {
    this.#isWriting = true;
    while (this.#waiting) {
      const { known, changed } = this.#waiting, mine = this.#put;
      this.#waiting = null;
      const joined = new Set();
      try {
        const { held, aside } = await this.store.merge(known, mine);
        if (aside) this.notice('What was kept of this lesson could not be read. It was put aside: a saved file of your work has it.');
        if (this.#cannotBeKept) this.notice('Your work is kept again.');
        this.#cannotBeKept = false;
        this.#join(mine, held).forEach(cell => joined.add(cell));
      } catch (e) {
        this.#waiting = { known, changed: this.#waiting?.changed ?? new Set() };
        if (!this.#cannotBeKept) this.notice(`Your work cannot be kept at the moment: ${e.message}`);
        this.#cannotBeKept = true;
        this.#sendTexts(changed);
        setTimeout(() => this.#write(), RETRY_AFTER);
        return; // #isWriting stays: the timer goes on
      }
      this.#sendTexts(new Set([...changed, ...joined]));
    }
    this.#isWriting = false;
  }

  // A cell that was changed again meanwhile is sent when that is kept.
  #sendTexts(cells) {
    for (const cell of cells) if (!this.#waiting?.changed.has(cell)) this.#send(this.#learner.textMessage(cell));
  }

  // The store was written; another tab may have written too.
  #join(written, held) {
    const choices = () => JSON.stringify(
      Object.entries(this.#learner.kept.choices).map(([key, c]) => [key, c.letter ?? null, c.closed]).sort());
    const before = choices();
    this.#put = Kept.merge(written, this.#put, held);
    const cells = this.#learner.join(written, held);
    if (choices() !== before) this.#send(this.#state());
    return cells;
  }

  // Outputs can be made again, so it is said only once that they are not kept.
  #keepRuns(write) {
    write().catch(e => {
      if (!this.#outputsAreLost) this.notice(`What the cells show cannot be kept at the moment: ${e.message}`);
      this.#outputsAreLost = true;
    });
  }

  // ---- what runs

  #listener() {
    return {
      kernelIs: (state, text) => this.#send({ type: 'kernel', state, ...text && { text } }),
      queued: (cell, waits) => this.#send({ type: waits ? 'queued' : 'unqueued', cell }),
      started: cell => {
        this.#paced.begin();
        this.#progress = null;
        this.#send({ type: 'started', cell });
      },
      progress: (cell, text) => {
        this.#progress = text;
        this.#send({ type: 'progress', cell, text });
      },
      shown: (cell, output) => {
        if (this.#runs.running?.cell !== cell) this.#learner.showLate(cell, output);
        this.#paced.send(cell, output);
      },
      ended: (cell, run) => this.#ended(cell, run),
      gone: cells => {
        const lost = this.#learner.lose(cells);
        if (lost.length) this.#send({ type: 'gone', cells: lost });
      },
      drained: () => this.#drained(),
      notice: text => this.notice(text),
    };
  }

  #ended(cell, run) {
    this.#paced.flush();
    const before = this.#learner.kept, kept = this.#learner.ran(cell, run), failure = this.#learner.failureOf(cell);
    if (failure) this.#send({ type: 'output', cell, output: failure });
    this.#send(this.#learner.endMessage(cell));
    if (run.failure) this.#pauseAt = null; else this.#questions.ran(cell);
    if (this.#learner.kept !== before) this.#keep();
    this.#keepRuns(() => this.store.putRun(this.#learner.cells.get(cell).key, kept));
  }

  #drained() {
    if (!this.#pauseAt) return;
    [this.#paused, this.#pauseAt] = [this.#pauseAt, null];
    this.#send({ type: 'paused', question: this.#paused.key, cell: this.#paused.first });
  }
}

// Tells outputs; console text and updates of a value 25 times a second at most, because a cell that prints fast must not occupy the page.
class PacedOutputs {
  #send; #text = ''; #of = null; #timer = 0;
  #shown = new Set();      // the ids of values that the running cell has shown
  #updates = new Map();    // those that are not sent yet, by id

  constructor(send) { this.#send = send; }

  // A cell begins: sends what waits.
  begin() {
    this.flush();
    this.#shown.clear();
  }

  send(cell, output) {
    const { id } = output;
    if (id !== undefined && this.#shown.has(id)) {
      this.#timer ||= setTimeout(() => this.flush(), PACE);
      return this.#updates.set(id, { cell, output });
    }
    if (id !== undefined) this.#shown.add(id);
    if (!isConsole(output) || this.#of?.cell !== cell || this.#of.kind !== output.kind) this.flush();
    if (!isConsole(output)) return this.#send(cell, output);
    this.#timer ||= setTimeout(() => this.flush(), PACE);
    this.#of = { cell, kind: output.kind };
    this.#text += output.text;
  }

  flush() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (this.#text) this.#send(this.#of.cell, { kind: this.#of.kind, text: this.#text, html: null });
    this.#text = '';
    for (const { cell, output } of this.#updates.values()) this.#send(cell, output);
    this.#updates.clear();
  }
}
