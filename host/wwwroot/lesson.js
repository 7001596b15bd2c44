// One lesson. The server holds the truth: this page draws what it is told, and sends what is clicked.
import { Editor } from './editor.js';
import { Questions } from './questions.js';
import { Presenter } from './present.js';

const name = location.pathname.split('/').pop();
const $ = id => document.getElementById(id);
const cells = new Map(); // place in the lesson → { data, root, source, outputs, mark, last }
const asks = new Map();
let socket, asked = 0, kernel = 'none';

export const el = (tag, css, text) => {
  const e = document.createElement(tag);
  if (css) e.className = css;
  if (text !== undefined) e.textContent = text;
  return e;
};
const connected = () => socket.readyState === WebSocket.OPEN;
const send = message => { if (connected()) socket.send(JSON.stringify(message)); };
const ask = (commandType, command) => new Promise(answer => {
  asks.set(++asked, answer);
  send({ do: 'ask', id: asked, commandType, command: { targetKernelName: 'csharp', ...command } });
});
const editor = new Editor({ cells, send, ask, connected, notice: text => notice(text), run: list => run(list), isBusy: () => kernel !== 'ready' });
const questions = new Questions(send);
const presenter = new Presenter(() => editor.leave(), root => run([+root.dataset.cell]));

// ---- the server --------------------------------------------------------------------------------------
function connect() {
  socket = new WebSocket(`ws://${location.host}/ws/${name}`);
  socket.onmessage = m => hear(JSON.parse(m.data));
  socket.onclose = () => {
    state('The player has ended, or the connection is lost. Trying again …');
    asks.forEach(answer => answer(null));
    asks.clear();
    setTimeout(connect, 1000);
  };
}

function hear(m) {
  const cell = cells.get(m.cell);
  switch (m.type) {
    case 'lesson': draw(m); break;
    case 'kernel': kernelIs(m.state); break;
    case 'notice': notice(m.text); break;
    case 'reload': location.reload(); break;
    case 'chosen': questions.chosen(m.question, m.letter); break;
    case 'answer': asks.get(m.id)?.(m.answer); asks.delete(m.id); break;
    case 'queued': mark(cell, 'waits'); break;
    case 'unqueued': mark(cell, ''); break;
    case 'progress': mark(cell, `running: ${m.text.replace(/^.*helpers\//, '')}`); break;
    case 'started':
      cell.outputs.replaceChildren();
      cell.last = null;
      cell.root.classList.remove('failed', 'solved');
      cell.root.classList.add('running');
      mark(cell, 'running');
      break;
    case 'output': output(cell, m.output); break;
    case 'ended':
      cell.root.classList.remove('running');
      ended(cell, m);
      if (m.ok) questions.reached(cell.root);
      break;
    case 'edited':
      cell.data.edited = m.edited;
      cell.edited.hidden = cell.original.hidden = !m.edited;
      editor.changed(cell, m.source, m.coloured);
      break;
  }
}

const state = text => { $('state').textContent = text; };
function kernelIs(now) {
  kernel = now;
  $('stop').disabled = now !== 'busy' && now !== 'starting';
  state({ none: 'no kernel', starting: 'the kernel starts', ready: 'ready', busy: 'running' }[now]);
  document.body.dataset.kernel = now;
  if (now === 'ready' && !$('values').hidden) values();
}

let quiet;
function notice(text) {
  $('notice').textContent = text;
  clearTimeout(quiet);
  quiet = setTimeout(() => $('notice').replaceChildren(), 15000);
}

// ---- drawing -----------------------------------------------------------------------------------------
function draw(m) {
  kernelIs(m.kernel);
  if (cells.size) { m.cells.filter(d => d.source !== undefined).forEach(redraw); questions.clear(); questions.restore(m.choices); reached(); editor.flush(); warm(); return; }
  const all = document.createDocumentFragment();
  let part;
  for (const [i, d] of m.cells.entries()) {
    const prose = d.html !== undefined && proseOf(d);
    if (prose && part) {
      moveInto(part, prose, foldsAt(prose));
      if (part.querySelector('.cell')) moveInto(part, prose, aboutResult(prose, m.cells[i + 1]?.source !== undefined), 'after');
    }
    if (!part || prose?.childElementCount) { part = el('div', 'part'); all.append(part); }
    if (!prose) part.append(codeCell(d));
    else if (prose.childElementCount) part.append(prose);
  }
  $('main').replaceChildren(all);
  $('main').removeAttribute('aria-busy');
  if (m.orphans.length) $('main').prepend(orphans(m.orphans));
  index(m);
  solutionButtons();
  questions.draw($('main'), m.choices);
  reached();
  presenter.draw($('main'), $('notes'));
  document.querySelectorAll('.bar button:not(#stop)').forEach(b => { b.disabled = false; });
  document.body.dataset.ready = '1';
  performance.mark('lesson-drawn');
  warm();
}
function proseOf(d) {
  const prose = el('section', 'prose');
  prose.innerHTML = d.html;
  if (d.notes) prose.dataset.notes = d.notes;
  return prose;
}
// The folds of an exercise stand at the head of the text below its cell: they are of the part before.
const foldsAt = prose => { let n = 0; while (prose.children[n]?.tagName === 'DETAILS') n++; return n; };
// What is said about a result is of the part that shows it: up to a heading, or all of a text that no cell follows; else its closing.
function aboutResult(prose, codeFollows) {
  const all = [...prose.children], heading = all.findIndex(e => /^H\d$/.test(e.tagName)), question = all.findIndex(e => e.matches('.choices'));
  if (heading >= 0 && (question < 0 || heading < question)) return heading;
  return question < 0 && !codeFollows ? all.length : all[0]?.matches('.closing') ? 1 : 0;
}
function moveInto(part, prose, count, css = '') {
  if (!count) return;
  const moved = el('section', `prose ${css}`);
  moved.append(...[...prose.children].slice(0, count));
  if (!prose.childElementCount && prose.dataset.notes) moved.dataset.notes = prose.dataset.notes;
  part.append(moved);
}
const reached = () => { for (const c of cells.values()) if (c.data.ok) questions.reached(c.root); };
// Drawn first, then the kernel: starting it takes the machine for a moment.
const warm = () => requestAnimationFrame(() => setTimeout(() => { send({ do: 'warm' }); editor.load(); }, 50));

function codeCell(d) {
  const root = el('section', 'cell'), tools = el('div', 'tools'), mk = el('span', 'mark'), outputs = el('div', 'outputs');
  const runs = el('button', 'run', 'Run'), original = el('button', 'undo', 'Original'), edited = el('span', 'edited', 'edited'), source = el('pre', 'source');
  const label = d.exercise ? `Exercise ${d.exercise}` : d.import ? 'Import' : 'Code';
  root.setAttribute('aria-label', label);
  root.dataset.cell = d.index;
  runs.title = 'Run this cell (Shift+Enter)';
  original.title = 'Put this cell back as it stands in the lesson';
  Object.assign(source, { tabIndex: 0, innerHTML: d.coloured });
  source.setAttribute('role', 'group');
  source.setAttribute('aria-label', `${label}: press Enter to edit, Shift+Enter to run`);
  outputs.setAttribute('role', 'group');
  outputs.setAttribute('aria-label', 'Output');
  mk.setAttribute('role', 'status');
  const cell = { data: d, root, source, outputs, mark: mk, edited, original, last: null };
  runs.onclick = () => run([d.index]);
  original.onclick = async () => { if (await sure('Put this cell back as it stands in the lesson? What you wrote in it is gone.')) send({ do: 'original', cell: d.index }); };
  source.onclick = e => { if (!getSelection().toString()) editor.edit(cell, e); };
  source.onkeydown = e => { if (e.key === 'Enter') { e.preventDefault(); e.shiftKey ? run([d.index]) : editor.edit(cell); } };
  tools.append(runs, original, edited, mk);
  root.append(tools, source, outputs);
  cells.set(d.index, cell);
  redraw(d);
  return root;
}

function redraw(d) {
  const cell = cells.get(d.index);
  cell.data = d;
  cell.edited.hidden = cell.original.hidden = !d.edited;
  editor.changed(cell, d.source, d.coloured);
  cell.outputs.replaceChildren();
  cell.last = null;
  cell.root.classList.remove('running', 'failed', 'solved');
  d.outputs.forEach(o => output(cell, o));
  if (d.queued) mark(cell, 'waits');
  else if (d.ok !== null) ended(cell, d);
  else mark(cell, '');
}

function ended(cell, { ok, milliseconds, solved }) {
  cell.data.ok = ok;
  cell.root.classList.toggle('failed', !ok);
  cell.root.classList.toggle('solved', solved);
  const time = milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
  mark(cell, ok ? `${solved ? 'solved' : 'ran'} ✓ ${time}` : 'failed ✗', ok ? 'ok' : 'no');
  document.querySelector(`#index [data-exercise="${cell.data.exercise}"]`)?.classList.toggle('solved', solved);
  cell.root.dispatchEvent(new CustomEvent('ended', { bubbles: true, detail: { ok } }));
}
function mark(cell, text, css = '') {
  cell.mark.textContent = text;
  cell.mark.className = `mark ${css}`;
}

function output(cell, o) {
  if (cell.last?.kind === o.kind && ['out', 'err', 'late'].includes(o.kind)) { cell.last.node.append(o.text); return; }
  const node = o.kind === 'html' ? shadow(o.text) : el('pre', o.kind, o.text);
  if (o.kind === 'error') node.setAttribute('role', 'alert');
  if (o.id) node.dataset.id = o.id;
  const old = o.id && [...cell.outputs.children].find(n => n.dataset.id === o.id);
  if (old) old.replaceWith(node); else cell.outputs.append(node);
  cell.last = { kind: o.kind, node };
}

// In a box of its own: no style gets out, and the page's policy lets no script of it run. The box stands in another one, which
// its own styles cannot reach (`:host`), and nothing in it can open over the page. A long one is parsed in pieces, so that its
// first rows are seen before its last ones are there, and the page answers a key meanwhile.
const PIECE = 100_000;
const BASE = '<style>:host{display:block;font:14px/1.45 system-ui,sans-serif}table{border-collapse:collapse}td,th{padding:2px 8px;text-align:left}pre{white-space:pre-wrap}</style>';
const LONG = 'details{content-visibility:auto;contain-intrinsic-size:auto 1.8em}'; // rows far below the screen are not laid out
const OPENERS = ['popover', 'popovertarget', 'commandfor', 'interestfor'];
function shadow(html) {
  const box = el('div', 'html'), host = el('div'), root = host.attachShadow({ mode: 'open' });
  // Goes on where it stopped, so that the pieces of a long output are each looked at once; at the end all of it again, for a
  // parser moves what stands in a wrong place to the front.
  const walk = () => document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT);
  let walker = walk();
  const close = () => { while (walker.nextNode()) for (const name of OPENERS) walker.currentNode.removeAttribute(name); };
  box.append(host);
  if (html.length <= PIECE) { root.innerHTML = BASE + html; close(); return box; }
  const parser = document.implementation.createHTMLDocument();
  parser.write(`${BASE}<style>${LONG}</style><div>`);
  root.append(...parser.querySelectorAll('style'), parser.querySelector('div'));
  let at = 0;
  const more = () => {
    parser.write(html.slice(at, at += PIECE));
    close();
    if (at < html.length) setTimeout(more); else { parser.close(); walker = walk(); close(); box.dataset.whole = '1'; }
  };
  more();
  return box;
}

function orphans(texts) {
  const box = el('details', 'orphans');
  box.append(el('summary', '', `The lesson has changed: ${texts.length} of your cells no longer ${texts.length === 1 ? 'has its' : 'have their'} place`));
  texts.forEach(text => box.append(el('pre', 'listing', text)));
  return box;
}

function index(m) {
  const list = el('ol');
  for (const heading of $('main').querySelectorAll('.prose h2')) {
    const item = el('li'), link = el('a', '', heading.textContent);
    heading.tabIndex = -1;
    link.href = `#${heading.id}`;
    const exercise = heading.textContent.match(/\d+\.\d+/)?.[0];
    if (exercise) { link.dataset.exercise = exercise; link.classList.toggle('solved', m.cells.some(c => c.exercise === exercise && c.solved)); }
    item.append(link);
    list.append(item);
  }
  $('index').replaceChildren(list);
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

// A fold «Solution» can put itself into the cell of its exercise.
function solutionButtons() {
  let exercise;
  for (const e of $('main').querySelectorAll('.cell, summary')) {
    if (e.classList.contains('cell')) { const c = cells.get(+e.dataset.cell); if (c.data.exercise) exercise = c; continue; }
    if (e.textContent.trim() !== 'Solution' || !exercise) continue;
    const target = exercise, button = el('button', '', 'Put the solution into the cell');
    button.onclick = async () => {
      if (!await sure('Put the solution into the cell? It replaces what you wrote; the button Original brings back the cell of the lesson.')) return;
      send({ do: 'solve', cell: target.data.index });
      target.root.scrollIntoView({ block: 'center' });
      target.source.focus();
    };
    e.after(button);
  }
}

// ---- what is clicked ---------------------------------------------------------------------------------
function run(list) {
  if (!connected()) notice('There is no connection to the player. Run it again when the connection is back.');
  else if (editor.flush()) send({ do: 'run', cells: list });
}
function sure(question) {
  return new Promise(answer => {
    const dialog = $('question');
    dialog.querySelector('p').textContent = question;
    dialog.returnValue = 'no';
    dialog.onclose = () => answer(dialog.returnValue === 'yes');
    dialog.showModal();
  });
}
$('runall').onclick = () => run([...cells.keys()]);
$('stop').onclick = () => send({ do: 'stop' });
$('restart').onclick = () => send({ do: 'restart' });
$('again').onclick = async () => { if (await sure('Start the lesson again? Your edits, outputs and answers in it are gone.')) { editor.leave(); send({ do: 'again' }); } };
$('variables').onclick = () => {
  const open = $('values').hidden;
  $('values').hidden = !open;
  $('variables').setAttribute('aria-expanded', open);
  if (open) { values(); $('values').focus(); }
};
async function values() {
  const answer = await ask('RequestValueInfos', { mimeType: 'text/plain+summary' });
  const plain = text => (text ?? '').replace(/Submission#\d+\+/g, '').slice(0, 120);
  const table = el('table');
  for (const v of answer?.valueInfos ?? []) {
    const row = table.insertRow();
    [v.name, v.typeName, v.formattedValue?.value].forEach(text => { row.insertCell().textContent = plain(text); });
  }
  $('values').replaceChildren(table.rows.length ? table : el('p', 'quiet', kernel === 'ready' ? 'No variables yet: run a cell.' : 'The variables are shown when no cell runs.'));
}
addEventListener('beforeunload', () => editor.flush());
addEventListener('keydown', e => { if (e.key === 'Escape' && !$('values').hidden) $('variables').click(); });
connect();
