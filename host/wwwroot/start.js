// The list of lessons, and the files of the clone that a lesson leads to.
import { api, enter, explain, failed, toLessons } from './access.js';
import { addressOf, el, home, isLive, root, showPlace } from './base.js';
import { work } from './work.js';

const main = document.querySelector('main');
const link = (text, href, css) => Object.assign(el('a', css, text), { href: new URL(href, home).href });
const line = (css, ...content) => { const p = el('p', css); p.append(...content); return p; };
const fragment = html => document.createRange().createContextualFragment(html);

function start({ lessons, instructor, other }) {
  const last = lessons.filter(l => l.visited).sort((a, b) => Date.parse(b.visited) - Date.parse(a.visited))[0], go = last ?? lessons[0];
  if (!go) return explain('There are no lessons here', 'The folder notebooks of the clone has none.');
  const sum = what => lessons.reduce((n, l) => n + l[what], 0);
  const list = el('ol', 'lessons'), hero = el('section', 'hero'), words = el('div');
  list.setAttribute('role', 'list');
  list.append(...lessons.map(l => card(l, l === last)));
  const status = Object.assign(el('p', 'quiet'), { role: 'status' });
  words.append(
    el('h1', '', 'Distributed tracing for .NET'),
    line('lead', 'A request passes through three services and fails. Each service has its own log, and no log shows which lines '
      + 'belong to that request. A trace does. You learn to record and read traces of real ASP.NET Core services.'),
    line('', link(`${last ? 'Go on' : 'Begin'}: ${go.title}`, addressOf(go.name), 'go'),
      el('span', 'quiet', `${go.minutes} minutes`)),
    line('quiet', `${lessons.length} ${lessons.length === 1 ? 'lesson' : 'lessons'}, ${hours(sum('minutes'))} · `
      + `${lessons.filter(l => l.visited).length} visited · ${sum('solved')} of ${sum('exercises')} exercises solved`));
  hero.append(words, trace());
  main.replaceChildren(
    hero,
    ...other ? [line('other', 'Another player is running with the same progress. ', link('Go on there', other),
      ', or work here: what is written in both is kept.')] : [],
    list,
    line('quiet', isLive ? 'What you do is kept in this browser, and nowhere else.' : 'What you do is kept on this machine. '
      + 'Ctrl+C in the terminal ends the player; your work is there again when you come back.'),
    work(text => { status.textContent = text; }), status,
    ...instructor ? [line('', 'Do you teach this course? ', link('For instructors', instructor),
      ' has agendas, notes, and what goes wrong in a room.')] : []);
}

const hours = minutes => minutes < 90 ? `${minutes} minutes` : `about ${Math.round(minutes / 60)} hours`;

// The failed request of lesson 0.
function trace() {
  const figure = el('figure'), picture = el('picture'), dark = el('source');
  const image = Object.assign(el('img'), { src: new URL('assets/trace-light.png', home).href, alt: TRACE });
  Object.assign(dark, { srcset: new URL('assets/trace-dark.png', home).href, media: '(prefers-color-scheme: dark)' });
  image.onerror = () => figure.remove(); // a clone that does not have it
  picture.append(dark, image);
  figure.append(picture, el('figcaption', 'quiet', 'The failed request of lesson 0. Where did it spend most of its time?'));
  return figure;
}
const TRACE = 'A trace: one row for each piece of work of three services, with its duration as a bar. Two rows are red.';

function card({ name, title, minutes, about, exercises, solved, visited }, here) {
  const item = el('li', here ? 'here' : ''), heading = el('h2'), facts = line('facts', el('span', '', `${minutes} minutes`));
  heading.append(link(title, addressOf(name)));
  if (exercises) facts.append(' ', solved < exercises ? el('span', '', `${solved} of ${exercises} exercises solved`)
    : el('span', 'done', `✓ ${exercises === 1 ? 'exercise' : `all ${exercises} exercises`} solved`));
  if (here || visited) facts.append(' ', el('span', '', here ? 'you were here' : 'visited'));
  item.append(heading, facts);
  if (!about) return item;
  const goals = el('details');
  goals.append(el('summary', '', 'After this lesson you can'), fragment(about));
  item.append(goals);
  return item;
}

function file({ title, html }) {
  document.title = title;
  const nav = el('nav');
  nav.setAttribute('aria-label', 'Course');
  nav.append(toLessons().firstChild);
  main.replaceChildren(nav, fragment(html));
  showPlace();
}

if (await enter()) {
  const path = location.pathname.slice(root.pathname.length), isFile = path.startsWith('file/');
  try {
    const data = await api(isFile ? path : 'start');
    if (isFile) file(data); else start(data);
    main.removeAttribute('aria-busy');
    document.body.dataset.ready = '1';
  } catch (e) {
    if (!isLive) failed(e); // otherwise the list is there to read
  }
}
