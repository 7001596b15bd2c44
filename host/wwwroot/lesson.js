// One lesson. The session has the state: this page draws what it receives, and sends what is clicked (course/Runs/Messages.md). The
// session is in the player, or on a live site in this page.
import { api, enter, explain, refused, toLessons } from './access.js';
import { addressOf, button, el, home, isLive, keepPlace, showPlace } from './base.js';
import { Cell } from './cell.js';
import { Editor } from './editor.js';
import { showNotes } from './notes.js';
import { NOTES, Presenter } from './present.js';
import { Questions } from './questions.js';
import { Typed } from './typed.js';
import { work } from './work.js';

// Taken before a lesson is drawn, so that no id of its headings can take their place.
const ui = Object.fromEntries([...document.querySelectorAll('[id]')].map(e => [e.id, e]));
const { Transport } = await import(isLive ? './session/session.js' : './transport.js');
const transport = new Transport();
const cells = new Map(); // index → Cell
const asks = new Map();
let lesson, asked = 0, kernel = 'none', drawn = null, placed; // `drawn`: the lesson whose state is shown

const send = message => transport.send(message);
const act = message => send(message) || notice('There is no connection to the player. Try it again when the connection is back.');
const ask = (what, fields) => new Promise(answer => {
  if (send({ do: 'ask', id: ++asked, what, ...fields })) asks.set(asked, answer); else answer(null);
});
const typed = new Typed(isLive ? home.pathname + transport.name : transport.name); // a host may have several live sites
const editor = new Editor({ send, ask, run, notice, connected: () => transport.connected, isBusy: () => kernel !== 'ready' }, typed);
const questions = new Questions(send);
const presenter = new Presenter({
  name: transport.name, cells, questions, send, run, leaveEditor: () => editor.leave(), runAbove: cell => buttons.runAbove(cell),
  stop: () => { if (!ui.stop.disabled) ui.stop.click(); }, // Stop ends the kernel: a slip of the finger must not
});

// ---- the session -------------------------------------------------------------------------------------
transport.onmessage = m => {
  const cell = cells.get(m.cell);
  switch (m.type) {
    case 'lesson': draw(m.lesson); break;
    case 'state': state(m); break;
    case 'kernel': kernelIs(m.state, m.text); break;
    case 'notice': notice(m.text); break;
    case 'reload': editor.flush(); transport.renew(); break;
    case 'answer': asks.get(m.id)?.(m.answer); asks.delete(m.id); break;
    case 'chosen': questions.chosen(m.question, m.letter); break;
    case 'closed': questions.closed(m.question); presenter.rehearsed(); break;
    case 'presenting':
      questions.present(m);
      if (presenter.on) presenter.agree();
      break;
    case 'paused': paused(m.question, true); break;
    case 'queued': cell.update({ queued: true }); break;
    case 'unqueued': cell.update({ queued: false }); break;
    case 'progress': cell.update({ progress: m.text }); break;
    case 'output': cell.outputs.add(m.output); break;
    case 'gone':
      for (const c of m.cells.map(index => cells.get(index)).filter(c => c?.state.run)) c.update({ run: { ...c.state.run, gone: true } });
      break;
    case 'started':
      cell.outputs.clear();
      cell.update({ queued: false, running: true, progress: null, run: null });
      paused(null);
      presenter.started(cell);
      break;
    case 'ended':
      cell.update({ running: false, progress: null, run: m.run, verdict: m.verdict, solved: m.solved });
      presenter.ended(cell);
      break;
    case 'edited': {
      const { cell: _, type, source, ...change } = m;
      editor.changed(cell, source);
      cell.update(change);
      break;
    }
  }
  if (['gone', 'started', 'ended', 'edited', 'state'].includes(m.type)) overview();
};

transport.onstate = (now, why, ...help) => {
  ui.lost.hidden = now === 'connected';
  if (now === 'connected') return;
  kernel = 'none';
  asks.forEach(answer => answer(null));
  asks.clear();
  if (!drawn && now === 'missing') return explain(why, toLessons());
  if (!drawn && now === 'refused') return refused();
  ui.state.textContent = isLive ? 'this page can only be read' : 'the connection is lost';
  ui.stop.disabled = true;
  ui.lost.replaceChildren(el('p', '', why), ...help);
};

function kernelIs(now, text) {
  kernel = now;
  ui.stop.disabled = now !== 'busy' && now !== 'starting';
  ui.state.setAttribute('aria-live', text ? 'off' : 'polite'); // a download is not read out megabyte by megabyte
  ui.state.textContent = text ?? { none: 'no kernel', starting: 'the kernel starts', ready: 'ready', busy: 'running' }[now];
  document.body.dataset.kernel = now;
  if (now === 'ready' && !ui.values.hidden) values();
}

let quiet;
function notice(text) {
  ui.notice.textContent = text;
  clearTimeout(quiet);
  quiet = setTimeout(() => ui.notice.replaceChildren(), 15000);
}

// ---- drawing -----------------------------------------------------------------------------------------
function draw(l) {
  lesson = l;
  document.title = l.title;
  cells.forEach(cell => editor.drop(cell));
  cells.clear();
  for (const data of l.cells) {
    const { index } = data;
    cells.set(index, new Cell({ ...data, recorded: l.recorded?.[index], cannotRun: l.cannotRun?.[index] }, buttons));
  }
  const parts = l.parts.map(({ items, notes, minutes }) => {
    const element = el('div', 'part');
    element.append(...items.map(item => cells.get(item.cell)?.root ?? prose(item)));
    return { element, notes, minutes, cells: items.map(item => cells.get(item.cell)).filter(Boolean) };
  });
  const stay = drawn || !scrollY ? null : keepPlace(ui.main); // a live page has been read before it is drawn
  ui.main.replaceChildren(...parts.map(p => p.element));
  placed = stay ?? showPlace;
  questions.draw(ui.main, l.questions);
  solutionButtons();
  index();
  presenter.parts = parts;
  typed.restore(cells);
}

function prose({ html, said }) {
  const section = el('section', said ? 'prose after' : 'prose');
  section.innerHTML = html;
  return section;
}

// What the learner did. Newer text that is only here goes to the session.
function state(m) {
  for (const d of m.cells) {
    const cell = cells.get(d.index);
    if (!cell) continue;
    cell.show(d, typed.settle(cell, d.source) ? null : typed.texts.get(cell).text);
    editor.show(cell);
  }
  // What was recorded would give away the answer of a prediction.
  const open = lesson.questions.filter(q => !m.closed.includes(q.key)).flatMap(q => q.cells);
  for (const [index, cell] of cells) cell.showRecorded(!open.includes(index));
  editor.handOver();
  ui.main.querySelector(':scope > .orphans')?.remove();
  const kept = [...m.kept, ...typed.homeless.map(source => ({ exercise: null, source }))];
  if (kept.length) ui.main.prepend(orphans(kept));
  questions.show(m);
  kernelIs(m.kernel);
  paused(m.paused);
  if (lesson === drawn) presenter.agree(); else presenter.draw(presenter.parts);
  if (!drawn) placed();
  drawn = lesson;
  ui.main.removeAttribute('aria-busy');
  document.querySelectorAll('.bar button:not(#stop)').forEach(b => { b.disabled = false; });
  document.body.dataset.ready = '1';
  performance.mark('lesson-drawn');
  // Drawn first, then the kernel: starting it takes the machine for a moment.
  requestAnimationFrame(() => setTimeout(async () => {
    send({ do: 'open' });
    await editor.load();
    for (const cell of cells.values()) if (cell.text !== cell.lesson.source) cell.paint();
  }, 50));
}

function orphans(kept) {
  const box = el('details', 'orphans'), have = kept.length === 1 ? 'has its' : 'have their';
  box.append(el('summary', '', `The lesson has changed: ${kept.length} of your cells no longer ${have} place`));
  for (const { exercise, source } of kept) {
    if (exercise) box.append(el('p', '', `Exercise ${exercise}`));
    box.append(el('pre', 'listing', source));
  }
  return box;
}

// The list on the left.
function index() {
  const list = el('ol');
  for (const { id, text, exercise } of lesson.headings) {
    const item = el('li'), link = el('a', '', text), heading = ui.main.querySelector(`[id="${CSS.escape(id)}"]`);
    if (heading) heading.tabIndex = -1;
    link.href = `#${encodeURIComponent(id)}`;
    if (exercise) link.dataset.exercise = exercise;
    item.append(link);
    list.append(item);
  }
  ui.index.replaceChildren(list);
}

// What depends on several cells: which exercises are solved, and where *Run all above* helps.
function overview() {
  let gone = false, unrun = false;
  for (const cell of cells.values()) {
    const { run, solved } = cell.state;
    cell.above.hidden = cell === cells.values().next().value;
    const missing = (gone || unrun) && run?.reason === 'compileError';
    cell.above.classList.toggle('wanted', gone || missing);
    cell.missing.hidden = !missing;
    gone ||= !!run?.gone;
    unrun ||= !run;
    const { exercise } = cell.lesson, link = exercise && ui.index.querySelector(`[data-exercise="${exercise}"]`);
    link?.classList.toggle('solved', solved !== 'no');
  }
}

// The fold of a solution can put itself into the cell of its exercise.
function solutionButtons() {
  for (const fold of ui.main.querySelectorAll('[data-solution]')) {
    const cell = cells.get(+fold.dataset.solution);
    if (!cell || cell.lesson.solution === null) continue;
    fold.querySelector('summary').after(button('', 'Put the solution into the cell', async () => {
      const replaces = 'It replaces what you wrote; the button Original brings back the cell of the lesson.';
      if (!await sure(`Put the solution into the cell? ${replaces}`)) return;
      replace(cell, { do: 'solve' });
      cell.root.scrollIntoView({ block: 'center' });
      cell.source.focus();
    }));
  }
}

// "Run all" has stopped before the first cell of a question.
const WAITS = 'Run all waits for your prediction. Choose an answer, or not: Run all goes on from here.';
function paused(key, lead) {
  const question = questions.paused(key);
  if (!key && ui.notice.textContent === WAITS) ui.notice.replaceChildren();
  if (!lead || !question) return;
  notice(WAITS);
  const place = question.asks ?? question.list;
  if (presenter.on) return;
  place.scrollIntoView({ block: 'center' });
  place.focus({ preventScroll: true });
}

// ---- what is clicked ---------------------------------------------------------------------------------
function run(list) { return typedFirst({ do: 'run', cells: list }); }
// Returns false if the message was not sent.
function typedFirst(message) {
  if (!transport.connected) notice('There is no connection to the player. Run it again when the connection is back.');
  return transport.connected && editor.flush() && send(message);
}
// The cell is given another text: what was typed in it and cannot go does not come back over it.
function replace(cell, message) {
  editor.flush();
  if (act({ ...message, cell: cell.lesson.index }) === true) typed.settle(cell, typed.texts.get(cell)?.text);
}
const buttons = {
  run,
  runTo: cell => run([...cells.keys()].filter(index => index <= cell.lesson.index)),
  runAbove: cell => typedFirst({ do: 'runAbove', cell: cell.lesson.index }),
  edit: (cell, click) => editor.edit(cell, click),
  original: async cell => {
    if (await sure('Put this cell back as it is in the lesson? What you wrote in it is gone.')) replace(cell, { do: 'original' });
  },
  take: (cell, other) => replace(cell, { do: 'take', other }),
};
function sure(text) {
  return new Promise(answer => {
    const dialog = ui.question;
    dialog.querySelector('p').textContent = text;
    dialog.returnValue = 'no';
    dialog.onclose = () => answer(dialog.returnValue === 'yes');
    dialog.showModal();
  });
}
ui.runall.title = 'Stops before each Predict that has no answer. With Shift: runs all cells without a stop';
ui.runall.onclick = e => (e.shiftKey ? run([...cells.keys()]) : typedFirst({ do: 'runAll' }));
ui.stop.onclick = () => act({ do: 'stop' });
ui.restart.onclick = () => act({ do: 'restart' });
ui.again.onclick = async () => {
  if (!await sure('Start the lesson again? Your edits, outputs and answers in it are gone.')) return;
  editor.leave();
  if (act({ do: 'startAgain' }) === true) typed.forget();
};
ui.variables.onclick = () => {
  const open = ui.values.hidden;
  ui.values.hidden = !open;
  ui.variables.setAttribute('aria-expanded', open);
  if (open) { values(); ui.values.focus(); }
};
async function values() {
  const answer = await ask('variables'), table = el('table');
  for (const v of answer?.items ?? []) {
    const row = table.insertRow();
    for (const text of [v.name, v.type, v.value]) row.insertCell().textContent = (text ?? '').slice(0, 120);
  }
  const none = kernel === 'ready' ? 'No variables yet: run a cell.' : 'The variables are shown when no cell runs.';
  ui.values.replaceChildren(table.rows.length ? table : el('p', 'quiet', none));
}
addEventListener('pagehide', () => editor.flush());
addEventListener('beforeunload', () => editor.flush());
addEventListener('keydown', e => { if (e.key === 'Escape' && !ui.values.hidden) ui.variables.click(); });

// The lessons before and after this one. On a live site, the work can be taken away here too: a private window forgets it with the page.
async function neighbours() {
  const { lessons } = await api('start'), at = lessons.findIndex(l => l.name === transport.name);
  const link = (l, rel, label) => !l ? el('span')
    : Object.assign(el('a', '', `${label}: ${l.title}`), { rel, href: addressOf(l.name) });
  const links = at < 0 ? [] : [link(lessons[at - 1], 'prev', 'Before'), link(lessons[at + 1], 'next', 'Next')];
  ui.feet.replaceChildren(...links.slice(0, 1), ...isLive ? [work(notice)] : [], ...links.slice(1));
}
if (location.hash === NOTES) showNotes(transport.name);
else if (await enter()) {
  transport.open();
  neighbours().catch(() => { }); // without them the page is whole
}
