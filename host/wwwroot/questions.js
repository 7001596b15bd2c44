// Questions with lettered answers. A prediction is closed by the text behind the next cell; a quiz by the fold right below it.
const keyOf = list => {
  // The question is the paragraph above the answers, with them: so a changed question is a new one.
  const text = `${list.previousElementSibling?.textContent ?? ''} ${list.dataset.text}`;
  return text.split(/\s+/).filter(Boolean).join(' ');
};

export class Questions {
  constructor(send) { this.send = send; this.asked = []; }

  draw(main, choices) {
    const proses = [...main.querySelectorAll('.prose')];
    for (const list of main.querySelectorAll('ul.choices')) {
      list.dataset.text = list.textContent;
      const question = { list, key: keyOf(list), quiz: list.classList.contains('quiz'), buttons: [...list.children].map(item => this.#button(item)), letter: null };
      if (question.quiz) {
        question.right = list.dataset.answer;
        question.fold = list.nextElementSibling;
      } else {
        question.closing = proses.slice(proses.indexOf(list.closest('.prose')) + 1).find(p => p.querySelector(':scope > .closing'))?.querySelector('.closing');
        question.right = question.closing?.dataset.letter;
      }
      list.classList.add('asked');
      list.setAttribute('role', 'group');
      list.setAttribute('aria-label', 'Your answer');
      for (const b of question.buttons) b.onclick = () => this.send({ do: 'choose', question: question.key, letter: b.dataset.letter });
      this.asked.push(question);
    }
    this.main = main;
    this.restore(choices);
  }

  #button(item) {
    const button = document.createElement('button');
    button.dataset.letter = item.dataset.letter;
    button.setAttribute('aria-pressed', 'false');
    button.append(...item.childNodes);
    item.append(button);
    item.setAttribute('role', 'presentation');
    return button;
  }

  restore(choices) { for (const [key, letter] of Object.entries(choices)) this.chosen(key, letter); }

  chosen(key, letter) {
    const question = this.asked.find(q => q.key === key);
    if (!question) return;
    question.letter = letter;
    for (const b of question.buttons) b.setAttribute('aria-pressed', String(b.dataset.letter === letter));
    if (question.quiz) {
      this.#tell(question, question.list);
      question.fold.open = true;
    } else if (question.ran) {
      this.#tell(question, question.closing);
    }
    this.#believed();
  }

  // A cell has run: the predictions above it are now known.
  reached(cell) {
    for (const q of this.asked) {
      if (q.quiz || q.ran || !(q.list.compareDocumentPosition(cell) & Node.DOCUMENT_POSITION_FOLLOWING) || !q.closing || !(cell.compareDocumentPosition(q.closing) & Node.DOCUMENT_POSITION_FOLLOWING)) continue;
      q.ran = true;
      if (q.letter) this.#tell(q, q.closing);
    }
    this.#believed();
  }

  #tell(question, place) {
    const right = question.letter === question.right;
    for (const b of question.buttons) {
      b.classList.toggle('right', b.dataset.letter === question.right);
      b.classList.toggle('wrong', b.dataset.letter === question.letter && !right);
    }
    question.verdict ??= Object.assign(document.createElement('p'), { className: 'verdict' });
    question.verdict.setAttribute('role', 'status');
    question.verdict.className = `verdict ${right ? 'right' : 'wrong'}`;
    question.verdict.textContent = right ? `You said ${question.letter}, and so it is.` : `You said ${question.letter}. It is ${question.right}.`;
    question.quiz ? place.after(question.verdict) : place.before(question.verdict);
  }

  // At the end of the lesson: what you believed, and what was so.
  #believed() {
    const known = this.asked.filter(q => q.letter && (q.quiz || q.ran));
    this.box?.remove();
    if (!known.length || !this.main) return;
    const right = known.filter(q => q.letter === q.right).length;
    this.box = document.createElement('section');
    this.box.className = 'believed';
    const heading = document.createElement('h2'), list = document.createElement('ul');
    heading.textContent = `What you believed: ${right} of ${known.length} were so`;
    for (const q of known.filter(q => q.letter !== q.right)) {
      const item = document.createElement('li'), link = document.createElement('a');
      q.list.id ||= `question-${this.asked.indexOf(q)}`;
      link.href = `#${q.list.id}`;
      link.textContent = (q.list.previousElementSibling?.textContent ?? 'The question').slice(0, 140);
      item.append(link, ` You said ${q.letter}, it is ${q.right}.`);
      list.append(item);
    }
    this.box.append(heading, list);
    this.main.append(this.box);
  }

  clear() {
    for (const q of this.asked) {
      q.letter = null; q.ran = false; q.verdict?.remove();
      if (q.fold) q.fold.open = false;
      q.buttons.forEach(b => { b.setAttribute('aria-pressed', 'false'); b.classList.remove('right', 'wrong'); });
    }
    this.#believed();
  }
}
