// The presenter's view: large type, one part at a time (a text, the cells below it, and what is said about their results), the
// instructor's notes beside it. Keys: Shift+Enter runs the next cell; → shows what is said about it, then the next part; ← the
// part before; PageDown and PageUp scroll first where a part is long; N the notes (on the screen everybody sees them, so they are
// off at first), T the text, Escape ends it. The state of the questions is one of its own: what was rehearsed is not shown.
export class Presenter {
  // `page`: leaveEditor, run(cell), send, questions, cells.
  constructor(page) {
    this.page = page;
    this.button = document.getElementById('present');
    this.button.onclick = () => this.toggle();
    addEventListener('keydown', e => this.#key(e));
  }

  // `parts`: the elements, each with the notes of its part. A page that is loaded again goes on where it was.
  draw(parts, box) {
    Object.assign(this, { parts, box, at: undefined });
    const address = new URLSearchParams(location.search);
    if (this.on) { this.agree(); this.show(this.before); } else if (address.has('present')) this.toggle(+address.get('present') - 1);
  }

  get on() { return document.body.classList.contains('presenting'); }

  toggle(at) {
    this.page.leaveEditor();
    document.body.classList.toggle('presenting');
    this.button.setAttribute('aria-pressed', this.on);
    document.getElementById('part').textContent = '';
    this.agree();
    if (!this.on) { this.box.hidden = true; this.#address(null); this.parts[this.at]?.element.scrollIntoView(); return; }
    for (const said of document.querySelectorAll('.after.shown')) said.classList.remove('shown');
    const seen = this.parts.findIndex(p => p.element.getBoundingClientRect().bottom > 80);
    this.at = undefined;
    this.show(at ?? Math.max(0, seen));
  }

  // Tells the session whether somebody presents. Where another window does so already, this one joins it.
  agree() {
    const { questions, cells, send } = this.page;
    if (this.on !== questions.presenting.on) {
      send({ do: 'present', on: this.on });
      questions.present({ on: this.on });
      for (const cell of cells.values()) cell.presented = false;
    }
    this.rehearsed();
  }

  // Results of an earlier run are not shown as long as the room has not said what it expects.
  rehearsed() {
    const { questions, cells } = this.page, open = questions.presenting.on ? questions.all.filter(q => !questions.isClosed(q)) : [];
    for (const [index, cell] of cells) cell.root.classList.toggle('rehearsed', !cell.presented && open.some(q => q.cells.includes(index)));
  }

  show(at) {
    at = Math.min(Math.max(at || 0, 0), this.parts.length - 1);
    if (at !== this.at) this.waiting = [...this.parts[at].cells];
    this.at = this.before = at;
    this.parts.forEach((p, i) => p.element.classList.toggle('now', i === this.at));
    const { notes } = this.parts[this.at];
    this.box.innerHTML = notes ?? '';
    this.box.hidden = !notes || !this.showNotes;
    scrollTo(0, 0);
    document.getElementById('part').textContent = `${this.at + 1} of ${this.parts.length}${notes && !this.showNotes ? ' · N: notes' : ''}`;
    this.#address(this.at + 1);
  }

  #address(part) {
    const address = new URL(location);
    if (part === null) address.searchParams.delete('present'); else address.searchParams.set('present', part);
    history.replaceState(null, '', address);
  }

  // The next screen of this part, or the next part. A screen begins with the first thing that the one before cuts, so that nothing
  // that fits is ever seen in halves only.
  #page(direction) {
    const page = document.scrollingElement, end = page.scrollHeight - innerHeight;
    const more = direction > 0 ? page.scrollTop < end - 8 : page.scrollTop > 8;
    if (!more) { if (direction > 0) this.#next(); else this.show(this.at - 1); return; }
    const screen = direction * innerHeight * .85, head = document.querySelector('.bar').offsetHeight + 8;
    const places = direction > 0 ? pieces(this.parts[this.at].element) : [];
    const cut = places.map(p => ({ top: p.from.getBoundingClientRect().top, bottom: p.to.getBoundingClientRect().bottom }))
      .find(p => p.bottom > innerHeight && p.top > head + 8);
    page.scrollBy(0, cut ? Math.min(screen, cut.top - head) : screen);
  }

  // What is said about a result is shown below it when the room has had its say; then the next part. Of a cell that is skipped,
  // and so shows no result, nothing is said either.
  #next() {
    const { element, cells } = this.parts[this.at], said = element.querySelector('.after:not(.shown)');
    const skipped = cells.some(c => !c.state.run || c.root.classList.contains('rehearsed'));
    if (!skipped) said?.classList.add('shown');
    if (said?.offsetHeight) this.#bring(said); else if (this.at < this.parts.length - 1) this.show(this.at + 1);
  }

  #run() {
    const cell = this.waiting.shift();
    if (cell) this.page.run(cell); else this.#page(1);
  }

  // A cell begins, from whatever key or button.
  started(cell) {
    if (!this.on) return;
    cell.presented = true;
    this.waiting = this.waiting.filter(c => c !== cell);
    this.rehearsed();
  }

  // What a cell shows is what the room looks at: below a long cell it is brought up.
  ended(cell) { if (this.on && cell.root.closest('.part.now')) this.#bring(cell.outputs.box); }
  #bring(what) {
    const { top, bottom } = what.getBoundingClientRect(), head = document.querySelector('.bar').offsetHeight + 8;
    if (bottom > innerHeight) scrollBy(0, Math.min(top - head, bottom - innerHeight + 8));
  }

  #key(e) {
    if (!this.on || e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.target.closest?.('.monaco-editor, dialog, input, textarea')) return;
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
