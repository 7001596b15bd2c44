// One cell of code: its buttons, its text, what is said about its last run, its outputs, and other texts that it had.
import { button, el } from './base.js';
import { colours } from './editor.js';
import { Outputs } from './output.js';

const date = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const time = ms => ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;

export class Cell {
  // `lesson`: the cell as it is in the lesson. `page`: what its buttons do.
  constructor(lesson, page) {
    Object.assign(this, { lesson, page, text: lesson.source, known: lesson.source, state: {} });
    const { index, exercise } = lesson, label = exercise ? `Exercise ${exercise}` : lesson.import ? 'Import' : 'Code';
    this.root = el('section', 'cell');
    this.root.dataset.cell = index;
    this.root.setAttribute('aria-label', label);
    this.mark = el('span', 'mark');
    this.mark.setAttribute('role', 'status');
    this.edited = el('span', 'edited', 'edited');
    this.original = button('undo', 'Original', () => page.original(this));
    this.original.title = 'Put this cell back as it is in the lesson';
    this.above = button('above', 'Run all above', () => page.runAbove(this));
    this.above.title = 'Run all cells above this one';
    this.run = button('run', 'Run', () => page.run([index]));
    this.run.title = 'Run this cell (Shift+Enter)';
    this.source = el('pre', 'source');
    this.source.tabIndex = 0;
    this.source.setAttribute('role', 'group');
    this.source.setAttribute('aria-label', `${label}: press Enter to edit, Shift+Enter to run`);
    this.source.onclick = e => { if (!getSelection().toString()) page.edit(this, e); };
    this.source.onkeydown = e => {
      if (e.key !== 'Enter') return;
      e.preventDefault();
      if (e.shiftKey) page.run([index]); else page.edit(this);
    };
    this.others = el('div', 'others');
    this.recorded = el('details', 'recorded');
    const box = el('div', 'outputs');
    box.setAttribute('role', 'group');
    box.setAttribute('aria-label', 'Output');
    this.outputs = new Outputs(box);
    const tools = el('div', 'tools');
    tools.append(this.run, this.above, this.original, this.edited, this.mark);
    this.missing = el('p', 'missing', 'Cells above have not run in this kernel, so names that this cell needs may be missing. ');
    this.missing.append(button('', 'Run all above and this cell', () => page.runTo(this)));
    this.missing.hidden = true;
    this.root.append(tools, this.source, this.others, this.recorded, box, this.missing);
    if (lesson.cannotRun) this.source.before(el('p', 'cannot', lesson.cannotRun));
  }

  // All that the session knows of the cell. `text` is shown in place of the session's text when there is a newer one here.
  show(state, text) {
    this.state = state;
    this.known = state.source;
    this.setText(text ?? this.known);
    this.outputs.clear();
    state.outputs.forEach(o => this.outputs.add(o));
    this.update(state);
  }

  // On a live site: what the cell showed when the site was made, until it has run here.
  showRecorded(open) {
    if (this.recorded.hidden) return;
    this.recorded.replaceChildren(el('summary', '', 'Recorded when this site was made'));
    this.recorded.open = open;
    let box = null;
    const fill = () => {
      if (box || !this.recorded.open) return;
      const outputs = new Outputs(box = this.recorded.appendChild(el('div', 'outputs')));
      this.lesson.recorded.outputs.forEach(o => outputs.add(o));
    };
    this.recorded.ontoggle = fill;
    fill();
  }

  // Some of what the session knows has changed.
  update(change) {
    Object.assign(this.state, change);
    if (change.edited === false) this.cover(null);
    const { run, solved, queued, running, progress, edited } = this.state;
    this.edited.hidden = this.original.hidden = !edited;
    this.run.hidden = !!this.lesson.cannotRun && !edited; // a learner's own text may run
    this.recorded.hidden = !this.lesson.recorded || !!run || !!running;
    this.root.classList.toggle('running', !!running);
    this.root.classList.toggle('failed', !running && !!run && !run.ok && !run.stale && run.reason !== 'stopped');
    this.root.classList.toggle('solved', !running && solved === 'yes');
    this.outputs.box.classList.toggle('stale', !!run?.stale);
    const [text, css] = running ? [progress ? `running: ${progress}` : 'running'] : queued ? ['waits'] : this.#ran();
    this.mark.textContent = text;
    this.mark.className = `mark ${css ?? ''}`;
    if (change.others || change.earlier !== undefined) this.#others();
  }

  // What is said about the last run.
  #ran() {
    const { run, solved } = this.state, before = solved === 'earlier' ? 'solved with an earlier text' : '';
    if (!run) return [before];
    const of = run.stale && !before ? 'of an earlier text' : '';
    const join = (...parts) => parts.filter(Boolean).join(', ');
    if (run.reason === 'stopped') return [join('stopped', solved === 'yes' ? 'solved ✓' : before)];
    if (!run.ok) return [join('failed ✗', of, before), run.stale ? '' : 'no'];
    if (run.stale && before) return [before];
    const done = `${solved === 'yes' ? 'solved' : 'ran'} ✓`;
    if (run.gone) return [join(done, 'its names are gone', of, before)];
    return [join(`${done} ${time(run.milliseconds)}`, of, before), of || before ? '' : 'ok'];
  }

  // Hides the text and the output in the presenter's view, until `uncover` is called by a click; null shows them.
  cover(uncover) {
    this.covering?.remove();
    this.covering = uncover && button('uncover', 'What was written here before is hidden. Show it', () => { this.cover(null); uncover(); });
    if (uncover) this.source.before(this.covering);
    this.root.classList.toggle('covered', !!uncover);
  }

  setText(text) {
    this.text = text;
    this.paint();
  }

  // The lesson's own text has its colours from the lesson; an edited one from the editor, when it is loaded.
  paint() {
    if (this.text === this.lesson.source) this.source.innerHTML = this.lesson.coloured;
    else this.source.replaceChildren(...colours(this.text));
  }

  // Texts of this cell that are not shown in it: what another player wrote, and what the lesson has now.
  #others() {
    const fold = (title, content, ...more) => {
      const details = el('details');
      details.append(el('summary', '', title), content, ...more);
      return details;
    };
    const use = onclick => button('', 'Use this one', onclick);
    const { others = [], earlier } = this.state, present = el('pre', 'listing');
    present.innerHTML = this.lesson.coloured;
    this.others.replaceChildren(
      ...earlier ? [fold('You wrote this for an earlier version of this cell, which is now:', present,
        use(() => this.page.original(this)))] : [],
      ...others.map(({ source, at }, i) => fold(`Another text of this cell${at ? `, written on ${date.format(new Date(at))}` : ''}`,
        el('pre', 'listing', source), use(() => this.page.take(this, i)))));
  }
}
