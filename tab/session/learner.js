// What a learner did in an open lesson: texts, runs and verdicts, cell by cell (course/Runs/LearnerState.cs), and what was chosen and
// revealed at its questions (course/Runs/QuestionState.cs).
import { checkEdit } from './dialect.js';
import * as Kept from './kept.js';
import { append, textOf } from './run.js';

export class Learner {
  #gone;      // cells whose kernel has ended

  // `lesson`: the lesson's data. `runs`: the last runs, by key.
  constructor(lesson, kept, runs) {
    this.cells = new Map(lesson.cells.map(cell => [cell.index, cell]));
    this.keys = new Set(lesson.cells.map(cell => cell.key));
    this.kept = kept;
    this.runs = new Map(Object.entries(runs).filter(([key]) => this.keys.has(key)));
    this.#gone = new Set(lesson.cells.filter(cell => this.runs.has(cell.key)).map(cell => cell.index));
  }

  sourceOf(index) { return this.#entry(index)?.source ?? this.cells.get(index).source; }
  isEdited(index) { return this.sourceOf(index) !== this.cells.get(index).source; }

  // The cell with the text that is to run. A learner's own text is held only to the rule that keeps it from misleading.
  cellOf(index) {
    const cell = this.cells.get(index), isEdited = this.isEdited(index), source = this.sourceOf(index);
    return { ...cell, source, isEdited, problems: isEdited ? checkEdit({ ...cell, source }) : cell.problems ?? [] };
  }

  // Puts a text into a cell. `keep`: keeps the text that the cell has now among its other texts.
  write(index, source, keep = false) {
    const { source: original, exercise } = this.cells.get(index), before = this.#entry(index);
    const others = before?.others ?? [], now = before?.source ?? null;
    this.#set(index, {
      original, source: source === original ? null : source, changed: this.#now(), exercise, solvedBy: before?.solvedBy ?? null,
      others: keep && now !== null && now !== source ? [...others, { source: now, at: before.changed }] : others,
    });
  }

  // Exchanges a cell's text with one that was written elsewhere.
  take(index, other) {
    const entry = this.#entry(index), taken = entry?.others?.[other];
    if (!taken) return;
    const others = entry.others.filter((_, i) => i !== other);
    if (this.isEdited(index)) others.push({ source: this.sourceOf(index), at: entry.changed });
    this.#set(index, { ...entry, source: taken.source, changed: this.#now(), original: this.cells.get(index).source, others });
  }

  // A run has ended. Returns what is kept of it.
  ran(index, run) {
    const cell = this.cells.get(index), { source } = run.cell, before = this.runs.get(cell.key), outputs = [...run.outputs];
    if (run.failure) append(outputs, { kind: 'error', text: textOf(run.failure, cell), html: null });
    const judged = run.verdict ? { verdict: run.verdict, verdictSource: source }
      : { verdict: before?.verdict ?? null, verdictSource: before?.verdictSource ?? null };
    const kept = { source, ok: !run.failure, reason: run.failure?.reason ?? null, milliseconds: run.milliseconds, outputs, ...judged };
    this.runs.set(cell.key, kept);
    this.#gone.delete(index);
    if (!run.failure && run.verdict?.passed && cell.exercise) {
      const entry = this.#entry(index)
        ?? { original: cell.source, source: null, changed: this.#now(), exercise: cell.exercise, solvedBy: null, others: [] };
      this.#set(index, { ...entry, solvedBy: source });
    }
    return kept;
  }

  // Text that came after the end of a run: a page that connects later shows it too.
  showLate(index, output) {
    const run = this.#run(index);
    if (!run) return;
    const outputs = [...run.outputs];
    append(outputs, output);
    this.runs.set(this.cells.get(index).key, { ...run, outputs });
  }

  // What these cells defined is gone with their kernel. Returns those of them that the learner has run.
  lose(indexes) {
    const lost = indexes.filter(index => this.#run(index));
    lost.forEach(index => this.#gone.add(index));
    return lost;
  }

  // Forgets everything but the visit.
  clear() {
    this.kept = Kept.clear(this.kept, this.#now());
    this.runs.clear();
    this.#gone.clear();
  }

  visit() { this.kept = { ...this.kept, visited: this.#now() }; }
  choiceOf(question) { return this.kept.choices[question] ?? null; }
  choose(question, letter, closed) { this.kept = Kept.withChoice(this.kept, question, { letter, closed, at: this.#now() }); }

  // Takes over what the store holds now. `written`: the state that was written; `held`: what the store held afterwards. Returns the
  // cells whose texts differ now.
  join(written, held) {
    const seen = index => JSON.stringify([this.sourceOf(index), this.#entry(index)?.solvedBy ?? null, this.#entry(index)?.others ?? []]);
    const before = [...this.cells.keys()].map(index => [index, seen(index)]);
    this.kept = Kept.merge(written, this.kept, held);
    return before.filter(([index, was]) => was !== seen(index)).map(([index]) => index);
  }

  // ---- messages

  textMessage(index) {
    return { type: 'edited', cell: index, source: this.sourceOf(index), edited: this.isEdited(index), earlier: this.#isEarlier(index),
      run: this.#runOf(index), verdict: this.#verdictOf(index), solved: this.#solvedOf(index), others: this.#entry(index)?.others ?? [] };
  }

  endMessage(index) {
    return { type: 'ended', cell: index, run: this.#runOf(index), verdict: this.#verdictOf(index), solved: this.#solvedOf(index) };
  }

  // A cell in the message `state`. `running`: its run, if it runs now.
  stateMessage(index, running, queued, progress) {
    const { type, cell, ...text } = this.textMessage(index);
    return { ...text, index, outputs: [...running?.outputs ?? this.#run(index)?.outputs ?? []], run: running ? null : text.run,
      queued, running: !!running, progress };
  }

  // Texts of cells that this version of the lesson does not have.
  orphans() {
    return Object.entries(this.kept.cells).filter(([key, { source }]) => (source ?? null) !== null && !this.keys.has(key))
      .map(([, { exercise, source }]) => ({ exercise: exercise ?? null, source }));
  }

  // The output that tells why the last run failed; undefined if it did not.
  failureOf(index) { return this.#run(index)?.outputs.findLast(o => o.kind === 'error'); }

  #run(index) { return this.runs.get(this.cells.get(index).key); }
  #entry(index) { return this.kept.cells[this.cells.get(index).key]; }
  #set(index, cell) { this.kept = Kept.withCell(this.kept, this.cells.get(index).key, cell); }
  #now() { return Kept.now(this.kept); }
  #isEarlier(index) { return this.isEdited(index) && this.#entry(index)?.original !== this.cells.get(index).source; }

  #solvedOf(index) {
    const by = this.#entry(index)?.solvedBy ?? null;
    return by === null ? 'no' : by === this.sourceOf(index) ? 'yes' : 'earlier';
  }

  #runOf(index) {
    const run = this.#run(index);
    return run ? { ok: run.ok, reason: run.reason, milliseconds: run.milliseconds, stale: run.source !== this.sourceOf(index),
      gone: this.#gone.has(index) } : null;
  }

  #verdictOf(index) {
    const { verdict, verdictSource } = this.#run(index) ?? {};
    return verdict ? { ...verdict, stale: verdictSource !== this.sourceOf(index) } : null;
  }
}

// The presenter's view has a state of its own, which is not kept, so that rehearsing a lesson and teaching it do not touch each other
// or what a learner did.
export class Questions {
  #presenting = null;    // { choices, closed }

  // `keep`: called when what is kept has changed. `send`: takes a message for all pages.
  constructor(questions, learner, keep, send) { Object.assign(this, { questions, learner, keep, send }); }

  // The message `presenting`; null while the lesson is not presented.
  get presentingMessage() {
    if (!this.#presenting) return null;
    const { choices, closed } = this.#presenting;
    return { type: 'presenting', on: true, choices: { ...choices }, closed: [...closed] };
  }

  // True if a letter was chosen, or the right one was revealed.
  isAnswered({ key }) {
    if (this.#presenting) return key in this.#presenting.choices || this.#presenting.closed.includes(key);
    const choice = this.learner.choiceOf(key);
    return !!choice && (choice.closed || (choice.letter ?? null) !== null);
  }

  // A letter is chosen. A closed question keeps the one that it has.
  choose(key, letter) {
    const question = this.questions.find(q => q.key === key);
    if (!question?.letters.includes(letter) || this.#isClosed(question)) return;
    if (this.#presenting) {
      this.#presenting.choices[key] = letter; // a room may go on voting, so a quiz stays open there
      this.send(this.presentingMessage);
      return;
    }
    this.learner.choose(key, letter, false);
    this.keep();
    this.send({ type: 'chosen', question: key, letter });
    if (question.quiz) this.#close([question]);
  }

  reveal(key) { this.#close(this.questions.filter(q => q.key === key)); }

  // A cell has run: predictions about it are answered.
  ran(index) { this.#close(this.questions.filter(q => q.cells.includes(index))); }

  // The presenter's view is opened, with no answers; or it is left.
  present(on) {
    this.#presenting = on ? { choices: {}, closed: [] } : null;
    this.send(this.presentingMessage ?? { type: 'presenting', on: false, choices: {}, closed: [] });
  }

  #isClosed({ key }) { return this.#presenting ? this.#presenting.closed.includes(key) : !!this.learner.choiceOf(key)?.closed; }

  #close(those) {
    for (const question of those.filter(q => !this.#isClosed(q))) {
      if (this.#presenting) {
        this.#presenting.closed.push(question.key);
        this.send(this.presentingMessage);
        continue;
      }
      this.learner.choose(question.key, this.learner.choiceOf(question.key)?.letter ?? null, true);
      this.keep();
      this.send({ type: 'closed', question: question.key });
    }
  }
}
