// Questions with lettered answers, from the data of the lesson. A Predict is closed when one of its cells has run, a quiz by the
// answer. What was chosen before the answer was seen is what counts: from then on a question is closed. In front of a room, hands are
// counted in place of a choice, and the page itself says when a vote is closed.
import { button, el } from './base.js';

export class Questions {
  constructor(send) {
    Object.assign(this, { send, all: [] });
    this.presenting = { on: false, choices: {}, closed: [] };
    this.kept = { choices: {}, closed: [] };
    this.room = null; // hands (by key, by letter) and closed[] (keys)
  }

  draw(main, questions) {
    this.end = main.querySelector('.part:last-of-type');
    this.all = questions.map((data, n) => {
      const [list, asks, closing] = ['question', 'asks', 'closes'].map(name => main.querySelector(`[data-${name}="${n}"]`));
      const below = data.quiz ? list.nextElementSibling : null;
      const question = { ...data, list, asks, closing, fold: below?.matches('details') ? below : null };
      question.buttons = [...list.children].map((item, i) => this.#button(item, question, data.letters[i]));
      list.classList.add('asked');
      list.setAttribute('role', 'group');
      list.setAttribute('aria-label', 'Your answer');
      if (asks) Object.assign(asks, { id: asks.id || `question-${n}`, tabIndex: -1 }).classList.add('question');
      if (closing) {
        closing.tabIndex = -1;
        question.cover = button('cover', 'The answer comes with the run. Show it now', () => { this.reveal(question); closing.focus(); });
        closing.before(question.cover);
      }
      // In front of a room a click does not close a quiz, because more hands may go up. Its fold does.
      question.fold?.addEventListener('toggle', () => { if (this.room && question.fold.open) this.reveal(question); });
      question.tally = el('p', 'tally');
      question.tally.setAttribute('role', 'status');
      list.after(question.tally);
      question.verdict = el('p', 'verdict');
      question.verdict.setAttribute('role', 'status');
      if (closing) closing.before(question.verdict); else question.tally.after(question.verdict);
      return question;
    });
  }

  #button(item, question, letter) {
    const choice = button('', '', () => {
      if (this.room) this.raise(question, letter);
      else if (!this.isClosed(question)) this.send({ do: 'choose', question: question.key, letter });
    });
    choice.dataset.letter = letter;
    choice.append(...item.childNodes);
    item.append(choice);
    item.setAttribute('role', 'presentation');
    return choice;
  }

  reveal(question) {
    if (this.isClosed(question) || !this.send({ do: 'reveal', question: question.key }) && !this.room) return;
    this.#close(question);
  }

  #close(question) {
    this.#shown.closed.push(question.key);
    this.#draw();
    if (this.room) this.changed();
  }

  // ---- in front of a room
  enterRoom({ hands, closed }, changed) {
    Object.assign(this, { room: { hands, closed }, changed });
    this.#draw();
  }
  leaveRoom() {
    this.room = null;
    this.#draw();
  }
  closeInRoom(question) { if (!this.isClosed(question)) this.#close(question); }

  // One more hand for a letter, or one less. The session receives it, so that "Run all" does not wait at this question.
  raise(question, letter, by = 1) {
    if (this.isClosed(question) || !question.letters.includes(letter)) return;
    const hands = this.room.hands[question.key] ??= {};
    hands[letter] = Math.max(0, (hands[letter] ?? 0) + by);
    this.send({ do: 'choose', question: question.key, letter });
    this.#draw();
    this.changed();
  }

  get #shown() {
    return this.room ? { choices: {}, closed: this.room.closed } : this.presenting.on ? this.presenting : this.kept;
  }
  isClosed(question) { return this.#shown.closed.includes(question.key); }

  show({ choices, closed, presenting }) {
    this.kept = { choices, closed };
    this.present(presenting);
  }
  present(presenting) {
    this.presenting = { on: false, choices: {}, closed: [], ...presenting };
    this.#draw();
  }
  chosen(key, letter) {
    this.kept.choices[key] = letter;
    this.#draw();
  }
  closed(key) {
    if (!this.kept.closed.includes(key)) this.kept.closed.push(key);
    this.#draw();
  }

  // "Run all" waits at this question for an answer; at none when the key is null.
  paused(key) {
    for (const q of this.all) q.list.classList.toggle('paused', q.key === key);
    return this.all.find(q => q.key === key);
  }

  #draw() {
    for (const q of this.all) {
      const letter = this.#shown.choices[q.key], closed = this.isClosed(q), right = letter === q.right;
      for (const b of q.buttons) {
        b.setAttribute('aria-pressed', String(b.dataset.letter === letter));
        if (closed) b.setAttribute('aria-disabled', 'true'); else b.removeAttribute('aria-disabled');
        b.classList.toggle('right', closed && b.dataset.letter === q.right);
        b.classList.toggle('wrong', closed && b.dataset.letter === letter && !right);
      }
      if (q.closing) q.cover.hidden = !(q.closing.hidden = !closed);
      if (q.fold && q.open !== closed) q.fold.open = closed && (!!letter || !!this.room) || q.fold.open && closed;
      q.open = closed;
      // Said once, beside the answer; at the question itself the letters are marked.
      q.verdict.className = `verdict ${right ? 'right' : 'wrong'}`;
      q.verdict.hidden = !closed || !letter || !q.right;
      q.verdict.textContent = q.verdict.hidden ? '' : right ? `You said ${letter}, which is right.`
        : `You said ${letter}. The right answer is ${q.right}.`;
    }
    this.#hands();
    this.#score();
  }

  // How many hands went up; for which answers, only when the vote is closed.
  #hands() {
    for (const q of this.all) {
      const hands = this.room?.hands[q.key] ?? {}, closed = this.isClosed(q), all = Object.values(hands).reduce((a, b) => a + b, 0);
      const count = n => `${n} ${n === 1 ? 'hand' : 'hands'}`;
      q.tally.hidden = !all;
      q.tally.textContent = all ? count(all) : '';
      for (const b of q.buttons) {
        const n = hands[b.dataset.letter] ?? 0;
        b.querySelector('.hands')?.remove();
        b.style.removeProperty('--share');
        if (!closed || !all) continue;
        b.style.setProperty('--share', `${100 * n / all}%`);
        b.append(el('span', 'hands', ` ${count(n)}`));
      }
    }
  }

  // At the end of the lesson: your answers, and the right ones.
  #score() {
    this.box?.remove();
    if (this.room) return;
    const letter = q => this.#shown.choices[q.key], known = this.all.filter(q => this.isClosed(q) && letter(q));
    if (!known.length) return;
    const count = (all, what) => all.length ? `${all.filter(q => letter(q) === q.right).length} of ${all.length} ${what}` : '';
    const parts = [count(known.filter(q => !q.quiz), 'predictions'), count(known.filter(q => q.quiz), 'quiz answers')].filter(Boolean);
    const list = el('ul');
    for (const q of known.filter(q => letter(q) !== q.right)) {
      const item = el('li'), link = el('a', '', q.text.length > 150 ? `${q.text.slice(0, 150).replace(/\s\S*$/, '')} …` : q.text);
      link.href = `#${q.asks?.id}`;
      item.append(link, ` You said ${letter(q)}; the right answer is ${q.right}.`);
      list.append(item);
    }
    this.box = el('section', 'score');
    this.box.setAttribute('aria-label', 'Your answers');
    this.box.append(el('h2', '', 'Your answers'), el('p', '', `You were right in ${parts.join(' and ')}.`), list);
    this.end?.append(this.box);
  }
}
