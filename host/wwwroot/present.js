// The presenter's view: large type, one part at a time (a text, the cells below it, and what is said about their results), the
// instructor's notes beside it. Keys: Shift+Enter runs the next cell; → shows what is said about it, then the next part; ← the
// part before; PageDown and PageUp scroll first where a part is long; N the notes (on the screen they are seen by all, so they
// are off at first), T the text, Escape ends it.
export class Presenter {
  constructor(leaveEditor, run) {
    this.leaveEditor = leaveEditor;
    this.run = run;
    this.button = document.getElementById('present');
    this.button.onclick = () => this.toggle();
    addEventListener('keydown', e => this.#key(e));
    addEventListener('ended', e => this.#result(e.target));
  }

  draw(main, notes) {
    this.parts = [...main.querySelectorAll('.part')];
    this.notes = notes;
    if (new URLSearchParams(location.search).has('present')) this.toggle();
  }

  get on() { return document.body.classList.contains('presenting'); }

  toggle() {
    this.leaveEditor();
    document.body.classList.toggle('presenting');
    this.button.setAttribute('aria-pressed', this.on);
    document.getElementById('part').textContent = '';
    if (!this.on) { this.notes.hidden = true; this.parts[this.at]?.scrollIntoView(); return; }
    for (const said of document.querySelectorAll('.after.shown')) said.classList.remove('shown');
    const seen = this.parts.findIndex(p => p.getBoundingClientRect().bottom > 80);
    this.at = undefined;
    this.show(Math.max(0, seen));
  }

  show(at) {
    at = Math.min(Math.max(at, 0), this.parts.length - 1);
    if (at !== this.at) this.waiting = [...this.parts[at].querySelectorAll('.cell')];
    this.at = at;
    this.parts.forEach((p, i) => p.classList.toggle('now', i === this.at));
    const notes = [...this.parts[this.at].querySelectorAll('[data-notes]')].map(p => p.dataset.notes).join('');
    this.notes.innerHTML = notes;
    this.notes.hidden = !notes || !this.showNotes;
    scrollTo(0, 0);
    document.getElementById('part').textContent = `${this.at + 1} of ${this.parts.length}${notes && !this.showNotes ? ' · N: notes' : ''}`;
  }

  // The next screen of this part, or the next part. A screen begins with the first thing that the one before cuts, so that nothing
  // that fits is ever seen in halves only.
  #page(direction) {
    const page = document.scrollingElement, end = page.scrollHeight - innerHeight, more = direction > 0 ? page.scrollTop < end - 8 : page.scrollTop > 8;
    if (!more) { if (direction > 0) this.#next(); else this.show(this.at - 1); return; }
    const screen = direction * innerHeight * .85, head = document.querySelector('.bar').offsetHeight + 8;
    const cut = direction > 0 && pieces(this.parts[this.at]).map(p => ({ top: p.from.getBoundingClientRect().top, bottom: p.to.getBoundingClientRect().bottom }))
      .find(p => p.bottom > innerHeight && p.top > head + 8);
    page.scrollBy(0, cut ? Math.min(screen, cut.top - head) : screen);
  }

  // What is said about a result comes below it when the room has had its say; then the next part.
  #next() {
    const said = this.parts[this.at].querySelector('.after:not(.shown)');
    said?.classList.add('shown');
    if (said?.offsetHeight) this.#bring(said); else if (this.at < this.parts.length - 1) this.show(this.at + 1);
  }

  #run() {
    const cell = this.waiting.shift();
    if (cell) this.run(cell); else this.#page(1);
  }

  // What a cell shows is what the room looks at: below a long cell it is brought up.
  #result(cell) { if (this.on && cell.closest('.part.now')) this.#bring(cell.querySelector('.outputs')); }
  #bring(what) {
    const { top, bottom } = what.getBoundingClientRect(), head = document.querySelector('.bar').offsetHeight + 8;
    if (bottom > innerHeight) scrollBy(0, Math.min(top - head, bottom - innerHeight + 8));
  }

  #key(e) {
    if (!this.on || e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.('.monaco-editor, dialog, input, textarea')) return;
    const done = e.shiftKey && e.key === 'Enter' ? () => this.#run() : {
      PageDown: () => this.#page(1), ArrowRight: () => this.#next(),
      PageUp: () => this.#page(-1), ArrowLeft: () => this.show(this.at - 1),
      Home: () => this.show(0), End: () => this.show(this.parts.length - 1),
      n: () => { this.showNotes = !this.showNotes; this.show(this.at); },
      t: () => document.body.classList.toggle('no-prose'),
      Escape: () => this.toggle(),
    }[e.key];
    if (!done) return;
    e.preventDefault();
    done();
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
