// Access to the player. The address that the terminal prints has a key that can be used once. It is exchanged for a secret, which
// this browser keeps and sends with each request and in the first message of a connection. No cookie takes part in it, because
// browsers send cookies to every port of the machine.
import { button, el, home, isLive, root, store } from './base.js';

const KEPT = 'tracing-tutorial';
export const secret = () => store.get(KEPT);

// Uses the key, if the address has one. Returns false, after an explanation, when this browser has no secret. A live site has none.
export async function enter() {
  if (isLive) return true;
  const address = new URL(location), key = address.searchParams.get('key');
  if (key !== null) {
    address.searchParams.delete('key');
    history.replaceState(null, '', address); // a key does not stay in the history
    try {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await fetch(new URL('enter', root), { method: 'POST', headers, body: JSON.stringify({ key }) });
      const { secret, problem } = await answer.json();
      if (!answer.ok) return refused(problem);
      store.set(KEPT, secret);
    } catch {
      return ended();
    }
  }
  return secret() ? true : refused();
}

// Called when this browser is given a secret, also by another tab.
export function onEntered(then) {
  addEventListener('storage', e => { if (e.key === KEPT && e.newValue) then(); });
}

// Data of the player, or of the live site. Throws an error with the status of the answer; without a status when there is no answer.
export async function api(path) {
  if (isLive) return (await import('./session/site.js')).lessons();
  const answer = await fetch(new URL(`api/${path}`, root), { headers: { 'X-Tutorial-Key': secret() ?? '' } });
  if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
  return answer.json();
}

// All work of the learner, as the text of one file.
export async function saveWork() {
  if (isLive) return (await import('./session/site.js')).save();
  return (await request('work')).text();
}

// Joins the work of such a file with what is there. Returns how many lessons it has. Throws an error that says why a file is none.
export async function loadWork(text) {
  if (isLive) return (await import('./session/site.js')).load(text);
  return (await (await request('work', { method: 'POST', body: text })).json()).lessons;
}

async function request(path, more = {}) {
  const answer = await fetch(new URL(`api/${path}`, root), { ...more, headers: { 'X-Tutorial-Key': secret() ?? '' } })
    .catch(() => { throw new Error('The player has ended, or the connection is lost.'); });
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).problem ?? `The player said ${answer.status}.`);
  return answer;
}

// ---- pages that explain ------------------------------------------------------------------------------
const START = 'In a terminal, in the folder of the clone, run:';
export const OPEN = 'Open the address that the terminal shows.';

export function explain(title, ...rest) {
  const main = document.querySelector('main');
  document.title = title;
  main.replaceChildren(el('h1', '', title), ...rest.map(r => r instanceof Node ? r : el('p', '', r)));
  main.removeAttribute('aria-busy');
  return false;
}

export function refused(problem) {
  const known = problem && secret() && el('p');
  if (known) known.append('This browser has been let in before. ', Object.assign(el('a', '', 'Go to the lessons'), { href: root.href }));
  onEntered(() => location.reload());
  return explain('The player does not know this browser', problem ?? `${OPEN} It has a key that lets this browser in.`,
    ...known ? [known] : [], 'If the terminal is closed, start the player again. ' + START, command());
}

export const command = () => el('pre', 'listing', 'dotnet run --project host');

export function ended() {
  return explain('The player has ended', 'Your work is kept. ' + START, command(), OPEN, button('', 'Try again', () => location.reload()));
}

// Explains why data could not be had.
export const failed = ({ status }) => status === 401 ? refused() : status === 404 ? explain('There is nothing here', toLessons()) : ended();
export function toLessons() {
  const line = el('p');
  line.append(Object.assign(el('a', '', 'All lessons'), { href: home.href }));
  return line;
}
