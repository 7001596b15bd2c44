// The presenter's view: large type and one part at a time (a text, the cells below it, and what is said about their results).
// What a room votes and sees is a state of its own, which begins empty: nothing of a rehearsal is shown. A vote is closed when its
// cell has run while its part is on the screen, or by a key. Notes, clock and hands are in a second window (notes.js).
import { button, el, root } from './base.js';

const KEYS = [
  ['→ or Page Down', 'goes on: the rest of a long part, then the text about its result, then the next part'],
  ['← or Page Up', 'goes back'],
  ['Shift+→, Shift+←', 'the next part, the part before, without what is between; Home and End: the first and the last'],
  ['G, or a number', 'goes to a part, from a list'],
  ['Shift+Enter', 'runs the next cell of the part'],
  ['A to E', 'counts a hand for this answer; with Shift, takes one back'],
  ['V', 'closes the vote without running the cell'],
  ['S', 'Stop'],
  ['U', 'runs all cells above this part'],
  ['T', 'hides the text, or shows it again'],
  ['X', 'clears all votes of the lesson, and hides what the cells have shown'],
  ['N', 'opens the notes in a second window, for the screen that only you see'],
  ['Escape', 'ends the presenter\'s view'],
];

// The address of the second window: no heading can have this id.
export const NOTES = '#:notes';

// Pages of one lesson in one browser find each other by this name.
export const channelOf = name => `presents ${root.pathname}${name}`;

export class Presenter {
  // `page`: name, leaveEditor, run(cells), runAbove(cell), stop, send, questions, cells.
  constructor(page) {
    this.page = page;
    this.name = channelOf(page.name);
    this.button = document.getElementById('present');
    this.button.onclick = () => this.toggle();
    this.place = document.getElementById('part');
    const help = button('help', 'Keys', () => this.#help());
    const notes = Object.assign(el('a', 'help', 'Notes'), { href: NOTES, target: '_blank', rel: 'noopener' });
    notes.title = 'Opens in a window of its own: move it to the screen that only you see';
    this.button.after(help, notes);
    addEventListener('keydown', e => this.#key(e));
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = ({ data }) => {
      if (!this.on) return;
      if (data.key) this.#press(data.key, data.shift);
      if (data.go !== undefined) this.show(data.go);
      if (data.hello) this.sendState();
    };
  }

  // `parts`: the elements, each with its cells, notes and minutes. A page that is loaded again continues where it was.
  async draw(parts) {
    Object.assign(this, { parts, at: undefined });
    parts.forEach((part, i) => { part.title = this.#title(part.element, parts[i - 1]); });
    const address = new URLSearchParams(location.search);
    if (this.on) { this.agree(); this.show(this.before); return; }
    if (address.has('present')) this.toggle(+address.get('present') - 1, history.state?.room);
    else await this.#tidy();
  }

  get on() { return document.body.classList.contains('presenting'); }

  // `room`: what a page that was loaded again has kept. Without it, votes begin empty.
  toggle(at, room) {
    this.page.leaveEditor();
    document.body.classList.toggle('presenting');
    this.button.setAttribute('aria-pressed', this.on);
    this.place.textContent = '';
    if (!this.on) { this.#leave(); return; }
    navigator.locks?.request(this.name, { mode: 'shared' }, () => new Promise(release => { this.release = release; }));
    const seen = this.parts.findIndex(p => p.element.getBoundingClientRect().bottom > 80);
    this.begin(room);
    this.show(at ?? Math.max(0, seen));
  }

  #leave() {
    this.release?.();
    this.page.send({ do: 'present', on: false });
    this.page.questions.leaveRoom();
    history.replaceState(null, '', this.#address(null));
    this.channel.postMessage({ ended: true });
    this.parts[this.at]?.element.scrollIntoView();
  }

  // Votes begin, with none, or with those of before this page was loaded again.
  begin(room) {
    const { questions, cells, send } = this.page;
    if (!room || !questions.presenting.on) send({ do: 'present', on: true });
    this.begun = room?.begun ?? Date.now();
    for (const [index, cell] of cells) {
      cell.presented = !!room?.presented.includes(index);
      // What was written into an exercise may be its solution.
      const hides = !cell.presented && cell.lesson.exercise && cell.state.edited;
      cell.cover(hides ? () => { cell.presented = true; this.#keep(); } : null);
    }
    for (const said of document.querySelectorAll('.after.shown')) said.classList.remove('shown');
    for (const fold of document.querySelectorAll('main details[open]')) fold.open = false;
    this.waiting = [...this.parts[this.at]?.cells ?? []];
    questions.enterRoom(room ?? { hands: {}, closed: [] }, () => this.#keep());
    this.#keep();
  }

  // The state of the session has come, perhaps from one that was started again.
  agree() {
    if (!this.on) return this.#tidy();
    if (!this.page.questions.presenting.on) this.page.send({ do: 'present', on: true });
    this.rehearsed();
  }

  // The page that presented was closed without an end: the learner's own answers are shown again, and kept.
  async #tidy() {
    if (!this.page.questions.presenting.on || !navigator.locks) return;
    const { held } = await navigator.locks.query();
    if (!this.on && !held.some(lock => lock.name === this.name)) this.page.send({ do: 'present', on: false });
  }

  // What belongs to this presentation stays with the page's entry in the history, so that loading the page again does not lose it.
  #keep() {
    const { questions, cells } = this.page;
    const presented = [...cells].filter(([, cell]) => cell.presented).map(([index]) => index);
    history.replaceState({ room: { ...questions.room, presented, begun: this.begun } }, '', this.#address(this.at + 1 || null));
    this.rehearsed();
    this.sendState();
  }

  #address(part) {
    const address = new URL(location);
    if (part === null) address.searchParams.delete('present'); else address.searchParams.set('present', part);
    return address;
  }

  // What a cell showed before is hidden as long as the vote about it is open; what an exercise showed, until it runs.
  rehearsed() {
    const { questions, cells } = this.page, open = this.on ? questions.all.filter(q => !questions.isClosed(q)) : [];
    for (const [index, cell] of cells) {
      const early = cell.lesson.exercise || open.some(q => q.cells.includes(index));
      cell.root.classList.toggle('rehearsed', this.on && !cell.presented && !!early);
    }
  }

  show(at) {
    at = Math.min(Math.max(at || 0, 0), this.parts.length - 1);
    if (at !== this.at) Object.assign(this, { waiting: [...this.parts[at].cells], since: Date.now() });
    this.at = this.before = at;
    this.parts.forEach((p, i) => p.element.classList.toggle('now', i === at));
    scrollTo(0, 0);
    this.place.textContent = `${at + 1} of ${this.parts.length}`;
    this.#keep();
  }

  // What the second window shows.
  sendState() {
    if (!this.on || this.at === undefined) return;
    const { questions } = this.page, question = this.#question() ?? this.#questions().at(-1), next = this.parts[this.at + 1];
    this.channel.postMessage({
      lesson: document.title, at: this.at, since: this.since, begun: this.begun, notes: this.parts[this.at].notes,
      parts: this.parts.map(({ title, minutes }) => ({ title, minutes })),
      next: this.#isWaiting() ? 'Shift+Enter runs the next cell' : next ? `the next part: ${next.title}` : 'this is the last part',
      vote: question && {
        hands: questions.room.hands[question.key] ?? {}, letters: question.letters, closed: questions.isClosed(question),
      },
    });
  }
  #isWaiting() { return this.waiting.length > 0; }

  // A part is named by its heading, otherwise by its section and its question or first text.
  #title(element, before) {
    const heading = element.querySelector('h1, h2')?.textContent;
    const asks = this.page.questions.all.find(q => element.contains(q.list))?.text;
    const text = asks ?? element.querySelector('.prose:not(.after) > p')?.textContent ?? '';
    const section = heading ?? before?.section ?? '';
    this.parts.find(p => p.element === element).section = section;
    return heading ?? [section, text.length > 60 ? `${text.slice(0, 60).replace(/\s\S*$/, '')} …` : text].filter(Boolean).join(': ');
  }

  #questions() { return this.page.questions.all.filter(q => this.parts[this.at].element.contains(q.list)); }

  // The open vote on the screen.
  #question() {
    const open = this.#questions().filter(q => !this.page.questions.isClosed(q));
    return open.find(q => q.list.getBoundingClientRect().bottom > 0) ?? open[0];
  }

  // The next screen of this part, if there is one. It begins with the first thing that the one before cuts, so that nothing that fits
  // is ever seen in halves only.
  #scroll(direction) {
    const page = document.scrollingElement, end = page.scrollHeight - innerHeight;
    if (direction > 0 ? page.scrollTop >= end - 8 : page.scrollTop <= 8) return false;
    const screen = direction * innerHeight * .85, head = document.querySelector('.bar').offsetHeight + 8;
    const places = direction > 0 ? pieces(this.parts[this.at].element) : [];
    const cut = places.map(p => ({ top: p.from.getBoundingClientRect().top, bottom: p.to.getBoundingClientRect().bottom }))
      .find(p => p.bottom > innerHeight && p.top > head + 8);
    page.scrollBy(0, cut ? Math.min(screen, cut.top - head) : screen);
    return true;
  }

  // The text about a result is shown below it when the vote is closed. Where a cell was skipped, nothing is said about its result.
  #say() {
    const { element, cells } = this.parts[this.at], { questions } = this.page, said = element.querySelector('.after:not(.shown)');
    const asked = questions.all.filter(q => !q.quiz && (element.contains(q.list) || cells.some(c => q.cells.includes(c.lesson.index))));
    const seen = asked.length ? asked.every(q => questions.isClosed(q)) : cells.every(c => c.state.run);
    if (!said || !seen) return false;
    said.classList.add('shown');
    if (!said.offsetHeight) return false;
    this.#bring(said);
    return true;
  }

  #forward() { if (!this.#scroll(1) && !this.#say() && this.at < this.parts.length - 1) this.show(this.at + 1); }

  #run() {
    const cell = this.waiting.shift();
    if (cell) this.page.run([cell.lesson.index]); else this.#forward();
  }

  // All cells above this part. Then its own cells can run once more.
  #above() {
    const first = this.parts.slice(this.at).flatMap(p => p.cells)[0];
    if (!first) return;
    this.waiting = [...this.parts[this.at].cells];
    this.page.runAbove(first);
  }

  #vote(letter, by) {
    const question = this.#question();
    if (question) this.page.questions.raise(question, letter, by);
  }

  #close() {
    const question = this.#question();
    if (!question) return;
    this.page.questions.reveal(question);
    if (!question.quiz) this.#say();
  }

  // A cell begins, from whatever key or button.
  started(cell) {
    if (!this.on || !cell.root.closest('.part.now')) return;
    cell.presented = true;
    cell.cover(null);
    this.waiting = this.waiting.filter(c => c !== cell);
    this.#keep();
  }

  // What a cell shows is what the room looks at: below a long cell it is brought up.
  ended(cell) {
    if (!this.on || !cell.root.closest('.part.now')) return;
    const { questions } = this.page;
    if (cell.state.run?.ok) for (const q of questions.all.filter(q => q.cells.includes(cell.lesson.index))) questions.closeInRoom(q);
    this.#bring(cell.outputs.box);
  }

  #bring(what) {
    const { top, bottom } = what.getBoundingClientRect(), head = document.querySelector('.bar').offsetHeight + 8;
    if (bottom > innerHeight) scrollBy(0, Math.min(top - head, bottom - innerHeight + 8));
  }

  #dialog(name, ...content) {
    const dialog = el('dialog', 'keys');
    dialog.setAttribute('aria-label', name);
    dialog.append(el('h2', '', name), ...content);
    dialog.onclose = () => dialog.remove();
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
  }

  #help() {
    const table = el('table'), close = button('', 'Close', () => dialog.close());
    for (const [key, what] of KEYS) {
      const row = table.insertRow();
      row.insertCell().append(el('kbd', '', key));
      row.insertCell().textContent = what;
    }
    const dialog = this.#dialog('Keys of the presenter\'s view', table, close);
    close.focus();
  }

  // Enter goes to the part with the number that was typed.
  #list(digit = '') {
    const list = el('ol'), form = el('form'), number = el('input');
    Object.assign(number, { value: digit, inputMode: 'numeric', autocomplete: 'off', size: 4 });
    number.setAttribute('aria-label', 'Number of the part');
    form.append('Number, then Enter: ', number);
    const go = at => { dialog.close(); this.show(at); };
    form.onsubmit = e => { e.preventDefault(); if (+number.value > 0) go(+number.value - 1); };
    list.append(...this.parts.map(({ title }, i) => {
      const item = el('li'), choice = button('', title, () => go(i));
      if (i === this.at) choice.setAttribute('aria-current', 'step');
      item.append(choice);
      return item;
    }));
    const dialog = this.#dialog('Go to a part', form, list);
    number.focus();
    number.setSelectionRange(digit.length, digit.length);
  }

  #key(e) {
    if (!this.on || e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.target.closest?.('.monaco-editor, dialog, input, textarea')) return;
    if (this.#press(e.key, e.shiftKey)) e.preventDefault();
  }

  #press(key, shift) {
    const last = this.parts.length - 1;
    const done = shift && key === 'Enter' ? () => this.#run() : /^[1-9]$/.test(key) ? () => this.#list(key)
      : /^[a-e]$/i.test(key) ? () => this.#vote(key.toUpperCase(), shift ? -1 : 1) : {
        PageDown: () => this.#forward(), ArrowRight: () => (shift ? this.show(this.at + 1) : this.#forward()),
        PageUp: () => this.#scroll(-1) || this.show(this.at - 1),
        ArrowLeft: () => (!shift && this.#scroll(-1)) || this.show(this.at - 1),
        Home: () => this.show(0), End: () => this.show(last),
        g: () => this.#list(), v: () => this.#close(), s: () => this.page.stop(), u: () => this.#above(),
        t: () => document.body.classList.toggle('no-prose'), x: () => { this.begin(); this.show(this.at); },
        n: () => open(NOTES, '_blank', 'popup,noopener,width=760,height=640'), '?': () => this.#help(), Escape: () => this.toggle(),
      }[key.length === 1 ? key.toLowerCase() : key];
    done?.();
    return !!done;
  }
}

// What a room looks at as one thing, from its first element to its last: a paragraph, a picture, a cell's code, what it shows; of a
// drawing that has several, the verdict, and each trace (the first with the key above it).
export function pieces(part) {
  return [...part.querySelectorAll('.prose > *, .source, .outputs > *')].flatMap(e => {
    const drawn = e.matches('.html') ? [...e.firstChild.shadowRoot.querySelectorAll('.ex-box, .tv-changes, .tv-trace')] : [];
    if (drawn.length < 2) return [{ from: e.matches('.source') ? e.previousElementSibling : e, to: e }];
    const key = e.firstChild.shadowRoot.querySelector('.tv-legend'), first = drawn.find(d => d.matches('.tv-trace'));
    return drawn.map(d => ({ from: key && d === first ? key : d, to: d }));
  });
}
