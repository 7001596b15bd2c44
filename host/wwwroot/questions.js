// Questions with lettered answers. A prediction is closed by the text behind the next cell; a quiz by the fold right below it.
// What was chosen before the answer was seen is what counts: from then on a question is closed.
const words = text => text.split(/\s+/).filter(Boolean).join(' ');
const make = (tag, css, text = '') => Object.assign(document.createElement(tag), { className: css, textContent: text });

export class Questions {
  constructor(send) { this.send = send; this.asked = []; }

  draw(main, choices) {
    const proses = [...main.querySelectorAll('.prose')];
    main.querySelectorAll('ul.choices').forEach((list, i) => {
      const paragraph = list.previousElementSibling, quiz = list.classList.contains('quiz');
      const next = quiz ? null : proses.slice(proses.indexOf(list.closest('.prose')) + 1).find(p => p.querySelector(':scope > .closing'));
      // Known by its text, with the answers: so a changed question is a new one.
      const question = { list, quiz, key: words(`${paragraph?.textContent ?? ''} ${list.textContent}`), text: words(paragraph?.textContent ?? 'The question').replace(/^Predict\. /, ''),
        fold: quiz ? list.nextElementSibling : null, closing: next?.querySelector('.closing'), letter: null, closed: false };
      question.right = quiz ? list.dataset.answer : question.closing?.dataset.letter;
      question.buttons = [...list.children].map(item => this.#button(item, question));
      list.classList.add('asked');
      list.setAttribute('role', 'group');
      list.setAttribute('aria-label', 'Your answer');
      if (paragraph) Object.assign(paragraph, { id: paragraph.id || `question-${i}` }).classList.add('question');
      question.anchor = paragraph?.id;
      if (question.closing) this.#cover(question);
      this.asked.push(question);
    });
    this.end = main.querySelector('.part:last-of-type');
    this.restore(choices);
  }

  #button(item, question) {
    const button = make('button', '');
    button.dataset.letter = item.dataset.letter;
    button.setAttribute('aria-pressed', 'false');
    button.append(...item.childNodes);
    button.onclick = () => { if (!question.closed) this.send({ do: 'choose', question: question.key, letter: button.dataset.letter }); };
    item.append(button);
    item.setAttribute('role', 'presentation');
    return button;
  }

  // The answer stands right below a short cell: it is covered until the cell has run.
  #cover(question) {
    question.cover = make('button', 'cover', 'The answer comes with the run. Show it now');
    question.cover.onclick = () => { this.#close(question); question.closing.focus(); };
    question.closing.tabIndex = -1;
    question.closing.hidden = true;
    question.closing.before(question.cover);
  }

  restore(choices) { for (const [key, letter] of Object.entries(choices)) this.chosen(key, letter); }

  chosen(key, letter) {
    const question = this.asked.find(q => q.key === key);
    if (!question || question.closed) return;
    question.letter = letter;
    for (const b of question.buttons) b.setAttribute('aria-pressed', String(b.dataset.letter === letter));
    if (!question.quiz) return;
    this.#close(question);
    if (question.fold?.tagName === 'DETAILS') question.fold.open = true;
  }

  // A cell has run: the predictions above it are now known.
  reached(cell) {
    for (const q of this.asked) {
      const between = q.closing && q.list.compareDocumentPosition(cell) & Node.DOCUMENT_POSITION_FOLLOWING && cell.compareDocumentPosition(q.closing) & Node.DOCUMENT_POSITION_FOLLOWING;
      if (between && !q.closed) this.#close(q);
    }
  }

  #close(question) {
    question.closed = true;
    question.cover?.remove();
    if (question.closing) question.closing.hidden = false;
    const right = question.letter === question.right;
    for (const b of question.buttons) {
      b.setAttribute('aria-disabled', 'true');
      b.classList.toggle('right', b.dataset.letter === question.right);
      b.classList.toggle('wrong', b.dataset.letter === question.letter && !right);
    }
    if (question.letter) {
      // Said once, where the answer is told; at the question itself the letters are marked.
      question.verdict = make('p', `verdict ${right ? 'right' : 'wrong'}`, right ? `You said ${question.letter}, and so it is.` : `You said ${question.letter}. It is ${question.right}.`);
      question.verdict.setAttribute('role', 'status');
      if (question.closing) question.closing.before(question.verdict); else question.list.after(question.verdict);
    }
    this.#believed();
  }

  // At the end of the lesson: what you believed, and what was so.
  #believed() {
    this.box?.remove();
    const known = this.asked.filter(q => q.closed && q.letter);
    if (!known.length) return;
    const count = (all, what) => all.length ? `${all.filter(q => q.letter === q.right).length} of ${all.length} ${what}` : '';
    const parts = [count(known.filter(q => !q.quiz), 'predictions'), count(known.filter(q => q.quiz), 'quiz answers')].filter(Boolean);
    const list = make('ul', '');
    for (const q of known.filter(q => q.letter !== q.right)) {
      const item = make('li', ''), link = make('a', '', q.text.length > 150 ? `${q.text.slice(0, 150).replace(/\s\S*$/, '')} …` : q.text);
      link.href = `#${q.anchor}`;
      item.append(link, ` You said ${q.letter}; it is ${q.right}.`);
      list.append(item);
    }
    this.box = make('section', 'believed');
    this.box.setAttribute('aria-label', 'What you believed');
    this.box.append(make('h2', '', 'What you believed, and what was so'), make('p', '', `You were right in ${parts.join(' and ')}.`), list);
    this.end.append(this.box);
  }

  clear() {
    for (const q of this.asked) {
      q.verdict?.remove();
      Object.assign(q, { letter: null, closed: false, verdict: null });
      q.buttons.forEach(b => { b.setAttribute('aria-pressed', 'false'); b.removeAttribute('aria-disabled'); b.classList.remove('right', 'wrong'); });
      if (q.fold) q.fold.open = false;
      if (q.closing) this.#cover(q);
    }
    this.#believed();
  }
}
