// The presenter's view: large type and one part at a time (a text, the cells below it, and what is said about their results).
// What a room votes and sees is a state of its own, which begins empty: nothing of a rehearsal is shown. A vote is closed when its
// cell has run while its part is on the screen, or by a key. Notes, clock and hands are in a second window (notes.js).
import { button, el, root } from './base.js';
import { goDialog, keysDialog } from './dialogs.js';

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
    const help = button('help', 'Keys', () => keysDialog());
    const notes = Object.assign(el('a', 'help', 'Notes'), { href: NOTES, target: '_blank', rel: 'noopener' });
    notes.title = 'Opens in a window of its own: move it to the screen that only you see';
    this.button.after(help, notes);
    addEventListener('keydown', e => this.#key(e));
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = ({ data }) => {
      if (!this.on) return;
      const dialog = data.key && document.querySelector('dialog[open]');
      if (dialog && data.key === 'Escape') dialog.close();
      else if (data.key && !dialog) this.#press(data.key, data.shift);
      if (data.go !== undefined) this.show(data.go);
      if (data.hello) this.sendState();
    };
  }

  // `parts`: the elements, each with its cells, notes and minutes. A page that is loaded again continues where it was.
  async draw(parts) {
    Object.assign(this, { parts, at: undefined });
    parts.forEach((part, i) => { part.title = this.#title(part.element, parts[i - 1]); });
    const address = new URLSearchParams(location.search);
    if (this.on) { this.#cover(history.state?.room); this.agree(); this.show(this.before); return; }
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
    Object.assign(this, { before: room?.at, since: room?.since });
    this.begin(room);
    this.show(at ?? Math.max(0, seen));
    if (room) this.waiting = this.waiting.filter(cell => !cell.presented);
    this.sendState();
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
    const { questions, send } = this.page;
    if (!room || !questions.presenting.on) send({ do: 'present', on: true });
    this.begun = room?.begun ?? Date.now();
    if (!room) this.since = Date.now();
    this.#cover(room);
    for (const said of document.querySelectorAll('.after.shown')) said.classList.remove('shown');
    for (const fold of document.querySelectorAll('main details[open]')) fold.open = false;
    this.waiting = [...this.parts[this.at]?.cells ?? []];
    questions.enterRoom(room ?? { hands: {}, closed: [] }, () => this.#keep());
    this.#keep();
  }

  // What was written in a rehearsal may be the solution.
  #cover(room) {
    for (const [index, cell] of this.page.cells) {
      cell.presented = !!room?.presented.includes(index);
      cell.cover(!cell.presented && cell.state.edited ? () => { cell.presented = true; this.#keep(); } : null);
    }
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
    const { begun, since, at } = this;
    history.replaceState({ room: { ...questions.room, presented, begun, since, at } }, '', this.#address(at + 1 || null));
    this.rehearsed();
    this.sendState();
  }

  #address(part) {
    const address = new URL(location);
    if (part === null) address.searchParams.delete('present'); else address.searchParams.set('present', part);
    return address;
  }

  // What a cell showed in a rehearsal is hidden until it runs in front of the room. What was recorded is hidden as long as the vote
  // about it is open, and in an exercise.
  rehearsed() {
    for (const cell of this.page.cells.values()) {
      cell.root.classList.toggle('rehearsed', this.on && !cell.presented);
      cell.root.classList.toggle('early', this.on && !cell.presented && this.#isEarly(cell));
    }
  }

  #isEarly({ lesson: { index, exercise } }) {
    const { questions } = this.page;
    return !!exercise || questions.all.some(q => q.cells.includes(index) && !questions.isClosed(q));
  }

  show(at) {
    at = Math.min(Math.max(at || 0, 0), this.parts.length - 1);
    if (at !== this.at) this.waiting = [...this.parts[at].cells];
    if (at !== this.before) this.since = Date.now(); // a page that was loaded again, or whose lesson has changed, goes on
    this.at = this.before = at;
    this.parts.forEach((p, i) => p.element.classList.toggle('now', i === at));
    scrollTo(0, 0);
    this.place.textContent = `${at + 1} of ${this.parts.length}`;
    for (const cell of this.parts[at].cells) this.#closeVotesOf(cell); // it may have ended while another part was on the screen
    this.#keep();
  }

  // What the second window shows.
  sendState() {
    if (!this.on || this.at === undefined) return;
    const { questions } = this.page, question = this.#question() ?? this.#questions().at(-1), next = this.parts[this.at + 1];
    this.channel.postMessage({
      lesson: document.title, at: this.at, since: this.since, begun: this.begun, notes: this.parts[this.at].notes,
      parts: this.parts.map(({ title, minutes }) => ({ title, minutes })),
      next: this.waiting.length ? 'Shift+Enter runs the next cell' : next ? `the next part: ${next.title}` : 'this is the last part',
      vote: question && {
        hands: questions.room.hands[question.key] ?? {}, letters: question.letters, closed: questions.isClosed(question),
      },
    });
  }

  // A part is named by its heading, otherwise by its section and its question or first text.
  #title(element, before) {
    const heading = element.querySelector('h1, h2')?.textContent;
    const asks = this.page.questions.all.find(q => element.contains(q.list))?.text;
    const text = asks ?? element.querySelector('.prose:not(.after) > p')?.textContent ?? '';
    const section = heading ?? before?.section ?? '';
    this.parts.find(p => p.element === element).section = section;
    return heading ?? [section, text.length > 60 ? `${text.slice(0, 60).replace(/\s\S*$/, '')} …` : text].filter(Boolean).join(': ');
  }

  // Not one in a text that is still hidden.
  #questions() { return this.page.questions.all.filter(q => this.parts[this.at].element.contains(q.list) && q.list.offsetHeight); }

  // The open vote: the one on the screen, otherwise the first one of this part.
  #question() {
    const open = this.#questions().filter(q => !this.page.questions.isClosed(q));
    return open.find(q => isOnScreen(q.list)) ?? open[0];
  }

  // Neither a late hand nor a key that was pressed too often counts for a vote that nobody sees: such a vote is brought up first.
  #voteOnScreen() {
    const question = this.#question();
    if (!question || isOnScreen(question.list)) return question;
    scrollBy(0, (question.asks ?? question.list).getBoundingClientRect().top - document.querySelector('.bar').offsetHeight - 8);
    return null;
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
    const seen = asked.length ? asked.every(q => questions.isClosed(q)) : cells.every(c => !canRun(c) || c.presented && c.state.run);
    if (!said || !seen) return false;
    said.classList.add('shown');
    if (!said.offsetHeight) return false;
    this.#bring(said);
    return true;
  }

  #forward() { if (!this.#scroll(1) && !this.#say() && this.at < this.parts.length - 1) this.show(this.at + 1); }

  #run() {
    this.waiting = this.waiting.filter(canRun);
    const [cell] = this.waiting;
    if (!cell) { if (!this.#isRunning()) this.#forward(); return; }
    if (!this.page.run([cell.lesson.index])) return;
    this.waiting.shift();
    cell.update({ queued: true }); // a second press may come before the answer of the session
  }

  #isRunning() { return this.parts[this.at].cells.some(c => c.state.queued || c.state.running); }

  // All cells above this part. Then its own cells can run once more.
  #above() {
    const [first] = this.parts.slice(this.at).flatMap(p => p.cells);
    this.waiting = [...this.parts[this.at].cells];
    if (first) this.page.runAbove(first); else this.page.run([...this.page.cells.keys()]);
  }

  #vote(letter, by) {
    const question = this.#voteOnScreen();
    if (question) this.page.questions.raise(question, letter, by);
  }

  #close() {
    const question = this.#voteOnScreen();
    if (!question) return;
    this.page.questions.reveal(question);
    if (!question.quiz) this.#say();
  }

  // A cell begins, from whatever key or button.
  started(cell) {
    if (!this.on) return;
    const isSeen = !!cell.root.closest('.part.now');
    // A cell that "Run all above" runs shows nothing early.
    if (!isSeen && (cell.covering || this.#isEarly(cell))) return;
    cell.presented = true;
    cell.cover(null);
    if (isSeen) this.waiting = this.waiting.filter(c => c !== cell);
    this.#keep();
  }

  // What a cell shows is what the room looks at: below a long cell it is brought up.
  ended(cell) {
    if (!this.on || !cell.root.closest('.part.now')) return;
    this.#closeVotesOf(cell);
    this.#bring(cell.outputs.box);
  }

  #closeVotesOf(cell) {
    const { questions } = this.page;
    if (!cell.presented || !cell.state.run?.ok) return;
    for (const q of questions.all.filter(q => q.cells.includes(cell.lesson.index))) questions.closeInRoom(q);
  }

  #bring(what) {
    const { top, bottom } = what.getBoundingClientRect(), head = document.querySelector('.bar').offsetHeight + 8;
    if (bottom > innerHeight) scrollBy(0, Math.min(top - head, bottom - innerHeight + 8));
  }

  #list(digit) { goDialog(this.parts, this.at, at => this.show(at), digit); }

  #key(e) {
    if (!this.on || e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey) return;
    // The input of a dialog keeps the focus for a moment after the dialog is closed.
    if (document.querySelector('dialog[open]') || e.target.closest?.('.monaco-editor, input:not(dialog *), textarea')) return;
    // A key that is held down counts once: no second hand, and no second cell.
    if (e.repeat ? this.#done(e.key, e.shiftKey) : this.#press(e.key, e.shiftKey)) e.preventDefault();
  }

  #press(key, shift) {
    const done = this.#done(key, shift);
    done?.();
    return !!done;
  }

  // What a key does.
  #done(key, shift) {
    const last = this.parts.length - 1;
    return shift && key === 'Enter' ? () => this.#run() : /^[1-9]$/.test(key) ? () => this.#list(key)
      : /^[a-e]$/i.test(key) ? () => this.#vote(key.toUpperCase(), shift ? -1 : 1) : {
        PageDown: () => this.#forward(), ArrowRight: () => (shift ? this.show(this.at + 1) : this.#forward()),
        PageUp: () => this.#scroll(-1) || this.show(this.at - 1),
        ArrowLeft: () => (!shift && this.#scroll(-1)) || this.show(this.at - 1),
        Home: () => this.show(0), End: () => this.show(last),
        g: () => this.#list(), v: () => this.#close(), s: () => this.page.stop(), u: () => this.#above(),
        t: () => document.body.classList.toggle('no-prose'), x: () => { this.begin(); this.show(this.at); },
        n: () => open(NOTES, '_blank', 'popup,noopener,width=760,height=640'), '?': () => keysDialog(), Escape: () => this.toggle(),
      }[key.length === 1 ? key.toLowerCase() : key];
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

// In a browser tab, some cells show only what was recorded.
const canRun = ({ lesson, state }) => !lesson.cannotRun || state.edited;

function isOnScreen(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return top < innerHeight && bottom > document.querySelector('.bar').offsetHeight;
}
