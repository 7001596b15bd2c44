// The second window of the presenter's view: notes, clock, hands, and what comes next. It receives everything from the page that
// presents, over a channel of this browser, and needs no connection of its own.
import { button, el } from './base.js';
import { goDialog, keysDialog } from './dialogs.js';
import { channelOf } from './present.js';

const two = n => String(Math.floor(n)).padStart(2, '0');
const span = ms => `${Math.floor(ms / 60000)}:${two(ms / 1000 % 60)}`;
const sum = parts => parts.reduce((n, part) => n + part.minutes, 0);

export function showNotes(name) {
  const channel = new BroadcastChannel(channelOf(name)), main = el('main');
  let now = null, ready = false;
  document.body.className = 'second';
  document.body.replaceChildren(main);
  document.title = 'Notes for the instructor';

  // A new window opens where the old one is, perhaps on the projector.
  const cover = button('go', 'Show the notes', begin);
  main.append(el('h1', '', 'Notes for the instructor'),
    el('p', '', 'Move this window to the screen that only you see. Then press Enter.'), cover);
  cover.focus();

  function begin() {
    ready = true;
    main.replaceChildren(el('p', '', 'This lesson is not presented in this browser. Open it in another window, and press Present.'));
    channel.postMessage({ hello: true });
  }

  channel.onmessage = ({ data }) => {
    if (data.parts) now = data;
    if (data.ended) now = null;
    if (!ready || !data.parts && !data.ended) return;
    if (now) draw(); else begin();
  };
  // The keys of the presenter's view work here too. Its dialogs open here.
  const go = part => channel.postMessage({ go: part });
  addEventListener('keydown', e => {
    if (document.querySelector('dialog[open]')) return;
    const clicks = e.target.closest('button') && !e.shiftKey && /^(Enter| )$/.test(e.key);
    if (!now || clicks || e.ctrlKey || e.metaKey || e.altKey || /^(Tab|Shift|n)$/i.test(e.key)) return;
    e.preventDefault();
    if (e.repeat) return;
    if (e.key === '?') keysDialog();
    else if (/^[g1-9]$/i.test(e.key)) goDialog(now.parts, now.at, go, e.key.replace(/g/i, ''));
    else channel.postMessage({ key: e.key, shift: e.shiftKey });
  });
  setInterval(() => { if (now && ready) { clock(); tidy(); } }, 1000);

  // A page that was closed may not say so, but it no longer has its lock.
  async function tidy() {
    const locks = await navigator.locks?.query();
    if (!now || !locks || locks.held.some(lock => lock.name === channel.name)) return;
    now = null;
    begin();
  }

  function draw() {
    const { parts, at, notes, next, vote, lesson } = now, list = el('ol', 'list'), said = el('section', 'said');
    const times = el('dl', 'times');
    said.innerHTML = notes ?? '<p>This part has no notes.</p>';
    list.append(...parts.map(({ title, minutes }, i) => {
      const item = el('li'), choice = button('', `${title} (${minutes.toFixed(1)} min)`, () => go(i));
      if (i === at) choice.setAttribute('aria-current', 'step');
      item.append(choice);
      return item;
    }));
    const hands = vote && vote.letters.map(letter => `${letter}: ${vote.hands[letter] ?? 0}`).join(' · ');
    main.replaceChildren(
      times, el('h1', '', `${at + 1} of ${parts.length} · ${parts[at].title}`), said,
      ...vote ? [el('p', 'vote', `${vote.closed ? 'The vote is closed' : 'Hands'}: ${hands}`)] : [],
      el('p', 'next', `Next: ${next}${next.endsWith('…') ? '' : '.'}`), el('h2', '', lesson), list);
    clock();
  }

  function clock() {
    const { parts, at, since, begun } = now, passed = Date.now() - since, minutes = parts[at].minutes;
    const box = (css, name, text) => {
      const div = el('div', css);
      div.append(el('dt', '', name), el('dd', '', text));
      return div;
    };
    main.querySelector('.times').replaceChildren(
      box('', 'Time', new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })),
      box(passed > minutes * 60000 ? 'over' : '', 'This part', `${span(passed)} of ${span(minutes * 60000)}`),
      box('', 'Since the start', span(Date.now() - begun)),
      box('', 'Planned up to here', span(sum(parts.slice(0, at + 1)) * 60000)),
      box('', 'Planned for the rest', span(sum(parts.slice(at + 1)) * 60000)));
  }
}
